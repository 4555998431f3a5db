"""The one place that reads the environment, once, into a frozen object.

What belongs here: every `ST_QBO_*` variable with its type, default and check, and the addresses of
the two vendors for each environment. What does not: what a company decides (its `defs.yaml`),
secrets of a company (the vault), and any use of a setting.

    variable                         default
    ST_QBO_HOME                      .st-qbo              state of this installation, made absolute
    ST_QBO_DATABASE_URL              (embedded server)    postgresql://user:password@host/database
    ST_QBO_STORAGE                   $ST_QBO_HOME/storage folder or fsspec URL for the frames
    ST_QBO_VAULT_KEYS                (key file in home)   Fernet keys, newest first, comma separated
    ST_QBO_PUBLIC_URL                http://localhost:<web port>
    ST_QBO_PORT_DAGSTER, _WEB, _SERVICETITAN, _QUICKBOOKS 3000, 8800, 8811, 8812
    ST_QBO_UI_URL                    http://127.0.0.1:<dagster port>
    ST_QBO_WEB_HOST                  127.0.0.1            where the web part listens
    ST_QBO_WEB_SECRET                (none)               asked for by the Connect pages
    ST_QBO_WEB_PROXY_HEADER          (none)               `Name` or `Name: value` a reverse proxy vouches with
    ST_QBO_DAGSTER_URL               http://127.0.0.1:<dagster port>
    ST_QBO_SANDBOX_SERVICETITAN_URL  http://127.0.0.1:<port>
    ST_QBO_SANDBOX_QUICKBOOKS_URL    http://127.0.0.1:<port>
    ST_QBO_LAUNCHER                  warm on Linux        `warm`: runs are forked; `default`: started anew
    DAGSTER_HOME                     $ST_QBO_HOME/dagster
"""

import base64
import binascii
import ipaddress
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import SettingsError

_FERNET_KEY_BYTES = 32
_SHORTEST_SECRET = 12
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")

_DIALECTS = ("postgresql+psycopg2", "postgresql", "postgres")


@dataclass(frozen=True)
class Ports:
    """The ports this installation listens on, all on 127.0.0.1."""

    dagster: int = 3000
    web: int = 8800
    servicetitan: int = 8811
    quickbooks: int = 8812


@dataclass(frozen=True)
class ServiceTitanUrls:
    """Where ServiceTitan answers: the API host and the token address."""

    api: str
    token: str


@dataclass(frozen=True)
class QuickBooksUrls:
    """Where QuickBooks answers: the API host and the three OAuth addresses."""

    api: str
    authorize: str
    token: str
    revoke: str


# ruff: noqa: S106 - addresses of tokens are no passwords
# ServiceTitan reference §1 and QuickBooks reference §1.1, §2.1. Intuit has one OAuth for both worlds.
_SERVICETITAN = {
    Environment.PRODUCTION: ServiceTitanUrls(
        api="https://api.servicetitan.io", token="https://auth.servicetitan.io/connect/token"
    ),
    Environment.INTEGRATION: ServiceTitanUrls(
        api="https://api-integration.servicetitan.io",
        token="https://auth-integration.servicetitan.io/connect/token",
    ),
}
_INTUIT_API = {
    Environment.PRODUCTION: "https://quickbooks.api.intuit.com",
    Environment.INTEGRATION: "https://sandbox-quickbooks.api.intuit.com",
}


@dataclass(frozen=True)
class Settings:
    """What the environment decides for one installation.

    Attributes:
        home: absolute folder of this installation's state.
        database_url: SQLAlchemy URL with the psycopg2 driver; None means the embedded server.
        storage: absolute folder or URL of the frames between the stages.
        vault_keys: Fernet keys, newest first; empty means the key file in `home`.
        public_url: address under which the web part is reached from outside, without a slash at the end.
        dagster_home: absolute folder of Dagster's own state.
        ui_url: address under which people reach the Dagster UI, named in alerts and commands.
        has_warm_launcher: whether runs are forked from a process that has imported everything (Linux).
        dagster_url: where Dagster's web server answers the receiver, without a slash at the end; empty if
            sensors alone launch runs.
        web_host: the address the web part listens on.
        web_secret: what the Connect pages ask a person for; None asks for nothing.
        web_proxy_header: name and value of the header with which a reverse proxy vouches for a person; an
            empty value takes any.
    """

    home: Path
    storage: str
    public_url: str
    sandbox_servicetitan_url: str
    sandbox_quickbooks_url: str
    dagster_home: Path
    has_warm_launcher: bool = False
    dagster_url: str = "http://127.0.0.1:3000"
    ui_url: str = "http://127.0.0.1:3000"
    database_url: SecretStr | None = None
    vault_keys: tuple[SecretStr, ...] = ()
    ports: Ports = field(default_factory=Ports)
    web_host: str = "127.0.0.1"
    web_secret: SecretStr | None = None
    web_proxy_header: tuple[str, SecretStr] | None = None

    def servicetitan_urls(self, environment: Environment) -> ServiceTitanUrls:
        """Return ServiceTitan's addresses for an environment."""
        if environment is Environment.SANDBOX:
            base = self.sandbox_servicetitan_url
            return ServiceTitanUrls(api=base, token=f"{base}/connect/token")
        return _SERVICETITAN[environment]

    def quickbooks_urls(self, environment: Environment) -> QuickBooksUrls:
        """Return QuickBooks' addresses for an environment."""
        if environment is Environment.SANDBOX:
            base = self.sandbox_quickbooks_url
            return QuickBooksUrls(
                api=base,
                authorize=f"{base}/connect/oauth2",
                token=f"{base}/oauth2/v1/tokens/bearer",
                revoke=f"{base}/v2/oauth2/tokens/revoke",
            )
        return QuickBooksUrls(
            api=_INTUIT_API[environment],
            authorize="https://appcenter.intuit.com/connect/oauth2",
            token="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
            revoke="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process; an empty variable counts as unset.

    Args:
        environ: what to read instead of the process's environment (tests).

    Raises:
        SettingsError: naming everything that is wrong, each with its cure.
    """
    reader = _Reader(os.environ if environ is None else environ)
    home = reader.folder("ST_QBO_HOME", Path(".st-qbo"))
    ports = reader.ports()
    settings = Settings(
        home=home,
        database_url=reader.database_url(),
        storage=reader.storage(home / "storage"),
        vault_keys=reader.vault_keys(),
        ports=ports,
        public_url=reader.web_address("ST_QBO_PUBLIC_URL", f"http://localhost:{ports.web}"),
        sandbox_servicetitan_url=reader.web_address(
            "ST_QBO_SANDBOX_SERVICETITAN_URL", f"http://127.0.0.1:{ports.servicetitan}"
        ),
        sandbox_quickbooks_url=reader.web_address(
            "ST_QBO_SANDBOX_QUICKBOOKS_URL", f"http://127.0.0.1:{ports.quickbooks}"
        ),
        dagster_home=reader.folder("DAGSTER_HOME", home / "dagster"),
        ui_url=reader.web_address("ST_QBO_UI_URL", f"http://127.0.0.1:{ports.dagster}"),
        has_warm_launcher=reader.has_warm_launcher(),
        dagster_url=reader.web_address("ST_QBO_DAGSTER_URL", f"http://127.0.0.1:{ports.dagster}"),
        web_host=reader.web_host(),
        web_secret=reader.web_secret(),
        web_proxy_header=reader.web_proxy_header(),
    )
    if reader.wrong:
        raise SettingsError("wrong settings:\n" + "\n".join(f"  - {line}" for line in reader.wrong))
    return settings


class _Reader:
    """Reads variables and collects what is wrong with them, never repeating a secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.wrong: list[str] = []

    def _text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def folder(self, name: str, default: Path) -> Path:
        path = Path(self._text(name) or default).expanduser().absolute()
        if path.exists() and not path.is_dir():
            self.wrong.append(f"{name}={path} is a file; name a folder")
        return path

    def storage(self, default: Path) -> str:
        text = self._text("ST_QBO_STORAGE")
        if "://" in text:
            return text
        return str(self.folder("ST_QBO_STORAGE", default))

    def database_url(self) -> SecretStr | None:
        text = self._text("ST_QBO_DATABASE_URL")
        if not text:
            return None
        dialect, separator, rest = text.partition("://")
        if not separator or dialect not in _DIALECTS:
            self.wrong.append(
                "ST_QBO_DATABASE_URL is no PostgreSQL address; write "
                "postgresql://user:password@host/database, or leave it unset for the embedded server"
            )
            return None
        return SecretStr(f"{_DIALECTS[0]}://{rest}")

    def vault_keys(self) -> tuple[SecretStr, ...]:
        keys = [key.strip() for key in self._text("ST_QBO_VAULT_KEYS").split(",") if key.strip()]
        for position, key in enumerate(keys, start=1):
            if not _is_fernet_key(key):
                self.wrong.append(
                    f"ST_QBO_VAULT_KEYS: key {position} is no Fernet key (44 characters of url-safe base64); "
                    'make one with: python -c "from cryptography.fernet import Fernet; '
                    'print(Fernet.generate_key().decode())"'
                )
        return tuple(SecretStr(key) for key in keys)

    def web_address(self, name: str, default: str) -> str:
        text = (self._text(name) or default).rstrip("/")
        if not _is_web_address(text):
            self.wrong.append(f"{name}={text} is no web address; write for example {default}")
        return text

    def web_host(self) -> str:
        text = self._text("ST_QBO_WEB_HOST") or "127.0.0.1"
        try:
            ipaddress.ip_address(text)
        except ValueError:
            self.wrong.append(f"ST_QBO_WEB_HOST={text} is no IP address; write 127.0.0.1, or 0.0.0.0 for all")
        return text

    def web_secret(self) -> SecretStr | None:
        text = self._text("ST_QBO_WEB_SECRET")
        if text and len(text) < _SHORTEST_SECRET:
            self.wrong.append(f"ST_QBO_WEB_SECRET is shorter than {_SHORTEST_SECRET} characters")
        return SecretStr(text) if text else None

    def has_warm_launcher(self) -> bool:
        text = self._text("ST_QBO_LAUNCHER") or ("warm" if sys.platform == "linux" else "default")
        if text not in ("default", "warm"):
            self.wrong.append(f"ST_QBO_LAUNCHER={text} is no launcher; write default or warm")
        elif text == "warm" and sys.platform != "linux":
            self.wrong.append("ST_QBO_LAUNCHER=warm needs Linux; leave it unset")
        return text == "warm"

    def web_proxy_header(self) -> tuple[str, SecretStr] | None:
        name, _, value = self._text("ST_QBO_WEB_PROXY_HEADER").partition(":")
        if not name:
            return None
        if not _HEADER_NAME.fullmatch(name.strip()):
            self.wrong.append(
                "ST_QBO_WEB_PROXY_HEADER is no header; write `X-Forwarded-User`, or `Name: value`"
            )
        return name.strip().lower(), SecretStr(value.strip())

    def ports(self) -> Ports:
        default = Ports()
        ports = Ports(
            dagster=self._port("ST_QBO_PORT_DAGSTER", default.dagster),
            web=self._port("ST_QBO_PORT_WEB", default.web),
            servicetitan=self._port("ST_QBO_PORT_SERVICETITAN", default.servicetitan),
            quickbooks=self._port("ST_QBO_PORT_QUICKBOOKS", default.quickbooks),
        )
        users: dict[int, list[str]] = {}
        for name, port in vars(ports).items():
            users.setdefault(port, []).append(f"ST_QBO_PORT_{name.upper()}")
        for port, names in users.items():
            if len(names) > 1:
                self.wrong.append(f"{' and '.join(names)} are {port} alike; give each its own port")
        return ports

    def _port(self, name: str, default: int) -> int:
        text = self._text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65535:
            self.wrong.append(f"{name}={text} is no port; write a number from 1 to 65535")
            return default
        return int(text)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key.encode())) == _FERNET_KEY_BYTES
    except (binascii.Error, ValueError):
        return False
