"""Acts of a person on the buying side: bills typed in, paid, orders closed, another edition.

Belongs here: their words. Does not belong here: what a document then does (`buying.py`, `bill_payments.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.quickbooks import ledger
from st_qbo_sandbox.quickbooks.books import Body, Books
from st_qbo_sandbox.quickbooks.calls import money
from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from st_qbo_sandbox.quickbooks.company import merge
from st_qbo_sandbox.quickbooks.operations import Operations
from st_qbo_sandbox.quickbooks.typed_lines import need, to_decimal
from st_qbo_sandbox.quickbooks.work import Work

Act = dict[str, Any]
Find = Callable[[str, Any], str]
EDITIONS = ("Simple Start", "Essentials", "Plus", "Advanced")
_BUYING = {"type_bill": "Bill", "type_vendor_credit": "VendorCredit", "type_order": "PurchaseOrder"}
_BY_PLUS_ONLY: Body = {
    "ProductAndServicesPrefs": {"QuantityOnHand": False},
    "AccountingInfoPrefs": {
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": False,
        "TrackDepartments": False,
    },
}


class BuyingActs:
    """The acts, each of which answers with what it made or changed."""

    def __init__(self, books: Books, operations: Operations, find: Find) -> None:
        self._books = books
        self._operations = operations
        self._find = find

    def table(self) -> dict[str, Callable[[Act], Body]]:
        """Return the acts by name."""
        typed = {name: self._type(entity) for name, entity in _BUYING.items()}
        return {
            **typed,
            "pay_bill": self._pay_bill,
            "close_order": lambda act: self._set_status(act, "Closed"),
            "open_order": lambda act: self._set_status(act, "Open"),
            "set_edition": self._set_edition,
        }

    def _type(self, entity: str) -> Callable[[Act], Body]:
        def perform(act: Act) -> Body:
            body: Body = {
                "VendorRef": {"value": self._find("Vendor", need(act, "vendor"))},
                "Line": [self._line(line) for line in need(act, "lines")],
            }
            for key, field in (
                ("date", "TxnDate"),
                ("due", "DueDate"),
                ("number", "DocNumber"),
                ("note", "PrivateNote"),
            ):
                if act.get(key):
                    body[field] = act[key]
            return {entity: self._operations.create(ENTITIES[entity], body, person=True)}

        return perform

    def _line(self, given: Body) -> Body:
        """Return a line on an item (with quantity and price, or an amount) or on an account."""
        detail: Body = {}
        if given.get("customer"):
            detail["CustomerRef"] = {"value": self._find("Customer", given["customer"])}
        if given.get("item"):
            kind = "ItemBasedExpenseLineDetail"
            detail["ItemRef"] = {"value": self._find("Item", given["item"])}
            if "qty" in given:
                detail |= {"Qty": to_decimal(given["qty"]), "UnitPrice": to_decimal(need(given, "price"))}
        else:
            kind = "AccountBasedExpenseLineDetail"
            detail["AccountRef"] = {"value": self._find("Account", need(given, "account"))}
        amount = given.get("amount")
        if amount is None:
            amount = money(detail.get("Qty", Decimal(1)) * to_decimal(need(given, "price")))
        line: Body = {"Amount": to_decimal(amount), "DetailType": kind, kind: detail}
        order = given.get("order")
        if order:
            line["LinkedTxn"] = [
                {"TxnId": str(order), "TxnType": "PurchaseOrder", "TxnLineId": str(need(given, "order_line"))}
            ]
        return line

    def _pay_bill(self, act: Act) -> Body:
        bill = self._stored("Bill", need(act, "bill"))
        left = bill["Balance"]
        pairs: list[tuple[str, str, Decimal]] = []
        used = Decimal(0)
        if act.get("credit") is not None:
            credit = self._stored("VendorCredit", act["credit"])
            used = min(credit["Balance"], left)
            pairs.append(("VendorCredit", credit["Id"], used))
        cash = money(to_decimal(act["amount"])) if act.get("amount") is not None else left - used
        if cash < 0 or not cash + used:
            raise EditError("there is nothing to pay")
        pairs.append(("Bill", bill["Id"], min(left, cash + used)))
        account = act.get("account")
        bank = self._find("Account", account) if account else ledger.system_account(Work(self._books), "Bank")
        body: Body = {
            "VendorRef": {"value": bill["VendorRef"]["value"]},
            "TotalAmt": cash,
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": bank}},
            "Line": [
                {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}
                for kind, id, amount in pairs
            ],
        }
        if act.get("date"):
            body["TxnDate"] = act["date"]
        return {"BillPayment": self._operations.create(ENTITIES["BillPayment"], body, person=True)}

    def _stored(self, entity: str, id: Any) -> Body:
        found = self._books.get(entity, str(id))
        if found is None:
            raise EditError(f"no {entity} {id!r}")
        return found

    def _set_status(self, act: Act, status: str) -> Body:
        order = self._stored("PurchaseOrder", need(act, "id"))
        body = {"Id": order["Id"], "sparse": True, "POStatus": status}
        entity = ENTITIES["PurchaseOrder"]
        return {"PurchaseOrder": self._operations.update(entity, body, person=True)}

    def _set_edition(self, act: Act) -> Body:
        """Subscribe to another edition; what only Plus and Advanced have is turned off below them."""
        edition = need(act, "edition")
        if edition not in EDITIONS:
            raise EditError(f'"edition" is one of {", ".join(EDITIONS)}')
        work = Work(self._books)
        info = work.open("CompanyInfo", "1")
        sku = {"NameValue": [{"Name": "OfferingSku", "Value": f"QuickBooks Online {edition}"}]}
        work.put("CompanyInfo", merge(info, sku))
        has_stock = edition in EDITIONS[2:]
        patch = {"ProductAndServicesPrefs": {"QuantityOnHand": True}} if has_stock else _BY_PLUS_ONLY
        work.put("Preferences", merge(work.open("Preferences", "1"), patch))
        work.commit()
        return {"CompanyInfo": self._operations.read(ENTITIES["CompanyInfo"], "1")}
