"""Reading a case, mapping it, and writing the result as text.

`base.json` holds what all cases share: the company file, QuickBooks' lists and settings, and ServiceTitan
records that are looked up. A case adds to each, and its invoices, payments and customers are mapped.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import simplejson

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Mapped
from st_qbo_assets.mapping.bill_payments import map_bill_payment
from st_qbo_assets.mapping.bills import items_of_bill, map_bill, vendor_of_bill
from st_qbo_assets.mapping.credit_memos import items_of_credit_memo, map_credit_memo
from st_qbo_assets.mapping.customers import map_customer
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.orders import items_of_order, map_order
from st_qbo_assets.mapping.payments import items_of_payment, map_payment
from st_qbo_assets.mapping.preview import effect_of_all
from st_qbo_assets.mapping.vendor_credits import items_of_vendor_credit, map_vendor_credit
from st_qbo_assets.quickbooks.reference import Account, Preferences, Reference
from st_qbo_assets.servicetitan import buying
from st_qbo_assets.servicetitan import records as st

FOLDER = Path(__file__).parent
CASES = sorted(path.parent for path in FOLDER.glob("cases/*/input.json"))
DAY_OF_CUSTOMERS = date(2026, 2, 3)

Json = dict[str, Any]


def read(path: Path) -> Json:
    """Return a JSON file, amounts as decimals."""
    return json.loads(path.read_text(), parse_float=Decimal)


def map_case(case: Path) -> Json:
    """Return what the records of a case become, in the order of the input."""
    base, given = read(FOLDER / "base.json"), read(case / "input.json")
    mapped_here = [parse(kind, row) for kind, rows in given["records"].items() for row in rows]
    shared = [parse(kind, row) for kind, rows in base["records"].items() for row in rows]
    lookup = Lookup.of(
        [*shared, *mapped_here],
        company=CompanyFile.model_validate({**base["company"], **given.get("company", {})}),
        reference=reference(base, given.get("preferences", {}), given.get("accounts", ())),
        today=date.fromisoformat(given.get("today", base["today"])),
        posted={
            SourceRef.parse(ref): date.fromisoformat(day) for ref, day in given.get("posted", {}).items()
        },
        tax_item_id=given.get("tax_item_id", ""),
        tax_account_id=given.get("tax_account_id", ""),
    )
    documents = [one for record in mapped_here for one in map_one(record, lookup)]
    items = [one for record in mapped_here for one in items_of(record, lookup)]
    return {
        "mapped": [shown(one) for one in documents],
        "items": [shown(one) for one in {item.source: item for item in reversed(items)}.values()][::-1],
        "effect": asdict(effect_of_all(documents)),
    }


def items_of(record: Any, lookup: Lookup) -> list[Mapped]:
    """Return the items that the lines of a record's documents need."""
    if is_of(record, st.Invoice):
        return items_of_invoice(record, lookup)
    if isinstance(record, st.CreditMemo):
        return items_of_credit_memo(record, lookup)
    if isinstance(record, buying.Bill):
        return items_of_bill(record, lookup)
    if isinstance(record, buying.PurchaseOrder):
        return items_of_order(record, lookup)
    if isinstance(record, buying.VendorCredit):
        return items_of_vendor_credit(record, lookup)
    return items_of_payment(record, lookup) if isinstance(record, st.Payment) else []


def map_one(record: Any, lookup: Lookup) -> list[Mapped]:
    """Return what a record becomes; records that are only looked up become nothing."""
    if is_of(record, st.Invoice):
        return map_invoice(record, lookup)
    if is_of(record, st.Payment):
        return map_payment(record, lookup)
    if is_of(record, st.CreditMemo):
        return map_credit_memo(record, lookup)
    if isinstance(record, buying.Bill):
        return [*vendor_of_bill(record, lookup), *map_bill(record, lookup)]
    if isinstance(record, buying.PurchaseOrder):
        return map_order(record, lookup)
    if isinstance(record, buying.VendorCredit):
        return map_vendor_credit(record, lookup)
    if isinstance(record, buying.BillPayment):
        return map_bill_payment(record, lookup)
    return map_customer(record, lookup, day=DAY_OF_CUSTOMERS) if is_of(record, st.Customer) else []


def is_of(record: Any, model: Any) -> bool:
    """Say whether a record was read as a model, readable or not."""
    return isinstance(record, model) or (isinstance(record, st.Unreadable) and record.kind == model.__name__)


def parse(kind: str, row: Json) -> Any:
    """Return a row as the record its kind names."""
    return st.parse(getattr(st, kind, None) or getattr(buying, kind), row)


def reference(base: Json, preferences: Json, accounts: Iterable[Json] = ()) -> Reference:
    """Return QuickBooks' lists with the preferences of a case, and further accounts of it."""
    lists = Reference.from_json(simplejson.dumps(base["reference"], use_decimal=True))
    closed = preferences.get("book_close_date")
    dated: Json = {**preferences, "book_close_date": date.fromisoformat(closed)} if closed else preferences
    lists = replace(lists, accounts=(*lists.accounts, *(Account(**each) for each in accounts)))
    return replace(lists, preferences=Preferences(**{**asdict(lists.preferences), **dated}))


def shown(mapped: Mapped) -> Json:
    """Return everything of a mapped record but its frame of references."""
    payload = mapped.payload
    row: Json = {
        "source": str(mapped.source),
        "verdict": mapped.verdict.value,
        "day": mapped.day.isoformat(),
        "cents": mapped.cents,
        "number": mapped.number,
        "title": mapped.title,
    }
    if mapped.reason:
        row["reason"] = {
            "code": mapped.reason.code,
            "text": mapped.reason.text,
            "remedy": mapped.reason.remedy,
            "suggestions": list(mapped.reason.suggestions),
        }
    if payload:
        row |= {
            "target": payload.target,
            "outside_digest": list(payload.outside_digest),
            "body": payload.body,
        }
    return {**row, "facts": mapped.facts}


def as_text(result: Json) -> str:
    """Return a result as it is kept on disk."""
    return simplejson.dumps(result, use_decimal=True, indent=1, ensure_ascii=False) + "\n"
