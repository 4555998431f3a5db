"""CompanyInfo and Preferences of a company that has just been set up.

Belongs here: the data of both. Does not belong here: reading them (`company.py`).
"""

from __future__ import annotations

from st_qbo_sandbox import identity
from st_qbo_sandbox.quickbooks.books import Body, copy_of

_MESSAGE = {"Subject": "{kind} from {name}", "Message": "Thank you for your business.\n\n{name}"}
_ADDRESS = {
    "Id": "1",
    "Line1": "1200 Kestrel Way",
    "City": "Fort Worth",
    "Country": "USA",
    "CountrySubDivisionCode": "TX",
    "PostalCode": "76102",
}


_PREFERENCES: Body = {
    "AccountingInfoPrefs": {
        "UseAccountNumbers": True,
        "TrackDepartments": True,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": True,
        "FirstMonthOfFiscalYear": "January",
        "TaxYearMonth": "January",
        "TaxForm": "2",
        "CustomerTerminology": "Customers",
        "DepartmentTerminology": "Location",
    },
    "ProductAndServicesPrefs": {
        "ForSales": True,
        "ForPurchase": True,
        "QuantityWithPriceAndRate": True,
        "QuantityOnHand": True,
    },
    "SalesFormsPrefs": {
        "CustomField": [],
        "CustomTxnNumbers": True,
        "EmailCopyToCompany": False,
        "AllowDeposit": False,
        "AllowDiscount": True,
        "AllowEstimates": True,
        "AllowServiceDate": True,
        "AllowShipping": False,
        "AutoApplyCredit": False,
        "AutoApplyPayments": True,
        "ETransactionEnabledStatus": "NotApplicable",
        "ETransactionAttachPDF": False,
        "ETransactionPaymentEnabled": False,
        "IPNSupportEnabled": False,
        "UsingPriceLevels": False,
        "UsingProgressInvoicing": False,
        "DefaultCustomerMessage": "Thank you for your business!",
    },
    "VendorAndPurchasesPrefs": {
        "TrackingByCustomer": True,
        "BillableExpenseTracking": True,
        "POCustomField": [],
    },
    "TimeTrackingPrefs": {
        "UseServices": False,
        "BillCustomers": False,
        "ShowBillRateToAll": False,
        "WorkWeekStartDate": "Monday",
        "MarkTimeEntriesBillable": False,
    },
    "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True},
    "CurrencyPrefs": {
        "MultiCurrencyEnabled": False,
        "HomeCurrency": {"value": "USD", "name": "United States Dollar"},
    },
    "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
}
_OTHERS = {
    "SalesFormsPrefs.DefaultCustomerMessage": "Thank you for your business!",
    "SalesFormsPrefs.DefaultItem": "1",
    "DTXCopyMemo": "false",
    "SFCEnabled": "true",
    "Vendor1099Enabled": "true",
    "TimeTrackingFeatureEnabled": "true",
    "ProjectsEnabled": "false",
    "WarnDuplicateCheckNumber": "true",
    "WarnDuplicateBillNumber": "false",
    "WarnDuplicateJournalNumber": "false",
    "VendorAndPurchasesPrefs.UseCustomTxnNumbers": "false",
    "AccountingInfoPrefs.ShowAccountNumbers": "true",
}


def new_company_info(stamp: str) -> Body:
    """Return the CompanyInfo of a company that has been set up but not filled."""
    name = identity.COMPANY_NAME
    return {
        "CompanyName": name,
        "LegalName": name,
        "CompanyAddr": dict(_ADDRESS),
        "CustomerCommunicationAddr": dict(_ADDRESS),
        "LegalAddr": dict(_ADDRESS),
        "PrimaryPhone": {"FreeFormNumber": "(817) 555-0142"},
        "CompanyStartDate": "2019-03-01",
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "Email": {"Address": "office@blueheronhome.example"},
        "WebAddr": {},
        "SupportedLanguages": "en",
        "DefaultTimeZone": "America/Chicago",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "IndustryType", "Value": "Plumbing, Heating, and Air-Conditioning Contractors"},
            {"Name": "IndustryCode", "Value": "238220"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
            {"Name": "PayrollFeature", "Value": "false"},
            {"Name": "AccountantFeature", "Value": "false"},
            {"Name": "ItemCategoriesFeature", "Value": "true"},
        ],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }


def new_preferences(stamp: str) -> Body:
    """Return the Preferences of a US company on Plus, automated sales tax set up."""
    name = identity.COMPANY_NAME
    mails = {
        f"{key}Message": {part: text.format(kind=kind, name=name) for part, text in _MESSAGE.items()}
        for key, kind in (
            ("Invoice", "Invoice"),
            ("Estimate", "Estimate"),
            ("SalesReceipt", "Sales Receipt"),
            ("Statement", "Statement"),
        )
    }
    return {
        **copy_of(_PREFERENCES),
        "EmailMessagesPrefs": mails,
        "OtherPrefs": {"NameValue": [{"Name": key, "Value": value} for key, value in _OTHERS.items()]},
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }
