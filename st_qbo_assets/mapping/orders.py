"""Purchase orders: one becomes one QuickBooks PurchaseOrder, and which of its lines a bill bills.

What belongs here: the gate's answer, an order laid out as the bill it will become, its header, and links from
the lines of a bill to those of its order. What does not: lines and sums, which are a bill's (`bought`,
`bill_sums`); where QuickBooks keeps a line (load). An order posts nothing.
"""

from collections.abc import Sequence
from typing import Any

from st_qbo_assets.domain.gate import OrderFacts, Standing, order_standing
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.addresses import physical_address
from st_qbo_assets.mapping.bill_sums import Sums, sums_of
from st_qbo_assets.mapping.bought import FREIGHT, TAX, Line, map_bill_lines
from st_qbo_assets.mapping.effects import Shape
from st_qbo_assets.mapping.facts import day_of
from st_qbo_assets.mapping.headers import buying_references, needed_vendor
from st_qbo_assets.mapping.items import map_item
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, joined
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.buying import Bill, BillItem, PurchaseOrder, PurchaseOrderItem
from st_qbo_assets.servicetitan.records import GlAccountRef, Named, Unreadable

#: How the lines of an order are named before QuickBooks has given them ids.
LINE = "line:"
_CANCELED = "Canceled"


def map_order(record: PurchaseOrder | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what an order becomes; a canceled one that is in QuickBooks is closed there (rule 3.6)."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, PurchaseOrder, Entity.PURCHASE_ORDER, lookup)
    standing = _standing(record, lookup)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    bill = bill_of_order(record, lookup)
    parts = _parts(bill, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason)]
    sums, lines, references = parts
    payload = Payload(
        source=_source(record),
        target="PurchaseOrder",
        day=day_of(record, lookup),
        body=_body(record, lines, references, lookup),
        cents=sums.total,
        number=record.number,
        title=_title(record, lookup),
    )
    facts: Json = {
        "shape": Shape.PURCHASE_ORDER.value,
        "vendor": references["VendorRef"]["value"],
        "lines": len(lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in lines if line.item)),
    }
    return [_mapped(record, lookup, Verdict.DUE, reason=None, payload=payload, facts=facts)]


def items_of_order(record: PurchaseOrder, lookup: Lookup) -> list[Mapped]:
    """Return the items a due order refers to, each once, in line order; none if it is not due."""
    if _standing(record, lookup).verdict is not Verdict.DUE:
        return []
    parts = _parts(bill_of_order(record, lookup), lookup)
    if isinstance(parts, Problem):
        return []
    items = {line.item.source: line.item for line in reversed(parts[1]) if line.item is not None}
    return [map_item(item, lookup, day=day_of(record, lookup)) for item in reversed(items.values())]


def vendor_of_order(record: PurchaseOrder, lookup: Lookup) -> list[Mapped]:
    """Return the vendor a due order needs."""
    if _standing(record, lookup).verdict is not Verdict.DUE:
        return []
    return needed_vendor(record.vendor_id, lookup, day=day_of(record, lookup))


def bill_of_order(order: PurchaseOrder, lookup: Lookup) -> Bill:
    """Return an order laid out as the bill of all of it; its accounts are those of the price book."""
    vendor = lookup.vendors.get(order.vendor_id or 0)
    unit = lookup.business_units.get(order.business_unit_id or 0)
    return Bill.model_construct(
        id=order.id,
        raw=order.raw,
        date=order.date,
        bill_amount=order.total,
        tax_amount=order.tax,
        shipping_amount=order.shipping,
        vendor=Named(id=order.vendor_id, name=vendor.name if vendor else ""),
        business_unit=Named(id=unit.id, name=unit.name) if unit else None,
        job_id=order.job_id,
        items=tuple(_item(line, lookup) for line in order.items),
        created_on=order.created_on,
    )


def linked_to_order(bill: Bill, lines: Sequence[Line], lookup: Lookup) -> list[Json]:
    """Return the bodies of a bill's lines, each linked to the line of the order that it bills.

    Goods bill the line of their SKU, of several the next that no line of this bill bills; what the order does
    not have stays without a link.
    """
    order = lookup.purchase_orders.get(bill.purchase_order_id or 0)
    if order is None or not lookup.company.orders:
        return [line.body for line in lines]
    left = [(str(line.id), line.sku_id) for line in order.items]
    keys = {FREIGHT} if order.shipping else set[str]()
    keys |= {TAX} if order.tax else set[str]()
    sku_of = {str(line.id): line.sku_id for line in bill.items}
    bodies: list[Json] = []
    for line in lines:
        key = line.key if line.key in keys else ""
        if line.key in sku_of:
            key = next((key for key, sku in left if sku == sku_of[line.key]), "")
            left = [each for each in left if each[0] != key]
        bodies.append(line.body | {"LinkedTxn": [_link(order, key)]} if key else line.body)
    return bodies


def _link(order: PurchaseOrder, key: str) -> Json:
    return {"TxnId": str(_source(order)), "TxnType": "PurchaseOrder", "TxnLineId": f"{LINE}{key}"}


def _item(line: PurchaseOrderItem, lookup: Lookup) -> BillItem:
    known = lookup.pricebook.get(line.sku_id or 0)
    return BillItem.model_construct(
        id=line.id,
        name=line.sku_name,
        description=line.description,
        quantity=line.quantity,
        cost=line.cost,
        sku_id=line.sku_id,
        sku_type=line.sku_type,
        sku_code=line.sku_code,
        general_ledger_account=_account(known.account if known else ""),
        cost_of_sale_account=_account(known.cost_of_sale_account if known else ""),
        asset_account=_account(known.asset_account if known and known.is_inventory else ""),
    )


def _account(text: str) -> GlAccountRef | None:
    return GlAccountRef(number=text) if text else None


def _parts(bill: Bill, lookup: Lookup) -> tuple[Sums, list[Line], Json] | Problem:
    sums = sums_of(bill)
    lines, problems = map_bill_lines(bill, sums, lookup) if isinstance(sums, Sums) else ([], [])
    references, wrong = buying_references(bill, lookup)
    problems += [*wrong, *([sums] if isinstance(sums, Problem) else [])]
    if problems or isinstance(sums, Problem):
        return joined(problems)
    references.pop("DepartmentRef", None)
    return sums, lines, references


def _body(order: PurchaseOrder, lines: Sequence[Line], references: Json, lookup: Lookup) -> Json:
    body: Json = {
        **references,
        "TxnDate": day_of(order, lookup).isoformat(),
        "PrivateNote": marker(_source(order)),
        "EmailStatus": "NotSet",
        "Line": [{"Id": f"{LINE}{line.key}", **line.body} for line in lines],
    }
    if number := legal_number(order.number, latin1=lookup.latin1).text:
        body["DocNumber"] = number
    if order.required_on is not None:
        body["DueDate"] = order.required_on.isoformat()
    if address := physical_address(order.ship_to, lookup):
        body["ShipAddr"] = address
    if order.status == _CANCELED:
        body["POStatus"] = "Closed"
    return body


def _standing(order: PurchaseOrder, lookup: Lookup) -> Standing:
    unit = lookup.business_units.get(order.business_unit_id or 0)
    facts = OrderFacts(
        status=order.status,
        total_cents=to_cents(order.total),
        business_date=order.date,
        active=order.active,
        is_posted=_source(order) in lookup.posted,
        business_unit=unit.name if unit else "",
    )
    return order_standing(facts, lookup.company, today=lookup.today)


def _mapped(
    order: PurchaseOrder, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, **rest: Any
) -> Mapped:
    return Mapped(
        source=_source(order),
        verdict=verdict,
        day=day_of(order, lookup),
        cents=to_cents(order.total),
        number=order.number,
        title=_title(order, lookup),
        reason=reason,
        **rest,
    )


def _source(order: PurchaseOrder) -> SourceRef:
    return SourceRef(Entity.PURCHASE_ORDER, str(order.id))


def _title(order: PurchaseOrder, lookup: Lookup) -> str:
    vendor = lookup.vendors.get(order.vendor_id or 0)
    return lookup.line_text(vendor.name) if vendor else ""
