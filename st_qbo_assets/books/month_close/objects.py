"""QuickBooks' transactions as the month close reads them: what each posts, to whom, on what.

What belongs here: loose JSON → cents by customer, account, class and tax code. What does not: which objects
are read (`quickbooks_reads`) and the lists (the modules of the sections).
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.money import parse_amount, to_cents
from st_qbo_assets.domain.outcomes import Json

#: Sales documents, with the sign their amounts have in the books of sales.
SALES: Mapping[str, int] = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}
#: Documents of vendors, with the sign by which they are owed.
PURCHASES: Mapping[str, int] = {"Bill": 1, "VendorCredit": -1, "BillPayment": -1}
#: Sales documents that post to Accounts Receivable.
_ON_ACCOUNT = frozenset({"Invoice", "CreditMemo"})
_NO_SALE = frozenset({"subtotallinedetail", "descriptiononly", "descriptionlinedetail"})


class SaleLine(NamedTuple):
    """What one line sells: cents signed as income moves."""

    item_id: str
    account_id: str
    class_id: str
    cents: int


def cents_of(value: object) -> int:
    """Return an amount in cents; what is missing or unreadable is none."""
    try:
        return to_cents(parse_amount(value))
    except ValueError:
        return 0


def ref(obj: Mapping[str, Any], name: str) -> str:
    """Return the id a reference names, empty if it names none."""
    return as_text(as_object(obj.get(name)).get("value"))


def ref_name(obj: Mapping[str, Any], name: str) -> str:
    """Return the name beside the id of a reference."""
    return as_text(as_object(obj.get(name)).get("name"))


def day_of(obj: Mapping[str, Any]) -> date | None:
    """Return the date of a transaction."""
    try:
        return parse_business_date(obj.get("TxnDate"))
    except ValueError:
        return None


def total_of(obj: Mapping[str, Any]) -> int:
    """Return the total of a transaction in cents."""
    return cents_of(obj.get("TotalAmt"))


def tax_of(target: str, obj: Mapping[str, Any]) -> int:
    """Return sales tax payable, credits positive."""
    return SALES.get(target, 0) * cents_of(as_object(obj.get("TxnTaxDetail")).get("TotalTax"))


def tax_code_of(obj: Mapping[str, Any]) -> str:
    """Return the tax code a document was taxed with, empty if it names none."""
    return ref(as_object(obj.get("TxnTaxDetail")), "TxnTaxCodeRef")


def sale_lines(target: str, obj: Mapping[str, Any]) -> Iterator[SaleLine]:
    """Yield what a sales document sells, by item and class; a discount has its own account."""
    sign, header = SALES[target], ref(obj, "ClassRef")
    for line in _lines(obj):
        kind = as_text(line.get("DetailType")).replace("_", "").casefold()
        cents = cents_of(line.get("Amount"))
        if kind == "discountlinedetail":
            detail = as_object(line.get("DiscountLineDetail"))
            account, class_id = ref(detail, "DiscountAccountRef"), ref(detail, "ClassRef") or header
            yield SaleLine("", account, class_id, -sign * cents)
        elif kind not in _NO_SALE:
            detail = as_object(line.get("SalesItemLineDetail"))
            class_id = ref(detail, "ClassRef") or header
            yield SaleLine(ref(detail, "ItemRef"), ref(detail, "ItemAccountRef"), class_id, sign * cents)


def receivable_of(target: str, obj: Json, accounts: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield (customer id, cents) of what a transaction posts to Accounts Receivable, debits positive.

    Args:
        target: its entity.
        obj: the transaction.
        accounts: ids of the receivable accounts.
    """
    customer = ref(obj, "CustomerRef")
    if target in _ON_ACCOUNT:
        yield customer, SALES[target] * total_of(obj) - cents_of(obj.get("Deposit"))
    elif target == "Payment":
        yield customer, -total_of(obj)
    elif target == "Purchase":
        sign = -1 if obj.get("Credit") is True else 1
        for line in _lines(obj):
            detail = as_object(line.get("AccountBasedExpenseLineDetail"))
            if ref(detail, "AccountRef") in accounts:
                yield ref(detail, "CustomerRef"), sign * cents_of(line.get("Amount"))
    else:
        yield from _entered_on(target, obj, accounts)


def payable_of(target: str, obj: Json, accounts: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield (vendor id, cents) of what a transaction posts to Accounts Payable, what we owe positive.

    Args:
        target: its entity.
        obj: the transaction.
        accounts: ids of the payable accounts.
    """
    if target in PURCHASES:
        yield ref(obj, "VendorRef"), PURCHASES[target] * total_of(obj)
    elif target == "Purchase":
        sign = 1 if obj.get("Credit") is True else -1
        for line in _lines(obj):
            if ref(as_object(line.get("AccountBasedExpenseLineDetail")), "AccountRef") in accounts:
                yield ref(obj, "EntityRef"), sign * cents_of(line.get("Amount"))
    else:
        yield from ((vendor, -cents) for vendor, cents in _entered_on(target, obj, accounts))


def _entered_on(target: str, obj: Json, accounts: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield (owner, cents) of what a person entered on some accounts, debits positive."""
    if target == "JournalEntry":
        for line in _lines(obj):
            detail = as_object(line.get("JournalEntryLineDetail"))
            if ref(detail, "AccountRef") in accounts:
                sign = 1 if as_text(detail.get("PostingType")) == "Debit" else -1
                owner = ref(as_object(detail.get("Entity")), "EntityRef")
                yield owner, sign * cents_of(line.get("Amount"))
    elif target == "Deposit":
        for line in _lines(obj):
            detail = as_object(line.get("DepositLineDetail"))
            if ref(detail, "AccountRef") in accounts:
                yield ref(detail, "Entity"), -cents_of(line.get("Amount"))


def is_deposited(obj: Mapping[str, Any]) -> bool:
    """Say whether money that lay in Undeposited Funds was taken to the bank."""
    links = [as_object(each) for each in as_list(obj.get("LinkedTxn"))]
    return any(as_text(link.get("TxnType")) == "Deposit" for link in links)


def undeposited_of(target: str, obj: Json, account: str) -> int:
    """Return the cents a transaction put into Undeposited Funds and that are there still."""
    if not account or is_deposited(obj):
        return 0
    if target in ("Payment", "SalesReceipt", "RefundReceipt") and ref(obj, "DepositToAccountRef") == account:
        return (-1 if target == "RefundReceipt" else 1) * total_of(obj)
    if target == "Purchase" and ref(obj, "AccountRef") == account:
        return (1 if obj.get("Credit") is True else -1) * total_of(obj)
    return 0


def _lines(obj: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the lines, those of bundles in place of the bundle."""
    for line in (as_object(each) for each in as_list(obj.get("Line"))):
        if as_text(line.get("DetailType")) == "GroupLineDetail":
            yield from _lines(as_object(line.get("GroupLineDetail")))
        else:
            yield line
