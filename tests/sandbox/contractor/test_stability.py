from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from st_qbo_sandbox.contractor import Seed, build
from tests.sandbox.contractor.seeds import LAST_DAY, seed_of, window

_DIGEST = (
    "import hashlib, json; from datetime import date; from st_qbo_sandbox.contractor import build;"
    "seed = build(3, date(2026, 11, 21), 3, 30, True);"
    "text = json.dumps([seed.servicetitan, seed.quickbooks, seed.cases], default=str);"
    "print(hashlib.sha256(text.encode()).hexdigest())"
)
DATED = ("invoices", "jobs", "payments", "projects", "credit-memos", "purchase-orders", "receipts",
         "inventory-bills",
         "ap-bills", "returns", "ap-credits", "ap-payments", "transfers", "adjustments", "bank-deposits",
         "journal-entries", "appointments")  # fmt: skip


def digest(seed: Seed) -> str:
    text = json.dumps([seed.servicetitan, seed.quickbooks, seed.cases], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def dated(seed: Seed) -> dict[tuple[str, Any], Any]:
    return {
        (collection, record["id"]): record
        for collection in DATED
        for record in seed.servicetitan.get(collection, [])
    }


def test_the_same_arguments_give_the_same_data() -> None:
    first, second = (build(3, LAST_DAY, 3, 30, True) for _ in range(2))
    assert digest(first) == digest(second)


@pytest.mark.parametrize("salt", ["0", "4711"])
def test_the_data_does_not_depend_on_the_process(salt: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": salt, "TZ": "Pacific/Auckland"}
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(build(3, LAST_DAY, 3, 30, True))


def test_other_seeds_give_other_data() -> None:
    assert digest(seed_of(window(seed=1))) != digest(seed_of(window(seed=2)))


@pytest.mark.parametrize("hard", [False, True])
def test_more_days_change_no_record_of_the_days_that_were_there(hard: bool) -> None:
    short, long = dated(seed_of(window(days=3, hard=hard))), dated(seed_of(window(days=7, hard=hard)))
    assert short.items() <= long.items()
    assert len(long) > 2 * len(short)


def test_more_days_change_no_customer_but_its_balance() -> None:
    short, long = (
        {
            record["id"]: {**record, "balance": 0}
            for record in seed_of(window(days=days)).servicetitan["customers"]
        }
        for days in (3, 7)
    )
    assert short.items() <= long.items()


def test_hard_data_holds_the_default_documents_unchanged() -> None:
    assert dated(seed_of(window())).items() <= dated(seed_of(window(hard=True))).items()
