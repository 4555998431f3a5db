"""Lists: envelope, paging, activity, filters, sorting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import ADA, BANK, DELETED, OPEN, P_FREE, P_PAID, P_PARTLY, PAID, PARTLY

INVOICES, PAYMENTS = "accounting/invoices", "accounting/payments"


def test_the_envelope_pages_and_counts_only_when_asked(client: Client) -> None:
    first = client.ok("GET", INVOICES, page=1, pageSize=2)
    last = client.ok("GET", INVOICES, page=2, pageSize=2, includeTotal="true")

    assert list(first) == ["page", "pageSize", "hasMore", "totalCount", "data"]
    assert (first["hasMore"], first["totalCount"], [row["id"] for row in first["data"]]) == (
        True,
        None,
        [PAID, PARTLY],
    )
    assert (last["page"], last["hasMore"], last["totalCount"], len(last["data"])) == (2, False, 3, 1)
    assert client.ok("GET", INVOICES, page=9)["data"] == []


def test_the_page_size_defaults_to_50_and_is_capped_or_refused(client: Client) -> None:
    assert client.ok("GET", INVOICES)["pageSize"] == 50
    assert client.ok("GET", INVOICES, pageSize=6000)["pageSize"] == 5000
    assert client.ok("GET", "accounting/journal-entries", pageSize=6000)["pageSize"] == 500

    client.switch(page_size_over_maximum="refuse")
    assert client("GET", INVOICES, pageSize=6000).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"page": 0},
        {"pageSize": 0},
        {"pageSize": "abc"},
        {"modifiedOnOrAfter": "yesterday"},
        {"statuses": "Open"},
        {"customerId": "Ada"},
        {"totalGreater": "much"},
        {"activeState": "Any"},
        {"ids": "1,x"},
        {"ids": ",".join(map(str, range(51)))},
        {"sort": "+Colour"},
        {"includeTotal": "maybe"},
    ],
)
def test_what_cannot_be_read_is_400_naming_the_parameter(client: Client, query: dict[str, Any]) -> None:
    refused = client("GET", INVOICES, **query)

    assert (refused.status_code, list(refused.json()["errors"])) == (400, list(query))


def test_unknown_parameters_are_ignored(client: Client) -> None:
    assert client.ids(INVOICES, projectId=1, status="Posted", pagesize="x") == [PAID, PARTLY, OPEN]
    assert len(client.ids("jpm/jobs", status="Completed")) == 2
    assert client.ids("jpm/jobs", jobStatus="Completed") == [story.JOB_DONE]


def test_inactive_rows_are_hidden_unless_asked_for(client: Client) -> None:
    assert client.ids(INVOICES, activeState="InactiveOnly") == [DELETED]
    assert client.ids(INVOICES, activeState="All") == [PAID, PARTLY, OPEN, DELETED]
    assert client.ids("crm/customers") == [ADA, BANK]
    assert client.ids("crm/customers", active="Any") == [ADA, BANK, story.GONE]
    assert client.ids("crm/customers", active="False") == [story.GONE]
    assert client.ids("pricebook/materials") == [story.CAPACITOR]


def test_the_default_of_active_state_and_the_case_of_active_are_switches(client: Client) -> None:
    client.switch(invoices_active_state="All", active_is_case_sensitive=True)

    assert client.ids(INVOICES) == [PAID, PARTLY, OPEN, DELETED]
    assert client("GET", "crm/customers", active="any").status_code == 400


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"ids": f"{OPEN}, {PAID}"}, [PAID, OPEN]),
        ({"ids": str(DELETED)}, []),
        ({"customerId": ADA}, [PAID, OPEN]),
        ({"customerId": ADA, "number": str(OPEN)}, [OPEN]),
        ({"jobId": story.JOB_DONE}, [PAID]),
        ({"jobNumber": str(story.JOB_DONE)}, [PAID]),
        ({"businessUnitId": story.INSTALL}, []),
        ({"invoicedOnOrAfter": "2026-03-05T00:00:00Z"}, [PARTLY, OPEN]),
        ({"invoicedOnOrAfter": "2026-03-05", "invoicedOnBefore": "2026-03-06"}, [PARTLY]),
        ({"invoicedOnBefore": "2026-03-05T00:00:00.0000001Z"}, [PAID, PARTLY]),
        ({"dueDateOnOrAfter": "2026-03-06T00:00:00Z"}, [OPEN]),
        ({"dueDateBefore": "2026-03-04T00:00:00Z"}, [PAID]),
        ({"modifiedOnOrAfter": "2026-03-05T13:00:00.1234567Z"}, [PARTLY, OPEN]),
        ({"modifiedBefore": "2026-03-05T13:00:00.1234567Z"}, [PAID]),
        ({"modifiedOnOrAfter": "2026-03-05T08:00:00.1234567-05:00"}, [PARTLY, OPEN]),
        ({"createdOnOrAfter": "2026-03-05T12:00:00.1234568Z"}, [OPEN]),
        ({"createdBefore": "2026-03-05"}, [PAID]),
        ({"totalGreater": 100, "totalLess": "100.00"}, [PAID]),
        ({"balanceFilter.Balance": 0, "balanceFilter.Comparer": "Greater"}, [PARTLY, OPEN]),
        ({"balanceFilter.Balance": 55}, [OPEN]),
        ({"statuses": ["Pending", "Posted"]}, [PAID, PARTLY, OPEN]),
        ({"statuses": "Exported"}, []),
        ({"reviewStatuses": "OnHold"}, []),
        ({"invoiceConfigurations": ["JobInvoice"]}, [PAID, PARTLY, OPEN]),
        ({"adjustmentToId": 1}, []),
        ({"batchId": 1}, []),
        ({"assignedToIds": [1]}, []),
    ],
)
def test_invoices_can_be_filtered(client: Client, query: dict[str, Any], ids: list[int]) -> None:
    assert client.ids(INVOICES, **query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"appliedToInvoiceIds": f"{PAID},{PARTLY}"}, [P_PAID, P_PARTLY]),
        ({"appliedToReferenceNumber": str(PARTLY)}, [P_PARTLY]),
        ({"customerId": BANK}, [P_PARTLY, P_FREE]),
        ({"paidOnAfter": "2026-03-06T00:00:00Z"}, [P_FREE]),
        ({"paidOnBefore": "2026-03-06T00:00:00Z"}, [P_PAID]),
        ({"paidOnAfter": "2026-03-05", "paidOnBefore": "2026-03-07"}, [P_PARTLY]),
        ({"statuses": "Pending,Posted"}, [P_PAID, P_PARTLY, P_FREE]),
        ({"totalLess": 30}, [P_FREE]),
        ({"businessUnitIds": str(story.SERVICE)}, [P_PAID, P_PARTLY, P_FREE]),
        ({"transactionType": "JournalEntry"}, []),
        ({"depositIds": "1,2"}, []),
    ],
)
def test_payments_can_be_filtered(client: Client, query: dict[str, Any], ids: list[int]) -> None:
    assert client.ids(PAYMENTS, **query) == ids


@pytest.mark.parametrize(
    ("path", "query", "ids"),
    [
        ("crm/customers", {"name": "lovelace"}, [ADA]),
        ("crm/customers", {"phone": "913-555-0101"}, [ADA]),
        ("crm/customers", {"zip": "66061", "city": "olathe"}, [ADA, BANK]),
        ("crm/locations", {"customerId": BANK}, [BANK + 100]),
        ("crm/customers/contacts", {"customerIds": f"{ADA},{BANK}"}, [1, 2, 3]),
        ("crm/customers/contacts", {"modifiedBefore": "2026-03-02"}, [1, 2, 3]),
        (f"crm/customers/{ADA}/contacts", {}, [1, 2]),
        (f"crm/locations/{ADA + 100}/contacts", {}, [4]),
        ("accounting/gl-accounts", {"numbers": "40100,50100"}, [story.INCOME, story.COGS]),
        ("accounting/gl-accounts", {"types": "income"}, [story.INCOME]),
        ("accounting/ap-bills", {}, [story.AP_BILL]),
        ("accounting/ap-bills", {"billType": "ApBill"}, [6403]),
        ("accounting/inventory-bills/paginated", {"purchaseOrderNumber": "po-1"}, [story.BILL]),
        (
            "accounting/inventory-bills/paginated",
            {"dateFrom": "2026-03-06", "dateTo": "2026-03-06"},
            [story.BILL],
        ),
        ("accounting/inventory-bills/paginated", {"minCost": "80.01"}, []),
        ("accounting/credit-memos", {"totalFilter.Amount": 5, "totalFilter.Comparer": "LessThan"}, []),
        ("accounting/credit-memos", {"dateOnOrAfter": "2026-03-08"}, [story.MEMO]),
        ("accounting/credit-memos/credit-memo-items", {"creditMemoIds": str(story.MEMO)}, [99]),
        ("inventory/vendors", {"ids": [story.VENDOR, 5]}, [story.VENDOR]),
        ("inventory/purchase-orders", {"status": "Sent", "dateBefore": "2026-03-06"}, [story.ORDER]),
        ("jpm/jobs", {"completedOnOrAfter": "2026-03-03", "completedBefore": "2026-03-04"}, [story.JOB_DONE]),
        ("jpm/jobs", {"invoiceId": OPEN}, [story.JOB_OPEN]),
        ("pricebook/materials", {"searchText": "cap", "active": "Any"}, [story.CAPACITOR, 9102]),
        ("pricebook/categories", {"categoryType": "Materials"}, []),
        ("settings/employees", {"userIds": "1021"}, [21]),
    ],
)
def test_other_lists_can_be_filtered(
    client: Client, path: str, query: dict[str, Any], ids: list[int]
) -> None:
    assert client.ids(path, **query) == ids


def test_contacts_of_many_customers_need_a_filter(client: Client) -> None:
    assert client("GET", "crm/customers/contacts").status_code == 400


def test_inventory_bills_come_as_a_bare_array(client: Client) -> None:
    (bill,) = client.ok("GET", "accounting/inventory-bills")

    assert (bill["id"], bill["billAmount"], "active" in bill) == (story.BILL, "80.00", False)


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("-Id", [OPEN, PARTLY, PAID]),
        ("+Total", [OPEN, PAID, PARTLY]),
        ("-invoiceDate", [OPEN, PARTLY, PAID]),
        (" Total", [OPEN, PAID, PARTLY]),
        ("Balance", [PAID, OPEN, PARTLY]),
    ],
)
def test_lists_can_be_sorted(client: Client, sort: str, ids: list[int]) -> None:
    assert client.ids(INVOICES, sort=sort) == ids


def test_order_by_sorts_invoices_too(client: Client) -> None:
    assert client.ids(INVOICES, orderBy="Id", orderByDirection="desc") == [OPEN, PARTLY, PAID]


def test_where_fields_are_listed_only_those_sort(client: Client) -> None:
    assert client("GET", "crm/customers", sort="+ModifiedOn").status_code == 200
    assert client("GET", "crm/customers", sort="+Name").status_code == 400

    client.switch(unknown_sort_field="ignore", space_before_sort_field="refuse")
    assert client("GET", "crm/customers", sort="+Name").status_code == 200
    assert client("GET", "crm/customers", sort=" Id").status_code == 400


def test_an_unsorted_list_may_come_in_any_order(client: Client) -> None:
    client.switch(list_order="scattered")
    ids = client.ids("accounting/gl-accounts")

    assert sorted(ids) != ids or sorted(client.ids(INVOICES)) != client.ids(INVOICES)
    assert sorted(ids) == sorted([story.INCOME, story.COGS, story.STOCK, story.UNDEPOSITED])


def test_custom_fields_filter_by_name_and_value(client: Client) -> None:
    rows = [{"name": "PO", "value": "7"}, {"name": "Crew", "value": "B"}]
    client.act("update", resource="invoices", id=OPEN, set={"customFields": rows})

    assert client.ids(INVOICES, **{"customField.Fields[PO]": "7"}) == [OPEN]
    assert client.ids(INVOICES, **{"customField.Fields.PO": "7", "customField.Fields.Crew": "C"}) == []
    either = {"customField.Fields.PO": "7", "customField.Fields.Crew": "C", "customField.Operator": "Or"}
    assert client.ids(INVOICES, **either) == [OPEN]


def test_rows_may_vary_as_live_tenants_do(client: Client) -> None:
    client.switch(validate_answers=False, null_arrays=True, unknown_fields=True, unknown_enum_values=True)
    client.act("add_payment", customer_id=ADA, type="Cash", amount="1.00")
    invoices = client.rows(INVOICES, activeState="All", pageSize=5000)
    customers = client.rows("crm/customers", active="Any")

    assert all("fieldOfTheNextRelease" in row for row in invoices)
    assert {row["customFields"] is None for row in customers} == {True, False}
    assert {row["reviewStatus"] for row in client.rows("accounting/invoices", ids="8005,8000,8003")} == {
        "Reviewed"
    }


def test_journal_dates_carry_a_time_unless_switched_off(client: Client) -> None:
    assert client.rows("accounting/journal-entries")[0]["postDate"] == "2026-03-09T00:00:00"

    client.switch(journal_dates_carry_time=False)
    assert client.rows("accounting/journal-entries")[0]["postDate"] == "2026-03-09"


def test_a_journal_entrys_summary_adds_up_its_lines(client: Client) -> None:
    entry = client.ids("accounting/journal-entries", postedFrom="2026-03-09T23:00:00Z")[0]
    rows = client.rows(f"accounting/journal-entries/{entry}/summary")

    assert [(row["account"]["id"], row["debit"], row["credit"]) for row in rows] == [
        (story.INCOME, 0, 15.0),
        (story.UNDEPOSITED, 15.0, 0),
    ]
    assert len(client.rows(f"accounting/journal-entries/{entry}/details")) == 3
