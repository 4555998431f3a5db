"""`books/month_close`: a month's lists and whether it may be closed, each version kept as files.

What belongs here: the asset, its check and what they say. What does not: the lists (`books.month_close`), and
the closing itself, which is QuickBooks' closing date alone.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.metadata import Metadata
from st_qbo_assets.orchestration.partitions import months_of
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    from st_qbo_assets.books.month_close.close import MonthClose

#: Rows of a list shown in the UI; the files hold all of them.
_MOST_ROWS = 50
#: States of a day in which somebody has to do something; the others wait.
_GRAVE = frozenset({"open", "not compared"})


def month_close_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the month close of a company."""
    key, months = keys.books(defs.name, keys.MONTH_CLOSE), months_of(defs.company)

    @dg.multi_asset(
        name=f"{defs.name}_month_close",
        specs=[
            dg.AssetSpec(
                key,
                deps=[keys.books(defs.name, keys.TIE_OUT)],
                group_name=keys.group(defs.name, "books"),
                description="Receivables, payables, undeposited money, tax, income, cost, cut-off and what "
                "changed, as Markdown and CSV under the storage folder; each version kept.",
                skippable=True,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                keys.MONTH_CLOSES,
                asset=key,
                partitions_def=months,
                description="Every day of the month is green, so that its books may be closed.",
            ),
            *_payables_spec(defs, key),
        ],
        can_subset=True,
        partitions_def=months,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def month_close(
        context: dg.AssetExecutionContext, connector: Connector
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        # Heavy: clients, database and books, which nobody needs to know the assets.
        from st_qbo_assets.books.month_close.months import Month
        from st_qbo_assets.books.month_close.pages import summary
        from st_qbo_assets.orchestration.close_files import CloseFiles
        from st_qbo_assets.orchestration.closing import close_books
        from st_qbo_assets.orchestration.references import ReferenceData

        files = CloseFiles(connector.storage, defs.name)
        try:
            with connector.open(defs, context.run.run_id) as connections:
                references = ReferenceData(defs, connector.frames, connections).current(context)
                for name in sorted(context.partition_keys):
                    month = Month.parse(name)
                    close = close_books(defs, connections, references, month=month, last=files.last(month))
                    metadata = _metadata(close, files.write(close))
                    metadata["metered_calls_so_far"] = connections.quickbooks.calls.metered
                    told = summary(close)
                    yield dg.AssetMaterialization(key, partition=name, metadata=metadata, description=told)
                    yield dg.AssetCheckEvaluation(
                        asset_key=key,
                        check_name=keys.MONTH_CLOSES,
                        passed=close.passes,
                        severity=_severity(close),
                        partition=name,
                        metadata={"green_days": metadata["green_days"], "days": metadata["days"]},
                        description=told,
                    )
                    yield from _payables_check(close, key)
        except SyncError as error:
            raise failure_of(error) from error

    return [month_close]


def _payables_spec(defs: CompanyDefs, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    if not defs.company.buys:
        return []
    words = "Accounts Payable agrees with the vendors' balances, and the month's bills and credits with "
    return [
        dg.AssetCheckSpec(
            keys.PAYABLES_AGREE,
            asset=key,
            partitions_def=months_of(defs.company),
            description=f"{words}ServiceTitan's, vendor by vendor.",
        )
    ]


def _payables_check(close: "MonthClose", key: dg.AssetKey) -> Iterator[dg.AssetCheckEvaluation]:
    agree = close.payables_agree
    if agree is None:
        return
    owed, bought = close.section("payables"), close.section("bought_by_vendor")
    is_posted_past = owed.figures["difference_cents"] != 0
    yield dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=keys.PAYABLES_AGREE,
        passed=agree,
        severity=dg.AssetCheckSeverity.ERROR if is_posted_past else dg.AssetCheckSeverity.WARN,
        partition=str(close.month),
        metadata={
            **{f"payables_{name}": cents for name, cents in owed.figures.items()},
            **{f"bought_{name}": cents for name, cents in bought.figures.items()},
        },
        description=owed.notes[0],
    )


def _severity(close: "MonthClose") -> dg.AssetCheckSeverity:
    is_grave = any(state.state in _GRAVE for state in close.open_days)
    return dg.AssetCheckSeverity.ERROR if is_grave else dg.AssetCheckSeverity.WARN


def _metadata(close: "MonthClose", folder: str) -> Metadata:
    from st_qbo_assets.books.month_close.pages import days_table, section_page

    metadata: Metadata = {
        "passes": close.passes,
        "version": close.version,
        "days": len(close.days),
        "green_days": len(close.days) - len(close.open_days),
        "folder": dg.MetadataValue.path(folder),
    }
    if close.open_days:
        metadata["open_days"] = dg.MetadataValue.md(days_table(close.open_days))
    for section in close.sections:
        metadata |= {f"{section.name}_{name}": figure for name, figure in section.figures.items()}
        metadata[section.name] = dg.MetadataValue.md(section_page(section, at_most=_MOST_ROWS))
    return metadata
