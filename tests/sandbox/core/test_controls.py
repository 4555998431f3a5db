"""The routes under `/_sandbox/` that concern no vendor in particular."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.core.conftest import Caller


def test_an_edit_acts_in_the_half_of_its_port_or_the_one_named(call: Caller, other: Caller) -> None:
    assert call("POST", "/_sandbox/edit", {"text": "here"}).json() == {"kept": "here"}
    call("POST", "/_sandbox/edit", {"half": "quickbooks", "text": "there"})

    assert (call.notes(), other.notes()) == (["here"], ["there"])


def test_of_several_acts_all_or_none_happen(call: Caller) -> None:
    refused = call("POST", "/_sandbox/edit", {"acts": [{"text": "a"}, {}]})

    assert (refused.status_code, refused.json()) == (400, {"error": "an act needs a text"})
    assert call.notes() == []
    assert call("POST", "/_sandbox/edit", {"acts": [{"text": "a"}, {"text": "b"}]}).json() == {
        "results": [{"kept": "a"}, {"kept": "b"}]
    }


def test_state_can_be_asked_of_either_port_and_by_entity(call: Caller, other: Caller) -> None:
    call("POST", "/notes", {"text": "a"})

    assert other("GET", "/_sandbox/state?half=servicetitan").json() == {"notes": [{"text": "a"}]}
    assert other("GET", "/_sandbox/state?half=servicetitan&entity=notes").json() == [{"text": "a"}]


def test_stats_count_requests_by_status(call: Caller) -> None:
    call("GET", "/notes")
    call("GET", "/nowhere")

    assert call("GET", "/_sandbox/stats").json() == {
        "half": "servicetitan",
        "requests": 2,
        "statuses": {"200": 1, "404": 1},
        "entities": {"notes": 0},
    }


def test_reset_of_an_unseeded_sandbox_leaves_nothing(call: Caller, other: Caller) -> None:
    call("POST", "/notes", {"text": "a"})
    other("POST", "/notes", {"text": "b"})
    call("POST", "/_sandbox/clock", {"advance_seconds": 5})
    call("POST", "/_sandbox/latency", {"latency_ms": 1})
    call("POST", "/_sandbox/faults", {"rules": [{"kind": "reset"}]})

    assert call("POST", "/_sandbox/reset").status_code == 200

    assert (call.notes(), other.notes(), call.log()) == ([], [], [])
    assert call("GET", "/_sandbox/clock").json()["offset_seconds"] == 0
    assert call("GET", "/_sandbox/latency").json() == {"latency_ms": 0.0}
    assert call("GET", "/_sandbox/faults").json() == {"rules": []}


def test_reset_of_one_half_leaves_the_other(call: Caller, other: Caller) -> None:
    call("POST", "/notes", {"text": "a"})
    other("POST", "/notes", {"text": "b"})

    call("POST", "/_sandbox/reset", {"half": "quickbooks"})

    assert (call.notes(), other.notes()) == (["a"], [])


def test_both_ports_share_one_clock(call: Caller, other: Caller) -> None:
    call("POST", "/_sandbox/clock", {"advance_seconds": 3600})

    assert other("GET", "/_sandbox/clock").json()["offset_seconds"] == 3600


def test_latency_is_waited_before_each_vendor_request_and_by_no_control(call: Caller) -> None:
    call("POST", "/_sandbox/latency", {"latency_ms": 30})
    call("GET", "/notes")
    (entry,) = call.log()

    assert entry["ended_monotonic"] - entry["started_monotonic"] >= 0.03  # type: ignore[operator]


@pytest.mark.parametrize(
    ("control", "body", "says"),
    [
        ("clock", {"advance_seconds": -1}, "forward"),
        ("clock", {}, "advance_seconds"),
        ("latency", {"latency_ms": "slow"}, "latency_ms"),
        ("faults", {}, "rules"),
        ("faults", {"rules": [{"kind": "flood"}]}, "kind"),
        ("faults", {"rules": [{"kind": "reset", "when": 1}]}, "when"),
        ("faults", {"rules": [{"kind": "reset", "path": "("}]}, "cannot be read"),
        ("faults", {"rules": [{"kind": "reset", "half": "xero"}]}, "xero"),
        ("seed", {"weeks": 1}, "weeks"),
        ("seed", {"days": 0}, "days"),
        ("seed", {"last_day": "tomorrow"}, "cannot be read"),
        ("switches", {"servicetitan": {"x": 1}}, "switch"),
        ("switches", {"xero": {}}, "xero"),
        ("reset", {"half": "xero"}, "xero"),
        ("edit", [1], "object"),
    ],
)
def test_a_control_that_makes_no_sense_says_why(call: Caller, control: str, body: object, says: str) -> None:
    refused = call("POST", f"/_sandbox/{control}", body)

    assert refused.status_code == 400
    assert says in refused.json()["error"]


def test_a_body_that_is_not_json_is_refused(call: Caller) -> None:
    assert requests.post(f"{call.url}/_sandbox/edit", data=b"{", timeout=10).status_code == 400
