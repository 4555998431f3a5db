"""The vault's key when it is lost, and the keys that sign events.

What belongs here: making a key file anew for somebody who connects anew, keeping what signs webhooks. What
does not: the vault (`store`), checking a signature (`web`).
"""

import os

from pydantic import SecretStr

from st_qbo_assets.connections import (
    QUICKBOOKS_VERIFIER_TOKEN,
    SERVICETITAN_WEBHOOK_KEY,
    Connections,
    scope_of,
)
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.vault import KEY_FILE, Vault, new_key

_SHORTEST = 16
_LONGEST = 256
_NAMES = {"servicetitan": SERVICETITAN_WEBHOOK_KEY, "quickbooks": QUICKBOOKS_VERIFIER_TOKEN}


def make_key_file(settings: Settings, database: Database) -> bool:
    """Make the key file anew if secrets were locked with one that is lost; say whether it was made.

    The vault itself makes the first one only: whoever lost it may find it again. Somebody who connects anew
    has decided otherwise; should the old key turn up, it goes on a second line of the file.
    """
    file = settings.home / KEY_FILE
    if settings.vault_keys or file.exists() or not Vault.open(database, settings).notes():
        return False
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False  # another process was first
    with os.fdopen(handle, "w") as opened:
        opened.write(new_key().get_secret_value() + "\n")
    return True


def store_webhook_key(connections: Connections, system: str, key: SecretStr) -> None:
    """Keep what signs a system's events: ServiceTitan's key of the app, or Intuit's verifier token.

    Raises:
        SettingsError: if it is none.
    """
    text = key.get_secret_value().strip()
    if not _SHORTEST <= len(text) <= _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "This is no key: it has 16 to 256 letters, digits and signs, and no blanks.",
            remedy="Copy it whole from the webhook page of the vendor's portal.",
        )
    connections.vault.put(scope_of(connections.company), _NAMES[system], SecretStr(text))
