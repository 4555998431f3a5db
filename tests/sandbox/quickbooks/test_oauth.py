"""Sign-in: consent page, codes, tokens, rotation, revocation, discovery."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import BASIC, REDIRECT, Company, query_of

DAY = 86_400
ASKED = {
    "client_id": identity.QUICKBOOKS_CLIENT_ID,
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting",
    "redirect_uri": REDIRECT,
    "state": "st&te <1>",
}


def consent(company: Company, decision: str, **changes: str) -> dict[str, str]:
    form = urlencode(ASKED | changes | {"decision": decision}).encode()
    reply = company.http("POST", "/connect/oauth2", form)
    assert reply.status == 302
    return query_of(reply.headers["location"])


def test_the_consent_page_carries_what_was_asked_and_two_buttons(bare: Company) -> None:
    page = bare.http("GET", f"/connect/oauth2?{urlencode(ASKED)}")
    assert page.status == 200
    assert 'name="state" value="st&amp;te &lt;1&gt;"' in page.text
    assert re.findall(r'name="decision" value="(\w+)"', page.text) == ["connect", "cancel"]
    assert identity.REALM in page.text


def test_connecting_returns_code_state_and_realm(bare: Company) -> None:
    answer = consent(bare, "connect")
    assert answer["state"] == ASKED["state"]
    assert answer["realmId"] == identity.REALM
    assert 0 < len(answer["code"]) <= 512


def test_refusing_returns_access_denied_and_state(bare: Company) -> None:
    assert consent(bare, "cancel") == {"error": "access_denied", "state": ASKED["state"]}


def test_an_unknown_scope_is_told_to_the_app(bare: Company) -> None:
    answer = consent(bare, "connect", scope="com.intuit.quickbooks.accounting.readonly")
    assert answer == {"error": "invalid_scope", "state": ASKED["state"]}


def test_without_state_there_is_no_consent(bare: Company) -> None:
    assert consent(bare, "connect", state="")["error"] == "invalid_request"


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": "https://evil.example/"}])
def test_an_unknown_app_or_address_is_never_redirected_to(bare: Company, changes: dict[str, str]) -> None:
    page = bare.http("GET", f"/connect/oauth2?{urlencode(ASKED | changes)}")
    assert page.status == 400
    assert "location" not in page.headers


def test_a_code_becomes_tokens_without_the_realm(bare: Company) -> None:
    code = consent(bare, "connect")["code"]
    reply = bare.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert set(reply.json()) == {
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "x_refresh_token_expires_in",
    }
    assert reply.json()["token_type"] == "bearer"
    assert reply.json()["expires_in"] == 3600
    assert reply.json()["x_refresh_token_expires_in"] == 8_726_400
    assert len(reply.json()["access_token"]) <= 4096
    assert "intuit_tid" in reply.headers


def test_a_code_works_once(bare: Company) -> None:
    form = {"grant_type": "authorization_code", "code": bare.act("consent")["code"], "redirect_uri": REDIRECT}
    assert bare.token_call(**form).status == 200
    again = bare.token_call(**form)
    assert (again.status, again.text) == (400, '{"error":"invalid_grant"}')


def test_a_code_needs_the_redirect_uri_it_was_made_for(bare: Company) -> None:
    code = bare.act("consent")["code"]
    reply = bare.token_call(
        grant_type="authorization_code", code=code, redirect_uri="http://localhost:9/other"
    )
    assert reply.json() == {"error": "invalid_grant"}


def test_an_old_code_is_dead(bare: Company) -> None:
    code = bare.act("consent")["code"]
    bare.advance(301)
    reply = bare.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert reply.json() == {"error": "invalid_grant"}


def test_credentials_may_come_in_the_form(bare: Company) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": bare.act("consent")["code"],
        "redirect_uri": REDIRECT,
        "client_id": identity.QUICKBOOKS_CLIENT_ID,
        "client_secret": identity.QUICKBOOKS_CLIENT_SECRET,
    }
    assert bare.http("POST", "/oauth2/v1/tokens/bearer", urlencode(form).encode()).status == 200


def test_wrong_credentials_are_invalid_client(bare: Company) -> None:
    wrong = base64.b64encode(b"me:secret").decode()
    reply = bare.token_call(
        {"Authorization": f"Basic {wrong}"}, grant_type="refresh_token", refresh_token="x"
    )
    assert (reply.status, reply.json()) == (401, {"error": "invalid_client"})


def test_a_grant_type_of_its_own_is_refused(bare: Company) -> None:
    reply = bare.token_call(grant_type="client_credentials")
    assert (reply.status, reply.json()) == (400, {"error": "unsupported_grant_type"})


def test_within_a_day_the_refresh_token_stays_the_same(bare: Company) -> None:
    first = bare.connect()
    bare.advance(3600)
    second = bare.token_call(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]


def test_after_a_day_the_refresh_token_changes_and_the_old_one_dies(bare: Company) -> None:
    old = bare.connect()["refresh_token"]
    bare.advance(DAY + 1)
    new = bare.token_call(grant_type="refresh_token", refresh_token=old).json()["refresh_token"]
    assert new != old
    reply = bare.token_call(grant_type="refresh_token", refresh_token=old)
    assert (reply.status, reply.content) == (400, b'{"error":"invalid_grant"}')
    assert bare.token_call(grant_type="refresh_token", refresh_token=new).status == 200


def test_a_token_used_now_and_then_lives_on_and_an_idle_one_dies(bare: Company) -> None:
    token = bare.connect()["refresh_token"]
    for _ in range(3):
        bare.advance(90 * DAY)
        token = bare.token_call(grant_type="refresh_token", refresh_token=token).json()["refresh_token"]
    bare.advance(102 * DAY)
    assert bare.token_call(grant_type="refresh_token", refresh_token=token).json() == {
        "error": "invalid_grant"
    }


def test_five_years_are_the_end_of_every_lineage(bare: Company) -> None:
    token = bare.connect()["refresh_token"]
    for _ in range(18):
        bare.advance(100 * DAY)
        token = bare.token_call(grant_type="refresh_token", refresh_token=token).json()["refresh_token"]
    bare.advance(100 * DAY)
    assert bare.token_call(grant_type="refresh_token", refresh_token=token).json() == {
        "error": "invalid_grant"
    }


def test_the_hard_lifetime_is_told_on_request_only(bare: Company) -> None:
    token = bare.connect()["refresh_token"]
    asked = {"x-include-refresh-token-hard-expires-in": "true"}
    bare.advance(1000)
    reply = bare.token_call(asked, grant_type="refresh_token", refresh_token=token).json()
    assert 157_678_990 <= reply["x_refresh_token_hard_expires_in"] <= 157_679_000


def test_an_access_token_sent_for_refreshing_is_told_apart_and_not_consumed(bare: Company) -> None:
    tokens = bare.connect()
    reply = bare.token_call(grant_type="refresh_token", refresh_token=tokens["access_token"])
    assert reply.json() == {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"}
    assert bare.api("GET", "preferences").status == 200


def test_two_refreshes_at_once_may_end_the_lineage(bare: Company) -> None:
    bare.switch(parallel_refresh_revokes=True)
    token = bare.connect()["refresh_token"]
    first = bare.token_call(grant_type="refresh_token", refresh_token=token)
    second = bare.token_call(grant_type="refresh_token", refresh_token=token)
    third = bare.token_call(grant_type="refresh_token", refresh_token=token)
    assert [first.status, second.status, third.status] == [200, 400, 400]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_ends_access_and_refresh(bare: Company, kind: str) -> None:
    tokens = bare.connect()
    body = f'{{"token": "{tokens[kind]}"}}'.encode()
    headers = {"Authorization": f"Basic {BASIC}", "Content-Type": "application/json"}
    assert bare.http("POST", "/v2/oauth2/tokens/revoke", body, headers).status == 200
    assert bare.api("GET", "preferences").status == 401
    reply = bare.token_call(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert reply.json() == {"error": "invalid_grant"}
    assert bare.http("POST", "/v2/oauth2/tokens/revoke", body, headers).status == 400


def test_a_person_can_disconnect_the_app(bare: Company) -> None:
    tokens = bare.connect()
    bare.act("revoke")
    assert bare.api("GET", "preferences").status == 401
    reply = bare.token_call(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert reply.json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_discovery_points_to_the_sandbox_itself(bare: Company, name: str, slash: str) -> None:
    found = bare.http("GET", f"/.well-known/{name}{slash}").json()
    assert found["authorization_endpoint"] == "http://127.0.0.1:8812/connect/oauth2"
    assert found["token_endpoint"] == "http://127.0.0.1:8812/oauth2/v1/tokens/bearer"
    assert found["revocation_endpoint"] == "http://127.0.0.1:8812/v2/oauth2/tokens/revoke"
    assert found["token_endpoint_auth_methods_supported"] == ["client_secret_post", "client_secret_basic"]


def test_user_info_needs_a_good_token(bare: Company) -> None:
    token = bare.connect()["access_token"]
    path = "/v1/openid_connect/userinfo"
    assert bare.http("GET", path, headers={"Authorization": f"Bearer {token}"}).json()["email"]
    assert bare.http("GET", path, headers={"Authorization": "Bearer nonsense"}).status == 401


def test_tokens_survive_a_restart_of_the_server(tmp_path: Path) -> None:
    first = Sandbox(tmp_path)
    tokens = Company(first).connect()
    first.stop()
    second = Sandbox(tmp_path)
    again = Company(second)
    again.token = tokens["access_token"]
    assert again.api("GET", "preferences").status == 200
    second.stop()
