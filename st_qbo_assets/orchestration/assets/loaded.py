"""`loaded/*` and `books/tie_out`: one multi-asset that writes to QuickBooks and then compares.

What belongs here: the specs and the step. What does not: what the step does (`load_run`), which brings
clients, database and books along and is imported when the step runs. The tie-out is part of it, so that
it runs after every load, failed or not.
"""

from collections.abc import Iterator

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.live_runs import LoadConfig
from st_qbo_assets.orchestration.resources import Connector

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation
_WORDS = {
    Entity.ITEM: "Items in QuickBooks, one for each SKU and income account.",
    Entity.CUSTOMER: "Customers in QuickBooks: created, or linked to the one that is there.",
    Entity.INVOICE: "Invoices in QuickBooks, each answer verified to the cent.",
    Entity.CREDIT_MEMO: "Credit memos in QuickBooks, applied to the same invoices.",
    Entity.PAYMENT: "Payments, refunds and write-offs in QuickBooks, applied as ServiceTitan applies them.",
    Entity.PURCHASE_ORDER: "Purchase orders in QuickBooks, which bills are linked to line by line.",
    Entity.BILL: "Vendors' bills in QuickBooks, owed to the cent, each answer verified.",
    Entity.VENDOR_CREDIT: "Vendors' credits in QuickBooks, applied to the same bills.",
    Entity.BILL_PAYMENT: "Payments of bills in QuickBooks, from the account the money left.",
}


def loaded_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the load of a company."""
    tie_out_key = keys.books(defs.name, keys.TIE_OUT)

    @dg.multi_asset(
        name=f"{defs.name}_load",
        specs=_specs(defs),
        check_specs=[
            dg.AssetCheckSpec(
                keys.TIES_OUT,
                asset=tie_out_key,
                partitions_def=defs.days,
                description="ServiceTitan and QuickBooks agree to the cent on this day; green means closed.",
            ),
        ],
        can_subset=True,
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def load(context: dg.AssetExecutionContext, connector: Connector, config: LoadConfig) -> Iterator[Event]:
        from st_qbo_assets.orchestration.load_run import LoadRun  # heavy: clients, database, books

        try:
            with connector.open(defs, context.run_id) as connections:
                yield from LoadRun(
                    defs, connections, connector, context, settles=tuple(config.events)
                ).events()
        except SyncError as error:
            raise failure_of(error) from error

    return [load]


def _specs(defs: CompanyDefs) -> list[dg.AssetSpec]:
    specs: list[dg.AssetSpec] = []
    for entity in keys.load_order(defs.company):
        deps = [keys.mapped(defs.name, entity), *(spec.key for spec in specs)]
        specs.append(
            dg.AssetSpec(
                keys.loaded(defs.name, entity),
                deps=deps,
                group_name=keys.group(defs.name, "loaded"),
                description=_WORDS[entity],
                skippable=True,
                kinds={"quickbooks"},
            )
        )
    tie_out = dg.AssetSpec(
        keys.books(defs.name, keys.TIE_OUT),
        deps=[spec.key for spec in specs],
        group_name=keys.group(defs.name, "books"),
        description="Both systems read anew and compared to the cent, every difference with its cause.",
        skippable=True,
    )
    return [*specs, tie_out]
