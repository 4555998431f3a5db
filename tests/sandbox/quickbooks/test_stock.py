"""Whatever is bought, sold and returned: not a cent of what goods cost is lost or made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_sandbox.quickbooks.stock import Shelf

MOVES = st.lists(
    st.tuples(
        st.sampled_from(["in", "out", "back", "off"]),
        st.decimals("0.25", 40, places=2),
        st.decimals(0, 500, places=2),
    ),
    max_size=14,
)


@given(MOVES, st.booleans(), st.decimals(0, 9, places=4))
@settings(max_examples=60, deadline=None)
def test_what_came_is_what_went_and_what_is_left(moves: Any, fifo: bool, guess: Decimal) -> None:
    shelf = Shelf(fifo, guess)
    rows: list[dict[str, Any]] = [{"Way": way, "Qty": qty, "Amount": amount} for way, qty, amount in moves]
    for row in rows:
        shelf.move(row)
    value = shelf.close()
    came = [row for row in rows if row["Way"] in ("in", "back")]
    went = [row for row in rows if row["Way"] in ("out", "off")]
    assert sum(row["Cost"] for row in came) - sum(row["Cost"] for row in went) == value
    assert sum(row["Qty"] for row in came) - sum(row["Qty"] for row in went) == shelf.quantity
    assert all(row["Cost"] == row["Amount"] for row in came if row["Way"] == "in")
    if shelf.quantity == 0:
        assert value == 0
