"""How commands answer: a table for people, one JSON document for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

_WIDTH = 150
_OUT = Console(width=None if sys.stdout.isatty() else _WIDTH)
_ERR = Console(stderr=True, soft_wrap=True)


def say(text: str) -> None:
    """Tell a person what is going on; goes to standard error, so that `--json` stays one document."""
    _ERR.print(text, highlight=False)


def print_json(document: Any) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout, indent=2, default=_plain)
    sys.stdout.write("\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name ends in a number sign are right-aligned figures."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    _OUT.print(table)


def money(cents: int) -> str:
    """Return cents as people write them: 1,234.50."""
    return f"{Decimal(cents) / 100:,.2f}"


def _plain(value: object) -> object:
    return str(value)
