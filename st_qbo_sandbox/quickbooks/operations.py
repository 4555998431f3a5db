"""Create, update, void, delete and read: the steps every entity goes through.

Belongs here: the order of checks, Id and SyncToken, full against sparse. Does not belong here: the rules of
an entity, which stand in its own module and are called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from st_qbo_sandbox.quickbooks import (
    bill_payments,
    buying,
    lists,
    money_moves,
    payments,
    people,
    sales,
    singletons,
    taxes,
)
from st_qbo_sandbox.quickbooks.auto_credit import apply_credits
from st_qbo_sandbox.quickbooks.books import Body, Books, copy_of
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.catalog import NAME_LISTS, SALES, TRANSACTIONS, Entity
from st_qbo_sandbox.quickbooks.company import Company
from st_qbo_sandbox.quickbooks.faults import (
    Fault,
    business,
    deleted,
    fault,
    inactive,
    missing,
    period_closed,
    stale,
    subscription_ended,
    unsupported_operation,
)
from st_qbo_sandbox.quickbooks.fields import CLEARED, Reader
from st_qbo_sandbox.quickbooks.references import complete_references
from st_qbo_sandbox.quickbooks.work import Work
from st_qbo_sandbox.storage import as_object

_SYSTEM = ("Id", "SyncToken", "MetaData", "domain", "sparse", "status")
# Computed or kept by QuickBooks: a full update does not null them.
_KEPT = ("DocNumber", "DeliveryInfo")
_LINKS_BY_EMPTY_LINE = ("Payment", "BillPayment")


@dataclass(frozen=True)
class Rules:
    """What an entity does at each step."""

    prepare: Callable[[Call, Body, Body | None], None]
    void: Callable[[Call, Body], None] | None = None
    remove: Callable[[Call, Body], None] | None = None
    after: Callable[[Call, Body], None] | None = None


def _nothing(call: Call, new: Body, old: Body | None) -> None:
    """Entities without rules of their own."""


_SALE = Rules(sales.prepare_sale, sales.void_sale, sales.remove_sale)
_SALE_WITH_CREDIT = Rules(sales.prepare_sale, sales.void_sale, sales.remove_sale, apply_credits)
_LIST = Rules(lists.prepare_list_object)
_BUYING = Rules(buying.prepare_buying, None, buying.remove_buying)
_NAME = Rules(people.prepare_person)

RULES: dict[str, Rules] = {
    "Invoice": _SALE_WITH_CREDIT,
    "CreditMemo": _SALE_WITH_CREDIT,
    "Estimate": _SALE,
    "RefundReceipt": _SALE,
    "SalesReceipt": _SALE,
    "Payment": Rules(payments.prepare_payment, payments.void_payment, payments.remove_payment),
    "Bill": _BUYING,
    "VendorCredit": _BUYING,
    "PurchaseOrder": _BUYING,
    "BillPayment": Rules(
        bill_payments.prepare_bill_payment, bill_payments.void_bill_payment, bill_payments.remove_bill_payment
    ),
    "Purchase": Rules(money_moves.prepare_purchase, money_moves.void_purchase, money_moves.remove_money_move),
    "Deposit": Rules(money_moves.prepare_deposit, None, money_moves.remove_deposit),
    "JournalEntry": Rules(money_moves.prepare_journal, None, money_moves.remove_money_move),
    "Transfer": Rules(money_moves.prepare_transfer),
    "Customer": _NAME,
    "Vendor": _NAME,
    "Employee": _NAME,
    "Item": _LIST,
    "Account": _LIST,
    "Class": _LIST,
    "Department": _LIST,
    "Term": _LIST,
    "PaymentMethod": _LIST,
    "TaxAgency": Rules(taxes.prepare_agency),
    "CompanyInfo": Rules(singletons.prepare_company_info),
    "Preferences": Rules(singletons.prepare_preferences),
}


@dataclass
class Operations:
    """All operations on the company's objects."""

    books: Books
    company: Company
    spend: Callable[[str], None] = field(default=lambda switch: None)

    def _call(self, entity: Entity, include: frozenset[str], person: bool, **more: Any) -> Call:
        return Call(self.company, Work(self.books), entity, include=include, person=person, **more)

    def _guard(self, entity: Entity, operation: str, person: bool) -> None:
        if operation not in entity.operations and not person:
            raise unsupported_operation(operation)
        if self.books.switches.subscription_locked and not person:
            raise subscription_ended()

    def read(self, entity: Entity, id: str) -> Body:
        """Return one object as the API shows it.

        Raises:
            Fault: 610 if it is deleted or never was.
        """
        found = self.books.get(entity.name, id)
        if found is None:
            raise self._not_found(entity, id)
        return self.render(entity.name, found)

    def render(self, entity: str, doc: Body) -> Body:
        """Return a stored object as the API shows it."""
        shown = self.books.render(entity, doc)
        if entity == "Payment":
            return payments.render_payment(Work(self.books), shown)
        return shown

    def _not_found(self, entity: Entity, id: str) -> Fault:
        if entity.is_transaction and self.books.tombstone(entity.name, id):
            return deleted()
        if not id.lstrip("-").isdigit() and entity.name != "TaxCode":
            return fault("2030", f"Invalid ID : {id}", "Id")
        return inactive("610")

    def create(
        self,
        entity: Entity,
        body: Any,
        *,
        include: frozenset[str] = frozenset(),
        person: bool = False,
        seed: bool = False,
    ) -> Body:
        """Create an object; `seed` lets the body give its own Id and MetaData.

        Raises:
            Fault: the request is refused.
        """
        self._guard(entity, "create", person or seed)
        call = self._call(entity, include, person or seed)
        with self.books.storage.transaction():
            asked = (as_object(body) or {}) if seed else {}
            given: Body = {"Id": asked.get("Id"), "MetaData": as_object(asked.get("MetaData")) or {}}
            new = self._read_body(call, body, sparse=False)
            self._require(call, new)
            new = {key: value for key, value in new.items() if key not in _SYSTEM}
            new["Id"] = self._take_id(entity, given["Id"])
            if entity.is_transaction:
                new.setdefault("TxnDate", self.books.today())
            complete_references(call, new, None)
            self._check_period(call, new, None)
            RULES.get(entity.name, Rules(_nothing)).prepare(call, new, None)
            self._check_linked(call)
            stamp = self.books.stamp()
            new |= {"domain": "QBO", "sparse": False, "SyncToken": "0"}
            new["MetaData"] = {"CreateTime": stamp, "LastUpdatedTime": stamp} | given["MetaData"]
            call.work.put(entity.name, new)
            call.work.commit(given["MetaData"].get("LastUpdatedTime"))
            self._after(call, new["Id"])
        return self.read(entity, new["Id"])

    def _after(self, call: Call, id: str) -> None:
        after = RULES.get(call.entity.name, Rules(_nothing)).after
        if after is not None:
            stored = self.books.get(call.entity.name, id)
            if stored is not None:
                after(call, stored)

    def _take_id(self, entity: Entity, given: str | None) -> str:
        if given is None:
            return self.books.next_id(entity.sequence)
        self.books.reserve_id(entity.sequence, str(given))
        return str(given)

    def _read_body(self, call: Call, body: Any, *, sparse: bool) -> Body:
        switches = self.books.switches
        if call.entity.name in NAME_LISTS and switches.name_lock_times and not call.person:
            self.spend("name_lock_times")
            raise business("You can only add or edit one name at a time. Please try again.")
        limits = {"PaymentRefNum": switches.payment_ref_max} if call.entity.name == "Payment" else None
        reader = Reader(refuse_unknown=switches.refuse_unknown_properties, keep_cleared=sparse, limits=limits)
        cleaned = reader.read(call.entity.name, body)
        call.sent = frozenset(cleaned)
        if call.entity.name in SALES and switches.tax_error_times and not call.person:
            self.spend("tax_error_times")
            raise business("We're sorry, QuickBooks encountered an error while calculating tax.")
        return cleaned

    def _require(self, call: Call, new: Body) -> None:
        errors = [missing(name) for name in call.entity.required if name not in new]
        if errors:
            raise Fault(*errors)

    def _check_period(self, call: Call, new: Body, old: Body | None) -> None:
        closed = self.company.book_close_date
        if closed is None or call.person or not call.entity.is_transaction:
            return
        for doc in (new, old):
            if doc is not None and doc.get("TxnDate", closed) <= closed:
                raise period_closed()

    def _check_linked(self, call: Call) -> None:
        """Refuse to change what documents of a closed period are linked to, if the switch says so."""
        closed = self.company.book_close_date
        if closed is None or call.person or not call.switches.closed_period_guards_links:
            return
        for entity, doc in call.work.changed():
            if entity in TRANSACTIONS and doc.get("TxnDate", "") <= closed:
                raise period_closed()

    def _current(self, call: Call, body: Any) -> Body:
        """Return the stored object that a request is about, after checking Id and SyncToken."""
        asked = as_object(body) or {}
        id, token = str(asked.get("Id", "")), asked.get("SyncToken")
        entity = call.entity
        if entity.name in ("CompanyInfo", "Preferences"):
            id = "1"
        if not id:
            raise Fault(missing("Id"))
        found = self.books.get(entity.name, id)
        if found is None:
            raise self._not_found(entity, id)
        if call.person and token is None:
            return found
        if token is None or token == "":
            raise Fault(missing("SyncToken"))
        if str(token) != found["SyncToken"]:
            raise stale(self.books.switches.stale_user)
        return found

    def update(
        self, entity: Entity, body: Any, *, include: frozenset[str] = frozenset(), person: bool = False
    ) -> Body:
        """Change an object, fully or sparsely.

        Raises:
            Fault: the request is refused.
        """
        sparse = str((as_object(body) or {}).get("sparse", "")).lower() == "true"
        self._guard(entity, "update", person)
        call = self._call(entity, include, person, sparse=sparse)
        with self.books.storage.transaction():
            cleaned = self._read_body(call, body, sparse=sparse)
            old = self._current(call, body)
            new = self._merge(call, cleaned, old)
            self._require(call, new)
            if entity.is_transaction:
                new.setdefault("TxnDate", self.books.today())
            complete_references(call, new, old)
            self._check_period(call, new, old)
            RULES.get(entity.name, Rules(_nothing)).prepare(call, new, old)
            self._check_linked(call)
            call.work.put(entity.name, new)
            call.work.commit()
        return self.read(entity, old["Id"])

    def _merge(self, call: Call, cleaned: Body, old: Body) -> Body:
        changes = {key: value for key, value in cleaned.items() if key not in _SYSTEM}
        system = {key: old[key] for key in _SYSTEM if key in old}
        private = {
            key: copy_of(value) for key, value in old.items() if key.startswith("_") and key != "_post"
        }
        if call.entity.name == "Preferences" or call.entity.name == "CompanyInfo":
            call.sparse = True
        if not call.sparse:
            kept = {
                key: copy_of(old[key])
                for key in (*_KEPT, "Active", "Balance", "BalanceWithJobs")
                if key in old
            }
            if "DocNumber" in kept and call.preference("SalesFormsPrefs", "CustomTxnNumbers", False):
                kept.pop("DocNumber")
            return {**kept, **changes, **private, **system}
        merged = copy_of({key: value for key, value in old.items() if key != "_post"})
        for key, value in changes.items():
            if value is CLEARED:
                if key not in people.STICKY and key != "ReorderPoint":
                    merged.pop(key, None)
            elif value != [] or (key == "Line" and call.entity.name in _LINKS_BY_EMPTY_LINE):
                merged[key] = value
        return merged

    def void(self, entity: Entity, body: Any, *, person: bool = False) -> Body:
        """Void a transaction.

        Raises:
            Fault: it cannot be voided.
        """
        rules = RULES.get(entity.name, Rules(_nothing))
        self._guard(entity, "update" if self.books.switches.void_credit_memos_and_refunds else "void", person)
        if rules.void is None:
            raise unsupported_operation("void")
        call = self._call(entity, frozenset(), person)
        with self.books.storage.transaction():
            old = self._current(call, body)
            self._check_period(call, old, None)
            doc = call.work.open(entity.name, old["Id"])
            rules.void(call, doc)
            self._check_linked(call)
            doc["PrivateNote"] = f"Voided - {old['PrivateNote']}" if old.get("PrivateNote") else "Voided"
            call.work.put(entity.name, doc)
            call.work.commit()
        return self.read(entity, old["Id"])

    def delete(self, entity: Entity, body: Any, *, person: bool = False) -> Body:
        """Delete a transaction and return the short answer.

        Raises:
            Fault: it cannot be deleted.
        """
        self._guard(entity, "delete", person)
        call = self._call(entity, frozenset(), person)
        with self.books.storage.transaction():
            old = self._current(call, body)
            self._check_period(call, old, None)
            rules = RULES.get(entity.name, Rules(_nothing))
            if rules.remove is not None:
                rules.remove(call, copy_of(old))
            self._check_linked(call)
            call.work.drop(entity.name, old["Id"])
            call.work.commit()
        return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}
