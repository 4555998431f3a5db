"""Connecting to QuickBooks, keeping the connection and losing it, against the sandbox."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.quickbooks.auth import discover, new_state
from tests.integration.clients.desk import Desk

HOUR, DAY = 3600, 86400


def token_calls(desk: Desk) -> int:
    return len(desk.sent("/oauth2/v1/tokens/bearer"))


def test_an_administrator_connects_in_a_browser(desk: Desk) -> None:
    known, state = desk.info["quickbooks"], new_state()
    url = desk.oauth.authorize_url(redirect_uri=known["redirect_uri"], state=state)
    page = requests.get(url, timeout=10)
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
    target = urljoin(url, action[1]) if action else url.split("?")[0]
    answer = requests.post(target, data={**form, "decision": "connect"}, timeout=10, allow_redirects=False)
    callback = {
        name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()
    }
    assert (callback["state"], callback["realmId"]) == (state, known["realm"])
    desk.vault.write(desk.oauth.exchange_code(callback["code"], redirect_uri=known["redirect_uri"]))
    assert desk.quickbooks.company_info()["CompanyName"]


def test_the_end_of_the_grant_is_known_from_the_start(connected: Desk) -> None:
    stored = connected.vault.stored
    assert (
        stored and stored.hard_expires_at_utc and stored.hard_expires_at_utc > stored.refresh_expires_at_utc
    )


def test_a_token_that_ended_in_the_vendors_time_is_refreshed(connected: Desk) -> None:
    connected.quickbooks.preferences()
    connected.advance(HOUR + 60)
    before = token_calls(connected)
    assert connected.quickbooks.preferences()
    assert token_calls(connected) - before == 1


def test_a_rotated_refresh_token_is_the_one_used_next(connected: Desk) -> None:
    first = connected.vault.stored
    connected.advance(DAY + HOUR)
    assert connected.quickbooks.preferences()
    second = connected.vault.stored
    assert first and second and first.refresh_token != second.refresh_token
    connected.advance(HOUR + 60)
    assert connected.quickbooks.preferences()
    with pytest.raises(ConnectionStopped):
        connected.oauth.refresh(first.refresh_token)


def test_many_threads_whose_token_ended_refresh_once(connected: Desk) -> None:
    connected.advance(DAY + HOUR)
    before = token_calls(connected)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: connected.quickbooks.preferences(), range(16)))
    assert token_calls(connected) - before == 1


def test_a_revoked_permission_stops_the_connection(connected: Desk) -> None:
    connected.act("revoke")
    with pytest.raises(ConnectionStopped) as caught:
        connected.quickbooks.preferences()
    assert caught.value.code == "invalid_grant"


def test_disconnecting_ends_the_permission(connected: Desk) -> None:
    connected.auth.disconnect()
    with pytest.raises(ConnectionStopped):
        connected.quickbooks.preferences()


def test_a_wrong_secret_is_named_as_such(connected: Desk) -> None:
    stored = connected.vault.stored
    with pytest.raises(ConnectionStopped) as caught:
        connected.make_oauth(client_secret="wrong").refresh(stored.refresh_token if stored else "")
    assert caught.value.code == "invalid_client"


def test_the_discovery_document_names_the_addresses(desk: Desk) -> None:
    known = desk.info["quickbooks"]
    found = discover(desk.http, known["discovery_url"])
    assert urlsplit(found.token).path == urlsplit(known["token_url"]).path
