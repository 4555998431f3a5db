"""`books/duplicates` and `books/drift`: proofs over the whole books, whatever day a document is on.

What belongs here: the assets, their checks and what they say. What does not: finding (`sweeping`,
`drifting`), and the comparison of days, which is part of the load (`assets.loaded`).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.books.addresses import quickbooks_address, servicetitan_address
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.domain.company import CompanyFile, Environment
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.live_runs import settle_names
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.quickbooks.wording import drift_in_words

if TYPE_CHECKING:
    from st_qbo_assets.books.duplicates import Duplicate
    from st_qbo_assets.connections import Connections
    from st_qbo_assets.store.links import Link

#: A table longer than this is cut, and says so.
_MOST_ROWS = 200


class SweepConfig(dg.Config):
    """What a sweep for duplicates reads.

    Attributes:
        full_scan: whether every document is read again first; metered, one call for a thousand documents.
    """

    full_scan: bool = False


def books_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the proofs over a company's whole books."""
    return [_duplicates(defs), _drift(defs)]


def _duplicates(defs: CompanyDefs) -> dg.AssetsDefinition:
    key = keys.books(defs.name, keys.DUPLICATES)

    @dg.asset(
        key=key,
        group_name=keys.group(defs.name, "books"),
        description="No ServiceTitan record stands twice in QuickBooks: every document ever read is indexed "
        "by its marker. With `full_scan: true` all are read again first.",
        check_specs=[
            dg.AssetCheckSpec(
                keys.NO_DUPLICATES,
                asset=key,
                description="No two QuickBooks documents carry the marker of one ServiceTitan record.",
            )
        ],
    )
    def duplicates(
        context: dg.AssetExecutionContext, connector: Connector, config: SweepConfig
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from st_qbo_assets.orchestration.sweeping import scan, sweep  # heavy: clients, database

        try:
            with connector.open(defs, context.run_id) as connections:
                before = connections.quickbooks.calls.metered
                scanned = scan(connections) if config.full_scan else 0
                found = sweep(connections)
                ours = _ours(connections, found)
                calls = connections.quickbooks.calls.metered - before
        except SyncError as error:
            raise failure_of(error) from error
        metadata: dict[str, Any] = {}
        if found:  # first, since it is what a person has to read
            metadata["documents"] = dg.MetadataValue.md(_copies_table(found, ours, defs.company.environment))
        metadata |= {"duplicates": len(found), "metered_calls": calls}
        if config.full_scan:
            metadata["documents_scanned"] = scanned
        check = dg.AssetCheckResult(
            asset_key=key,
            check_name=keys.NO_DUPLICATES,
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata=metadata,
            description=_told(
                len(found), "record stands twice", "records stand twice", "No record stands twice."
            ),
        )
        yield dg.MaterializeResult(metadata=metadata, check_results=[check])

    return duplicates


def _drift(defs: CompanyDefs) -> dg.AssetsDefinition:
    key = keys.books(defs.name, keys.DRIFT)

    @dg.asset(
        key=key,
        group_name=keys.group(defs.name, "books"),
        description="Documents of ours that somebody edited or deleted in QuickBooks, field by field; read "
        "from QuickBooks' list of changes since the last time.",
        check_specs=[
            dg.AssetCheckSpec(
                keys.NO_DRIFT,
                asset=key,
                description="Nobody edited or deleted a document of ours in QuickBooks, as we write it.",
            )
        ],
    )
    def drift(context: dg.AssetExecutionContext, connector: Connector) -> Iterator[dg.MaterializeResult[Any]]:
        from st_qbo_assets.load.objects import written_by
        from st_qbo_assets.orchestration.drifting import follow_changes  # heavy: clients, database

        try:
            with connector.open(defs, context.run_id) as connections:
                before = connections.quickbooks.calls.metered
                followed = follow_changes(defs, connections)
                settle_names(context, connections, written_by(defs.company))
                standing = connections.links.drifted(defs.name)
                calls = connections.quickbooks.calls.metered - before
        except SyncError as error:
            raise failure_of(error) from error
        metadata: dict[str, Any] = {}
        if standing:  # first, since it is what a person has to read
            metadata["edits"] = dg.MetadataValue.md(_edits_table(standing, defs.company))
        metadata |= {
            "drifted": len(standing),
            "newly_drifted": len(followed.found),
            "healed": len(followed.healed),
            "changed_in_quickbooks": followed.changed,
            "deleted_in_quickbooks": followed.deleted,
            "deletions_known_since": followed.deletions_since.isoformat(),
            "metered_calls": calls,
        }
        check = dg.AssetCheckResult(
            asset_key=key,
            check_name=keys.NO_DRIFT,
            passed=not standing,
            severity=dg.AssetCheckSeverity.WARN,
            metadata=metadata,
            description=_told(
                len(standing), "document was edited", "documents were edited", "Nothing of ours was edited."
            ),
        )
        yield dg.MaterializeResult(metadata=metadata, check_results=[check])

    return drift


def _ours(connections: "Connections", found: "Sequence[Duplicate]") -> set[tuple[str, str]]:
    """Return which of the documents are those that we posted, by entity and id."""
    links = connections.links.of_sources(connections.name, [each.source for each in found])
    return {(link.target, link.qbo_id) for each in links.values() for link in each}


def _copies_table(found: "Sequence[Duplicate]", ours: set[tuple[str, str]], environment: Environment) -> str:
    rows = [
        (
            _page(str(duplicate.source), servicetitan_address(duplicate.source, environment)),
            _page(str(copy.key), quickbooks_address(copy.key, environment)),
            str(copy.day or ""),
            f"{from_cents(copy.total_cents):,}",
            "keep: it is ours"
            if (copy.key.target, copy.key.id) in ours
            else "void it, or take the marker out of its private note",
        )
        for duplicate in found
        for copy in duplicate.copies
    ]
    return _table(("record", "document", "day", "total", "what to do"), rows)


#: What follows an edit by the company's policy; what is gone waits for a person, whatever that is.
_AFTER_EDIT = {
    "report": "Undo it in QuickBooks, or make ServiceTitan equal to it; nothing is overwritten.",
    "restore": "Nothing: our version is written again when the day is loaded next.",
    "accept": "Nothing: it stays until the document changes in ServiceTitan.",
}
_AFTER_REMOVAL = (
    "A document that was deleted or voided is not made again by itself: its reason names the row "
    "of links.csv for that."
)


def _edits_table(links: "Sequence[Link]", company: CompanyFile) -> str:
    rows = [
        (
            _page(str(link.source), servicetitan_address(link.source, company.environment)),
            _page(
                f"{link.target} {link.qbo_id}",
                quickbooks_address(QboKey(link.target, link.qbo_id), company.environment),
            ),
            link.number,
            str(link.day or ""),
            name,
            change["confirmed"],
            change["now"],
        )
        for link in links
        for name, change in drift_in_words(link.drift or {}).items()
    ]
    table = _table(("record", "document", "number", "day", "field", "as we wrote it", "as it is now"), rows)
    return f"{_AFTER_EDIT[company.drift]} {_AFTER_REMOVAL}\n\n{table}"


def _page(words: str, address: str) -> str:
    return f"[{words}]({address})" if address else words


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows[:_MOST_ROWS]]
    left = len(rows) - _MOST_ROWS
    return "\n".join(lines) + (f"\n\n… and {left} more: `st-qbo audit`." if left > 0 else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _told(count: int, one: str, many: str, none: str) -> str:
    return none if not count else f"{count} {one if count == 1 else many} in QuickBooks."
