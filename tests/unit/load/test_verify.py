"""What counts as a difference between what was meant and what QuickBooks holds."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.load.verify import (
    Difference,
    describe,
    drift,
    drift_json,
    owned_fields,
    verify,
    verify_voided,
)
from tests.unit.load.builders import customer, invoice, payment
from tests.unit.load.fake_quickbooks import FakeQuickBooks

SENT: dict[str, Any] = {
    "CustomerRef": {"value": "58"},
    "TxnDate": "2026-11-16",
    "DocNumber": "10",
    "PrivateNote": "ServiceTitan invoice 10",
    "BillAddr": {"Line1": "1 Main St", "City": "Austin"},
    "TxnTaxDetail": {"TotalTax": Decimal("8.25")},
    "Line": [
        {
            "Amount": Decimal("100.00"),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "7"}, "TaxCodeRef": {"value": "TAX"}},
        }
    ],
}
STORED: dict[str, Any] = {
    **SENT,
    "Id": "103",
    "SyncToken": "0",
    "TotalAmt": 108.25,
    "Balance": 108.25,
    "BillAddr": {"Line1": "Ann", "Line2": "1 Main St", "Line3": "Austin"},
    "CustomerRef": {"value": "58", "name": "Ann"},
    "Line": [*SENT["Line"], {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
}


def fields(differences: Any) -> list[str]:
    return [difference.field for difference in differences]


@pytest.mark.rule("5.4")
def test_generated_subtotals_address_layout_and_spelling_of_numbers_are_no_difference() -> None:
    assert verify("Invoice", SENT, STORED) == ()


@pytest.mark.rule("5.4")
@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("TotalAmt", Decimal("108.26"), "TotalAmt"),
        ("TxnTaxDetail", {"TotalTax": Decimal("8.24")}, "TotalTax"),
        ("TxnDate", "2026-11-17", "TxnDate"),
        ("DocNumber", "1010", "DocNumber"),
        ("CustomerRef", {"value": "59"}, "CustomerRef"),
        ("PrivateNote", "ServiceTitan invoice 100", "PrivateNote"),
        ("Line", [], "Line"),
    ],
)
def test_a_difference_is_named(field: str, value: Any, found: str) -> None:
    assert fields(verify("Invoice", SENT, {**STORED, field: value})) == [found]


@pytest.mark.rule("5.4")
@pytest.mark.parametrize("name", ["ItemRef", "TaxCodeRef"])
def test_a_line_on_another_item_or_tax_code_is_a_difference(name: str) -> None:
    stored = copy.deepcopy(STORED)
    stored["Line"][0]["SalesItemLineDetail"][name] = {"value": "NON"}

    assert fields(verify("Invoice", SENT, stored)) == [f"Line 1 {name}"]


def test_a_cent_more_on_a_line_is_a_difference_even_if_the_total_fits() -> None:
    stored = copy.deepcopy(STORED)
    stored["Line"][0]["Amount"] = Decimal("100.01")

    assert fields(verify("Invoice", SENT, stored)) == ["Line 1 Amount"]


def test_a_document_that_states_no_tax_is_compared_with_the_total_of_its_source() -> None:
    sent = {key: value for key, value in SENT.items() if key != "TxnTaxDetail"}

    assert verify("Invoice", sent, STORED, cents=10825) == ()
    assert fields(verify("Invoice", sent, STORED, cents=10000)) == ["TotalAmt"]
    assert verify("Invoice", sent, STORED) == ()


def test_a_body_that_agrees_with_itself_is_compared_with_the_total_of_its_source_too() -> None:
    assert verify("Invoice", SENT, STORED, cents=10825) == ()
    assert fields(verify("Invoice", SENT, STORED, cents=13325)) == ["TotalAmt"]

    paid = {"TotalAmt": Decimal("49.99")}
    assert fields(verify("Payment", paid, paid, cents=5000)) == ["TotalAmt"]


def test_old_samples_spell_detail_types_in_capitals() -> None:
    stored = copy.deepcopy(STORED)
    stored["Line"][0]["DetailType"] = "SALES_ITEM_LINE_DETAIL"

    assert verify("Invoice", SENT, stored) == ()


def _payment(*lines: tuple[str, str], total: str = "50.00") -> dict[str, Any]:
    return {
        "TotalAmt": Decimal(total),
        "Line": [
            {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": id_, "TxnType": "Invoice"}]}
            for id_, amount in lines
        ],
    }


@pytest.mark.rule("5.4")
def test_the_parts_applied_to_each_invoice_are_compared() -> None:
    sent = _payment(("103", "20.00"), ("104", "30.00"))

    assert verify("Payment", sent, _payment(("104", "30.00"), ("103", "20.00"))) == ()
    assert fields(verify("Payment", sent, _payment(("103", "20.00")))) == ["applied to Invoice 104"]
    assert fields(verify("Payment", _payment(), _payment(("103", "20.00")))) == ["applied to Invoice 103"]


@pytest.mark.rule("3.3")
def test_credits_that_quickbooks_applied_by_itself_are_no_difference() -> None:
    assert verify("Payment", _payment(), _payment(("103", "20.00")), applies_itself=True) == ()
    assert verify("Payment", _payment(("103", "20.00")), _payment(), applies_itself=True) != ()


def test_of_a_name_what_was_sent_is_compared() -> None:
    sent = {"DisplayName": "Ann  Lee", "PrimaryPhone": {"FreeFormNumber": "1"}}

    assert verify("Customer", sent, {"DisplayName": "Ann Lee", "Active": True}) == ()
    assert fields(verify("Customer", sent, {"DisplayName": "Ann"})) == ["DisplayName"]


def test_a_void_leaves_nothing() -> None:
    assert verify_voided("Invoice", {"TotalAmt": 0}) == ()
    assert fields(verify_voided("Invoice", {"TotalAmt": Decimal("0.01")})) == ["TotalAmt"]


@pytest.mark.rule("5.3")
def test_paying_depositing_and_mailing_a_hundred_invoices_raises_no_drift() -> None:
    quickbooks = FakeQuickBooks()
    person = quickbooks.put("Customer", {"DisplayName": "Ann"})["Id"]
    sold = [{"Amount": Decimal(100), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}]
    for number in range(100):
        of = {"DocNumber": str(number), "CustomerRef": {"value": person}, "Line": sold}
        typed = quickbooks.put("Invoice", {**SENT, **of})
        before = owned_fields("Invoice", typed)
        line = {"Amount": Decimal(50), "LinkedTxn": [{"TxnId": typed["Id"], "TxnType": "Invoice"}]}
        paid = quickbooks.put(
            "Payment", {"CustomerRef": {"value": person}, "TotalAmt": Decimal(50), "Line": [line]}
        )
        payment_before = owned_fields("Payment", paid)
        quickbooks.edit("Invoice", typed["Id"], EmailStatus="EmailSent", PrintStatus="PrintComplete")
        quickbooks.edit("Payment", paid["Id"], DepositToAccountRef={"value": "35"}, Line=[])

        assert drift(before, owned_fields("Invoice", quickbooks.objects["Invoice"][typed["Id"]])) == ()
        assert drift(payment_before, owned_fields("Payment", quickbooks.objects["Payment"][paid["Id"]])) == ()


@pytest.mark.rule("5.3")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("TotalAmt", Decimal(1)),
        ("TxnDate", "2026-12-01"),
        ("DueDate", "2026-12-01"),
        ("DocNumber", "11"),
        ("CustomerRef", {"value": "1"}),
        ("DepartmentRef", {"value": "1"}),
        ("PrivateNote", ""),
        ("Line", []),
    ],
)
def test_an_edit_of_what_we_own_is_drift(field: str, value: Any) -> None:
    found = drift(owned_fields("Invoice", STORED), owned_fields("Invoice", {**STORED, field: value}))

    assert len(found) == 1
    assert drift_json(found)[found[0].field].keys() == {"confirmed", "now"}


def _line(amount: str, item: str, class_: str = "202", tax: str = "NON") -> dict[str, str]:
    refs = {"ItemRef": item, "ClassRef": class_, "TaxCodeRef": tax}
    return {"kind": "salesitemlinedetail", "Amount": amount, **refs}


_FILTER, _VISIT = _line("40.00", "7"), _line("275.00", "22")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ([_VISIT, _FILTER], [_line("7.00", "22"), _FILTER], ("275.00 (item 22)", "7.00 (item 22)")),
        ([_VISIT, _FILTER, _FILTER], [_VISIT, _FILTER], ("40.00 (item 7)", "nothing")),
        (
            [_VISIT],
            [_line("275.00", "22", "203")],
            ("275.00 (item 22, class 202)", "275.00 (item 22, class 203)"),
        ),
        (
            [_line("1.00", "1", "A"), _line("2.00", "2", "B")],
            [_line("1.00", "1", "B"), _line("2.00", "2", "A")],
            (
                "1.00 (item 1, tax NON, class A), 2.00 (item 2, tax NON, class B)",
                "1.00 (item 1, tax NON, class B), 2.00 (item 2, tax NON, class A)",
            ),
        ),
        (
            [_VISIT, _FILTER],
            [_FILTER, _VISIT],
            ("275.00 (item 22), 40.00 (item 7)", "40.00 (item 7), 275.00 (item 22)"),
        ),
        ([], [_line("1.00", "7")] * 9, ("nothing", f"{', '.join(['1.00 (item 7)'] * 5)} and 4 more")),
        ([{"kind": "discountlinedetail", "Amount": "5.00"}], [], ("5.00 (discount)", "nothing")),
    ],
)
def test_an_edit_of_lines_is_told_in_words_and_kept_as_it_is(
    before: Any, now: Any, told: tuple[str, str]
) -> None:
    [found] = drift({"TotalAmt": "1.00", "Line": before}, {"TotalAmt": "1.00", "Line": now})
    said = describe([found])

    assert said == f"lines: {told[0]} meant, {told[1]} in QuickBooks"
    kept = drift_json([found])["Line"]
    assert (json.loads(kept["confirmed"]), json.loads(kept["now"])) == (before, now)


@pytest.mark.parametrize(
    ("field", "told"),
    [("CustomerRef", "customer"), ("Line 2 ItemRef", "line 2 item"), ("applied to Invoice 7", None)],
)
def test_a_field_is_called_as_a_bookkeeper_calls_it(field: str, told: str | None) -> None:
    assert describe([Difference(field, "58", "")]) == f"{told or field}: 58 meant, nothing in QuickBooks"


def test_nothing_confirmed_yet_is_no_drift() -> None:
    assert drift({}, owned_fields("Invoice", STORED)) == ()


amounts = st.integers(-10_000_00, 10_000_00).map(lambda cents: str(Decimal(cents) / 100))


@pytest.mark.rule("5.4")
@given(st.lists(amounts, min_size=1, max_size=8), st.integers(0, 100_00))
def test_what_quickbooks_works_out_itself_always_verifies(lines: list[str], tax: int) -> None:
    quickbooks = FakeQuickBooks()
    person, thing = quickbooks.put("Customer", {"DisplayName": "A"}), quickbooks.put("Item", {"Name": "SKU"})
    mapped = invoice(10, lines=[("SKU", amount) for amount in lines], tax=str(Decimal(tax) / 100))
    assert mapped.payload is not None
    body = copy.deepcopy(mapped.payload.body) | {"CustomerRef": {"value": person["Id"]}}
    for line in body["Line"]:
        line["SalesItemLineDetail"]["ItemRef"] = {"value": thing["Id"]}

    assert verify("Invoice", body, quickbooks.put("Invoice", body), cents=mapped.cents) == ()


def test_builders_of_these_tests_make_what_the_mapping_makes() -> None:
    for mapped in (customer(1), payment(20, "1.00")):
        assert mapped.payload is not None and mapped.payload.digest
