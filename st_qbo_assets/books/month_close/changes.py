"""What changed in a month's books since its last version, and what people edited in QuickBooks.

What belongs here: the inventory of documents a version keeps, comparing two, and the list of drift. What does
not: finding drift (the tie-out and the list of changes do) and keeping versions (orchestration).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Protocol, cast

from st_qbo_assets.books.loose_json import as_object, as_text
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.objects import (
    SALES,
    day_of,
    ref_name,
    sale_lines,
    tax_of,
    total_of,
)
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth
from st_qbo_assets.books.month_close.sections import Cell, Column, Section, day
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json, canonical_json

#: Document → what a version remembers of it. Plain JSON.
Inventory = dict[str, Json]
_DOCUMENTS = (
    *(Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT),
    *(Entity.BILL, Entity.VENDOR_CREDIT, Entity.BILL_PAYMENT),
)
#: Fields remembered, as people speak of them; money in cents.
_MONEY = frozenset({"total", "tax"})
_FIELDS = ("date", "number", "customer", "total", "tax", "lines")


class DriftedLink(Protocol):
    """A document of ours that somebody edited in QuickBooks, as the store has it."""

    @property
    def source(self) -> SourceRef:
        """The ServiceTitan record."""
        ...

    @property
    def target(self) -> str:
        """QuickBooks entity."""
        ...

    @property
    def qbo_id(self) -> str:
        """QuickBooks id."""
        ...

    @property
    def number(self) -> str:
        """Its number."""
        ...

    @property
    def day(self) -> date | None:
        """Business day it was posted with."""
        ...

    @property
    def drift(self) -> Json | None:
        """Field → what was confirmed and what is there now."""
        ...


def inventory(servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth) -> Inventory:
    """Return what a version remembers of each document of the month, on both sides."""
    found: Inventory = {}
    for document in sorted(servicetitan.due(*_DOCUMENTS), key=lambda each: each.source):
        lines = {str(place): cents for place, cents in document.income.items()}
        found[f"ServiceTitan {document.source}"] = {
            "date": document.day.isoformat(),
            "number": document.number,
            "customer": document.customer,
            "total": document.total_cents,
            "tax": document.tax_cents,
            "lines": digest_of([lines, dict(document.applied)]),
        }
    for target, obj in quickbooks.of_month():
        dated = day_of(obj)
        lines = [list(line) for line in sale_lines(target, obj)] if target in SALES else []
        found[f"QuickBooks {target} {as_text(obj.get('Id'))}"] = {
            "date": dated.isoformat() if dated is not None else "",
            "number": as_text(obj.get("DocNumber")) or as_text(obj.get("PaymentRefNum")),
            "customer": ref_name(obj, "CustomerRef") or ref_name(obj, "VendorRef"),
            "total": total_of(obj),
            "tax": tax_of(target, obj),
            "lines": digest_of(lines or obj.get("Line") or []),
        }
    return found


def changes(before: Inventory | None, now: Inventory, *, since: int) -> Section:
    """Return the documents that came, went or changed since the last version.

    Args:
        before: what the last version remembered; None if this is the first.
        now: what is there.
        since: number of the last version, 0 if this is the first.
    """
    rows: list[tuple[Cell, ...]] = []
    counts = {"new": 0, "gone": 0, "changed": 0}
    known: Inventory = {} if before is None else before
    names: list[str] = [] if before is None else sorted({*known, *now})
    for name in names:
        old, new = known.get(name), now.get(name)
        if old == new:
            continue
        kind = "new" if old is None else "gone" if new is None else "changed"
        counts[kind] += 1
        shown = new or old or {}
        told = "; ".join(_differing(old, new)) if old is not None and new is not None else ""
        product, _, document = name.partition(" ")
        rows.append((product, document, shown.get("number"), shown.get("customer"), kind, told))
    title = (
        f"Documents changed since version {since}" if since else "Documents changed since the last version"
    )
    return Section(
        "changes",
        title,
        tuple(Column(name) for name in ("product", "document", "number", "customer", "what", "fields")),
        tuple(rows),
        () if before is not None else ("This is the first version of the month.",),
        counts,
    )


def drift(links: Iterable[DriftedLink], month: Month) -> Section:
    """Return our documents of the month that somebody edited or deleted in QuickBooks, field by field."""
    rows = tuple(
        (
            link.day,
            f"{link.target} {link.qbo_id}",
            link.number,
            name,
            as_text(as_object(change).get("confirmed")),
            as_text(as_object(change).get("now")),
            str(link.source),
        )
        for link in links
        if link.day is not None and Month.of(link.day) == month
        for name, change in (link.drift or {}).items()
    )
    return Section(
        "drift",
        "Edited in QuickBooks after posting",
        (
            day("date"),
            *(Column(name) for name in ("document", "number", "field", "confirmed", "now", "record")),
        ),
        rows,
        (),
        {"fields": len(rows), "documents": len({row[1] for row in rows})},
    )


def quickbooks_digest(books: QuickBooksMonth) -> str:
    """Return the hash of everything read of QuickBooks."""
    rows = (
        *((target, obj) for target in books.documents for obj in books.documents[target]),
        *books.earlier_money,
        *(("open", obj) for obj in (*books.open_invoices, *books.open_credits, *books.unapplied)),
        *(("balance", obj) for obj in (*books.customers, *books.receivable_accounts)),
        *(("open", obj) for obj in (*books.open_bills, *books.open_vendor_credits)),
        *(("balance", obj) for obj in (*books.vendors, *books.payable_accounts)),
        ("undeposited", books.undeposited or {}),
    )
    return digest_of(sorted(digest_of([kind, obj]) for kind, obj in rows))


def servicetitan_digest(books: ServiceTitanMonth) -> str:
    """Return the hash of everything read of ServiceTitan."""
    documents = [
        [str(each.source), each.day.isoformat(), each.counts, each.total_cents, each.tax_cents]
        + [each.customer_id, each.number, {str(place): cents for place, cents in each.income.items()}]
        + [dict(each.applied)]
        for each in books.documents.values()
    ]
    received = [[each.id, each.day.isoformat(), each.bill_id, each.cents] for each in books.receipts]
    used = sorted(
        [str(each.invoice), each.sku_id, str(each.quantity), each.cost_cents] for each in books.used()
    )
    return digest_of(
        [
            sorted(digest_of(each) for each in documents),
            sorted([str(source), place.zone_id, place.code] for source, place in books.taxed.items()),
            sorted([job.id, job.completed.isoformat()] for job in books.jobs.values()),
            *([sorted(received)] if received else []),
            *([used] if used else []),
            sorted(digest_of([str(each) for each in line.__dict__.values()]) for line in books.recognition),
        ]
    )


def digest_of(value: object) -> str:
    """Return the SHA-256 of a JSON value in which equal amounts are equal."""
    return hashlib.sha256(canonical_json(_plain(value)).encode()).hexdigest()


def _plain(value: object) -> object:
    """Return a value of plain JSON kinds; a float of a foreign row counts by its shortest text."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


def _differing(old: Json, new: Json) -> Iterable[str]:
    for name in _FIELDS:
        before, now = old.get(name), new.get(name)
        if before == now:
            continue
        if name == "lines":
            yield "lines"
        elif name in _MONEY:
            yield f"{name} {from_cents(int(before or 0))} → {from_cents(int(now or 0))}"
        else:
            yield f"{name} {before or 'none'} → {now or 'none'}"
