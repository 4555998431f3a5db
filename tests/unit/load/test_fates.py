"""Whatever becomes of a document in ServiceTitan ends in the right state of QuickBooks."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.settled import parse_settled_links
from tests.unit.load.builders import (
    DAY,
    Bench,
    World,
    application,
    credit,
    invoice,
    item,
    payment,
    refund,
    tied,
    verdict,
)

LATER = DAY + timedelta(days=3)


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def gone(mapped: Mapped) -> Mapped:
    whole = replace(mapped, source=mapped.source.record)
    return verdict(whole, Verdict.NOT_DUE, "deleted", "It is no longer active.")


def start(
    *mapped: Mapped, days: tuple[date, ...] = (DAY, LATER), bench: Bench | None = None
) -> tuple[Bench, World]:
    """A company with these records loaded."""
    bench, world = bench or Bench(), World()
    world.put(*mapped)
    results = bench.sync(world, *days)
    assert {result.outcome for result in results.values()} <= {Outcome.POSTED, Outcome.UNCHANGED}
    return bench, world


def live(bench: Bench, entity: str) -> list[dict[str, Any]]:
    """What QuickBooks holds that is not voided."""
    return [each for each in bench.quickbooks.all(entity) if not each["PrivateNote"].startswith("Voided")]


def one(bench: Bench, entity: str) -> dict[str, Any]:
    (found,) = live(bench, entity)
    return found


def applied(bench: Bench, marker: str) -> dict[str, Decimal]:
    """What a payment is applied to, by the note of what it is applied to."""
    quickbooks = bench.quickbooks
    (paid,) = [each for each in quickbooks.all("Payment") if each["PrivateNote"] == marker]
    notes = {
        each["Id"]: each["PrivateNote"].removeprefix("ServiceTitan ")
        for entity in ("Invoice", "CreditMemo", "Purchase")
        for each in quickbooks.all(entity)
    }
    return {notes[line["LinkedTxn"][0]["TxnId"]]: Decimal(line["Amount"]) for line in paid["Line"]}


def assert_at_rest(bench: Bench, world: World) -> None:
    """Another load of everything writes nothing."""
    writes = len(bench.quickbooks.writes)
    bench.sync(world, DAY, LATER)
    assert len(bench.quickbooks.writes) == writes


# Edits


@pytest.mark.rule("3.2")
def test_an_invoice_of_less_has_its_payments_applied_as_servicetitan_says() -> None:
    first, second = payment(20, "60.00", applied={10: "60.00"}), payment(21, "40.00", applied={10: "40.00"})
    bench, world = start(invoice(10), replace_day(first, LATER), replace_day(second, LATER))

    world.put(
        invoice(10, lines=[("SKU", "70.00")]), replace_day(payment(20, "60.00", applied={10: "30.00"}), LATER)
    )
    bench.sync(world, DAY)

    assert applied(bench, "ServiceTitan payment 20") == {"invoice 10": Decimal(30)}
    assert applied(bench, "ServiceTitan payment 21") == {"invoice 10": Decimal(40)}
    assert_at_rest(bench, world)


@pytest.mark.rule("3.2")
@pytest.mark.parametrize("refuses", [True, False])
def test_payments_follow_an_invoice_to_its_other_customer(refuses: bool) -> None:
    paid = payment(20, "60.00", applied={10: "60.00"})
    bench, world = start(invoice(10), paid)
    bench.quickbooks.refuses_paid_moves = refuses

    world.put(invoice(10, customer=2), payment(20, "60.00", customer=2, applied={10: "60.00"}))
    bench.sync(world, DAY)

    other = next(each for each in bench.quickbooks.all("Customer") if each["DisplayName"] == "Customer 2")
    assert one(bench, "Invoice")["CustomerRef"] == {"value": other["Id"]}
    assert one(bench, "Payment")["CustomerRef"] == {"value": other["Id"]}
    assert one(bench, "Invoice")["Balance"] == Decimal(40)
    assert_at_rest(bench, world)


@pytest.mark.rule("1.5")
def test_a_document_that_moved_is_on_its_new_day_only() -> None:
    bench, world = start(invoice(10))

    world.put(replace_day(invoice(10), LATER))
    results = bench.sync(world, DAY, LATER)

    assert one(bench, "Invoice")["TxnDate"] == LATER.isoformat()
    assert results["invoice:10"].day == LATER
    assert_at_rest(bench, world)


# Voids and shapes


@pytest.mark.rule("3.6")
def test_the_payment_of_a_deleted_invoice_is_planned_first_whatever_its_day() -> None:
    bench, world = start(
        invoice(10), invoice(11), replace_day(payment(20, "60.00", applied={10: "60.00"}), LATER)
    )

    world.put(gone(invoice(10)), replace_day(payment(20, "60.00", applied={11: "60.00"}), LATER))
    bench.sync(world, DAY)

    assert applied(bench, "ServiceTitan payment 20") == {"invoice 11": Decimal(60)}
    kinds = [(operation, entity) for operation, entity, _, _ in bench.quickbooks.writes]
    assert kinds.index(("update", "Payment")) < kinds.index(("void", "Invoice"))
    assert_at_rest(bench, world)


@pytest.mark.rule("3.2", "3.6")
def test_a_payment_that_servicetitan_still_applies_to_a_deleted_invoice_says_why_it_is_unapplied() -> None:
    paid = payment(20, "60.00", applied={10: "60.00"})
    bench, world = start(invoice(10), paid)

    world.put(gone(invoice(10)))
    said = bench.sync(world, DAY)["payment:20"].reason

    assert said is not None and "invoice:10 is gone from ServiceTitan" in said.text
    assert one(bench, "Payment")["UnappliedAmt"] == Decimal(60)
    assert_at_rest(bench, world)


@pytest.mark.rule("3.6")
def test_a_deposited_payment_does_not_keep_its_deleted_invoice() -> None:
    bench, world = start(invoice(10), payment(20, "60.00", applied={10: "60.00"}))
    bench.quickbooks.deposited.add(one(bench, "Payment")["Id"])

    world.put(gone(invoice(10)), payment(20, "60.00"))
    results = bench.sync(world, DAY)

    assert results["invoice:10"].outcome is Outcome.VOIDED
    assert one(bench, "Payment")["UnappliedAmt"] == Decimal(60)
    assert bench.sync(world, DAY)["payment:20"].outcome is not Outcome.HELD


@pytest.mark.rule("3.4", "3.6")
def test_an_invoice_that_turns_negative_is_voided_and_becomes_a_credit_memo_and_back() -> None:
    bench, world = start(invoice(10))

    world.put(credit("invoice:10"))
    to_credit = bench.sync(world, DAY)["invoice:10"]
    assert (live(bench, "Invoice"), one(bench, "CreditMemo")["TotalAmt"]) == ([], Decimal(100))
    assert_at_rest(bench, world)
    world.put(invoice(10, lines=[("SKU", "30.00")]))
    back = bench.sync(world, DAY)["invoice:10"]

    assert (live(bench, "CreditMemo"), one(bench, "Invoice")["TotalAmt"]) == ([], Decimal(30))
    assert (to_credit.target, back.target) == ("CreditMemo", "Invoice")
    assert_at_rest(bench, world)


@pytest.mark.rule("3.6")
def test_the_new_shape_waits_while_the_old_one_cannot_be_voided() -> None:
    bench, world = start(payment(20, "60.00"))
    bench.quickbooks.deposited.add(one(bench, "Payment")["Id"])

    world.put(credit("payment:20/write_off", lines=[("SKU", "60.00")]))
    result = bench.sync(world, DAY)["payment:20/write_off"]

    assert (result.outcome, code(result), live(bench, "CreditMemo")) == (Outcome.HELD, "deposited", [])
    assert result.reason is not None and "to become CreditMemo" in result.reason.text


@pytest.mark.rule("3.1", "3.6")
def test_a_payment_that_becomes_a_write_off_is_voided_first_and_applied_again() -> None:
    bench, world = start(invoice(10), payment(20, "60.00", applied={10: "60.00"}))

    world.put(
        credit("payment:20/write_off", lines=[("SKU", "60.00")], DocNumber="ST-20"),
        application(
            "payment:20/application",
            ("Invoice", "invoice:10", "60.00"),
            ("CreditMemo", "payment:20/write_off", "60.00"),
        ),
    )
    bench.sync(world, DAY)

    assert one(bench, "Invoice")["Balance"] == Decimal(40)
    assert one(bench, "CreditMemo")["Balance"] == Decimal(0)
    assert one(bench, "Payment")["PrivateNote"] == "ServiceTitan payment 20/application"
    assert_at_rest(bench, world)


@pytest.mark.rule("3.4")
def test_an_application_uses_less_credit_while_an_invoice_is_not_due_and_the_rest_later() -> None:
    splits = application(
        "credit_memo:3/application",
        ("Invoice", "invoice:10", "60.00"),
        ("Invoice", "invoice:11", "40.00"),
        ("CreditMemo", "credit_memo:3", "100.00"),
    )
    bench, world = Bench(), World()
    world.put(
        invoice(10), verdict(invoice(11), Verdict.NOT_DUE, "not_posted"), credit("credit_memo:3"), splits
    )

    bench.sync(world, DAY)
    assert one(bench, "CreditMemo")["Balance"] == Decimal(40)
    world.put(invoice(11))
    bench.sync(world, DAY)

    assert one(bench, "CreditMemo")["Balance"] == Decimal(0)
    assert_at_rest(bench, world)


@pytest.mark.rule("3.4", "3.6")
def test_an_application_to_nothing_is_voided_and_comes_back() -> None:
    splits = application(
        "credit_memo:3/application",
        ("Invoice", "invoice:10", "60.00"),
        ("CreditMemo", "credit_memo:3", "60.00"),
    )
    bench, world = start(invoice(10), credit("credit_memo:3"), splits)

    world.put(gone(invoice(10)))
    bench.sync(world, DAY)
    assert (live(bench, "Payment"), one(bench, "CreditMemo")["Balance"]) == ([], Decimal(100))
    assert_at_rest(bench, world)
    world.put(invoice(10))
    bench.sync(world, DAY)

    assert (one(bench, "CreditMemo")["Balance"], one(bench, "Invoice")["Balance"]) == (
        Decimal(40),
        Decimal(40),
    )
    assert_at_rest(bench, world)


# Refunds


@pytest.mark.rule("3.5")
def test_a_refund_of_unapplied_money_is_tied_to_the_payment_of_another_day() -> None:
    paid = payment(20, "60.00")
    bench, world = start(paid)

    world.put(refund(30, "25.00", of=20, day=LATER), tied(paid, 30, "25.00"))
    bench.sync(world, LATER)

    assert (one(bench, "Payment")["UnappliedAmt"], one(bench, "Purchase")["Balance"]) == (
        Decimal(35),
        Decimal(0),
    )
    assert [tie.payment for tie in bench.refunds.ties.values()] == ["20"]
    assert_at_rest(bench, world)


@pytest.mark.rule("3.5", "3.6")
def test_a_deleted_refund_lets_go_of_its_payment_and_is_emptied() -> None:
    paid = payment(20, "60.00")
    bench, world = start(tied(paid, 30, "25.00"), refund(30, "25.00", of=20, day=LATER))

    world.put(gone(refund(30, "25.00", day=LATER)), paid)
    bench.sync(world, LATER)

    assert (one(bench, "Payment")["UnappliedAmt"], live(bench, "Purchase")) == (Decimal(60), [])
    assert bench.quickbooks.all("Purchase")[0]["TotalAmt"] == 0
    assert bench.refunds.ties == {}
    assert_at_rest(bench, world)


@pytest.mark.rule("3.5")
def test_a_refund_of_a_credit_takes_its_cash_once() -> None:
    tie = application(
        "payment:30/application",
        ("Check", "payment:30/refund", "100.00"),
        ("CreditMemo", "invoice:10", "100.00"),
    )

    bench, world = start(credit("invoice:10"), refund(30, "100.00"), tie)

    assert (one(bench, "CreditMemo")["Balance"], one(bench, "Purchase")["Balance"]) == (
        Decimal(0),
        Decimal(0),
    )
    assert_at_rest(bench, world)


@pytest.mark.rule("3.5")
def test_a_refund_receipt_is_posted_verified_and_emptied() -> None:
    bench, world = start(refund(30, "40.00", target="RefundReceipt"))
    assert one(bench, "RefundReceipt")["TotalAmt"] == Decimal(40)

    world.put(gone(refund(30, "40.00")))
    bench.sync(world, DAY)

    assert bench.quickbooks.all("RefundReceipt")[0]["TotalAmt"] == 0
    assert_at_rest(bench, world)


# Deleted and edited in QuickBooks


@pytest.mark.rule("5.3")
def test_what_was_deleted_in_quickbooks_comes_back_by_a_persons_decision_only_and_once() -> None:
    bench, world = start(invoice(10), payment(20, "60.00", applied={10: "60.00"}))
    lost = one(bench, "Invoice")["Id"]
    bench.quickbooks.delete("Invoice", lost)
    world.put(invoice(10, lines=[("SKU", "80.00")]))

    rejected = bench.sync(world, DAY)["invoice:10"]
    assert (rejected.outcome, code(rejected)) == (Outcome.REJECTED, "deleted_in_quickbooks")
    assert f"invoice:10,Invoice,again {lost}" in (rejected.reason.remedy if rejected.reason else "")
    bench.settled = parse_settled_links(f"source,target,qbo_id\ninvoice:10,Invoice,again {lost}\n")
    again = bench.sync(world, DAY)["invoice:10"]

    assert (again.outcome, one(bench, "Invoice")["Balance"]) == (Outcome.POSTED, Decimal(20))
    assert bench.ledger.decisions[-1]["code"] == "created_again"
    bench.quickbooks.delete("Invoice", one(bench, "Invoice")["Id"])
    world.put(invoice(10))
    assert bench.sync(world, DAY)["invoice:10"].outcome is Outcome.REJECTED


def edited(policy: str, **fields: Any) -> tuple[Bench, World]:
    """A posted invoice that a person edited and change data capture noticed."""
    bench = Bench(policies=WritePolicies(drift=policy))  # pyright: ignore[reportArgumentType] - one of three
    bench, world = start(invoice(10), bench=bench)
    bench.quickbooks.edit("Invoice", one(bench, "Invoice")["Id"], **fields)
    (link,) = [each for each in bench.ledger.kept_links.values() if each.target == "Invoice"]
    bench.ledger.save_link(replace(link, drift={"TxnDate": {"confirmed": "", "now": ""}}))
    return bench, world


@pytest.mark.rule("5.3")
def test_an_edit_is_reported_and_stays() -> None:
    bench, world = edited("report", TxnDate="2026-11-30")

    result = bench.sync(world, DAY)["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "edited_in_quickbooks")
    assert one(bench, "Invoice")["TxnDate"] == "2026-11-30"


@pytest.mark.rule("5.3")
def test_an_edit_is_written_over_and_recorded() -> None:
    bench, world = edited("restore", TxnDate="2026-11-30", PrivateNote="mine now")

    result = bench.sync(world, DAY)["invoice:10"]

    assert (result.outcome, result.operation) == (Outcome.POSTED, "update")
    assert one(bench, "Invoice")["TxnDate"] == DAY.isoformat()
    assert one(bench, "Invoice")["PrivateNote"] == "ServiceTitan invoice 10 mine now"
    assert bench.ledger.decisions[-1]["code"] == "drift_restored"
    assert_at_rest(bench, world)


@pytest.mark.rule("5.3")
def test_an_accepted_edit_stays_until_servicetitan_changes_the_document() -> None:
    bench, world = edited("accept", TxnDate="2026-11-30")

    accepted = bench.sync(world, DAY)["invoice:10"]
    assert (accepted.outcome, code(accepted)) == (Outcome.UNCHANGED, "drift_accepted")
    assert_at_rest(bench, world)
    assert one(bench, "Invoice")["TxnDate"] == "2026-11-30"
    assert bench.ledger.decisions[-1]["detail"]["TxnDate"]["now"] == "2026-11-30"
    world.put(invoice(10, lines=[("SKU", "80.00")]))
    bench.sync(world, DAY)

    assert (one(bench, "Invoice")["TotalAmt"], one(bench, "Invoice")["TxnDate"]) == (
        Decimal(80),
        DAY.isoformat(),
    )


@pytest.mark.rule("5.3")
@pytest.mark.parametrize("policy", ["report", "restore", "accept"])
def test_what_a_person_voided_is_a_case_for_a_person(policy: str) -> None:
    bench, world = edited(policy, TotalAmt=Decimal(0), PrivateNote="Voided ServiceTitan invoice 10", Line=[])

    result = bench.sync(world, DAY)["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "voided_in_quickbooks")


@pytest.mark.rule("3.6", "4")
@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_could_not_be_voided_is_done_with_once_a_person_has_emptied_it(is_deleted: bool) -> None:
    bench, world = start(invoice(10))
    bench.policies = WritePolicies(book_close_date=LATER)
    world.put(gone(invoice(10)))
    assert code(bench.sync(world, DAY)["invoice:10"]) == "closed_period"
    posted = one(bench, "Invoice")["Id"]
    if is_deleted:
        bench.quickbooks.delete("Invoice", posted)
    else:
        note = "Voided ServiceTitan invoice 10"
        bench.quickbooks.edit("Invoice", posted, TotalAmt=Decimal(0), PrivateNote=note, Line=[])

    result = bench.sync(world, DAY)["invoice:10"]

    assert result.outcome is Outcome.VOIDED
    assert_at_rest(bench, world)


def replace_day(mapped: Mapped, day: date) -> Mapped:
    """The same record on another day."""
    assert mapped.payload is not None
    body = {**mapped.payload.body, "TxnDate": day.isoformat()}
    return replace(mapped, day=day, payload=replace(mapped.payload, day=day, body=body))


# What is said


@pytest.mark.rule("5.5", "7.1")
def test_what_the_poll_holds_of_a_customer_waits_on_when_his_documents_load() -> None:
    bench, world = start(invoice(10))
    known = bench.ledger.states[next(each for each in bench.ledger.states if each.entity is Entity.CUSTOMER)]
    held = replace(known, source=replace(known.source, part="quickbooks"), outcome=Outcome.HELD)
    bench.ledger.states[held.source] = held
    world.put(invoice(10, lines=[("SKU", "60.00")]))
    bench.sync(world, DAY)
    assert bench.ledger.states[held.source] == held


@pytest.mark.rule("5.5")
def test_a_payment_held_as_a_whole_waits_no_more_once_its_parts_post() -> None:
    write_off = credit("payment:20/write_off", lines=[("SKU", "30.00")])
    tie = ("Invoice", "invoice:10", "30.00"), ("CreditMemo", "payment:20/write_off", "30.00")
    parts = [write_off, application("payment:20/application", *tie)]
    whole = replace(write_off, source=write_off.source.record)
    bench, world = start(invoice(10))

    world.put(verdict(whole, Verdict.HELD, "closed_period"))
    bench.sync(world, DAY)
    assert bench.ledger.states[whole.source].outcome is Outcome.HELD
    world.put(*parts)
    bench.sync(world, DAY)
    state = bench.ledger.states[whole.source]
    assert (state.outcome, state.reason.code, state.cents) == (Outcome.VOIDED, "told_by_parts", 0)

    world.put(parts[0], verdict(parts[1], Verdict.HELD, "applied_to_credit"))
    bench.sync(world, DAY)
    assert bench.ledger.states[parts[1].source].outcome is Outcome.HELD
    world.put(verdict(whole, Verdict.HELD, "write_off_item_unknown"))
    bench.sync(world, DAY)
    told = {str(source): state.outcome for source, state in bench.ledger.states.items() if source.id == "20"}
    assert told == {
        "payment:20": Outcome.HELD,
        "payment:20/write_off": Outcome.UNCHANGED,
        "payment:20/application": Outcome.UNCHANGED,
    }


# Refunds that follow


@pytest.mark.rule("3.5")
def test_a_receipt_follows_the_edit_of_the_invoice_it_gives_back() -> None:
    receipt = refund(30, "50.00", day=LATER, target="RefundReceipt")
    bench, world = start(invoice(10), payment(20, "100.00", applied={10: "100.00"}), receipt)

    world.put(invoice(10, lines=[("PART", "100.00")]), relined(receipt, "PART"))
    bench.load(item("PART"))
    results = bench.sync(world, DAY)

    parts = [each["Id"] for each in bench.quickbooks.all("Item") if each["Name"] == "PART"]
    line = one(bench, "RefundReceipt")["Line"][0]["SalesItemLineDetail"]
    assert (results["payment:30/refund"].outcome, [line["ItemRef"]["value"]]) == (Outcome.POSTED, parts)
    assert_at_rest(bench, world)


@pytest.mark.rule("3.5")
def test_a_load_that_died_before_the_receipt_followed_lets_it_follow_the_next_time() -> None:
    receipt = refund(30, "50.00", day=LATER, target="RefundReceipt")
    bench, world = start(invoice(10), receipt)
    world.put(invoice(10, lines=[("PART", "100.00")]), relined(receipt, "PART"))
    bench.load(item("PART"))
    seen: list[str] = []

    def die(name: str) -> None:
        seen.append(name)
        if seen.count("after_intent") == 2:
            raise KeyboardInterrupt

    bench.seam = die
    with pytest.raises(KeyboardInterrupt):
        bench.sync(world, DAY)
    bench.seam = lambda name: None
    results = bench.sync(world, DAY)
    assert results["payment:30/refund"].outcome is Outcome.POSTED


@pytest.mark.rule("3.5")
def test_a_payment_mapped_before_its_refund_was_written_is_mapped_again() -> None:
    paid, given_back = payment(20, "100.00", day=LATER), refund(30, "40.00", of=20)
    bench, world = Bench(), World()
    world.put(tied(paid, 30, "40.00"), given_back)
    bench.sync(world, DAY)

    stale = World({**world.records, paid.source: [paid]})
    loaded = bench.load(*stale.of_day(LATER), day=LATER, reread=world.reread, is_fresh=True)

    assert applied(bench, "ServiceTitan payment 20") == {"payment 30/refund": Decimal(40)}
    assert loaded["payment:20"].outcome is Outcome.UNCHANGED


def relined(mapped: Mapped, sku: str) -> Mapped:
    """The same document for something else that was sold."""
    sold = invoice(1, lines=[(sku, "50.00")]).payload
    assert mapped.payload is not None and sold is not None
    return replace(
        mapped, payload=mapped.payload.with_body({**mapped.payload.body, "Line": sold.body["Line"]})
    )
