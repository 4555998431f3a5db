"""From an event of a vendor to the books: once, whatever dies or repeats in between."""

import pytest

from tests.integration.following.branch import Branch

pytestmark = pytest.mark.enable_socket


def test_a_finished_job_brings_its_invoice(branch: Branch) -> None:
    branch.send_events()
    job = next(job for job in branch.state("servicetitan", "jobs") if job.get("invoiceId"))
    branch.act("reopen_job", id=job["id"])
    branch.act("complete_job", id=job["id"])
    assert branch.arrived().pending == 2
    [asked] = branch.requests()
    branch.run(asked)
    assert branch.posted("invoice", job["invoiceId"]) == "posted"
    # What we wrote comes back as events of QuickBooks: nobody else did it, and no run is started.
    assert branch.arrived().pending > 0
    assert branch.requests() == []
    assert branch.counts().pending == 0


def test_what_the_feeds_show_is_posted_without_any_event(branch: Branch) -> None:
    """Payments have no event; a deleted document comes as a tombstone."""
    assert branch.requests("feed_catch_up") == []  # the first look begins at the end
    payment = branch.state("servicetitan", "payments")[0]
    branch.act("touch", resource="payments", id=payment["id"])
    [asked] = branch.requests("feed_catch_up")
    branch.run(asked)
    assert branch.posted("payment", payment["id"]) == "posted"
    assert branch.requests("feed_catch_up") == []  # shown again for a while, and known again
