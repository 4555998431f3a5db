"""The bookkeeper's chair: a red day is found and healed in the Dagster UI, with a real browser."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.e2e.browser import chromium, open_page, picture

ROOT = Path(__file__).parents[2]
#: Set to a folder to keep the pictures that the documentation shows.
PICTURES = os.environ.get("ST_QBO_TEST_PICTURES")

expect.set_options(timeout=60_000)  # the UI is slow on a busy machine

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="the package chromium is not installed"),
    pytest.mark.enable_socket,
    pytest.mark.timeout(900),
]


@dataclass
class Installation:
    """A home with ports of its own, and the commands run on it."""

    home: Path
    ports: dict[str, int]

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ST_QBO", "DAGSTER"))
        }
        ports = {f"ST_QBO_PORT_{name}": str(port) for name, port in self.ports.items()}
        return kept | ports | {"ST_QBO_HOME": str(self.home)}

    @property
    def ui(self) -> str:
        return f"http://127.0.0.1:{self.ports['DAGSTER']}"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "st_qbo_assets.cli.main", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def edit(self, **act: Any) -> dict[str, Any]:
        """Act as a person in ServiceTitan."""
        return self._call("/_sandbox/edit", act)

    def servicetitan(self, collection: str) -> list[dict[str, Any]]:
        return self._call(f"/_sandbox/state?entity={collection}")

    def quickbooks_writes(self) -> list[str]:
        """Paths of all writes QuickBooks has been sent."""
        calls = self._call("/_sandbox/requests", port="QUICKBOOKS")
        reads = ("/query", "/batch", "/oauth2")
        return [c["path"] for c in calls if c["method"] == "POST" and not c["path"].endswith(reads)]

    def switch_events_off(self) -> None:
        """Have ServiceTitan send no webhooks."""
        self._call("/_sandbox/webhooks", {"servicetitan": {"url": None}})

    def stop_sensor(self, name: str) -> None:
        """Switch a sensor off, as a person does in the UI."""
        where = {
            "repositoryLocationName": "st_qbo_assets",
            "repositoryName": "__repository__",
            "sensorName": name,
        }
        query = "query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { id } } }"
        sensor = self._graphql(query, s=where)["sensorOrError"]
        stop = """mutation($id: String) { stopSensor(id: $id) {
            ... on StopSensorMutationResult { instigationState { status } } } }"""
        stopped = self._graphql(stop, id=sensor["id"])["stopSensor"]
        assert stopped["instigationState"]["status"] == "STOPPED", stopped

    def _graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        return self._call("/graphql", {"query": query, "variables": variables}, port="DAGSTER")["data"]

    def _call(self, path: str, body: Any = None, *, port: str = "SERVICETITAN") -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[port]}{path}",
            data=data,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def free_ports(*names: str) -> dict[str, int]:
    sockets = [socket.socket() for _ in names]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """An installation whose UI runs on the sandbox, with nothing synced yet.

    Its folder is not pytest's: another test run on this machine would clear that away.
    """
    home = Path(tempfile.mkdtemp(prefix="st-qbo-ui-"))
    made = Installation(home, free_ports("DAGSTER", "WEB", "SERVICETITAN", "QUICKBOOKS"))
    log = home / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            made.command("demo", "--days", "0"),
            cwd=ROOT,
            env=made.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + 400
        while "stays up" not in log.read_text():
            assert demo.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield made
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
        made.run("down")
        shutil.rmtree(home, ignore_errors=True)


def test_a_red_day_is_healed_by_materializing_what_failed(installation: Installation) -> None:
    invoices = [invoice for invoice in installation.servicetitan("invoices") if float(invoice["total"]) > 100]
    bad = invoices[5]  # the first one is in QuickBooks already, typed by hand
    day = bad["invoiceDate"][:10]
    sub_total = bad["subTotal"]
    # events and feeds would heal the day before the bookkeeper does
    installation.switch_events_off()
    installation.stop_sensor("demo_feed_catch_up")
    installation.edit(
        act="update", resource="invoices", id=bad["id"], set={"subTotal": "1.00"}, totals="as given"
    )
    synced = installation.run("sync", "--company", "demo", "--from", day, "--to", day)
    assert synced.returncode == 1
    assert "rejected" in synced.stdout, synced.stdout + synced.stderr
    written = len(installation.quickbooks_writes())

    installation.edit(
        act="update", resource="invoices", id=bad["id"], set={"subTotal": sub_total}, totals="as given"
    )
    with open_page(width=1700, height=1000) as page:
        partition = f"{installation.ui}/assets/demo/loaded/invoices?view=partitions&partition={day}"
        _open(page, partition, "Failed (1)")
        expect(page.get_by_text("failed, and did not materialize this asset")).to_be_visible()
        _keep(page, "failed-partition")
        page.get_by_text("View all historical events").click()
        page.get_by_role("button", name="arrow_drop_down").last.click()
        expect(page.get_by_text("needs_attention")).to_be_visible()
        expect(page.get_by_text(bad["referenceNumber"]).first).to_be_visible()
        _keep(page, "failed-reasons")
        _open(page, partition, "Failed (1)")
        page.get_by_role("button", name="Materialize").first.click()
        page.get_by_role("button", name="Failed", exact=True).click()
        page.get_by_role("button", name=re.compile("^Launch 1 run")).click()
        confirm = page.get_by_role("button", name="Confirm")
        if confirm.is_visible():
            confirm.click()
        page.wait_for_timeout(1000)
        _open(page, partition, "Failed (0)")
        _open(page, partition, "posted_total")
        expect(page.get_by_text("Materialized", exact=True).first).to_be_visible()
        _keep(page, "partition")
        _open(page, f"{installation.ui}/assets/demo/books/tie_out?view=partitions&partition={day}", "verdict")
        _keep(page, "tie-out")
        _open(page, f"{installation.ui}/asset-groups", "demo_books")
        page.wait_for_timeout(3000)
        _keep(page, "lineage")

    healed = installation.quickbooks_writes()[written:]
    invoice_writes = [path for path in healed if path.endswith("/invoice")]
    assert len(invoice_writes) == 1
    assert len(healed) <= 4  # the invoice, and what only it needed: a customer, an item, its payment


def _open(page: Page, address: str, text: str) -> None:
    """Open a page again and again until it says something; on a busy machine the UI is slow to know."""
    for _ in range(20):
        page.goto(address)
        with contextlib.suppress(TimeoutError):
            page.get_by_text(text, exact=True).first.wait_for(timeout=12_000)
            return
    raise AssertionError(f"{address} never said {text!r}")


def _keep(page: Page, name: str) -> None:
    if PICTURES:
        picture(page, Path(PICTURES) / f"{name}.png")
