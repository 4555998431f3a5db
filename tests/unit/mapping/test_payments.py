"""What a payment becomes (rules 1.6–1.8, 3.1–3.5, 4)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.mapping.preview import effect
from st_qbo_assets.servicetitan.records import parse_payment
from tests.unit.mapping import builders as make


def mapped(
    total: str = "100.00", applied: dict[int, str] | None = None, *, lookup: Any = None, **changes: Any
) -> Mapped:
    (one,) = map_payment(make.payment(total, applied, **changes), lookup or make.lookup())
    return one


def told(one: Mapped) -> tuple[str, str]:
    return one.verdict.value, one.reason.code if one.reason else ""


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


@pytest.mark.rule("3.1")
def test_a_payment_with_its_splits_and_rest() -> None:
    one = mapped("1500.00", {8001002: "1200.00", 8001004: "250.00"})
    assert body(one) == {
        "CustomerRef": {"value": "customer:5010001"},
        "TotalAmt": Decimal("1500.00"),
        "TxnDate": "2026-02-04",
        "PaymentMethodRef": {"value": "1"},
        "DepositToAccountRef": {"value": "4"},
        "PaymentRefNum": "1187",
        "PrivateNote": "ServiceTitan payment 9001",
        "Line": [
            {"Amount": Decimal("1200.00"), "LinkedTxn": [{"TxnId": "invoice:8001002", "TxnType": "Invoice"}]},
            {"Amount": Decimal("250.00"), "LinkedTxn": [{"TxnId": "invoice:8001004", "TxnType": "Invoice"}]},
        ],
    }
    assert (one.facts["applied_cents"], one.facts["unapplied_cents"]) == (145000, 5000)
    assert one.facts["applied"][0] == {"invoice": "invoice:8001002", "cents": 120000, "number": "7001001"}
    assert (one.cents, one.number, one.title) == (150000, "1187", "Alvarez, Maria")


@pytest.mark.rule("3.1")
def test_splits_on_one_invoice_are_one_line() -> None:
    raw = make.payment_json("100.00", {8001002: "60.00"})
    raw["appliedTo"].append({"appliedId": 2, "appliedTo": 8001002, "appliedAmount": "40.00"})
    (one,) = map_payment(make.record(make.st.Payment, {**raw, "unappliedAmount": "0.00"}), make.lookup())
    assert [line["Amount"] for line in body(one)["Line"]] == [Decimal("100.00")]


@pytest.mark.rule("3.1")
def test_the_type_names_account_and_method() -> None:
    visa = body(mapped(type="Visa / MC", checkNumber="", authCode="A77"))
    assert visa["PaymentMethodRef"] == {"value": "2"}
    assert visa["DepositToAccountRef"] == {"value": "4"}
    assert visa["PaymentRefNum"] == "A77"
    cash = make.lookup(
        company=make.company(payment_types={"Cash": {"becomes": "payment", "deposit_to": "10100"}})
    )
    assert "PaymentMethodRef" not in body(mapped(type="Cash", lookup=cash))


@pytest.mark.rule("3.1")
def test_an_unmapped_type_is_held_suggesting_the_payments_own_account() -> None:
    one = mapped(
        type="Financing", generalLedgerAccount={"id": 1, "number": "10100", "name": "Operating Checking"}
    )
    assert told(one) == ("held", "payment_type_unmapped")
    assert one.reason is not None
    assert one.reason.suggestions == ("deposit_to: 10100 Operating Checking",)
    assert "10100 Operating Checking" in one.reason.text


@pytest.mark.rule("3.1")
def test_a_type_booked_on_an_expense_is_suggested_as_a_write_off() -> None:
    one = mapped(type="Bad debt", generalLedgerAccount={"id": 1, "number": "50100", "name": "Materials COGS"})
    assert one.reason is not None
    assert one.reason.suggestions == ("becomes: write_off",)
    spelled = mapped(type="CHECK")
    assert spelled.reason is not None
    assert spelled.reason.suggestions == ("Check",)


@pytest.mark.rule("3.1")
@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"becomes": "payment", "deposit_to": "12345"}, "deposit_account_unknown"),
        ({"becomes": "payment", "deposit_to": "40100"}, "deposit_account_wrong_type"),
        ({"becomes": "payment", "deposit_to": "12000", "method": "Cheque"}, "payment_method_unknown"),
    ],
)
def test_money_never_goes_to_a_guess(policy: dict[str, str], code: str) -> None:
    one = mapped(lookup=make.lookup(company=make.company(payment_types={"Check": policy})))
    assert told(one) == ("held", code)


@pytest.mark.rule("3.1")
@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("Barter", ("held", "payment_type_held")),
        ("Imported", ("not_due", "payment_type_ignored")),
    ],
)
def test_other_policies_of_a_type(type: str, expected: tuple[str, str]) -> None:  # noqa: A002
    one = mapped(type=type)
    assert told(one) == expected
    assert one.cents == 10000


@pytest.mark.rule("3.1")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"unappliedAmount": "5.00"}, ("rejected", "payment_does_not_add_up")),
        ({"applied": {1: "100.01"}}, ("rejected", "splits_exceed_total")),
        ({"applied": {1: "60.00"}, "unappliedAmount": "30.00"}, ("rejected", "payment_does_not_add_up")),
        ({"applied": {1: "60.00"}, "unappliedAmount": None}, ("due", "")),
        ({"applied": {}, "appliedTo": None}, ("due", "")),
        ({"customer": None}, ("rejected", "customer_missing")),
    ],
)
def test_amounts_that_contradict_each_other_are_rejected(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert told(mapped(**changes)) == expected


@pytest.mark.rule("3.2")
def test_a_prepayment_has_no_lines_and_its_own_date() -> None:
    one = mapped("500.00", {}, date="2026-01-15T00:00:00Z")
    assert body(one)["Line"] == []
    assert body(one)["TxnDate"] == "2026-01-15"
    assert one.facts["unapplied_cents"] == 50000


@pytest.mark.rule("3.2")
def test_what_the_gate_says_of_the_paid_invoices_is_told() -> None:
    old = make.invoice(id=8001001, invoiceDate="2025-11-03T00:00:00Z")
    one = mapped(lookup=make.lookup(invoices={8001001: old}))
    assert one.facts["applied"][0]["standing"] == "before_start"
    assert len(body(one)["Line"]) == 1
    due = mapped(lookup=make.lookup(invoices={8001001: make.invoice()}))
    assert due.facts["applied"][0]["standing"] == "due"


@pytest.mark.rule("3.2")
def test_a_payment_for_another_customers_invoice_is_held() -> None:
    other = make.invoice(customer={"id": 6, "name": "Bluebonnet Dental"})
    one = mapped(lookup=make.lookup(invoices={8001001: other}))
    assert told(one) == ("held", "payment_of_other_customer")
    assert one.reason is not None
    assert "Bluebonnet Dental" in one.reason.text


@pytest.mark.rule("1.8")
def test_a_payment_across_two_companies_is_held() -> None:
    plumbing = make.invoice(businessUnit={"id": 9, "name": "Plumbing"})
    company = make.company(business_units={"exclude": ["Plumbing"]})
    one = mapped(lookup=make.lookup(company=company, invoices={8001001: plumbing}))
    assert told(one) == ("held", "payment_spans_companies")


@pytest.mark.rule("1.6", "1.7")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"date": "2025-12-31T00:00:00Z"}, "before_start"),
        ({"date": "2026-02-11T00:00:00Z"}, "future_date"),
        ({"syncStatus": "Exported"}, "exported_elsewhere"),
        ({"active": False}, "deleted"),
        ({"total": "0.00", "applied": {}}, "zero_total"),
    ],
)
def test_payments_that_are_not_due(changes: dict[str, Any], code: str) -> None:
    assert told(mapped(**changes)) == ("not_due", code)


@pytest.mark.rule("4")
def test_a_new_payment_of_a_closed_period_waits_or_moves() -> None:
    closed = make.reference(book_close_date=date(2026, 2, 28))
    assert told(mapped(lookup=make.lookup(reference=closed))) == ("held", "closed_period")
    moving = make.lookup(reference=closed, company=make.company(closed_period="next_open_day"))
    assert body(mapped(lookup=moving))["TxnDate"] == "2026-03-01"


@pytest.mark.rule("1.4")
def test_an_unreadable_payment_is_rejected() -> None:
    (one,) = map_payment(parse_payment({**make.payment_json(), "total": None}), make.lookup())
    assert told(one) == ("rejected", "unreadable_record")
    assert one.day == date(2026, 2, 4)


cents = st.integers(0, 500_000)


@given(st.lists(st.tuples(st.integers(1, 4), cents), max_size=6), cents)
def test_what_is_applied_and_the_rest_make_the_total(splits: list[tuple[int, int]], rest: int) -> None:
    total = sum(amount for _, amount in splits) + rest
    raw = make.payment_json(str(Decimal(total) / 100), {})
    raw["appliedTo"] = [
        {"appliedId": number, "appliedTo": invoice, "appliedAmount": str(Decimal(amount) / 100)}
        for number, (invoice, amount) in enumerate(splits)
    ]
    raw["unappliedAmount"] = str(Decimal(rest) / 100)
    (one,) = map_payment(make.record(make.st.Payment, raw), make.lookup())
    if total == 0:
        assert one.verdict is Verdict.NOT_DUE
        return
    lines = body(one)["Line"]
    assert (
        sum((line["Amount"] for line in lines), Decimal(0)) * 100 + one.facts["unapplied_cents"]
        == one.cents
        == total
    )
    links = [line["LinkedTxn"][0]["TxnId"] for line in lines]
    assert len(links) == len(set(links))
    assert effect(one).balances
    assert effect(one).receivable == -total


@pytest.mark.rule("3.2")
@pytest.mark.parametrize("id_", [None, 0])
def test_a_split_that_names_no_document_holds_the_payment_and_says_how_much_it_is(id_: int | None) -> None:
    raw = make.payment_json("100.00", {8001002: "60.00"})
    raw["appliedTo"].append({"appliedId": 2, "appliedTo": id_, "appliedAmount": "40.00"})
    whole = {**raw, "unappliedAmount": "0.00"}
    (one,) = map_payment(make.record(make.st.Payment, whole), make.lookup())
    assert told(one) == ("held", "split_without_document")
    assert one.reason is not None and "40.00" in one.reason.text


@pytest.mark.rule("3.2")
def test_a_split_of_nothing_that_names_no_document_is_left_out() -> None:
    raw = make.payment_json("100.00", {8001002: "100.00"})
    raw["appliedTo"].append({"appliedId": 2, "appliedTo": None, "appliedAmount": "0.00"})
    (one,) = map_payment(make.record(make.st.Payment, raw), make.lookup())
    assert told(one) == ("due", "")
