"""Days are read in few windows, and every record lands on exactly its own day (rule 1.4)."""

from datetime import date, timedelta
from typing import Any

import pytest

from st_qbo_assets.extract.documents import extract_invoices, extract_payments, windows
from st_qbo_assets.extract.reader import Reader
from st_qbo_assets.servicetitan.records import Unreadable
from tests.unit.extract.fake_servicetitan import FakeServiceTitan
from tests.unit.mapping import builders as make

FIRST, LAST = date(2026, 2, 1), date(2026, 2, 10)


def row(
    id: int, day: str | None, created: str = "2026-02-01T18:00:00.0000000Z", **changes: Any
) -> dict[str, Any]:  # noqa: A002
    return make.invoice_json(id=id, invoiceDate=day, createdOn=created, modifiedOn=created, **changes)


def ids_by_day(*rows: dict[str, Any], first: date = FIRST, last: date = LAST) -> dict[date, list[int | None]]:
    client: Reader = FakeServiceTitan(invoices=list(rows))
    days = extract_invoices(client, make.company(), first=first, last=last)
    return {day: [record.id for record in records] for day, records in days}


@pytest.mark.rule("1.4")
def test_every_day_comes_once_oldest_first_even_if_empty() -> None:
    days = list(ids_by_day(row(1, "2026-02-05T00:00:00Z")))
    assert days == [FIRST + timedelta(days=n) for n in range(10)]


@pytest.mark.rule("1.4")
def test_business_dates_are_never_shifted() -> None:
    found = ids_by_day(
        row(2, "2026-02-03T00:00:00Z"),
        row(1, "2026-02-03T23:59:00Z"),
        row(3, "2026-01-31T00:00:00Z"),
        row(4, "2026-02-11T00:00:00Z"),
        row(5, "2026-02-10T00:00:00Z"),
        row(6, "2026-02-01T00:00:00Z"),
    )
    assert {day: ids for day, ids in found.items() if ids} == {
        date(2026, 2, 1): [6],
        date(2026, 2, 3): [1, 2],
        date(2026, 2, 10): [5],
    }


@pytest.mark.rule("1.4")
def test_undated_records_come_on_the_local_day_they_were_made() -> None:
    found = ids_by_day(
        row(1, None, created="2026-02-03T05:59:59.9999999Z"),
        row(2, None, created="2026-02-03T06:00:00.0000000Z"),
        row(3, "0001-01-01T00:00:00Z", created="2026-02-11T05:00:00.0000000Z"),
        row(4, "2026-02-05T00:00:00Z", created="2026-02-03T06:00:00.0000000Z"),
    )
    assert found[date(2026, 2, 2)] == [1]
    assert found[date(2026, 2, 3)] == [2]
    assert found[date(2026, 2, 5)] == [4]
    assert found[date(2026, 2, 10)] == [3]


def test_the_local_day_of_a_clock_change_has_23_hours() -> None:
    found = ids_by_day(
        row(1, None, created="2026-03-08T06:00:00.0000000Z"),
        row(2, None, created="2026-03-09T04:59:00.0000000Z"),
        row(3, None, created="2026-03-09T05:00:00.0000000Z"),
        first=date(2026, 3, 8),
        last=date(2026, 3, 8),
    )
    assert found == {date(2026, 3, 8): [1, 2]}


def test_unreadable_records_are_kept_on_their_day() -> None:
    client: Reader = FakeServiceTitan(
        invoices=[
            row(1, "2026-02-03T00:00:00Z", total="x"),
            row(2, "soon", created="2026-02-04T18:00:00.0000000Z"),
        ]
    )
    found = dict(extract_invoices(client, make.company(), first=FIRST, last=LAST))
    assert [type(record) for record in found[date(2026, 2, 3)]] == [Unreadable]
    assert [record.id for record in found[date(2026, 2, 4)]] == [2]


def test_a_range_is_asked_for_in_few_windows() -> None:
    client = FakeServiceTitan(payments=[])
    days = list(extract_payments(client, make.company(), first=FIRST, last=FIRST + timedelta(days=59)))
    assert len(days) == 60
    assert client.asked["payments"] == 18
    assert [(span.first.day, span.last.day) for span in windows(FIRST, LAST)] == [(1, 7), (8, 10)]


def test_a_window_is_not_read_before_its_days_are_asked_for() -> None:
    client = FakeServiceTitan(payments=[])
    days = extract_payments(client, make.company(), first=FIRST, last=LAST)
    for _ in range(7):
        next(days)
    assert client.asked["payments"] == 2


def test_payments_go_by_their_own_date() -> None:
    payments = [
        make.payment_json(id=1),
        make.payment_json(id=2, date=None, createdOn="2026-02-05T18:00:00.0000000Z"),
    ]
    client: Reader = FakeServiceTitan(payments=payments)
    found = dict(extract_payments(client, make.company(), first=FIRST, last=LAST))
    assert [record.id for record in found[date(2026, 2, 4)]] == [1]
    assert [record.id for record in found[date(2026, 2, 5)]] == [2]
