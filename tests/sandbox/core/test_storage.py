"""Collections, their undo, their indexes, and what survives on disk."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from st_qbo_sandbox.indexes import Index, OrderedIndex
from st_qbo_sandbox.storage import Storage, dump_json, parse_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_what_was_committed_is_there_after_a_restart_in_order_and_to_the_digit(folder: Path) -> None:
    storage = Storage(folder)
    invoices = storage.collection("invoices")
    invoices.put("2", {"total": Decimal("10.00")})
    invoices.put("1", {"name": "Zoë 🦆"})
    storage.commit()
    invoices.put("2", {"total": Decimal("11.50")})
    storage.close()

    again = Storage(folder).collection("invoices")

    assert list(again.items()) == [("2", {"total": Decimal("11.50")}), ("1", {"name": "Zoë 🦆"})]
    assert str(again.get("2")) == "{'total': Decimal('11.50')}"


def test_what_was_not_committed_is_gone_after_a_kill(folder: Path) -> None:
    storage = Storage(folder)
    storage.collection("invoices").put("1", {"n": 1})
    storage.commit()
    storage.collection("invoices").put("1", {"n": 2})
    storage.collection("invoices").put("2", {"n": 3})

    assert dict(Storage(folder).collection("invoices").items()) == {"1": {"n": 1}}


def test_an_id_put_again_after_removal_comes_last_before_and_after_a_restart(folder: Path) -> None:
    storage = Storage(folder)
    names = storage.collection("names")
    for id in "abc":
        names.put(id, {})
    storage.commit()
    names.remove("a")
    names.put("a", {"new": True})
    storage.close()

    assert list(names.ids()) == ["b", "c", "a"]
    assert list(Storage(folder).collection("names").ids()) == ["b", "c", "a"]


def test_a_failed_transaction_leaves_nothing_behind_and_keeps_what_came_before() -> None:
    storage = Storage(None)
    names = storage.collection("names")
    by_name = Index(names, lambda doc: [doc["name"]])
    names.put("1", {"name": "before"})

    with pytest.raises(ValueError, match="no"), storage.transaction():
        names.put("1", {"name": "inside"})
        names.put("2", {"name": "inside"})
        raise ValueError("no")

    assert dict(names.items()) == {"1": {"name": "before"}}
    assert (by_name.ids("before"), by_name.ids("inside")) == (["1"], [])


def test_clear_empties_memory_and_disk(folder: Path) -> None:
    storage = Storage(folder)
    storage.collection("names").put("1", {})
    storage.commit()
    storage.collection("names").clear()
    storage.close()

    assert len(Storage(folder).collection("names")) == 0


def test_an_index_follows_changes_and_finds_what_was_there_before_it() -> None:
    names = Storage(None).collection("names")
    names.put("1", {"tags": ["a", "b"]})
    index = Index(names, lambda doc: doc["tags"])

    names.put("2", {"tags": ["b"]})
    names.put("1", {"tags": ["c"]})

    assert (index.ids("a"), index.ids("b"), index.ids("c")) == ([], ["2"], ["1"])
    names.remove("2")
    assert "b" not in index


def test_an_ordered_index_includes_its_low_end_and_excludes_its_high_end() -> None:
    days = Storage(None).collection("days")
    index = OrderedIndex(days, lambda doc: doc["day"])
    for id, day in [("1", "03"), ("2", "01"), ("3", "02"), ("4", None)]:
        days.put(id, {"day": day})

    assert list(index.range()) == ["2", "3", "1"]
    assert list(index.range("01", "03")) == ["2", "3"]
    days.put("2", {"day": "09"})
    assert list(index.range("03")) == ["1", "2"]


def test_json_keeps_the_digits_of_money() -> None:
    assert dump_json(parse_json('{"a":10.50,"b":3,"c":0.10}')) == '{"a":10.50,"b":3,"c":0.10}'
