"""Two systems in memory, edited by people and polled by us: the model the histories are played on."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from st_qbo_assets.domain.masters.changing import ServiceTitanChange, servicetitan_change
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    Side,
    Terms,
    manner_of,
    quickbooks_body,
    read_quickbooks,
    read_servicetitan,
)
from st_qbo_assets.domain.masters.three_way import Agreed, Base, Conflict, Decision, FieldPolicy, Ways, decide
from st_qbo_assets.domain.masters.values import Manner

Json = dict[str, Any]
TERMS = Terms(
    {"1": "Net 30", "2": "Due on receipt"}, {"11": "Net 30", "12": "Due on receipt", "13": "Net 90"}
)
START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Town:
    """One customer in both systems.

    Attributes:
        writes: (system, fields) of every write of ours.
    """

    record: Json
    contacts: list[Json]
    obj: Json
    policies: dict[str, FieldPolicy] = field(default_factory=dict)
    name_format: str = "as_is"
    base: Base = field(default_factory=Base)
    now: datetime = START
    writes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    held: tuple[Any, ...] = ()
    _next_id: int = 900

    # People

    def tick(self, minutes: float = 10) -> None:
        self.now += timedelta(minutes=minutes)

    def stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    def edit_servicetitan(self, **values: Any) -> None:
        self.record |= copy.deepcopy(values)
        self.record["modifiedOn"] = self.stamp()

    def edit_quickbooks(self, **values: Any) -> None:
        self.obj |= copy.deepcopy(values)
        self.obj["MetaData"] = {"LastUpdatedTime": self.stamp()}

    def edit_contact(self, id_: int, value: str) -> None:
        contact = next(each for each in self.contacts if each["id"] == id_)
        contact |= {"value": value, "modifiedOn": self.stamp()}

    def add_contact(self, kind: str, value: str) -> int:
        self._next_id += 1
        self.contacts.append(
            {"id": self._next_id, "type": kind, "value": value, "active": True, "modifiedOn": self.stamp()}
        )
        return self._next_id

    def delete_contact(self, id_: int) -> None:
        self.contacts = [each for each in self.contacts if each["id"] != id_]

    def business(self) -> None:
        """A payment or invoice bumps both stamps and changes nothing else."""
        self.edit_servicetitan(balance="12.50")
        self.edit_quickbooks(Balance="12.50")

    # We

    @property
    def manner(self) -> Manner:
        return manner_of(CUSTOMER, self.record, latin1=True, name_format=self.name_format, terms={})

    def sides(self) -> tuple[Side, Side]:
        own = read_servicetitan(CUSTOMER, self.record, self.contacts, chosen=self.base.chosen, terms=TERMS)
        return own, read_quickbooks(CUSTOMER, self.obj, terms=TERMS)

    def decide(self) -> Decision:
        own, other = self.sides()
        return decide(self.base, own, other, self.manner, Ways(self.policies, TERMS, self.now))

    def poll(self) -> Decision:
        """Read both sides, decide, write, and keep what is agreed."""
        own, other = self.sides()
        decision = self.decide()
        self.conflicts += decision.conflicts
        self.held = decision.held
        fields, chosen = dict(decision.base.fields), dict(decision.base.chosen)
        seen = dict(decision.base.seen)
        if decision.to_quickbooks:
            self.writes.append(("quickbooks", tuple(decision.to_quickbooks)))
            body = quickbooks_body(decision.to_quickbooks, terms=TERMS)
            self.edit_quickbooks(**{key: _stored(value) for key, value in body.items()})
        if decision.to_servicetitan:
            change = servicetitan_change(CUSTOMER, decision.to_servicetitan, own, terms=TERMS)
            if change.says_anything:
                self.writes.append(("servicetitan", tuple(decision.to_servicetitan)))
            chosen = self._apply(change)
        after = read_servicetitan(CUSTOMER, self.record, self.contacts, chosen=chosen, terms=TERMS)
        held = read_quickbooks(CUSTOMER, self.obj, terms=TERMS)
        for name in (*decision.to_quickbooks, *decision.to_servicetitan):
            fields[name] = Agreed(after.values[name], held.values[name])
            seen = {key: value for key, value in seen.items() if key[0] != name}
        self.base = Base(fields, seen, after.chosen)
        assert other.id == held.id
        return decision

    def _apply(self, change: ServiceTitanChange) -> dict[str, str]:
        if change.body:
            self.edit_servicetitan(**change.body)
        chosen = dict(change.chosen)
        for each in change.contacts:
            if each.operation == "create":
                chosen[each.field] = str(self.add_contact(each.type, each.value))
            elif each.operation == "update":
                self.edit_contact(int(each.id), each.value)
            else:
                self.delete_contact(int(each.id))
        return chosen


def _stored(value: Any) -> Any:
    """What QuickBooks makes of a value: it trims, collapses, and drops what is empty."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return {key: kept for key, part in value.items() if (kept := _stored(part))}
    return value


def new_town(**changes: Any) -> Town:
    """A customer that both systems know, nothing agreed yet."""
    stamp = START.isoformat().replace("+00:00", "Z")
    record: Json = {
        "id": 1042,
        "name": "Smith, John",
        "type": "Residential",
        "active": True,
        "address": {
            "street": "1 Elm St",
            "unit": "",
            "city": "Austin",
            "state": "TX",
            "zip": "78701",
            "country": "USA",
        },
        "paymentTermId": 1,
        "modifiedOn": stamp,
    }
    contacts = [
        {"id": 5, "type": "Email", "value": "john@x.com", "active": True, "modifiedOn": stamp},
        {"id": 6, "type": "Email", "value": "home@x.com", "active": True, "modifiedOn": stamp},
        {"id": 7, "type": "Phone", "value": "(512) 555-0100", "active": True, "modifiedOn": stamp},
        {"id": 8, "type": "MobilePhone", "value": "5125550199", "active": True, "modifiedOn": stamp},
    ]
    obj: Json = {
        "Id": "58",
        "DisplayName": "Smith, John",
        "GivenName": "John",
        "FamilyName": "Smith",
        "PrimaryEmailAddr": {"Address": "john@x.com"},
        "PrimaryPhone": {"FreeFormNumber": "(512) 555-0100"},
        "Mobile": {"FreeFormNumber": "5125550199"},
        "BillAddr": {
            "Line1": "1 Elm St",
            "City": "Austin",
            "CountrySubDivisionCode": "TX",
            "PostalCode": "78701",
        },
        "SalesTermRef": {"value": "11"},
        "Active": True,
        "Balance": "0",
        "MetaData": {"LastUpdatedTime": stamp},
    }
    town = Town(record | changes.pop("record", {}), contacts, obj | changes.pop("obj", {}), **changes)
    town.poll()
    return town
