"""Vendors' credits and payments of bills, planned: what they settle, voids, what they do to the books."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.effects import Effect
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Payload, Verdict
from st_qbo_assets.load import adjusting, objects
from st_qbo_assets.load.actions import Action, ActionKind, WritePolicies
from st_qbo_assets.load.duplicate_bills import judge_bill
from st_qbo_assets.load.effects import COST_OF, UNKNOWN_COST, effect_of_confirmed
from st_qbo_assets.load.gathering import target_of
from st_qbo_assets.load.holding import note_on_hold
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.requests import update_request
from st_qbo_assets.load.shapes import Step, step_of
from st_qbo_assets.load.verify import NOTE, owned_fields, verify, verify_voided
from st_qbo_assets.load.voiding import plan_void, still_used, void_request
from tests.unit.load.test_buying import VENDOR, bill, line, row
from tests.unit.load.test_plan import known, link

DAY = date(2026, 2, 3)
CREDIT = link("vendor_credit:8", "VendorCredit", "91", confirmed={"TxnDate": "2026-02-03"})
BILLS = [link("bill:7", "Bill", "90"), link("bill:6", "Bill", "89")]
CLOSED = WritePolicies(book_close_date=DAY)


def tied(*rows: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [
        {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": source, "TxnType": kind}]}
        for source, kind, amount in rows
    ]


def pays(source: str, total: str, *rows: tuple[str, str, str]) -> Payload:
    body = {
        "VendorRef": {"value": "vendor:6"},
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": "35"}},
        "TotalAmt": Decimal(total),
        "TxnDate": "2026-02-03",
        "PrivateNote": "ServiceTitan bill payment 9",
        "Line": tied(*rows),
    }
    return Payload(SourceRef.parse(source), "BillPayment", DAY, body, cents=int(Decimal(total) * 100))


TIE = pays(
    "vendor_credit:8/application",
    "0.00",
    ("bill:7", "Bill", "15.00"),
    ("bill:6", "Bill", "5.00"),
    ("vendor_credit:8", "VendorCredit", "20.00"),
)
MONEY = pays("bill_payment:9", "20.00", ("bill:7", "Bill", "15.00"), ("bill:6", "Bill", "5.00"))


def plan(payload: Payload, to: Knowledge, **outcomes: Outcome) -> Action:
    to.learn_outcomes({SourceRef.parse(f"bill:{name[1:]}"): each for name, each in outcomes.items()})
    return plan_write(payload, None, to, WritePolicies())


def sent(action: Action) -> list[tuple[str, Decimal]]:
    assert action.request is not None
    return [(each["LinkedTxn"][0]["TxnId"], each["Amount"]) for each in action.request["Line"]]


@pytest.mark.rule("8.7", "3.2")
def test_a_credit_is_used_for_the_bills_that_are_there() -> None:
    whole = plan(TIE, known(VENDOR, CREDIT, *BILLS))
    assert sent(whole) == [("90", Decimal("15.00")), ("89", Decimal("5.00")), ("91", Decimal("20.00"))]
    less = plan(TIE, known(VENDOR, CREDIT, BILLS[0]), b6=Outcome.NOT_DUE)
    assert sent(less) == [("90", Decimal("15.00")), ("91", Decimal("15.00"))]
    nothing = plan(TIE, known(VENDOR, CREDIT), b7=Outcome.NOT_DUE, b6=Outcome.NOT_DUE)
    assert nothing.kind is ActionKind.BLOCKED and nothing.reason is not None
    assert nothing.reason.code == "credit_stays_unapplied"
    waits = plan(TIE, known(VENDOR, *BILLS))
    assert waits.reason is not None and waits.reason.waits_for == CREDIT.source


@pytest.mark.rule("8.8", "3.2")
def test_money_for_a_bill_waits_for_one_that_is_held_and_for_no_other() -> None:
    waits = plan(MONEY, known(VENDOR, BILLS[0]), b6=Outcome.HELD)
    assert waits.kind is ActionKind.BLOCKED and waits.reason is not None
    assert waits.reason.waits_for == BILLS[1].source
    unapplied = plan(MONEY, known(VENDOR, BILLS[0]), b6=Outcome.NOT_DUE)
    assert sent(unapplied) == [("90", Decimal("15.00"))]
    assert unapplied.reason is not None and unapplied.reason.code == "unapplied_for_now"


@pytest.mark.rule("8.8")
@pytest.mark.parametrize("outcome", [None, Outcome.NOT_DUE, Outcome.VOIDED])
def test_money_waits_for_the_first_of_its_bills_since_quickbooks_takes_no_payment_of_none(
    outcome: Outcome | None,
) -> None:
    waits = plan(MONEY, known(VENDOR), **({"b7": outcome, "b6": outcome} if outcome else {}))
    assert waits.kind is ActionKind.BLOCKED and waits.reason is not None
    assert (waits.reason.code, waits.reason.waits_for) == ("bill_payment_waits", BILLS[0].source)


@pytest.mark.rule("3.6", "4")
def test_payments_of_bills_have_a_void_and_credits_are_emptied_unless_used() -> None:
    posted = link("bill_payment:9", "BillPayment", "95", confirmed={"TxnDate": "2026-02-03"})
    assert plan_void(posted, "", WritePolicies()).request == {"Id": "95", "SyncToken": "3"}
    assert plan_void(posted, "", CLOSED).kind is plan_void(CREDIT, "", CLOSED).kind is ActionKind.HELD
    assert plan_void(CREDIT, "", WritePolicies()).kind is ActionKind.VOID
    whole = {**row("91", note="ServiceTitan vendor credit 8"), "Balance": Decimal("20.00")}
    used = [{"TxnId": "95", "TxnType": "BillPaymentCheck"}]
    assert still_used(CREDIT, whole) is None
    said = still_used(CREDIT, {**whole, "Balance": Decimal("5.00"), "LinkedTxn": used})
    assert said is not None and "BillPaymentCheck 95 uses it" in said.text
    assert void_request(CREDIT, {**whole, "Line": [line(Id="1")]})["Line"][0]["Amount"] == 0
    assert verify_voided("BillPayment", {"TotalAmt": 0, "Line": MONEY.body["Line"]})
    assert [step_of(each.source, "BillPayment") for each in (TIE, MONEY)] == [Step.APPLICATION, Step.MONEY]
    assert objects.linked_payments({"LinkedTxn": used}, "BillPayment") == ["95"]


@pytest.mark.rule("8.3")
def test_a_credit_with_the_number_of_another_is_held() -> None:
    body = {"VendorRef": {"value": "vendor:6"}, "DocNumber": "GC-1", "Line": [line()]}
    found = judge_bill(Payload(CREDIT.source, "VendorCredit", DAY, body), [row()], {}, known(VENDOR))
    assert found is not None and found.reason is not None
    assert found.reason.code == "possible_duplicate_vendor_credit"


def test_a_part_without_payload_stands_with_what_it_would_be() -> None:
    found = {
        name: target_of(Mapped(SourceRef.parse(name), Verdict.HELD, DAY))
        for name in (
            "vendor_credit:8",
            "vendor_credit:8/application",
            "bill_payment:9",
            "credit_memo:1/application",
        )
    }
    assert list(found.values()) == ["VendorCredit", "BillPayment", "BillPayment", "Payment"]


@pytest.mark.rule("5.3", "5.4")
def test_another_account_or_total_of_a_payment_of_bills_is_seen() -> None:
    body: dict[str, Any] = {**MONEY.body, "VendorRef": {"value": "301"}}
    other = {**body, "CheckPayment": {"BankAccountRef": {"value": "36"}}}
    assert verify("BillPayment", body, body, cents=2000) == ()
    assert [each.field for each in verify("BillPayment", body, other, cents=2000)] == [objects.PAID_FROM]
    assert [each.field for each in verify("BillPayment", body, body, cents=2100)] == ["TotalAmt"]
    less = {**body, "Line": body["Line"][:1]}
    assert [each.field for each in verify("BillPayment", body, less)] == ["applied to Bill bill:6"]


def test_what_quickbooks_confirmed_of_what_is_bought_says_what_it_did() -> None:
    kind = "ItemBasedExpenseLineDetail"
    item = {"Amount": Decimal("5.00"), "DetailType": kind, kind: {"ItemRef": {"value": "7"}}}
    lines = {"Line": [line(), item], "TotalAmt": Decimal("25.00")}
    confirmed = owned_fields("Bill", lines)
    bought = effect_of_confirmed("Bill", confirmed, {"7": "79", f"{COST_OF}7": "83"})
    assert bought == Effect(payable=2500, costs={"83": 2500}) and bought.balances
    assert effect_of_confirmed("Bill", confirmed, {}).costs == {"83": 2000, f"{UNKNOWN_COST}7": 500}
    assert effect_of_confirmed("VendorCredit", confirmed, {f"{COST_OF}7": "83"}) == -bought
    assert effect_of_confirmed("PurchaseOrder", confirmed, {}).is_nothing
    paid = effect_of_confirmed("BillPayment", owned_fields("BillPayment", MONEY.body), {})
    assert paid == Effect(payable=-2000, cash={"35": -2000}) and paid.balances


@pytest.mark.rule("4")
def test_a_bill_in_closed_books_is_made_good_by_a_bill_or_a_credit() -> None:
    body = {**bill().body, "VendorRef": {"value": "301"}}
    confirmed = owned_fields("Bill", {**body, "Line": [line("25.00")], "TotalAmt": Decimal("25.00")})
    closed = link("bill:7", "Bill", "90", confirmed=confirmed, number="GC-1")
    original = adjusting.Original(Mapped(closed.source, Verdict.DUE, DAY), closed, body)
    for amount, target, lowered in (("20.00", "VendorCredit", "5.00"), ("31.00", "Bill", "6.00")):
        wanted = adjusting.figures_of_request("Bill", {"Line": [line(amount)]})
        difference = wanted.less(adjusting.figures_of_link(closed, like=body))
        posted = adjusting.adjustment(original, difference, part="adjustment", on=date(2026, 3, 1))
        assert posted.payload is not None and posted.payload.target == target
        assert posted.payload.body == {
            "VendorRef": {"value": "301"},
            "TxnDate": "2026-03-01",
            "PrivateNote": "ServiceTitan bill 7/adjustment for Bill GC-1 of 2026-02-03",
            "DocNumber": "GC-1-A",
            "Line": [line(lowered, Description="Difference to Bill GC-1 of 2026-02-03")],
        }
        assert adjusting.application(original, posted, part="adjustment_application") is None


@pytest.mark.rule("8.4")
def test_a_note_says_that_a_bill_is_on_hold_and_keeps_what_people_wrote() -> None:
    free, held = "ServiceTitan bill 7", "ServiceTitan bill 7 - on hold, do not pay"
    for ours, stored, wanted in (
        (held, f"{free} asked Bob", f"{held} asked Bob"),
        (free, f"{held} asked Bob", f"{free} asked Bob"),
        (held, "", held),
        (free, free, free),
    ):
        assert note_on_hold(ours, stored) == wanted
    now_held = bill().with_body({**bill().body, "PrivateNote": held})
    posted = link("bill:7", "Bill", "90", confirmed={NOTE: f"{free} asked Bob"})
    assert update_request(now_held, posted, known(VENDOR))["PrivateNote"] == f"{held} asked Bob"
    assert "PrivateNote" not in update_request(bill(), posted, known(VENDOR))
