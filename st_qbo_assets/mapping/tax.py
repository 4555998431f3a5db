"""Sales tax: ServiceTitan's amount, carried to the cent (rule 2.4).

What belongs here: the four modes, exemptions, and what each needs of QuickBooks. What does not: the
lines themselves (lines). ServiceTitan has tax at invoice level only; a line is taxable or not (ST quirk 24).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from st_qbo_assets.domain.money import round_to_cent
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.quickbooks.reference import TaxCode as QboTaxCode
from st_qbo_assets.quickbooks.reference import nearest
from st_qbo_assets.servicetitan.records import Named, TaxCode, TaxZone

#: The two codes a US line may carry (QB §6.14); anything else is refused with 6100.
TAXED, UNTAXED = "TAX", "NON"


class Taxed(Protocol):
    """What is asked of a document: an invoice, a credit memo, the invoice a refund gives back."""

    @property
    def sales_tax(self) -> Decimal:
        """The tax, with the document's own sign."""
        ...

    @property
    def sales_tax_code(self) -> TaxCode | None:
        """The code it was taxed with, named like its zone."""
        ...

    @property
    def customer(self) -> Named | None:
        """Who may be exempt."""
        ...

    @property
    def location(self) -> Named | None:
        """Where may be exempt."""
        ...


class TaxedLine(Protocol):
    """What is asked of a line."""

    @property
    def taxable(self) -> bool:
        """Whether it was taxed."""
        ...


@dataclass(frozen=True)
class TaxPlan:
    """How a document's tax is written.

    Attributes:
        taxable_code: `TaxCodeRef` of a taxable line; empty if lines carry none.
        other_code: of any other line.
        detail: `TxnTaxDetail`; None if it is not sent.
        line: the tax as a line of its own; None in the other modes.
    """

    taxable_code: str = ""
    other_code: str = ""
    detail: Json | None = None
    line: Json | None = None

    def code_of(self, item: TaxedLine) -> str:
        """Return the code of a line, empty if lines carry none."""
        return self.taxable_code if item.taxable else self.other_code


def plan_tax(
    document: Taxed, lines: Sequence[TaxedLine], lookup: Lookup, *, tax: Decimal | None = None
) -> TaxPlan | Problem:
    """Return how the tax of a document is written, or why it is held.

    Args:
        document: whose customer, location and zone decide.
        lines: those that are written.
        lookup: the company and the zones.
        tax: the amount as it is written, where that is not the document's own: QuickBooks' credit memos and
            refund receipts have positive amounts, and a refund may be of a part.
    """
    tax = round_to_cent(document.sales_tax if tax is None else tax)
    if tax == 0:
        return _untaxed(lookup)
    exempt = _exempt(document, lookup)
    if exempt:
        return held("tax_on_exempt", tax=tax, who=exempt)
    mode = lookup.company.tax.mode
    if mode == "none":
        return held("tax_mode_none", tax=tax)
    if mode == "line":
        return _as_line(tax, lookup)
    if not lookup.reference.preferences.using_sales_tax:
        return held("tax_off", tax=tax)
    if not any(line.taxable for line in lines):
        return held("tax_without_taxable_line", tax=tax)
    return _automated(tax, lookup) if mode == "automated" else _by_code(document, tax, lookup)


def _untaxed(lookup: Lookup) -> TaxPlan:
    """Return the plan of a document without tax: every line untaxed, the total stated as zero.

    A taxable line would let automated tax compute an amount of its own.
    """
    if not lookup.reference.preferences.using_sales_tax:
        return TaxPlan()
    return TaxPlan(UNTAXED, UNTAXED, {"TotalTax": Decimal("0.00")})


def _automated(tax: Decimal, lookup: Lookup) -> TaxPlan | Problem:
    if lookup.reference.preferences.partner_tax_enabled is not True:
        return held("tax_not_automated", tax=tax)
    return TaxPlan(TAXED, UNTAXED, {"TotalTax": tax})


def _by_code(document: Taxed, tax: Decimal, lookup: Lookup) -> TaxPlan | Problem:
    preferences = lookup.reference.preferences
    if preferences.partner_tax_enabled is True:
        return held("tax_is_automated", tax=tax)
    if preferences.partner_tax_enabled is False:
        # Automated tax is there but was never set up: whatever is sent, QuickBooks stores no tax.
        return held("tax_off", tax=tax)
    zone = _zone_of(document, lookup)
    named = document.sales_tax_code.name if document.sales_tax_code else ""
    code = code_of_zone(zone, lookup, named=named)
    if code is not None:
        return TaxPlan(TAXED, UNTAXED, {"TxnTaxCodeRef": {"value": code.id}, "TotalTax": tax})
    label = (zone.name if zone else "") or named or "(none)"
    groups = [code for code in lookup.reference.tax_codes if code.is_group]
    return held("tax_code_unmapped", zone=label, suggestions=nearest(label, groups))


def code_of_zone(zone: TaxZone | None, lookup: Lookup, *, named: str = "") -> QboTaxCode | None:
    """Return QuickBooks' tax code of a zone, None if it has none that is known.

    Args:
        zone: where a document was taxed.
        lookup: the company's overrides and QuickBooks' codes.
        named: the code ServiceTitan names on the document.
    """
    names = [zone.name if zone else "", named]
    overrides = [lookup.company.tax.zone_codes.get(name, "") for name in names if name]
    # A zone may list its state, county and city apart; QuickBooks has one code for them together.
    items = list({rate.sales_tax_item for rate in zone.rates}) if zone else []
    for name in (*overrides, *(items if len(items) == 1 else ()), *names):
        found = lookup.reference.tax_code(name) if name else None
        if found is not None and found.id not in (TAXED, UNTAXED):
            return found
        if name and name in overrides:
            return None  # the company said which code; another one would be a guess
    return None


def _zone_of(document: Taxed, lookup: Lookup) -> TaxZone | None:
    """Return the zone a document was taxed in; credit memos name it by their tax code alone."""
    zone_id: int | None = getattr(document, "tax_zone_id", None)
    if zone_id is not None:
        return lookup.tax_zones.get(zone_id)
    name = document.sales_tax_code.name if document.sales_tax_code else ""
    named = [zone for zone in lookup.tax_zones.values() if name and zone.name == name]
    return named[0] if len(named) == 1 else None


def _as_line(tax: Decimal, lookup: Lookup) -> TaxPlan | Problem:
    if not lookup.tax_item_id:
        return held("tax_item_unknown", item=lookup.company.tax.line_item)
    plan = _untaxed(lookup)
    detail: Json = {"ItemRef": {"value": lookup.tax_item_id}}
    if plan.other_code:
        detail["TaxCodeRef"] = {"value": plan.other_code}
    line: Json = {
        "Amount": tax,
        "Description": "Sales tax",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }
    return TaxPlan(plan.taxable_code, plan.other_code, plan.detail, line)


def _exempt(document: Taxed, lookup: Lookup) -> str:
    """Return who of a document is exempt, empty if nobody is known to be."""
    named = document.customer
    customer = lookup.customers.get(named.id) if named and named.id else None
    if customer is not None and customer.tax_exempt:
        return f"customer {customer.name}"
    named = document.location
    location = lookup.locations.get(named.id) if named and named.id else None
    return f"location {location.name}" if location is not None and location.tax_exempt else ""
