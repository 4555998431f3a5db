"""The gate's rules, one by one (rules 1.1, 1.2, 1.4, 1.6, 1.7, 1.8)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.company import BusinessUnits, CompanyFile
from st_qbo_assets.domain.gate import (
    INVOICE_KINDS,
    CreditMemoFacts,
    InvoiceFacts,
    PaymentFacts,
    Standing,
    credit_memo_standing,
    invoice_standing,
    payment_standing,
)
from st_qbo_assets.domain.outcomes import Verdict
from st_qbo_assets.domain.reasons import GATE, KINDS, reason

TODAY = date(2026, 2, 10)
COMPANY = CompanyFile.model_validate(
    {
        "name": "acme",
        "environment": "sandbox",
        "servicetitan": {"tenant": "1"},
        "quickbooks": {"realm": "2"},
        "time_zone": "America/Chicago",
        "start_date": "2026-01-01",
    }
)
INVOICE = InvoiceFacts(
    kind="JobInvoice",
    sync_status="Pending",
    review_status="NeedsReview",
    total_cents=30864,
    business_date=date(2026, 2, 3),
    job_id="7001001",
    job_status="Completed",
    business_units=("HVAC - Service",),
)
PAYMENT = PaymentFacts(
    sync_status="Pending",
    total_cents=5000,
    business_date=date(2026, 2, 3),
    business_unit="HVAC - Service",
    moved_cents=5000,
)


MEMO = CreditMemoFacts(
    sync_status="Pending",
    total_cents=6982,
    business_date=date(2026, 2, 3),
    business_units=("HVAC - Service",),
)


def told(standing: Standing) -> tuple[str, str]:
    return standing.verdict.value, standing.reason.code if standing.reason else ""


def invoice(company: CompanyFile = COMPANY, **changes: Any) -> tuple[str, str]:
    return told(invoice_standing(replace(INVOICE, **changes), company, today=TODAY))


def payment(company: CompanyFile = COMPANY, **changes: Any) -> tuple[str, str]:
    return told(payment_standing(replace(PAYMENT, **changes), company, today=TODAY))


def memo(company: CompanyFile = COMPANY, **changes: Any) -> tuple[str, str]:
    return told(credit_memo_standing(replace(MEMO, **changes), company, today=TODAY))


def company_of(**changes: Any) -> CompanyFile:
    return COMPANY.model_copy(update=changes)


ONLY_HVAC = company_of(business_units=BusinessUnits(include=("HVAC - Service", "HVAC - Install")))
POSTED_ONLY = company_of(gate="posted")


@pytest.mark.rule("1.2", "1.4", "1.6", "1.7", "1.8")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("due", "")),
        ({"total_cents": 0}, ("not_due", "zero_total")),
        ({"active": False}, ("not_due", "deleted")),
        ({"export_id": "5"}, ("not_due", "exported_elsewhere")),
        ({"sync_status": "Exported"}, ("not_due", "exported_elsewhere")),
        ({"business_date": date(2025, 12, 31)}, ("not_due", "before_start")),
        ({"business_date": TODAY + timedelta(days=1)}, ("not_due", "future_date")),
        ({"business_date": None}, ("rejected", "no_date")),
        ({"business_units": ("Plumbing",)}, ("not_due", "out_of_scope")),
        ({"business_units": ("HVAC - Service", "Plumbing")}, ("held", "spans_companies")),
        ({"business_units": ()}, ("held", "unit_missing")),
    ],
)
def test_a_credit_memo_has_no_kind_review_or_job(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert memo(ONLY_HVAC, **changes) == expected


@pytest.mark.rule("1.2")
def test_a_company_that_takes_posted_documents_takes_posted_memos() -> None:
    assert memo(POSTED_ONLY) == ("not_due", "not_posted")
    assert memo(POSTED_ONLY, sync_status="Posted") == ("due", "")


@pytest.mark.rule("1.1")
@pytest.mark.parametrize("kind", [kind for kind, posts in INVOICE_KINDS.items() if posts])
def test_every_kind_of_the_table_posts(kind: str) -> None:
    assert invoice(kind=kind) == ("due", "")


@pytest.mark.rule("1.1")
def test_opening_balances_never_post_and_unknown_kinds_wait() -> None:
    assert invoice(kind="ARImportInvoice") == ("not_due", "kind_never_posts")
    assert invoice(kind="ARImportInvoice", sync_status="Posted") == ("not_due", "kind_never_posts")
    assert invoice(kind="Subscription") == ("held", "kind_unknown")


@pytest.mark.rule("1.2")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"job_status": "InProgress"}, ("not_due", "job_not_completed")),
        ({"job_status": "Canceled"}, ("not_due", "job_not_completed")),
        ({"job_status": "InProgress", "sync_status": "Posted"}, ("due", "")),
        ({"job_id": "", "job_status": ""}, ("due", "")),
        ({"job_status": ""}, ("held", "job_unknown")),
        ({"review_status": "OnHold"}, ("not_due", "review_waits")),
        ({"review_status": "Rejected", "sync_status": "Posted"}, ("not_due", "review_waits")),
        ({"total_cents": 0}, ("not_due", "zero_total")),
        ({"total_cents": 0, "job_status": "Canceled"}, ("not_due", "canceled_empty")),
        ({"total_cents": -30864}, ("due", "")),
    ],
)
def test_completed_gate(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert invoice(**changes) == expected


@pytest.mark.rule("1.2")
def test_posted_gate_waits_for_posting_whatever_the_job() -> None:
    assert invoice(POSTED_ONLY) == ("not_due", "not_posted")
    assert invoice(POSTED_ONLY, job_id="", job_status="") == ("not_due", "not_posted")
    assert invoice(POSTED_ONLY, sync_status="Posted", job_status="InProgress") == ("due", "")


@pytest.mark.rule("1.4")
def test_undated_documents_are_rejected_once_they_are_due() -> None:
    assert invoice(business_date=None) == ("rejected", "no_date")
    assert payment(business_date=None) == ("rejected", "no_date")
    assert invoice(business_date=None, job_status="Scheduled") == ("not_due", "job_not_completed")
    assert invoice(business_date=None, total_cents=0) == ("not_due", "zero_total")


@pytest.mark.rule("1.4")
def test_future_documents_wait_until_their_day() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert invoice(business_date=tomorrow) == ("not_due", "future_date")
    assert payment(business_date=tomorrow) == ("not_due", "future_date")
    assert invoice(business_date=TODAY) == ("due", "")


@pytest.mark.rule("1.6")
def test_documents_before_the_start_are_never_created() -> None:
    assert invoice(business_date=date(2025, 12, 31)) == ("not_due", "before_start")
    assert payment(business_date=date(2025, 12, 31)) == ("not_due", "before_start")
    assert invoice(business_date=date(2026, 1, 1)) == ("due", "")


@pytest.mark.rule("1.7")
@pytest.mark.parametrize("changes", [{"sync_status": "Exported"}, {"export_id": "QB-1"}])
def test_documents_of_another_connector_are_not_due(changes: dict[str, Any]) -> None:
    assert invoice(**changes) == ("not_due", "exported_elsewhere")
    assert payment(**changes) == ("not_due", "exported_elsewhere")


@pytest.mark.rule("1.8")
def test_scope_by_business_unit() -> None:
    assert invoice(ONLY_HVAC) == ("due", "")
    assert invoice(ONLY_HVAC, business_units=("Plumbing",)) == ("not_due", "out_of_scope")
    assert invoice(ONLY_HVAC, business_units=("HVAC - Service", "HVAC - Install")) == ("due", "")
    assert invoice(ONLY_HVAC, business_units=("HVAC - Service", "Plumbing")) == ("held", "spans_companies")
    assert invoice(ONLY_HVAC, business_units=()) == ("held", "unit_missing")
    assert invoice(business_units=()) == ("due", "")
    assert payment(ONLY_HVAC, business_unit="Plumbing") == ("not_due", "out_of_scope")
    assert payment(ONLY_HVAC, business_unit="") == ("held", "unit_missing")


@pytest.mark.rule("1.8")
def test_an_invoice_is_due_in_at_most_one_of_two_companies() -> None:
    rest = company_of(business_units=BusinessUnits(exclude=("HVAC - Service", "HVAC - Install")))
    for units in (("HVAC - Service",), ("Plumbing",), ("HVAC - Install", "Plumbing"), ()):
        verdicts = [invoice(one, business_units=units)[0] for one in (ONLY_HVAC, rest)]
        assert verdicts.count("due") <= 1


@pytest.mark.rule("3.6")
def test_deleted_documents_are_not_due() -> None:
    assert invoice(active=False) == ("not_due", "deleted")
    assert payment(active=False) == ("not_due", "deleted")


def test_a_payment_is_empty_only_if_it_moves_nothing() -> None:
    assert payment(total_cents=0, moved_cents=0) == ("not_due", "zero_total")
    assert payment(total_cents=0, moved_cents=8000) == ("due", "")
    assert payment(total_cents=-5000) == ("due", "")


@given(
    st.builds(
        InvoiceFacts,
        kind=st.sampled_from([*INVOICE_KINDS, "New"]),
        sync_status=st.sampled_from(["Pending", "Posted", "Exported", ""]),
        review_status=st.sampled_from(["NeedsReview", "OnHold", "Rejected", "Reviewed", ""]),
        total_cents=st.integers(-10_000, 10_000),
        business_date=st.none() | st.dates(date(2025, 12, 1), date(2026, 3, 1)),
        active=st.booleans(),
        export_id=st.sampled_from(["", "x"]),
        job_id=st.sampled_from(["", "7"]),
        job_status=st.sampled_from(["", "Completed", "Canceled", "Hold"]),
        business_units=st.lists(st.sampled_from(["A", "B"]), unique=True).map(tuple),
    )
)
def test_every_standing_but_due_has_its_reason(facts: InvoiceFacts) -> None:
    standing = invoice_standing(facts, ONLY_HVAC, today=TODAY)
    assert (standing.reason is None) == (standing.verdict is Verdict.DUE)
    assert standing.counts == (standing.verdict in (Verdict.DUE, Verdict.HELD, Verdict.REJECTED))


def test_gate_codes_are_part_of_the_one_table() -> None:
    assert set(GATE) <= set(KINDS)
    assert "{" not in reason("before_start", day=TODAY, start=TODAY).text
    with pytest.raises(KeyError):
        reason("before_start", day=TODAY)
