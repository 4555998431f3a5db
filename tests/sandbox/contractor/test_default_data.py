from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from st_qbo_sandbox.contractor import Seed
from st_qbo_sandbox.contractor.window import FIRST_WEEKLY_NUMBER
from tests.sandbox.contractor.seeds import LAST_DAY, seed_of, window

CENT = Decimal("0.01")


@pytest.fixture(params=[1, 2, 11])
def seed(request: pytest.FixtureRequest) -> Seed:
    return seed_of(window(seed=request.param))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def by_id(seed: Seed, collection: str) -> dict[Any, dict[str, Any]]:
    return {record["id"]: record for record in seed.servicetitan[collection]}


def test_lines_tax_and_total_agree_to_the_cent(seed: Seed) -> None:
    customers, sites = by_id(seed, "customers"), by_id(seed, "locations")
    for invoice in seed.servicetitan["invoices"]:
        charged = [item for item in invoice["items"] if item["isChargeable"]]
        for item in invoice["items"]:
            assert Decimal(item["total"]) == cents(Decimal(item["quantity"]) * Decimal(item["price"]))
        subtotal = sum((Decimal(item["total"]) for item in charged), Decimal(0))
        taxable = sum((Decimal(item["total"]) for item in charged if item["taxable"]), Decimal(0))
        customer, site = customers[invoice["customer"]["id"]], sites[invoice["location"]["id"]]
        rate = 0 if customer["taxExempt"] or site["taxExempt"] else invoice["salesTaxCode"]["taxRate"]
        assert Decimal(invoice["subTotal"]) == subtotal
        assert Decimal(invoice["salesTax"]) == cents(taxable * rate)
        assert Decimal(invoice["total"]) == subtotal + Decimal(invoice["salesTax"])


def test_balances_are_totals_less_what_is_applied(seed: Seed) -> None:
    applied: dict[int, Decimal] = defaultdict(Decimal)
    for name in ("payments", "credit-memos"):
        for money in (record for record in seed.servicetitan[name] if record["active"]):
            splits = sum((Decimal(split["appliedAmount"]) for split in money["appliedTo"]), Decimal(0))
            rest = money["unappliedAmount"] if name == "payments" else money["balance"]
            assert splits + Decimal(rest) == Decimal(money["total"])
            for split in money["appliedTo"]:
                applied[split["appliedTo"]] += Decimal(split["appliedAmount"])
    for invoice in seed.servicetitan["invoices"]:
        total = Decimal(invoice["total"])
        left = total - applied[invoice["id"]]
        assert Decimal(invoice["balance"]) == left
        assert left * total >= 0 and abs(left) <= abs(total)
        assert (invoice["paidOn"] is not None) == (left == 0 and total != 0)


def test_customer_balances_are_their_open_invoices_less_their_credit(seed: Seed) -> None:
    owed: dict[int, Decimal] = defaultdict(Decimal)
    for name, field, sign in (
        ("invoices", "balance", 1),
        ("payments", "unappliedAmount", -1),
        ("credit-memos", "balance", -1),
    ):
        for record in seed.servicetitan[name]:
            if record["active"]:
                owed[record["customer"]["id"]] += sign * Decimal(record[field])
    assert {record["id"]: record["balance"] for record in seed.servicetitan["customers"]} == {
        identity: owed[identity] for identity in by_id(seed, "customers")
    }


def test_every_invoice_can_post_or_comes_to_nothing(seed: Seed) -> None:
    jobs = by_id(seed, "jobs")
    for invoice in seed.servicetitan["invoices"]:
        job = jobs[invoice["job"]["id"]] if invoice["job"] else None
        assert invoice["active"] == (invoice["id"] not in seed.cases["deleted_invoice"])
        assert invoice["syncStatus"] in ("Pending", "Posted") and not invoice["exportId"]
        assert invoice["invoiceConfiguration"] != "ARImportInvoice"
        assert invoice["reviewStatus"] not in ("OnHold", "Rejected")
        if Decimal(invoice["total"]) != 0:
            assert job is None or job["jobStatus"] == "Completed"


def test_only_what_is_planted_takes_money_back(seed: Seed) -> None:
    back = {name: seed.cases[name] for name in ("negative_adjustment", "negative_invoice")}
    below = [record["id"] for record in seed.servicetitan["invoices"] if Decimal(record["total"]) < 0]
    assert set(below) > {identity for ids in back.values() for identity in ids}
    assert len(below) == 4
    refunds = [record["id"] for record in seed.servicetitan["payments"] if Decimal(record["total"]) < 0]
    shapes = ("refund_of_negative_invoice", "refund_of_unapplied", "refund_nothing_reversed")
    assert sorted(refunds) == sorted(identity for name in shapes for identity in seed.cases[name])
    (nothing,) = [record for record in seed.servicetitan["payments"] if Decimal(record["total"]) == 0]
    assert [nothing["id"]] == seed.cases["credit_moved"]
    assert sorted(Decimal(split["appliedAmount"]) > 0 for split in nothing["appliedTo"]) == [False, True]


def test_all_dates_lie_inside_the_window(seed: Seed) -> None:
    days = {day.isoformat() for day in window().dates}
    for collection, field in (("invoices", "invoiceDate"), ("payments", "date")):
        assert {record[field][:10] for record in seed.servicetitan[collection]} == days
        assert all(record[field].endswith("T00:00:00Z") for record in seed.servicetitan[collection])


def test_nothing_is_stamped_after_the_last_day(seed: Seed) -> None:
    end = "2026-11-22T06:00:00"
    assert window().last_day == LAST_DAY
    for collection in (
        "invoices",
        "payments",
        "jobs",
        "customers",
        "locations",
        "contacts",
        "purchase-orders",
    ):
        for record in seed.servicetitan[collection]:
            assert record["createdOn"] < end and record["modifiedOn"] < end
            assert record["createdOn"] <= record["modifiedOn"]


def test_references_lead_somewhere(seed: Seed) -> None:
    customers, sites, invoices = (by_id(seed, name) for name in ("customers", "locations", "invoices"))
    accounts = by_id(seed, "gl-accounts")
    skus = {sku["id"] for name in ("services", "materials", "equipment", "discounts-and-fees")
            for sku in seed.servicetitan[name]}  # fmt: skip
    for invoice in invoices.values():
        assert sites[invoice["location"]["id"]]["customerId"] == invoice["customer"]["id"]
        for item in invoice["items"]:
            assert item["skuId"] in skus and item["generalLedgerAccount"]["id"] in accounts
            assert item["generalLedgerAccount"]["type"] == "Income"
    for payment in seed.servicetitan["payments"]:
        assert payment["customer"]["id"] in customers
        assert all(
            invoices[split["appliedTo"]]["customer"] == payment["customer"] for split in payment["appliedTo"]
        )


def test_numbers_contacts_and_all_names_but_one_are_distinct(seed: Seed) -> None:
    numbers = [invoice["referenceNumber"] for invoice in seed.servicetitan["invoices"]]
    contacts = [contact["value"].lower() for contact in seed.servicetitan["contacts"]]
    names = Counter(" ".join(record["name"].split()).lower() for record in seed.servicetitan["customers"])
    assert len(numbers) == len(set(numbers)) and max(map(len, numbers)) <= 21
    assert len(contacts) == len(set(contacts))
    assert [name for name, count in names.items() if count > 1] == ["johnson, robert"]


def test_the_documents_asked_for_are_there_each_day(seed: Seed) -> None:
    counts = Counter(invoice["invoiceDate"][:10] for invoice in ordinary(seed))
    assert set(counts.values()) <= {32, 33}
    assert counts[window().first_day.isoformat()] == 32


def test_a_thousand_documents_a_day_can_be_made() -> None:
    frame = window(days=1, a_day=1000)
    assert len(ordinary(seed_of(frame))) == 1000


def ordinary(seed: Seed) -> list[dict[str, Any]]:
    """Return the invoices of a day's own numbers: those asked for, and those carried over."""
    return [record for record in seed.servicetitan["invoices"] if record["id"] % 10**5 < FIRST_WEEKLY_NUMBER]


def test_few_documents_a_day_are_all_plain() -> None:
    seed = seed_of(window(a_day=29))
    assert all(Decimal(record["total"]) >= 0 for record in seed.servicetitan["invoices"])
    assert all(Decimal(record["total"]) > 0 for record in seed.servicetitan["payments"])
    assert seed.servicetitan.get("credit-memos", []) == []


def test_money_is_applied_to_invoices_that_exist_by_then(seed: Seed) -> None:
    invoices = by_id(seed, "invoices")
    for payment in seed.servicetitan["payments"]:
        for split in payment["appliedTo"]:
            assert invoices[split["appliedTo"]]["createdOn"] < split["appliedOn"] <= payment["modifiedOn"]


def test_jobs_are_booked_by_customers_that_exist_by_then(seed: Seed) -> None:
    customers = by_id(seed, "customers")
    for job in seed.servicetitan["jobs"]:
        assert customers[job["customerId"]]["createdOn"] <= job["createdOn"] <= job["modifiedOn"]
