"""`quickbooks/customers`, `quickbooks/vendors`: what changed there, by the day of the change.

What belongs here: the specs, and handing rows to the frames. What does not: what is read
(`master_frames`), imported when a step runs.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.frames import FrameStream, Row, to_frame
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    import pandas as pd

_MASTERS = (Entity.CUSTOMER, Entity.VENDOR)


def master_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the extracts of customers and vendors that are not a day's documents'."""
    return [_quickbooks(defs)]


def _quickbooks(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{defs.name}_quickbooks_masters",
        outs={
            entity.plural: dg.AssetOut(
                key=keys.quickbooks(defs.name, entity.plural),
                group_name=keys.group(defs.name, "quickbooks"),
                description=f"QuickBooks' {entity.plural} that changed on the day, gone ones included.",
                kinds={"quickbooks"},
            )
            for entity in _MASTERS
        },
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def changed(context: dg.AssetExecutionContext, connector: Connector) -> Iterator[dg.Output[Any]]:
        from st_qbo_assets.orchestration.master_frames import OBJECTS, changed_objects  # heavy: the clients

        days = run_days(context.partition_keys)
        try:
            with connector.open(defs, context.run_id) as connections:
                found = changed_objects(connections, days, defs.now_utc())
                calls = connections.quickbooks.calls.metered
        except SyncError as error:
            raise failure_of(error) from error
        for entity in _MASTERS:
            rows = found[entity]
            key = keys.quickbooks(defs.name, entity.plural)
            for day in days:
                told = {"changed": len(rows.get(day, [])), "metered_calls": calls}
                context.add_asset_metadata(told, asset_key=key, partition_key=day.isoformat())
            yield dg.Output(FrameStream(_stream(days, rows, OBJECTS)), output_name=entity.plural)

    return changed


def _stream(
    days: list[date], rows: dict[date, list[Row]], columns: Any
) -> Callable[[], Iterator[tuple[date, "pd.DataFrame"]]]:
    def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
        for day in days:
            yield day, to_frame(rows.get(day, []), columns)

    return write
