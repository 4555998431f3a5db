"""The contractor's accounts: one table from which both products' charts are written.

What belongs here: accounts and how each product shows them. What does not: which sale goes to which account
(the price book says so).

Numbers are equal on both sides except where ``number`` is empty: those accounts match by name alone. A few
names differ on purpose where the number is equal (a chart that has grown for years).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from st_qbo_sandbox.contractor.window import Window, local, stamp


@dataclass(frozen=True)
class Account:
    """One account: ServiceTitan's view, and QuickBooks' (``qbo_id`` None = not in QuickBooks)."""

    id: int
    number: str
    name: str
    type: str
    detail: str
    qbo_id: str | None
    qbo_type: str
    qbo_subtype: str
    qbo_name: str = ""
    default: str | None = None
    in_servicetitan: bool = True
    hard: bool = False
    qbo_active: bool = True


_INCOME = ("Income", "Sales of Product Income", "Income", "SalesOfProductIncome")
_SERVICE = ("Income", "Service/Fee Income", "Income", "ServiceFeeIncome")
_COGS = ("Cost of Goods Sold", "Supplies and Materials - COGS", "Cost of Goods Sold", "SuppliesMaterialsCogs")
_OCA = "Other Current Asset"
_OCL = "Other Current Liability"


def _income(
    number: int, name: str, kind: tuple[str, str, str, str] = _SERVICE, qbo_name: str = ""
) -> Account:
    return Account(4000 + number // 100, str(number), name, kind[0], kind[1], str(number // 100), kind[2],
                   kind[3],
                   qbo_name)  # fmt: skip


ACCOUNTS: tuple[Account, ...] = (
    Account(1010, "10100", "Operating Checking", "Bank", "Checking", "35", "Bank", "Checking", "Checking",
            "CheckingAccount"),
    Account(1020, "10200", "Payroll Checking", "Bank", "Checking", "36", "Bank", "Checking",
            in_servicetitan=False),
    Account(1030, "10300", "Money Market Savings", "Bank", "Savings", "37", "Bank", "Savings", "Savings",
            in_servicetitan=False),
    Account(1100, "11000", "Accounts Receivable", "Accounts Receivable", "Accounts Receivable", "84",
            "Accounts Receivable", "AccountsReceivable", "Accounts Receivable (A/R)", "AccountsReceivable"),
    Account(1200, "12000", "Undeposited Funds", _OCA, "Undeposited Funds", "4", _OCA, "UndepositedFunds",
            default="UndepositedFunds"),
    Account(1210, "12100", "Credit Card Clearing", _OCA, "Other Current Assets", "91", _OCA,
            "OtherCurrentAssets",
            "Merchant Card Clearing"),
    Account(1230, "12300", "Financing Clearing", _OCA, "Other Current Assets", "92", _OCA,
            "OtherCurrentAssets"),
    Account(1300, "13000", "Inventory Asset", _OCA, "Inventory", "81", _OCA, "Inventory",
            default="Inventory"),
    Account(1500, "15000", "Trucks and Vans", "Fixed Asset", "Vehicles", "93", "Fixed Asset", "Vehicles",
            in_servicetitan=False),
    Account(2000, "20000", "Accounts Payable", "Accounts Payable", "Accounts Payable", "33",
            "Accounts Payable",
            "AccountsPayable", "Accounts Payable (A/P)", "AccountsPayable"),
    Account(2100, "21000", "Company Visa", "Credit Card", "Credit Card", "41", "Credit Card", "CreditCard",
            in_servicetitan=False),
    Account(2200, "22000", "Sales Tax Payable", _OCL, "Sales Tax Payable", "89", _OCL, "SalesTaxPayable",
            "Missouri Department of Revenue Payable", "SalesTaxPayable"),
    Account(2300, "23000", "Customer Deposits", _OCL, "Other Current Liabilities", "94", _OCL,
            "OtherCurrentLiabilities", default="CustomerDeposits"),
    Account(2310, "23100", "Deferred Membership Revenue", _OCL, "Deferred Revenue", "95", _OCL,
            "DeferredRevenue",
            default="MembershipAgreements"),
    Account(2400, "24000", "Payroll Liabilities", _OCL, "Payroll Tax Payable", "96", _OCL,
            "PayrollTaxPayable",
            in_servicetitan=False),
    Account(3000, "30000", "Opening Balance Equity", "Equity", "Opening Balance Equity", "34", "Equity",
            "OpeningBalanceEquity", in_servicetitan=False),
    Account(3100, "31000", "Owner's Draw", "Equity", "Owner's Equity", "97", "Equity", "OwnersEquity",
            in_servicetitan=False),
    Account(3900, "39000", "Retained Earnings", "Equity", "Retained Earnings", "2", "Equity",
            "RetainedEarnings",
            default="RetainedEarnings"),
    _income(40100, "HVAC Service Income", qbo_name="HVAC Service Revenue"),
    _income(40200, "HVAC Install Income", _INCOME),
    _income(40300, "HVAC Maintenance Income"),
    _income(42100, "Plumbing Service Income"),
    _income(42200, "Drain and Sewer Income", qbo_name="Drain & Sewer Income"),
    _income(42300, "Plumbing Install Income", _INCOME),
    _income(44100, "Electrical Service Income"),
    _income(44200, "Generator Income", _INCOME, "Generator Sales"),
    Account(4460, "", "Membership Income", "Income", "Service/Fee Income", "460", "Income",
            "ServiceFeeIncome",
            default="MembershipRevenue"),
    Account(4470, "", "Permit Fees Billed", "Income", "Other Primary Income", "470", "Income",
            "OtherPrimaryIncome"),
    Account(4480, "48000", "Finance Charge Income", "Income", "Other Primary Income", "480", "Income",
            "OtherPrimaryIncome"),
    Account(4490, "49000", "Discounts Given", "Income", "Discounts/Refunds Given", "490", "Income",
            "DiscountsRefundsGiven", "Discounts given"),
    Account(4491, "49100", "Uncollectible Accounts", "Income", "Discounts/Refunds Given", "491", "Income",
            "DiscountsRefundsGiven"),
    Account(4900, "", "Services", "Income", "Service/Fee Income", "1", "Income", "ServiceFeeIncome",
            in_servicetitan=False),
    Account(4910, "", "Sales of Product Income", "Income", "Sales of Product Income", "79", "Income",
            "SalesOfProductIncome", in_servicetitan=False),
    Account(4920, "", "Uncategorized Income", "Income", "Service/Fee Income", "30", "Income",
            "ServiceFeeIncome",
            in_servicetitan=False),
    Account(5010, "50100", "Materials COGS", *_COGS[:2], "501", *_COGS[2:],
            default="CostOfGoodsSoldMaterials"),
    Account(5020, "50200", "Equipment COGS", *_COGS[:2], "502", *_COGS[2:],
            default="CostOfGoodsSoldEquipment"),
    Account(5030, "50300", "Subcontractors", *_COGS[:2], "503", *_COGS[2:]),
    Account(5040, "50400", "Freight In", *_COGS[:2], "504", *_COGS[2:], default="CostOfGoodsSoldShipping"),
    Account(5050, "50500", "Tax on Purchases", *_COGS[:2], "505", *_COGS[2:], default="CostOfGoodsSoldTax"),
    Account(6010, "60100", "Advertising", "Expense", "Advertising/Promotional", "601", "Expense",
            "AdvertisingPromotional", in_servicetitan=False),
    Account(6020, "60200", "Fuel", "Expense", "Auto", "602", "Expense", "Auto", in_servicetitan=False),
    Account(6030, "60300", "Rent", "Expense", "Rent or Lease of Buildings", "603", "Expense",
            "RentOrLeaseOfBuildings", in_servicetitan=False),
    Account(6040, "60400", "Shop Supplies", "Expense", "Supplies & Materials", "604", "Expense",
            "SuppliesMaterials"),
    Account(6600, "66000", "Merchant Fees", "Expense", "Bank Charges", "660", "Expense", "BankCharges",
            default="ProcessingFees"),
    Account(6700, "67000", "Bad Debt", "Expense", "Bad Debts", "670", "Expense", "BadDebts"),
    Account(7000, "70000", "Interest Earned", "Other Income", "Interest Earned", "700", "Other Income",
            "InterestEarned", in_servicetitan=False),
    Account(4495, "45900", "Solar Income", "Income", "Service/Fee Income", None, "", "", hard=True),
    Account(4496, "45800", "Commercial Refrigeration Income", "Income", "Service/Fee Income", "458", "Income",
            "ServiceFeeIncome", hard=True, qbo_active=False),
)  # fmt: skip

_BY_KEY: dict[str, Account] = {account.number or account.name: account for account in ACCOUNTS}


def account(key: str) -> Account:
    """Find an account by its number, or by name where it has none."""
    return _BY_KEY[key]


def line_account(key: str) -> dict[str, Any]:
    """Write an account as it stands on an invoice line or a payment."""
    found = account(key)
    return {
        "id": found.id,
        "name": found.name,
        "number": found.number or None,
        "type": found.type,
        "detailType": found.detail,
    }


def servicetitan_accounts(window: Window) -> list[dict[str, Any]]:
    """Write ServiceTitan's ``gl-accounts`` list."""
    made = stamp(local(window.last_day.replace(year=window.last_day.year - 6, day=1), 9))
    return [
        {
            "id": entry.id,
            "name": entry.name,
            "number": entry.number or None,
            "description": None,
            "type": entry.type,
            "subtype": entry.detail,
            "active": True,
            "isIntacctGroup": False,
            "isIntacctBankAccount": False,
            "source": "AccountingSystem",
            "defaultAccountType": entry.default,
            "createdOn": made,
            "modifiedOn": made,
        }
        for entry in ACCOUNTS
        if entry.in_servicetitan and (window.hard or not entry.hard)
    ]


def quickbooks_accounts(window: Window) -> list[list[Any]]:
    """Write the QuickBooks chart as create bodies; inactive ones come with ``Active: false``."""
    made: list[list[Any]] = []
    for entry in ACCOUNTS:
        if entry.qbo_id is None or (entry.hard and not window.hard):
            continue
        body: dict[str, Any] = {
            "Id": entry.qbo_id,
            "Name": entry.qbo_name or entry.name,
            "AccountType": entry.qbo_type,
            "AccountSubType": entry.qbo_subtype,
            "Active": entry.qbo_active,
        }
        if entry.number:
            body["AcctNum"] = entry.number
        made.append(["Account", body])
    return made
