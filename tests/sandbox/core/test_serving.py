"""`python -m st_qbo_sandbox`: the real sandbox in a process of its own, killed and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

SMALL = ("--days", "1", "--invoices-per-day", "3", "--last-day", "2026-03-08")


class Command:
    """Runs the command in a home of its own, on ports the system chooses."""

    def __init__(self, home: Path) -> None:
        self.environment = {
            **os.environ,
            "ST_QBO_HOME": str(home),
            "ST_QBO_PORT_SERVICETITAN": "0",
            "ST_QBO_PORT_QUICKBOOKS": "0",
        }
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        command = [sys.executable, "-m", "st_qbo_sandbox", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def serve(self, *arguments: str) -> tuple[subprocess.Popen[str], str, str]:
        """Start serving; return the process and the URLs of its one line."""
        command = [sys.executable, "-m", "st_qbo_sandbox", "serve", *arguments]
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        servicetitan, quickbooks = re.findall(r"http://127\.0\.0\.1:\d+", line)
        self.line = line
        return process, servicetitan, quickbooks


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "home with a space")
    yield command
    for process in command.started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def control(method: str, url: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{url}/_sandbox/{body and 'edit' or 'state'}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_state_survives_a_kill_and_fresh_wipes_it(command: Command) -> None:
    process, servicetitan, _ = command.serve(*SMALL)
    act = {"act": "add", "resource": "vendors", "record": {"name": "Bolt Bros"}}
    control("POST", servicetitan, act)
    before = control("GET", servicetitan)
    process.kill()
    process.wait()

    process, servicetitan, _ = command.serve("--days", "5")
    assert control("GET", servicetitan) == before
    assert "--fresh" in command.line
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0

    _, servicetitan, quickbooks = command.serve(*SMALL, "--fresh")
    assert "Bolt Bros" not in {vendor["name"] for vendor in control("GET", servicetitan)["vendors"]}
    assert control("GET", quickbooks) != {}


def test_info_tells_without_a_server_what_the_server_tells(command: Command) -> None:
    assert json.loads(command.run("info", "--json").stdout)["days"] == 7
    _, servicetitan, quickbooks = command.serve(*SMALL)
    served = requests.get(f"{quickbooks}/_sandbox/info", timeout=30).json()
    told = json.loads(command.run("info", "--json").stdout)

    assert (told["first_day"], told["last_day"], told["days"]) == ("2026-03-08", "2026-03-08", 1)
    assert served["servicetitan"]["base_url"] == servicetitan
    for half in ("servicetitan", "quickbooks"):
        served[half] = {name: value for name, value in served[half].items() if "url" not in name}
        told[half] = {name: value for name, value in told[half].items() if "url" not in name}
    assert served == told
    assert "realm: 9341453172058461" in command.run("info").stdout


def test_a_second_server_on_the_same_home_is_refused(command: Command) -> None:
    command.serve(*SMALL)
    second = command.run("serve")

    assert (second.returncode, "ST_QBO_HOME" in second.stderr) == (2, True)


def test_a_taken_port_is_an_error_that_names_its_variable(command: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command.environment["ST_QBO_PORT_QUICKBOOKS"] = str(taken.getsockname()[1])
        refused = command.run("serve", *SMALL)

    assert (refused.returncode, "ST_QBO_PORT_QUICKBOOKS" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--days", "0"), "days"), (("--last-day", "soon"), "cannot be read")],
)
def test_options_that_make_no_sense_are_errors(
    command: Command, arguments: tuple[str, str], says: str
) -> None:
    refused = command.run("serve", *arguments)

    assert (refused.returncode, says in refused.stderr) == (2, True)
