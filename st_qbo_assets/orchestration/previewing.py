"""What a day's records would do, shown before anything is written: with their effect on the books.

What belongs here: joining the plan of the load with the effect of the mapping, and the tables of `mapped/*`.
What does not: deciding (load), the figures (mapping), and reading either system: a preview asks only our own
database.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.effects import Effect, total_of
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Reason, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.day import DayInput
from st_qbo_assets.load.effects import COST_OF, change_of, effect_of_adjustment, is_adjustment, items_of
from st_qbo_assets.load.foresight import RECHECK
from st_qbo_assets.load.gathering import MASTERS
from st_qbo_assets.load.planning import DayPlanner, Planned
from st_qbo_assets.load.verify import BASE, EXPENSE_ACCOUNT, ITEM_TYPE
from st_qbo_assets.mapping.preview import effect
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import to_rows
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.loading import settled_links, write_context
from st_qbo_assets.orchestration.metadata import MOST_ROWS, Metadata, cell, dollars
from st_qbo_assets.orchestration.naming import changes_in_words
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.store.links import Link, LinkState

#: In this order steps are shown; what changes nothing is only counted.
SHOWN = ("create", "update", "void", "link", RECHECK, "held", "blocked", "rejected", "failed", "mismatch")
_OUTCOMES = {
    Verdict.DUE: Outcome.PLANNED,
    Verdict.HELD: Outcome.HELD,
    Verdict.REJECTED: Outcome.REJECTED,
    Verdict.NOT_DUE: Outcome.NOT_DUE,
}
_READ_AGAIN = Reason(
    "read_again",
    "ServiceTitan dates it on another day now, or has it no more: the load reads it again first.",
)


Figure = Callable[[Effect], int]
#: Columns of the plan of sales, and of a day on which something is bought.
_SOLD: Mapping[str, Figure] = {
    "receivable": lambda done: done.receivable,
    "income": lambda done: done.income_cents,
    "tax": lambda done: done.tax,
    "cash": lambda done: done.cash_cents,
}
_BOUGHT: Mapping[str, Figure] = {
    **_SOLD,
    "payable": lambda done: done.payable,
    "cost": lambda done: done.cost_cents,
}


@dataclass(frozen=True)
class Previewed:
    """One planned step with what it does to the books, and of an update what it changes, in words."""

    planned: Planned
    effect: Effect
    changes: str = ""

    @property
    def will(self) -> str:
        """What will happen, in one word."""
        return self.planned.will

    @property
    def why(self) -> str:
        """What changes, and what is said of the record."""
        said = self.planned.result.reason
        return ". ".join(words for words in (self.changes, said.text if said else "") if words)


class DaysPreview:
    """Previews the days of one run, an entity at a time, from what is mapped and what the ledger knows."""

    def __init__(self, defs: CompanyDefs, connections: Connections, folder: FrameFolder) -> None:
        self._defs = defs
        self._connections = connections
        self._folder = folder
        self._settled = settled_links(defs)

    def plan(
        self, entity: Entity, day: date, mapped: Sequence[Mapped], references: References
    ) -> list[Previewed]:
        """Return what a load would do about the mapped records of a day.

        QuickBooks is not asked: what has no link counts as new, though the load looks first.
        """
        context = write_context(self._defs, self._connections, references)
        planner = DayPlanner(context, settled=self._settled, looks=False)
        given = DayInput(day=day, mapped={entity: mapped}, is_fresh=True)
        planned = planner.plan(given, assumed=self._assumed(entity, day))
        steps = [*planned, *self._missing(entity, day, mapped)]
        return with_effects(self._connections, steps, references.quickbooks)

    def _assumed(self, entity: Entity, day: date) -> dict[SourceRef, Outcome]:
        """Return what the entities that are loaded before this one become on the same day."""
        found: dict[SourceRef, Outcome] = {}
        order = keys.load_order(self._defs.company)
        for other in order[: order.index(entity)]:
            frame = self._folder.read(keys.mapped(self._defs.name, other), day)
            for row in to_rows(frame, "source", "verdict") if frame is not None else ():
                found[SourceRef.parse(row["source"])] = _OUTCOMES[Verdict(row["verdict"])]
        return found

    def _missing(self, entity: Entity, day: date, mapped: Sequence[Mapped]) -> list[Planned]:
        """Return the documents that were posted with this day and that the day does not hold any more."""
        if entity in MASTERS:
            return []
        here = {each.source.record for each in mapped}
        links = self._connections.links.of_day(self._defs.name, entity, day)
        return [
            Planned(_look_again(link, day), link=link)
            for link in links
            if link.source.record not in here and link.state is not LinkState.VOIDED
        ]


def with_effects(
    connections: Connections, planned: Iterable[Planned], reference: Reference
) -> list[Previewed]:
    """Return planned steps with what each does to the books, against what QuickBooks last confirmed."""
    steps = list(planned)
    accounts = _item_accounts(connections, items_of(steps), reference)
    changes = changes_in_words(connections, steps, reference)
    return [
        Previewed(each, change_of(each, _own_effect(each, accounts), accounts), told)
        for each, told in zip(steps, changes, strict=True)
    ]


def _own_effect(planned: Planned, accounts: Mapping[str, str]) -> Effect:
    if is_adjustment(planned):
        return effect_of_adjustment(planned, accounts)
    return effect(planned.mapped) if planned.mapped is not None else Effect()


def preview_metadata(previewed: Sequence[Previewed], reference: Reference) -> Metadata:
    """Return what the steps of a day will do: counts, cents by account, and a table a document a row."""
    counts = Counter(f"will_{each.will}" for each in previewed)
    whole = total_of(each.effect for each in previewed)
    metadata: Metadata = {}
    if table := _table(previewed, reference):  # first, since it is what a person has to read
        metadata["plan"] = dg.MetadataValue.md(table)
    if not whole.is_nothing:
        metadata["effect"] = dg.MetadataValue.md(_effect_table(whole, reference))
    metadata |= counts
    documents = [each for each in previewed if each.planned.result.source.entity not in MASTERS]
    if not documents:
        return metadata
    if whole.payable or whole.costs:
        metadata |= {"accounts_payable_cents": whole.payable, "cost_cents": whole.cost_cents}
    metadata |= {
        "accounts_receivable_cents": whole.receivable,
        "income_cents": whole.income_cents,
        "sales_tax_cents": whole.tax,
        "cash_cents": whole.cash_cents,
        "undeposited_funds_cents": sum(
            cents for id_, cents in whole.cash.items() if _is_undeposited(id_, reference)
        ),
    }
    return metadata


def step_json(previewed: Previewed, reference: Reference) -> Json:
    """Return one step as JSON; amounts in whole cents."""
    result, link = previewed.planned.result, previewed.planned.link
    said = result.reason
    return {
        "will": previewed.will,
        "day": result.day.isoformat(),
        "record": str(result.source),
        "document": result.target,
        "quickbooks_id": link.qbo_id if link is not None else "",
        "number": result.number,
        "name": result.title,
        "cents": result.cents,
        "effect": effect_json(previewed.effect, reference),
        "why": previewed.why,
        "code": "" if said is None else said.code,
        "what_to_do": "" if said is None else said.remedy,
    }


def effect_json(whole: Effect, reference: Reference) -> Json:
    """Return an effect as JSON, accounts with their names."""
    return {
        "accounts_receivable_cents": whole.receivable,
        "income_cents": whole.income_cents,
        "sales_tax_cents": whole.tax,
        "cash_cents": whole.cash_cents,
        "accounts_payable_cents": whole.payable,
        "cost_cents": whole.cost_cents,
        "income": _accounts_json(whole.income, reference),
        "cash": _accounts_json(whole.cash, reference),
        "costs": _accounts_json(whole.costs, reference),
    }


def _accounts_json(accounts: Mapping[str, int], reference: Reference) -> list[Json]:
    return [
        {"account": id_, "name": _account(id_, reference), "cents": cents} for id_, cents in accounts.items()
    ]


def _look_again(link: Link, day: date) -> LoadResult:
    return LoadResult(
        link.source,
        Outcome.PLANNED,
        day,
        number=link.number,
        target=link.target,
        qbo_id=link.qbo_id,
        operation=RECHECK,
        reason=_READ_AGAIN,
    )


def _item_accounts(connections: Connections, items: set[str], reference: Reference) -> dict[str, str]:
    """Return where each QuickBooks item is sold and bought, as far as that is known without asking."""
    linked = connections.links.of_targets(connections.name, "Item", sorted(items)) if items else {}
    found = {
        item: str(links[0].confirmed.get("IncomeAccountRef", ""))
        for item, links in linked.items()
        if links[0].confirmed.get("IncomeAccountRef")
    }
    costs = {
        COST_OF + item: account
        for item, links in linked.items()
        if (account := _bought_on(links[0].confirmed))
    }
    return found | costs | {named.id: named.account_id for named in reference.items}


def _bought_on(confirmed: Mapping[str, object]) -> str:
    """Return the account an item is bought on: its stock where it is counted, else its cost."""
    if confirmed.get(ITEM_TYPE) == "Inventory":
        return objects.ref(objects.as_mapping(confirmed.get(BASE)), "AssetAccountRef")
    return objects.text(confirmed.get(EXPENSE_ACCOUNT))


def _table(previewed: Sequence[Previewed], reference: Reference) -> str:
    """Return the steps that change something or wait, gravest effect first within each kind."""
    order = {will: place for place, will in enumerate(SHOWN)}
    shown = [each for each in previewed if each.will in order]
    if not shown:
        return ""
    shown.sort(key=lambda each: order[each.will])
    columns = _BOUGHT if any(each.effect.payable or each.effect.costs for each in shown) else _SOLD
    words = ("will", "record", "document", "number", "name", "amount", *columns, "accounts", "why")
    marks = ("---",) * 5 + ("---:",) * (1 + len(columns)) + ("---",) * 2
    heads = "".join("| " + " | ".join(each) + " |\n" for each in (words, marks))
    rows = (_row(each, reference, columns) for each in shown[:MOST_ROWS])
    body = "\n".join("| " + " | ".join(map(cell, row)) + " |" for row in rows)
    left = len(shown) - MOST_ROWS
    return heads + body + (f"\n\n… and {left} more: `st-qbo plan`." if left > 0 else "")


def _row(previewed: Previewed, reference: Reference, columns: Mapping[str, Figure]) -> Sequence[str]:
    result, done = previewed.planned.result, previewed.effect
    document = f"{result.target} {result.qbo_id}".strip()
    moved = {**done.income, **done.costs, **done.cash}
    accounts = ", ".join(f"{_account(id_, reference)} {dollars(cents)}" for id_, cents in moved.items())
    figures = [figure(done) for figure in columns.values()]
    return (
        previewed.will,
        str(result.source),
        document,
        result.number,
        result.title,
        dollars(result.cents),
        *(dollars(cents) if cents else "" for cents in figures),
        accounts,
        previewed.why,
    )


def _effect_table(whole: Effect, reference: Reference) -> str:
    rows = [("Accounts receivable", whole.receivable), ("Accounts payable", whole.payable)]
    rows += [("Sales tax payable", whole.tax)]
    moved = (*whole.income.items(), *whole.costs.items(), *whole.cash.items())
    rows += [(_account(id_, reference), cents) for id_, cents in moved]
    lines = [f"| {cell(name)} | {from_cents(cents):,} |" for name, cents in rows if cents]
    return "| account | change |\n|---|---:|\n" + "\n".join(lines)


def _is_undeposited(id_: str, reference: Reference) -> bool:
    account = reference.account_by_id(id_)
    return account is not None and account.sub_type == "UndepositedFunds"


def _account(id_: str, reference: Reference) -> str:
    account = reference.account_by_id(id_)
    return account.label if account else id_
