"""Tokens, app key, tenant, scopes, throttle and the form of refusals."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from st_qbo_sandbox import identity
from tests.sandbox.servicetitan.conftest import Client

INVOICES = "accounting/invoices"


def test_a_token_looks_like_the_vendors_and_lives_900_seconds_of_sandbox_time(client: Client) -> None:
    answer = client.token()
    body = answer.json()
    header, claims, signature = body["access_token"].split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))

    assert (body["expires_in"], body["token_type"]) == (900, "Bearer")
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["typ"] == "at+jwt"
    assert decoded["exp"] - decoded["nbf"] == 900
    assert (decoded["tenant"], "tn.acc.invoices:r" in decoded["scope"]) == (str(identity.TENANT), True)
    assert len(signature) > 300

    client.control("clock", {"advance_seconds": 890})
    assert client("GET", INVOICES).status_code == 200
    client.control("clock", {"advance_seconds": 10})
    assert client("GET", INVOICES).status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "cs1.wrong"}, "invalid_client"),
        (
            {
                "client_id": identity.SERVICETITAN_PRODUCTION_CLIENT_ID,
                "client_secret": identity.SERVICETITAN_PRODUCTION_CLIENT_SECRET,
            },
            "invalid_client",
        ),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "tn.acc.everything:w"}, "invalid_scope"),
    ],
)
def test_wrong_credentials_get_an_oauth_error(client: Client, changes: dict[str, str], error: str) -> None:
    refused = client.token(**changes)

    assert (refused.status_code, refused.json()) == (400, {"error": error})


def test_credentials_in_json_are_refused(client: Client) -> None:
    body = {"grant_type": "client_credentials", "client_id": identity.SERVICETITAN_CLIENT_ID}

    assert requests.post(f"{client.url}/connect/token", json=body, timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer abc.def.ghi"}, 401),
        ({"ST-App-Key": "ak1.other"}, 403),
        ({"ST-App-Key": None}, 403),
    ],
)
def test_every_call_needs_a_token_and_the_app_key(
    client: Client, headers: dict[str, str | None], status: int
) -> None:
    client.session.headers.update(headers)  # type: ignore[arg-type]
    refused = client("GET", INVOICES)

    assert refused.status_code == status
    assert set(refused.json()) == {"type", "title", "status", "traceId", "errors", "data"}


def test_the_app_key_may_come_as_a_query_parameter(client: Client) -> None:
    del client.session.headers["ST-App-Key"]

    answer = client("GET", INVOICES, servicetitanapplicationkey=identity.SERVICETITAN_APP_KEY)
    assert answer.status_code == 200


def test_the_word_bearer_may_be_left_out_unless_switched(client: Client) -> None:
    token = str(client.session.headers["Authorization"]).removeprefix("Bearer ")
    client.session.headers["Authorization"] = token
    assert client("GET", INVOICES).status_code == 200

    client.switch(bearer_word_required=True)
    assert client("GET", INVOICES).status_code == 401


def test_another_tenant_and_a_missing_scope_are_forbidden(client: Client) -> None:
    other = f"{client.url}/accounting/v2/tenant/999/invoices"
    assert client.session.get(other, timeout=10).status_code == 403

    token = client.token(scope="tn.acc.payments:r").json()["access_token"]
    client.session.headers["Authorization"] = f"Bearer {token}"
    assert client("GET", "accounting/payments").status_code == 200
    assert client("GET", INVOICES).status_code == 403


def test_an_app_without_a_scope_is_forbidden_whatever_its_token_says(client: Client) -> None:
    client.switch(scopes_withheld=["tn.acc.invoices"])

    assert client("GET", INVOICES).status_code == 403
    assert client("GET", "accounting/payments").status_code == 200


@pytest.mark.parametrize(("form", "media"), [("empty", None), ("html", "text/html; charset=utf-8")])
def test_refusals_of_authentication_may_be_no_json(client: Client, form: str, media: str | None) -> None:
    client.switch(auth_error_body=form)
    client.session.headers["Authorization"] = "Bearer x"
    refused = client("GET", INVOICES)

    assert (refused.status_code, refused.headers.get("content-type")) == (401, media)


def test_the_61st_call_of_a_second_is_refused_with_the_wait_in_its_title(client: Client) -> None:
    client.switch(requests_per_second=3)
    client.advance(2)
    answers = [client("GET", "accounting/tax-zones") for _ in range(4)]
    body = answers[3].json()

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (body["status"], body["title"]) == (429, "Rate limit is exceeded. Try again in 1 seconds.")
    assert int(body["title"].split(" ")[-2]) == 1
    assert "retry-after" not in answers[3].headers

    client.advance(1)
    assert client("GET", "accounting/tax-zones").status_code == 200


def test_retry_after_can_be_sent(client: Client) -> None:
    client.switch(requests_per_second=1, retry_after_header=True)
    client.advance(2)
    client("GET", "accounting/tax-zones")

    assert client("GET", "accounting/tax-zones").headers["retry-after"] == "1"


def test_the_default_limit_is_60_a_second(client: Client) -> None:
    client.control("reset", {"half": "servicetitan"})
    client.advance(2)
    statuses = [client("GET", "accounting/tax-zones").status_code for _ in range(61)]

    # Real time passes too: the meter slides, so only the count within one second is certain.
    assert statuses[:60] == [200] * 60


def test_the_token_endpoint_can_be_throttled_too(client: Client) -> None:
    client.switch(token_requests_per_minute=1)
    client.control("clock", {"advance_seconds": 61})
    client.token()

    assert client.token().status_code == 429


@pytest.mark.parametrize("path", ["accounting/nothing", "accounting/invoices/8001", "nomodule/invoices"])
def test_unknown_routes_are_404_with_a_problem_body(client: Client, path: str) -> None:
    refused = client("GET", path)

    assert (refused.status_code, refused.json()["status"]) == (404, 404)


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("http_429", 429), ("token_expired", 401)])
def test_faults_have_the_vendors_form(client: Client, kind: str, status: int) -> None:
    client.control("faults", {"rules": [{"kind": kind, "path": "*/invoices"}]})
    refused = client("GET", INVOICES)
    client.control("faults", {"rules": []})

    assert (refused.status_code, refused.json()["status"]) == (status, status)


def test_an_unknown_switch_or_value_is_refused(client: Client) -> None:
    for wrong in ({"nonsense": True}, {"list_order": "upwards"}, {"feed_page_size": "many"}):
        assert client.control("switches", {"servicetitan": wrong}).status_code == 400
