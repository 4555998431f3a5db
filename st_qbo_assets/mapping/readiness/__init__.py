"""Whether a company is ready: everything ServiceTitan's lists name leads somewhere, before any document does.

What belongs here: the checks, each looking things up exactly as the mapping of documents does, so that a red
finding means held documents. What does not: reading the lists and showing what was found.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from st_qbo_assets.domain.findings import Finding, warn
from st_qbo_assets.domain.opening_quantities import OnHand
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.readiness.accounts import check_accounts
from st_qbo_assets.mapping.readiness.buying import (
    check_bill_source,
    check_buying,
    check_lists,
    lists_needed,
)
from st_qbo_assets.mapping.readiness.features import check_features, refusals
from st_qbo_assets.mapping.readiness.opening import (
    Open,
    check_connector,
    check_opening,
    check_opening_orders,
    tell_opening_bills,
)
from st_qbo_assets.mapping.readiness.payments import check_payment_types, check_terms
from st_qbo_assets.mapping.readiness.stock import check_on_hand
from st_qbo_assets.mapping.readiness.tax import check_tax
from st_qbo_assets.mapping.readiness.units import check_units, shared_units
from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    GlAccount,
    PaymentTerm,
    PaymentType,
    PricebookItem,
    Record,
    TaxZone,
    Unreadable,
)

__all__ = [
    "Open",
    "check_bill_source",
    "check_buying",
    "check_connector",
    "check_coverage",
    "check_features",
    "check_lists",
    "check_opening",
    "check_opening_orders",
    "lists_needed",
    "refusals",
    "shared_units",
    "tell_opening_bills",
]

AnyRecord = TypeVar("AnyRecord", bound=Record)


def check_coverage(
    records: Sequence[Record | Unreadable], lookup: Lookup, *, on_hand: Sequence[OnHand] = ()
) -> list[Finding]:
    """Return what of ServiceTitan's lists leads nowhere in QuickBooks.

    Args:
        records: business units, payment types, terms, tax zones, ledger accounts, and the whole pricebook.
        lookup: the company and QuickBooks' reference data, with the business units of the records.
        on_hand: the rows of the company's file of opening quantities.
    """
    return [
        *_unreadable(records),
        *check_accounts(_of(records, GlAccount), _of(records, PricebookItem), lookup),
        *check_units(_of(records, BusinessUnit), lookup),
        *check_payment_types(_of(records, PaymentType), lookup),
        *check_terms(_of(records, PaymentTerm), lookup),
        *check_tax(_of(records, TaxZone), lookup),
        *check_buying(_of(records, GlAccount), _of(records, PricebookItem), lookup),
        *check_on_hand(on_hand, _of(records, PricebookItem), lookup),
    ]


def _of(records: Iterable[Record | Unreadable], model: type[AnyRecord]) -> list[AnyRecord]:
    return [record for record in records if isinstance(record, model)]


def _unreadable(records: Iterable[Record | Unreadable]) -> list[Finding]:
    bad = [record for record in records if isinstance(record, Unreadable)]
    if not bad:
        return []
    first = f"{bad[0].kind} {bad[0].id}: {bad[0].problems[0]}"
    text = f"{len(bad)} rows of ServiceTitan's lists cannot be read, first {first}"
    return [warn("unreadable", text, "Correct them in ServiceTitan.")]
