"""Fields of QuickBooks' documents and what changed in them, as a bookkeeper says it.

What belongs here: the words of fields, and of lines only those that differ. What does not: finding the
differences (`load.verify`, the tie-out). What is kept of a difference is never worded: it is compared again.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

#: What stands behind an id, by the field it is under: `CustomerRef` and `77` → `Jane Doe`.
NameOf = Callable[[str, str], str]

#: QuickBooks' names of fields, as a bookkeeper calls them.
_FIELDS = {
    "APAccountRef": "payable account",
    "AccountRef": "account",
    "Active": "active",
    "AlternatePhone": "other phone",
    "Amount": "amount",
    "AssetAccountRef": "asset account",
    "BillAddr": "billing address",
    "ClassRef": "class",
    "CompanyName": "company",
    "CustomerMemo": "memo",
    "CustomerRef": "customer",
    "DepartmentRef": "location",
    "DepositToAccountRef": "deposit account",
    "Description": "description",
    "DisplayName": "display name",
    "DocNumber": "number",
    "DueDate": "due",
    "EntityRef": "payee",
    "ExpenseAccountRef": "expense account",
    "FamilyName": "last name",
    "Fax": "fax",
    "GivenName": "first name",
    "IncomeAccountRef": "income account",
    "ItemRef": "item",
    "Line": "lines",
    "MiddleName": "middle name",
    "Mobile": "mobile",
    "Name": "name",
    "Notes": "notes",
    "POStatus": "status",
    "ParentRef": "parent",
    "PaymentMethodRef": "payment method",
    "PaymentRefNum": "reference number",
    "PaymentType": "payment type",
    "PrefVendorRef": "vendor",
    "PrimaryEmailAddr": "e-mail",
    "PrimaryPhone": "phone",
    "PrivateNote": "private note",
    "PurchaseCost": "cost",
    "PurchaseDesc": "purchase description",
    "SalesTaxCodeRef": "tax",
    "SalesTermRef": "terms",
    "ShipAddr": "service address",
    "Sku": "SKU",
    "Suffix": "suffix",
    "TaxCodeRef": "tax",
    "TaxExemptionReasonId": "tax exemption",
    "Taxable": "taxable",
    "Title": "title",
    "TotalAmt": "total",
    "TotalTax": "tax",
    "TxnDate": "date",
    "Type": "type",
    "UnitPrice": "price",
    "VendorRef": "vendor",
    "WebAddr": "web address",
    "marker": "private note",
    "paid_from": "paid from",
}
#: What of a line always says which it is, and what is said only where it changed.
_ALWAYS, _IF_CHANGED = ("ItemRef", "AccountRef"), ("CustomerRef", "TaxCodeRef", "ClassRef")
#: Fields whose value is an id, and what stands before the document that a payment is applied to.
_NAMED, _APPLIED = ("Ref", "paid_from"), "applied to "
#: Kinds of lines that need no word: they name an item or an account.
_PLAIN_KINDS = ("salesitem", "itembasedexpense", "accountbasedexpense")
#: A sentence with more lines than this is one nobody reads: the rest is counted.
_MOST_LINES = 5


def field_in_words(field: str) -> str:
    """Return the name of a field (`CustomerRef`, `Line 2 Amount`) as a bookkeeper says it."""
    first, _, rest = field.partition(" ")
    if first == "Line" and rest:
        first = "line"
    return " ".join(_FIELDS.get(word, word) for word in (first, *rest.split()))


def as_it_is(field: str, id: str) -> str:  # noqa: A002 - QuickBooks' word
    """Return an id as it is: its name is not known."""
    return id


def change_in_words(before: str, now: str, name_of: NameOf = as_it_is) -> tuple[str, str]:
    """Return both values of a field as a bookkeeper says them; of lines only those that differ."""
    lines, others = _lines(before), _lines(now)
    if not lines and not others:
        return before, now
    if (lines is None and before) or (others is None and now):
        return before, now
    gone, new = _differing(lines or [], others or [])
    is_both = bool(gone and new)
    changed = [name for name in _IF_CHANGED if is_both and _values(gone, name) != _values(new, name)]
    told = _in_words(gone, changed, name_of), _in_words(new, changed, name_of)
    if told[0] != told[1]:
        return told
    # Lines that swapped what is left out would read the same.
    return _in_words(gone, _IF_CHANGED, name_of), _in_words(new, _IF_CHANGED, name_of)


def drift_in_words(drift: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept as drift (`verify.drift_json`) as it is shown."""
    told: dict[str, Any] = {}
    for field, change in drift.items():
        known = cast("dict[str, Any]", change) if isinstance(change, dict) else {}
        before, now = change_in_words(str(known.get("confirmed") or ""), str(known.get("now") or ""))
        told[field_in_words(field)] = {"confirmed": before, "now": now}
    return told


def edit_in_words(field: str, before: str, now: str, name_of: NameOf = as_it_is) -> str:
    """Return one change of a field as a bookkeeper says it: `date 2026-03-01 → 2026-03-02`."""
    told = change_in_words(before, now, name_of)
    if field.endswith(_NAMED):
        told = name_of(field, before) if before else "", name_of(field, now) if now else ""
        if told[0] == told[1]:
            told = f"{told[0]} (Id {before})", f"{told[1]} (Id {now})"
    words = field_in_words(field)
    if field.startswith(_APPLIED):
        kind, _, id_ = field.removeprefix(_APPLIED).partition(" ")
        words = f"{_APPLIED}{kind} {name_of(kind, id_)}"
    return f"{words} {told[0] or 'nothing'} → {told[1] or 'nothing'}"


def _lines(text: str) -> list[Mapping[str, Any]] | None:
    """Return the lines that a text keeps; None if it is something else."""
    if not text.startswith("["):
        return None
    try:
        found = cast(list[object], json.loads(text))
    except ValueError:
        return None
    lines = [cast(Mapping[str, Any], line) for line in found if isinstance(line, dict)]
    return lines if len(lines) == len(found) else None


def _differing(
    lines: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return the lines of either side that the other has not; of a mere new order those that moved."""
    gone, new = _without(lines, others), _without(others, lines)
    if not gone and not new:
        moved = [(line, other) for line, other in zip(lines, others, strict=True) if line != other]
        return [line for line, _ in moved], [other for _, other in moved]
    return gone, new


def _without(
    lines: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    left = Counter(json.dumps(line, sort_keys=True) for line in others)
    found: list[Mapping[str, Any]] = []
    for line in lines:
        key = json.dumps(line, sort_keys=True)
        if left[key]:
            left[key] -= 1
        else:
            found.append(line)
    return found


def _values(lines: Sequence[Mapping[str, Any]], name: str) -> set[str]:
    return {str(line.get(name, "")) for line in lines}


def _in_words(lines: Sequence[Mapping[str, Any]], changed: Sequence[str], name_of: NameOf) -> str:
    told = [_line(line, (*_ALWAYS, *changed), name_of) for line in lines[:_MOST_LINES]]
    left = len(lines) - _MOST_LINES
    return ", ".join(told) + (f" and {left} more" if left > 0 else "")


def _line(line: Mapping[str, Any], said: Sequence[str], name_of: NameOf) -> str:
    kind = str(line.get("kind", "")).removesuffix("linedetail")
    parts = [kind] if kind and kind not in _PLAIN_KINDS else []
    parts += [f"{_FIELDS[name]} {name_of(name, str(line[name]))}" for name in said if line.get(name)]
    about = f" ({', '.join(parts)})" if parts else ""
    return f"{line.get('Amount', '0.00')}{about}"
