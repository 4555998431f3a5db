"""`st-qbo link`: who in ServiceTitan is who in QuickBooks, and deciding what a rule cannot.

What belongs here: the report for people and programs, and decisions into `links.csv`, by command or from an
edited CSV. What does not: finding matches (`load.masters.onboarding`). Nothing is written to either system.
"""

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from st_qbo_assets.cli.output import money, print_json, print_table, say, working
from st_qbo_assets.cli.preconditions import read_links, require_connected, require_sandbox
from st_qbo_assets.company_files import CompanyFolder, read_company
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.load.masters.onboarding import (
    BUCKETS,
    Matches,
    MatchRow,
    Sources,
    contacts_of,
    find_matches,
)
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.settings import load_settings

_PROFILE = ("active", "inactive", "with_email", "with_phone", "with_address", "same_name")
_SYSTEMS = {"servicetitan": "ServiceTitan", "quickbooks": "QuickBooks"}
_COLUMNS = ("source", "target", "qbo_id", "name", "bucket", "candidates", "waiting", "since", "why")
_FILE_COLUMNS = ("source", "target", "qbo_id")


@dataclass(frozen=True)
class LinkOptions:
    """What the command line asked for.

    Attributes:
        form: `table`, `json` or `csv`.
        decided: `customer:12=77` or `customer:12=none`.
        taken: a CSV of this command, edited: its rows with a `qbo_id` become decisions.
    """

    company: str
    form: str = "table"
    decided: tuple[str, ...] = ()
    taken: Path | None = None


def run_link(wanted: LinkOptions) -> int:
    """Keep decisions if any were given, else show who is who; return 1 if a person has to decide."""
    folder = read_company(wanted.company)
    decisions = [
        *(_decision(each) for each in wanted.decided),
        *(_rows_of(wanted.taken) if wanted.taken else ()),
    ]
    if wanted.decided or wanted.taken:
        return _keep(folder, decisions)
    connections = open_connections(folder.company, load_settings())
    try:
        for system in ("servicetitan", "quickbooks"):
            require_connected(connections, system)
            require_sandbox(folder.company, connections.settings, system)
        with working("Reading both sides", quiet=wanted.form != "table"):
            found = [matches_of(entity, folder, connections) for entity in (Entity.CUSTOMER, Entity.VENDOR)]
    finally:
        connections.close()
    _show(found, wanted.form)
    return int(any(row.is_open for matches in found for row in matches.rows))


def matches_of(entity: Entity, folder: CompanyFolder, connections: Connections) -> Matches:
    """Return the report over customers or vendors, both sides read now."""
    company = folder.company
    policy = company.create_customers if entity is Entity.CUSTOMER else company.create_vendors
    client = connections.servicetitan
    pages = (
        client.export("customers/contacts", include_recent_changes=True) if entity is Entity.CUSTOMER else ()
    )
    given = Sources(
        company=connections.name,
        servicetitan=client,
        quickbooks=connections.quickbooks,
        links=connections.links,
        states=connections.states,
        settled=read_links(folder),
        to_servicetitan=policy.to_servicetitan,
        listed=policy.listed,
    )
    return find_matches(entity, given, contacts_of(page.rows for page in pages))


def _decision(text: str) -> tuple[str, str, str]:
    source, equals, qbo_id = text.partition("=")
    if not equals or not qbo_id:
        raise SettingsError(f"{text!r} decides nothing.", remedy="Write customer:12=77, or customer:12=none.")
    return source.strip(), "Vendor" if source.startswith("vendor:") else "Customer", qbo_id.strip()


def _rows_of(path: Path) -> list[tuple[str, str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    missing = set(_FILE_COLUMNS) - set(reader.fieldnames or ())
    if missing:
        raise SettingsError(
            f"{path} lacks the column {', '.join(sorted(missing))}.", remedy="Begin with `st-qbo link --csv`."
        )
    open_ = {"exact", "probable", "several", "none", ""}
    return [
        (row["source"].strip(), row["target"].strip(), row["qbo_id"].strip())
        for row in reader
        if (row["qbo_id"] or "").strip() and (row.get("bucket") or "").strip() in open_
    ]


def _keep(folder: CompanyFolder, decisions: Sequence[tuple[str, str, str]]) -> int:
    """Add decisions to `links.csv`; a newer one replaces an older. The file is checked before it is kept."""
    path = folder.links_file
    kept = {
        (str(source), target): (
            "none" if pair.is_new else f"again {pair.qbo_id}" if pair.is_again else pair.qbo_id
        )
        for (source, target), pair in read_links(folder).items()
    }
    kept |= {(source, target): qbo_id for source, target, qbo_id in decisions}
    text = "".join(
        f"{','.join(row)}\n" for row in [_FILE_COLUMNS, *((*key, id_) for key, id_ in kept.items())]
    )
    parse_settled_links(text, name=str(path))
    path.write_text(text, encoding="utf-8")
    say(f"{len(decisions)} decisions are in {path}; the next load or poll of those records follows them.")
    return 0


def _show(found: Sequence[Matches], form: str) -> None:
    if form == "json":
        print_json({matches.entity.plural: _document(matches) for matches in found})
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_cells(row) for matches in found for row in matches.rows)
    else:
        for matches in found:
            _print(matches)


def _document(matches: Matches) -> dict[str, Any]:
    return {
        "buckets": {bucket: matches.count(bucket) for bucket in BUCKETS},
        "quickbooks": matches.quickbooks,
        "sub_customers": matches.sub_customers,
        "profiles": {system: asdict(profile) for system, profile in matches.profiles.items()},
        "waiting_cents": matches.waiting_cents,
        "would_make_in_quickbooks": matches.would_make_in_quickbooks,
        "would_make_in_servicetitan": matches.would_make_in_servicetitan,
        "records": [
            {
                "source": str(row.source),
                "name": row.name,
                "bucket": row.bucket,
                "qbo_id": row.qbo_id,
                "is_settled": row.is_settled,
                "waiting_cents": row.waiting_cents,
                "since": row.since,
                "why": row.why,
                "candidates": [
                    {"qbo_id": each.qbo_id, "name": each.name, "score": each.score, "evidence": each.evidence}
                    for each in row.candidates
                ],
            }
            for row in matches.rows
        ],
    }


def _cells(row: MatchRow) -> list[object]:
    waiting = money(row.waiting_cents) if row.waiting_cents else ""
    since = row.since.astimezone(UTC).date() if row.since else ""
    return [
        row.source,
        row.target,
        row.qbo_id,
        row.name,
        row.bucket,
        _candidates(row),
        waiting,
        since,
        row.why,
    ]


def _candidates(row: MatchRow) -> str:
    return "; ".join(
        f"{each.qbo_id} {each.name} (name {each.score}{''.join(f', {kind}' for kind in each.evidence)})"
        for each in row.candidates
    )


def _print(matches: Matches) -> None:
    open_ = [row for row in matches.rows if row.is_open]
    counts = ", ".join(f"{matches.count(bucket)} {bucket}" for bucket in BUCKETS)
    title = (
        f"{matches.entity.plural}: {counts}; {matches.quickbooks} in QuickBooks. Live, "
        f"{matches.would_make_in_quickbooks} would be made in QuickBooks, "
        f"{matches.would_make_in_servicetitan} in ServiceTitan"
    )
    print_table(
        f"{matches.entity.plural} of both sides",
        ("system", *(name.replace("_", " ") + "#" for name in _PROFILE)),
        [
            (_SYSTEMS[system], *(getattr(profile, name) for name in _PROFILE))
            for system, profile in matches.profiles.items()
        ],
    )
    now = datetime.now(UTC)
    rows = [
        (
            row.source,
            row.name,
            _candidates(row),
            row.why,
            money(row.waiting_cents) if row.waiting_cents else "",
            (now - row.since).days if row.since else "",
        )
        for row in open_
    ]
    print_table(title, ("record", "name", "may be", "why", "waiting#", "days#"), rows)
