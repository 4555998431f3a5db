"""List objects other than names: Item, Account, Class, Department, Term, PaymentMethod.

Belongs here: their required parts, uniqueness per level, parents (reference §6.7, §6.12, §6.13). Does not
belong here: tax lists (`taxes.py`) and names of people (`people.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks.activity import change_activity
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call
from st_qbo_sandbox.quickbooks.faults import Fault, FaultError, business, duplicate_name, fault, missing
from st_qbo_sandbox.quickbooks.references import check_reference
from st_qbo_sandbox.quickbooks.stock_counts import count_goods

CLASSIFICATIONS = {
    "Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
    "Other Asset": "Asset", "Accounts Payable": "Liability", "Credit Card": "Liability",
    "Other Current Liability": "Liability", "Long Term Liability": "Liability", "Equity": "Equity",
    "Income": "Revenue", "Other Income": "Revenue", "Cost of Goods Sold": "Expense", "Expense": "Expense",
    "Other Expense": "Expense",
}  # fmt: skip
_FIRST_SUB_TYPE = {
    "Bank": "Checking", "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "OtherCurrentAssets", "Fixed Asset": "OtherFixedAssets",
    "Other Asset": "OtherLongTermAssets", "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard", "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "OtherLongTermLiabilities", "Equity": "OpeningBalanceEquity",
    "Income": "SalesOfProductIncome", "Other Income": "OtherMiscellaneousIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs", "Expense": "OtherMiscellaneousServiceCost",
    "Other Expense": "OtherMiscellaneousExpense",
}  # fmt: skip
_TYPE_OF_SUB_TYPE = {
    "SalesOfProductIncome": "Income", "ServiceFeeIncome": "Income", "DiscountsRefundsGiven": "Income",
    "OtherPrimaryIncome": "Income", "NonProfitIncome": "Income", "UnappliedCashPaymentIncome": "Income",
    "UndepositedFunds": "Other Current Asset", "Inventory": "Other Current Asset",
    "PrepaidExpenses": "Other Current Asset", "Checking": "Bank", "Savings": "Bank", "CashOnHand": "Bank",
    "MoneyMarket": "Bank", "TrustAccounts": "Bank", "SalesTaxPayable": "Other Current Liability",
    "GlobalTaxPayable": "Other Current Liability", "DeferredRevenue": "Other Current Liability",
    "SuppliesMaterials": "Expense", "RetainedEarnings": "Equity", "CostOfLaborCos": "Cost of Goods Sold",
    "EquipmentRentalCos": "Cost of Goods Sold", "BankCharges": "Expense", "Insurance": "Expense",
    "Utilities": "Expense", "Auto": "Expense", "BadDebts": "Expense",
}  # fmt: skip
_ACCOUNT_NUMBER_MAX = 7
_SYSTEM_ACCOUNTS = ("UndepositedFunds", "RetainedEarnings", "OpeningBalanceEquity")
_SUB_FLAGS = {"Item": "SubItem", "Account": "SubAccount", "Class": "SubClass", "Department": "SubDepartment"}
_DUPLICATES = {
    "Item": "Another product or service",
    "Account": "Another account",
    "Class": "Another class",
    "Department": "Another location",
    "Term": "Another term",
    "PaymentMethod": "Another payment method",
}
_ITEM_ACCOUNTS = {
    "IncomeAccountRef": ("Revenue", "Liability"),
    "AssetAccountRef": ("Asset",),
    "ExpenseAccountRef": ("Expense", "Asset", "Liability"),
}


def prepare_list_object(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed list object.

    Raises:
        Fault: 2020, 2040, 2240, 6180, 6240 or 6430.
    """
    new["Name"] = new["Name"].strip()
    illegal = (":", "\t", "\n") if call.entity.name in ("Item", "Class", "Department") else ("\t", "\n")
    illegal = (":", '"', "\t", "\n") if call.entity.name == "Account" else illegal
    if any(mark in new["Name"] for mark in illegal):
        raise fault("2040", f"Element contains invalid characters. {new['Name']}", "Name")
    new.setdefault("Active", True)
    if call.entity.name in _SUB_FLAGS:
        _place(call, new)
    if old is not None and old.get("Active", True) != new["Active"]:
        change_activity(call, new, ("Name", "FullyQualifiedName"))
    _refuse_duplicate(call, new)
    finish = _FINISHERS.get(call.entity.name)
    if finish is not None:
        finish(call, new, old)


def _place(call: Call, new: Body) -> None:
    parent = new.get("ParentRef")
    flag = _SUB_FLAGS[call.entity.name]
    new["FullyQualifiedName"] = new["Name"]
    level = 0
    if parent is not None:
        ancestor = check_reference(call, call.entity.name, parent)
        level = _level_of(call, ancestor) + 1
        if level > 4 or ancestor["Id"] == new.get("Id"):
            raise fault("6180", "Sub level limit exceeded : At most 5 levels are allowed.")
        new["FullyQualifiedName"] = f"{ancestor['FullyQualifiedName']}:{new['Name']}"
    elif call.entity.name == "Item" and new.get("SubItem"):
        raise Fault(missing("ParentRef"))
    if parent is not None or call.entity.name != "Item":
        new[flag] = parent is not None
    else:
        new.pop(flag, None)
    if call.entity.name == "Item":
        new["Level"] = level
        if not level:
            new.pop("Level")
    for id in call.books.by_parent[call.entity.name].ids(new.get("Id", "")):
        child = call.work.open(call.entity.name, id)
        child["FullyQualifiedName"] = f"{new['FullyQualifiedName']}:{child['Name']}"


def _level_of(call: Call, doc: Body) -> int:
    level = 0
    while doc.get("ParentRef") and level < 10:
        doc = call.work.find(call.entity.name, doc["ParentRef"]["value"]) or {}
        level += 1
    return level


def _refuse_duplicate(call: Call, new: Body) -> None:
    parent = new.get("ParentRef", {}).get("value")
    for other in call.books.find_named(call.entity.name, new["Name"]):
        same_level = other.get("ParentRef", {}).get("value") == parent
        if other["Id"] != new.get("Id") and same_level and other["Name"].casefold() == new["Name"].casefold():
            raise duplicate_name(_DUPLICATES[call.entity.name])


def _finish_item(call: Call, new: Body, old: Body | None) -> None:
    kind = new.get("Type")
    if kind is None:
        raise Fault(missing("Type"))
    if kind == "Group" and old is None:
        raise business("Bundles cannot be created through the API.")
    if (
        old is not None
        and old.get("Type") == "Inventory"
        and (kind != "Inventory" or new.get("TrackQtyOnHand") is False)
    ):
        raise business("The type of an inventory item cannot be changed.")
    _require_item_parts(call, new, kind)
    for name, allowed in _ITEM_ACCOUNTS.items():
        ref = new.get(name)
        if ref is not None:
            account = call.work.find("Account", ref["value"]) or {}
            if account.get("Classification") not in allowed:
                raise fault(
                    "6430", f"Invalid account type : {account.get('AccountType')} may not be used here.", name
                )
    if kind == "Category":
        for name in (
            "UnitPrice",
            "PurchaseCost",
            "Taxable",
            "IncomeAccountRef",
            "ExpenseAccountRef",
            "TrackQtyOnHand",
        ):
            new.pop(name, None)
        return
    new.setdefault("Taxable", False)
    new.setdefault("UnitPrice", ZERO)
    new.setdefault("PurchaseCost", ZERO)
    new.setdefault("TrackQtyOnHand", False)
    if kind == "Inventory":
        count_goods(call, new, old)


def _require_item_parts(call: Call, new: Body, kind: str) -> None:
    needed: tuple[str, ...] = ()
    if kind in ("Service", "NonInventory"):
        needed = ("ExpenseAccountRef",) if call.switches.items_need_expense_account else ()
        if "IncomeAccountRef" not in new and "ExpenseAccountRef" not in new:
            needed = ("IncomeAccountRef", *needed)
    elif kind == "Inventory":
        needed = ("QtyOnHand", "InvStartDate", "AssetAccountRef", "IncomeAccountRef", "ExpenseAccountRef")
        if not new.get("TrackQtyOnHand"):
            raise Fault(missing("TrackQtyOnHand"))
        is_on = call.preference("ProductAndServicesPrefs", "QuantityOnHand", False)
        if not is_on or not (call.person or call.company.is_plus):
            raise fault("5030", "Feature Not Supported Error : Inventory is not turned on for this company.")
    elif kind == "Category" and not _has_categories(call):
        raise fault(
            "5030", "Feature Not Supported Error : Item categories are not turned on for this company."
        )
    errors = [missing(name) for name in needed if name not in new]
    if errors:
        raise Fault(*errors)


def _has_categories(call: Call) -> bool:
    pairs = (call.books.get("CompanyInfo", "1") or {}).get("NameValue", [])
    return any(
        pair["Name"] == "ItemCategoriesFeature" and str(pair["Value"]).lower() == "true" for pair in pairs
    )


def _finish_account(call: Call, new: Body, old: Body | None) -> None:
    kind, sub_type = new.get("AccountType"), new.get("AccountSubType")
    if kind is None and sub_type is None:
        raise fault(
            "2020",
            "Required parameter AccountType or AccountSubType is missing in the request",
            "AccountType",
        )
    kind = kind or _TYPE_OF_SUB_TYPE.get(str(sub_type))
    if kind is None:
        raise fault("2170", f"Invalid Enumeration : {sub_type}", "AccountSubType")
    new["AccountType"] = kind
    new["AccountSubType"] = sub_type or _FIRST_SUB_TYPE[kind]
    new["Classification"] = CLASSIFICATIONS[kind]
    number = new.get("AcctNum")
    if number is not None:
        _check_number(call, new, number)
    parent = call.work.find("Account", new.get("ParentRef", {}).get("value", "")) or {}
    if parent.get("AccountSubType") in _SYSTEM_ACCOUNTS:
        raise business("A system account cannot have sub-accounts.")
    if old is None and "OpeningBalance" in new:
        new["_opening"] = new["OpeningBalance"] * (-1 if kind == "Credit Card" else 1)
    new.pop("OpeningBalance", None)
    new["CurrencyRef"] = call.company.home_currency


def _check_number(call: Call, new: Body, number: str) -> None:
    if len(number) > _ACCOUNT_NUMBER_MAX or ":" in number:
        raise fault(
            "2050",
            "String length specified does not match the supported length. "
            f"Min:0 Max:{_ACCOUNT_NUMBER_MAX} supported. Supplied length:{len(number)}",
            "AcctNum",
        )
    for other in call.books.all_of("Account"):
        if other.get("AcctNum") == number and other["Id"] != new.get("Id") and other.get("Active", True):
            raise duplicate_name("Another account")


def _finish_term(call: Call, new: Body, old: Body | None) -> None:
    new["Type"] = "DATE_DRIVEN" if new.get("DayOfMonthDue") is not None else "STANDARD"
    errors = [
        FaultError("2240", f"Invalid Number Range : {name}", name)
        for name, low, high in (("DueDays", 0, 999), ("DiscountDays", 0, 999), ("DayOfMonthDue", 1, 31))
        if new.get(name) is not None and not low <= int(new[name]) <= high
    ]
    if errors:
        raise Fault(*errors)
    if new["Type"] == "STANDARD":
        new.setdefault("DueDays", 0)
        new.setdefault("DiscountDays", 0)
    new.setdefault("DiscountPercent", Decimal(0))


def _finish_method(call: Call, new: Body, old: Body | None) -> None:
    new.setdefault("Type", "NON_CREDIT_CARD")


_FINISHERS = {
    "Item": _finish_item,
    "Account": _finish_account,
    "Term": _finish_term,
    "PaymentMethod": _finish_method,
}
