"""`books/materials_cost`: what goods cost by job, day and item, and whether quantities agree (rule 8.6).

What belongs here: the asset, its check and what they say. What does not: reading (`materials`) and comparing
(`books.materials_cost`).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.metadata import Metadata
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    from st_qbo_assets.books.goods_used import NotCarried
    from st_qbo_assets.books.materials_cost import JobGoods, MaterialsDay

#: A table longer than this is cut, and says so.
_MOST_ROWS = 200


def materials_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the cost of materials of a company; none where the buying side is not carried."""
    if not defs.company.buys:
        return []
    key = keys.books(defs.name, keys.MATERIALS_COST)

    @dg.multi_asset(
        name=f"{defs.name}_compare_materials",
        specs=[
            dg.AssetSpec(
                key,
                deps=[keys.books(defs.name, keys.TIE_OUT)],
                group_name=keys.group(defs.name, "books"),
                description="Goods used on the day's jobs: pieces and cost as ServiceTitan says, pieces on "
                "our documents in QuickBooks, and what they cost by QuickBooks' items.",
                skippable=True,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                keys.QUANTITIES_AGREE,
                asset=key,
                partitions_def=defs.days,
                description="Our documents have as many pieces of each item on each job as ServiceTitan.",
            )
        ],
        can_subset=True,
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def materials_cost(
        context: dg.AssetExecutionContext, connector: Connector
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        from st_qbo_assets.orchestration.materials import compare_days  # heavy: clients, database

        days = run_days(context.partition_keys)
        try:
            with connector.open(defs, context.run_id) as connections:
                found = compare_days(connections, days, today=defs.today())
        except SyncError as error:
            raise failure_of(error) from error
        for each in found:
            partition, metadata = each.day.isoformat(), _metadata(each)
            yield dg.AssetMaterialization(key, partition=partition, metadata=metadata)
            yield dg.AssetCheckEvaluation(
                asset_key=key,
                check_name=keys.QUANTITIES_AGREE,
                passed=not each.differing,
                severity=_severity(each),
                partition=partition,
                metadata=metadata,
                description=_told(each),
            )

    return [materials_cost]


def _severity(day: "MaterialsDay") -> dg.AssetCheckSeverity:
    """Return WARN where documents only wait, which the tie-out tells too."""
    is_grave = any(not row.waits for row in day.differing)
    return dg.AssetCheckSeverity.ERROR if is_grave else dg.AssetCheckSeverity.WARN


def _told(day: "MaterialsDay") -> str:
    wrong = len(day.differing)
    if not wrong:
        return "As many pieces as ServiceTitan says are on our documents."
    return f"{wrong} {'item is' if wrong == 1 else 'items are'} not on our documents as ServiceTitan says."


def _metadata(day: "MaterialsDay") -> Metadata:
    metadata: Metadata = {}
    if day.differing:  # first, since it is what a person has to read
        metadata["differing"] = dg.MetadataValue.md(_rows(day.differing))
    metadata |= {
        "items": len(day.rows),
        "items_differing": len(day.differing),
        "used_cents": sum(row.used_cents for row in day.rows),
        "posted_cents": sum(row.posted_cents for row in day.rows),
        "valuation_cents": sum(row.valuation_cents for row in day.rows),
    }
    if day.rows:
        metadata["goods"] = dg.MetadataValue.md(_rows(day.rows))
    if day.not_carried:
        metadata["not_carried"] = dg.MetadataValue.md(_moves(day.not_carried))
    return metadata


def _rows(rows: "Sequence[JobGoods]") -> str:
    return _table(
        "job|item|used|not on a document|on our documents|cost in ServiceTitan|cost of what was posted|"
        "valuation|",
        [
            (
                row.job,
                row.sku,
                f"{row.used.normalize():f}",
                f"{row.not_written.normalize():f}",
                f"{row.posted.normalize():f}{' and more' if row.unstated else ''}",
                f"{from_cents(row.used_cents):,}",
                f"{from_cents(row.posted_cents):,}",
                f"{from_cents(row.valuation_cents):,}",
                row.fault or ("its invoice is not in QuickBooks" if row.waits else ""),
            )
            for row in rows
        ],
    )


def _moves(moves: "Sequence[NotCarried]") -> str:
    rows = [
        (
            each.kind,
            each.number,
            each.sku,
            f"{each.quantity.normalize():f}",
            f"{from_cents(each.cost_cents):,}",
        )
        for each in moves
    ]
    table = _table("what|number|item|quantity|cost", rows)
    return f"Stock that moved or was corrected in ServiceTitan; QuickBooks is not told.\n\n{table}"


def _table(heads: str, rows: Sequence[Sequence[str]]) -> str:
    names = heads.split("|")
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows[:_MOST_ROWS]]
    left = len(rows) - _MOST_ROWS
    return "\n".join(lines) + (f"\n\n… and {left} more." if left > 0 else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
