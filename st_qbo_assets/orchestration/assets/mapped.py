"""`mapped/*`: what each record becomes, shown before anything is written.

What belongs here: joining the day's frames into the mapping's lookup. What does not: any rule.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import MAPPED, FrameStream, mapped_row, to_frame
from st_qbo_assets.orchestration.io_manager import DayFrames
from st_qbo_assets.orchestration.metadata import Metadata, mapped_metadata
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    import pandas as pd

    from st_qbo_assets.extract.frames import AnyRecord
    from st_qbo_assets.quickbooks.reference import Reference

_DOCUMENTS = ("invoices", "credit_memos", "payments")
#: Which extracts each entity's records stand in.
_OWN: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: _DOCUMENTS,
    Entity.CUSTOMER: ("customers",),
    Entity.INVOICE: ("invoices",),
    Entity.CREDIT_MEMO: ("credit_memos",),
    Entity.PAYMENT: ("payments",),
}
#: Which extracts hold what they refer to. A negative invoice and a credit memo of one day may be one credit.
_AROUND: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: ("jobs", "customers", "items"),
    Entity.CUSTOMER: (),
    Entity.INVOICE: ("credit_memos", "jobs", "customers", "items"),
    Entity.CREDIT_MEMO: ("invoices", "jobs", "customers", "items"),
    Entity.PAYMENT: ("jobs", "customers", "items"),
}
_WORDS = {
    Entity.ITEM: "QuickBooks items the day's invoices need: one for each SKU and income account.",
    Entity.CUSTOMER: "QuickBooks customers of the day's documents.",
    Entity.INVOICE: "What each invoice becomes: payload, held, rejected or not due, with the reason.",
    Entity.CREDIT_MEMO: "What each credit memo of the day becomes, with its applications.",
    Entity.PAYMENT: "What each payment, refund and write-off of the day becomes, with its applications.",
}


def mapped_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the payloads of a company."""
    return [_mapped(defs, entity) for entity in keys.LOAD_ORDER]


def _mapped(defs: CompanyDefs, entity: Entity) -> dg.AssetsDefinition:
    sources = (*_OWN[entity], *_AROUND[entity])

    @dg.asset(
        key=keys.mapped(defs.name, entity),
        ins={name: dg.AssetIn(keys.servicetitan(defs.name, name)) for name in sources},
        deps=[keys.servicetitan(defs.name, "reference"), keys.quickbooks(defs.name, "reference")],
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "mapped"),
        description=_WORDS[entity] + " Nothing is written here.",
        kinds={"python"},
    )
    def mapped(context: dg.AssetExecutionContext, connector: Connector, **frames: DayFrames) -> FrameStream:
        # Heavy: clients, database and mapping, which nobody needs to know the assets.
        from st_qbo_assets.orchestration.extracts import own_records
        from st_qbo_assets.orchestration.lookups import build_lookup, map_day
        from st_qbo_assets.orchestration.records import day_records
        from st_qbo_assets.orchestration.references import ReferenceData

        days = run_days(context.partition_keys)

        def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
            with connector.open(defs, context.run_id) as connections:
                data = ReferenceData(defs, connector.frames, connections)
                references = data.current(context)
                for day in days:
                    own: list[AnyRecord] = []
                    records: list[AnyRecord] = []
                    for name in sources:
                        found = list(day_records(frames[name], day))
                        records += found
                        if name in _OWN[entity]:
                            own += own_records(found, name, day=day, company=defs.company)
                    result = map_day(entity, day, own, build_lookup(defs, references, connections, records))
                    if any(each.verdict is Verdict.HELD for each in result):
                        fresh = data.newer_than(references, context)
                        if fresh is not None:
                            references = fresh
                            lookup = build_lookup(defs, references, connections, records)
                            result = map_day(entity, day, own, lookup)
                    metadata = mapped_metadata(result) | _effect(result, references.quickbooks)
                    context.add_asset_metadata(metadata, partition_key=day.isoformat())
                    yield day, to_frame([mapped_row(item) for item in result], MAPPED)

        return FrameStream(write)

    return mapped


def _effect(result: list[Mapped], reference: "Reference") -> Metadata:
    """Return what the day's payloads would do to the books."""
    from st_qbo_assets.mapping.preview import effect_of_all

    whole = effect_of_all(result)
    if not (whole.receivable or whole.income or whole.cash or whole.tax):
        return {}
    rows = [("Accounts receivable", whole.receivable), ("Sales tax payable", whole.tax)]
    rows += [(_account(id_, reference), cents) for id_, cents in {**whole.income, **whole.cash}.items()]
    table = "\n".join(f"| {name} | {from_cents(cents):,} |" for name, cents in rows if cents)
    return {
        "accounts_receivable_cents": whole.receivable,
        "sales_tax_cents": whole.tax,
        "effect": dg.MetadataValue.md("| account | change |\n|---|---:|\n" + table),
    }


def _account(id_: str, reference: "Reference") -> str:
    account = reference.account_by_id(id_)
    return account.label if account else id_
