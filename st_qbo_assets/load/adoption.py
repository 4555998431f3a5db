"""Documents that are in QuickBooks already: ours by their marker, or typed by hand under the same number.

What belongs here: judging one existing document against a payload (rule 1.6), and looking for a whole
day's numbers in one query. What does not: saving the link (`apply`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.duplicate_bills import judge_bill, judge_each_other
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import Difference, describe
from st_qbo_assets.load.voiding import is_voided_by_us
from st_qbo_assets.quickbooks.query import quote_list
from st_qbo_assets.store.links import Link

#: Documents that QuickBooks numbers, so that one typed by hand can be found.
NUMBERED = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit"})
#: Numbers in one query; a long statement goes by POST, and this many stay far below any limit.
_NUMBERS_PER_QUERY = 250

#: Not due, and yet in QuickBooks by other hands: linked so that payments find it, never written.
LINK_ONLY = frozenset({"exported_elsewhere", "before_start"})

Findings = dict[tuple[SourceRef, str], Finding]


def find_existing(context: WriteContext, payloads: Sequence[Payload], known: Resolution) -> Findings:
    """Return what QuickBooks holds under the numbers of documents without a link, in one query a day.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    found: Findings = {}
    for target in sorted(NUMBERED):
        wanted: dict[str, list[Payload]] = {}
        for payload in payloads:
            if payload.target == target and (number := number_of(payload)):
                wanted.setdefault(number, []).append(payload)
        numbers = sorted(wanted)
        for first in range(0, len(numbers), _NUMBERS_PER_QUERY):
            chunk = numbers[first : first + _NUMBERS_PER_QUERY]
            rows = list(context.quickbooks.query(target, f"DocNumber IN {quote_list(chunk)}"))
            ids = [objects.text(row.get("Id")) for row in rows]
            links = context.links.of_targets(context.name, target, ids) if rows else {}
            for number in chunk:
                same = [row for row in rows if objects.same_name(row.get("DocNumber"), number)]
                for payload in wanted[number] if same else ():
                    if (finding := judge(context, payload, same, links, known)) is not None:
                        found[payload.source, target] = finding
    twins = judge_each_other([payload for payload in payloads if payload.target in ("Bill", "VendorCredit")])
    return twins | found


def number_of(payload: Payload) -> str:
    """Return the number a document is to have in QuickBooks."""
    return objects.text(payload.body.get("DocNumber"))


def judge(
    context: WriteContext,
    payload: Payload,
    rows: Sequence[Json],
    links: dict[str, list[Link]],
    known: Resolution,
) -> Finding | None:
    """Return what the documents of one number mean for a payload that has no link; None: nothing.

    One with our marker is ours. One without any is taken over only if number, customer, date and amount
    agree; else both are named and a person decides (rule 1.6).
    """
    if payload.target in objects.BUYING:
        return judge_bill(payload, rows, links, known)
    rows = [row for row in rows if not _is_our_void(row, payload, known)]
    ours = [row for row in rows if payload.source in objects.markers(row)]
    if ours:
        obj = min(ours, key=lambda row: int(objects.text(row.get("Id")) or 0))
        return Finding(
            FindingKind.OURS, obj, code="found_by_marker", evidence={"marker": str(payload.source)}
        )
    number = number_of(payload)
    for row in rows:
        qbo_id = objects.text(row.get("Id"))
        owners = [*(str(link.source) for link in links.get(qbo_id, ())), *map(str, objects.markers(row))]
        if owners:
            said = reason(
                "number_taken", number=number, target=payload.target, qbo_id=qbo_id, owner=owners[0]
            )
            return Finding(FindingKind.HOLD, reason=said)
    return _judge_foreign(context, payload, rows, known) if rows else None


def _is_our_void(row: Json, payload: Payload, known: Resolution) -> bool:
    """Say whether a document is one we emptied, in whose place another is made: it holds a number only."""
    link = known.link(payload.source, payload.target)
    is_ours = objects.is_voided(row) and payload.source in objects.markers(row)
    return is_ours and link is not None and is_voided_by_us(link)


def _judge_foreign(
    context: WriteContext, payload: Payload, rows: Sequence[Json], known: Resolution
) -> Finding:
    number, target = number_of(payload), payload.target
    candidates = [(row, differences(payload, row, known)) for row in rows]
    equal = [row for row, different in candidates if not different]
    if len(equal) == 1 and context.company.adopt_typed_by_hand:
        evidence = {"agrees": ["number", "customer", "date", "amount"], "number": number}
        said = reason("adopted", target=target, qbo_id=objects.text(equal[0].get("Id")))
        return Finding(FindingKind.LINK, equal[0], reason=said, code="adopted", evidence=evidence)
    if equal:
        ids = ", ".join(objects.text(row.get("Id")) for row in equal)
        code = "typed_by_hand" if len(equal) == 1 else "typed_by_hand_twice"
        return Finding(FindingKind.HOLD, reason=reason(code, number=number, target=target, qbo_id=ids))
    row, different = candidates[0]
    said = reason(
        "typed_by_hand_differs",
        number=number,
        target=target,
        qbo_id=objects.text(row.get("Id")),
        differences=describe(different),
    )
    return Finding(FindingKind.HOLD, reason=said)


def differences(payload: Payload, row: Json, known: Resolution) -> tuple[Difference, ...]:
    """Return in which of number, customer, date and amount a document typed by hand differs."""
    found: list[Difference] = []
    pairs = (
        ("DocNumber", number_of(payload).casefold(), objects.text(row.get("DocNumber")).casefold()),
        ("CustomerRef", _customer_id(payload, row, known), objects.ref(row, "CustomerRef")),
        ("TxnDate", objects.text(payload.body.get("TxnDate")), objects.text(row.get("TxnDate"))),
        ("TotalAmt", str(from_cents(abs(payload.cents))), _total(row)),
    )
    found.extend(Difference(field, meant, held) for field, meant, held in pairs if meant != held)
    return tuple(found)


def _customer_id(payload: Payload, row: Json, known: Resolution) -> str:
    """Return whose a document is to be: his too for whom people wrote it, above a location's sub-customer."""
    value = objects.ref(payload.body, "CustomerRef")
    source = objects.as_source(value)
    if source is None:
        return value
    parent = known.link(source.record, "Customer") if source.part else None
    if parent is not None and parent.qbo_id == objects.ref(row, "CustomerRef"):
        return parent.qbo_id
    if link := known.link(source, "Customer"):
        return link.qbo_id
    finding = known.finding(source, "Customer")  # in a preview nothing is linked, but it is known who it is
    is_found = finding is not None and finding.kind is FindingKind.LINK
    return objects.text(objects.as_mapping(finding.obj).get("Id")) if finding and is_found else ""


def _total(row: Json) -> str:
    return str(from_cents(to_cents(objects.amount(row.get("TotalAmt")) or Decimal(0))))


@dataclass(frozen=True)
class Elsewhere:
    """A document that others have booked, or will: how to recognise it.

    Attributes:
        mapped: the record, which is not due.
        number: its number.
        cents: its total, or what is open of it (`is_open`).
        day: its date; empty where only what is open counts.
    """

    mapped: Mapped
    number: str
    customer: SourceRef
    cents: int
    day: str = ""
    is_open: bool = False


def exported_elsewhere(mapped: Mapped) -> Elsewhere | None:
    """Return how to recognise a document another connector booked: by number, customer, date and amount.

    None unless the company says `adopt_exported` (rule 1.7).
    """
    adopt = objects.as_mapping(mapped.facts.get("adopt"))
    customer, cents = objects.as_source(adopt.get("customer")), adopt.get("cents")
    number, day = objects.text(adopt.get("number")), objects.text(adopt.get("day"))
    is_exported = mapped.reason is not None and mapped.reason.code == "exported_elsewhere"
    if not is_exported or customer is None or not number or not isinstance(cents, int):
        return None
    return Elsewhere(mapped, number, customer, cents, day)


def open_from_before(mapped: Mapped, customer: SourceRef, *, paid_cents: int) -> Elsewhere | None:
    """Return how to recognise an open invoice from before the start, which a payment names (rule 1.6).

    By number, customer and open balance: what QuickBooks has open is what ServiceTitan still has open and
    what the payments about to be posted pay of it.
    """
    balance = mapped.facts.get("balance_cents")
    is_old = mapped.reason is not None and mapped.reason.code == "before_start"
    if not is_old or not isinstance(balance, int) or not mapped.number:
        return None
    return Elsewhere(mapped, mapped.number, customer, balance + paid_cents, is_open=True)


def find_elsewhere(
    context: WriteContext, wanted: Sequence[Elsewhere], known: Resolution
) -> list[tuple[Elsewhere, Json]]:
    """Return the documents of QuickBooks that are those booked by others; what does not agree is left alone.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    found: list[tuple[Elsewhere, Json]] = []
    numbers = sorted({each.number for each in wanted})
    rows: list[Json] = []
    for first in range(0, len(numbers), _NUMBERS_PER_QUERY):
        where = f"DocNumber IN {quote_list(numbers[first : first + _NUMBERS_PER_QUERY])}"
        rows += context.quickbooks.query("Invoice", where)
    ids = [objects.text(row.get("Id")) for row in rows]
    taken = context.links.of_targets(context.name, "Invoice", ids) if ids else {}
    for each in wanted:
        link = known.link(each.customer, "Customer")
        agreeing = [
            row
            for row in rows
            if link is not None
            and objects.text(row.get("Id")) not in taken
            and objects.ref(row, "CustomerRef") == link.qbo_id
            and _agrees(each, row)
        ]
        if len(agreeing) == 1:
            found.append((each, agreeing[0]))
    return found


def _agrees(wanted: Elsewhere, row: Json) -> bool:
    amount = objects.amount(row.get("Balance" if wanted.is_open else "TotalAmt")) or Decimal(0)
    is_dated_so = wanted.is_open or objects.text(row.get("TxnDate")) == wanted.day
    return (
        objects.same_name(row.get("DocNumber"), wanted.number)
        and is_dated_so
        and to_cents(amount) == wanted.cents
    )
