"""`quickbooks/reference`: the lists that documents point to."""

from typing import Any

import dagster as dg

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.resources import Connector


def quickbooks_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the extracts from QuickBooks."""

    @dg.asset(
        key=keys.quickbooks(defs.name, "reference"),
        group_name=keys.group(defs.name, "quickbooks"),
        description="Accounts, classes, locations, terms, payment methods, tax codes, preferences.",
        kinds={"quickbooks"},
    )
    def reference(context: dg.AssetExecutionContext, connector: Connector) -> dg.MaterializeResult[Any]:
        from st_qbo_assets.orchestration.references import ReferenceData  # heavy: the clients

        with connector.open(defs, context.run_id) as connections:
            _, counts = ReferenceData(defs, connector.frames, connections).fetch_quickbooks()
        return dg.MaterializeResult(metadata=counts)

    return [reference]
