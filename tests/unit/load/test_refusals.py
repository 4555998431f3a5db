"""What follows when QuickBooks refuses, and what it stored otherwise than meant."""

from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import ConnectionStopped, RateLimited, RemoteFault
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.store.intents import IntentState
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import DAY, Bench, company_file, customer, invoice, payment, verdict
from tests.unit.load.chaos import Trouble


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def posted(*records: Any) -> Bench:
    bench = Bench()
    bench.load_as_usual(*records)
    return bench


def only(bench: Bench, entity: str) -> dict[str, Any]:
    (found,) = bench.quickbooks.all(entity)
    return found


@pytest.mark.rule("5.3")
def test_a_payment_applied_meanwhile_is_no_reason_to_refuse_a_late_edit() -> None:
    bench = posted(invoice(10), payment(20, "40.00", applied={10: "40.00"}))

    results = bench.load_as_usual(
        invoice(10, lines=[("SKU", "150.00")]), payment(20, "40.00", applied={10: "40.00"})
    )

    assert results["invoice:10"].outcome is Outcome.POSTED
    assert (only(bench, "Invoice")["TotalAmt"], only(bench, "Invoice")["Balance"]) == (
        Decimal(150),
        Decimal(110),
    )
    assert [intent.state for intent in bench.ledger.intents[-2:]] == [
        IntentState.REJECTED,
        IntentState.POSTED,
    ]


@pytest.mark.rule("5.3")
def test_what_somebody_edited_in_quickbooks_is_reported_and_not_overwritten() -> None:
    bench = posted(invoice(10))
    bench.quickbooks.edit("Invoice", only(bench, "Invoice")["Id"], TxnDate="2026-11-20")

    results = bench.load_as_usual(invoice(10, lines=[("SKU", "150.00")]))

    assert (results["invoice:10"].outcome, code(results["invoice:10"])) == (
        Outcome.HELD,
        "edited_in_quickbooks",
    )
    assert "2026-11-16 meant, 2026-11-20 in QuickBooks" in str(results["invoice:10"].reason)
    assert only(bench, "Invoice")["TotalAmt"] == Decimal(100)


@pytest.mark.rule("5.3")
def test_an_edit_that_was_undone_lets_the_change_through() -> None:
    bench = posted(invoice(10))
    qbo_id = only(bench, "Invoice")["Id"]
    bench.quickbooks.edit("Invoice", qbo_id, TxnDate="2026-11-20")
    bench.load_as_usual(invoice(10, lines=[("SKU", "150.00")]))
    bench.quickbooks.edit("Invoice", qbo_id, TxnDate="2026-11-16")

    results = bench.load_as_usual(invoice(10, lines=[("SKU", "150.00")]))

    assert (results["invoice:10"].outcome, only(bench, "Invoice")["TotalAmt"]) == (
        Outcome.POSTED,
        Decimal(150),
    )


@pytest.mark.rule("5.3")
def test_an_edit_that_makes_quickbooks_equal_settles_the_case_without_a_write() -> None:
    bench = posted(invoice(10))
    qbo_id = only(bench, "Invoice")["Id"]
    bench.quickbooks.edit("Invoice", qbo_id, TxnDate="2026-11-20")
    changed = invoice(10, TxnDate="2026-11-21")
    bench.load_as_usual(changed)
    bench.quickbooks.edit("Invoice", qbo_id, TxnDate="2026-11-21")
    writes = len(bench.quickbooks.writes)

    results = bench.load_as_usual(changed)

    assert (results["invoice:10"].outcome, len(bench.quickbooks.writes)) == (Outcome.UNCHANGED, writes)


@pytest.mark.rule("5.2")
def test_a_refused_number_that_is_our_own_document_is_success() -> None:
    bench = posted()
    bench.quickbooks.forgets_after_seconds = 0
    bench.quickbooks.mischief = Trouble([("after", "lost")]).at

    results = bench.load_as_usual(invoice(10))

    assert results["invoice:10"].outcome is Outcome.POSTED
    assert results["invoice:10"].qbo_id == only(bench, "Invoice")["Id"]


@pytest.mark.rule("1.6")
def test_a_number_used_by_another_kind_of_document_is_named() -> None:
    bench = posted()
    detail = "DocNumber=10 is assigned to TxnType=Sales Receipt with TxnId=77"
    bench.quickbooks.mischief = _refuse(
        "Invoice", RemoteFault("Duplicate Document Number Error", code="6140", detail=detail)
    )

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.REJECTED, "number_used")
    assert "SalesReceipt 77 (number 10)" in str(result.reason)


@pytest.mark.rule("3.2")
def test_a_deposited_payment_is_held_until_its_credit_was_applied_by_hand() -> None:
    bench = posted(payment(20, "100.00", applied={10: "100.00"}))
    paid = only(bench, "Payment")
    bench.quickbooks.deposited.add(paid["Id"])

    held = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    bench.quickbooks.deposited.clear()
    line = {
        "Amount": Decimal(100),
        "LinkedTxn": [{"TxnId": only(bench, "Invoice")["Id"], "TxnType": "Invoice"}],
    }
    bench.quickbooks.edit("Payment", paid["Id"], Line=[line])
    bench.quickbooks.deposited.add(paid["Id"])
    writes = [write for write in bench.quickbooks.writes if write[1] == "Payment"]
    done = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    assert (held["payment:20"].outcome, code(held["payment:20"])) == (Outcome.HELD, "deposited")
    assert done["payment:20"].outcome is Outcome.POSTED
    assert len([write for write in bench.quickbooks.writes if write[1] == "Payment"]) == len(writes) + 1


@pytest.mark.rule("4")
def test_a_period_closed_meanwhile_holds_the_document() -> None:
    bench = posted()
    bench.quickbooks.close_date = DAY.isoformat()

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "closed_period_answered")


def test_a_document_deleted_in_quickbooks_is_not_made_again_by_itself() -> None:
    bench = posted(invoice(10))
    bench.quickbooks.delete("Invoice", only(bench, "Invoice")["Id"])

    result = bench.load_as_usual(invoice(10, lines=[("SKU", "150.00")]))["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.REJECTED, "deleted_in_quickbooks")
    assert bench.quickbooks.all("Invoice") == []


def test_a_refusal_carries_plain_words_quickbooks_words_and_a_remedy() -> None:
    bench = posted()
    bench.quickbooks.mischief = _refuse(
        "Invoice", RemoteFault("Invalid Number", code="2240", detail="Qty too large")
    )

    result = bench.load_as_usual(invoice(10), invoice(11))["invoice:10"]

    assert result.outcome is Outcome.REJECTED and result.reason is not None
    assert "outside the range" in result.reason.text and "2240: Qty too large" in result.reason.text
    assert result.reason.remedy


def test_a_name_lock_waits_and_goes_again_with_the_same_request_id() -> None:
    bench = Bench()
    bench.quickbooks.mischief = Trouble([("before", "locked"), ("before", "locked")]).at

    results = bench.load(customer(1))

    assert results["customer:1"].outcome is Outcome.POSTED
    assert len({write[3] for write in bench.quickbooks.writes}) == 1
    assert bench.clock.now > 0


def test_a_throttle_is_waited_out() -> None:
    bench = posted()
    bench.quickbooks.mischief = Trouble([("before", "busy")]).at

    results = bench.load_as_usual(invoice(10))

    assert results["invoice:10"].outcome is Outcome.POSTED
    assert bench.clock.now >= 60


@pytest.mark.parametrize("in_flight", [1, 5])
def test_a_stopped_connection_fails_everything_left_with_that_one_reason(in_flight: int) -> None:
    bench = Bench(company=company_file(quickbooks={"realm": "2", "in_flight": in_flight}))
    bench.load_as_usual()
    stop = ConnectionStopped("The subscription is over.", code="6190", remedy="Renew it.")
    bench.quickbooks.mischief = _refuse("Invoice", stop)
    writes = len(bench.quickbooks.writes)

    results = bench.load_as_usual(*(invoice(number) for number in range(10, 40)), payment(20, "5.00"))

    left = [result for name, result in results.items() if name.startswith(("invoice", "payment"))]
    assert {(result.outcome, code(result)) for result in left} == {(Outcome.FAILED, "connection_stopped")}
    assert len(bench.quickbooks.writes) - writes <= in_flight


@pytest.mark.rule("5.4")
def test_what_quickbooks_stored_otherwise_is_repaired_once() -> None:
    bench = posted()
    bench.quickbooks.distort = _drop_a_cent(times=1)

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, result.operation) == (Outcome.POSTED, "create")
    assert only(bench, "Invoice")["TotalAmt"] == Decimal(100)
    assert [intent.state for intent in bench.ledger.intents[-2:]] == [
        IntentState.MISMATCH,
        IntentState.POSTED,
    ]


@pytest.mark.rule("5.4")
def test_a_mismatch_that_stays_is_shown_with_both_versions_and_never_posted_again() -> None:
    bench = posted()
    bench.quickbooks.distort = _drop_a_cent(times=99)

    first = bench.load_as_usual(invoice(10), payment(20, "50.00", applied={10: "50.00"}))
    writes = len(bench.quickbooks.writes)
    second = bench.load_as_usual(invoice(10), payment(20, "50.00", applied={10: "50.00"}))

    assert [result["invoice:10"].outcome for result in (first, second)] == [Outcome.MISMATCH] * 2
    assert "100.00 meant, 99.99 in QuickBooks" in str(second["invoice:10"].reason)
    assert first["payment:20"].outcome is Outcome.POSTED
    assert len(bench.quickbooks.writes) == writes
    assert len(bench.quickbooks.all("Invoice")) == 1


@pytest.mark.rule("5.4")
def test_a_mismatch_corrected_in_quickbooks_is_at_rest_again() -> None:
    bench = posted()
    bench.quickbooks.distort = _drop_a_cent(times=2)
    bench.load_as_usual(invoice(10))
    stored = only(bench, "Invoice")
    lines = [{**line, "Amount": Decimal(100)} for line in stored["Line"]]
    bench.quickbooks.edit("Invoice", stored["Id"], Line=lines, TotalAmt=Decimal(100))

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert result.outcome is Outcome.UNCHANGED
    assert {link.state for link in bench.ledger.kept_links.values()} == {LinkState.ACTIVE}


@pytest.mark.rule("3.3")
def test_a_payment_takes_what_automatic_credits_left_open_and_says_so() -> None:
    bench = posted(invoice(10))
    qbo = bench.quickbooks
    linked = {
        "Amount": Decimal(30),
        "LinkedTxn": [{"TxnId": only(bench, "Invoice")["Id"], "TxnType": "Invoice"}],
    }
    person = only(bench, "Customer")["Id"]
    credit = qbo.put("Payment", {"CustomerRef": {"value": person}, "TotalAmt": Decimal(30), "Line": [linked]})

    results = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    calls_then = len(bench.quickbooks.writes)
    again = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    qbo.edit("Payment", credit["Id"], Line=[])
    settled = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    assert (results["payment:20"].outcome, code(results["payment:20"])) == (
        Outcome.POSTED,
        "applied_what_is_open",
    )
    assert (again["payment:20"].outcome, code(again["payment:20"])) == (
        Outcome.UNCHANGED,
        "applied_what_is_open",
    )
    assert len(bench.quickbooks.writes) == calls_then + 1  # nothing is sent while nothing is more open
    assert (settled["payment:20"].outcome, settled["payment:20"].reason) == (Outcome.POSTED, None)


@pytest.mark.rule("3.7")
def test_an_invoice_already_paid_by_hand_is_not_paid_twice() -> None:
    bench = posted(invoice(10))
    line = {
        "Amount": Decimal(100),
        "LinkedTxn": [{"TxnId": only(bench, "Invoice")["Id"], "TxnType": "Invoice"}],
    }
    person = only(bench, "Customer")["Id"]
    typed = bench.quickbooks.put(
        "Payment",
        {"CustomerRef": {"value": person}, "TotalAmt": Decimal(100), "TxnDate": "2026-11-17", "Line": [line]},
    )

    day = invoice(10), payment(20, "100.00", applied={10: "100.00"})
    result = bench.load_as_usual(*day)["payment:20"]
    writes = len(bench.quickbooks.writes)
    again = bench.load_as_usual(*day)["payment:20"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "paid_by_hand")
    assert f"Payment {typed['Id']} of 100.00, dated 2026-11-17" in str(result.reason)
    assert len(bench.quickbooks.all("Payment")) == 1
    assert (again.reason, len(bench.quickbooks.writes)) == (result.reason, writes)
    bench.quickbooks.delete("Payment", typed["Id"])
    assert bench.load_as_usual(*day)["payment:20"].outcome is Outcome.POSTED


@pytest.mark.rule("3.2")
def test_money_that_changes_places_between_invoices_ends_where_servicetitan_has_it() -> None:
    bench = posted(
        invoice(10),
        invoice(11),
        payment(20, "100.00", applied={10: "100.00"}),
        payment(21, "100.00", applied={11: "100.00"}),
    )

    results = bench.load_as_usual(
        invoice(10),
        invoice(11),
        payment(20, "100.00", applied={11: "100.00"}),
        payment(21, "100.00", applied={10: "100.00"}),
    )

    assert {results[name].outcome for name in ("payment:20", "payment:21")} == {Outcome.POSTED}
    assert {results[name].reason for name in ("payment:20", "payment:21")} == {None}
    assert {paid["UnappliedAmt"] for paid in bench.quickbooks.all("Payment")} == {Decimal(0)}


@pytest.mark.rule("3.6")
def test_a_company_that_voids_voids_and_says_so_once() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    gone = _not_due(invoice(10))

    first = bench.load_as_usual(gone)["invoice:10"]
    second = bench.load_as_usual(gone)["invoice:10"]

    assert (first.outcome, first.operation, first.wrote) == (Outcome.VOIDED, "void", True)
    assert (second.outcome, second.wrote) == (Outcome.VOIDED, False)
    assert only(bench, "Invoice")["PrivateNote"] == "Voided ServiceTitan invoice 10"


@pytest.mark.rule("5.2", "3.6")
def test_a_voided_payment_is_still_found_by_its_marker() -> None:
    bench = posted()
    bench.quickbooks.mischief = Trouble([("after", "lost")] * 9).at
    bench.load_as_usual(payment(20, "50.00"))
    bench.quickbooks.mischief = lambda moment, entity, body: None
    paid = only(bench, "Payment")
    bench.quickbooks.void("Payment", paid["Id"], paid["SyncToken"], "by-hand")
    bench.clock.advance(601)

    result = bench.load_as_usual(payment(20, "50.00"))["payment:20"]

    assert len(bench.quickbooks.all("Payment")) == 1
    assert result.outcome is Outcome.MISMATCH


def test_a_wait_that_is_asked_for_too_long_ends_as_failed() -> None:
    bench = posted()

    def busy(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before":
            raise RateLimited("month's reads are used up", retry_after_seconds=86_400)

    bench.quickbooks.mischief = busy

    assert bench.load_as_usual(invoice(10))["invoice:10"].outcome is Outcome.FAILED
    assert bench.clock.now == 0


def _refuse(entity: str, error: Exception) -> Any:
    def mischief(moment: str, about: str, body: dict[str, Any]) -> None:
        if moment == "before" and about == entity:
            raise error

    return mischief


def _drop_a_cent(*, times: int) -> Any:
    left = [times]

    def distort(entity: str, obj: dict[str, Any]) -> None:
        if entity == "Invoice" and left[0]:
            left[0] -= 1
            obj["Line"][0]["Amount"] -= Decimal("0.01")

    return distort


def _not_due(mapped: Mapped) -> Mapped:
    return verdict(mapped, Verdict.NOT_DUE, "deleted", "It is no longer active in ServiceTitan.")
