"""What became of the documents that people changed: read from QuickBooks and from the audit.

What belongs here: a row for each change, and whether it arrived. What does not: acting, syncing, printing.
"""

from dataclasses import dataclass
from decimal import Decimal

from st_qbo_assets.cli.fates.bookkeeper import NOTE, Bookkeeper
from st_qbo_assets.cli.fates.choosing import NOTES, Fate, Sales
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.servicetitan.records import Invoice, Payment
from st_qbo_assets.store.audit import Audit
from st_qbo_assets.store.intents import IntentState, Operation
from st_qbo_assets.store.links import Link

_VERBS = {Operation.CREATE: "made", Operation.UPDATE: "updated", Operation.VOID: "voided"}
_WORDS = {"CreditMemo": "credit memo", "RefundReceipt": "refund receipt", "Purchase": "check"}


@dataclass(frozen=True)
class Row:
    """What became of one document.

    Attributes:
        document: what people call it.
        did: what they did to it, and why.
        wrote: what we wrote to QuickBooks.
        before: how it stood in QuickBooks before that.
        now: how it stands there now.
        arrived: whether that is what ServiceTitan says.
    """

    document: str
    did: str
    wrote: str
    before: str
    now: str
    arrived: bool


@dataclass(frozen=True)
class Written:
    """A document of a record in QuickBooks.

    Attributes:
        now: as it is there.
        before: as our write before the last left it; None if there is none.
        verb: what our last write did.
    """

    link: Link
    now: Json
    before: Json | None
    verb: str

    @property
    def wrote(self) -> str:
        """What our last write did, in words."""
        return f"{_WORDS.get(self.link.target, self.link.target.lower())} {self.verb}"

    @property
    def number(self) -> str:
        """Its number in QuickBooks."""
        return objects.text(self.now.get("DocNumber"))

    def amount(self, field: str = "TotalAmt") -> Decimal:
        """Return an amount as it is now."""
        return objects.amount(self.now.get(field)) or Decimal(0)

    def was(self, field: str = "TotalAmt") -> Decimal | None:
        """Return an amount as it was; None if there was no document."""
        return None if self.before is None else objects.amount(self.before.get(field)) or Decimal(0)


class Teller:
    """Reads what became of every change."""

    def __init__(self, connections: Connections, sales: Sales) -> None:
        """Tell of the sales as ServiceTitan has them now."""
        self._connections, self._sales = connections, sales
        self._audit = Audit(connections.database)

    def rows(self) -> dict[Fate, Row]:
        """Return a row for everything that people did in ServiceTitan, in the order of the fates."""
        done = self._sales.done()
        return {fate: self._row(fate, done[fate]) for fate in Fate if fate in done}

    def edited(self, bookkeeper: Bookkeeper) -> Row | None:
        """Return the row of the invoice that a bookkeeper edited in QuickBooks, and took back."""
        if (was := bookkeeper.edited) is None:
            return None
        link = self._connections.links.get(self._connections.name, was.source, was.target) or was
        now = self._connections.quickbooks.read(link.target, link.qbo_id).object
        is_back = NOTE in objects.text(now.get("PrivateNote")) and not link.drift
        total = objects.amount(now.get("TotalAmt"))
        before = objects.amount(was.confirmed.get("TotalAmt"))
        told = bookkeeper.reported
        return Row(
            f"invoice {link.number}",
            "charged 10.00 more in QuickBooks, by hand",
            "nothing: " + (f"told as an edit ({told})" if told else "told in an earlier demo"),
            _money(before),
            f"{_money(total)}, corrected there",
            arrived=is_back and total == before and told != "",
        )

    def merged(self, bookkeeper: Bookkeeper) -> Row | None:
        """Return the row of the customers that a bookkeeper merged in QuickBooks."""
        if bookkeeper.merged is None:
            return None
        links = [
            self._connections.links.get(self._connections.name, each.source, each.target)
            for each in bookkeeper.merged
        ]
        gone, stays = bookkeeper.merged
        names = self._sales.customers(bookkeeper.days.open)
        ids = [link.qbo_id if link is not None else "" for link in links]
        return Row(
            f"customer {names[int(gone.source.id)]}",
            f"merged in QuickBooks into {names[int(stays.source.id)]}",
            "nothing: the link follows",
            f"Id {gone.qbo_id}" if gone.qbo_id != stays.qbo_id else "",
            f"Id {ids[0]}",
            arrived=ids[0] == ids[1] == stays.qbo_id,
        )

    def _row(self, fate: Fate, source: SourceRef) -> Row:
        written = self._written(source)
        if source.entity is Entity.CREDIT_MEMO:
            memo = next(each for each in self._sales.memos if str(each.id) == source.id)
            return self._credited(memo.reference_number, memo.total, written)
        if source.entity is Entity.PAYMENT:
            payment = next(each for each in self._sales.payments if str(each.id) == source.id)
            return self._of_payment(fate, payment, written)
        invoice = next(each for each in self._sales.invoices if str(each.id) == source.id)
        own = next((each for each in written if not each.link.source.part), None)
        if own is None:
            return _missing(f"invoice {invoice.reference_number}", fate)
        if fate is Fate.CLOSED:
            return _closed(invoice, own, [each for each in written if each is not own])
        return _of_invoice(fate, invoice, own)

    def _of_payment(self, fate: Fate, payment: Payment, written: list[Written]) -> Row:
        own = next((each for each in written if each.link.target == "Payment"), None)
        document = f"payment of {_money(payment.total)}"
        if own is None:
            return _missing(document, fate)
        was, now = own.was("UnappliedAmt"), own.amount("UnappliedAmt")
        arrived = now == (payment.unapplied_amount or 0) and own.amount() == payment.total
        wrote, before = own.wrote, _open(was)
        if fate is Fate.REFUNDED:
            refunds = [each for each in self._sales.payments if each.refunded_payment_id == payment.id]
            given = [each for refund in refunds for each in self._written(_source(refund))]
            wrote = ", ".join([*(each.wrote for each in given), own.wrote])
            back = sum((each.amount() for each in given), Decimal(0))
            # what ServiceTitan still calls unapplied of the payment is what was given back
            arrived = now == 0 and back == -sum((each.total for each in refunds), Decimal(0)) != 0
            return Row(document, _did(fate), wrote, before, f"{_money(back)} paid out, {_open(now)}", arrived)
        if fate is not Fate.PAID:
            arrived = arrived and was != now
        return Row(document, _did(fate), wrote, "" if fate is Fate.PAID else before, _open(now), arrived)

    def _credited(self, number: str, total: Decimal, written: list[Written]) -> Row:
        document = f"credit memo {number}"
        own = next((each for each in written if each.link.target == "CreditMemo"), None)
        if own is None:
            return _missing(document, Fate.CREDITED)
        left = own.amount("RemainingCredit")
        wrote = ", ".join(each.wrote for each in written)
        now = f"{_money(own.amount())}, {_open(left)}"
        arrived = own.amount() == total and left == 0 and len(written) > 1
        return Row(document, _did(Fate.CREDITED), wrote, "", now, arrived)

    def _written(self, record: SourceRef) -> list[Written]:
        """Return the documents of a record and of its parts, as they are."""
        links = self._connections.links.of_records(self._connections.name, [record])
        lives = {each.source: each for each in self._audit.lives(self._connections.name, links)}
        found: list[Written] = []
        for link in (each for own in links.values() for each in own):
            answers = [
                (each.intent.operation, each.closing.answer)
                for each in lives[link.source].attempts
                if each.intent.target == link.target and each.intent.state is IntentState.POSTED
                if each.closing.answer is not None
            ]
            if answers:
                now = self._connections.quickbooks.read(link.target, link.qbo_id).object
                before = answers[-2][1] if len(answers) > 1 else None
                found.append(Written(link, now, before, _VERBS[answers[-1][0]]))
        return found


def _of_invoice(fate: Fate, invoice: Invoice, own: Written) -> Row:
    document, was, now = f"invoice {invoice.reference_number}", own.was(), own.amount()
    if fate is Fate.MOVED:
        before, after = objects.text((own.before or {}).get("TxnDate")), objects.text(own.now.get("TxnDate"))
        arrived = before != after == str(invoice.invoice_date) and now == invoice.total
        return Row(document, _did(fate), own.wrote, before, after, arrived)
    if fate is Fate.VOIDED:
        arrived = objects.is_voided(own.now) and now == 0 and not invoice.active
    else:
        arrived = was != now == invoice.total
    return Row(document, _did(fate), own.wrote, _money(was), _money(now), arrived)


def _closed(invoice: Invoice, own: Written, parts: list[Written]) -> Row:
    """Return the row of an invoice that stays as it is in closed books, with the difference beside it."""
    total, told = own.amount(), [f"{_money(own.amount())} stays"]
    for each in parts:
        if each.link.target in ("Invoice", "CreditMemo"):
            sign = 1 if each.link.target == "Invoice" else -1
            total += sign * each.amount()
            kind = _WORDS.get(each.link.target, "invoice")
            told.append(
                f"{_money(sign * each.amount())} as {kind} {each.number} on {each.now.get('TxnDate')}"
            )
    return Row(
        f"invoice {invoice.reference_number}",
        _did(Fate.CLOSED),
        ", ".join(each.wrote for each in parts),
        _money(own.amount()),
        ", ".join(told),
        arrived=len(told) > 1 and total == invoice.total,
    )


def _missing(document: str, fate: Fate) -> Row:
    return Row(document, _did(fate), "nothing", "", "not in QuickBooks", arrived=False)


def _source(payment: Payment) -> SourceRef:
    return SourceRef(Entity.PAYMENT, str(payment.id))


def _did(fate: Fate) -> str:
    return f"{fate.value} ({NOTES[fate].removesuffix('.')})"


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _open(left: Decimal | None) -> str:
    """Return what is left of a payment or credit, in words."""
    if left is None:
        return ""
    return f"{_money(left)} unapplied" if left else "all applied"
