"""The reference data of both systems: stored as assets, fetched when missing or asked for anew.

What belongs here: the two unpartitioned frames and when they are good enough. What does not: what
is in them (`quickbooks.reference`, `extract`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.extract.frames import FRAMES, record_of, row_of
from st_qbo_assets.extract.referred import extract_lists
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import to_frame, to_rows
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.quickbooks.reference import Reference, fetch_reference, read_preferences
from st_qbo_assets.servicetitan.records import BusinessUnit, Record, TaxZone

_log = logging.getLogger(__name__)

REFERENCE = {"kind": "text", "id": "text", "name": "text", "raw": "text"}
_WHOLE = "Reference"
#: The run that last asked for the preferences.
_ASKED_BY = "Run"
#: The account a held document misses may have been made since: look again, but not for every day.
_LOOK_AGAIN_AFTER = timedelta(minutes=10)


class EventLog(Protocol):
    """Where a read of the lists outside of their assets is told (`dagster.AssetExecutionContext`)."""

    def log_event(self, event: dg.AssetMaterialization, /) -> None:
        """Take an event."""
        ...


@dataclass(frozen=True)
class References:
    """QuickBooks' reference lists and ServiceTitan's, at one time."""

    fetched_at: datetime
    quickbooks: Reference
    business_units: Mapping[int, BusinessUnit]
    tax_zones: Mapping[int, TaxZone]


class ReferenceData:
    """Reads the two assets; fetches and stores them where they are missing or a fresh look is wanted."""

    def __init__(self, defs: CompanyDefs, folder: FrameFolder, connections: Connections) -> None:
        self._defs = defs
        self._folder = folder
        self._connections = connections
        self._is_asked = False

    def current(self, context: EventLog) -> References:
        """Return what is stored; an asset that was never materialized is fetched and materialized now."""
        quickbooks = self._folder.read(self.quickbooks_key, None)
        lists = self._folder.read(self.servicetitan_key, None)
        if quickbooks is None or lists is None:
            return self.refresh(context)
        rows = list(to_rows(quickbooks))
        stored = next(row for row in rows if row["kind"] == _WHOLE)
        run_id = self._connections.run_id
        self._is_asked |= any(row["kind"] == _ASKED_BY and row["id"] == run_id != "" for row in rows)
        reference = Reference.from_json(stored["raw"])
        if not set(self._defs.company.named_items) <= set(reference.items_asked):
            return self.refresh(context)  # the company file names an item that nobody looked for yet
        records = [record_of(row) for row in to_rows(lists)]
        known = [record for record in records if isinstance(record, Record)]
        return _references(datetime.fromisoformat(stored["id"]), reference, known)

    def newer_than(self, known: References, context: EventLog) -> References | None:
        """Return fresh lists if those known are old enough that a person may have changed something since."""
        is_old = self._defs.now_utc() - known.fetched_at > _LOOK_AGAIN_AFTER
        return self.refresh(context) if is_old else None

    def with_present_preferences(self, known: References, context: EventLog) -> References:
        """Return the lists with QuickBooks' preferences as they are now; a run asks for them once.

        That is one call, and tells a closing date that a person set or took back a moment ago. If QuickBooks
        cannot be asked, what is known stays: whoever is to write finds that out for himself.
        """
        if self._is_asked:
            return known
        lists = known.quickbooks
        try:
            lists = replace(lists, preferences=read_preferences(self._connections.quickbooks.preferences()))
        except SyncError as error:
            _log.warning("preferences=not_read error=%s", type(error).__name__)
        is_changed = lists != known.quickbooks
        if is_changed or self._connections.run_id:
            self._keep(lists, known.fetched_at)
        if is_changed:
            context.log_event(dg.AssetMaterialization(self.quickbooks_key, metadata=_counts(lists)))
        return replace(known, quickbooks=lists)

    def refresh(self, context: EventLog) -> References:
        """Fetch both, store them, and log their materializations."""
        reference, counts = self.fetch_quickbooks()
        lists, list_counts = self.fetch_servicetitan()
        context.log_event(dg.AssetMaterialization(self.quickbooks_key, metadata=counts))
        context.log_event(dg.AssetMaterialization(self.servicetitan_key, metadata=list_counts))
        return _references(self._defs.now_utc(), reference, lists)

    def fetch_quickbooks(self) -> tuple[Reference, dict[str, int]]:
        """Fetch and store QuickBooks' lists; return them and their counts."""
        reference = fetch_reference(self._connections.quickbooks, items=self._defs.company.named_items)
        self._keep(reference, self._defs.now_utc())
        return reference, _counts(reference)

    def _keep(self, reference: Reference, at: datetime) -> None:
        """Store QuickBooks' lists as of an instant, their preferences as of this run."""
        self._is_asked = True
        rows = [
            {"kind": _WHOLE, "id": at.isoformat(), "name": reference.company.name, "raw": reference.to_json()}
        ]
        rows += [{"kind": "Account", "id": a.id, "name": a.label, "raw": None} for a in reference.accounts]
        rows += [{"kind": "Class", "id": c.id, "name": c.label, "raw": None} for c in reference.classes]
        rows += [{"kind": _ASKED_BY, "id": self._connections.run_id, "name": "", "raw": None}]
        self._folder.write(self.quickbooks_key, None, to_frame(rows, REFERENCE))

    def fetch_servicetitan(self) -> tuple[list[Record], dict[str, int]]:
        """Fetch and store ServiceTitan's lists; return them and their counts."""
        records = list(extract_lists(self._connections.servicetitan))
        rows = [row_of(record, "lists") for record in records]
        self._folder.write(self.servicetitan_key, None, to_frame(rows, FRAMES["lists"]))
        readable = [record for record in records if isinstance(record, Record)]
        counts: dict[str, int] = {}
        for record in readable:
            name = type(record).__name__
            counts[name] = counts.get(name, 0) + 1
        return readable, counts

    @property
    def quickbooks_key(self) -> dg.AssetKey:
        """The key of QuickBooks' lists."""
        return keys.quickbooks(self._defs.name, "reference")

    @property
    def servicetitan_key(self) -> dg.AssetKey:
        """The key of ServiceTitan's lists."""
        return keys.servicetitan(self._defs.name, "reference")


def _counts(reference: Reference) -> dict[str, int]:
    return {
        "accounts": len(reference.accounts),
        "classes": len(reference.classes),
        "departments": len(reference.departments),
        "terms": len(reference.terms),
        "payment_methods": len(reference.payment_methods),
        "tax_codes": len(reference.tax_codes),
    }


def _references(fetched_at: datetime, reference: Reference, lists: list[Record]) -> References:
    return References(
        fetched_at=fetched_at,
        quickbooks=reference,
        business_units={r.id: r for r in lists if isinstance(r, BusinessUnit)},
        tax_zones={r.id: r for r in lists if isinstance(r, TaxZone)},
    )
