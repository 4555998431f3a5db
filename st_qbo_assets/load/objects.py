"""Reading QuickBooks objects: references, amounts, lines, notes.

What belongs here: the few accessors that turn loose JSON into plain values, for objects QuickBooks
answered and for bodies we send alike. What does not: comparing them (verify) or building them (mapping).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef, find_markers
from st_qbo_assets.domain.outcomes import Json

#: QuickBooks entities whose names share one list and are written one at a time (QB §6.5, quirk 16).
NAME_LISTS = frozenset({"Customer", "Vendor", "Item"})

#: The source entity that a symbolic reference under this field must resolve to.
TARGET_OF_FIELD = {
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "ItemRef": "Item",
    "ParentRef": "Customer",
    "EntityRef": "Customer",
    "PrefVendorRef": "Vendor",
}

#: Entities that carry sales lines and tax.
SALES = frozenset({"Invoice", "CreditMemo", "RefundReceipt", "SalesReceipt"})

#: Entities of what is bought: expense lines, a total and no sales tax.
BUYING = frozenset({"Bill", "VendorCredit", "PurchaseOrder"})

#: Payments of either side, whose lines settle charges and use credits, and those credits.
PAYMENTS = frozenset({"Payment", "BillPayment"})
CREDITS = frozenset({"CreditMemo", "VendorCredit"})
_OWED = frozenset({"Bill", "VendorCredit"})
#: Documents we write, in the order shown: of sales, and of a company that buys.
_WRITTEN = ("Invoice", "CreditMemo", "Payment", "RefundReceipt", "Purchase")
_BOUGHT = ("PurchaseOrder", "Bill", "VendorCredit", "BillPayment")
#: Under which name the account that a payment of bills left is compared.
PAID_FROM = "paid_from"
#: What a BillPayment is called where something links to it (QB §6.9).
_BILL_PAYMENTS = frozenset({"BillPayment", "BillPaymentCheck", "BillPaymentCreditCard"})

#: What a Purchase is called where something links to it (QB §6.2); which one goes by its PaymentType.
_PURCHASES = frozenset({"Expense", "Check", "CreditCardCredit", "CreditCardExpense", "CashPurchase"})

#: Key of a request that is no part of the body: what goes into the query parameter `include` (QB §2.2).
INCLUDE = "?include"

#: Key of an object that was not read but put together from what QuickBooks last confirmed.
AS_CONFIRMED = "?as_confirmed"

ZERO = Decimal(0)
_DELETED = re.compile(r"\s*\(deleted(?:-\d+)?\)$", re.IGNORECASE)


def written_by(company: CompanyFile) -> tuple[str, ...]:
    """Return the documents that a company's loads write, in the order shown."""
    return (*_WRITTEN, *_BOUGHT) if company.buys else _WRITTEN


def as_mapping(value: object) -> Json:
    """Return the value if it is an object, else an empty one."""
    return cast(Json, value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a JSON value as trimmed text; missing is empty."""
    return "" if value is None else str(value).strip()


def amount(value: object) -> Decimal | None:
    """Return a JSON number (or a number in a string) as Decimal; None if it is none.

    Floats are read by their shortest text, since a ledger row may have passed through plain JSON.
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def ref(obj: Mapping[str, Any], field: str) -> str:
    """Return the `value` of a reference field, empty if it is not set."""
    return text(as_mapping(obj.get(field)).get("value"))


def lines(obj: Mapping[str, Any]) -> list[Json]:
    """Return the lines of a document without the subtotal lines QuickBooks generates."""
    found = [as_mapping(line) for line in as_list(obj.get("Line"))]
    return [line for line in found if detail_type(line) != "subtotallinedetail"]


def detail_type(line: Mapping[str, Any]) -> str:
    """Return the kind of a line, whatever its case or separators (QB §6.15, old void samples)."""
    return text(line.get("DetailType")).replace("_", "").casefold()


def detail(line: Mapping[str, Any]) -> Json:
    """Return the detail object of a line: of a sale, or of an expense."""
    for kind in ("SalesItemLineDetail", "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"):
        if inner := as_mapping(line.get(kind)):
            return inner
    return {}


def total_tax(obj: Mapping[str, Any]) -> Decimal | None:
    """Return the tax of a document, None where it states none."""
    return amount(as_mapping(obj.get("TxnTaxDetail")).get("TotalTax"))


def linked_target(txn_type: str) -> str:
    """Return the entity behind the TxnType of a link: several words stand for one Purchase (QB §6.2)."""
    if txn_type in _BILL_PAYMENTS:
        return "BillPayment"
    return "Purchase" if txn_type in _PURCHASES else txn_type


def settled_by(target: str) -> str:
    """Return what settles a charge or uses a credit: payments of customers, or of what vendors are owed."""
    return "BillPayment" if target in _OWED else "Payment"


def paid_from(obj: Mapping[str, Any]) -> str:
    """Return the account a payment of bills left, empty where none is named."""
    return ref(as_mapping(obj.get("CheckPayment")), "BankAccountRef") or ref(
        as_mapping(obj.get("CreditCardPayment")), "CCAccountRef"
    )


def txn_type_of(target: str, *, payment_type: str = "", is_credit: bool = False) -> str:
    """Return the TxnType under which others link to a document; a Purchase's goes by how it was paid."""
    if target != "Purchase":
        return target
    if payment_type == "CreditCard" and is_credit:
        return "CreditCardCredit"
    return "Check" if payment_type == "Check" else "Expense"


def applications(obj: Mapping[str, Any]) -> list[tuple[str, str, Decimal]]:
    """Return (entity, id, amount) of every line of a payment that is applied to a document."""
    found: list[tuple[str, str, Decimal]] = []
    for line in lines(obj):
        for linked in as_list(line.get("LinkedTxn")):
            link = as_mapping(linked)
            target = linked_target(text(link.get("TxnType")))
            found.append((target, text(link.get("TxnId")), amount(line.get("Amount")) or Decimal(0)))
    return found


def applied(obj: Mapping[str, Any]) -> dict[tuple[str, str], Decimal]:
    """Return what a payment takes of each document, by entity and id."""
    found: dict[tuple[str, str], Decimal] = {}
    for kind, txn_id, taken in applications(obj):
        found[kind, txn_id] = found.get((kind, txn_id), ZERO) + taken
    return found


def linked_payments(document: Mapping[str, Any], kind: str = "Payment") -> list[str]:
    """Return the ids of the payments of a kind that QuickBooks shows on a document."""
    links = [as_mapping(link) for link in as_list(document.get("LinkedTxn"))]
    return [text(link.get("TxnId")) for link in links if linked_target(text(link.get("TxnType"))) == kind]


def markers(obj: Mapping[str, Any]) -> tuple[SourceRef, ...]:
    """Return the markers anywhere in the private note (rule 5.2)."""
    return find_markers(text(obj.get("PrivateNote")))


def is_voided(obj: Mapping[str, Any]) -> bool:
    """Say whether a document was voided: QuickBooks writes "Voided" before the note (QB §3.5)."""
    return text(obj.get("PrivateNote")).startswith("Voided") and not amount(obj.get("TotalAmt"))


def stripped_name(name: object) -> str:
    """Return a list name without the suffix that inactivation adds (QB §3.4)."""
    return _DELETED.sub("", text(name))


def same_name(one: object, other: object) -> bool:
    """Say whether QuickBooks would call two names the same: case and outer spaces do not count."""
    return " ".join(text(one).split()).casefold() == " ".join(text(other).split()).casefold()


def display_name(target: str, obj: Mapping[str, Any]) -> str:
    """Return the unique name of a list object."""
    return text(obj.get("Name" if target == "Item" else "DisplayName"))


def name_field(target: str) -> str:
    """Return the field that holds the unique name of a list entity, empty for documents."""
    if target not in NAME_LISTS:
        return ""
    return "Name" if target == "Item" else "DisplayName"


def symbolic_references(value: object, field: str = "") -> Iterator[tuple[str, SourceRef]]:
    """Yield (target, source) of every symbolic reference in a body, in order."""
    if isinstance(value, Mapping):
        obj = cast("Mapping[str, Any]", value)
        target = TARGET_OF_FIELD.get(field, "")
        if target and (source := as_source(obj.get("value"))) is not None:
            yield target, source
        elif (source := as_source(obj.get("TxnId"))) is not None:
            yield linked_target(text(obj.get("TxnType"))), source
        for key, item in obj.items():
            yield from symbolic_references(item, key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in cast("Sequence[object]", value):
            yield from symbolic_references(item, field)


def as_source(value: object) -> SourceRef | None:
    """Return the source a symbolic value names, None if it is a QuickBooks id or no text."""
    if not isinstance(value, str) or ":" not in value:
        return None
    try:
        return SourceRef.parse(value)
    except ValueError:
        return None
