"""No two QuickBooks documents carry one source: proven over the index of markers."""

from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.books.duplicates import find_duplicates
from st_qbo_assets.domain.ids import Entity, SourceRef


@dataclass(frozen=True)
class Marked:
    qbo_id: str
    sources: tuple[SourceRef, ...]
    target: str = "Invoice"
    txn_date: date | None = date(2026, 11, 10)
    total_cents: int = 100
    deleted: bool = False


ONE, TWO = SourceRef.parse("invoice:1"), SourceRef.parse("invoice:2")


@pytest.mark.rule("6.4")
def test_a_source_in_two_documents_is_found_with_both_the_older_first() -> None:
    (found,) = find_duplicates([Marked("10", (ONE,)), Marked("9", (ONE,)), Marked("11", (TWO,))])
    assert found.source == ONE
    assert [copy.key.id for copy in found.copies] == ["9", "10"]
    assert found.surplus_cents == 100


@pytest.mark.parametrize(
    "other",
    [
        Marked("9", (ONE,), deleted=True),
        Marked("9", (ONE,), total_cents=0),
        Marked("9", (ONE,), target="Payment"),
        Marked("9", (replace(ONE, part="refund"),)),
        Marked("10", (ONE,)),
    ],
    ids=["deleted", "void", "another entity", "another part", "the same object again"],
)
def test_what_is_no_copy(other: Marked) -> None:
    assert find_duplicates([Marked("10", (ONE,)), other]) == ()


@pytest.mark.rule("6.4")
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 60)), max_size=60))
def test_exactly_the_sources_of_two_objects_are_found(rows: list[tuple[int, int]]) -> None:
    objects = [
        Marked(str(qbo), (SourceRef(Entity.INVOICE, str(source)),)) for source, qbo in dict.fromkeys(rows)
    ]
    expected = {source for source, _ in rows if len({qbo for other, qbo in rows if other == source}) > 1}
    assert {int(each.source.id) for each in find_duplicates(objects)} == expected
