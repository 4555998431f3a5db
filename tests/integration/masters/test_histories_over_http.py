"""Histories of people who edit a customer in both systems, over the whole poll: the last writer stays.

The oracle knows no more than rule 7.1: an edit of one side arrives; of two edits of one field the later stamp
stays, and ServiceTitan's within two minutes. It never looks at what the product decided.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult
from tests.integration.masters.polling import Poller
from tests.integration.masters.shop import Json, Shop

#: Field -> whose stamp tells when ServiceTitan's value was written.
_STAMPS = {"name": "record", "address": "record", "email": "email", "phone": "phone", "service": "service"}
_NEAR, _FAR = 5, 600
_PLACE = {"unit": "", "city": "Austin", "state": "TX", "zip": "78704", "country": "USA"}
_COORDINATES = {"latitude": None, "longitude": None}

_edits = st.tuples(st.sampled_from(["servicetitan", "quickbooks"]), st.sampled_from(sorted(_STAMPS)))
_steps = st.tuples(
    st.sampled_from(["edit"] * 6 + ["invoice"]),
    _edits,
    st.sampled_from([_NEAR, _FAR]),
    st.sampled_from(["", "", "poll", "poll", "lost", "meanwhile"]),
)


@dataclass
class Life:
    """One customer in both systems, as the people who edit him know him."""

    shop: Shop
    poller: Poller
    number: int
    item: str
    value: dict[str, str] = field(default_factory=dict[str, str])
    pending: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    stamps: dict[str, int] = field(default_factory=dict[str, int])
    ids: dict[str, Any] = field(default_factory=dict[str, Any])
    now: int = 0
    counter: int = 0

    # People

    def begin(self, origin: str) -> None:
        """Somebody types the customer into one system; he appears in the other once."""
        self.shop.forget_asked()
        self.value = {name: self.fresh(name) for name in _STAMPS}
        address = {**_PLACE, "street": self.value["address"]}
        if origin == "servicetitan":
            record = {"name": self.value["name"], "type": "Residential", "address": address}
            self.ids["customer"] = self.add("customers", **record)["id"]
            self.add("locations", name=self.value["name"], address=self.place(self.value["service"]))
            self.add("contacts", type="Email", value=self.value["email"])
            self.add("contacts", type="Phone", value=self.value["phone"])
        else:
            body = {name: part for each in _STAMPS for name, part in self.body(each).items()}
            self.ids["qbo"] = self.shop.office.act("create", entity="Customer", body=body)["Customer"]["Id"]
        self.poll()
        with self.store() as connections:
            if origin == "servicetitan":
                links = connections.links.of_sources(connections.name, [self.source])
                self.ids["qbo"] = links[self.source][0].qbo_id
            else:
                links = connections.links.of_targets(connections.name, "Customer", [self.ids["qbo"]])
                self.ids["customer"] = int(links[self.ids["qbo"]][0].source.id)
        for kind, name in (("Email", "email"), ("Phone", "phone")):
            self.ids[name] = next(row["id"] for row in self.contacts() if row["type"] == kind)
        self.ids["service"] = self.locations()[0]["id"]
        self.ids["extra"] = self.add("contacts", type="Email", value=f"spare{self.number}@x.com")["id"]

    @property
    def source(self) -> SourceRef:
        return SourceRef(Entity.CUSTOMER, str(self.ids["customer"]))

    def store(self) -> Any:
        return self.shop.office.opened()

    def fresh(self, name: str) -> str:
        """A value that nobody had before."""
        self.counter += 1
        mark = f"{self.number}{self.counter:03d}"
        return {
            "name": f"Heron{mark}, Ada",
            "email": f"ada{mark}@x.com",
            "phone": f"512555{int(mark) % 10000:04d}",
            "address": f"{mark} Elm St",
            "service": f"{mark} Mill Rd",
        }[name]

    def place(self, street: str) -> Json:
        return {**_PLACE, **_COORDINATES, "street": street}

    def body(self, name: str) -> Json:
        """The same value as QuickBooks has it."""
        value = self.value[name]
        postal = {"Line1": value, "City": "Austin", "CountrySubDivisionCode": "TX", "PostalCode": "78704"}
        return {
            "name": {"DisplayName": value},
            "email": {"PrimaryEmailAddr": {"Address": value}},
            "phone": {"PrimaryPhone": {"FreeFormNumber": value}},
            "address": {"BillAddr": postal},
            "service": {"ShipAddr": postal},
        }[name]

    def add(self, resource: str, **record: Any) -> Json:
        owner = {} if resource == "customers" else {"customerId": self.ids["customer"]}
        return self.shop.act_servicetitan("add", resource=resource, record={**record, **owner})

    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.shop.office.control("clock", {"advance_seconds": seconds})
        self.poller.ahead += timedelta(seconds=seconds)

    def edit(self, side: str, name: str) -> None:
        """Somebody writes a new value."""
        new = self.pending[side, name] = self.fresh(name)
        before, self.value[name] = self.value[name], new
        if side == "quickbooks":
            self.stamps["quickbooks"] = self.now
            act = {"entity": "Customer", "id": self.ids["qbo"], "body": self.body(name)}
            self.shop.office.act("update", **act)
        else:
            self.stamps[_STAMPS[name]] = self.now
            resource, id_, value = {
                "name": ("customers", "customer", {"name": new}),
                "address": ("customers", "customer", {"address": self.place(new)}),
                "email": ("contacts", "email", {"value": new}),
                "phone": ("contacts", "phone", {"value": new}),
                "service": ("locations", "service", {"address": self.place(new)}),
            }[name]
            self.shop.act_servicetitan("update", resource=resource, id=self.ids[id_], set=value)
        self.value[name] = before

    def invoice(self) -> None:
        """A bookkeeper types an invoice, which bumps the stamp in QuickBooks and edits nothing."""
        self.stamps["quickbooks"] = self.now
        lines = [{"item": self.item, "amount": "5"}]
        self.shop.office.act("type_invoice", customer=self.ids["qbo"], lines=lines)

    # We

    def settle(self) -> None:
        """What the rule says of everything that is pending now."""
        for name in _STAMPS:
            own, other = (self.pending.get((side, name)) for side in ("servicetitan", "quickbooks"))
            if own and other:
                apart = self.stamps["quickbooks"] - self.stamps[_STAMPS[name]]
                self.value[name] = other if apart > 120 else own
            elif own or other:
                self.value[name] = own or other or ""
        self.pending.clear()

    def poll(self) -> list[LoadResult]:
        self.settle()
        return self.poller.poll()

    def poll_with_an_answer_lost(self, half: str) -> None:
        """An answer is lost on the way; the polls that follow find out."""
        self.settle()
        rule = {"method": "*", "path": "*customer*", "kind": "lost_response", "times": 1}
        self.shop.office.control("faults", {"rules": [rule]}, half=half)
        with suppress(SyncError):  # the run failed; the next one reads again
            self.poller.poll()
        self.shop.office.control("faults", {"rules": []}, half=half)
        self.poller.poll()
        self.poller.poll()

    def poll_while_somebody_edits(self, name: str) -> None:
        """QuickBooks is edited between our reading and our writing."""
        if any(waiting == name for _, waiting in self.pending):
            self.poll()
            return
        self.settle()
        edited: list[str] = []

        def seam(point: str) -> None:
            if point == "after_intent" and not edited:
                edited.append(name)
                self.edit("quickbooks", name)

        self.poller.connections.seam = seam
        self.poller.poll()
        self.poller.connections.seam = lambda _: None

    # What both show

    def contacts(self) -> list[Json]:
        return [row for row in self.of_customer("contacts") if row.get("active", True)]

    def locations(self) -> list[Json]:
        return self.of_customer("locations")

    def of_customer(self, endpoint: str) -> list[Json]:
        """What ServiceTitan has of the customer, asked as anybody may ask."""
        client, id_ = self.poller.connections.servicetitan, self.ids["customer"]
        if endpoint == "contacts":
            return list(client.rows("customer-contacts", ids=[id_]))
        return list(client.rows("locations", filters=(("customerId", str(id_)),)))

    def shown(self) -> dict[str, tuple[str, str]]:
        connections = self.poller.connections
        (record,) = connections.servicetitan.rows("customers", ids=[self.ids["customer"]])
        stored = connections.quickbooks.read("Customer", self.ids["qbo"]).object
        values = {row["id"]: row["value"] for row in self.contacts()}
        return {
            "name": (record["name"], stored["DisplayName"]),
            "address": (record["address"]["street"], stored["BillAddr"]["Line1"]),
            "email": (values.get(self.ids["email"], ""), stored["PrimaryEmailAddr"]["Address"]),
            "phone": (values.get(self.ids["phone"], ""), stored["PrimaryPhone"]["FreeFormNumber"]),
            "service": (self.locations()[0]["address"]["street"], stored["ShipAddr"]["Line1"]),
        }


def writes(shop: Shop) -> list[str]:
    """Every write of ours to names, in either system."""
    words = ("/customer", "/locations", "/vendor")
    return [
        each
        for each in shop.asked()
        if each.startswith(("POST", "PATCH", "DELETE")) and any(word in each for word in words)
    ]


@pytest.mark.rule("7.1", "7.7", "5.1")
@pytest.mark.timeout(6 * 60 * 60)
def test_the_last_writer_stays_and_then_nothing_is_written(shop: Shop, pytestconfig: pytest.Config) -> None:
    lives: list[Life] = []
    with shop.office.opened() as connections:
        poller, item = Poller(shop, connections), shop.any_item()

        @seed(7)
        @settings(
            max_examples=int(str(pytestconfig.getoption("--master-histories"))),
            phases=(Phase.generate, *([Phase.shrink] if pytestconfig.getoption("--attack-shrink") else [])),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            origin=st.sampled_from(["servicetitan", "quickbooks"]),
            steps=st.lists(_steps, min_size=3, max_size=8),
        )
        def histories(origin: str, steps: list[Any]) -> None:
            life = Life(shop, poller, len(lives) + 1, item)
            lives.append(life)
            _live(life, origin, steps)
            _judge(life, connections)

        histories()
    for half, kind in (("quickbooks", "Customer"), ("servicetitan", "customers")):
        names = [row.get("DisplayName") or row["name"] for row in shop.state(half, kind)]
        ours = [name for name in names if name.startswith("Heron")]
        assert len(ours) == len(set(ours)) == len(lives)


def _live(life: Life, origin: str, steps: list[Any]) -> None:
    life.begin(origin)
    for act, (side, name), seconds, then in steps:
        life.wait(seconds)
        if act == "invoice":
            life.invoice()
        else:
            life.edit(side, name)
        if then == "poll":
            life.poll()
        elif then == "lost":
            life.poll_with_an_answer_lost(side)
        elif then == "meanwhile":
            life.poll_while_somebody_edits(name)


def _judge(life: Life, connections: Connections) -> None:
    results = life.poll()
    assert sum(result.wrote for result in results) <= 2
    quiet = writes(life.shop)
    again = [*life.poll(), *life.poll()]
    assert writes(life.shop) == quiet
    assert not any(result.wrote for result in again)
    assert life.shown() == {name: (value, value) for name, value in life.value.items()}
    kept = {row["id"] for row in life.contacts()}
    assert kept == {life.ids["email"], life.ids["phone"], life.ids["extra"]} and len(life.locations()) == 1
    links = connections.links.of_targets(connections.name, "Customer", [life.ids["qbo"]])
    assert [link.source for link in links[life.ids["qbo"]]] == [life.source]
