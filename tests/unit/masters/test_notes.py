"""Notes of people are never lost, edited or sent back: only our part of QuickBooks' text is ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.masters.notes import (
    LENGTH,
    from_quickbooks,
    joined,
    saying,
    split,
    written_by_people,
)

_line = st.text(
    st.characters(codec="latin-1", exclude_categories=["Cc", "Cf", "Zs"]), min_size=1, max_size=400
)
_lines = st.lists(_line, max_size=8)


def notes(*texts: str, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": number, "text": text, **changes} for number, text in enumerate(texts, start=1)]


@pytest.mark.rule("7.1")
@given(texts=_lines, theirs=_lines)
def test_what_people_wrote_in_quickbooks_stays_and_our_part_reads_back(
    texts: list[str], theirs: list[str]
) -> None:
    remark = "\n".join(theirs)[:LENGTH].strip()
    ours = written_by_people(notes(*texts))
    whole = joined(ours, remark)
    held, kept = split(whole)
    assert len(whole) <= LENGTH and kept == remark
    assert held == ours or len(whole) > LENGTH - 500 or not held
    assert split(joined(held, kept)) == (held, kept)


def test_pinned_notes_come_first_then_the_newest_and_ours_and_deleted_ones_are_left_out() -> None:
    rows = [
        *notes("old", "From QuickBooks: pays late", "gone", "new"),
        {"id": 9, "text": "key under\nthe mat", "isPinned": True},
    ]
    rows[2]["active"] = False
    assert written_by_people(rows) == "- key under the mat\n- new\n- old"
    assert (from_quickbooks(rows, "2"), from_quickbooks(rows, "")) == (("2", "pays late"), ("", ""))
    assert (saying(rows, "pays late"), saying(rows, "gone")) == ("2", "")


def test_of_too_many_notes_the_newest_fit_and_the_rest_is_told() -> None:
    ours = written_by_people(notes(*(f"{number} " + "x" * 300 for number in range(20))))
    lines = joined(ours, "y" * 600).splitlines()
    assert lines[2].startswith("- 19 ") and lines[-2] == "(older notes stand in ServiceTitan)"
    assert joined(ours, "y" * LENGTH) == "y" * LENGTH
    assert joined("", "only theirs") == "only theirs"
