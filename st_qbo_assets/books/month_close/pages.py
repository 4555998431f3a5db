"""A month's close as pages: Markdown for people, CSV for spreadsheets, JSON for programs.

What belongs here: the forms and the names of the files. What does not: where files are kept (orchestration).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from st_qbo_assets.books.month_close.close import MonthClose, Version
from st_qbo_assets.books.month_close.months import DayState
from st_qbo_assets.books.month_close.sections import Cell, Column, Section
from st_qbo_assets.domain.csv_text import csv_text
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json

#: The file that a version is told by to programs, and compared with by the next.
DOCUMENT = "close.json"
PAGE = "close.md"


def close_folder(company: str) -> tuple[str, ...]:
    """Return the folder of a company's closes, below the storage; each month has one in it."""
    return company, "books", "month_close"


def version_folder(number: int) -> str:
    """Return the folder of a version in its month's."""
    return f"v{number}"


def summary(close: MonthClose) -> str:
    """Return one sentence on a close."""
    green = sum(state.is_green for state in close.days)
    verdict = "passes" if close.passes else "does not pass"
    told = f"{close.month} {verdict}: {green} of {len(close.days)} days are green."
    return told + (f" Open: {_told(close.open_days)}." if close.open_days else "")


def page(close: MonthClose) -> str:
    """Return the whole close as Markdown."""
    verdict = "**passes**" if close.passes else "**does not pass**"
    parts = [
        f"# {close.company}: {close.month}, version {close.version}",
        f"{verdict}. Read on {close.today}. Closing is done in QuickBooks alone, by its closing date.",
        "## Days\n\n" + days_table(close.days),
        *(f"## {section.title}\n\n{section_page(section)}" for section in close.sections),
        "## What it was made of\n\n"
        + "\n".join(f"- {name}: `{hash_}`" for name, hash_ in close.inputs.items()),
    ]
    return "\n\n".join(parts) + "\n"


def section_page(section: Section, *, at_most: int | None = None) -> str:
    """Return one list as Markdown, cut after some rows if that is asked for."""
    told = "\n\n".join(section.notes)
    shown = section.rows if at_most is None else section.rows[:at_most]
    if not shown:
        return told or "None."
    names = "| " + " | ".join(column.name for column in section.columns) + " |"
    rule = "|" + "|".join("---:" if _is_number(column) else "---" for column in section.columns) + "|"
    lines = [
        "| " + " | ".join(map(_markdown, section.columns, row)) + " |"
        for row in (*shown, *([_sums(section)] if _has_sums(section) else []))
    ]
    left = len(section.rows) - len(shown)
    more = f"\n\n… and {left} more." if left > 0 else ""
    return "\n".join([names, rule, *lines]) + more + (f"\n\n{told}" if told else "")


_DAY = timedelta(days=1)
#: State of a day → what a person does about it.
_NEXT = {
    "open": "Look at the day of `books/tie_out` and do what it says.",
    "not compared": "Load the day, or materialize `books/tie_out` for it.",
    "changed since": "Load the day again; the nightly close does.",
    "to come": "Wait for its end.",
}


def days_table(days: Sequence[DayState]) -> str:
    """Return how far the days are as Markdown, with what to do; alike days in a row are one line."""
    spans: list[list[DayState]] = []
    for state in days:
        last = spans[-1][-1] if spans else None
        if last and state.day - last.day == _DAY and (state.state, state.why) == (last.state, last.why):
            spans[-1].append(state)
        else:
            spans.append([state])
    rows = [
        f"| {first.day}{f' to {last.day}' if last is not first else ''} | {first.state} "
        f"| {first.why if first.state != first.why else ''} | {_NEXT.get(first.state, '')} |"
        for first, last in ((span[0], span[-1]) for span in spans)
    ]
    return "| day | state | why | what to do |\n|---|---|---|---|\n" + "\n".join(rows)


def files(close: MonthClose) -> dict[str, str]:
    """Return the files of a version by name, but the JSON document."""
    days = csv_text(
        ("day", "state", "why", "compared_at"),
        ((state.day.isoformat(), state.state, state.why, state.compared_at or "") for state in close.days),
    )
    lists = {f"{section.name}.csv": section_csv(section) for section in close.sections}
    return {PAGE: page(close), "days.csv": days, **lists}


def section_csv(section: Section) -> str:
    """Return one list as CSV; amounts with two decimals."""
    heads = [column.name.replace(" ", "_") for column in section.columns]
    return csv_text(heads, ([*map(_csv, section.columns, row)] for row in section.rows))


def document(close: MonthClose) -> Json:
    """Return a close as JSON: the verdict, the days, the totals of each list; and what the next one needs."""
    return {
        "company": close.company,
        "month": str(close.month),
        "version": close.version,
        "passes": close.passes,
        "read_on": close.today.isoformat(),
        "days": [
            {
                "day": state.day.isoformat(),
                "state": state.state,
                "is_green": state.is_green,
                "causes": dict(state.causes),
            }
            for state in close.days
        ],
        "lists": {
            section.name: {
                "title": section.title,
                "rows": len(section.rows),
                "notes": list(section.notes),
                **section.figures,
            }
            for section in close.sections
        },
        "inputs": dict(close.inputs),
        "documents": close.documents,
    }


def version_of(document: Mapping[str, Any]) -> Version:
    """Return what the next version is compared with, from the JSON document of the last."""
    return Version(int(document["version"]), dict(document["inputs"]), dict(document["documents"]))


def _told(days: Sequence[DayState]) -> str:
    shown = [f"{state.day} ({state.why})" for state in days[:10]]
    return ", ".join(shown) + (f" and {len(days) - 10} more" if len(days) > 10 else "")


def _has_sums(section: Section) -> bool:
    return (
        section.is_summed
        and len(section.rows) > 1
        and any(column.kind == "money" for column in section.columns)
    )


def _sums(section: Section) -> tuple[Cell, ...]:
    """Return the row of totals: of every column of money."""
    totals: list[Cell] = []
    for place, column in enumerate(section.columns):
        cells = [row[place] for row in section.rows]
        total = sum(cell for cell in cells if isinstance(cell, int))
        totals.append(total if column.kind == "money" else "in all" if place == 0 else None)
    return tuple(totals)


def _is_number(column: Column) -> bool:
    return column.kind in ("money", "count")


def _markdown(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if column.kind == "money" and isinstance(cell, int):
        return f"{from_cents(cell):,}"
    return " ".join(str(cell).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _csv(column: Column, cell: Cell) -> object:
    if column.kind == "money" and isinstance(cell, int):
        return from_cents(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
