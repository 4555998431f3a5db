"""QuickBooks' documents of sales and of buying, read from the objects it returned.

What belongs here: one object → one comparable value: marker, void, amounts by account, what a payment
is applied to. What does not: which ServiceTitan document it belongs to (pairing).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from st_qbo_assets.books.accounts import Accounts, Item, ItemCost, ItemSale, Place
from st_qbo_assets.books.documents import QboDocument, QboKey
from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.ids import SourceRef, Tenant, find_markers, marker
from st_qbo_assets.domain.money import parse_amount, to_cents
from st_qbo_assets.domain.outcomes import Json

#: Entities read for a tie-out, in order.
ENTITIES = ("Invoice", "Payment", "CreditMemo", "RefundReceipt", "Purchase")
#: Read besides where a company buys: what is owed to vendors and paid to them, and what was ordered.
_PURCHASES_MADE = ("Bill", "VendorCredit", "BillPayment")
_ORDERS = ("PurchaseOrder",)
#: The sign their amounts have: what vendors owe back is below zero.
_BOUGHT: dict[str, int] = {"PurchaseOrder": 1, "Bill": 1, "VendorCredit": -1}
#: The sign amounts of sales documents have in the books.
_SIGNS: dict[str, int] = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}
#: Those that leave a balance open.
_OPEN = frozenset({"Invoice", "CreditMemo"})
#: What links call a Purchase, by how it was paid (QB §6.2).
_PURCHASES = frozenset({"Expense", "Check", "CreditCardCredit", "CreditCardExpense", "CashPurchase"})
#: What is used up where something is applied with it.
_CREDITS = frozenset({"CreditMemo", "VendorCredit"})
_BILL_PAYMENTS = frozenset({"BillPaymentCheck", "BillPaymentCreditCard"})


@dataclass(frozen=True)
class QuickBooksBooks:
    """What was read from QuickBooks.

    Attributes:
        documents: of the days, and others that belong to them.
        items: the items on their lines, by id.
        absent: objects that were asked for by id and do not exist.
    """

    documents: Mapping[QboKey, QboDocument] = field(default_factory=dict[QboKey, QboDocument])
    items: Mapping[str, Item] = field(default_factory=dict[str, Item])
    absent: frozenset[QboKey] = frozenset()

    def with_accounts(self, accounts: Accounts, *, tax_item: str = "") -> dict[QboKey, QboDocument]:
        """Return the documents with income by account.

        Args:
            accounts: the chart, with these items.
            tax_item: name of the item that carries tax as a line of its own (rule 2.4), empty if none does.
        """
        return {key: _with_accounts(document, accounts, tax_item) for key, document in self.documents.items()}


def entities_of(company: CompanyFile) -> tuple[str, ...]:
    """Return the entities read for a tie-out of a company, in order."""
    if not company.buys:
        return ENTITIES
    return (*ENTITIES, *_PURCHASES_MADE, *(_ORDERS if company.orders else ()))


class _Amounts:
    def __init__(self) -> None:
        self.faults: list[str] = []

    def cents(self, value: object, name: str) -> int:
        if value is None or value == "":
            return 0
        try:
            return to_cents(parse_amount(value))
        except ValueError as error:
            self.faults.append(f"{name} {error}")
            return 0


def read_document(
    target: str, obj: Json, *, tenant: Tenant | None = None, receivable: Collection[str] = ()
) -> QboDocument:
    """Return one document.

    Args:
        target: its entity.
        obj: the object as QuickBooks returned it.
        tenant: the company's tenant; a marker that names another one is not ours (rule 2.6).
        receivable: ids of the accounts of type Accounts Receivable.
    """
    key = QboKey(target, as_text(obj.get("Id")))
    if target in ("Payment", "BillPayment"):
        return _payment(key, obj, tenant)
    if target == "Purchase":
        return _purchase(key, obj, tenant, receivable)
    if target in _BOUGHT:
        return _bought(key, obj, tenant)
    return _sale(key, obj, tenant)


def concerns_customers(target: str, obj: Json, receivable: Collection[str]) -> bool:
    """Say whether an object belongs to the books of sales.

    Every object does but most Purchases: only those that carry a marker or stand on a customer's account.
    """
    if target != "Purchase" or find_markers(as_text(obj.get("PrivateNote"))):
        return True
    return any(_expense_account(line) in receivable for line in _lines(obj))


def own_markers(note: object, tenant: Tenant | None) -> tuple[SourceRef, ...]:
    """Return the markers of a note that are not another tenant's, each once."""
    text = as_text(note)
    found = dict.fromkeys(find_markers(text))
    if tenant is None:
        return tuple(found)
    return tuple(source for source in found if not _of_another_tenant(text, source, tenant))


def is_voided(obj: Mapping[str, Any]) -> bool:
    """Say whether an object was voided: "Voided" before its note, and a total of zero (QB §3.5)."""
    total = as_text(obj.get("TotalAmt"))
    return as_text(obj.get("PrivateNote")).startswith("Voided") and not _Amounts().cents(total, "TotalAmt")


def _sale(key: QboKey, obj: Json, tenant: Tenant | None) -> QboDocument:
    amounts, sign = _Amounts(), _SIGNS.get(key.target, 1)
    income: dict[Place, int] = {}
    for line in _lines(obj):
        place, cents = _line_income(line, amounts)
        income[place] = income.get(place, 0) + sign * cents
    tax = amounts.cents(as_object(obj.get("TxnTaxDetail")).get("TotalTax"), "TotalTax")
    balance = amounts.cents(obj.get("Balance"), "Balance") if key.target in _OPEN else 0
    sources, is_foreign = _ownership(obj, tenant)
    return QboDocument(
        key=key,
        day=_date(obj.get("TxnDate"), amounts),
        sources=sources,
        is_foreign=is_foreign,
        is_void=is_voided(obj),
        number=as_text(obj.get("DocNumber")),
        customer_id=_ref(obj, "CustomerRef"),
        customer=as_text(as_object(obj.get("CustomerRef")).get("name")),
        total_cents=sign * amounts.cents(obj.get("TotalAmt"), "TotalAmt"),
        tax_cents=sign * tax,
        balance_cents=sign * balance,
        deposit_cents=amounts.cents(obj.get("Deposit"), "Deposit"),
        income={place: cents for place, cents in income.items() if cents},
        linked=tuple(dict.fromkeys(_links(obj))),
        fault="; ".join(amounts.faults),
    )


def _line_income(line: Json, amounts: _Amounts) -> tuple[Place, int]:
    cents = amounts.cents(line.get("Amount"), "Line Amount")
    if _kind(line) == "discountlinedetail":
        discount = as_object(line.get("DiscountLineDetail"))
        return _ref(discount, "DiscountAccountRef") or "discounts", -cents
    detail = as_object(line.get("SalesItemLineDetail"))
    return ItemSale(_ref(detail, "ItemRef"), _ref(detail, "ItemAccountRef")), cents


def _with_accounts(document: QboDocument, accounts: Accounts, tax_item: str) -> QboDocument:
    if not document.income:
        return document
    tax = 0
    income = dict(document.income)
    if tax_item:
        for place in document.income:
            if isinstance(place, ItemSale) and accounts.item_name(place.item_id) == tax_item:
                tax += income.pop(place)
    return replace(document, income={**accounts.by_key(income)}, tax_cents=document.tax_cents + tax)


def _purchase(key: QboKey, obj: Json, tenant: Tenant | None, receivable: Collection[str]) -> QboDocument:
    """Return money paid to a customer: on his account it makes him owe it again."""
    amounts = _Amounts()
    # A card is credited: money comes back.
    sign = 1 if obj.get("Credit") is True else -1
    on_account, income, customer = 0, dict[Place, int](), ""
    for line in _lines(obj):
        cents = sign * amounts.cents(line.get("Amount"), "Line Amount")
        account = _expense_account(line)
        if account in receivable:
            on_account += cents
            customer = customer or _ref(as_object(line.get("AccountBasedExpenseLineDetail")), "CustomerRef")
        else:
            income[account] = income.get(account, 0) + cents
    sources, is_foreign = _ownership(obj, tenant)
    payee = as_object(obj.get("EntityRef"))
    return QboDocument(
        key=key,
        day=_date(obj.get("TxnDate"), amounts),
        sources=sources,
        is_foreign=is_foreign,
        is_void=is_voided(obj),
        number=as_text(obj.get("DocNumber")),
        customer_id=as_text(payee.get("value")) if as_text(payee.get("type")) == "Customer" else customer,
        customer=as_text(payee.get("name")),
        # A stranger's lines on other accounts are no concern of the books of sales.
        total_cents=sign * amounts.cents(obj.get("TotalAmt"), "TotalAmt") if sources else on_account,
        income={place: cents for place, cents in income.items() if cents} if sources else {},
        linked=tuple(dict.fromkeys(_links(obj))),
        fault="; ".join(amounts.faults),
    )


def _bought(key: QboKey, obj: Json, tenant: Tenant | None) -> QboDocument:
    """Return what is ordered from a vendor, owed to him or owed back, with its cost by what lines stand on.

    An order posts nothing, so that it costs nothing yet.
    """
    amounts, sign = _Amounts(), _BOUGHT[key.target]
    costs: dict[Place, int] = {}
    for line in _lines(obj) if key.target not in _ORDERS else ():
        item = _ref(as_object(line.get("ItemBasedExpenseLineDetail")), "ItemRef")
        place: Place = ItemCost(item) if item else _expense_account(line)
        costs[place] = costs.get(place, 0) + sign * amounts.cents(line.get("Amount"), "Line Amount")
    sources, is_foreign = _ownership(obj, tenant)
    return QboDocument(
        key=key,
        day=_date(obj.get("TxnDate"), amounts),
        sources=sources,
        is_foreign=is_foreign,
        is_void=is_voided(obj),
        number=as_text(obj.get("DocNumber")),
        customer_id=_ref(obj, "VendorRef"),
        customer=as_text(as_object(obj.get("VendorRef")).get("name")),
        total_cents=sign * amounts.cents(obj.get("TotalAmt"), "TotalAmt"),
        payable_cents=sign * amounts.cents(obj.get("Balance"), "Balance"),
        income={place: cents for place, cents in costs.items() if cents},
        linked=tuple(dict.fromkeys(_links(obj))),
        fault="; ".join(amounts.faults),
    )


def _expense_account(line: Json) -> str:
    return _ref(as_object(line.get("AccountBasedExpenseLineDetail")), "AccountRef")


def _payment(key: QboKey, obj: Json, tenant: Tenant | None) -> QboDocument:
    """Return money taken of a customer, or paid to a vendor, with what it is applied to."""
    amounts, party = _Amounts(), "VendorRef" if key.target == "BillPayment" else "CustomerRef"
    applied: dict[QboKey, int] = {}
    for line in _lines(obj):
        cents = amounts.cents(line.get("Amount"), "Line Amount")
        for linked in _links(line):
            sign = -1 if linked.target in _CREDITS else 1
            applied[linked] = applied.get(linked, 0) + sign * cents
    sources, is_foreign = _ownership(obj, tenant)
    return QboDocument(
        key=key,
        day=_date(obj.get("TxnDate"), amounts),
        sources=sources,
        is_foreign=is_foreign,
        is_void=is_voided(obj),
        number=as_text(obj.get("PaymentRefNum")) or as_text(obj.get("DocNumber")),
        customer_id=_ref(obj, party),
        customer=as_text(as_object(obj.get(party)).get("name")),
        total_cents=amounts.cents(obj.get("TotalAmt"), "TotalAmt"),
        applied={linked: cents for linked, cents in applied.items() if cents},
        unapplied_cents=amounts.cents(obj.get("UnappliedAmt"), "UnappliedAmt"),
        fault="; ".join(amounts.faults),
    )


def _ownership(obj: Json, tenant: Tenant | None) -> tuple[tuple[SourceRef, ...], bool]:
    note = as_text(obj.get("PrivateNote"))
    sources = own_markers(note, tenant)
    return sources, not sources and bool(find_markers(note))


def _of_another_tenant(note: str, source: SourceRef, tenant: Tenant) -> bool:
    plain = marker(source)
    return f"{plain} tenant " in note and marker(source, tenant=tenant) not in note


def _lines(obj: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the lines that carry amounts, those of bundles included; generated subtotals are none."""
    for line in (as_object(each) for each in as_list(obj.get("Line"))):
        kind = _kind(line)
        if kind == "grouplinedetail":
            yield from _lines(as_object(line.get("GroupLineDetail")))
        elif kind not in ("subtotallinedetail", "descriptiononly", "descriptionlinedetail"):
            yield line


def _kind(line: Mapping[str, Any]) -> str:
    """Return the kind of a line, whatever its case or separators (QB §6.15: old void answers)."""
    return as_text(line.get("DetailType")).replace("_", "").casefold()


def _links(obj: Mapping[str, Any]) -> Iterator[QboKey]:
    for link in (as_object(each) for each in as_list(obj.get("LinkedTxn"))):
        kind = as_text(link.get("TxnType"))
        target = "Purchase" if kind in _PURCHASES else "BillPayment" if kind in _BILL_PAYMENTS else kind
        yield QboKey(target, as_text(link.get("TxnId")))


def _ref(obj: Mapping[str, Any], name: str) -> str:
    return as_text(as_object(obj.get(name)).get("value"))


def _date(value: object, amounts: _Amounts) -> date | None:
    try:
        return parse_business_date(value)
    except ValueError as error:
        amounts.faults.append(f"TxnDate {error}")
        return None
