"""Reading both systems for the cost of materials, a range of days at once: imported when a step runs.

What belongs here: which lists and queries are asked. What does not: the comparison (`books.materials_cost`)
and the asset (`assets.materials`).

QuickBooks is asked once for a range, in one metered call for every thousand documents.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from st_qbo_assets.books.goods_sold import SOLD_ON, LineSold, goods_sold
from st_qbo_assets.books.goods_used import GoodsUsed, NotCarried, goods_of_invoice, not_carried
from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.books.materials_cost import ItemHeld, MaterialsBooks, MaterialsDay, compare_materials
from st_qbo_assets.books.raw_values import date_of
from st_qbo_assets.books.servicetitan_side import job_facts, job_id, read_invoice
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import PRICEBOOK, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.verify import BASE
from st_qbo_assets.quickbooks.query import quote, quote_list, statement
from st_qbo_assets.servicetitan.windows import Dates, date_params

_PAGE = 1000
_IDS_AT_ONCE = 200
_STOCK_MOVES = {"adjustments": "adjustment", "transfers": "transfer"}


def compare_days(connections: Connections, days: Sequence[date], *, today: date) -> list[MaterialsDay]:
    """Return the goods used on some days, as ServiceTitan and our documents in QuickBooks have them.

    Raises:
        SyncError: if a system could not be read.
    """
    used = list(_used(connections, days, today=today))
    invoices = list(dict.fromkeys(goods.invoice for _, goods in used))
    links = connections.links.of_sources(connections.name, invoices)
    documents = {(link.target, link.qbo_id) for found in links.values() for link in found}
    sold, posted = _sold(connections, days, documents) if documents else ([], frozenset[SourceRef]())
    books = MaterialsBooks(
        used=used,
        sold=sold,
        items=items_held(connections, {line.item_id for line in sold}),
        posted=posted,
        not_carried=list(_not_carried(connections, days)),
    )
    return compare_materials(books, days)


def items_held(connections: Connections, ids: Iterable[str]) -> dict[str, ItemHeld]:
    """Return what our links say of some items of QuickBooks, by id."""
    found = connections.links.of_targets(connections.name, "Item", ids)
    return {
        id_: ItemHeld(
            as_text(link.confirmed.get(PRICEBOOK)),
            link.source.id.rpartition("|")[0],
            objects.amount(objects.as_mapping(link.confirmed.get(BASE)).get("PurchaseCost")),
        )
        for id_, (link, *_) in found.items()
    }


def _used(connections: Connections, days: Sequence[date], *, today: date) -> Iterator[tuple[date, GoodsUsed]]:
    """Yield the goods of the due invoices of some days."""
    client, company, wanted = connections.servicetitan, connections.company, set(days)
    around = Dates(min(days) - timedelta(days=1), max(days) + timedelta(days=1))
    rows = list(client.rows("invoices", filters=date_params("invoicedOnOrAfter", "invoicedOnBefore", around)))
    ids = sorted({int(id_) for row in rows if (id_ := job_id(row)).isdigit()})
    jobs = {as_text(row.get("id")): job_facts(row) for row in (client.rows("jobs", ids=ids) if ids else ())}
    for row in rows:
        document = read_invoice(row, company, jobs=jobs, today=today)
        if document.counts and document.day in wanted:
            yield from ((document.day, goods) for goods in goods_of_invoice(row, company))


def _sold(
    connections: Connections, days: Sequence[date], documents: set[tuple[str, str]]
) -> tuple[list[LineSold], frozenset[SourceRef]]:
    """Return the lines of our documents in QuickBooks, and which records those documents are."""
    found: dict[tuple[str, str], Json] = {}
    where = f"TxnDate >= {quote(min(days))} AND TxnDate <= {quote(max(days))}"
    unfinished, start = list(SOLD_ON), 1
    while unfinished:
        pages = connections.quickbooks.batch_queries(
            [statement(entity, where, start=start, page=_PAGE) for entity in unfinished]
        )
        for entity, rows in zip(unfinished, pages, strict=True):
            found |= {(entity, as_text(row.get("Id"))): row for row in rows}
        unfinished = [entity for entity, rows in zip(unfinished, pages, strict=True) if len(rows) >= _PAGE]
        start += _PAGE
    found |= _elsewhere(connections, documents - found.keys())
    return goods_sold((entity, row) for (entity, _), row in found.items())


def _elsewhere(connections: Connections, missing: set[tuple[str, str]]) -> dict[tuple[str, str], Json]:
    """Return documents that stand on another day, such as the first open one."""
    plan = [
        (entity, ids[first : first + _IDS_AT_ONCE])
        for entity in SOLD_ON
        for ids in (sorted(id_ for target, id_ in missing if target == entity),)
        for first in range(0, len(ids), _IDS_AT_ONCE)
    ]
    if not plan:
        return {}
    answers = connections.quickbooks.batch_queries(
        [statement(entity, f"Id IN {quote_list(ids)}") for entity, ids in plan]
    )
    return {
        (entity, as_text(row.get("Id"))): row
        for (entity, _), rows in zip(plan, answers, strict=True)
        for row in rows
    }


def _not_carried(connections: Connections, days: Sequence[date]) -> Iterator[NotCarried]:
    """Yield the adjustments and transfers of some days."""
    wanted, around = set(days), Dates(min(days) - timedelta(days=1), max(days) + timedelta(days=1))
    for endpoint, kind in _STOCK_MOVES.items():
        rows = connections.servicetitan.rows(
            endpoint, filters=date_params("dateOnOrAfter", "dateBefore", around)
        )
        for row in rows:
            day = date_of(row.get("date"))
            if day is not None and day in wanted and row.get("active") is not False:
                yield from not_carried(kind, row, day)
