"""`st-qbo vault`: keys of the encrypted store.

What belongs here: making a key and locking everything anew. What does not: the vault itself (store).
"""

import sys

from st_qbo_assets.cli.output import say, working
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.vault import KEY_FILE, Vault, new_key


def run_new_key() -> int:
    """Print a fresh key, and nothing else, to standard output."""
    sys.stdout.write(new_key().get_secret_value() + "\n")
    say("Put it in front of the keys in ST_QBO_VAULT_KEYS, restart everything, then `st-qbo vault rotate`.")
    return 0


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
