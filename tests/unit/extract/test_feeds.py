"""Feeds are followed from token to token, and a token that is refused loses no row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.feeds import MOST_PAGES, FeedReading, FeedToken, read_feeds
from st_qbo_assets.servicetitan.client import ExportPage
from tests.unit.extract.fake_servicetitan import FakeServiceTitan

_NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
_COMPANY = read_company("demo").company.model_copy(
    update={"start_date": date(2026, 1, 1), "bill_source": None}
)


@dataclass
class Feeding(FakeServiceTitan):
    """Feeds of one payment a page, whose tokens are positions; those of an earlier life are refused."""

    rows_: list[Json]
    status: int = 400
    life: int = 1
    began: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()

    def export(
        self, feed: str, continue_from: str = "", *, include_recent_changes: bool = False
    ) -> Iterator[ExportPage]:
        self.began.append(continue_from)
        life, _, position = continue_from.partition("/")
        if feed == "payments" and position and int(life) != self.life:
            raise RemoteFault("The value is not valid for From.", code="400", status=self.status)
        rows = self.rows_ if feed == "payments" else []
        at = int(position) if position else sum(row["modifiedOn"] < continue_from for row in rows)
        while True:
            page = tuple(rows[at : at + 1])
            at += len(page)
            yield ExportPage(rows=page, continue_from=f"{self.life}/{at}", has_more=at < len(rows))
            if at >= len(rows):
                return


def _payment(number: int, changed: datetime) -> Json:
    stamp = changed.isoformat().replace("+00:00", "Z")
    day = (date(2026, 2, 1) + timedelta(days=number)).isoformat()
    return {"id": number, "date": f"{day}T00:00:00Z", "modifiedOn": stamp, "active": True, "appliedTo": []}


def _read(client: Feeding, before: FeedReading | None, *, now: datetime = _NOW) -> FeedReading:
    tokens = before.tokens if before else {}
    return read_feeds(
        client,
        _COMPANY,
        tokens={feed: FeedToken(text, before.until[feed]) for feed, text in tokens.items() if before},
        memos_since=before.memos_until if before else None,
        known=before.known if before else {},
        now=now,
        seen=lambda sources: {},
    )


@pytest.mark.rule("1.5")
@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_token_that_ended_during_a_long_backlog_loses_no_row(status: int) -> None:
    """So many rows wait that a turn ends long before the present; then the vendor forgets its tokens."""
    client = Feeding([], status=status)
    first = _read(client, None, now=_NOW - timedelta(days=40))
    assert first.is_first
    client.rows_ = [_payment(number, _NOW - timedelta(days=30 - number / 2)) for number in range(60)]
    turn = _read(client, first)
    assert turn.rows == MOST_PAGES
    days, client.life = set(turn.days), 2
    for _ in range(5):
        turn = _read(client, turn)
        days |= turn.days
    assert days == {date(2026, 2, 1) + timedelta(days=number) for number in range(60)}
    assert turn.rows == 0
    assert "2026-05-29" in client.began  # from two days before the last row that was read, and no earlier


def test_a_feed_that_is_refused_for_want_of_a_right_keeps_its_place_and_none_of_the_others() -> None:
    client = Feeding([], status=403)
    turn = _read(client, None)
    client.life = 2
    later = _read(client, turn)
    assert later.refused.keys() == {"payments"}
    assert later.tokens.keys() == {"invoices", "jobs"}
    assert client.began[-3:] == ["1/0", "1/0", "1/0"]  # no other place was tried


def test_a_row_without_a_readable_stamp_stops_no_feed() -> None:
    rows: list[dict[str, Any]] = [_payment(number, _NOW) for number in range(3)]
    rows[0]["modifiedOn"] = "yesterday"
    client = Feeding([])
    turn = _read(client, None)
    client.rows_ = rows
    assert _read(client, turn).rows == 3
