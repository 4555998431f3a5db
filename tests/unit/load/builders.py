"""Records as the mapping would make them, and a load put together from fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

    def load(self, *mapped: Mapped, day: date = DAY, **given: Any) -> dict[str, LoadResult]:
        """Load a day and return the results by source."""
        groups: dict[Entity, list[Mapped]] = {}
        for each in mapped:
            groups.setdefault(each.source.entity, []).append(each)
        loader = DayLoader(self.context(), settled=self.settled)
        results = loader.load(DayInput(day, groups, **given))
        return {str(result.source): result for result in results}

    def load_as_usual(self, *mapped: Mapped, **given: Any) -> dict[str, LoadResult]:
        """Load documents with customer 1 and item SKU beside them."""
        return self.load(customer(1), item("SKU"), *mapped, **given)
