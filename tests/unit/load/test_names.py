"""Customers and items that exist already, and names that are taken."""

from typing import Any

import pytest

from st_qbo_assets.domain.errors import TransportError
from st_qbo_assets.domain.outcomes import LoadResult, Outcome, Reason
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import Bench, customer, invoice, item

HEADER = "source,target,qbo_id\n"


def said(result: LoadResult) -> Reason:
    assert result.reason is not None
    return result.reason


def names(bench: Bench, entity: str = "Customer") -> list[str]:
    return [each["DisplayName" if entity == "Customer" else "Name"] for each in bench.quickbooks.all(entity)]


def typed(bench: Bench, name: str, entity: str = "Customer", **fields: Any) -> dict[str, Any]:
    return bench.quickbooks.put(entity, {"DisplayName": name, **fields})


@pytest.mark.rule("7.2")
def test_the_same_customer_is_linked_and_not_touched() -> None:
    bench = Bench()
    there = typed(bench, "Smith, John", PrimaryEmailAddr={"Address": "john@x.com"}, CompanyName="Smith & Co")

    results = bench.load(customer(1, "John Smith", email="JOHN@x.com"))
    again = bench.load(customer(1, "John Smith", email="JOHN@x.com"))

    assert (results["customer:1"].outcome, results["customer:1"].operation) == (Outcome.POSTED, "link")
    assert (results["customer:1"].qbo_id, results["customer:1"].wrote) == (there["Id"], False)
    assert again["customer:1"].outcome is Outcome.UNCHANGED
    assert bench.quickbooks.writes == []
    assert [(each["code"], each["detail"]["agrees"]) for each in bench.ledger.decisions] == [
        ("linked_by_rule", ["name", "e-mail"])
    ]


@pytest.mark.rule("7.1", "7.2")
def test_after_linking_only_what_servicetitan_changes_travels() -> None:
    bench = Bench()
    typed(bench, "John Smith", PrimaryEmailAddr={"Address": "john@x.com"}, CompanyName="Smith & Co")
    bench.load(customer(1, "John Smith", email="john@x.com", CompanyName="John Smith"))

    bench.load(customer(1, "John Smith", email="new@x.com", CompanyName="John Smith"))

    (there,) = bench.quickbooks.all("Customer")
    assert (there["PrimaryEmailAddr"]["Address"], there["CompanyName"]) == ("new@x.com", "Smith & Co")


@pytest.mark.rule("7.2")
def test_an_unsure_match_holds_the_customer_and_blocks_its_documents() -> None:
    bench = Bench()
    there = typed(bench, "Jon Smith")

    results = bench.load(customer(1, "John Smith", email="john@x.com"), item("SKU"), invoice(10))

    assert results["customer:1"].outcome is Outcome.HELD
    assert said(results["customer:1"]).suggestions == (f"Jon Smith (Id {there['Id']})",)
    assert "customer:1,Customer,<QuickBooks id>" in said(results["customer:1"]).remedy
    assert results["invoice:10"].outcome is Outcome.BLOCKED


@pytest.mark.rule("7.2")
@pytest.mark.parametrize("settle", ["id", "none"])
def test_a_settled_pair_comes_before_any_rule(settle: str) -> None:
    bench = Bench()
    there = typed(bench, "John Smith")
    row = there["Id"] if settle == "id" else "none"
    bench.settled = parse_settled_links(f"{HEADER}customer:1,Customer,{row}\n")

    results = bench.load(customer(1, "John Smith"), item("SKU"), invoice(10))

    assert results["invoice:10"].outcome is Outcome.POSTED
    expected = ["John Smith"] if settle == "id" else ["John Smith", "John Smith (C-1)"]
    assert names(bench) == expected


@pytest.mark.rule("7.2")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_settled_pair_that_cannot_be_is_named_by_its_line(is_there: bool) -> None:
    bench = Bench()
    there = typed(bench, "Somebody", Active=False)
    qbo_id = there["Id"] if is_there else "999"
    bench.settled = parse_settled_links(f"{HEADER}customer:1,Customer,{qbo_id}\n")

    result = bench.load(customer(1))["customer:1"]

    assert (result.outcome, said(result).code) == (Outcome.HELD, "settled_link_broken")
    assert "Line 2 of links.csv" in said(result).text


@pytest.mark.rule("7.2")
def test_a_wrong_link_is_moved_by_settling_the_pair() -> None:
    bench = Bench()
    bench.load(customer(1, "John Smith"))
    other = typed(bench, "Smith Family")
    bench.settled = parse_settled_links(f"{HEADER}customer:1,Customer,{other['Id']}\n")

    first = bench.load(customer(1, "John Smith"))["customer:1"]
    second = bench.load(customer(1, "John Smith"))["customer:1"]

    assert (first.qbo_id, second.qbo_id, second.outcome) == (other["Id"], other["Id"], Outcome.UNCHANGED)
    assert {link.state for link in bench.ledger.kept_links.values()} == {LinkState.SETTLED_PAIR}


@pytest.mark.rule("7.2")
@pytest.mark.parametrize("entity", ["Vendor", "Employee"])
def test_a_name_of_a_vendor_or_employee_gets_a_suffix(entity: str) -> None:
    bench = Bench()
    typed(bench, "John Smith", entity)

    result = bench.load(customer(1, "John Smith"))["customer:1"]
    again = bench.load(customer(1, "John Smith"))["customer:1"]

    assert (result.outcome, said(result).code) == (Outcome.POSTED, "renamed")
    assert names(bench) == ["John Smith (C-1)"]
    assert again.outcome is Outcome.UNCHANGED


@pytest.mark.rule("7.2")
def test_two_customers_of_one_name_are_two_customers() -> None:
    bench = Bench()

    results = bench.load(
        customer(1, "John Smith", email="a@x.com"),
        customer(2, "John Smith", email="b@x.com"),
        customer(3, "John Smith"),
    )

    assert {result.outcome for result in results.values()} == {Outcome.POSTED}
    assert sorted(names(bench)) == ["John Smith", "John Smith (C-2)", "John Smith (C-3)"]


@pytest.mark.rule("7.2")
def test_a_customer_typed_in_since_the_names_were_read_is_found_at_the_conflict() -> None:
    bench = Bench()

    def somebody_is_faster(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and not bench.quickbooks.all("Customer"):
            typed(bench, "John Smith", PrimaryEmailAddr={"Address": "john@x.com"})

    bench.quickbooks.mischief = somebody_is_faster

    result = bench.load(customer(1, "John Smith", email="john@x.com"))["customer:1"]

    assert (result.outcome, result.operation) == (Outcome.POSTED, "link")
    assert names(bench) == ["John Smith"]


def test_names_are_read_once_for_all_the_days_of_a_run() -> None:
    bench = Bench()

    bench.load(*(customer(number) for number in range(1, 30)))

    assert bench.quickbooks.reads == ["query Customer Active IN (true, false)"]


def test_customers_wait_if_quickbooks_cannot_say_who_is_there() -> None:
    bench = Bench()

    def unreadable(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "read" and entity == "Customer":
            raise TransportError("reset")

    bench.quickbooks.mischief = unreadable

    results = bench.load(customer(1), item("SKU"))

    assert (results["customer:1"].outcome, results["item:SKU|79"].outcome) == (Outcome.FAILED, Outcome.POSTED)
    assert names(bench) == []


def existing_item(bench: Bench, name: str, account: str, **fields: Any) -> dict[str, Any]:
    body = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": account}, **fields}
    return bench.quickbooks.put("Item", body)


@pytest.mark.rule("2.1")
def test_an_existing_item_is_used_if_its_income_account_agrees() -> None:
    bench = Bench()
    there = existing_item(bench, "sku", "79")

    result = bench.load(item("SKU"))["item:SKU|79"]

    assert (result.qbo_id, result.operation, bench.quickbooks.writes) == (there["Id"], "link", [])


@pytest.mark.rule("2.1")
@pytest.mark.parametrize("other", [{"account": "80"}, {"account": "79", "Type": "Inventory"}])
def test_an_item_of_another_account_or_kind_leaves_the_second_name(other: dict[str, str]) -> None:
    bench = Bench()
    existing_item(bench, "SKU", **other)

    result = bench.load(item("SKU"))["item:SKU|79"]

    assert (result.outcome, names(bench, "Item")) == (Outcome.POSTED, ["SKU", "SKU [40100]"])


@pytest.mark.rule("2.1")
def test_one_sku_on_two_accounts_is_two_items_with_the_same_sku() -> None:
    bench = Bench()

    bench.load(item("SKU", account="79", label="40100"), item("SKU", account="80", label="40200"))

    rows = [
        (each["Name"], each["Sku"], each["IncomeAccountRef"]["value"])
        for each in bench.quickbooks.all("Item")
    ]
    assert rows == [("SKU", "SKU", "79"), ("SKU [40200]", "SKU", "80")]


@pytest.mark.rule("2.1")
def test_an_item_whose_names_are_all_taken_waits_for_a_person() -> None:
    bench = Bench()
    existing_item(bench, "SKU", "80")
    existing_item(bench, "SKU [40100]", "81")

    results = bench.load(customer(1), item("SKU"), invoice(10))

    assert (results["item:SKU|79"].outcome, said(results["item:SKU|79"]).code) == (Outcome.HELD, "name_taken")
    assert results["invoice:10"].outcome is Outcome.BLOCKED


@pytest.mark.rule("2.1")
def test_an_item_made_by_somebody_in_the_meantime_is_used_at_the_conflict() -> None:
    bench = Bench()

    def somebody_is_faster(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and not bench.quickbooks.all("Item"):
            existing_item(bench, "SKU", "79")

    bench.quickbooks.mischief = somebody_is_faster

    result = bench.load(item("SKU"))["item:SKU|79"]

    assert (result.outcome, result.operation, names(bench, "Item")) == (Outcome.POSTED, "link", ["SKU"])


@pytest.mark.rule("2.1")
def test_a_settled_item_must_post_to_the_same_account() -> None:
    bench = Bench()
    there = existing_item(bench, "Labor", "80")
    bench.settled = parse_settled_links(f"{HEADER}item:SKU|79,Item,{there['Id']}\n")

    result = bench.load(item("SKU"))["item:SKU|79"]

    assert (result.outcome, said(result).code) == (Outcome.HELD, "settled_link_broken")
    assert "posts to account 80, not 79" in said(result).text
