"""Headers of what is bought: vendor, the account it is owed on, location and term.

What belongs here: what bills and orders have in common above their lines (rule 8.1), and the vendor they
need. What does not: numbers and dates, which differ.
"""

from datetime import date

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json, Mapped
from st_qbo_assets.mapping.accounts import payable_account
from st_qbo_assets.mapping.currency import wrong_currency
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held, rejected
from st_qbo_assets.mapping.tracking import department_of, term_of
from st_qbo_assets.mapping.vendors import map_vendor
from st_qbo_assets.servicetitan.buying import Bill


def buying_references(bill: Bill, lookup: Lookup) -> tuple[Json, list[Problem]]:
    """Return vendor, account, location and term of the header, and what is wrong with them."""
    vendor_id = bill.vendor.id if bill.vendor else None
    problems: list[Problem] = []
    if vendor_id is None:
        problems.append(rejected("vendor_missing"))
    elif vendor_id not in lookup.vendors:
        name = lookup.line_text(bill.vendor.name) if bill.vendor else ""
        problems.append(held("vendor_unknown", vendor=name, id=vendor_id))
    payable = payable_account(lookup)
    found: dict[str, str | Problem | None] = {
        "VendorRef": str(SourceRef(Entity.VENDOR, str(vendor_id))),
        "APAccountRef": payable if isinstance(payable, Problem) else payable.id,
        "DepartmentRef": department_of(bill.business_unit, lookup),
        "SalesTermRef": term_of(bill.term_name, lookup),
    }
    currency = wrong_currency(bill, lookup)
    problems += [currency] if currency else []
    problems += [each for each in found.values() if isinstance(each, Problem)]
    written = {name: {"value": each} for name, each in found.items() if isinstance(each, str) and each}
    return written, problems


def needed_vendor(vendor_id: int | None, lookup: Lookup, *, day: date) -> list[Mapped]:
    """Return the vendor a due document needs, who is made even if nobody uses him any more."""
    vendor = lookup.vendors.get(vendor_id or 0)
    if vendor is None:
        return []
    return [map_vendor({**vendor.raw, "active": True}, day=day, latin1=lookup.latin1)]
