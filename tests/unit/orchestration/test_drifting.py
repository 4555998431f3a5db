"""Following QuickBooks' changes: nothing is forgotten before it is safe, nothing stale is believed."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Realm, SourceRef
from st_qbo_assets.load.verify import owned_fields
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.drifting import FEED, follow_changes
from st_qbo_assets.orchestration.quickbooks_changes import names_changed
from st_qbo_assets.quickbooks.answers import Changes
from st_qbo_assets.store.links import Link, LinkState

DEMO = Path(__file__).parents[3] / "st_qbo_assets" / "defs" / "demo" / "defs.yaml"
NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
INVOICE = {"Id": "7", "SyncToken": "2", "TxnDate": "2026-03-10", "DocNumber": "N7", "TotalAmt": 5}


@dataclass
class Places:
    """The parts of a company's connections that are used, as plain values.

    Attributes:
        changed: what QuickBooks tells.
        dies: keeping drift fails.
    """

    changed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: dict[str, list[str]] = field(default_factory=dict)
    known: list[Link] = field(default_factory=list)
    mark: datetime | None = NOW - timedelta(hours=4)
    dies: bool = False
    asked: list[datetime] = field(default_factory=list)
    due: list[date] = field(default_factory=list)
    most: int = 1000
    name: Company = Company("demo")

    # QuickBooks

    def cdc(self, entities: Iterable[str], since: datetime) -> Changes:
        self.asked.append(since)
        objects = {name: tuple(rows) for name, rows in self.changed.items() if name in entities}
        deleted = {name: tuple(ids) for name, ids in self.deleted.items() if name in entities}
        is_cut = sum(map(len, objects.values())) > self.most
        return Changes(objects, deleted, truncated=is_cut, as_of=NOW, intuit_tid="")

    # Store

    def get(self, company: Company, feed: str) -> datetime | None:
        assert feed == FEED
        return self.mark

    def advance(self, company: Company, feed: str, mark: datetime) -> None:
        self.mark = mark

    def oldest(self, company: Company) -> datetime | None:
        return None

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str]) -> dict[str, list[Link]]:
        wanted = set(qbo_ids)
        return {link.qbo_id: [link] for link in self.known if link.target == target and link.qbo_id in wanted}

    def set_drift(self, link: Link, drift: dict[str, Any] | None) -> bool:
        if self.dies:
            raise ConnectionError("the database is away")
        self.known = [replace(each, drift=drift) if each is link else each for each in self.known]
        return True

    def flush(self) -> None: ...

    @property
    def defs(self) -> CompanyDefs:
        company = CompanyFile.model_validate(yaml.safe_load(DEMO.read_text())["attributes"])
        return CompanyDefs(company, Path("links.csv"), lambda: NOW)

    def follow(self):
        return follow_changes(self.defs, cast("Connections", _Connected(self)))

    def poll(self, since: datetime):
        connections = cast("Connections", _Connected(self))
        return names_changed(self.defs, connections, ["Customer", "Vendor"], since)


@dataclass
class _DirtyDays:
    places: Places

    def mark(self, company: Company, days: Iterable[date]) -> None:
        self.places.due += days


class _Connected:
    """Places under the names that connections have."""

    def __init__(self, places: Places) -> None:
        self.name, self.quickbooks, self.links, self.marks = places.name, places, places, places
        self.dirty_days, self.flush = _DirtyDays(places), places.flush


def link(**changes: Any) -> Link:
    known = Link(
        Company("demo"),
        SourceRef.parse("invoice:1"),
        "Invoice",
        Realm("9"),
        "7",
        sync_token="1",
        confirmed=owned_fields("Invoice", INVOICE),
        day=date(2026, 3, 10),
    )
    return replace(known, **changes)


@pytest.mark.rule("5.3")
def test_an_edit_is_kept_and_its_day_is_due() -> None:
    places = Places({"Invoice": [INVOICE | {"DocNumber": "X"}]}, known=[link()])
    followed = places.follow()
    assert [each.drift for each in places.known] == [{"DocNumber": {"confirmed": "N7", "now": "X"}}]
    assert len(followed.found) == 1
    assert places.due == [date(2026, 3, 10)]


@pytest.mark.rule("5.3")
def test_the_mark_moves_only_after_everything_is_kept() -> None:
    places = Places({"Invoice": [INVOICE | {"DocNumber": "X"}]}, known=[link()], dies=True)
    before = places.mark
    with pytest.raises(ConnectionError):
        places.follow()
    assert places.mark == before
    places.dies = False
    places.follow()
    assert places.asked == [before, before]
    assert places.mark is not None
    assert NOW - timedelta(minutes=10) < places.mark < NOW
    assert len(places.due) == 1


def test_an_object_read_before_our_own_write_says_nothing() -> None:
    places = Places({"Invoice": [INVOICE | {"DocNumber": "old"}]}, known=[link(sync_token="3")])
    assert places.follow().found == ()


def test_a_document_deleted_there_is_kept_as_such() -> None:
    places = Places(deleted={"Invoice": ["7", "8"]}, known=[link()])
    assert (places.follow().deleted, places.known[0].drift) == (
        2,
        {"deleted": {"confirmed": "", "now": "deleted"}},
    )


def test_what_we_voided_ourselves_does_not_drift() -> None:
    places = Places({"Invoice": [INVOICE | {"TotalAmt": 0}]}, known=[link(state=LinkState.VOIDED)])
    assert places.follow().found == ()


@pytest.mark.rule("5.3")
def test_an_edit_that_was_undone_heals() -> None:
    drifted = link(drift={"DocNumber": {"confirmed": "N7", "now": "X"}})
    places = Places({"Invoice": [INVOICE]}, known=[drifted])
    assert len(places.follow().healed) == 1
    assert places.known[0].drift is None
    # Loaded again, it no longer waits.
    assert places.due == [date(2026, 3, 10)]


def test_without_a_link_nothing_older_than_now_is_asked_for() -> None:
    places = Places(mark=None)
    places.follow()
    assert places.asked == [NOW]


@pytest.mark.rule("5.3", "11")
def test_one_call_of_the_poll_of_names_follows_drift_too() -> None:
    changed = {"Invoice": [INVOICE | {"DocNumber": "X"}], "Customer": [{"Id": "5", "SyncToken": "0"}]}
    places = Places(changed, deleted={"Vendor": ["9"]}, known=[link()])
    midnight, mark = NOW - timedelta(hours=7), places.mark
    read = places.poll(midnight)
    assert (places.asked, read.objects["Customer"], read.deleted["Vendor"]) == (
        [midnight],
        (changed["Customer"][0],),
        ("9",),
    )
    assert [each.drift for each in places.known] == [{"DocNumber": {"confirmed": "N7", "now": "X"}}]
    assert mark is not None and places.mark is not None and places.mark > mark


@pytest.mark.rule("5.3", "11")
def test_documents_that_do_not_fit_are_left_to_the_schedule_of_drift() -> None:
    changed = {"Invoice": [INVOICE | {"DocNumber": "X"}], "Customer": [{"Id": "5", "SyncToken": "0"}]}
    places = Places(changed, known=[link()], most=1)
    before = places.mark
    read = places.poll(NOW - timedelta(hours=7))
    assert (len(places.asked), [row["Id"] for row in read.objects["Customer"]]) == (2, ["5"])
    assert places.mark == before and places.known[0].drift is None
