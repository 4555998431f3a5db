"""Lines of a sales document.

What belongs here: one chargeable line to one `SalesItemLineDetail`, in source order, with its item,
amount, quantity, tax code and class (rules 1.3, 2.1–2.4). What does not: the document's header and
totals (invoices).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from st_qbo_assets.domain.money import round_to_cent, to_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.accounts import account_of_line
from st_qbo_assets.mapping.amounts import measure
from st_qbo_assets.mapping.items import Item, what_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.needed_items import item_of_line
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.tax import TaxPlan
from st_qbo_assets.mapping.text import DESCRIPTION_LENGTH, plain_text
from st_qbo_assets.mapping.tracking import class_of
from st_qbo_assets.servicetitan.records import Invoice, InvoiceItem


@dataclass(frozen=True)
class Line:
    """One line as it is sent, and what it needs."""

    body: Json
    item: Item
    cents: int


def map_lines(
    invoice: Invoice, lines: Sequence[InvoiceItem], tax: TaxPlan, lookup: Lookup
) -> tuple[list[Line], list[Problem]]:
    """Return the lines that can be written, and what is wrong with the others."""
    written: list[Line] = []
    problems: list[Problem] = []
    for number, item in enumerate(lines, start=1):
        found = _map_line(invoice, item, tax, lookup, number=number)
        if isinstance(found, Line):
            written.append(found)
        else:
            problems.extend(found)
    return written, problems


def _map_line(
    invoice: Invoice, item: InvoiceItem, tax: TaxPlan, lookup: Lookup, *, number: int
) -> Line | list[Problem]:
    account = account_of_line(item.general_ledger_account, lookup, line=number, what=what_of(item, lookup))
    line_class = (
        class_of(item.business_unit or invoice.business_unit, lookup)
        if lookup.reference.preferences.class_per_line
        else None
    )
    needed = account if isinstance(account, Problem) else item_of_line(item, account, lookup, line=number)
    if isinstance(needed, Problem) or isinstance(line_class, Problem):
        return [each for each in (needed, line_class) if isinstance(each, Problem)]
    amount = round_to_cent(item.total)
    detail: Json = {"ItemRef": {"value": str(needed.source)}}
    measured = measure(amount, item.quantity, item.price)
    if measured is not None:
        detail |= {"Qty": measured.quantity, "UnitPrice": measured.unit_price}
    if code := tax.code_of(item):
        detail["TaxCodeRef"] = {"value": code}
    if line_class:
        detail["ClassRef"] = {"value": line_class}
    if item.service_date is not None:
        detail["ServiceDate"] = item.service_date.isoformat()
    body: Json = {
        "Amount": amount,
        "Description": _description(item, lookup, quantity=None if measured else item.quantity),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }
    if not body["Description"]:
        del body["Description"]
    return Line(body, needed, to_cents(item.total))


def _description(item: InvoiceItem, lookup: Lookup, *, quantity: Decimal | None) -> str:
    """Return what the customer reads; a quantity that may not stand beside the amount is told in words."""
    told = ""
    if quantity is not None and quantity not in (0, 1):
        told = f" (quantity {format(quantity.normalize(), 'f')})"
    words = item.description or item.display_name or item.sku_name
    return plain_text(words, latin1=lookup.latin1, limit=DESCRIPTION_LENGTH - len(told)) + told
