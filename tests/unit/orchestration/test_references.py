"""A closing date that a person set or took back counts at once, for one call in a run."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Payload, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import to_frame
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.mapping_days import rests_on_closing_date
from st_qbo_assets.orchestration.references import ReferenceData
from tests.unit.mapping.builders import company
from tests.unit.quickbooks.test_reference import FakeClient

CLOSED = date(2026, 10, 31)
DAY = date(2026, 10, 20)


class Books(FakeClient):
    """QuickBooks with a closing date, and how often it was asked for its preferences."""

    closed: date | None = None
    asked = 0
    is_down = False

    def preferences(self) -> dict[str, Any]:
        self.asked += 1
        if self.is_down:
            raise RemoteFault("no answer", code="503")
        return {"AccountingInfoPrefs": {"BookCloseDate": self.closed.isoformat() if self.closed else None}}


class Run:
    """One step of a run, with what it tells Dagster."""

    def __init__(self, books: Books, folder: Path, run_id: str) -> None:
        self.told: list[dg.AssetMaterialization] = []
        connections = SimpleNamespace(quickbooks=books, run_id=run_id)
        defs = CompanyDefs(company(), folder / "links.csv")
        self.data = ReferenceData(defs, FrameFolder(str(folder)), cast(Connections, connections))

    def log_event(self, event: dg.AssetMaterialization, /) -> None:
        self.told.append(event)

    def closing_date(self) -> date | None:
        known = self.data.current(self)
        found = self.data.with_present_preferences(known, self)
        assert found.fetched_at == known.fetched_at
        return found.quickbooks.preferences.book_close_date


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Books whose lists an earlier run read."""
    books = Books()
    earlier = Run(books, tmp_path, "earlier")
    earlier.data.fetch_quickbooks()
    FrameFolder(str(tmp_path)).write(
        earlier.data.servicetitan_key, None, to_frame([], {"kind": "text", "raw": "text"})
    )
    books.asked = 0
    return books


def test_a_run_asks_for_the_closing_date_once(books: Books, tmp_path: Path) -> None:
    books.closed = CLOSED
    first, second = Run(books, tmp_path, "run"), Run(books, tmp_path, "run")
    assert [first.closing_date(), first.closing_date(), second.closing_date()] == [CLOSED] * 3
    assert (books.asked, len(first.told), len(second.told)) == (1, 1, 0)
    books.closed = None
    assert Run(books, tmp_path, "another").closing_date() is None


def test_lists_that_the_run_read_itself_are_present(books: Books, tmp_path: Path) -> None:
    run = Run(books, tmp_path, "run")
    run.data.fetch_quickbooks()
    run.closing_date()
    Run(books, tmp_path, "run").closing_date()
    assert books.asked == 1


def test_without_an_answer_the_run_goes_on_with_what_is_known(books: Books, tmp_path: Path) -> None:
    books.is_down = True
    run = Run(books, tmp_path, "run")
    assert (run.closing_date(), run.told) == (None, [])


@pytest.mark.parametrize(
    ("record", "dated", "rests"),
    [
        ("invoice:1", DAY, False),
        ("invoice:1", DAY + timedelta(days=12), True),
        ("credit_memo:1/application", DAY + timedelta(days=12), False),
    ],
)
def test_what_was_dated_later_rests_on_the_closing_date(record: str, dated: date, *, rests: bool) -> None:
    source = SourceRef.parse(record)
    payload = Payload(source, "Invoice", DAY, {"TxnDate": dated.isoformat()})
    assert rests_on_closing_date(Mapped(source, Verdict.DUE, DAY, payload=payload)) is rests


def test_what_is_held_rests_on_it_only_if_that_is_why() -> None:
    source = SourceRef.parse("invoice:1")
    held = Mapped(source, Verdict.HELD, DAY, reason=reason("closed_period", day=DAY))
    assert rests_on_closing_date(held)
    assert not rests_on_closing_date(Mapped(source, Verdict.HELD, DAY))
