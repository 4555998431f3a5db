"""Amounts, dates and stamps of ServiceTitan's records as they came, and what of them could not be read.

What belongs here: single values. What does not: which fields of a record mean what (`servicetitan_side`,
`servicetitan_buying`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from st_qbo_assets.books.accounts import GlAccount
from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.domain.days import local_day, parse_business_date, parse_instant
from st_qbo_assets.domain.gate import Standing
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.money import parse_amount, to_cents
from st_qbo_assets.domain.outcomes import Verdict

_DATE_FIELDS = {Entity.INVOICE: "invoiceDate", Entity.BILL: "billDate"}


class Amounts:
    """Reads amounts and remembers which could not be read."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.faults: list[str] = []

    @property
    def fault(self) -> str:
        """What could not be read; empty if everything could."""
        return "; ".join(self.faults)

    def cents(self, record: Mapping[str, Any], name: str, *, required: bool = False, of: str = "") -> int:
        """Return an amount in cents; one that is missing or cannot be read is none."""
        value = record.get(name)
        if (value is None or value == "") and not required:
            return 0
        try:
            return to_cents(parse_amount(value))
        except ValueError as error:
            self.faults.append(f"{of}{name} {error}")
            return 0

    def exact(self, record: Mapping[str, Any], name: str, *, of: str = "") -> Decimal:
        """Return an amount of any scale."""
        try:
            return parse_amount(record.get(name))
        except ValueError as error:
            self.faults.append(f"{of}{name} {error}")
            return Decimal(0)


def business_day(record: Mapping[str, Any], entity: Entity, time_zone: str) -> date | None:
    """Return the accounting day of a record: its business date, else the local day it was made (rule 1.4)."""
    dated = date_of(record.get(_DATE_FIELDS.get(entity, "date")))
    if dated is not None:
        return dated
    made = instant_of(record.get("createdOn"))
    return None if made is None else local_day(made, time_zone)


def has_date(record: Mapping[str, Any], entity: Entity) -> bool:
    """Say whether a record has a business date of its own."""
    return date_of(record.get(_DATE_FIELDS.get(entity, "date"))) is not None


def unless_unreadable(standing: Standing, faults: list[str]) -> Standing:
    """Return the standing; what cannot be read is due, so that it is counted and shown.

    A gate that closed because the unreadable total was taken for zero has decided nothing.
    """
    if not faults or standing.counts:
        return standing
    decided_by_total = standing.reason is not None and standing.reason.code in (
        "zero_total",
        "canceled_empty",
    )
    return Standing(Verdict.DUE) if decided_by_total else standing


def newest(stamps: Iterable[datetime | None]) -> datetime | None:
    """Return the newest of some stamps; None if there is none."""
    return max((stamp for stamp in stamps if stamp is not None), default=None)


def date_of(value: object) -> date | None:
    """Return a business date; None if it is none."""
    try:
        return parse_business_date(value)
    except ValueError:
        return None


def instant_of(value: object) -> datetime | None:
    """Return an instant; None if it is none."""
    try:
        return parse_instant(value)
    except ValueError:
        return None


def gl_account(account: Mapping[str, Any]) -> GlAccount:
    """Return a ledger account as ServiceTitan names it on a line."""
    return GlAccount(as_text(account.get("number")), as_text(account.get("name")))
