"""The verdict on a day, and how it is shown: a table for people, JSON for programs.

What belongs here: green, waiting or failing, the Markdown of a day and its JSON form. What does not:
the comparison (tie_out), and where it is shown (orchestration, cli).

    failing   a failing cause, or figures that differ without any record
    waiting   no failing cause, but a waiting one
    green     neither; informational causes and differences they explain are no harm
"""

from collections.abc import Sequence
from enum import StrEnum

from st_qbo_assets.books.addresses import quickbooks_address, servicetitan_address
from st_qbo_assets.books.causes import Kind
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.figures import (
    BY_ACCOUNT,
    ENTITIES,
    ON_DEMAND,
    PAYABLES,
    Figure,
)
from st_qbo_assets.books.records import DayTieOut, Record
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json

#: Rows of a Markdown table; a day with more says how many are left out.
TABLE_ROWS = 100


class DayVerdict(StrEnum):
    """What a day's tie-out says."""

    GREEN = "green"
    WAITING = "waiting"
    FAILING = "failing"

    @property
    def is_green(self) -> bool:
        """Whether the day has neither a failing nor a waiting cause (rule 6.2)."""
        return self is DayVerdict.GREEN


_BY_KIND = {
    Kind.FAILING: DayVerdict.FAILING,
    Kind.WAITING: DayVerdict.WAITING,
    Kind.INFORMATIONAL: DayVerdict.GREEN,
}


def verdict_of(day: DayTieOut) -> DayVerdict:
    """Return the verdict on a day.

    Figures that differ by more than their records do would mean that the comparison itself lost
    something; such a day fails.
    """
    gravest = max((record.kind.gravity for record in day.findings), default=0)
    return next(verdict for kind, verdict in _BY_KIND.items() if kind.gravity == gravest)


def summary(day: DayTieOut) -> str:
    """Return one sentence on a day, for a check's description."""
    verdict = verdict_of(day)
    counts = causes_count(day)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    invoices = day.figure("invoices")
    money = _both("invoices", invoices)
    bills = day.figure("bills")
    if bills.servicetitan_count or bills.quickbooks_count:
        money += f"; {_both('bills', bills)}"
    return f"{day.day}: {verdict.value}. {money}." + (f" {told}." if told else "")


def _both(name: str, figure: Figure) -> str:
    return (
        f"{figure.servicetitan_count} {name} of {_money(figure.servicetitan_cents)} in ServiceTitan, "
        f"{figure.quickbooks_count} of {_money(figure.quickbooks_cents)} in QuickBooks"
    )


def causes_count(day: DayTieOut) -> dict[str, int]:
    """Return how many records each cause has, gravest first."""
    counts: dict[str, int] = {}
    for record in day.findings:
        counts[record.cause] = counts.get(record.cause, 0) + 1
    return counts


def figures_table(day: DayTieOut) -> str:
    """Return the figures of a day as a Markdown table."""
    rows = [
        (
            figure.entity + (f": {figure.account_name}" if figure.account else ""),
            str(figure.servicetitan_count),
            str(figure.quickbooks_count),
            _money(figure.servicetitan_cents),
            _money(figure.quickbooks_cents),
            _money(figure.difference_cents),
            _money(figure.unexplained_cents),
            str(figure.held),
            str(figure.rejected),
        )
        for figure in day.figures
    ]
    rows += [
        (f"invoices {status}", str(ours), str(theirs), "", "", "", "", "", "")
        for status, (ours, theirs) in day.statuses.items()
    ]
    heads = ("", "ServiceTitan", "QuickBooks", "ServiceTitan", "QuickBooks", "difference", "unexplained",
             "held", "rejected")  # fmt: skip
    return _table(heads, rows)


def records_table(day: DayTieOut, environment: Environment, *, at_most: int = TABLE_ROWS) -> str:
    """Return the records of a day as a Markdown table, gravest first; empty if there is none."""
    found = day.findings
    if not found:
        return ""
    rows = [
        (
            record.entity,
            _servicetitan_link(record.source, environment),
            _quickbooks_links(record.quickbooks, environment),
            _cell(record.number),
            _cell(record.customer),
            _money(record.servicetitan_cents),
            _money(record.quickbooks_cents),
            _money(record.difference_cents),
            f"{record.kind.value}: {record.cause}. {_cell(record.finding.evidence)}",
            _cell(record.finding.remedy),
        )
        for record in found[:at_most]
    ]
    heads = ("entity", "record", "in QuickBooks", "number", "customer", "ServiceTitan", "QuickBooks",
             "difference", "cause", "remedy")  # fmt: skip
    left = len(found) - at_most
    return _table(heads, rows) + (f"\n\n… and {left} more." if left > 0 else "")


def uncounted_table(day: DayTieOut) -> str:
    """Return what ServiceTitan dates on the day and the gate leaves out; empty if nothing."""
    if not day.uncounted:
        return ""
    rows = [(each.entity, each.code, str(each.count), _money(each.cents)) for each in day.uncounted]
    return _table(("entity", "not due because", "documents", "total"), rows)


def payables_table(day: DayTieOut) -> str:
    """Return what is owed by vendor, and what of it is open; empty if nothing is."""
    owed = {figure.account: figure for figure in day.figures if figure.entity == PAYABLES}
    still_open = {each.vendor: each for each in day.open_payables}
    if not owed:
        return ""
    rows = [
        (
            _cell(figure.account_name),
            str(figure.servicetitan_count),
            str(figure.quickbooks_count),
            _money(figure.servicetitan_cents),
            _money(figure.quickbooks_cents),
            _money(figure.difference_cents),
            _money(still_open[key].cents if key in still_open else 0),
        )
        for key, figure in owed.items()
    ]
    heads = ("vendor", "ServiceTitan", "QuickBooks", "ServiceTitan", "QuickBooks", "difference",
             "open in QuickBooks")  # fmt: skip
    return _table(heads, rows)


def not_billed_table(day: DayTieOut) -> str:
    """Return what came on the day and is on no bill yet; empty if nothing."""
    if not day.not_billed:
        return ""
    rows = [
        (
            _cell(each.receipt.vendor),
            _cell(each.receipt.order),
            _cell(each.receipt.number),
            _money(each.receipt.cents),
            str(each.age_days),
            _cell(each.why),
        )
        for each in day.not_billed
    ]
    return _table(("vendor", "purchase order", "receipt", "amount", "days ago", "why"), rows)


def day_json(day: DayTieOut, environment: Environment) -> Json:
    """Return a day as JSON: figures by entity, and every record with its cause."""
    return {
        "day": day.day.isoformat(),
        "verdict": verdict_of(day).value,
        "entities": {
            entity: _entity_json(day, entity) | (_owed_json(day) if entity == PAYABLES else {})
            for entity in _entities(day)
        },
        "statuses": {
            name: {"servicetitan_count": ours, "quickbooks_count": theirs}
            for name, (ours, theirs) in day.statuses.items()
        },
        "causes": causes_count(day),
        "records": [_record_json(record, environment) for record in day.findings],
        "not_due": [
            {"entity": each.entity, "code": each.code, "count": each.count, "cents": each.cents}
            for each in day.uncounted
        ],
    }


def _entities(day: DayTieOut) -> list[str]:
    """Return what is told of a day: always the same, and the buying side where there is something of it."""
    there = {figure.entity for figure in day.figures} | ({PAYABLES} if day.not_billed else set[str]())
    return [entity for entity in ENTITIES if entity not in ON_DEMAND or entity in there]


def _entity_json(day: DayTieOut, entity: str) -> Json:
    if entity not in BY_ACCOUNT:
        return _figure_json(day.figure(entity))
    accounts = [figure for figure in day.figures if figure.entity == entity]
    whole = Figure(
        entity,
        servicetitan_count=sum(each.servicetitan_count for each in accounts),
        quickbooks_count=sum(each.quickbooks_count for each in accounts),
        servicetitan_cents=sum(each.servicetitan_cents for each in accounts),
        quickbooks_cents=sum(each.quickbooks_cents for each in accounts),
        unexplained_cents=sum(each.unexplained_cents for each in accounts),
        held=sum(each.held for each in accounts),
        rejected=sum(each.rejected for each in accounts),
    )
    told = [{"account": each.account, "name": each.account_name, **_figure_json(each)} for each in accounts]
    return {**_figure_json(whole), "accounts": told}


def _owed_json(day: DayTieOut) -> Json:
    """Return what is open in QuickBooks by vendor, and what came and is on no bill."""
    return {
        "open_cents": sum(each.cents for each in day.open_payables),
        "open": [
            {"account": each.vendor, "name": each.name, "documents": each.documents, "cents": each.cents}
            for each in day.open_payables
        ],
        "not_billed_cents": sum(each.receipt.cents for each in day.not_billed),
        "not_billed": [
            {
                "receipt": each.receipt.number,
                "vendor": each.receipt.vendor,
                "order": each.receipt.order,
                "day": each.receipt.day.isoformat(),
                "age_days": each.age_days,
                "cents": each.receipt.cents,
                "why": each.why,
            }
            for each in day.not_billed
        ],
    }


def _figure_json(figure: Figure) -> Json:
    return {
        "servicetitan_count": figure.servicetitan_count,
        "quickbooks_count": figure.quickbooks_count,
        "servicetitan_cents": figure.servicetitan_cents,
        "quickbooks_cents": figure.quickbooks_cents,
        "difference_cents": figure.difference_cents,
        "unexplained_cents": figure.unexplained_cents,
        "held": figure.held,
        "rejected": figure.rejected,
    }


def _record_json(record: Record, environment: Environment) -> Json:
    return {
        "entity": record.entity,
        "source": str(record.source) if record.source is not None else None,
        "quickbooks": [str(key) for key in record.quickbooks],
        "number": record.number,
        "customer": record.customer,
        "document_cents": record.document_cents,
        "servicetitan_cents": record.servicetitan_cents,
        "quickbooks_cents": record.quickbooks_cents,
        "difference_cents": record.difference_cents,
        "differs_in": list(record.differs_in),
        "cause": record.cause,
        "kind": record.kind.value,
        "words": record.finding.cause.words,
        "evidence": record.finding.evidence,
        "remedy": record.finding.remedy,
        "code": record.finding.code,
        "links": [
            address
            for address in (
                servicetitan_address(record.source, environment) if record.source is not None else "",
                *(quickbooks_address(key, environment) for key in record.quickbooks),
            )
            if address
        ],
    }


def _servicetitan_link(source: SourceRef | None, environment: Environment) -> str:
    return _link(str(source), servicetitan_address(source, environment)) if source is not None else ""


def _quickbooks_links(keys: Sequence[QboKey], environment: Environment) -> str:
    return ", ".join(_link(str(key), quickbooks_address(key, environment)) for key in keys)


def _link(words: str, address: str) -> str:
    return f"[{words}]({address})" if address else words


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _cell(text: str) -> str:
    """Return text that cannot break a Markdown table; names come from customers."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _money(cents: int | None) -> str:
    return "" if cents is None else f"{from_cents(cents):,}"
