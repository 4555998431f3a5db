"""What is bought, planned: bills and the lines of their orders, numbers used twice, the cost of items."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Payload
from st_qbo_assets.load.actions import ActionKind, FindingKind, WritePolicies
from st_qbo_assets.load.duplicate_bills import judge_bill, judge_each_other
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.requests import line_ids, update_request, without_orders
from st_qbo_assets.load.verify import CLOSED, EXPENSE_ACCOUNT, LINES, drift, verify
from st_qbo_assets.load.voiding import plan_void, still_used, void_request
from tests.unit.load.test_plan import known, link

DAY = date(2026, 2, 3)
VENDOR = link("vendor:6", "Vendor", "301")
ORDER = link("purchase_order:5", "PurchaseOrder", "72", confirmed={LINES: {"line:81": "1"}})


def line(amount: str = "20.00", **extra: Any) -> dict[str, Any]:
    detail = {"AccountRef": {"value": "83"}}
    kind = "AccountBasedExpenseLineDetail"
    return {"Amount": Decimal(amount), "DetailType": kind, kind: detail, **extra}


def bill(number: int = 7, *lines: dict[str, Any], doc: str = "GC-1", vendor: str = "vendor:6") -> Payload:
    source = SourceRef(Entity.BILL, str(number))
    rows = list(lines or (line(),))
    body = {
        "VendorRef": {"value": vendor},
        "TxnDate": "2026-02-03",
        "DocNumber": doc,
        "PrivateNote": f"ServiceTitan bill {number}",
        "Line": rows,
    }
    return Payload(source, "Bill", DAY, body, cents=2000 * len(rows), number=doc)


def linked(order: str = "purchase_order:5", key: str = "line:81") -> dict[str, Any]:
    return line(LinkedTxn=[{"TxnId": order, "TxnType": "PurchaseOrder", "TxnLineId": key}])


def order(**extra: Any) -> Payload:
    body = {"VendorRef": {"value": "vendor:6"}, "Line": [line(Id="line:81"), line(Id="line:82")], **extra}
    return Payload(SourceRef(Entity.PURCHASE_ORDER, "5"), "PurchaseOrder", DAY, body, cents=4000)


def row(qbo_id: str = "90", *, vendor: str = "301", note: str = "", total: str = "20.00") -> dict[str, Any]:
    return {
        "Id": qbo_id,
        "VendorRef": {"value": vendor},
        "DocNumber": "GC-1",
        "PrivateNote": note,
        "TotalAmt": Decimal(total),
        "TxnDate": "2026-02-03",
    }


@pytest.mark.rule("8.1")
def test_a_bill_names_the_lines_quickbooks_gave_its_order_and_waits_for_none() -> None:
    payload = bill(7, linked(), linked(key="line:99"), linked("purchase_order:6"))
    action = plan_write(payload, None, known(VENDOR, ORDER), WritePolicies())
    assert action.kind is ActionKind.CREATE and action.request is not None and action.payload is not None
    assert [each.get("LinkedTxn") for each in action.request["Line"]] == [
        [{"TxnId": "72", "TxnType": "PurchaseOrder", "TxnLineId": "1"}],
        None,
        None,
    ]
    assert action.payload.digest != payload.digest, "it is linked once the order is there"
    assert without_orders(action.request)["Line"] == [line(), line(), line()]


def test_a_bill_whose_vendor_is_not_there_waits_for_him() -> None:
    action = plan_write(bill(), None, Knowledge(), WritePolicies())
    assert action.kind is ActionKind.BLOCKED
    assert action.reason is not None and action.reason.waits_for == SourceRef.parse("vendor:6")


def test_lines_of_an_order_keep_the_ids_quickbooks_gave_them() -> None:
    created = plan_write(order(), None, known(VENDOR), WritePolicies()).request or {}
    assert [each.get("Id") for each in created["Line"]] == [None, None]
    assert line_ids(order().body, {"Line": [line(Id="1"), line(Id="2")]}) == {"line:81": "1", "line:82": "2"}
    changed = update_request(order(), ORDER, known(VENDOR))
    assert [each.get("Id") for each in changed["Line"]] == ["1", None]


@pytest.mark.rule("3.6")
def test_an_order_that_we_closed_is_opened_when_it_is_taken_up_again() -> None:
    closed = replace(ORDER, confirmed={**ORDER.confirmed, CLOSED: True})
    assert update_request(order(POStatus="Closed"), ORDER, known(VENDOR))["POStatus"] == "Closed"
    assert update_request(order(), closed, known(VENDOR))["POStatus"] == "Open"
    assert "POStatus" not in update_request(order(), ORDER, known(VENDOR))


@pytest.mark.rule("8.3")
def test_the_same_number_of_the_same_vendor_is_held_naming_both() -> None:
    found = judge_bill(bill(), [row()], {}, known(VENDOR))
    assert found is not None and found.kind is FindingKind.HOLD and found.reason is not None
    assert (
        "GC-1" in found.reason.text
        and "Bill 90 over 20.00, dated 2026-02-03 (typed by hand)" in found.reason.text
    )


@pytest.mark.rule("8.3")
@pytest.mark.parametrize(
    "other",
    [row(vendor="302"), row(note="Voided ServiceTitan bill 6", total="0.00")],
    ids=["of another vendor", "void"],
)
def test_another_vendors_bill_and_a_void_one_stand_in_nobodys_way(other: dict[str, Any]) -> None:
    assert judge_bill(bill(), [other], {}, known(VENDOR)) is None


@pytest.mark.rule("8.3")
def test_a_bill_replaced_in_this_very_load_stands_in_nobodys_way() -> None:
    knowledge, older = known(VENDOR), link("bill:6", "Bill", "90")
    assert judge_bill(bill(), [row()], {"90": [older]}, knowledge) is not None
    knowledge.retire(older.source, "Bill")
    assert judge_bill(bill(), [row()], {"90": [older]}, knowledge) is None


@pytest.mark.rule("5.1")
def test_our_own_bill_whose_link_was_lost_is_found_by_its_marker() -> None:
    found = judge_bill(bill(), [row(note="ServiceTitan bill 7")], {}, known(VENDOR))
    assert found is not None and found.kind is FindingKind.OURS


@pytest.mark.rule("8.3")
def test_of_two_bills_with_one_number_in_one_load_the_later_waits() -> None:
    same = [
        bill(8),
        bill(7),
        bill(9, doc="GC-2"),
        bill(10, vendor="vendor:9"),
        bill(11, doc=""),
        bill(12, doc=""),
    ]
    assert [str(source) for source, _ in judge_each_other(same)] == ["bill:8"]


def test_the_account_of_an_items_cost_is_no_drift_of_ours() -> None:
    assert drift({"Name": "SKU"}, {"Name": "SKU", EXPENSE_ACCOUNT: "90"}) == ()


@pytest.mark.rule("5.4")
def test_a_bill_is_verified_line_by_line_and_by_what_its_record_says() -> None:
    body = {**bill().body, "VendorRef": {"value": "301"}}
    stored = {**body, "TotalAmt": Decimal("20.00")}
    assert verify("Bill", body, stored, cents=2000) == ()
    assert [each.field for each in verify("Bill", body, stored, cents=2100)] == ["TotalAmt"]
    assert [each.field for each in verify("Bill", body, {**stored, "Line": []}, cents=2000)] == ["Line"]


@pytest.mark.rule("3.6")
def test_a_bill_is_voided_by_zero_lines_unless_something_pays_it() -> None:
    posted = link("bill:7", "Bill", "90", confirmed={"TxnDate": "2026-02-03"})
    order_link = {"TxnId": "72", "TxnType": "PurchaseOrder"}
    unpaid = {**row(note="ServiceTitan bill 7"), "Balance": Decimal("20.00"), "LinkedTxn": [order_link]}
    paid = {
        **unpaid,
        "Balance": Decimal("0.00"),
        "LinkedTxn": [{"TxnId": "95", "TxnType": "BillPaymentCheck"}],
    }
    assert plan_void(posted, "It was canceled.", WritePolicies()).kind is ActionKind.VOID
    assert still_used(posted, unpaid) is None
    assert still_used(posted, paid) is not None
    request = void_request(posted, {**unpaid, "Line": [line(Id="1")]})
    assert (request["PrivateNote"], request["Line"][0]["Amount"]) == (
        "Voided ServiceTitan bill 7",
        Decimal("0.00"),
    )
