"""`st-qbo restore`: the conflicts of customers and vendors, and putting back the version that lost.

What belongs here: the list for people and programs, and one restoration. What does not: how a value is
written (`load.masters`).
"""

from datetime import UTC, datetime

from st_qbo_assets.cli.output import print_json, print_table, say
from st_qbo_assets.cli.preconditions import require_connected, require_sandbox
from st_qbo_assets.company_files import read_company
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.masters.sides import Terms
from st_qbo_assets.domain.masters.values import Value, shown
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.load.masters.desk import PairDesk
from st_qbo_assets.load.masters.ports import PairContext
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.pairs import Conflicts, KeptConflict

_OTHER = {"servicetitan": "quickbooks", "quickbooks": "servicetitan"}


def run_restore(name: str, number: int | None, *, as_json: bool) -> int:
    """List the conflicts, or put back the version that lost one; return 1 if it could not be put back."""
    company = read_company(name).company
    connections = open_connections(company, load_settings())
    try:
        kept = Conflicts(connections.database).all(connections.name, id=number)
        if number is None:
            _show(kept, as_json=as_json)
            return 0
        if not kept:
            raise SettingsError(f"{name} has no conflict {number}.", remedy="`st-qbo restore` lists them.")
        return _restore(connections, kept[0])
    finally:
        connections.close()


def _restore(connections: Connections, conflict: KeptConflict) -> int:
    company, detail = connections.company, conflict.detail
    loser = _OTHER.get(str(detail["winner"]))
    if loser is None:
        raise SettingsError(f"Conflict {conflict.id} was not settled; both versions still stand.")
    if company.mode != "live":
        raise SettingsError(f"{company.name} is in preview: nothing is written.", remedy="Set `mode: live`.")
    for system in ("servicetitan", "quickbooks"):
        require_connected(connections, system)
        require_sandbox(company, connections.settings, system)
    now, value = datetime.now(UTC), detail[loser]["value"]
    context = PairContext(
        write=WriteContext(
            company=company,
            quickbooks=connections.quickbooks,
            ledger=connections.ledger,
            links=connections.links,
            decisions=connections.decisions,
            refunds=connections.refunds,
        ),
        pairs=connections.pairs,
        foreign=connections.foreign_writes,
        servicetitan=connections.servicetitan,
        writer=connections.servicetitan_writer,
        terms=_terms(connections),
        now=now,
        is_by_hand=True,
    )
    day = now.astimezone(company.zone).date()
    results = PairDesk(context).put_back(conflict.source, detail["field"], value, system=loser, day=day)
    done = bool(results) and all(result.outcome.is_settled for result in results)
    if done:
        connections.decisions.decide(
            connections.name,
            conflict.source,
            target=conflict.target,
            qbo_id=results[0].qbo_id,
            code="restored",
            decided_by="person",
            detail={"conflict": conflict.id, "field": detail["field"], "value": value},
        )
        say(f"{detail['field']} of {conflict.source} is {shown(value)!r} again, in both systems.")
        return 0
    for result in results:
        if result.reason is not None and result.outcome is not Outcome.UNCHANGED:
            say(f"{result.source}: {result.reason.text} {result.reason.remedy}")
    say("It was not put back.")
    return 1


def _terms(connections: Connections) -> Terms:
    terms = connections.servicetitan.payment_terms()
    return Terms(
        {str(term.id): term.name for term in terms if hasattr(term, "name")},  # pyright: ignore - unreadable ones have none
        {str(row["Id"]): str(row.get("Name", "")) for row in connections.quickbooks.query("Term")},
    )


def _show(kept: list[KeptConflict], *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "conflicts": [
                    {"id": each.id, "at": each.at, "source": str(each.source), "restored": each.is_restored}
                    | each.detail
                    for each in kept
                ]
            }
        )
        return
    rows = [
        (
            each.id,
            f"{each.at:%Y-%m-%d %H:%M}",
            each.source,
            each.detail["field"],
            _value(each.detail["servicetitan"]["value"]),
            _value(each.detail["quickbooks"]["value"]),
            each.detail["winner"] or "nobody yet",
            "restored" if each.is_restored else each.detail["why"],
        )
        for each in kept
    ]
    columns = ("number#", "at", "record", "field", "ServiceTitan", "QuickBooks", "stands", "why")
    print_table("Conflicts; --conflict NUMBER puts the other version back", columns, rows)


def _value(value: Value) -> str:
    return shown(value) or "empty"
