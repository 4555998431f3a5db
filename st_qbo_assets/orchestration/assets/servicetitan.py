"""`servicetitan/*`: the day's records, verbatim, and what they refer to.

What belongs here: the specs, and handing rows to the frames. What does not: what is read
(`extracts`), imported when a step runs.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import FrameStream, to_frame
from st_qbo_assets.orchestration.lineage import extracts
from st_qbo_assets.orchestration.metadata import extract_metadata
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {
    "invoices": "Invoices of the business day, of every status, verbatim.",
    "payments": "Payments of the business day, and what they are applied to or refund.",
    "credit_memos": "Credit memos of the business day, and the invoices they are applied to.",
    "purchase_orders": "Purchase orders of the business day, of every status, and what they name.",
    "vendor_credits": "Vendors' credits of the business day, of every status, with the returns they credit.",
    "bill_payments": "Payments of bills of the business day, of every method and status.",
    "bills": "Bills of the business day from the company's one source, and what they name.",
    "jobs": "The jobs of the day's invoices: is the work done?",
    "customers": "Customers, contacts and locations the day's documents refer to.",
    "items": "Pricebook items on the day's invoices and credit memos, and on what refunds give back.",
}


def servicetitan_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the extracts of a company."""
    return [
        _reference(defs),
        *(_extract(defs, name, depends_on) for name, depends_on in extracts(defs.company).items()),
    ]


def _extract(defs: CompanyDefs, name: str, depends_on: tuple[str, ...]) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.servicetitan(defs.name, name),
        deps=[keys.servicetitan(defs.name, other) for other in depends_on],
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "servicetitan"),
        description=_WORDS[name],
        kinds={"servicetitan"},
    )
    def extract(context: dg.AssetExecutionContext, connector: Connector) -> FrameStream:
        # Heavy: clients and their records, which nobody needs to know the assets.
        from st_qbo_assets.extract.frames import FRAMES, row_of
        from st_qbo_assets.orchestration.extracts import PRODUCERS, listed, own_records, total_cents

        days = run_days(context.partition_keys)
        frames = connector.read_days(defs, depends_on, days)

        def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
            with connector.open(defs, context.run_id) as connections:
                before = connections.servicetitan.calls.calls
                for day, records in PRODUCERS[name](connections, days, frames):
                    metadata = extract_metadata(
                        records=len(own_records(records, name, day=day, company=defs.company)),
                        total_cents=total_cents(records, name, day=day, company=defs.company),
                        calls=connections.servicetitan.calls.calls - before,
                    )
                    metadata |= listed(name, records, day)
                    context.add_asset_metadata(metadata, partition_key=day.isoformat())
                    yield day, to_frame([row_of(record, name) for record in records], FRAMES[name])

        return FrameStream(write)

    return extract


def _reference(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.servicetitan(defs.name, "reference"),
        group_name=keys.group(defs.name, "servicetitan"),
        description="Business units, payment types, terms, tax zones and GL accounts of ServiceTitan.",
        kinds={"servicetitan"},
    )
    def reference(context: dg.AssetExecutionContext, connector: Connector) -> dg.MaterializeResult[Any]:
        from st_qbo_assets.orchestration.references import ReferenceData  # heavy: the clients

        with connector.open(defs, context.run_id) as connections:
            _, counts = ReferenceData(defs, connector.frames, connections).fetch_servicetitan()
        return dg.MaterializeResult(metadata=counts)

    return reference
