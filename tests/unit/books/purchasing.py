"""What was bought, as both products have it in JSON, to be compared by days without a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_assets.books.accounts import Item
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import Evidence, FieldDrift, KnownLink, KnownState
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks, read_document
from st_qbo_assets.books.records import DayTieOut, Record
from st_qbo_assets.books.servicetitan_buying import (
    read_bill,
    read_bill_payment,
    read_order,
    read_receipt,
    read_vendor_credit,
)
from st_qbo_assets.books.servicetitan_side import ServiceTitanBooks
from st_qbo_assets.books.tie_out import tie_out
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.outcomes import Json, Outcome, Reason
from st_qbo_assets.quickbooks.reference import Account, Reference
from tests.unit.books.world import company

DAY = date(2026, 11, 10)
TODAY = DAY + timedelta(days=20)
MATERIALS, FREIGHT, TAX = "501", "504", "505"
REFERENCE = Reference(
    accounts=(
        Account(MATERIALS, "Materials COGS", "Materials COGS", "50100", "Cost of Goods Sold"),
        Account(FREIGHT, "Freight In", "Freight In", "50400", "Cost of Goods Sold"),
        Account(TAX, "Tax on Purchases", "Tax on Purchases", "50500", "Cost of Goods Sold"),
    )
)
COST = {"id": 5010, "number": "50100", "name": "Materials COGS"}
#: The one item goods stand on in QuickBooks.
ITEM = "77"


def buyer(**changes: object) -> CompanyFile:
    """A company that buys."""
    wanted: dict[str, object] = {
        "bill_source": "ap_bills",
        "freight_account": "50400",
        "purchase_tax_account": "50500",
        "ap_payments": True,
    }
    return company(**wanted | changes)


def midnight(day: date) -> str:
    return f"{day}T00:00:00Z"


def goods(quantity: str, cost: str) -> Json:
    """One line of goods."""
    return {"quantity": quantity, "cost": cost, "costOfSaleAccount": COST, "skuId": 1}


def owed(target: str, lines: Mapping[str, str], *, vendor: str = "61", **more: Any) -> Json:
    """A QuickBooks document of a vendor: amounts by account, goods on the one item."""
    rows = [
        {
            "Amount": Decimal(amount),
            "DetailType": "ItemBasedExpenseLineDetail",
            "ItemBasedExpenseLineDetail": {"ItemRef": {"value": ITEM}},
        }
        if account == MATERIALS
        else {
            "Amount": Decimal(amount),
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
        }
        for account, amount in lines.items()
    ]
    total = sum((Decimal(amount) for amount in lines.values()), Decimal(0))
    return {
        "TxnDate": str(DAY),
        "VendorRef": {"value": vendor, "name": f"Vendor {vendor}"},
        "Line": rows,
        "TotalAmt": total,
        "Balance": total,
    } | more


@dataclass
class Purchases:
    """Both sides of what was bought, and what the ledger knows of it."""

    company: CompanyFile = field(default_factory=buyer)
    rows: list[tuple[Entity, Json]] = field(default_factory=list[tuple[Entity, Json]])
    objects: dict[QboKey, Json] = field(default_factory=dict[QboKey, Json])
    receipts: list[Json] = field(default_factory=list[Json])
    returns: dict[str, Json] = field(default_factory=dict[str, Json])
    links: list[KnownLink] = field(default_factory=list[KnownLink])
    states: list[KnownState] = field(default_factory=list[KnownState])
    drift: dict[QboKey, tuple[FieldDrift, ...]] = field(default_factory=dict[QboKey, tuple[FieldDrift, ...]])

    def __post_init__(self) -> None:
        """Link vendors 6 and 7 to QuickBooks' 61 and 71."""
        for st, qbo in (("6", "61"), ("7", "71")):
            self.links.append(KnownLink(SourceRef(Entity.VENDOR, st), QboKey("Vendor", qbo)))

    # ServiceTitan

    def bill(self, id_: int, *lines: Json, amount: str, vendor: int = 6, **more: Any) -> Json:
        """A posted bill of the day."""
        record: Json = {
            "id": id_,
            "billDate": midnight(DAY),
            "billAmount": amount,
            "syncStatus": "Posted",
            "referenceNumber": f"B{id_}",
            "vendor": {"id": vendor, "name": f"ServiceTitan's vendor {vendor}"},
            "items": list(lines),
        }
        self.rows.append((Entity.BILL, record | more))
        return self.rows[-1][1]

    def order(self, id_: int, *lines: Json, total: str, **more: Any) -> Json:
        """An order of the day."""
        record: Json = {
            "id": id_,
            "number": f"PO{id_}",
            "date": midnight(DAY),
            "status": "Sent",
            "vendorId": 6,
            "total": Decimal(total),
            "tax": Decimal(0),
            "shipping": Decimal(0),
            "items": list(lines),
        }
        self.rows.append((Entity.PURCHASE_ORDER, record | more))
        return self.rows[-1][1]

    def credit(self, id_: int, *lines: Json, amount: str, bill: int = 0, **more: Any) -> Json:
        """A posted credit of the day for a return, used for a bill in full if one is named."""
        self.returns[str(id_ + 1)] = {"id": id_ + 1, "items": list(lines)}
        splits = [{"inventoryBillId": bill, "amount": Decimal(amount)}] if bill else []
        record: Json = {
            "id": id_,
            "date": midnight(DAY),
            "amount": Decimal(amount),
            "inventoryReturnId": id_ + 1,
            "syncStatus": "Posted",
            "status": "Unreconciled",
            "vendor": {"id": 6, "name": "ServiceTitan's vendor 6"},
            "splits": splits,
        }
        self.rows.append((Entity.VENDOR_CREDIT, record | more))
        return self.rows[-1][1]

    def payment(self, id_: int, *, amount: str, bill: int, **more: Any) -> Json:
        """A payment of a bill that ServiceTitan made on the day."""
        record: Json = {
            "id": id_,
            "date": midnight(DAY),
            "amount": Decimal(amount),
            "method": "ServiceTitan",
            "status": "Paid",
            "vendor": {"id": 6, "name": "ServiceTitan's vendor 6"},
            "splits": [{"inventoryBillId": bill, "amount": Decimal(amount)}],
        }
        self.rows.append((Entity.BILL_PAYMENT, record | more))
        return self.rows[-1][1]

    # QuickBooks

    def posted(self, target: str, qbo_id: int, source: str, obj: Json) -> Json:
        """A document of ours, with its link."""
        ref, key = SourceRef.parse(source), QboKey(target, str(qbo_id))
        self.links.append(KnownLink(ref, key))
        return self.typed(target, qbo_id, {"PrivateNote": marker(ref)} | obj)

    def typed(self, target: str, qbo_id: int, obj: Json) -> Json:
        """A document a bookkeeper typed."""
        self.objects[QboKey(target, str(qbo_id))] = {"Id": str(qbo_id), "DocNumber": f"D{qbo_id}"} | obj
        return self.objects[QboKey(target, str(qbo_id))]

    def stands(self, source: str, outcome: Outcome, code: str) -> None:
        """Where the last load left a record."""
        ref = SourceRef.parse(source)
        self.states.append(KnownState(ref, outcome, Reason(code, f"Because of {code}.", f"Cure {code}.")))

    # Compared

    def compared(self) -> DayTieOut:
        """The day compared."""
        documents = [self._read(entity, row) for entity, row in self.rows]
        receipts = [
            read_receipt(row, self.company, vendors={"6": "Vendor 6"}, orders={"20": "PO20"})
            for row in self.receipts
        ]
        books = ServiceTitanBooks(
            {document.source: document for document in documents},
            receipts=tuple(each for each in receipts if each is not None),
        )
        held = {key: read_document(key.target, obj) for key, obj in self.objects.items()}
        items = {ITEM: Item("Capacitor", "401", expense_id=MATERIALS)}
        (day,) = tie_out(
            [DAY],
            books,
            quickbooks=QuickBooksBooks(held, items),
            evidence=Evidence(tuple(self.links), tuple(self.states), drift=self.drift),
            company=self.company,
            chart=REFERENCE,
            today=TODAY,
        )
        return day

    def records(self) -> dict[str, Record]:
        """What differs or is listed, by source or QuickBooks document."""
        return {str(each.source or each.quickbooks[0]): each for each in self.compared().records}

    def _read(self, entity: Entity, row: Json) -> Any:
        if entity is Entity.BILL:
            return read_bill(row, self.company, today=TODAY)
        if entity is Entity.PURCHASE_ORDER:
            return read_order(row, self.company, vendors={"6": "Vendor 6"}, units={}, today=TODAY)
        if entity is Entity.BILL_PAYMENT:
            return read_bill_payment(row, self.company, today=TODAY)
        returned = self.returns.get(str(row["inventoryReturnId"]))
        return read_vendor_credit(row, self.company, returned=returned, today=TODAY)
