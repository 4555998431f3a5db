"""A desk at which commands are run: one home, one database, one sandbox; and what the commands answered."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr

from st_qbo_assets.cli.main import main
from st_qbo_assets.company_files import read_company
from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connecting.servicetitan import connect_servicetitan
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    SERVICETITAN_SECRETS,
    Connections,
    open_connections,
)
from st_qbo_assets.settings import load_settings
from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox

_OURS = ("ST_QBO_", "DAGSTER_")
REALM = identity.REALM
SERVICETITAN_KEYS = (
    identity.SERVICETITAN_CLIENT_ID,
    identity.SERVICETITAN_CLIENT_SECRET,
    identity.SERVICETITAN_APP_KEY,
)
QUICKBOOKS_KEYS = (identity.QUICKBOOKS_CLIENT_ID, identity.QUICKBOOKS_CLIENT_SECRET)
SECRETS = (*SERVICETITAN_KEYS, *QUICKBOOKS_KEYS)


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


@dataclass
class Office:
    """Runs commands with an environment of their own.

    Attributes:
        environment: the variables; a test may change them.
    """

    environment: dict[str, str]
    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch = field(repr=False)

    @property
    def home(self) -> Path:
        return Path(self.environment["ST_QBO_HOME"])

    def run(self, *arguments: str, typed: tuple[str, ...] = ()) -> Done:
        """Run a command in this process, as its console script does."""
        out, err = io.StringIO(), io.StringIO()
        with self.monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(_OURS)]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["st-qbo", *arguments])
            patch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
            status = 0
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    main()
                except SystemExit as end:
                    status = int(end.code or 0)
        return checked(Done(status, out.getvalue(), err.getvalue()))

    @contextmanager
    def process(self, command: Sequence[str]) -> Generator[subprocess.Popen[bytes]]:
        """Start a command as a process of its own, and see that it ends."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        started = subprocess.Popen(
            command,
            env={**kept, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()
                started.wait()

    # Connections

    def connect_by_commands(self) -> None:
        """Connect both systems as a person does."""
        done = self.run("connect", "servicetitan", "--company", "demo", typed=SERVICETITAN_KEYS)
        assert done.status == 0, done.err
        done = self.come_back(code=self.consent(), state=self.open_link())
        assert done.status == 0, done.err

    def connect(self) -> None:
        """Connect both systems without the commands, which is quicker."""
        with self.opened() as connections:
            connect_servicetitan(connections, _named(SERVICETITAN_SECRETS, SERVICETITAN_KEYS))
            store_quickbooks_app(connections, _named(QUICKBOOKS_SECRETS, QUICKBOOKS_KEYS))
            connect_quickbooks(connections, self.consent(), redirect_uri=self.redirect_uri)

    @contextmanager
    def opened(self) -> Generator[Connections]:
        """Give the company's connections as any command would open them."""
        connections = open_connections(read_company("demo").company, load_settings(self.environment))
        try:
            yield connections
        finally:
            connections.close()

    def both_answer(self) -> bool:
        """Say whether both systems take what is stored."""
        with self.opened() as connections:
            return bool(list(connections.servicetitan.business_units())) and bool(
                connections.quickbooks.company_info()
            )

    @property
    def redirect_uri(self) -> str:
        return f"{self.environment['ST_QBO_PUBLIC_URL']}/connect/quickbooks/callback"

    def open_link(self, company: str = "demo", *flags: str) -> str:
        """Ask for the consent link, giving the app's keys in case they are asked for; return its state."""
        arguments = ("connect", "quickbooks", "--company", company, *flags)
        done = self.run(*arguments, typed=QUICKBOOKS_KEYS)
        assert done.status == 0, done.err
        return parse_qs(urlsplit(done.out.strip()).query)["state"][0]

    def come_back(self, company: str = "demo", *, code: str, state: str, realm: str = REALM) -> Done:
        """Run the command with what the consent page sent back."""
        given = ("--code", code, "--state", state, "--realm", realm)
        return self.run("connect", "quickbooks", "--company", company, *given)

    def consent(self) -> str:
        """Press *Connect* as an administrator; return the code."""
        return self.act("consent", redirect_uri=self.redirect_uri)["code"]

    # The sandbox

    def control(self, name: str, body: Mapping[str, Any], *, half: str = "quickbooks") -> Any:
        """Use a control of the sandbox."""
        base = self.sandbox.quickbooks_url if half == "quickbooks" else self.sandbox.servicetitan_url
        answer = requests.post(f"{base}/_sandbox/{name}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def count_asked(self, path: str, *, half: str = "servicetitan") -> int:
        """Return how many requests the sandbox saw whose path contains this."""
        base = self.sandbox.quickbooks_url if half == "quickbooks" else self.sandbox.servicetitan_url
        return len(requests.get(f"{base}/_sandbox/requests", params={"path": path}, timeout=20).json())

    def act(self, act: str, **more: Any) -> Any:
        """Act as a person in QuickBooks."""
        return self.control("edit", {"act": act, **more})

    def prefer(self, section: str, **values: Any) -> None:
        """Change settings of the QuickBooks company."""
        self.act("set_preferences", preferences={section: values})


def run_process(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    typed: tuple[str, ...] = (),
) -> Done:
    """Run a command as a process, with these variables of ours and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    done = subprocess.run(
        command,
        env={**kept, **environment},
        cwd=cwd,
        input="".join(f"{line}\n" for line in typed),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _named(names: Sequence[str], values: Sequence[str]) -> dict[str, SecretStr]:
    return {name: SecretStr(value) for name, value in zip(names, values, strict=True)}


def checked(done: Done) -> Done:
    """Return what was answered; whatever it is, it holds no secret and no trace."""
    for text in (done.out, done.err):
        assert not [secret for secret in SECRETS[1:] if secret in text and secret != QUICKBOOKS_KEYS[0]]
        assert "Traceback" not in text, text
    return done
