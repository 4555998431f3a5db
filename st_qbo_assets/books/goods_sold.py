"""Goods on our documents in QuickBooks: the lines of invoices and credit memos that name an item.

What belongs here: reading such lines. What does not: which documents are read, and what ServiceTitan says was
used (`goods_used`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.books.quickbooks_side import is_voided, own_markers
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import parse_amount
from st_qbo_assets.domain.outcomes import Json

#: Entities that goods are sold or given back on, with the sign of their pieces.
SOLD_ON: Mapping[str, int] = {"Invoice": 1, "CreditMemo": -1}


@dataclass(frozen=True)
class LineSold:
    """One line of a document of ours in QuickBooks.

    Attributes:
        item_id: QuickBooks item.
        quantity: None if the line states none, since its amount is no multiple of its price.
        sign: -1 for a credit.
    """

    document: SourceRef
    item_id: str
    quantity: Decimal | None
    sign: int = 1


def goods_sold(documents: Iterable[tuple[str, Json]]) -> tuple[list[LineSold], frozenset[SourceRef]]:
    """Return the lines of those documents that are ours and not void, and the records they are of.

    Args:
        documents: entity and object, each once.
    """
    lines: list[LineSold] = []
    posted: set[SourceRef] = set()
    for entity, obj in documents:
        for source in own_markers(obj.get("PrivateNote"), None) if entity in SOLD_ON else ():
            if source.entity is Entity.INVOICE and not is_voided(obj):
                posted.add(source.record)
                lines += _lines(source.record, obj, SOLD_ON[entity])
    return lines, frozenset(posted)


def _lines(source: SourceRef, obj: Json, sign: int) -> Iterator[LineSold]:
    for line in map(as_object, as_list(obj.get("Line"))):
        detail = as_object(line.get("SalesItemLineDetail"))
        item = as_text(as_object(detail.get("ItemRef")).get("value"))
        if item:
            yield LineSold(source, item, _pieces(detail.get("Qty")), sign)


def _pieces(value: object) -> Decimal | None:
    try:
        return parse_amount(value)
    except ValueError:
        return None
