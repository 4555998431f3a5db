"""What every request meets: log, faults, throttle, one transaction, by real TCP."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import requests

from st_qbo_sandbox.storage import Storage
from tests.sandbox.core.conftest import Caller
from tests.sandbox.core.fake_half import make_sandbox


def set_fault(call: Caller, **rule: object) -> None:
    assert call("POST", "/_sandbox/faults", {"rules": [rule]}).status_code == 200


def test_a_lost_response_is_committed_and_the_client_sees_a_broken_connection(call: Caller) -> None:
    set_fault(call, kind="lost_response", method="POST", path="/notes", times=1)

    with pytest.raises(requests.ConnectionError):
        call("POST", "/notes", {"text": "a"})

    assert call.notes() == ["a"]
    assert call("POST", "/notes", {"text": "b"}).status_code == 200
    assert [(entry["status"], entry["fault"]) for entry in call.log()] == [
        (None, "lost_response"),
        (200, None),
    ]


def test_a_reset_does_nothing_and_breaks_the_connection(call: Caller) -> None:
    set_fault(call, kind="reset", path="/notes", times=1)

    with pytest.raises(requests.ConnectionError):
        call("POST", "/notes", {"text": "a"})

    assert call.notes() == []


def test_a_timeout_keeps_the_client_waiting_and_does_nothing(call: Caller) -> None:
    set_fault(call, kind="timeout", times=1)

    with pytest.raises(requests.ReadTimeout):
        requests.post(call.url + "/notes", json={"text": "a"}, timeout=0.05)

    assert call.notes() == []


def test_a_truncated_answer_is_committed_and_breaks_in_its_body(call: Caller) -> None:
    set_fault(call, kind="truncated", times=1)

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call("POST", "/notes", {"text": "a"})

    assert call.notes() == ["a"]


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("http_429", 429), ("token_expired", 401)])
def test_a_refusal_has_the_vendors_form_and_does_nothing(call: Caller, kind: str, status: int) -> None:
    set_fault(call, kind=kind, times=1)

    refused = call("POST", "/notes", {"text": "a"})

    assert (refused.status_code, refused.json()) == (status, {"fault": kind})
    assert call.notes() == []


def test_an_unavailable_gateway_answers_in_html(call: Caller) -> None:
    set_fault(call, kind="http_503_html", times=1)

    refused = call("GET", "/notes")

    assert refused.status_code == 503
    assert refused.headers["content-type"].startswith("text/html")


def test_a_stale_object_was_edited_by_someone_else_just_before(call: Caller) -> None:
    set_fault(call, kind="stale", times=1)

    assert call("POST", "/notes", {"text": "a"}).json()["count"] == 2
    assert call.notes() == ["touched before a", "a"]


def test_faults_never_meet_the_controls_and_count_their_hits(call: Caller, other: Caller) -> None:
    set_fault(call, kind="http_500", half="quickbooks")

    assert call("GET", "/notes").status_code == 200
    assert other("GET", "/notes").status_code == 500
    assert call("GET", "/_sandbox/faults").json() == {
        "rules": [{"kind": "http_500", "path": "*", "half": "quickbooks", "hits": 1}]
    }


def test_a_throttled_request_is_refused_before_any_fault(call: Caller) -> None:
    set_fault(call, kind="http_500")
    call("POST", "/_sandbox/switches", {"servicetitan": {"refuse_after": 0}})

    assert call("GET", "/notes").status_code == 429


def test_a_crash_of_the_sandbox_is_undone_and_shown(call: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        crashed = call("POST", "/crash")

    assert (crashed.status_code, call.notes()) == (500, [])
    assert "on purpose" in crashed.text


def test_each_request_is_on_disk_before_its_answer_arrives(tmp_path: Path) -> None:
    with make_sandbox(folder=tmp_path) as sandbox:
        requests.post(f"{sandbox.servicetitan_url}/notes", json={"text": "a"}, timeout=10)

        assert len(Storage(tmp_path).collection("servicetitan/notes")) == 1


def test_the_log_shows_exactly_what_was_sent_and_answered_newest_last(call: Caller, other: Caller) -> None:
    call("POST", "/notes?a=1&a=2", {"text": "å"})
    call("GET", "/notes")
    other("GET", "/notes")

    first, second = call.log()

    assert (first["method"], first["path"], first["query"]) == ("POST", "/notes", "a=1&a=2")
    assert (first["body"], first["status"]) == ({"text": "å"}, 200)
    assert second["response"] == {"notes": [{"text": "å"}]}
    assert first["started_monotonic"] <= first["ended_monotonic"] <= second["ended_monotonic"]  # type: ignore[operator]
    assert [entry["method"] for entry in call.log(f"?since={first['number']}")] == ["GET"]
    assert [entry["half"] for entry in call.log("?half=all&method=get")] == ["servicetitan", "quickbooks"]
    assert call("DELETE", "/_sandbox/requests").json() == call.log() == []


def test_answers_are_zipped_only_for_who_asks(call: Caller) -> None:
    zipped = call("POST", "/notes", {"text": "a"})
    plain = call("POST", "/notes", {"text": "a"}, headers={"Accept-Encoding": "identity"})

    assert (zipped.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert len(zipped.json()["filler"]) == len(plain.json()["filler"])


def test_the_date_header_is_the_sandboxs_time(call: Caller) -> None:
    call("POST", "/_sandbox/clock", {"advance_seconds": 86_400 * 400})
    now = call("GET", "/_sandbox/clock").json()["now"]

    assert now[:4] in call("GET", "/notes").headers["date"]
