"""Goods that ServiceTitan says were used: the material and equipment lines of invoices.

What belongs here: reading such lines. What does not: whether their invoice counts (the gate), what our
documents say of them (`materials_cost`), and the entry they need (`month_close.consumption`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from st_qbo_assets.books.accounts import GlAccount
from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.books.raw_values import Amounts, gl_account
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.outcomes import Json

GOODS = frozenset({"Material", "Equipment"})


@dataclass(frozen=True)
class GoodsUsed:
    """One line of goods on an invoice.

    Attributes:
        job: number of the job, empty if the invoice has none.
        sku_id: its record in the price book, empty if the line names none.
        cost_cents: what ServiceTitan says they cost.
        is_written: whether our document has a line for them (rule 1.3).
        is_stocked: whether they were taken from stock.
        is_counted: whether QuickBooks counts them, so that it books their cost itself (rule 8.5).
        cost_account: where their cost belongs.
        asset_account: where they stood while they were in stock.
        fault: what of the line could not be read.
    """

    invoice: SourceRef
    job: str
    sku_id: str
    sku: str
    quantity: Decimal
    cost_cents: int
    is_written: bool
    is_stocked: bool
    is_counted: bool
    cost_account: GlAccount
    asset_account: GlAccount
    fault: str = ""


@dataclass(frozen=True)
class NotCarried:
    """An adjustment or transfer of stock, which is not carried (rule 8.5)."""

    kind: str
    id: str
    number: str
    day: date
    sku: str
    quantity: Decimal
    cost_cents: int


def goods_of_invoice(record: Json, company: CompanyFile) -> Iterator[GoodsUsed]:
    """Yield the lines of goods of an invoice, verbatim as ServiceTitan returned it."""
    invoice = SourceRef(Entity.INVOICE, as_text(record.get("id")))
    job = as_object(record.get("job"))
    for line in map(as_object, as_list(record.get("items"))):
        kind = as_text(line.get("type"))
        if kind not in GOODS:
            continue
        amounts = Amounts()
        quantity = amounts.exact(line, "quantity")
        whole = line.get("totalCost")
        cost = amounts.exact(line, "totalCost") if whole else quantity * _cost(line, amounts)
        is_counted = line.get("inventory") is True and company.counts(kind)
        if not quantity and not cost and not amounts.faults:
            continue
        yield GoodsUsed(
            invoice=invoice,
            job=as_text(job.get("number")) or as_text(job.get("id")),
            sku_id=as_text(line.get("skuId")),
            sku=as_text(line.get("skuName")),
            quantity=quantity,
            cost_cents=to_cents(cost),
            is_written=line.get("isChargeable") is not False or is_counted,
            is_stocked=line.get("inventory") is True,
            is_counted=is_counted,
            cost_account=gl_account(as_object(line.get("costOfSaleAccount"))),
            asset_account=gl_account(as_object(line.get("assetAccount"))),
            fault="; ".join(amounts.faults),
        )


def not_carried(kind: str, record: Json, day: date) -> Iterator[NotCarried]:
    """Yield the lines of an adjustment or transfer."""
    for line in map(as_object, as_list(record.get("items"))):
        amounts = Amounts()
        quantity = amounts.exact(line, "quantity")
        cost = amounts.exact(line, "totalCost") if line.get("totalCost") else Decimal(0)
        yield NotCarried(
            kind,
            as_text(record.get("id")),
            as_text(record.get("number")),
            day,
            as_text(line.get("code")) or as_text(line.get("name")),
            quantity,
            to_cents(cost),
        )


def _cost(line: Json, amounts: Amounts) -> Decimal:
    return amounts.exact(line, "cost") if line.get("cost") else Decimal(0)
