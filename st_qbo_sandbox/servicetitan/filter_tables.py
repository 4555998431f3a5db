"""Which filter each list has: one table per module, named by the list's path.

Belongs here: the rows. Does not belong here: what a filter does (`filters.py`), or filters every list
shares (`COMMON` names them, `lists.py` applies them).
"""

from __future__ import annotations

from dataclasses import replace

from st_qbo_sandbox.servicetitan.filters import (
    Filter,
    after,
    any_id,
    any_text,
    any_value,
    at_least,
    at_most,
    before,
    contains,
    equals,
    phone,
    same_text,
    since,
    since_day,
    until,
    until_day,
)

Filters = dict[str, Filter]

COMMON: Filters = {
    "createdOnOrAfter": since("createdOn"),
    "createdBefore": before("createdOn"),
    "modifiedOnOrAfter": since("modifiedOn"),
    "modifiedBefore": before("modifiedOn"),
}


def _period(name: str, path: str, *, low: str = "OnOrAfter", high: str = "Before") -> Filters:
    return {f"{name}{low}": since(path), f"{name}{high}": before(path)}


_BATCH: Filters = {"batchId": equals("batch.id"), "batchNumber": same_text("batch.number")}
_BY_ORDER = ("purchase-orders", "purchaseOrderId")
_BILLS: Filters = {
    **_BATCH,
    "billNumber": contains("referenceNumber"),
    "businessUnitIds": any_id("businessUnit.id"),
    "dateFrom": since("billDate"),
    "dateTo": until("billDate"),
    "jobNumber": contains("jobNumber"),
    "purchaseOrderNumber": replace(contains("number"), via=_BY_ORDER),
    "purchaseOrderTypes": replace(any_text("typeId"), via=_BY_ORDER),
    "syncStatuses": any_value("syncStatus"),
    "minCost": at_least("billAmount"),
    "maxCost": at_most("billAmount"),
    "billType": equals("billType"),
}
_MEMO_ITEMS: Filters = {"businessUnitIds": any_id("businessUnit.id")}

ACCOUNTING: dict[str, Filters] = {
    "invoices": {
        **_BATCH,
        "statuses": any_value("syncStatus"),
        "jobId": equals("job.id", "job"),
        "jobNumber": equals("job.number"),
        "businessUnitId": equals("businessUnit.id"),
        "customerId": equals("customer.id", "customer"),
        "invoicedOnOrAfter": since("invoiceDate"),
        "invoicedOnBefore": before("invoiceDate"),
        "adjustmentToId": equals("adjustmentToId"),
        "number": equals("referenceNumber"),
        "totalGreater": at_least("total"),
        "totalLess": at_most("total"),
        **_period("dueDate", "dueDate"),
        "reviewStatuses": any_value("reviewStatus"),
        "assignedToIds": any_value("assignedTo.id"),
        "invoiceConfigurations": any_value("invoiceConfiguration"),
    },
    "payments": {
        **_BATCH,
        "appliedToInvoiceIds": any_id("appliedTo.appliedTo", "invoice"),
        "appliedToReferenceNumber": equals("appliedTo.appliedToReferenceNumber"),
        "businessUnitIds": any_id("businessUnit.id"),
        "customerId": equals("customer.id", "customer"),
        "depositIds": any_id("deposit.id", "deposit"),
        "paidOnAfter": after("date"),
        "paidOnBefore": before("date"),
        "statuses": any_text("syncStatus"),
        "totalGreater": at_least("total"),
        "totalLess": at_most("total"),
        "transactionType": equals("_transactionType"),
    },
    "credit-memos": {
        **_BATCH,
        "businessUnitIds": any_id("businessUnit.id"),
        "appliedToInvoiceIds": any_id("appliedTo.appliedTo", "invoice"),
        "appliedToReferenceNumber": equals("appliedTo.appliedToReferenceNumber"),
        **_period("date", "date"),
        "appliedOnOrAfter": replace(since("appliedTo.appliedOn"), bound=None),
        "appliedBefore": replace(before("appliedTo.appliedOn"), bound=None),
    },
    "credit-memos/{id}/items": _MEMO_ITEMS,
    "credit-memos/credit-memo-items": {**_MEMO_ITEMS, "creditMemoIds": any_id("creditMemoId")},
    "bank-deposits": {
        **_period("depositDate", "depositDate"),
        **_period("reviewed", "reviewedOn"),
        "reviewStatus": equals("reviewStatus"),
        "depositStatus": equals("depositStatus"),
        "syncStatus": equals("syncStatus"),
        "grossAmountGreater": at_least("grossAmount"),
        "grossAmountLess": at_most("grossAmount"),
    },
    "inventory-bills": _BILLS,
    "inventory-bills/paginated": _BILLS,
    "ap-bills": {**_BILLS, "statuses": any_value("status"), "sources": any_value("source")},
    "ap-credits": {"syncStatuses": any_value("syncStatus")},
    "ap-payments": {"syncStatuses": any_value("syncStatus")},
    "gl-accounts": {
        "names": any_text("name"),
        "numbers": any_text("number"),
        "types": any_text("type"),
        "subtypes": any_text("subtype"),
        "description": contains("description"),
        "source": equals("source"),
        "isIntacctGroup": equals("isIntacctGroup"),
        "isIntacctBankAccount": equals("isIntacctBankAccount"),
    },
    "gl-accounts/types": {"names": any_text("name")},
    "journal-entries": {
        "exportedFrom": since("exportedOn"),
        "exportedTo": until("exportedOn"),
        "postedFrom": since_day("postDate"),
        "postedTo": until_day("postDate"),
        "exportedBy": any_id("exportedBy.id"),
        "name": contains("name"),
        "numberFrom": at_least("number"),
        "numberTo": at_most("number"),
        "statuses": any_value("status"),
        "syncStatuses": any_value("syncStatus"),
        "transactionPostedFrom": since_day("details.transactionDate"),
        "transactionPostedTo": until_day("details.transactionDate"),
        "businessUnitIds": any_id("details.businessUnit.id"),
        "serviceAgreementIds": any_id("details.serviceAgreement.id"),
        "customerName": contains("details.customer.name"),
        "locationName": contains("details.customerLocation.name"),
        "vendorName": contains("details.vendor.name"),
        "inventoryLocationName": contains("details.inventoryLocation.name"),
        "refNumber": any_text("details.transaction.refNumber"),
        "transactionTypes": any_value("details.transaction.type"),
    },
}

_ADDRESS: Filters = {
    "name": contains("name"),
    "street": contains("address.street"),
    "unit": equals("address.unit"),
    "city": equals("address.city"),
    "state": equals("address.state"),
    "zip": equals("address.zip"),
    "country": equals("address.country"),
    "latitude": equals("address.latitude"),
    "longitude": equals("address.longitude"),
}
CRM: dict[str, Filters] = {
    "customers": {**_ADDRESS, "phone": replace(phone("value"), children=("contacts", "customer"))},
    "customers/contacts": {"customerIds": any_id("customerId", "customer")},
    "locations": {**_ADDRESS, "customerId": equals("customerId", "customer")},
    "locations/contacts": {"locationIds": any_id("locationId", "location")},
    "contacts": {
        "name": contains("name"),
        "title": contains("title"),
        "referenceId": equals("referenceId"),
        "isArchived": same_text("isArchived"),
    },
}

_NUMBERS: Filters = {
    "number": equals("number"),
    "referenceNumber": equals("referenceNumber"),
    "batchId": equals("batchId"),
    "businessUnitIds": any_id("businessUnitId"),
    "inventoryLocationIds": any_id("inventoryLocationId"),
    "vendorIds": any_id("vendorId"),
    "syncStatuses": any_text("syncStatus"),
}
INVENTORY: dict[str, Filters] = {
    "adjustments": {
        **_NUMBERS,
        "invoiceIds": any_id("invoiceId"),
        "adjustmentTypes": any_text("type"),
        **_period("date", "date"),
    },
    "purchase-orders": {
        "status": equals("status"),
        "number": equals("number"),
        "jobId": equals("jobId"),
        "jobIds": any_id("jobId"),
        "technicianId": equals("technicianId"),
        "projectId": equals("projectId"),
        **_period("date", "date"),
        **_period("sent", "sentOn"),
    },
    "receipts": {
        **_NUMBERS,
        "vendorInvoiceNumber": equals("vendorInvoiceNumber"),
        "billId": equals("billId"),
        "purchaseOrderIds": any_id("purchaseOrderId"),
        **_period("received", "receivedOn"),
    },
    "returns": {
        **_NUMBERS,
        "jobId": equals("jobId"),
        "purchaseOrderId": equals("purchaseOrderId"),
        **_period("returnDate", "returnDate"),
    },
    "return-types": {"name": contains("name")},
    "transfers": {
        **_NUMBERS,
        "statuses": any_text("status"),
        "transferTypeIds": any_id("_transferTypeId"),
        "fromLocationIds": any_id("fromLocationId"),
        "toLocationIds": any_id("toLocationId"),
        **_period("date", "date"),
    },
}

_SKU: Filters = {"searchText": replace(contains("displayName"), also=(("code",), ("description",)))}
PRICEBOOK: dict[str, Filters] = {
    "services": _SKU,
    "equipment": _SKU,
    "discounts-and-fees": _SKU,
    "materials": {
        **_SKU,
        "isOtherDirectCost": equals("isOtherDirectCost"),
        "costTypeIds": any_id("costTypeId"),
    },
    "categories": {"categoryType": equals("categoryType")},
}

_VISITS = ("appointments", "job")
_FIRST_VISIT = ("appointments", "firstAppointmentId")
JPM: dict[str, Filters] = {
    "jobs": {
        "number": equals("jobNumber"),
        "projectId": equals("projectId"),
        "bookingId": equals("bookingId"),
        "jobStatus": equals("jobStatus"),
        "appointmentStatus": replace(equals("status"), children=_VISITS),
        "priority": equals("priority"),
        "firstAppointmentStartsOnOrAfter": replace(since("start"), via=_FIRST_VISIT, bound=None),
        "firstAppointmentStartsBefore": replace(before("start"), via=_FIRST_VISIT, bound=None),
        "appointmentStartsOnOrAfter": replace(since("start"), children=_VISITS, bound=None),
        "appointmentStartsBefore": replace(before("start"), children=_VISITS, bound=None),
        "technicianId": replace(equals("_technicianIds"), children=_VISITS),
        "customerId": equals("customerId", "customer"),
        "locationId": equals("locationId"),
        "soldById": equals("soldById"),
        "jobTypeId": equals("jobTypeId"),
        "campaignId": equals("campaignId"),
        "businessUnitId": equals("businessUnitId"),
        "invoiceId": equals("invoiceId", "invoice"),
        "createdFromEstimateId": equals("createdFromEstimateId"),
        "estimateIds": any_id("estimateIds"),
        **_period("completed", "completedOn"),
        "tagTypeIds": any_id("tagTypeIds"),
        "hasUnusedAppointments": replace(equals("unused"), children=_VISITS),
    },
    "appointments": {
        "jobId": equals("jobId", "job"),
        "projectId": replace(equals("projectId"), via=("jobs", "jobId")),
        "number": equals("appointmentNumber"),
        "status": equals("status"),
        **_period("starts", "start"),
        "technicianId": equals("_technicianIds"),
        "customerId": equals("customerId"),
        "unused": equals("unused"),
    },
    "projects": {
        "customerId": equals("customerId"),
        "locationId": equals("locationId"),
        "projectTypeId": equals("projectTypeId"),
        "invoiceId": equals("_invoiceIds"),
        "technicianId": equals("_technicianIds"),
        "jobId": equals("jobIds"),
        "appointmentId": equals("_appointmentIds"),
        "projectManagerIds": any_id("projectManagerIds"),
        "businessUnitIds": any_id("businessUnitIds"),
        **_period("starts", "startDate"),
        **_period("completed", "actualCompletionDate"),
        **_period("targetCompletionDate", "targetCompletionDate"),
        "status": any_text("status"),
    },
    "project-statuses": {"name": contains("name")},
    "project-substatuses": {"name": contains("name"), "statusId": equals("statusId")},
    "job-types": {
        "name": contains("name"),
        "minDuration": at_least("duration"),
        "maxDuration": at_most("duration"),
        "priority": equals("priority"),
    },
}

SETTINGS: dict[str, Filters] = {
    "employees": {"userIds": any_id("userId"), "name": contains("name"), "email": equals("email")},
    "technicians": {"userIds": any_id("userId"), "name": contains("name")},
    "user-roles": {"name": contains("name"), "employeeType": equals("employeeType")},
    "business-units": {"name": contains("name")},
}

TABLES: dict[str, dict[str, Filters]] = {
    "accounting": ACCOUNTING,
    "crm": CRM,
    "inventory": INVENTORY,
    "pricebook": PRICEBOOK,
    "jpm": JPM,
    "settings": SETTINGS,
}


def filters_of(module: str, path: str) -> Filters:
    """Return the filters of a list, the common ones included."""
    return COMMON | TABLES[module].get(path, {})
