"""Vendors' credits and payments of bills, from ServiceTitan's lists to the verdict: planned, then undone."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.plan_days import plan_days
from st_qbo_sandbox.app import Sandbox
from tests.integration.buying.purchasing import Json, Purchasing

pytestmark = pytest.mark.enable_socket

Cents = dict[str, int]


@pytest.fixture(scope="module")
def buying_sandbox() -> Generator[Sandbox]:
    with Sandbox(days=2, invoices_per_day=1) as sandbox:
        yield sandbox


def ledger(purchasing: Purchasing) -> tuple[Cents, dict[str, str]]:
    """Cents by account as QuickBooks' own ledger has them, debits positive, and the type of each account."""
    half: Any = purchasing.office.sandbox.halves["quickbooks"]
    rows = half.trial_balance()["Accounts"]
    kinds = {row["Id"]: row["AccountType"] for row in half.state()["Account"]}
    return {row["Id"]: int(Decimal(str(row["Balance"])) * 100) for row in rows}, kinds


def effect_of_plan(purchasing: Purchasing, days: Sequence[date]) -> Json:
    """What a plan says a load of the days does to the books."""
    defs = CompanyDefs(purchasing.company, purchasing.home / "links.csv")
    with purchasing.office.opened() as connections:
        connections = replace(connections, company=purchasing.company)
        folder = FrameFolder(str(purchasing.home / "frames"))
        return plan_days(defs, connections, folder, days)["effect"]


def load_as_planned(purchasing: Purchasing, days: Sequence[date]) -> Json:
    """Plan some days, then load them; each account must move by what was planned. Return the metadata."""
    effect, (before, _) = effect_of_plan(purchasing, days), ledger(purchasing)
    told = purchasing.load(days)
    after, kinds = ledger(purchasing)
    planned: Cents = {}
    for side, sign in (("income", -1), ("costs", 1), ("cash", 1)):
        for row in effect[side]:
            planned[row["account"]] = planned.get(row["account"], 0) + sign * row["cents"]
    moved = {id_: after.get(id_, 0) - before.get(id_, 0) for id_ in {**before, **after}}
    owed = {"Accounts Payable": -effect["accounts_payable_cents"]}
    owed["Accounts Receivable"] = effect["accounts_receivable_cents"]
    for kind, cents in owed.items():
        assert sum(moved[id_] for id_ in moved if kinds[id_] == kind) == cents, kind
    rest = {id_: cents for id_, cents in moved.items() if cents and kinds[id_] not in owed}
    tax = {id_: cents for id_, cents in rest.items() if id_ not in planned}
    assert {id_: cents for id_, cents in rest.items() if id_ in planned} == planned
    assert sum(tax.values()) == -effect["sales_tax_cents"]
    return told


def ours(purchasing: Purchasing, target: str, note: str) -> Json:
    """The one object of QuickBooks whose note says what it is."""
    (found,) = [
        row
        for row in purchasing.state("quickbooks", target)
        if str(row.get("PrivateNote")).removeprefix("Voided").strip() == f"ServiceTitan {note}"
    ]
    return found


def money(value: object) -> Decimal:
    return Decimal(str(value))


def applied(payment: Json) -> list[tuple[str, Decimal]]:
    return [(line["LinkedTxn"][0]["TxnType"], money(line["Amount"])) for line in payment.get("Line", [])]


@pytest.mark.rule("3.6", "6.1", "8.7", "8.8")
def test_credits_and_payments_settle_bills_as_planned_and_are_undone(purchasing: Purchasing) -> None:
    day = purchasing.days[1]
    purchasing.company = purchasing.company.model_copy(
        update={"ap_payments": True, "vendor_credit_account": None}
    )
    act, on = purchasing.act_servicetitan, {"date": day.isoformat()}
    who = {"vendor": purchasing.state("servicetitan", "vendors")[0]["name"]}
    sku = {"sku": "CAP-45-5", "quantity": 3, "cost": "7.3333"}
    bill = act("add_bill", **who, lines=[sku, {**sku, "quantity": 9}], number="VB-1", **on)
    act("post_bill", id=bill["id"])
    back = act("return_goods", **who, lines=[sku], tax=1.65, **on)
    act("return_goods", **who, lines=[sku], **on)
    credit = act("credit_return", id=back["id"], number="VB-1-CR", **on)
    act("apply_vendor_credit", id=credit["id"], bill_id=bill["id"], amount=10)
    rebate = act("add_vendor_credit", **who, amount=12.5, number="VB-RB", **on)
    for each in (credit, rebate):
        act("post", resource="ap-credits", id=each["id"])
    rest = float(money(bill["billAmount"]) - 10)
    payment = act("pay_bills", splits=[{"bill_id": bill["id"], "amount": rest}], **on)

    told = load_as_planned(purchasing, [day])

    posted = ours(purchasing, "VendorCredit", f"vendor credit {credit['id']}")
    assert (money(posted["TotalAmt"]), money(posted["Balance"])) == (money("23.65"), money("13.65"))
    tie = ours(purchasing, "BillPayment", f"vendor credit {credit['id']}/application")
    assert applied(tie) == [("Bill", money(10)), ("VendorCredit", money(10))]
    paid = ours(purchasing, "BillPayment", f"bill payment {payment['id']}")
    assert applied(paid) == [("Bill", money(rest))]
    assert ours(purchasing, "Bill", f"bill {bill['id']}")["Balance"] == 0
    standings = purchasing.standings("vendor_credit")
    assert standings[str(rebate["id"])]["reason_code"] == "credit_without_return"
    assert told["servicetitan/vendor_credits"][day.isoformat()]["returns_without_credit_cents"] == 2200
    assert told["loaded/bill_payments"][day.isoformat()]["records"] >= 1

    # The money came back, the credit was a mistake; the bill stays owed.
    act("cancel_bill_payment", id=payment["id"])
    act("cancel_vendor_credit", id=credit["id"])
    act("cancel_vendor_credit", id=rebate["id"])
    told = load_as_planned(purchasing, [day])

    assert told["books/tie_out"][day.isoformat()]["verdict"] == "green"
    assert {row["outcome"] for row in purchasing.standings("bill_payment").values()} <= {"voided", "not_due"}
    assert purchasing.standings("vendor_credit")[str(credit["id"])]["outcome"] == "voided"
    assert ours(purchasing, "Bill", f"bill {bill['id']}")["Balance"] == float(bill["billAmount"])
    assert ours(purchasing, "VendorCredit", f"vendor credit {credit['id']}")["TotalAmt"] == 0
