"""Items of the price book: what changed on a day, under which SKU each was made, and what is on hand.

What belongs here: reading ServiceTitan's changes, our own links and the company's file. What does not: what
is made of them (`mapping.pricebook`).

A record that changes again later moves to that day; its item follows what the price book says then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from st_qbo_assets.company_files import read_opening_quantities
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.days import local_day
from st_qbo_assets.domain.ids import PRICEBOOK
from st_qbo_assets.domain.opening_quantities import quantities_of
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import DayFrames
from st_qbo_assets.orchestration.master_frames import merged, span
from st_qbo_assets.servicetitan.records import PricebookItem

Produce = Callable[[Connections, list[date], Mapping[str, DayFrames]], Iterator[tuple[date, list[AnyRecord]]]]


@dataclass
class ItemsMade:
    """The items made of some records of the price book before, for the mapping's lookup."""

    skus: dict[int, str] = field(default_factory=dict[int, str])
    owners: dict[str, int] = field(default_factory=dict[str, int])
    accounts: dict[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])


def items_made(connections: Connections, records: Iterable[AnyRecord]) -> ItemsMade:
    """Return under which SKU and on which accounts items of some records were made."""
    found = ItemsMade()
    known = [record for record in records if isinstance(record, PricebookItem)]
    if not connections.company.buys or not known:
        return found
    codes = (" ".join(record.code.split()) for record in known)
    links = connections.links.of_pricebook(connections.name, (str(record.id) for record in known), codes)
    for link in links:
        record_id = str(link.confirmed.get(PRICEBOOK, ""))
        sku, _, account = link.source.id.rpartition("|")
        if record_id.isdecimal():
            id_ = int(record_id)
            found.skus.setdefault(id_, sku)
            found.owners.setdefault(sku, id_)
            found.accounts[id_] = (*found.accounts.get(id_, ()), account)
    return found


def opening_of(defs: CompanyDefs) -> Mapping[str, Decimal]:
    """Return what is on hand on the start date, of the file that the company names.

    Raises:
        SettingsError: if it is not there, or a line of it cannot be used.
    """
    return quantities_of(read_opening_quantities(defs.links_file.parent, defs.company))


def with_changed_items(produce: Produce) -> Produce:
    """Return the extract of items that also reads those that changed in the price book on its days."""

    def items(
        connections: Connections, days: list[date], frames: Mapping[str, DayFrames]
    ) -> Iterator[tuple[date, list[AnyRecord]]]:
        company = connections.company
        is_wanted = company.buys and company.items == "per_sku"
        changed = _changed(connections, days) if is_wanted else {}
        for day, records in produce(connections, days, frames):
            yield day, merged(records, changed.get(day, []))

    return items


def _changed(connections: Connections, days: list[date]) -> dict[date, list[AnyRecord]]:
    """Return the records of the price book that changed last on some days."""
    client, company = connections.servicetitan, connections.company
    window = span(company, days)
    found: dict[date, list[AnyRecord]] = {}
    for read in (client.services, client.materials, client.equipment, client.discounts_and_fees):
        for record in read(modified=window):
            stamp = record.modified_on if isinstance(record, PricebookItem) else None
            if stamp is not None:
                found.setdefault(local_day(stamp, company.time_zone), []).append(record)
    return found
