"""The end of the demo: a customer edited on each side, and one poll that brings both edits over.

What belongs here: acting as the two people, the poll, and what both systems show then. What does not: the
poll itself, which is the same as on schedule. Run again, nobody edits anything new and nothing is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from st_qbo_assets.cli.output import print_table, say
from st_qbo_assets.cli.sync import day_command, run_dagster
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.servicetitan.records import Invoice
from st_qbo_assets.servicetitan.windows import Dates
from st_qbo_assets.settings import Settings

#: The poll of customers; what was edited or closed in QuickBooks meanwhile is learnt in the same run.
_POLLED = (
    *("servicetitan/customers", "quickbooks/customers", "mapped/customers", "loaded/customers"),
    *("books/drift", "quickbooks/reference"),
)
_STREET, _EMAIL = "2200 Harbor View Dr", "accounts@demo.example"

#: Uses a control of one half of the sandbox.
Act = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True)
class _Pair:
    """A customer in both systems."""

    name: str
    servicetitan_id: int
    qbo_id: str


def show_crossing(settings: Settings, company: CompanyFile, day: date, act: Act, *, quiet: bool) -> bool:
    """Edit two customers of a day, one in each system, poll, and tell; say whether both edits arrived.

    Args:
        settings: of the installation.
        company: the demo company.
        day: whose invoices tell of customers that both systems have.
        act: acts as a person in `servicetitan` or `quickbooks`.
        quiet: whether the table is left out.
    """
    connections = open_connections(company, settings)
    try:
        pairs = _pairs(connections, day)
        if len(pairs) < 2:
            return True  # a day without customers has nothing to show
        first, second = pairs[:2]
        street, email = _street(connections, first), _email(connections, second)
        record = next(iter(connections.servicetitan.rows("customers", ids=[first.servicetitan_id])))
        moved = {**record["address"], "street": _STREET}
        update = {"act": "update", "resource": "customers", "id": first.servicetitan_id}
        act("servicetitan", {**update, "set": {"address": moved}})
        body = {"PrimaryEmailAddr": {"Address": _EMAIL}}
        act("quickbooks", {"act": "update", "entity": "Customer", "id": second.qbo_id, "body": body})
        say("Two people edit customers, one in each system; the poll brings both edits over …")
        today = datetime.now(UTC).astimezone(company.zone).date()
        command = day_command(company.name, today, _POLLED)
        end = run_dagster(settings, company, command, days=1, quiet=quiet)
        moved_to, written = _street(connections, first), _email(connections, second)
    finally:
        connections.close()
    rows = [
        (first.name, "ServiceTitan", "street", street[1], *moved_to),
        (second.name, "QuickBooks", "e-mail", email[0], *written),
    ]
    if not quiet:
        heads = ("customer", "edited in", "field", "was in the other", "ServiceTitan", "QuickBooks")
        print_table("A customer edited on each side, after one poll", heads, rows)
    return end.succeeded and moved_to == (_STREET, _STREET) and written == (_EMAIL, _EMAIL)


def _pairs(connections: Connections, day: date) -> list[_Pair]:
    """Return customers of a day's invoices that are one in both systems, by id."""
    sold = connections.servicetitan.invoices(invoiced=Dates(day, day))
    people = {
        each.customer.id: each.customer.name
        for each in sold
        if isinstance(each, Invoice) and each.customer is not None and each.customer.id is not None
    }
    sources = {SourceRef(Entity.CUSTOMER, str(id_)): id_ for id_ in people}
    linked = connections.links.of_sources(connections.name, sources)
    known = connections.pairs.of_sources(connections.name, Entity.CUSTOMER, map(str, people))
    return [
        _Pair(people[id_], id_, linked[source][0].qbo_id)
        for source, id_ in sorted(sources.items(), key=lambda each: each[1])
        if linked.get(source) and str(id_) in known
    ]


def _street(connections: Connections, pair: _Pair) -> tuple[str, str]:
    """Return the street of a customer in ServiceTitan and in QuickBooks."""
    record = next(iter(connections.servicetitan.rows("customers", ids=[pair.servicetitan_id])))
    stored = connections.quickbooks.read("Customer", pair.qbo_id).object
    return _text(record, "address", "street"), _text(stored, "BillAddr", "Line1")


def _email(connections: Connections, pair: _Pair) -> tuple[str, str]:
    """Return the e-mail address of a customer in both: of several in ServiceTitan the one QuickBooks has."""
    rows = connections.servicetitan.rows("customer-contacts", ids=[pair.servicetitan_id])
    own = [str(row.get("value")) for row in rows if row.get("type") == "Email"]
    stored = connections.quickbooks.read("Customer", pair.qbo_id).object
    other = _text(stored, "PrimaryEmailAddr", "Address")
    return (other if other in own else next(iter(own), "")), other


def _text(obj: dict[str, Any], field: str, part: str) -> str:
    inner: dict[str, Any] = obj.get(field) or {}
    return str(inner.get(part) or "")
