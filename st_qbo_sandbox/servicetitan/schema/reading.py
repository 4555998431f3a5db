"""Reading the extract: operations by module, schemas by name.

Belongs here: finding an operation or a schema. Does not belong here: applying one to a value (`shapes.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from st_qbo_sandbox.storage import parse_json

MODULES = ("accounting", "crm", "inventory", "pricebook", "jpm", "settings")
Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation of the specifications."""

    module: str
    method: str
    path: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    responses: dict[str, Schema | None]

    @property
    def key(self) -> str:
        """Name the operation: `GET accounting/invoices`."""
        return f"{self.method} {self.module}/{self.path}"

    @property
    def success(self) -> int:
        """The status of a success."""
        return min(int(status) for status in self.responses if status.startswith("2"))

    @property
    def answer(self) -> Schema | None:
        """The schema of a success, None where the specification names none."""
        return self.responses[str(self.success)]

    def query_parameter(self, name: str) -> Schema | None:
        """Return the declared query parameter of this name."""
        return next((one for one in self.parameters if one["in"] == "query" and one["name"] == name), None)


@cache
def operations() -> dict[str, Operation]:
    """Return all operations by key."""
    found: dict[str, Operation] = {}
    for module in MODULES:
        for name, taken in _extract(module)["operations"].items():
            method, path = name.split(" ", 1)
            operation = Operation(
                module=module,
                method=method,
                path=path,
                parameters=tuple(taken["parameters"]),
                body=taken.get("body"),
                responses=taken["responses"],
            )
            found[operation.key] = operation
    return found


@cache
def resolve(module: str, name: str) -> Schema:
    """Return the schema of this name in this module."""
    return _extract(module)["schemas"][name]


def follow(module: str, schema: Schema) -> Schema:
    """Return the schema itself, or the one it refers to (nullable if the reference is)."""
    if "ref" not in schema:
        return schema
    target = resolve(module, schema["ref"])
    return {**target, "nullable": True} if schema.get("nullable") else target


@cache
def _extract(module: str) -> dict[str, Any]:
    return parse_json((Path(__file__).parent / f"{module}.json").read_text(encoding="utf-8"))
