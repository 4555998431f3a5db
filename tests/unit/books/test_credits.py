"""Credits, refunds, write-offs and adjustments: alike on both sides, and spoilt one document at a time.

invoice 1     132.50, paid by payment 1; refund 13 gives back 66.25 of it, nothing being reversed
invoice 2     100.00, of which memo 4 credits 20.00 and write-off 5 takes 10.00
invoice 6     -40.00, which refund 11 pays out
payment 7     100.00 on invoice 3, and 75.00 too much, which refund 12 gives back
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.books.causes import Kind
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.verdict import DayVerdict, verdict_of
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from tests.unit.books.world import DAY, WEEK, Drift, Row, World, applied_line, company, expense_line, line

HVAC, INSTALL = ("40100", "HVAC Service"), ("40200", "HVAC Install")
SEEN = datetime(2026, 11, 20, tzinfo=UTC)
PART = "adjustment"
MEMO = SourceRef.parse("credit_memo:9")
TYPES = {
    "Bad Debt": {"becomes": "write_off", "item": "Item 999"},
    "Refund": {"becomes": "payment", "deposit_to": "Checking"},
}


@pytest.fixture
def world() -> World:
    world = World(company=company(payment_types=TYPES))
    world.invoice(1, cents={HVAC: 10_000, INSTALL: 2_500}, tax=750)
    world.invoice(2)
    world.invoice(3)
    world.st_invoice(6, DAY, cents={HVAC: -4_000}, adjustmentToId=3)
    world.post_invoice(6)
    world.payment(1, applied={1: 13_250})
    world.st_memo(4, WEEK[1], cents={INSTALL: 2_000}, applied={2: 2_000})
    world.post_memo(4)
    world.st_payment(5, WEEK[1], applied={2: 1_000}, type="Bad Debt")
    world.post_write_off(5)
    world.st_refund(11, WEEK[2], cents=4_000, applied={6: 4_000}, refunds=7)
    world.post_refund(11, credits={1006: 4_000})
    world.st_payment(7, WEEK[1], applied={3: 10_000}, unapplied=7_500)
    world.st_refund(12, WEEK[3], cents=7_500, refunds=7, customer=3)
    world.post_refund(12)
    payment = world.post_payment(7)
    payment["Line"].append(applied_line(6012, 7_500, "Check"))
    world.st_refund(13, WEEK[3], cents=6_625, refunds=1, customer=1)
    world.post_refund_receipt(13, cents={"401": 5_000, "402": 1_250}, tax=375)
    return world.settle()


def qbo(world: World, target: str, id_: int) -> dict:
    return world.objects[target][str(id_)]


def figure(days: list[DayTieOut], entity: str, account: str = "") -> tuple[int, int]:
    """Cents of both sides, over all days."""
    found = [day.figure(entity, account) for day in days]
    return sum(f.servicetitan_cents for f in found), sum(f.quickbooks_cents for f in found)


@pytest.mark.rule("3.4", "3.5", "3.1", "6.1")
def test_credits_refunds_and_write_offs_that_agree_have_no_record(world: World) -> None:
    days = world.tie_out()
    assert [(record.entity, record.cause) for day in days for record in day.records] == []
    assert {verdict_of(day) for day in days} == {DayVerdict.GREEN}
    assert [f for day in days for f in day.figures if not f.agrees] == []


@pytest.mark.rule("3.5")
def test_income_tax_and_cash_of_refunds_move_once(world: World) -> None:
    days = world.tie_out()
    assert figure(days, "invoices") == (33_250, 33_250)
    assert figure(days, "credit_memos") == (-4_000 - 2_000 - 1_000, -7_000)
    assert figure(days, "payments") == (13_250 + 17_500, 30_750)
    assert figure(days, "refunds") == (-4_000 - 7_500 - 6_625, -18_125)
    assert figure(days, "tax") == (750 - 375, 375)
    # Sold 300.00 on it; 40.00 credited by the adjustment, 50.00 given back, nothing for the other refunds.
    assert figure(days, "income", "401") == (30_000 - 4_000 - 5_000, 21_000)
    assert figure(days, "income", "402") == (2_500 - 2_000 - 1_250, -750)
    assert figure(days, "income", "999") == (-1_000, -1_000)
    assert figure(days, "balances") == (7_000, 7_000)


@pytest.mark.rule("6.3", "11")
def test_they_cost_no_call_more(world: World) -> None:
    assert world.causes() == {}
    assert len(world.statements) == 2


def test_a_refund_on_another_day_than_its_payment_is_read_with_it(world: World) -> None:
    assert world.causes([WEEK[1]]) == {}
    assert world.causes([WEEK[3]]) == {}


# Spoilt


@dataclass(frozen=True)
class Spoilt:
    """What is done to the books, and what it must be called, by record."""

    act: Callable[[World], object]
    causes: dict[str, str]


def _wrong_sign(world: World) -> None:
    obj = world.objects["CreditMemo"].pop("1006")
    world.objects["Invoice"]["1006"] = obj
    world.links = [row for row in world.links if row.qbo_id != "1006"]


def _untied(world: World) -> None:
    qbo(world, "Payment", 5007)["Line"].pop()


def _on_another_account(world: World) -> None:
    obj = qbo(world, "Purchase", 6011)
    obj["Line"] = [expense_line("470", obj["TotalAmt"], "700")]


def _other_lines(world: World) -> None:
    qbo(world, "RefundReceipt", 6013)["Line"] = [line("401", "62.50")]


def _other_customer(world: World) -> None:
    qbo(world, "Purchase", 6012)["EntityRef"] = {"value": "8888", "type": "Customer"}


def _as_receipt(world: World) -> None:
    _untied(world)
    del world.objects["Purchase"]["6012"]
    world.links = [row for row in world.links if row.qbo_id != "6012"]
    world.post_refund_receipt(12, cents={"401": 7_500})


def _without(*keys: tuple[str, str]) -> Callable[[World], None]:
    def act(world: World) -> None:
        for target, id_ in keys:
            del world.objects[target][id_]

    return act


def _copied(target: str, id_: int) -> Callable[[World], None]:
    def act(world: World) -> None:
        world.objects[target]["7777"] = dict(qbo(world, target, id_), Id="7777")

    return act


SPOILT = {
    "a negative invoice as an invoice": Spoilt(
        _wrong_sign,
        {
            "credit_memos invoice:6": "wrong_kind",
            "balances invoice:6": "wrong_kind",
            "refunds payment:11": "missing_payment_application",
        },
    ),
    "an application deleted": Spoilt(
        _without(("Payment", "7004")),
        {
            "credit_memos credit_memo:4": "deleted_in_quickbooks",
            "balances credit_memo:4": "deleted_in_quickbooks",
            "balances invoice:2": "deleted_in_quickbooks",
        },
    ),
    "a memo's application lost": Spoilt(
        lambda world: qbo(world, "Payment", 7004).update(Line=[]),
        {
            "credit_memos credit_memo:4": "missing_payment_application",
            "balances credit_memo:4": "missing_payment_application",
            "balances invoice:2": "missing_payment_application",
        },
    ),
    "a refund tied to nothing": Spoilt(
        _untied,
        {
            "payments payment:7": "missing_payment_application",
            "refunds payment:12": "missing_payment_application",
        },
    ),
    "a refund on an expense account": Spoilt(
        _on_another_account, {"refunds payment:11": "wrong_income_account"}
    ),
    "a refund that takes other income back": Spoilt(
        _other_lines, {"refunds payment:13": "wrong_income_account"}
    ),
    "a refund to another customer": Spoilt(_other_customer, {"refunds payment:12": "wrong_customer"}),
    "a refund of unapplied money as a receipt": Spoilt(
        _as_receipt, {"refunds payment:12": "wrong_kind", "payments payment:7": "missing_payment_application"}
    ),
    "a refund deleted": Spoilt(
        _without(("Purchase", "6012")),
        {"refunds payment:12": "deleted_in_quickbooks", "payments payment:7": "deleted_in_quickbooks"},
    ),
    "a write-off booked twice": Spoilt(
        _copied("CreditMemo", 9005),
        {"credit_memos payment:5": "duplicate", "balances payment:5": "duplicate"},
    ),
    "a refund booked twice": Spoilt(_copied("RefundReceipt", 6013), {"refunds payment:13": "duplicate"}),
}


@pytest.mark.rule("3.1", "3.4", "3.5", "6.2", "6.4")
@pytest.mark.parametrize("name", SPOILT)
def test_one_thing_spoilt_is_named(world: World, name: str) -> None:
    spoilt = SPOILT[name]
    spoilt.act(world)
    days = world.settle().tie_out()
    assert world.causes() == spoilt.causes
    assert DayVerdict.FAILING in {verdict_of(day) for day in days}
    for day in days:
        assert day.unexplained_cents == 0


@pytest.mark.rule("3.5")
def test_a_cent_of_a_refunds_share_may_stand_on_either_line(world: World) -> None:
    world.payments["13"] |= {"total": "-33.33", "unappliedAmount": "-33.33"}
    world.objects["RefundReceipt"].clear()
    # 33.33 of 132.50: shares 25.15…, 6.28… and 1.88…
    world.post_refund_receipt(13, cents={"401": 2_515, "402": 629}, tax=189)
    assert world.settle().causes() == {}
    world.objects["RefundReceipt"].clear()
    world.post_refund_receipt(13, cents={"401": 2_518, "402": 626}, tax=189)
    assert world.settle().causes() == {"refunds payment:13": "wrong_income_account"}


@pytest.mark.rule("3.5")
def test_a_missing_refund_is_due_by_its_share(world: World) -> None:
    world.objects["RefundReceipt"].clear()
    world.stand("payment:13/refund", Outcome.HELD)
    world.links = [row for row in world.links if row.qbo_id != "6013"]
    del world.states[SourceRef.parse("payment:13/refund")]
    world.stand("payment:13", Outcome.HELD)
    days = world.settle().tie_out()
    assert world.causes() == {"refunds payment:13": "held"}
    assert figure(days, "income", "401") == (21_000, 26_000)
    assert figure(days, "tax") == (375, 750)


@pytest.mark.rule("3.5", "3.2")
def test_a_payment_waits_for_the_refund_it_is_to_tie(world: World) -> None:
    world.objects["Purchase"].pop("6012")
    world.links = [row for row in world.links if row.qbo_id != "6012"]
    del world.states[SourceRef.parse("payment:12/refund")]
    world.stand("payment:12", Outcome.HELD)
    assert world.settle().causes() == {
        "refunds payment:12": "held",
        "payments payment:7": "payment_of_held_invoice",
    }


@pytest.mark.rule("3.5")
def test_a_refund_may_pay_out_a_credit_memo(world: World) -> None:
    world.st_memo(8, DAY, cents={HVAC: 3_000}, customer={"id": 70, "name": "Customer 0"})
    world.post_memo(8)
    world.st_refund(14, WEEK[2], cents=3_000, applied={8: 3_000}, customer=8)
    world.payments["14"]["customer"] = {"id": 70, "name": "Customer 0"}
    world.post_refund(14, credits={2008: 3_000})
    world.settle()
    world.credit_memos["8"]["balance"] = Decimal("0.00")
    assert world.causes() == {}


@pytest.mark.rule("3.4")
def test_an_original_and_its_adjustment_tie_as_one_family(world: World) -> None:
    """A bookkeeper used the adjustment's credit on the original: both are less open than before."""
    world.invoice(9)
    world.st_invoice(18, WEEK[2], cents={HVAC: -3_000}, adjustmentToId=9)
    world.post_invoice(18)
    world.typed_by_hand(
        "Payment",
        77,
        day=WEEK[4],
        cents=0,
        Line=[applied_line(1009, 3_000), applied_line(1018, 3_000, "CreditMemo")],
        CustomerRef={"value": "700"},
    )
    days = world.settle().tie_out()
    assert world.causes() == {
        "balances invoice:9": "credit_applied_in_quickbooks",
        "balances invoice:18": "credit_applied_in_quickbooks",
        "payments Payment 77": "credit_applied_in_quickbooks",
    }
    assert {verdict_of(day) for day in days} == {DayVerdict.GREEN}
    assert figure(days, "balances")[0] == figure(days, "balances")[1]


@pytest.mark.rule("3.4", "4")
@pytest.mark.parametrize(("cents", "target"), [(-3_000, "CreditMemo"), (3_000, "Invoice")])
def test_a_document_in_closed_books_and_its_adjustment_tie_as_one(
    world: World, cents: int, target: str
) -> None:
    world.book_close = WEEK[1]
    world.invoice(9, WEEK[1])
    world.invoices["9"]["items"][0]["total"] = str(Decimal(10_000 + cents) / 100)
    world.invoices["9"] |= {"total": str(Decimal(10_000 + cents) / 100)}
    adjustment = {
        "Id": "1900",
        "TxnDate": str(WEEK[2]),
        "PrivateNote": "ServiceTitan invoice 9/adjustment",
        "CustomerRef": {"value": "700"},
        "Line": [line("401", str(Decimal(abs(cents)) / 100))],
        "TotalAmt": Decimal(abs(cents)) / 100,
    }
    source = SourceRef.parse("invoice:9/adjustment")
    world._post(target, source, adjustment)
    if target == "CreditMemo":
        world.post_application(
            SourceRef.parse("invoice:9"),
            1901,
            {9: 3_000},
            credits={1900: 3_000},
            part="adjustment_application",
        )
    days = world.settle().tie_out()
    assert set(world.causes().values()) == {"adjusted_in_open_period"}
    assert {verdict_of(day) for day in days} == {DayVerdict.GREEN}
    assert figure(days, "income", "401")[0] == figure(days, "income", "401")[1]
    assert figure(days, "balances")[0] == figure(days, "balances")[1]
    assert_adjusted_on_any_range(world)


@pytest.mark.rule("3.6", "4")
def test_a_document_deleted_after_its_period_closed_is_taken_back_by_its_adjustment(world: World) -> None:
    world.book_close = WEEK[1]
    world.invoice(9, WEEK[1])
    world.invoices["9"]["active"] = False
    original = qbo(world, "Invoice", 1009)
    taken_back = {"Id": "1900", "TxnDate": str(WEEK[2]), "PrivateNote": "ServiceTitan invoice 9/adjustment"}
    world._post("CreditMemo", SourceRef.parse("invoice:9/adjustment"), original | taken_back)
    tie = SourceRef.parse("invoice:9")
    world.post_application(tie, 1901, {9: 10_000}, credits={1900: 10_000}, part="adjustment_application")
    days = world.settle().tie_out()
    assert set(world.causes().values()) == {"adjusted_in_open_period"}
    assert {verdict_of(day) for day in days} == {DayVerdict.GREEN}
    assert_adjusted_on_any_range(world)
    original["TotalAmt"] += 1
    assert "removed_in_servicetitan" in world.settle().causes().values()


def assert_adjusted_on_any_range(world: World) -> None:
    """Either day alone is called as both are, whatever stamp the last load had read of it."""
    for days in (WEEK[2:], WEEK[1:2]):
        for seen in (None, datetime(2026, 11, 1, tzinfo=UTC), SEEN):
            world.seen_until = seen
            world.statements.clear()
            named = {name.split()[1]: cause for name, cause in world.causes(days).items()}
            assert named["invoice:9"] == "adjusted_in_open_period", (days[0], seen)
            assert len(world.statements) == 2, "the days, then what completes them with their items"
            assert {verdict_of(day) for day in world.tie_out(days)} == {DayVerdict.GREEN}


@pytest.mark.rule("1.5", "4")
def test_a_document_moved_after_its_difference_was_booked_apart_still_waits(world: World) -> None:
    world.seen_until, world.book_close = SEEN, WEEK[1]
    world.invoice(9, WEEK[1])
    world.st_invoice(9, DAY, cents={HVAC: 12_000}, modifiedOn="2026-12-01T00:00:00Z")
    own = SourceRef.parse("invoice:9")
    more = world._sale(
        own, "1900", world.invoices["9"], [({"number": "40100", "name": HVAC[1]}, Decimal(20))]
    )
    more |= {
        "TxnDate": str(WEEK[2]),
        "TotalAmt": Decimal(20),
        "PrivateNote": f"ServiceTitan invoice 9/{PART}",
    }
    world._post("Invoice", SourceRef.parse(f"invoice:9/{PART}"), more)
    assert {cause for name, cause in world.settle().causes().items() if "invoice:9" in name} == {"date_moved"}


# New causes


@pytest.mark.rule("4", "6.2")
def test_what_is_held_by_its_period_says_so(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 4_200})
    world.stand("invoice:9", Outcome.HELD, "closed_period_edit")
    day = world.settle().tie_out()[0]
    assert {record.cause for record in day.records} == {"closed_period"}
    assert day.figure("invoices").held == 1
    assert verdict_of(day) is DayVerdict.WAITING


@pytest.mark.rule("1.5")
def test_a_document_moved_since_the_load_waits_as_moved(world: World) -> None:
    world.seen_until = SEEN
    world.invoices["3"] |= {"invoiceDate": f"{WEEK[4]}T00:00:00Z", "modifiedOn": "2026-12-01T00:00:00Z"}
    assert {cause for name, cause in world.causes().items() if "invoice:3" in name} == {"date_moved"}
    world.invoices["3"]["modifiedOn"] = "2026-11-10T00:00:00Z"
    assert {cause for name, cause in world.causes().items() if "invoice:3" in name} == {"wrong_date"}


@pytest.mark.rule("1.7", "1.8")
@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"exportId": "QB-1"}, "exported_after_posting"),
        ({"businessUnit": {"id": 2, "name": "Franchise"}}, "left_scope"),
    ],
)
def test_what_leaves_us_after_we_posted_it_waits_for_a_person(
    world: World, change: dict[str, object], cause: str
) -> None:
    world.company = company(payment_types=TYPES, business_units={"exclude": ["Franchise"]})
    world.invoices["3"] |= change
    records = [r for r in world.settle().records() if str(r.source) == "invoice:3"]
    assert {(record.cause, record.kind) for record in records} == {(cause, Kind.WAITING)}


@pytest.mark.rule("5.3", "6.2")
def test_an_accepted_edit_is_informational_as_long_as_nothing_else_differs(world: World) -> None:
    invoice = qbo(world, "Invoice", 1003)
    invoice["TxnDate"] = str(WEEK[1])
    lines = [f'[{{"Amount": "{amount}", "kind": "salesitemlinedetail"}}]' for amount in ("90.00", "80.00")]
    accepted = {
        "TxnDate": {"confirmed": str(DAY), "now": str(WEEK[1])},
        "Line": {"confirmed": lines[0], "now": lines[1]},
    }
    source = SourceRef.parse("invoice:3")
    world.links = [row for row in world.links if row.source != source]
    world.links.append(Row(source, "Invoice", "1003", confirmed={"accepted": accepted}))
    records = world.settle().records()
    assert {record.cause for record in records} == {"accepted_edit"}
    told = f"Accepted as QuickBooks has it: date {DAY} → {WEEK[1]}; lines 90.00 → 80.00."
    assert records[0].finding.evidence == told
    world.drift[QboKey("Invoice", "1003")] = (Drift("DocNumber", "N3", "X"),)
    assert set(world.causes().values()) == {"edited_in_quickbooks"}
    world.drift.clear()
    invoice["CustomerRef"] = {"value": "8888"}
    assert set(world.causes().values()) == {"wrong_customer"}


# Typed by hand


@pytest.mark.parametrize(
    ("target", "like", "cause"),
    [
        ("CreditMemo", {}, "entered_by_hand"),
        ("CreditMemo", {"DocNumber": "CM4", "cents": 2_000}, "looks_like_ours"),
        ("RefundReceipt", {}, "entered_by_hand"),
        (
            "RefundReceipt",
            {"CustomerRef": {"value": "710"}, "cents": 6_625, "day": WEEK[2]},
            "looks_like_ours",
        ),
    ],
)
def test_credits_and_refunds_typed_by_hand_are_told_apart(
    world: World, target: str, like: dict, cause: str
) -> None:
    world.typed_by_hand(target, 77, **like)
    found = {record.cause for record in world.settle().records() if not record.source}
    assert found == {cause}


def test_only_purchases_on_a_customers_account_concern_the_books_of_sales(world: World) -> None:
    for id_, account in (("70", "470"), ("71", "120")):
        world.objects["Purchase"][id_] = {
            "Id": id_,
            "TxnDate": str(DAY),
            "EntityRef": {"value": "8888", "type": "Customer"},
            "TotalAmt": Decimal("9.00"),
            "Line": [expense_line(account, Decimal("9.00"), "8888")],
        }
    day = world.settle().tie_out()[0]
    assert [(str(record.quickbooks[0]), record.cause) for record in day.records] == [
        ("Purchase 71", "entered_by_hand")
    ]
    assert day.figure("refunds").quickbooks_cents == -900


@pytest.mark.rule("3.1")
def test_a_write_off_is_no_payment(world: World) -> None:
    day = world.tie_out()[1]
    assert day.figure("payments").servicetitan_count == 1
    assert day.figure("credit_memos").servicetitan_count == 2


@pytest.mark.rule("3.2", "6.2", "6.4")
@pytest.mark.parametrize(
    ("change", "cause", "verdict"),
    [
        ({"reviewStatus": "OnHold"}, "not_yet_due", DayVerdict.GREEN),
        ({"invoiceDate": "2026-10-20T00:00:00Z"}, "before_start", DayVerdict.GREEN),
        ({"cents": {HVAC: 0}}, "unapplied_credit", DayVerdict.WAITING),
        ({"active": False}, "unapplied_credit", DayVerdict.WAITING),
    ],
)
def test_a_credit_on_what_is_not_due_lies_unapplied_for_that_reason(
    world: World, change: dict, cause: str, verdict: DayVerdict
) -> None:
    world.st_invoice(20, DAY, **{"cents": {HVAC: 3_000}, **change})
    written_off = world.st_payment(21, WEEK[1], applied={20: 400, 2: 600}, type="Bad Debt")
    rows = written_off["appliedTo"]
    written_off["appliedTo"] = rows[1:]
    world.post_write_off(21)
    written_off["appliedTo"] = rows
    day = world.settle().tie_out()[1]
    (record,) = day.records
    assert (str(record.source), record.entity, record.cause) == ("payment:21", "balances", cause)
    assert (record.difference_cents, day.unexplained_cents, verdict_of(day)) == (400, 0, verdict)


@pytest.mark.rule("1.2", "1.7")
@pytest.mark.parametrize(
    ("change", "cause"),
    [({"exportId": "X"}, "exported_elsewhere"), ({"date": "2026-12-24"}, "not_yet_due")],
)
def test_a_credit_memo_has_a_gate_too(world: World, change: dict[str, object], cause: str) -> None:
    world.st_memo(9, DAY, cents={HVAC: 500}, **change)
    days = [DAY, DAY + timedelta(days=44)]
    assert {r.cause for day in world.settle().tie_out(days) for r in day.records if r.source == MEMO} == {
        cause
    }
