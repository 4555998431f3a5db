from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Ports, load_settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = load_settings({})

    home = Path.cwd() / ".st-qbo"
    assert settings.home == home
    assert settings.storage == str(home / "storage")
    assert settings.dagster_home == home / "dagster"
    assert settings.database_url is None
    assert settings.vault_keys == ()
    assert settings.ports == Ports(3000, 8800, 8811, 8812)
    assert settings.public_url == "http://localhost:8800"
    assert settings.sandbox_quickbooks_url == "http://127.0.0.1:8812"


def test_an_empty_variable_counts_as_unset() -> None:
    names = ("ST_QBO_HOME", "ST_QBO_DATABASE_URL", "ST_QBO_STORAGE", "ST_QBO_VAULT_KEYS", "ST_QBO_PORT_WEB")

    assert load_settings(dict.fromkeys(names, " ")) == load_settings({})


@pytest.mark.parametrize("dialect", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_a_plain_postgres_address_gets_its_driver(dialect: str) -> None:
    settings = load_settings({"ST_QBO_DATABASE_URL": f"{dialect}://u:p%40ss@db:5432/books?sslmode=require"})

    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    assert url == "postgresql+psycopg2://u:p%40ss@db:5432/books?sslmode=require"
    assert "p%40ss" not in repr(settings)


def test_everything_wrong_is_told_at_once_with_its_cure() -> None:
    wrong = {
        "ST_QBO_DATABASE_URL": "mysql://root:hunter2@db/x",
        "ST_QBO_VAULT_KEYS": f"{Fernet.generate_key().decode()},tooshort",
        "ST_QBO_PUBLIC_URL": "books.example.com",
        "ST_QBO_PORT_WEB": "80a",
        "ST_QBO_PORT_DAGSTER": "99999",
        "ST_QBO_PORT_QUICKBOOKS": "8811",
        "ST_QBO_SANDBOX_SERVICETITAN_URL": "http://[",
        "ST_QBO_HOME": __file__,
    }

    with pytest.raises(SettingsError) as told:
        load_settings(wrong)

    said = str(told.value)
    for name in (*wrong, "key 2"):
        assert name in said
    assert "own port" in said
    assert "hunter2" not in said
    assert "tooshort" not in said


def test_a_relative_home_becomes_absolute_and_a_tilde_is_home() -> None:
    assert load_settings({"ST_QBO_HOME": "state"}).home == Path.cwd() / "state"
    assert load_settings({"ST_QBO_HOME": "~/state"}).home == Path.home() / "state"


@pytest.mark.parametrize("url", ["s3://bucket/books", "memory://books"])
def test_storage_may_be_a_url(url: str) -> None:
    assert load_settings({"ST_QBO_STORAGE": url}).storage == url


def test_several_vault_keys_keep_their_order() -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    settings = load_settings({"ST_QBO_VAULT_KEYS": " , ".join(keys)})

    assert [key.get_secret_value() for key in settings.vault_keys] == keys
    assert keys[0] not in repr(settings)


def test_a_chosen_port_moves_the_addresses_with_it() -> None:
    settings = load_settings({"ST_QBO_PORT_QUICKBOOKS": "9912", "ST_QBO_PORT_WEB": "9900"})

    assert settings.sandbox_quickbooks_url == "http://127.0.0.1:9912"
    assert settings.public_url == "http://localhost:9900"


def test_the_sandbox_serves_every_address_of_both_vendors() -> None:
    settings = load_settings({"ST_QBO_SANDBOX_QUICKBOOKS_URL": "http://proxy:1/"})

    urls = settings.quickbooks_urls(Environment.SANDBOX)

    assert {urls.api, urls.authorize, urls.token, urls.revoke} == {
        "http://proxy:1",
        "http://proxy:1/connect/oauth2",
        "http://proxy:1/oauth2/v1/tokens/bearer",
        "http://proxy:1/v2/oauth2/tokens/revoke",
    }
    assert settings.servicetitan_urls(Environment.SANDBOX).token == "http://127.0.0.1:8811/connect/token"


def test_production_and_integration_have_hosts_of_their_own() -> None:
    settings = load_settings({})
    production, integration = Environment.PRODUCTION, Environment.INTEGRATION

    assert settings.quickbooks_urls(production).api == "https://quickbooks.api.intuit.com"
    assert settings.quickbooks_urls(integration).api == "https://sandbox-quickbooks.api.intuit.com"
    assert settings.quickbooks_urls(production).token == settings.quickbooks_urls(integration).token
    assert settings.servicetitan_urls(production).api == "https://api.servicetitan.io"
    assert (
        settings.servicetitan_urls(integration).token
        == "https://auth-integration.servicetitan.io/connect/token"
    )


@given(
    st.dictionaries(st.sampled_from(["ST_QBO_PORT_WEB", "ST_QBO_PUBLIC_URL", "ST_QBO_VAULT_KEYS"]), st.text())
)
def test_any_text_gives_settings_or_a_settings_error(environ: dict[str, str]) -> None:
    try:
        load_settings(environ)
    except SettingsError as error:
        assert "ST_QBO_" in str(error)
