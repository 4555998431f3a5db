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
