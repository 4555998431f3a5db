"""The job that loads single records: `st-qbo replay --id`, or its launchpad in the UI.

What belongs here: the op and its config. What does not: what it does (`single_load`), imported when it runs.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from st_qbo_assets.domain.errors import SettingsError, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.resources import Connector


class RecordsConfig(dg.Config):
    """Which records."""

    records: list[str] = Field(description="records as `st-qbo audit` names them, like invoice:8001001")


def replay_record_job(defs: CompanyDefs) -> dg.JobDefinition:
    """Return the job of a company that loads single records and writes nothing else."""

    @dg.op(name=f"{defs.name}_load_records", out={}, description="Loads these records and no others.")
    def load_records(
        context: dg.OpExecutionContext, connector: Connector, config: RecordsConfig
    ) -> Iterator[Any]:
        from st_qbo_assets.orchestration.single_load import SingleLoad  # heavy: clients, database, books

        try:
            records = [_record(name) for name in config.records]
            with connector.open(defs, context.run_id) as connections:
                yield from SingleLoad(defs, connections, connector, context).events(records)
        except SyncError as error:
            raise failure_of(error) from error

    @dg.job(
        name=job_name(defs.name),
        description="Single records, loaded by themselves: only they are written. Days that are red stay so "
        "unless nothing of them is wrong any more.",
    )
    def replay_record() -> None:
        load_records()

    return replay_record


def job_name(company: str) -> str:
    """Return the name of the job."""
    return f"{company}_replay_record"


def _record(name: str) -> SourceRef:
    try:
        source = SourceRef.parse(name).record
    except ValueError as error:
        raise SettingsError(
            f"{name!r} is no record.", remedy="Write it as `st-qbo audit` does: invoice:8001001."
        ) from error
    if source.entity is Entity.ITEM:
        raise SettingsError(
            "An item comes with the invoices that need it.", remedy="Replay one of them, or the day."
        )
    return source
