"""`quickbooks/customers` and the vendors of both systems: what changed, what travels, what became of it.

What belongs here: the specs and the steps of vendors. What does not: what is read (`master_frames`), what
travels (`master_pairs`), imported when a step runs, and ServiceTitan's customers, which the documents of a
day bring (`servicetitan`, `mapped`, `loaded`).
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failed_days, failure_of
from st_qbo_assets.orchestration.frames import MAPPED, FrameStream, Row, mapped_row, to_frame
from st_qbo_assets.orchestration.live_runs import is_by_hand, settle_names
from st_qbo_assets.orchestration.metadata import (
    loaded_metadata,
    mapped_metadata,
    merge_reasons,
    pairs_metadata,
)
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    import pandas as pd

Event = dg.AssetMaterialization | dg.AssetObservation
_MASTERS = (Entity.CUSTOMER, Entity.VENDOR)


def master_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the extracts of customers and vendors that are not a day's documents'."""
    return [_quickbooks(defs), _servicetitan_vendors(defs), _mapped_vendors(defs), _loaded_vendors(defs)]


def _quickbooks(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{defs.name}_quickbooks_masters",
        outs={
            entity.plural: dg.AssetOut(
                key=keys.quickbooks(defs.name, entity.plural),
                group_name=keys.group(defs.name, "quickbooks"),
                description=f"QuickBooks' {entity.plural} that changed on the day, gone ones included.",
                kinds={"quickbooks"},
                is_required=False,
            )
            for entity in _MASTERS
        },
        can_subset=True,
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def changed(context: dg.AssetExecutionContext, connector: Connector) -> Iterator[dg.Output[Any]]:
        from st_qbo_assets.orchestration.master_frames import OBJECTS, changed_objects  # heavy: the clients

        days = run_days(context.partition_keys)
        selected = context.op_execution_context.selected_output_names
        wanted = [each for each in _MASTERS if each.plural in selected]
        try:
            with connector.open(defs, context.run_id) as connections:
                before = connections.quickbooks.calls.metered
                found = changed_objects(defs, connections, days, wanted)
                calls = connections.quickbooks.calls.metered - before
        except SyncError as error:
            raise failure_of(error) from error
        for entity in wanted:
            rows = found[entity]
            key = keys.quickbooks(defs.name, entity.plural)
            for day in days:
                told = {"changed": len(rows.get(day, [])), "metered_calls": calls}
                context.add_asset_metadata(told, asset_key=key, partition_key=day.isoformat())
            yield dg.Output(FrameStream(_stream(days, rows, OBJECTS)), output_name=entity.plural)

    return changed


def _servicetitan_vendors(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.servicetitan(defs.name, Entity.VENDOR.plural),
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "servicetitan"),
        description="ServiceTitan's vendors that changed on the day.",
        kinds={"servicetitan"},
    )
    def vendors(context: dg.AssetExecutionContext, connector: Connector) -> FrameStream:
        from st_qbo_assets.orchestration.master_frames import OBJECTS, changed_vendors  # heavy: the clients

        days = run_days(context.partition_keys)
        try:
            with connector.open(defs, context.run_id) as connections:
                rows = changed_vendors(connections, days)
        except SyncError as error:
            raise failure_of(error) from error
        for day in days:
            context.add_asset_metadata({"changed": len(rows.get(day, []))}, partition_key=day.isoformat())
        return FrameStream(_stream(days, rows, OBJECTS))

    return vendors


def _mapped_vendors(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.mapped(defs.name, Entity.VENDOR),
        deps=[
            keys.servicetitan(defs.name, Entity.VENDOR.plural),
            keys.quickbooks(defs.name, Entity.VENDOR.plural),
            keys.servicetitan(defs.name, "reference"),
            keys.quickbooks(defs.name, "reference"),
        ],
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "mapped"),
        description="What each vendor becomes in QuickBooks, and what of a pair would travel.",
        kinds={"python"},
    )
    def vendors(context: dg.AssetExecutionContext, connector: Connector) -> FrameStream:
        from st_qbo_assets.orchestration.master_runs import map_vendors  # heavy: clients and mapping

        days = run_days(context.partition_keys)

        def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
            with connector.open(defs, context.run_id) as connections:
                for day, result in map_vendors(defs, connections, connector.frames, context, days):
                    metadata = mapped_metadata(result) | pairs_metadata(result)
                    context.add_asset_metadata(metadata, partition_key=day.isoformat())
                    yield day, to_frame([mapped_row(item) for item in result], MAPPED)

        return FrameStream(write)

    return vendors


def _loaded_vendors(defs: CompanyDefs) -> dg.AssetsDefinition:
    key = keys.loaded(defs.name, Entity.VENDOR)

    @dg.multi_asset(
        name=f"{defs.name}_load_vendors",
        specs=[
            dg.AssetSpec(
                key,
                deps=[keys.mapped(defs.name, Entity.VENDOR)],
                group_name=keys.group(defs.name, "loaded"),
                description="Vendors in both systems: created, linked, or brought to agree.",
                skippable=True,
                kinds={"quickbooks", "servicetitan"},
            )
        ],
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def vendors(context: dg.AssetExecutionContext, connector: Connector) -> Iterator[Event]:
        from st_qbo_assets.orchestration.master_runs import load_vendors  # heavy: clients and load
        from st_qbo_assets.orchestration.queueing import queue_metadata

        bad: list[str] = []
        failing: list[LoadResult] = []
        try:
            with connector.open(defs, context.run_id) as connections:
                days, asked = run_days(context.partition_keys), is_by_hand(context.run)
                loaded = load_vendors(defs, connections, connector.frames, context, days, is_by_hand=asked)
                for day, results in loaded:
                    metadata, partition = loaded_metadata(results, defs.company), day.isoformat()
                    metadata |= queue_metadata(connections, results, defs.now_utc())
                    wrong = [result for result in results if result.outcome.fails_partition]
                    failing += wrong
                    if wrong:
                        bad.append(partition)
                        yield dg.AssetObservation(key, partition=partition, metadata=metadata)
                    else:
                        yield dg.AssetMaterialization(key, partition=partition, metadata=metadata)
                settle_names(context, connections, ["Vendor"])
        except SyncError as error:
            raise failure_of(error) from error
        if bad:
            raise failed_days(merge_reasons(failing), days={key.to_user_string(): bad})

    return vendors


def _stream(
    days: list[date], rows: dict[date, list[Row]], columns: Any
) -> Callable[[], Iterator[tuple[date, "pd.DataFrame"]]]:
    def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
        for day in days:
            yield day, to_frame(rows.get(day, []), columns)

    return write
