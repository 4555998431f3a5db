"""The audit trail as CSV: a line for everything that ever happened to a record, whatever their number.

What belongs here: the columns, and writing them a few hundred lives at a time. What does not: what happened
(`lives`), finding the records (`audit`).
"""

import sys
from collections.abc import Iterator

from st_qbo_assets.cli.lives import Places, events_of
from st_qbo_assets.cli.output import say
from st_qbo_assets.cli.processes import ui_url
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.csv_text import csv_lines
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.audit import Audit, AuditQuery, Life
from st_qbo_assets.store.database import Database

#: Lives held in memory at a time.
_AT_ONCE = 300
_COLUMNS = (
    *("record", "day", "number", "name", "amount", "stands", "why", "servicetitan_page"),
    *("quickbooks", "quickbooks_page", "at", "what", "detail", "rules", "by", "run_page"),
)


def export(company: CompanyFile, settings: Settings, query: AuditQuery) -> int:
    """Write everything that happened to the records that answer a question; return 1 if there are none."""
    places = Places(ui_url=ui_url(settings), environment=company.environment, zone=company.zone)
    name, database = Company(company.name), Database.open(settings)
    try:
        audit = Audit(database)
        found = audit.sources(name, query)
        sys.stdout.write(csv_lines([_COLUMNS]))
        for first in range(0, len(found), _AT_ONCE):
            for life in audit.lives(name, found[first : first + _AT_ONCE]):
                sys.stdout.write(csv_lines(_rows(life, places)))
    finally:
        database.dispose()
    say(f"{len(found)} records.")
    return 0 if found else 1


def _rows(life: Life, places: Places) -> Iterator[tuple[object, ...]]:
    state = life.state
    record = (
        str(life.source),
        state.day.isoformat() if state else "",
        state.number if state else "",
        state.title if state else "",
        from_cents(state.cents) if state else "",
        state.outcome.value if state else "",
        state.reason.text if state and state.reason else "",
        places.servicetitan(life.source) or "",
        "; ".join(f"{link.target} {link.qbo_id}" for link in life.links),
        "; ".join(filter(None, (places.quickbooks(link.target, link.qbo_id) for link in life.links))),
    )
    for event in events_of(life):
        by = event.by or ("run" if event.run_id else "")
        run = places.run(event.run_id) or ""
        yield (*record, event.at.isoformat(), event.what, event.detail, event.rules or "", by, run)
