"""Write-offs: the credit memo with the named item, and what applies it (rule 3.1)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.outcomes import Mapped
from st_qbo_assets.mapping.payments import items_of_payment, map_payment
from st_qbo_assets.mapping.preview import effect_of_all
from tests.unit.mapping import builders as make


def write_off(
    total: str = "100.00", applied: dict[int, str] | None = None, *, lookup: Any = None, **changes: Any
) -> list[Mapped]:
    record = make.payment(total, applied, type="Write-off", checkNumber="", memo="Uncollectible", **changes)
    return map_payment(record, lookup or make.lookup())


def told(mapped: list[Mapped]) -> list[tuple[str, str, str]]:
    return [(str(one.source), one.verdict.value, one.reason.code if one.reason else "") for one in mapped]


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


@pytest.mark.rule("3.1")
def test_a_write_off_is_a_credit_memo_applied_by_a_payment_of_nothing() -> None:
    memo, tie = write_off()
    assert body(memo) == {
        "CustomerRef": {"value": "customer:5010001"},
        "TxnDate": "2026-02-04",
        "DocNumber": "ST-9001",
        "PrivateNote": "ServiceTitan payment 9001/write_off",
        "Line": [
            {
                "Amount": Decimal("100.00"),
                "Description": "Uncollectible",
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "77"}, "TaxCodeRef": {"value": "NON"}},
            }
        ],
        "EmailStatus": "NotSet",
        "TxnTaxDetail": {"TotalTax": Decimal("0.00")},
    }
    assert body(tie)["TotalAmt"] == 0
    assert [line["LinkedTxn"][0] for line in body(tie)["Line"]] == [
        {"TxnId": "invoice:8001001", "TxnType": "Invoice"},
        {"TxnId": "payment:9001/write_off", "TxnType": "CreditMemo"},
    ]
    assert [one.payload.target for one in (memo, tie) if one.payload] == ["CreditMemo", "Payment"]


@pytest.mark.rule("3.1")
def test_a_write_off_moves_no_money_and_its_item_s_account_takes_it() -> None:
    both = write_off()
    whole = effect_of_all(both)
    assert (whole.receivable, dict(whole.income), whole.tax, dict(whole.cash)) == (
        -10000,
        {"81": -10000},
        0,
        {},
    )
    assert [one.cents for one in both] == [10000, 0]
    assert items_of_payment(make.payment(type="Write-off"), make.lookup()) == []


@pytest.mark.rule("3.1")
def test_what_is_not_applied_stays_an_open_credit() -> None:
    memo, tie = write_off("100.00", {8001001: "60.00"})
    assert memo.facts["unapplied_cents"] == 4000
    assert [line["Amount"] for line in body(tie)["Line"]] == [Decimal("60.00"), Decimal("60.00")]
    assert told(write_off("100.00", {})) == [("payment:9001/write_off", "due", "")]


@pytest.mark.rule("2.3")
def test_a_write_off_has_the_class_of_its_business_unit() -> None:
    unit = make.record(
        make.st.BusinessUnit, {"id": 301, "name": "HVAC - Service", "quickbooksClass": "HVAC:Service"}
    )
    units = {301: unit}
    line = make.lookup(reference=make.reference(class_per_line=True), business_units=units)
    header = make.lookup(reference=make.reference(class_per_txn=True), business_units=units)
    detail = body(write_off(lookup=line)[0])["Line"][0]["SalesItemLineDetail"]
    assert detail["ClassRef"] == {"value": "501"}
    assert body(write_off(lookup=header)[0])["ClassRef"] == {"value": "501"}


@pytest.mark.rule("3.1")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total": "-40.00", "applied": {}}, ("held", "write_off_below_zero")),
        ({"total": "0.00", "applied": {8001001: "5.00", 8001003: "-5.00"}}, ("held", "write_off_below_zero")),
        (
            {"total": "10.00", "applied": {8001001: "15.00", 8001003: "-5.00"}},
            ("held", "write_off_uses_credit"),
        ),
        ({"applied": {8001001: "100.01"}}, ("rejected", "splits_exceed_total")),
        ({"customer": None}, ("rejected", "customer_missing")),
        ({"active": False}, ("not_due", "deleted")),
    ],
)
def test_a_write_off_that_is_held_or_rejected_is_one_outcome(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    credit = make.invoice([make.line("-80.00")], id=8001003)
    lookup = make.lookup(invoices={8001003: credit})
    assert told(write_off(lookup=lookup, **changes)) == [("payment:9001", *expected)]


@pytest.mark.rule("3.1")
def test_without_its_item_a_write_off_is_held() -> None:
    missing = make.lookup(reference=replace(make.REFERENCE, items=()))
    assert told(write_off(lookup=missing)) == [("payment:9001", "held", "write_off_item_unknown")]


@pytest.mark.rule("3.2")
def test_a_write_off_of_another_customer_s_invoice_is_held() -> None:
    other = make.invoice(customer={"id": 6, "name": "Bluebonnet Dental"})
    lookup = make.lookup(invoices={8001001: other})
    assert told(write_off(lookup=lookup)) == [("payment:9001", "held", "payment_of_other_customer")]
