"""Mapping the days of a run: frames joined into the mapping's lookup, imported when a step runs.

What belongs here: the records a mapping needs, and looking again at lists that may be old. What does not: any
rule (mapping), and the assets (`assets.mapped`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.load.gathering import MASTERS
from st_qbo_assets.load.shapes import is_application_part
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.extracts import own_records
from st_qbo_assets.orchestration.io_manager import DayFrames, FrameFolder
from st_qbo_assets.orchestration.lineage import mapped_around, mapped_from
from st_qbo_assets.orchestration.lookups import build_lookup, map_day
from st_qbo_assets.orchestration.master_pairs import pair_rows
from st_qbo_assets.orchestration.records import day_records
from st_qbo_assets.orchestration.references import EventLog, ReferenceData, References


@dataclass
class DaysMapping:
    """Maps days of one run; QuickBooks' lists are read again where a record is held and they are old.

    Attributes:
        log: where a fresh read of the lists is told.
        is_by_hand: whether a person waits for it, who may have opened or closed the books a moment ago.
        references: the lists mapped by.
    """

    defs: CompanyDefs
    connections: Connections
    data: ReferenceData
    log: EventLog
    is_by_hand: bool = False
    references: References = field(init=False)

    def __post_init__(self) -> None:
        self.references = self.data.current(self.log)

    def map(self, entity: Entity, day: date, frames: Mapping[str, DayFrames]) -> list[Mapped]:
        """Return what the records of a day become, for one entity."""
        own: list[AnyRecord] = []
        records: list[AnyRecord] = []
        company = self.defs.company
        sources = mapped_from(entity, company)
        for name in (*sources, *mapped_around(entity, company)):
            found = list(day_records(frames[name], day))
            records += found
            if name in sources:
                own += own_records(found, name, day=day, company=company)
        result = self._map(entity, day, own, records)
        is_asked = self.is_by_hand and entity not in MASTERS  # names stand in no period
        if is_asked or any(map(rests_on_closing_date, result)):
            known = self.references
            self.references = self.data.with_present_preferences(known, self.log)
            if self.references != known:
                result = self._map(entity, day, own, records)
        if any(each.verdict is Verdict.HELD for each in result):
            fresh = self.data.newer_than(self.references, self.log)
            if fresh is not None:
                self.references = fresh
                result = self._map(entity, day, own, records)
        return result

    def pairs(self, folder: FrameFolder, day: date, frames: Mapping[str, DayFrames]) -> list[Mapped]:
        """Return what of a day's customers would travel between the systems, and what only QuickBooks has."""
        own = list(day_records(frames["customers"], day))
        return pair_rows(
            self.defs, self.connections, folder, self.references, entity=Entity.CUSTOMER, day=day, records=own
        )

    def _map(self, entity: Entity, day: date, own: list[AnyRecord], records: list[AnyRecord]) -> list[Mapped]:
        lookup = build_lookup(self.defs, self.references, self.connections, records)
        return map_day(entity, day, own, lookup)


def rests_on_closing_date(mapped: Mapped) -> bool:
    """Say whether a record waits for its books to be opened, or stands on a later day since they are not."""
    if mapped.reason is not None and mapped.reason.code in ("closed_period", "moved_to_open_day"):
        return True
    if mapped.payload is None or is_application_part(mapped.source):  # tied on the day both were there
        return False
    return str(mapped.payload.body.get("TxnDate") or "") > mapped.day.isoformat()
