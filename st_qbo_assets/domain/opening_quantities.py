"""What is on hand on the day a company starts: the CSV file that it names (rule 8.5).

What belongs here: reading the file, with errors that name the line and its cure. What does not: where it lies
(`company_files`) and the items that get the quantities (mapping).
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import StringIO

from st_qbo_assets.domain.errors import SettingsError

_COLUMNS = ["sku", "quantity"]
#: QuickBooks' "10.5 format".
_SCALE, _LARGEST = 5, Decimal(10) ** 10


@dataclass(frozen=True)
class OnHand:
    """One row of the file.

    Attributes:
        sku: as it is written.
        quantity: pieces on hand.
        place: file and line, as a message names them.
    """

    sku: str
    quantity: Decimal
    place: str


def sku_key(sku: str) -> str:
    """Return an SKU as it is compared: without case and outer spaces."""
    return " ".join(sku.split()).casefold()


def quantities_of(rows: Iterable[OnHand]) -> Mapping[str, Decimal]:
    """Return key of the SKU → pieces on hand."""
    return {sku_key(row.sku): row.quantity for row in rows}


def parse_opening_quantities(content: str, *, name: str) -> tuple[OnHand, ...]:
    """Return the rows of a file with the columns `sku,quantity`, in its order.

    Lines starting with `#` are comments.

    Raises:
        SettingsError: naming every line that cannot be used, and what to do about it.
    """
    found: list[OnHand] = []
    lines: dict[str, int] = {}
    wrong: list[str] = []
    reader = csv.reader(StringIO(content.removeprefix("\ufeff")))
    has_header = False
    for row in reader:
        cells, line = [cell.strip() for cell in row], reader.line_num
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not has_header:
            if [cell.casefold() for cell in cells] != _COLUMNS:
                told = ",".join(cells)
                raise SettingsError(
                    f"{name}:{line}: the first row is {told!r}.", remedy=f"Begin with {','.join(_COLUMNS)}."
                )
            has_header = True
            continue
        problem = _problem(cells, lines)
        if problem:
            wrong.append(f"{name}:{line}: {problem}")
            continue
        found.append(OnHand(cells[0], Decimal(cells[1]), f"{name}:{line}"))
        lines[sku_key(cells[0])] = line
    if wrong:
        raise SettingsError(
            "\n".join(wrong), remedy="Correct these lines; nothing of the file is used until then."
        )
    if not has_header:
        raise SettingsError(
            f"{name} is empty.", remedy=f"Begin with {','.join(_COLUMNS)}, then a row per SKU."
        )
    return tuple(found)


def _problem(cells: list[str], lines: Mapping[str, int]) -> str:
    """Return what is wrong with a row and how it is put right; empty if nothing."""
    if len(cells) != len(_COLUMNS):
        return f"{len(cells)} cells; write an SKU and a quantity, and put an SKU with a comma in quotes"
    sku, written = cells
    if not sku:
        return "no SKU; write the code of the price book"
    if (first := lines.get(sku_key(sku))) is not None:
        return f"{sku!r} stands on line {first} already; add both quantities and keep one line"
    try:
        quantity = Decimal(written)
    except InvalidOperation:
        return f"{written!r} is no quantity; write digits with a point, like 12 or 3.5"
    if not quantity.is_finite() or quantity < 0 or quantity >= _LARGEST:
        return f"{written} cannot be on hand; write 0 or more"
    exponent = quantity.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _SCALE:
        return f"{written} has more than {_SCALE} decimals, which QuickBooks does not keep; round it"
    return ""
