"""A clerk who books ServiceTitan's due documents in QuickBooks by hand-made requests, and keeps the links.

It shares no code with the mapping or the load: one item for each account, one line for each sold line. So
what the tie-out finds is found in the two products, not in what we would have written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import simplejson

from st_qbo_assets.books.accounts import Accounts, GlAccount
from st_qbo_assets.books.documents import QboKey, StDocument
from st_qbo_assets.books.evidence import FieldDrift
from st_qbo_assets.books.gather import Sources, gather
from st_qbo_assets.books.reads import ServiceTitanReader
from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.tie_out import tie_out
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity, SourceRef, marker
from st_qbo_assets.domain.outcomes import Outcome, Reason
from st_qbo_assets.load.verify import drift, owned_fields
from st_qbo_assets.quickbooks.reference import Reference, fetch_reference
from tests.integration.clients.desk import Desk

Json = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A row of the clerk's crosswalk and of where records stand."""

    source: SourceRef
    target: str = ""
    qbo_id: str = ""
    state: str = "active"
    confirmed: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.POSTED
    reason: Reason | None = None


@dataclass
class Clerk:
    """Books everything that is due, once, and compares."""

    desk: Desk
    company: CompanyFile
    days: Sequence[date]
    today: date
    rows: dict[SourceRef, Row] = field(default_factory=dict)
    reference: Reference = field(init=False)
    _items: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reference = fetch_reference(self.desk.quickbooks)
        self._accounts = Accounts(self.reference, overrides={}, items={})

    # Booking

    def book_everything(self) -> None:
        """Book the due invoices of the days, then their payments; those typed in by others make way."""
        for day in self.days:
            for typed in list(self.desk.quickbooks.query("Invoice", f"TxnDate = '{day}'")):
                self.desk.act("delete", entity="Invoice", id=typed["Id"])
        reader = ServiceTitanReader(self.desk.servicetitan, self.company, self.today)
        reader.read_days(self.days[0], self.days[-1])
        due = [each for each in reader.documents.values() if each.counts and each.day in self.days]
        raw = {
            name: {str(row["id"]): row for row in self.desk.state("servicetitan", name)}
            for name in ("invoices", "payments")
        }
        for document in sorted(due, key=lambda each: (each.source.entity.value, each.day)):
            self.book(document, raw[document.source.entity.plural][document.source.id])

    def book(self, document: StDocument, record: Json) -> Row:
        """Book one document and keep its link."""
        is_invoice = document.source.entity is Entity.INVOICE
        body = self._invoice(document, record) if is_invoice else self._payment(document, record)
        target = "Invoice" if is_invoice else "Payment"
        stored = self.create(target, body)
        # Confirmed as a client reads it: amounts as decimals.
        confirmed = owned_fields(target, self.desk.quickbooks.read(target, stored["Id"]).object)
        row = Row(document.source, target, stored["Id"], confirmed=confirmed)
        self.rows[document.source] = row
        return row

    def _invoice(self, document: StDocument, record: Json) -> Json:
        lines = []
        for item in record["items"]:
            if item["isChargeable"]:
                account = item["generalLedgerAccount"]
                key = self._accounts.key_of(GlAccount(account["number"] or "", account["name"] or ""))
                detail = {
                    "ItemRef": {"value": self.item(key)},
                    "TaxCodeRef": {"value": "TAX" if item["taxable"] else "NON"},
                }
                lines.append(
                    {
                        "Amount": Decimal(str(item["total"])),
                        "DetailType": "SalesItemLineDetail",
                        "SalesItemLineDetail": detail,
                    }
                )
        return {
            "CustomerRef": {"value": self._customer(document)},
            "TxnDate": str(document.day),
            "DocNumber": document.number,
            "PrivateNote": marker(document.source),
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": Decimal(str(record["salesTax"]))},
        }

    def _payment(self, document: StDocument, record: Json) -> Json:
        lines = []
        for invoice_id, cents in document.applied.items():
            booked = self.rows.get(SourceRef(Entity.INVOICE, invoice_id))
            if booked is not None:
                lines.append(
                    {
                        "Amount": Decimal(cents) / 100,
                        "LinkedTxn": [{"TxnId": booked.qbo_id, "TxnType": "Invoice"}],
                    }
                )
        return {
            "CustomerRef": {"value": self._customer(document)},
            "TxnDate": str(document.day),
            "PrivateNote": marker(document.source),
            "TotalAmt": Decimal(str(record["total"])),
            "Line": lines,
        }

    def _customer(self, document: StDocument) -> str:
        source = SourceRef(Entity.CUSTOMER, document.customer_id)
        if source not in self.rows:
            stored = self.create("Customer", {"DisplayName": f"Customer {document.customer_id}"})
            self.rows[source] = Row(source, "Customer", stored["Id"])
        return self.rows[source].qbo_id

    def item(self, account: str) -> str:
        """Return the item that sells on an account."""
        if account not in self._items:
            body = {"Name": f"All of {account}", "Type": "Service", "IncomeAccountRef": {"value": account}}
            self._items[account] = self.create("Item", body)["Id"]
        return self._items[account]

    def create(self, entity: str, body: Json) -> Json:
        """Make an object in QuickBooks and return it."""
        plain = simplejson.loads(simplejson.dumps(body, use_decimal=True))
        return self.desk.act("create", entity=entity, body=plain)[entity]

    # Comparing

    def tie_out(self) -> list[DayTieOut]:
        """Read both products anew over HTTP and compare the days."""
        sources = Sources(
            servicetitan=self.desk.servicetitan,
            quickbooks=self.desk.quickbooks,
            records=self,
            links=self,
            find_drift=self._drift,
        )
        found = gather(sources, self.company, self.days, today=self.today)
        return tie_out(
            self.days,
            found.servicetitan,
            quickbooks=found.quickbooks,
            evidence=found.evidence,
            company=self.company,
            chart=self.reference,
        )

    def causes(self) -> dict[str, set[str]]:
        """Return causes by record or QuickBooks document; what is simply not due is left out."""
        found: dict[str, set[str]] = {}
        for day in self.tie_out():
            for record in day.records:
                if record.cause != "not_yet_due":
                    found.setdefault(str(record.source or record.quickbooks[0]), set()).add(record.cause)
        return found

    # The ledger's part

    def links_of_records(
        self, company: Company, sources: Iterable[SourceRef], /
    ) -> dict[SourceRef, list[Row]]:
        return {source: [self.rows[source]] for source in sources if source in self.rows}

    def record_states(self, company: Company, sources: Iterable[SourceRef], /) -> dict[SourceRef, Row]:
        return {source: self.rows[source] for source in sources if source in self.rows}

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str], /) -> dict[str, list[Row]]:
        wanted = set(qbo_ids)
        return {
            row.qbo_id: [row] for row in self.rows.values() if row.target == target and row.qbo_id in wanted
        }

    def _drift(self, target: str, objects: Sequence[Json]) -> dict[QboKey, tuple[FieldDrift, ...]]:
        by_id = {obj["Id"]: obj for obj in objects}
        found: dict[QboKey, tuple[FieldDrift, ...]] = {}
        for qbo_id, rows in self.of_targets(Company(""), target, by_id).items():
            changes = drift(rows[0].confirmed, owned_fields(target, by_id[qbo_id]))
            if changes:
                found[QboKey(target, qbo_id)] = changes
        return found
