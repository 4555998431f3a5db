"""Refunds by what ServiceTitan already reversed; every other one is held with what is missing (rule 3.5)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.mapping.invoices import map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.payments import items_of_payment, map_payment
from st_qbo_assets.mapping.preview import effect_of_all
from st_qbo_assets.servicetitan.records import Invoice, Payment, Record
from tests.unit.mapping import builders as make

CREDIT = make.invoice([make.line("-80.00")], id=8001003, referenceNumber="7001001-A1")
SOLD = [make.line("100.00", taxable=True), make.line("60.00", id=2), make.line("-10.00", id=3)]


def seen(*records: Record, **changes: Any) -> Lookup:
    given: dict[str, Any] = {"company": make.company(), "reference": make.REFERENCE, "today": make.TODAY}
    given |= {"posted": {}, **changes}
    return Lookup.of(records, **given)


def told(mapped: list[Mapped]) -> list[tuple[str, str, str]]:
    return [(str(one.source), one.verdict.value, one.reason.code if one.reason else "") for one in mapped]


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


def target(one: Mapped) -> str:
    return one.payload.target if one.payload else ""


def invoice(**changes: Any) -> Invoice:
    return make.invoice(SOLD, salesTax="8.25", **changes)


# Of a credit


@pytest.mark.rule("3.5")
def test_a_refund_of_a_credit_is_money_out_against_receivables_tied_to_the_credit() -> None:
    record = make.refund("-80.00", {8001003: "-80.00"}, memo="Sorry")
    money, tie = map_payment(record, seen(CREDIT))
    assert body(money) == {
        "PaymentType": "Check",
        "AccountRef": {"value": "35"},
        "EntityRef": {"value": "customer:5010001", "type": "Customer"},
        "TxnDate": "2026-02-06",
        "PrivateNote": "ServiceTitan payment 9002/refund",
        "DocNumber": "1187",
        "PaymentMethodRef": {"value": "1"},
        "Line": [
            {
                "Amount": Decimal("80.00"),
                "Description": "Sorry",
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {
                    "AccountRef": {"value": "84"},
                    "CustomerRef": {"value": "customer:5010001"},
                    "BillableStatus": "NotBillable",
                },
            }
        ],
    }
    assert body(tie)["TotalAmt"] == 0
    assert body(tie)["Line"] == [
        {"Amount": Decimal("80.00"), "LinkedTxn": [{"TxnId": "payment:9002/refund", "TxnType": "Check"}]},
        {"Amount": Decimal("80.00"), "LinkedTxn": [{"TxnId": "invoice:8001003", "TxnType": "CreditMemo"}]},
    ]
    assert (target(money), target(tie)) == ("Purchase", "Payment")
    assert (money.cents, tie.cents) == (-8000, 0)
    assert told([money, tie])[1][0] == "payment:9002/application"


@pytest.mark.rule("3.5")
def test_with_the_credit_income_moves_once_and_receivables_net_to_zero() -> None:
    record = make.refund("-80.00", {8001003: "-80.00"})
    lookup = seen(CREDIT)
    whole = effect_of_all([*map_invoice(CREDIT, lookup), *map_payment(record, lookup)])
    assert (whole.receivable, dict(whole.income), dict(whole.cash)) == (0, {"79": -8000}, {"35": -8000})


@pytest.mark.rule("3.5")
def test_money_from_an_account_that_is_no_bank_is_an_expense_and_a_memo_is_a_credit_too() -> None:
    memo = make.credit_memo([make.memo_line("80.00")])
    money, tie = map_payment(make.refund("-80.00", {memo.id: "-80.00"}, type="Refund (Card)"), seen(memo))
    assert (body(money)["PaymentType"], body(money)["AccountRef"]) == ("Cash", {"value": "4"})
    assert [line["LinkedTxn"][0] for line in body(tie)["Line"]] == [
        {"TxnId": "payment:9002/refund", "TxnType": "Expense"},
        {"TxnId": "credit_memo:680001", "TxnType": "CreditMemo"},
    ]


# Of unapplied money


def overpaid(rest: str = "75.00", **changes: Any) -> Payment:
    return make.payment(str(Decimal("100.00") + Decimal(rest)), {8001001: "100.00"}, **changes)


@pytest.mark.rule("3.5")
def test_a_refund_of_unapplied_money_is_tied_by_a_line_on_the_payment_it_refunds() -> None:
    refund, paid = make.refund("-75.00"), overpaid()
    (money,) = map_payment(refund, seen(refund, paid))
    (payment,) = map_payment(paid, seen(refund, paid))
    assert target(money) == "Purchase"
    assert money.facts["tie"] == {
        "payment": "payment:9001",
        "refund": "payment:9002/refund",
        "cents": 7500,
        "txn_type": "Check",
    }
    assert body(payment)["Line"] == [
        {"Amount": Decimal("100.00"), "LinkedTxn": [{"TxnId": "invoice:8001001", "TxnType": "Invoice"}]},
        {"Amount": Decimal("75.00"), "LinkedTxn": [{"TxnId": "payment:9002/refund", "TxnType": "Check"}]},
    ]
    assert (payment.facts["unapplied_cents"], payment.facts["refunded_cents"]) == (0, 7500)
    assert effect_of_all([money, payment]).receivable == -10000


@pytest.mark.rule("3.5")
def test_the_payment_keeps_the_line_of_a_refund_that_only_our_store_remembers() -> None:
    tie = RefundTie("9001", "9002", 7500, "Check")
    (payment,) = map_payment(overpaid(), seen(refunds_of={9001: (tie,)}))
    assert body(payment)["Line"][1]["LinkedTxn"] == [{"TxnId": "payment:9002/refund", "TxnType": "Check"}]


@pytest.mark.rule("3.5")
def test_the_record_in_sight_knows_better_than_the_store() -> None:
    tie, gone = RefundTie("9001", "9002", 7500, "Check"), make.refund("-75.00", active=False)
    (payment,) = map_payment(overpaid(), seen(gone, refunds_of={9001: (tie,)}))
    assert len(body(payment)["Line"]) == 1


@pytest.mark.rule("3.5")
def test_refunds_take_the_rest_oldest_first_as_far_as_it_goes() -> None:
    paid, refunds = overpaid(), [make.refund("-50.00", id=id_) for id_ in (9002, 9003)]
    refunds.append(make.refund("-25.00", id=9004))
    outcomes = [told(map_payment(each, seen(paid, *refunds)))[0][1:] for each in refunds]
    assert outcomes == [("due", ""), ("held", "refund_rest_too_small"), ("due", "")]


@pytest.mark.rule("3.5")
@pytest.mark.parametrize("stated", ["75.00", "0.00"])
def test_either_unapplied_amount_of_a_refunded_payment_adds_up(stated: str) -> None:
    refund, paid = make.refund("-75.00"), overpaid(unappliedAmount=stated)
    (payment,) = map_payment(paid, seen(refund, paid))
    assert payment.verdict is Verdict.DUE


@pytest.mark.rule("3.5")
def test_a_refund_of_a_payment_that_is_not_posted_is_held() -> None:
    old = overpaid(date="2025-12-01T00:00:00Z")
    (one,) = map_payment(make.refund("-75.00"), seen(old, make.refund("-75.00")))
    assert told([one]) == [("payment:9002", "held", "refund_of_unposted_payment")]
    assert one.reason is not None
    assert "before this company starts" in one.reason.text


# Nothing reversed


@pytest.mark.rule("3.5")
def test_a_refund_of_the_whole_invoice_has_its_very_lines_and_tax() -> None:
    sold, paid = invoice(), make.payment("158.25")
    refund = make.refund("-158.25")
    (one,) = map_payment(refund, seen(sold, paid, refund))
    (bill,) = map_invoice(sold, seen(sold))
    assert target(one) == "RefundReceipt"
    assert body(one)["Line"] == body(bill)["Line"]
    assert body(one)["TxnTaxDetail"] == {"TotalTax": Decimal("8.25")}
    assert body(one) | {"Line": [], "TxnTaxDetail": {}} == {
        "CustomerRef": {"value": "customer:5010001"},
        "TxnDate": "2026-02-06",
        "DocNumber": "ST-9002",
        "PrivateNote": "ServiceTitan payment 9002/refund",
        "Line": [],
        "TxnTaxDetail": {},
        "DepositToAccountRef": {"value": "35"},
        "PaymentMethodRef": {"value": "1"},
        "PaymentRefNum": "1187",
    }
    whole = effect_of_all([bill, one])
    assert (whole.receivable, dict(whole.income), whole.tax) == (15825, {}, 0)
    assert dict(whole.cash) == {"35": -15825}


@pytest.mark.rule("3.5")
def test_a_part_has_shares_of_lines_and_tax_and_brings_their_items() -> None:
    sold, paid, refund = invoice(), make.payment("158.25"), make.refund("-60.00")
    lookup = seen(sold, paid, refund)
    (one,) = map_payment(refund, lookup)
    assert [line["Amount"] for line in body(one)["Line"]] == [
        Decimal("37.91"),
        Decimal("22.75"),
        Decimal("-3.79"),
    ]
    assert body(one)["TxnTaxDetail"] == {"TotalTax": Decimal("3.13")}
    assert all("Qty" not in line["SalesItemLineDetail"] for line in body(one)["Line"])
    assert [str(item.source) for item in items_of_payment(refund, lookup)] == ["item:DIAG-01|79"]
    assert items_of_payment(paid, lookup) == []


cents = st.integers(1, 90_000)


@pytest.mark.rule("3.5")
@given(st.lists(st.tuples(cents, st.booleans()), min_size=1, max_size=6), st.integers(0, 9_000), st.data())
def test_a_receipt_is_the_refund_to_the_cent_and_its_effect_balances(
    rows: list[tuple[int, bool]], tax: int, data: st.DataObject
) -> None:
    tax = tax if any(taxable for _, taxable in rows) else 0
    total = sum(each for each, _ in rows) + tax
    back = data.draw(st.integers(1, total))
    lines = [make.line(str(Decimal(each) / 100), taxable=taxable) for each, taxable in rows]
    sold = make.invoice(lines, salesTax=str(Decimal(tax) / 100))
    paid, refund = make.payment(str(Decimal(total) / 100)), make.refund(str(Decimal(-back) / 100))
    (one,) = map_payment(refund, seen(sold, paid, refund))
    if one.verdict is not Verdict.DUE:
        assert told([one])[0][2] == "tax_without_taxable_line"  # a share of tax, and none of a taxed line
        return
    written = sum((line["Amount"] for line in body(one)["Line"]), Decimal(0))
    assert (written + body(one)["TxnTaxDetail"]["TotalTax"]) * 100 == back
    effect = effect_of_all([one])
    assert effect.balances
    assert (effect.receivable, dict(effect.cash), one.cents) == (0, {"35": -back}, -back)


# Everything else is held


@pytest.mark.rule("3.5")
@pytest.mark.parametrize(
    ("refund", "others", "code"),
    [
        (make.refund("-60.00", refundedPaymentId=None), (), "refund_without_payment"),
        (make.refund("-60.00"), (), "refund_of_unknown_payment"),
        (make.refund("-60.00", {8001001: "-60.00"}), (invoice(),), "refund_applied_to_invoice"),
        (make.refund("-60.00", {8009999: "-60.00"}), (), "applied_to_unknown"),
        (make.refund("-60.00", {8001003: "-50.00"}), (CREDIT,), "refund_partly_applied"),
        (make.refund("-60.00"), (overpaid("20.00"),), "refund_rest_too_small"),
        (make.refund("-160.00"), (invoice(), make.payment("158.25")), "refund_exceeds_payment"),
        (make.refund("-60.00"), (make.payment("158.25", active=False),), "refund_of_unposted_payment"),
        (
            make.refund("-60.00"),
            (make.payment("158.25", type="Write-off"), invoice()),
            "refund_of_unposted_payment",
        ),
        (
            make.refund("-60.00"),
            (make.payment("158.25", customer={"id": 6, "name": "Bluebonnet Dental"}),),
            "refund_of_other_customer",
        ),
        (
            make.refund("-60.00"),
            (make.payment("158.25", {8001001: "100.00", 8001002: "58.25"}), invoice()),
            "refund_of_several_invoices",
        ),
        (make.refund("-60.00"), (make.payment("158.25"),), "applied_to_unknown"),
        (
            make.refund("-60.00"),
            (make.payment("158.25"), invoice(reviewStatus="OnHold")),
            "refund_of_unbooked_invoice",
        ),
        (
            make.refund("-80.00"),
            (
                make.payment("158.25"),
                invoice(),
                make.invoice([make.line("-80.00")], id=8001003, adjustmentToId=8001001),
            ),
            "refund_of_reversed_invoice",
        ),
        (
            make.refund("-60.00", id=9003),
            (make.payment("158.25"), invoice(), make.refund("-100.00", id=9002)),
            "refund_exceeds_invoice",
        ),
        (make.refund("-60.00", type="Barter"), (), "payment_type_held"),
    ],
)
def test_what_cannot_be_said_for_sure_is_held(refund: Payment, others: tuple[Record, ...], code: str) -> None:
    assert told(map_payment(refund, seen(refund, *others))) == [(f"payment:{refund.id}", "held", code)]


@pytest.mark.rule("3.5")
def test_a_second_refund_of_what_the_first_left_is_a_receipt() -> None:
    first, second = make.refund("-100.00", id=9002), make.refund("-58.25", id=9003)
    lookup = seen(first, second, invoice(), make.payment("158.25"))
    assert [target(map_payment(each, lookup)[0]) for each in (first, second)] == ["RefundReceipt"] * 2


@pytest.mark.rule("3.5")
def test_a_credit_that_a_refund_used_stands_in_nobodys_way() -> None:
    credit = make.invoice([make.line("-80.00")], id=8001003, adjustmentToId=8001001)
    used = make.refund("-80.00", {8001003: "-80.00"}, id=9003)
    refund, others = make.refund("-70.00"), (make.payment("158.25"), invoice())
    (one,) = map_payment(refund, seen(refund, credit, used, *others))
    assert target(one) == "RefundReceipt"
    too_much = make.refund("-80.00")
    assert (
        told(map_payment(too_much, seen(too_much, credit, used, *others)))[0][2] == "refund_exceeds_invoice"
    )


@pytest.mark.rule("3.5")
def test_a_payment_above_zero_that_names_a_refunded_one_is_held() -> None:
    assert told(map_payment(make.payment(refundedPaymentId=9000), seen())) == [
        ("payment:9001", "held", "refund_not_negative")
    ]


@pytest.mark.rule("3.5")
def test_several_receivables_and_none_named_hold_refunds_and_nothing_else() -> None:
    second = replace(make.RECEIVABLE, id="8", name="A/R 2", full_name="A/R 2", number="11001")
    reference = replace(make.REFERENCE, accounts=(*make.ACCOUNTS, second))
    refund = make.refund("-80.00", {8001003: "-80.00"})
    (one,) = map_payment(refund, seen(CREDIT, reference=reference))
    assert told([one]) == [("payment:9002", "held", "receivable_account_unclear")]
    assert one.reason is not None
    assert one.reason.suggestions == ("11000 Accounts Receivable", "11001 A/R 2")
    named = seen(CREDIT, reference=reference, company=make.company(receivable_account="11001"))
    line = body(map_payment(refund, named)[0])["Line"][0]["AccountBasedExpenseLineDetail"]
    assert line["AccountRef"] == {"value": "8"}
    assert map_payment(make.payment(), seen(reference=reference))[0].verdict is Verdict.DUE


@pytest.mark.rule("4")
def test_a_refund_in_closed_books_waits_or_moves_with_its_application() -> None:
    closed = make.reference(book_close_date=date(2026, 2, 28))
    refund = make.refund("-80.00", {8001003: "-80.00"})
    assert told(map_payment(refund, seen(CREDIT, reference=closed)))[0][1:] == ("held", "closed_period")
    moving = seen(CREDIT, reference=closed, company=make.company(closed_period="next_open_day"))
    assert {body(one)["TxnDate"] for one in map_payment(refund, moving)} == {"2026-03-01"}
