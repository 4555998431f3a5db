from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

import pytest

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.contractor import Seed
from st_qbo_sandbox.quickbooks import QuickBooks
from st_qbo_sandbox.storage import Storage
from tests.sandbox.contractor.seeds import seed_of, window


def loaded(seed: Seed) -> dict[str, list[dict[str, Any]]]:
    storage = Storage(None)
    half = QuickBooks(clock=Clock(storage), storage=storage)
    half.reset()
    half.load(seed.quickbooks)
    return half.state()


@pytest.fixture(scope="module", params=[1, 2])
def books(request: pytest.FixtureRequest) -> Iterator[tuple[Seed, dict[str, list[dict[str, Any]]]]]:
    seed = seed_of(window(seed=request.param))
    yield seed, loaded(seed)


def bodies(seed: Seed, entity: str) -> list[dict[str, Any]]:
    return [body for name, body in seed.quickbooks["objects"] if name == entity]


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def test_hard_data_loads_as_well() -> None:
    state = loaded(seed_of(window(hard=True)))
    assert len(state["Customer"]) > 44


def test_objects_refer_backwards_only_and_ids_are_distinct(books: Any) -> None:
    seed, _ = books
    seen: set[tuple[str, str]] = set()
    for entity, body in seed.quickbooks["objects"]:
        assert (entity, body["Id"]) not in seen
        seen.add((entity, body["Id"]))
        customer = body.get("CustomerRef")
        assert customer is None or ("Customer", customer["value"]) in seen


def test_nothing_is_dated_in_the_window_but_adopted_invoices(books: Any) -> None:
    seed, state = books
    first = window().first_day.isoformat()
    recent = [doc for entity in ("Invoice", "Payment", "Deposit", "Bill",
                                 "BillPayment") for doc in state[entity]
              if doc["TxnDate"] >= first]  # fmt: skip
    invoices = {invoice["id"]: invoice for invoice in seed.servicetitan["invoices"]}
    adopted = [invoices[identity] for identity in seed.cases["adopted_invoice"]]
    assert sorted((doc["DocNumber"], doc["TxnDate"], doc["TotalAmt"]) for doc in recent) == sorted(
        (invoice["referenceNumber"], invoice["invoiceDate"][:10], Decimal(invoice["total"]))
        for invoice in adopted
    )


def test_adopted_invoices_book_the_same_income(books: Any) -> None:
    seed, state = books
    items = {item["Id"]: item["IncomeAccountRef"]["value"] for item in state["Item"]}
    numbers = {account["Id"]: account.get("AcctNum") for account in state["Account"]}
    documents = {doc["DocNumber"]: doc for doc in state["Invoice"]}
    for invoice in seed.servicetitan["invoices"]:
        if invoice["id"] not in seed.cases["adopted_invoice"]:
            continue
        typed = [line for line in documents[invoice["referenceNumber"]]["Line"] if "ItemRef" in str(line)]
        booked = [
            (numbers[items[line["SalesItemLineDetail"]["ItemRef"]["value"]]], line["Amount"])
            for line in typed
        ]
        assert booked == [
            (item["generalLedgerAccount"]["number"], Decimal(item["total"])) for item in invoice["items"]
        ]


def test_accounts_of_lines_and_payments_are_found_by_number_or_name(books: Any) -> None:
    seed, state = books
    by_number = {account["AcctNum"]: account for account in state["Account"] if account.get("AcctNum")}
    by_name = {account["Name"]: account for account in state["Account"]}
    used = [
        item["generalLedgerAccount"] for invoice in seed.servicetitan["invoices"] for item in invoice["items"]
    ]
    used += [payment["generalLedgerAccount"] for payment in seed.servicetitan["payments"]]
    for account in used:
        found = by_number[account["number"]] if account["number"] else by_name[account["name"]]
        assert found["AccountType"] == account["type"]


def test_classes_and_terms_of_documents_exist(books: Any) -> None:
    seed, state = books
    classes = {entry["FullyQualifiedName"] for entry in state["Class"]}
    terms = {entry["Name"] for entry in state["Term"]}
    assert {unit["quickbooksClass"] for unit in seed.servicetitan["business-units"]} <= classes
    assert {term["name"] for term in seed.servicetitan["payment-terms"]} <= terms


def test_customers_of_both_products_agree_in_name_and_a_contact(books: Any) -> None:
    seed, state = books
    known = {plain(customer["DisplayName"]): customer for customer in state["Customer"]}
    contacts: dict[int, set[str]] = {}
    for contact in seed.servicetitan["contacts"]:
        contacts.setdefault(contact["customerId"], set()).add(contact["value"].lower())
    names = {record["id"]: record["name"] for record in seed.servicetitan["customers"]}
    for identity in seed.cases["customer_in_both"]:
        twin = known[plain(names[identity])]
        shared = {twin.get("PrimaryEmailAddr", {}).get("Address", "").lower(),
                  digits(twin.get("PrimaryPhone", {}).get("FreeFormNumber", ""))}  # fmt: skip
        assert shared & contacts[identity]


def test_no_other_customer_resembles_a_name_in_quickbooks(books: Any) -> None:
    seed, state = books
    both = set(seed.cases["customer_in_both"])
    others = [plain(record["name"]) for record in seed.servicetitan["customers"] if record["id"] not in both]
    taken = [
        plain(doc["DisplayName"]) for entity in ("Customer", "Vendor", "Employee") for doc in state[entity]
    ]
    matcher = SequenceMatcher()
    close: list[tuple[str, str]] = []
    for name in taken:
        matcher.set_seq2(name)
        for other in others:
            matcher.set_seq1(other)
            if matcher.real_quick_ratio() > 0.75 and matcher.quick_ratio() > 0.75 and matcher.ratio() > 0.75:
                close.append((name, other))
    assert close == []


def test_items_under_a_sku_code_earn_on_the_skus_account(books: Any) -> None:
    seed, state = books
    numbers = {account["Id"]: account.get("AcctNum") or account["Name"] for account in state["Account"]}
    items = {item["Name"]: numbers[item["IncomeAccountRef"]["value"]] for item in state["Item"]}
    for invoice in seed.servicetitan["invoices"]:
        for item in invoice["items"]:
            account = item["generalLedgerAccount"]
            assert items.get(item["skuName"], account["number"] or account["name"]) == (
                account["number"] or account["name"]
            )


def test_the_company_tracks_what_a_sync_sends(books: Any) -> None:
    _, state = books
    preferences = state["Preferences"][0]
    assert preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert preferences["SalesFormsPrefs"]["AutoApplyCredit"] is False
    assert preferences["AccountingInfoPrefs"]["ClassTrackingPerTxnLine"] is True
    assert preferences["AccountingInfoPrefs"]["TrackDepartments"] is True
    assert "BookCloseDate" not in preferences["AccountingInfoPrefs"]
    assert preferences["TaxPrefs"] == {"UsingSalesTax": True, "PartnerTaxEnabled": True}
