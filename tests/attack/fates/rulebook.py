"""What the books should be: ServiceTitan's records read by the bookkeeping rules, and by nothing else.

What belongs here: for every record the documents it becomes (rules 1.1-1.3, 3.1-3.6), or the reasons for
which it may be held. What does not: what happened in QuickBooks, and closed periods (`history`).

    record                                       becomes
    invoice above zero                           Invoice
    invoice below zero                           CreditMemo
    credit memo                                  CreditMemo, and a Payment of nothing applying it
    payment                                      Payment, its lines as ServiceTitan applies it
    payment of a write-off type                  CreditMemo on the type's item, and a Payment of nothing
    refund of a negative invoice or memo    (a)  Purchase on receivables, and a Payment of nothing
    refund of unapplied money               (b)  Purchase on receivables; a line more on its payment
    refund of what nobody reversed          (c)  RefundReceipt: the invoice's lines by the refund's share
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.attack.fates import town
from tests.attack.fates.shapes import Part, Piece, Postings, Record, total

Json = dict[str, Any]
State = Mapping[str, list[Json]]

AR, TAX = town.RECEIVABLE, town.TAX


@dataclass(frozen=True)
class Wanted:
    """What one record should be in QuickBooks.

    Attributes:
        pieces: its documents, by part; none if it is not due.
        may_hold: reasons for which it may stand held instead, whatever else is in order.
        family: records that it is applied to or refunds; what disturbs them may hold it up.
        is_due: whether it is to be in QuickBooks at all.
        day: its own day, where it is due and nobody can say as what.
        is_over_applied: whether ServiceTitan applies more to it than it comes to; QuickBooks takes what is
            open, so that nobody can say which payment gives way.
    """

    record: Record
    pieces: Mapping[Part, Piece] = field(default_factory=dict[str, Piece])
    may_hold: frozenset[str] = frozenset()
    family: frozenset[Record] = frozenset()
    is_due: bool = True
    day: str = ""
    is_over_applied: bool = False

    @property
    def postings(self) -> Postings:
        """What its documents post together."""
        return total(self.pieces.values())


def cents(value: object) -> int:
    """Return an amount of ServiceTitan in cents."""
    return int((Decimal(str(value or 0)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


class Rulebook:
    """The rules applied to everything ServiceTitan holds at one moment."""

    def __init__(self, state: State) -> None:
        self._invoices = {doc["id"]: doc for doc in state["invoices"]}
        self._memos = {doc["id"]: doc for doc in state["credit-memos"]}
        self._payments = {doc["id"]: doc for doc in state["payments"]}
        self._customers = {doc["id"]: doc for doc in state["customers"]}

    def wanted(self) -> dict[Record, Wanted]:
        """Return what every record should be."""
        found = [
            *(self._invoice(doc) for doc in self._invoices.values()),
            *(self._memo(doc) for doc in self._memos.values()),
            *(self._payment(doc) for doc in self._payments.values()),
        ]
        return {each.record: each for each in found}

    # Who

    def _who(self, doc: Json) -> str:
        """Return the customer a document is to be booked on; a merged one's documents stay with it."""
        return str(doc["customer"]["name"])

    # Invoices and credit memos

    def _invoice(self, doc: Json) -> Wanted:
        record = f"invoice:{doc['id']}"
        family = self._family_of_target(doc["id"]) | self._adjusted(doc)
        if not doc["active"] or not cents(doc["total"]):
            return Wanted(record, family=family, is_due=False)
        target = "Invoice" if cents(doc["total"]) > 0 else "CreditMemo"
        postings = _sale(self._who(doc), _lines(doc), cents(doc["salesTax"]))
        piece = Piece(record, target, doc["invoiceDate"][:10], postings, number=_number(doc))
        may_hold = self._tax_against(doc) | self._twins(doc, doc["invoiceDate"], -cents(doc["total"]))
        return Wanted(record, {record: piece}, may_hold, family, is_over_applied=_is_over_applied(doc))

    def _twins(self, doc: Json, day: str, credit: int) -> frozenset[str]:
        """Say whether one credit may have been entered twice: as a memo and as an invoice below zero."""
        invoices = [(each, each["invoiceDate"], -cents(each["total"])) for each in self._invoices.values()]
        memos = [(each, each["date"], cents(each["total"])) for each in self._memos.values()]
        others = memos if doc["id"] in self._invoices else invoices
        own = (doc["customer"]["id"], day[:10], credit)
        same = any(
            each["active"] and (each["customer"]["id"], on[:10], amount) == own for each, on, amount in others
        )
        return frozenset({"credit_memo_and_negative_invoice"} if same and credit > 0 else ())

    def _tax_against(self, doc: Json) -> frozenset[str]:
        total, tax = cents(doc["total"]), cents(doc["salesTax"])
        return frozenset({"tax_against_total"} if tax * total < 0 else ())

    def _adjusted(self, doc: Json) -> frozenset[Record]:
        original = doc.get("adjustmentToId")
        return frozenset({f"invoice:{original}"} if original else ())

    def _memo(self, doc: Json) -> Wanted:
        record = f"credit memo:{doc['id']}"
        family = self._family_of_target(doc["id"]) | self._applied_records(doc)
        if not doc["active"] or not cents(doc["total"]):
            return Wanted(record, family=family, is_due=False)
        lines = [(_account(item), cents(item["total"])) for item in doc["items"]]
        postings = {
            key: -amount for key, amount in _sale(self._who(doc), lines, cents(doc["salesTax"])).items()
        }
        pieces = {record: Piece(record, "CreditMemo", doc["date"][:10], postings, number=_number(doc))}
        pieces |= self._application(record, doc, {record: 0})
        may_hold = self._tax_against(doc) | self._twins(doc, doc["date"], cents(doc["total"]))
        may_hold |= self._applied_to_nothing(self._rows(doc)) | frozenset(self._held_rows(self._rows(doc)))
        return Wanted(record, pieces, may_hold, family, is_over_applied=_is_over_applied(doc))

    def _application(self, record: Record, doc: Json, credit: Mapping[Part, int]) -> dict[Part, Piece]:
        """Return the payment of nothing that puts a credit on invoices; none if it pays nothing."""
        pays = self._paid(doc)
        if not pays:
            return {}
        (used,) = credit
        part = f"{record}/application"
        return {part: Piece(part, "Payment", "", {}, {**pays, used: sum(pays.values())})}

    # Payments

    def _payment(self, doc: Json) -> Wanted:
        record = f"payment:{doc['id']}"
        family = self._applied_records(doc) | self._refund_records(doc)
        if not doc["active"]:
            return Wanted(record, family=family, is_due=False)
        total = cents(doc["total"])
        if town.PAID_INTO.get(doc["type"]) is None:
            return self._write_off(record, doc, family)
        if total < 0:
            return self._refund(record, doc, family)
        rows = self._rows(doc)
        if not total and not rows:
            return Wanted(record, family=family, is_due=False)
        held = frozenset(self._held_rows(rows))
        if held:
            return Wanted(record, may_hold=held, family=family)
        pays = self._paid(doc)
        for refund_id, amount in self._tied(doc).items():
            pays[f"payment:{refund_id}/refund"] = amount
        posts = _paid_into(town.PAID_INTO[doc["type"]], self._who(doc), total)
        piece = Piece(record, "Payment", doc["date"][:10], posts, pays)
        return Wanted(record, {record: piece}, self._applied_to_nothing(rows), family)

    def _applied_to_nothing(self, rows: Mapping[int, int]) -> frozenset[str]:
        """Say whether something is applied to a document that is void or comes to nothing."""
        is_void = any(not self._is_booked(id_) for id_ in rows)
        return frozenset({"applied_to_void_invoice", "credit_stays_unapplied"} if is_void else ())

    def _gone(self, rows: Mapping[int, int]) -> frozenset[str]:
        """Say whether something is applied to a document that was deleted."""
        docs = [self._invoices.get(id_) or self._memos.get(id_) for id_ in rows]
        is_gone = any(doc is not None and not doc["active"] for doc in docs)
        return frozenset({"applied_to_void_invoice"} if is_gone else ())

    def _held_rows(self, rows: Mapping[int, int]) -> Iterable[str]:
        for id_, amount in rows.items():
            target = self._invoices.get(id_)
            if target is None:
                continue
            if amount > 0 and cents(target["total"]) < 0:
                yield "applied_to_credit"
            if amount < 0 and cents(target["total"]) >= 0:
                yield "credit_taken_from_invoice"

    def _rows(self, doc: Json) -> dict[int, int]:
        """Return what a payment or memo applies, by document; what comes to nothing is left out."""
        rows: Counter[int] = Counter()
        for row in doc["appliedTo"] or ():
            rows[row["appliedTo"]] += cents(row["appliedAmount"])
        return {id_: amount for id_, amount in rows.items() if amount}

    def _paid(self, doc: Json) -> dict[Part, int]:
        """Return the lines of a payment: what it is applied to and is in QuickBooks."""
        return {
            self._named(id_): abs(amount) for id_, amount in self._rows(doc).items() if self._is_booked(id_)
        }

    def _named(self, id_: int) -> Record:
        return f"invoice:{id_}" if id_ in self._invoices else f"credit memo:{id_}"

    def _is_booked(self, id_: int) -> bool:
        doc = self._invoices.get(id_) or self._memos.get(id_)
        return doc is not None and doc["active"] and cents(doc["total"]) != 0

    def _write_off(self, record: Record, doc: Json, family: frozenset[Record]) -> Wanted:
        total = cents(doc["total"])
        if total <= 0:
            held = frozenset({"write_off_below_zero"} if total else ())
            return Wanted(record, may_hold=held, family=family, is_due=bool(total))
        part = f"{record}/write_off"
        postings = {(AR, self._who(doc)): -total, (town.WRITTEN_OFF_TO, ""): total}
        pieces = {part: Piece(part, "CreditMemo", doc["date"][:10], postings)}
        held = frozenset(self._held_rows(self._rows(doc))) | self._applied_to_nothing(self._rows(doc))
        return Wanted(record, pieces | self._application(record, doc, {part: 0}), held, family)

    # Refunds

    def _refund(self, record: Record, doc: Json, family: frozenset[Record]) -> Wanted:
        total, rows = -cents(doc["total"]), self._rows(doc)
        part = f"{record}/refund"
        account, day = town.PAID_INTO[doc["type"]], doc["date"][:10]
        purchase = Piece(part, "Purchase", day, {(AR, self._who(doc)): total, (account, ""): -total})
        if rows:
            return self._refund_of_credit(record, purchase, rows, total=total, family=family)
        refunded = self._payments.get(doc.get("refundedPaymentId") or 0)
        if refunded is None or not self._takes_money(refunded):
            return Wanted(record, may_hold=_UNCLEAR, family=family, day=day)
        if doc["id"] in self._tied(refunded):
            return Wanted(record, {part: purchase}, family=family)
        invoice = self._given_back(doc, refunded)
        if invoice is None:
            return Wanted(record, may_hold=_UNCLEAR, family=family, day=day)
        receipt = Piece(part, "RefundReceipt", day, _share(self._who(doc), invoice, total, account))
        family |= {f"invoice:{invoice['id']}"}
        return Wanted(record, {part: receipt}, self._tax_against(invoice) | self._unused(invoice), family)

    def _unused(self, invoice: Json) -> frozenset[str]:
        """Say whether part of an invoice was taken back that nobody used: it may be this very refund's."""
        has_unused = any(
            doc["active"] and doc.get("adjustmentToId") == invoice["id"] and cents(doc["balance"]) < 0
            for doc in self._invoices.values()
        )
        return frozenset({"refund_of_reversed_invoice"} if has_unused else ())

    def _refund_of_credit(
        self,
        record: Record,
        purchase: Piece,
        rows: Mapping[int, int],
        *,
        total: int,
        family: frozenset[Record],
    ) -> Wanted:
        are_credits = all(self._is_credit(id_) and amount < 0 for id_, amount in rows.items())
        if not are_credits or -sum(rows.values()) != total:
            return Wanted(record, may_hold=_UNCLEAR | self._gone(rows), family=family, day=purchase.day)
        part = f"{record}/application"
        pays = {self._named(id_): -amount for id_, amount in rows.items()}
        tie = Piece(part, "Payment", "", {}, {**pays, purchase.part: total})
        return Wanted(record, {purchase.part: purchase, part: tie}, family=family)

    def _is_credit(self, id_: int) -> bool:
        if id_ in self._memos:
            return bool(self._memos[id_]["active"])
        doc = self._invoices.get(id_)
        return doc is not None and doc["active"] and cents(doc["total"]) < 0

    def _takes_money(self, doc: Json) -> bool:
        return doc["active"] and cents(doc["total"]) > 0 and doc["type"] in town.PAID_INTO

    def _refunds_of(self, payment_id: int) -> list[Json]:
        """Return the refunds that only name this payment and are applied to nothing, oldest first."""
        return [
            doc
            for doc in sorted(self._payments.values(), key=lambda each: each["id"])
            if doc["active"]
            and doc.get("refundedPaymentId") == payment_id
            and cents(doc["total"]) < 0
            and doc["type"] in town.PAID_INTO
            and not self._rows(doc)
        ]

    def _tied(self, payment: Json) -> dict[int, int]:
        """Return the refunds that the rest of a payment covers, the oldest first, with their cents."""
        rest = cents(payment["total"]) - sum(self._rows(payment).values())
        tied: dict[int, int] = {}
        for refund in self._refunds_of(payment["id"]):
            amount = -cents(refund["total"])
            if amount <= rest - sum(tied.values()):
                tied[refund["id"]] = amount
        return tied

    def _given_back(self, refund: Json, payment: Json) -> Json | None:
        """Return the invoice whose income a refund takes back; None if that is unclear or not all there.

        All of the payment must have gone on one invoice, of which nobody took anything back otherwise, and
        refunds of the payment may come to no more than it.
        """
        rows = self._rows(payment)
        if len(rows) != 1 or sum(rows.values()) != cents(payment["total"]):
            return None
        (invoice_id,) = rows
        invoice = self._invoices.get(invoice_id)
        if invoice is None or not invoice["active"] or cents(invoice["total"]) <= 0:
            return None
        before = [each for each in self._refunds_of(payment["id"]) if each["id"] < refund["id"]]
        taken = -sum(cents(each["total"]) for each in (*before, refund))
        if taken > cents(payment["total"]) or taken + self._reversed(invoice) > cents(invoice["total"]):
            return None
        return invoice

    def _reversed(self, invoice: Json) -> int:
        """Return what adjustments and credit memos took off an invoice."""
        adjusted = -sum(
            cents(doc["total"])
            for doc in self._invoices.values()
            if doc["active"] and doc.get("adjustmentToId") == invoice["id"] and cents(doc["total"]) < 0
        )
        credited = sum(
            self._rows(memo).get(invoice["id"], 0) for memo in self._memos.values() if memo["active"]
        )
        return adjusted + credited

    # Families

    def _applied_records(self, doc: Json) -> frozenset[Record]:
        return frozenset(self._named(row["appliedTo"]) for row in doc["appliedTo"] or ())

    def _refund_records(self, doc: Json) -> frozenset[Record]:
        refunded = doc.get("refundedPaymentId")
        named = {f"payment:{refunded}"} if refunded else set[str]()
        return frozenset(named | {f"payment:{refund['id']}" for refund in self._refunds_of(doc["id"])})

    def _family_of_target(self, id_: int) -> frozenset[Record]:
        return frozenset(
            f"{kind}:{doc['id']}"
            for kind, docs in (("payment", self._payments), ("credit memo", self._memos))
            for doc in docs.values()
            if any(row["appliedTo"] == id_ for row in doc["appliedTo"] or ())
        )


_UNCLEAR = frozenset(
    {
        "refund_without_payment",
        "refund_of_unknown_payment",
        "refund_of_unposted_payment",
        "refund_applied_to_invoice",
        "refund_rest_too_small",
        "refund_exceeds_payment",
        "refund_exceeds_invoice",
        "refund_partly_applied",
        "refund_of_other_customer",
        "applied_to_credit",
        "payment_of_other_customer",
        "refund_of_several_invoices",
        "refund_of_reversed_invoice",
        "refund_of_unbooked_invoice",
        "applied_to_unknown",
        "payment_does_not_add_up",
    }
)


def _is_over_applied(doc: Json) -> bool:
    """Say whether ServiceTitan applies more to a document, or takes more of it, than it comes to."""
    return cents(doc["total"]) * cents(doc["balance"]) < 0


def _number(doc: Json) -> str:
    """Return the number a document keeps; longer ones are shortened, which is tested by itself."""
    return doc["referenceNumber"] if len(doc["referenceNumber"]) <= 21 else ""


def _account(item: Json) -> str:
    ref = item.get("generalLedgerAccount") or item.get("revenueGeneralLedgerAccount")
    assert ref is not None
    return str(ref["number"])


def _lines(doc: Json) -> list[tuple[str, int]]:
    return [(_account(item), cents(item["total"])) for item in doc["items"] if item["isChargeable"]]


def _sale(who: str, lines: Iterable[tuple[str, int]], tax: int) -> dict[tuple[str, str], int]:
    posts: Counter[tuple[str, str]] = Counter()
    for account, amount in lines:
        posts[account, ""] -= amount
        posts[AR, who] += amount
    posts[TAX, ""] -= tax
    posts[AR, who] += tax
    return {key: amount for key, amount in posts.items() if amount}


def _paid_into(account: str, who: str, total: int) -> Postings:
    return {(account, ""): total, (AR, who): -total} if total else {}


def _share(who: str, invoice: Json, refund: int, account: str) -> Postings:
    """Return a refund's postings: its share of every line and of the tax, to the cent (rule 3.5 c).

    The cents that whole shares leave over go one each to the largest remainders, the earlier first.
    """
    lines = _lines(invoice)
    weights = [amount for _, amount in lines] + [cents(invoice["salesTax"])]
    whole = sum(weights)
    # In whole numbers: a third of a cent is a third for every line.
    shares, left = [
        list(each) for each in zip(*(divmod(refund * each, whole) for each in weights), strict=True)
    ]
    order = sorted(range(len(shares)), key=lambda n: (-left[n], n))
    for place in order[: refund - sum(shares)]:
        shares[place] += 1
    posts: Counter[tuple[str, str]] = Counter()
    for (income, _), share in zip(lines, shares, strict=False):
        posts[income, ""] += share
    posts[TAX, ""] += shares[-1]
    posts[account, ""] -= refund
    return {key: amount for key, amount in posts.items() if amount}
