"""Where alerts go: addresses of chats, mail and webhooks, kept in the vault, and sending to them.

What belongs here: keeping the addresses, which hold tokens, and the notification library (apprise). What does
not: what is sent (`messages`). No address is shown, logged or in an error: a target is known by its name.
"""

import logging
import re
import warnings
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import SecretStr

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.store.vault import Vault

if TYPE_CHECKING:
    from apprise import Apprise

_log = logging.getLogger(__name__)
_PREFIX = "alert_target:"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SHORTEST, _LONGEST = 6, 2000
#: Loggers whose lines hold addresses, or paths that are as good as a password.
_TELLTALES = ("apprise", "urllib3.connectionpool", "smtplib")


@dataclass(frozen=True)
class Target:
    """One place that is told.

    Attributes:
        address: as the notification library takes it, with its tokens.
    """

    name: str
    address: SecretStr = field(repr=False)


class Targets:
    """The places a company's alerts go to."""

    def __init__(self, vault: Vault, company: str) -> None:
        """Keep them in this vault."""
        self._vault = vault
        self._scope = f"company:{company}"

    def names(self) -> list[str]:
        """Return the names, which are no secret."""
        notes = self._vault.notes()
        return sorted(
            note.name.removeprefix(_PREFIX)
            for note in notes
            if note.scope == self._scope and note.name.startswith(_PREFIX)
        )

    def all(self) -> list[Target]:
        """Return every target with its address.

        Raises:
            SettingsError: if the vault's key is lost.
        """
        found = [(name, self._vault.get(self._scope, _PREFIX + name)) for name in self.names()]
        return [Target(name, address) for name, address in found if address is not None]

    def add(self, name: str, address: SecretStr) -> Target:
        """Keep a target, replacing the one of that name.

        Raises:
            SettingsError: if name or address is none.
        """
        text = address.get_secret_value().strip()
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{name!r} is no name of a target.", remedy="Use small letters, digits, `-` and `_`."
            )
        if not _SHORTEST <= len(text) <= _LONGEST or not text.isprintable() or not _is_address(text):
            raise SettingsError(
                "This is no address that notifications can be sent to.",
                remedy="Write it as https://appriseit.com/services/ shows, like slack://…, mailtos://… or jsons://…",
            )
        target = Target(name, SecretStr(text))
        self._vault.put(self._scope, _PREFIX + name, target.address)
        return target

    def remove(self, name: str) -> bool:
        """Forget a target; say whether there was one."""
        is_known = name in self.names()
        self._vault.remove(self._scope, _PREFIX + name)
        return is_known


def send(targets: Iterable[Target], *, title: str, body: str) -> dict[str, bool]:
    """Send a message to each target; return by name whether it was taken."""
    taken: dict[str, bool] = {}
    for target in targets:
        with _library() as apprise:
            is_known = apprise.add(target.address.get_secret_value())
            taken[target.name] = bool(is_known and apprise.notify(title=title, body=body))
        _log.info("alert=%s target=%s", "sent" if taken[target.name] else "not_taken", target.name)
    return taken


def _is_address(text: str) -> bool:
    with _library() as apprise:
        return bool(apprise.add(text))


@contextmanager
def _library() -> "Generator[Apprise]":
    """Yield an empty notifier whose log, and that of what it sends by, is silent for that while."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # modules that its plugins still name are deprecated
        from apprise import Apprise, AppriseAsset  # heavy, and needed only to tell somebody

        logs = [logging.getLogger(name) for name in _TELLTALES]
        before = [log.disabled for log in logs]
        for log in logs:
            log.disabled = True
        try:
            yield Apprise(asset=AppriseAsset(app_id="st-qbo", async_mode=False))
        finally:
            for log, was_disabled in zip(logs, before, strict=True):
                log.disabled = was_disabled
