"""Bills: one ServiceTitan bill becomes one QuickBooks Bill, or says why not.

What belongs here: the gate's answer, vendor, number, dates and the account it is owed on (rules 8.1–8.4).
What does not: what it comes to (`bill_sums`), its lines (`bought`), whether the number was used (load).
"""

from dataclasses import dataclass
from typing import Any

from st_qbo_assets.domain.gate import bill_standing
from st_qbo_assets.domain.ids import ON_HOLD, Entity, SourceRef, marker
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.bill_sums import Sums, sums_of
from st_qbo_assets.mapping.bought import Line, map_bill_lines
from st_qbo_assets.mapping.effects import Shape, bought
from st_qbo_assets.mapping.facts import bill_facts, day_of
from st_qbo_assets.mapping.headers import buying_references, needed_vendor
from st_qbo_assets.mapping.items import map_item
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.orders import linked_to_order
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined
from st_qbo_assets.mapping.sales import LINES
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.buying import Bill
from st_qbo_assets.servicetitan.records import Unreadable


@dataclass(frozen=True)
class _Parts:
    """What a bill is put together from."""

    lines: list[Line]
    sums: Sums
    posting: PostingDate
    references: Json


def map_bill(record: Bill | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a bill becomes."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, Bill, Entity.BILL, lookup)
    standing = bill_standing(bill_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    parts = _parts(record, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason)]
    payload = Payload(
        source=_source(record),
        target="Bill",
        day=day_of(record, lookup),
        body=_body(record, parts, lookup),
        cents=parts.sums.total,
        number=number_of(record, lookup),
        title=_title(record, lookup),
    )
    said = parts.posting.said or (reason("bill_on_hold") if record.do_not_pay else None)
    facts = _facts(record, parts)
    return [_mapped(record, lookup, Verdict.DUE, reason=said, payload=payload, facts=facts)]


def items_of_bill(record: Bill, lookup: Lookup) -> list[Mapped]:
    """Return the items a due bill refers to, each once, in line order; none if it is not due."""
    if bill_standing(bill_facts(record), lookup.company, today=lookup.today).verdict is not Verdict.DUE:
        return []
    parts = _parts(record, lookup)
    if isinstance(parts, Problem):
        return []
    items = {line.item.source: line.item for line in reversed(parts.lines) if line.item is not None}
    return [map_item(item, lookup, day=day_of(record, lookup)) for item in reversed(items.values())]


def vendor_of_bill(record: Bill, lookup: Lookup) -> list[Mapped]:
    """Return the vendor a due bill needs, who is made even if nobody uses him any more."""
    if record.vendor is None or not _is_due(record, lookup):
        return []
    return needed_vendor(record.vendor.id, lookup, day=day_of(record, lookup))


def number_of(bill: Bill, lookup: Lookup) -> str:
    """Return the vendor's own number: of the bill, else of its receipt, else of its order (rule 8.3)."""
    receipts = [each for each in lookup.receipts.values() if each.bill_id == bill.id and each.active]
    order = lookup.purchase_orders.get(bill.purchase_order_id or 0)
    told = [
        bill.reference_number,
        *(each.vendor_invoice_number for each in sorted(receipts, key=lambda each: each.id)),
        order.vendor_document_number if order else "",
    ]
    legal = (legal_number(each, latin1=lookup.latin1).text for each in told)
    return next((each for each in legal if each), "")


def _is_due(record: Bill, lookup: Lookup) -> bool:
    return bill_standing(bill_facts(record), lookup.company, today=lookup.today).verdict is Verdict.DUE


def _parts(bill: Bill, lookup: Lookup) -> _Parts | Problem:
    sums, posting = sums_of(bill), posting_date(_source(bill), day_of(bill, lookup), lookup)
    lines, problems = map_bill_lines(bill, sums, lookup) if isinstance(sums, Sums) else ([], [])
    references, wrong = buying_references(bill, lookup)
    problems += wrong
    problems += [part for part in (sums, posting) if isinstance(part, Problem)]
    if lookup.company.orders and bill.purchase_order_id not in (None, *lookup.purchase_orders):
        problems.append(held("order_of_bill_unknown", id=bill.purchase_order_id))
    if len(lines) > LINES:
        problems.append(held("too_many_lines", count=len(lines), limit=LINES))
    if problems or isinstance(sums, Problem) or isinstance(posting, Problem):
        return joined(problems)
    return _Parts(lines, sums, posting, references)


def _body(bill: Bill, parts: _Parts, lookup: Lookup) -> Json:
    note = marker(_source(bill))
    body: Json = {
        **parts.references,
        "TxnDate": parts.posting.date.isoformat(),
        "PrivateNote": note + ON_HOLD if bill.do_not_pay else note,
        "Line": linked_to_order(bill, parts.lines, lookup),
    }
    if bill.due_date is not None:
        body["DueDate"] = max(bill.due_date, parts.posting.date).isoformat()
    if number := number_of(bill, lookup):
        body["DocNumber"] = number
    return body


def _facts(bill: Bill, parts: _Parts) -> Json:
    costs: dict[str, int] = {}
    for line in parts.lines:
        costs[line.account.id] = costs.get(line.account.id, 0) + line.cents
    vendor = str(SourceRef(Entity.VENDOR, str(bill.vendor.id if bill.vendor else "")))
    return {
        **bought(Shape.BILL, vendor=vendor, costs=costs),
        "lines": len(parts.lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in parts.lines if line.item)),
    }


def _mapped(bill: Bill, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, **rest: Any) -> Mapped:
    payload: Payload | None = rest.get("payload")
    return Mapped(
        source=_source(bill),
        verdict=verdict,
        day=day_of(bill, lookup),
        cents=payload.cents if payload is not None else to_cents(bill.total),
        number=number_of(bill, lookup),
        title=_title(bill, lookup),
        reason=reason,
        **rest,
    )


def _source(bill: Bill) -> SourceRef:
    return SourceRef(Entity.BILL, str(bill.id))


def _title(bill: Bill, lookup: Lookup) -> str:
    return lookup.line_text(bill.vendor.name) if bill.vendor else ""
