"""The Connect pages by HTTP: who may see them, forged forms, and what a consent may not do."""

import re
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import yaml
from pydantic import SecretStr

from st_qbo_assets.company_files import DEFS, read_company
from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connections import QUICKBOOKS_SECRETS, SERVICETITAN_SECRETS, Connections, open_connections
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import vault
from st_qbo_assets.store.vault import KEY_FILE
from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from tests.integration.web.serving import Served, served

PAGE = "/connect/company/demo"
SECRET = "correct horse battery staple"
SERVICETITAN = dict(
    zip(
        SERVICETITAN_SECRETS,
        (
            identity.SERVICETITAN_CLIENT_ID,
            identity.SERVICETITAN_CLIENT_SECRET,
            identity.SERVICETITAN_APP_KEY,
        ),
        strict=True,
    )
)
APP = dict(
    zip(QUICKBOOKS_SECRETS, (identity.QUICKBOOKS_CLIENT_ID, identity.QUICKBOOKS_CLIENT_SECRET), strict=True)
)


class Browser:
    """Follows no redirect by itself, and reads tokens out of pages."""

    def __init__(self, web: Served, *, host: str = "localhost") -> None:
        self.base = f"http://{host}:{web.settings.ports.web}"
        self.http = requests.Session()

    def get(self, address: str, **headers: str) -> requests.Response:
        return self.http.get(self._full(address), headers=headers, allow_redirects=False, timeout=30)

    def post(self, path: str, given: dict[str, str], **headers: str) -> requests.Response:
        return self.http.post(
            self._full(path), data=given, headers=headers, allow_redirects=False, timeout=30
        )

    def send(self, path: str, given: dict[str, str] | None = None, *, page: str = PAGE) -> requests.Response:
        """Send a form of a page as a person does, and return the page it leads to."""
        answer = self.post(path, {**(given or {}), "token": self.token(page)}, Origin=self.base)
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def token(self, page: str = PAGE) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get(page).text)
        assert found is not None
        return found[1]

    def _full(self, address: str) -> str:
        return address if address.startswith("http") else self.base + address


@pytest.fixture(scope="session")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=2) as running:
        yield running


@pytest.fixture
def settings(web_settings: Settings, sandbox: Sandbox) -> Settings:
    return replace(
        web_settings,
        sandbox_servicetitan_url=sandbox.servicetitan_url,
        sandbox_quickbooks_url=sandbox.quickbooks_url,
    )


@pytest.fixture
def web(settings: Settings) -> Generator[Served]:
    with served(settings) as running:
        yield running


@pytest.fixture
def browser(web: Served) -> Browser:
    return Browser(web)


def connections_of(web: Served) -> Connections:
    return open_connections(read_company("demo").company, web.settings)


def begin(browser: Browser) -> tuple[str, str]:
    """Go as far as the consent page; return its address and state."""
    browser.send(f"{PAGE}/quickbooks/app", APP)
    start = browser.send(f"{PAGE}/quickbooks")
    assert start.status_code == 303, start.text
    address = start.headers["location"]
    return address, parse_qs(urlsplit(address).query)["state"][0]


def consent(address: str, decision: str = "connect") -> str:
    """Press a button of the consent page; return the callback's address."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    answer = requests.post(
        address.partition("?")[0], data=asked | {"decision": decision}, allow_redirects=False, timeout=30
    )
    return answer.headers["location"]


def test_everything_is_connected_by_forms(web: Served, browser: Browser) -> None:
    said = browser.send(f"{PAGE}/servicetitan", SERVICETITAN)
    assert "ServiceTitan tenant 1420761 answers" in said.text
    back = consent(begin(browser)[0])
    answer = browser.get(back)
    assert answer.headers["location"] == PAGE
    shown = browser.get(PAGE).text
    assert "Connected to QuickBooks company Blue Heron Home Services" in shown
    for secret in (*SERVICETITAN.values(), identity.QUICKBOOKS_CLIENT_SECRET):
        assert secret not in shown
    connections = connections_of(web)
    assert connections.tokens.read() is not None
    assert list(connections.servicetitan.business_units())
    connections.close()


def test_disconnecting_withdraws_the_permission_and_forgets_the_tokens(
    web: Served, browser: Browser, sandbox: Sandbox
) -> None:
    browser.get(consent(begin(browser)[0]))
    before = sandbox.halves["quickbooks"].stats()["oauth"]["revocations"]
    assert "withdrawn" in browser.send(f"{PAGE}/quickbooks/disconnect").text
    assert sandbox.halves["quickbooks"].stats()["oauth"]["revocations"] == before + 1
    connections = connections_of(web)
    assert connections.tokens.read() is None
    state = connections.connection_states.of(connections.name, "quickbooks")
    assert state is not None
    assert (state.is_stopped, state.code) == (True, "disconnected")
    connections.close()
    browser.get(consent(begin(browser)[0]))
    assert "stopped" not in browser.get(PAGE).text


def test_disconnecting_what_the_vendor_ended_already_is_no_failure(
    web: Served, browser: Browser, sandbox: Sandbox
) -> None:
    browser.get(consent(begin(browser)[0]))
    requests.post(f"{sandbox.quickbooks_url}/_sandbox/edit", json={"act": "revoke"}, timeout=10)
    assert "withdrawn" in browser.send(f"{PAGE}/quickbooks/disconnect").text


def test_the_page_moves_to_the_public_host_before_the_browser_leaves(web: Served) -> None:
    browser = Browser(web, host="127.0.0.1")
    browser.send(f"{PAGE}/quickbooks/app", APP)
    answer = browser.post(f"{PAGE}/quickbooks", {"token": browser.token()}, Origin=browser.base)
    location = answer.headers["location"]
    assert location.startswith(f"{web.settings.public_url}/connect/quickbooks/start?ticket=")
    there = browser.get(location)
    assert there.headers["location"].startswith(web.settings.sandbox_quickbooks_url)
    assert "HttpOnly" in there.headers["set-cookie"]
    again = browser.get(location)
    assert again.status_code == 400, "a ticket is good once"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "x" * 43}, "its state differs"),
        ({"state": ""}, "not the address"),
        ({"code": ""}, "not the address"),
        ({"realmId": "999"}, "QuickBooks company 999"),
        ({"code": "AB1forged"}, "does not take this code"),
    ],
)
def test_a_callback_that_is_not_as_it_should_be_is_refused(
    web: Served, browser: Browser, change: dict[str, str], said: str
) -> None:
    address = consent(begin(browser)[0])
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | change
    answer = browser.get(f"/connect/quickbooks/callback?{urlencode(given)}")
    assert answer.status_code == 400
    assert said in answer.text
    connections = connections_of(web)
    assert connections.tokens.read() is None
    connections.close()


def test_consent_for_another_realm_leaves_the_connection_as_it_was(web: Served, browser: Browser) -> None:
    browser.get(consent(begin(browser)[0]))
    connections = connections_of(web)
    before = connections.tokens.read()
    other = re.sub(r"realmId=\d+", "realmId=999", consent(begin(browser)[0]))
    assert "names 9341453172058461" in browser.get(other).text
    assert connections.tokens.read() == before
    connections.close()


def test_refused_consent_is_said_and_its_state_is_used_up(browser: Browser) -> None:
    address, state = begin(browser)
    answer = browser.get(consent(address, "cancel"))
    assert (answer.status_code, "access_denied" in answer.text) == (400, True)
    again = browser.get(f"/connect/quickbooks/callback?code=x&realmId={identity.REALM}&state={state}")
    assert "its state differs" in again.text


def test_a_state_is_bound_to_the_browser_that_began_and_good_once(web: Served, browser: Browser) -> None:
    address = consent(begin(browser)[0])
    assert "its state differs" in Browser(web).get(address).text
    assert "its state differs" in browser.get(address).text


def test_a_state_ends_by_itself(web: Served, browser: Browser, database: Database) -> None:
    address = consent(begin(browser)[0])
    with database.begin() as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(vault.update().where(vault.c.scope == "consent").values(expires_at=past))
    assert "is too old" in browser.get(address).text


def test_a_consent_of_the_terminal_is_not_taken_by_a_browser(web: Served, browser: Browser) -> None:
    from st_qbo_assets.connecting.consent import Consent, Consents

    connections = connections_of(web)
    state = Consents(connections.vault).begin(Consent("demo", "http://localhost/x"), minutes=5)
    answer = browser.get(f"/connect/quickbooks/callback?code=x&realmId={identity.REALM}&state={state}")
    assert "paste it there" in answer.text
    assert Consents(connections.vault).end(state).company == "demo"
    connections.close()


# Forged forms


def test_a_form_without_the_token_of_its_session_is_refused(web: Served, browser: Browser) -> None:
    other = Browser(web).token()
    browser.get(PAGE)
    for given in ({}, {"token": ""}, {"token": "é"}, {"token": other}):
        answer = browser.post(f"{PAGE}/servicetitan", SERVICETITAN | given, Origin=browser.base)
        assert answer.status_code == 403
    connections = connections_of(web)
    assert connections.connection_states.of(connections.name, "servicetitan") is None
    connections.close()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_form_sent_from_another_site_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.post(f"{PAGE}/servicetitan/forget", {"token": browser.token()}, **headers)
    assert answer.status_code == 403


def test_reading_a_page_changes_nothing(browser: Browser) -> None:
    for path in ("quickbooks", "quickbooks/disconnect", "servicetitan", "webhooks/quickbooks"):
        assert browser.get(f"{PAGE}/{path}").status_code == 405


def test_pages_keep_to_themselves(browser: Browser) -> None:
    headers = browser.get("/connect").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "SameSite=lax" in headers["set-cookie"]


def test_names_are_escaped(browser: Browser) -> None:
    answer = browser.get("/connect/quickbooks/callback?state=x&error=%3Cscript%3E")
    assert "<script>" not in answer.text
    assert browser.get("/connect/company/%3Cb%3E").status_code == 404


# Who may


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8800", "", "localhost.evil.example", "[::2]"])
def test_another_host_name_is_refused(web: Served, host: str) -> None:
    for path in ("/connect", "/connect/quickbooks/start?ticket=x", "/connect/quickbooks/callback?state=x"):
        answer = requests.get(web.url + path, headers={"Host": host}, allow_redirects=False, timeout=30)
        assert answer.status_code in (400, 421)


def test_what_was_forwarded_is_not_from_this_machine(browser: Browser) -> None:
    assert browser.get("/connect", **{"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert browser.get("/connect", Forwarded="for=203.0.113.9").status_code == 403


def test_with_a_public_address_nobody_may_without_a_guard(settings: Settings) -> None:
    with served(settings, public_url="https://sync.example.com") as web:
        answer = requests.get(f"{web.url}/connect", timeout=30)
        assert answer.status_code == 403
        assert "ST_QBO_WEB_SECRET" in answer.text


def test_with_a_secret_everybody_logs_in_first(settings: Settings) -> None:
    with served(settings, web_secret=SecretStr(SECRET)) as web:
        browser = Browser(web)
        assert browser.get("/connect").headers["location"] == "/connect/login"
        assert browser.post(f"{PAGE}/quickbooks/disconnect", {}).headers["location"] == "/connect/login"
        wrong = browser.send("/connect/login", {"secret": "wrong"}, page="/connect/login")
        assert "This is not the secret" in wrong.text
        before = browser.http.cookies["st_qbo_session"]
        assert browser.send("/connect/login", {"secret": SECRET}, page="/connect/login").status_code == 200
        assert browser.http.cookies["st_qbo_session"] != before
        browser.send("/connect/logout", page="/connect")
        assert browser.get("/connect").status_code == 303


def test_the_secret_cannot_be_guessed_quickly(settings: Settings) -> None:
    with served(settings, web_secret=SecretStr(SECRET)) as web:
        browser = Browser(web)
        token = browser.token("/connect/login")
        for _ in range(11):
            browser.post("/connect/login", {"secret": "guess", "token": token}, Origin=browser.base)
        browser.send("/connect/login", {"secret": SECRET}, page="/connect/login")
        assert browser.get("/connect").status_code == 303


def test_a_proxy_vouches_by_its_header(settings: Settings) -> None:
    given = ("x-forwarded-user", SecretStr(""))
    with served(settings, public_url="https://sync.example.com", web_proxy_header=given) as web:
        host = {"Host": "sync.example.com"}
        assert requests.get(f"{web.url}/connect", headers=host, timeout=30).status_code == 403
        user = {"X-Forwarded-User": "dana", "X-Forwarded-For": "203.0.113.9"}
        answer = requests.get(f"{web.url}/connect", headers=host | user, timeout=30)
        assert answer.status_code == 200
        assert "__Host-" in answer.headers["set-cookie"]
        assert "Secure" in answer.headers["set-cookie"]


def test_a_header_with_a_value_must_have_that_value(settings: Settings) -> None:
    given = ("x-proxy-auth", SecretStr("a long random value"))
    with served(settings, public_url="https://sync.example.com", web_proxy_header=given) as web:
        for value, status in (("wrong", 403), ("a long random value", 200)):
            headers = {"Host": "sync.example.com", "X-Proxy-Auth": value}
            assert requests.get(f"{web.url}/connect", headers=headers, timeout=30).status_code == status


# Production


def production(tmp_path: Path) -> Path:
    document = yaml.safe_load((DEFS / "demo" / "defs.yaml").read_text())
    document["attributes"]["environment"] = "production"
    (tmp_path / "defs" / "demo").mkdir(parents=True)
    (tmp_path / "defs" / "demo" / "defs.yaml").write_text(yaml.safe_dump(document))
    return tmp_path / "defs"


@pytest.mark.parametrize(
    "address", ["http://localhost:8800", "https://203.0.113.9", "http://sync.example.com"]
)
def test_an_address_intuit_refuses_is_told_before_the_browser_leaves(
    settings: Settings, tmp_path: Path, address: str
) -> None:
    with served(settings, defs=production(tmp_path), public_url=address, web_secret=SecretStr(SECRET)) as web:
        browser = Browser(web)
        browser.send("/connect/login", {"secret": SECRET}, page="/connect/login")
        browser.send(f"{PAGE}/quickbooks/app", APP)
        answer = browser.send(f"{PAGE}/quickbooks")
        assert answer.status_code == 200, "no redirect to Intuit"
        assert "Set ST_QBO_PUBLIC_URL" in answer.text


# The vault


def test_a_lost_vault_key_is_made_good_by_connecting_anew(web: Served, browser: Browser) -> None:
    browser.send(f"{PAGE}/servicetitan", SERVICETITAN)
    browser.get(consent(begin(browser)[0]))
    (web.settings.home / KEY_FILE).unlink()
    assert "key file" in browser.send(f"{PAGE}/quickbooks").text
    told = browser.send(f"{PAGE}/servicetitan", SERVICETITAN).text
    assert "a new one was made" in told
    answer = browser.get(consent(begin(browser)[0]))
    assert answer.headers["location"] == PAGE


def test_without_a_database_the_page_says_so(web: Served, browser: Browser, database: Database) -> None:
    browser.get("/connect")
    with database.autocommit() as connection:
        connection.exec_driver_sql("ALTER TABLE st_qbo.connections RENAME TO connections_away")
    try:
        answer = browser.get("/connect")
        assert answer.status_code == 503
        assert "database does not answer" in answer.text
    finally:
        with database.autocommit() as connection:
            connection.exec_driver_sql("ALTER TABLE st_qbo.connections_away RENAME TO connections")


def test_the_page_warns_of_what_ends_soon(web: Served, browser: Browser) -> None:
    connections = connections_of(web)
    store_quickbooks_app(connections, {name: SecretStr(value) for name, value in APP.items()})
    act = requests.post(
        f"{web.settings.sandbox_quickbooks_url}/_sandbox/edit", json={"act": "consent"}, timeout=10
    ).json()
    connect_quickbooks(connections, act["code"], redirect_uri=act["redirect_uri"])
    pair = connections.tokens.read()
    assert pair is not None
    for days, said in (
        (89, "in less than 90 days"),
        (29, "in less than 30 days"),
        (6, "in less than 7 days"),
    ):
        ends = datetime.now(UTC) + timedelta(days=days)
        connections.tokens.write(replace(pair, hard_expires_at_utc=ends))
        assert said in browser.get("/connect").text
    connections.close()
