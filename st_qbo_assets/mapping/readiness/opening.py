"""What is open on the day a company starts, and whether another connector still writes (rules 1.6, 1.7, 10).

What belongs here: comparing what both systems say, name by name. What does not: reading it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.findings import Finding, info, ok, red
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.servicetitan.records import Invoice

_EXPORTED = "Exported"


@dataclass(frozen=True)
class Open:
    """What is open of one customer in one system, in cents.

    Attributes:
        invoices: of invoices dated before the start.
        credits: of credits, whatever their date; above zero.
        orders: of purchase orders dated before the start that are not received or closed yet.
    """

    name: str
    invoices: int = 0
    credits: int = 0
    orders: int = 0


def check_opening(
    servicetitan: Mapping[str, Open], quickbooks: Mapping[str, Open], linked: Mapping[str, str], start: date
) -> list[Finding]:
    """Return the names of which the systems do not have the same open.

    Args:
        servicetitan: by ServiceTitan customer id.
        quickbooks: by QuickBooks customer id.
        linked: ServiceTitan customer id → QuickBooks customer id, of pairs that are settled or exact.
        start: the company's first day.
    """
    found: list[Finding] = []
    for id_, own in sorted(servicetitan.items(), key=lambda each: each[1].name.casefold()):
        other = quickbooks.get(linked.get(id_, ""), Open(own.name))
        found += _compare("open_invoices", "invoices from before " + str(start), own, other, "invoices")
        found += _compare("open_credits", "credits", own, other, "credits")
    known = {linked[id_] for id_ in servicetitan if id_ in linked}
    for id_, other in sorted(quickbooks.items(), key=lambda each: each[1].name.casefold()):
        if id_ not in known and id_ in linked.values():
            found += _compare(
                "open_invoices", "invoices from before " + str(start), Open(other.name), other, "invoices"
            )
            found += _compare("open_credits", "credits", Open(other.name), other, "credits")
    return found or [ok("opening_agrees", f"What is open from before {start} agrees, name by name.")]


def _compare(code: str, what: str, own: Open, other: Open, field: str) -> list[Finding]:
    one, two = getattr(own, field), getattr(other, field)
    if one == two:
        return []
    told = f"{from_cents(one):,} of {what} open in ServiceTitan, {from_cents(two):,} in QuickBooks."
    text = f"{own.name} has {told}"
    cure = "Make both agree before the start; or accept the difference under `accepted` in the company file."
    return [red(code, text, cure, name=own.name)]


def check_opening_orders(
    servicetitan: Mapping[str, Open], quickbooks: Mapping[str, Open], linked: Mapping[str, str], start: date
) -> list[Finding]:
    """Return the vendors of whom the systems do not have the same on order from before the start.

    Args:
        servicetitan: by ServiceTitan vendor id; `orders` is compared.
        quickbooks: by QuickBooks vendor id.
        linked: ServiceTitan vendor id → QuickBooks vendor id, of pairs that are settled or exact.
        start: the company's first day.
    """
    found: list[Finding] = []
    what = f"purchase orders from before {start}"
    for id_, own in sorted(servicetitan.items(), key=lambda each: each[1].name.casefold()):
        found += _compare("open_orders", what, own, quickbooks.get(linked.get(id_, ""), Open("")), "orders")
    known = {linked[id_] for id_ in servicetitan if id_ in linked}
    for id_, other in sorted(quickbooks.items(), key=lambda each: each[1].name.casefold()):
        if id_ not in known and id_ in linked.values():
            found += _compare("open_orders", what, Open(other.name), other, "orders")
    return found or [ok("orders_agree", f"What is on order from before {start} agrees, vendor by vendor.")]


def tell_opening_bills(open_cents: Mapping[str, int], start: date) -> Finding:
    """Return what QuickBooks has open on bills from before the start, by vendor id.

    ServiceTitan says of no bill whether it is open (ST §5.6): there is nothing to compare it with.
    """
    owed = f"{from_cents(sum(open_cents.values())):,}"
    text = (
        f"QuickBooks has {owed} open on bills from before {start}, of {len(open_cents)} vendors; "
        "ServiceTitan does not tell which of its bills are open."
    )
    cure = "Compare QuickBooks' A/P Ageing Summary with what the vendors say, once, by hand."
    return info("opening_bills", text, cure)


def check_connector(invoices: Iterable[Invoice], company: CompanyFile, *, days: int) -> Finding:
    """Return whether another connector exported invoices lately that this company would post.

    Args:
        invoices: those that changed in the last days.
        company: the file.
        days: how many days were looked at.
    """
    changed = [each for each in invoices if each.invoice_date and each.invoice_date >= company.start_date]
    exported = [each for each in changed if each.sync_status == _EXPORTED or each.export_id.strip()]
    if exported:
        text = (
            f"{len(exported)} of {len(changed)} invoices that changed in the last {days} days were exported "
            f"by another connector, first {exported[0].reference_number}: it would book them as well."
        )
        cure = "Turn ServiceTitan's own QuickBooks connection off, or let `start_date` come after it."
        return red("other_connector", text, cure)
    if not changed:
        text = f"No invoice from the start on changed in the last {days} days, so nothing shows a connector."
        return info("other_connector_unknown", text, "Check in ServiceTitan that its own connection is off.")
    text = f"None of {len(changed)} invoices that changed in the last {days} days was exported elsewhere."
    return ok("no_other_connector", text)
