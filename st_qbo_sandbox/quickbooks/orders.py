"""Bills against purchase orders: which lines a bill receives, and what that makes of the order.

Belongs here: the links between both, whole or line by line, and POStatus (reference §6.8, §6.9). Does not
belong here: totals and balances (`buying.py`).

An order is Closed when everything on it has been billed, or when somebody closed it; taking a bill away opens
what only bills had closed. `_whole_orders` on a bill are orders it takes as a whole, `_closed_by_hand` on an
order says that a person or an app closed it before all was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from st_qbo_sandbox.quickbooks import links
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call
from st_qbo_sandbox.quickbooks.faults import business, fault
from st_qbo_sandbox.quickbooks.work import Work

ORDER = "PurchaseOrder"
_BY_HAND = "_closed_by_hand"
_WHOLE = "_whole_orders"
_NOT_LINKABLE = "The purchase order cannot be linked to this bill."


def link_bill(call: Call, new: Body, old: Body | None) -> None:
    """Link a new or changed bill to the orders it names, and move their status.

    Raises:
        Fault: 6000 or 620, a link names no line, or an order that cannot be billed by this bill.
    """
    _drop_late_links(call, new, old)
    by_line = dict.fromkeys(link.get("TxnId", "") for _, link in _line_links(new))
    whole = [id for id in _whole_orders(call, new, old) if id not in by_line]
    before = linked_orders(old or {})
    orders = [*by_line, *whole]
    for _, link in _line_links(new):
        _check_line(call, link)
    for id in orders:
        _check_order(call, new, id, is_known=id in before)
    paid = [link for link in (old or {}).get("LinkedTxn", ()) if link["TxnType"] != ORDER]
    new["LinkedTxn"] = [{"TxnId": id, "TxnType": ORDER} for id in orders] + paid
    new.pop(_WHOLE, None)
    if whole:
        new[_WHOLE] = whole
    for id in before:
        if id not in orders:
            unlink_bill(call.work, id, new["Id"])
    back = {"TxnId": new["Id"], "TxnType": "Bill"}
    for id in orders:
        order = call.work.open(ORDER, id)
        if back not in order.setdefault("LinkedTxn", []):
            order["LinkedTxn"].append(back)
        _move_status(call.work, order, new)


def linked_orders(bill: Body) -> list[str]:
    """Return the ids of the orders a stored bill is linked to."""
    return [link["TxnId"] for link in bill.get("LinkedTxn", ()) if link["TxnType"] == ORDER]


def unlink_bill(work: Work, order_id: str, bill_id: str) -> None:
    """Take a bill off an order, which opens again unless all is billed without it."""
    if work.find(ORDER, order_id) is not None:
        order = work.open(ORDER, order_id)
        links.unlink(order, bill_id)
        _move_status(work, order, None)


def free_bills_of(work: Work, order: Body) -> None:
    """Take an order that goes away off its bills, which stay as they are."""
    for link in order.get("LinkedTxn", ()):
        if link["TxnType"] != "Bill" or work.find("Bill", link["TxnId"]) is None:
            continue
        bill = work.open("Bill", link["TxnId"])
        links.unlink(bill, order["Id"])
        for line in bill["Line"]:
            kept = [one for one in line.get("LinkedTxn", ()) if one.get("TxnId") != order["Id"]]
            if kept:
                line["LinkedTxn"] = kept
            else:
                line.pop("LinkedTxn", None)
        if _WHOLE in bill:
            bill[_WHOLE] = [id for id in bill[_WHOLE] if id != order["Id"]]


def settle_order(call: Call, new: Body, old: Body | None) -> None:
    """Give a new or changed order its status: as sent, else by what is billed."""
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    if "POStatus" not in call.sent:
        if not call.sparse:
            new.pop(_BY_HAND, None)
        _move_status(call.work, new, None)
        return
    new.pop(_BY_HAND, None)
    if new["POStatus"] == "Closed" and not _is_received(call.work, new, None):
        new[_BY_HAND] = True


def _line_links(bill: Body) -> Iterator[tuple[Body, Body]]:
    for line in bill.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            if link.get("TxnType") == ORDER:
                yield line, link


def _whole_orders(call: Call, new: Body, old: Body | None) -> list[str]:
    """Return orders that the bill takes as a whole: its own links, less those that only show a line's."""
    if "LinkedTxn" not in call.sent:
        return list((old or {}).get(_WHOLE, ())) if call.sparse else []
    shown = {link["TxnId"] for _, link in _line_links(old or {})}
    sent = [link.get("TxnId", "") for link in new.get("LinkedTxn", ()) if link.get("TxnType") == ORDER]
    return [id for id in dict.fromkeys(sent) if id not in shown]


def _drop_late_links(call: Call, new: Body, old: Body | None) -> None:
    """Leave links out that a line which was there before had not: only a new line takes one (§6.9)."""
    if call.switches.links_on_old_lines != "ignore":
        return
    before = {line["Id"]: line for line in (old or {}).get("Line", ()) if line.get("Id")}
    for line in new.get("Line", ()):
        had = before.get(line.get("Id", ""))
        if had is None or "LinkedTxn" not in line:
            continue
        kept = [link for link in line["LinkedTxn"] if link in had.get("LinkedTxn", ())]
        line["LinkedTxn"] = kept
        if not kept:
            line.pop("LinkedTxn")


def _check_order(call: Call, bill: Body, id: str, *, is_known: bool) -> None:
    order = call.work.find(ORDER, id)
    if order is None or order["VendorRef"]["value"] != bill["VendorRef"]["value"]:
        raise business(_NOT_LINKABLE)
    is_closed = order.get("POStatus") == "Closed" and not is_known
    if is_closed and call.switches.link_to_closed_order == "refuse" and not call.person:
        raise fault("620", f"Transaction cannot be linked : The purchase order with TxnId {id} is closed.")


def _check_line(call: Call, link: Body) -> None:
    if not link.get("TxnLineId"):
        raise business("A line that links to a purchase order needs TxnId, TxnType and TxnLineId.")
    order = call.work.find(ORDER, link.get("TxnId", "")) or {}
    if not any(ordered["Id"] == link["TxnLineId"] for ordered in order.get("Line", ())):
        raise business(_NOT_LINKABLE)


def _move_status(work: Work, order: Body, bill: Body | None) -> None:
    is_closed = order.get(_BY_HAND, False) or _is_received(work, order, bill)
    order["POStatus"] = "Closed" if is_closed else "Open"


def _is_received(work: Work, order: Body, bill: Body | None) -> bool:
    """Whether bills have taken everything on an order; `bill` is one as it is about to be."""
    ids = [link["TxnId"] for link in order.get("LinkedTxn", ()) if link["TxnType"] == "Bill"]
    found = (bill if bill is not None and id == bill["Id"] else work.find("Bill", id) for id in ids)
    bills = [one for one in found if one is not None]
    if any(order["Id"] in one.get(_WHOLE, ()) for one in bills):
        return True
    taken: dict[str, list[Body]] = {}
    for one in bills:
        for line, link in _line_links(one):
            if link["TxnId"] == order["Id"]:
                taken.setdefault(link["TxnLineId"], []).append(line)
    wanted = [line for line in order["Line"] if line["DetailType"] != "DescriptionOnly"]
    by_line_alone = work.switches.order_line_closes == "linked"
    return bool(taken) and all(
        line["Id"] in taken and (by_line_alone or _is_covered(line, taken[line["Id"]])) for line in wanted
    )


def _is_covered(ordered: Body, billed: list[Body]) -> bool:
    """Whether billed lines come to what was ordered: in pieces where all say how many, else in money."""
    quantities = [_quantity(line) for line in (ordered, *billed)]
    if all(quantity is not None for quantity in quantities):
        whole, *parts = (quantity or ZERO for quantity in quantities)
        return sum(parts, ZERO) >= whole
    return sum((line.get("Amount", ZERO) for line in billed), ZERO) >= ordered.get("Amount", ZERO)


def _quantity(line: Body) -> Decimal | None:
    return line.get("ItemBasedExpenseLineDetail", {}).get("Qty")
