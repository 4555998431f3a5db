"""The entities: path, operations, sequence of ids, how they are voided, what may be queried.

Belongs here: the table of reference §3.1 and the filterable properties of §3.6. Does not belong here: fields
(`field_tables.py`) and behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME_LISTS = ("Customer", "Vendor", "Employee")
SALES = ("Invoice", "Estimate", "CreditMemo", "RefundReceipt", "SalesReceipt")


@dataclass(frozen=True)
class Entity:
    """One resource of the API."""

    name: str
    operations: frozenset[str]
    queryable: frozenset[str]
    required: tuple[str, ...] = ()
    sequence: str = "txn"
    void_by: str | None = None
    has_active: bool = False
    has_events: bool = True
    has_cdc: bool = True
    path: str = ""
    ref_element: str = ""

    @property
    def is_transaction(self) -> bool:
        """Whether it has a TxnDate and lives in the books."""
        return self.sequence == "txn"


_DOCUMENT = "create read query update sparse delete"
_LIST = "create read query update sparse"
_EVERY = "Id MetaData.CreateTime MetaData.LastUpdatedTime"
_PERSON = (
    "DisplayName GivenName MiddleName FamilyName FullyQualifiedName CompanyName PrimaryEmailAddr "
    "Active Balance"
)
_SALE = "DocNumber TxnDate DueDate CustomerRef SalesTermRef ProjectRef Balance TotalAmt"
_BUY = "DocNumber TxnDate DueDate VendorRef TotalAmt Balance"


def _entity(name: str, operations: str, queryable: str, required: str = "", **options: object) -> Entity:
    return Entity(
        name,
        frozenset(operations.split()),
        frozenset(f"{_EVERY} {queryable}".lower().split()),
        tuple(required.split()),
        path=str(options.pop("path", name.lower())),
        **options,  # type: ignore[arg-type]  # the table below is the only caller
    )


def _list_entity(name: str, queryable: str, required: str = "", **options: object) -> Entity:
    return _entity(name, _LIST, queryable, required, sequence=name, has_active=True, **options)


_TABLE = (
    _entity("Invoice", f"{_DOCUMENT} void", _SALE, "Line CustomerRef", void_by="operation"),
    _entity("Estimate", _DOCUMENT, f"{_SALE} TxnStatus ExpirationDate", "CustomerRef"),
    _entity("CreditMemo", _DOCUMENT, _SALE, "Line CustomerRef"),
    _entity("RefundReceipt", _DOCUMENT, _SALE, "Line DepositToAccountRef"),
    _entity("SalesReceipt", f"{_DOCUMENT} void", f"{_SALE} DepositToAccountRef", "Line", void_by="include"),
    _entity(
        "Payment",
        f"{_DOCUMENT} void",
        "TxnDate CustomerRef PaymentRefNum ProjectRef TotalAmt",
        "TotalAmt CustomerRef",
        void_by="include",
    ),
    _entity("Bill", _DOCUMENT, _BUY, "Line VendorRef"),
    _entity("VendorCredit", _DOCUMENT, _BUY, "Line VendorRef"),
    _entity("PurchaseOrder", _DOCUMENT, _BUY, "Line VendorRef"),
    _entity(
        "BillPayment",
        f"{_DOCUMENT} void",
        "DocNumber TxnDate VendorRef TotalAmt PayType",
        "Line VendorRef TotalAmt PayType",
        void_by="include",
    ),
    _entity("Purchase", _DOCUMENT, "DocNumber TxnDate TotalAmt PaymentType", "AccountRef PaymentType Line"),
    _entity(
        "Deposit", _DOCUMENT, "DocNumber TxnDate TotalAmt DepositToAccountRef", "DepositToAccountRef Line"
    ),
    _entity("JournalEntry", _DOCUMENT, "DocNumber TxnDate TotalAmt Adjustment", "Line"),
    _entity("Transfer", _DOCUMENT, "TxnDate Amount", "FromAccountRef ToAccountRef Amount"),
    _list_entity("Customer", _PERSON, ref_element="Names"),
    _list_entity("Vendor", _PERSON, ref_element="Names"),
    _list_entity("Employee", "DisplayName GivenName FamilyName PrintOnCheckName Active", ref_element="Names"),
    _list_entity("Item", "Name FullyQualifiedName Type Sku Active", "Name", ref_element="Items"),
    _list_entity(
        "Account",
        "Name FullyQualifiedName AccountType AccountSubType Classification AcctNum Active CurrentBalance "
        "SubAccount ParentRef",
        "Name",
        ref_element="Accounts",
    ),
    _list_entity("Class", "Name FullyQualifiedName Active ParentRef SubClass", "Name", ref_element="Klasses"),
    _list_entity(
        "Department",
        "Name FullyQualifiedName Active ParentRef SubDepartment",
        "Name",
        ref_element="Departments",
    ),
    _list_entity("Term", "Name Active Type DueDays", "Name", ref_element="Terms"),
    _list_entity("PaymentMethod", "Name Active Type", "Name", ref_element="PaymentMethods"),
    _entity(
        "TaxCode",
        "read query",
        "Name Active Taxable TaxGroup Description",
        sequence="TaxCode",
        has_active=True,
        has_events=False,
        has_cdc=False,
        ref_element="TaxCodes",
    ),
    _entity(
        "TaxRate",
        "read query",
        "Name Active AgencyRef",
        sequence="TaxRate",
        has_active=True,
        has_events=False,
        has_cdc=False,
        ref_element="TaxRates",
    ),
    _entity(
        "TaxAgency", "create read query", "DisplayName", "DisplayName", sequence="TaxAgency", has_cdc=False
    ),
    _entity(
        "CompanyInfo", "read query update sparse", "CompanyName", sequence="CompanyInfo", has_events=False
    ),
    _entity("Preferences", "read query update", "", sequence="Preferences"),
)

ENTITIES = {entity.name: entity for entity in _TABLE}
BY_PATH = {entity.path: entity for entity in _TABLE}
BY_LOWER_NAME = {entity.name.lower(): entity for entity in _TABLE}
TRANSACTIONS = tuple(entity.name for entity in _TABLE if entity.is_transaction)

# What a reference field may point to; `LinkedTxn` and `EntityRef` are read by their own type.
REFERENCES = {
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "ItemRef": "Item",
    "GroupItemRef": "Item",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "SalesTermRef": "Term",
    "TermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
    "AccountRef": "Account",
    "DepositToAccountRef": "Account",
    "FromAccountRef": "Account",
    "ToAccountRef": "Account",
    "ARAccountRef": "Account",
    "APAccountRef": "Account",
    "BankAccountRef": "Account",
    "CCAccountRef": "Account",
    "DiscountAccountRef": "Account",
    "ItemAccountRef": "Account",
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "COGSAccountRef": "Account",
    "AssetAccountRef": "Account",
    "PrefVendorRef": "Vendor",
    "EmployeeRef": "Employee",
    "TxnTaxCodeRef": "TaxCode",
    "DefaultTaxCodeRef": "TaxCode",
    "TaxRateRef": "TaxRate",
    "AgencyRef": "TaxAgency",
    "ShipTo": "Customer",
}

# Ids that are no ids: item values that QuickBooks itself understands (reference §6.1).
MAGIC_ITEMS = ("SHIPPING_ITEM_ID", "GRATUITY_ITEM_ID")
