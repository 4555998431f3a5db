"""How long comparing takes once both systems are read: documents paired, laid open, classed, added up.

    python -m benchmarks.classing [--documents 40000] [--spoilt 5] [--profile]

Both books are made here, as the vendors' JSON, with the links the ledger would have; so nothing but the
comparison is timed. Invoices, credits, payments, refunds and write-offs stand in the proportions of a
contractor; a share of them is spoilt, so that there is something to class.
"""

import argparse
import cProfile
import json
import os
import pstats
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from st_qbo_assets.books.accounts import read_items
from st_qbo_assets.books.documents import QboDocument, QboKey, StDocument
from st_qbo_assets.books.evidence import Evidence, KnownLink
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks, read_document
from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.servicetitan_side import (
    ServiceTitanBooks,
    read_credit_memo,
    read_invoice,
    read_payment,
)
from st_qbo_assets.books.tie_out import tie_out
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.quickbooks.reference import Account, Reference

_FIRST = date(2026, 3, 1)
_DAYS = 30
_ACCOUNTS = [(str(40_000 + 100 * n), f"Income {n}") for n in range(12)]
_RECEIVABLE = "1200"
_COMPANY = CompanyFile.model_validate(
    {
        "name": "bench",
        "environment": "sandbox",
        "servicetitan": {"tenant": "1"},
        "quickbooks": {"realm": "2"},
        "time_zone": "America/Chicago",
        "start_date": "2026-01-01",
        "mode": "live",
        "payment_types": {"Bad Debt": {"becomes": "write_off", "item": "Item 40000"}},
    }
)
_REFERENCE = Reference(
    accounts=tuple(Account(number, name, name, number, "Income") for number, name in _ACCOUNTS)
)
Json = dict[str, Any]
T = TypeVar("T")


@dataclass
class Books:
    """Both products' rows, and the ledger's links."""

    documents: int
    spoilt_percent: int
    dice: Random = field(default_factory=lambda: Random(11))
    servicetitan: list[tuple[Entity, Json]] = field(default_factory=list[tuple[Entity, Json]])
    quickbooks: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    links: list[KnownLink] = field(default_factory=list[KnownLink])

    def fill(self) -> None:
        """Make groups of documents until there are enough."""
        for customer in range(2_000):
            self._link(SourceRef(Entity.CUSTOMER, str(customer)), "Customer", str(customer))
        number = 0
        while len(self.servicetitan) < self.documents:
            number += 1
            self._visit(number)

    def _visit(self, number: int) -> None:
        """One customer's visit: an invoice, its payment, and now and then what follows."""
        day = _FIRST + timedelta(days=number % _DAYS)
        amounts = [self.dice.randrange(1_000, 90_000) for _ in range(1 + number % 4)]
        total = self._sale(number, day, amounts)
        kind = number % 20
        if kind < 15:
            self._payment(1_000_000 + number, number, day, total)
        elif kind == 15:
            self._memo(2_000_000 + number, number, day, amounts[0])
        elif kind == 16:
            self._payment(1_000_000 + number, number, day, total, type="Bad Debt")
        elif kind == 17:
            self._sale(3_000_000 + number, day, [-amount for amount in amounts])
            self._payment(4_000_000 + number, 3_000_000 + number, day, -total)

    def _sale(self, id_: int, day: date, amounts: list[int]) -> int:
        total, sign = sum(amounts), -1 if sum(amounts) < 0 else 1
        accounts = [_ACCOUNTS[(id_ + n) % len(_ACCOUNTS)] for n in range(len(amounts))]
        self.servicetitan.append(
            (
                Entity.INVOICE,
                {
                    **_head(id_, day),
                    "invoiceConfiguration": "JobInvoice",
                    "invoiceDate": f"{day}T00:00:00Z",
                    "referenceNumber": str(id_),
                    "salesTax": "0.00",
                    "total": _text(total),
                    "balance": _text(0 if id_ % 20 < 15 or id_ > 3_000_000 else total),
                    "items": [
                        {
                            "id": n,
                            "total": _text(amount),
                            "generalLedgerAccount": {"number": account, "name": name},
                        }
                        for n, (amount, (account, name)) in enumerate(zip(amounts, accounts, strict=True))
                    ],
                },
            )
        )
        lines = [
            _line(account, sign * amount) for amount, (account, _) in zip(amounts, accounts, strict=True)
        ]
        source = SourceRef(Entity.INVOICE, str(id_))
        paid = 0 if id_ % 20 < 15 or id_ > 3_000_000 else abs(total)
        body = {
            "DocNumber": str(id_),
            "TotalAmt": _amount(abs(total)),
            "Balance": _amount(paid),
            "Line": lines,
        }
        self._post("Invoice" if sign > 0 else "CreditMemo", source, str(id_), day, body)
        return total

    def _payment(self, id_: int, invoice: int, day: date, cents: int, *, type: str = "Check") -> None:
        self.servicetitan.append(
            (
                Entity.PAYMENT,
                {
                    **_head(id_, day),
                    "date": f"{day}T00:00:00Z",
                    "type": type,
                    "total": _text(cents),
                    "unappliedAmount": "0.00",
                    "appliedTo": [{"appliedTo": invoice, "appliedAmount": _text(cents)}],
                },
            )
        )
        source = SourceRef(Entity.PAYMENT, str(id_))
        amount = _amount(abs(cents))
        if cents < 0:
            refund = SourceRef(Entity.PAYMENT, str(id_), "refund")
            detail = {"AccountRef": {"value": _RECEIVABLE}}
            line = {"Amount": amount, "AccountBasedExpenseLineDetail": detail}
            payee = {"EntityRef": {"value": str(id_ % 2_000), "type": "Customer"}}
            self._post("Purchase", refund, str(id_), day, {"TotalAmt": amount, "Line": [line], **payee})
            self._tie(source, day, [_link(invoice, "CreditMemo", amount), _link(id_, "Check", amount)])
        elif type == "Bad Debt":
            write_off = SourceRef(Entity.PAYMENT, str(id_), "write_off")
            body = {"TotalAmt": amount, "Balance": 0, "Line": [_line(_ACCOUNTS[0][0], cents)]}
            self._post("CreditMemo", write_off, str(id_), day, body)
            self._tie(source, day, [_link(invoice, "Invoice", amount), _link(id_, "CreditMemo", amount)])
        else:
            self._post(
                "Payment",
                source,
                str(id_),
                day,
                {"TotalAmt": amount, "Line": [_link(invoice, "Invoice", amount)]},
            )

    def _memo(self, id_: int, invoice: int, day: date, cents: int) -> None:
        account, name = _ACCOUNTS[0]
        item = {"total": _amount(cents), "revenueGeneralLedgerAccount": {"number": account, "name": name}}
        self.servicetitan.append(
            (
                Entity.CREDIT_MEMO,
                {
                    **_head(id_, day),
                    "date": str(day),
                    "total": _amount(cents),
                    "balance": 0,
                    "items": [item],
                    "appliedTo": [{"appliedTo": invoice, "appliedAmount": _amount(cents)}],
                },
            )
        )
        source, amount = SourceRef(Entity.CREDIT_MEMO, str(id_)), _amount(cents)
        body = {"TotalAmt": amount, "Balance": 0, "Line": [_line(account, cents)]}
        self._post("CreditMemo", source, str(id_), day, body)
        self._tie(source, day, [_link(invoice, "Invoice", amount), _link(id_, "CreditMemo", amount)])

    def _tie(self, source: SourceRef, day: date, lines: list[Json]) -> None:
        part = SourceRef(source.entity, source.id, "application")
        self._post("Payment", part, f"9{source.id}", day, {"TotalAmt": 0, "Line": lines})

    def _post(self, target: str, source: SourceRef, qbo_id: str, day: date, body: Json) -> None:
        customer = {"CustomerRef": {"value": str(int(source.id) % 2_000)}}
        obj = {"Id": qbo_id, "TxnDate": str(day), "PrivateNote": marker(source), **customer, **body}
        if self.dice.randrange(100) < self.spoilt_percent:
            if self.dice.randrange(2):
                obj["CustomerRef"] = {"value": "77777"}
            else:
                obj["TotalAmt"] = obj["TotalAmt"] + 1
        self.quickbooks.append((target, obj))
        self._link(source, target, qbo_id)

    def _link(self, source: SourceRef, target: str, qbo_id: str) -> None:
        self.links.append(KnownLink(source, QboKey(target, qbo_id)))


def _head(id_: int, day: date) -> Json:
    named = {"id": id_ % 2_000, "name": f"Customer {id_ % 2_000}"}
    stamps = {"createdOn": f"{day}T15:00:00Z", "modifiedOn": f"{day}T16:00:00.1234567Z"}
    return {"id": id_, "syncStatus": "Posted", "active": True, "customer": named, **stamps}


def _line(account: str, cents: int) -> Json:
    return {
        "Amount": _amount(cents),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": f"i{account}"}},
    }


def _link(id_: int, txn_type: str, amount: Decimal) -> Json:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": str(id_), "TxnType": txn_type}]}


def _amount(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _text(cents: int) -> str:
    return f"{_amount(cents):.2f}"


def _read_servicetitan(books: Books) -> Iterator[StDocument]:
    for entity, row in books.servicetitan:
        if entity is Entity.INVOICE:
            yield read_invoice(row, _COMPANY, jobs={}, today=date(2026, 6, 1))
        elif entity is Entity.PAYMENT:
            yield read_payment(row, _COMPANY, today=date(2026, 6, 1))
        else:
            yield read_credit_memo(row, _COMPANY, items=row["items"], today=date(2026, 6, 1))


def _read_quickbooks(books: Books) -> Iterator[QboDocument]:
    return (read_document(target, obj, receivable={_RECEIVABLE}) for target, obj in books.quickbooks)


def _compare(books: Books, servicetitan: ServiceTitanBooks, quickbooks: QuickBooksBooks) -> list[DayTieOut]:
    days = [_FIRST + timedelta(days=n) for n in range(_DAYS)]
    evidence = Evidence(links=tuple(books.links))
    return tie_out(
        days, servicetitan, quickbooks=quickbooks, evidence=evidence, company=_COMPANY, chart=_REFERENCE
    )


def _timed(work: Callable[[], T]) -> tuple[dict[str, float], T]:
    """Return the seconds on the clock and on the processor, which others may have, and the result."""
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    seconds = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    return {name: round(value, 2) for name, value in seconds.items()}, result


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=40_000, help="of ServiceTitan")
    parser.add_argument("--spoilt", type=int, default=5, help="percent of QuickBooks' documents")
    parser.add_argument("--profile", action="store_true", help="also print where the time goes")
    asked = parser.parse_args()
    before = os.getloadavg()
    books = Books(asked.documents, asked.spoilt)
    books.fill()
    profile = cProfile.Profile()
    if asked.profile:
        profile.enable()
    reading, (servicetitan, quickbooks) = _timed(lambda: _read(books))
    classing, days = _timed(lambda: _compare(books, servicetitan, quickbooks))
    profile.disable()
    told = {
        "servicetitan_documents": len(servicetitan.documents),
        "quickbooks_documents": len(quickbooks.documents),
        "reading_seconds": reading,
        "classing_seconds": classing,
        "records": sum(len(day.records) for day in days),
        "causes": dict(Counter(record.cause for day in days for record in day.records).most_common()),
        "load_average": [round(before[0], 1), round(os.getloadavg()[0], 1)],
    }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    if asked.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(35)


def _read(books: Books) -> tuple[ServiceTitanBooks, QuickBooksBooks]:
    items = read_items(
        {"Id": f"i{number}", "Name": f"Item {number}", "IncomeAccountRef": {"value": number}}
        for number, _ in _ACCOUNTS
    )
    servicetitan = {document.source: document for document in _read_servicetitan(books)}
    quickbooks = {document.key: document for document in _read_quickbooks(books)}
    return ServiceTitanBooks(servicetitan), QuickBooksBooks(quickbooks, items)


if __name__ == "__main__":
    main()
