"""What the default schedules cost a company in a month, against the aim of rule 11.

Each schedule's price is counted from what it really asks of QuickBooks when nothing has changed: a poll that
becomes dearer, a cron line that fires more often, or a new one without a price fails here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

import pytest
from dagster._utils.schedules import cron_string_iterator

from st_qbo_assets.domain.company import Schedules
from st_qbo_assets.orchestration import drifting, quickbooks_changes, sweeping, tying
from st_qbo_assets.orchestration.materials import compare_days
from st_qbo_assets.quickbooks.answers import Changes
from st_qbo_assets.quickbooks.reference import fetch_reference
from tests.unit.books.world import WEEK, World
from tests.unit.mapping.builders import company
from tests.unit.quickbooks.test_reference import FakeClient

AIM = 1_000
DAYS = 30
ZONE = "America/Chicago"
START = datetime(2026, 5, 1, 5, tzinfo=UTC)
#: Documents of ours in QuickBooks when the rare scan reads them all.
DOCUMENTS = 5_000


class Metered:
    """QuickBooks in which nothing changed; every call counts."""

    def __init__(self, rows: int = 0) -> None:
        self.calls = 0
        self._rows = rows

    def cdc(self, entities: Iterable[str], since: datetime) -> Changes:
        self.calls += 1
        return Changes(objects={}, deleted={}, truncated=False, as_of=START, intuit_tid="")

    def query(self, entity: str, where: str = "", *, order_by: str = "Id") -> list[Any]:
        self.calls += 1
        return []

    def batch_queries(self, statements: list[str]) -> list[list[dict[str, Any]]]:
        self.calls += 1
        page, self._rows = min(self._rows, 1_000), max(0, self._rows - 1_000)
        return [[{"Id": str(number)} for number in range(page)], *([] for _ in statements[1:])]


def connected(client: Metered) -> Any:
    """As much of a company's connections as polls touch when nothing has changed."""
    return SimpleNamespace(
        name="acme",
        realm="1",
        company=SimpleNamespace(buys=True),
        quickbooks=client,
        marks=SimpleNamespace(get=lambda *_: START - timedelta(hours=2), advance=lambda *_: None),
        links=SimpleNamespace(oldest=lambda *_: START, of_targets=lambda *_: {}),
        dirty_days=SimpleNamespace(mark=lambda *_: None),
        markers=SimpleNamespace(duplicates=lambda *_: {}),
        flush=lambda: None,
    )


DEFS: Any = SimpleNamespace(
    name="acme", now_utc=lambda: START, company=SimpleNamespace(start_date=START.date(), buys=True)
)


def cost(poll: Callable[[Any], object], *, rows: int = 0) -> int:
    client = Metered(rows)
    poll(connected(client))
    return client.calls


def cost_of_lists() -> int:
    client = FakeClient()
    fetch_reference(client)
    return len(client.metered)


def cost_of_tie_out(days: int) -> int:
    """The calls of days that agree, each window of days with documents on them."""
    world = World()
    for id_, day in enumerate(WEEK, 1):
        world.invoice(id_, day)
    world.settle().causes()
    return len(world.statements) * -(-days // tying.WINDOW_DAYS)


def cost_of_materials() -> int:
    """The calls of days on which goods were used, their documents in QuickBooks."""
    goods = {"type": "Material", "skuId": 1, "skuName": "CAP", "quantity": "1", "cost": "2", "total": "3"}
    invoice = {
        "id": 8,
        "invoiceDate": f"{START.date()}T00:00:00Z",
        "total": "3.00",
        "invoiceConfiguration": "JobInvoice",
        "syncStatus": "Posted",
        "items": [goods],
    }
    client = Metered(rows=1)
    connections = connected(client)
    connections.company = company(bill_source="ap_bills")
    connections.servicetitan = SimpleNamespace(
        rows=lambda endpoint, **_: [invoice] if endpoint == "invoices" else []
    )
    there = SimpleNamespace(target="Invoice", qbo_id="0")
    connections.links.of_sources = lambda _, sources: {source: [there] for source in sources}
    (day,) = compare_days(connections, [START.date()], today=START.date())
    assert day.rows, "goods that nobody used would cost nothing"
    return client.calls


def poll_of(*targets: str) -> Callable[[Any], object]:
    since = START - timedelta(hours=2)
    return lambda connections: quickbooks_changes.names_changed(DEFS, connections, targets, since)


def prices(schedules: Schedules) -> dict[str, int]:
    return {
        "nightly_close": cost_of_tie_out(schedules.sweep_days),
        "tie_out_due": cost_of_tie_out(1),
        "reference_refresh": cost_of_lists(),
        "drift": cost(lambda connections: drifting.follow_changes(DEFS, connections)),
        "masters_poll.customers": cost(poll_of("Customer")),
        "masters_poll.vendors": cost(poll_of("Vendor")),
        "duplicates": cost(sweeping.sweep),
        "materials_cost": cost_of_materials(),
        "full_scan": cost(sweeping.scan, rows=DOCUMENTS),
    }


def crons(schedules: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Every cron line of the company file, by its name there."""
    found: dict[str, str] = {}
    for name, value in schedules.items():
        if isinstance(value, Mapping):
            found |= crons(value, f"{before}{name}.")
        elif isinstance(value, str):
            found[before + name] = value
    return found


def firings(cron: str) -> int:
    end = START + timedelta(days=DAYS)
    times = cron_string_iterator(START.timestamp(), cron, ZONE)
    return sum(1 for _ in takewhile(lambda each: each < end, times))


def reads_a_month(schedules: Schedules) -> Counter[str]:
    lines, each = crons(schedules.model_dump()), prices(schedules)
    assert set(lines) == set(each), "a schedule without a price, or a price without a schedule"
    return Counter({name: firings(cron) * each[name] for name, cron in lines.items()})


@pytest.mark.rule("11")
def test_the_default_schedules_stay_within_a_thousand_metered_reads_a_month() -> None:
    reads = reads_a_month(Schedules())
    assert reads.total() <= AIM, reads


@pytest.mark.rule("11")
def test_a_poll_that_fires_more_often_is_seen() -> None:
    dearer = Schedules.model_validate({"masters_poll": {"customers": "*/30 * * * *"}})
    assert reads_a_month(dearer).total() > AIM
