"""Dagster resources: thin shells around plain objects.

What does not belong here: tokens, caches, locks, paging; they live in the packages below.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.settings import load_settings

if TYPE_CHECKING:
    from st_qbo_assets.connections import Connections


class Connector(dg.ConfigurableResource[None]):
    """Opens a company's two vendors and the store for the length of a step.

    Attributes:
        storage: the root of the frames.
    """

    storage: str

    @property
    def frames(self) -> FrameFolder:
        """The frames between the stages."""
        return FrameFolder(self.storage)

    @contextmanager
    def open(self, defs: CompanyDefs, run_id: str) -> Generator["Connections"]:
        """Yield the connections of a company; they are closed at the end.

        Whichever step finds a connection stopped, it is kept, for the alert and for who looks.
        """
        from st_qbo_assets.connections import open_connections  # heavy: clients and database

        connections = open_connections(defs.company, load_settings(), run_id=run_id)
        try:
            yield connections
            connections.note_answered()
        except ConnectionStopped as error:
            connections.note_stopped(error)
            raise
        finally:
            connections.close()
