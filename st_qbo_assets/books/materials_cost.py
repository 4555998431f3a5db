"""Cost of materials by job, day and item: what ServiceTitan used, and what our documents say (rule 8.6).

What belongs here: comparing quantities, which must agree, and valuing them. What does not: reading
(`orchestration.materials`), the list of a month (`month_close.materials`) and its entry
(`month_close.consumption`). Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from st_qbo_assets.books.goods_sold import LineSold
from st_qbo_assets.books.goods_used import GoodsUsed, NotCarried
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import to_cents


@dataclass(frozen=True)
class ItemHeld:
    """What our link says of a QuickBooks item: its record in the price book, its SKU, what a piece costs."""

    sku_id: str
    sku: str
    cost: Decimal | None = None


@dataclass(frozen=True)
class JobGoods:
    """One item on one job of one day.

    Attributes:
        used: pieces on lines that our documents have too.
        not_written: pieces on lines that are no revenue and not counted, which no document has (rule 1.3).
        posted: pieces on our documents in QuickBooks.
        unstated: lines of ours that state no quantity.
        used_cents: what ServiceTitan says all of them cost.
        posted_cents: what the posted pieces cost by the item's cost in QuickBooks.
        waits: whether a document of it is not in QuickBooks (yet); the tie-out says why.
        fault: what could not be read.
    """

    day: date
    job: str
    sku: str
    used: Decimal = Decimal(0)
    not_written: Decimal = Decimal(0)
    posted: Decimal = Decimal(0)
    unstated: int = 0
    used_cents: int = 0
    posted_cents: int = 0
    waits: bool = False
    fault: str = ""

    @property
    def agrees(self) -> bool:
        """Whether our documents say what ServiceTitan says; a quantity that is not stated cannot differ."""
        return not self.fault and not self.waits and (self.used == self.posted or bool(self.unstated))

    @property
    def valuation_cents(self) -> int:
        """By how much ServiceTitan's cost is above the cost of what was posted."""
        return self.used_cents - self.posted_cents


@dataclass(frozen=True)
class MaterialsDay:
    """The goods of a day."""

    day: date
    rows: tuple[JobGoods, ...] = ()
    not_carried: tuple[NotCarried, ...] = ()

    @property
    def differing(self) -> tuple[JobGoods, ...]:
        """Items whose quantities do not agree."""
        return tuple(row for row in self.rows if not row.agrees)


@dataclass(frozen=True)
class MaterialsBooks:
    """What was read of both systems.

    Attributes:
        used: of due invoices, with the day they belong to.
        sold: lines of our documents.
        items: what is known of QuickBooks' items, by id.
        posted: the records that are in QuickBooks.
        not_carried: adjustments and transfers.
    """

    used: Sequence[tuple[date, GoodsUsed]]
    sold: Iterable[LineSold]
    items: Mapping[str, ItemHeld]
    posted: frozenset[SourceRef]
    not_carried: Sequence[NotCarried] = field(default_factory=list[NotCarried])


def compare_materials(books: MaterialsBooks, days: Iterable[date]) -> list[MaterialsDay]:
    """Return the goods of each day, jobs and items in order."""
    skus = {goods.sku.casefold(): goods.sku_id for _, goods in books.used if goods.sku_id}
    jobs = {goods.invoice: (day, goods.job) for day, goods in books.used}
    rows: dict[tuple[date, str, str], JobGoods] = {}
    for day, goods in books.used:
        key = (day, goods.job, goods.sku_id or goods.sku.casefold())
        rows[key] = _with_used(rows.get(key) or JobGoods(day, goods.job, goods.sku), goods, books.posted)
    for line in books.sold:
        place, item = jobs.get(line.document), books.items.get(line.item_id)
        if place is None or item is None:
            continue
        key = (*place, item.sku_id or skus.get(item.sku.casefold(), item.sku.casefold()))
        if key in rows:
            rows[key] = _with_posted(rows[key], line, item)
    found: list[MaterialsDay] = []
    for day in days:
        own = sorted((row for row in rows.values() if row.day == day), key=lambda row: (row.job, row.sku))
        others = tuple(each for each in books.not_carried if each.day == day)
        found.append(MaterialsDay(day, tuple(own), others))
    return found


def _with_used(row: JobGoods, goods: GoodsUsed, posted: frozenset[SourceRef]) -> JobGoods:
    written, left = (goods.quantity, Decimal(0)) if goods.is_written else (Decimal(0), goods.quantity)
    return replace(
        row,
        used=row.used + written,
        not_written=row.not_written + left,
        used_cents=row.used_cents + goods.cost_cents,
        waits=row.waits or (goods.is_written and goods.invoice not in posted),
        fault=row.fault or goods.fault,
    )


def _with_posted(row: JobGoods, line: LineSold, item: ItemHeld) -> JobGoods:
    pieces = line.sign * (line.quantity or Decimal(0))
    return replace(
        row,
        posted=row.posted + pieces,
        unstated=row.unstated + (line.quantity is None),
        posted_cents=row.posted_cents + to_cents(pieces * (item.cost or Decimal(0))),
    )
