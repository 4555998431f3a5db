"""Invoices and their relatives: lines, totals, numbers, dates, what is copied from the customer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.company import Company


def details(doc: dict[str, Any]) -> list[str]:
    return [line["DetailType"] for line in doc["Line"]]


def test_the_smallest_invoice_is_completed(books: Company) -> None:
    body = {
        "CustomerRef": {"value": books.names["customer"]},
        "Line": [
            {
                "Amount": 100,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": books.names["service"], "name": "ignored"}},
            }
        ],
    }
    made = books.make("Invoice", body)
    assert made["SyncToken"] == "0"
    assert (made["domain"], made["sparse"]) == ("QBO", False)
    assert made["CustomerRef"] == {"value": books.names["customer"], "name": "Freeman, Ada"}
    assert (made["TotalAmt"], made["Balance"], made["Deposit"]) == (100, 100, 0)
    assert made["TxnTaxDetail"] == {"TotalTax": 0}
    assert made["LinkedTxn"] == []
    assert made["EmailStatus"] == "NotSet"
    assert made["BillEmail"] == {"Address": "ada@example.com"}
    assert made["BillAddr"]["City"] == made["ShipAddr"]["City"] == "Dallas"
    item, subtotal = made["Line"]
    assert item["Id"] == "1"
    assert item["LineNum"] == 1
    assert item["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert item["SalesItemLineDetail"]["ItemRef"]["name"] == "Repair"
    assert subtotal == {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


def test_what_is_read_is_what_was_answered(books: Company) -> None:
    made = books.invoice()
    assert books.read("Invoice", made["Id"]) == made


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        ("128.350", "14.50", "1861.08"),
        ("3", "33.3333333", "100.00"),
        ("0.5", "0.01", "0.01"),
        ("-2", "10", "-20"),
    ],
)
def test_amount_is_the_product_rounded_half_up(
    books: Company, quantity: str, price: str, amount: str
) -> None:
    line = books.line(Decimal(amount), Qty=Decimal(quantity), UnitPrice=Decimal(price))
    made = books.make("Invoice", books.sale(line, books.line(50)))
    assert made["TotalAmt"] == Decimal(amount) + 50
    off = books.line(Decimal(amount) + Decimal("0.01"), Qty=Decimal(quantity), UnitPrice=Decimal(price))
    assert books.post("invoice", books.sale(off, books.line(50))).codes == ["6070"]


def test_negative_lines_are_fine_and_a_negative_total_is_not(books: Company) -> None:
    made = books.make("Invoice", books.sale(books.line(100), books.line(-100)))
    assert made["TotalAmt"] == 0
    assert books.post("invoice", books.sale(books.line(100), books.line(Decimal("-100.01")))).codes == [
        "6000"
    ]


def test_the_subtotal_sent_back_is_ignored(books: Company) -> None:
    wrong = {"Amount": 7, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    made = books.make("Invoice", books.sale(books.line(100), wrong))
    assert made["TotalAmt"] == 100
    assert details(made) == ["SalesItemLineDetail", "SubTotalLineDetail"]


def test_text_lines_cost_nothing(books: Company) -> None:
    text = {"DetailType": "DescriptionOnly", "Description": "Called ahead", "DescriptionLineDetail": {}}
    made = books.make("Invoice", books.sale(text, books.line(100)))
    assert (made["TotalAmt"], details(made)[0]) == (100, "DescriptionOnly")
    assert books.post("invoice", books.sale(text)).codes == ["2250"]


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ({"Amount": 10, "DiscountLineDetail": {"PercentBased": False}}, 90),
        ({"DiscountLineDetail": {"PercentBased": True, "DiscountPercent": Decimal("8.5")}}, Decimal("91.50")),
    ],
)
def test_a_discount_line_takes_off(books: Company, line: dict[str, Any], total: Decimal) -> None:
    made = books.make("Invoice", books.sale(books.line(100), {"DetailType": "DiscountLineDetail", **line}))
    assert made["TotalAmt"] == total
    assert made["Line"][-1]["Amount"] == 100 - total
    assert made["Line"][-1]["DiscountLineDetail"]["DiscountAccountRef"]["name"] == "Discounts"


def test_discounts_need_their_preference_and_their_parts(books: Company) -> None:
    bare_line = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}
    assert books.post("invoice", books.sale(books.line(100), bare_line)).codes == ["6090"]
    books.prefer("SalesFormsPrefs", AllowDiscount=False)
    assert books.post("invoice", books.sale(books.line(100), bare_line)).codes == ["5030"]


def test_a_bundle_is_the_sum_of_its_lines(books: Company) -> None:
    group = {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {
            "GroupItemRef": {"value": books.names["service"]},
            "Quantity": 1,
            "Line": [books.line(30), books.line(12)],
        },
    }
    made = books.make("Invoice", books.sale(group))
    assert (made["TotalAmt"], made["Line"][0]["Amount"]) == (42, 42)


def test_a_line_without_item_gets_the_default_item(books: Company) -> None:
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    made = books.make("Invoice", books.sale(line))
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "1", "name": "Repair"}


def test_a_line_needs_an_amount_and_an_item_that_is_no_category(books: Company) -> None:
    without = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    assert books.post("invoice", books.sale(without)).error["element"] == "Line.Amount"
    category = books.make("Item", {"Name": "Parts", "Type": "Category"})["Id"]
    line = books.line(ItemRef={"value": category})
    assert "set up as a category" in books.post("invoice", books.sale(line)).error["Detail"]


def test_a_tax_code_on_a_line_is_tax_or_non(books: Company) -> None:
    assert books.post("invoice", books.sale(books.line(TaxCodeRef={"value": "3"}))).codes == ["6100"]


def test_a_taxed_invoice_has_at_most_750_lines(books: Company) -> None:
    lines = [books.line(1, taxed=True) for _ in range(751)]
    assert books.post("invoice", books.sale(*lines)).codes == ["6000"]
    assert books.post("invoice", books.sale(*[books.line(1) for _ in range(751)])).status == 200


def test_custom_numbers_are_stored_as_sent_or_stay_empty(books: Company) -> None:
    assert books.invoice(DocNumber="A-1")["DocNumber"] == "A-1"
    assert "DocNumber" not in books.invoice()
    assert books.invoice(DocNumber="A-1")["DocNumber"] == "A-1"


def test_duplicates_are_refused_only_if_the_company_warns(books: Company) -> None:
    books.switch(warn_duplicate_number=True)
    books.invoice(DocNumber="a1")
    assert books.post("invoice", books.sale(DocNumber="A1")).codes == ["6140"]
    assert books.post("creditmemo", books.sale(DocNumber="A1")).status == 200
    reply = books.post("invoice", books.sale(DocNumber="A1"), include="allowduplicatedocnum")
    assert reply.status == 200


def test_automatic_numbers_run_over_all_sales_forms(books: Company) -> None:
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=False)
    first = books.invoice()["DocNumber"]
    memo = books.make("CreditMemo", books.sale())["DocNumber"]
    kept = books.invoice(DocNumber="X9")
    after = books.invoice()["DocNumber"]
    assert [int(memo) - int(first), kept["DocNumber"], int(after) - int(memo)] == [1, "X9", 1]


def test_a_number_can_be_asked_for(books: Company) -> None:
    assert books.invoice(DocNumber="AUTO_GENERATE")["DocNumber"].isdigit()
    assert books.invoice(AutoDocNumber=True)["DocNumber"].isdigit()


def test_due_date_follows_term_customer_or_company(books: Company) -> None:
    net30 = books.make("Term", {"Name": "Net 30", "DueDays": "30"})["Id"]
    tenth = books.make("Term", {"Name": "10th", "DayOfMonthDue": 10, "DueNextMonthDays": 5})["Id"]
    assert books.invoice(TxnDate="2026-11-05")["DueDate"] == "2026-11-05"
    assert books.invoice(TxnDate="2026-11-05", SalesTermRef={"value": net30})["DueDate"] == "2026-12-05"
    assert books.invoice(TxnDate="2026-11-04", SalesTermRef={"value": tenth})["DueDate"] == "2026-11-10"
    assert books.invoice(TxnDate="2026-12-20", SalesTermRef={"value": tenth})["DueDate"] == "2027-01-10"
    assert books.invoice(TxnDate="2026-11-05", DueDate="2026-11-09")["DueDate"] == "2026-11-09"
    books.act(
        "update", entity="Customer", id=books.names["customer"], body={"SalesTermRef": {"value": net30}}
    )
    assert books.invoice(TxnDate="2026-11-05")["DueDate"] == "2026-12-05"


def test_without_a_date_the_servers_date_is_taken(books: Company) -> None:
    assert books.invoice()["TxnDate"] == books.half.books.today()


def test_mail_wanted_needs_an_address(books: Company) -> None:
    body = books.sale(EmailStatus="NeedToSend") | {"CustomerRef": {"value": books.names["other"]}}
    assert books.post("invoice", body).error["element"] == "BillEmail"
    assert books.invoice(EmailStatus="NeedToSend")["EmailStatus"] == "NeedToSend"


def test_sending_marks_the_invoice(books: Company) -> None:
    made = books.invoice()
    path = f"invoice/{made['Id']}/send"
    headers = {"Content-Type": "application/octet-stream"}
    sent = books.api("POST", path, sendTo="new@example.com", headers=headers).json()["Invoice"]
    assert sent["EmailStatus"] == "EmailSent"
    assert sent["BillEmail"]["Address"] == "new@example.com"
    assert sent["DeliveryInfo"]["DeliveryType"] == "Email"
    assert sent["SyncToken"] == "1"


def test_mails_are_limited_by_the_day(books: Company) -> None:
    books.switch(mails_per_day=1)
    path = f"invoice/{books.invoice()['Id']}/send"
    assert [books.api("POST", path).status for _ in range(2)] == [200, 429]
    books.advance(86_401)
    books.connect()
    assert books.api("POST", path).status == 200


def test_a_pdf_is_a_pdf(books: Company) -> None:
    reply = books.api("GET", f"invoice/{books.invoice()['Id']}/pdf")
    assert reply.headers["content-type"] == "application/pdf"
    assert reply.content.startswith(b"%PDF-")


def test_the_invoice_link_is_given_on_request_only(books: Company) -> None:
    made = books.invoice()
    assert "InvoiceLink" not in books.read("Invoice", made["Id"])
    assert books.read("Invoice", made["Id"], include="invoiceLink")["InvoiceLink"].startswith("https://")


def test_online_payment_needs_its_preference(books: Company) -> None:
    assert books.invoice(AllowOnlineACHPayment=True)["AllowOnlineACHPayment"] is False
    books.prefer("SalesFormsPrefs", ETransactionPaymentEnabled=True)
    made = books.invoice(AllowOnlineACHPayment=True, AllowIPNPayment=True)
    assert (made["AllowOnlineACHPayment"], made["AllowIPNPayment"]) == (True, False)


def test_a_deposit_on_the_form_needs_its_preference(books: Company) -> None:
    assert books.post("invoice", books.sale(Deposit=30)).codes == ["5030"]
    books.prefer("SalesFormsPrefs", AllowDeposit=True)
    assert books.invoice(Deposit=30)["Balance"] == 70


def test_class_and_location_stay_where_they_are_tracked(books: Company) -> None:
    klass = books.make("Class", {"Name": "HVAC"})["Id"]
    place = books.make("Department", {"Name": "North"})["Id"]
    line = books.line(ClassRef={"value": klass})
    made = books.make("Invoice", books.sale(line, ClassRef={"value": klass}, DepartmentRef={"value": place}))
    assert "ClassRef" not in made
    assert made["DepartmentRef"] == {"value": place, "name": "North"}
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": klass, "name": "HVAC"}
    books.prefer("AccountingInfoPrefs", ClassTrackingPerTxnLine=False, ClassTrackingPerTxn=True)
    made = books.make("Invoice", books.sale(line, ClassRef={"value": klass}))
    assert made["ClassRef"]["name"] == "HVAC"
    assert "ClassRef" not in made["Line"][0]["SalesItemLineDetail"]


def test_another_currency_is_refused(books: Company) -> None:
    reply = books.post("invoice", books.sale(CurrencyRef={"value": "EUR"}))
    assert reply.error["Detail"].endswith(
        "The currency of the transaction is invalid for customer/vendor/account."
    )


def test_an_estimate_becomes_an_invoice(books: Company) -> None:
    estimate = books.make("Estimate", books.sale())
    assert estimate["TxnStatus"] == "Pending"
    link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
    made = books.invoice(LinkedTxn=[link])
    assert made["LinkedTxn"] == [link]
    closed = books.read("Estimate", estimate["Id"])
    assert closed["TxnStatus"] == "Closed"
    assert closed["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Invoice"}]
    assert books.balance() == 100


def test_receipts_move_money_at_once(books: Company) -> None:
    bank = {"value": books.names["bank"]}
    receipt = books.make("SalesReceipt", books.sale(books.line(80)))
    refund = books.make("RefundReceipt", books.sale(books.line(30), DepositToAccountRef=bank))
    assert receipt["DepositToAccountRef"]["name"] == "Undeposited Funds"
    assert (receipt["Balance"], refund["Balance"]) == (0, 0)
    assert [books.account_balance(name) for name in ("undeposited", "bank", "income")] == [80, -30, -50]
    assert books.balance() == 0


def test_a_refund_needs_an_account_that_holds_money(books: Company) -> None:
    assert books.post("refundreceipt", books.sale()).error["element"] == "DepositToAccountRef"
    wrong = {"value": books.names["income"]}
    assert books.post("refundreceipt", books.sale(DepositToAccountRef=wrong)).codes == ["6430"]


def test_closed_books_stop_create_update_void_and_delete(books: Company) -> None:
    made = books.invoice(TxnDate="2026-10-30")
    books.act("close_books", date="2026-10-31")
    assert (
        books.api("GET", "preferences").json()["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"]
        == "2026-10-31"
    )
    target = {"Id": made["Id"], "SyncToken": "0"}
    moved = {**target, "sparse": True, "TxnDate": "2026-11-02"}
    assert books.post("invoice", moved).codes == ["6210"]
    assert books.post("invoice", target, operation="void").codes == ["6210"]
    assert books.post("invoice", target, operation="delete").codes == ["6210"]
    assert books.post("invoice", books.sale(TxnDate="2026-11-01")).status == 200
    books.act("close_books", date=None)
    assert books.post("invoice", moved).status == 200
