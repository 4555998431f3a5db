"""Records as the mapping would make them, and a load put together from fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Payload, Reason, Verdict
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.settled import SettledLinks
from tests.unit.load.clock import FakeClock, quick_retry
from tests.unit.load.fake_ledger import FakeLedger, FakeRefunds
from tests.unit.load.fake_quickbooks import FakeQuickBooks

DAY = date(2026, 11, 16)
INCOME = "79"
DEPOSIT = "4"


def company_file(**changes: Any) -> CompanyFile:
    values: dict[str, Any] = {
        "name": "acme",
        "environment": "sandbox",
        "servicetitan": {"tenant": "1"},
        "quickbooks": {"realm": "2", "in_flight": 1},
        "time_zone": "America/Chicago",
        "start_date": "2026-01-01",
        "mode": "live",
    }
    return CompanyFile.model_validate(values | changes)


def customer(number: int, name: str = "", *, email: str = "", day: date = DAY, **fields: Any) -> Mapped:
    source = SourceRef(Entity.CUSTOMER, str(number))
    body: dict[str, Any] = {"DisplayName": name or f"Customer {number}", **fields}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    payload = Payload(
        source, "Customer", day, body, title=body["DisplayName"], outside_digest=("DisplayName",)
    )
    return Mapped(source, Verdict.DUE, day, title=body["DisplayName"], payload=payload)


def item(sku: str, *, account: str = INCOME, label: str = "40100", day: date = DAY) -> Mapped:
    source = SourceRef(Entity.ITEM, f"{sku}|{account}")
    body = {"Name": sku, "Type": "Service", "Sku": sku, "IncomeAccountRef": {"value": account}}
    payload = Payload(source, "Item", day, body, title=sku, outside_digest=("Name", "Type"))
    facts = {"name_candidates": [sku, f"{sku} [{label}]"]}
    return Mapped(source, Verdict.DUE, day, title=sku, payload=payload, facts=facts)


def invoice(
    number: int,
    *,
    customer: int = 1,
    lines: Sequence[tuple[str, str]] = (("SKU", "100.00"),),
    tax: str = "0.00",
    day: date = DAY,
    **fields: Any,
) -> Mapped:
    source = SourceRef(Entity.INVOICE, str(number))
    body: dict[str, Any] = {
        "CustomerRef": {"value": f"customer:{customer}"},
        "TxnDate": day.isoformat(),
        "DocNumber": str(number),
        "PrivateNote": marker(source),
        "EmailStatus": "NotSet",
        "TxnTaxDetail": {"TotalTax": Decimal(tax)},
        "Line": [
            {
                "Amount": Decimal(amount),
                "DetailType": "SalesItemLineDetail",
                "Description": sku,
                "SalesItemLineDetail": {"ItemRef": {"value": f"item:{sku}|{INCOME}"}},
            }
            for sku, amount in lines
        ],
        **fields,
    }
    total = sum((Decimal(amount) for _, amount in lines), Decimal(tax))
    payload = Payload(
        source, "Invoice", day, body, cents=int(total * 100), number=str(number), title=f"Customer {customer}"
    )
    return Mapped(source, Verdict.DUE, day, cents=payload.cents, number=payload.number, payload=payload)


def payment(
    number: int,
    total: str,
    *,
    customer: int = 1,
    applied: Mapping[int, str] | None = None,
    day: date = DAY,
    **fields: Any,
) -> Mapped:
    source = SourceRef(Entity.PAYMENT, str(number))
    body: dict[str, Any] = {
        "CustomerRef": {"value": f"customer:{customer}"},
        "TxnDate": day.isoformat(),
        "TotalAmt": Decimal(total),
        "DepositToAccountRef": {"value": DEPOSIT},
        "PrivateNote": marker(source),
        "Line": [
            {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": f"invoice:{each}", "TxnType": "Invoice"}]}
            for each, amount in (applied or {}).items()
        ],
        **fields,
    }
    payload = Payload(source, "Payment", day, body, cents=int(Decimal(total) * 100), number=str(number))
    return Mapped(source, Verdict.DUE, day, cents=payload.cents, number=payload.number, payload=payload)


def credit(
    ref: str,
    *,
    customer: int = 1,
    lines: Sequence[tuple[str, str]] = (("SKU", "100.00"),),
    tax: str = "0.00",
    day: date = DAY,
    **fields: Any,
) -> Mapped:
    """A negative invoice (`invoice:8`), memo (`credit_memo:3`) or write-off (`payment:9/write_off`)."""
    source = SourceRef.parse(ref)
    model = invoice(int(source.id), customer=customer, lines=lines, tax=tax, day=day).payload
    assert model is not None
    body = {**model.body, "PrivateNote": marker(source), **fields}
    sign = -1 if source.entity is Entity.INVOICE else 1
    payload = Payload(source, "CreditMemo", day, body, cents=sign * model.cents, number=model.number)
    return Mapped(source, Verdict.DUE, day, cents=payload.cents, number=payload.number, payload=payload)


def application(
    ref: str, *lines: tuple[str, str, str], customer: int = 1, day: date = DAY, **fields: Any
) -> Mapped:
    """A payment of nothing that ties documents: (TxnType, source, amount) a line."""
    source = SourceRef.parse(ref)
    body: dict[str, Any] = {
        "CustomerRef": {"value": f"customer:{customer}"},
        "TxnDate": day.isoformat(),
        "TotalAmt": Decimal("0.00"),
        "PrivateNote": marker(source),
        "Line": [
            {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": named, "TxnType": kind}]}
            for kind, named, amount in lines
        ],
        **fields,
    }
    payload = Payload(source, "Payment", day, body, number=source.id)
    return Mapped(source, Verdict.DUE, day, number=payload.number, payload=payload)


def refund(
    number: int,
    amount: str,
    *,
    customer: int = 1,
    of: int | None = None,
    day: date = DAY,
    target: str = "Purchase",
    **fields: Any,
) -> Mapped:
    """A refund as the money going out; `of` names the payment whose unapplied money it gives back."""
    source = SourceRef(Entity.PAYMENT, str(number), "refund")
    body: dict[str, Any] = {"TxnDate": day.isoformat(), "PrivateNote": marker(source), **fields}
    cents = int(Decimal(amount) * 100)
    if target == "Purchase":
        body |= {
            "PaymentType": "Check",
            "AccountRef": {"value": "35"},
            "EntityRef": {"value": f"customer:{customer}", "type": "Customer"},
            "Line": [
                {
                    "Amount": Decimal(amount),
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {
                        "AccountRef": {"value": "84"},
                        "CustomerRef": {"value": f"customer:{customer}"},
                        "BillableStatus": "NotBillable",
                    },
                }
            ],
        }
    else:
        sold = invoice(number, customer=customer, lines=[("SKU", amount)]).payload
        assert sold is not None
        body |= {key: sold.body[key] for key in ("CustomerRef", "Line", "TxnTaxDetail")}
        body["DepositToAccountRef"] = {"value": "35"}
    tie = {"payment": f"payment:{of}", "refund": str(source), "cents": cents, "txn_type": "Check"}
    payload = Payload(source, target, day, body, cents=-cents, number=str(number))
    return Mapped(
        source,
        Verdict.DUE,
        day,
        cents=-cents,
        number=payload.number,
        payload=payload,
        facts={"tie": tie} if of is not None else {},
    )


def tied(paid: Mapped, number: int, amount: str) -> Mapped:
    """The payment with the line of a refund of its unapplied money."""
    assert paid.payload is not None
    line = {
        "Amount": Decimal(amount),
        "LinkedTxn": [{"TxnId": f"payment:{number}/refund", "TxnType": "Check"}],
    }
    body = {**paid.payload.body, "Line": [*paid.payload.body["Line"], line]}
    return replace(paid, payload=paid.payload.with_body(body))


@dataclass
class World:
    """ServiceTitan as the mapping sees it: what each record is now, by record."""

    records: dict[SourceRef, list[Mapped]] = field(default_factory=dict)

    def put(self, *mapped: Mapped) -> None:
        """Say what records are now, all parts of each together."""
        for record in {each.source.record for each in mapped}:
            self.records[record] = [each for each in mapped if each.source.record == record]

    def of_day(self, day: date) -> list[Mapped]:
        return [each for parts in self.records.values() for each in parts if each.day == day]

    def reread(self, entity: Entity, ids: Sequence[str]) -> list[Mapped]:
        return [each for id_ in ids for each in self.records.get(SourceRef(entity, id_), [])]

    def payments_of(self, invoice_ids: Sequence[str]) -> list[Mapped]:
        wanted = {f"invoice:{id_}" for id_ in invoice_ids}
        return [
            each
            for parts in self.records.values()
            if any(wanted & set(_named(part)) for part in parts)
            for each in parts
        ]


def _named(mapped: Mapped) -> list[str]:
    lines = mapped.payload.body.get("Line", []) if mapped.payload else []
    return [link["TxnId"] for line in lines for link in line.get("LinkedTxn", [])]


def verdict(mapped: Mapped, kind: Verdict, code: str, text: str = "Because.") -> Mapped:
    """The same record as one the mapping did not call due."""
    return Mapped(
        mapped.source, kind, mapped.day, cents=mapped.cents, number=mapped.number, reason=Reason(code, text)
    )


@dataclass
class Bench:
    """One company with fakes, and its loads."""

    company: CompanyFile = field(default_factory=company_file)
    clock: FakeClock = field(default_factory=FakeClock)
    policies: WritePolicies = field(default_factory=WritePolicies)
    settled: SettledLinks = field(default_factory=dict)
    seam: Callable[[str], None] = lambda name: None
    applies_itself: bool = False
    ledger: Any = None
    links: Any = None
    decisions: Any = None
    refunds: FakeRefunds = field(default_factory=FakeRefunds)
    quickbooks: FakeQuickBooks = field(init=False)

    def __post_init__(self) -> None:
        self.quickbooks = FakeQuickBooks(self.clock)
        self.ledger = self.ledger or FakeLedger(self.clock)
        self.links = self.links or self.ledger
        self.decisions = self.decisions or self.ledger

    def context(self) -> WriteContext:
        return WriteContext(
            company=self.company,
            quickbooks=self.quickbooks,
            ledger=self.ledger,
            links=self.links,
            decisions=self.decisions,
            refunds=self.refunds,
            policies=self.policies,
            applies_itself=self.applies_itself,
            run_id="run",
            retry=quick_retry(self.clock),
            seam=self.seam,
        )

    def load(
        self, *mapped: Mapped, day: date = DAY, entities: Sequence[Entity] = (), **given: Any
    ) -> dict[str, LoadResult]:
        """Load a day, of some entities even where it has none, and return the results by source."""
        groups: dict[Entity, list[Mapped]] = {entity: [] for entity in entities}
        for each in mapped:
            groups.setdefault(each.source.entity, []).append(each)
        loader = DayLoader(self.context(), settled=self.settled)
        results = loader.load(DayInput(day, groups, **given))
        return {str(result.source): result for result in results}

    def sync(self, world: World, *days: date) -> dict[str, LoadResult]:
        """Load days of a world one by one, oldest first, with customers 1 and 2 and item SKU beside them."""
        found: dict[str, LoadResult] = {}
        for number, day in enumerate(days):
            beside = [customer(1, day=day), customer(2, day=day), item("SKU", day=day)]
            found |= self.load(
                *beside,
                *world.of_day(day),
                day=day,
                entities=(Entity.INVOICE, Entity.PAYMENT),
                reread=world.reread,
                payments_of=world.payments_of,
                days_to_come=days[number + 1 :],
            )
        return found

    def load_as_usual(self, *mapped: Mapped, **given: Any) -> dict[str, LoadResult]:
        """Load documents with customer 1 and item SKU beside them."""
        return self.load(customer(1), item("SKU"), *mapped, **given)
