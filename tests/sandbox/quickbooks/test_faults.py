"""Each fault code by raw HTTP, compared with the recorded bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from st_qbo_sandbox import quickbooks
from st_qbo_sandbox.quickbooks.faults import MESSAGES
from tests.sandbox.quickbooks.company import Company, Reply

SAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("fault_samples.json").read_text())["bodies"]


def without_time(body: dict[str, Any]) -> dict[str, Any]:
    assert body.pop("time", None) is not None
    return body


def sample(name: str) -> dict[str, Any]:
    body = dict(SAMPLES[name])
    body.pop("time", None)
    return body


def missing_account(books: Company) -> Reply:
    line = {"Amount": 5, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": {}}
    return books.post("bill", {"VendorRef": {"value": books.names["vendor"]}, "Line": [line]})


def missing_line(books: Company) -> Reply:
    return books.post("invoice", {"CustomerRef": {"value": books.names["customer"]}})


def unknown_reference(books: Company) -> Reply:
    return books.post("invoice", books.sale() | {"CustomerRef": {"value": "999"}})


def inactive_reference(books: Company) -> Reply:
    books.act("inactivate", entity="Customer", id=books.names["customer"])
    return books.post("invoice", books.sale())


def deleted_document(books: Company) -> Reply:
    made = books.invoice()
    books.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    return books.api("GET", f"invoice/{made['Id']}")


def stale(books: Company) -> Reply:
    made = books.invoice()
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "a"}
    assert books.post("invoice", change).status == 200
    return books.post("invoice", change)


def no_amount(books: Company) -> Reply:
    return books.post("payment", {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 0})


def wrong_product(books: Company) -> Reply:
    line = books.line(Decimal("1861.07"), Qty=Decimal("128.350"), UnitPrice=Decimal("14.50"))
    return books.post("invoice", books.sale(line))


def subscription(books: Company) -> Reply:
    books.switch(subscription_locked=True)
    return books.post("invoice", books.sale())


def closed_period(books: Company) -> Reply:
    books.act("close_books", date="2026-10-31")
    return books.post("invoice", books.sale(TxnDate="2026-10-31"))


def duplicate_name(books: Company) -> Reply:
    return books.post("customer", {"DisplayName": "NORTON supply "})


def on_a_deposit(books: Company) -> Reply:
    payment = books.pay(10)
    books.act("deposit", payments=[payment["Id"]])
    body = {"Id": payment["Id"], "SyncToken": "1"}
    return books.post("payment", body, operation="delete")


def bad_query(books: Company) -> Reply:
    return books.ask("select * from Invoice where X TxnDate = '2026-01-01'")


def unknown_property(books: Company) -> Reply:
    return books.ask("select * from Purchase where NoSuchField = 'x'")


def not_queryable(books: Company) -> Reply:
    return books.ask("select * from Customer where CustomerTypeRef = '1'")


def position_zero(books: Company) -> Reply:
    return books.ask("select * from Customer startposition 0")


CASES: list[tuple[str, Callable[[Company], Reply]]] = [
    ("400-2020-accountref", missing_account),
    ("400-2020-line", missing_line),
    ("400-2500", unknown_reference),
    ("400-610-inactive", inactive_reference),
    ("400-610-deleted", deleted_document),
    ("400-5010-stale", stale),
    ("400-6000-business", no_amount),
    ("400-6070-amount", wrong_product),
    ("400-6190-company-status", subscription),
    ("400-6210-closed-period", closed_period),
    ("400-6240-duplicate-name", duplicate_name),
    ("400-6540-deposited", on_a_deposit),
    ("400-4001-query-invalid-property", unknown_property),
    ("400-4001-not-queryable", not_queryable),
    ("400-4001-query-startposition-zero", position_zero),
]


@pytest.mark.parametrize(("name", "provoke"), CASES, ids=[name for name, _ in CASES])
def test_a_refusal_has_the_recorded_body(
    books: Company, name: str, provoke: Callable[[Company], Reply]
) -> None:
    reply = provoke(books)
    assert reply.status == 400
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.headers["intuit_tid"]
    assert without_time(reply.json()) == sample(name)


def test_a_parse_fault_has_the_recorded_form_with_its_own_position(books: Company) -> None:
    reply = bad_query(books)
    expected = sample("400-4000-query-parse")
    expected["Fault"]["Error"][0]["Detail"] = (
        'QueryParserError: Encountered " <IDENTIFIER> "TxnDate "" at line 1, column 31.'
    )
    assert (reply.status, without_time(reply.json())) == (400, expected)


def test_a_duplicate_number_names_who_has_it(books: Company) -> None:
    books.switch(warn_duplicate_number=True)
    first = books.invoice(DocNumber="1037")
    reply = books.post("invoice", books.sale(DocNumber="1037"))
    expected = sample("400-6140-duplicate-docnumber")
    error = expected["Fault"]["Error"][0]
    error["Detail"] = error["Detail"].replace("17984", first["Id"])
    assert (reply.status, without_time(reply.json())) == (400, expected)


def test_an_expired_token_gets_the_lower_case_body(books: Company) -> None:
    books.advance(3601)
    reply = books.api("GET", "preferences")
    body, expected = reply.json(), sample("401-3200-expired")
    assert body["fault"]["error"][0].pop("detail").startswith(f"Token expired: {books.token[:10]}")
    expected["fault"]["error"][0].pop("detail")
    assert isinstance(body["time"], int)
    assert without_time(body) == expected
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    assert reply.headers["intuit_tid"]


def test_a_malformed_token_gets_its_short_body(books: Company) -> None:
    reply = books.api("GET", "preferences", headers={"Authorization": "Bearer short"})
    assert (reply.status, reply.json()) == (401, sample("401-3200-malformed"))


def test_a_missing_token_is_3202(books: Company) -> None:
    reply = books.http("GET", "/v3/company/9341453172058461/preferences")
    assert reply.status == 401
    assert reply.json()["fault"]["error"][0]["code"] == "3202"


def test_another_realm_is_forbidden(books: Company) -> None:
    reply = books.api("GET", "preferences", realm="123145725891994")
    assert (reply.status, reply.json()) == (403, sample("403-3100-not-authorized-for-realm"))


def test_the_app_can_lose_its_authorisation(books: Company) -> None:
    books.switch(app_unauthorized=True)
    reply = books.api("GET", "preferences")
    assert (reply.status, reply.json()) == (403, sample("403-3100-not-authorized-for-realm"))


def test_a_token_without_the_accounting_scope_is_forbidden(bare: Company) -> None:
    code = bare.act("consent", scope="openid profile")["code"]
    redirect = "http://localhost:8800/connect/quickbooks/callback"
    reply = bare.token_call(grant_type="authorization_code", code=code, redirect_uri=redirect)
    bare.token = reply.json()["access_token"]
    assert bare.api("GET", "preferences").json() == sample("403-3100-not-authorized-for-realm")


def test_too_many_calls_get_the_recorded_body(books: Company) -> None:
    books.switch(requests_per_second=2)
    replies = [books.api("GET", "preferences") for _ in range(5)]
    last = replies[-1]
    assert (last.status, without_time(last.json())) == (429, sample("429-3001-throttle"))


def test_an_unknown_resource_is_a_system_failure(books: Company) -> None:
    reply = books.api("GET", "nothing/1")
    error = reply.error
    assert reply.status == 500
    assert (error["code"], error["Message"]) == (
        "10000",
        sample("500-10000-system")["Fault"]["Error"][0]["Message"],
    )
    assert error["Detail"].startswith("System Failure Error: Could not find resource for relative : ")
    assert reply.json()["Fault"]["type"] == "SystemFault"


def test_an_injected_500_has_the_recorded_body(books: Company) -> None:
    books.control("faults", {"rules": [{"method": "GET", "path": "*", "kind": "http_500", "times": 1}]})
    reply = books.api("GET", "preferences")
    assert (reply.status, without_time(reply.json())) == (500, sample("500-10000-system"))


def test_an_injected_expiry_kills_that_token_for_good(books: Company) -> None:
    books.control("faults", {"rules": [{"method": "GET", "path": "*", "kind": "token_expired", "times": 1}]})
    assert [books.api("GET", "preferences").status for _ in range(2)] == [401, 401]
    books.connect()
    assert books.api("GET", "preferences").status == 200


def test_someone_else_can_be_faster(books: Company) -> None:
    made = books.invoice()
    books.control("faults", {"rules": [{"method": "POST", "path": "*invoice*", "kind": "stale", "times": 1}]})
    change = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, "PrivateNote": "x"}
    reply = books.post("invoice", change)
    assert without_time(reply.json()) == sample("400-5010-stale")


def test_a_lost_right_is_code_120(books: Company) -> None:
    books.act("lose_access")
    reply = books.api("GET", "preferences")
    assert (reply.status, reply.error["code"]) == (401, "120")
    assert reply.error["Detail"] == ": –11014-You do not have access to use QuickBooks Online Plus."
    books.act("regain_access")
    assert books.api("GET", "preferences").status == 200


def test_a_locked_subscription_still_reads(books: Company) -> None:
    books.act("lock_subscription")
    assert books.post("customer", {"DisplayName": "New"}).codes == ["6190"]
    assert books.api("GET", "preferences").status == 200
    books.act("unlock_subscription")
    assert books.post("customer", {"DisplayName": "New"}).status == 200


def test_several_errors_are_listed_together(books: Company) -> None:
    reply = books.post("payment", {"PrivateNote": "x"})
    assert reply.codes == ["2020", "2020"]
    assert [error["element"] for error in reply.json()["Fault"]["Error"]] == ["TotalAmt", "CustomerRef"]


def test_a_text_too_long_names_limit_and_length(books: Company) -> None:
    reply = books.post("invoice", books.sale(DocNumber="x" * 22))
    assert reply.error == {
        "Message": "String length is either shorter or longer than supported by specification",
        "Detail": "String length specified does not match the supported length. Min:0 Max:21 supported. "
        "Supplied length:22",
        "code": "2050",
        "element": "DocNumber",
    }


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"TxnDate": "11/22/2026"}, "2060", "TxnDate"),
        ({"TxnDate": "2026-02-30"}, "2060", "TxnDate"),
        ({"EmailStatus": "MAYBE"}, "2170", "EmailStatus"),
        ({"BillEmail": {"Address": "not a mail"}}, "2210", "BillEmail"),
        ({"PrivateNote": "x" * 4001}, "2050", "PrivateNote"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050", "value"),
    ],
)
def test_a_bad_value_is_refused(books: Company, body: dict[str, Any], code: str, element: str) -> None:
    reply = books.post("invoice", books.sale(**body))
    assert (reply.status, reply.error["code"], reply.error["element"]) == (400, code, element)


def test_an_unknown_property_is_2010(books: Company) -> None:
    reply = books.post("invoice", books.sale(Colour="red"))
    assert reply.error["code"] == "2010"
    assert reply.error["Detail"].startswith("Property Name:")
    books.switch(refuse_unknown_properties=False)
    assert books.post("invoice", books.sale(Colour="red")).status == 200


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"', b""])
def test_what_is_no_object_is_2010(books: Company, raw: bytes) -> None:
    assert books.api("POST", "invoice", raw=raw).codes == ["2010"]


def test_bytes_that_are_no_utf8_are_code_500(books: Company) -> None:
    reply = books.api("POST", "customer", raw=b'{"DisplayName": "Caf\xe9"}')
    assert (reply.status, reply.error["code"]) == (400, "500")
    assert "MalformedByteSequenceException: Invalid byte 1 of 1-byte UTF-8 sequence" in reply.error["Detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("customer", {"operation": "delete"}),
        ("creditmemo", {"operation": "void"}),
        ("refundreceipt", {"operation": "update", "include": "void"}),
        ("invoice", {"operation": "update", "include": "void"}),
        ("taxcode", {}),
        ("taxrate", {}),
        ("invoice", {"operation": "erase"}),
    ],
)
def test_an_operation_the_entity_lacks_is_code_500(books: Company, path: str, query: dict[str, str]) -> None:
    reply = books.post(path, {"Id": "1", "SyncToken": "0"}, **query)
    assert (reply.status, reply.codes) == (400, ["500"])


def test_put_and_patch_do_not_exist(books: Company) -> None:
    assert [books.api(method, "invoice", {}).codes for method in ("PUT", "PATCH")] == [["500"], ["500"]]


def test_class_and_location_may_be_refused_when_off(books: Company) -> None:
    books.prefer("AccountingInfoPrefs", ClassTrackingPerTxnLine=False, TrackDepartments=False)
    klass = books.make("Class", {"Name": "HVAC"})["Id"]
    place = books.make("Department", {"Name": "North"})["Id"]
    line = books.line(ClassRef={"value": klass})
    body = books.sale(line, DepartmentRef={"value": place})
    dropped = books.make("Invoice", body)
    assert "DepartmentRef" not in dropped
    assert "ClassRef" not in dropped["Line"][0]["SalesItemLineDetail"]
    books.switch(refs_of_features_off="refuse")
    assert books.post("invoice", body).codes == ["5030"]


def test_names_can_be_locked_for_a_while(books: Company) -> None:
    books.switch(name_lock_times=1)
    reply = books.post("customer", {"DisplayName": "A"})
    assert reply.error["Detail"] == (
        "Business Validation Error: You can only add or edit one name at a time. Please try again."
    )
    assert books.post("customer", {"DisplayName": "A"}).status == 200


def test_the_tax_engine_can_fail(books: Company) -> None:
    books.switch(tax_error_times=1)
    assert books.post("invoice", books.sale()).codes == ["6000"]
    assert books.post("invoice", books.sale()).status == 200


def test_unknown_references_may_name_the_id(books: Company) -> None:
    books.switch(unknown_reference_names_id=True)
    reply = unknown_reference(books)
    assert reply.error["Detail"] == "Invalid Reference Id : Names element id 999 not found"


def test_inactive_references_may_answer_2500(books: Company) -> None:
    books.switch(inactive_reference_code="2500")
    assert without_time(inactive_reference(books).json()) == sample("400-2500")


def test_a_refused_write_leaves_nothing_behind(books: Company) -> None:
    before = books.control("state")
    wrong_product(books)
    unknown_reference(books)
    no_amount(books)
    assert books.control("state") == before


def test_every_code_that_the_source_uses_has_its_message() -> None:
    folder = Path(str(quickbooks.__file__)).parent
    used = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'(?:fault|FaultError|Fault)\(\s*"(\d+)"', path.read_text())
    }
    assert used - {"120"} <= set(MESSAGES)
