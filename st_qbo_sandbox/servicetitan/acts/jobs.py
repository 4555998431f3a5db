"""Acts on jobs and customers.

Belongs here: the life of a job, merging customers. Does not belong here: documents.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.balances import amount
from st_qbo_sandbox.servicetitan.records import named_id
from st_qbo_sandbox.servicetitan.writes.jpm import cancel, complete
from st_qbo_sandbox.storage import Document

_ANY_REASON = 1


def complete_job(desk: Desk, act: dict[str, Any]) -> Document:
    """Complete a job."""
    completed_on = act.get("completed_on") or desk.records.stamps.now()
    return complete(desk.records, desk.record("jobs", act["id"]), completed_on)


def cancel_job(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a job."""
    job = desk.record("jobs", act["id"])
    return cancel(desk.records, job, act.get("reason_id", _ANY_REASON), act.get("memo"))


def reopen_job(desk: Desk, act: dict[str, Any]) -> Document:
    """Schedule a job again."""
    job = desk.record("jobs", act["id"])
    return desk.records.change("jobs", {**job, "jobStatus": "Scheduled", "completedOn": None})


def merge_customers(desk: Desk, act: dict[str, Any]) -> Document:
    """Merge one customer into another; whether its documents move is a switch (reference §11, quirk 16)."""
    gone, kept = desk.record("customers", act["from_id"]), desk.record("customers", act["into_id"])
    if gone["id"] == kept["id"]:
        raise EditError("a customer cannot be merged into itself")
    for collection in ("locations", "contacts", "jobs"):
        for record in desk.records.having(collection, "customer", gone["id"]):
            desk.records.change(collection, {**record, "customerId": kept["id"]})
    balance = amount(gone.get("balance"))
    if desk.balances.switches.merge_moves_documents:
        shown = {"id": kept["id"], "name": kept["name"]}
        for collection in ("invoices", "payments", "credit-memos"):
            for document in list(desk.records.all(collection)):
                if named_id(document, "customer") == gone["id"]:
                    desk.records.change(collection, {**document, "customer": shown})
        survivor = {**kept, "balance": amount(kept.get("balance")) + balance}
        desk.records.change("customers", survivor, accounting=True)
        gone = {**gone, "balance": amount(0)}
    return desk.records.change("customers", {**gone, "active": False, "mergedToId": kept["id"]})


ACTS: dict[str, Act] = {
    "complete_job": complete_job,
    "cancel_job": cancel_job,
    "reopen_job": reopen_job,
    "merge_customers": merge_customers,
}
