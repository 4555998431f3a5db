"""The extract of the specifications, and that everything in it is served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from st_qbo_sandbox.servicetitan.dispatch import WRITES
from st_qbo_sandbox.servicetitan.feeds import FEEDS
from st_qbo_sandbox.servicetitan.filter_tables import TABLES, filters_of
from st_qbo_sandbox.servicetitan.list_tables import LISTS, SINGLES
from st_qbo_sandbox.servicetitan.lists import OWN_PARAMETERS
from st_qbo_sandbox.servicetitan.schema import generate
from st_qbo_sandbox.servicetitan.schema.reading import operations, resolve
from st_qbo_sandbox.servicetitan.shapes import mismatches
from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client

ROOT = Path(__file__).parents[3]
SPECIFICATIONS = ROOT.parent / "shared" / "reference" / "servicetitan" / "specs"
SAMPLE_IDS = {
    "crm/locations": story.ADA + 100,
    "crm/customers": story.ADA,
    "accounting/invoices": story.PAID,
    "accounting/ap-bills": story.AP_BILL,
    "accounting/gl-accounts": story.INCOME,
    "accounting/payment-terms": story.TERM_30,
    "accounting/payment-types": story.CHECK,
    "accounting/bank-deposits": story.DEPOSIT,
    "accounting/credit-memos": story.MEMO,
    "accounting/journal-entries": "5d1f0b1e-2f4e-4a57-9c50-0c1d8f6f1a01",
    "inventory/vendors": story.VENDOR,
    "inventory/purchase-orders": story.ORDER,
    "pricebook/services": story.DIAG,
    "pricebook/materials": story.CAPACITOR,
    "pricebook/equipment": story.FURNACE,
    "pricebook/discounts-and-fees": story.DISCOUNT,
    "pricebook/categories": 31,
    "jpm/jobs": story.JOB_DONE,
    "settings/business-units": story.SERVICE,
    "settings/employees": 21,
}
GETS = sorted(key for key in operations() if key.startswith("GET "))


def as_json_schema(module: str, schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Translate the extract for a validator written by others, so that ours is not its own judge."""
    if "ref" in schema:
        name = schema["ref"]
        if name not in known:
            known[name] = {}
            known[name] = as_json_schema(module, resolve(module, name), known)
        told: dict[str, Any] = {"$ref": f"#/$defs/{name}"}
    else:
        told = {name: schema[name] for name in ("type", "enum") if name in schema}
    if "items" in schema:
        told["items"] = as_json_schema(module, schema["items"], known)
    if "properties" in schema:
        told["properties"] = {n: as_json_schema(module, p, known) for n, p in schema["properties"].items()}
        told["additionalProperties"] = False
        told["required"] = schema.get("required", [])
    return {"anyOf": [told, {"type": "null"}]} if schema.get("nullable") else told


if SPECIFICATIONS.is_dir():  # without the specifications there is nothing to compare with

    def test_the_extract_is_what_the_generator_makes_of_the_specifications_now() -> None:
        folder = Path(generate.__file__).parent
        committed = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}

        assert generate.extract(SPECIFICATIONS) == committed


def test_the_extract_holds_no_descriptions() -> None:
    folder = Path(generate.__file__).parent

    assert not any('escription": "' in path.read_text(encoding="utf-8") for path in folder.glob("*.json"))


def test_every_operation_of_the_extract_is_served_and_no_other() -> None:
    reads = {f"GET {name}" for name in (*LISTS, *FEEDS, *SINGLES)}

    assert set(operations()) == reads | set(WRITES)


def test_every_declared_parameter_of_every_list_is_understood() -> None:
    for name in LISTS:
        operation = operations()[f"GET {name}"]
        declared = {one["name"] for one in operation.parameters if one["in"] == "query"}
        known = set(filters_of(operation.module, operation.path)) | OWN_PARAMETERS

        assert declared - known == set(), name


def test_the_filter_tables_name_real_lists() -> None:
    named = {f"{module}/{path}" for module, table in TABLES.items() for path in table}

    assert named - set(LISTS) == set()


@pytest.mark.parametrize("key", GETS)
def test_every_read_answers_what_the_specification_says(client: Client, key: str) -> None:
    name = key.removeprefix("GET ")
    resource = "/".join(name.split("/")[:2])
    path = re.sub(r"\{\w+\}", str(SAMPLE_IDS.get(resource, 1)), name)
    needed = {"activeOnly": "true", "customerIds": str(story.ADA), "locationIds": str(story.ADA + 100)}
    # The fixture has answers validated: one that does not fit is a 500 that says where.
    answer = client("GET", path, active="Any", activeState="All", includeRecentChanges="true", **needed)

    assert answer.status_code == (200 if resource in SAMPLE_IDS or "{" not in name else 404), answer.text
    if answer.status_code == 200:
        operation = operations()[key]
        known: dict[str, Any] = {}
        told = as_json_schema(operation.module, operation.answer or {}, known)
        jsonschema.validate(answer.json(), {**told, "$defs": known})


def test_a_mismatch_is_found() -> None:
    schema = operations()["GET accounting/payment-types/{id}"].answer or {}

    assert mismatches("accounting", schema, {"id": "1", "name": None, "extra": 1, "createdOn": "today"}) == [
        "$.extra: unknown",
        "$.id: '1' is no integer",
        "$.name: null",
        "$.createdOn: 'today' is no date-time",
    ]


def test_money_is_text_or_number_by_family(client: Client) -> None:
    invoice = client.one("accounting/invoices", story.PAID)
    payment = client.one("accounting/payments", story.P_PARTLY)
    memo = client.rows("accounting/credit-memos")[0]
    order = client.ok("GET", f"inventory/purchase-orders/{story.ORDER}")

    assert (invoice["total"], invoice["items"][0]["quantity"]) == ("100.00", "1.00")
    assert (payment["unappliedAmount"], payment["typeId"]) == ("10.00", "2")
    assert (memo["total"], order["total"]) == (5.0, 80.0)
    assert client.ok("GET", f"crm/customers/{story.ADA}")["balance"] == 55.0
