"""A contractor's counter: documents entered in ServiceTitan, then carried to QuickBooks, over HTTP.

What belongs here: entering documents in the sandbox, and reading, mapping and loading them with the product's
own clients, mapping and load on a real ledger. What does not: Dagster, and what is asserted (the tests).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import requests
import yaml

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome
from st_qbo_assets.extract.credit_memos import with_items
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.referred import (
    extract_customers,
    extract_items,
    extract_jobs,
    extract_lists,
    referred,
)
from st_qbo_assets.extract.refunds import read_refund_context, read_twins
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.mapping.credit_memos import items_of_credit_memo, map_credit_memo
from st_qbo_assets.mapping.customers import map_customer
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.quickbooks.reference import fetch_reference
from st_qbo_assets.servicetitan.records import CreditMemo, Customer, Invoice, Payment, Unreadable
from st_qbo_assets.store.audit import Decisions
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import Links
from st_qbo_assets.store.refunds import Refunds
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_sandbox.app import Sandbox
from tests.integration.clients.desk import Desk, Json

Document = Invoice | CreditMemo | Payment | Unreadable
Found = tuple[Entity, Document]
DEMO = "st_qbo_assets/defs/demo/defs.yaml"


@dataclass(frozen=True)
class Booked:
    """Where a record stands, and what both products say of it.

    Attributes:
        result: what the load said.
        meant: ServiceTitan's tax and total.
        stored: QuickBooks' tax, on a line of its own or not, and total; None if it holds nothing of it.
        held: QuickBooks' document.
    """

    result: LoadResult
    meant: tuple[Decimal, Decimal]
    stored: tuple[Decimal, Decimal] | None
    held: Json

    @property
    def code(self) -> str:
        return self.result.reason.code if self.result.reason else ""

    @property
    def is_in_the_books(self) -> bool:
        return self.result.outcome in (Outcome.POSTED, Outcome.UNCHANGED)


class Shop:
    """One company, its two products, its ledger."""

    def __init__(self, sandbox: Sandbox, database: Database, attributes: Json) -> None:
        self.desk = Desk(sandbox)
        self.day = date.fromisoformat(str(sandbox.info()["last_day"]))
        self.company = CompanyFile.model_validate(attributes)
        self._attributes = attributes
        self._ledger, self._links = Ledger(database), Links(database)
        self._decisions = Decisions(database)
        self._refunds = Refunds(database)
        self._lists: list[AnyRecord] = []
        #: The customer of most documents, a location of hers, and the account the lines go to.
        self.customer: Json = {}
        self.location: Json = {}
        self.account: Json = {}
        self._unit: Json = {}
        #: What the last load said of every part.
        self.results: dict[SourceRef, LoadResult] = {}

    def open(self) -> None:
        """Connect, and read what every document refers to."""
        self.desk.connect()
        self.reads_lists()
        sold = self.desk.state("servicetitan", "invoices")[0]
        self.customer, self.location = sold["customer"], sold["location"]
        self._unit = sold["businessUnit"]
        self.account = next(line["generalLedgerAccount"] for line in sold["items"])

    def reads_lists(self) -> None:
        """Read ServiceTitan's lists anew."""
        self._lists = list(extract_lists(self.desk.servicetitan))

    def decide(self, **changes: Any) -> None:
        """Change the company file."""
        self.company = CompanyFile.model_validate({**self._attributes, **changes})

    # ServiceTitan

    def sells(self, *lines: Json, **more: Any) -> Json:
        """Enter an invoice; a line is `{price, quantity?, taxable?}` of one service."""
        return self._enter("add_invoice", lines, more)

    def credits(self, *lines: Json, **more: Any) -> Json:
        """Enter a credit memo."""
        return self._enter("add_credit_memo", lines, more)

    def _enter(self, act: str, lines: Sequence[Json], more: Json) -> Json:
        given = {
            "customer_id": self.customer["id"],
            "business_unit_id": self._unit["id"],
            "date": self.day.isoformat(),
            **more,
        }
        usual = {"skuName": "DIAG-01", "quantity": 1, "generalLedgerAccount": self.account, "taxable": True}
        rows = [{**usual, **line} for line in lines]
        return self.desk.act(act, half="servicetitan", lines=rows, **given)

    def pays(self, *splits: tuple[Json, str], **more: Any) -> Json:
        """Enter a payment of invoices by cheque; without splits it needs an `amount`."""
        rows = [{"invoice_id": invoice["id"], "amount": amount} for invoice, amount in splits]
        given = {"customer_id": self.customer["id"], "type": "Check", "date": self.day.isoformat(), **more}
        return self.desk.act("add_payment", half="servicetitan", splits=rows, **given)

    def refunds(self, payment: Json, **more: Any) -> Json:
        """Give money back."""
        given = {"id": payment["id"], "date": self.day.isoformat(), **more}
        return self.desk.act("refund_payment", half="servicetitan", **given)

    def changes(self, resource: str, record: Json, **fields: Any) -> None:
        """Change a record as a person, whose figures then follow."""
        self.desk.act("update", half="servicetitan", resource=resource, id=record["id"], set=fields)

    def spoils(self, resource: str, record: Json, **fields: Any) -> Json:
        """Store fields as they are, though nothing adds up any more; return the record."""
        given = {"resource": resource, "id": record["id"], "set": fields, "totals": "as given"}
        self.desk.act("update", half="servicetitan", **given)
        return record

    def zone_without_rates(self) -> Json:
        """Return where to sell so that QuickBooks' engine knows no rate."""
        house = {"street": "9 B St", "city": "Bend", "state": "OR", "zip": "97701", "country": "USA"}
        return {"set": {"locationAddress": house, "customerAddress": house}}

    # QuickBooks

    def exempt_in_quickbooks(self) -> None:
        """Let a bookkeeper make the customer exempt."""
        name = self.customer["name"].replace("'", "\\'")
        (customer,) = self.desk.quickbooks.query("Customer", f"DisplayName = '{name}'")
        self.desk.act("update", entity="Customer", id=customer["Id"], body={"Taxable": False})

    def prefers(self, **tax: Any) -> None:
        """Set QuickBooks' sales tax preferences as a person."""
        self.desk.act("set_preferences", preferences={"TaxPrefs": tax})

    def make_tax_code(self, name: str, rates: Sequence[Json]) -> None:
        """Make a tax code of several rates, which only the tax service can."""
        url = f"{self.desk.info['quickbooks']['base_url']}/v3/company/{self.company.quickbooks.realm}"
        body = {"TaxCode": name, "TaxRateDetails": [{**rate, "TaxApplicableOn": "Sales"} for rate in rates]}
        headers = {"Authorization": f"Bearer {self.desk.auth.access_token()}", "Accept": "application/json"}
        answer = requests.post(f"{url}/taxservice/taxcode", json=body, headers=headers, timeout=20)
        answer.raise_for_status()

    # The product

    def books(self, *documents: Json) -> list[Booked]:
        """Read documents from ServiceTitan, map and load them, and read what QuickBooks holds."""
        records = self._read(documents)
        results = self._load(records)
        return [self._booked(entity, record, results) for entity, record in records]

    def _read(self, documents: Iterable[Json]) -> list[Found]:
        client = self.desk.servicetitan
        ids = [document["id"] for document in documents]
        found: list[Found] = [
            *((Entity.INVOICE, record) for record in client.invoices(ids=ids)),
            *((Entity.CREDIT_MEMO, record) for record in with_items(client, client.credit_memos(ids=ids))),
            *((Entity.PAYMENT, record) for record in client.payments(ids=ids)),
        ]
        return sorted(found, key=lambda each: ids.index(int(_source(*each).id)))

    def _load(self, found: Sequence[Found]) -> dict[SourceRef, LoadResult]:
        client = self.desk.servicetitan
        records = [record for _, record in found]
        context = [
            *read_refund_context(client, records),
            *read_twins(client, self.company, records),
        ]
        paid = [*client.invoices(ids=sorted(referred(records).invoices))]
        names = referred([*records, *paid])
        around: list[AnyRecord] = [
            *paid,
            *context,
            *extract_jobs(client, names.jobs),
            *extract_customers(
                client, names.customers, without_link=names.customers, locations=names.locations
            ),
            *extract_items(client, names.skus),
        ]
        reference = fetch_reference(self.desk.quickbooks)
        lookup = Lookup.of(
            [*self._lists, *around, *records],
            company=self.company,
            reference=reference,
            today=self.day,
            posted={},
            tax_item_id=self._tax_item_id(),
        )
        groups: dict[Entity, list[Mapped]] = {}
        people = [record for record in around if isinstance(record, Customer)]
        for mapped in (
            *(each for one in people for each in map_customer(one, lookup, day=self.day)),
            *(each for kind, record in found for each in _mapped(kind, record, lookup)),
        ):
            groups.setdefault(mapped.source.entity, []).append(mapped)
        write = WriteContext(
            company=self.company,
            quickbooks=self.desk.quickbooks,
            ledger=self._ledger,
            links=self._links,
            decisions=self._decisions,
            refunds=self._refunds,
            policies=WritePolicies.of(self.company, book_close_date=reference.preferences.book_close_date),
            retry=RetryPolicy(attempts=5, clock=self.desk.time.clock, sleep=self.desk.time.sleep),
        )
        self.results = {result.source: result for result in DayLoader(write).load(DayInput(self.day, groups))}
        assert {each.source for group in groups.values() for each in group} <= self.results.keys()
        return self.results

    def _booked(self, entity: Entity, record: Document, results: dict[SourceRef, LoadResult]) -> Booked:
        id_ = _source(entity, record).id
        # A record of several parts is told by its first: a held one has only itself.
        own = [found for source, found in results.items() if (source.entity, source.id) == (entity, id_)]
        result = own[0]
        nothing = Decimal(0)
        taxed = nothing if isinstance(record, (Payment, Unreadable)) else record.sales_tax
        meant = (abs(taxed), nothing if isinstance(record, Unreadable) else abs(record.total))
        if not result.qbo_id:
            return Booked(result, meant, None, {})
        held = self.desk.quickbooks.read(result.target, result.qbo_id).object
        tax = Decimal(held.get("TxnTaxDetail", {}).get("TotalTax", 0))
        for line in held.get("Line", ()):
            item = line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value")
            tax += line["Amount"] if item is not None and item == self._tax_item_id() else 0
        return Booked(result, meant, (tax, Decimal(held["TotalAmt"])), held)

    def _tax_item_id(self) -> str:
        name = self.company.tax.line_item
        rows = self.desk.quickbooks.query("Item", f"Name = '{name}'") if name else ()
        return next((str(row["Id"]) for row in rows), "")


def _source(entity: Entity, record: Document) -> SourceRef:
    return SourceRef(entity, str(record.raw["id"]))


def _mapped(entity: Entity, record: Document, lookup: Lookup) -> list[Mapped]:
    if entity is Entity.INVOICE and not isinstance(record, (CreditMemo, Payment)):
        return [*items_of_invoice(record, lookup), *map_invoice(record, lookup)]
    if entity is Entity.CREDIT_MEMO and not isinstance(record, (Invoice, Payment)):
        items = [] if isinstance(record, Unreadable) else items_of_credit_memo(record, lookup)
        return [*items, *map_credit_memo(record, lookup)]
    assert not isinstance(record, (Invoice, CreditMemo))
    return map_payment(record, lookup)


def demo_company(root: Any) -> Json:
    """Return the attributes of the demo's company file."""
    return yaml.safe_load((root / DEMO).read_text())["attributes"]
