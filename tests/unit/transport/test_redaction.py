"""What counts as a secret."""

import logging

import pytest

from st_qbo_assets.transport.redaction import MASK, RedactingFilter, redact, redact_headers

SECRET = "s3cr3t-VALUE_1.2+3/4=="


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization: Basic {SECRET}",
        f"ST-App-Key: {SECRET}",
        f'{{"access_token": "{SECRET}", "expires_in": 900}}',
        f'{{"body": "{{\\"refresh_token\\": \\"{SECRET}\\"}}"}}',
        f"{{'client_secret': '{SECRET}'}}",
        f"grant_type=refresh_token&refresh_token={SECRET}",
        f"GET /callback?code={SECRET}&state={SECRET}&realmId=934",
        f"client_id={SECRET}&client_secret={SECRET}",
        f"Token expired: {SECRET}",
        f'"detail":"Token revoked: {SECRET}"',
        "bad token eyJhbGciOiJSUzI1NiJ9.eyJuYmYiOjF9.c2lnbmF0dXJl here",
        f"sent with bearer {SECRET}",
    ],
)
def test_a_secret_is_masked_in_every_notation(text: str) -> None:
    clean = redact(text)
    assert SECRET not in clean
    assert "eyJ" not in clean
    assert MASK in clean


@pytest.mark.parametrize(
    "text",
    [
        '{"Fault":{"Error":[{"Message":"Stale","code":"5010","element":""}]}}',
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        '{"address": {"city": "Austin", "state": "TX"}}',
        "Malformed bearer token: too short or too long",
        'Bearer realm="Intuit", error="invalid_token"',
        "code=5010 wait_seconds=60",
        "STARTPOSITION 1 MAXRESULTS 1000",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_an_e_mail_address_is_masked() -> None:
    assert redact("sent to maria.alvarez+qb@example.co.uk today") == "sent to [e-mail] today"


def test_secret_headers_lose_their_whole_value() -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "st-app-key": SECRET, "Accept": "application/json"}
    assert redact_headers(headers) == {
        "Authorization": MASK,
        "st-app-key": MASK,
        "Accept": "application/json",
    }


def test_the_logging_filter_redacts_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.redaction")
    caplog.handler.addFilter(filter_ := RedactingFilter())
    try:
        raise ValueError(f"refused access_token={SECRET}")
    except ValueError:
        log.exception("call failed refresh_token=%s", SECRET)
    finally:
        caplog.handler.removeFilter(filter_)
    assert SECRET not in caplog.text
    assert "ValueError" in caplog.text
