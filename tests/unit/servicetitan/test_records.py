"""Reading rows leniently, and keeping the unreadable."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    Contact,
    Customer,
    GlAccount,
    Invoice,
    Job,
    Location,
    Payment,
    PaymentTerm,
    PaymentType,
    PricebookItem,
    TaxZone,
    Unreadable,
    parse,
    parse_invoice,
    parse_payment,
)
from tests.unit.servicetitan.rows import INVOICE, PAYMENT, invoice, item, payment, without

MODELS = (
    Invoice,
    Payment,
    Job,
    Customer,
    Contact,
    Location,
    PricebookItem,
    BusinessUnit,
    PaymentType,
    PaymentTerm,
    TaxZone,
    GlAccount,
)


def good_invoice(row: dict[str, Any]) -> Invoice:
    parsed = parse_invoice(row)
    assert isinstance(parsed, Invoice), parsed
    return parsed


def problems(parsed: object) -> tuple[str, ...]:
    assert isinstance(parsed, Unreadable)
    return parsed.problems


def test_an_invoice_is_read_with_money_as_decimal_and_dates_unshifted() -> None:
    read = good_invoice(invoice())
    assert (read.id, read.total, read.invoice_date) == (8001001, Decimal("283.50"), date(2026, 2, 3))
    assert read.modified_on == datetime(2026, 2, 4, 13, 20, 31, 441009, tzinfo=UTC)
    assert read.customer and read.customer.name == "Alvarez, Maria"
    assert read.job and read.job.id == 7001001
    line = read.items[0]
    assert (line.quantity, line.price, line.total) == (Decimal("1.50"), Decimal("189.00"), Decimal("283.50"))
    assert line.general_ledger_account and line.general_ledger_account.number == "40100"
    assert line.membership_type_id is None


@pytest.mark.rule("1.4")
@pytest.mark.parametrize("text", ["2026-03-08T00:00:00Z", "2026-03-08T00:00:00", "2026-03-08"])
def test_a_business_date_is_its_date_part_whatever_the_zone(text: str) -> None:
    assert good_invoice(invoice(invoiceDate=text)).invoice_date == date(2026, 3, 8)


def test_the_row_is_kept_as_it_came_unknown_fields_included() -> None:
    row = invoice(newField={"deep": [1, Decimal("2.50")]}, raw="a field of the vendor's own")
    read = good_invoice(row)
    assert read.raw == row
    assert "newField" not in repr(read)


def test_a_row_of_the_oldest_shape_known_is_readable() -> None:
    new = (
        "active",
        "sentStatus",
        "reviewStatus",
        "createdOn",
        "invoiceConfiguration",
        "discountTotal",
        "location",
    )
    read = good_invoice(without(invoice(items=None, customFields=None, batch=None, job=None), *new))
    assert (read.active, read.items, read.created_on, read.invoice_configuration) == (True, (), None, "")


def test_nulls_where_the_vendor_promises_values_read_as_empty() -> None:
    empty = {name: None for name in INVOICE if name not in ("id", "total")}
    read = good_invoice({**INVOICE, **empty})
    assert (read.items, read.sync_status, read.sales_tax, read.balance) == ((), "", Decimal(0), None)
    assert (read.invoice_date, read.customer, read.active) == (None, None, True)
    parsed = parse_payment(
        {**PAYMENT, "appliedTo": None, "unappliedAmount": None, "date": None, "typeId": None}
    )
    assert isinstance(parsed, Payment)
    assert (parsed.applied_to, parsed.unapplied_amount, parsed.date, parsed.type_id) == ((), None, None, None)


def test_numbers_where_strings_are_promised_and_the_other_way_round_are_read() -> None:
    read = good_invoice(invoice(total=Decimal("283.5"), subTotal=284, referenceNumber=7001001, id="8001001"))
    assert (read.id, read.total, read.sub_total, read.reference_number) == (
        8001001,
        Decimal("283.5"),
        Decimal(284),
        "7001001",
    )
    parsed = parse_payment(payment(typeId=2))
    assert isinstance(parsed, Payment) and parsed.type_id == 2


def test_a_word_outside_the_published_list_is_kept() -> None:
    read = good_invoice(invoice(syncStatus="PartiallyExported", invoiceConfiguration="NewKind"))
    assert (read.sync_status, read.invoice_configuration) == ("PartiallyExported", "NewKind")


def test_a_line_that_is_not_chargeable_says_so_and_old_lines_are_chargeable() -> None:
    lines = [item(isChargeable=False), without(item(), "isChargeable"), item(isChargeable=None)]
    assert [line.is_chargeable for line in good_invoice(invoice(items=lines)).items] == [False, True, True]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"total": None}, "total: missing"),
        ({"total": "abc"}, "total: not an amount: 'abc'"),
        ({"total": "NaN"}, "total: not an amount a ledger can hold: 'NaN'"),
        ({"total": "1e30"}, "total: not an amount a ledger can hold: '1e30'"),
        ({"total": True}, "total: not an amount: True"),
        ({"invoiceDate": "31/12/2026"}, "invoiceDate: Invalid isoformat string: '31/12/2026'"),
        ({"invoiceDate": 20260203}, "invoiceDate: not a date: 20260203"),
        ({"modifiedOn": "yesterday"}, "modifiedOn: not a date-time: 'yesterday'"),
        ({"active": "perhaps"}, "active: neither true nor false: 'perhaps'"),
        ({"customer": {"id": "five"}}, "customer.id: not an id: 'five'"),
        ({"referenceNumber": ["7"]}, "referenceNumber: not a text: ['7']"),
        ({"items": [item(total=None)]}, "items[0].total: missing"),
        ({"items": [item(), item(quantity="two")]}, "items[1].quantity: not an amount: 'two'"),
    ],
)
def test_an_absurd_value_makes_the_record_unreadable_and_is_named(
    changes: dict[str, Any], problem: str
) -> None:
    parsed = parse_invoice(invoice(**changes))
    assert problems(parsed) == (problem,)
    assert isinstance(parsed, Unreadable) and parsed.id == 8001001


def test_every_problem_of_a_record_is_named_at_once() -> None:
    row = without(invoice(items=[None, item(total="x")], createdOn="?"), "total")
    named = [problem.partition(":")[0] for problem in problems(parse_invoice(row))]
    assert named == ["total", "createdOn", "items[0]", "items[1].total"]


def test_an_unreadable_record_still_tells_where_it_belongs() -> None:
    parsed = parse_invoice(invoice(total=None))
    assert isinstance(parsed, Unreadable)
    assert (parsed.kind, parsed.number, parsed.business_date) == ("Invoice", "7001001", date(2026, 2, 3))
    assert parsed.created_on == datetime(2026, 2, 2, 15, 2, 11, 2145, tzinfo=UTC)
    assert parsed.raw == invoice(total=None)


def test_an_unreadable_record_with_nothing_in_it_says_so() -> None:
    parsed = parse_invoice({"createdOn": 5, "invoiceDate": "?", "referenceNumber": 5})
    assert isinstance(parsed, Unreadable)
    assert (parsed.id, parsed.business_date, parsed.created_on, parsed.number) == (None, None, None, "")


@pytest.mark.parametrize("row", [None, 5, "text", [], [{"id": 1}]])
def test_what_is_no_record_at_all_is_kept(row: object) -> None:
    parsed = parse(Payment, row)
    assert isinstance(parsed, Unreadable)
    assert parsed.raw == {"value": row}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), value=json_values)
def test_no_value_in_any_field_ever_raises(data: st.DataObject, value: object) -> None:
    model, row = data.draw(st.sampled_from([(Invoice, INVOICE), (Payment, PAYMENT)]))
    name = data.draw(st.sampled_from(sorted(row)))
    parsed = parse(model, {**row, name: value})
    assert isinstance(parsed, (model, Unreadable))
    assert parsed.raw == {**row, name: value} or value != value  # noqa: PLR0124 - NaN is not itself


@pytest.mark.parametrize("model", MODELS)
def test_every_model_needs_an_id_and_little_else(model: type) -> None:
    row = {"id": 5, "total": "1.00"}
    assert isinstance(parse(model, row), model)
    assert problems(parse(model, without(row, "id"))) == ("id: missing",)


def test_masters_are_read() -> None:
    customer = parse(
        Customer,
        {"id": 1, "name": "Smith, John", "active": False, "mergedToId": 2, "balance": Decimal("-3.1")},
    )
    assert isinstance(customer, Customer)
    assert (customer.active, customer.merged_to_id, customer.balance) == (False, 2, Decimal("-3.1"))
    term = parse(
        PaymentTerm, {"id": 1, "name": "Due Upon Receipt", "dueDayType": "NumberOfDays", "dueDay": 0}
    )
    assert isinstance(term, PaymentTerm) and term.due_day == 0
    zone = parse(
        TaxZone,
        {"id": 71, "rates": [{"taxRate": Decimal("0.0825"), "taxBaseType": ["Labor"], "salesTaxItem": "TX"}]},
    )
    assert isinstance(zone, TaxZone)
    assert (zone.rates[0].tax_rate, zone.rates[0].sales_tax_item) == (Decimal("0.0825"), "TX")
    service = parse(PricebookItem, {"id": 1, "code": "A", "categories": [{"id": 1}], "account": "40100"})
    material = parse(PricebookItem, {"id": 1, "code": "A", "categories": [1], "isInventory": True})
    assert isinstance(service, PricebookItem) and isinstance(material, PricebookItem)
    assert (service.account, material.is_inventory) == ("40100", True)
