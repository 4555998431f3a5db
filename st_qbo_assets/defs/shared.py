"""What all companies share: the executor and the resources, built from the settings."""

import dagster as dg

from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.settings import load_settings


@dg.definitions
def shared() -> dg.Definitions:
    """Return executor and resources; runs execute in one process, concurrency is threads inside a step."""
    storage = load_settings().storage
    return dg.Definitions(
        executor=dg.in_process_executor,
        resources={"io_manager": FrameStorage(root=storage), "connector": Connector(storage=storage)},
    )
