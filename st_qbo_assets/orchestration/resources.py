"""Dagster resources: thin shells around plain objects.

What does not belong here: tokens, caches, locks, paging; they live in the packages below.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import DayFrames, FrameFolder, Recent
from st_qbo_assets.settings import load_settings

if TYPE_CHECKING:
    from st_qbo_assets.connections import Connections


class Connector(dg.ConfigurableResource[None]):
    """Opens a company's two vendors and the store for the length of a run, or of a sensor's look.

    Steps of one process share what the first of them opened: sixteen steps of a live run would else connect,
    look up secrets and ask for the schema sixteen times.

    Attributes:
        storage: the root of the frames.
    """

    storage: str
    #: None outside of an execution: who opens closes.
    _shared: "dict[Company, Connections] | None" = PrivateAttr(None)
    _recent: Recent | None = PrivateAttr(None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Begin to share."""
        self._shared, self._recent = {}, {}

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Close what is shared."""
        shared, self._shared, self._recent = self._shared or {}, None, None
        for connections in shared.values():
            connections.close()

    @property
    def frames(self) -> FrameFolder:
        """The frames between the stages."""
        return FrameFolder(self.storage)

    def read_days(
        self, defs: CompanyDefs, names: Iterable[str], days: Sequence[date]
    ) -> dict[str, DayFrames]:
        """Return extracts of ServiceTitan by name, each a lazy mapping of days.

        Steps read them here and not as inputs, each of which would cost two events in Dagster's log.
        """
        return {
            name: DayFrames(self.frames, keys.servicetitan(defs.name, name), days, recent=self._recent)
            for name in names
        }

    @contextmanager
    def open(self, defs: CompanyDefs, run_id: str) -> Generator["Connections"]:
        """Yield the connections of a company; what they saw is kept at the end.

        Whichever step finds a connection stopped, it is kept, for the alert and for who looks.
        """
        connections = self._connections(defs, run_id)
        try:
            yield connections
            connections.note_answered()
        except ConnectionStopped as error:
            connections.note_stopped(error)
            raise
        finally:
            if self._shared is None:
                connections.close()
            else:
                connections.flush()

    def _connections(self, defs: CompanyDefs, run_id: str) -> "Connections":
        from st_qbo_assets.connections import open_connections  # heavy: clients and database

        shared = self._shared.get(defs.name) if self._shared is not None else None
        if shared is not None:
            return shared
        connections = open_connections(defs.company, load_settings(), run_id=run_id)
        if self._shared is not None:
            self._shared[defs.name] = connections
        return connections
