"""The control against paying a bill, or taking a credit, twice: one number of one vendor (rule 8.3).

What belongs here: what other bills under a bill's number mean for it. What does not: asking QuickBooks for
them (`adoption`), which number a bill has (mapping). A bill is never taken over because it looks the same:
who typed it in may have paid it.
"""

from collections.abc import Mapping, Sequence

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.store.links import Link


def judge_bill(
    payload: Payload, rows: Sequence[Json], links: Mapping[str, Sequence[Link]], known: Resolution
) -> Finding | None:
    """Return what the bills of one number mean for a bill that has no link; None: nothing.

    A void one holds nothing but its number, and so does one that is about to be voided: a bill that a change
    of its order replaced.
    """
    vendor = _vendor_id(payload, known)
    for row in rows:
        if objects.is_voided(row):
            continue
        if payload.source in objects.markers(row):
            evidence = {"marker": str(payload.source)}
            return Finding(FindingKind.OURS, row, code="found_by_marker", evidence=evidence)
        if objects.ref(row, "VendorRef") != vendor:
            continue
        qbo_id = objects.text(row.get("Id"))
        owners = [*(link.source for link in links.get(qbo_id, ())), *objects.markers(row)]
        if owners and known.is_retiring(owners[0], payload.target):
            continue
        whose = str(owners[0]) if owners else "typed by hand"
        total, day = objects.amount(row.get("TotalAmt")), objects.text(row.get("TxnDate"))
        return _hold(payload, f"{payload.target} {qbo_id} over {total}, dated {day} ({whose})")
    return None


def judge_each_other(payloads: Sequence[Payload]) -> dict[tuple[SourceRef, str], Finding]:
    """Return the hold of every bill of a load whose number an earlier one of the same vendor has."""
    first: dict[tuple[str, str, str], Payload] = {}
    found: dict[tuple[SourceRef, str], Finding] = {}
    for payload in sorted(payloads, key=lambda each: (each.day, each.source)):
        number = objects.text(payload.body.get("DocNumber")).casefold()
        key = (payload.target, objects.ref(payload.body, "VendorRef"), number)
        other = first.setdefault(key, payload) if number else payload
        if other is not payload:
            told = f"{other.source} over {from_cents(other.cents)}, dated {other.day}"
            found[payload.source, payload.target] = _hold(payload, told)
    return found


def _hold(payload: Payload, other: str) -> Finding:
    number = objects.text(payload.body.get("DocNumber"))
    code = "possible_duplicate_bill" if payload.target == "Bill" else "possible_duplicate_vendor_credit"
    said = reason(code, number=number, other=other)
    return Finding(FindingKind.HOLD, reason=said)


def _vendor_id(payload: Payload, known: Resolution) -> str:
    value = objects.ref(payload.body, "VendorRef")
    source = objects.as_source(value)
    link = known.link(source, "Vendor") if source is not None else None
    return link.qbo_id if link is not None else ("" if source is not None else value)
