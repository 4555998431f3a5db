"""`st-qbo audit`: finds records by any of their names and tells their lives.

What belongs here: the question, and how many answers are told in full. What does not: how a life is shown
(`lives`), and finding it (`store.audit`).
"""

from dataclasses import dataclass
from datetime import date

from st_qbo_assets.cli.audit_csv import export
from st_qbo_assets.cli.lives import Places, life_document, print_life
from st_qbo_assets.cli.output import money, print_json, print_table, say
from st_qbo_assets.cli.processes import ui_url
from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.audit import Audit, AuditQuery, Life
from st_qbo_assets.store.database import Database

#: More lives than this are a table, one line each: a person reads on from there.
_IN_FULL = 5


@dataclass(frozen=True)
class AuditOptions:
    """What the command line asked for; a record is found if it answers everything given.

    Attributes:
        customer: part of the name of a customer, vendor or item.
        last_day: end of a range that begins with `day`.
    """

    company: str
    entity: str | None = None
    servicetitan_id: str | None = None
    quickbooks_id: str | None = None
    number: str | None = None
    customer: str | None = None
    day: date | None = None
    last_day: date | None = None
    outcome: str | None = None
    limit: int = 200

    def query(self, *, is_whole: bool = False) -> AuditQuery:
        """Return the question as the store takes it; one more than the limit shows that there are more.

        Args:
            is_whole: ask for everything, whatever the limit.
        """
        return AuditQuery(
            entity=Entity(self.entity) if self.entity else None,
            servicetitan_id=self.servicetitan_id or "",
            qbo_id=self.quickbooks_id or "",
            number=self.number or "",
            title=self.customer or "",
            day=self.day,
            last_day=self.last_day,
            outcome=Outcome(self.outcome) if self.outcome else None,
            limit=None if is_whole else self.limit + 1,
        )


def run_audit(wanted: AuditOptions, *, as_json: bool, as_csv: bool = False) -> int:
    """Tell the lives of the records that answer a question; return 1 if there are none."""
    company = read_company(wanted.company).company
    settings = load_settings()
    if as_csv:
        return export(company, settings, wanted.query(is_whole=True))
    database = Database.open(settings)
    try:
        audit = Audit(database)
        found = audit.sources(Company(company.name), wanted.query())
        lives = audit.lives(Company(company.name), found[: wanted.limit])
    finally:
        database.dispose()
    places = Places(ui_url=ui_url(settings), environment=company.environment, zone=company.zone)
    has_more = len(found) > wanted.limit
    if as_json:
        records = [life_document(life, places) for life in lives]
        print_json({"company": company.name, "count": len(lives), "has_more": has_more, "records": records})
    elif len(lives) > _IN_FULL:
        _print_list(lives)
    else:
        for life in lives:
            print_life(life, places)
    if has_more:
        say(f"There are more; these are the newest {wanted.limit}. Narrow the question, or raise --limit.")
    if not lives:
        say(f"Nothing that {company.name} ever saw answers this question.")
    return 0 if lives else 1


def _print_list(lives: list[Life]) -> None:
    rows: list[tuple[object, ...]] = []
    for life in lives:
        state = life.state
        linked = ", ".join(f"{link.target} {link.qbo_id}" for link in life.links)
        if state is None:
            rows.append(("", life.source, "", "", "", "", linked, ""))
            continue
        why = state.reason.text if state.reason else ""
        names = (state.number, state.title, money(state.cents))
        rows.append((state.day, life.source, *names, state.outcome, linked, why))
    columns = ("day", "record", "number", "name", "amount#", "outcome", "QuickBooks", "why")
    print_table(f"{len(lives)} records; ask for one by --id to see its whole life", columns, rows)
