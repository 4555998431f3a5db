"""What goods cost in a month, by job and item: ServiceTitan's word beside our documents (rules 8.6, 9).

What belongs here: the list of a whole month. What does not: the same by day (`books.materials_cost`), and the
entry for stock that was used (`consumption`).
"""

from collections.abc import Mapping
from decimal import Decimal

from st_qbo_assets.books.goods_sold import SOLD_ON, LineSold, goods_sold
from st_qbo_assets.books.materials_cost import ItemHeld, JobGoods, MaterialsBooks, compare_materials
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth
from st_qbo_assets.books.month_close.sections import Column, Section, money
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth
from st_qbo_assets.domain.ids import SourceRef

_COLUMNS = (
    *(Column(name) for name in ("job", "item", "pieces used", "on no document", "on our documents")),
    *(money(name) for name in ("cost in ServiceTitan", "cost of what was posted", "valuation")),
    Column("remark"),
)
_NOTES = (
    "On our documents are the pieces that were used and charged; what is not charged is on no document, "
    "unless QuickBooks counts it.",
    "What was posted is worth the item's cost in QuickBooks as it is now; the valuation is by how much "
    "ServiceTitan's cost is above it.",
)


def materials_cost(
    servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth, items: Mapping[str, ItemHeld]
) -> Section:
    """Return the goods of the month's due invoices by job and item.

    Args:
        servicetitan: what was used.
        quickbooks: our documents of the month.
        items: what is known of QuickBooks' items, by id.
    """
    month = servicetitan.month.first
    sold, posted = _sold(quickbooks)
    used = [(month, goods) for goods in servicetitan.used()]
    (whole,) = compare_materials(MaterialsBooks(used, sold, items, posted), [month])
    return Section(
        name="materials_cost",
        title="Cost of materials by job",
        columns=_COLUMNS,
        rows=tuple(
            (
                row.job or "(no job)",
                row.sku,
                _pieces(row.used + row.not_written),
                _pieces(row.not_written),
                _pieces(row.posted),
                row.used_cents,
                row.posted_cents,
                row.valuation_cents,
                _remark(row),
            )
            for row in whole.rows
        ),
        notes=_NOTES if whole.rows else (),
        figures={
            "rows": len(whole.rows),
            "differing": len(whole.differing),
            "used_cents": sum(row.used_cents for row in whole.rows),
            "posted_cents": sum(row.posted_cents for row in whole.rows),
            "valuation_cents": sum(row.valuation_cents for row in whole.rows),
        },
    )


def sold_items(quickbooks: QuickBooksMonth) -> set[str]:
    """Return the ids of the items on our documents of the month."""
    return {line.item_id for line in _sold(quickbooks)[0]}


def _sold(quickbooks: QuickBooksMonth) -> tuple[list[LineSold], frozenset[SourceRef]]:
    return goods_sold(quickbooks.of_month(*SOLD_ON))


def _pieces(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _remark(row: JobGoods) -> str:
    if row.fault:
        return row.fault
    if row.waits:
        return "an invoice of it is not in QuickBooks in this month"
    if row.unstated:
        return "a line of ours states no pieces"
    return "" if row.agrees else "pieces differ"
