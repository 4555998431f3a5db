"""From an event to the books: once, whatever dies or repeats in between; and without events too."""

import threading

import pytest

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.events import Event
from st_qbo_assets.following.asks import MOST_ASKS, Ask
from st_qbo_assets.following.turn import take_turn
from st_qbo_assets.store.inbox import Arrival, Inbox
from st_qbo_assets.web.launching import Launcher, NotLaunched
from tests.integration.following.branch import Branch

pytestmark = pytest.mark.enable_socket
_A_DAY = 86_400


def test_a_finished_job_is_booked_once_though_its_first_run_dies(branch: Branch) -> None:
    branch.send_events(duplicates=0.5, duplicate_ids="new", reorder=0.5, reorder_seconds=0.2)
    job = next(job for job in branch.state("servicetitan", "jobs") if job.get("invoiceId"))
    branch.act("reopen_job", id=job["id"])
    branch.act("complete_job", id=job["id"])
    assert branch.arrived().pending == 2
    [first] = branch.requests()
    assert branch.requests() == []  # that run may still come
    branch.let_a_while_pass()
    [again] = branch.requests()
    assert first.run_key != again.run_key
    branch.run(again)
    assert branch.posted("invoice", job["invoiceId"]) == "posted"
    booked = branch.booked()
    branch.run(first)  # it was not dead after all
    # What we wrote comes back as events of QuickBooks: nobody else did it, and no run is started.
    assert branch.arrived().pending > 0
    assert branch.requests() == []
    assert branch.counts().pending == 0
    assert branch.booked() == booked
    # A person's edits start what follows them: documents the drift check, names the comparison of names.
    branch.office.control("clock", {"advance_seconds": 120})
    edited = branch.linked("invoice", job["invoiceId"])
    body = {"DueDate": "2031-01-01"}
    branch.office.act("update", entity="Invoice", id=edited.qbo_id, body=body)
    branch.office.act("create", entity="Customer", body={"DisplayName": "Walk-in"})
    branch.arrived()
    assert {asked.job_name for asked in branch.requests()} == {"demo_drift", "demo_masters"}


@pytest.mark.rule("1.5", "6.3")
def test_without_events_the_feeds_bring_the_same_and_tombstones_too(branch: Branch) -> None:
    branch.office.control("clock", {"advance_seconds": _A_DAY})  # ServiceTitan's clock is ahead of ours
    assert branch.requests("feed_catch_up") == []  # the first look begins at the end
    payment = branch.state("servicetitan", "payments")[0]
    branch.act("touch", resource="payments", id=payment["id"])
    [asked] = branch.requests("feed_catch_up")
    branch.run(asked)
    assert branch.posted("payment", payment["id"]) == "posted"
    assert branch.requests("feed_catch_up") == []  # shown again for a while, and known again
    with branch.office.opened() as connections:
        assert connections.dirty_days.to_load(connections.name) == []
        assert connections.dirty_days.all(connections.name) != []  # to be compared, not at once
    branch.act("void_payment", id=payment["id"])
    [asked] = branch.requests("feed_catch_up")
    branch.cursors.clear()  # a daemon that dies forgets what it saw, and only asks once more
    assert len(branch.requests("feed_catch_up")) == 1
    branch.run(asked)
    assert branch.linked("payment", payment["id"]).state.value == "voided"


def test_a_backlog_is_worked_off_in_bounded_turns(branch: Branch) -> None:
    """Of records ServiceTitan does not show nothing is booked: they are looked for again, then laid aside."""
    real = {str(invoice["id"]) for invoice in branch.state("servicetitan", "invoices")}
    ids = [*real, *(str(10**12 + number) for number in range(250))]
    inbox = Inbox(branch.web.database)
    inbox.store([Arrival("demo", _event(number, id_)) for number, id_ in enumerate(ids)])
    asked: set[int] = set()
    with branch.office.opened() as connections:
        for _ in range(5):
            asks = take_turn(connections, today=branch.defs.today(), most=300)
            assert len(asks) <= MOST_ASKS
            asked |= {id_ for ask in asks for id_ in ask.events}
            branch.let_a_while_pass()
    assert branch.counts().pending == len(asked)
    assert 0 < len(asked) <= len(real)


def _event(number: int, record_id: str) -> Event:
    return Event(
        system="servicetitan",
        account="1420761",
        event_id=f"e{number}",
        type="tn.acc.invoice-updated",
        entity="invoice",
        record_id=record_id,
        operation="updated",
    )


class Runs:
    """Takes runs, or does not."""

    def __init__(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.asked: list[Ask] = []
        self.was_asked = threading.Event()

    def launch(self, company: CompanyFile, ask: Ask) -> str:
        self.asked.append(ask)
        self.was_asked.set()
        if not self.is_up:
            raise NotLaunched("ConnectionError")
        return "run-1"


def test_the_receiver_launches_at_once_and_leaves_to_the_sensor_what_dagster_does_not_take(
    branch: Branch,
) -> None:
    invoice = branch.state("servicetitan", "invoices")[0]
    Inbox(branch.web.database).store([Arrival("demo", _event(1, str(invoice["id"])))])
    asked: list[list[int]] = []
    for runs in (Runs(is_up=False), Runs(is_up=True)):
        launcher = Launcher(branch.web.settings, runs)
        launcher.start()
        launcher.notice([branch.company])
        assert runs.was_asked.wait(60)
        launcher.stop()
        asked.append([id_ for ask in runs.asked for id_ in ask.events])
    assert asked == [[1], [1]]  # taken back the first time
    assert branch.requests() == []  # the second time it is on its way
