"""What a month's close says of vendors: what they are owed, how it moved, its age, what is not billed."""

from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import Evidence, KnownLink
from st_qbo_assets.books.materials_cost import ItemHeld
from st_qbo_assets.books.month_close.close import MonthClose
from st_qbo_assets.domain.ids import Entity, SourceRef
from tests.unit.books.test_month_close import (
    FakeQuickBooks,
    FakeServiceTitan,
    close,
    invoice,
    quickbooks,
    ref,
    rows,
    sold,
    st_invoice,
    st_line,
)

PAYABLE = "33"
BUYS = {"bill_source": "inventory_bills"}
LINKED = Evidence((KnownLink(SourceRef(Entity.VENDOR, "6"), QboKey("Vendor", "61")),))
GOODS = {"number": "50100", "name": "Materials"}


def books(account: str = "-130.00") -> FakeQuickBooks:
    """A bill of ours and one of before, a credit used in part, a payment, a correction: 130.00."""
    found = quickbooks()
    found.put("Account", Id=PAYABLE, AccountType="Accounts Payable", CurrentBalance=account)
    found.put("Vendor", Id="61", DisplayName="Gateway", Balance="90.00")
    found.put("Vendor", Id="71", DisplayName="Show-Me", Balance="40.00")
    bill(found, "2026-11-28", "200.00", balance="120.00", PrivateNote="ServiceTitan bill 1")
    bill(found, "2026-08-01", "50.00", of="71", balance="50.00", DueDate="2026-08-31")
    credit = {"TxnDate": "2026-11-29", "TotalAmt": "40.00", "Balance": "30.00", "VendorRef": ref("61")}
    found.put("VendorCredit", **credit, PrivateNote="ServiceTitan vendor credit 2", Line=[bought("40.00")])
    found.put("BillPayment", TxnDate="2026-11-30", TotalAmt="70.00", VendorRef=ref("61", "Gateway"))
    entry = {"PostingType": "Debit", "AccountRef": ref(PAYABLE), "Entity": {"EntityRef": ref("71")}}
    line = {"Amount": Decimal("10.00"), "JournalEntryLineDetail": entry}
    found.put("JournalEntry", TxnDate="2026-12-01", Line=[line])
    return found


def bill(found: FakeQuickBooks, day: str, total: str, *, of: str = "61", balance: str, **more: Any) -> None:
    fields = {"TxnDate": day, "TotalAmt": total, "Balance": balance, "VendorRef": ref(of), **more}
    found.put("Bill", **fields, Line=[bought(total)])


def bought(amount: str) -> dict[str, Any]:
    detail = {"AccountRef": ref("501")}
    return {
        "Amount": Decimal(amount),
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": detail,
    }


def servicetitan(amount: str = "200.00") -> FakeServiceTitan:
    """The bill, and two receipts: one stands on it, one on nothing."""
    st = FakeServiceTitan()
    vendor = {"id": 6, "name": "Gateway"}
    items = [{"quantity": "1", "cost": amount, "costOfSaleAccount": GOODS}]
    stamps = {"billDate": "2026-11-28T00:00:00Z", "createdOn": "2026-11-28T12:00:00Z"}
    amounts = {"billAmount": amount, "syncStatus": "Posted"}
    st.put("inventory-bills", id=1, vendor=vendor, items=items, **stamps, **amounts)
    for id_, bill_id in ((11, 1), (12, None)):
        came = {"receivedOn": "2026-11-20T00:00:00Z", "receiptAmount": Decimal("44.10")}
        st.put("receipts", id=id_, number=f"R{id_}", vendorId=6, purchaseOrderId=20, billId=bill_id, **came)
    st.put("vendors", id=6, name="Gateway")
    st.put("purchase-orders", id=20, number="PO-20", date="2026-11-10T00:00:00Z", status="Sent", vendorId=6)
    return st


def closed(
    found: FakeQuickBooks | None = None, st: FakeServiceTitan | None = None, **more: str
) -> MonthClose:
    policies = {**BUYS, "start_date": "2026-11-01", **more}
    return close(found or books(), st or servicetitan(), policies=policies, evidence=LINKED)


@pytest.mark.rule("9")
def test_what_each_vendor_is_owed_adds_up_to_the_account() -> None:
    section = closed().section("payables")
    assert [tuple(row.values()) for row in rows(section)] == [
        ("Gateway", 12_000, -3_000, 0, 9_000, 0, 9_000),
        ("Show-Me", 5_000, 0, -1_000, 4_000, -1_000, 5_000),
    ]
    assert section.figures == {
        "account_cents": 13_000,
        "vendors_cents": 13_000,
        "difference_cents": 0,
        "at_month_end_cents": 14_000,
    }


@pytest.mark.rule("9")
def test_how_payables_moved_leads_from_one_end_of_the_month_to_the_other() -> None:
    found = rows(closed().section("payables_movement"))
    assert [(row["what"], row["in all"]) for row in found] == [
        ("before the month", 5_000),
        ("bills", 20_000),
        ("credits of vendors", -4_000),
        ("payments of bills", -7_000),
        ("at its end", 14_000),
    ]
    assert (found[1]["from ServiceTitan $"], found[3]["entered in QuickBooks $"]) == (20_000, -7_000)


@pytest.mark.rule("9")
def test_open_bills_stand_by_days_overdue() -> None:
    found = {row["vendor"]: row for row in rows(closed().section("aged_payables"))}
    assert found["Show-Me"]["over 90 days"] == 5_000
    assert (found["Gateway"]["1-30 days"], found["Gateway"]["not yet due"]) == (12_000, -3_000)


@pytest.mark.rule("9")
def test_goods_on_no_bill_are_listed() -> None:
    found = rows(closed().section("received_not_billed"))
    assert [
        (row["vendor"], row["purchase order"], row["days"], row["amount"], row["why"]) for row in found
    ] == [("Gateway", "PO-20", 10, 4_410, "no bill")]


@pytest.mark.rule("9")
def test_goods_of_the_month_on_a_bill_of_the_next_are_to_be_accrued() -> None:
    st = servicetitan()
    of_next = {"billDate": "2026-12-02T00:00:00Z", "referenceNumber": "GW-2", "id": 2, "billAmount": "9.00"}
    st.rows_of["inventory-bills"].append(st.rows_of["inventory-bills"][0] | of_next)
    came = st.rows_of["receipts"][0]
    st.put("receipts", **came | {"id": 13, "number": "R13", "billId": 2})
    st.put(
        "receipts", **came | {"id": 14, "number": "R14", "billId": None, "receivedOn": "2026-12-01T00:00:00Z"}
    )
    found = rows(closed(st=st).section("received_not_billed"))
    assert [(row["receipt"], row["why"]) for row in found] == [
        ("R12", "no bill"),
        ("R13", "bill GW-2 is dated 2026-12-02"),
    ]


@pytest.mark.rule("8.6", "9")
def test_stock_that_was_used_is_an_entry_to_post() -> None:
    st = servicetitan()
    line = {"total": "0.00", "isChargeable": False, "type": "Material", "inventory": True, "quantity": "2"}
    accounts = {"costOfSaleAccount": GOODS, "assetAccount": {"number": "13000", "name": "Stock"}}
    st_invoice(
        st, 8, "2026-11-29", "10.00", items=[st_line("10.00"), line | accounts | {"totalCost": "7.50"}]
    )
    found = rows(closed(st=st, stocked_purchases="asset").section("consumption"))
    assert [(row["account"], row["debit"], row["credit"]) for row in found] == [
        ("50100 Materials", 750, 0),
        ("13000 Stock", 0, 750),
    ]
    assert closed(st=st).section("consumption").rows == ()


@pytest.mark.rule("8.6", "9")
def test_goods_of_the_month_stand_by_job_and_item() -> None:
    st, found = servicetitan(), books()
    line = st_line("30.00") | {"type": "Material", "skuId": 910001, "skuName": "CAP", "quantity": "3"}
    cost = {"totalCost": "22.50"}
    for id_, job_id, posted in ((8, 88, "2"), (9, 88, "3"), (10, 89, None)):
        of = {"id": job_id, "number": f"J-{job_id}"}
        free = line | {"isChargeable": False, "quantity": "1", "totalCost": "7.50"}
        st_invoice(st, id_, "2026-11-29", "30.00", items=[line | cost, free], job=of)
        st.put("jobs", id=job_id, jobNumber=f"J-{job_id}", jobStatus="Completed")
        if posted:
            note, lines = f"ServiceTitan invoice {id_}", [sold("51", "30.00", Qty=posted)]
            invoice(found, "2026-11-29", "30.00", PrivateNote=note, Line=lines)
    held = {"51": ItemHeld("910001", "CAP", Decimal("7.00"))}
    section = close(
        found, st, policies={**BUYS, "start_date": "2026-11-01"}, evidence=LINKED, items=held
    ).section("materials_cost")
    assert [tuple(row.values()) for row in rows(section)] == [
        ("J-88", "CAP", "8", "2", "5", 6_000, 3_500, 2_500, "pieces differ"),
        (
            "J-89",
            "CAP",
            "4",
            "1",
            "0",
            3_000,
            0,
            3_000,
            "an invoice of it is not in QuickBooks in this month",
        ),
    ]
    assert section.figures == {
        "rows": 2,
        "differing": 2,
        "used_cents": 9_000,
        "posted_cents": 3_500,
        "valuation_cents": 5_500,
    }


@pytest.mark.rule("9")
def test_payables_agree_only_if_account_and_both_products_do() -> None:
    st = servicetitan()
    assert not closed(st=st).payables_agree  # the credit is ours in QuickBooks and not in ServiceTitan
    without_credit = books()
    without_credit.objects["VendorCredit"][0]["PrivateNote"] = "typed"
    assert closed(without_credit, st).payables_agree
    typed = closed(without_credit, st).section("bought_by_vendor").figures
    assert (typed["quickbooks_cents"], typed["typed_by_hand_cents"]) == (20_000, -4_000)
    astray = books(account="-131.00")
    astray.objects["VendorCredit"][0]["PrivateNote"] = "typed"
    assert not closed(astray, st).payables_agree
    assert not closed(without_credit, servicetitan("201.00")).payables_agree
    assert close().payables_agree is None
