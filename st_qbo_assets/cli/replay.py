"""`st-qbo replay`: load days again, found by where their records stand; or one record by itself.

What belongs here: which days or record, and what is told afterwards. What does not: the run (`sync`), what a
load does, and replaying by itself after an outage, which a sensor does.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from st_qbo_assets.cli.days import days_document, is_green, print_days
from st_qbo_assets.cli.lives import Places, life_document, print_life
from st_qbo_assets.cli.output import print_json, say
from st_qbo_assets.cli.processes import ui_url
from st_qbo_assets.cli.sync import RunEnd, check_range, materialize, require_ready, run_dagster
from st_qbo_assets.company_files import CompanyFolder, read_companies, read_company
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.audit import Audit, Life
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.states import RecordStates

_COMPARED = "books/tie_out"


@dataclass(frozen=True)
class ReplayOptions:
    """What the command line asked for.

    Attributes:
        outcome: days on which records stand there.
        servicetitan_id: one record, of the entity.
    """

    company: str
    first: date | None = None
    last: date | None = None
    entity: str | None = None
    outcome: str | None = None
    servicetitan_id: str | None = None


def run_replay(wanted: ReplayOptions, *, as_json: bool) -> int:
    """Replay, and return 0 only if the runs succeeded and what was replayed is well."""
    settings = load_settings()
    folder = read_company(wanted.company)
    read_companies()  # one broken company file keeps Dagster from loading any
    if wanted.entity is not None and wanted.servicetitan_id is not None:
        record = SourceRef(Entity(wanted.entity), wanted.servicetitan_id)
        return _replay_record(settings, folder, record, as_json=as_json)
    if wanted.first is not None and wanted.last is not None:
        check_range(folder.company, wanted.first, wanted.last)
    days = _days(settings, folder.company, wanted)
    if not days:
        say(f"Nothing of {wanted.company} stands so; there is nothing to replay.")
        return 0
    require_ready(folder, settings)
    return _replay_days(settings, folder.company, wanted, days, as_json=as_json)


# Days


def _days(settings: Settings, company: CompanyFile, wanted: ReplayOptions) -> list[date]:
    """Return the days to replay, oldest first."""
    today = datetime.now(UTC).astimezone(company.zone).date()
    first, last = wanted.first or company.start_date, wanted.last or today
    if wanted.outcome is None:
        return [first + timedelta(days=count) for count in range((last - first).days + 1)]
    entity = Entity(wanted.entity) if wanted.entity else None
    database = Database.open(settings)
    try:
        counts = RecordStates(database).counts(Company(company.name), first, last, entity=entity)
    finally:
        database.dispose()
    return sorted({each.day for each in counts if each.outcome is Outcome(wanted.outcome)})


def _replay_days(
    settings: Settings, company: CompanyFile, wanted: ReplayOptions, days: list[date], *, as_json: bool
) -> int:
    ends: list[RunEnd] = []
    documents: list[dict[str, Any]] = []
    for first, last in _spans(days):
        end = materialize(settings, company, first, last, assets=_assets(wanted.entity), quiet=as_json)
        ends.append(end)
        document = days_document(settings, company, first, last)
        documents.append(document)
        if not as_json:
            print_days(document | {"run_id": end.run_id or None})
            for reason in end.reasons:
                say(f"Not everything succeeded: {reason}")
    document = documents[0] | {"days": [day for each in documents for day in each["days"]]}
    if as_json:
        address = ui_url(settings)
        runs = [f"{address}/runs/{end.run_id}" for end in ends if end.run_id]
        document |= {"succeeded": all(end.succeeded for end in ends), "run_urls": runs}
        print_json(document | {"reasons": [reason for end in ends for reason in end.reasons]})
    is_compared = wanted.entity != Entity.VENDOR.value
    return 0 if all(end.succeeded for end in ends) and (is_green(document) or not is_compared) else 1


def _assets(entity: str | None) -> list[str]:
    """Return what is materialized: of vendors no day can be compared."""
    if entity is None:
        return ["loaded/*", _COMPARED]
    loaded = f"loaded/{Entity(entity).plural}"
    return [loaded] if entity == Entity.VENDOR.value else [loaded, _COMPARED]


def _spans(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Yield the unbroken spans of sorted days: each is a run."""
    span: list[date] = []
    for day in days:
        if span and day != span[-1] + timedelta(days=1):
            yield span[0], span[-1]
            span = []
        span.append(day)
    if span:
        yield span[0], span[-1]


# One record


def _replay_record(settings: Settings, folder: CompanyFolder, record: SourceRef, *, as_json: bool) -> int:
    company = folder.company
    if record.entity in (Entity.ITEM, Entity.VENDOR):
        raise SettingsError(
            f"A single {record.entity.label} cannot be loaded by itself.",
            remedy="Replay its day: --entity with --day.",
        )
    require_ready(folder, settings)
    config = {"ops": {f"{company.name}_load_records": {"config": {"records": [str(record)]}}}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", prefix="st-qbo-replay-") as file:
        json.dump(config, file)
        file.flush()
        command = [
            *(sys.executable, "-m", "dagster", "job", "execute"),
            *("-m", "st_qbo_assets.definitions"),
            *("-j", f"{company.name}_replay_record"),
            *("-c", file.name),
        ]
        say(f"Replaying {record} of {company.name}")
        end = run_dagster(settings, company, command, days=1, quiet=as_json)
    life = _life(settings, company, record)
    places = Places(ui_url=ui_url(settings), environment=company.environment, zone=company.zone)
    if as_json:
        told = {"company": company.name, "succeeded": end.succeeded, "reasons": end.reasons}
        print_json(told | {"run_id": end.run_id or None, "record": life_document(life, places)})
    else:
        print_life(life, places)
        for reason in end.reasons:
            say(f"Not everything succeeded: {reason}")
    return 0 if end.succeeded and life.state is not None and life.state.outcome.is_settled else 1


def _life(settings: Settings, company: CompanyFile, record: SourceRef) -> Life:
    database = Database.open(settings)
    try:
        return Audit(database).lives(Company(company.name), [record])[0]
    finally:
        database.dispose()
