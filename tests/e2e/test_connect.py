"""The Connect pages in a real browser: from nothing to connected, through the consent page, and back."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from tests.e2e.browser import chromium, open_page, picture
from tests.e2e.test_ui import free_ports

ROOT = Path(__file__).parents[2]
#: Set to a folder to keep the pictures that the documentation shows.
PICTURES = os.environ.get("ST_QBO_TEST_PICTURES")
SECRETS = (
    identity.SERVICETITAN_CLIENT_ID,
    identity.SERVICETITAN_CLIENT_SECRET,
    identity.SERVICETITAN_APP_KEY,
    identity.QUICKBOOKS_CLIENT_SECRET,
    identity.SERVICETITAN_WEBHOOK_KEY,
    identity.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN,
)

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="the package chromium is not installed"),
    pytest.mark.enable_socket,
    pytest.mark.timeout(600),
]


@dataclass
class Desk:
    """A served web part on an empty database beside a sandbox."""

    port: int
    environment: dict[str, str]
    log: Path
    sandbox: Sandbox

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def public(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=2) as running:
        yield running


@pytest.fixture
def desk(sandbox: Sandbox) -> Iterator[Desk]:
    home = Path(tempfile.mkdtemp(prefix="st-qbo-connect-"))
    port = free_ports("WEB")["WEB"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ST_QBO", "DAGSTER"))}
    environment = kept | {
        "ST_QBO_HOME": str(home),
        "ST_QBO_PORT_WEB": str(port),
        "ST_QBO_SANDBOX_SERVICETITAN_URL": sandbox.servicetitan_url,
        "ST_QBO_SANDBOX_QUICKBOOKS_URL": sandbox.quickbooks_url,
    }
    made = Desk(port, environment, home / "web.log", sandbox)
    try:
        with running(made):
            yield made
    finally:
        command = [sys.executable, "-m", "st_qbo_assets.cli.main", "down"]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(desk: Desk) -> Iterator[None]:
    """Serve for as long as the block lasts."""
    command = [sys.executable, "-m", "st_qbo_assets.cli.main", "serve"]
    with desk.log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=desk.environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 120
        while not _answers(f"{desk.url}/healthz"):
            assert process.poll() is None, desk.log.read_text()
            assert time.monotonic() < deadline, desk.log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, desk.log.read_text()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def _fill(page: Page, button: str, **fields: str) -> None:
    form = page.locator("form").filter(has=page.locator(f"#{button}"))
    for name, value in fields.items():
        form.locator(f"input[name={name}]").fill(value)
    page.locator(f"#{button}").click()


def _open_company(page: Page, base: str) -> None:
    page.goto(f"{base}/connect")
    page.get_by_role("link", name="demo").click()


def _connect(page: Page, desk: Desk) -> None:
    """Do everything a person does once."""
    _open_company(page, desk.url)
    _fill(
        page,
        "servicetitan-save",
        servicetitan_client_id=identity.SERVICETITAN_CLIENT_ID,
        servicetitan_client_secret=identity.SERVICETITAN_CLIENT_SECRET,
        servicetitan_app_key=identity.SERVICETITAN_APP_KEY,
    )
    expect(page.get_by_text("ServiceTitan tenant 1420761 answers")).to_be_visible()
    _fill(
        page,
        "app-save",
        quickbooks_client_id=identity.QUICKBOOKS_CLIENT_ID,
        quickbooks_client_secret=identity.QUICKBOOKS_CLIENT_SECRET,
    )
    expect(page.get_by_text("The keys of the app are kept")).to_be_visible()
    page.locator("#connect-quickbooks").click()
    expect(page.get_by_text("asks for access to")).to_be_visible()
    page.locator("#connect").click()
    expect(page.get_by_text(re.compile("Connected to QuickBooks company"))).to_be_visible()


def test_a_company_is_connected_and_disconnected_in_the_browser(desk: Desk) -> None:
    with open_page(width=1200, height=1400) as page:
        seen: list[str] = []
        page.on("response", lambda answer: seen.append(answer.text()) if _is_ours(desk, answer) else None)
        _connect(page, desk)
        # Intuit sends the browser back to the public address, so that is where the page went first
        assert page.url.startswith(f"{desk.public}/connect/company/demo")
        assert "code=" not in page.url
        for text in ("connected", "five years from consent end", "refresh token, if idle, until"):
            expect(page.get_by_text(text).first).to_be_visible()
        _fill(page, "key-servicetitan", key=identity.SERVICETITAN_WEBHOOK_KEY)
        _fill(page, "key-quickbooks", key=identity.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN)
        expect(page.get_by_text("Intuit's verifier token is kept")).to_be_visible()
        _keep(page, "connect-company")
        page.goto(f"{desk.public}/connect")
        expect(page.locator("td .good")).to_have_count(2)
        _keep(page, "connect-list")
        page.get_by_role("link", name="demo").click()
        page.get_by_text("Disconnect", exact=True).last.click()
        page.locator("#disconnect-quickbooks").click()
        expect(page.get_by_text("the permission is withdrawn")).to_be_visible()
        expect(page.get_by_text("disconnected", exact=True)).to_be_visible()
        assert desk.sandbox.halves["quickbooks"].stats()["oauth"]["revocations"] >= 1
        told = "".join(seen) + desk.log.read_text()
        assert [secret for secret in SECRETS if secret in told] == []


def test_consent_refused_used_twice_or_in_another_browser_changes_nothing_and_says_so(desk: Desk) -> None:
    with open_page() as page:
        callbacks: list[str] = []
        page.on("request", lambda sent: callbacks.append(sent.url) if "callback?" in sent.url else None)
        _connect(page, desk)
        [used] = callbacks
        page.locator("#connect-quickbooks").click()
        page.locator("#cancel").click()
        expect(page.get_by_text("Consent was not given (access_denied)")).to_be_visible()
        _open_company(page, desk.public)
        expect(page.locator("td .good")).to_have_count(2)

        # a callback a second time
        page.goto(used)
        expect(page.get_by_text("does not belong to a consent link that is open")).to_be_visible()

        # a callback in another browser
        browser = page.context.browser
        assert browser is not None
        mine, theirs = page, browser.new_context().new_page()
        _open_company(mine, desk.url)
        mine.locator("#connect-quickbooks").click()
        expect(mine.get_by_text("asks for access to")).to_be_visible()
        state = mine.locator("input[name=state]").get_attribute("value")
        theirs.goto(
            f"{desk.public}/connect/quickbooks/callback?code=x&realmId={identity.REALM}&state={state}"
        )
        expect(theirs.get_by_text("does not belong to a consent link that is open")).to_be_visible()


def test_wrong_credentials_are_told_and_never_shown_again(desk: Desk) -> None:
    with open_page() as page:
        _open_company(page, desk.url)
        _fill(
            page,
            "servicetitan-save",
            servicetitan_client_id=identity.SERVICETITAN_CLIENT_ID,
            servicetitan_client_secret="cs1.wrong-wrong",
            servicetitan_app_key=identity.SERVICETITAN_APP_KEY,
        )
        expect(page.get_by_text("invalid_client")).to_be_visible()
        expect(page.get_by_text("not connected").first).to_be_visible()
        assert "cs1.wrong-wrong" not in page.content()


def _is_ours(desk: Desk, answer: object) -> bool:
    url, status = str(getattr(answer, "url", "")), int(getattr(answer, "status", 0))
    return url.startswith((desk.url, desk.public)) and status == 200


def _keep(page: Page, name: str) -> None:
    if PICTURES:
        picture(page, Path(PICTURES) / f"{name}.png")
