"""Extracting from the sandbox over HTTP, with the sandbox's own state as witness."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.extract.documents import extract_invoices, extract_payments
from st_qbo_assets.extract.referred import extract_customers, extract_items, extract_jobs, referred
from st_qbo_assets.extract.touched import Marks, reread, touched_days
from st_qbo_sandbox.app import Sandbox
from tests.integration.clients.desk import Desk
from tests.unit.mapping import builders as make

LAST = date(2026, 11, 21)
FIRST = LAST - timedelta(days=3)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with Sandbox(days=4, invoices_per_day=15, seed=3, last_day=LAST, hard=True) as sandbox:
        desk = Desk(sandbox)
        yield desk
        desk.close()


def state(desk: Desk, collection: str) -> list[dict[str, Any]]:
    """What the sandbox itself says it holds."""
    rows: Any = desk.sandbox.halves["servicetitan"].state()[collection]
    return list(rows)


def dated(row: dict[str, Any], field: str) -> date | None:
    try:
        return parse_business_date(row.get(field))
    except ValueError:
        return None


@pytest.mark.rule("1.4")
@pytest.mark.parametrize(
    ("collection", "field", "extract"),
    [("invoices", "invoiceDate", extract_invoices), ("payments", "date", extract_payments)],
)
def test_every_document_comes_on_its_own_day_and_on_no_other(
    desk: Desk, collection: str, field: str, extract: Any
) -> None:
    found = dict(extract(desk.servicetitan, make.company(), first=FIRST, last=LAST))
    rows = state(desk, collection)
    for day, records in found.items():
        expected = {row["id"] for row in rows if dated(row, field) == day}
        assert expected <= {record.id for record in records}
        undated = [record for record in records if record.id not in expected]
        assert all(dated(record.raw, field) is None for record in undated)
    given = [record.id for records in found.values() for record in records]
    assert len(given) == len(set(given))
    assert len(given) >= 40


def test_what_documents_refer_to_is_found(desk: Desk) -> None:
    days = extract_invoices(desk.servicetitan, make.company(), first=FIRST, last=LAST)
    names = referred([record for _, records in days for record in records])
    assert {job.id for job in extract_jobs(desk.servicetitan, names.jobs)} == names.jobs
    assert {item.id for item in extract_items(desk.servicetitan, names.skus)} == names.skus.keys()
    found = extract_customers(
        desk.servicetitan, names.customers, without_link=names.customers, locations=names.locations
    )
    ids = {(type(record).__name__, record.id) for record in found}
    assert {("Customer", id_) for id_ in names.customers} <= ids
    assert {("Location", id_) for id_ in names.locations} <= ids
    assert any(kind == "Contact" for kind, _ in ids)


@pytest.mark.rule("1.5")
def test_changes_touch_their_days_once(desk: Desk) -> None:
    company = make.company()
    first = touched_days(desk.servicetitan, company, since=Marks(), until=UNTIL, seen=lambda _: {})
    assert {FIRST, LAST} <= first.days
    row = next(row for row in state(desk, "invoices") if dated(row, "invoiceDate") == FIRST)
    moved = SourceRef(Entity.INVOICE, str(row["id"]))
    newest = first.marks.invoices
    assert newest is not None
    since = Marks(*(newest + timedelta(minutes=20) for _ in range(4)))
    assert (
        touched_days(desk.servicetitan, company, since=since, until=UNTIL, seen=lambda _: {}).days
        == frozenset()
    )
    everything = touched_days(
        desk.servicetitan,
        company,
        since=Marks(),
        until=UNTIL,
        seen=lambda sources: {s: FIRST for s in sources if s == moved},
    )
    assert FIRST in everything.days


@pytest.mark.rule("1.5")
def test_reading_again_tells_what_is_gone(desk: Desk) -> None:
    known = state(desk, "invoices")[0]["id"]
    again = reread(desk.servicetitan, Entity.INVOICE, [known, 99])
    assert set(again.found) == {known}
    assert again.missing == {99}
