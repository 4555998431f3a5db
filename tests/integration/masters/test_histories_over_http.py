"""Random histories over both systems as they really answer, lost answers included: they converge."""

import random
from datetime import UTC, datetime

import pytest

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.masters.sides import CUSTOMER, Terms, read_quickbooks, read_servicetitan
from st_qbo_assets.domain.masters.values import agree
from st_qbo_assets.domain.outcomes import LoadResult
from st_qbo_assets.load.masters.desk import PairDesk
from st_qbo_assets.load.masters.ports import PairContext, Wanted
from st_qbo_assets.load.masters.reading import manner
from st_qbo_assets.load.ports import WriteContext
from tests.integration.masters.shop import Json, Shop
from tests.integration.masters.test_crossing import new_customer

_EMAILS = ("ada@x.com", "new@y.org", "third@z.net")
_PHONES = ("(512) 555-0100", "512.555.0100", "5125550188 x4", "512 555 0177")
_NAMES = ("Heron, Ada", "Heron, Adele", "Crane, Ada", "Héron, Ada")


def context_of(shop: Shop, connections: Connections) -> PairContext:
    return PairContext(
        write=WriteContext(
            company=shop.company,
            quickbooks=connections.quickbooks,
            ledger=connections.ledger,
            links=connections.links,
            decisions=connections.decisions,
            refunds=connections.refunds,
        ),
        pairs=connections.pairs,
        foreign=connections.foreign_writes,
        servicetitan=connections.servicetitan,
        writer=connections.servicetitan_writer,
        terms=Terms(),
        now=datetime.now(UTC),
    )


def edit(shop: Shop, chance: random.Random, id_: int, qbo_id: str) -> None:
    """One act of a person in either system."""
    act = chance.randrange(7)
    contacts = shop.contacts(id_)
    if act == 0:
        shop.act_servicetitan("update", resource="customers", id=id_, set={"name": chance.choice(_NAMES)})
    elif act == 1:
        person = " ".join(reversed(chance.choice(_NAMES).split(", ")))
        shop.office.act("rename", entity="Customer", id=qbo_id, name=person)
    elif act == 2 and contacts:
        contact = chance.choice(contacts)
        values = _EMAILS if contact["type"] == "Email" else _PHONES
        shop.act_servicetitan(
            "update", resource="contacts", id=contact["id"], set={"value": chance.choice(values)}
        )
    elif act == 3:
        address = {"Address": chance.choice((*_EMAILS, ""))}
        shop.office.act("update", entity="Customer", id=qbo_id, body={"PrimaryEmailAddr": address})
    elif act == 4:
        number = {"FreeFormNumber": chance.choice(_PHONES)}
        shop.office.act("update", entity="Customer", id=qbo_id, body={"PrimaryPhone": number})
    elif act == 5:
        record = {"customerId": id_, "type": "Email", "value": chance.choice(_EMAILS)}
        shop.act_servicetitan("add", resource="contacts", record=record)
    else:
        shop.office.act("type_invoice", customer=qbo_id, lines=[{"item": shop.any_item(), "amount": "5"}])


def writes(shop: Shop) -> list[str]:
    return [
        each
        for each in shop.asked()
        if each.startswith(("POST", "PATCH", "DELETE")) and ("/customer" in each and "query" not in each)
    ]


@pytest.mark.rule("7.1", "7.7")
@pytest.mark.parametrize("seed", range(4))
def test_histories_converge_and_then_nothing_is_written(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    id_ = new_customer(shop)
    shop.poll()
    qbo_id = shop.qbo_id(id_)
    day = shop.today()
    with shop.office.opened() as connections:

        def poll() -> list[LoadResult]:
            desk = PairDesk(context_of(shop, connections))
            return desk.sync(Entity.CUSTOMER, [Wanted(servicetitan_id=str(id_))], day)

        for _ in range(12):
            shop.office.control("clock", {"advance_seconds": chance.choice((30, 600))})
            edit(shop, chance, id_, qbo_id)
            if chance.random() < 0.3:
                half = chance.choice(("servicetitan", "quickbooks"))
                rule = {"method": "*", "path": "*customer*", "kind": "lost_response", "times": 1}
                shop.office.control("faults", {"rules": [rule]}, half=half)
            if chance.random() < 0.6:
                poll()
            shop.office.control("faults", {"rules": []})
        poll()
        poll()
        quiet = writes(shop)
        results = [poll(), poll()]

        assert writes(shop) == quiet
        assert all(result.outcome.is_settled for each in results for result in each)
        _agrees(shop, connections, id_, qbo_id)
    assert len([row for row in shop.state("quickbooks", "Customer") if row["Id"] == qbo_id]) == 1


def _agrees(shop: Shop, connections: Connections, id_: int, qbo_id: str) -> None:
    row = connections.pairs.of_sources(connections.name, Entity.CUSTOMER, [str(id_)])[str(id_)]
    record: Json = shop.customer(id_)
    own = read_servicetitan(CUSTOMER, record, shop.contacts(id_), chosen=row.base.chosen)
    other = read_quickbooks(CUSTOMER, shop.stored(qbo_id))
    ways = manner(context_of(shop, connections), CUSTOMER, record)
    for name in ("name", "email", "phone", "mobile", "address", "active"):
        pair = row.base.fields[name].pair
        assert agree(name, own.values[name], other.values[name], ways, pair), (
            name,
            own.values[name],
            other.values[name],
        )
