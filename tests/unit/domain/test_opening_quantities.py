"""The file of what is on hand at the start: every bad line is named with its cure (rule 8.5)."""

from decimal import Decimal

import pytest

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.opening_quantities import parse_opening_quantities, quantities_of, sku_key


@pytest.mark.rule("8.5")
def test_quantities_are_found_by_sku_whatever_its_case() -> None:
    found = parse_opening_quantities(
        '# counted on New Year\'s Eve\nSKU, Quantity\nCAP-45-5, 12\n\n"PIPE, 3/4",3.25\n', name="opening.csv"
    )
    wanted = {sku_key("cap-45-5"): Decimal(12), sku_key("Pipe, 3/4"): Decimal("3.25")}
    assert quantities_of(found) == wanted
    assert [row.place for row in found] == ["opening.csv:3", "opening.csv:5"]


@pytest.mark.rule("8.5")
def test_all_bad_lines_are_named_at_once_each_with_its_cure() -> None:
    content = "sku,quantity\nA,1\nB,-2\nC,many\n,4\na,5\nD,1.234567\nE\nF,2\n"
    with pytest.raises(SettingsError) as caught:
        parse_opening_quantities(content, name="opening.csv")
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"opening.csv:{n}" for n in (3, 4, 5, 6, 7, 8)]
    for line, cure in zip(
        lines,
        ("write 0 or more", "write digits", "write the code", "keep one", "round", "write an"),
        strict=True,
    ):
        assert cure in line


@pytest.mark.parametrize("content", ["", "A,1\n", "sku;quantity\n"])
def test_a_file_of_other_columns_is_told_how_to_begin(content: str) -> None:
    with pytest.raises(SettingsError, match="Begin with sku,quantity"):
        parse_opening_quantities(content, name="opening.csv")
