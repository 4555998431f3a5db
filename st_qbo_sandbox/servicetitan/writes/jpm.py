"""Writes to jobs and business units (reference §5.4, §9).

Belongs here: those. Does not belong here: booking jobs and dispatching, which no accounting integration does.
"""

from __future__ import annotations

from st_qbo_sandbox.servicetitan.problems import conflict
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.stamps import key_of
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.external_data import with_external_data
from st_qbo_sandbox.storage import Document

_OVER = ("Completed", "Canceled")
_NOT_PLAIN = ("externalData", "customFields", "shouldUpdateInvoiceItems")


def patch_job(call: Call) -> Document:
    """PATCH /jobs/{id}."""
    job, given = call.target("jobs", "Job"), call.fields
    for field, collection in (("customerId", "customers"), ("businessUnitId", "business-units")):
        if field in given:
            call.referred(collection, field, given[field])
    changed = {**job, **{name: value for name, value in given.items() if name not in _NOT_PLAIN}}
    if "customFields" in given:
        held = {row.get("typeId"): row for row in rows_of(job, "customFields")}
        held.update({row["typeId"]: {**held.get(row["typeId"], {}), **row} for row in given["customFields"]})
        changed["customFields"] = list(held.values())
    return call.records.change("jobs", with_external_data(changed, given.get("externalData")))


def complete_job(call: Call) -> None:
    """PUT /jobs/{id}/complete: 409 if the job is over already."""
    job = call.target("jobs", "Job")
    if job.get("jobStatus") in _OVER:
        raise conflict("The job is already completed or cancelled.")
    complete(call.records, job, call.fields["completedOn"])


def complete(records: Records, job: Document, completed_on: str) -> Document:
    """Complete a job at an instant."""
    stamp = key_of(completed_on) + "Z"
    return records.change("jobs", {**job, "jobStatus": "Completed", "completedOn": stamp})


def cancel_job(call: Call) -> None:
    """PUT /jobs/{id}/cancel: 409 if the job is over already."""
    job = call.target("jobs", "Job")
    if job.get("jobStatus") in _OVER:
        raise conflict("The job is already completed or cancelled.")
    cancel(call.records, job, call.fields["reasonId"], call.fields["memo"])


def cancel(records: Records, job: Document, reason_id: int, memo: str | None) -> Document:
    """Cancel a job and keep the log of it; a completion date the job had stays (reference §9)."""
    log = {"jobId": job["id"], "reasonId": reason_id, "memo": memo, "createdById": 20, "active": True}
    records.add("job-canceled-logs", log)
    return records.change("jobs", {**job, "jobStatus": "Canceled"})


def reopen_job(call: Call) -> None:
    """PUT /jobs/{id}/remove-cancellation: 409 unless the job is cancelled."""
    job = call.target("jobs", "Job")
    if job.get("jobStatus") != "Canceled":
        raise conflict("The job is not cancelled.")
    call.records.change("jobs", {**job, "jobStatus": "Scheduled", "completedOn": None})


def hold_job(call: Call) -> None:
    """PUT /jobs/{id}/hold."""
    job = call.target("jobs", "Job")
    if job.get("jobStatus") in _OVER:
        raise conflict("The job is already completed or cancelled.")
    call.records.change("jobs", {**job, "jobStatus": "Hold"})


def patch_business_unit(call: Call) -> Document:
    """PATCH /business-units/{id}: external data only."""
    unit = call.target("business-units", "Business unit")
    changed = with_external_data(unit, call.fields.get("externalData"))
    return call.records.change("business-units", changed)


WRITES: dict[str, Write] = {
    "PATCH jpm/jobs/{id}": patch_job,
    "PUT jpm/jobs/{id}/complete": complete_job,
    "PUT jpm/jobs/{id}/cancel": cancel_job,
    "PUT jpm/jobs/{id}/remove-cancellation": reopen_job,
    "PUT jpm/jobs/{id}/hold": hold_job,
    "PATCH settings/business-units/{id}": patch_business_unit,
}
