"""The fates of documents against the sandbox: credits, voids, refunds, changed shapes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.orchestration.drifting import look_at_asked
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.states import RecordStates
from tests.integration.load.office import Office, sale
from tests.unit.load.builders import (
    DAY,
    World,
    application,
    credit,
    payment,
    refund,
    tied,
    verdict,
)

NUMBER = 9_900_050
LINES = [("LOAD-SKU", "100.00")]
REST = {Outcome.UNCHANGED, Outcome.VOIDED}


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def gone(mapped: Mapped) -> Mapped:
    whole = replace(mapped, source=mapped.source.record)
    return verdict(whole, Verdict.NOT_DUE, "deleted", "It is no longer active.")


def assert_at_rest(office: Office, world: World) -> None:
    """Another load writes nothing."""
    assert {result.wrote for result in office.sync(world).values()} == {False}


@pytest.mark.rule("1.5", "1.7", "3.6")
def test_what_a_person_was_asked_to_void_is_done_with_once_she_has(
    office: Office, database: Database
) -> None:
    taken, lost = sale(NUMBER + 60), sale(NUMBER + 61)
    office.load(taken, lost)
    exported = verdict(taken, Verdict.NOT_DUE, "exported_elsewhere", "Another connector has booked it.")

    def again() -> dict[str, LoadResult]:
        return office.load(exported, reread=lambda entity, ids: [], is_fresh=True)

    asked = {str(each.source): code(each) for each in again().values() if each.outcome is Outcome.HELD}
    assert asked == {str(taken.source): "needs_void", str(lost.source): "gone_from_servicetitan"}
    places = SimpleNamespace(name=office.ledger_name, links=office.links, quickbooks=office.desk.quickbooks)
    places.states = RecordStates(database)
    for act, each in (("void", taken), ("delete", lost)):
        office.desk.act(act, entity="Invoice", id=office.invoice(int(each.number))["Id"])
    calls = office.desk.quickbooks.calls.metered

    look_at_asked(cast(Any, places), [Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT], [DAY])
    done = {str(each.source): (each.outcome, code(each)) for each in again().values()}
    emptied = (Outcome.VOIDED, "emptied_by_hand")
    assert (done[str(taken.source)], done[str(lost.source)]) == (emptied, emptied)
    assert office.desk.quickbooks.calls.metered == calls + 3  # one for both, and one for each
    look_at_asked(cast(Any, places), [Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT], [DAY])
    again()
    assert office.desk.quickbooks.calls.metered == calls + 3


@pytest.mark.rule("3.4")
def test_a_negative_invoice_becomes_a_credit_memo_and_pays_the_invoice(office: Office) -> None:
    original, negative = sale(NUMBER, "100.00"), credit(f"invoice:{NUMBER + 1}", lines=LINES)
    tie = application(
        f"credit_memo:{NUMBER}/application",
        ("Invoice", f"invoice:{NUMBER}", "100.00"),
        ("CreditMemo", f"invoice:{NUMBER + 1}", "100.00"),
    )

    first = office.load(original, negative, tie)
    calls = office.desk.quickbooks.calls
    second = office.load(original, negative, tie)

    assert {result.outcome for result in first.values()} == {Outcome.POSTED}
    assert {result.outcome for result in second.values()} == {Outcome.UNCHANGED}
    assert office.desk.quickbooks.calls == calls
    (memo,) = office.stored("CreditMemo", f"DocNumber = '{NUMBER + 1}'")
    assert (memo["TotalAmt"], memo["RemainingCredit"]) == (100, 0)
    assert office.invoice(NUMBER)["Balance"] == 0


@pytest.mark.rule("3.6")
def test_an_invoice_deleted_in_servicetitan_is_voided_and_its_payment_freed(office: Office) -> None:
    paid = payment(7000, "100.00", applied={NUMBER: "100.00"})
    office.load(sale(NUMBER), paid)

    gone = verdict(sale(NUMBER), Verdict.NOT_DUE, "deleted", "It is no longer active.")
    results = office.load(gone, paid)
    again = office.load(gone, paid)

    assert results[f"invoice:{NUMBER}"].outcome is Outcome.VOIDED
    assert (office.invoice(NUMBER)["TotalAmt"], office.invoice(NUMBER)["Balance"]) == (0, 0)
    assert office.marked("Payment", "payment 7000")[0]["UnappliedAmt"] == Decimal("100.00")
    assert {result.wrote for result in again.values()} == {False}


@pytest.mark.rule("3.4", "3.6")
def test_an_invoice_changes_its_sign_and_back(office: Office) -> None:
    office.desk.switch(warn_duplicate_number=True)
    world = World()
    world.put(sale(NUMBER))
    office.sync(world)

    world.put(credit(f"invoice:{NUMBER}", lines=LINES))
    office.sync(world)
    (memo,) = office.stored("CreditMemo", f"DocNumber = '{NUMBER}'")
    assert (memo["TotalAmt"], office.invoice(NUMBER)["TotalAmt"]) == (100, 0)
    assert_at_rest(office, world)
    world.put(sale(NUMBER, "30.00"))
    office.sync(world)

    assert office.stored("CreditMemo", f"DocNumber = '{NUMBER}'")[0]["TotalAmt"] == 0
    totals = sorted(each["TotalAmt"] for each in office.stored("Invoice", f"DocNumber = '{NUMBER}'"))
    assert totals == [0, 30]
    assert_at_rest(office, world)


@pytest.mark.rule("3.5", "3.6")
def test_refunds_post_and_are_emptied_again(office: Office) -> None:
    world, paid = World(), payment(7000, "60.00")
    receipt = refund(7001, "40.00", target="RefundReceipt")
    assert receipt.payload is not None
    lines = sale(NUMBER, "40.00").payload
    assert lines is not None
    body = {**receipt.payload.body, "Line": lines.body["Line"]}
    receipt = replace(receipt, payload=receipt.payload.with_body(body))
    world.put(tied(paid, 7002, "25.00"), refund(7002, "25.00", of=7000), receipt)

    first = office.sync(world)
    assert {result.outcome for result in first.values()} == {Outcome.POSTED}
    assert office.marked("Payment", "payment 7000")[0]["UnappliedAmt"] == 35
    assert_at_rest(office, world)
    world.put(paid, gone(refund(7002, "25.00")), gone(receipt))
    office.sync(world)

    assert office.marked("Payment", "payment 7000")[0]["UnappliedAmt"] == 60
    assert [each["TotalAmt"] for each in office.marked("Purchase", "payment 7002")] == [0]
    assert [each["TotalAmt"] for each in office.marked("RefundReceipt", "payment 7001")] == [0]
    assert_at_rest(office, world)


@pytest.mark.rule("3.2")
def test_payments_are_applied_again_after_their_invoice_shrank(office: Office) -> None:
    world = World()
    world.put(
        sale(NUMBER),
        payment(7000, "60.00", applied={NUMBER: "60.00"}),
        payment(7001, "40.00", applied={NUMBER: "40.00"}),
    )
    office.sync(world)

    world.put(sale(NUMBER, "70.00"), payment(7000, "60.00", applied={NUMBER: "30.00"}))
    office.sync(world)

    assert office.marked("Payment", "payment 7000")[0]["UnappliedAmt"] == 30
    assert office.marked("Payment", "payment 7001")[0]["UnappliedAmt"] == 0
    assert_at_rest(office, world)


@pytest.mark.rule("5.3")
def test_a_deleted_invoice_is_made_again_by_decision(office: Office) -> None:
    world = World()
    world.put(sale(NUMBER), payment(7000, "60.00", applied={NUMBER: "60.00"}))
    office.sync(world)
    lost = office.invoice(NUMBER)["Id"]
    office.desk.act("delete", id=lost)
    world.put(sale(NUMBER, "90.00"))

    rejected = office.sync(world)[f"invoice:{NUMBER}"]
    row = f"invoice:{NUMBER},Invoice,again {lost}"
    assert row in (rejected.reason.remedy if rejected.reason else "")
    office.settled = parse_settled_links(f"source,target,qbo_id\n{row}\n")
    again = office.sync(world)[f"invoice:{NUMBER}"]

    assert (again.outcome, office.invoice(NUMBER)["Balance"]) == (Outcome.POSTED, 30)
    assert_at_rest(office, world)


@pytest.mark.rule("4")
def test_a_closed_invoice_is_adjusted_and_the_credit_applied(office: Office) -> None:
    world, end = World(), DAY + timedelta(days=5)
    world.put(sale(NUMBER))
    office.sync(world)
    office.desk.act("close_books", date=end.isoformat())
    office.policies = WritePolicies(book_close_date=end, closed_period_edits="adjust")

    world.put(sale(NUMBER, "75.00"))
    results = office.sync(world)

    (memo,) = office.stored("CreditMemo", f"DocNumber = '{NUMBER}-A'")
    assert (memo["TotalAmt"], memo["TxnDate"]) == (25, (end + timedelta(days=1)).isoformat())
    assert results[f"invoice:{NUMBER}/adjustment"].outcome is Outcome.POSTED
    # the link of a closed invoice is closed too, if QuickBooks says so
    tie = results[f"invoice:{NUMBER}/adjustment_application"]
    assert (tie.outcome, code(tie)) in ((Outcome.POSTED, ""), (Outcome.HELD, "closed_period"))
    assert_at_rest(office, world)


@pytest.mark.rule("3.3", "3.4")
def test_a_credit_that_quickbooks_applied_by_itself_is_taken_as_applied(office: Office) -> None:
    world = World()
    world.put(sale(NUMBER))
    office.sync(world)
    office.desk.act("set_preferences", preferences={"SalesFormsPrefs": {"AutoApplyCredit": True}})
    office.applies_itself = True

    world.put(
        credit(f"credit_memo:{NUMBER + 1}", lines=LINES),
        application(
            f"credit_memo:{NUMBER + 1}/application",
            ("Invoice", f"invoice:{NUMBER}", "100.00"),
            ("CreditMemo", f"credit_memo:{NUMBER + 1}", "100.00"),
        ),
    )
    tie = office.sync(world)[f"credit_memo:{NUMBER + 1}/application"]

    assert (tie.outcome, code(tie), tie.operation) == (Outcome.POSTED, "applied_what_is_open", "link")
    assert office.invoice(NUMBER)["Balance"] == 0
    assert_at_rest(office, world)
