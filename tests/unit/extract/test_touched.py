"""What changed touches the old and the new day; nothing missing is taken for deleted (rule 1.5)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.extract.touched import Marks, Touched, later, reread, touched_days
from st_qbo_assets.servicetitan.windows import Params
from tests.unit.extract.fake_servicetitan import FakeServiceTitan
from tests.unit.mapping import builders as make

SINCE = datetime(2026, 2, 5, 12, tzinfo=UTC)
UNTIL = datetime(2026, 2, 20, tzinfo=UTC)
OLD, NEW = "2026-02-05T11:00:00Z", "2026-02-06T09:30:00.1234567Z"


def touched(
    seen: Mapping[SourceRef, date] | None = None, since: Marks | None = None, **rows: list[dict[str, Any]]
) -> Touched:
    known = seen or {}

    def look_up(sources: Iterable[SourceRef]) -> Mapping[SourceRef, date]:
        return {source: known[source] for source in sources if source in known}

    marks = Marks(SINCE, SINCE, SINCE, SINCE) if since is None else since
    return touched_days(FakeServiceTitan(**rows), make.company(), since=marks, until=UNTIL, seen=look_up)


def invoice(id: int, day: str, modified: str, **changes: Any) -> dict[str, Any]:  # noqa: A002
    return make.invoice_json(id=id, invoiceDate=f"{day}T00:00:00Z", modifiedOn=modified, **changes)


@pytest.mark.rule("1.5")
def test_only_what_changed_since_the_mark_touches_its_day() -> None:
    found = touched(
        invoices=[
            invoice(1, "2026-02-01", OLD),
            invoice(2, "2026-02-02", NEW),
            invoice(3, "2026-02-03", NEW, active=False),
        ],
        payments=[make.payment_json(id=9, date="2026-02-04T00:00:00Z", modifiedOn=NEW)],
        memos=[
            make.credit_memo_json(id=5, date="2026-02-01", modifiedOn=OLD),
            make.credit_memo_json(id=6, date="2026-02-06", modifiedOn=NEW),
        ],
    )
    assert found.days == {date(2026, 2, 2), date(2026, 2, 3), date(2026, 2, 4), date(2026, 2, 6)}
    assert (found.invoices, found.payments, found.credit_memos) == (2, 1, 1)
    assert found.marks.credit_memos == found.marks.invoices


@pytest.mark.rule("1.5")
def test_a_moved_document_touches_the_day_it_left_and_the_day_it_came_to() -> None:
    moved = SourceRef(Entity.INVOICE, "2")
    found = touched(seen={moved: date(2026, 1, 30)}, invoices=[invoice(2, "2026-02-02", NEW)])
    assert found.days == {date(2026, 1, 30), date(2026, 2, 2)}


@pytest.mark.rule("1.5")
@pytest.mark.parametrize(
    "job", [{"completedOn": NEW, "modifiedOn": OLD}, {"completedOn": None, "modifiedOn": NEW}]
)
def test_a_job_touches_the_day_of_its_unchanged_invoice(job: dict[str, Any]) -> None:
    found = touched(invoices=[invoice(1, "2026-02-01", OLD)], jobs=[{"id": 7, "invoiceId": 1, **job}])
    assert found.days == {date(2026, 2, 1)}


@pytest.mark.rule("1.6")
def test_days_before_the_start_are_never_touched() -> None:
    assert touched(invoices=[invoice(1, "2025-12-31", NEW)]).days == frozenset()


@pytest.mark.rule("1.5")
def test_marks_follow_the_vendors_stamps_less_the_overlap_and_never_go_back() -> None:
    found = touched(
        invoices=[invoice(2, "2026-02-02", NEW)], jobs=[{"id": 7, "modifiedOn": "2026-02-05T12:05:00Z"}]
    )
    assert found.marks.invoices == datetime(2026, 2, 6, 9, 15, 0, 123456, tzinfo=UTC)
    assert found.marks.payments == SINCE
    assert found.marks.jobs == SINCE
    assert later(found.marks, Marks(jobs=UNTIL)).jobs == UNTIL
    assert later(found.marks, Marks()).invoices == found.marks.invoices


@pytest.mark.rule("1.5")
def test_without_marks_everything_since_the_start_is_asked_for() -> None:
    found = touched(since=Marks(), invoices=[invoice(1, "2026-02-01", "2026-01-01T06:00:00Z")])
    assert found.days == {date(2026, 2, 1)}
    assert found.marks.invoices == datetime(2026, 1, 1, 6, tzinfo=UTC) - timedelta(minutes=15)


def test_changes_that_cannot_be_dated_are_told() -> None:
    bad = {"id": 5, "total": "x", "modifiedOn": NEW}
    found = touched(invoices=[bad])
    assert found.days == frozenset()
    assert [record.id for record in found.undated] == [5]


@pytest.mark.rule("1.5")
def test_reading_again_by_id_tells_what_is_missing() -> None:
    client = FakeServiceTitan(
        invoices=[invoice(1, "2025-06-01", OLD, active=False)], customers=[{"id": 4, "name": "x"}]
    )
    again = reread(client, Entity.INVOICE, [1, 2, 2])
    assert set(again.found) == {1}
    assert again.missing == {2}
    assert reread(client, Entity.PAYMENT, []).missing == frozenset()
    assert client.asked["payments"] == 0
    assert set(reread(client, Entity.CUSTOMER, [4]).found) == {4}
    with pytest.raises(KeyError):
        reread(client, Entity.BILL, [1])


class Buying(FakeServiceTitan):
    """Lists of bills and orders, of which each filter asked for is kept."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self.filters: dict[str, dict[str, str]] = {}
        self._bought = rows

    def rows(
        self, endpoint: str, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[dict[str, Any]]:
        self.filters[endpoint] = dict(filters)
        return iter(self._bought.get(endpoint.replace("-", "_"), []))


@pytest.mark.rule("1.5", "8.1")
def test_bills_of_the_one_source_and_orders_touch_their_days_where_a_company_buys() -> None:
    client = Buying(
        inventory_bills=[{"id": 7, "billDate": "2026-02-03T00:00:00Z", "modifiedOn": NEW}],
        purchase_orders=[{"id": 5, "date": "2026-02-02T00:00:00Z", "modifiedOn": NEW}],
        ap_bills=[{"id": 8, "billDate": "2026-02-04T00:00:00Z", "modifiedOn": NEW}],
    )
    moved = {SourceRef(Entity.BILL, "7"): date(2026, 2, 1)}
    found = touched_days(
        client,
        make.company(bill_source="inventory_bills"),
        since=Marks(bills=SINCE),
        until=UNTIL,
        seen=lambda sources: {source: moved[source] for source in sources if source in moved},
    )
    assert found.days == {date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)}
    assert (found.bills, found.purchase_orders) == (1, 1)
    assert client.filters["inventory-bills"]["modifiedOnOrAfter"].startswith("2026-02-05T12:00")
    assert found.marks.bills is not None and found.marks.bills > SINCE
    touched_days(client, make.company(), since=Marks(), until=UNTIL, seen=lambda _: {})
    assert "ap-bills" not in client.filters
