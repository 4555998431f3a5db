"""Small books of both products that agree, to be spoilt one document at a time.

Raw vendor JSON on both sides, and fakes of the three places a tie-out reads: the two APIs and the ledger.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.gather import Gathered, Sources, gather
from st_qbo_assets.books.records import DayTieOut, Record
from st_qbo_assets.books.tie_out import tie_out
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity, SourceRef, Tenant, marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Outcome, Reason
from st_qbo_assets.quickbooks.reference import Account, Reference
from st_qbo_assets.servicetitan.endpoints import Endpoint

DAY = date(2026, 11, 10)
WEEK = [DAY + timedelta(days=offset) for offset in range(5)]
TODAY = DAY + timedelta(days=30)
#: ServiceTitan ledger accounts (number, name) → QuickBooks account id; one item on each.
GL = {("40100", "HVAC Service"): "401", ("40200", "HVAC Install"): "402", ("", "Permit Fees"): "470"}
REFERENCE = Reference(
    accounts=(
        Account("401", "HVAC Service Revenue", "Income:HVAC Service Revenue", "40100", "Income"),
        Account("402", "HVAC Install", "Income:HVAC Install", "40200", "Income"),
        Account("470", "Permit Fees", "Permit Fees", "", "Income"),
        Account("999", "Other Income", "Other Income", "49900", "Income"),
    )
)


def company(**changes: object) -> CompanyFile:
    fields: dict[str, object] = {
        "name": "acme",
        "environment": "sandbox",
        "servicetitan": {"tenant": "1"},
        "quickbooks": {"realm": "2"},
        "time_zone": "America/Chicago",
        "start_date": "2026-11-01",
        "mode": "live",
    }
    return CompanyFile.model_validate(fields | changes)


@dataclass(frozen=True)
class Row:
    """A row of the crosswalk, or of the record states."""

    source: SourceRef
    target: str = ""
    qbo_id: str = ""
    state: str = "active"
    outcome: Outcome = Outcome.POSTED
    reason: Reason | None = None


@dataclass(frozen=True)
class Drift:
    field: str
    meant: str
    held: str


@dataclass
class World:
    """Both books, the ledger, and what was asked of them."""

    company: CompanyFile = field(default_factory=company)
    reference: Reference = REFERENCE
    invoices: dict[str, Json] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    jobs: dict[str, Json] = field(default_factory=dict)
    credit_memos: dict[str, Json] = field(default_factory=dict)
    objects: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {"Invoice": {}, "Payment": {}, "CreditMemo": {}, "Item": {}}
    )
    links: list[Row] = field(default_factory=list)
    states: dict[SourceRef, Row] = field(default_factory=dict)
    doubled: dict[SourceRef, list[Row]] = field(default_factory=dict)
    drift: dict[QboKey, tuple[Drift, ...]] = field(default_factory=dict)
    tenant: Tenant | None = None
    seen_until: datetime | None = None
    book_close: date | None = None
    statements: list[list[str]] = field(default_factory=list)

    # ServiceTitan

    def st_invoice(
        self, id_: int, day: date, *, cents: Mapping[tuple[str, str], int], tax: int = 0, **more: object
    ) -> Json:
        """An invoice in ServiceTitan alone, due; `cents` by ledger account."""
        total = sum(cents.values()) + tax
        record: Json = {
            "id": id_,
            "syncStatus": "Posted",
            "reviewStatus": "Reviewed",
            "invoiceConfiguration": "JobInvoice",
            "referenceNumber": f"N{id_}",
            "invoiceDate": f"{day}T00:00:00Z",
            "createdOn": f"{day}T15:00:00.1234567Z",
            "modifiedOn": f"{day}T16:00:00.1234567Z",
            "customer": {"id": 70 + id_ % 3, "name": f"Customer {id_ % 3}"},
            "subTotal": text(total - tax),
            "salesTax": text(tax),
            "total": text(total),
            "balance": text(total),
            "job": None,
            "active": True,
            "exportId": None,
            "businessUnit": {"id": 1, "name": "HVAC"},
            "items": [
                {"id": n, "total": text(amount), "isChargeable": True, "businessUnit": None,
                 "generalLedgerAccount": {"id": 1, "number": number or None, "name": name}}
                for n, ((number, name), amount) in enumerate(cents.items())
            ],
        }  # fmt: skip
        self.invoices[str(id_)] = record | more
        return self.invoices[str(id_)]

    def st_payment(
        self,
        id_: int,
        day: date,
        *,
        applied: Mapping[int, int],
        unapplied: int = 0,
        customer: int = 0,
        **more: object,
    ) -> Json:
        """A payment in ServiceTitan alone, of the customer of the first invoice it pays."""
        first = next(iter(applied), customer)
        record: Json = {
            "id": id_,
            "syncStatus": "Pending",
            "type": "Check",
            "typeId": "3",
            "date": f"{day}T00:00:00Z",
            "createdOn": f"{day}T15:00:00Z",
            "modifiedOn": f"{day}T16:00:00Z",
            "customer": {"id": 70 + first % 3, "name": f"Customer {first % 3}"},
            "total": text(sum(applied.values()) + unapplied),
            "unappliedAmount": text(unapplied),
            "appliedTo": [
                {"appliedId": n, "appliedTo": invoice, "appliedAmount": text(amount)}
                for n, (invoice, amount) in enumerate(applied.items())
            ],
            "active": True,
            "businessUnit": None,
        }
        self.payments[str(id_)] = record | more
        return self.payments[str(id_)]

    # QuickBooks, as it would be if all went well

    def post_invoice(self, id_: int, **more: object) -> Json:
        """The invoice as QuickBooks holds it, with its link and state; its id is 1000 + the source's."""
        record = self.invoices[str(id_)]
        lines: list[Json] = []
        for item in record["items"]:
            if item["isChargeable"] is not False:
                account = item["generalLedgerAccount"]
                lines.append(line(GL[account["number"] or "", account["name"]], item["total"]))
        lines.append(
            {"Amount": record["subTotal"], "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        )
        source = SourceRef(Entity.INVOICE, str(id_))
        obj: Json = {
            "Id": str(1000 + id_),
            "TxnDate": record["invoiceDate"][:10],
            "DocNumber": record["referenceNumber"],
            "PrivateNote": marker(source),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10), "name": record["customer"]["name"]},
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": Decimal(record["salesTax"])},
            "TotalAmt": Decimal(record["total"]),
            "Balance": Decimal(record["total"]),
        }
        return self._post("Invoice", source, obj | more)

    def post_payment(self, id_: int, **more: object) -> Json:
        """The payment as QuickBooks holds it, applied to those of its invoices that are there."""
        record = self.payments[str(id_)]
        source = SourceRef(Entity.PAYMENT, str(id_))
        obj: Json = {
            "Id": str(5000 + id_),
            "TxnDate": record["date"][:10],
            "PrivateNote": marker(source),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10)},
            "TotalAmt": Decimal(record["total"]),
            "Line": [
                {"Amount": Decimal(row["appliedAmount"]), "LinkedTxn": [link_to(1000 + row["appliedTo"])]}
                for row in record["appliedTo"]
                if str(1000 + row["appliedTo"]) in self.objects["Invoice"]
            ],
        }
        return self._post("Payment", source, obj | more)

    def invoice(
        self, id_: int, day: date = DAY, *, cents: Mapping[tuple[str, str], int] | None = None, tax: int = 0
    ) -> Json:
        """An invoice on both sides; returns QuickBooks' object."""
        self.st_invoice(id_, day, cents=cents or {("40100", "HVAC Service"): 10_000}, tax=tax)
        return self.post_invoice(id_)

    def payment(
        self, id_: int, day: date = DAY, *, applied: Mapping[int, int], unapplied: int = 0, customer: int = 0
    ) -> Json:
        """A payment on both sides; returns QuickBooks' object."""
        self.st_payment(id_, day, applied=applied, unapplied=unapplied, customer=customer)
        return self.post_payment(id_)

    def typed_by_hand(
        self, target: str, id_: int, *, day: date = DAY, cents: int = 5_000, **more: object
    ) -> Json:
        """A document somebody typed into QuickBooks."""
        obj: Json = {
            "Id": str(id_),
            "TxnDate": str(day),
            "CustomerRef": {"value": "8888"},
            "TotalAmt": from_cents(cents),
        }
        if target == "Invoice":
            obj |= {"DocNumber": f"H{id_}", "Line": [line("999", text(cents))]}
        self.objects[target][str(id_)] = obj | more
        return self.objects[target][str(id_)]

    def stand(self, source: str, outcome: Outcome, code: str = "some_reason", **more: object) -> None:
        """Where the last load left a record."""
        ref = SourceRef.parse(source)
        self.states[ref] = Row(
            ref, outcome=outcome, reason=Reason(code, f"Because of {code}.", f"Cure {code}.", **more)
        )

    def settle(self) -> "World":
        """Bring balances and links of both sides up to date, as either product keeps them by itself."""
        paid: dict[str, int] = {}
        for payment in (*self.payments.values(), *self.credit_memos.values()):
            for row in payment["appliedTo"] or () if payment["active"] else ():
                paid[str(row["appliedTo"])] = paid.get(str(row["appliedTo"]), 0) + to_cents(
                    Decimal(row["appliedAmount"])
                )
        for id_, invoice in self.invoices.items():
            invoice["balance"] = text(to_cents(Decimal(invoice["total"])) - paid.get(id_, 0))
        self._settle_quickbooks()
        return self

    def _settle_quickbooks(self) -> None:
        applied: dict[str, Decimal] = {}
        linked: dict[str, list[Json]] = {}
        for id_, payment in self.objects["Payment"].items():
            payment["Line"] = [each for each in payment.get("Line", ()) if self._is_there(each)]
            for each in payment["Line"]:
                for link in each["LinkedTxn"]:
                    applied[link["TxnId"]] = applied.get(link["TxnId"], Decimal(0)) + each["Amount"]
                    linked.setdefault(link["TxnId"], []).append({"TxnId": id_, "TxnType": "Payment"})
            spent = sum((each["Amount"] for each in payment["Line"]), Decimal(0))
            payment["UnappliedAmt"] = payment["TotalAmt"] - spent
        for id_, invoice in self.objects["Invoice"].items():
            invoice["Balance"] = (
                invoice["TotalAmt"] - applied.get(id_, Decimal(0)) - invoice.get("Deposit", Decimal(0))
            )
            invoice["LinkedTxn"] = linked.get(id_, [])

    def _is_there(self, line_: Json) -> bool:
        invoices = self.objects["Invoice"]
        return all(each["TxnType"] != "Invoice" or each["TxnId"] in invoices for each in line_["LinkedTxn"])

    def _post(self, target: str, source: SourceRef, obj: Json) -> Json:
        self.objects[target][obj["Id"]] = obj
        self.links.append(Row(source, target, obj["Id"]))
        self.states[source] = Row(source)
        return obj

    # The tie-out

    def gather(self, days: Sequence[date] = WEEK) -> Gathered:
        for customer in (70, 71, 72):
            ref = SourceRef(Entity.CUSTOMER, str(customer))
            if not any(row.source == ref for row in self.links):
                self.links.append(Row(ref, "Customer", str(customer * 10)))
        for account in [*GL.values(), "999"]:
            self.objects["Item"].setdefault(
                f"i{account}",
                {"Id": f"i{account}", "Name": f"Item {account}", "IncomeAccountRef": {"value": account}},
            )
        fakes = FakeLedger(self)
        sources = Sources(
            servicetitan=FakeServiceTitan(self),
            quickbooks=FakeQuickBooks(self),
            records=fakes,
            links=fakes,
            doubled=self.doubled,
            find_drift=lambda target, rows: {
                key: self.drift[key] for row in rows if (key := QboKey(target, row["Id"])) in self.drift
            },
            tenant=self.tenant,
            seen_until=self.seen_until,
            book_close=self.book_close,
        )
        return gather(sources, self.company, days, today=TODAY)

    def tie_out(self, days: Sequence[date] = WEEK) -> list[DayTieOut]:
        found = self.gather(days)
        return tie_out(
            days,
            found.servicetitan,
            quickbooks=found.quickbooks,
            evidence=found.evidence,
            company=self.company,
            chart=self.reference,
        )

    def records(self, days: Sequence[date] = WEEK) -> list[Record]:
        return [record for day in self.tie_out(days) for record in day.records]

    def causes(self, days: Sequence[date] = WEEK) -> dict[str, str]:
        """Return `<entity> <source or document>` → cause; a document with two causes is an error."""
        found: dict[str, str] = {}
        for record in self.records(days):
            name = f"{record.entity} {record.source or record.quickbooks[0]}"
            assert found.get(name, record.cause) == record.cause
            found[name] = record.cause
        return found


@dataclass
class FakeServiceTitan:
    """Answers lists as the client does: verbatim rows of every state."""

    world: World

    def rows(
        self,
        endpoint: str | Endpoint,
        *,
        ids: Iterable[int] | None = None,
        filters: tuple[tuple[str, str], ...] = (),
    ) -> Iterator[Json]:
        asked = dict(filters)
        if isinstance(endpoint, Endpoint):
            wanted = set(ids or ())
            held = {"payments": self.world.payments, "credit-memos": self.world.credit_memos}[
                endpoint.resource
            ]
            for row in held.values():
                if any(each["appliedTo"] in wanted for each in row["appliedTo"] or ()):
                    yield row
            return
        rows = {"invoices": self.world.invoices, "payments": self.world.payments, "jobs": self.world.jobs}[
            endpoint
        ]
        if ids is not None:
            yield from (rows[str(id_)] for id_ in ids if str(id_) in rows)
            return
        for row in rows.values():
            dated, made = row.get("invoiceDate") or row.get("date"), row["createdOn"]
            if "createdOnOrAfter" in asked:
                if asked["createdOnOrAfter"] <= made < asked["createdBefore"]:
                    yield row
            else:
                first = asked.get("invoicedOnOrAfter", asked.get("paidOnAfter", ""))
                before = asked.get("invoicedOnBefore", asked.get("paidOnBefore", ""))
                if dated and first <= dated < before:
                    yield row


@dataclass
class FakeQuickBooks:
    """Answers the statements the books write, and remembers each call."""

    world: World

    def batch_queries(self, statements: Sequence[str]) -> list[tuple[Json, ...]]:
        self.world.statements.append(list(statements))
        return [self._answer(statement) for statement in statements]

    def _answer(self, statement: str) -> tuple[Json, ...]:
        entity = re.search(r"FROM (\w+)", statement)
        assert entity is not None
        objects = self.world.objects[entity[1]]
        if ids := re.search(r"Id IN \(([^)]*)\)", statement):
            wanted = [each.strip().strip("'") for each in ids[1].split(",")]
            return tuple(objects[id_] for id_ in wanted if id_ in objects)
        span = re.search(r"TxnDate >= '([\d-]+)' AND TxnDate <= '([\d-]+)'", statement)
        page = re.search(r"STARTPOSITION (\d+) MAXRESULTS (\d+)", statement)
        assert span is not None and page is not None
        rows = [obj for obj in objects.values() if span[1] <= str(obj.get("TxnDate", "")) <= span[2]]
        start, size = int(page[1]) - 1, int(page[2])
        return tuple(rows[start : start + size])


@dataclass
class FakeLedger:
    """Links and states, by source and by object."""

    world: World

    def links(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Row]]:
        wanted, found = set(sources), dict[SourceRef, list[Row]]()
        for row in self.world.links:
            if row.source in wanted:
                found.setdefault(row.source, []).append(row)
        return found

    def record_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, Row]:
        return {source: self.world.states[source] for source in sources if source in self.world.states}

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str]) -> dict[str, list[Row]]:
        wanted = set(qbo_ids)
        return {
            row.qbo_id: [row] for row in self.world.links if row.target == target and row.qbo_id in wanted
        }


def line(account: str, amount: str) -> Json:
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": f"i{account}"}},
    }


def link_to(qbo_id: int | str, txn_type: str = "Invoice") -> Json:
    return {"TxnId": str(qbo_id), "TxnType": txn_type}


def applied_line(qbo_id: int | str, cents: int) -> Json:
    return {"Amount": from_cents(cents), "LinkedTxn": [link_to(qbo_id)]}


def text(cents: int) -> str:
    return str(from_cents(cents))
