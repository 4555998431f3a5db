"""The poll of customers step by step in this process: all that the assets do, without Dagster around it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.days import days_between
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import MAPPED, mapped_row, to_frame
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.loading import write_context
from st_qbo_assets.orchestration.lookups import build_lookup, map_day
from st_qbo_assets.orchestration.master_frames import OBJECTS, changed_customers, changed_objects
from st_qbo_assets.orchestration.master_pairs import MasterLoad, pair_rows, terms_of
from st_qbo_assets.orchestration.references import ReferenceData, References
from tests.integration.masters.shop import Shop

if TYPE_CHECKING:
    import pandas as pd


class Silent:
    """A log that nobody reads."""

    def log_event(self, event: dg.AssetMaterialization, /) -> None:
        """Take an event."""


@dataclass
class Frames:
    """Frames that are kept in memory."""

    kept: dict[tuple[str, ...], "pd.DataFrame"] = field(default_factory=dict[tuple[str, ...], Any])

    def write(self, key: dg.AssetKey, day: date | None, frame: "pd.DataFrame") -> None:
        self.kept[*key.path, str(day)] = frame

    def read(self, key: dg.AssetKey, day: date | None) -> "pd.DataFrame | None":
        return self.kept.get((*key.path, str(day)))


class Poller:
    """Polls the customers of a shop again and again, with the lists of both systems read once."""

    def __init__(self, shop: Shop, connections: Connections) -> None:
        self._shop = shop
        self.connections = connections
        self.ahead = timedelta()
        self._frames = Frames()
        self._references: References | None = None
        self._last: date | None = None
        self._is_by_hand = False

    def now(self) -> datetime:
        """The sandbox's time, which people's edits have advanced."""
        return datetime.now(UTC) + self.ahead

    def poll(self, *, is_by_hand: bool = False) -> list[LoadResult]:
        """Read what changed since the day of the last poll, map it, load it; return where it all stands."""
        self._is_by_hand = is_by_hand
        defs = CompanyDefs(self._shop.company, self._shop.home / "links.csv", now_utc=self.now)
        days = list(days_between(self._last or defs.today(), defs.today()))
        self._last = days[-1]
        return [result for day in days for result in self._poll(defs, day)]

    def _poll(self, defs: CompanyDefs, day: date) -> list[LoadResult]:
        connections, folder = self.connections, cast("FrameFolder", self._frames)
        if self._references is None:
            self._references = ReferenceData(defs, folder, connections).refresh(Silent())
        references = self._references
        records = changed_customers(connections, [day]).get(day, [])
        found = changed_objects(defs, connections, [day], [Entity.CUSTOMER])[Entity.CUSTOMER]
        folder.write(keys.quickbooks(defs.name, "customers"), day, to_frame(found.get(day, []), OBJECTS))
        plain = map_day(Entity.CUSTOMER, day, records, build_lookup(defs, references, connections, records))
        pairs = pair_rows(
            defs, connections, folder, references, entity=Entity.CUSTOMER, day=day, records=records
        )
        rows = [mapped_row(each) for each in (*plain, *pairs)]
        folder.write(keys.mapped(defs.name, Entity.CUSTOMER), day, to_frame(rows, MAPPED))
        context = write_context(defs, connections, references)
        results = DayLoader(context).load(DayInput(day, {Entity.CUSTOMER: plain}, is_fresh=True))
        terms = terms_of(references, folder, defs)
        masters = MasterLoad(defs, connections, folder, terms, context, is_by_hand=self._is_by_hand)
        return [*results, *masters.load(Entity.CUSTOMER, day, results)]
