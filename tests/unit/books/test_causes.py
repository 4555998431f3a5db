"""Each cause: one document spoilt, the cause named, its neighbours left alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.books.causes import BY_NAME, CAUSES, Kind
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import OwnLoad
from st_qbo_assets.books.verdict import DayVerdict, verdict_of
from st_qbo_assets.domain.ids import SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Outcome, Reason
from tests.unit.books.world import DAY, WEEK, Drift, Row, World, applied_line, company, line, text

HVAC, INSTALL = ("40100", "HVAC Service"), ("40200", "HVAC Install")


@pytest.fixture
def world() -> World:
    """Three invoices of three customers, the first two paid, one on another day; everything agrees."""
    world = World()
    world.invoice(1, cents={HVAC: 10_000, INSTALL: 2_500}, tax=750)
    world.invoice(2)
    world.invoice(3, WEEK[1])
    world.payment(1, applied={1: 13_250})
    world.payment(2, WEEK[2], applied={2: 4_000}, unapplied=600)
    return world.settle()


def test_books_that_agree_have_no_record_and_are_green(world: World) -> None:
    days = world.tie_out()
    assert [record for day in days for record in day.records] == []
    assert {verdict_of(day) for day in days} == {DayVerdict.GREEN}


def qbo(world: World, target: str, id_: int) -> dict:
    return world.objects[target][str(id_)]


# Amounts, customers, accounts, days


@pytest.mark.rule("6.2", "6.4")
def test_a_dollar_more_is_a_wrong_amount(world: World) -> None:
    invoice = qbo(world, "Invoice", 1001)
    invoice["Line"][0]["Amount"] += 1
    invoice["TotalAmt"] += 1
    assert world.settle().causes() == {
        "invoices invoice:1": "wrong_amount",
        "balances invoice:1": "wrong_amount",
    }
    assert world.records()[0].difference_cents == -100


@pytest.mark.rule("5.4", "6.2")
def test_what_quickbooks_stored_otherwise_has_the_remedy_of_the_load(world: World) -> None:
    qbo(world, "Invoice", 1003)["TotalAmt"] += 50
    world.stand("invoice:3", Outcome.MISMATCH, "mismatch")
    world.settle()
    found = {record.cause: record.finding for record in world.records() if record.entity == "invoices"}
    assert found["wrong_amount"].remedy == "Cure mismatch."  # to load it again changes nothing


@pytest.mark.rule("6.2", "6.4")
@pytest.mark.parametrize(("cents", "cause"), [(1, "rounding"), (2, "rounding"), (3, "wrong_amount")])
def test_a_cent_a_line_at_most_is_rounding_and_fails_too(world: World, cents: int, cause: str) -> None:
    invoice = qbo(world, "Invoice", 1001)
    for number in range(cents):
        invoice["Line"][number % 2]["Amount"] += Decimal("0.01")
    invoice["TotalAmt"] += Decimal("0.01") * cents
    assert world.settle().causes() == {"invoices invoice:1": cause, "balances invoice:1": cause}
    assert verdict_of(world.tie_out()[0]) is DayVerdict.FAILING


@pytest.mark.rule("6.1")
def test_a_dropped_line_is_a_wrong_amount_though_the_load_wrote_it_so(world: World) -> None:
    invoice = qbo(world, "Invoice", 1001)
    invoice["TotalAmt"] -= invoice["Line"].pop(1)["Amount"]
    assert world.settle().causes()["invoices invoice:1"] == "wrong_amount"


@pytest.mark.rule("2.4", "6.2")
def test_tax_that_differs_with_its_total_is_wrong_tax(world: World) -> None:
    invoice = qbo(world, "Invoice", 1001)
    invoice["TxnTaxDetail"]["TotalTax"] += Decimal("0.01")
    invoice["TotalAmt"] += Decimal("0.01")
    assert world.settle().causes() == {"invoices invoice:1": "wrong_tax", "balances invoice:1": "wrong_tax"}


def test_tax_booked_as_income_is_wrong_tax(world: World) -> None:
    invoice = qbo(world, "Invoice", 1001)
    invoice["TxnTaxDetail"] = {}
    invoice["Line"].append(line("401", "7.50"))
    assert world.causes() == {"invoices invoice:1": "wrong_tax"}


@pytest.mark.rule("6.2")
def test_another_customer_is_a_wrong_customer(world: World) -> None:
    qbo(world, "Invoice", 1003)["CustomerRef"] = {"value": "8888", "name": "Somebody"}
    (record,) = world.records()
    assert (record.cause, record.difference_cents, record.differs_in) == ("wrong_customer", 0, ("customer",))
    assert "Somebody" in record.finding.evidence


@pytest.mark.rule("2.1")
def test_the_same_money_on_another_account_is_a_wrong_income_account(world: World) -> None:
    qbo(world, "Invoice", 1001)["Line"][0] = line("999", "100.00")
    (record,) = world.records()
    assert record.cause == "wrong_income_account"
    assert {key.account: amount.cents for key, amount in record.differences.items()} == {
        "401": 10_000,
        "999": -10_000,
    }


@pytest.mark.rule("1.5")
def test_a_document_on_another_day_shows_on_both_days(world: World) -> None:
    qbo(world, "Invoice", 1003)["TxnDate"] = str(WEEK[3])
    shown = [(record.day, record.entity, record.cause, record.difference_cents) for record in world.records()]
    assert shown == [
        (WEEK[1], "balances", "wrong_date", 10_000),
        (WEEK[1], "invoices", "wrong_date", 10_000),
        (WEEK[3], "balances", "wrong_date", -10_000),
        (WEEK[3], "invoices", "wrong_date", -10_000),
    ]


def test_a_document_that_moved_out_of_the_range_is_read_by_its_link(world: World) -> None:
    qbo(world, "Invoice", 1003)["TxnDate"] = str(DAY + timedelta(days=40))
    assert world.causes()["invoices invoice:3"] == "wrong_date"


def test_a_document_whose_record_moved_out_of_the_range_is_read_by_its_marker(world: World) -> None:
    world.invoices["3"]["invoiceDate"] = f"{DAY + timedelta(days=20)}T00:00:00Z"
    assert world.causes()["invoices invoice:3"] == "wrong_date"


@pytest.mark.rule("4")
def test_a_document_of_a_closed_day_on_the_first_open_one_is_booked_on_another_day(world: World) -> None:
    world.company = company(closed_period="next_open_day")
    world.book_close = WEEK[1]
    qbo(world, "Invoice", 1003)["TxnDate"] = str(WEEK[2])
    assert set(world.causes().values()) == {"booked_on_another_day"}
    assert {verdict_of(day) for day in world.tie_out()} == {DayVerdict.GREEN}
    # Either day alone, of which the newest stamp that was loaded may well be older.
    world.seen_until = datetime(2026, 11, 1, tzinfo=UTC)
    for days in (WEEK[1:2], WEEK[2:3]):
        assert set(world.causes(days).values()) == {"booked_on_another_day"}


@pytest.mark.rule("4")
def test_a_document_beyond_the_first_open_day_is_on_a_wrong_date(world: World) -> None:
    world.company = company(closed_period="next_open_day")
    world.book_close = WEEK[1]
    qbo(world, "Invoice", 1003)["TxnDate"] = str(WEEK[3])
    assert set(world.causes().values()) == {"wrong_date"}


# Twice, gone, edited


@pytest.mark.rule("6.2", "6.4")
def test_two_documents_with_one_marker_are_a_duplicate(world: World) -> None:
    world.objects["Invoice"]["7777"] = dict(qbo(world, "Invoice", 1003), Id="7777")
    assert world.settle().causes() == {"invoices invoice:3": "duplicate", "balances invoice:3": "duplicate"}


@pytest.mark.rule("6.4")
def test_a_copy_on_a_day_not_read_is_found_by_the_index_of_markers(world: World) -> None:
    far = str(DAY + timedelta(days=200))
    world.objects["Invoice"]["7777"] = dict(qbo(world, "Invoice", 1003), Id="7777", TxnDate=far)
    assert world.settle().causes() == {}
    source = SourceRef.parse("invoice:3")
    world.doubled[source] = [Row(source, "Invoice", "1003"), Row(source, "Invoice", "7777")]
    assert world.causes() == {"invoices invoice:3": "duplicate"}


def test_a_void_copy_is_no_duplicate(world: World) -> None:
    note = "Voided ServiceTitan invoice 3"
    copy = dict(qbo(world, "Invoice", 1003), Id="7777", PrivateNote=note, TotalAmt=Decimal(0))
    world.objects["Invoice"]["7777"] = copy | {"Line": [], "TxnTaxDetail": {"TotalTax": 0}}
    assert world.settle().causes() == {}


@pytest.mark.rule("6.2")
def test_a_linked_document_that_is_gone_was_deleted_in_quickbooks(world: World) -> None:
    del world.objects["Invoice"]["1003"]
    causes = world.settle().causes()
    assert causes == {
        "invoices invoice:3": "deleted_in_quickbooks",
        "balances invoice:3": "deleted_in_quickbooks",
    }


@pytest.mark.rule("6.2")
def test_what_was_deleted_stays_deleted_after_a_load_has_seen_it_and_its_remedy_is_the_loads(
    world: World,
) -> None:
    del world.objects["Invoice"]["1003"]
    source = SourceRef.parse("invoice:3")
    said = Reason("deleted_in_quickbooks", "It was Invoice 1003.", "Add the row.")
    world.states[source] = Row(source, outcome=Outcome.REJECTED, reason=said)
    found = {record.cause: record.finding.remedy for record in world.settle().records()}
    assert found == {"deleted_in_quickbooks": "Add the row."}


def test_the_payment_of_a_deleted_invoice_says_so_and_is_not_unexplained(world: World) -> None:
    del world.objects["Invoice"]["1001"]
    causes = world.settle().causes()
    assert set(causes) == {"invoices invoice:1", "payments payment:1"}
    assert set(causes.values()) == {"deleted_in_quickbooks"}


def test_a_document_void_in_quickbooks_alone_is_named(world: World) -> None:
    qbo(world, "Invoice", 1003).update(
        PrivateNote="Voided ServiceTitan invoice 3",
        TotalAmt=Decimal(0),
        TxnTaxDetail={"TotalTax": 0},
        Line=[],
    )
    assert world.settle().causes()["invoices invoice:3"] == "voided_in_quickbooks"


@pytest.mark.rule("5.3")
def test_drift_is_told_field_by_field_whatever_field_it_is(world: World) -> None:
    qbo(world, "Invoice", 1003)["DocNumber"] = "X"
    world.drift[QboKey("Invoice", "1003")] = (Drift("DocNumber", "N3", "X"),)
    (record,) = world.records()
    assert record.cause == "edited_in_quickbooks"
    assert "number N3 → X" in record.finding.evidence


def test_a_mismatch_mended_by_hand_in_quickbooks_is_no_edit(world: World) -> None:
    world.drift[QboKey("Invoice", "1003")] = (Drift("TotalAmt", "100.01", "100.00"),)
    world.states[SourceRef.parse("invoice:3")] = Row(SourceRef.parse("invoice:3"), outcome=Outcome.MISMATCH)
    assert world.causes() == {}


def test_without_a_link_or_a_state_a_missing_document_is_unexplained(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    day = world.settle().tie_out()[0]
    assert [(record.entity, record.cause) for record in day.records] == [
        ("balances", "unexplained"),
        ("invoices", "unexplained"),
    ]
    assert day.figure("invoices").unexplained_cents == 4_200
    assert day.figure("income", "401").unexplained_cents == 4_200
    assert verdict_of(day) is DayVerdict.FAILING


def test_our_marker_without_a_ledger_is_found_and_paired(world: World) -> None:
    world.links.clear()
    world.states.clear()
    assert world.causes() == {}


def test_a_marker_of_a_record_that_does_not_exist_is_gone_from_servicetitan(world: World) -> None:
    world.typed_by_hand("Invoice", 7, PrivateNote="ServiceTitan invoice 4711")
    assert world.causes()["invoices invoice:4711"] == "gone_from_servicetitan"


def test_a_marker_removed_by_hand_leaves_the_document_ours_by_its_link(world: World) -> None:
    del qbo(world, "Invoice", 1003)["PrivateNote"]
    assert world.causes() == {}


# Left by the load


@pytest.mark.rule("6.1", "6.2")
@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (Outcome.HELD, "held"),
        (Outcome.REJECTED, "rejected"),
        (Outcome.BLOCKED, "blocked"),
        (Outcome.FAILED, "transient_failure"),
        (Outcome.PLANNED, "nothing_written"),
        (Outcome.NOT_DUE, "changed_since_load"),
    ],
)
def test_a_record_the_load_left_waits_with_its_reason(world: World, outcome: Outcome, cause: str) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", outcome)
    day = world.settle().tie_out()[0]
    assert {record.cause for record in day.records} == {cause}
    assert verdict_of(day) is DayVerdict.WAITING
    assert day.unexplained_cents == 0
    invoices = day.figure("invoices")
    assert (invoices.servicetitan_count, invoices.quickbooks_count, invoices.difference_cents) == (
        3,
        2,
        4_200,
    )
    assert (invoices.held, invoices.rejected) == (outcome is Outcome.HELD, outcome is Outcome.REJECTED)


def test_the_remedy_is_the_one_the_load_gave(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", Outcome.HELD, "account_unmapped")
    record = next(record for record in world.settle().records() if record.entity == "invoices")
    assert (record.finding.code, record.finding.remedy) == ("account_unmapped", "Cure account_unmapped.")
    assert record.finding.evidence == "Because of account_unmapped."


def test_what_the_gate_holds_needs_no_state(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, invoiceConfiguration="SomethingNew")
    assert world.settle().causes()["invoices invoice:9"] == "held"


@pytest.mark.rule("3.2")
def test_a_payment_waits_for_its_held_invoice(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", Outcome.HELD)
    world.st_payment(9, DAY, applied={9: 4_200})
    causes = world.settle().causes()
    assert causes["invoices invoice:9"] == "held"
    assert causes["payments payment:9"] == "payment_of_held_invoice"


@pytest.mark.rule("3.2")
def test_a_payment_posted_unapplied_for_a_held_invoice_waits_too(world: World) -> None:
    world.company = company(payment_of_unposted_invoice="unapplied")
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", Outcome.HELD)
    world.payment(9, applied={9: 4_200})
    day = world.settle().tie_out()[0]
    (record,) = [record for record in day.records if record.entity == "payments"]
    assert (record.cause, record.difference_cents) == ("payment_of_held_invoice", 0)
    assert day.figure("applied").difference_cents == 4_200


def test_a_record_newer_than_what_the_load_read_waits(world: World) -> None:
    world.seen_until = datetime(2026, 11, 10, 17, tzinfo=UTC)
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, modifiedOn=f"{DAY}T18:00:00.1234567Z")
    world.st_invoice(8, DAY, cents={HVAC: 4_200}, modifiedOn=f"{DAY}T16:59:00Z")
    causes = world.settle().causes()
    assert causes["invoices invoice:9"] == "changed_since_load"
    assert causes["invoices invoice:8"] == "unexplained"


@pytest.mark.rule("1.9")
def test_in_preview_what_is_due_and_not_there_was_not_written(world: World) -> None:
    world.company = company(mode="preview")
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.st_payment(9, DAY, applied={9: 4_200})
    assert set(world.settle().causes().values()) == {"nothing_written"}
    assert verdict_of(world.tie_out()[0]) is DayVerdict.WAITING


# Not due


@pytest.mark.rule("1.2", "1.4", "1.6", "1.7", "1.8")
@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"syncStatus": "Pending", "reviewStatus": "OnHold"}, "not_yet_due"),
        ({"syncStatus": "Exported"}, "exported_elsewhere"),
        ({"exportId": "QB-1"}, "exported_elsewhere"),
        ({"businessUnit": {"id": 2, "name": "Franchise"}}, "out_of_scope"),
        ({"invoiceConfiguration": "ARImportInvoice"}, "never_posts"),
    ],
)
def test_what_is_not_due_is_listed_with_its_cents_and_differs_in_nothing(
    world: World, change: dict[str, object], cause: str
) -> None:
    world.company = company(business_units={"exclude": ["Franchise"]})
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, **change)
    day = world.settle().tie_out()[0]
    (record,) = day.records
    assert (record.cause, record.difference_cents, record.document_cents) == (cause, 0, 4_200)
    assert record.kind is Kind.INFORMATIONAL
    assert verdict_of(day) is DayVerdict.GREEN
    assert [(each.count, each.cents) for each in day.uncounted] == [(1, 4_200)]


def test_empty_and_deleted_records_are_counted_and_not_listed(world: World) -> None:
    world.st_invoice(8, DAY, cents={})
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, active=False)
    day = world.settle().tie_out()[0]
    assert day.records == ()
    assert {(each.code, each.count, each.cents) for each in day.uncounted} == {
        ("zero_total", 1, 0),
        ("deleted", 1, 4_200),
    }


@pytest.mark.rule("1.2")
def test_a_gate_that_closes_again_shows_the_posted_document(world: World) -> None:
    world.invoices["3"] |= {"syncStatus": "Pending", "reviewStatus": "OnHold"}
    causes = world.causes()
    assert causes == {"invoices invoice:3": "gate_closed_again", "balances invoice:3": "gate_closed_again"}
    assert verdict_of(world.tie_out()[1]) is DayVerdict.GREEN


@pytest.mark.rule("3.6")
def test_a_record_deleted_in_servicetitan_whose_document_stands_fails(world: World) -> None:
    world.invoices["3"]["active"] = False
    assert world.causes()["invoices invoice:3"] == "removed_in_servicetitan"
    world.stand("invoice:3", Outcome.HELD, "needs_void")
    assert world.causes()["invoices invoice:3"] == "held"


@pytest.mark.rule("1.6")
def test_our_own_document_does_not_hide_behind_a_date_before_the_start(world: World) -> None:
    world.invoices["3"]["invoiceDate"] = "2026-10-20T00:00:00Z"
    assert world.causes()["invoices invoice:3"] == "wrong_date"


@pytest.mark.rule("3.1")
def test_a_payment_of_an_ignored_type_is_listed(world: World) -> None:
    world.company = company(payment_types={"Gift": {"becomes": "ignore"}})
    world.st_payment(9, DAY, applied={}, unapplied=900, type="Gift")
    assert world.causes() == {"payments payment:9": "never_posts"}


@pytest.mark.rule("3.2")
def test_a_deposit_before_its_job_is_done_rightly_lies_unapplied(world: World) -> None:
    world.st_invoice(9, WEEK[4], cents={HVAC: 4_200}, syncStatus="Pending", job={"id": 5})
    world.jobs["5"] = {"id": 5, "jobStatus": "Scheduled", "modifiedOn": None, "completedOn": None}
    world.payment(9, applied={9: 4_200})
    days = world.settle().tie_out()
    assert days[0].records == ()
    assert days[0].figure("applied").agrees
    assert {record.cause for record in days[4].records} == {"not_yet_due"}


@pytest.mark.rule("1.6")
def test_a_payment_of_an_unlinked_invoice_before_the_start_posts_unapplied(world: World) -> None:
    world.st_invoice(9, DAY - timedelta(days=30), cents={HVAC: 4_200})
    world.payment(9, applied={9: 4_200})
    assert world.settle().causes() == {}


@pytest.mark.rule("1.4")
def test_a_record_without_a_date_shows_on_the_local_day_it_was_made(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, invoiceDate=None, createdOn=f"{WEEK[2]}T03:00:00Z")
    (record, _) = world.settle().records()
    assert (record.day, record.cause, record.finding.code) == (WEEK[1], "rejected", "no_date")


def test_an_unreadable_amount_is_counted_and_shown(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.settle()
    world.invoices["9"]["total"] = "four"
    day = world.tie_out()[0]
    (record,) = [record for record in day.records if record.entity == "invoices"]
    assert record.cause == "unreadable"
    assert "four" in record.finding.evidence
    assert day.figure("invoices").servicetitan_count == 3


# Typed by hand


@pytest.mark.rule("6.2")
def test_an_invoice_like_none_of_ours_is_informational(world: World) -> None:
    world.typed_by_hand("Invoice", 7)
    day = world.settle().tie_out()[0]
    assert {record.cause for record in day.records} == {"entered_by_hand"}
    assert day.figure("invoices").difference_cents == -5_000
    assert verdict_of(day) is DayVerdict.GREEN


@pytest.mark.rule("6.2")
@pytest.mark.parametrize(
    "like",
    [
        {"DocNumber": "N1", "cents": 13_250},
        {"DocNumber": "n1", "CustomerRef": {"value": "710"}},
        {"CustomerRef": {"value": "710"}, "cents": 13_250, "day": WEEK[3]},
    ],
)
def test_an_invoice_like_one_of_ours_fails_as_a_possible_duplicate(world: World, like: dict) -> None:
    world.typed_by_hand("Invoice", 7, **like)
    assert world.settle().causes()["invoices Invoice 7"] == "looks_like_ours"


def test_a_number_alone_is_no_likeness(world: World) -> None:
    world.typed_by_hand("Invoice", 7, DocNumber="N1")
    assert world.settle().causes()["invoices Invoice 7"] == "entered_by_hand"


@pytest.mark.rule("1.6")
def test_an_invoice_typed_before_ours_was_posted_waits_to_be_linked(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", Outcome.HELD, "typed_by_hand_differs")
    world.typed_by_hand("Invoice", 7, DocNumber="N9", cents=4_200)
    causes = world.settle().causes()
    assert causes["invoices Invoice 7"] == "not_yet_linked"
    assert causes["invoices invoice:9"] == "held"


@pytest.mark.rule("1.6")
def test_an_adopted_document_is_listed_and_compared(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    hand = world.typed_by_hand(
        "Invoice", 7, cents=4_200, CustomerRef={"value": "700"}, Line=[line("401", "42.00")]
    )
    source = SourceRef.parse("invoice:9")
    world.links.append(Row(source, "Invoice", "7", "adopted"))
    assert world.settle().causes() == {"invoices invoice:9": "adopted"}
    assert verdict_of(world.tie_out()[0]) is DayVerdict.GREEN
    hand["TotalAmt"] += 1
    assert world.settle().causes()["invoices invoice:9"] == "wrong_amount"


@pytest.mark.rule("1.7")
def test_the_other_connectors_document_is_exported_elsewhere(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200}, exportId="QB-7")
    world.typed_by_hand("Invoice", 7, DocNumber="N9", cents=4_200)
    causes = world.settle().causes()
    assert causes == {
        "invoices invoice:9": "exported_elsewhere",
        "invoices Invoice 7": "exported_elsewhere",
        "balances Invoice 7": "exported_elsewhere",
    }


@pytest.mark.rule("2.6")
def test_another_tenants_document_is_out_of_scope(world: World) -> None:
    world.tenant = Tenant("1")
    world.typed_by_hand("Invoice", 7, PrivateNote="ServiceTitan invoice 1 tenant 999")
    assert world.settle().causes()["invoices Invoice 7"] == "out_of_scope"


# Payments


@pytest.mark.rule("3.7")
def test_a_payment_typed_on_our_invoice_is_named_on_both(world: World) -> None:
    world.typed_by_hand("Payment", 7, Line=[applied_line(1003, 5_000)])
    causes = world.settle().causes()
    assert causes == {
        "payments Payment 7": "paid_in_quickbooks_by_hand",
        "balances invoice:3": "paid_in_quickbooks_by_hand",
    }


@pytest.mark.rule("3.7")
def test_a_payment_typed_on_a_day_not_read_is_found_through_the_invoice(world: World) -> None:
    world.typed_by_hand("Payment", 7, day=DAY + timedelta(days=100), Line=[applied_line(1003, 5_000)])
    assert world.settle().causes() == {"balances invoice:3": "paid_in_quickbooks_by_hand"}


def test_a_deposit_typed_on_our_invoice_is_a_payment_by_hand(world: World) -> None:
    qbo(world, "Invoice", 1003)["Deposit"] = Decimal("20.00")
    assert world.settle().causes() == {"balances invoice:3": "paid_in_quickbooks_by_hand"}


def test_a_payment_typed_like_ours_is_a_possible_duplicate(world: World) -> None:
    world.typed_by_hand("Payment", 7, cents=13_250, CustomerRef={"value": "710"})
    assert world.settle().causes()["payments Payment 7"] == "looks_like_ours"


def test_a_payment_that_is_not_applied_is_named_on_both(world: World) -> None:
    qbo(world, "Payment", 5001)["Line"] = []
    causes = world.settle().causes()
    assert causes == {
        "payments payment:1": "missing_payment_application",
        "balances invoice:1": "missing_payment_application",
    }


def test_a_payment_applied_to_another_invoice_names_both_invoices(world: World) -> None:
    qbo(world, "Payment", 5002)["Line"] = [applied_line(1003, 4_000)]
    assert world.settle().causes() == {
        "payments payment:2": "missing_payment_application",
        "balances invoice:2": "missing_payment_application",
        "balances invoice:3": "missing_payment_application",
    }


@pytest.mark.rule("3.3")
def test_a_payment_that_found_too_little_open_is_an_unapplied_credit(world: World) -> None:
    qbo(world, "Payment", 5001)["Line"] = [applied_line(1001, 12_250)]
    world.typed_by_hand("Payment", 7, cents=0, Line=[applied_line(1001, 1_000)])
    assert world.settle().causes() == {
        "payments payment:1": "unapplied_credit",
        "payments Payment 7": "credit_applied_in_quickbooks",
    }


def test_an_unapplied_rest_applied_in_quickbooks_is_informational(world: World) -> None:
    qbo(world, "Payment", 5002)["Line"].append(applied_line(1003, 600))
    assert world.settle().causes() == {
        "payments payment:2": "applied_in_quickbooks",
        "balances invoice:3": "applied_in_quickbooks",
    }


def test_a_payment_missing_without_a_word_leaves_its_invoice_unexplained(world: World) -> None:
    world.st_payment(9, WEEK[3], applied={3: 5_000})
    causes = world.settle().causes()
    assert causes == {"payments payment:9": "unexplained", "balances invoice:3": "unexplained"}


@pytest.mark.rule("6.2", "6.4")
@pytest.mark.parametrize(
    ("load", "cause"),
    [
        (OwnLoad(is_due=True), "changed_since_load"),
        (OwnLoad(seen_until=datetime(2026, 11, 22, 15, tzinfo=UTC)), "changed_since_load"),
        (OwnLoad(seen_until=datetime(2026, 11, 22, 16, tzinfo=UTC)), "unexplained"),
    ],
)
def test_a_missing_payment_waits_until_its_own_day_was_loaded(
    world: World, load: OwnLoad, cause: str
) -> None:
    """Its invoice's day was loaded after it was made, which neither carries nor excuses it."""
    world.seen_until, later = datetime(2026, 12, 1, tzinfo=UTC), DAY + timedelta(days=12)
    world.st_payment(9, later, applied={3: 5_000})
    world.loads[later] = load
    (record,) = world.settle().records(WEEK[1:2])
    assert (record.entity, record.cause) == ("balances", cause)
    assert (str(later) in record.finding.evidence) is (cause == "changed_since_load")


@pytest.mark.rule("6.2", "6.4")
def test_a_record_a_load_has_known_does_not_wait_for_its_day(world: World) -> None:
    world.seen_until = datetime(2026, 12, 1, tzinfo=UTC)
    world.st_invoice(9, WEEK[3], cents={HVAC: 4_200})
    world.loads[WEEK[3]] = OwnLoad(is_due=True)
    assert world.settle().causes()["invoices invoice:9"] == "changed_since_load"
    world.stand("invoice:9", Outcome.POSTED)
    assert world.causes()["invoices invoice:9"] == "unexplained"


def test_a_held_payment_explains_its_invoices_balance_on_another_day(world: World) -> None:
    world.st_payment(9, DAY + timedelta(days=12), applied={3: 5_000})
    world.stand("payment:9", Outcome.HELD)
    assert world.settle().causes() == {"balances invoice:3": "held"}


def test_one_payment_over_invoices_inside_and_outside_the_range_agrees(world: World) -> None:
    world.invoice(6, DAY + timedelta(days=15))
    world.payment(9, WEEK[2], applied={3: 2_000, 6: 3_000})
    assert world.settle().causes() == {}


def test_a_balance_nobody_can_explain_is_unexplained(world: World) -> None:
    qbo(world, "Invoice", 1003)["Balance"] = Decimal("99.00")
    assert world.causes() == {"balances invoice:3": "unexplained"}


def test_a_balance_that_servicetitans_own_records_do_not_add_up_to_contradicts_itself(world: World) -> None:
    world.invoices["3"]["balance"] = text(9_900)
    assert world.causes() == {"balances invoice:3": "contradicts_itself"}


def test_a_held_credit_memo_explains_the_balance_of_its_invoice(world: World) -> None:
    world.st_memo(4, DAY + timedelta(days=12), cents={HVAC: 2_050}, applied={3: 2_050})
    world.stand("credit_memo:4", Outcome.HELD)
    assert world.settle().causes() == {"balances invoice:3": "held"}


def test_several_parts_of_a_difference_give_the_gravest_cause_and_tell_all(world: World) -> None:
    world.st_payment(9, DAY + timedelta(days=12), applied={3: 5_000})
    world.stand("payment:9", Outcome.HELD)
    qbo(world, "Invoice", 1003)["Deposit"] = Decimal("20.00")
    (record,) = world.settle().records()
    assert record.cause == "held"
    assert "payment:9: -50.00 (held); the deposit typed on it: 20.00 (paid_in_quickbooks_by_hand)" in (
        record.finding.evidence
    )


def test_a_cause_that_covers_only_part_of_a_balance_leaves_it_unexplained(world: World) -> None:
    world.st_payment(9, DAY + timedelta(days=12), applied={3: 5_000})
    world.stand("payment:9", Outcome.HELD)
    world.settle()
    qbo(world, "Invoice", 1003)["Balance"] -= Decimal("0.01")
    (record,) = world.records()
    assert record.cause == "unexplained"
    assert "Known: payment:9: -50.00 (held)" in record.finding.evidence


# The table


def test_every_cause_has_words_a_remedy_and_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CAUSES) + 2
    assert all(cause.words and cause.remedy and cause.holds.__doc__ for cause in CAUSES)


def test_there_is_no_cause_called_other() -> None:
    assert "other" not in BY_NAME
