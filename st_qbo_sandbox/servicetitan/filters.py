"""The filters of the lists, as a table: which parameter of which list compares what, and how.

Belongs here: filters. Does not belong here: paging and sorting (`lists.py`).

A filter turns a parameter's value into a test of a record. Where a reference leaves a comparison open, the
usual one is taken: texts are compared without case, comma lists are alternatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from st_qbo_sandbox.servicetitan.records import Records, fields_at, rows_of
from st_qbo_sandbox.servicetitan.stamps import key_or_none
from st_qbo_sandbox.storage import Document, as_array

Test = Callable[[Document], bool]
Comparison = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Filter:
    """Compares the field at `path` with the parameter's value; any of several values will do.

    Attributes:
        path: field names from the record down.
        holds: compares a field's value with the parameter's.
        reads: how to read the parameter's text further: `ids` and `texts` are comma lists.
        bound: `low` or `high` when it bounds a time, for the use of an index.
        index: the name of the index that finds the records having this value.
        via: (collection, id field): the path begins at the record this one names.
        children: (collection, index): the path begins at each record that names this one.
        also: further paths of which any may hold.
    """

    path: tuple[str, ...]
    holds: Comparison
    reads: str = "value"
    bound: str | None = None
    index: str | None = None
    via: tuple[str, str] | None = None
    children: tuple[str, str] | None = None
    also: tuple[tuple[str, ...], ...] = ()

    def test(self, wanted: Any, records: Records) -> Test:
        """Return the test of a record against a value."""
        paths = (self.path, *self.also)

        def passes(record: Document) -> bool:
            return any(
                self._holds(fields_at(one, path), wanted)
                for one in self._starts(record, records)
                for path in paths
            )

        return passes

    def _starts(self, record: Document, records: Records) -> list[Document]:
        if self.via is not None:
            found = records.get(self.via[0], record.get(self.via[1]))
            return [] if found is None else [found]
        if self.children is not None:
            return records.having(*self.children, record["id"])
        return [record]

    def _holds(self, value: Any, wanted: Any) -> bool:
        found = as_array(value)
        return self.holds(value, wanted) if found is None else any(self.holds(one, wanted) for one in found)


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return value == wanted


def _one_of(value: Any, wanted: Any) -> bool:
    return value in wanted


def _text_of(value: Any, wanted: Any) -> bool:
    return value is not None and str(value).lower() in wanted


def _contains(value: Any, wanted: Any) -> bool:
    return value is not None and str(wanted).lower() in str(value).lower()


def _digits(value: Any, wanted: Any) -> bool:
    digits = "".join(c for c in str(wanted) if c.isdigit())
    return bool(digits) and digits in "".join(c for c in str(value or "") if c.isdigit())


def _time(compare: Callable[[str, str], bool]) -> Comparison:
    def holds(value: Any, wanted: Any) -> bool:
        key = key_or_none(value)
        return key is not None and compare(key, wanted)

    return holds


def number_of(value: Any) -> Decimal | None:
    """Return money or a number as Decimal, whether it is stored as text or as a number."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Comparison:
    def holds(value: Any, wanted: Any) -> bool:
        number = number_of(value)
        return number is not None and compare(number, Decimal(wanted))

    return holds


def _p(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def equals(path: str, index: str | None = None) -> Filter:
    """Compare one value."""
    return Filter(_p(path), _equal, index=index)


def any_id(path: str, index: str | None = None) -> Filter:
    """Compare with a comma list of ids."""
    return Filter(_p(path), _one_of, reads="ids", index=index)


def any_text(path: str) -> Filter:
    """Compare with a comma list of texts."""
    return Filter(_p(path), _text_of, reads="texts")


def any_value(path: str) -> Filter:
    """Compare with a repeated parameter."""
    return Filter(_p(path), _one_of)


def contains(path: str) -> Filter:
    """Find a part of a text."""
    return Filter(_p(path), _contains)


def since(path: str) -> Filter:
    """From this time on."""
    return Filter(_p(path), _time(lambda key, wanted: key >= wanted), bound="low")


def after(path: str) -> Filter:
    """After this time: by its name exclusive, unlike `…OnOrAfter`; no source says (reference §3.1)."""
    return Filter(_p(path), _time(lambda key, wanted: key > wanted), bound="low")


def before(path: str) -> Filter:
    """Before this time."""
    return Filter(_p(path), _time(lambda key, wanted: key < wanted), bound="high")


def until(path: str) -> Filter:
    """Up to this time, inclusive."""
    return Filter(_p(path), _time(lambda key, wanted: key <= wanted))


def since_day(path: str) -> Filter:
    """From this day on, whatever the time of day."""
    return Filter(_p(path), _time(lambda key, wanted: key[:10] >= wanted[:10]))


def until_day(path: str) -> Filter:
    """Up to this day, inclusive."""
    return Filter(_p(path), _time(lambda key, wanted: key[:10] <= wanted[:10]))


def at_least(path: str) -> Filter:
    """At least this amount."""
    return Filter(_p(path), _number(lambda number, wanted: number >= wanted))


def at_most(path: str) -> Filter:
    """At most this amount."""
    return Filter(_p(path), _number(lambda number, wanted: number <= wanted))


def phone(path: str) -> Filter:
    """The same digits, whatever stands between them."""
    return Filter(_p(path), _digits)


def same_text(path: str) -> Filter:
    """The same when both are written as text: a number that is stored as text, a flag asked for as text."""
    return Filter(_p(path), lambda value, wanted: str(value).lower() == str(wanted).lower())


def custom_fields_test(wanted: dict[str, str], operator: str) -> Test:
    """Return the test of a record's custom fields; a field that is absent equals null."""

    def passes(record: Document) -> bool:
        held = {str(row.get("name")): row.get("value") for row in rows_of(record, "customFields")}
        matches = [str(held.get(name) or "") == value for name, value in wanted.items()]
        return any(matches) if operator == "Or" else all(matches)

    return passes


COMPARERS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": lambda a, b: a == b,
    "Equal": lambda a, b: a == b,
    "NotEquals": lambda a, b: a != b,
    "NotEqual": lambda a, b: a != b,
    "Greater": lambda a, b: a > b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanOrEqual": lambda a, b: a >= b,
    "Less": lambda a, b: a < b,
    "LessThan": lambda a, b: a < b,
    "LessThanOrEqual": lambda a, b: a <= b,
}
# A pair of parameters: how the second compares the field with the first.
COMPARED = {
    "balanceFilter.Balance": ("balanceFilter.Comparer", "balance"),
    "balanceFilter.Amount": ("balanceFilter.Comparer", "balance"),
    "totalFilter.Amount": ("totalFilter.Comparer", "total"),
}


def compared_test(path: str, amount: Decimal, comparer: str | None) -> Test:
    """Return the test of an amount by a named comparer; equality if none is named."""
    compare = COMPARERS[comparer or "Equals"]

    def passes(record: Document) -> bool:
        number = number_of(record.get(path))
        return number is not None and compare(number, amount)

    return passes
