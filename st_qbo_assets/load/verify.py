"""Comparing what QuickBooks stored with what was meant, and with what it last confirmed.

What belongs here: the differences between an intended body and an answer (verified posting), the
fields of an object that we own, and the drift of those fields. What does not: what is done about a
difference (apply) or how objects are read (objects). Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.ids import PRICEBOOK
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, canonical_json
from st_qbo_assets.load import objects
from st_qbo_assets.quickbooks.wording import change_in_words, field_in_words

_HEADER_REFS = (
    "CustomerRef",
    "VendorRef",
    "APAccountRef",
    "ExpenseAccountRef",
    "DepartmentRef",
    "ClassRef",
    "DepositToAccountRef",
    "PaymentMethodRef",
    "SalesTermRef",
    "IncomeAccountRef",
    "AssetAccountRef",
    "PrefVendorRef",
    "AccountRef",
    "EntityRef",
)
_HEADER_TEXTS = (
    "TxnDate",
    "DueDate",
    "DocNumber",
    "PaymentRefNum",
    "DisplayName",
    "CompanyName",
    "GivenName",
    "FamilyName",
    "Name",
    "Sku",
    "Type",
    "PaymentType",
)
#: Owned by us on a document, so that a change of them in QuickBooks is drift (rule 5.3). Deposit
#: account, links, balance, print and e-mail state are effects of ordinary work.
_OWNED_REFS = (
    "CustomerRef",
    "VendorRef",
    "APAccountRef",
    "EntityRef",
    "AccountRef",
    "DepartmentRef",
    "ClassRef",
)
_OWNED_TEXTS = ("TxnDate", "DueDate", "DocNumber", "PaymentRefNum")
_LINE_REFS = ("ItemRef", "AccountRef", "CustomerRef", "TaxCodeRef", "ClassRef")
#: Keys of `Link.confirmed` that are no owned field: the body last agreed, the deposit account, the word
#: under which others link to a Purchase, and edits of QuickBooks' that somebody accepted.
BASE = "base"
DEPOSIT_ACCOUNT = "DepositToAccountRef"
LINKED_AS = "linked_as"
ACCEPTED = "accepted"
#: The account of an item's cost: whose it is decided when the item is first bought, no drift of ours.
EXPENSE_ACCOUNT = "ExpenseAccountRef"
#: What an order's lines are called here → the ids QuickBooks gave them; and whether we closed it.
LINES, CLOSED = "lines", "closed"
#: The note of a bill as QuickBooks stored it: what we write into it comes and goes, what people wrote stays.
NOTE = "note"
#: What a payment was applied to: entity and id → amount. What people apply otherwise is no drift (rule 5.3).
APPLIED = "applied"
#: The type of an item, which QuickBooks alone changes.
ITEM_TYPE = "Type"
_NOT_OWNED = frozenset(
    {
        BASE,
        DEPOSIT_ACCOUNT,
        LINKED_AS,
        ACCEPTED,
        EXPENSE_ACCOUNT,
        LINES,
        CLOSED,
        NOTE,
        APPLIED,
        ITEM_TYPE,
        PRICEBOOK,
    }
)
#: The field under which drift says that QuickBooks has the document no more.
DELETED = "deleted"
_OWNED_NAMES = (
    "DisplayName",
    "CompanyName",
    "GivenName",
    "FamilyName",
    "PrimaryEmailAddr",
    "PrimaryPhone",
    "Name",
    "Sku",
    "IncomeAccountRef",
    "Active",
)


@dataclass(frozen=True)
class Difference:
    """One field in which QuickBooks holds something else than we meant.

    Attributes:
        field: name of the field, `Line 2 Amount` for a line.
        meant: what was sent, or what QuickBooks last confirmed.
        held: what QuickBooks holds.
    """

    field: str
    meant: str
    held: str

    def in_words(self) -> "Difference":
        """Return it as it is shown to people; what is kept stays as it is, to be compared."""
        return Difference(field_in_words(self.field), *change_in_words(self.meant, self.held))

    def __str__(self) -> str:
        told = self.in_words()
        return f"{told.field}: {told.meant or 'nothing'} meant, {told.held or 'nothing'} in QuickBooks"


def describe(differences: Iterable[Difference]) -> str:
    """Return the differences as one readable list."""
    return "; ".join(str(difference) for difference in differences)


def verify(
    target: str,
    body: Mapping[str, Any],
    answer: Mapping[str, Any],
    *,
    cents: int | None = None,
    applies_itself: bool = False,
) -> tuple[Difference, ...]:
    """Return where the stored object differs from the body that was sent (rule 5.4).

    Only what was sent is compared. Canonical values: 1 equals 1.00, generated subtotal lines and the
    layout of addresses are no difference.

    Args:
        target: QuickBooks entity.
        body: the body as sent, references resolved.
        answer: the object as QuickBooks stored it.
        cents: total the source says, which the stored total must be whatever was sent; without it the
            total is only compared if the body states its tax.
        applies_itself: whether QuickBooks applies credits by itself (AutoApplyCredit), so that a
            payment may come back with more lines than it was sent with.
    """
    found: list[Difference] = []
    for name in _HEADER_REFS:
        if objects.ref(body, name):
            _compare(found, name, objects.ref(body, name), objects.ref(answer, name))
    for name in _HEADER_TEXTS:
        if objects.text(body.get(name)):
            _compare(found, name, _plain(body.get(name)), _plain(answer.get(name)))
    if "Active" in body:
        _compare(found, "Active", str(body["Active"] is not False), str(answer.get("Active") is not False))
    if objects.markers(body):
        _compare(found, "PrivateNote", _markers(body), _markers(answer))
    if target in objects.SALES and "Line" in body:
        _compare_lines(found, body, answer)
        _compare_totals(found, body, answer, cents=cents)
    if (target == "Purchase" or target in objects.BUYING) and "Line" in body:
        _compare_lines(found, body, answer)
        held = objects.amount(answer.get("TotalAmt"))
        _compare(found, "TotalAmt", _money(expected_total(body, cents)), _money(held))
    if target in objects.PAYMENTS:
        _compare_payment(found, body, answer, cents=cents, applies_itself=applies_itself)
    return tuple(found)


def owned_fields(target: str, obj: Mapping[str, Any]) -> Json:
    """Return the fields we own, as QuickBooks confirmed them, in a form that compares by equality."""
    if objects.name_field(target):
        named = {name: _name_value(obj.get(name)) for name in _OWNED_NAMES if _name_value(obj.get(name))}
        if target == "Item" and objects.ref(obj, EXPENSE_ACCOUNT):
            named[EXPENSE_ACCOUNT] = objects.ref(obj, EXPENSE_ACCOUNT)
        if target == "Item" and objects.text(obj.get(ITEM_TYPE)):
            named[ITEM_TYPE] = objects.text(obj.get(ITEM_TYPE))
        return named
    owned: Json = {name: objects.ref(obj, name) for name in _OWNED_REFS if objects.ref(obj, name)}
    owned |= {name: objects.text(obj.get(name)) for name in _OWNED_TEXTS if objects.text(obj.get(name))}
    owned["TotalAmt"] = _money(objects.amount(obj.get("TotalAmt")))
    owned["marker"] = _markers(obj)
    if target in objects.SALES:
        owned["TotalTax"] = _money(objects.total_tax(obj))
        owned["Line"] = [_line_key(line) for line in objects.lines(obj)]
    if target in objects.BUYING:
        owned["Line"] = [_line_key(line) for line in objects.lines(obj)]
    if target == "Purchase":
        owned["Line"] = [_line_key(line) for line in objects.lines(obj)]
        owned[LINKED_AS] = objects.txn_type_of(
            target, payment_type=objects.text(obj.get("PaymentType")), is_credit=obj.get("Credit") is True
        )
    if target == "BillPayment":
        owned[objects.PAID_FROM] = objects.paid_from(obj)
    if target in ("Payment", "RefundReceipt") and objects.ref(obj, DEPOSIT_ACCOUNT):
        owned[DEPOSIT_ACCOUNT] = objects.ref(obj, DEPOSIT_ACCOUNT)
    return owned


def drift(confirmed: Mapping[str, Any], current: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the owned fields somebody changed in QuickBooks since it last confirmed them (rule 5.3).

    Args:
        confirmed: `owned_fields` of the object as QuickBooks last confirmed it; empty means unknown,
            which is no drift.
        current: `owned_fields` of the object as it is now.
    """
    if not confirmed:
        return ()
    names = [*confirmed, *(name for name in current if name not in confirmed)]
    return tuple(
        Difference(name, shown(confirmed.get(name)), shown(current.get(name)))
        for name in names
        if name not in _NOT_OWNED and canonical_json(confirmed.get(name)) != canonical_json(current.get(name))
    )


def drift_json(differences: Iterable[Difference]) -> Json:
    """Return drift as it is kept on a link: field → what was confirmed and what is there now."""
    return {each.field: {"confirmed": each.meant, "now": each.held} for each in differences}


def deleted_json() -> Json:
    """Return what is kept as drift on the link of a document that was deleted in QuickBooks."""
    return {DELETED: {"confirmed": "", "now": DELETED}}


def verify_voided(target: str, answer: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return why a voided document is not empty; a payment of nothing is one only without its lines."""
    found: list[Difference] = []
    _compare(found, "TotalAmt", "0.00", _money(objects.amount(answer.get("TotalAmt"))))
    if target in objects.PAYMENTS:
        for kind, txn_id, value in objects.applications(answer):
            _compare(found, f"applied to {kind} {txn_id}", "0.00", _money(value))
    return tuple(found)


def expected_total(body: Mapping[str, Any], cents: int | None = None) -> Decimal:
    """Return the total a sales document must have: the source's, or its lines and the tax it states.

    The source's goes first: a body that lost a line on its way from the record would agree with itself.
    """
    if cents is not None:
        return from_cents(cents)
    total = objects.total_tax(body) or Decimal(0)
    for line in objects.lines(body):
        value = objects.amount(line.get("Amount")) or Decimal(0)
        total += -value if objects.detail_type(line) == "discountlinedetail" else value
    return from_cents(to_cents(total))


def _compare_totals(
    found: list[Difference], body: Mapping[str, Any], answer: Mapping[str, Any], *, cents: int | None
) -> None:
    tax, held = objects.total_tax(body), objects.amount(answer.get("TotalAmt")) or Decimal(0)
    if tax is not None:
        _compare(found, "TotalTax", _money(tax), _money(objects.total_tax(answer)))
    elif cents is None:
        # QuickBooks worked the tax out, and nobody says here what it should be.
        held -= objects.total_tax(answer) or Decimal(0)
    _compare(found, "TotalAmt", _money(expected_total(body, cents)), _money(held))


def _compare_lines(found: list[Difference], body: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    sent, stored = objects.lines(body), objects.lines(answer)
    if len(sent) != len(stored):
        found.append(Difference("Line", f"{len(sent)} lines", f"{len(stored)} lines"))
        return
    for number, (line, other) in enumerate(zip(sent, stored, strict=True), start=1):
        _compare(found, f"Line {number} kind", objects.detail_type(line), objects.detail_type(other))
        if objects.amount(line.get("Amount")) is not None:
            meant, held = objects.amount(line.get("Amount")), objects.amount(other.get("Amount"))
            _compare(found, f"Line {number} Amount", _money(meant), _money(held))
        for name in _LINE_REFS:
            if value := objects.ref(objects.detail(line), name):
                _compare(found, f"Line {number} {name}", value, objects.ref(objects.detail(other), name))


def _compare_payment(
    found: list[Difference],
    body: Mapping[str, Any],
    answer: Mapping[str, Any],
    *,
    cents: int | None,
    applies_itself: bool,
) -> None:
    if "TotalAmt" in body:
        meant = objects.amount(body.get("TotalAmt")) if cents is None else from_cents(cents)
        _compare(found, "TotalAmt", _money(meant), _money(objects.amount(answer.get("TotalAmt"))))
    if account := objects.paid_from(body):
        _compare(found, objects.PAID_FROM, account, objects.paid_from(answer))
    if "Line" not in body:
        return
    sent, stored = _applied(body), _applied(answer)
    for key in [*sent, *(key for key in stored if key not in sent)]:
        if sent[key] == stored[key] or (applies_itself and stored[key] > sent[key]):
            continue
        found.append(
            Difference(
                f"applied to {key[0]} {key[1]}",
                _money(from_cents(sent[key])),
                _money(from_cents(stored[key])),
            )
        )


def _applied(payment: Mapping[str, Any]) -> Counter[tuple[str, str]]:
    applied: Counter[tuple[str, str]] = Counter()
    for txn_type, txn_id, value in objects.applications(payment):
        applied[txn_type, txn_id] += to_cents(value)
    return applied


def _line_key(line: Mapping[str, Any]) -> Json:
    inner = objects.detail(line)
    key: Json = {"kind": objects.detail_type(line), "Amount": _money(objects.amount(line.get("Amount")))}
    return key | {name: value for name in _LINE_REFS if (value := objects.ref(inner, name))}


def _compare(found: list[Difference], field: str, meant: str, held: str) -> None:
    if meant != held:
        found.append(Difference(field, meant, held))


def _plain(value: object) -> str:
    return " ".join(objects.text(value).split())


def _markers(obj: Mapping[str, Any]) -> str:
    return ", ".join(str(source) for source in objects.markers(obj))


def _money(value: Decimal | None) -> str:
    return str(from_cents(to_cents(value or Decimal(0))))


def _name_value(value: object) -> str:
    inner = objects.as_mapping(value)
    if inner:
        return _plain(
            next((inner[key] for key in ("Address", "FreeFormNumber", "value") if key in inner), "")
        )
    return str(value) if isinstance(value, bool) else _plain(value)


def shown(value: object) -> str:
    """Return a value of a field as the text that is compared and kept of it."""
    return value if isinstance(value, str) else "" if value is None else canonical_json(value)
