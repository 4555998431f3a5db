"""ServiceTitan's webhooks: CloudEvents of invoices, jobs and invoice tasks (reference §10).

Belongs here: which change is which event, envelope, signature, retry ladder. Does not belong here: when calls
are sent (`st_qbo_sandbox/webhooks.py`).

| what changed | type |
|---|---|
| an invoice that was there: anything that moves its `modifiedOn` | tn.acc.invoice-updated |
| its batch; its `syncStatus` to Posted; to Exported | tn.acc.invoice-batched, -posted, -exported |
| an invoice task, new or changed | tn.acc.invoice-task-created, -updated |
| a job: Completed; Scheduled; anything else | tn.jpm.job-completed, -scheduled, -updated |
| an appointment: its start; anything else | tn.jpm.job-rescheduled, -appointment-updated |

Nothing else has an event: no payment, customer, vendor, order, bill, credit memo, pricebook, and no new or
deleted invoice. `{"test": {"type": ..., "resource"?, "id"?}}` sends any type, those of modules that the
sandbox does not have too (bookings, leads, calls, dispatch, sessions).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Iterable
from typing import Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.storage import Change, Document, dump_json
from st_qbo_sandbox.webhooks import Event, WebhookSettings

_PREFIX = "servicetitan/"
_SOURCE = "https://webhooks.servicetitan.io"
_TENANT_NAME = "blueheron"
#: §10: the whole list of types in the specifications of March 2026.
TYPES = (
    *("tn.acc.invoice-updated", "tn.acc.invoice-batched", "tn.acc.invoice-posted", "tn.acc.invoice-exported"),
    *("tn.acc.invoice-task-created", "tn.acc.invoice-task-updated"),
    *("tn.jpm.job-scheduled", "tn.jpm.job-updated", "tn.jpm.job-rescheduled", "tn.jpm.job-completed"),
    *("tn.jpm.job-appointment-updated", "tn.crm.booking-updated", "tn.crm.lead-created"),
    *("tn.crm.lead-updated", "tn.dis.technician-dispatched", "tn.dis.zone-updated", "tn.dis.zone-deleted"),
    *("tn.tlc.call-completed", "tn.tlc.call-updated", "tn.sp.session-completed"),
    "tn.sp.session-abandoned-qualified",
)
_INVOICE_FIELDS = (
    *("id", "syncStatus", "budgetCodeId", "referenceNumber", "invoiceDate", "dueDate", "subTotal"),
    *("salesTax", "salesTaxCode", "taxZoneId", "total", "balance", "invoiceType", "customer"),
    *("customerAddress", "location", "locationAddress", "businessUnit", "termName", "createdBy", "batch"),
    *("depositedOn", "createdOn", "modifiedOn", "adjustmentToId", "job", "projectId", "royalty"),
    *("employeeInfo", "commissionEligibilityDate", "sentStatus", "reviewStatus", "assignedTo"),
)
_JOB_FIELDS = (
    *("id", "jobNumber", "projectId", "customerId", "locationId", "jobStatus", "completedOn"),
    *("businessUnitId", "jobTypeId", "priority", "campaignId", "appointmentCount", "firstAppointmentId"),
    *("lastAppointmentId", "recallForId", "warrantyId", "jobGeneratedLeadSource", "noCharge"),
    *("notificationsEnabled", "createdOn", "createdById", "modifiedOn", "tagTypeIds", "leadCallId"),
    *("partnerLeadCallId", "bookingId", "soldById", "customerPo", "invoiceId", "membershipId", "total"),
    *("createdFromEstimateId", "estimateIds"),
)
_APPOINTMENT_FIELDS = (
    *("id", "jobId", "appointmentNumber", "start", "end", "arrivalWindowStart", "arrivalWindowEnd", "status"),
    *("specialInstructions", "createdOn", "modifiedOn", "customerId", "unused", "createdById"),
    *("isConfirmed", "active"),
)
_LISTS = ("tagTypeIds", "estimateIds")


class ServiceTitanEvents:
    """What ServiceTitan sends."""

    retry_seconds = (10.0, 30.0, 60.0, 300.0)
    repeats_last_retry = False
    is_aggregating = False
    # the receiver's time is not stated (§10)
    defaults = WebhookSettings(timeout_seconds=10.0)

    def __init__(self, records: Records) -> None:
        self._records = records

    def events_of(self, changes: list[Change], settings: WebhookSettings) -> list[Event]:
        """Return the events of what one request changed."""
        found: list[Event] = []
        for change in changes:
            if change.new is None or not change.collection.startswith(_PREFIX):
                continue
            name = change.collection.removeprefix(_PREFIX)
            for type_, data in self._happened(name, change.old, change.new, settings):
                found.append(self._event(type_, data))
        return found

    def test_event(self, asked: dict[str, Any]) -> Event:
        """Return an event of any type about any record."""
        type_ = str(asked.get("type") or "tn.acc.invoice-posted")
        if type_ not in TYPES:
            raise EditError(f"no event type {type_!r}; there are {', '.join(TYPES)}")
        resource = asked.get("resource") or ("jobs" if type_.startswith("tn.jpm.job") else "invoices")
        name = {"invoices": "invoice", "jobs": "job"}.get(resource)
        given = asked.get("id")
        record = self._records.get(resource, given) if name and given is not None else None
        if record is None:
            return self._event(type_, {"test": {"id": given}})
        shown = _invoice(record) if name == "invoice" else _job(record)
        return self._event(type_, {str(name): shown})

    def body_of(self, events: list[Document], settings: WebhookSettings) -> str:
        """Return the body of one call: one event."""
        return dump_json(events[0])

    def renamed(self, event: Document) -> Document:
        """Return the event with another delivery id; `userassignedid` tells that it is the same."""
        return {**event, "id": str(uuid.uuid4())}

    def headers_of(self, body: bytes, settings: WebhookSettings) -> dict[str, str]:
        """Return the headers of one call; the header's name and encoding are third-party knowledge (§10)."""
        headers = {"Content-Type": settings.content_type or "application/cloudevents+json; charset=utf-8"}
        if settings.key:
            digest = hmac.new(settings.key.encode(), body, hashlib.sha256).digest()
            is_hex = settings.encoding.endswith("hex")
            text = digest.hex() if is_hex else base64.b64encode(digest).decode()
            prefix = "sha256=" if settings.encoding.startswith("prefixed") else ""
            headers["x-servicetitan-signature"] = prefix + text
        return headers

    def _event(self, type_: str, data: Document) -> Event:
        now = self._records.stamps.now()
        envelope = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "type": type_,
            "time": now,
            "source": _SOURCE,
            "userassignedid": str(uuid.uuid4()),
            "datacontenttype": "application/json",
            "data": {**data, "tenantId": identity.TENANT, "tenantName": _TENANT_NAME},
        }
        return Event(type_, envelope)

    def _happened(
        self, name: str, old: Document | None, new: Document, settings: WebhookSettings
    ) -> Iterable[tuple[str, Document]]:
        if name == "invoices" and old is not None:
            for type_ in _invoice_types(old, new, settings):
                yield type_, {"invoice": _invoice(new)}
        elif name == "invoice-tasks":
            type_ = "tn.acc.invoice-task-created" if old is None else "tn.acc.invoice-task-updated"
            yield type_, {"invoice": {"id": new.get("_invoiceId")}, "task": {"id": str(new["id"])}}
        elif name == "jobs":
            type_ = _job_type(old, new)
            if type_ is not None:
                yield type_, _job_data(new)
        elif name == "appointments" and old is not None and old.get("modifiedOn") != new.get("modifiedOn"):
            if old.get("start") != new.get("start"):
                job = self._records.get("jobs", new.get("jobId"))
                more = {"appointmentId": new["id"], "appointmentNumber": new.get("appointmentNumber")}
                yield "tn.jpm.job-rescheduled", {**_job_data(job or {"id": new.get("jobId")}), **more}
            yield "tn.jpm.job-appointment-updated", {"appointment": _picked(new, _APPOINTMENT_FIELDS)}


def _invoice_types(old: Document, new: Document, settings: WebhookSettings) -> list[str]:
    if old.get("modifiedOn") == new.get("modifiedOn") or not new.get("active", True):
        return []
    types: list[str] = []
    if old.get("batch") != new.get("batch") and new.get("batch"):
        types.append("tn.acc.invoice-batched")
    if old.get("syncStatus") != new.get("syncStatus"):
        named = {"Posted": "tn.acc.invoice-posted", "Exported": "tn.acc.invoice-exported"}
        types += [named[new["syncStatus"]]] if new.get("syncStatus") in named else []
    if not types or settings.status_fires_updated:
        types.append("tn.acc.invoice-updated")
    return types


def _job_type(old: Document | None, new: Document) -> str | None:
    before, now = (old or {}).get("jobStatus"), new.get("jobStatus")
    if now == "Completed" and before != "Completed":
        return "tn.jpm.job-completed"
    if now == "Scheduled" and before != "Scheduled":
        return "tn.jpm.job-scheduled"
    if old is None or old.get("modifiedOn") == new.get("modifiedOn"):
        return None
    return "tn.jpm.job-updated"


def _invoice(record: Document) -> Document:
    return _picked(record, _INVOICE_FIELDS)


def _job(record: Document) -> Document:
    return _picked(record, _JOB_FIELDS)


def _job_data(record: Document) -> Document:
    return {"job": _job(record), "manageEmployeeEmail": None, "manageFollowUpEmail": None}


def _picked(record: Document, names: Iterable[str]) -> Document:
    return {name: record.get(name, [] if name in _LISTS else None) for name in names}
