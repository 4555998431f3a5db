"""A process that needs a token at the same time as others; run by the tests of shared tokens.

It says `ready`, waits for a line, asks for a token (never the refused one) and prints what it got.
"""

import json
import sys

from pydantic import SecretStr

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Realm
from st_qbo_assets.quickbooks.auth import AppCredentials, Endpoints, OAuth, QuickBooksAuth
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tokens import QuickBooksTokens
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.transport.http import Http
from st_qbo_assets.transport.retry import RetryPolicy


def main() -> None:
    """Do it once."""
    known, refused = json.loads(sys.argv[1]), sys.argv[2]
    settings = load_settings()
    database = Database.open(settings)
    stored = QuickBooksTokens(
        database, Vault.open(database, settings), realm=Realm(known["realm"]), environment=Environment.SANDBOX
    )
    with Http() as http:
        oauth = OAuth(
            http=http,
            endpoints=Endpoints(
                authorize=known["authorize_url"], token=known["token_url"], revoke=known["revoke_url"]
            ),
            credentials=AppCredentials(known["client_id"], SecretStr(known["client_secret"])),
            retry=RetryPolicy(),
        )
        auth = QuickBooksAuth(oauth=oauth, vault=stored)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(auth.access_token(refused=refused) + "\n")
    database.dispose()


if __name__ == "__main__":
    main()
