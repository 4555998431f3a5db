"""Both real halves with the contractor's data: seed, reset, restart, and one clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from st_qbo_sandbox.app import Sandbox

OPTIONS: dict[str, Any] = {"days": 1, "invoices_per_day": 3, "last_day": date(2026, 3, 8)}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(**OPTIONS) as running:
        yield running


def ask(method: str, url: str, control: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{url}/_sandbox/{control}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_seed_fills_both_halves_and_info_names_its_days(sandbox: Sandbox) -> None:
    info = ask("GET", sandbox.servicetitan_url, "info")

    assert (info["first_day"], info["last_day"], info["seed"]) == ("2026-03-08", "2026-03-08", 1)
    assert ask("GET", sandbox.servicetitan_url, "stats")["entities"]["invoices"] >= 3
    assert ask("GET", sandbox.quickbooks_url, "state") != {}


def test_seed_replaces_the_data_and_reset_brings_it_back(sandbox: Sandbox) -> None:
    url = sandbox.servicetitan_url
    first = ask("GET", url, "state")
    described = ask("POST", url, "seed", {"seed": 2})
    second = ask("GET", url, "state")
    assert described["seed"] == 2 and described["days"] == 1
    assert second != first

    ask("POST", url, "edit", {"act": "add", "resource": "vendors", "record": {"name": "Bolt Bros"}})
    assert ask("GET", url, "state") != second
    ask("POST", url, "reset")
    assert ask("GET", url, "state") == second
    ask("POST", url, "seed", {"seed": 1})
    assert ask("GET", url, "state") == first


def test_reset_to_empty_leaves_no_documents_in_either_half(sandbox: Sandbox) -> None:
    ask("POST", sandbox.quickbooks_url, "reset", {"empty": True})

    assert not any(ask("GET", sandbox.servicetitan_url, "state").values())
    assert not ask("GET", sandbox.quickbooks_url, "state?entity=Invoice")
    ask("POST", sandbox.quickbooks_url, "seed", {**OPTIONS, "last_day": "2026-03-08"})


def test_the_hard_shapes_are_seeded_too() -> None:
    plain, hard = Sandbox(**OPTIONS), Sandbox(**OPTIONS, hard=True)

    counts = [len(one.halves["servicetitan"].state()["invoices"]) for one in (plain, hard)]
    assert counts[1] > counts[0]


def test_a_sandbox_found_again_is_the_one_that_was_left(tmp_path: Path) -> None:
    left = Sandbox(tmp_path, **OPTIONS)
    states = {name: half.state() for name, half in left.halves.items()}
    left.storage.close()

    found = Sandbox(tmp_path, days=9)
    assert {name: half.state() for name, half in found.halves.items()} == states
    found.storage.close()
