"""The tie-out of a run's days: both systems read anew, compared, kept.

What belongs here: handing the clients and the store to `books`, and keeping the verdicts. What does
not: the comparison.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from st_qbo_assets.books.evidence import OwnLoad
from st_qbo_assets.books.gather import Gathered, Sources, gather
from st_qbo_assets.books.reads import DriftFinder as Finder
from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.tie_out import tie_out
from st_qbo_assets.books.verdict import day_json, verdict_of
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.drifting import DriftFinder
from st_qbo_assets.orchestration.frames import to_rows
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.store.tie_outs import TieOutRecord

#: QuickBooks' account type of what customers owe.
_RECEIVABLE = "Accounts Receivable"
#: Days compared at once: a few metered calls each, and the memory of so many days.
WINDOW_DAYS = 7


def tie_out_days(
    defs: CompanyDefs,
    connections: Connections,
    references: References,
    *,
    folder: FrameFolder,
    days: Sequence[date],
    loaded_since: datetime | None,
) -> Iterator[DayTieOut]:
    """Yield every day compared, oldest first; verdicts are kept before they are given.

    Args:
        defs: of the company.
        connections: its two systems and the store.
        references: QuickBooks' accounts.
        folder: the frames, which say how recent the records were that were loaded.
        days: the days to compare.
        loaded_since: before the same run began to read and then load them, so that they are no longer due;
            None if it only compares.
    """
    for first in range(0, len(days), WINDOW_DAYS):
        window = days[first : first + WINDOW_DAYS]
        read_at = loaded_since or connections.dirty_days.present()
        finder = DriftFinder(connections)
        seen_until = _seen_until(defs, folder, window)
        loads = OwnLoads(defs, connections, folder)
        sources = _sources(
            connections, references, seen_until, find_drift=finder.compare, own_load=loads.last_of
        )
        gathered = gather(sources, defs.company, window, today=defs.today())
        for key in gathered.quickbooks.absent:
            finder.note_deleted(key.target, [key.id])
        finder.mark_days(defs)
        compared = _compare(defs, references, gathered, window)
        connections.tie_outs.save(_record(defs, day, connections.run_id) for day in compared)
        connections.dirty_days.clear(defs.name, window, read_at=read_at, only_loaded=loaded_since is None)
        yield from compared


def _sources(
    connections: Connections,
    references: References,
    seen_until: datetime | None,
    *,
    find_drift: Finder,
    own_load: Callable[[Entity, date], OwnLoad],
) -> Sources:
    return Sources(
        servicetitan=connections.servicetitan,
        quickbooks=connections.quickbooks,
        records=connections.ledger,
        links=connections.links,
        doubled=connections.markers.duplicates(connections.realm),
        find_drift=find_drift,
        receivable=frozenset(
            account.id for account in references.quickbooks.accounts if account.type == _RECEIVABLE
        ),
        seen_until=seen_until,
        own_load=own_load,
        book_close=references.quickbooks.preferences.book_close_date,
    )


def _compare(
    defs: CompanyDefs, references: References, gathered: Gathered, days: Sequence[date]
) -> list[DayTieOut]:
    return tie_out(
        days,
        gathered.servicetitan,
        quickbooks=gathered.quickbooks,
        evidence=gathered.evidence,
        company=defs.company,
        chart=references.quickbooks,
        today=defs.today(),
    )


def _seen_until(defs: CompanyDefs, folder: FrameFolder, days: Sequence[date]) -> datetime | None:
    """Return the newest vendor's stamp among the records the days were loaded from.

    What ServiceTitan stamped later was not there to be loaded: it waits, and is no fault.
    """
    stamps: list[datetime] = []
    for name in ("invoices", "credit_memos", "payments", *(each.plural for each in keys.BUYING_ORDER)):
        for day in days:
            stamps += _stamps(defs, folder, name, day=day) or ()
    return max(stamps, default=None)


def _stamps(defs: CompanyDefs, folder: FrameFolder, name: str, *, day: date) -> list[datetime] | None:
    """Return the vendor's stamps of what a day was loaded from; None if it never was."""
    frame = folder.read(keys.servicetitan(defs.name, name), day)
    if frame is None:
        return None
    return [row["modified_on"] for row in to_rows(frame, "modified_on") if row["modified_on"]]


@dataclass
class OwnLoads:
    """What was loaded of the days of single records, each day looked up once.

    A day of which no records were read was never loaded. One that changed and that no run has loaded since
    is due, too.
    """

    defs: CompanyDefs
    connections: Connections
    folder: FrameFolder
    _known: dict[tuple[Entity, date], OwnLoad] = field(default_factory=dict[tuple[Entity, date], OwnLoad])

    def last_of(self, entity: Entity, day: date) -> OwnLoad:
        """Return what is known of the last load of a day's records of a kind."""
        if (entity, day) not in self._known:
            stamps = _stamps(self.defs, self.folder, entity.plural, day=day)
            seen_until = max(stamps or (), default=None)
            self._known[entity, day] = OwnLoad(stamps is None or day in self._to_load, seen_until)
        return self._known[entity, day]

    @cached_property
    def _to_load(self) -> frozenset[date]:
        return frozenset(self.connections.dirty_days.to_load(self.defs.name))


def _record(defs: CompanyDefs, day: DayTieOut, run_id: str) -> TieOutRecord:
    document = day_json(day, defs.company.environment)
    rows = [{"entity": name, **figures} for name, figures in document.pop("entities").items()]
    return TieOutRecord(
        company=defs.name,
        day=day.day,
        is_green=verdict_of(day).is_green,
        difference_cents=sum(abs(figure.difference_cents) for figure in day.figures),
        unexplained_cents=day.unexplained_cents,
        rows=rows,
        causes=document["records"],
        run_id=run_id,
    )
