"""Acts of people: after each of them everything still adds up (`Client.act` sees to that)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import (
    ADA,
    BANK,
    DELETED,
    GONE,
    OPEN,
    P_FREE,
    P_PAID,
    P_PARTLY,
    PAID,
    PARTLY,
)

INVOICES, PAYMENTS = "accounting/invoices", "accounting/payments"


def balance(client: Client, customer: int) -> float:
    """Return a customer's balance."""
    return client.ok("GET", f"crm/customers/{customer}")["balance"]


def test_an_update_sets_fields_and_changes_adds_and_removes_items(client: Client) -> None:
    before = client.one(INVOICES, PARTLY)
    items = [{"id": 2, "price": "110.00"}, {"id": 3, "remove": True}, {"skuName": "CAP", "quantity": 2}]
    client.act("update", resource="invoices", id=PARTLY, set={"summary": "again", "items": items})
    after = client.one(INVOICES, PARTLY)

    assert [(i["skuId"], i["quantity"], i["total"]) for i in after["items"]] == [
        (story.DIAG, "1.00", "110.00"),
        (story.CAPACITOR, "2.00", "40.00"),
    ]
    assert (after["total"], after["balance"], after["summary"]) == ("154.00", "104.00", "again")
    assert after["modifiedOn"] > before["modifiedOn"]
    assert balance(client, BANK) == 69.0


def test_an_update_merges_objects_and_keeps_the_form_of_money(client: Client) -> None:
    given = {"salesTax": 4, "businessUnit": {"name": "Renamed"}}
    client.act("update", resource="invoices", id=OPEN, set=given)
    changed = client.one(INVOICES, OPEN)

    assert (changed["salesTax"], changed["total"]) == ("4.00", "54.00")
    assert changed["businessUnit"] == {"id": story.SERVICE, "name": "Renamed"}


def test_a_tax_zone_brings_its_rate(client: Client) -> None:
    client.act("update", resource="invoices", id=OPEN, set={"taxZoneId": None})

    assert client.one(INVOICES, OPEN)["total"] == "50.00"


def test_totals_can_be_set_as_given_even_if_nothing_adds_up(client: Client) -> None:
    act = {
        "act": "update",
        "resource": "invoices",
        "id": OPEN,
        "set": {"total": "1.00"},
        "totals": "as given",
    }
    client.control("edit", act)

    assert client.one(INVOICES, OPEN)["total"] == "1.00"


def test_a_renamed_customer_is_renamed_on_its_documents_without_changing_them(client: Client) -> None:
    before = client.one(INVOICES, PAID)["modifiedOn"]
    client.act("update", resource="customers", id=ADA, set={"name": "King, Ada"})
    after = client.one(INVOICES, PAID)

    assert (after["customer"]["name"], after["modifiedOn"]) == ("King, Ada", before)


def test_a_deleted_invoice_loses_its_payment_and_comes_back_open(client: Client) -> None:
    client.act("delete", resource="invoices", id=PARTLY)
    assert client.ids(INVOICES, activeState="InactiveOnly") == [PARTLY, DELETED]
    assert client.one(PAYMENTS, P_PARTLY)["unappliedAmount"] == "60.00"
    assert balance(client, BANK) == -85.0

    client.act("restore", resource="invoices", id=PARTLY)
    assert client.one(INVOICES, PARTLY)["balance"] == "155.00"
    assert balance(client, BANK) == 70.0


def test_a_deleted_payment_opens_its_invoice(client: Client) -> None:
    client.act("delete", resource="payments", id=P_PAID)
    reopened = client.one(INVOICES, PAID)

    assert (reopened["balance"], reopened["paidOn"]) == ("100.00", None)
    assert balance(client, ADA) == 155.0
    client.act("restore", resource="payments", id=P_PAID)
    assert client.one(INVOICES, PAID)["paidOn"] == story.midnight(4)


def test_an_order_is_deleted_by_its_status(client: Client) -> None:
    client.act("delete", resource="purchase-orders", id=story.ORDER)

    assert client.ids("inventory/purchase-orders", status="Canceled") == [story.ORDER]


def test_posting_batches_and_unposting_goes_backwards(client: Client) -> None:
    client.act("post", id=OPEN, batch_number="412")
    posted = client.one(INVOICES, OPEN)
    assert (posted["syncStatus"], posted["batch"]["number"]) == ("Posted", "412")
    assert client.ids(INVOICES, batchNumber=412, statuses="Posted") == [OPEN]

    client.act("unpost", id=OPEN)
    back = client.one(INVOICES, OPEN)
    assert (back["syncStatus"], back["batch"]) == ("Pending", None)
    client.act("export", resource="payments", id=P_FREE, external_id="other")
    assert client.one(PAYMENTS, P_FREE)["syncStatus"] == "Exported"


def test_a_document_moves_to_another_day_with_its_due_date(client: Client) -> None:
    client.act("update", resource="invoices", id=OPEN, set={"dueDate": "2026-04-05T00:00:00Z"})
    client.act("move_date", id=OPEN, date="2026-03-31")
    moved = client.one(INVOICES, OPEN)

    assert (moved["invoiceDate"], moved["dueDate"]) == ("2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z")
    assert client.ids(INVOICES, invoicedOnOrAfter="2026-03-31") == [OPEN]
    client.act("move_date", resource="payments", id=P_FREE, date="2026-02-28")
    client.act("move_date", resource="credit-memos", id=story.MEMO, date="2026-02-28")
    assert client.rows("accounting/credit-memos")[0]["date"] == "2026-02-28"


def test_an_invoice_is_typed_with_lines_tax_term_and_number(client: Client) -> None:
    lines = [
        {"skuId": story.DIAG, "quantity": "1.5", "price": "99.99"},
        {"skuName": "cap", "quantity": 3},
        {"skuId": story.DISCOUNT},
        {"skuId": story.DIAG, "quantity": 1, "price": 5, "isChargeable": False},
    ]
    made = client.act("add_invoice", customer_id=BANK, lines=lines, date="2026-03-10", number="W-1")
    read = client.one(INVOICES, made["id"])

    assert [item["total"] for item in read["items"]] == ["149.99", "60.00", "-10.00", "5.00"]
    assert (read["subTotal"], read["salesTax"], read["total"]) == ("199.99", "6.00", "205.99")
    assert (read["discountTotal"], read["dueDate"]) == ("10.00", "2026-04-09T00:00:00Z")
    assert (read["termName"], read["referenceNumber"], read["location"]["id"]) == (
        "Net 30",
        "W-1",
        BANK + 100,
    )
    assert balance(client, BANK) == 275.99


def test_an_invoice_of_a_job_for_an_exempt_customer(client: Client) -> None:
    client.act("update", resource="customers", id=ADA, set={"taxExempt": True})
    lines = [{"skuId": story.CAPACITOR, "quantity": 1}]
    more = {"job_id": story.JOB_OPEN, "business_unit_id": story.INSTALL, "set": {"reviewStatus": "OnHold"}}
    read = client.act("add_invoice", customer_id=ADA, lines=lines, **more)

    assert (read["salesTax"], read["taxZoneId"], read["reviewStatus"]) == ("0.00", None, "OnHold")
    assert (read["invoiceConfiguration"], read["job"]["id"]) == ("JobInvoice", story.JOB_OPEN)


def test_an_adjustment_with_its_own_tax(client: Client) -> None:
    lines = [{"skuId": story.DIAG, "quantity": -1, "price": "30.00"}]
    made = client.act("add_adjustment", invoice_id=PARTLY, lines=lines, tax="-1.00", date="2026-03-11")

    assert (made["total"], made["adjustmentToId"], made["customer"]["id"]) == ("-31.00", PARTLY, BANK)


def test_one_payment_over_many_invoices_with_money_left(client: Client) -> None:
    splits = [{"invoice_id": OPEN, "amount": "55.00"}, {"invoice_id": PARTLY, "amount": 5}]
    made = client.act(
        "add_payment", type="check", amount=100, splits=splits, date="2026-03-12", check_number="7"
    )

    assert (made["unappliedAmount"], made["checkNumber"], made["customer"]["id"]) == ("40.00", "7", ADA)
    assert (client.one(INVOICES, OPEN)["balance"], client.one(INVOICES, PARTLY)["balance"]) == (
        "0.00",
        "100.00",
    )
    assert client.one(INVOICES, OPEN)["paidOn"] == "2026-03-12T00:00:00Z"


def test_money_is_applied_taken_back_and_applied_anew(client: Client) -> None:
    client.act("apply_payment", id=P_FREE, invoice_id=PARTLY)
    assert client.one(INVOICES, PARTLY)["balance"] == "80.00"
    client.act("unapply_payment", id=P_FREE, invoice_id=PARTLY)
    assert client.one(INVOICES, PARTLY)["balance"] == "105.00"

    rows = client.one(PAYMENTS, P_PARTLY)["appliedTo"]
    splits = [{"invoice_id": PARTLY, "amount": 50}, {"invoice_id": OPEN, "amount": 10}]
    again = client.act("reapply_payment", id=P_PARTLY, splits=splits)
    assert again["appliedTo"][0] == rows[0]
    assert again["unappliedAmount"] == "0.00"


def test_a_refund_is_a_negative_payment_that_names_the_first(client: Client) -> None:
    lines = [{"skuId": story.DIAG, "quantity": -1, "price": "20.00"}]
    credit = client.act("add_adjustment", invoice_id=PAID, lines=lines, tax=0)
    splits = [{"invoice_id": credit["id"], "amount": "-20.00"}]
    refund = client.act("refund_payment", id=P_PAID, amount=20, type="Refund", splits=splits)

    assert (refund["total"], refund["refundedPaymentId"], refund["unappliedAmount"]) == (
        "-20.00",
        P_PAID,
        "0.00",
    )
    assert client.one(INVOICES, credit["id"])["balance"] == "0.00"


def test_jobs_live_and_a_cancelled_one_keeps_its_completion(client: Client) -> None:
    client.act("cancel_job", id=story.JOB_DONE)
    job = client.ok("GET", f"jpm/jobs/{story.JOB_DONE}")
    assert (job["jobStatus"], job["completedOn"]) == ("Canceled", story.stamp(3))

    assert client.act("reopen_job", id=story.JOB_DONE)["completedOn"] is None
    done = client.act("complete_job", id=story.JOB_DONE, completed_on="2026-03-14T01:00:00Z")
    assert done["jobStatus"] == "Completed"


def test_merged_customers_name_the_survivor_and_documents_may_move(client: Client) -> None:
    client.act("merge_customers", from_id=ADA, into_id=BANK)
    assert client.ids("crm/customers") == [BANK]
    assert client.ids("crm/locations", customerId=BANK) == [ADA + 100, BANK + 100]
    assert client.one(INVOICES, OPEN)["customer"]["id"] == ADA

    client.switch(merge_moves_documents=True)
    client.act("merge_customers", from_id=BANK, into_id=GONE)
    assert client.one(INVOICES, PARTLY)["customer"]["id"] == GONE
    assert balance(client, GONE) == 70.0


def test_whole_records_are_added_and_their_balances_follow(client: Client) -> None:
    item = story.item(900, story.DIAG, "40.00")
    invoice = {
        **story.invoice(8900, 9, ADA, [item]),
        "subTotal": "40.00",
        "salesTax": "0.00",
        "total": "40.00",
    }
    client.act("add", resource="invoices", record=invoice)
    payment = story.payment(6900, 9, ADA, "15.00", "5.00", [story.applied(900, 8900, "10.00", 9)])
    client.act("add", resource="payments", record=payment)

    assert client.one(INVOICES, 8900)["balance"] == "30.00"
    assert balance(client, ADA) == 80.0
    vendor = client.act("add", resource="vendors", record={"name": "Bolt Bros"})
    assert client.ok("GET", f"inventory/vendors/{vendor['id']}")["contactInfo"]["email"] == ""
    bare = {"customer": {"id": ADA, "name": "x"}, "items": [story.item(901, story.DIAG, "7.00")]}
    assert client.act("add", resource="invoices", record=bare)["total"] == "7.00"


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ({"act": "fly"}, "no act"),
        ({}, "no act"),
        ({"act": "touch", "resource": "rockets", "id": 1}, "no resource"),
        ({"act": "touch", "resource": "invoices", "id": 1}, "no record 1"),
        ({"act": "update", "resource": "invoices", "id": OPEN}, "needs 'set'"),
        ({"act": "update", "resource": "invoices", "id": OPEN, "set": {"items": [{"id": 1}]}}, "no item"),
        ({"act": "add", "resource": "invoices", "record": {"id": OPEN}}, "already"),
        ({"act": "add", "resource": "rockets", "record": {}}, "no resource"),
        ({"act": "move_date", "resource": "customers", "id": ADA, "date": "2026-03-01"}, "business date"),
        ({"act": "add_payment", "type": "Gold", "customer_id": ADA, "amount": 1}, "payment type"),
        ({"act": "apply_payment", "id": P_PAID, "invoice_id": OPEN}, "to apply"),
        ({"act": "reapply_payment", "id": P_FREE, "splits": [{"invoice_id": OPEN, "amount": 26}]}, "exceed"),
        (
            {"act": "reapply_payment", "id": P_FREE, "splits": [{"invoice_id": DELETED, "amount": 1}]},
            "not found",
        ),
        ({"act": "merge_customers", "from_id": ADA, "into_id": ADA}, "itself"),
        ({"act": "add_invoice", "customer_id": ADA, "lines": [{"skuId": 1}]}, "SKU 1"),
    ],
)
def test_an_act_that_makes_no_sense_says_why_and_does_nothing(client: Client, act: Any, says: str) -> None:
    before = client.half.state()
    refused = client.control("edit", act)

    assert refused.status_code == 400
    assert says in refused.json()["error"]
    assert client.half.state() == before
