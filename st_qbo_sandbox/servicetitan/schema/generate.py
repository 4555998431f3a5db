"""Make the extract: `python -m st_qbo_sandbox.servicetitan.schema.generate <folder of the specifications>`.

Belongs here: which operations are taken, and what is kept of each. Does not belong here: reading the extract.

Kept are paths, parameters, types, formats, enums, what is required and nullable, and the names of the
fields that a list can be sorted by. Descriptions are not kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from st_qbo_sandbox.storage import as_array, as_object

MODULES: dict[str, tuple[str, ...]] = {
    "accounting": (".*",),
    "crm": (
        r"customers(/\{id\})?",
        r"locations(/\{id\})?",
        r"(customers|locations)/(\{id\}/)?contacts(/\{contactId\})?",
        r"customers/\{id\}/notes(/\{noteId\})?",
        r"(customers|locations)/custom-fields",
        r"export/(customers|locations)(/contacts)?",
        r"contacts(/\{id\})?",
    ),
    "inventory": (
        r"(vendors|purchase-orders|receipts|returns|adjustments|transfers|warehouses|trucks)(/\{id\})?",
        r"(purchase-orders|receipts|returns)/\{id\}/cancellation",
        r"(vendors|receipts|returns|adjustments|transfers)/custom-fields",
        r"(purchase-order-types|return-types|inventory-templates)",
        r"export/.*",
    ),
    "pricebook": (
        r"(categories|discounts-and-fees|equipment|materials|services)(/\{id\})?",
        r"materials/costtypes",
        r"pricebook",
        r"export/.*",
    ),
    "jpm": (
        r"(appointments|jobs|projects|job-types|project-statuses|project-substatuses|project-types)",
        r"(appointments|projects|job-types|project-statuses|project-substatuses|project-types)/\{id\}",
        r"jobs/\{id\}(/(complete|cancel|remove-cancellation|hold))?",
        r"(jobs|projects)/custom-fields",
        r"(job-cancel-reasons|job-hold-reasons)",
        r"export/.*",
    ),
    "settings": (
        r"(employees|technicians|business-units)(/\{id\})?",
        r"(tag-types|user-roles)",
        r"export/.*",
    ),
}
# Operations of the paths above that no accounting integration calls: setting up staff, jobs and types.
NOT_TAKEN = {
    ("POST", "employees"),
    ("PATCH", "employees/{id}"),
    ("POST", "technicians"),
    ("PATCH", "technicians/{id}"),
    ("POST", "tag-types"),
    ("POST", "appointments"),
    ("DELETE", "appointments/{id}"),
    ("POST", "jobs"),
    ("POST", "job-types"),
    ("PATCH", "job-types/{id}"),
    ("POST", "projects"),
    ("PATCH", "projects/{id}"),
    ("POST", "contacts"),
    ("PUT", "contacts/{id}"),
    ("PATCH", "contacts/{id}"),
    ("DELETE", "contacts/{id}"),
    ("POST", "purchase-order-types"),
    ("POST", "return-types"),
}
_METHODS = ("get", "post", "put", "patch", "delete")
_PREFIX = "/tenant/{tenant}/"
_SORT_FIELDS = re.compile(r"(?:Available fields are|Options): *([A-Za-z, ]+)")
Json = dict[str, Any]


def extract_module(specification: Json, patterns: tuple[str, ...]) -> Json:
    """Return the extract of one module: its operations and every schema they lead to."""
    schemas: Json = specification["components"]["schemas"]
    wanted: list[str] = []
    operations: Json = {}
    for path, item in sorted(specification["paths"].items()):
        rest = path.removeprefix(_PREFIX)
        if rest == path or not any(re.fullmatch(pattern, rest) for pattern in patterns):
            continue
        for method in _METHODS:
            if method in item and (method.upper(), rest) not in NOT_TAKEN:
                operations[f"{method.upper()} {rest}"] = _operation(item[method], wanted)
    kept: Json = {}
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = _schema(schemas[name], wanted)
    return {"operations": operations, "schemas": dict(sorted(kept.items()))}


def _operation(operation: Json, wanted: list[str]) -> Json:
    taken: Json = {
        "parameters": [
            _parameter(parameter, wanted)
            for parameter in operation.get("parameters", [])
            if parameter["name"] != "tenant"
        ],
        "responses": {
            status: _content(response, wanted) for status, response in sorted(operation["responses"].items())
        },
    }
    if "requestBody" in operation:
        taken["body"] = _content(operation["requestBody"], wanted)
    return taken


def _parameter(parameter: Json, wanted: list[str]) -> Json:
    taken: Json = {"name": parameter["name"], "in": parameter["in"], **_schema(parameter["schema"], wanted)}
    taken.pop("nullable", None)
    if parameter.get("required"):
        taken["required"] = True
    fields = _SORT_FIELDS.search(parameter.get("description") or "") if parameter["name"] == "sort" else None
    if fields:
        taken["sortFields"] = [name.strip() for name in fields.group(1).split(",") if name.strip()]
    return taken


def _content(holder: Json, wanted: list[str]) -> Json | None:
    contents: Json = holder.get("content") or {}
    for media in contents.values():
        return _schema(media["schema"], wanted)
    return None


def _schema(schema: Json, wanted: list[str]) -> Json:
    alternatives = as_array(schema.get("oneOf"))
    if alternatives or "$ref" in schema:
        reference: str = (alternatives[0] if alternatives else schema)["$ref"]
        name = reference.rsplit("/", 1)[-1]
        wanted.append(name)
        taken: Json = {"ref": name}
    else:
        taken = {key: schema[key] for key in ("type", "format", "enum", "maxLength") if key in schema}
    if schema.get("nullable"):
        taken["nullable"] = True
    if "items" in schema:
        taken["items"] = _schema(schema["items"], wanted)
    if "properties" in schema:
        taken["properties"] = {name: _schema(inner, wanted) for name, inner in schema["properties"].items()}
    if schema.get("required"):
        taken["required"] = sorted(schema["required"])
    values = as_object(schema.get("additionalProperties"))
    if values is not None:
        taken["values"] = _schema(values, wanted)
    return taken


def extract(folder: Path) -> dict[str, str]:
    """Return the texts of the extract's files by module, from the folder of the specifications."""
    texts: dict[str, str] = {}
    for module, patterns in MODULES.items():
        specification = json.loads((folder / f"tenant-{module}-v2.json").read_text(encoding="utf-8"))
        taken = extract_module(specification, patterns)
        texts[module] = _lines(taken)
    return texts


def _lines(taken: Json) -> str:
    """Write one operation or schema a line, so that a change reads well as a difference."""
    parts: list[str] = []
    for section in ("operations", "schemas"):
        rows = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in taken[section].items()]
        parts.append(f'"{section}": {{\n' + ",\n".join(rows) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write the extract beside this module."""
    for module, text in extract(Path(sys.argv[1])).items():
        (Path(__file__).parent / f"{module}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
