"""The lists and feeds of ServiceTitan as a table: endpoints differ by data, not by code.

What belongs here: path, page size, how to see inactive rows, how ids are asked for. What does not:
the fields of a record (`records`), and sending (`client`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """One transactional list (ServiceTitan reference §3.1, §3.3).

    Attributes:
        module: first part of the path, e.g. `accounting`.
        resource: the rest of it after the tenant.
        every_state: the parameter that shows inactive and deleted rows too; None if the list always does.
        ids_parameter: name of the filter by ids; repeated once an id if `repeats_ids`, else a comma list.
        ids_at_once: ids in one call.
        page_size: rows in one call; the vendor takes 5000 on most lists, smaller pages bound memory.
    """

    module: str
    resource: str
    every_state: tuple[str, str] | None = None
    ids_parameter: str = "ids"
    repeats_ids: bool = False
    ids_at_once: int = 50
    page_size: int = 500


_ALL = ("activeState", "All")
_ANY = ("active", "Any")

ENDPOINTS: dict[str, Endpoint] = {
    "invoices": Endpoint("accounting", "invoices", _ALL, page_size=200),
    "payments": Endpoint("accounting", "payments", _ALL),
    "payment-types": Endpoint("accounting", "payment-types", _ANY),
    "payment-terms": Endpoint("accounting", "payment-terms"),
    "tax-zones": Endpoint("accounting", "tax-zones", _ANY),
    "gl-accounts": Endpoint("accounting", "gl-accounts", _ANY),
    "credit-memos": Endpoint("accounting", "credit-memos", _ANY, page_size=200),
    "credit-memo-items": Endpoint(
        "accounting", "credit-memos/credit-memo-items", _ANY, ids_parameter="creditMemoIds"
    ),
    "inventory-bills": Endpoint("accounting", "inventory-bills/paginated", page_size=200),
    "ap-bills": Endpoint("accounting", "ap-bills", page_size=200),
    "ap-credits": Endpoint("accounting", "ap-credits", page_size=2000),
    "ap-payments": Endpoint("accounting", "ap-payments", page_size=2000),
    "customers": Endpoint("crm", "customers", _ANY),
    "customer-contacts": Endpoint("crm", "customers/contacts", ids_parameter="customerIds"),
    "locations": Endpoint("crm", "locations", _ANY),
    "jobs": Endpoint("jpm", "jobs"),
    "services": Endpoint("pricebook", "services", _ANY),
    "materials": Endpoint("pricebook", "materials", _ANY),
    "equipment": Endpoint("pricebook", "equipment", _ANY),
    "discounts-and-fees": Endpoint("pricebook", "discounts-and-fees", _ANY),
    "vendors": Endpoint("inventory", "vendors", _ANY, repeats_ids=True),
    "purchase-orders": Endpoint("inventory", "purchase-orders", page_size=200),
    "receipts": Endpoint("inventory", "receipts", _ANY, page_size=200),
    "adjustments": Endpoint("inventory", "adjustments", _ANY, page_size=200),
    "transfers": Endpoint("inventory", "transfers", page_size=200),
    "returns": Endpoint("inventory", "returns", _ANY, page_size=200),
    "business-units": Endpoint("settings", "business-units", _ANY),
}

#: Export feeds and the module each lives in (§3.2); rows carry `active`, deleted ones are included.
FEEDS: dict[str, str] = {
    "invoices": "accounting",
    "invoice-items": "accounting",
    "payments": "accounting",
    "inventory-bills": "accounting",
    "customers": "crm",
    "customers/contacts": "crm",
    "locations": "crm",
    "locations/contacts": "crm",
    "purchase-orders": "inventory",
    "returns": "inventory",
    "transfers": "inventory",
    "adjustments": "inventory",
    "materials": "pricebook",
    "equipment": "pricebook",
    "services": "pricebook",
    "categories": "pricebook",
    "jobs": "jpm",
    "business-units": "settings",
}
