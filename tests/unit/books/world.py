"""Small books of both products that agree, to be spoilt one document at a time.

Raw vendor JSON on both sides, and fakes of the three places a tie-out reads: the two APIs and the ledger.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import OwnLoad, whole
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
RECEIVABLE = "120"
_ENTITIES = {"Check": "Purchase", "Expense": "Purchase"}
REFERENCE = Reference(
    accounts=(
        Account(RECEIVABLE, "Accounts Receivable", "Accounts Receivable", "", "Accounts Receivable"),
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
    confirmed: Mapping[str, object] = field(default_factory=dict)
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
        default_factory=lambda: {
            name: {} for name in ("Invoice", "Payment", "CreditMemo", "RefundReceipt", "Purchase", "Item")
        }
    )
    links: list[Row] = field(default_factory=list)
    states: dict[SourceRef, Row] = field(default_factory=dict)
    doubled: dict[SourceRef, list[Row]] = field(default_factory=dict)
    drift: dict[QboKey, tuple[Drift, ...]] = field(default_factory=dict)
    tenant: Tenant | None = None
    seen_until: datetime | None = None
    loads: dict[date, OwnLoad] = field(default_factory=dict)
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

    def st_memo(
        self,
        id_: int,
        day: date = DAY,
        *,
        cents: Mapping[tuple[str, str], int],
        tax: int = 0,
        applied: Mapping[int, int] | None = None,
        **more: object,
    ) -> Json:
        """A credit memo in ServiceTitan alone, of the customer of the first invoice it is applied to."""
        total, first = sum(cents.values()) + tax, next(iter(applied or {}), id_)
        record: Json = {
            "id": id_,
            "syncStatus": "Pending",
            "referenceNumber": f"CM{id_}",
            "date": str(day),
            "createdOn": f"{day}T15:00:00Z",
            "modifiedOn": f"{day}T16:00:00Z",
            "customer": {"id": 70 + first % 3, "name": f"Customer {first % 3}"},
            "subTotal": from_cents(total - tax),
            "salesTax": from_cents(tax),
            "total": from_cents(total),
            "balance": from_cents(total - sum((applied or {}).values())),
            "appliedTo": [
                {"appliedId": n, "appliedTo": invoice, "appliedAmount": from_cents(amount)}
                for n, (invoice, amount) in enumerate((applied or {}).items())
            ],
            "active": True,
            "exportId": None,
            "businessUnit": {"id": 1, "name": "HVAC"},
            "items": [
                {"id": n, "creditMemoId": id_, "active": True, "total": from_cents(amount),
                 "businessUnit": None,
                 "revenueGeneralLedgerAccount": {"id": 1, "number": number or None, "name": name}}
                for n, ((number, name), amount) in enumerate(cents.items())
            ],
        }  # fmt: skip
        self.credit_memos[str(id_)] = record | more
        return self.credit_memos[str(id_)]

    def st_refund(
        self,
        id_: int,
        day: date = DAY,
        *,
        cents: int,
        applied: Mapping[int, int] | None = None,
        refunds: int | None = None,
        customer: int = 0,
        **more: object,
    ) -> Json:
        """Money given back in ServiceTitan alone: a payment below zero; `applied` names what it pays out."""
        rows = {target: -amount for target, amount in (applied or {}).items()}
        unapplied = -cents - sum(rows.values())
        return self.st_payment(
            id_,
            day,
            applied=rows,
            unapplied=unapplied,
            customer=customer,
            refundedPaymentId=refunds,
            type="Refund",
            **more,
        )

    # QuickBooks, as it would be if all went well

    def post_invoice(self, id_: int, **more: object) -> Json:
        """The invoice as QuickBooks holds it, with its link and state; its id is 1000 + the source's."""
        record = self.invoices[str(id_)]
        sign = -1 if Decimal(record["total"]) < 0 else 1
        lines = [
            (item["generalLedgerAccount"], sign * Decimal(item["total"]))
            for item in record["items"]
            if item["isChargeable"] is not False
        ]
        obj = self._sale(SourceRef(Entity.INVOICE, str(id_)), str(1000 + id_), record, lines, sign)
        target = "Invoice" if sign > 0 else "CreditMemo"
        return self._post(target, SourceRef(Entity.INVOICE, str(id_)), obj | more)

    def _sale(
        self, source: SourceRef, qbo_id: str, record: Json, lines: list[tuple[Json, Decimal]], sign: int = 1
    ) -> Json:
        written = [
            line(GL[account["number"] or "", account["name"]], str(amount)) for account, amount in lines
        ]
        written.append(
            {
                "Amount": sign * Decimal(record["subTotal"]),
                "DetailType": "SubTotalLineDetail",
                "SubTotalLineDetail": {},
            }
        )
        return {
            "Id": qbo_id,
            "TxnDate": str(record.get("invoiceDate") or record["date"])[:10],
            "DocNumber": record["referenceNumber"],
            "PrivateNote": marker(source),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10), "name": record["customer"]["name"]},
            "Line": written,
            "TxnTaxDetail": {"TotalTax": sign * Decimal(record["salesTax"])},
            "TotalAmt": sign * Decimal(record["total"]),
            "Balance": sign * Decimal(record["total"]),
        }

    def post_memo(self, id_: int, **more: object) -> Json:
        """The credit memo as QuickBooks holds it, 2000 + its id, with its application, 7000 + its id."""
        record = self.credit_memos[str(id_)]
        source = SourceRef(Entity.CREDIT_MEMO, str(id_))
        lines = [(item["revenueGeneralLedgerAccount"], item["total"]) for item in record["items"]]
        obj = self._sale(source, str(2000 + id_), record, lines)
        self._post("CreditMemo", source, obj | more)
        if record["appliedTo"]:
            applied = {row["appliedTo"]: to_cents(row["appliedAmount"]) for row in record["appliedTo"]}
            self.post_application(source, 7000 + id_, applied, credits={2000 + id_: sum(applied.values())})
        return obj

    def post_application(
        self,
        source: SourceRef,
        qbo_id: int,
        applied: Mapping[int, int],
        *,
        credits: Mapping[int, int],
        purchase: int = 0,
        part: str = "application",
    ) -> Json:
        """A payment over nothing that ties invoices, credits (QuickBooks ids) and a refund together."""
        record = self._record_of(source)
        lines = [applied_line(1000 + invoice, cents) for invoice, cents in applied.items()]
        if purchase:
            lines.append(applied_line(purchase, sum(credits.values()), "Check"))
        lines += [applied_line(memo, cents, "CreditMemo") for memo, cents in credits.items()]
        own = SourceRef(source.entity, source.id, part)
        obj: Json = {
            "Id": str(qbo_id),
            "TxnDate": str(record.get("date") or record["invoiceDate"])[:10],
            "PrivateNote": marker(own),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10)},
            "TotalAmt": Decimal("0.00"),
            "Line": lines,
        }
        return self._post("Payment", own, obj)

    def post_refund(self, id_: int, *, credits: Mapping[int, int] | None = None, **more: object) -> Json:
        """The refund as a cheque to the customer, 6000 + its id; tied to credits by an application."""
        record = self.payments[str(id_)]
        source = SourceRef(Entity.PAYMENT, str(id_), "refund")
        customer, amount = str(record["customer"]["id"] * 10), -Decimal(record["total"])
        obj: Json = {
            "Id": str(6000 + id_),
            "TxnDate": record["date"][:10],
            "PrivateNote": marker(source),
            "PaymentType": "Check",
            "EntityRef": {"value": customer, "type": "Customer"},
            "TotalAmt": amount,
            "Line": [expense_line(RECEIVABLE, amount, customer)],
        }
        self._post("Purchase", source, obj | more)
        if credits:
            whole = SourceRef(Entity.PAYMENT, str(id_))
            self.post_application(whole, 8000 + id_, {}, credits=credits, purchase=6000 + id_)
        return self.objects["Purchase"][obj["Id"]]

    def post_refund_receipt(self, id_: int, *, cents: Mapping[str, int], tax: int = 0) -> Json:
        """The refund as a receipt that takes back income by account id, and tax; 6000 + its id."""
        record = self.payments[str(id_)]
        source = SourceRef(Entity.PAYMENT, str(id_), "refund")
        obj: Json = {
            "Id": str(6000 + id_),
            "TxnDate": record["date"][:10],
            "PrivateNote": marker(source),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10)},
            "Line": [line(account, text(amount)) for account, amount in cents.items()],
            "TxnTaxDetail": {"TotalTax": from_cents(tax)},
            "TotalAmt": from_cents(sum(cents.values()) + tax),
        }
        return self._post("RefundReceipt", source, obj)

    def post_write_off(self, id_: int, *, account: str = "999") -> Json:
        """The write-off as a credit on the item of an account, 9000 + its id, with its application."""
        record = self.payments[str(id_)]
        source = SourceRef(Entity.PAYMENT, str(id_), "write_off")
        obj: Json = {
            "Id": str(9000 + id_),
            "TxnDate": record["date"][:10],
            "DocNumber": f"ST-{id_}",
            "PrivateNote": marker(source),
            "CustomerRef": {"value": str(record["customer"]["id"] * 10)},
            "Line": [line(account, record["total"])],
            "TotalAmt": Decimal(record["total"]),
        }
        self._post("CreditMemo", source, obj)
        applied = {row["appliedTo"]: to_cents(Decimal(row["appliedAmount"])) for row in record["appliedTo"]}
        if applied:
            whole = SourceRef(Entity.PAYMENT, str(id_))
            self.post_application(whole, 8000 + id_, applied, credits={9000 + id_: sum(applied.values())})
        return obj

    def _record_of(self, source: SourceRef) -> Json:
        held = {
            Entity.INVOICE: self.invoices,
            Entity.CREDIT_MEMO: self.credit_memos,
            Entity.PAYMENT: self.payments,
        }
        return held[source.entity][source.id]

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
        if target in ("Invoice", "CreditMemo"):
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
        applied: dict[tuple[str, str], Decimal] = {}
        linked: dict[tuple[str, str], list[Json]] = {}
        for id_, payment in self.objects["Payment"].items():
            payment["Line"] = [each for each in payment.get("Line", ()) if self._is_there(each)]
            spent = Decimal(0)
            for each in payment["Line"]:
                for link in each["LinkedTxn"]:
                    key = link["TxnType"], link["TxnId"]
                    applied[key] = applied.get(key, Decimal(0)) + each["Amount"]
                    linked.setdefault(key, []).append({"TxnId": id_, "TxnType": "Payment"})
                    spent += -each["Amount"] if link["TxnType"] == "CreditMemo" else each["Amount"]
            payment["UnappliedAmt"] = payment["TotalAmt"] - spent
        for target in ("Invoice", "CreditMemo"):
            for id_, document in self.objects[target].items():
                left = document["TotalAmt"] - applied.get((target, id_), Decimal(0))
                document["Balance"] = left - document.get("Deposit", Decimal(0))
                document["LinkedTxn"] = linked.get((target, id_), [])

    def _is_there(self, line_: Json) -> bool:
        return all(
            each["TxnId"] in self.objects[_ENTITIES.get(each["TxnType"], each["TxnType"])]
            for each in line_["LinkedTxn"]
        )

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
            receivable=frozenset({RECEIVABLE}),
            seen_until=self.seen_until,
            own_load=lambda _, day: self.loads.get(day, OwnLoad()),
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
            if endpoint.resource == "credit-memos/credit-memo-items":
                for memo in self.world.credit_memos.values():
                    yield from (item for item in memo.get("items", ()) if item["creditMemoId"] in wanted)
                return
            held = {"payments": self.world.payments, "credit-memos": self.world.credit_memos}[
                endpoint.resource
            ]
            for row in held.values():
                if any(each["appliedTo"] in wanted for each in row["appliedTo"] or ()):
                    yield row
            return
        rows = {
            "invoices": self.world.invoices,
            "payments": self.world.payments,
            "credit-memos": self.world.credit_memos,
            "jobs": self.world.jobs,
        }[endpoint]
        if ids is not None:
            yield from (rows[str(id_)] for id_ in ids if str(id_) in rows)
            return
        for row in rows.values():
            dated, made = row.get("invoiceDate") or row.get("date"), row["createdOn"]
            if "createdOnOrAfter" in asked:
                if asked["createdOnOrAfter"] <= made < asked["createdBefore"]:
                    yield row
            else:
                names = {"invoices": "invoicedOn", "payments": "paidOn", "credit-memos": "date"}
                name = names[endpoint]
                first = asked.get(f"{name}OrAfter") or asked.get(f"{name}After") or asked[f"{name}OnOrAfter"]
                before = asked[f"{name}Before"]
                if dated and first[:10] <= dated[:10] < before[:10]:
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

    def links_of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Row]]:
        wanted, found = set(sources), dict[SourceRef, list[Row]]()
        for row in self.world.links:
            if (record := whole(row.source)) in wanted:
                found.setdefault(record, []).append(row)
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


def applied_line(qbo_id: int | str, cents: int, txn_type: str = "Invoice") -> Json:
    return {"Amount": from_cents(cents), "LinkedTxn": [link_to(qbo_id, txn_type)]}


def expense_line(account: str, amount: Decimal, customer: str) -> Json:
    detail = {"AccountRef": {"value": account}, "CustomerRef": {"value": customer}}
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": detail,
    }


def text(cents: int) -> str:
    return str(from_cents(cents))
