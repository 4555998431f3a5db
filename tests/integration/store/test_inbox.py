from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from st_qbo_assets.domain.events import Event, Undecodable
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import Arrival, Drop, Inbox, try_key
from st_qbo_assets.store.schema import inbox

ACME, BETA = Company("acme"), Company("beta")
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
EVENT = Event(
    system="servicetitan",
    account="1420761",
    event_id="e-1",
    assigned_id="a-1",
    type="tn.acc.invoice-posted",
    entity="invoice",
    record_id="8001001",
    operation="posted",
    occurred_at=NOON,
    document={"id": "e-1"},
)


def arrival(company: str = ACME, **changes: object) -> Arrival:
    return Arrival(company, replace(EVENT, **changes))  # pyright: ignore[reportArgumentType]


def test_an_event_is_kept_once_by_its_id_and_by_its_assigned_id(database: Database) -> None:
    kept = Inbox(database)
    assert kept.store([arrival()]) == 1
    assert kept.store([arrival(), arrival(event_id="e-2")]) == 0
    assert kept.store([arrival(event_id="e-3", assigned_id="a-3")]) == 1


def test_repeats_within_one_batch_are_one(database: Database) -> None:
    batch = [arrival(), arrival(), arrival(event_id="e-2")]
    assert Inbox(database).store(batch) == 1


def test_events_without_an_assigned_id_are_not_taken_for_each_other(database: Database) -> None:
    batch = [arrival(event_id=id_, assigned_id="") for id_ in ("e-1", "e-2")]
    assert Inbox(database).store(batch) == 2


def test_two_companies_of_one_tenant_each_get_the_event(database: Database) -> None:
    assert Inbox(database).store([arrival(), arrival(BETA)]) == 2


def test_pending_events_are_grouped_by_record_oldest_first(database: Database) -> None:
    kept = Inbox(database)
    kept.store([arrival(event_id="1", assigned_id="", record_id="7")])
    kept.store([arrival(event_id="2", assigned_id="")])
    kept.store([arrival(event_id="3", assigned_id="", record_id="7", operation="updated")])

    first, second = kept.pending(ACME)

    assert (first.record_id, first.operations, first.event_ids) == ("7", ("posted", "updated"), ("1", "3"))
    assert (second.record_id, second.occurred_at, second.offers) == ("8001001", NOON, 0)
    assert kept.pending(BETA) == []
    assert kept.pending(limit=1) == [first]


def test_what_was_offered_is_offered_again_only_after_a_while(database: Database) -> None:
    now = [NOON]
    clocked = Database(database.url, clock=lambda: now[0])
    kept = Inbox(clocked)
    kept.store([arrival()])
    [offered] = kept.pending()

    kept.note_offered(offered.ids)
    assert kept.pending(again_after=timedelta(minutes=5)) == []
    now[0] += timedelta(minutes=5)
    [again] = kept.pending(again_after=timedelta(minutes=5))

    assert again.ids == offered.ids
    assert again.offers == 1
    assert again.try_key != offered.try_key == try_key([offered])
    clocked.dispose()


def test_acknowledging_is_part_of_the_caller_s_transaction(database: Database) -> None:
    kept = Inbox(database)
    kept.store([arrival()])
    [group] = kept.pending()

    with database.engine.connect() as connection:
        assert kept.acknowledge(group.ids, connection, run_id="r") == 1
        connection.rollback()
    assert kept.pending() == [group]

    with database.begin() as connection:
        kept.acknowledge(group.ids, connection, run_id="r")
    assert kept.pending() == []
    with database.begin() as connection:
        assert kept.acknowledge(group.ids, connection) == 0


def test_an_event_that_came_while_the_run_was_on_stays(database: Database) -> None:
    kept = Inbox(database)
    kept.store([arrival()])
    [group] = kept.pending()
    kept.store([arrival(event_id="e-2", assigned_id="a-2")])
    with database.begin() as connection:
        kept.acknowledge(group.ids, connection)
    [left] = kept.pending()
    assert left.event_ids == ("e-2",)


def test_what_cannot_be_read_is_kept_once_as_it_came_and_never_offered(database: Database) -> None:
    kept = Inbox(database)
    what = Arrival("", Undecodable("quickbooks", "it is no JSON", b"\x00\xff{"))
    assert kept.store([what, what]) == 1
    assert kept.store([what]) == 0
    assert kept.pending() == []
    with database.autocommit() as connection:
        row = connection.execute(select(inbox.c.raw, inbox.c.problem)).one()
    assert (bytes(row.raw), row.problem) == (b"\x00\xff{", "it is no JSON")


def test_text_that_no_column_holds_does_not_fail_its_neighbours(database: Database) -> None:
    odd = arrival(event_id="e\x00\ud800", assigned_id="", document={"x": "\x00\ud800"})
    assert Inbox(database).store([arrival(), odd]) == 2


def test_dropped_events_are_counted(database: Database) -> None:
    kept = Inbox(database)
    drops = [Drop("quickbooks", "unknown_account", "999")] * 3
    kept.store([], [*drops, Drop("quickbooks", "not_followed", "qbo.budget.updated.v1")])
    kept.store([arrival()], drops[:1])

    counts = kept.counts()

    assert counts.dropped == {
        ("quickbooks", "unknown_account", "999"): 4,
        ("quickbooks", "not_followed", "qbo.budget.updated.v1"): 1,
    }
    assert (counts.pending, counts.acknowledged, counts.undecodable) == (1, 0, 0)
    assert counts.oldest_pending_at == counts.last_received_at is not None
