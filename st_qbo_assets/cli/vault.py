"""`st-qbo vault`: keys of the encrypted store.

What belongs here: making a key and locking everything anew. What does not: the vault itself (store).
"""

import os
import sys

from st_qbo_assets.cli.output import say, working
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.vault import KEY_FILE, Vault, new_key


def run_new_key() -> int:
    """Print a fresh key, and nothing else, to standard output."""
    sys.stdout.write(new_key().get_secret_value() + "\n")
    say("Put it in front of the keys in ST_QBO_VAULT_KEYS, restart everything, then `st-qbo vault rotate`.")
    return 0


def make_key_file(settings: Settings) -> None:
    """Make the key file anew if secrets were locked with one that is lost.

    The vault itself makes the first one only: whoever lost it may find it again. Somebody who connects anew
    has decided otherwise; should the old key turn up, it goes on a second line of the file.
    """
    file = settings.home / KEY_FILE
    if settings.vault_keys or file.exists():
        return
    database = Database.open(settings)
    try:
        lost = Vault.open(database, settings).notes()
    finally:
        database.dispose()
    if not lost:
        return
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(new_key().get_secret_value() + "\n")
    say(f"{file} was lost: a new key was made. Connect every company anew, or add the old key to the file.")


def run_rotate() -> int:
    """Lock every secret with the newest key."""
    settings = load_settings()
    database = Database.open(settings)
    try:
        with working("Locking everything anew …"):
            count = Vault.open(database, settings).rotate()
    finally:
        database.dispose()
    if settings.vault_keys:
        say(f"{count} secrets are locked with the first key of ST_QBO_VAULT_KEYS; the others may go.")
    else:
        say(f"{count} secrets are locked with a new key in {settings.home / KEY_FILE}.")
    return 0
