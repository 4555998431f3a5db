"""A plan is what a load then does: the same steps, the same change of the books, and nothing before it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from st_qbo_assets.domain.effects import Effect, total_of
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Verdict
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput
from st_qbo_assets.load.effects import (
    UNKNOWN_ITEM,
    change_of,
    effect_of_adjustment,
    effect_of_confirmed,
    is_adjustment,
    items_of,
)
from st_qbo_assets.load.planning import DayPlanner, Planned
from st_qbo_assets.load.verify import owned_fields
from st_qbo_assets.quickbooks.wording import edit_in_words
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import (
    DAY,
    DEPOSIT,
    INCOME,
    Bench,
    application,
    credit,
    customer,
    invoice,
    item,
    payment,
    refund,
    verdict,
)


def plan(bench: Bench, *mapped: Mapped, looks: bool = True, assumed: Any = None) -> dict[str, Planned]:
    """Plan a day with customer 1 and item SKU beside its documents."""
    groups: dict[Entity, list[Mapped]] = {}
    for each in (customer(1), item("SKU"), *mapped):
        groups.setdefault(each.source.entity, []).append(each)
    planner = DayPlanner(bench.context(), settled=bench.settled, looks=looks)
    return {
        f"{each.will} {each.result.source}": each
        for each in planner.plan(DayInput(DAY, groups), assumed=assumed)
    }


def steps(found: dict[str, Planned]) -> set[str]:
    return {name for name in found if not name.startswith("unchanged ")}


def own_effect(mapped: Mapped | None) -> Effect:
    """The effect of a payload by itself, read from its body."""
    if mapped is None or mapped.payload is None:
        return Effect()
    payload = mapped.payload
    body = {**payload.body, "TotalAmt": Decimal(abs(payload.cents)) / 100}
    return effect_of_confirmed(payload.target, owned_fields(payload.target, body), AccountOf())


class AccountOf(dict[str, str]):
    """Every item sells on the one income account."""

    def get(self, key: str, default: Any = None) -> str:
        return INCOME


def change(found: dict[str, Planned]) -> Effect:
    return total_of(change_of(each, own_of(each), AccountOf()) for each in found.values())


def own_of(planned: Planned) -> Effect:
    if is_adjustment(planned):
        return effect_of_adjustment(planned, AccountOf())
    return own_effect(planned.mapped)


def booked(bench: Bench) -> Effect:
    """What all documents the ledger knows do to the books."""
    return total_of(
        effect_of_confirmed(link.target, link.confirmed, AccountOf())
        for link in bench.ledger.kept_links.values()
    )


# What is planned


def test_new_documents_are_created_with_what_they_bring() -> None:
    found = plan(Bench(), invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    assert steps(found) == {
        "create customer:1",
        "create item:SKU|79",
        "create invoice:10",
        "create payment:20",
    }
    assert change(found) == Effect(income={INCOME: 10000}, cash={DEPOSIT: 10000})


def test_a_plan_writes_nothing_and_keeps_nothing_even_in_a_live_company() -> None:
    bench = Bench()
    plan(bench, invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    assert bench.company.mode == "live"
    assert bench.quickbooks.writes == []
    assert bench.ledger.record_states(bench.context().name, [invoice(10).source]) == {}


def test_an_edit_changes_the_books_by_its_difference_only() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    found = plan(bench, invoice(10, lines=[("SKU", "130.00")], tax="2.00"))
    assert steps(found) == {"update invoice:10"}
    assert change(found) == Effect(receivable=3200, income={INCOME: 3000}, tax=200)


def told(found: dict[str, Planned], step: str) -> list[str]:
    return [edit_in_words(each.field, each.meant, each.held) for each in found[step].changes]


def test_an_update_says_what_changes_also_where_no_amount_does() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), customer(2), payment(20, "100.00", applied={10: "100.00"}))
    moved = invoice(10, customer=2, day=DAY - timedelta(days=1), DocNumber="11")
    found = plan(bench, moved, customer(2), payment(20, "100.00", day=DAY - timedelta(days=1)))
    ids = {link.display_name or link.target: link.qbo_id for link in bench.ledger.kept_links.values()}
    assert told(found, "update invoice:10") == [
        f"customer {ids['Customer 1']} → {ids['Customer 2']}",
        "date 2026-11-16 → 2026-11-15",
        "number 10 → 11",
    ]
    assert told(found, "update payment:20") == [
        "date 2026-11-16 → 2026-11-15",
        f"applied to Invoice {ids['Invoice']} 100.00 → nothing",
    ]
    edited = plan(bench, invoice(10, lines=[("SKU", "80.00"), ("SKU", "20.00")], tax="2.00"))
    assert told(edited, "update invoice:10") == [
        "tax 0.00 → 2.00",
        f"lines 100.00 (item {ids['SKU']}) → 80.00 (item {ids['SKU']}), 20.00 (item {ids['SKU']})",
        "total 100.00 → 102.00",
    ]


def test_an_unchanged_day_changes_nothing() -> None:
    bench = Bench()
    day = [invoice(10), payment(20, "100.00", applied={10: "100.00"}), credit("credit_memo:3")]
    bench.load_as_usual(*day)
    found = plan(bench, *day)
    assert steps(found) == set()
    assert change(found).is_nothing


@pytest.mark.rule("3.6")
def test_a_deleted_document_takes_back_what_it_booked() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10, lines=[("SKU", "80.00")], tax="5.00"))
    found = plan(bench, verdict(invoice(10), Verdict.NOT_DUE, "deleted"))
    assert steps(found) == {"void invoice:10"}
    assert change(found) == Effect(receivable=-8500, income={INCOME: -8000}, tax=-500)


def test_a_sign_that_flips_shows_the_void_and_the_new_document() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    found = plan(bench, credit("invoice:10", lines=[("SKU", "30.00")]))
    assert steps(found) == {"void invoice:10", "create invoice:10"}
    assert change(found) == Effect(receivable=-13000, income={INCOME: -13000})


@pytest.mark.rule("3.6", "7.3")
def test_a_sign_that_flips_waits_for_a_customer_who_was_merged_away() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    person = bench.quickbooks.all("Customer")[0]["Id"]
    bench.quickbooks.edit("Customer", person, Active=False)
    found = plan(bench, credit("invoice:10", lines=[("SKU", "30.00")]))
    assert steps(found) == {"blocked invoice:10"}
    assert change(found).is_nothing


def test_money_going_out_leaves_its_account() -> None:
    found = plan(Bench(), refund(9, "40.00"), refund(8, "25.00", target="RefundReceipt"))
    assert change(found) == Effect(receivable=4000, income={INCOME: -2500}, cash={"35": -6500})


def test_a_credit_that_is_only_applied_moves_nothing() -> None:
    tie = application(
        "credit_memo:3/application",
        ("Invoice", "invoice:10", "50.00"),
        ("CreditMemo", "credit_memo:3", "50.00"),
    )
    bench = Bench()
    bench.load_as_usual(invoice(10), credit("credit_memo:3"))
    found = plan(bench, invoice(10), credit("credit_memo:3"), tie)
    assert steps(found) == {"create credit_memo:3/application"}
    assert change(found).is_nothing


def test_what_is_held_or_waits_does_nothing() -> None:
    held = verdict(invoice(10), Verdict.HELD, "account_unmapped")
    waiting = payment(20, "100.00", applied={10: "100.00"})
    found = plan(Bench(), held, waiting, assumed={held.source: Outcome.HELD})
    assert {"held invoice:10", "blocked payment:20"} <= steps(found)
    assert change(found).is_nothing


def test_what_others_have_typed_is_linked_not_created() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(9))
    person = bench.quickbooks.all("Customer")[0]["Id"]
    line = {"Amount": Decimal("100.00"), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    typed = {
        "DocNumber": "10",
        "TxnDate": DAY.isoformat(),
        "CustomerRef": {"value": person},
        "Line": [line],
    }
    bench.quickbooks.put("Invoice", typed)
    found = plan(bench, invoice(10))
    assert steps(found) == {"link invoice:10"}
    assert change(found).is_nothing


def test_a_plan_that_does_not_look_costs_no_call() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(9))
    calls = bench.quickbooks.calls
    assert steps(plan(bench, invoice(10), looks=False)) == {"create invoice:10"}
    assert bench.quickbooks.calls == calls


def test_another_day_s_customer_may_be_assumed_there() -> None:
    other = invoice(10, customer=7)
    blocked = plan(Bench(), other)
    there = plan(Bench(), other, assumed={customer(7).source: Outcome.PLANNED})
    assert "blocked invoice:10" in steps(blocked)
    assert "create invoice:10" in steps(there)


# Documents in closed books (rule 4)


DELETED = (Verdict.NOT_DUE, "deleted")
CLOSED = WritePolicies(book_close_date=DAY + timedelta(days=3), closed_period_edits="adjust")


@pytest.mark.rule("4")
def test_an_edit_of_closed_books_shows_the_difference_it_posts() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10, tax="5.00"))
    bench.policies = CLOSED
    found = plan(bench, invoice(10, lines=[("SKU", "70.00")], tax="3.00"))
    assert "create invoice:10/adjustment" in steps(found)
    assert change(found) == Effect(receivable=-3200, income={INCOME: -3000}, tax=-200)


@pytest.mark.rule("4", "1.9")
def test_opened_books_say_why_the_difference_goes_again() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    edited, bench.policies = invoice(10, lines=[("SKU", "70.00")]), CLOSED
    bench.load_as_usual(edited)
    bench.policies = replace(CLOSED, book_close_date=None)
    reason = plan(bench, edited)["void invoice:10/adjustment"].result.reason
    assert reason is not None
    assert reason.text.endswith("is voided: no difference is left for it to post.")


@pytest.mark.rule("4")
@pytest.mark.parametrize("looks", [True, False])
def test_a_deletion_in_closed_books_shows_all_it_takes_back_asked_or_not(looks: bool) -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10, tax="5.00"))
    bench.policies = CLOSED
    calls = bench.quickbooks.calls
    found = plan(bench, verdict(invoice(10), Verdict.NOT_DUE, "deleted"), looks=looks)
    assert change(found) == Effect(receivable=-10500, income={INCOME: -10000}, tax=-500)
    assert looks or bench.quickbooks.calls == calls


@pytest.mark.rule("4")
def test_closed_books_that_hold_edits_do_nothing() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    bench.policies = replace(CLOSED, closed_period_edits="hold")
    found = plan(bench, invoice(10, lines=[("SKU", "70.00")]))
    assert steps(found) == {"held invoice:10"}
    assert change(found).is_nothing


# Documents that somebody edited (rule 5.3)


def drifted(bench: Bench) -> None:
    """Invoice 10 of 100.00 was edited in QuickBooks to 90.00."""
    bench.load_as_usual(invoice(10))
    source = invoice(10).source
    link = bench.ledger.link(bench.context().name, source, "Invoice")
    now = [{**line, "Amount": "90.00"} for line in link.confirmed["Line"]]
    shown = str(now).replace("'", '"')
    drift = {
        "TotalAmt": {"confirmed": "100.00", "now": "90.00"},
        "Line": {"confirmed": "", "now": shown},
    }
    bench.ledger.save_link(replace(link, drift=drift))


@pytest.mark.rule("5.3")
@pytest.mark.parametrize(
    ("policy", "cents", "expected"),
    [
        ("report", "100.00", Effect()),
        ("report", "120.00", Effect()),
        ("accept", "100.00", Effect()),
        ("accept", "120.00", Effect(receivable=3000, income={INCOME: 3000})),
        ("restore", "100.00", Effect(receivable=1000, income={INCOME: 1000})),
    ],
)
def test_an_edited_document_is_looked_at_and_judged_by_what_is_there_now(
    policy: Any, cents: str, expected: Effect
) -> None:
    bench = Bench()
    drifted(bench)
    bench.policies = replace(bench.policies, drift=policy)
    found = plan(bench, invoice(10, lines=[("SKU", cents)]))
    assert steps(found) == {"recheck invoice:10"}
    assert change(found) == expected


@pytest.mark.rule("5.3")
@pytest.mark.parametrize("policy", ["report", "accept", "restore"])
def test_what_a_person_voided_is_not_planned_to_be_written_again(policy: Any) -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    (link,) = [each for each in bench.ledger.kept_links.values() if each.target == "Invoice"]
    bench.ledger.save_link(replace(link, drift={"TotalAmt": {"confirmed": "100.00", "now": "0.00"}}))
    bench.policies = replace(bench.policies, drift=policy)
    assert change(plan(bench, invoice(10))).is_nothing


def test_an_item_nobody_knows_is_named_as_such() -> None:
    confirmed = {"TotalAmt": "10.00", "Line": [{"ItemRef": "55", "Amount": "10.00"}]}
    assert effect_of_confirmed("Invoice", confirmed, {}).income == {f"{UNKNOWN_ITEM}55": 1000}


def test_the_items_of_what_is_there_are_asked_for() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    (item_id,) = [each["Id"] for each in bench.quickbooks.all("Item")]
    assert items_of(plan(bench, invoice(10)).values()) == {item_id}


# The property


def money(cents: int) -> str:
    return str(Decimal(cents) / 100)


@some.composite
def days(draw: Any) -> list[Mapped]:
    """A day of invoices, credits, payments and refunds, some of them deleted or held."""
    found: dict[Any, Mapped] = {}
    for number in draw(some.sets(some.integers(10, 14))):
        amount, tax = draw(some.integers(1, 40_000)), draw(some.integers(0, 900))
        lines = [("SKU", money(amount))]
        shape = draw(some.sampled_from(["invoice", "credit", "deleted", "held"]))
        each = invoice(number, lines=lines, tax=money(tax))
        if shape == "credit":
            each = credit(f"invoice:{number}", lines=lines, tax=money(tax))
        elif shape == "deleted":
            each = verdict(each, Verdict.NOT_DUE, "deleted")
        elif shape == "held":
            each = verdict(each, Verdict.HELD, "account_unmapped")
        found[each.source] = each
    for number in draw(some.sets(some.integers(20, 23))):
        each = payment(number, money(draw(some.integers(1, 40_000))))
        if draw(some.booleans()):
            each = verdict(each, Verdict.NOT_DUE, "deleted")
        found[each.source] = each
    for number in draw(some.sets(some.integers(30, 31))):
        target = draw(some.sampled_from(["Purchase", "RefundReceipt"]))
        each = refund(number, money(draw(some.integers(1, 40_000))), target=target)
        found[each.source] = each
    return list(found.values())


@settings(max_examples=80, deadline=None)
@given(some.lists(days(), min_size=1, max_size=4), some.integers(1, 9))
def test_the_effect_previewed_is_the_effect_applied(history: list[list[Mapped]], closes_after: int) -> None:
    bench = Bench()
    for number, day in enumerate(history):
        if number == closes_after:
            bench.policies = CLOSED
        before, found = booked(bench), plan(bench, *day)
        bench.load_as_usual(*day)
        live = {
            key: link for key, link in bench.ledger.kept_links.items() if link.state is not LinkState.MISMATCH
        }
        assert len(live) == len(bench.ledger.kept_links)
        assert booked(bench) - before == change(found)


@some.composite
def typing(draw: Any) -> tuple[list[tuple[int, int]], list[Mapped], bool]:
    """What people pay of invoices in QuickBooks, a day in ServiceTitan, and whether they take it off."""
    sums = some.sampled_from([4000, 10_000])
    typed = draw(some.lists(some.tuples(some.sampled_from([10, 11]), sums), max_size=2))
    invoices = [invoice(number, lines=[("SKU", money(draw(sums)))]) for number in (10, 11)]
    applied = {number: money(draw(sums)) for number in draw(some.sets(some.sampled_from([10, 11])))}
    paid = payment(draw(some.integers(20, 22)), money(20_000), applied=applied)
    return typed, [*invoices, paid], draw(some.booleans())


def is_consistent(known: dict[Any, Mapped]) -> bool:
    """Say whether no invoice is paid twice in ServiceTitan: who of them would be first, nobody can say."""
    left = {str(source): Decimal(each.cents) / 100 for source, each in known.items()}
    payments = [each.payload for source, each in known.items() if source.entity is Entity.PAYMENT]
    for line in (line for paid in payments if paid is not None for line in paid.body["Line"]):
        left[line["LinkedTxn"][0]["TxnId"]] -= Decimal(line["Amount"])
    return min(left.values()) >= 0


def type_payments(bench: Bench, typed: list[tuple[int, int]]) -> None:
    """Pay invoices in QuickBooks by hand, as far as they are open there."""
    for number, cents in typed:
        for row in bench.quickbooks.all("Invoice"):
            if row["DocNumber"] == str(number) and row["Balance"] * 100 >= cents:
                amount, linked = Decimal(cents) / 100, [{"TxnId": row["Id"], "TxnType": "Invoice"}]
                line = {"Amount": amount, "LinkedTxn": linked}
                body = {"CustomerRef": row["CustomerRef"], "TotalAmt": amount, "TxnDate": DAY.isoformat()}
                bench.quickbooks.put("Payment", {**body, "Line": [line]})


def untype(bench: Bench) -> None:
    for row in bench.quickbooks.all("Payment"):
        if "PrivateNote" not in row:
            bench.quickbooks.delete("Payment", row["Id"])


def as_done(results: dict[str, Any], planned: Planned) -> tuple[str, str]:
    """What a load did of a step, in the words of a plan."""
    result = results[str(planned.result.source)]
    did = result.operation if result.outcome is Outcome.POSTED else result.outcome.value
    return did, result.reason.code if result.reason else ""


@pytest.mark.rule("3.3", "3.7")
@settings(max_examples=30, deadline=None)
@given(some.lists(typing(), min_size=1, max_size=4))
def test_what_people_typed_into_quickbooks_is_seen_by_a_plan_as_by_a_load(
    history: list[tuple[list[tuple[int, int]], list[Mapped], bool]],
) -> None:
    small = [invoice(number, lines=[("SKU", "40.00")]) for number in (10, 11)]
    known: dict[Any, Mapped] = {each.source: each for each in small}
    bench = Bench()
    bench.load_as_usual(*small)
    for typed, changed, is_taken_off in history:
        for each in changed:
            # Whose payment QuickBooks lets go of where an invoice comes to less, nobody can say before.
            is_less = each.source in known and each.cents < known[each.source].cents
            if not is_less and is_consistent(then := known | {each.source: each}):
                known = then
        day = list(known.values())
        type_payments(bench, typed)
        if is_taken_off:
            untype(bench)
        before, found = booked(bench), plan(bench, *day)
        results = bench.load_as_usual(*day)
        assert booked(bench) - before == change(found)
        codes = {name: said.code if (said := each.result.reason) else "" for name, each in found.items()}
        assert {name: (each.will, codes[name]) for name, each in found.items()} == {
            name: as_done(results, each) for name, each in found.items()
        }
        sent, again = len(bench.quickbooks.writes), plan(bench, *day)
        bench.load_as_usual(*day)
        assert {name.partition(" ")[0] for name in steps(again)} <= {"held"}
        assert len(bench.quickbooks.writes) == sent


@pytest.mark.rule("4")
def test_a_preview_of_one_entity_shows_what_adjusts_its_closed_books() -> None:
    write_off = credit("payment:20/write_off", lines=[("SKU", "30.00")])
    tie = ("Invoice", "invoice:10", "30.00"), ("CreditMemo", "payment:20/write_off", "30.00")
    bench = Bench()
    bench.load_as_usual(invoice(10), write_off, application("payment:20/application", *tie))
    bench.policies = CLOSED

    def preview(entity: Entity, now: Mapped) -> dict[str, Planned]:
        planned = DayPlanner(bench.context(), looks=False).plan(DayInput(DAY, {entity: [now]}))
        return {f"{each.will} {each.result.source}": each for each in planned}

    gone = preview(Entity.PAYMENT, verdict(replace(write_off, source=write_off.source.record), *DELETED))
    assert "create payment:20/adjustment" in gone
    assert change(gone) == Effect(receivable=3000, income={INCOME: 3000})
    turned = preview(Entity.INVOICE, credit("invoice:10", lines=[("SKU", "40.00")]))
    assert "create invoice:10/adjustment" in turned
    assert change(turned) == Effect(receivable=-14000, income={INCOME: -14000})
