"""How each fault of the cookbook is brought about in the sandbox, by raw HTTP.

What belongs here: one way for each fault, by its code and, where one code stands for several things, the
pattern that tells them apart. What does not: what the product makes of the answer (the tests). Nothing of
the product is imported: the answers are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.sandbox.quickbooks.company import Body, Company, Reply

Provocation = Callable[[Company], Reply]


def _refused(code: str) -> Provocation:
    """Let the vendor refuse by a code that no request of a sound company brings about."""

    def provoke(books: Company) -> Reply:
        books.control("faults", {"rules": [{"kind": "refuse", "code": code, "path": "*/invoice"}]})
        return books.post("invoice", books.sale())

    return provoke


def _sale(**changes: Any) -> Provocation:
    return lambda books: books.post("invoice", books.sale(**changes))


def _detail(amount: Any = 100, **changes: Any) -> Provocation:
    return lambda books: books.post("invoice", books.sale(books.line(amount, **changes)))


def _switched(provoke: Provocation, **switches: Any) -> Provocation:
    def provoked(books: Company) -> Reply:
        books.switch(**switches)
        return provoke(books)

    return provoked


def _customer(**fields: Any) -> Provocation:
    return lambda books: books.post("customer", fields)


def _without_right(books: Company) -> Reply:
    books.act("lose_access")
    return books.api("GET", "preferences")


def _deleted_by_somebody(books: Company) -> Reply:
    made = books.invoice()
    books.act("delete", id=made["Id"])
    return books.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})


def _inactive_customer(books: Company) -> Reply:
    books.act("inactivate", entity="Customer", id=books.names["customer"])
    return books.post("invoice", books.sale())


def _other_customers_invoice(books: Company) -> Reply:
    invoice = books.invoice()
    line = {"Amount": 10, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": {"value": books.names["other"]}, "TotalAmt": 10, "Line": [line]}
    return books.post("payment", body)


def _same_id_another_body(books: Company) -> Reply:
    books.switch(requestid_other_body="fault")
    books.post("invoice", books.sale(), requestid="r1")
    return books.post("invoice", books.sale(books.line(7)), requestid="r1")


def _batch_of_31(books: Company) -> Reply:
    items = [{"bId": str(number), "Query": "select * from Invoice"} for number in range(31)]
    return books.post("batch", {"BatchItemRequest": items})


def _bad_web_address(books: Company) -> Reply:
    return books.post("customer", {"DisplayName": "New", "WebAddr": {"URI": "no address"}})


def _rate_over_100(books: Company) -> Reply:
    agency = books.make("TaxAgency", {"DisplayName": "State"})["Id"]
    detail = {"TaxRateName": "x", "RateValue": "101", "TaxAgencyId": agency, "TaxApplicableOn": "Sales"}
    return books.post("taxservice/taxcode", {"TaxCode": "New", "TaxRateDetails": [detail]})


def _too_many_calls(books: Company) -> Reply:
    books.switch(requests_per_second=1)
    return [books.api("GET", "preferences") for _ in range(3)][-1]


def _another_realm(books: Company) -> Reply:
    return books.api("GET", "preferences", realm="123145725891994")


def _expired_token(books: Company) -> Reply:
    books.advance(3601)
    return books.api("GET", "preferences")


def _no_token(books: Company) -> Reply:
    return books.http("GET", "/v3/company/9341453172058461/preferences")


def _ask(statement: str) -> Provocation:
    return lambda books: books.ask(statement)


def _query_of_another_type(books: Company) -> Reply:
    raw = b"select * from Invoice"
    return books.api("POST", "query", raw=raw, headers={"Content-Type": "application/json"})


def _stale(books: Company) -> Reply:
    made = books.invoice()
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    books.post("invoice", change)
    return books.post("invoice", change)


def _class_while_off(books: Company) -> Reply:
    books.prefer("AccountingInfoPrefs", ClassTrackingPerTxnLine=False)
    books.switch(refs_of_features_off="refuse")
    made = books.make("Class", {"Name": "HVAC"})["Id"]
    return books.post("invoice", books.sale(books.line(ClassRef={"value": made})))


def _payment_of_nothing(books: Company) -> Reply:
    return books.post("payment", {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 0})


def _journal_of_one_line(books: Company) -> Reply:
    line = {
        "Amount": 5,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": books.names["bank"]}},
    }
    return books.post("journalentry", {"Line": [line]})


def _more_than_is_open(books: Company) -> Reply:
    invoice = books.invoice(10)
    line = {"Amount": 99, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    customer = {"value": books.names["customer"]}
    return books.post("payment", {"CustomerRef": customer, "TotalAmt": 99, "Line": [line]})


def _discount_without_percent(books: Company) -> Reply:
    line = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}
    return books.post("invoice", books.sale(books.line(), line))


def _number_again(books: Company) -> Reply:
    books.switch(warn_duplicate_number=True)
    books.invoice(DocNumber="1037")
    return books.post("invoice", books.sale(DocNumber="1037"))


def _custom_sales_tax(books: Company) -> Reply:
    books.prefer("TaxPrefs", PartnerTaxEnabled=None, UsingSalesTax=True)
    agency = books.make("TaxAgency", {"DisplayName": "State"})["Id"]
    detail = {"TaxRateName": "r", "RateValue": "1", "TaxAgencyId": agency, "TaxApplicableOn": "Sales"}
    made = books.post("taxservice/taxcode", {"TaxCode": "CustomSalesTax", "TaxRateDetails": [detail]}).json()
    tax = {"TxnTaxCodeRef": {"value": made["TaxCodeId"]}}
    return books.post("invoice", books.sale(books.line(taxed=True), TxnTaxDetail=tax))


def _six_levels(books: Company) -> Reply:
    parent: Body = {}
    for level in range(5):
        made = books.make("Customer", {"DisplayName": f"Level {level}", **parent})
        parent = {"ParentRef": {"value": made["Id"]}, "Job": True}
    return books.post("customer", {"DisplayName": "Level 5", **parent})


def _subscription_over(books: Company) -> Reply:
    books.act("lock_subscription")
    return books.post("invoice", books.sale())


def _closed_period(books: Company) -> Reply:
    books.act("close_books", date="2026-10-31")
    return books.post("invoice", books.sale(TxnDate="2026-10-31"))


def _billable_without_customer(books: Company) -> Reply:
    line = {
        "Amount": 5,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {
            "AccountRef": {"value": books.names["expense"]},
            "BillableStatus": "Billable",
        },
    }
    return books.post("bill", {"VendorRef": {"value": books.names["vendor"]}, "Line": [line]})


def _deposit_account_of_a_wrong_type(books: Company) -> Reply:
    customer, account = {"value": books.names["customer"]}, {"value": books.names["income"]}
    return books.post("payment", {"CustomerRef": customer, "TotalAmt": 5, "DepositToAccountRef": account})


def _deposited(books: Company) -> Reply:
    payment = books.pay(10)
    books.act("deposit", payments=[payment["Id"]])
    return books.post("payment", {"Id": payment["Id"], "SyncToken": "1"}, operation="delete")


def _internal_error(books: Company) -> Reply:
    books.control("faults", {"rules": [{"kind": "http_500", "path": "*/invoice"}]})
    return books.post("invoice", books.sale())


#: (code, pattern of the entry) → what brings it about.
PROVOCATIONS: Mapping[tuple[str, str], Provocation] = {
    ("100", ""): _refused("100"),
    ("110", ""): _refused("110"),
    ("120", ""): _without_right,
    ("130", ""): _refused("130"),
    ("140", ""): _refused("140"),
    ("150", ""): _refused("150"),
    ("500", ""): lambda books: books.post("customer", {"Id": "1", "SyncToken": "0"}, operation="delete"),
    ("600", ""): _same_id_another_body,
    ("610", "has deleted this transaction"): _deleted_by_somebody,
    ("610", ""): _inactive_customer,
    ("620", ""): _other_customers_invoice,
    ("1040", ""): _batch_of_31,
    ("1050", ""): _query_of_another_type,
    ("2010", ""): _sale(Colour="red"),
    ("2020", ""): lambda books: books.post("payment", {"TotalAmt": 5}),
    ("2030", ""): lambda books: books.api("GET", "invoice/abc"),
    ("2040", ""): _customer(DisplayName="Smith: John"),
    ("2050", ""): _sale(DocNumber="x" * 22),
    ("2060", ""): _sale(TxnDate="11/22/2026"),
    ("2070", ""): _refused("2070"),
    ("2130", ""): lambda books: books.post("invoice", books.sale(), requestid="r" * 51),
    ("2140", ""): _sale(TxnTaxDetail={"TotalTax": -1}),
    ("2150", ""): _refused("2150"),
    ("2160", ""): _refused("2160"),
    ("2170", ""): _sale(EmailStatus="MAYBE"),
    ("2200", ""): _bad_web_address,
    ("2210", ""): _sale(BillEmail={"Address": "not a mail"}),
    ("2240", ""): _rate_over_100,
    ("2250", ""): _sale(Line=[{"DetailType": "DescriptionOnly", "Description": "Hello"}]),
    ("2290", ""): _switched(_detail(-5), negative_total_code="2290"),
    ("2500", ""): _sale(CustomerRef={"value": "999"}),
    ("3001", ""): _too_many_calls,
    ("3100", ""): _another_realm,
    ("3200", ""): _expired_token,
    ("3202", ""): _no_token,
    ("4000", ""): _ask("select * from Invoice where X TxnDate = '2026-01-01'"),
    ("4001", ""): _ask("select * from Purchase where NoSuchField = 'x'"),
    ("4002", ""): _refused("4002"),
    ("5010", ""): _stale,
    ("5020", ""): _refused("5020"),
    ("5030", ""): _class_while_off,
    ("6000", r"one name at a time"): _switched(_customer(DisplayName="New"), name_lock_times=1),
    ("6000", r"(?s)inventory.*(same time|at exactly|another user)|(another user).*inventory"): _refused(
        "6000 inventory"
    ),
    ("6000", r"error while calculating tax"): _switched(_sale(), tax_error_times=1),
    ("6000", r"must set a transaction amount"): _payment_of_nothing,
    ("6000", r"at least (two detail lines|one line item)"): _journal_of_one_line,
    ("6000", r"currency of the transaction is invalid"): _sale(CurrencyRef={"value": "EUR"}),
    ("6000", r"type of name assigned"): _refused("6000 type of name"),
    ("6000", ""): _more_than_is_open,
    ("6010", ""): _refused("6010"),
    ("6070", ""): _detail(Decimal("1861.07"), Qty=Decimal("128.350"), UnitPrice=Decimal("14.50")),
    ("6080", ""): _customer(Notes="no name"),
    ("6090", ""): _discount_without_percent,
    ("6100", ""): _detail(TaxCodeRef={"value": "7"}),
    ("6140", ""): _number_again,
    ("6160", ""): _custom_sales_tax,
    ("6170", ""): _refused("6170"),
    ("6180", ""): _six_levels,
    ("6190", ""): _subscription_over,
    ("6200", ""): _refused("6200"),
    ("6210", ""): _closed_period,
    ("6220", ""): _refused("6220"),
    ("6230", ""): _refused("6230"),
    ("6240", ""): _customer(DisplayName="NORTON supply "),
    ("6250", ""): _refused("6250"),
    ("6270", ""): _refused("6270"),
    ("6310", ""): _billable_without_customer,
    ("6320", ""): _refused("6320"),
    ("6430", ""): _deposit_account_of_a_wrong_type,
    ("6440", ""): _refused("6440"),
    ("6450", ""): _refused("6450"),
    ("6460", ""): _refused("6460"),
    ("6470", ""): _refused("6470"),
    ("6480", ""): _refused("6480"),
    ("6520", ""): _refused("6520"),
    ("6540", ""): _deposited,
    ("6560", ""): _refused("6560"),
    ("10000", ""): _internal_error,
    ("10100", ""): _refused("10100"),
    ("10200", ""): _refused("10200"),
}

#: A code that nobody recorded.
UNHEARD_OF: Provocation = _refused("6999")
