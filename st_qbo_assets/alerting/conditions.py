"""What needs a person now, read from the store: each thing with a key, so that it is told once.

What belongs here: the conditions and their words. What does not: failed runs, which only Dagster knows
(orchestration), keeping and telling alerts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from st_qbo_assets.books.causes import DOES_NOT_ADD_UP
from st_qbo_assets.books.figures import BALANCES
from st_qbo_assets.connecting.lifetimes import notices_of
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.alerts import Concern
from st_qbo_assets.store.attention import Attention, Standing
from st_qbo_assets.store.connection_states import ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tie_outs import TieOutRecord, TieOuts
from st_qbo_assets.store.tokens import token_dates

#: Kinds this module opens and closes.
KINDS = ("connection", "held", "failed", "outage", "difference", "stale", "expiry")
#: Days whose newest comparison is looked at: older ones were told when they were new.
_COMPARED_DAYS = 35
_SYSTEMS = {"servicetitan": "ServiceTitan", "quickbooks": "QuickBooks"}


@dataclass(frozen=True)
class Pages:
    """Where a person sees what she is told of."""

    settings: Settings
    company: str

    def partition(self, asset: str, day: date) -> str:
        """Return the page of a day of an asset."""
        path = "/".join(quote(part) for part in (self.company, *asset.split("/")))
        return f"{self.settings.ui_url}/assets/{path}?view=partitions&partition={day.isoformat()}"

    def asset(self, asset: str) -> str:
        """Return the page of an asset."""
        return f"{self.settings.ui_url}/assets/{self.company}/{asset}"

    def run(self, run_id: str) -> str:
        """Return the page of a run."""
        return f"{self.settings.ui_url}/runs/{run_id}"

    @property
    def connect(self) -> str:
        """The Connect page of the company."""
        return f"{self.settings.public_url}/connect/{self.company}"

    @property
    def automation(self) -> str:
        """The page of schedules and sensors."""
        return f"{self.settings.ui_url}/automation"


def concerns_of(company: CompanyFile, database: Database, settings: Settings, now: datetime) -> list[Concern]:
    """Return everything that needs a person now, by what the company file asks for."""
    policy, name = company.alerts, Company(company.name)
    pages, attention = Pages(settings, company.name), Attention(database)
    found: list[Concern] = []
    if policy.connections:
        found += _connections(name, database, pages)
    if policy.failures:
        found += _failures(attention.failing(name), pages)
    if policy.held_hours is not None:
        waiting = attention.waiting(name, since=now - timedelta(hours=policy.held_hours))
        found += _held(waiting, pages, hours=policy.held_hours)
    if policy.differences:
        today = now.astimezone(company.zone).date()
        newest = TieOuts(database).newest(name, today - timedelta(days=_COMPARED_DAYS), today)
        found += _differences(newest.values(), pages)
    if policy.stale_hours is not None:
        found += _stale(attention.last_read(name), pages, now=now, hours=policy.stale_hours)
    if policy.token_expiry:
        found += _expiry(company, database, pages, now)
    return found


def _connections(name: Company, database: Database, pages: Pages) -> Iterator[Concern]:
    for state in ConnectionStates(database).all(name):
        if state.is_stopped:
            text = f"The connection to {_SYSTEMS[state.system]} is stopped: {state.message}"
            yield Concern("connection", f"{state.system}/{state.code}", text, state.remedy, pages.connect)


def _failures(standing: Sequence[Standing], pages: Pages) -> Iterator[Concern]:
    passing = [each for each in standing if each.passes]
    if passing:
        count, days = sum(each.count for each in passing), len({each.day for each in passing})
        text = (
            f"{_many(count, 'record')} of {_many(days, 'day')} could not be loaded since a system did not "
            f"answer: {passing[0].text}"
        )
        remedy = "Nothing to do: they are loaded again by themselves when both systems answer."
        yield Concern("outage", "records", text, remedy, pages.automation)
    refused = [each for each in standing if not each.passes]
    for each in _by_day(refused):
        entity, day, count = each[0].entity, each[0].day, sum(one.count for one in each)
        text = f"{_named(count, entity)} of {day} failed: {each[0].text}"
        link = pages.partition(f"loaded/{entity.plural}", day)
        yield Concern("failed", f"{entity.value}/{day}", text, each[0].remedy, link)


def _by_day(standing: Iterable[Standing]) -> list[list[Standing]]:
    """Return what failed by entity and day, the commonest reason first."""
    groups: dict[tuple[Entity, date], list[Standing]] = {}
    for each in standing:
        groups.setdefault((each.entity, each.day), []).append(each)
    return [sorted(group, key=lambda each: -each.count) for group in groups.values()]


def _held(waiting: Sequence[Standing], pages: Pages, *, hours: int) -> Iterator[Concern]:
    groups: dict[str, list[Standing]] = {}
    for each in waiting:
        groups.setdefault(each.code, []).append(each)
    for code, group in sorted(groups.items()):
        count, cents = sum(each.count for each in group), sum(each.cents for each in group)
        oldest = min(group, key=lambda each: each.day)
        text = (
            f"{_many(count, 'record')} over {from_cents(cents):,} wait for more than {hours} hours, the "
            f"oldest of {oldest.day}: {oldest.text}"
        )
        link = pages.partition(f"loaded/{oldest.entity.plural}", oldest.day)
        yield Concern("held", code, text, oldest.remedy, link)


def _differences(newest: Iterable[TieOutRecord], pages: Pages) -> Iterator[Concern]:
    for record in newest:
        causes = [cause for cause in record.causes if cause.get("kind") == "failing"]
        if not causes and not record.unexplained_cents:
            continue
        figures = [cause for cause in causes if cause.get("cause") == DOES_NOT_ADD_UP.name]
        told = [_differing([cause for cause in causes if cause not in figures])]
        told += [f"{DOES_NOT_ADD_UP.words} {cause.get('evidence', '')}" for cause in figures]
        text = f"{record.day}: {' '.join(words for words in told if words)}"
        remedy = next((str(cause["remedy"]) for cause in causes if cause.get("remedy")), "")
        yield Concern(
            "difference", record.day.isoformat(), text, remedy, pages.partition("books/tie_out", record.day)
        )


def _differing(causes: Sequence[Json]) -> str:
    """Return by how much documents differ, and why; empty if none does."""
    if not causes:
        return ""
    words = dict.fromkeys(str(cause.get("words", "")) for cause in causes)
    gaps = _gaps(causes)
    cents = sum(gaps.values())
    gap = f"differ by {from_cents(cents):,}" if cents else "differ, though not in a total"
    return f"ServiceTitan and QuickBooks {gap} ({_many(len(gaps), 'document')}). {' '.join(words)}"


def _gaps(causes: Sequence[Json]) -> dict[str, int]:
    """Return by how many cents each failing document differs.

    A document that differs in total and in what is open of it is one. What is open of another is no gap of
    its own where it follows from a document that is told.
    """
    told = {cause.get("cause") for cause in causes if cause.get("entity") != BALANCES}
    gaps: dict[str, int] = {}
    for place, cause in enumerate(causes):
        if cause.get("entity") == BALANCES and cause.get("cause") in told:
            continue
        name = str(cause.get("source") or cause.get("quickbooks") or place)
        gaps[name] = max(gaps.get(name, 0), abs(int(cause.get("difference_cents") or 0)))
    return gaps


def _stale(last: dict[str, datetime], pages: Pages, *, now: datetime, hours: int) -> Iterator[Concern]:
    for feed, at in sorted(last.items()):
        if now - at <= timedelta(hours=hours):
            continue
        past = f"{(now - at).total_seconds() / 3600:.0f} hours"
        text = f"{feed} for {past}; the last time was {at:%Y-%m-%d %H:%M} UTC."
        remedy = (
            "See that `st-qbo up` runs, and that the schedules and sensors of the company are switched on "
            "(Automation)."
        )
        yield Concern("stale", feed, text, remedy, pages.automation)


def _expiry(company: CompanyFile, database: Database, pages: Pages, now: datetime) -> Iterator[Concern]:
    account = f"{company.environment.value}:{company.quickbooks.realm}"
    dates = token_dates(database).get(("quickbooks", account))
    for notice in notices_of(company.name, dates, now):
        yield Concern("expiry", f"{notice.what}/{notice.step}", notice.text, notice.remedy, pages.connect)


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _named(count: int, entity: Entity) -> str:
    return f"{count} {entity.label}" if count == 1 else f"{count} {entity.plural.replace('_', ' ')}"
