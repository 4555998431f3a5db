"""Vendors' credits and payments of bills: lines of a return, amounts to the cent, bills (rules 8.7, 8.8)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.mapping.bill_payments import map_bill_payment, vendor_of_bill_payment
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.preview import effect, effect_of_all
from st_qbo_assets.mapping.vendor_credits import (
    items_of_vendor_credit,
    map_vendor_credit,
    vendor_of_vendor_credit,
)
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan import buying
from tests.unit.mapping.builders import COGS, record
from tests.unit.mapping.test_bills import LISTS, around, bill, goods

BANK = Account("35", "Checking", "Checking", "10100", "Bank")
CARD = Account("41", "Card", "Card", "21000", "Credit Card")
BANKED = replace(LISTS, accounts=(*LISTS.accounts, BANK, CARD))
VENDOR = {"id": 6101, "name": "Gulf Coast Supply"}
PAYS = {"ap_payments": True}


def returned(*lines: dict[str, Any], **changes: Any) -> buying.InventoryReturn:
    """A return of two capacitors."""
    rows = [
        {
            "id": number,
            "skuId": row["skuId"],
            "name": row["name"],
            "code": row["skuCode"],
            "description": row["description"],
            "quantity": Decimal(row["quantity"]),
            "cost": Decimal(row["cost"]),
            "generalLedgerAccount": row["generalLedgerAccount"],
            "costOfSaleAccount": row["costOfSaleAccount"],
            "active": row.get("active", True),
        }
        for number, row in enumerate(lines or (goods(),), start=1)
    ]
    given_ = {"id": 900, "number": "RT-1", "status": "CreditReceived", "vendorId": 6101, **changes}
    return record(buying.InventoryReturn, {**given_, "items": rows})


def split(bill_id: int | None = 70001, amount: str = "20.00", **changes: Any) -> dict[str, Any]:
    made = "2026-02-05T15:00:00Z"
    return {"id": 1, "inventoryBillId": bill_id, "amount": Decimal(amount), "createdOn": made, **changes}


def credit(*splits: dict[str, Any], **changes: Any) -> buying.VendorCredit:
    """A due credit of the return."""
    given_: dict[str, Any] = {
        "id": 800,
        "inventoryReturnId": 900,
        "date": "2026-02-03T00:00:00Z",
        "number": "VC-1",
        "referenceNumber": "GC-CR-1",
        "amount": Decimal("20.00"),
        "status": "Unreconciled",
        "syncStatus": "Posted",
        "vendor": VENDOR,
        "splits": list(splits),
        "createdOn": "2026-02-03T15:00:00Z",
    }
    return record(buying.VendorCredit, {**given_, **changes})


def payment(*splits: dict[str, Any], **changes: Any) -> buying.BillPayment:
    """A payment of one bill from ServiceTitan."""
    given_: dict[str, Any] = {
        "id": 850,
        "date": "2026-02-06T00:00:00Z",
        "method": "ServiceTitan",
        "status": "Paid",
        "syncStatus": "Pending",
        "amount": Decimal("20.00"),
        "glAccount": {"number": "10100", "name": "Checking"},
        "vendor": VENDOR,
        "splits": list(splits or (split(),)),
        "createdOn": "2026-02-06T15:00:00Z",
    }
    return record(buying.BillPayment, {**given_, **changes})


def known(
    back: buying.InventoryReturn | None = None, *bills: buying.Bill, policies: Any = None, **rest: Any
) -> Lookup:
    returns = {900: back or returned()}
    of_id = {each.id: each for each in bills or (bill(),)}
    return around(returns=returns, bills=of_id, reference=BANKED, policies=policies or {}, **rest)


def code(mapped: Mapped) -> str:
    return mapped.reason.code if mapped.reason else ""


@pytest.mark.rule("8.7")
def test_a_credit_takes_the_lines_of_its_return_and_is_tied_to_its_bills() -> None:
    posted, tie = map_vendor_credit(credit(split(), split(70002, "5.00", active=False)), known())
    assert posted.payload is not None and tie.payload is not None
    assert (posted.payload.target, posted.cents) == ("VendorCredit", 2000)
    assert posted.payload.body == {
        "VendorRef": {"value": "vendor:6101"},
        "APAccountRef": {"value": "33"},
        "TxnDate": "2026-02-03",
        "DocNumber": "GC-CR-1",
        "PrivateNote": "ServiceTitan vendor credit 800",
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
            }
        ],
    }
    assert tie.payload.target == "BillPayment"
    assert tie.payload.body == {
        "VendorRef": {"value": "vendor:6101"},
        "APAccountRef": {"value": "33"},
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": "35"}},
        "TotalAmt": Decimal("0.00"),
        "TxnDate": "2026-02-05",
        "PrivateNote": "ServiceTitan vendor credit 800/application",
        "Line": [
            {"Amount": Decimal("20.00"), "LinkedTxn": [{"TxnId": "bill:70001", "TxnType": "Bill"}]},
            {
                "Amount": Decimal("20.00"),
                "LinkedTxn": [{"TxnId": "vendor_credit:800", "TxnType": "VendorCredit"}],
            },
        ],
    }
    done = effect_of_all([posted, tie])
    assert (done.payable, dict(done.costs)) == (-2000, {"83": -2000}) and done.balances
    assert [str(each.source) for each in items_of_vendor_credit(credit(), known())] == ["item:CAP-45-5|79"]
    assert vendor_of_vendor_credit(credit(), known())


_AMOUNTS = some.decimals(min_value=0, max_value=999, places=4)


@pytest.mark.rule("8.7")
@given(
    lines=some.lists(some.tuples(_AMOUNTS, _AMOUNTS), min_size=1, max_size=6),
    tax=some.integers(0, 5_000),
    shipping=some.integers(0, 5_000),
    includes=some.booleans(),
    rounds_lines=some.booleans(),
)
def test_a_credit_always_comes_to_its_own_amount(
    lines: list[tuple[Decimal, Decimal]], tax: int, shipping: int, includes: bool, rounds_lines: bool
) -> None:
    exact = [quantity * cost for quantity, cost in lines]
    amount = sum(map(to_cents, exact)) if rounds_lines else to_cents(sum(exact, Decimal(0)))
    amount += tax + shipping if includes else 0
    extra = {"taxAmount": from_cents(tax), "shippingAmount": from_cents(shipping)}
    back = returned(*(goods(str(quantity), str(cost)) for quantity, cost in lines), **extra)
    mapped = map_vendor_credit(credit(amount=from_cents(amount)), known(back))[0]
    if mapped.payload is None:
        assert code(mapped) == "zero_total"
        return
    assert sum(to_cents(line["Amount"]) for line in mapped.payload.body["Line"]) == amount == mapped.cents
    assert effect(mapped).balances and effect(mapped).payable == -amount


@pytest.mark.rule("8.7")
def test_a_line_taken_off_its_return_is_not_credited() -> None:
    back = returned(goods(), goods("9", "99.00", active=False))
    (posted, *_) = map_vendor_credit(credit(), known(back))
    assert posted.payload is not None and len(posted.payload.body["Line"]) == 1


@pytest.mark.rule("8.7")
@pytest.mark.parametrize(
    ("changes", "policies", "expected", "verdict"),
    [
        ({"syncStatus": "Pending"}, {}, "not_posted", Verdict.NOT_DUE),
        ({"syncStatus": "Pending"}, {"bill_gate": "all"}, "", Verdict.DUE),
        ({"status": "Canceled"}, {}, "vendor_credit_canceled", Verdict.NOT_DUE),
        ({"syncStatus": "Exported"}, {}, "exported_elsewhere", Verdict.NOT_DUE),
        ({"amount": Decimal("19.99")}, {}, "credit_does_not_add_up", Verdict.REJECTED),
        ({"amount": Decimal("-20.00")}, {}, "vendor_credit_below_zero", Verdict.HELD),
        ({"inventoryReturnId": 901}, {}, "return_unknown", Verdict.HELD),
        ({"inventoryReturnId": None}, {}, "credit_without_return", Verdict.HELD),
        ({"inventoryReturnId": None}, {"vendor_credit_account": "50400"}, "", Verdict.DUE),
        (
            {"inventoryReturnId": None},
            {"vendor_credit_account": "No"},
            "buying_account_unknown",
            Verdict.HELD,
        ),
        ({"vendor": {"id": 9, "name": "Nobody"}}, {}, "vendor_unknown", Verdict.HELD),
        ({"jobId": 88}, {}, "job_of_bill_unknown", Verdict.HELD),
    ],
)
def test_what_stands_in_the_way_of_a_credit_is_named(
    changes: dict[str, Any], policies: dict[str, Any], expected: str, verdict: Verdict
) -> None:
    (mapped,) = map_vendor_credit(credit(**changes), known(policies=policies))
    assert (code(mapped), mapped.verdict) == (expected, verdict)


@pytest.mark.rule("8.7")
@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (returned(status="Canceled"), "return_canceled"),
        (returned(goods("-1", "20.00")), "returned_below_zero"),
        (returned(goods(costOfSaleAccount=None)), "cost_account_missing"),
        (returned(goods(costOfSaleAccount={**COGS, "number": "9", "name": "No"})), "cost_account_unmapped"),
        (returned(taxAmount=Decimal("1.65")), "credit_left_on_account"),
    ],
)
def test_a_return_that_cannot_be_booked_holds_its_credit(back: buying.InventoryReturn, expected: str) -> None:
    (mapped,) = map_vendor_credit(credit(), known(back))
    assert code(mapped) == expected
    assert (mapped.payload is None) is (expected != "credit_left_on_account")


@pytest.mark.rule("8.7")
@pytest.mark.parametrize(
    ("splits", "bills", "expected", "verdict"),
    [
        ((split(70009),), (), "applied_to_unknown_bill", Verdict.HELD),
        ((split(amount="-1.00"),), (), "applied_below_zero", Verdict.HELD),
        ((split(amount="20.01"),), (), "applied_over_amount", Verdict.REJECTED),
        ((split(),), (bill(vendor={"id": 6, "name": "Other"}),), "applied_to_other_vendor", Verdict.HELD),
    ],
)
def test_a_wrong_application_leaves_the_credit_itself_alone(
    splits: tuple[Any, ...], bills: tuple[buying.Bill, ...], expected: str, verdict: Verdict
) -> None:
    posted, tie = map_vendor_credit(credit(*splits), known(None, *bills))
    assert posted.payload is not None and posted.verdict is Verdict.DUE
    assert (code(tie), tie.verdict, tie.payload) == (expected, verdict, None)


@pytest.mark.rule("8.8")
def test_a_payment_pays_bills_and_uses_credits_from_the_account_it_left() -> None:
    used = split(None, "-5.00", documentId=800)
    taken_back = split(70002, "99.00", active=False)
    both = payment(split(), split(70002, "10.00"), taken_back, used, amount=Decimal("25.00"))
    lists = known(None, bill(), bill(id=70002), policies=PAYS, vendor_credits={800: credit()})
    (mapped,) = map_bill_payment(both, lists)
    assert mapped.payload is not None
    assert [
        (line["LinkedTxn"][0]["TxnId"], line["LinkedTxn"][0]["TxnType"], line["Amount"])
        for line in mapped.payload.body["Line"]
    ] == [
        ("bill:70001", "Bill", Decimal("20.00")),
        ("bill:70002", "Bill", Decimal("10.00")),
        ("vendor_credit:800", "VendorCredit", Decimal("5.00")),
    ]
    assert mapped.payload.body["TotalAmt"] == Decimal("25.00")
    assert mapped.payload.body["CheckPayment"] == {"BankAccountRef": {"value": "35"}}
    done = effect(mapped)
    assert (done.payable, dict(done.cash)) == (-2500, {"35": -2500}) and done.balances
    assert vendor_of_bill_payment(both, lists)
    (carded,) = map_bill_payment(
        payment(glAccount=None), known(policies={**PAYS, "bill_payment_account": "21000"})
    )
    assert carded.payload is not None
    assert carded.payload.body["CreditCardPayment"] == {"CCAccountRef": {"value": "41"}}
    assert carded.payload.body["PayType"] == "CreditCard"


@pytest.mark.rule("8.8", "3.6")
@pytest.mark.parametrize(
    ("changes", "policies", "expected", "verdict"),
    [
        ({}, {"ap_payments": False}, "ap_payments_off", Verdict.NOT_DUE),
        ({"method": "AccountingSystem"}, {}, "paid_in_the_books", Verdict.NOT_DUE),
        ({"status": "Processing"}, {}, "bill_payment_under_way", Verdict.NOT_DUE),
        ({"status": "Cancelled"}, {}, "bill_payment_undone", Verdict.NOT_DUE),
        ({"status": "Rejected"}, {}, "bill_payment_undone", Verdict.NOT_DUE),
        ({"active": False}, {}, "deleted", Verdict.NOT_DUE),
        ({"glAccount": None}, {}, "bill_payment_account_missing", Verdict.HELD),
        ({"glAccount": {"number": "50400", "name": ""}}, {}, "bill_payment_account_wrong", Verdict.HELD),
        ({"glAccount": {"number": "9", "name": ""}}, {}, "bill_payment_account_wrong", Verdict.HELD),
        ({"amount": Decimal("19.99")}, {}, "applied_over_amount", Verdict.REJECTED),
        ({"amount": Decimal("-1.00"), "splits": []}, {}, "bill_payment_below_zero", Verdict.HELD),
        ({"vendor": None}, {}, "vendor_missing", Verdict.REJECTED),
        ({"vendor": {"id": 9, "name": "Nobody"}}, {}, "vendor_unknown", Verdict.HELD),
        ({"splits": []}, {}, "bill_payment_without_bill", Verdict.HELD),
        ({"splits": [split(70009)]}, {}, "applied_to_unknown_bill", Verdict.HELD),
        ({}, {}, "", Verdict.DUE),
    ],
)
def test_only_what_servicetitan_paid_is_paid(
    changes: dict[str, Any], policies: dict[str, Any], expected: str, verdict: Verdict
) -> None:
    (mapped,) = map_bill_payment(payment(**changes), known(policies={**PAYS, **policies}))
    assert (code(mapped), mapped.verdict) == (expected, verdict)
