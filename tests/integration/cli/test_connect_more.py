"""Connecting at a terminal: pasted and other redirect addresses, keys of webhooks, keeping alive, ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from st_qbo_assets.connecting.consent import check_redirect
from st_qbo_assets.connecting.lifetimes import keep_alive, notices_of
from st_qbo_assets.connections import QUICKBOOKS_VERIFIER_TOKEN, SERVICETITAN_WEBHOOK_KEY, scope_of
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.store.tokens import TokenDates
from st_qbo_sandbox import identity
from tests.integration.cli.office import QUICKBOOKS_KEYS, Office

QUICKBOOKS = ("connect", "quickbooks", "--company", "demo")
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)


def callback(link: str, decision: str = "connect") -> str:
    """Press a button of the consent page; return the address the browser ends on."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    data = asked | {"decision": decision}
    return requests.post(link.partition("?")[0], data=data, allow_redirects=False, timeout=20).headers[
        "location"
    ]


def link_of(office: Office, *flags: str) -> str:
    done = office.run(*QUICKBOOKS, *flags, typed=QUICKBOOKS_KEYS)
    assert done.status == 0, done.err
    return done.out.strip()


def test_the_address_the_browser_ended_on_is_pasted(office: Office) -> None:
    first = link_of(office)
    # another link and its paste: what is typed is no address but the last line
    asked = {name: values[0] for name, values in parse_qs(urlsplit(first).query).items()}
    given = {"code": office.consent(), "state": asked["state"], "realmId": identity.REALM}
    pasted = f"http://localhost:8800/connect/quickbooks/callback?{urlencode(given)}"
    done = office.run(*QUICKBOOKS, typed=(pasted,))
    assert done.status == 0, done.err
    assert "is connected to QuickBooks company" in done.err


def test_another_registered_address_may_be_used_without_a_public_one(office: Office) -> None:
    link = link_of(office, "--redirect-uri", "http://localhost:9999/anywhere")
    pasted = callback(link)
    assert pasted.startswith("http://localhost:9999/anywhere?")
    assert office.run(*QUICKBOOKS, typed=(pasted,)).status == 0


def test_refused_consent_is_told(office: Office) -> None:
    done = office.run(*QUICKBOOKS, typed=(callback(link_of(office), "cancel"),))
    assert done.status == 2
    assert "Consent was not given (access_denied)" in done.err


def test_half_an_address_is_told(office: Office) -> None:
    link_of(office)
    done = office.run(*QUICKBOOKS, typed=("http://localhost:8800/connect/quickbooks/callback?code=x",))
    assert done.status == 2
    assert "Copy the whole address" in done.err


@pytest.mark.parametrize(
    ("environment", "address", "said"),
    [
        (Environment.PRODUCTION, "http://sync.example.com/x", "not https"),
        (Environment.PRODUCTION, "http://localhost:8800/x", "not https"),
        (Environment.PRODUCTION, "https://localhost/x", "on this machine"),
        (Environment.PRODUCTION, "https://203.0.113.9/x", "an IP address"),
        (Environment.PRODUCTION, "https://[2001:db8::1]/x", "an IP address"),
        (Environment.INTEGRATION, "http://127.0.0.1:8800/x", "an IP address"),
        (Environment.INTEGRATION, "http://sync.example.com/x", "neither https"),
    ],
)
def test_redirect_addresses_that_intuit_refuses_are_told_with_the_cure(
    environment: Environment, address: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        check_redirect(environment, address)
    assert "ST_QBO_PUBLIC_URL" in caught.value.remedy


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        (Environment.PRODUCTION, "https://sync.example.com/x"),
        (Environment.INTEGRATION, "http://localhost:8800/x"),
        (Environment.INTEGRATION, "https://sync.example.com/x"),
        (Environment.SANDBOX, "http://127.0.0.1:8800/x"),
    ],
)
def test_redirect_addresses_that_intuit_takes_are_let_through(environment: Environment, address: str) -> None:
    check_redirect(environment, address)


def test_webhook_keys_are_kept_encrypted(connected: Office) -> None:
    keys = {"servicetitan": identity.SERVICETITAN_WEBHOOK_KEY, "quickbooks": "verifier-token-0123456789"}
    for system, key in keys.items():
        done = connected.run("connect", "webhooks", "--company", "demo", "--system", system, typed=(key,))
        assert done.status == 0, done.err
    with connected.opened() as connections:
        scope = scope_of(connections.company)
        for name, system in (
            (SERVICETITAN_WEBHOOK_KEY, "servicetitan"),
            (QUICKBOOKS_VERIFIER_TOKEN, "quickbooks"),
        ):
            found = connections.vault.get(scope, name)
            assert found is not None
            assert found.get_secret_value() == keys[system]


@pytest.mark.parametrize("key", ["short", "with blanks in it 0123456789", "ümläüte0123456789"])
def test_what_is_no_key_is_not_kept(connected: Office, key: str) -> None:
    done = connected.run("connect", "webhooks", "--company", "demo", "--system", "quickbooks", typed=(key,))
    assert done.status == 2
    assert "This is no key" in done.err


def test_disconnecting_stops_and_connecting_starts_again(connected: Office) -> None:
    done = connected.run("connect", "disconnect", "--company", "demo", "--system", "quickbooks")
    assert done.status == 0, done.err
    assert connected.run("connect").status == 1
    done = connected.come_back(code=connected.consent(), state=connected.open_link())
    assert done.status == 0, done.err
    assert connected.run("connect").status == 0
    assert connected.both_answer()


def test_forgetting_servicetitan_leaves_nothing_of_it(connected: Office) -> None:
    assert connected.run("connect", "disconnect", "--company", "demo", "--system", "servicetitan").status == 0
    with connected.opened() as connections, pytest.raises(SettingsError, match="no credentials"):
        _ = connections.servicetitan


def test_the_status_shows_every_end_and_no_secret(connected: Office) -> None:
    done = connected.run("connect")
    assert done.status == 0
    assert done.out.count("connected") >= 2
    assert f"{datetime.now(UTC) + timedelta(days=1825):%Y}" in done.out


def test_a_permission_that_nobody_used_for_a_month_is_used_in_time(connected: Office) -> None:
    with connected.opened() as connections:
        pair = connections.tokens.read()
        assert pair is not None
        assert connected.run("connect", "keep-alive").status == 0
        assert connections.tokens.read() == pair  # in use: nothing to do
        idle = replace(pair, refresh_expires_at_utc=datetime.now(UTC) + timedelta(days=69))
        connections.tokens.write(idle)

        done = connected.run("connect", "keep-alive")

        assert done.status == 0, done.err
        assert "refreshed" in done.out
        fresh = connections.tokens.read()
        assert fresh is not None
        assert fresh.refresh_expires_at_utc > datetime.now(UTC) + timedelta(days=99)


def test_a_permission_that_died_is_stopped_and_told_not_retried_for_ever(connected: Office) -> None:
    with connected.opened() as connections:
        pair = connections.tokens.read()
        assert pair is not None
        connections.tokens.write(replace(pair, refresh_expires_at_utc=datetime.now(UTC)))
        connected.act("revoke")
        done = connected.run("connect", "keep-alive")
        assert done.status == 1
        state = connections.connection_states.of(connections.name, "quickbooks")
        assert state is not None
        assert (state.is_stopped, state.code) == (True, "invalid_grant")
    assert "not connected" in connected.run("connect", "keep-alive").out


def test_one_company_that_fails_is_no_obstacle_for_the_others(connected: Office) -> None:
    with connected.opened() as connections:
        company = connections.company
        other = company.model_copy(update={"name": "other"})

        def open_company(each: object) -> object:
            if each is other:
                raise SettingsError("its key is lost")
            from st_qbo_assets.connections import open_connections

            return open_connections(company, connections.settings)

        told = keep_alive([other, company], open_company)  # pyright: ignore[reportArgumentType]
    assert told == {"other": "not refreshed: its key is lost", "demo": "in use"}


@pytest.mark.parametrize(
    ("days", "step"), [(91, None), (89, 90), (30, 90), (29.9, 30), (7, 30), (6.9, 7), (0, 0), (-3, 0)]
)
def test_a_person_is_warned_at_ninety_thirty_and_seven_days(days: float, step: int | None) -> None:
    dates = TokenDates(NOON, NOON + timedelta(days=99), NOON + timedelta(days=days), NOON)
    assert [notice.step for notice in notices_of("acme", dates, NOON)] == ([] if step is None else [step])


def test_what_is_idle_is_told_only_when_keeping_alive_has_failed_for_weeks() -> None:
    for days, steps in ((69, []), (29, [30]), (6, [7])):
        dates = TokenDates(NOON, NOON + timedelta(days=days), None, NOON)
        assert [notice.step for notice in notices_of("acme", dates, NOON)] == steps
