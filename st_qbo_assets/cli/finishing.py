"""The demo stays up: a job waits to be finished, and whatever is booked by an event is told as it happens.

What belongs here: a job in progress with its invoice, how a person finishes it, and what followed. What does
not: receiving the event and running (the web part, Dagster).
"""

import json
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from st_qbo_assets.alerting.conditions import Pages
from st_qbo_assets.cli.output import money, say
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.inbox import Inbox

Json = dict[str, Any]
_JOB_FIELDS = (
    *("customerId", "locationId", "businessUnitId", "jobTypeId", "campaignId", "priority", "tagTypeIds"),
    *("noCharge", "notificationsEnabled", "summary"),
)
_DOCUMENTS = (Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT)


def offer_job(settings: Settings) -> None:
    """Put a job in progress into the sandbox, with its invoice, and say how it is finished."""
    base = settings.sandbox_servicetitan_url
    job = _open_job(base) or _new_job(base)
    if job is None:
        return
    command = json.dumps({"act": "complete_job", "id": job["id"]})
    say(f"Job {job['jobNumber']} is in progress. Finish it, and its invoice is in QuickBooks within seconds:")
    say(f"  curl -s {base}/_sandbox/edit -H 'Content-Type: application/json' -d '{command}' >/dev/null")


def _state(base: str, resource: str) -> list[Json]:
    with urllib.request.urlopen(f"{base}/_sandbox/state?entity={resource}", timeout=30) as answer:  # noqa: S310 - the address is the sandbox's
        return cast("list[Json]", json.load(answer))


def _act(base: str, body: Json) -> Json:
    """Act as a person in ServiceTitan."""
    request = urllib.request.Request(  # noqa: S310 - the address is the sandbox's
        f"{base}/_sandbox/edit",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is the sandbox's
        return cast(Json, json.load(answer))


def _open_job(base: str) -> Json | None:
    """Return a job of an earlier demo that nobody finished."""
    found = (
        job for job in _state(base, "jobs") if job.get("jobStatus") == "InProgress" and job.get("invoiceId")
    )
    return next(found, None)


def _new_job(base: str) -> Json | None:
    """Make a job like the last one that was done, not done yet, and its invoice."""
    invoices = {invoice["id"]: invoice for invoice in _state(base, "invoices")}
    done = [
        (job, invoices[job["invoiceId"]])
        for job in _state(base, "jobs")
        if job.get("jobStatus") == "Completed" and job.get("invoiceId") in invoices
    ]
    like = next(((job, sold) for job, sold in reversed(done) if _is_plain(sold)), None)
    if like is None:
        return None
    old, sold = like
    fields = {name: old[name] for name in _JOB_FIELDS if name in old}
    number = str(int(old["jobNumber"]) + 7_000_000 if str(old["jobNumber"]).isdigit() else old["id"])
    record = fields | {"jobStatus": "InProgress", "jobNumber": number, "completedOn": None}
    job = _act(base, {"act": "add", "resource": "jobs", "record": record})
    lines = [
        {n: item[n] for n in ("skuId", "quantity", "price", "generalLedgerAccount") if n in item}
        for item in sold["items"]
    ]
    invoice = _act(
        base,
        {
            "act": "add_invoice",
            "customer_id": sold["customer"]["id"],
            "location_id": sold["location"]["id"],
            "business_unit_id": sold["businessUnit"]["id"],
            "job_id": job["id"],
            "lines": lines,
        },
    )
    _act(base, {"act": "update", "resource": "jobs", "id": job["id"], "set": {"invoiceId": invoice["id"]}})
    return job


def _is_plain(invoice: Json) -> bool:
    items = cast("list[Json]", invoice.get("items") or [])
    return (
        bool(items)
        and invoice.get("adjustmentToId") is None
        and float(invoice["total"]) > 0
        and all(item.get("isChargeable", True) and float(item["price"]) > 0 for item in items)
        and all(invoice.get(name) for name in ("customer", "location", "businessUnit"))
    )


@dataclass
class Watch:
    """Tells of every run that settled events, once."""

    settings: Settings
    company: CompanyFile
    _connections: Connections | None = None
    _since: datetime | None = None
    _told: set[str] = field(default_factory=set[str])

    def look(self) -> None:
        """Tell what was settled since the last look."""
        if self._connections is None:
            self._connections = open_connections(self.company, self.settings)
            self._since = self._connections.dirty_days.present()
        connections, since = self._connections, self._since
        assert since is not None
        for run in Inbox(connections.database).settled_runs(connections.name, since):
            if run.run_id not in self._told:
                self._told.add(run.run_id)
                self._tell(connections, run.run_id, (run.settled_at - run.received_at).total_seconds())

    def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            self._connections.close()

    def _tell(self, connections: Connections, run_id: str, seconds: float) -> None:
        written = connections.links.of_run(connections.name, run_id)
        documents = [link for link in written if link.source.entity in _DOCUMENTS]
        pages = Pages(self.settings, self.company.name)
        if not documents:
            say(f"{seconds:.1f} s after an event, nothing was booked: run {pages.run(run_id)}")
            return
        say(f"{seconds:.1f} s after its event: run {pages.run(run_id)}")
        states = connections.states.of_sources(connections.name, [link.source for link in documents])
        days: dict[str, None] = {}
        for link in documents:
            state = states.get(link.source)
            amount = f" {money(state.cents)}" if state is not None and state.cents else ""
            say(f"  {_name(link.source)}{amount} is QuickBooks {link.target} {link.qbo_id} {link.number}")
            if state is not None:
                days[pages.partition(f"loaded/{link.source.entity.plural}", state.day)] = None
        for page in days:
            say(f"  its day, with what is in both systems: {page}")


def _name(source: SourceRef) -> str:
    return f"{source.entity.label} {source.id}" + (f" ({source.part})" if source.part else "")
