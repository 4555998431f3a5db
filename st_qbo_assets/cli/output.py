"""How commands answer: a table for people, one JSON document for programs.

What belongs here: the two consoles, tables, figures as people write them, the sign that work goes on.
Answers go to standard output, everything else to standard error, so that `--json` stays one document. What
does not: what is said.
"""

import json
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH = 150
#: Names like `FILTER [40100]` are no markup, and numbers in sentences need no colour.
OUT = Console(width=None if sys.stdout.isatty() else _WIDTH, markup=False, highlight=False, emoji=False)
ERR = Console(stderr=True, soft_wrap=True, markup=False, highlight=False, emoji=False)


def say(text: str) -> None:
    """Tell a person what is going on."""
    ERR.print(text)


@contextmanager
def working(text: str, *, quiet: bool = False) -> Generator[None]:
    """Show that something takes its time, at a terminal only.

    Args:
        text: what is done.
        quiet: show nothing (`--json`).
    """
    if quiet or not ERR.is_terminal:
        yield
        return
    with ERR.status(Text(text)):
        yield


def print_json(document: Any) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write("\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in a number sign are right-aligned figures."""
    table = Table(title=Text(title), title_justify="left")
    for column in columns:
        is_figure = column.endswith("#")
        table.add_column(
            column.rstrip("#"), justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    OUT.print(table)


def money(cents: int) -> str:
    """Return cents as people write them: 1,234.50."""
    return f"{Decimal(cents) / 100:,.2f}"
