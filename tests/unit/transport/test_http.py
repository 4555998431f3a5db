"""What becomes of one request, against a real server on loopback."""

import gzip
import logging
import socket
from collections.abc import Iterator
from decimal import Decimal

import pytest

from st_qbo_assets.domain.errors import TransportError, UncertainOutcome
from st_qbo_assets.transport.http import Exchange, Http, Request, Response, Timeouts
from tests.unit.transport.scripted_server import ScriptedServer, drop, json_reply, reply, reset


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(timeouts=Timeouts(connect_seconds=5, read_seconds=5)) as opened:
        yield opened


def read(server: ScriptedServer) -> Request:
    return Request("GET", f"{server.url}/thing", is_write=False)


def write(server: ScriptedServer) -> Request:
    return Request("POST", f"{server.url}/thing", is_write=True, body=b"{}")


def test_amounts_arrive_as_decimals_and_header_names_in_lower_case(http: Http) -> None:
    with ScriptedServer(json_reply(b'{"TotalAmt": 100.10}', headers=b"Intuit_Tid: abc\r\n")) as server:
        response = http.send(read(server))
    assert response.json() == {"TotalAmt": Decimal("100.10")}
    assert str(response.json()["TotalAmt"]) == "100.10"
    assert response.headers["intuit_tid"] == "abc"


def test_gzip_is_asked_for_and_understood(http: Http) -> None:
    packed = gzip.compress(b'{"a": 1}')
    with ScriptedServer(json_reply(packed, headers=b"Content-Encoding: gzip\r\n")) as server:
        assert http.send(read(server)).json() == {"a": 1}
        assert b"accept-encoding: gzip, deflate" in server.received[0].lower()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"application/json", '{"n": "Zo\u00eb"}'.encode()),
        (b"application/json;charset=ISO-8859-1", '{"n": "Zo\u00eb"}'.encode("latin-1")),
        (b"application/json", '{"n": "Zo\u00eb"}'.encode("latin-1")),
        (b"application/json; charset=nonsense", '{"n": "Zo\u00eb"}'.encode()),
    ],
)
def test_text_is_read_in_the_charset_declared_or_found(http: Http, content_type: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nConnection: close\r\nContent-Length: "
    with ScriptedServer(reply(head + str(len(body)).encode() + b"\r\n\r\n" + body)) as server:
        assert http.send(read(server)).json() == {"n": "Zo\u00eb"}


@pytest.mark.parametrize(
    "step",
    [
        drop,
        reset,
        reply(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"Invoice":'),
        reply(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"Inv'),
        reply(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        reply(
            b"HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nConnection: close\r\n"
            b"Content-Length: 13\r\n\r\n<h1>busy</h1>"
        ),
    ],
    ids=["drop", "reset", "half_body", "half_chunk", "500_empty", "503_html"],
)
def test_a_failure_after_sending_is_uncertain_for_a_write_only(http: Http, step) -> None:
    with ScriptedServer(step, step) as server:
        with pytest.raises(UncertainOutcome):
            http.send(write(server))
        with pytest.raises(TransportError) as of_read:
            http.send(read(server))
    assert not isinstance(of_read.value, UncertainOutcome)


def test_a_timeout_after_sending_is_uncertain_for_a_write() -> None:
    with (
        Http(timeouts=Timeouts(connect_seconds=5, read_seconds=0.05)) as impatient,
        ScriptedServer() as server,
    ):
        server.add(server.silence)
        with pytest.raises(UncertainOutcome):
            impatient.send(write(server))


def test_a_write_that_found_nobody_listening_was_certainly_not_sent(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError) as caught:
        http.send(Request("POST", f"http://127.0.0.1:{port}/", is_write=True, body=b"{}"))
    assert not isinstance(caught.value, UncertainOutcome)


def test_an_earlier_refused_connection_does_not_make_a_lost_answer_certain(http: Http) -> None:
    # A caller may write while it handles another failure; Python hangs that one on as context.
    with ScriptedServer(drop) as server:
        try:
            raise ConnectionRefusedError("somebody else")
        except ConnectionRefusedError:
            with pytest.raises(UncertainOutcome):
                http.send(write(server))


def test_a_server_error_keeps_status_and_trace_id(http: Http) -> None:
    step = json_reply(b'{"Fault": {}}', status="500 Oops", headers=b"intuit_tid: 1-abc\r\n")
    with ScriptedServer(step) as server, pytest.raises(UncertainOutcome) as caught:
        http.send(write(server))
    assert (caught.value.status, caught.value.remote_request_id) == (500, "1-abc")


def test_redirects_are_not_followed_and_cookies_not_kept(http: Http) -> None:
    away = b"Location: http://127.0.0.1:9/\r\nSet-Cookie: session=of-another-company\r\n"
    with ScriptedServer(json_reply(b"{}", status="302 Found", headers=away), json_reply(b"{}")) as server:
        assert http.send(read(server)).status == 302
        http.send(read(server))
        assert b"cookie" not in server.received[1].lower()


def test_our_credentials_win_over_a_netrc(http: Http, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer(json_reply(b"{}")) as server:
        http.send(Request("GET", server.url, is_write=False, headers={"Authorization": "Bearer ours"}))
        assert b"authorization: bearer ours" in server.received[0].lower()


def test_parameters_are_percent_encoded_and_never_with_a_plus_for_a_space() -> None:
    request = Request(
        "GET", "http://x", is_write=False, params=[("sort", "+Id"), ("q", "a b%c'"), ("q", "d")]
    )
    assert request.full_url == "http://x?sort=%2BId&q=a%20b%25c%27&q=d"


@pytest.mark.parametrize("text", ["", "<html>busy</html>", "{half", '{"a": NaN}'])
def test_a_body_that_is_no_json_reads_as_nothing(text: str) -> None:
    assert Response(200, {}, text).json() is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "soon"}, None),
        (
            {"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"},
            30.0,
        ),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(headers: dict[str, str], seconds: float | None) -> None:
    assert Response(429, headers, "").retry_after_seconds == seconds


def test_what_is_recorded_and_logged_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    recorded: list[Exchange] = []
    body = b'{"refresh_token": "RT-very-secret", "access_token": "AT-very-secret"}'
    with Http(recorder=recorded.append) as http, ScriptedServer(json_reply(body), drop) as server:
        request = Request(
            "POST",
            f"{server.url}/token",
            is_write=True,
            params=[("code", "CODE-very-secret")],
            headers={"Authorization": "Basic VERY-secret==", "ST-App-Key": "ak1.very-secret"},
            body=b"grant_type=refresh_token&refresh_token=RT-very-secret",
        )
        with caplog.at_level(logging.DEBUG):
            http.send(request)
            with pytest.raises(UncertainOutcome) as caught:
                http.send(request)
    assert len(recorded) == 2
    assert "secret" not in repr(recorded).lower()
    assert "very-secret" not in caplog.text + str(caught.value) + repr(request)
    assert "very-secret" not in str(caught.value.__cause__)
