"""Edits and voids of documents in closed books: one document for the difference (rule 4).

What belongs here: what ServiceTitan says now against what stands in closed books, by item, class and tax, and
the parts of the record that make up the difference. What does not: whether the company wants that
(`closed_period_edits`), and how parts are written (they are loaded like any other part).

    invoice:8                 stays as it is in its closed period
    invoice:8/adjustment      Invoice or CreditMemo over the difference, on the first open day
    invoice:8/adjustment_application   ties a credit to the charge it lowers, as far as that is open
    invoice:8/adjustment_2    the next difference, once the books of the first are closed too
    bill:7/adjustment         Bill or VendorCredit likewise; a credit stays open for who pays the vendor next
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.ids import SourceRef, marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.shapes import ADJUSTMENT_PART, APPLICATION_PART
from st_qbo_assets.store.links import Link

#: Documents a difference can be posted for, with the sign of their lines.
SIGNS = {"Invoice": 1, "CreditMemo": -1, "Bill": 1, "VendorCredit": -1}
#: Those a difference is posted for; a vendor's credit in closed books waits for a person.
ADJUSTED = frozenset({"Invoice", "CreditMemo", "Bill"})
#: What no difference can make good: such an edit of a closed document waits for a person.
_FIXED_REFS = ("CustomerRef", "VendorRef", "APAccountRef", "DepartmentRef", "ClassRef")
_FIXED_TEXTS = ("TxnDate", "DocNumber")
_KEPT = (*_FIXED_REFS, "BillAddr", "ShipAddr")
_LONGEST_NUMBER = 21
_KEY = ("ItemRef", "AccountRef", "CustomerRef", "ClassRef", "TaxCodeRef")
_TENANT = re.compile(r" tenant \d+")
#: Item or account, customer, class and tax code of a line.
LineKey = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Figures:
    """What documents come to, in cents, as an invoice counts them."""

    lines: Mapping[LineKey, int]
    tax: int

    @property
    def total(self) -> int:
        """Lines and tax."""
        return sum(self.lines.values()) + self.tax

    def less(self, other: "Figures") -> "Figures":
        """Return the difference; lines of nothing are left out."""
        lines = Counter(dict(self.lines))
        lines.subtract(other.lines)
        return Figures({key: cents for key, cents in lines.items() if cents}, self.tax - other.tax)

    def and_(self, other: "Figures") -> "Figures":
        """Return the sum."""
        return self.less(Figures({key: -cents for key, cents in other.lines.items()}, -other.tax))

    @property
    def is_nothing(self) -> bool:
        """Whether there is no difference at all."""
        return not self.lines and not self.tax


NOTHING = Figures({}, 0)


def figures_of_request(target: str, request: Json) -> Figures:
    """Return what a document comes to as it would be sent."""
    rows = [
        (*(objects.ref(objects.detail(line), name) for name in _KEY), line.get("Amount"))
        for line in objects.lines(request)
    ]
    return _figures(target, rows, objects.total_tax(request))


def figures_of_link(link: Link, *, like: Json | None = None) -> Figures:
    """Return what a document comes to as QuickBooks last confirmed it.

    Args:
        link: of the document.
        like: a request it is compared with; what that leaves to QuickBooks on every line tells nothing apart.
    """
    told = _KEY if like is None else tuple(name for name in _KEY if _names(like, name))
    rows = [
        (*(objects.text(line.get(name)) if name in told else "" for name in _KEY), line.get("Amount"))
        for line in map(objects.as_mapping, objects.as_list(link.confirmed.get("Line")))
    ]
    return _figures(link.target, rows, objects.amount(link.confirmed.get("TotalTax")))


def _names(request: Json, field: str) -> bool:
    return any(objects.ref(objects.detail(line), field) for line in objects.lines(request))


def _figures(target: str, rows: Sequence[tuple[Any, ...]], tax: Decimal | None) -> Figures:
    sign = SIGNS[target]
    lines: Counter[LineKey] = Counter()
    for item, account, customer, class_, tax_code, amount in rows:
        key = (item, account, customer, class_, tax_code)
        lines[key] += sign * to_cents(objects.amount(amount) or Decimal(0))
    return Figures({key: cents for key, cents in lines.items() if cents}, sign * to_cents(tax or Decimal(0)))


def cannot_be_adjusted(link: Link, request: Json) -> bool:
    """Say whether an edit changes what no difference makes good: customer, date, number, location."""
    refs = any(objects.ref(request, name) != objects.text(link.confirmed.get(name)) for name in _FIXED_REFS)
    return refs or any(
        objects.text(request.get(name)) != objects.text(link.confirmed.get(name)) for name in _FIXED_TEXTS
    )


@dataclass(frozen=True)
class Original:
    """The document in closed books that an adjustment is for.

    Attributes:
        mapped: what its record is now.
        link: of the document that stays.
        body: what the adjustment takes over: the present request, or the document itself where it is gone.
    """

    mapped: Mapped
    link: Link
    body: Json


def adjustment(original: Original, difference: Figures, *, part: str, on: date) -> Mapped:
    """Return the part that posts a difference."""
    source = SourceRef(original.link.source.entity, original.link.source.id, part)
    link, is_less = original.link, difference.total < 0
    is_bought = link.target in objects.BUYING
    target = ("VendorCredit" if is_less else "Bill") if is_bought else "CreditMemo" if is_less else "Invoice"
    sign = SIGNS[target]
    tenant = _TENANT.search(objects.text(original.body.get("PrivateNote")))
    named = f"{link.target} {link.number or link.qbo_id} of {objects.text(link.confirmed.get('TxnDate'))}"
    body: Json = {
        **{name: original.body[name] for name in _KEPT if name in original.body},
        "TxnDate": on.isoformat(),
        "PrivateNote": f"{marker(source)}{tenant.group() if tenant else ''} for {named}",
        **({} if is_bought else {"EmailStatus": "NotSet"}),
        "Line": [
            _line(key, sign * cents, named, is_bought=is_bought)
            for key, cents in sorted(difference.lines.items())
        ],
    }
    if link.number:
        body["DocNumber"] = _number(link.number, part)
    if "TxnTaxDetail" in original.body:
        detail = objects.as_mapping(original.body["TxnTaxDetail"])
        kept = {name: detail[name] for name in ("TxnTaxCodeRef", "UseAutomatedSalesTax") if name in detail}
        body["TxnTaxDetail"] = {**kept, "TotalTax": from_cents(sign * difference.tax)}
    payload = Payload(
        source,
        target,
        original.mapped.day,
        body,
        cents=difference.total,
        number=objects.text(body.get("DocNumber")),
        title=original.mapped.title,
    )
    said = reason("adjustment", original=named, day=on)
    return _due(payload, said)


def application(original: Original, posted: Mapped, *, part: str) -> Mapped | None:
    """Return the part that ties an adjustment to the document it is for; None if both are of one kind.

    Nor is a vendor's credit tied: QuickBooks wants a bank account for that, of which a load knows nothing.
    """
    adjusting = posted.payload
    if (
        original.link.target in objects.BUYING
        or adjusting is None
        or adjusting.target == original.link.target
        or not adjusting.cents
    ):
        return None
    amount = from_cents(min(abs(adjusting.cents), to_cents(_total(original.link))))
    source = SourceRef(original.link.source.entity, original.link.source.id, part)
    documents = {original.link.target: original.link.source, adjusting.target: adjusting.source}
    tenant = _TENANT.search(objects.text(adjusting.body.get("PrivateNote")))
    payload = Payload(
        source,
        "Payment",
        original.mapped.day,
        {
            "CustomerRef": adjusting.body["CustomerRef"],
            "TxnDate": adjusting.body["TxnDate"],
            "TotalAmt": Decimal("0.00"),
            "PrivateNote": marker(source) + (tenant.group() if tenant else ""),
            "Line": [
                {"Amount": amount, "LinkedTxn": [{"TxnId": str(documents[kind]), "TxnType": kind}]}
                for kind in ("Invoice", "CreditMemo")
            ],
        },
        number=adjusting.number,
        title=original.mapped.title,
    )
    return _due(payload, None)


def part_names(links: Sequence[Link], *, open_: Link | None) -> tuple[str, str]:
    """Return the names of an adjustment and its application: those of the open one, else the next ones."""
    if open_ is not None:
        name = open_.source.part
    else:
        count = len({link.source.part for link in links}) + 1
        name = ADJUSTMENT_PART if count == 1 else f"{ADJUSTMENT_PART}_{count}"
    return name, f"{name}_{APPLICATION_PART}"


def _line(key: LineKey, cents: int, named: str, *, is_bought: bool) -> dict[str, Any]:
    detail: Json = {name: {"value": value} for name, value in zip(_KEY, key, strict=True) if value}
    kind = "SalesItemLineDetail"
    if is_bought:
        kind = "AccountBasedExpenseLineDetail" if "AccountRef" in detail else "ItemBasedExpenseLineDetail"
        detail |= {"BillableStatus": "NotBillable"} if "CustomerRef" in detail else {}
    return {
        "Amount": from_cents(cents),
        "DetailType": kind,
        "Description": f"Difference to {named}",
        kind: detail,
    }


def _number(number: str, part: str) -> str:
    suffix = "-A" + part.removeprefix(ADJUSTMENT_PART).lstrip("_")
    return number[: _LONGEST_NUMBER - len(suffix)] + suffix


def _total(link: Link) -> Decimal:
    return objects.amount(link.confirmed.get("TotalAmt")) or Decimal(0)


def _due(payload: Payload, said: Any) -> Mapped:
    return Mapped(
        payload.source,
        Verdict.DUE,
        payload.day,
        number=payload.number,
        title=payload.title,
        payload=payload,
        reason=said,
    )
