"""Writes to invoices, payments, credit memos, accounts, journal entries, and marking as exported."""

from __future__ import annotations

from typing import Any

import pytest

from st_qbo_sandbox.servicetitan.balances import inconsistencies
from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import ADA, BANK, DELETED, OPEN, P_FREE, P_PARTLY, PAID, PARTLY

INVOICES, PAYMENTS = "accounting/invoices", "accounting/payments"


@pytest.fixture(autouse=True)
def everything_adds_up(client: Client) -> Any:
    """Hold the whole tenant against its own arithmetic before and after each test."""
    assert inconsistencies(client.half.records) == []
    yield
    assert inconsistencies(client.half.records) == []


def test_a_patched_invoice_has_new_totals_and_moves_its_customers_balance(client: Client) -> None:
    body = {
        "number": "A-1",
        "invoicedOn": "2026-03-09T17:00:00Z",
        "items": [{"id": 4, "description": "two", "quantity": 2, "unitPrice": 50}],
        "nonsense": 1,
    }
    assert client.ok("PATCH", f"{INVOICES}/{OPEN}", body) is None
    changed = client.one(INVOICES, OPEN)

    assert (changed["referenceNumber"], changed["invoiceDate"]) == ("A-1", story.midnight(9))
    assert [changed[name] for name in ("subTotal", "salesTax", "total", "balance")] == [
        "100.00",
        "10.00",
        "110.00",
        "110.00",
    ]
    assert changed["items"][0]["quantity"] == "2.00"
    assert client.ok("GET", f"crm/customers/{ADA}")["balance"] == 110.0


def test_a_sent_tax_wins_over_the_rate(client: Client) -> None:
    client.ok("PATCH", f"{INVOICES}/{OPEN}", {"tax": 4.99})

    assert client.one(INVOICES, OPEN)["total"] == "54.99"


def test_an_item_is_added_from_its_sku_and_deleted_again(client: Client) -> None:
    row = {"skuId": story.FURNACE, "description": "furnace", "quantity": 1.5, "unitPrice": "1000.005"}
    client.ok("PATCH", f"{INVOICES}/{OPEN}/items", row)
    added = client.one(INVOICES, OPEN)["items"][-1]

    assert (added["quantity"], added["price"], added["total"]) == ("1.50", "1000.005", "1500.01")
    assert (added["type"], added["taxable"], added["skuName"]) == ("Equipment", True, "FURNACE")
    assert added["generalLedgerAccount"]["number"] == "40100"

    client.ok("DELETE", f"{INVOICES}/{OPEN}/items/{added['id']}")
    assert client.one(INVOICES, OPEN)["total"] == "55.00"
    assert client("DELETE", f"{INVOICES}/{OPEN}/items/{added['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": [{"quantity": 1}]}, "items[0].description"),
        ({"tax": "much"}, "tax"),
        ({"reviewStatus": "Done"}, "reviewStatus"),
        ({"items": [{"id": 77, "description": "x", "quantity": 1}]}, "items"),
        ({"items": [{"skuId": 1, "description": "x", "quantity": 1}]}, "skuId"),
        ({"taxZoneId": 1}, "taxZoneId"),
        ([1], "$"),
    ],
)
def test_a_body_that_does_not_fit_is_400_naming_the_field(client: Client, body: Any, field: str) -> None:
    refused = client("PATCH", f"{INVOICES}/{OPEN}", body)

    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])


def test_a_body_that_is_no_json_is_400(client: Client) -> None:
    client.session.headers["Content-Type"] = "application/json"
    url = f"{client.url}/accounting/v2/tenant/1420761/invoices/{OPEN}"

    assert client.session.patch(url, data=b"{", timeout=10).status_code == 400


def test_unknown_and_deleted_invoices_are_404(client: Client) -> None:
    assert client("PATCH", f"{INVOICES}/1", {"summary": "x"}).status_code == 404
    assert client("PATCH", f"{INVOICES}/{DELETED}", {"summary": "x"}).status_code == 404


def test_an_adjustment_answers_its_bare_id(client: Client) -> None:
    lines = [{"skuId": story.CAPACITOR, "description": "back", "quantity": -1, "unitPrice": 50}]
    id = client.ok("POST", INVOICES, {"adjustmentToId": OPEN, "invoicedOn": "2026-03-09", "items": lines})
    adjustment = client.one(INVOICES, id)

    assert isinstance(id, int)
    assert (adjustment["adjustmentToId"], adjustment["referenceNumber"]) == (OPEN, f"{OPEN}-A1")
    assert (adjustment["total"], adjustment["balance"]) == ("-55.00", "-55.00")
    assert client.ids(INVOICES, adjustmentToId=OPEN) == [id]
    assert client.ok("GET", f"crm/customers/{ADA}")["balance"] == 0


def test_a_payment_is_written_in_one_model_and_read_in_another(client: Client) -> None:
    body = {
        "typeId": story.CASH,
        "paidOn": "2026-03-09T00:00:00Z",
        "amount": 60,
        "splits": [{"invoiceId": OPEN, "amount": 55}],
        "memo": "thanks",
    }
    written = client.ok("POST", PAYMENTS, body)
    read = client.one(PAYMENTS, written["id"])
    paid = client.one(INVOICES, OPEN)

    assert (written["customerId"], written["typeId"], written["status"]) == (ADA, story.CASH, "Pending")
    assert written["splits"] == [{"amount": 55.0, "invoiceId": OPEN, "invoiceNumber": str(OPEN)}]
    assert (read["date"], read["total"], read["unappliedAmount"]) == (story.midnight(9), "60.00", "5.00")
    assert (read["type"], read["typeId"], read["appliedTo"][0]["appliedTo"]) == ("Cash", "1", OPEN)
    assert (paid["balance"], paid["paidOn"]) == ("0.00", story.midnight(9))
    assert client.ok("GET", f"crm/customers/{ADA}")["balance"] == -5.0


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 5},
        {"typeId": 99, "amount": 5, "customerId": ADA},
        {"typeId": 1, "amount": 5},
        {"typeId": 1, "amount": 5, "splits": [{"invoiceId": OPEN, "amount": 6}]},
        {"typeId": 1, "splits": [{"invoiceId": DELETED, "amount": 6}]},
    ],
)
def test_a_payment_that_makes_no_sense_is_refused_whole(client: Client, body: Any) -> None:
    assert client("POST", PAYMENTS, body).status_code == 400
    assert len(client.ids(PAYMENTS)) == 3


def test_a_patched_payment_needs_type_and_splits_and_reapplies(client: Client) -> None:
    assert client("PATCH", f"{PAYMENTS}/{P_PARTLY}", {"memo": "x"}).status_code == 400

    splits = [{"invoiceId": PARTLY, "amount": 20}, {"invoiceNumber": str(OPEN), "amount": 40}]
    client.ok("PATCH", f"{PAYMENTS}/{P_PARTLY}", {"typeId": story.CHECK, "splits": splits})

    assert client.one(PAYMENTS, P_PARTLY)["unappliedAmount"] == "0.00"
    assert client.one(INVOICES, PARTLY)["balance"] == "135.00"
    assert client.one(INVOICES, OPEN)["balance"] == "15.00"


def test_a_voided_payment_opens_its_invoice_again(client: Client) -> None:
    body = {"typeId": story.CHECK, "splits": [{"invoiceId": PARTLY, "amount": 50}], "active": False}
    client.ok("PATCH", f"{PAYMENTS}/{P_PARTLY}", body)

    assert client.one(INVOICES, PARTLY)["balance"] == "155.00"
    assert client.ids(PAYMENTS, activeState="InactiveOnly") == [P_PARTLY]


def test_whether_a_payment_moves_its_invoices_modified_on_is_a_switch(client: Client) -> None:
    before = client.one(INVOICES, PARTLY)["modifiedOn"]
    client.switch(payment_bumps_invoice=False)
    client.act("apply_payment", id=P_FREE, invoice_id=PARTLY)
    unmoved = client.one(INVOICES, PARTLY)
    client.switch(payment_bumps_invoice=True)
    client.act("unapply_payment", id=P_FREE)

    assert (unmoved["modifiedOn"], unmoved["balance"]) == (before, "80.00")
    assert client.one(INVOICES, PARTLY)["modifiedOn"] > before


def test_stamps_have_seven_digits_and_no_two_changes_the_same(client: Client) -> None:
    seen = [client.act("touch", resource="invoices", id=id)["modifiedOn"] for id in (PAID, OPEN, PAID)]

    assert seen == sorted(set(seen))
    assert all(len(stamp) == 28 and stamp.endswith("Z") for stamp in seen)


def test_marking_as_exported_answers_row_by_row_and_locks(client: Client) -> None:
    rows = client.ok(
        "POST",
        f"{INVOICES}/markasexported",
        [{"invoiceId": OPEN, "externalId": "qbo-1"}, {"invoiceId": 1}, {"invoiceId": DELETED}],
    )

    assert [(row["invoiceId"], row["success"]) for row in rows] == [
        (OPEN, True),
        (1, False),
        (DELETED, False),
    ]
    assert rows[0]["errorMessage"] is None and rows[1]["errorMessage"]
    marked = client.one(INVOICES, OPEN)
    assert (marked["syncStatus"], marked["exportId"]) == ("Exported", "qbo-1")
    assert client("PATCH", f"{INVOICES}/{OPEN}", {"summary": "late"}).status_code == 400
    assert client("PATCH", f"{INVOICES}/{OPEN}", {"exportId": "qbo-2"}).status_code == 200

    client.switch(exported_is_locked=False)
    assert client("PATCH", f"{INVOICES}/{OPEN}", {"summary": "late"}).status_code == 200


def test_whether_pending_may_be_marked_and_the_id_kept_are_switches(client: Client) -> None:
    client.switch(pending_may_be_marked_exported=False, mark_sets_export_id=False)
    client.act("post", id=PAID)
    body = [{"invoiceId": OPEN}, {"invoiceId": PAID, "externalId": "7"}]
    rows = client.ok("POST", f"{INVOICES}/markasexported", body)

    assert [row["success"] for row in rows] == [False, True]
    assert client.one(INVOICES, PAID)["exportId"] is None


@pytest.mark.parametrize(
    ("path", "body", "field", "id"),
    [
        ("credit-memos", [{"creditMemoId": story.MEMO}], "creditMemoId", story.MEMO),
        ("inventory-bills", {"inventoryBillIds": [story.BILL]}, "inventoryBillId", story.BILL),
        ("ap-bills", {"billIds": [story.AP_BILL]}, "billId", story.AP_BILL),
        ("ap-credits", [{"apCreditId": 1}], "apCreditId", 1),
        ("ap-payments", [{"apPaymentId": 1}], "apPaymentId", 1),
    ],
)
def test_the_whole_family_marks(client: Client, path: str, body: Any, field: str, id: int) -> None:
    (row,) = client.ok("POST", f"accounting/{path}/markasexported", body)

    assert (row[field], row["success"]) == (id, id != 1)


def test_deposits_are_marked_without_an_answer(client: Client) -> None:
    marked = client("POST", "accounting/bank-deposits/markasexported", {"ids": [story.DEPOSIT]})

    assert (marked.status_code, marked.content) == (200, b"")
    assert client.rows("accounting/bank-deposits", syncStatus="Exported") != []


def test_payments_are_marked_by_status_which_may_go_back_or_not(client: Client) -> None:
    done = client("POST", f"{PAYMENTS}/status", {"paymentIds": [P_FREE], "status": "Exported"})

    assert (done.status_code, done.content) == (200, b"")
    assert client.one(PAYMENTS, P_FREE)["syncStatus"] == "Exported"
    client.switch(payment_status_may_go_back=False)
    back = {"paymentIds": [P_FREE], "status": "Pending"}
    assert client("POST", f"{PAYMENTS}/status", back).status_code == 400


def test_a_credit_memo_is_split_and_patched(client: Client) -> None:
    splits = {"splits": [{"invoiceId": PARTLY, "amount": 3}]}
    answer = client.ok("POST", f"accounting/credit-memos/{story.MEMO}/splits", splits)
    patched = client.ok("PATCH", f"accounting/credit-memos/{story.MEMO}", {"summary": "sorry"})
    (memo,) = client.rows("accounting/credit-memos", appliedToInvoiceIds=str(PARTLY))

    assert answer == {"id": story.MEMO, "splits": [{"invoiceId": PARTLY, "amount": 3.0}]}
    assert (patched["summary"], patched["date"]) == ("sorry", "2026-03-08")
    assert (memo["balance"], memo["description"]) == (2.0, "sorry")
    assert client.one(INVOICES, PARTLY)["balance"] == "102.00"
    too_much = {"splits": [{"invoiceId": PARTLY, "amount": 2.01}]}
    assert client("POST", f"accounting/credit-memos/{story.MEMO}/splits", too_much).status_code == 400


def test_accounts_are_created_with_201_and_their_names_are_unique(client: Client) -> None:
    path = "accounting/gl-accounts"
    created = client("POST", path, {"name": "Freight", "number": "50900", "type": "Cost of Goods Sold"})

    assert (created.status_code, created.json()["source"]) == (201, "PublicApi")
    assert client("POST", path, {"name": "freight"}).status_code == 409
    assert client("PATCH", f"{path}/{story.INCOME}", {"active": False}).status_code == 409
    assert client.ok("PATCH", f"{path}/{created.json()['id']}", {"active": False})["active"] is False
    assert client("GET", f"{path}/1").status_code == 404


def test_journal_entries_from_outside_live_and_synced_ones_need_a_version(client: Client) -> None:
    path = "accounting/journal-entries"
    (own,) = client.ids(path)
    lines = [{"accountId": story.INCOME, "debit": 1, "credit": 0}, {"accountId": 1, "debit": 0, "credit": 1}]
    body = {"name": "ours", "status": "Open", "versionId": 1, "postDate": "2026-03-10", "lines": lines}
    assert client("POST", path, body).content == b""
    (ours,) = client.ids(path, name="our", empty="Include")

    assert client("POST", path, {**body, "lines": lines[:1]}).status_code == 400
    assert client("PUT", f"{path}/{ours}", {**body, "name": "renamed"}).status_code == 200
    assert client("DELETE", f"{path}/{own}").status_code == 400
    assert client("DELETE", f"{path}/{ours}").status_code == 200
    assert client("PATCH", f"{path}/{own}/sync", {"syncStatus": "Synced"}).status_code == 400
    synced = client.ok("PATCH", f"{path}/{own}/sync", {"syncStatus": "Synced", "versionId": 2})
    assert (synced["syncStatus"], synced["lastSyncVersionId"]) == ("Synced", 2)


def test_custom_fields_are_set_in_operations(client: Client) -> None:
    fields = [{"name": "PO", "value": "7"}]
    body = {"operations": [{"objectId": OPEN, "customFields": fields}]}

    assert client("PATCH", f"{INVOICES}/custom-fields", body).content == b""
    assert client.one(INVOICES, OPEN)["customFields"] == fields
    unknown = {"operations": [{"objectId": 1, "customFields": fields}]}
    assert client("PATCH", f"{INVOICES}/custom-fields", unknown).status_code == 400


def test_tasks_of_an_invoice(client: Client) -> None:
    made = client.ok("POST", f"{INVOICES}/{OPEN}/tasks", {"templateId": "t"})
    task = made["tasks"][0]["taskId"]
    client.ok("PATCH", f"{INVOICES}/{OPEN}/tasks/{task}", {"status": "Closed"})

    (row,) = client.rows(f"{INVOICES}/{OPEN}/tasks")
    assert (row["taskId"], row["status"]) == (task, "Closed")


def test_a_stale_document_was_changed_by_someone_just_before(client: Client) -> None:
    before = client.one(INVOICES, OPEN)["modifiedOn"]
    client.half.touch([{"invoiceId": OPEN}], "/accounting/v2/tenant/1/invoices/markasexported")
    client.half.touch(None, "/accounting/v2/tenant/1/invoices/1/items")
    client.half.touch(None, "/elsewhere")

    assert client.one(INVOICES, OPEN)["modifiedOn"] > before
    assert client.ok("GET", f"crm/customers/{BANK}")["balance"] == 70.0
