"""How fast events are received, and that none is lost: `python -m benchmarks.webhooks`.

What belongs here: sending signed deliveries at a steady pace as the vendors do, ending receiver and database
in between, and counting what the inbox holds. What does not: the sandbox's own sender, which is slower on
purpose.

A delivery that is not answered with 200 within three seconds is sent again half a second later, the same
bytes, until it is; one in twenty is sent twice although it was answered.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select

from st_qbo_assets.connections import QUICKBOOKS_VERIFIER_TOKEN, SERVICETITAN_WEBHOOK_KEY
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store import embedded
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import inbox
from st_qbo_assets.store.vault import Vault

ROOT = Path(__file__).resolve().parents[1]
_TENANT, _REALM = 1420761, "9341453172058461"
_KEY = "0123456789abcdef0123456789abcdef"
_TIMEOUT_SECONDS = 3.0
_AGAIN_SECONDS = 0.5
_TWICE = 0.05
_SENDERS = 24


@dataclass
class Delivery:
    """One signed call.

    Attributes:
        due: when it is sent first, in monotonic seconds.
    """

    path: str
    headers: dict[str, str]
    body: bytes
    due: float


@dataclass
class Seen:
    """What senders saw."""

    seconds: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    refused: dict[str, int] = field(default_factory=dict[str, int])
    guard: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, sent: float, seconds: float) -> None:
        """Note an answer of 200."""
        with self.guard:
            self.seconds.append((sent, seconds))

    def failed(self, why: str) -> None:
        """Note a try without one."""
        with self.guard:
            self.refused[why] = self.refused.get(why, 0) + 1


def delivery(number: int, due: float) -> Delivery:
    """Return an event of either vendor, signed."""
    if number % 2:
        data = {"invoice": {"id": number}, "tenantId": _TENANT, "tenantName": "x"}
        event: Any = _envelope(number, "tn.acc.invoice-updated", userassignedid=f"u-{number}", data=data)
        body = json.dumps(event).encode()
        digest = hmac.new(_KEY.encode(), body, hashlib.sha256).hexdigest()
        return Delivery("/webhooks/servicetitan/demo", {"x-servicetitan-signature": digest}, body, due)
    more = {"intuitentityid": str(number), "intuitaccountid": _REALM, "data": {}}
    body = json.dumps([_envelope(number, "qbo.customer.updated.v1", **more)]).encode()
    digest = base64.b64encode(hmac.new(_KEY.encode(), body, hashlib.sha256).digest()).decode()
    return Delivery("/webhooks/quickbooks", {"intuit-signature": digest}, body, due)


def _envelope(number: int, type_: str, **more: Any) -> dict[str, Any]:
    at = "2026-03-02T18:00:00.123456Z"
    return {"specversion": "1.0", "id": f"e-{number}", "type": type_, "time": at, "source": "x", **more}


def send_all(port: int, due: Sequence[Delivery], seen: Seen) -> None:
    """Send every delivery until it is answered, each not before it is due."""
    waiting: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
    for each in due:
        waiting.put(each)
    for _ in range(_SENDERS):
        waiting.put(None)
    senders = [threading.Thread(target=_send, args=(port, waiting, seen)) for _ in range(_SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def _send(port: int, waiting: "queue.SimpleQueue[Delivery | None]", seen: Seen) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    while (each := waiting.get()) is not None:
        time.sleep(max(0.0, each.due - time.monotonic()))
        while True:
            started = time.monotonic()
            try:
                connection.request("POST", each.path, each.body, each.headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                seen.failed(type(error).__name__)
            else:
                if answer.status == 200:
                    seen.answered(started, time.monotonic() - started)
                    break
                seen.failed(str(answer.status))
            time.sleep(_AGAIN_SECONDS)
    connection.close()


@dataclass
class Receiver:
    """The receiver as a process of its own."""

    settings: Settings
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        environment = os.environ | {
            "ST_QBO_HOME": str(self.settings.home),
            "ST_QBO_PORT_WEB": str(self.settings.ports.web),
        }
        with (self.settings.home / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "st_qbo_assets.web"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.settings.ports.web, timeout=1)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)

    def end(self, number: int) -> None:
        """End it with a signal."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait()


@contextmanager
def home(port: int) -> Iterator[Settings]:
    """Give a home with both keys of the demo company; remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="st-qbo-webhooks-"))
    settings = load_settings({"ST_QBO_HOME": str(folder), "ST_QBO_PORT_WEB": str(port)})
    try:
        database = Database.open(settings)
        vault = Vault.open(database, settings)
        for name in (SERVICETITAN_WEBHOOK_KEY, QUICKBOOKS_VERIFIER_TOKEN):
            vault.put("company:demo", name, SecretStr(_KEY))
        database.dispose()
        yield settings
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def measure(rate: int, seconds: int, *, port: int, restarts: bool) -> dict[str, Any]:
    """Return what became of so many signed events a second for so long."""
    with home(port) as settings:
        receiver = Receiver(settings)
        receiver.start()
        seen = Seen()
        start = time.monotonic() + 0.5
        dice = random.Random(1)
        due = [delivery(number, start + number / rate) for number in range(rate * seconds)]
        twice = [Delivery(e.path, e.headers, e.body, e.due + 0.3) for e in due if dice.random() < _TWICE]
        sending = threading.Thread(
            target=send_all, args=(port, sorted([*due, *twice], key=lambda each: each.due), seen)
        )
        sending.start()
        outages: list[tuple[str, float, float]] = []
        if restarts:
            outages = list(_restart(receiver, settings, start, seconds))
        sending.join()
        ended = time.monotonic()
        receiver.end(signal.SIGTERM)
        return _report(settings, due, seen, outages) | {
            "events": len(due),
            "sent_twice": len(twice),
            "a_second": round((len(due) + len(twice)) / (ended - start), 1),
            "outages": [f"{name} {end - begin:.1f} s" for name, begin, end in outages],
        }


def _restart(
    receiver: Receiver, settings: Settings, start: float, seconds: int
) -> Iterator[tuple[str, float, float]]:
    """End receiver and database while events come in, and start them again."""
    for share, what in ((0.2, "receiver ended"), (0.4, "receiver killed"), (0.6, "database restarted")):
        time.sleep(max(0.0, start + share * seconds - time.monotonic()))
        began = time.monotonic()
        if what == "database restarted":
            embedded.stop(settings)
            embedded.postgres_url(settings)
        else:
            receiver.end(signal.SIGTERM if what == "receiver ended" else signal.SIGKILL)
            receiver.start()
        yield what, began, time.monotonic()


def _report(
    settings: Settings, due: Sequence[Delivery], seen: Seen, outages: Sequence[tuple[str, float, float]]
) -> dict[str, Any]:
    database = Database.open(settings)
    with database.autocommit() as connection:
        kept = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
        distinct = connection.execute(select(func.count(inbox.c.event_id.distinct()))).scalar_one()
    database.dispose()
    calm = sorted(
        took
        for sent, took in seen.seconds
        if not any(begin - 1 <= sent <= end + 1 for _, begin, end in outages)
    )
    return {
        "kept": kept,
        "lost": len(due) - distinct,
        "twice": kept - distinct,
        "answered": len(seen.seconds),
        "tries_without_200": seen.refused,
        "p50_ms": _quantile(calm, 0.5),
        "p99_ms": _quantile(calm, 0.99),
        "slowest_ms": _quantile(calm, 1.0),
        "slowest_with_outages_ms": round(max(took for _, took in seen.seconds) * 1000, 1),
    }


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)


def main() -> None:
    """Run the benchmark and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=250, help="events a second")
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--port", type=int, default=18800)
    parser.add_argument("--calm", action="store_true", help="restart nothing")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    found = measure(given.rate, given.seconds, port=given.port, restarts=not given.calm)
    load = [round(before, 1), round(os.getloadavg()[0], 1)]
    print(json.dumps({"rate": given.rate, **found, "load_average": load}, indent=2))


if __name__ == "__main__":
    main()
