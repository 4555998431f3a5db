"""The write path against the sandbox: the real client, the real ledger, the vendor's own refusals."""

from datetime import timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.store.links import LinkState
from tests.integration.load.office import Office, sale
from tests.unit.load.builders import DAY, customer, payment
from tests.unit.load.chaos import SEAMS, Killed

NUMBER = 9_900_010


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def test_a_day_is_posted_and_the_same_day_again_costs_nothing(office: Office) -> None:
    day = [sale(NUMBER + place, "100.00", "0.10") for place in range(12)]
    day += [payment(7000 + place, "100.10", applied={NUMBER + place: "100.10"}) for place in range(12)]

    first = office.load(*day)
    calls = office.desk.quickbooks.calls
    second = office.load(*day)

    assert {result.outcome for result in first.values()} == {Outcome.POSTED}
    assert {result.outcome for result in second.values()} == {Outcome.UNCHANGED}
    assert office.desk.quickbooks.calls == calls
    assert [office.invoice(NUMBER + place)["Balance"] for place in range(12)] == [0] * 12


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("entity", ["customer", "item", "invoice", "payment"])
@pytest.mark.parametrize(
    "kind", ["lost_response", "reset", "truncated", "http_500", "http_503_html", "http_429"]
)
def test_a_write_that_meets_trouble_happens_once(office: Office, entity: str, kind: str) -> None:
    office.desk.fault(kind, path=f"*/{entity}*", method="POST", times=2)

    results = office.load(sale(NUMBER), payment(7000, "100.00", applied={NUMBER: "100.00"}))

    assert {result.outcome for result in results.values()} == {Outcome.POSTED}
    assert len(office.marked("Invoice", f"ServiceTitan invoice {NUMBER}")) == 1
    assert len(office.marked("Payment", "ServiceTitan payment 7000")) == 1
    assert len(office.stored("Customer", "DisplayName = 'Heron Load Test'")) == 1
    assert office.invoice(NUMBER)["Balance"] == 0


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("seam", SEAMS)
def test_death_at_a_seam_is_made_good_over_http(office: Office, seam: str) -> None:
    office.load()

    def die(name: str) -> None:
        if name == seam:
            raise Killed

    with pytest.raises(Killed):
        office.load(sale(NUMBER), seam=die)
    results = office.load(sale(NUMBER))

    assert results[f"invoice:{NUMBER}"].outcome is Outcome.POSTED
    assert len(office.marked("Invoice", f"ServiceTitan invoice {NUMBER}")) == 1


@pytest.mark.rule("5.3")
def test_a_late_edit_of_a_paid_invoice_goes_through(office: Office) -> None:
    paid = payment(7000, "40.00", applied={NUMBER: "40.00"})
    office.load(sale(NUMBER), paid)

    results = office.load(sale(NUMBER, "100.00", "50.00"), paid)

    assert results[f"invoice:{NUMBER}"].outcome is Outcome.POSTED
    assert (office.invoice(NUMBER)["TotalAmt"], office.invoice(NUMBER)["Balance"]) == (150, 110)


@pytest.mark.rule("5.3")
def test_an_edit_by_a_bookkeeper_is_not_overwritten(office: Office) -> None:
    office.load(sale(NUMBER))
    office.desk.act("change_date", id=office.invoice(NUMBER)["Id"], date="2026-11-18")

    result = office.load(sale(NUMBER, "150.00"))[f"invoice:{NUMBER}"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "edited_in_quickbooks")
    assert office.invoice(NUMBER)["TotalAmt"] == 100


@pytest.mark.rule("5.3")
def test_paying_depositing_and_mailing_changes_nothing_for_us(office: Office) -> None:
    paid = payment(7000, "100.00", applied={NUMBER: "100.00"})
    office.load(sale(NUMBER), paid)
    office.desk.act("deposit", payments=[office.marked("Payment", "ServiceTitan payment 7000")[0]["Id"]])
    office.desk.act("email", id=office.invoice(NUMBER)["Id"], to="a@example.com")

    results = office.load(sale(NUMBER), paid)

    assert {result.outcome for result in results.values()} == {Outcome.UNCHANGED}


@pytest.mark.rule("3.2")
def test_a_deposited_payment_is_held_until_somebody_applies_it(office: Office) -> None:
    office.load(payment(7000, "100.00", applied={NUMBER: "100.00"}))
    (paid,) = office.marked("Payment", "ServiceTitan payment 7000")
    office.desk.act("deposit", payments=[paid["Id"]])
    again = payment(7000, "100.00", applied={NUMBER: "100.00"})

    held = office.load(sale(NUMBER), again)["payment:7000"]
    office.desk.act("apply_credit", invoice=office.invoice(NUMBER)["Id"], payment=paid["Id"])
    done = office.load(sale(NUMBER), again)["payment:7000"]

    assert (held.outcome, code(held)) == (Outcome.HELD, "deposited")
    assert done.outcome is Outcome.POSTED
    assert office.invoice(NUMBER)["Balance"] == 0


@pytest.mark.rule("4")
def test_books_closed_meanwhile_hold_the_document(office: Office) -> None:
    office.load()
    office.desk.act("close_books", date=DAY.isoformat())

    result = office.load(sale(NUMBER))[f"invoice:{NUMBER}"]

    # The closing date we know is older: it is QuickBooks that says so.
    assert (result.outcome, code(result)) == (Outcome.HELD, "closed_period_answered")
    office.desk.act("close_books", date=None)
    assert office.load(sale(NUMBER))[f"invoice:{NUMBER}"].outcome is Outcome.POSTED


@pytest.mark.rule("4")
def test_a_payment_into_closed_books_is_held_until_it_goes_elsewhere_or_they_are_opened(
    office: Office,
) -> None:
    office.load(sale(NUMBER))
    office.desk.control("switches", {"quickbooks": {"closed_period_guards_links": True}})
    office.desk.act("close_books", date=DAY.isoformat())
    later = DAY + timedelta(days=1)
    paid, moved = (
        payment(7001, "60.00", applied={NUMBER: "60.00"}, day=later),
        payment(7002, "40.00", day=later),
    )
    applied = payment(7002, "40.00", applied={NUMBER: "40.00"}, day=later)

    held = office.load(sale(NUMBER), paid, applied, day=later)
    elsewhere = office.load(sale(NUMBER), moved, day=later)["payment:7002"]
    office.desk.act("close_books", date=None)
    opened = office.load(sale(NUMBER), paid, day=later)["payment:7001"]

    assert {code(held[f"payment:{number}"]) for number in (7001, 7002)} == {"closed_period_answered"}
    assert (elsewhere.outcome, opened.outcome) == (Outcome.POSTED, Outcome.POSTED)
    assert office.invoice(NUMBER)["Balance"] == 40


@pytest.mark.rule("1.6")
@pytest.mark.parametrize(("amount", "outcome"), [("100.00", Outcome.POSTED), ("100.01", Outcome.HELD)])
def test_an_invoice_typed_by_hand_is_adopted_only_if_it_agrees(
    office: Office, amount: str, outcome: Outcome
) -> None:
    office.load()
    line = {"item": "LOAD-SKU", "amount": amount}
    office.desk.act(
        "type_invoice", customer="Heron Load Test", lines=[line], date=DAY.isoformat(), number=str(NUMBER)
    )

    result = office.load(sale(NUMBER))[f"invoice:{NUMBER}"]

    assert result.outcome is outcome
    assert len(office.stored("Invoice", f"DocNumber = '{NUMBER}'")) == 1


@pytest.mark.rule("5.2")
def test_a_number_refused_because_it_is_our_own_is_success(office: Office) -> None:
    office.load()
    office.desk.switch(requestid_replay=False, warn_duplicate_number=True)
    office.desk.fault("lost_response", path="*/invoice*", method="POST")

    result = office.load(sale(NUMBER))[f"invoice:{NUMBER}"]

    assert (result.outcome, result.qbo_id) == (Outcome.POSTED, office.invoice(NUMBER)["Id"])


@pytest.mark.rule("7.2")
def test_a_vendors_name_gets_a_suffix(office: Office) -> None:
    office.desk.quickbooks.create("Vendor", {"DisplayName": "Two Hats"}, "vendor-1")

    result = office.load(customer(2, "Two Hats"))["customer:2"]

    assert (result.outcome, code(result)) == (Outcome.POSTED, "renamed")
    assert office.desk.quickbooks.read("Customer", result.qbo_id).object["DisplayName"] == "Two Hats (C-2)"


@pytest.mark.rule("7.2")
def test_a_customer_with_the_same_name_and_mail_is_linked_and_left_alone(office: Office) -> None:
    body = {"DisplayName": "O'Hara, Ann", "PrimaryEmailAddr": {"Address": "ann@example.com"}}
    there = office.desk.quickbooks.create("Customer", body, "customer-1").object

    result = office.load(customer(2, "Ann O'Hara", email="Ann@Example.com"))["customer:2"]

    assert (result.qbo_id, result.operation) == (there["Id"], "link")
    assert office.desk.quickbooks.read("Customer", there["Id"]).object["SyncToken"] == there["SyncToken"]


@pytest.mark.rule("2.1")
def test_an_item_of_another_account_leaves_the_second_name(office: Office) -> None:
    other = next(
        row["Id"] for row in office.stored("Account", "AccountType = 'Income'") if row["Id"] != office.income
    )
    body = {"Name": "LOAD-SKU", "Type": "Service", "IncomeAccountRef": {"value": other}}
    office.desk.quickbooks.create("Item", body, "item-1")

    result = office.load(sale(NUMBER))["item:LOAD-SKU|79"]

    assert office.desk.quickbooks.read("Item", result.qbo_id).object["Name"] == "LOAD-SKU [40100]"
    assert (
        office.desk.quickbooks.read("Item", result.qbo_id).object["IncomeAccountRef"]["value"]
        == office.income
    )


@pytest.mark.rule("3.3")
def test_credits_that_quickbooks_applied_by_itself_leave_less_to_apply(office: Office) -> None:
    office.load()
    office.desk.act("set_preferences", preferences={"SalesFormsPrefs": {"AutoApplyCredit": True}})
    office.desk.act("type_payment", customer="Heron Load Test", amount="30.00", date=DAY.isoformat())

    day = sale(NUMBER), payment(7000, "100.00", applied={NUMBER: "100.00"})
    results = office.load(*day)
    planned, writes = office.plan(*day), office.desk.quickbooks.calls.writes
    again = office.load(*day)["payment:7000"]

    assert (results["payment:7000"].outcome, code(results["payment:7000"])) == (
        Outcome.POSTED,
        "applied_what_is_open",
    )
    assert office.invoice(NUMBER)["Balance"] == 0
    assert (planned["payment:7000"].will, code(planned["payment:7000"].result)) == (
        "unchanged",
        "applied_what_is_open",
    )
    assert (again.outcome, code(again)) == (Outcome.UNCHANGED, "applied_what_is_open")
    assert office.desk.quickbooks.calls.writes == writes


@pytest.mark.rule("3.7")
def test_a_payment_typed_by_hand_is_seen_by_a_plan_and_not_sent_over_and_over(office: Office) -> None:
    office.load(sale(NUMBER))
    paid = office.invoice(NUMBER)["Id"]
    office.desk.act(
        "type_payment",
        customer="Heron Load Test",
        amount="100.00",
        invoices=[paid],
        date=DAY.isoformat(),
    )
    day = sale(NUMBER), payment(7000, "100.00", applied={NUMBER: "100.00"})

    planned = office.plan(*day)["payment:7000"]
    first = office.load(*day)["payment:7000"]
    writes = office.desk.quickbooks.calls.writes
    second = office.load(*day)["payment:7000"]

    assert (planned.will, planned.result.reason) == ("held", first.reason)
    assert {(each.outcome, code(each)) for each in (first, second)} == {(Outcome.HELD, "paid_by_hand")}
    assert office.desk.quickbooks.calls.writes == writes


@pytest.mark.rule("5.1")
def test_a_locked_subscription_stops_the_load_with_one_reason_and_heals(office: Office) -> None:
    office.load()
    office.desk.act("lock_subscription")
    stopped = office.load(*(sale(NUMBER + place) for place in range(20)))
    office.desk.act("unlock_subscription")

    healed = office.load(*(sale(NUMBER + place) for place in range(20)))

    failed = [result for result in stopped.values() if result.outcome is Outcome.FAILED]
    assert (len(failed), {code(result) for result in failed}) == (20, {"connection_stopped"})
    assert {result.outcome for result in healed.values()} == {Outcome.POSTED, Outcome.UNCHANGED}
    assert len(office.marked("Invoice", "ServiceTitan invoice 99000")) == 20


@pytest.mark.rule("5.1")
def test_somebody_saving_names_at_the_same_time_is_waited_for(office: Office) -> None:
    office.desk.switch(name_lock_times=3)

    results = office.load(customer(2, "Patient Person"))

    assert {result.outcome for result in results.values()} == {Outcome.POSTED}


@pytest.mark.rule("5.4")
def test_what_is_confirmed_is_kept_on_the_link(office: Office) -> None:
    office.load(sale(NUMBER))

    (link,) = office.links.of_day(office.ledger_name, sale(NUMBER).source.entity, DAY)
    assert (link.state, link.confirmed["TotalAmt"], link.confirmed["marker"]) == (
        LinkState.ACTIVE,
        str(Decimal("100.00")),
        f"invoice:{NUMBER}",
    )
