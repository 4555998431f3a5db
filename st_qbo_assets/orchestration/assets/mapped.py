"""`mapped/*`: what each record becomes, shown before anything is written.

What belongs here: the specs, and handing days to the mapping and its preview. What does not: any rule, and
what a preview says (`previewing`).
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.following.launch import ASKED_TAG
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import MAPPED, FrameStream, mapped_row, to_frame
from st_qbo_assets.orchestration.lineage import mapped_around, mapped_from
from st_qbo_assets.orchestration.metadata import mapped_metadata, pairs_metadata
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {
    Entity.ITEM: "QuickBooks items the day's invoices need: one for each SKU and income account.",
    Entity.CUSTOMER: "QuickBooks customers of the day's documents.",
    Entity.INVOICE: "What each invoice becomes: payload, held, rejected or not due, with the reason.",
    Entity.CREDIT_MEMO: "What each credit memo of the day becomes, with its applications.",
    Entity.PAYMENT: "What each payment, refund and write-off of the day becomes, with its applications.",
    Entity.PURCHASE_ORDER: "What each purchase order of the day becomes, with the vendors they need.",
    Entity.BILL: "What each vendor's bill of the day becomes, with the vendors the bills need.",
    Entity.VENDOR_CREDIT: "What each vendor's credit of the day becomes, with what it is applied to.",
    Entity.BILL_PAYMENT: "What each payment of bills of the day becomes: those that ServiceTitan paid.",
}


def mapped_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the payloads of a company."""
    return [_mapped(defs, entity) for entity in keys.load_order(defs.company)]


def _mapped(defs: CompanyDefs, entity: Entity) -> dg.AssetsDefinition:
    sources = (*mapped_from(entity, defs.company), *mapped_around(entity, defs.company))
    order = keys.load_order(defs.company)
    before = order[: order.index(entity)]

    @dg.asset(
        key=keys.mapped(defs.name, entity),
        # What a document waits for is seen in what the others become.
        deps=[
            *(keys.servicetitan(defs.name, name) for name in (*sources, "reference")),
            keys.quickbooks(defs.name, "reference"),
            *(keys.mapped(defs.name, other) for other in before),
            *((keys.quickbooks(defs.name, entity.plural),) if entity is Entity.CUSTOMER else ()),
        ],
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "mapped"),
        description=_WORDS[entity] + " Nothing is written here.",
        kinds={"python"},
    )
    def mapped(context: dg.AssetExecutionContext, connector: Connector) -> FrameStream:
        # Heavy: clients, database and mapping, which nobody needs to know the assets.
        from st_qbo_assets.orchestration.live_runs import is_by_hand
        from st_qbo_assets.orchestration.mapping_days import DaysMapping
        from st_qbo_assets.orchestration.previewing import DaysPreview, preview_metadata
        from st_qbo_assets.orchestration.references import ReferenceData

        days = run_days(context.partition_keys)
        frames = connector.read_days(defs, sources, days)
        # What a live run of an event will do is seen a second later in what it did.
        is_shown = defs.company.mode == "preview" or ASKED_TAG not in context.run.tags

        def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
            with connector.open(defs, context.run_id) as connections:
                data = ReferenceData(defs, connector.frames, connections)
                mapping = DaysMapping(defs, connections, data, context, is_by_hand=is_by_hand(context.run))
                preview = DaysPreview(defs, connections, connector.frames)
                for day in days:
                    result = mapping.map(entity, day, frames)
                    planned = preview.plan(entity, day, result, mapping.references) if is_shown else []
                    own = [each for each in result if each.source.entity is entity]
                    lists = mapping.references.quickbooks
                    metadata = preview_metadata(planned, lists) | mapped_metadata(own)
                    if entity is Entity.CUSTOMER:
                        pairs = mapping.pairs(connector.frames, day, frames)
                        result, metadata = [*result, *pairs], metadata | pairs_metadata(pairs)
                    context.add_asset_metadata(metadata, partition_key=day.isoformat())
                    yield day, to_frame([mapped_row(item) for item in result], MAPPED)

        return FrameStream(write)

    return mapped
