"""A whole day: order, neighbours, what is looked at again, and what it costs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, TransportError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Reason, Verdict
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.load.verify import deleted_json, drift, drift_json, owned_fields
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import DAY, Bench, company_file, customer, invoice, item, payment, verdict
from tests.unit.load.chaos import Killed

BEFORE, AFTER = DAY - timedelta(days=7), DAY + timedelta(days=1)


def outcomes(results: dict[str, Any]) -> dict[str, Outcome]:
    return {name: result.outcome for name, result in results.items()}


def typed_invoice(
    bench: Bench, number: str, amount: str = "100.00", *, day: date = DAY, **fields: Any
) -> dict[str, Any]:
    line = {"Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    person = bench.quickbooks.all("Customer")[0]["Id"]
    body = {
        "DocNumber": number,
        "TxnDate": day.isoformat(),
        "CustomerRef": {"value": person},
        "Line": [line],
        **fields,
    }
    return bench.quickbooks.put("Invoice", body)


@pytest.mark.rule("5.5")
def test_items_and_customers_come_before_invoices_and_these_before_payments() -> None:
    bench = Bench()

    bench.load(payment(20, "100.00", applied={10: "100.00"}), invoice(10), customer(1), item("SKU"))

    assert [write[1] for write in bench.quickbooks.writes] == ["Item", "Customer", "Invoice", "Payment"]


@pytest.mark.rule("5.3")
def test_an_unchanged_day_costs_no_call_at_all() -> None:
    bench = Bench()
    day = [invoice(number) for number in range(10, 50)]
    day += [payment(number + 100, "100.00", applied={number: "100.00"}) for number in range(10, 50)]
    bench.load_as_usual(*day)
    calls = bench.quickbooks.calls

    results = bench.load_as_usual(*day)

    assert set(outcomes(results).values()) == {Outcome.UNCHANGED}
    assert bench.quickbooks.calls == calls


def test_a_new_day_asks_for_names_items_and_numbers_once_each() -> None:
    bench = Bench()

    bench.load_as_usual(*(invoice(number) for number in range(10, 50)))

    assert len(bench.quickbooks.reads) == 3
    assert bench.quickbooks.reads[2].startswith("query Invoice DocNumber IN ('10', '11', '12'")


@pytest.mark.parametrize("in_flight", [1, 5])
def test_one_bad_invoice_leaves_the_others_posted_and_its_payments_waiting(in_flight: int) -> None:
    bench = Bench(company=company_file(quickbooks={"realm": "2", "in_flight": in_flight}))

    def refuse_17(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and body.get("DocNumber") == "17":
            raise RemoteFault("Invalid Number", code="2240")

    bench.quickbooks.mischief = refuse_17
    results = bench.load_as_usual(
        *(invoice(number) for number in range(10, 50)),
        payment(117, "100.00", applied={17: "100.00"}),
        payment(118, "100.00", applied={18: "100.00"}),
    )

    assert [name for name, outcome in outcomes(results).items() if outcome is not Outcome.POSTED] == [
        "invoice:17",
        "payment:117",
    ]
    assert (results["invoice:17"].outcome, results["payment:117"].outcome) == (
        Outcome.REJECTED,
        Outcome.BLOCKED,
    )
    assert str(results["payment:117"].reason and results["payment:117"].reason.waits_for) == "invoice:17"


def test_what_the_mapping_held_or_rejected_is_kept_with_its_reason() -> None:
    bench = Bench()

    results = bench.load_as_usual(
        verdict(invoice(10), Verdict.HELD, "tax_mode_none"),
        verdict(invoice(11), Verdict.REJECTED, "lines_do_not_sum"),
        verdict(invoice(12), Verdict.NOT_DUE, "zero_total"),
        payment(20, "100.00", applied={11: "100.00"}),
        payment(21, "100.00", applied={12: "100.00"}),
    )

    assert [results[f"invoice:{number}"].outcome for number in (10, 11, 12)] == [
        Outcome.HELD,
        Outcome.REJECTED,
        Outcome.NOT_DUE,
    ]
    assert (results["payment:20"].outcome, results["payment:21"].outcome) == (Outcome.BLOCKED, Outcome.POSTED)
    assert {str(source): state.outcome for source, state in bench.ledger.states.items()} == outcomes(results)


@pytest.mark.rule("1.7", "1.8", "3.6")
@pytest.mark.parametrize("why", ["exported_elsewhere", "out_of_scope", "payment_type_ignored"])
def test_what_others_took_over_after_it_was_posted_waits_for_a_person(why: str) -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    result = bench.load_as_usual(verdict(invoice(10), Verdict.NOT_DUE, why))["invoice:10"]

    assert (result.outcome, result.reason and result.reason.code) == (Outcome.HELD, "needs_void")
    assert bench.quickbooks.all("Invoice")[0]["TotalAmt"] == Decimal(100)


def empty_by_hand(bench: Bench, way: str) -> None:
    """Let a person empty the only invoice, and the tie-out or CDC see it."""
    (link,) = [each for each in bench.ledger.kept_links.values() if each.target == "Invoice"]
    if way == "deleted":
        bench.quickbooks.delete("Invoice", link.qbo_id)
        seen = deleted_json()
    else:
        note = "Voided - ServiceTitan invoice 10" if way == "voided" else "ServiceTitan invoice 10"
        bench.quickbooks.edit("Invoice", link.qbo_id, TotalAmt=Decimal(0), PrivateNote=note, Line=[])
        obj = bench.quickbooks.objects["Invoice"][link.qbo_id]
        seen = drift_json(drift(link.confirmed, owned_fields("Invoice", obj)))
    bench.ledger.save_link(replace(link, drift=seen))


@pytest.mark.rule("1.5", "1.7", "3.6")
@pytest.mark.parametrize("is_gone", [False, True], ids=["taken over", "gone"])
@pytest.mark.parametrize(
    ("way", "outcome"),
    [("voided", Outcome.VOIDED), ("deleted", Outcome.VOIDED), ("of nothing", Outcome.HELD)],
)
def test_what_a_person_was_asked_to_void_is_done_with_once_she_has(
    way: str, outcome: Outcome, is_gone: bool
) -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    now = [] if is_gone else [verdict(invoice(10), Verdict.NOT_DUE, "exported_elsewhere")]

    def again() -> dict[str, LoadResult]:
        groups: dict[Entity, list[Mapped]] = {Entity.INVOICE: now}
        loader = DayLoader(bench.context())
        results = loader.load(DayInput(DAY, groups, reread=lambda entity, ids: [], is_fresh=True))
        return {str(result.source): result for result in results}

    calls = bench.quickbooks.calls
    assert again()["invoice:10"].outcome is Outcome.HELD
    assert bench.quickbooks.calls == calls
    empty_by_hand(bench, way)
    result = again()["invoice:10"]
    assert bench.quickbooks.calls == calls + 1
    assert result.outcome is bench.ledger.states[result.source].outcome is outcome
    if outcome is Outcome.VOIDED:
        assert result.reason is not None and result.reason.code == "emptied_by_hand"
        assert bench.ledger.link("acme", result.source, "Invoice").drift is None
        again()  # nothing is asked of it any more
        assert bench.quickbooks.calls == calls + 1


@pytest.mark.rule("1.5", "3.6")
def test_nobody_is_asked_again_for_what_is_done_with_though_that_load_died_or_the_frame_is_old() -> None:
    bench, source = Bench(), invoice(10).source
    bench.load_as_usual(invoice(10))

    def nothing(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        return []

    def again(*now: Mapped) -> Outcome:
        given = DayInput(DAY, {Entity.INVOICE: now}, reread=nothing, is_fresh=not now)
        DayLoader(bench.context()).load(given)
        return bench.ledger.states[source].outcome

    def dies(*said: Any, **more: Any) -> None:
        raise Killed

    assert again() is Outcome.HELD
    empty_by_hand(bench, "voided")
    save, bench.ledger.save_states = bench.ledger.save_states, dies
    with pytest.raises(Killed):
        again()
    bench.ledger.save_states = save
    assert bench.ledger.kept_links[source, "Invoice"].state is LinkState.VOIDED

    assert [again(), again(invoice(10)), again()] == [Outcome.VOIDED] * 3


@pytest.mark.rule("1.2", "3.6")
def test_a_posted_document_that_is_no_longer_due_is_shown_and_stays() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    result = bench.load_as_usual(verdict(invoice(10), Verdict.NOT_DUE, "not_posted", "It is Pending."))[
        "invoice:10"
    ]

    assert (result.outcome, result.qbo_id) == (Outcome.HELD, bench.quickbooks.all("Invoice")[0]["Id"])
    assert result.reason is not None and result.reason.code == "gate_closed_again"
    assert "Pending" in result.reason.text
    assert bench.quickbooks.all("Invoice")[0]["TotalAmt"] == Decimal(100)


@pytest.mark.rule("3.6")
def test_a_posted_document_that_is_held_now_keeps_its_reason_and_its_id() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    result = bench.load_as_usual(verdict(invoice(10), Verdict.HELD, "negative_not_carried"))["invoice:10"]

    assert result.reason is not None
    assert (result.outcome, result.reason.code) == (Outcome.HELD, "negative_not_carried")
    assert result.qbo_id == bench.quickbooks.all("Invoice")[0]["Id"]


# Payments that an invoice brings along (rule 3.2)


@pytest.mark.rule("3.2")
def test_a_deposit_from_weeks_before_is_applied_in_the_run_that_posts_its_invoice() -> None:
    bench = Bench()
    deposit = payment(20, "60.00", applied={10: "60.00"}, day=BEFORE)
    bench.load(customer(1), deposit, day=BEFORE)
    asked: list[list[str]] = []

    def payments_of(ids: Sequence[str]) -> list[Mapped]:
        asked.append(list(ids))
        return [deposit]

    results = bench.load_as_usual(invoice(10), payments_of=payments_of)

    assert asked == [["10"]]
    assert (results["payment:20"].outcome, results["payment:20"].day) == (Outcome.POSTED, BEFORE)
    assert bench.quickbooks.all("Payment")[0]["UnappliedAmt"] == 0
    bench.load_as_usual(invoice(10), payments_of=payments_of)
    assert asked == [["10"]]


@pytest.mark.rule("3.2")
def test_payments_of_days_this_run_still_loads_are_left_to_them() -> None:
    bench = Bench()
    later = payment(20, "60.00", applied={10: "60.00"}, day=AFTER)

    results = bench.load_as_usual(invoice(10), payments_of=lambda ids: [later], days_to_come=[AFTER])

    assert "payment:20" not in results


@pytest.mark.rule("3.2")
def test_a_load_that_died_before_the_payments_brings_them_along_the_next_time() -> None:
    bench = Bench()
    deposit = payment(20, "60.00", applied={10: "60.00"}, day=BEFORE)
    bench.load(customer(1), deposit, day=BEFORE)

    def dies(ids: Sequence[str]) -> list[Mapped]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.load_as_usual(invoice(10), payments_of=dies)
    results = bench.load_as_usual(invoice(10), payments_of=lambda ids: [deposit])

    assert (results["invoice:10"].outcome, results["payment:20"].outcome) == (
        Outcome.UNCHANGED,
        Outcome.POSTED,
    )


@pytest.mark.rule("3.2")
def test_an_invoice_whose_payments_cannot_be_read_is_red_until_they_are() -> None:
    bench = Bench()
    deposit = payment(20, "60.00", applied={10: "60.00"}, day=BEFORE)
    bench.load(customer(1), deposit, day=BEFORE)

    def down(ids: Sequence[str]) -> list[Mapped]:
        raise TransportError("ServiceTitan does not answer")

    red = bench.load_as_usual(invoice(10), payments_of=down)
    green = bench.load_as_usual(invoice(10), payments_of=lambda ids: [deposit])

    assert red["invoice:10"].outcome is Outcome.FAILED
    assert red["invoice:10"].reason is not None and red["invoice:10"].reason.code == "payments_not_planned"
    assert (green["invoice:10"].outcome, green["payment:20"].outcome) == (Outcome.UNCHANGED, Outcome.POSTED)


# Looking again


def test_what_is_not_settled_is_read_and_mapped_again_before_it_is_planned() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), verdict(invoice(11), Verdict.HELD, "account_unmapped"))
    asked: list[tuple[Entity, list[str]]] = []

    def reread(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        asked.append((entity, list(ids)))
        return [invoice(11, lines=[("NEW", "5.00")]), item("NEW")]

    results = bench.load_as_usual(
        invoice(10), verdict(invoice(11), Verdict.HELD, "account_unmapped"), reread=reread
    )

    assert asked == [(Entity.INVOICE, ["11"])]
    assert (results["invoice:11"].outcome, results["item:NEW|79"].outcome) == (Outcome.POSTED, Outcome.POSTED)
    assert results["invoice:10"].outcome is Outcome.UNCHANGED


def test_records_read_in_this_very_run_are_not_read_twice() -> None:
    bench = Bench()

    def reread(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        raise AssertionError("read twice")

    assert (
        bench.load_as_usual(invoice(10), reread=reread, is_fresh=True)["invoice:10"].outcome is Outcome.POSTED
    )


@pytest.mark.rule("1.5")
def test_a_posted_document_missing_from_its_day_is_read_again_and_followed_to_its_new_day() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    moved = invoice(10, day=AFTER)

    results = bench.load_as_usual(invoice(11), reread=lambda entity, ids: [moved], is_fresh=True)

    assert (results["invoice:10"].outcome, results["invoice:10"].day) == (Outcome.POSTED, AFTER)
    assert {each["TxnDate"] for each in bench.quickbooks.all("Invoice")} == {
        DAY.isoformat(),
        AFTER.isoformat(),
    }


@pytest.mark.rule("1.5")
@pytest.mark.parametrize("is_held", [False, True], ids=["an older version", "held"])
def test_an_old_frame_undoes_nothing_that_was_loaded_since(*, is_held: bool) -> None:
    bench, now = Bench(), [invoice(10, lines=[("SKU", "80.00")])]
    old = verdict(invoice(10), Verdict.HELD, "account_unmapped") if is_held else invoice(10)
    bench.load_as_usual(invoice(10))
    bench.load_as_usual(*now, is_fresh=True)
    asked: list[str] = []

    def reread(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        asked.extend(ids)
        return now

    for mapped in (old, now[0]):
        results = bench.load_as_usual(mapped, reread=reread)
        assert results["invoice:10"].outcome is Outcome.UNCHANGED
        assert [each["TotalAmt"] for each in bench.quickbooks.all("Invoice")] == [Decimal(80)]
    assert asked == ["10"]  # nothing is read again of a frame that says what is posted


@pytest.mark.rule("1.5")
def test_a_posted_document_that_servicetitan_no_longer_finds_is_shown() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    results = bench.load_as_usual(invoice(11), reread=lambda entity, ids: [], is_fresh=True)

    assert results["invoice:10"].reason is not None
    assert (results["invoice:10"].outcome, results["invoice:10"].reason.code) == (
        Outcome.HELD,
        "gone_from_servicetitan",
    )


def test_records_that_cannot_be_read_again_fail_and_leave_the_others_alone() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    def down(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        raise TransportError("ServiceTitan does not answer")

    results = bench.load_as_usual(invoice(10), invoice(11), reread=down)

    assert (results["invoice:10"].outcome, results["invoice:11"].outcome) == (
        Outcome.UNCHANGED,
        Outcome.FAILED,
    )
    assert len(bench.quickbooks.all("Invoice")) == 1


@pytest.mark.rule("1.5", "3.2")
def test_what_stands_as_was_said_stays_so_while_servicetitan_cannot_be_asked() -> None:
    bench = Bench()
    short, emptied = payment(20, "150.00", applied={10: "100.00", 99: "50.00"}), invoice(11)
    bench.load_as_usual(emptied)
    empty_by_hand(bench, "deleted")
    bench.load_as_usual(verdict(emptied, Verdict.NOT_DUE, "exported_elsewhere"), is_fresh=True)
    bench.load_as_usual(invoice(10), short)
    bench.load_as_usual(invoice(12, lines=[("SKU", "80.00")]))
    kept, writes = dict(bench.ledger.states), len(bench.quickbooks.writes)

    def down(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        raise TransportError("ServiceTitan does not answer")

    results = bench.load_as_usual(invoice(10), short, emptied, invoice(12), reread=down)

    names = ("payment:20", "invoice:11", "invoice:12")
    found = [results[name].outcome for name in names]
    assert found == [Outcome.UNCHANGED, Outcome.VOIDED, Outcome.FAILED]  # the last may be an edit, or older
    assert results["payment:20"].reason == kept[short.source].reason
    assert len(bench.quickbooks.writes) == writes
    for source in (short.source, emptied.source):
        assert bench.ledger.states[source] == kept[source]  # what looks for it later is not misled


# Preview


@pytest.mark.rule("1.9")
def test_preview_plans_everything_and_writes_nothing_anywhere() -> None:
    bench = Bench(company=company_file(mode="preview"))

    results = bench.load_as_usual(
        invoice(10), payment(20, "100.00", applied={10: "100.00"}), invoice(11, customer=2)
    )

    assert {outcome for name, outcome in outcomes(results).items() if name != "invoice:11"} == {
        Outcome.PLANNED
    }
    assert results["invoice:11"].outcome is Outcome.BLOCKED
    assert {result.operation for result in results.values()} == {"create", ""}
    assert (bench.quickbooks.writes, bench.ledger.intents, bench.ledger.kept_links) == ([], [], {})


@pytest.mark.rule("1.9")
def test_preview_of_a_live_company_shows_what_would_change() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10), invoice(11))
    bench.company = company_file(mode="preview")

    results = bench.load_as_usual(invoice(10, lines=[("SKU", "5.00")]), invoice(11))

    assert [
        (results[f"invoice:{number}"].outcome, results[f"invoice:{number}"].operation) for number in (10, 11)
    ] == [
        (Outcome.PLANNED, "update"),
        (Outcome.UNCHANGED, ""),
    ]


# Documents typed by hand (rule 1.6)


@pytest.mark.rule("1.6")
def test_an_invoice_typed_by_hand_is_adopted_if_number_customer_date_and_amount_agree() -> None:
    bench = Bench()
    bench.load_as_usual()
    there = typed_invoice(bench, "10")

    results = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))
    again = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    assert (results["invoice:10"].outcome, results["invoice:10"].operation) == (Outcome.POSTED, "link")
    assert results["invoice:10"].qbo_id == there["Id"]
    assert bench.quickbooks.all("Invoice")[0]["Balance"] == 0
    assert set(outcomes(again).values()) == {Outcome.UNCHANGED}


@pytest.mark.rule("1.6")
@pytest.mark.parametrize(
    ("typed", "different"),
    [
        ({"amount": "100.01"}, "total: 100.00 meant, 100.01"),
        ({"day": AFTER}, "date: 2026-11-16 meant, 2026-11-17"),
        ({"PrivateNote": "ServiceTitan invoice 77"}, "belongs to invoice:77"),
    ],
)
def test_an_invoice_typed_by_hand_that_differs_is_held_naming_both(
    typed: dict[str, Any], different: str
) -> None:
    bench = Bench()
    bench.load_as_usual()
    there = typed_invoice(bench, "10", **typed)

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert result.outcome is Outcome.HELD and result.reason is not None
    assert different in result.reason.text and f"Invoice {there['Id']}" in result.reason.text
    assert len(bench.quickbooks.all("Invoice")) == 1


@pytest.mark.rule("1.6")
def test_a_company_may_adopt_nothing_typed_by_hand() -> None:
    bench = Bench(company=company_file(adopt_typed_by_hand=False))
    bench.load_as_usual()
    typed_invoice(bench, "10")

    assert bench.load_as_usual(invoice(10))["invoice:10"].outcome is Outcome.HELD


@pytest.mark.rule("1.6")
def test_an_adopted_invoice_that_changes_is_never_written_and_heals_by_hand() -> None:
    bench = Bench()
    bench.load_as_usual()
    there = typed_invoice(bench, "10")
    bench.load_as_usual(invoice(10))
    changed = invoice(10, lines=[("SKU", "120.00")])

    held = bench.load_as_usual(changed)["invoice:10"]
    bench.quickbooks.edit("Invoice", there["Id"], TotalAmt=Decimal(120))
    healed = bench.load_as_usual(changed)["invoice:10"]

    assert held.reason is not None
    assert (held.outcome, held.reason.code) == (Outcome.HELD, "adopted_not_updated")
    assert healed.outcome is Outcome.UNCHANGED
    assert [write[1] for write in bench.quickbooks.writes] == ["Item", "Customer"]


@pytest.mark.rule("5.2")
def test_a_document_with_our_marker_and_no_link_is_taken_back_and_brought_up_to_date() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    for key in [key for key in bench.ledger.kept_links if key[1] == "Invoice"]:
        del bench.ledger.kept_links[key]

    results = bench.load_as_usual(invoice(10, lines=[("SKU", "120.00")]))

    assert (results["invoice:10"].outcome, results["invoice:10"].operation) == (Outcome.POSTED, "update")
    assert [each["TotalAmt"] for each in bench.quickbooks.all("Invoice")] == [Decimal(120)]


@pytest.mark.rule("3.7")
def test_a_payment_named_in_links_csv_is_linked_and_not_posted() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    person = bench.quickbooks.all("Customer")[0]["Id"]
    typed = bench.quickbooks.put(
        "Payment", {"CustomerRef": {"value": person}, "TotalAmt": Decimal(100), "Line": []}
    )
    bench.settled = parse_settled_links(f"source,target,qbo_id\npayment:20,Payment,{typed['Id']}\n")

    result = bench.load_as_usual(invoice(10), payment(20, "100.00", applied={10: "100.00"}))["payment:20"]

    assert (result.outcome, result.qbo_id, result.operation) == (Outcome.POSTED, typed["Id"], "link")
    assert len(bench.quickbooks.all("Payment")) == 1


@pytest.mark.rule("1.7")
def test_a_document_the_other_connector_booked_is_linked_so_that_payments_find_it() -> None:
    bench = Bench()
    bench.load_as_usual()
    there = typed_invoice(bench, "10")
    facts = {"number": "10", "customer": "customer:1", "cents": 10000, "day": DAY.isoformat()}
    exported = Mapped(
        invoice(10).source,
        Verdict.NOT_DUE,
        DAY,
        number="10",
        reason=Reason("exported_elsewhere", "Exported."),
        facts={"adopt": facts},
    )

    first = bench.load_as_usual(exported, payment(20, "100.00", applied={10: "100.00"}))
    second = bench.load_as_usual(exported)["invoice:10"]

    assert (first["invoice:10"].outcome, first["invoice:10"].qbo_id) == (Outcome.NOT_DUE, there["Id"])
    assert bench.quickbooks.all("Invoice")[0]["Balance"] == 0
    assert (second.outcome, second.qbo_id) == (Outcome.NOT_DUE, there["Id"])


def old_invoice(balance: int) -> Mapped:
    facts = {"balance_cents": balance}
    return Mapped(
        invoice(10).source,
        Verdict.NOT_DUE,
        BEFORE,
        number="10",
        reason=Reason("before_start", "Old."),
        facts=facts,
    )


def payment_of_old(number: int, cents: int) -> Mapped:
    paid = payment(number, str(Decimal(cents) / 100), applied={10: str(Decimal(cents) / 100)})
    applied = [{"invoice": "invoice:10", "cents": cents, "number": "10", "standing": "before_start"}]
    return replace(paid, facts={"customer": "customer:1", "applied": applied})


@pytest.mark.rule("1.6")
def test_an_open_invoice_from_before_the_start_is_linked_by_its_open_balance_and_paid() -> None:
    bench = Bench()
    bench.load_as_usual()
    there = typed_invoice(bench, "10", day=BEFORE)
    records = (payment_of_old(20, 4000), payment_of_old(21, 1000))

    results = bench.load_as_usual(*records, reread=lambda entity, ids: [old_invoice(5000)], is_fresh=True)
    calls = bench.quickbooks.calls
    again = bench.load_as_usual(*records, reread=_never, is_fresh=True)

    assert (results["invoice:10"].outcome, results["invoice:10"].qbo_id) == (Outcome.NOT_DUE, there["Id"])
    assert bench.quickbooks.all("Invoice")[0]["Balance"] == Decimal(50)
    assert {again[name].outcome for name in ("payment:20", "payment:21")} == {Outcome.UNCHANGED}
    assert (
        bench.quickbooks.calls,
        [write[1] for write in bench.quickbooks.writes if write[1] == "Invoice"],
    ) == (calls, [])


@pytest.mark.rule("1.6")
def test_a_payment_of_an_old_invoice_that_is_not_the_same_posts_unapplied_saying_so() -> None:
    bench = Bench()
    bench.load_as_usual()
    typed_invoice(bench, "10", "70.00", day=BEFORE)

    results = bench.load_as_usual(
        payment_of_old(20, 4000), reread=lambda entity, ids: [old_invoice(5000)], is_fresh=True
    )

    assert (results["invoice:10"].outcome, results["invoice:10"].qbo_id) == (Outcome.NOT_DUE, "")
    assert results["payment:20"].reason is not None
    assert (results["payment:20"].outcome, results["payment:20"].reason.code) == (
        Outcome.POSTED,
        "unapplied_for_now",
    )
    assert bench.quickbooks.all("Payment")[0]["UnappliedAmt"] == 40


def _never(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
    raise AssertionError(f"asked again for {ids}")


@pytest.mark.rule("1.6", "7.2")
def test_an_invoice_typed_by_hand_waits_while_its_customer_does() -> None:
    bench = Bench()
    bench.quickbooks.put("Customer", {"DisplayName": "Jon Smith"})
    typed_invoice(bench, "10")

    results = bench.load(customer(1, "John Smith"), item("SKU"), invoice(10))

    assert (results["customer:1"].outcome, results["invoice:10"].outcome) == (Outcome.HELD, Outcome.BLOCKED)


@pytest.mark.rule("1.9")
def test_preview_shows_what_would_be_linked() -> None:
    bench = Bench(company=company_file(mode="preview"))
    bench.quickbooks.put("Customer", {"DisplayName": "Ann Lee", "PrimaryEmailAddr": {"Address": "ann@x.com"}})
    typed_invoice(bench, "10")

    results = bench.load(customer(1, "Ann Lee", email="ann@x.com"), item("SKU"), invoice(10))

    assert [results[name].operation for name in ("customer:1", "invoice:10")] == ["link", "link"]
    assert bench.ledger.kept_links == {}


def test_once_the_connection_is_stopped_the_days_after_are_not_even_tried() -> None:
    bench = Bench()
    bench.load_as_usual()
    loader = DayLoader(bench.context())
    stop = ConnectionStopped("The subscription is over.", code="6190", remedy="Renew it.")

    def refuse(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before":
            raise stop

    bench.quickbooks.mischief = refuse
    days = [(DAY, invoice(10)), (AFTER, invoice(11, day=AFTER))]
    results = [loader.load(DayInput(day, {Entity.INVOICE: [mapped]})) for day, mapped in days]

    assert [each.outcome for day in results for each in day] == [Outcome.FAILED, Outcome.FAILED]
    assert (loader.stopped, len(bench.quickbooks.writes)) == (stop, 3)
