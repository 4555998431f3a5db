"""The steps of vendors: mapped and loaded by themselves, since no document of a day brings them.

What belongs here: joining frames, mapping and load for vendors. What does not: the assets (`assets.masters`).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.mapping.vendors import map_vendor
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import mapped_of, to_rows
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.loading import settled_links, write_context
from st_qbo_assets.orchestration.master_frames import objects_in
from st_qbo_assets.orchestration.master_pairs import MasterLoad, is_master_row, pair_rows, terms_of
from st_qbo_assets.orchestration.references import EventLog, ReferenceData


def map_vendors(
    defs: CompanyDefs, connections: Connections, folder: FrameFolder, log: EventLog, days: Sequence[date]
) -> Iterator[tuple[date, list[Mapped]]]:
    """Yield each day with what its vendors become, and what of pairs would travel."""
    references = ReferenceData(defs, folder, connections).current(log)
    company = defs.company
    for day in days:
        frame = folder.read(keys.servicetitan(defs.name, Entity.VENDOR.plural), day)
        own = [
            map_vendor(
                raw,
                day=day,
                latin1=company.characters == "latin1",
                is_created=company.create_vendors.to_quickbooks == "all",
            )
            for _, raw, _ in objects_in(frame)
        ]
        pairs = pair_rows(defs, connections, folder, references, entity=Entity.VENDOR, day=day)
        yield day, [*own, *pairs]


def load_vendors(
    defs: CompanyDefs,
    connections: Connections,
    folder: FrameFolder,
    log: EventLog,
    days: Sequence[date],
    *,
    is_by_hand: bool = False,
) -> Iterator[tuple[date, list[LoadResult]]]:
    """Yield each day with where its vendors stand, in both directions."""
    references = ReferenceData(defs, folder, connections).current(log)
    context = write_context(defs, connections, references)
    loader = DayLoader(context, settled=settled_links(defs))
    terms = terms_of(references, folder, defs)
    masters = MasterLoad(defs, connections, folder, terms, context, is_by_hand=is_by_hand)
    for day in days:
        frame = folder.read(keys.mapped(defs.name, Entity.VENDOR), day)
        rows = [mapped_of(row) for row in to_rows(frame)] if frame is not None else []
        own = [each for each in rows if not is_master_row(each)]
        results = loader.load(DayInput(day=day, mapped={Entity.VENDOR: own}, is_fresh=True))
        done = masters.load(Entity.VENDOR, day, results)
        stopped = loader.stopped or masters.stopped
        if stopped is not None:
            connections.note_stopped(stopped)
        yield day, [*results, *done]
