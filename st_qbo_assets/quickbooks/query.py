"""The query language of QuickBooks: quoting values and writing statements.

What belongs here: text only (QuickBooks reference §3.6). What does not: sending and paging (`client`).
There is no OR and no parentheses; every value is quoted, numbers too, booleans are not.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

PAGE_SIZE = 1000
#: Statements longer than this go by POST: a URL of 8 kB is what servers commonly take, encoded.
LONGEST_IN_URL = 2000
#: Columns of `*` that must be asked for by name.
_EXTRA_COLUMNS = {"Item": ", Sku"}

Value: TypeAlias = str | bool | int | Decimal | date | datetime


def quote(value: Value) -> str:
    """Return a value as it stands in a statement; an apostrophe is escaped with a backslash.

    Raises:
        ValueError: if a date-time has no zone.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"'{format_instant(value)}'"
    if isinstance(value, date):
        return f"'{value.isoformat()}'"
    if isinstance(value, Decimal):
        return f"'{value:f}'"
    # Line breaks end a token in Intuit's parser; no name in QuickBooks holds one.
    plain = " ".join(str(value).splitlines()) if isinstance(value, str) else str(value)
    return "'" + plain.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_list(values: Iterable[Value]) -> str:
    """Return values as the right side of `IN`."""
    return f"({', '.join(quote(value) for value in values)})"


def format_instant(value: datetime) -> str:
    """Return a date-time with its offset, to the second.

    Raises:
        ValueError: if it has no zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone: {value.isoformat()}")
    return value.replace(microsecond=0).isoformat()


def statement(
    entity: str,
    where: str = "",
    *,
    order_by: str = "Id",
    start: int = 1,
    page: int = PAGE_SIZE,
) -> str:
    """Return a SELECT of one page, starting at a 1-based row."""
    text = f"SELECT *{_EXTRA_COLUMNS.get(entity, '')} FROM {entity}"  # noqa: S608 - QuickBooks' language, not SQL
    if where:
        text += f" WHERE {where}"
    if order_by:
        text += f" ORDERBY {order_by}"
    return f"{text} STARTPOSITION {start} MAXRESULTS {page}"


def count_statement(entity: str, where: str = "") -> str:
    """Return a SELECT count(*)."""
    select = f"SELECT count(*) FROM {entity}"  # noqa: S608 - QuickBooks' language, not SQL
    return f"{select} WHERE {where}" if where else select
