"""Vendors' credits and payments of bills, and what they name (rules 8.7, 8.8).

What belongs here: reading two lists that ServiceTitan filters by no date of the documents themselves, and the
returns, bills, vendors, jobs and goods they refer to. What does not: which day a document belongs to
(`documents`), what it becomes (mapping).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.extract.bills import Purchasing, Rows, known_ids, read_bills, read_goods
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.servicetitan.buying import (
    Bill,
    BillPayment,
    InventoryReturn,
    Vendor,
    VendorCredit,
)
from st_qbo_assets.servicetitan.records import Job, Unreadable, parse
from st_qbo_assets.servicetitan.windows import Dates, Params, date_params, format_utc

#: How long before its own date a document may have been touched last: nobody dates one a year ahead.
_AHEAD = timedelta(days=366)


def read_vendor_credits(
    client: Rows, *, ids: Iterable[int] | None = None, filters: Params = ()
) -> Iterator[VendorCredit | Unreadable]:
    """Yield vendors' credits of every status, by ids or filters."""
    return (parse(VendorCredit, row) for row in client.rows("ap-credits", ids=ids, filters=filters))


def read_bill_payments(
    client: Rows, *, ids: Iterable[int] | None = None, filters: Params = ()
) -> Iterator[BillPayment | Unreadable]:
    """Yield payments of bills of every method and status, by ids or filters."""
    return (parse(BillPayment, row) for row in client.rows("ap-payments", ids=ids, filters=filters))


def since_start(company: CompanyFile) -> Params:
    """Return the filter of all documents that can be dated on the company's days.

    Neither list has a filter by date (ST §3.3), so both are read whole from the start on, in large pages.
    """
    begin = datetime.combine(company.start_date - _AHEAD, time(), tzinfo=company.zone)
    return (("modifiedOnOrAfter", format_utc(begin.astimezone(UTC))),)


def read_applied_to_bills(
    client: Rows, company: CompanyFile, bills: Collection[int]
) -> list[VendorCredit | BillPayment]:
    """Return the credits and payments that ServiceTitan applies to some bills, whatever their day."""
    found: list[VendorCredit | BillPayment] = []
    since = since_start(company)
    documents: list[Iterator[VendorCredit | Unreadable] | Iterator[BillPayment | Unreadable]] = [
        read_vendor_credits(client, filters=since)
    ]
    if company.pays_bills:
        documents.append(read_bill_payments(client, filters=since))
    for each in documents:
        for record in each:
            if not isinstance(record, Unreadable) and bills_of(record) & set(bills):
                found.append(record)
    return found


def read_credits_of_returns(
    client: Rows, company: CompanyFile, returns: Collection[int]
) -> list[VendorCredit]:
    """Return the credits of some returns; no filter finds them by their return."""
    if not returns:
        return []
    credits = read_vendor_credits(client, filters=since_start(company))
    return [
        each for each in credits if isinstance(each, VendorCredit) and each.inventory_return_id in returns
    ]


def read_returns_without_credit(
    client: Rows, company: CompanyFile, *, first: date, last: date
) -> list[InventoryReturn]:
    """Return what went back on some days and no credit was received for; canceled returns are left out."""
    span = date_params("returnDateOnOrAfter", "returnDateBefore", Dates(first, last))
    found = [parse(InventoryReturn, row) for row in client.rows("returns", filters=span)]
    sent = [each for each in found if isinstance(each, InventoryReturn) and not each.is_canceled]
    if not sent:
        return []
    credits = read_vendor_credits(client, filters=since_start(company))
    credited = {
        each.inventory_return_id
        for each in credits
        if isinstance(each, VendorCredit) and not each.is_canceled
    }
    return [each for each in sent if each.id not in credited]


def read_credits_around(
    client: Purchasing, company: CompanyFile, records: Iterable[AnyRecord]
) -> list[AnyRecord]:
    """Return what vendors' credits name: returns with their goods, the bills they pay, vendors, jobs."""
    credits = [record for record in records if isinstance(record, VendorCredit)]
    if not credits:
        return []
    wanted = known_ids(each.inventory_return_id for each in credits)
    returns = [parse(InventoryReturn, row) for row in client.rows("returns", ids=wanted)]
    known = [each for each in returns if isinstance(each, InventoryReturn)]
    jobs = known_ids([*(each.job_id for each in credits), *(each.job_id for each in known)])
    vendors = known_ids(each.vendor.id for each in credits if each.vendor)
    return [
        *returns,
        *read_bills(client, company, ids=sorted({bill for each in credits for bill in bills_of(each)})),
        *(parse(Vendor, row) for row in client.rows("vendors", ids=vendors)),
        *client.jobs(ids=jobs),
        *read_goods(client, [(line.sku_id, "") for each in known for line in each.items]),
    ]


def read_payments_around(client: Rows, company: CompanyFile, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return what payments of bills name: bills, credits they use, vendors."""
    payments = [record for record in records if isinstance(record, BillPayment)]
    if not payments:
        return []
    bills = sorted({bill for each in payments for bill in bills_of(each)})
    found = list(read_bills(client, company, ids=bills))
    missing = sorted({*bills} - {bill.id for bill in found if bill.id is not None})
    vendors = known_ids(each.vendor.id for each in payments if each.vendor)
    return [
        *found,
        *read_vendor_credits(client, ids=missing),
        *(parse(Vendor, row) for row in client.rows("vendors", ids=vendors)),
    ]


def bills_of(record: VendorCredit | BillPayment) -> set[int]:
    """Return the documents a credit or payment is applied to: bills, or what only a document id names."""
    if isinstance(record, VendorCredit):
        named = (split.inventory_bill_id for split in record.splits if split.active)
    else:
        named = (split.inventory_bill_id or split.document_id for split in record.splits if split.active)
    return {id_ for id_ in named if id_ is not None}


def belongs_to_payables(
    record: AnyRecord, documents: Sequence[AnyRecord], around: Sequence[AnyRecord]
) -> bool:
    """Say whether some credits or payments name a record, or a return they credit does."""
    own = [each for each in documents if isinstance(each, (VendorCredit, BillPayment))]
    credits = [each for each in own if isinstance(each, VendorCredit)]
    wanted = {each.inventory_return_id for each in credits}
    returns = [each for each in around if isinstance(each, InventoryReturn) and each.id in wanted]
    if isinstance(record, InventoryReturn):
        return record.id in wanted
    if isinstance(record, (Bill, VendorCredit)):
        return any(record.id in bills_of(each) for each in own)
    if isinstance(record, Vendor):
        return any(each.vendor is not None and each.vendor.id == record.id for each in own)
    if isinstance(record, Job):
        return record.id in {each.job_id for each in (*credits, *returns)}
    return any(line.sku_id == record.id for each in returns for line in each.items)
