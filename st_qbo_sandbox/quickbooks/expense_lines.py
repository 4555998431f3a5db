"""Lines of purchases: by account or by item.

Belongs here: what Bill, VendorCredit, PurchaseOrder and Purchase share. Does not belong here: lines of
sales documents (`sales_lines.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import Fault, FaultError, business, fault, missing
from st_qbo_sandbox.quickbooks.sales_lines import LineNumbering, check_amount, drop_or_refuse, keep_class

_DETAILS = {"AccountBasedExpenseLineDetail": "AccountRef", "ItemBasedExpenseLineDetail": "ItemRef"}


def build_expense_lines(call: Call, new: Body, old: Body | None) -> Decimal:
    """Complete the lines and return their total.

    Raises:
        Fault: 2020, 2170, 2250, 5030, 6000, 6070 or 6310.
    """
    errors: list[FaultError] = []
    lines = [line for line in new["Line"] if line.get("DetailType") != "SubTotalLineDetail"]
    for line in lines:
        errors += _missing_parts(line)
    if errors:
        raise Fault(*errors)
    numbering = LineNumbering(old)
    for position, line in enumerate(lines, 1):
        if line["DetailType"] in _DETAILS:
            _complete(call, line)
        numbering.number(line, position)
    if not any(line["DetailType"] in _DETAILS for line in lines):
        raise fault("2250", "Missing lines : At least one split line is required", "Line")
    new["Line"] = lines
    return sum((line.get("Amount", ZERO) for line in lines), ZERO)


def _missing_parts(line: Body) -> list[FaultError]:
    kind = line.get("DetailType") or next((name for name in _DETAILS if name in line), None)
    if kind is None:
        return [missing("DetailType")]
    line["DetailType"] = kind
    if kind == "DescriptionOnly":
        return []
    if kind not in _DETAILS:
        return [FaultError("2170", f"Invalid Enumeration : {kind}", "DetailType")]
    errors = [] if "Amount" in line else [missing("Line.Amount")]
    if _DETAILS[kind] not in line.get(kind, {}):
        errors.append(missing(_DETAILS[kind]))
    return errors


def _complete(call: Call, line: Body) -> None:
    detail = line[line["DetailType"]]
    check_amount(call, line, detail)
    status = detail.setdefault("BillableStatus", "NotBillable")
    if status == "Billable" and "CustomerRef" not in detail:
        raise fault(
            "6310", "Customer is required if billable : A billable line needs a customer.", "CustomerRef"
        )
    if status == "HasBeenBilled":
        raise fault("2170", "Invalid Enumeration : HAS_BEEN_BILLED", "BillableStatus")
    if status == "Billable" and not call.preference(
        "VendorAndPurchasesPrefs", "BillableExpenseTracking", True
    ):
        detail["BillableStatus"] = "NotBillable"
    if "CustomerRef" in detail and not call.preference("VendorAndPurchasesPrefs", "TrackingByCustomer", True):
        drop_or_refuse(call, detail, "CustomerRef", "Tracking of expenses and items by customer")
    if "ClassRef" in detail:
        keep_class(call, detail, "ClassTrackingPerTxnLine")
    if "ItemRef" in detail:
        _check_item(call, detail["ItemRef"]["value"])
    detail.setdefault("TaxCodeRef", {"value": "NON"}).pop("name", None)
    for name in ("TaxAmount", "TaxInclusiveAmt"):
        detail.pop(name, None)
    line["Amount"] = money(line["Amount"])


def _check_item(call: Call, id: str) -> None:
    item = call.work.find("Item", id) or {}
    if item.get("Type") == "Category":
        raise fault(
            "2500",
            "Invalid Reference Id : An item in this transaction is set up as a category instead of a "
            "product or service.",
        )
    if "ExpenseAccountRef" not in item and call.switches.bought_items_need_expense_account:
        name = item.get("FullyQualifiedName", id)
        raise business(f"{name} is not set up to be purchased: it has no expense account.")
