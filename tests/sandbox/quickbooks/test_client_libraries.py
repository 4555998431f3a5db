"""Clients written by others, run against a live server: intuit-oauth and python-quickbooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import query_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import quickbooks.objects as qb
    from intuitlib.client import AuthClient
    from intuitlib.enums import Scopes
    from intuitlib.exceptions import AuthClientError
    from quickbooks import QuickBooks
    from quickbooks.batch import batch_create, batch_delete, batch_update
    from quickbooks.cdc import change_data_capture
    from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException, ValidationException
    from quickbooks.helpers import qb_datetime_utc_offset_format
    from quickbooks.objects.detailline import (
        ItemBasedExpenseLine,
        ItemBasedExpenseLineDetail,
        SalesItemLine,
        SalesItemLineDetail,
    )
    from quickbooks.objects.payment import PaymentLine
    from quickbooks.objects.taxservice import TaxRateDetails, TaxService


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def url(served: Sandbox) -> str:
    base = served.quickbooks_url
    requests.post(f"{base}/_sandbox/reset", json={"empty": True}, timeout=10).raise_for_status()
    lifted = {"requests_per_second": None, "requests_per_minute": None}
    requests.post(f"{base}/_sandbox/switches", json={"quickbooks": lifted}, timeout=10).raise_for_status()
    return base


@pytest.fixture
def auth(url: str) -> Iterator[AuthClient]:
    client = AuthClient(
        identity.QUICKBOOKS_CLIENT_ID,
        identity.QUICKBOOKS_CLIENT_SECRET,
        identity.QUICKBOOKS_REDIRECT_URI,
        f"{url}/.well-known/openid_sandbox_configuration",
    )
    yield client
    client.close()


def consent(auth: AuthClient, scopes: list[Any]) -> dict[str, str]:
    """Open the page of the authorization URL and press Connect."""
    address = auth.get_authorization_url(scopes)
    assert requests.get(address, timeout=10).status_code == 200
    form = {**query_of(address), "decision": "connect"}
    reply = requests.post(auth.auth_endpoint, data=form, allow_redirects=False, timeout=10)
    return query_of(reply.headers["location"])


@pytest.fixture
def client(auth: AuthClient, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooks]:
    # The sandbox speaks plain HTTP on loopback, which oauthlib only allows on request.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    answer = consent(auth, [Scopes.ACCOUNTING])
    assert answer["state"] == auth.state_token
    auth.get_bearer_token(answer["code"], realm_id=answer["realmId"])
    made = QuickBooks(
        auth_client=auth,
        refresh_token=auth.refresh_token,
        company_id=answer["realmId"],
        minorversion=75,
        use_decimal=True,
    )
    made.api_url_v3 = f"{url}/v3"
    yield made
    made.session.close()


@pytest.fixture
def item(client: QuickBooks) -> Any:
    for name, kind, sub in (
        ("A/R", "Accounts Receivable", None),
        ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
        ("Checking", "Bank", None),
    ):
        account = qb.Account()
        account.Name, account.AccountType = name, kind
        if sub:
            account.AccountSubType = sub
        account.save(qb=client)
    income = qb.Account()
    income.Name, income.AccountType = "Sales", "Income"
    income.save(qb=client)
    made = qb.Item()
    made.Name, made.Type, made.Sku = "Repair", "Service", "R-1"
    made.IncomeAccountRef = qb.Account.get(income.Id, qb=client).to_ref()
    return made.save(qb=client)


def new_customer(client: QuickBooks, name: str) -> Any:
    customer = qb.Customer()
    customer.DisplayName = name
    return customer.save(qb=client)


def new_invoice(customer: Any, item: Any, amount: Any) -> Any:
    line = SalesItemLine()
    line.Amount = amount
    line.Description = "Work"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = item.to_ref()
    invoice = qb.Invoice()
    invoice.CustomerRef = customer.to_ref()
    invoice.Line.append(line)
    return invoice


def test_sign_in_refresh_and_revoke(auth: AuthClient) -> None:
    answer = consent(auth, [Scopes.ACCOUNTING, Scopes.OPENID, Scopes.EMAIL])
    auth.get_bearer_token(answer["code"], realm_id=answer["realmId"])
    assert auth.id_token
    first = auth.access_token
    assert auth.get_user_info().json()["email"]
    auth.refresh()
    assert auth.access_token != first
    assert auth.x_refresh_token_expires_in == 8_726_400
    assert auth.revoke()
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 400


def test_an_invoice_and_its_payment(client: QuickBooks, item: Any) -> None:
    customer = new_customer(client, "O'Brien & Sons")
    invoice = new_invoice(customer, item, Decimal("123.45")).save(qb=client)
    assert invoice.TotalAmt == Decimal("123.45")
    line = PaymentLine()
    line.Amount = Decimal("23.45")
    line.LinkedTxn.append(invoice.to_linked_txn())
    payment = qb.Payment()
    payment.TotalAmt = Decimal("23.45")
    payment.CustomerRef = customer.to_ref()
    payment.Line.append(line)
    payment = payment.save(qb=client)
    assert payment.UnappliedAmt == 0
    found = qb.Invoice.filter(CustomerRef=customer.Id, qb=client)
    assert [doc.Balance for doc in found] == [100]
    assert qb.Customer.filter(DisplayName="O'Brien & Sons", Active=True, qb=client)[0].Id == customer.Id
    payment.void(qb=client)
    assert qb.Invoice.get(invoice.Id, qb=client).Balance == Decimal("123.45")
    again = qb.Invoice.get(invoice.Id, qb=client)
    again.void(qb=client)
    assert qb.Invoice.get(invoice.Id, qb=client).TotalAmt == 0


def test_updating_sending_deleting(client: QuickBooks, item: Any) -> None:
    customer = new_customer(client, "Ann")
    invoice = new_invoice(customer, item, 10).save(qb=client)
    invoice.PrivateNote = "changed"
    invoice = invoice.save(qb=client)
    assert (invoice.PrivateNote, invoice.SyncToken) == ("changed", "1")
    assert invoice.download_pdf(qb=client).startswith(b"%PDF")
    invoice.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        qb.Invoice.get(invoice.Id, qb=client)


def test_faults_become_the_clients_own_errors(client: QuickBooks, item: Any) -> None:
    new_customer(client, "Ann")
    with pytest.raises(QuickbooksException) as duplicate:
        new_customer(client, "Ann")
    assert duplicate.value.error_code == 6240
    with pytest.raises(ValidationException):
        qb.Customer.query("select * from Customer where Foo = '1'", qb=client)


def test_lists_pages_counts_and_choices(client: QuickBooks, item: Any) -> None:
    made = [new_customer(client, f"Name {number:02}") for number in range(12)]
    assert qb.Customer.count(qb=client) == 12
    page = qb.Customer.all(order_by="DisplayName DESC", start_position=2, max_results=3, qb=client)
    assert [row.DisplayName for row in page] == ["Name 10", "Name 09", "Name 08"]
    chosen = qb.Customer.choose([made[0].Id, made[5].Id], qb=client)
    assert {row.Id for row in chosen} == {made[0].Id, made[5].Id}
    found = qb.Customer.where("DisplayName LIKE 'Name 1%'", order_by="DisplayName", qb=client)
    assert [row.DisplayName for row in found] == ["Name 10", "Name 11"]
    assert [row.Sku for row in qb.Item.all(qb=client)] == ["R-1"]


def test_batches(client: QuickBooks, item: Any) -> None:
    customers = []
    for number in range(35):
        customer = qb.Customer()
        customer.DisplayName = f"Batch {number}"
        customers.append(customer)
    result = batch_create(customers, qb=client)
    assert (len(result.successes), len(result.faults)) == (35, 0)
    again = batch_create(customers[:2], qb=client)
    assert [fault.Error[0].code for fault in again.faults] == ["6240", "6240"]
    invoices = [new_invoice(result.successes[0], item, 5).save(qb=client) for _ in range(3)]
    for invoice in invoices:
        invoice.PrivateNote = "batch"
    updated = batch_update(invoices, qb=client)
    assert {doc.PrivateNote for doc in updated.successes} == {"batch"}
    assert len(batch_delete(updated.successes, qb=client).successes) == 3


def test_changes(client: QuickBooks, item: Any, served: Sandbox) -> None:
    customer = new_customer(client, "Ann")
    invoice = new_invoice(customer, item, 10).save(qb=client)
    since = served.clock.now() - timedelta(minutes=5)
    for moment in (qb_datetime_utc_offset_format(since, "+00:00"), since.strftime("%Y-%m-%dT%H:%M:%SZ")):
        changed = change_data_capture([qb.Invoice, qb.Customer, qb.Payment], moment, qb=client)
        assert [doc.Id for doc in changed.Invoice] == [invoice.Id]
        assert [doc.DisplayName for doc in changed.Customer] == ["Ann"]
        assert not hasattr(changed, "Payment")


def test_preferences_and_company(client: QuickBooks) -> None:
    preferences = qb.Preferences.get(qb=client)
    assert preferences.SalesFormsPrefs.CustomTxnNumbers is True
    info = qb.CompanyInfo.get(client.company_id, qb=client)
    assert info.CompanyName == identity.COMPANY_NAME


def test_a_request_id_makes_one_object(client: QuickBooks, item: Any) -> None:
    customer = new_customer(client, "Ann")
    first, second = (new_invoice(customer, item, 10).save(qb=client, request_id="same") for _ in range(2))
    assert first.Id == second.Id
    assert qb.Invoice.count(qb=client) == 1


def test_other_documents_with_the_clients_defaults(client: QuickBooks, item: Any) -> None:
    customer = new_customer(client, "Ann")
    memo = qb.CreditMemo()
    memo.CustomerRef = customer.to_ref()
    memo.Line.append(new_invoice(customer, item, 15).Line[0])
    assert memo.save(qb=client).RemainingCredit == 15
    bank = qb.Account.filter(Name="Checking", qb=client)[0]
    refund = qb.RefundReceipt()
    refund.CustomerRef = customer.to_ref()
    refund.DepositToAccountRef = bank.to_ref()
    refund.Line.append(new_invoice(customer, item, 4).Line[0])
    refund.PaymentType = "Check"
    assert refund.save(qb=client).TotalAmt == 4
    term = qb.Term()
    term.Name, term.DueDays = "Net 15", 15
    assert term.save(qb=client).DueDays == 15
    klass = qb.Class()
    klass.Name = "HVAC"
    assert klass.save(qb=client).FullyQualifiedName == "HVAC"
    employee = qb.Employee()
    employee.GivenName, employee.FamilyName = "Lee", "Ho"
    assert employee.save(qb=client).DisplayName == "Lee Ho"


def test_an_order_is_billed_line_by_line_and_paid(client: QuickBooks, item: Any) -> None:
    payable, cost = qb.Account(), qb.Account()
    payable.Name, payable.AccountType = "A/P", "Accounts Payable"
    cost.Name, cost.AccountType = "Parts", "Cost of Goods Sold"
    for account in (payable, cost):
        account.save(qb=client)
    item.ExpenseAccountRef = cost.to_ref()
    item.save(qb=client)
    vendor = qb.Vendor()
    vendor.DisplayName = "Norton Supply"
    vendor.save(qb=client)
    line = ItemBasedExpenseLine()
    line.Amount = 12
    line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = item.to_ref()
    line.ItemBasedExpenseLineDetail.Qty, line.ItemBasedExpenseLineDetail.UnitPrice = 3, 4
    order = qb.PurchaseOrder()
    order.VendorRef, order.APAccountRef = vendor.to_ref(), payable.to_ref()
    order.Line.append(line)
    order = order.save(qb=client)
    link = order.to_linked_txn()
    link.TxnType, link.TxnLineId = "PurchaseOrder", order.Line[0].Id
    line.Id = None
    line.LinkedTxn.append(link)
    bill = qb.Bill()
    bill.VendorRef, bill.DocNumber = vendor.to_ref(), "N-1"
    bill.Line.append(line)
    bill = bill.save(qb=client)
    assert (bill.Balance, bill.LinkedTxn[0].TxnId) == (12, order.Id)
    order = qb.PurchaseOrder.get(order.Id, qb=client)
    assert (order.POStatus, order.LinkedTxn[0].TxnType) == ("Closed", "Bill")
    bill.delete(qb=client)
    assert qb.PurchaseOrder.get(order.Id, qb=client).POStatus == "Open"


def test_tax_by_service(client: QuickBooks, item: Any) -> None:
    agency = qb.TaxAgency()
    agency.DisplayName = "State"
    agency.save(qb=client)
    service = TaxService()
    service.TaxCode = "City"
    detail = TaxRateDetails()
    detail.TaxRateName, detail.RateValue, detail.TaxAgencyId = "City rate", 8, agency.Id
    service.TaxRateDetails.append(detail)
    made = service.save(qb=client)
    assert made.TaxCode == "City"
    assert qb.TaxRate.filter(Name="City rate", qb=client)[0].RateValue == 8
