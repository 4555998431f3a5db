"""The tax of a sales document of any kind, as it is planned."""

from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.tax import TaxPlan, code_of_zone, plan_tax
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, TaxZone
from tests.unit.mapping import builders as make

pytestmark = pytest.mark.rule("2.4")

MANUAL = make.reference(partner_tax_enabled=None)
CODES = make.company(tax={"mode": "codes"})


def zone(*items: str, name: str = "Travis") -> TaxZone:
    rates = [
        {"taxName": f"Part {n}", "taxRate": "0.02", "salesTaxItem": item} for n, item in enumerate(items)
    ]
    return make.record(TaxZone, {"id": 71, "name": name, "rates": rates})


def sold(**changes: Any) -> Invoice:
    lines = [make.line(taxable=True)]
    return make.invoice(items=lines, salesTax="8.25", total="108.25", subTotal="100.00", **changes)


def planned(document: Any, lines: Any, **changes: Any) -> TaxPlan | Problem:
    tax = changes.pop("tax", None)
    return plan_tax(document, lines, make.lookup(company=CODES, reference=MANUAL, **changes), tax=tax)


def code(plan: TaxPlan | Problem) -> str:
    assert isinstance(plan, TaxPlan) and plan.detail is not None
    return plan.detail["TxnTaxCodeRef"]["value"]


def test_rates_that_name_one_item_go_by_it() -> None:
    zones = {71: zone(*["Travis County 8.25%"] * 3)}
    invoice = sold(taxZoneId=71)
    assert code(planned(invoice, invoice.items, tax_zones=zones)) == "7"


def test_rates_that_name_several_items_go_by_the_zones_own_name() -> None:
    named = {71: zone("State", "Travis County 8.25%", name="Travis County 8.25%")}
    assert code_of_zone(named[71], make.lookup(company=CODES, reference=MANUAL)) is not None
    assert code_of_zone(zone("State", "City"), make.lookup(company=CODES, reference=MANUAL)) is None


def test_a_credit_memo_names_its_zone_by_its_code() -> None:
    memo = make.record(
        CreditMemo,
        {
            "id": 5,
            "date": "2026-02-03",
            "total": "108.25",
            "salesTax": "8.25",
            "salesTaxCode": {"name": "Travis"},
        },
    )
    lines = sold().items
    zones = {71: zone("Travis County 8.25%")}
    assert code(planned(memo, lines, tax_zones=zones)) == "7"
    twice = {**zones, 72: zone("Somewhere else")}
    assert isinstance(planned(memo, lines, tax_zones=twice), Problem)


def test_a_share_of_the_tax_is_written_as_given() -> None:
    invoice = sold(taxZoneId=71)
    plan = planned(invoice, invoice.items, tax=Decimal("2.06"), tax_zones={71: zone("Travis County 8.25%")})
    assert isinstance(plan, TaxPlan) and plan.detail is not None
    assert plan.detail["TotalTax"] == Decimal("2.06")


def test_automated_tax_that_was_never_set_up_stores_no_code_of_ours() -> None:
    invoice = sold(taxZoneId=71)
    held = plan_tax(
        invoice,
        invoice.items,
        make.lookup(company=CODES, reference=make.reference(partner_tax_enabled=False)),
    )
    assert isinstance(held, Problem)
    assert held.reason.code == "tax_off"
