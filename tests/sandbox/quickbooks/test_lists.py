"""Names and lists: uniqueness, levels, inactivation, what each kind needs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Body, Company


def test_the_sample_customer_is_completed(books: Company) -> None:
    made = books.make(
        "Customer",
        {
            "FullyQualifiedName": "King Groceries",
            "PrimaryEmailAddr": {"Address": "jdrew@example.com"},
            "DisplayName": "King's Groceries",
            "Suffix": "Jr",
            "Title": "Mr",
            "GivenName": "James",
            "MiddleName": "B",
            "FamilyName": "King",
            "CompanyName": "King Groceries",
            "Notes": "Here are other details.",
            "PrimaryPhone": {"FreeFormNumber": "(555) 555-5555"},
            "BillAddr": {"Line1": "123 Main Street", "City": "Mountain View", "Country": "USA"},
        },
    )
    expected = {
        "FullyQualifiedName": "King's Groceries",
        "PrintOnCheckName": "King Groceries",
        "PreferredDeliveryMethod": "Print",
        "Active": True,
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "SyncToken": "0",
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
    }
    assert {name: made[name] for name in expected} == expected


def test_a_name_is_composed_of_its_parts(books: Company) -> None:
    made = books.make("Customer", {"Title": "Dr", "GivenName": " Mae ", "FamilyName": "Jemison"})
    assert made["DisplayName"] == "Dr Mae Jemison"
    assert books.post("customer", {"Notes": "nobody"}).codes == ["6080"]


@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB"])
@pytest.mark.parametrize("field", ["DisplayName", "GivenName", "PrintOnCheckName"])
def test_names_have_no_colon_tab_or_line_break(books: Company, name: str, field: str) -> None:
    reply = books.post("customer", {"DisplayName": "fine", field: name})
    assert (reply.codes, reply.error["element"]) == (["2040"], field)


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
@pytest.mark.parametrize("name", ["Norton Supply", " norton SUPPLY ", "Freeman, Ada"])
def test_a_display_name_is_unique_over_the_three_lists(books: Company, entity: str, name: str) -> None:
    reply = books.post(entity.lower(), {"DisplayName": name})
    assert reply.codes == ["6240"]


def test_an_inactive_name_is_renamed_and_becomes_free(books: Company) -> None:
    customer = books.read("Customer", books.names["other"])
    body = {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "sparse": True, "Active": False}
    gone = books.make("Customer", body)
    assert gone["DisplayName"] == gone["FullyQualifiedName"] == "Twin Lane LLC (deleted)"
    second = books.make("Customer", {"DisplayName": "Twin Lane LLC"})
    assert books.post("customer", {"DisplayName": "Twin Lane LLC (deleted)"}).codes == ["6240"]
    again = books.act("inactivate", entity="Customer", id=second["Id"])["Customer"]
    assert again["DisplayName"] == "Twin Lane LLC (deleted-1)"
    back = books.act("reactivate", entity="Customer", id=second["Id"])["Customer"]
    assert back["DisplayName"] == "Twin Lane LLC"
    assert "6240" in books.refused_act("reactivate", entity="Customer", id=gone["Id"])


def test_a_reactivated_name_must_be_free(books: Company) -> None:
    books.act("inactivate", entity="Customer", id=books.names["other"])
    books.make("Vendor", {"DisplayName": "Twin Lane LLC"})
    assert "6240" in books.refused_act("reactivate", entity="Customer", id=books.names["other"])


def test_sub_customers_go_five_levels_deep(books: Company) -> None:
    parent = books.names["customer"]
    for level in range(1, 5):
        made = books.make(
            "Customer", {"DisplayName": f"Level {level}", "Job": True, "ParentRef": {"value": parent}}
        )
        assert made["Level"] == level
        parent = made["Id"]
    assert made["FullyQualifiedName"] == "Freeman, Ada:Level 1:Level 2:Level 3:Level 4"
    assert books.post("customer", {"DisplayName": "Level 5", "ParentRef": {"value": parent}}).codes == [
        "6180"
    ]
    assert books.post("customer", {"DisplayName": "Orphan", "Job": True}).error["element"] == "ParentRef"


def test_renaming_a_parent_renames_its_children(books: Company) -> None:
    parent = {"value": books.names["customer"]}
    child = books.make("Customer", {"DisplayName": "Job", "Job": True, "ParentRef": parent})
    books.act("rename", entity="Customer", id=books.names["customer"], name="Ada F.")
    assert books.read("Customer", child["Id"])["FullyQualifiedName"] == "Ada F.:Job"


@pytest.mark.parametrize(
    ("field", "limit"),
    [("DisplayName", 500), ("GivenName", 100), ("CompanyName", 100), ("Title", 16), ("Notes", 2000)],
)
def test_lengths_of_a_customer(books: Company, field: str, limit: int) -> None:
    body = {"DisplayName": "Somebody"}
    assert books.post("customer", body | {field: "x" * (limit + 1)}).error["element"] == field
    assert books.post("customer", body | {field: "x" * limit}).status == 200


def test_phones_and_addresses_have_lengths_too(books: Company) -> None:
    phone = {"DisplayName": "P", "PrimaryPhone": {"FreeFormNumber": "5" * 31}}
    assert books.post("customer", phone).codes == ["2050"]
    lines = {f"Line{number}": "x" * 450 for number in range(1, 6)}
    assert books.post("customer", {"DisplayName": "A", "BillAddr": lines}).codes == ["2050"]
    assert books.post("customer", {"DisplayName": "W", "WebAddr": {"URI": "no address"}}).codes == ["2200"]


def test_tax_numbers_are_masked(books: Company) -> None:
    made = books.make("Customer", {"DisplayName": "T", "PrimaryTaxIdentifier": "123456789"})
    assert made["PrimaryTaxIdentifier"] == "XXXX56789"
    kept = books.make("Customer", {**made})
    assert kept["PrimaryTaxIdentifier"] == "XXXX56789"


def test_an_opening_balance_is_written_once(books: Company) -> None:
    made = books.make("Customer", {"DisplayName": "Old", "Balance": 75, "OpenBalanceDate": "2026-01-01"})
    assert made["Balance"] == 75
    changed = books.make("Customer", {**made, "Balance": 9})
    assert changed["Balance"] == 75


def test_items_need_what_their_type_needs(books: Company) -> None:
    income, cost, stock = ({"value": books.names[key]} for key in ("income", "cost", "stock"))

    def codes(**body: object) -> list[str]:
        return books.post("item", {"Name": "New", **body}).codes

    assert codes() == ["2020"]
    assert codes(Type="Service") == ["2020"]
    assert codes(Type="Service", IncomeAccountRef=stock) == ["6430"]
    assert codes(Type="Group") == ["6000"]
    assert codes(Type="Inventory", IncomeAccountRef=income) == ["2020"]
    whole = {
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": 10,
        "InvStartDate": "2026-01-01",
        "IncomeAccountRef": income,
        "ExpenseAccountRef": cost,
        "AssetAccountRef": stock,
    }
    assert codes(**whole) == []
    assert codes(**whole | {"Name": "NEW"}) == ["6240"]
    made = books.rows("select * from Item where Name = 'New'")[0]
    assert books.post("item", {**made, "Type": "Service"}).codes == ["6000"]
    books.switch(items_need_expense_account=True)
    assert codes(Name="Other", Type="Service", IncomeAccountRef=income) == ["2020"]


def test_item_names(books: Company) -> None:
    income = {"value": books.names["income"]}
    base = {"Type": "Service", "IncomeAccountRef": income}
    assert books.post("item", {"Name": "A:B", **base}).codes == ["2040"]
    reply = books.post("item", {"Name": "repair", **base})
    assert reply.error["Detail"].endswith(
        "Another product or service is already using this name. Please use a different name."
    )
    assert books.post("item", {"Name": "x" * 101, **base}).codes == ["2050"]


def test_categories_make_levels(books: Company) -> None:
    category = books.make("Item", {"Name": "Cooling", "Type": "Category"})
    assert "UnitPrice" not in category
    body = {
        "Name": "Repair",
        "Type": "Service",
        "IncomeAccountRef": {"value": books.names["income"]},
        "SubItem": True,
        "ParentRef": {"value": category["Id"]},
    }
    made = books.make("Item", body)
    assert (made["FullyQualifiedName"], made["Level"]) == ("Cooling:Repair", 1)
    assert books.post("item", body).codes == ["6240"]
    assert books.post("item", {**body, "Name": "x", "ParentRef": None}).error["element"] == "ParentRef"


def test_an_item_keeps_its_price_precision(books: Company) -> None:
    body = {"Name": "P", "Type": "Service", "IncomeAccountRef": {"value": books.names["income"]}}
    made = books.make("Item", {**body, "UnitPrice": Decimal("14.1234567")})
    assert books.read("Item", made["Id"])["UnitPrice"] == Decimal("14.1234567")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "Checking", "AccountType": "Bank"}, "6240"),
        ({"Name": "A:B", "AccountType": "Bank"}, "2040"),
        ({"Name": 'A"B', "AccountType": "Bank"}, "2040"),
        ({"Name": "X"}, "2020"),
        ({"Name": "X", "AccountType": "Piggy"}, "2170"),
        ({"Name": "X", "AccountType": "Bank", "AcctNum": "12345678"}, "2050"),
        ({"Name": "X", "AccountType": "Income", "AcctNum": "40100"}, "6240"),
    ],
)
def test_accounts_are_refused(books: Company, body: Body, code: str) -> None:
    assert books.post("account", body).codes == [code]


def test_an_account_is_classified(books: Company) -> None:
    made = books.make("Account", {"Name": "Vans", "AccountSubType": "Auto"})
    assert (made["AccountType"], made["Classification"]) == ("Expense", "Expense")
    gone = books.act("inactivate", entity="Account", id=made["Id"])["Account"]
    assert gone["Name"] == "Vans (deleted)"


def test_system_accounts_have_no_children(books: Company) -> None:
    body = {
        "Name": "Tips",
        "AccountType": "Other Current Asset",
        "ParentRef": {"value": books.names["undeposited"]},
    }
    assert books.post("account", body).codes == ["6000"]


def test_classes_and_locations_have_paths(books: Company) -> None:
    for entity, flag in (("Class", "SubClass"), ("Department", "SubDepartment")):
        parent = books.make(entity, {"Name": "HVAC"})
        child = books.make(entity, {"Name": "Install", "ParentRef": {"value": parent["Id"]}})
        assert (child["FullyQualifiedName"], child[flag], parent[flag]) == ("HVAC:Install", True, False)
        assert books.post(entity.lower(), {"Name": "hvac"}).codes == ["6240"]


def test_terms_and_payment_methods(books: Company) -> None:
    term = books.make("Term", {"Name": "Term120", "DueDays": "120"})
    assert (term["Type"], term["DueDays"], term["DiscountPercent"]) == ("STANDARD", 120, 0)
    assert books.post("term", {"Name": "Long", "DueDays": 1000}).codes == ["2240"]
    assert books.post("term", {"Name": "x" * 32}).codes == ["2050"]
    method = books.make("PaymentMethod", {"Name": "Business Check"})
    assert method["Type"] == "NON_CREDIT_CARD"
    assert books.post("paymentmethod", {"Name": "business check"}).codes == ["6240"]


def test_list_objects_are_never_deleted(books: Company) -> None:
    target = {"Id": books.names["service"], "SyncToken": "0"}
    assert books.post("item", target, operation="delete").codes == ["500"]


def test_an_inactive_reference_already_there_may_stay(books: Company) -> None:
    made = books.invoice()
    books.act("inactivate", entity="Item", id=books.names["service"])
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "late"}
    assert books.post("invoice", change).status == 200
    assert books.post("invoice", books.sale()).codes == ["610"]


def test_names_may_share_one_sequence(bare: Company) -> None:
    bare.switch(requests_per_second=None, names_share_one_sequence=True)
    bare.connect()
    ids = [bare.make(entity, {"DisplayName": entity})["Id"] for entity in ("Customer", "Vendor", "Employee")]
    assert ids == ["1", "2", "3"]
