"""The faults of the Accounting API: code, message, detail, element, HTTP status, and their JSON bodies.

Belongs here: texts as recorded (reference §4) and the exception that carries them. Does not belong here:
the lower-case forms of the gateway (`gateway.py`) and deciding when something is wrong.

    Fault  one or more errors of the capital-F form; 400 unless said otherwise
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with accounts, customers, "
    "items, vendors or employees."
)

MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked",
    "1040": "Batch size exceeds allowed limit",
    "1050": "Invalid Content Type",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String. The String may contain unsupported or illegal chars",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid date format",
    "2130": "Invalid Request Id Format",
    "2140": "Invalid amount",
    "2170": "Invalid Enumeration",
    "2200": "Invalid URL Format",
    "2210": "Invalid Email Address Format",
    "2240": "Invalid Number Range",
    "2250": "Missing lines",
    "2290": "NegativeAmount",
    "2500": "Invalid Reference Id",
    "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount is not equal to UnitPrice * Qty",
    "6080": "No name provided",
    "6090": "Discount line is missing required information",
    "6100": "Invalid line TaxCode",
    "6140": "Duplicate Document Number Error",
    "6160": "Invalid tax code",
    "6180": "Sub level limit exceeded",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6240": "Duplicate Name Exists Error",
    "6250": "Invalid sales customer",
    "6270": "Transaction date is prior to start date for inventory item",
    "6310": "Customer is required if billable",
    "6320": "Invalid billable status",
    "6430": "Invalid account type",
    "6520": "Quantity is required for a tracked inventory item",
    "6540": "Deposited Transaction cannot be changed",
    "10000": "An application error has occurred while processing your request",
}


@dataclass(frozen=True)
class FaultError:
    """One entry of `Fault.Error`."""

    code: str
    detail: str
    element: str | None = ""
    message: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the entry as QuickBooks writes it; `element` None leaves the key out, as query faults do."""
        entry = {"Message": self.message or MESSAGES[self.code], "Detail": self.detail, "code": self.code}
        if self.element is not None:
            entry["element"] = self.element
        return entry


class Fault(Exception):  # noqa: N818 - the vendor's own word
    """A refused request."""

    def __init__(self, *errors: FaultError, status: int = 400, kind: str = "ValidationFault") -> None:
        super().__init__("; ".join(f"{error.code} {error.detail}" for error in errors))
        self.errors = errors
        self.status = status
        self.kind = kind

    @property
    def codes(self) -> list[str]:
        """The codes of all errors, in order."""
        return [error.code for error in self.errors]

    def body(self) -> dict[str, Any]:
        """Return the content of `Fault`."""
        return {"Error": [error.body() for error in self.errors], "type": self.kind}


def fault(code: str, detail: str, element: str | None = "", **options: Any) -> Fault:
    """Return a fault of one error."""
    return Fault(FaultError(code, detail, element), **options)


def missing(name: str) -> FaultError:
    """2020 for one absent property."""
    return FaultError("2020", f"Required parameter {name} is missing in the request", name)


def too_long(name: str, limit: int, supplied: int) -> FaultError:
    """2050 for one text; QuickBooks writes the numbers with thousands separators."""
    return FaultError(
        "2050",
        f"String length specified does not match the supported length. Min:0 Max:{limit:,} supported. "
        f"Supplied length:{supplied:,}",
        name,
    )


def unsupported_property(what: str = "failed to parse json object; a property specified") -> Fault:
    """2010 for anything the JSON reader refuses; QuickBooks names no element."""
    return fault("2010", f"Property Name:{what} is unsupported or invalid", None)


def business(detail: str) -> Fault:
    """6000 with its usual prefix."""
    return fault("6000", f"Business Validation Error: {detail}")


def deleted() -> Fault:
    """610 for a transaction that is gone."""
    return fault("610", "Object Not Found : Another user has deleted this transaction.")


def inactive(code: str = "610") -> Fault:
    """610 or 2500 for an object that is inactive or unknown."""
    return fault(code, f"{MESSAGES[code]} : {INACTIVE}")


def stale(user: str) -> Fault:
    """5010 naming who was faster."""
    return fault(
        "5010",
        f"Stale Object Error : You and {user} were working on this at the same time. {user} finished before "
        "you did, so your work was not saved.",
    )


def unsupported_operation(operation: str) -> Fault:
    """500 for an operation that the entity does not have."""
    return fault("500", f"Operation {operation} is not supported.")


def duplicate_number(number: str, txn_type: str, txn_id: str) -> Fault:
    """6140 naming the transaction that has the number."""
    return fault(
        "6140",
        "Duplicate Document Number Error : You must specify a different number. This number has already been "
        f"used. DocNumber={number} is assigned to TxnType={txn_type} with TxnId={txn_id}",
    )


def duplicate_name(who: str = "Another customer, vendor or employee") -> Fault:
    """6240 for a name in use."""
    return fault(
        "6240",
        f"The name supplied already exists. : {who} is already using this name. Please use a different name.",
    )


def period_closed() -> Fault:
    """6210; the doubled word is in the original."""
    return fault(
        "6210",
        "The account period has closed and the account books cannot be updated through through the QBO "
        "Services API. Please use the QBO website to make these changes.",
    )


def deposited() -> Fault:
    """6540 for a transaction that sits on a bank deposit."""
    return fault(
        "6540",
        "This transaction has been deposited. If you want to change or delete it, you must edit the deposit "
        "it appears on and remove it first.",
    )


def subscription_ended() -> Fault:
    """6190 for a company that may not be written to."""
    return fault(
        "6190",
        "Subscription period has ended or canceled or there was a billing problem : You can't add data to "
        "QuickBooks Online Plus because your trial or subscription period ended, you canceled your "
        "subscription, or there was a billing problem. To see or change your subscription status, click "
        "'Your Account' at the upper-right of the screen, and click on Resubscribe link or contact your "
        "administrator.",
    )


def throttled() -> Fault:
    """429/3001; two blanks as recorded."""
    return fault("3001", "The request limit was reached.  Try again later", status=429, kind="SERVICE")


def access_lost() -> Fault:
    """401/120 after the connecting user lost the right to the company."""
    error = FaultError(
        "120", ": –11014-You do not have access to use QuickBooks Online Plus.", "", "Authorization Failure"
    )
    return Fault(error, status=401, kind="AuthorizationFault")


def system_failure(detail: str = "Could not find resource for relative : some more info here") -> Fault:
    """500/10000."""
    return fault("10000", f"System Failure Error: {detail}", status=500, kind="SystemFault")
