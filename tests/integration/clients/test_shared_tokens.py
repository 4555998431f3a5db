"""Tokens kept in Postgres and shared by processes, against the sandbox."""

import json
import os
import subprocess
import sys

import pytest

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Realm
from st_qbo_assets.quickbooks.auth import QuickBooksAuth
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tokens import QuickBooksTokens
from st_qbo_assets.store.vault import Vault
from tests.integration.clients.desk import Desk

PROCESSES = 3


@pytest.fixture
def stored(desk: Desk, database: Database, database_settings: Settings) -> QuickBooksTokens:
    """The realm's tokens in the database, just consented to."""
    known = desk.info["quickbooks"]
    vault = Vault.open(database, database_settings)
    tokens = QuickBooksTokens(database, vault, realm=Realm(known["realm"]), environment=Environment.SANDBOX)
    code = desk.act("consent")["code"]
    tokens.write(desk.oauth.exchange_code(code, redirect_uri=known["redirect_uri"]))
    return tokens


def test_a_refresh_is_in_the_database_before_its_token_is_used(desk: Desk, stored: QuickBooksTokens) -> None:
    before = stored.read()
    desk.advance(25 * 3600)
    auth = QuickBooksAuth(oauth=desk.oauth, vault=stored)
    fresh = auth.access_token(refused=before.access.value if before else "")
    after = stored.read()
    assert before and after
    assert (after.access.value, after.refresh_token != before.refresh_token) == (fresh, True)
    assert after.hard_expires_at_utc is not None


def test_processes_whose_token_was_refused_refresh_it_once(
    desk: Desk, stored: QuickBooksTokens, database_settings: Settings
) -> None:
    before = stored.read()
    assert before and database_settings.database_url
    desk.advance(25 * 3600)
    already = len(desk.sent("/tokens/bearer"))
    environment = {
        **os.environ,
        "ST_QBO_HOME": str(database_settings.home),
        "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
    }
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.integration.clients.refresh_worker",
                json.dumps(desk.info["quickbooks"]),
                before.access.value,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    got = [worker.communicate(timeout=60)[0].strip() for worker in workers]
    after = stored.read()
    assert after and got == [after.access.value] * PROCESSES
    assert len(desk.sent("/tokens/bearer")) - already == 1
