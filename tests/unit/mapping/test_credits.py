"""Negative invoices, credit memos, and credit moved between documents (rules 1.2, 2.4, 3.2, 3.4, 4)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.mapping.credit_memos import items_of_credit_memo, map_credit_memo
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.mapping.preview import effect, effect_of_all
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, parse_credit_memo
from tests.unit.mapping import builders as make

TAXED = [make.line("-64.50", quantity="-1", price="64.50", taxable=True)]


def negative(lines: list[dict[str, Any]] | None = None, **changes: Any) -> Invoice:
    given: dict[str, Any] = {"id": 8001003, "referenceNumber": "7001001-A1"}
    return make.invoice(lines or [make.line("-80.00")], **(given | changes))


def mapped_invoice(invoice: Invoice, **lookup: Any) -> Mapped:
    (one,) = map_invoice(invoice, make.lookup(**lookup))
    return one


def told(one: Mapped) -> tuple[str, str, str]:
    return str(one.source), one.verdict.value, one.reason.code if one.reason else ""


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


# Negative invoices


@pytest.mark.rule("3.4")
def test_a_negative_invoice_is_a_credit_memo_with_positive_amounts() -> None:
    one = mapped_invoice(negative(TAXED, salesTax="-5.32", termName="Net 30"))
    assert one.payload is not None
    assert one.payload.target == "CreditMemo"
    assert body(one) == {
        "CustomerRef": {"value": "customer:5010001"},
        "TxnDate": "2026-02-03",
        "DocNumber": "7001001-A1",
        "PrivateNote": "ServiceTitan invoice 8001003",
        "Line": [
            {
                "Amount": Decimal("64.50"),
                "Description": "Diagnostic",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "item:DIAG-01|79"},
                    "Qty": Decimal(1),
                    "UnitPrice": Decimal("64.5"),
                    "TaxCodeRef": {"value": "TAX"},
                },
            }
        ],
        "TxnTaxDetail": {"TotalTax": Decimal("5.32")},
        "EmailStatus": "NotSet",
    }


@pytest.mark.rule("3.4")
def test_the_record_keeps_its_sign_and_the_figures_say_what_moves() -> None:
    one = mapped_invoice(negative(TAXED, salesTax="-5.32", adjustmentToId=8001001))
    assert (one.cents, one.payload.cents if one.payload else 0) == (-6982, -6982)
    assert one.facts["income_by_account"] == {"79": -6450}
    assert one.facts["tax_cents"] == -532
    assert one.facts["receivable_cents"] == -6982
    assert one.facts["adjusts"] == "invoice:8001001"
    assert effect(one).balances


@pytest.mark.rule("2.1")
def test_a_credit_brings_the_items_of_its_lines() -> None:
    (item,) = items_of_invoice(negative(), make.lookup())
    assert str(item.source) == "item:DIAG-01|79"
    (other,) = items_of_credit_memo(make.credit_memo(), make.lookup())
    assert str(other.source) == "item:CAP-45-5|79"


@pytest.mark.rule("2.4")
@pytest.mark.parametrize(
    ("lines", "tax"),
    [([make.line("-80.00")], "4.00"), ([make.line("80.00", taxable=True)], "-4.00")],
)
def test_tax_against_the_total_is_held(lines: list[dict[str, Any]], tax: str) -> None:
    one = mapped_invoice(make.invoice(lines, salesTax=tax))
    assert told(one)[1:] == ("held", "tax_against_total")


@pytest.mark.rule("1.3")
def test_a_contradiction_of_a_credit_is_told_in_the_records_own_figures() -> None:
    one = mapped_invoice(negative(subTotal="-90.00"))
    assert told(one)[1:] == ("rejected", "lines_do_not_sum")
    assert one.reason is not None
    assert "add up to -80.00, but its subtotal is -90.00" in one.reason.text


@pytest.mark.rule("1.7")
def test_a_credit_that_others_booked_is_looked_for_with_its_positive_amount() -> None:
    company = make.company(adopt_exported=True)
    one = mapped_invoice(negative(exportId="77"), company=company)
    assert (one.facts["adopt"]["target"], one.facts["adopt"]["cents"]) == ("CreditMemo", 8000)


@pytest.mark.rule("2.4")
def test_a_unit_of_another_currency_is_held() -> None:
    unit = make.record(make.st.BusinessUnit, {"id": 301, "name": "HVAC - Service", "currency": "CAD"})
    reference = make.reference(home_currency="USD")
    one = mapped_invoice(make.invoice(), business_units={301: unit}, reference=reference)
    assert told(one)[1:] == ("held", "currency_mismatch")
    (paid,) = map_payment(make.payment(), make.lookup(business_units={301: unit}, reference=reference))
    assert told(paid)[1:] == ("held", "currency_mismatch")
    home = make.record(make.st.BusinessUnit, {"id": 301, "name": "HVAC - Service", "currency": "usd"})
    assert mapped_invoice(make.invoice(), business_units={301: home}, reference=reference).payload


@pytest.mark.rule("1.3")
@pytest.mark.parametrize(
    ("count", "taxable", "expected"),
    [(750, True, ""), (751, True, "too_many_lines"), (751, False, ""), (10_001, False, "too_many_lines")],
)
def test_as_many_lines_as_quickbooks_takes(count: int, taxable: bool, expected: str) -> None:
    lines = [make.line("1.00", taxable=taxable) for _ in range(count)]
    one = mapped_invoice(make.invoice(lines, salesTax="1.00" if taxable else "0.00"))
    assert told(one)[2] == expected


# Credit memos


@pytest.mark.rule("3.4")
def test_a_credit_memo_and_what_applies_it() -> None:
    record = make.credit_memo(applied={8001001: "40.00", 8001002: "10.00"}, salesTax="0.00")
    memo, tie = map_credit_memo(record, make.lookup())
    assert [told(one) for one in (memo, tie)] == [
        ("credit_memo:680001", "due", ""),
        ("credit_memo:680001/application", "due", ""),
    ]
    assert body(memo)["PrivateNote"] == "ServiceTitan credit memo 680001"
    assert body(memo)["DocNumber"] == "CM-1001"
    assert body(memo)["Line"][0]["Amount"] == Decimal("64.50")
    assert body(tie) == {
        "CustomerRef": {"value": "customer:5010001"},
        "TotalAmt": Decimal("0.00"),
        "TxnDate": "2026-02-05",
        "PrivateNote": "ServiceTitan credit memo 680001/application",
        "Line": [
            {"Amount": Decimal("40.00"), "LinkedTxn": [{"TxnId": "invoice:8001001", "TxnType": "Invoice"}]},
            {"Amount": Decimal("10.00"), "LinkedTxn": [{"TxnId": "invoice:8001002", "TxnType": "Invoice"}]},
            {
                "Amount": Decimal("50.00"),
                "LinkedTxn": [{"TxnId": "credit_memo:680001", "TxnType": "CreditMemo"}],
            },
        ],
    }
    assert (memo.cents, tie.cents) == (6450, 0)
    assert tie.facts["applied_cents"] == 5000
    assert effect_of_all((memo, tie)).receivable == -6450
    assert effect(memo).balances
    assert effect(tie).balances


@pytest.mark.rule("3.4")
def test_an_open_credit_memo_is_not_applied_to_anything_by_us() -> None:
    assert [told(one) for one in map_credit_memo(make.credit_memo(), make.lookup())] == [
        ("credit_memo:680001", "due", "")
    ]


@pytest.mark.rule("3.4")
def test_lines_taken_out_again_are_left_out() -> None:
    lines = [make.memo_line(), make.memo_line("20.00", id=2, active=False)]
    (one,) = map_credit_memo(make.credit_memo(lines), make.lookup())
    assert [line["Amount"] for line in body(one)["Line"]] == [Decimal("64.50")]


@pytest.mark.rule("4")
def test_an_application_is_dated_by_its_latest_split_and_may_be_open_when_the_memo_is_closed() -> None:
    raw = make.credit_memo_json(applied={8001001: "40.00"})
    raw["appliedTo"][0]["appliedOn"] = "2026-03-02"
    record = make.record(CreditMemo, raw)
    closed = make.reference(book_close_date=date(2026, 2, 28))
    posted = {map_credit_memo(record, make.lookup())[0].source: date(2026, 2, 5)}
    memo, tie = map_credit_memo(record, make.lookup(reference=closed, posted=posted))
    assert (body(memo)["TxnDate"], body(tie)["TxnDate"]) == ("2026-02-05", "2026-03-02")
    assert tie.day == memo.day == date(2026, 2, 5)


@pytest.mark.rule("3.4")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"applied": {8001001: "64.51"}}, ("rejected", "splits_exceed_total")),
        ({"lines": [make.memo_line("-5.00")]}, ("held", "credit_memo_below_zero")),
        ({"subTotal": Decimal("60.00")}, ("rejected", "lines_do_not_sum")),
        ({"customer": None}, ("rejected", "customer_missing")),
        ({"active": False}, ("not_due", "deleted")),
        ({"exportId": "9"}, ("not_due", "exported_elsewhere")),
        ({"date": "2025-12-30"}, ("not_due", "before_start")),
        ({"lines": []}, ("not_due", "zero_total")),
    ],
)
def test_a_memo_that_is_not_due_or_contradicts_itself_is_one_outcome(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    record = make.credit_memo(changes.pop("lines", None), changes.pop("applied", None), **changes)
    assert [told(one) for one in map_credit_memo(record, make.lookup())] == [
        ("credit_memo:680001", *expected)
    ]


@pytest.mark.rule("3.2", "3.4")
@pytest.mark.parametrize(
    ("invoice", "code"),
    [
        (make.invoice(customer={"id": 6, "name": "Bluebonnet Dental"}), "payment_of_other_customer"),
        (make.invoice(active=False), "applied_to_void_invoice"),
        (negative(id=8001001), "applied_to_credit"),
    ],
)
def test_a_split_that_cannot_be_applied_holds_the_splits_and_not_the_memo(
    invoice: Invoice, code: str
) -> None:
    record = make.credit_memo(applied={8001001: "40.00"})
    memo, tie = map_credit_memo(record, make.lookup(invoices={8001001: invoice}))
    assert told(memo)[1] == "due"
    assert told(tie) == ("credit_memo:680001/application", "held", code)


@pytest.mark.rule("1.4")
def test_a_memo_with_a_line_nobody_can_read_is_rejected_on_its_day() -> None:
    row = make.credit_memo_json(lines=[])
    (one,) = map_credit_memo(parse_credit_memo(row, [{**make.memo_line(), "total": "n/a"}]), make.lookup())
    assert told(one) == ("credit_memo:680001", "rejected", "unreadable_record")
    assert one.day == date(2026, 2, 5)


# The same credit twice


@pytest.mark.rule("3.4")
def test_a_memo_and_a_negative_invoice_alike_are_both_held() -> None:
    memo = make.credit_memo([make.memo_line("80.00")], date="2026-02-03")
    twin = negative()
    lookup = make.lookup(invoices={twin.id: twin}, credit_memos={memo.id: memo})
    for (one,) in (map_invoice(twin, lookup), map_credit_memo(memo, lookup)):
        assert told(one)[1:] == ("held", "credit_memo_and_negative_invoice")
        assert one.reason is not None
        assert "CM-1001" in one.reason.text
        assert "7001001-A1" in one.reason.text


@pytest.mark.rule("3.4")
@pytest.mark.parametrize(
    "other",
    [
        {"date": "2026-02-04"},
        {"customer": {"id": 6, "name": "Bluebonnet Dental"}},
        {"lines": [make.memo_line("80.01")]},
        {"active": False},
        {"customer": None},
    ],
)
def test_credits_that_differ_are_two_credits(other: dict[str, Any]) -> None:
    lines = other.get("lines", [make.memo_line("80.00")])
    changes: dict[str, Any] = {"date": "2026-02-03", **other}
    changes.pop("lines", None)
    memo, invoice = make.credit_memo(lines, **changes), negative()
    lookup = make.lookup(invoices={invoice.id: invoice}, credit_memos={memo.id: memo})
    assert map_invoice(invoice, lookup)[0].verdict is Verdict.DUE


# Credit that a payment moves


@pytest.mark.rule("3.4")
@pytest.mark.parametrize(("total", "paid"), [("0.00", "80.00"), ("20.00", "100.00")])
def test_a_payment_uses_the_credit_of_a_negative_invoice(total: str, paid: str) -> None:
    credit = negative()
    record = make.payment(total, {8001001: paid, credit.id: "-80.00"})
    (one,) = map_payment(record, make.lookup(invoices={credit.id: credit, 8001001: make.invoice()}))
    assert body(one)["TotalAmt"] == Decimal(total)
    assert body(one)["Line"] == [
        {"Amount": Decimal(paid), "LinkedTxn": [{"TxnId": "invoice:8001001", "TxnType": "Invoice"}]},
        {"Amount": Decimal("80.00"), "LinkedTxn": [{"TxnId": "invoice:8001003", "TxnType": "CreditMemo"}]},
    ]
    assert ("DepositToAccountRef" in body(one)) == (total != "0.00")
    assert one.facts["applied"][1]["credit"] == "invoice:8001003"
    assert one.facts["unapplied_cents"] == 0
    assert effect(one).receivable == -one.cents
    assert effect(one).balances


@pytest.mark.rule("3.4")
def test_a_payment_uses_a_credit_memo_named_by_its_own_id() -> None:
    memo = make.credit_memo()
    record = make.payment("0.00", {8001001: "64.50", memo.id: "-64.50"})
    (one,) = map_payment(record, make.lookup(credit_memos={memo.id: memo}))
    assert body(one)["Line"][1]["LinkedTxn"] == [{"TxnId": "credit_memo:680001", "TxnType": "CreditMemo"}]


@pytest.mark.rule("3.4")
@pytest.mark.parametrize(
    ("total", "applied", "code"),
    [
        ("0.00", {8001001: "-80.00", 8001002: "80.00"}, "credit_taken_from_invoice"),
        ("20.00", {8001003: "20.00"}, "applied_to_credit"),
        ("0.00", {8001002: "80.00", 8009999: "-80.00"}, "applied_to_unknown"),
        ("0.00", {8001003: "-80.00"}, "credit_becomes_money"),
    ],
)
def test_moves_that_no_link_can_say_are_held(total: str, applied: dict[int, str], code: str) -> None:
    known = {8001001: make.invoice(), 8001002: make.invoice(id=8001002), 8001003: negative()}
    (one,) = map_payment(make.payment(total, applied), make.lookup(invoices=known))
    assert told(one) == ("payment:9001", "held", code)


@pytest.mark.rule("3.2")
def test_a_payment_on_a_deleted_invoice_is_held() -> None:
    (one,) = map_payment(make.payment(), make.lookup(invoices={8001001: make.invoice(active=False)}))
    assert told(one) == ("payment:9001", "held", "applied_to_void_invoice")


amounts = st.integers(1, 500_000)


@given(st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=8), st.integers(0, 30_000))
def test_a_credit_is_the_same_sale_turned_around(rows: list[tuple[int, bool]], tax: int) -> None:
    """An invoice and its mirror together leave nothing on any account."""
    tax = tax if any(taxable for _, taxable in rows) else 0
    plus = [make.line(str(Decimal(cents) / 100), taxable=taxable) for cents, taxable in rows]
    minus = [make.line(str(Decimal(-cents) / 100), taxable=taxable) for cents, taxable in rows]
    one = mapped_invoice(make.invoice(plus, salesTax=str(Decimal(tax) / 100)))
    other = mapped_invoice(negative(minus, salesTax=str(Decimal(-tax) / 100)))
    assert body(one)["Line"] == body(other)["Line"]
    assert body(one)["TxnTaxDetail"] == body(other)["TxnTaxDetail"]
    both = effect_of_all((one, other))
    assert (both.receivable, both.tax, dict(both.income)) == (0, 0, {})
