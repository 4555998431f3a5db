"""Where a record is shown in both products, as links for people.

What belongs here: the addresses of the two web applications, and nothing else; they are documented
nowhere in the vendors' API references, so a change is made here alone. What does not: API addresses
(settings).
"""

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Entity, SourceRef

_QUICKBOOKS = {
    Environment.PRODUCTION: "https://app.qbo.intuit.com/app",
    Environment.INTEGRATION: "https://app.sandbox.qbo.intuit.com/app",
    Environment.SANDBOX: "https://app.qbo.intuit.com/app",
}
_SERVICETITAN = {
    Environment.PRODUCTION: "https://go.servicetitan.com/#",
    Environment.INTEGRATION: "https://integration.servicetitan.com/#",
    Environment.SANDBOX: "https://go.servicetitan.com/#",
}
_QUICKBOOKS_PAGES = {
    "Invoice": "invoice",
    "Payment": "recvpayment",
    "CreditMemo": "creditmemo",
    "RefundReceipt": "refundreceipt",
    "SalesReceipt": "salesreceipt",
    "Purchase": "expense",
    "Bill": "bill",
    "VendorCredit": "vendorcredit",
    "BillPayment": "billpayment",
    "PurchaseOrder": "purchaseorder",
}
_SERVICETITAN_PAGES = {Entity.INVOICE: "Invoice", Entity.PAYMENT: "Payment"}


def quickbooks_address(key: QboKey, environment: Environment) -> str:
    """Return the page of a document in QuickBooks, empty if it has none that is known."""
    page = _QUICKBOOKS_PAGES.get(key.target, "")
    return f"{_QUICKBOOKS[environment]}/{page}?txnId={key.id}" if page else ""


def servicetitan_address(source: SourceRef, environment: Environment) -> str:
    """Return the page of a record in ServiceTitan, empty if it has none that is known."""
    page = _SERVICETITAN_PAGES.get(source.entity, "")
    return f"{_SERVICETITAN[environment]}/{page}/{source.id}" if page else ""
