"""Which requests a rule meets."""

from __future__ import annotations

import pytest

from st_qbo_sandbox.faults import Faults, RuleError


def picks(rule: dict[str, object], paths: list[str], *, seed: int = 0) -> list[str]:
    faults = Faults()
    faults.replace([{"kind": "reset", **rule}], seed=seed)
    return [path for path in paths if faults.pick("quickbooks", "POST", *(path.split("?") + [""])[:2])]


@pytest.mark.parametrize(
    "pattern",
    [
        "/v3/company/1/invoice",
        "*/invoice",
        "*/invoice[?]requestid=*",
        "/invoice$|requestid",
        "^/v3/.*/invoice",
    ],
)
def test_a_path_is_a_glob_or_a_regular_expression_over_path_and_query(pattern: str) -> None:
    wanted = "/v3/company/1/invoice?requestid=7"

    assert picks({"path": pattern}, [wanted, "/v3/company/1/payment"]) == [wanted]


def test_times_run_out() -> None:
    assert picks({"times": 2}, ["/a", "/b", "/c"]) == ["/a", "/b"]


def test_chance_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    paths = [f"/{n}" for n in range(200)]
    first = picks({"probability": 0.3}, paths, seed=1)

    assert 30 < len(first) < 90
    assert first == picks({"probability": 0.3}, paths, seed=1) != picks({"probability": 0.3}, paths, seed=2)


def test_another_method_or_half_is_left_alone() -> None:
    assert picks({"method": "get"}, ["/a"]) == picks({"half": "servicetitan"}, ["/a"]) == []
    assert picks({"method": "post", "half": "quickbooks"}, ["/a"]) == ["/a"]


def test_a_refusal_is_picked_with_its_code() -> None:
    faults = Faults()
    faults.replace([{"kind": "refuse", "code": 6540, "path": "*/payment"}])

    assert faults.pick("quickbooks", "POST", "/v3/company/1/payment", "") == "refuse 6540"
    assert faults.rules[0].describe() == {"kind": "refuse", "code": "6540", "path": "*/payment", "hits": 1}


@pytest.mark.parametrize("rule", [{"kind": "refuse"}, {"kind": "reset", "code": "6540"}])
def test_a_code_belongs_to_a_refusal_and_to_nothing_else(rule: dict[str, object]) -> None:
    with pytest.raises(RuleError, match="needs a `code`"):
        Faults().replace([rule])
