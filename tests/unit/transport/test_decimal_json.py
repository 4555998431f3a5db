"""JSON without floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.transport.decimal_json import read_json, write_json

amounts = st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9), max_value=10**9)


@given(amounts)
def test_an_amount_comes_back_with_all_its_digits(amount: Decimal) -> None:
    read = read_json(write_json({"a": [amount]}).decode())["a"][0]
    assert read == amount
    assert not isinstance(read, float)


@given(st.text())
def test_any_text_is_sent_as_ascii_and_comes_back(text: str) -> None:
    body = write_json({"n": text})
    assert body.isascii()
    assert read_json(body.decode())["n"] == text


@pytest.mark.parametrize("body", [0.1, {"a": 0.1}, {"a": [{"b": (1, 0.1)}]}])
def test_a_float_in_a_body_is_refused(body: object) -> None:
    with pytest.raises(TypeError, match="float"):
        write_json(body)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "{", ""])
def test_what_no_ledger_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)
