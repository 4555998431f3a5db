"""Acts of a person in QuickBooks: what a bookkeeper does in the product, done through the ordinary engine.

Belongs here: `POST /_sandbox/edit`. Does not belong here: switches and faults of the sandbox.

A document is named by `id`, or by `number` (its DocNumber); a customer by `customer`, its id or display
name; an item by `item`, its id or name; an account by `account`, its id, name or number. `entity` is
Invoice unless said otherwise. Every act answers with the object it made or changed, under its entity name,
unless the table says otherwise.

    act                  with                                       what happens
    consent              redirect_uri?, scope?                      {"code", "realmId"}, as after Connect
    revoke               -                                          the app is disconnected, all tokens die
    create               entity, body                               any object, in the shape of the API
    update               entity, id, body                           only what is in `body` changes
    void                 entity, id                                 and CreditMemo, RefundReceipt, Purchase
    delete               entity, id                                 transactions
    inactivate           entity, id                                 list objects
    reactivate           entity, id
    rename               entity, id, name
    type_invoice         customer, lines [{item, amount | qty,      an invoice typed in by hand
                         price, taxed?, description?}], date?,
                         number?, note?, tax?
    type_payment         customer, amount, invoices? [id], date?,   a payment; invoices are paid in order
                         method?, account?, note?, ref?
    deposit              payments [id], account?, date?             a bank deposit of them
    email                entity?, id, to?
    print                entity?, id
    apply_credit         invoice, credit_memo | payment, amount?    the credit or unapplied money is used
    unapply              payment                                    a payment is taken off everything
    close_books          date, or null                              BookCloseDate
    merge_customers      from, into                                 `from` goes, `into` gets its documents
    set_preferences      preferences {group: {name: value}}         null takes one away
    lock_subscription    -                                          writes answer 6190
    unlock_subscription  -
    lose_access          -                                          every call answers 401/120
    regain_access        -
    edit_line            entity?, id, line (its Id), amount?,       one line of a document
                         qty?, price?, item?, description?,
                         taxed?, remove?
    type_bill            vendor, lines [{item, qty, price | item,   a bill typed in by hand; `order` (Id) and
                         amount | account, amount, customer?,       `order_line` link a line to an order
                         order?, order_line?}], date?, due?,
                         number?, note?
    type_vendor_credit   as type_bill                               a vendor credit
    type_order           as type_bill                               a purchase order
    pay_bill             bill, amount?, credit?, account?, date?    a cheque, with a vendor credit used first
    close_order          id                                         POStatus Closed
    open_order           id                                         POStatus Open
    set_edition          edition: Simple Start | Essentials | Plus  orders and inventory need Plus
                         | Advanced
    change_customer      entity?, id, customer
    change_date          entity?, id, date
    change_number        entity?, id, to
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.quickbooks import ledger
from st_qbo_sandbox.quickbooks.activity import plain_name
from st_qbo_sandbox.quickbooks.auto_credit import apply_payment, join
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.buying_acts import BuyingActs
from st_qbo_sandbox.quickbooks.calls import Call, money
from st_qbo_sandbox.quickbooks.catalog import ENTITIES, Entity
from st_qbo_sandbox.quickbooks.faults import Fault
from st_qbo_sandbox.quickbooks.mail import print_document, send_document
from st_qbo_sandbox.quickbooks.merging import merge_customers
from st_qbo_sandbox.quickbooks.oauth import ACCOUNTING
from st_qbo_sandbox.quickbooks.typed_lines import change_line, need, to_decimal, typed_line
from st_qbo_sandbox.quickbooks.work import Work

if TYPE_CHECKING:
    from st_qbo_sandbox.quickbooks.half import QuickBooks

Act = dict[str, Any]


class Acts:
    """The table of acts."""

    def __init__(self, half: QuickBooks) -> None:
        self._half = half
        self._books = half.books
        self._operations = half.operations
        self._table: dict[str, Callable[[Act], Body]] = {
            "consent": self._consent,
            "revoke": self._revoke,
            "create": self._create,
            "update": self._update,
            "void": self._void,
            "delete": self._delete,
            "inactivate": lambda act: self._activate(act, False),
            "reactivate": lambda act: self._activate(act, True),
            "rename": self._rename,
            "type_invoice": self._type_invoice,
            "type_payment": self._type_payment,
            "deposit": self._deposit,
            "email": self._email,
            "print": self._print,
            "apply_credit": self._apply_credit,
            "unapply": self._unapply,
            "close_books": self._close_books,
            "merge_customers": self._merge,
            "set_preferences": lambda act: self._set_preferences(need(act, "preferences")),
            "lock_subscription": lambda act: self._switch(subscription_locked=True),
            "unlock_subscription": lambda act: self._switch(subscription_locked=False),
            "lose_access": lambda act: self._switch(user_lost_access=True),
            "regain_access": lambda act: self._switch(user_lost_access=False),
            "edit_line": self._edit_line,
            **BuyingActs(self._books, self._operations, self._find).table(),
            "change_customer": lambda act: self._patch(act, CustomerRef=self._customer_ref(act)),
            "change_date": lambda act: self._patch(act, TxnDate=need(act, "date")),
            "change_number": lambda act: self._patch(act, DocNumber=need(act, "to")),
        }

    def perform(self, act: Act) -> Body:
        """Do one act and return what became of it.

        Raises:
            EditError: the act is unknown, incomplete, or refused by QuickBooks.
        """
        name = act.get("act")
        if name not in self._table:
            raise EditError(f"unknown act {name!r}; known: {', '.join(self._table)}")
        try:
            return self._table[name](act)
        except Fault as refused:
            raise EditError(f"{name}: {refused}") from refused

    def _answer(self, entity: str, id: str) -> Body:
        return {entity: self._operations.read(ENTITIES[entity], id)}

    def _entity(self, act: Act) -> Entity:
        name = act.get("entity", "Invoice")
        if name not in ENTITIES:
            raise EditError(f"unknown entity {name!r}")
        return ENTITIES[name]

    def _id(self, act: Act, entity: Entity) -> str:
        if "id" in act:
            return str(act["id"])
        number = str(need(act, "number"))
        found = self._books.by_number[entity.name].ids(number.casefold()) if entity.is_transaction else []
        if len(found) != 1:
            raise EditError(f"{len(found)} {entity.name} have the number {number}")
        return found[0]

    def _find(self, entity: str, wanted: Any) -> str:
        """Return the id of an object named by id, name or account number."""
        text = str(wanted)
        if self._books.get(entity, text) is not None:
            return text
        named = self._books.find_named(entity, text)
        if not named and entity == "Account":
            named = [doc for doc in self._books.all_of("Account") if doc.get("AcctNum") == text]
        if not named:
            raise EditError(f"no {entity} {text!r}")
        return named[0]["Id"]

    def _find_item(self, wanted: Any) -> str:
        return self._find("Item", wanted)

    def _customer_ref(self, act: Act) -> Body:
        return {"value": self._find("Customer", need(act, "customer"))}

    def _consent(self, act: Act) -> Body:
        uri = act.get("redirect_uri", identity.QUICKBOOKS_REDIRECT_URI)
        code = self._half.oauth.issue_code(redirect_uri=uri, scope=act.get("scope", ACCOUNTING))
        return {"code": code, "realmId": identity.REALM, "redirect_uri": uri}

    def _revoke(self, act: Act) -> Body:
        self._half.oauth.revoke_all()
        return {"revoked": True}

    def _create(self, act: Act) -> Body:
        entity = self._entity(act)
        return {entity.name: self._operations.create(entity, need(act, "body"), person=True)}

    def _update(self, act: Act) -> Body:
        return self._patch(act, **need(act, "body"))

    def _patch(self, act: Act, **changes: Any) -> Body:
        entity = self._entity(act)
        body = {"Id": self._id(act, entity), "sparse": True, **changes}
        return {entity.name: self._operations.update(entity, body, person=True)}

    def _void(self, act: Act) -> Body:
        entity = self._entity(act)
        return {entity.name: self._operations.void(entity, {"Id": self._id(act, entity)}, person=True)}

    def _delete(self, act: Act) -> Body:
        entity = self._entity(act)
        if not entity.is_transaction:
            raise EditError(f"{entity.name} cannot be deleted, only made inactive")
        return {entity.name: self._operations.delete(entity, {"Id": self._id(act, entity)}, person=True)}

    def _activate(self, act: Act, active: bool) -> Body:
        if not self._entity(act).has_active:
            raise EditError(f"{self._entity(act).name} has no Active")
        return self._patch(act, Active=active)

    def _rename(self, act: Act) -> Body:
        is_person = self._entity(act).name in ("Customer", "Vendor", "Employee")
        return self._patch(act, **{"DisplayName" if is_person else "Name": plain_name(need(act, "name"))})

    def _type_invoice(self, act: Act) -> Body:
        lines = [typed_line(line, self._find_item) for line in need(act, "lines")]
        body: Body = {"CustomerRef": self._customer_ref(act), "Line": lines}
        for key, field in (("date", "TxnDate"), ("number", "DocNumber"), ("note", "PrivateNote")):
            if act.get(key):
                body[field] = act[key]
        if act.get("tax") is not None:
            body["TxnTaxDetail"] = {"TotalTax": act["tax"]}
        return {"Invoice": self._operations.create(ENTITIES["Invoice"], body, person=True)}

    def _type_payment(self, act: Act) -> Body:
        left = money(to_decimal(need(act, "amount")))
        body: Body = {"CustomerRef": self._customer_ref(act), "TotalAmt": left, "Line": []}
        for wanted in act.get("invoices", ()):
            invoice = self._books.get("Invoice", str(wanted))
            if invoice is None:
                raise EditError(f"no Invoice {wanted!r}")
            part = min(left, invoice["Balance"])
            left -= part
            body["Line"].append({"Amount": part, "LinkedTxn": [{"TxnId": str(wanted), "TxnType": "Invoice"}]})
        if act.get("account"):
            body["DepositToAccountRef"] = {"value": self._find("Account", act["account"])}
        if act.get("method"):
            body["PaymentMethodRef"] = {"value": self._find("PaymentMethod", act["method"])}
        for key, field in (("date", "TxnDate"), ("note", "PrivateNote"), ("ref", "PaymentRefNum")):
            if act.get(key):
                body[field] = act[key]
        return {"Payment": self._operations.create(ENTITIES["Payment"], body, person=True)}

    def _deposit(self, act: Act) -> Body:
        account = act.get("account")
        wanted = (
            self._find("Account", account) if account else ledger.system_account(Work(self._books), "Bank")
        )
        lines = [
            {"LinkedTxn": [{"TxnId": str(id), "TxnType": act.get("entity", "Payment"), "TxnLineId": "0"}]}
            for id in need(act, "payments")
        ]
        body: Body = {"DepositToAccountRef": {"value": wanted}, "Line": lines}
        if act.get("date"):
            body["TxnDate"] = act["date"]
        return {"Deposit": self._operations.create(ENTITIES["Deposit"], body, person=True)}

    def _email(self, act: Act) -> Body:
        entity = self._entity(act)
        return {entity.name: send_document(self._operations, entity, self._id(act, entity), act.get("to"))}

    def _print(self, act: Act) -> Body:
        entity = self._entity(act)
        return {entity.name: print_document(self._operations, entity, self._id(act, entity))}

    def _apply_credit(self, act: Act) -> Body:
        invoice_id = str(need(act, "invoice"))
        invoice = self._books.get("Invoice", invoice_id)
        if invoice is None:
            raise EditError(f"no Invoice {invoice_id!r}")
        amount = None if act.get("amount") is None else money(to_decimal(act["amount"]))
        work = Work(self._books)
        if "payment" in act:
            payment_id = self._existing("Payment", act["payment"])
            used = apply_payment(work, payment_id, invoice_id, amount)
            made = payment_id if used else None
        else:
            memo_id = self._existing("CreditMemo", need(act, "credit_memo"))
            call = Call(self._half.company, work, ENTITIES["Payment"], person=True)
            payment = join(call, work, invoice["CustomerRef"]["value"], invoice_id, memo_id, amount)
            made = payment["Id"] if payment else None
        if made is None:
            raise EditError("there is nothing open to apply")
        work.commit()
        return self._answer("Payment", made) | self._answer("Invoice", invoice_id)

    def _existing(self, entity: str, id: Any) -> str:
        if self._books.get(entity, str(id)) is None:
            raise EditError(f"no {entity} {id!r}")
        return str(id)

    def _unapply(self, act: Act) -> Body:
        id = self._existing("Payment", need(act, "payment"))
        body: Body = {"Id": id, "sparse": True, "Line": []}
        return {"Payment": self._operations.update(ENTITIES["Payment"], body, person=True)}

    def _close_books(self, act: Act) -> Body:
        if "date" not in act:
            raise EditError('"date" is missing')
        return self._set_preferences({"AccountingInfoPrefs": {"BookCloseDate": act["date"]}})

    def _merge(self, act: Act) -> Body:
        source, target = (self._find("Customer", need(act, key)) for key in ("from", "into"))
        if source == target:
            raise EditError("a customer cannot be merged into itself")
        merge_customers(self._books, source, target)
        return self._answer("Customer", target)

    def _set_preferences(self, preferences: Body) -> Body:
        return {"Preferences": self._operations.update(ENTITIES["Preferences"], preferences, person=True)}

    def _switch(self, **changes: bool) -> Body:
        self._half.configure(changes)
        return dict(changes)

    def _edit_line(self, act: Act) -> Body:
        entity = self._entity(act)
        id = self._id(act, entity)
        stored = self._books.get(entity.name, id)
        if stored is None:
            raise EditError(f"no {entity.name} {id!r}")
        lines = copy_of([line for line in stored["Line"] if line.get("DetailType") != "SubTotalLineDetail"])
        wanted = str(need(act, "line"))
        found = [line for line in lines if line.get("Id") == wanted]
        if not found:
            raise EditError(f"no line {wanted!r}")
        if act.get("remove"):
            lines.remove(found[0])
        else:
            change_line(found[0], act, self._find_item)
        return self._patch({"entity": entity.name, "id": id}, Line=lines)
