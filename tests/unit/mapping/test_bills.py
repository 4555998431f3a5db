"""Bills: sums to the cent, items and accounts, the vendor's number, what holds one (rules 8.1–8.5)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Verdict
from st_qbo_assets.mapping.bill_sums import Sums, sums_of
from st_qbo_assets.mapping.bills import items_of_bill, map_bill, vendor_of_bill
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan import buying, records
from tests.unit.mapping.builders import ACCOUNTS, COGS, INCOME, REFERENCE, company, lookup, record

PAYABLE = Account("33", "Accounts Payable", "Accounts Payable", "20000", "Accounts Payable")
FREIGHT = Account("504", "Freight In", "Freight In", "50400", "Cost of Goods Sold")
TAX = Account("505", "Tax on Purchases", "Tax on Purchases", "50500", "Cost of Goods Sold")
STOCK = Account("130", "Inventory", "Inventory", "13000", "Other Current Asset")
ASSET = {"name": "Inventory", "number": "13000", "type": "Other Current Asset"}
LISTS = replace(REFERENCE, accounts=(*ACCOUNTS, PAYABLE, FREIGHT, TAX, STOCK))
POLICIES = {"bill_source": "ap_bills", "freight_account": "50400", "purchase_tax_account": "50500"}


def goods(quantity: str = "2", cost: str = "10.00", **changes: Any) -> dict[str, Any]:
    """A line of goods."""
    return {
        "id": 1,
        "name": "Capacitor",
        "description": "Capacitor 45/5",
        "quantity": quantity,
        "cost": cost,
        "skuId": 910001,
        "skuType": "Material",
        "skuCode": "CAP-45-5",
        "generalLedgerAccount": INCOME,
        "costOfSaleAccount": COGS,
        "assetAccount": None,
        **changes,
    }


def bill(*lines: dict[str, Any], **changes: Any) -> buying.Bill:
    """A due bill whose amount is what its lines, tax and shipping come to."""
    rows = lines or (goods(),)
    whole = sum((Decimal(row["quantity"]) * Decimal(row["cost"]) for row in rows), Decimal(0))
    extra = Decimal(changes.get("taxAmount", "0")) + Decimal(changes.get("shippingAmount", "0"))
    given: dict[str, Any] = {
        "id": 70001,
        "syncStatus": "Posted",
        "referenceNumber": "GC-1001",
        "billDate": "2026-02-03T00:00:00Z",
        "dueDate": "2026-03-05T00:00:00Z",
        "billAmount": str(from_cents(to_cents(whole)) + extra),
        "termName": "Net 30",
        "vendor": {"id": 6101, "name": "Gulf Coast Supply"},
        "businessUnit": {"id": 301, "name": "HVAC - Service"},
        "items": list(rows),
        "createdOn": "2026-02-03T15:02:11Z",
        **changes,
    }
    return record(buying.Bill, given)


def sku(**changes: Any) -> records.Material:
    """The capacitor in the price book."""
    given: dict[str, Any] = {"id": 910001, "code": "CAP-45-5", "cost": Decimal("9.5"), "account": "40100"}
    return record(
        records.Material, {**given, "description": "Capacitor", "costOfSaleAccount": "50100", **changes}
    )


def around(*records_: Any, **changes: Any) -> Lookup:
    """A lookup that knows the vendor."""
    vendor = record(buying.Vendor, {"id": 6101, "name": "Gulf Coast Supply", "active": True})
    policies = {**POLICIES, **changes.pop("policies", {})}
    known: dict[str, Any] = {
        "company": company(**policies),
        "reference": LISTS,
        "vendors": {6101: vendor},
        "pricebook": {910001: sku()},
        **changes,
    }
    return lookup(**known)


def test_a_bill_is_owed_to_its_vendor_to_the_cent() -> None:
    (mapped,) = map_bill(bill(taxAmount="1.65", shippingAmount="35.00"), around())
    assert mapped.payload is not None
    assert mapped.cents == mapped.payload.cents == 5665
    assert mapped.payload.body == {
        "VendorRef": {"value": "vendor:6101"},
        "APAccountRef": {"value": "33"},
        "SalesTermRef": {"value": "3"},
        "TxnDate": "2026-02-03",
        "DueDate": "2026-03-05",
        "DocNumber": "GC-1001",
        "PrivateNote": "ServiceTitan bill 70001",
        "Line": [
            {
                "Amount": Decimal("20.00"),
                "Description": "Capacitor 45/5",
                "DetailType": "ItemBasedExpenseLineDetail",
                "ItemBasedExpenseLineDetail": {
                    "ItemRef": {"value": "item:CAP-45-5|79"},
                    "Qty": Decimal(2),
                    "UnitPrice": Decimal(10),
                },
            },
            *(
                {
                    "Amount": Decimal(amount),
                    "Description": words,
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
                }
                for amount, words, account in (("35.00", "Freight", "504"), ("1.65", "Tax", "505"))
            ),
        ],
    }
    assert mapped.facts["cost_by_account"] == {"83": 2000, "504": 3500, "505": 165}


_AMOUNTS = some.decimals(min_value=0, max_value=9999, places=4)


@pytest.mark.rule("8.2")
@given(
    lines=some.lists(some.tuples(_AMOUNTS, _AMOUNTS), min_size=1, max_size=12),
    expenses=some.lists(some.integers(0, 99_999), max_size=3),
    tax=some.integers(0, 50_000),
    shipping=some.integers(0, 50_000),
    includes=some.booleans(),
    rounds_lines=some.booleans(),
)
def test_lines_tax_and_freight_always_come_to_what_is_owed(
    lines: list[tuple[Decimal, Decimal]],
    expenses: list[int],
    tax: int,
    shipping: int,
    includes: bool,
    rounds_lines: bool,
) -> None:
    exact = [*(quantity * cost for quantity, cost in lines), *map(from_cents, expenses)]
    stated = sum(map(to_cents, exact)) if rounds_lines else to_cents(sum(exact, Decimal(0)))
    stated += tax + shipping if includes else 0
    rows = [goods(str(quantity), str(cost), id=number) for number, (quantity, cost) in enumerate(lines)]
    extra = {"taxAmount": str(from_cents(tax)), "shippingAmount": str(from_cents(shipping))}
    costs = [{"id": 90, "amount": from_cents(cents), "generalLedgerAccount": COGS} for cents in expenses]
    one = bill(*rows, **extra, billAmount=str(from_cents(stated)), expenseItems=costs)
    found = sums_of(one)
    assert isinstance(found, Sums)
    assert found.total == sum(found.lines) + tax + shipping
    wanted = stated + (0 if includes else tax + shipping)
    # So little extra could as well be the cents that the lines were rounded by.
    assert found.total == wanted or tax + shipping <= len(exact)
    assert all(abs(each - amount * 100) < 1 for each, amount in zip(found.lines, exact, strict=True))
    (mapped,) = map_bill(one, around())
    if mapped.payload is None:
        assert mapped.reason is not None and mapped.reason.code == "zero_total"
        return
    assert sum(to_cents(line["Amount"]) for line in mapped.payload.body["Line"]) == found.total
    assert sum(mapped.facts["cost_by_account"].values()) == found.total == mapped.cents
    for line in mapped.payload.body["Line"]:  # QuickBooks multiplies (6070)
        detail = line[line["DetailType"]]
        if "Qty" in detail:
            assert to_cents(detail["Qty"] * detail["UnitPrice"]) == to_cents(line["Amount"])


@pytest.mark.rule("8.2")
def test_a_bill_that_does_not_add_up_is_rejected_with_all_its_figures() -> None:
    (mapped,) = map_bill(bill(billAmount="21.07", taxAmount="1.00"), around())
    assert mapped.verdict is Verdict.REJECTED
    assert mapped.reason is not None
    assert "lines come to 20.00, tax to 1.00 and shipping to 0.00" in mapped.reason.text


@pytest.mark.rule("8.2")
@pytest.mark.parametrize(
    ("changes", "policies", "code"),
    [
        ({"syncStatus": "Pending"}, {}, "not_posted"),
        ({"syncStatus": "Pending"}, {"bill_gate": "all"}, ""),
        ({"status": "Discrepancy"}, {"bill_gate": "reconciled"}, "bill_not_reconciled"),
        ({"status": "Reconciled", "syncStatus": "Pending"}, {"bill_gate": "reconciled"}, ""),
        ({"status": "Canceled"}, {}, "bill_canceled"),
        ({"active": False}, {}, "deleted"),
        ({"syncStatus": "Exported"}, {}, "exported_elsewhere"),
        ({"billDate": "2025-12-31T00:00:00Z"}, {}, "before_start"),
        ({"vendor": None}, {}, "vendor_missing"),
        ({"vendor": {"id": 9, "name": "Nobody"}}, {}, "vendor_unknown"),
        ({"shippingAmount": "5.00"}, {"freight_account": None}, "freight_account_missing"),
        ({"taxAmount": "5.00"}, {"purchase_tax_account": None}, "purchase_tax_account_missing"),
        ({"taxAmount": "5.00"}, {"purchase_tax_account": "12000"}, "buying_account_unknown"),
        ({"items": [goods("-1", "20.00")], "billAmount": "-20.00"}, {}, "bill_below_zero"),
        ({"items": [goods(), goods("-1", "5.00")], "billAmount": "15.00"}, {}, "bought_below_zero"),
        ({"items": [goods(costOfSaleAccount=None)]}, {}, "cost_account_missing"),
        ({"items": [goods(costOfSaleAccount={"number": "9", "name": "No"})]}, {}, "cost_account_unmapped"),
        ({"items": [goods(costOfSaleAccount=INCOME)]}, {}, "cost_account_wrong_type"),
        ({"items": [], "billAmount": "20.00"}, {}, "bill_without_lines"),
        ({"billAmount": None}, {}, "bill_amount_missing"),
        ({"jobId": 88}, {}, "job_of_bill_unknown"),
        ({"purchaseOrderId": 9}, {}, "order_of_bill_unknown"),
        ({"purchaseOrderId": 9}, {"purchase_orders": False}, ""),
        ({"doNotPay": True}, {}, "bill_on_hold"),
    ],
)
def test_what_stands_in_the_way_of_a_bill_is_named(
    changes: dict[str, Any], policies: dict[str, Any], code: str
) -> None:
    (mapped,) = map_bill(bill(**changes), around(policies=policies))
    assert (mapped.reason.code if mapped.reason else "") == code
    assert (mapped.payload is None) is (code not in ("", "bill_on_hold"))


@pytest.mark.rule("8.4")
def test_a_bill_on_hold_posts_and_its_note_says_so() -> None:
    for is_held, said in ((True, " - on hold, do not pay"), (False, "")):
        (mapped,) = map_bill(bill(doNotPay=is_held), around())
        assert mapped.payload is not None
        assert mapped.payload.body["PrivateNote"] == f"ServiceTitan bill 70001{said}"


@pytest.mark.rule("8.4")
def test_job_lines_name_customer_and_class_and_are_not_billable() -> None:
    job = record(records.Job, {"id": 88, "jobNumber": "88", "customerId": 5010001})
    classed = replace(LISTS, preferences=replace(LISTS.preferences, class_per_line=True))
    unit = record(
        records.BusinessUnit, {"id": 301, "name": "HVAC - Service", "quickbooksClass": "HVAC:Service"}
    )
    known = around(jobs={88: job}, reference=classed, business_units={301: unit})
    (mapped,) = map_bill(bill(jobId=88, shippingAmount="5.00"), known)
    assert mapped.payload is not None
    for line in mapped.payload.body["Line"]:
        detail = line[line["DetailType"]]
        assert detail["CustomerRef"] == {"value": "customer:5010001"}
        assert detail["BillableStatus"] == "NotBillable"
        assert detail["ClassRef"] == {"value": "501"}


@pytest.mark.rule("8.4")
def test_an_expense_names_its_own_job_and_unit_before_those_of_its_bill() -> None:
    jobs = {
        id_: record(records.Job, {"id": id_, "jobNumber": str(id_), "customerId": id_}) for id_ in (88, 99)
    }
    classed = replace(LISTS, preferences=replace(LISTS.preferences, class_per_line=True))
    units = {
        id_: record(records.BusinessUnit, {"id": id_, "name": name, "quickbooksClass": f"HVAC:{name}"})
        for id_, name in ((301, "Service"), (302, "Install"))
    }
    spent = {"id": 9, "amount": Decimal("7.00"), "generalLedgerAccount": COGS}
    own = {"job": {"id": 99, "name": "99"}, "businessUnit": {"id": 302, "name": "Install"}}
    of = {"jobId": 88, "businessUnit": {"id": 301, "name": "Service"}}
    one = bill(expenseItems=[spent, spent | own], billAmount="34.00", **of)
    known = around(jobs=jobs, reference=classed, business_units=units)
    (mapped,) = map_bill(one, known)
    assert mapped.payload is not None
    details = [line[line["DetailType"]] for line in mapped.payload.body["Line"]]
    found = [(each["CustomerRef"]["value"], each["ClassRef"]["value"]) for each in details]
    assert found == [("customer:88", "501"), ("customer:88", "501"), ("customer:99", "502")]


def test_a_bill_is_never_due_before_its_date() -> None:
    (mapped,) = map_bill(bill(dueDate="2026-01-20T00:00:00Z"), around())
    assert mapped.payload is not None and mapped.payload.body["DueDate"] == "2026-02-03"


@pytest.mark.rule("8.5")
@pytest.mark.parametrize(
    ("policy", "job", "account"), [("expense", None, "83"), ("asset", None, "130"), ("asset", 88, "83")]
)
def test_stock_is_cost_at_once_or_an_asset_until_it_is_used(
    policy: str, job: int | None, account: str
) -> None:
    known = around(
        policies={"stocked_purchases": policy},
        jobs={88: record(records.Job, {"id": 88, "jobNumber": "88", "customerId": 5010001})},
    )
    (mapped,) = map_bill(bill(goods(assetAccount=ASSET), jobId=job), known)
    assert mapped.facts["cost_by_account"] == {account: 2000}


@pytest.mark.rule("8.3")
def test_the_vendors_number_is_the_bills_the_receipts_or_the_orders() -> None:
    receipt = record(buying.Receipt, {"id": 3, "billId": 70001, "vendorInvoiceNumber": "R-9"})
    canceled = record(
        buying.Receipt, {"id": 3, "billId": 70001, "vendorInvoiceNumber": "R-9", "active": False}
    )
    order = record(buying.PurchaseOrder, {"id": 4, "vendorDocumentNumber": "O-7", "items": []})
    unnumbered = bill(referenceNumber=" ", purchaseOrderId=4)
    numbers = [
        map_bill(one, around(receipts=receipts, purchase_orders=orders))[0].number
        for one, receipts, orders in (
            (bill(), {3: receipt}, {4: order}),
            (unnumbered, {3: receipt}, {4: order}),
            (unnumbered, {3: canceled}, {4: order}),
            (unnumbered, {}, {}),
        )
    ]
    assert numbers == ["GC-1001", "R-9", "O-7", ""]


def test_an_item_that_is_bought_says_where_its_cost_goes() -> None:
    (item,) = items_of_bill(bill(), around())
    assert item.payload is not None
    body = item.payload.body
    assert (body["IncomeAccountRef"], body["ExpenseAccountRef"]) == ({"value": "79"}, {"value": "83"})
    assert (body["Type"], body["PurchaseCost"], body["PurchaseDesc"]) == (
        "NonInventory",
        Decimal("9.5"),
        "Capacitor",
    )


def test_a_line_off_the_pricebooks_cost_account_goes_to_its_account_itself() -> None:
    for cost_account in ("50400", ""):
        (mapped,) = map_bill(bill(), around(pricebook={910001: sku(costOfSaleAccount=cost_account)}))
        assert mapped.facts["items"] == []
        assert mapped.facts["cost_by_account"] == {"83": 2000}


@pytest.mark.rule("8.2")
def test_an_sku_that_the_price_book_does_not_have_is_bought_on_the_account_of_its_line() -> None:
    unknown = goods(skuId=919_999, skuCode="NO-SUCH-SKU")
    (mapped,) = map_bill(bill(unknown, goods(id=2), billAmount="40.00"), around())
    assert mapped.payload is not None
    first, second = mapped.payload.body["Line"]
    assert first["AccountBasedExpenseLineDetail"] == {"AccountRef": {"value": "83"}}
    assert second["ItemBasedExpenseLineDetail"]["ItemRef"] == {"value": "item:CAP-45-5|79"}
    (nowhere,) = map_bill(bill(goods(skuId=919_999, costOfSaleAccount=None)), around())
    assert nowhere.reason is not None and nowhere.reason.code == "cost_account_missing"


def test_a_vendor_nobody_uses_any_more_is_made_for_his_bill() -> None:
    gone = record(buying.Vendor, {"id": 6101, "name": "Gulf Coast Supply", "active": False})
    (needed,) = vendor_of_bill(bill(), around(vendors={6101: gone}))
    assert needed.payload is not None and needed.day == date(2026, 2, 3)
    assert vendor_of_bill(bill(syncStatus="Pending"), around(vendors={6101: gone})) == []
