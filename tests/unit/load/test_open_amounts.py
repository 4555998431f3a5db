"""What is open in QuickBooks: looked at before payments are sent, in a plan too, and again when it grows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import RemoteFault, TransportError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Verdict
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput
from st_qbo_assets.load.planning import DayPlanner
from st_qbo_assets.load.settled import parse_settled_links
from tests.unit.load.builders import (
    DAY,
    Bench,
    World,
    customer,
    invoice,
    item,
    payment,
    refund,
    tied,
    verdict,
)
from tests.unit.load.chaos import Trouble

NEXT, THIRD = DAY + timedelta(days=1), DAY + timedelta(days=2)


class Dies(BaseException):
    """The process is killed."""


def plan(
    bench: Bench, *mapped: Mapped, looks: bool = True, world: World | None = None
) -> dict[str, tuple[str, str]]:
    """What a load would do of each record, with the reason's code."""
    groups: dict[Entity, list[Mapped]] = {}
    for each in (customer(1), item("SKU"), *mapped):
        groups.setdefault(each.source.entity, []).append(each)
    given: dict[str, Any] = {"reread": world.reread, "payments_of": world.payments_of} if world else {}
    planned = DayPlanner(bench.context(), looks=looks).plan(DayInput(DAY, groups, **given))
    codes = [each.result.reason.code if each.result.reason else "" for each in planned]
    return {str(each.result.source): (each.will, code) for each, code in zip(planned, codes, strict=True)}


def pay_by_hand(bench: Bench, amount: str = "100.00") -> dict[str, Any]:
    """Type the payment of the one invoice into QuickBooks."""
    (paid,) = bench.quickbooks.all("Invoice")
    line = {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": paid["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": paid["CustomerRef"], "TotalAmt": Decimal(amount), "TxnDate": "2026-11-17"}
    return bench.quickbooks.put("Payment", {**body, "Line": [line]})


def open_of(bench: Bench, number: int) -> Decimal:
    (found,) = [each for each in bench.quickbooks.all("Invoice") if each["DocNumber"] == str(number)]
    return found["Balance"]


@pytest.mark.rule("3.3", "3.2")
def test_what_a_dead_load_left_short_is_applied_by_the_next_load_of_any_day() -> None:
    bench, world = Bench(), World()
    late = payment(21, "100.00", applied={10: "100.00"}, day=NEXT)
    world.put(invoice(10), invoice(11), payment(20, "100.00", applied={10: "100.00"}), late)
    bench.sync(world, DAY, NEXT)
    assert open_of(bench, 10) == 0
    assert bench.ledger.states[late.source].reason.code == "applied_what_is_open"
    world.put(payment(20, "100.00", applied={11: "100.00"}))

    def dies(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        raise Dies

    with pytest.raises(Dies):
        bench.load(customer(1), item("SKU"), *world.of_day(DAY), reread=dies, is_fresh=True)
    assert open_of(bench, 10) == 100
    results = bench.sync(world, THIRD)

    assert (results["payment:21"].outcome, results["payment:21"].reason) == (Outcome.POSTED, None)
    assert (open_of(bench, 10), open_of(bench, 11)) == (0, 0)
    assert "payment:21" not in bench.sync(world, THIRD)


@pytest.mark.rule("3.3")
def test_what_was_let_go_of_by_a_load_at_the_same_time_is_applied_by_the_next() -> None:
    bench, world = Bench(), World()
    late = payment(21, "100.00", applied={10: "100.00"}, day=NEXT)
    world.put(invoice(10), invoice(11), payment(20, "100.00", applied={10: "100.00"}))
    bench.sync(world, DAY)
    world.put(late, payment(20, "100.00", applied={11: "100.00"}))
    save = bench.ledger.save_states

    def after_the_other(company: Any, results: Any, run_id: str, *, also: Any = None) -> None:
        bench.ledger.save_states = save
        bench.sync(world, DAY)
        save(company, results, run_id, also=also)

    bench.ledger.save_states = after_the_other
    bench.sync(world, NEXT)
    assert (open_of(bench, 10), open_of(bench, 11)) == (100, 0)

    assert bench.sync(world, THIRD)["payment:21"].reason is None
    assert open_of(bench, 10) == 0


@pytest.mark.rule("3.3")
def test_what_stays_short_is_looked_at_again_only_when_a_payment_changes() -> None:
    bench, world = Bench(), World()
    world.put(invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    bench.load_as_usual(invoice(10))
    pay_by_hand(bench, "60.00")
    bench.sync(world, DAY)
    world.put(payment(30, "5.00", day=NEXT))
    bench.sync(world, NEXT)
    calls = bench.quickbooks.calls

    assert "payment:20" not in bench.sync(world, NEXT)  # it was only made
    assert bench.quickbooks.calls == calls
    world.put(payment(30, "6.00", day=NEXT))
    bench.sync(world, NEXT)
    assert "payment:20" in bench.sync(world, NEXT)
    bench.clock.advance(900)
    assert "payment:20" in bench.sync(world, THIRD)  # the look before was within a load's time of it
    assert "payment:20" not in bench.sync(world, THIRD)


@pytest.mark.rule("3.3", "1.5")
def test_a_short_payment_that_is_gone_is_said_to_be_and_read_no_more() -> None:
    bench, world, asked = Bench(), World(), list[Sequence[str]]()
    short = payment(20, "100.00", applied={10: "100.00"})
    world.put(invoice(10), short)
    bench.load_as_usual(invoice(10))
    pay_by_hand(bench, "60.00")
    bench.sync(world, DAY)
    del world.records[short.source]
    for total in ("5.00", "6.00"):
        world.put(payment(30, total, day=NEXT))
        bench.sync(world, NEXT)

    def reread(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        asked.append(ids)
        return world.reread(entity, ids)

    bench.load(customer(1), day=THIRD, reread=reread)
    assert asked == []  # names alone bring no payment
    for _ in range(2):
        bench.load(day=THIRD, entities=[Entity.PAYMENT], reread=reread)

    assert asked == [["20"]]
    state = bench.ledger.states[short.source]
    assert (state.outcome, state.reason.code) == (Outcome.HELD, "gone_from_servicetitan")


@pytest.mark.rule("3.3", "3.7")
def test_what_seems_paid_by_hand_is_looked_at_again_once_another_payment_lets_go_of_it() -> None:
    bench, wants = Bench(), payment(20, "50.00", applied={10: "40.00"})
    bench.load_as_usual(invoice(10), payment(21, "40.00", applied={10: "40.00"}))
    pay_by_hand(bench, "40.00")
    held = bench.load_as_usual(wants)["payment:20"]
    assert held.reason is not None and held.reason.code == "paid_by_hand"
    day = wants, payment(21, "40.00")

    planned = plan(bench, *day)
    results = bench.load_as_usual(*day)

    assert planned["payment:20"] == ("create", "")
    assert (results["payment:20"].outcome, open_of(bench, 10)) == (Outcome.POSTED, Decimal(20))


@pytest.mark.rule("3.3")
def test_a_plan_lists_what_becomes_open_for_payments_of_other_days() -> None:
    bench, world = Bench(), World()
    late = payment(21, "100.00", applied={10: "100.00"}, day=NEXT)
    world.put(invoice(10), invoice(11), payment(20, "100.00", applied={10: "100.00"}), late)
    bench.sync(world, DAY, NEXT)
    world.put(payment(20, "100.00", applied={11: "100.00"}))

    planned = plan(bench, *world.of_day(DAY), world=world)

    assert {name: planned[name] for name in ("payment:20", "payment:21")} == {
        "payment:20": ("update", ""),
        "payment:21": ("update", ""),
    }


@pytest.mark.rule("1.6", "3.7")
def test_a_plan_sees_that_an_invoice_typed_by_hand_was_paid_by_hand_too() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    bench.ledger.kept_links = {
        key: each for key, each in bench.ledger.kept_links.items() if key[1] != "Invoice"
    }
    bench.quickbooks.edit("Invoice", bench.quickbooks.all("Invoice")[0]["Id"], PrivateNote="")
    pay_by_hand(bench)
    day = invoice(10), payment(20, "100.00", applied={10: "100.00"})

    planned = plan(bench, *day)
    results = bench.load_as_usual(*day)

    assert (planned["invoice:10"], planned["payment:20"]) == (("link", "adopted"), ("held", "paid_by_hand"))
    assert results["invoice:10"].operation == "link"
    assert results["payment:20"].reason is not None and results["payment:20"].reason.code == "paid_by_hand"


@pytest.mark.rule("3.3", "3.7")
def test_a_preview_that_does_not_look_says_what_the_last_load_found() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    pay_by_hand(bench)
    day = invoice(10), payment(20, "100.00", applied={10: "100.00"})
    assert plan(bench, *day, looks=False)["payment:20"] == ("create", "")
    bench.load_as_usual(*day, payment(21, "60.00", applied={10: "60.00"}))
    calls = bench.quickbooks.calls

    shown = plan(bench, *day, payment(21, "60.00", applied={10: "60.00"}), looks=False)
    changed = plan(bench, payment(21, "60.00", applied={10: "50.00"}, TxnDate="2026-11-18"), looks=False)

    assert shown["payment:20"] == ("held", "paid_by_hand")
    assert shown["payment:21"] == ("unchanged", "applied_what_is_open")
    assert changed["payment:21"] == ("update", "")
    assert bench.quickbooks.calls == calls


@pytest.mark.rule("4")
@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize(("paid", "will"), [("100.00", "unchanged"), ("80.00", "create")])
def test_a_credit_for_closed_books_is_tied_in_a_plan_only_if_something_is_open(
    looks: bool, paid: str, will: str
) -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: paid}))
    bench.policies = WritePolicies(book_close_date=DAY + timedelta(days=3), closed_period_edits="adjust")
    less = invoice(10, lines=[("SKU", "80.00")])

    planned = plan(bench, less, looks=looks)

    assert planned["invoice:10/adjustment"][0] == "create"
    assert planned["invoice:10/adjustment_application"][0] == will
    assert bench.load_as_usual(less)["invoice:10/adjustment_application"].outcome is (
        Outcome.UNCHANGED if will == "unchanged" else Outcome.POSTED
    )


@pytest.mark.rule("1.6")
def test_a_plan_links_an_old_open_invoice_as_its_payment_will() -> None:
    bench, world = Bench(), World()
    bench.load_as_usual(invoice(10))
    bench.ledger.kept_links = {
        key: each for key, each in bench.ledger.kept_links.items() if key[1] != "Invoice"
    }
    bench.ledger.states.clear()
    old = verdict(invoice(10), Verdict.NOT_DUE, "before_start")
    world.put(replace(old, facts={"balance_cents": 0}))
    paid = payment(20, "100.00", applied={10: "100.00"})
    row = {"invoice": "invoice:10", "cents": 10_000, "standing": "before_start"}
    paid = replace(paid, facts={"customer": "customer:1", "applied": [row]})
    world.put(paid)

    planned = plan(bench, paid, world=world)
    results = bench.load_as_usual(paid, reread=world.reread, payments_of=world.payments_of)

    assert (planned["invoice:10"], planned["payment:20"]) == (("link", "before_start"), ("create", ""))
    assert (results["invoice:10"].operation, results["payment:20"].outcome) == ("link", Outcome.POSTED)


@pytest.mark.rule("5.2")
def test_a_plan_finds_out_what_became_of_a_write_whose_answer_was_lost() -> None:
    bench = Bench()
    bench.load_as_usual()
    bench.quickbooks.mischief = Trouble([("after", "lost")] * 9).at
    bench.load_as_usual(payment(20, "50.00"))
    bench.quickbooks.mischief = lambda moment, entity, body: None
    assert len(bench.quickbooks.all("Payment")) == 1

    assert plan(bench, payment(20, "50.00"))["payment:20"] == ("unchanged", "")
    assert plan(bench, payment(20, "50.00"), looks=False)["payment:20"] == ("create", "not_settled")


@pytest.mark.rule("5.3")
def test_a_plan_sees_what_somebody_edited_or_deleted_since_before_it_is_written_over() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), invoice(11), invoice(12))
    first, second, third = (each["Id"] for each in bench.quickbooks.all("Invoice"))
    bench.quickbooks.edit("Invoice", first, TxnDate="2026-11-20")
    bench.quickbooks.delete("Invoice", second)
    bench.quickbooks.edit("Invoice", third, TxnDate="2026-11-20")
    more = [("SKU", "150.00")]
    day = invoice(10, lines=more), invoice(11, lines=more), verdict(invoice(12), Verdict.NOT_DUE, "deleted")

    planned, kept = plan(bench, *day), dict(bench.ledger.kept_links)
    assert kept == bench.ledger.kept_links
    results = bench.load_as_usual(*day)

    found = {name: each for name, each in planned.items() if name.startswith("invoice")}
    assert found == {
        "invoice:10": ("held", "edited_in_quickbooks"),
        "invoice:11": ("rejected", "deleted_in_quickbooks"),
        "invoice:12": ("held", "edited_in_quickbooks"),
    }
    assert found == {
        name: (each.outcome.value, each.reason.code if each.reason else "")
        for name, each in results.items()
        if name in found
    }


@pytest.mark.rule("3.2")
def test_what_an_earlier_day_of_a_plan_creates_is_not_created_again_by_a_later_one() -> None:
    bench, world = Bench(), World()
    paid, late = payment(20, "100.00", applied={10: "100.00"}), invoice(10, day=NEXT)
    world.put(paid, late)
    planner = DayPlanner(bench.context())
    wills: list[str] = []
    assumed: dict[Any, Outcome] = {}
    for day in (DAY, NEXT):
        groups: dict[Entity, list[Mapped]] = {}
        for each in (customer(1), item("SKU"), *world.of_day(day)):
            groups.setdefault(each.source.entity, []).append(each)
        given = DayInput(day, groups, reread=world.reread, payments_of=world.payments_of)
        found = planner.plan(given, assumed=assumed)
        assumed |= {each.result.source: each.result.outcome for each in found}
        wills += [each.will for each in found if each.result.source == paid.source]
    assert wills == ["create", "update"]


@pytest.mark.rule("3.3")
@pytest.mark.parametrize(("times", "outcome"), [(1, Outcome.POSTED), (9, Outcome.REJECTED)])
def test_what_was_let_go_of_between_a_refusal_and_the_look_is_sent_once_more(
    times: int, outcome: Outcome
) -> None:
    bench, sent = Bench(), list[str]()
    bench.load_as_usual(invoice(10))

    def refuses(moment: str, entity: str, body: dict[str, Any]) -> None:
        if (moment, entity) == ("before", "Payment"):
            sent.append(entity)
            if len(sent) <= times:
                raise RemoteFault("A business validation error has occurred", code="6000")

    bench.quickbooks.mischief = refuses
    day = invoice(10), payment(20, "100.00", applied={10: "100.00"})
    result = bench.load_as_usual(*day)["payment:20"]

    assert (result.outcome, len(sent)) == (outcome, 2)
    bench.load_as_usual(*day)
    assert len(sent) == (3 if outcome is Outcome.REJECTED else 2)  # refused for another reason: once a load


@pytest.mark.rule("3.3", "3.5")
def test_a_payment_whose_money_was_partly_refunded_takes_what_is_open_too() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    pay_by_hand(bench, "70.00")
    paid = tied(payment(20, "100.00", applied={10: "60.00"}), 9, "40.00")
    day = invoice(10), refund(9, "40.00", of=20), paid

    planned = plan(bench, *day)["payment:20"]
    result = bench.load_as_usual(*day)["payment:20"]
    writes = len(bench.quickbooks.writes)
    bench.load_as_usual(*day)

    assert result.reason is not None and result.outcome is Outcome.POSTED
    assert planned == ("create", "applied_what_is_open") == ("create", result.reason.code)
    assert (open_of(bench, 10), len(bench.quickbooks.writes)) == (0, writes)


@pytest.mark.rule("3.2")
def test_a_plan_sees_that_a_payment_lies_on_a_bank_deposit() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), payment(20, "100.00"), payment(21, "50.00"))
    for row in bench.quickbooks.all("Payment"):
        bench.quickbooks.edit("Payment", row["Id"], LinkedTxn=[{"TxnId": "9", "TxnType": "Deposit"}])
        bench.quickbooks.deposited.add(row["Id"])
    gone = verdict(payment(21, "50.00"), Verdict.NOT_DUE, "deleted")
    day = invoice(10), payment(20, "100.00", applied={10: "100.00"}), gone

    planned = plan(bench, *day)
    results = bench.load_as_usual(*day)

    for name in ("payment:20", "payment:21"):
        said = results[name].reason
        assert planned[name] == ("held", "deposited") == (results[name].outcome.value, said and said.code)


def test_what_could_not_be_read_once_is_not_called_deleted() -> None:
    bench = Bench()
    bench.load_as_usual(*[invoice(number) for number in (10, 11, 12)])
    failures = [TransportError("reset")]

    def mischief(moment: str, entity: str, _body: object) -> None:
        if moment == "read" and entity == "Invoice" and failures:
            raise failures.pop()

    bench.quickbooks.mischief = mischief
    planned = plan(bench, *[invoice(number, lines=[("SKU", "150.00")]) for number in (10, 11, 12)])
    assert {planned[f"invoice:{number}"][0] for number in (10, 11, 12)} == {"update"}


@pytest.mark.rule("3.7")
def test_a_payment_posted_before_is_not_to_be_linked_to_the_one_typed_by_hand() -> None:
    bench = Bench()
    bench.load_as_usual(payment(20, "100.00"))
    bench.load_as_usual(invoice(10))
    typed = pay_by_hand(bench)
    held = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))["payment:20"]
    assert held.reason is not None
    assert (held.outcome, held.reason.code) == (Outcome.HELD, "paid_by_hand_too")
    assert f"Payment {typed['Id']}" in held.reason.text
    assert f"Payment {held.qbo_id}," in held.reason.text


def test_the_row_that_a_held_payment_names_settles_it() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    typed = pay_by_hand(bench)
    day = invoice(10), payment(20, "100.00", applied={10: "100.00"})
    held = bench.load_as_usual(*day)["payment:20"]
    row = f"payment:20,Payment,{typed['Id']}"
    assert held.reason is not None
    assert f"`{row}`" in held.reason.remedy
    bench.settled = parse_settled_links(f"source,target,qbo_id\n{row}\n")
    assert bench.load_as_usual(*day)["payment:20"].operation == "link"
    assert len(bench.quickbooks.all("Payment")) == 1


def test_a_plan_lets_a_deposited_payment_release_nothing() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), invoice(11), payment(20, "100.00", applied={10: "100.00"}))
    (paid,) = bench.quickbooks.all("Payment")
    bench.quickbooks.edit("Payment", paid["Id"], LinkedTxn=[{"TxnId": "9", "TxnType": "Deposit"}])
    bench.quickbooks.deposited.add(paid["Id"])
    moved = payment(20, "100.00", applied={11: "100.00"})
    day = invoice(10), invoice(11), moved, payment(21, "100.00", applied={10: "100.00"})
    planned = plan(bench, *day)
    done = bench.load_as_usual(*day)
    for source in ("payment:20", "payment:21"):
        said = done[source].reason
        assert said is not None
        assert planned[source][1] == said.code
