"""The mapping's lookup for one day, put together from frames, reference data and links.

What belongs here: gathering. What does not: deciding anything by it (mapping).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Mapped
from st_qbo_assets.domain.refunds import REFUND, RefundTie
from st_qbo_assets.extract.bills import read_bills_around, read_orders_around
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.payables import read_credits_around, read_payments_around
from st_qbo_assets.extract.referred import (
    extract_customers,
    extract_items,
    extract_jobs,
    referred,
)
from st_qbo_assets.extract.refunds import given_back, read_refund_context, read_twins
from st_qbo_assets.mapping.applications import APPLICATION
from st_qbo_assets.mapping.bill_payments import map_bill_payment, vendor_of_bill_payment
from st_qbo_assets.mapping.bills import items_of_bill, map_bill, vendor_of_bill
from st_qbo_assets.mapping.credit_memos import items_of_credit_memo, map_credit_memo
from st_qbo_assets.mapping.customers import map_customer
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.locations import map_location
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.orders import items_of_order, map_order, vendor_of_order
from st_qbo_assets.mapping.payments import items_of_payment, map_payment
from st_qbo_assets.mapping.pricebook import map_changed
from st_qbo_assets.mapping.vendor_credits import (
    items_of_vendor_credit,
    map_vendor_credit,
    vendor_of_vendor_credit,
)
from st_qbo_assets.mapping.write_offs import WRITE_OFF
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.extracts import read_applied
from st_qbo_assets.orchestration.item_frames import items_made, opening_of
from st_qbo_assets.orchestration.keys import BUYING_ORDER
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.servicetitan.buying import (
    Bill,
    BillPayment,
    InventoryReturn,
    PurchaseOrder,
    Receipt,
    Vendor,
    VendorCredit,
)
from st_qbo_assets.servicetitan.records import (
    Contact,
    CreditMemo,
    Customer,
    Invoice,
    Job,
    Location,
    Payment,
    PricebookItem,
    Unreadable,
)

#: QuickBooks entity → field of a link's confirmed values that holds its date.
_DATE = "TxnDate"


def build_lookup(
    defs: CompanyDefs,
    references: References,
    connections: Connections,
    records: Iterable[AnyRecord],
    *,
    opening: Mapping[str, Decimal] | None = None,
) -> Lookup:
    """Return the lookup over a day's records of all kinds.

    Args:
        defs: the company.
        references: the lists of both systems.
        connections: where links are.
        records: of the day.
        opening: what is on hand at the start; by default as the company's file says.

    Raises:
        SettingsError: if that file cannot be used.
    """
    known = [record for record in records if not isinstance(record, Unreadable)]
    contacts: dict[int, tuple[Contact, ...]] = {}
    for record in known:
        if isinstance(record, Contact) and record.customer_id is not None:
            contacts[record.customer_id] = (*contacts.get(record.customer_id, ()), record)
    made = items_made(connections, known)
    line_item = defs.company.tax.line_item
    tax_item = references.quickbooks.item(line_item) if line_item else None
    return Lookup(
        company=defs.company,
        reference=references.quickbooks,
        today=defs.today(),
        posted=_posted(connections, known),
        business_units=references.business_units,
        tax_zones=references.tax_zones,
        customers={record.id: record for record in known if isinstance(record, Customer)},
        contacts=contacts,
        locations={record.id: record for record in known if isinstance(record, Location)},
        jobs={record.id: record for record in known if isinstance(record, Job)},
        pricebook={record.id: record for record in known if isinstance(record, PricebookItem)},
        invoices={record.id: record for record in known if isinstance(record, Invoice)},
        credit_memos={record.id: record for record in known if isinstance(record, CreditMemo)},
        payments={record.id: record for record in known if isinstance(record, Payment)},
        vendors={record.id: record for record in known if isinstance(record, Vendor)},
        purchase_orders={record.id: record for record in known if isinstance(record, PurchaseOrder)},
        receipts={record.id: record for record in known if isinstance(record, Receipt)},
        bills={record.id: record for record in known if isinstance(record, Bill)},
        returns={record.id: record for record in known if isinstance(record, InventoryReturn)},
        vendor_credits={record.id: record for record in known if isinstance(record, VendorCredit)},
        refunds_of=_refunds_of(connections, known),
        item_skus=made.skus,
        sku_owners=made.owners,
        item_accounts=made.accounts,
        opening=opening_of(defs) if opening is None else opening,
        tax_item_id=tax_item.id if tax_item else "",
        tax_account_id=tax_item.account_id if tax_item else "",
    )


def read_around(connections: Connections, documents: Sequence[AnyRecord]) -> list[AnyRecord]:
    """Return everything documents refer to, read now: for documents read again outside their day's frames."""
    client = connections.servicetitan
    applied = read_applied(connections, referred(documents).invoices)
    context = read_refund_context(client, documents)
    twins = read_twins(client, connections.company, documents)
    bought = [
        *read_bills_around(client, documents),
        *read_orders_around(client, documents),
        *read_credits_around(client, connections.company, documents),
        *read_payments_around(client, connections.company, documents),
    ]
    whole = referred([*documents, *applied, *context, *bought])
    sold = referred([*(each for each in documents if not isinstance(each, Payment)), *given_back(context)])
    return [
        *twins,
        *applied,
        *context,
        *bought,
        *extract_jobs(client, whole.jobs),
        *extract_customers(client, whole.customers, without_link=whole.customers, locations=whole.locations),
        *extract_items(client, sold.skus),
    ]


def map_day(entity: Entity, day: date, records: Sequence[AnyRecord], lookup: Lookup) -> list[Mapped]:
    """Return what the records of a day become, for one entity; each source once.

    Args:
        entity: what is wanted; items come from the invoices that need them.
        day: the partition.
        records: the documents of the day; customers for customers.
        lookup: of the day.
    """
    found: list[Mapped] = []
    for record in records:
        found += _map_one(entity, day, record, lookup)
    if entity is Entity.ITEM:  # last: what a line needs stays in use
        found += [item for known in lookup.pricebook.values() for item in map_changed(known, lookup, day=day)]
    by_source: Mapping[SourceRef, Mapped] = {mapped.source: mapped for mapped in reversed(found)}
    return [by_source[source] for source in dict.fromkeys(mapped.source for mapped in found)]


def _map_one(entity: Entity, day: date, record: AnyRecord, lookup: Lookup) -> list[Mapped]:
    unreadable = isinstance(record, Unreadable)
    if entity is Entity.ITEM:
        return _items_of(record, lookup)
    if entity is Entity.INVOICE:
        return map_invoice(record, lookup) if unreadable or isinstance(record, Invoice) else []
    if entity is Entity.PAYMENT:
        return map_payment(record, lookup) if unreadable or isinstance(record, Payment) else []
    if entity is Entity.CREDIT_MEMO:
        return map_credit_memo(record, lookup) if unreadable or isinstance(record, CreditMemo) else []
    if entity in BUYING_ORDER:
        return _map_bought(entity, record, lookup)
    if entity is Entity.CUSTOMER and isinstance(record, Location):
        return map_location(record, lookup, day=day)
    if entity is Entity.CUSTOMER:
        return map_customer(record, lookup, day=day) if unreadable or isinstance(record, Customer) else []
    raise ValueError(f"{entity.plural} are not mapped")


def _map_bought(entity: Entity, record: AnyRecord, lookup: Lookup) -> list[Mapped]:
    """Return what a document of what is bought becomes, and the vendor it needs."""
    unreadable = isinstance(record, Unreadable)
    if entity is Entity.BILL and (unreadable or isinstance(record, Bill)):
        needed = [] if isinstance(record, Unreadable) else vendor_of_bill(record, lookup)
        return [*needed, *map_bill(record, lookup)]
    if entity is Entity.PURCHASE_ORDER and (unreadable or isinstance(record, PurchaseOrder)):
        needed = [] if isinstance(record, Unreadable) else vendor_of_order(record, lookup)
        return [*needed, *map_order(record, lookup)]
    if entity is Entity.VENDOR_CREDIT and (unreadable or isinstance(record, VendorCredit)):
        needed = [] if isinstance(record, Unreadable) else vendor_of_vendor_credit(record, lookup)
        return [*needed, *map_vendor_credit(record, lookup)]
    if entity is Entity.BILL_PAYMENT and (unreadable or isinstance(record, BillPayment)):
        needed = [] if isinstance(record, Unreadable) else vendor_of_bill_payment(record, lookup)
        return [*needed, *map_bill_payment(record, lookup)]
    return []


def _items_of(record: AnyRecord, lookup: Lookup) -> list[Mapped]:
    if isinstance(record, PurchaseOrder):
        return items_of_order(record, lookup)
    if isinstance(record, Bill):
        return items_of_bill(record, lookup)
    if isinstance(record, VendorCredit):
        return items_of_vendor_credit(record, lookup)
    if isinstance(record, Invoice):
        return items_of_invoice(record, lookup)
    if isinstance(record, CreditMemo):
        return items_of_credit_memo(record, lookup)
    return items_of_payment(record, lookup) if isinstance(record, Payment) else []


def _refunds_of(connections: Connections, records: Iterable[AnyRecord]) -> dict[int, tuple[RefundTie, ...]]:
    """Return the refunds that our store knows of the payments among some records."""
    payments = [str(record.id) for record in records if isinstance(record, Payment)]
    found = connections.refunds.of_payments(connections.name, payments)
    return {int(payment): tuple(ties) for payment, ties in found.items()}


#: Kinds of records, and the parts of them that become documents of their own.
_PARTS: Mapping[type[AnyRecord], tuple[Entity, tuple[str, ...]]] = {
    Invoice: (Entity.INVOICE, ("",)),
    CreditMemo: (Entity.CREDIT_MEMO, ("", APPLICATION)),
    Bill: (Entity.BILL, ("",)),
    PurchaseOrder: (Entity.PURCHASE_ORDER, ("",)),
    VendorCredit: (Entity.VENDOR_CREDIT, ("", APPLICATION)),
    BillPayment: (Entity.BILL_PAYMENT, ("",)),
    Payment: (Entity.PAYMENT, ("", REFUND, WRITE_OFF, APPLICATION)),
}


def _sources_of(record: AnyRecord) -> list[SourceRef]:
    known = _PARTS.get(type(record))
    return [SourceRef(known[0], str(record.id), part) for part in known[1]] if known else []


def _posted(connections: Connections, records: Iterable[AnyRecord]) -> dict[SourceRef, date]:
    """Return the dates under which documents are in QuickBooks already."""
    sources = [source for record in records for source in _sources_of(record)]
    dates: dict[SourceRef, date] = {}
    for source, links in connections.links.of_sources(connections.name, sources).items():
        for link in links:
            posted = parse_business_date(link.confirmed.get(_DATE))
            if posted is not None:
                dates[source] = posted
    return dates
