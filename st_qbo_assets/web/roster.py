"""Which companies there are, and what signs their events.

What belongs here: company files and keys as the receiver needs them, read again every few seconds, so that a
new company or key needs no restart. What does not: checking a signature.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from st_qbo_assets.company_files import DEFS, scan_companies
from st_qbo_assets.connections import QUICKBOOKS_VERIFIER_TOKEN, SERVICETITAN_WEBHOOK_KEY, scope_of
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.store.vault import Vault

_log = logging.getLogger(__name__)
#: A key that was changed is used from then on at the latest.
_SECONDS = 5.0


@dataclass(frozen=True)
class Member:
    """A company and its two keys; None if it has none.

    Attributes:
        has_lost_key: whether a key is kept but cannot be opened: nobody can say then what is genuine.
    """

    company: CompanyFile
    servicetitan_key: SecretStr | None = None
    verifier_token: SecretStr | None = None
    has_lost_key: bool = False


@dataclass(frozen=True)
class Snapshot:
    """All companies at one moment.

    Attributes:
        problems: what is wrong, in words for a person.
    """

    members: Mapping[str, Member] = field(default_factory=dict[str, Member])
    problems: tuple[str, ...] = ()

    @property
    def verifier_tokens(self) -> tuple[str, ...]:
        """Every verifier token, once."""
        tokens = (member.verifier_token for member in self.members.values())
        return tuple(dict.fromkeys(token.get_secret_value() for token in tokens if token is not None))

    @property
    def has_lost_verifier(self) -> bool:
        """Whether some token cannot be opened."""
        return any(member.has_lost_key for member in self.members.values())

    def of_realm(self, realm: str, verifier_token: str) -> list[CompanyFile]:
        """Return the companies of a realm whose app signs with this token."""
        return [
            member.company
            for member in self.members.values()
            if member.company.quickbooks.realm == realm
            and member.verifier_token is not None
            and member.verifier_token.get_secret_value() == verifier_token
        ]


class Roster:
    """Gives the present snapshot; whoever comes first reads it for all."""

    def __init__(self, vault: Vault, *, defs: Path = DEFS) -> None:
        """Read keys from this vault and company files from this folder."""
        self._vault = vault
        self._defs = defs
        self._snapshot: Snapshot | None = None
        self._read_at = 0.0
        self._files: tuple[object, ...] = ()
        self._companies: list[CompanyFile] = []
        self._wrong: tuple[str, ...] = ()
        self._reading = asyncio.Lock()

    def forget(self) -> None:
        """Read again at the next question, since something changed."""
        self._read_at = 0.0

    async def current(self) -> Snapshot:
        """Return the companies and keys of the last few seconds.

        Raises:
            OperationalError: if the database does not answer.
        """
        async with self._reading:
            if self._snapshot is None or time.monotonic() - self._read_at > _SECONDS:
                self._snapshot = await asyncio.to_thread(self.read)
                self._read_at = time.monotonic()
            return self._snapshot

    def read(self) -> Snapshot:
        """Read files and keys now."""
        self._read_files()
        kept = self._vault.ciphertexts((SERVICETITAN_WEBHOOK_KEY, QUICKBOOKS_VERIFIER_TOKEN))
        members: dict[str, Member] = {}
        problems = list(self._wrong)
        for company in self._companies:
            found: dict[str, SecretStr] = {}
            lost = False
            for name in (SERVICETITAN_WEBHOOK_KEY, QUICKBOOKS_VERIFIER_TOKEN):
                ciphertext = kept.get((scope_of(company), name))
                if ciphertext is None:
                    continue
                try:
                    text = self._vault.unlock(ciphertext, what=f"{name} of {scope_of(company)}")
                    found[name] = SecretStr(text)
                except SettingsError as error:
                    lost = True
                    problems.append(str(error))
            members[company.name] = Member(
                company, found.get(SERVICETITAN_WEBHOOK_KEY), found.get(QUICKBOOKS_VERIFIER_TOKEN), lost
            )
        return Snapshot(members, tuple(dict.fromkeys(problems)))

    def _read_files(self) -> None:
        """Read the company files if one of them changed; a broken one hides itself, not its neighbours."""
        stamps: list[object] = []
        for path in sorted(self._defs.rglob("defs.yaml")):
            try:
                found = path.stat()
            except OSError:
                continue
            stamps.append((str(path), found.st_mtime_ns, found.st_size))
        if tuple(stamps) == self._files and self._companies:
            return
        folders, wrong = scan_companies(self._defs)
        self._companies = [folder.company for folder in folders]
        self._wrong = tuple(str(error) for error in wrong)
        self._files = tuple(stamps)
        for text in self._wrong:
            _log.warning("roster file=unreadable %s", text)
