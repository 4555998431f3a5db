import multiprocessing
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import ConnectionStopped, SettingsError
from st_qbo_assets.domain.ids import Realm, Tenant
from st_qbo_assets.domain.tokens import AccessToken, TokenPair
from st_qbo_assets.settings import Settings
from st_qbo_assets.store import tokens, vault
from st_qbo_assets.store.connection_states import ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import vault as vault_table
from st_qbo_assets.store.tokens import QuickBooksTokens, ServiceTitanTokens
from st_qbo_assets.store.vault import KEY_FILE, KeyRing, Vault
from tests.integration.store.builders import ACME, REALM

NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> Callable[..., KeyRing]:
    def _ring(*keys: SecretStr) -> KeyRing:
        return KeyRing(keys, file=tmp_path / KEY_FILE)

    return _ring


def _pair(access: str = "access-1", refresh: str = "refresh-1", **changes: datetime | None) -> TokenPair:
    pair = TokenPair(
        AccessToken(access, NOON), refresh, NOON + timedelta(days=100), NOON + timedelta(days=1825)
    )
    return replace(pair, **changes)


def test_a_secret_comes_back_and_is_unreadable_in_the_database(database: Database, ring) -> None:
    kept = Vault(database, ring())
    kept.put("app", "client_secret", SecretStr("s3cret-ä"), expires_at=NOON)

    assert kept.get("app", "client_secret") == SecretStr("s3cret-ä")
    assert kept.get("app", "other") is None
    with database.autocommit() as connection:
        ciphertext = bytes(connection.execute(select(vault_table.c.ciphertext)).scalar_one())
    assert b"s3cret" not in ciphertext
    [note] = kept.notes()
    assert (note.scope, note.name, note.version, note.expires_at) == ("app", "client_secret", 1, NOON)


def test_the_key_file_is_made_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    opened = Vault.open(database, replace(_settings(), home=tmp_path / "home"))

    opened.put("app", "client_secret", SecretStr("x"))

    assert stat.S_IMODE((tmp_path / "home" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == [KEY_FILE]


def test_ten_first_uses_at_once_agree_on_one_key(database: Database, tmp_path: Path) -> None:
    vaults = [Vault(database, KeyRing((), file=tmp_path / KEY_FILE)) for _ in range(10)]
    threads = [
        threading.Thread(target=kept.put, args=("app", str(number), SecretStr(str(number))))
        for number, kept in enumerate(vaults)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [vaults[0].get("app", str(number)) for number in range(10)] == [
        SecretStr(str(n)) for n in range(10)
    ]


def test_a_lost_key_file_is_told_with_the_cure_and_no_new_one_is_made(
    database: Database, ring, tmp_path: Path
) -> None:
    Vault(database, ring()).put("app", "client_secret", SecretStr("x"))
    (tmp_path / KEY_FILE).unlink()
    kept = Vault(database, ring())

    for use in (lambda: kept.get("app", "client_secret"), lambda: kept.put("app", "b", SecretStr("y"))):
        with pytest.raises(SettingsError, match=r"missing.*Put the key.*st-qbo connect"):
            use()
    assert not (tmp_path / KEY_FILE).exists()


def test_another_key_is_told_by_the_secret_it_does_not_open(database: Database, ring) -> None:
    Vault(database, ring(vault.new_key())).put("app", "client_secret", SecretStr("x"))

    with pytest.raises(SettingsError, match=r"client_secret of app.*ST_QBO_VAULT_KEYS"):
        Vault(database, ring(vault.new_key())).get("app", "client_secret")


def test_a_key_file_open_to_others_is_refused(database: Database, ring, tmp_path: Path) -> None:
    Vault(database, ring()).put("app", "client_secret", SecretStr("x"))
    (tmp_path / KEY_FILE).chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        Vault(database, ring()).get("app", "client_secret")


@pytest.mark.parametrize("text", ["", "no key\n", "QUJD\n"])
def test_a_key_file_without_keys_is_told(database: Database, ring, tmp_path: Path, text: str) -> None:
    (tmp_path / KEY_FILE).write_text(text)
    (tmp_path / KEY_FILE).chmod(0o600)

    with pytest.raises(SettingsError, match="holds no vault keys"):
        Vault(database, ring()).put("app", "client_secret", SecretStr("x"))


def test_a_key_file_that_cannot_be_read_is_told_with_the_cure(
    database: Database, ring, tmp_path: Path
) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"\xff\xfe\x00 no text at all")
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(SettingsError, match="cannot be read.*Put the key"):
        Vault(database, ring()).put("app", "client_secret", SecretStr("x"))


def test_rotating_the_key_file_locks_everything_anew_and_running_processes_follow(
    database: Database, ring, tmp_path: Path
) -> None:
    running = Vault(database, ring())
    running.put("app", "client_secret", SecretStr("x"))
    realm = QuickBooksTokens(database, running, realm=REALM, environment=Environment.SANDBOX)
    realm.write(_pair())
    first_key = (tmp_path / KEY_FILE).read_text().split()[0]

    for _ in range(3):
        assert Vault(database, ring()).rotate() == 2

    keys = (tmp_path / KEY_FILE).read_text().split()
    assert len(keys) == 2
    assert first_key not in keys
    assert running.get("app", "client_secret") == SecretStr("x")
    assert realm.read() == _pair()
    running.put("app", "client_secret", SecretStr("y"))
    assert Vault(database, ring()).get("app", "client_secret") == SecretStr("y")


def test_rotating_given_keys_makes_the_old_one_needless(database: Database, ring) -> None:
    old, new = vault.new_key(), vault.new_key()
    Vault(database, ring(old)).put("app", "client_secret", SecretStr("x"))

    Vault(database, ring(new, old)).rotate()

    assert Vault(database, ring(new)).get("app", "client_secret") == SecretStr("x")


def test_a_rotation_that_cannot_open_everything_changes_nothing(database: Database, ring) -> None:
    lost, old, new = vault.new_key(), vault.new_key(), vault.new_key()
    Vault(database, ring(old)).put("app", "a", SecretStr("x"))
    Vault(database, ring(lost)).put("app", "b", SecretStr("y"))

    with pytest.raises(SettingsError, match="b of app"):
        Vault(database, ring(new, old)).rotate()

    assert Vault(database, ring(old)).get("app", "a") == SecretStr("x")


def test_tokens_are_kept_encrypted_by_account_and_environment(database: Database, ring) -> None:
    kept = Vault(database, ring())
    sandbox, production = (
        QuickBooksTokens(database, kept, realm=REALM, environment=environment)
        for environment in (Environment.SANDBOX, Environment.PRODUCTION)
    )
    assert sandbox.read() is None

    sandbox.write(_pair())

    assert sandbox.read() == _pair()
    assert production.read() is None
    sandbox.remove()
    assert sandbox.read() is None


def test_a_refresh_that_does_not_tell_the_five_years_keeps_them(database: Database, ring) -> None:
    realm = QuickBooksTokens(database, Vault(database, ring()), realm=REALM, environment=Environment.SANDBOX)
    realm.write(_pair())

    realm.write(_pair("access-2", "refresh-2", hard_expires_at_utc=None))

    assert realm.read() == _pair("access-2", "refresh-2")


def test_a_servicetitan_token_is_shared_by_all_processes(database: Database, ring) -> None:
    kept = Vault(database, ring())
    one, other = (
        ServiceTitanTokens(database, kept, tenant=Tenant("1420761"), environment=Environment.SANDBOX)
        for _ in range(2)
    )

    one.write(AccessToken("t", NOON))

    assert other.read() == AccessToken("t", NOON)


def test_grants_that_end_soon_are_listed(database: Database, ring) -> None:
    kept = Vault(database, ring())
    clocked = Database(database.url, clock=lambda: NOON)
    for number, days in (("1", 10), ("2", 400)):
        realm = QuickBooksTokens(clocked, kept, realm=Realm(number), environment=Environment.PRODUCTION)
        realm.write(_pair(hard_expires_at_utc=NOON + timedelta(days=days)))

    found = tokens.expiring_within(clocked, timedelta(days=90))

    assert found == [("quickbooks", "production:1", NOON + timedelta(days=10))]
    clocked.dispose()


def _renew(url: str, key: str, home: str) -> None:
    database = Database(url)
    kept = Vault(database, KeyRing([SecretStr(key)], file=Path(home) / KEY_FILE))
    realm = QuickBooksTokens(database, kept, realm=REALM, environment=Environment.SANDBOX)
    for _ in range(10):
        with realm.exclusive():
            known = realm.read()
            number = int(known.refresh_token) if known is not None else 0
            realm.write(_pair(str(number), str(number + 1)))
    database.dispose()


def test_no_process_renews_what_another_is_renewing(database: Database, ring, tmp_path: Path) -> None:
    key = vault.new_key()
    arguments = (database.url, key.get_secret_value(), str(tmp_path))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_renew, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    realm = QuickBooksTokens(
        database, Vault(database, ring(key)), realm=REALM, environment=Environment.SANDBOX
    )
    last = realm.read()
    assert last is not None
    assert last.refresh_token == "30"


def test_the_first_to_stop_a_connection_is_told_so_and_the_others_not(database: Database) -> None:
    states = ConnectionStates(database)
    states.connected(ACME, "quickbooks", REALM)
    error = ConnectionStopped("Permission ended.", code="invalid_grant", remedy="Connect again.")

    told = [states.stopped(ACME, "quickbooks", REALM, error) for _ in range(3)]

    assert told == [True, False, False]
    state = states.of(ACME, "quickbooks")
    assert state is not None
    assert (state.is_stopped, state.code, state.message, state.remedy) == (
        True,
        "invalid_grant",
        "Permission ended.",
        "Connect again.",
    )
    with pytest.raises(ConnectionStopped, match=r"Permission ended. Connect again\."):
        state.require()


def test_connecting_again_ends_the_stop(database: Database) -> None:
    states = ConnectionStates(database)
    states.stopped(ACME, "quickbooks", REALM, ConnectionStopped("x", code="6190", remedy="y"))

    states.connected(ACME, "quickbooks", REALM)

    [state] = states.all()
    state.require()
    assert (state.code, state.account) == ("", REALM)


def _settings() -> Settings:
    from st_qbo_assets.settings import load_settings

    return load_settings({})
