"""Loads of made-up days into the sandbox, through the real client and the real ledger."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.planning import DayPlanner, Planned
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.quickbooks.query import quote
from st_qbo_assets.store.audit import Decisions
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import Links
from st_qbo_assets.store.refunds import Refunds
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_sandbox.app import Sandbox
from tests.integration.clients.desk import Desk
from tests.unit.load import builders
from tests.unit.load.builders import DAY, World, company_file, customer, item

Json = dict[str, Any]


class Office:
    """A company whose QuickBooks is the sandbox."""

    def __init__(self, sandbox: Sandbox, database: Database) -> None:
        self.desk = Desk(sandbox)
        self.ledger = Ledger(database)
        self.links = Links(database)
        self.decisions = Decisions(database)
        self.refunds = Refunds(database)
        self.policies = WritePolicies()
        self.company = company_file(
            quickbooks={"realm": str(self.desk.info["quickbooks"]["realm"]), "in_flight": 5}
        )
        self.settled: SettledLinks = {}
        self.ledger_name = Company(self.company.name)
        self.income = self.undeposited = self.bank = self.receivable = ""
        self.applies_itself = False

    def open_for_business(self) -> None:
        """Connect, and find the accounts the documents go to."""
        self.desk.connect()
        self.income = self.account("AccountType = 'Income'")
        self.undeposited = self.account("AccountSubType = 'UndepositedFunds'")
        self.bank = self.account("AccountType = 'Bank'")
        self.receivable = self.account("AccountType = 'Accounts Receivable'")

    def account(self, where: str) -> str:
        return str(next(iter(self.desk.quickbooks.query("Account", where)))["Id"])

    def load(
        self, *mapped: Mapped, seam: Callable[[str], None] = lambda name: None, **given: Any
    ) -> dict[str, LoadResult]:
        """Load a day with customer 1 and item SKU beside its documents."""
        loader = DayLoader(self._context(seam), settled=self.settled)
        results = loader.load(DayInput(given.pop("day", DAY), self._groups(mapped), **given))
        return {str(result.source): result for result in results}

    def plan(self, *mapped: Mapped) -> dict[str, Planned]:
        """Plan the same day."""
        planner = DayPlanner(self._context(), settled=self.settled)
        planned = planner.plan(DayInput(DAY, self._groups(mapped)))
        return {str(each.result.source): each for each in planned}

    def _context(self, seam: Callable[[str], None] = lambda name: None) -> WriteContext:
        return WriteContext(
            company=self.company,
            quickbooks=self.desk.quickbooks,
            ledger=self.ledger,
            links=self.links,
            decisions=self.decisions,
            refunds=self.refunds,
            policies=self.policies,
            applies_itself=self.applies_itself,
            retry=RetryPolicy(attempts=5, clock=self.desk.time.clock, sleep=self.desk.time.sleep),
            seam=seam,
        )

    def _groups(self, mapped: Sequence[Mapped]) -> dict[Entity, list[Mapped]]:
        groups: dict[Entity, list[Mapped]] = {}
        for each in (customer(1, "Heron Load Test"), item("LOAD-SKU"), *mapped):
            groups.setdefault(each.source.entity, []).append(self._here(each))
        return groups

    def sync(self, world: World, **given: Any) -> dict[str, LoadResult]:
        """Load the day of a world, whose other days can be read again."""
        return self.load(
            *world.of_day(DAY),
            reread=lambda entity, ids: [self._here(each) for each in world.reread(entity, ids)],
            payments_of=lambda ids: [self._here(each) for each in world.payments_of(ids)],
            **given,
        )

    def _here(self, mapped: Mapped) -> Mapped:
        """The same record with the accounts of this realm."""
        payload = mapped.payload
        if payload is None:
            return mapped
        body = dict(payload.body)
        if "IncomeAccountRef" in body:
            body["IncomeAccountRef"] = {"value": self.income}
        if "DepositToAccountRef" in body:
            body["DepositToAccountRef"] = {"value": self.undeposited}
        if payload.target == "RefundReceipt":
            body["DepositToAccountRef"] = {"value": self.bank}
        if payload.target == "Purchase":
            (line,) = body["Line"]
            detail = {**line["AccountBasedExpenseLineDetail"], "AccountRef": {"value": self.receivable}}
            body |= {
                "AccountRef": {"value": self.bank},
                "Line": [{**line, "AccountBasedExpenseLineDetail": detail}],
            }
        return replace(mapped, payload=payload.with_body(body))

    def stored(self, entity: str, where: str = "") -> list[Json]:
        """What QuickBooks holds."""
        return list(self.desk.quickbooks.query(entity, where))

    def invoice(self, number: int) -> Json:
        (found,) = self.stored("Invoice", f"DocNumber = {quote(str(number))}")
        return found

    def marked(self, entity: str, marker: str) -> list[Json]:
        """The sandbox's own objects whose note is a marker."""
        return [
            each
            for each in self.desk.state("quickbooks", entity)
            if marker in str(each.get("PrivateNote", ""))
        ]


def sale(number: int, *amounts: str, day: date = DAY, **fields: Any) -> Mapped:
    """An invoice of customer 1 over item LOAD-SKU."""
    return builders.invoice(
        number, lines=[("LOAD-SKU", amount) for amount in amounts or ("100.00",)], day=day, **fields
    )
