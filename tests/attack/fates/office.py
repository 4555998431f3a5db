"""One sandbox, one ledger, and the product's pipeline run step by step without Dagster.

What belongs here: everything of the product that a history needs to run it. What does not: what is right.

A sync does what a scheduled run does: it asks ServiceTitan what changed, extracts, maps and loads the days
that are due, and leaves out the tie-out, which writes nothing. Dagster would only hand the frames over;
here they stay in memory.
"""

import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import dagster as dg
import pandas as pd
from pydantic import SecretStr
from sqlalchemy import text

from st_qbo_assets.books.verdict import verdict_of
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Realm, Tenant
from st_qbo_assets.domain.tokens import TokenPair
from st_qbo_assets.extract.frames import AnyRecord, record_of
from st_qbo_assets.orchestration import frames, keys
from st_qbo_assets.orchestration.assets.mapped import mapped_assets
from st_qbo_assets.orchestration.assets.servicetitan import servicetitan_assets
from st_qbo_assets.orchestration.changes import note_changes
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.loading import RunLoad
from st_qbo_assets.orchestration.previewing import DaysPreview
from st_qbo_assets.orchestration.references import ReferenceData
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.orchestration.tying import tie_out_days
from st_qbo_assets.quickbooks.auth import AppCredentials, Endpoints, OAuth, QuickBooksAuth
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.servicetitan.auth import Credentials, MemoryTokenCache, ServiceTitanAuth
from st_qbo_assets.servicetitan.client import ServiceTitan
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.transport.budget import Unlimited
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.controls import HasLedger
from tests.attack.fates import town
from tests.attack.fates.wire import HOSTS, Wire
from tests.integration.clients.desk import MemoryVault

Json = dict[str, Any]
#: The product waits as it means to, but nobody sits through it.
_RETRY = RetryPolicy(attempts=3, sleep=lambda seconds: None)
_NO_THROTTLE = {"requests_per_minute": None, "requests_per_second": None, "batches_per_minute": None}


class Rows(list[Json]):
    """Rows that never become a frame: half of a sync of a few documents would be pandas."""


def _plan_nothing(*_: object) -> list[object]:
    return []


@contextmanager
def plain_frames() -> Generator[None]:
    """Let the pipeline make and take `Rows` where it makes and takes frames, and preview nothing.

    What a preview promises has proofs of its own, and half of a sync would be previews. A record is read
    again from the same JSON by each of a dozen assets; here once is enough, since nobody can change it.
    """

    @lru_cache(maxsize=20_000)
    def once(kind: str, raw: str) -> AnyRecord:
        return record_of({"kind": kind, "raw": raw})

    def remembered(row: Mapping[str, Any]) -> AnyRecord:
        return once(row["kind"], row["raw"])

    def as_rows(rows: Sequence[Mapping[str, Any]], columns: frames.Columns) -> Rows:
        return Rows({name: row.get(name) for name in columns} for row in rows)

    def of_rows(frame: Rows, *columns: str) -> Iterator[Json]:
        return ({name: row[name] for name in columns} if columns else row for row in frame)

    plain = {
        "to_frame": (frames.to_frame, as_rows),
        "to_rows": (frames.to_rows, of_rows),
        "record_of": (record_of, remembered),
    }
    with ExitStack() as stack:
        stack.enter_context(patch.object(DaysPreview, "plan", _plan_nothing))
        for module in [found for name, found in sys.modules.items() if name.startswith("st_qbo_assets.")]:
            for name, (real, fake) in plain.items():
                if vars(module).get(name) is real:
                    stack.enter_context(patch.object(module, name, fake))
        yield


class MemoryFolder(FrameFolder):
    """Frames as they are written, kept in memory."""

    def __init__(self) -> None:
        super().__init__(root="")
        object.__setattr__(self, "_kept", {})

    def write(self, key: dg.AssetKey, day: date | None, frame: pd.DataFrame) -> None:
        """Keep a frame."""
        self._kept[key, day] = frame  # type: ignore[attr-defined]

    def read(self, key: dg.AssetKey, day: date | None) -> pd.DataFrame | None:
        """Return a frame, or None."""
        return self._kept.get((key, day))  # type: ignore[attr-defined]

    def forget(self) -> None:
        """Forget all frames."""
        self._kept.clear()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Standing:
    """What the product says of a document."""

    outcome: str
    code: str
    text: str


@dataclass(frozen=True)
class TiedDay:
    """What the product's own comparison says of a day."""

    day: str
    is_green: bool
    difference_cents: int
    unexplained_cents: int
    causes: list[str]


def part_named(entity: str, id_: str, part: str) -> str:
    """Return the part in the words of its marker."""
    return f"{entity.replace('_', ' ')}:{id_}" + (f"/{part}" if part else "")


@dataclass(frozen=True)
class _Step:
    """What a step asks of Dagster and tells it, told to nobody."""

    days: Sequence[date] = ()
    run_id: str = "history"

    @property
    def partition_keys(self) -> list[str]:
        """The days of the run."""
        return [day.isoformat() for day in self.days]

    @property
    def run(self) -> "_Step":
        """The run, of which nobody asked anything."""
        return self

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags: a schedule asked for it, and nobody waits for what it says."""
        return {"dagster/schedule_name": "history"}

    def log_event(self, event: object) -> None:
        """Take an event."""

    def add_asset_metadata(self, metadata: object, partition_key: str | None = None) -> None:
        """Take what is shown beside an asset."""


class _Connector(Connector):
    """Hands out the connections that are open."""

    @property
    def frames(self) -> FrameFolder:
        """The frames in memory."""
        return self.__dict__["office"].folder

    @contextmanager
    def open(self, defs: CompanyDefs, run_id: str) -> Generator[Connections]:
        """Yield the connections of the history."""
        yield self.__dict__["office"].connections


@dataclass
class Office:
    """Everything that outlives a history; `begin` makes it as new."""

    database: Database
    settings: Settings
    sandbox: Sandbox = field(default_factory=Sandbox)
    folder: MemoryFolder = field(default_factory=MemoryFolder)
    company: CompanyFile = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire(self.sandbox)
        self._emptying = ""
        self._assets: dict[str, list[dg.AssetsDefinition]] = {}

    def begin(self, *, applies_credits: bool = False, **policies: Any) -> None:
        """Forget everything that happened, and connect the company with these policies."""
        self.company = CompanyFile.model_validate(town.company_file(**policies))
        for half, seed in (
            ("servicetitan", town.servicetitan()),
            ("quickbooks", town.quickbooks(applies_credits=applies_credits)),
        ):
            self.sandbox.halves[half].reset()
            self.sandbox.halves[half].load(seed)
        self.sandbox.shared.log.clear()
        self.sandbox.halves["quickbooks"].configure(_NO_THROTTLE)
        self.sandbox.halves["servicetitan"].configure({"requests_per_second": 1_000_000})
        self.sandbox.storage.commit()
        self.folder.forget()
        self.wire.sent.clear()
        self._empty_ledger()
        self.connections = self._connect()
        self.defs = CompanyDefs(self.company, Path("/nowhere/links.csv"), now_utc=self.sandbox.clock.now)

    def _empty_ledger(self) -> None:
        with self.database.begin() as connection:
            # The tables' guards refuse to be emptied; a replica's session does not ask them.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            if not self._emptying:
                named = "SELECT tablename FROM pg_tables WHERE schemaname = 'st_qbo'"
                tables = [row[0] for row in connection.execute(text(named)) if row[0] != "alembic_version"]
                self._emptying = "; ".join(f"DELETE FROM st_qbo.{table}" for table in tables)
            connection.execute(text(self._emptying))

    def _connect(self) -> Connections:
        made = Connections(self.company, self.settings, self.database, run_id=uuid4().hex, _http=self.wire)
        auth = ServiceTitanAuth(
            http=self.wire,
            token_url=f"{HOSTS['servicetitan']}/connect/token",
            credentials=Credentials(
                client_id=identity.SERVICETITAN_CLIENT_ID,
                client_secret=SecretStr(identity.SERVICETITAN_CLIENT_SECRET),
                app_key=SecretStr(identity.SERVICETITAN_APP_KEY),
            ),
            cache=MemoryTokenCache(),
            retry=_RETRY,
        )
        # Where `Connections` keeps what it makes once: clients without secrets, budgets and waits.
        made.__dict__["servicetitan"] = ServiceTitan(
            http=self.wire,
            tokens=auth,
            tenant=Tenant(str(identity.TENANT)),
            base_url=HOSTS["servicetitan"],
            budget=Unlimited(),
            retry=_RETRY,
        )
        oauth, vault = self._oauth(), MemoryVault()
        code = self.act("quickbooks", "consent")["code"]
        vault.write(self._tokens(oauth, code))
        made.__dict__["quickbooks"] = QuickBooks(
            http=self.wire,
            tokens=QuickBooksAuth(oauth=oauth, vault=vault),
            realm=Realm(str(identity.REALM)),
            base_url=HOSTS["quickbooks"],
            budget=Unlimited(),
            retry=_RETRY,
            observer=made._observe,  # pyright: ignore[reportPrivateUsage]  # what it gives its own client
        )
        return made

    def _oauth(self) -> OAuth:
        url = HOSTS["quickbooks"]
        return OAuth(
            http=self.wire,
            endpoints=Endpoints(
                authorize=f"{url}/connect/oauth2",
                token=f"{url}/oauth2/v1/tokens/bearer",
                revoke=f"{url}/v2/oauth2/tokens/revoke",
            ),
            credentials=AppCredentials(
                identity.QUICKBOOKS_CLIENT_ID, SecretStr(identity.QUICKBOOKS_CLIENT_SECRET)
            ),
            retry=_RETRY,
        )

    def _tokens(self, oauth: OAuth, code: str) -> TokenPair:
        return oauth.exchange_code(code, redirect_uri=identity.QUICKBOOKS_REDIRECT_URI)

    # People

    def act(self, half: str, act: str, **given: Any) -> Json:
        """Act as a person in one of the products."""
        with self.sandbox.storage.transaction():
            return self.sandbox.halves[half].edit({"act": act, **given})

    def state(self, half: str) -> Mapping[str, list[Json]]:
        """Return everything one of the products holds."""
        return self.sandbox.halves[half].state()

    def trial_balance(self) -> Json:
        """Return what QuickBooks' ledger says."""
        half = self.sandbox.halves["quickbooks"]
        assert isinstance(half, HasLedger)
        return half.trial_balance(first=None, last=None)

    # The product

    def standings(self) -> dict[str, Standing]:
        """Return where every document stands by the product's own word, by its part."""
        query = (
            "SELECT source_entity, source_id, source_part, outcome, reason_code, reason_text "
            "FROM st_qbo.record_states WHERE source_entity IN ('invoice', 'payment', 'credit_memo')"
        )
        with self.database.begin() as connection:
            rows = connection.execute(text(query)).all()
        return {
            part_named(entity, id_, part): Standing(outcome, code or "", said or "")
            for entity, id_, part, outcome, code, said in rows
        }

    def sync(self, days: Sequence[date] | None = None, *, looks_again: bool = False) -> list[str]:
        """Do what a scheduled run does, or load these days; return the parts it had in its hands.

        Args:
            days: which; by default those that ServiceTitan says have changed.
            looks_again: read both products' lists anew first, as every night.
        """
        if days is None:
            days = [day for day in note_changes(self.defs, self.connections) if day <= self.defs.today()]
        if not days:
            return []
        run: Any = _Step()
        self.connections.run_id = uuid4().hex
        data = ReferenceData(self.defs, self.folder, self.connections)
        if looks_again:
            data.refresh(run)
        ordered = sorted(days)
        self._run_assets(self._stages(), ordered)
        loaded = RunLoad(
            self.defs, self.connections, self.folder, run, entities=keys.LOAD_ORDER, is_fresh=True
        )
        results = [result for _, found in loaded.load(ordered) for result in found]
        self.connections.dirty_days.clear(self.defs.name, ordered, read_at=self.sandbox.clock.now())
        self.connections.flush()
        sources = (result.source for result in results)
        return [part_named(source.entity, source.id, source.part) for source in sources]

    def tie_out(self, days: Sequence[date]) -> list[TiedDay]:
        """Compare days as the product does after a load."""
        data = ReferenceData(self.defs, self.folder, self.connections)
        found = tie_out_days(
            self.defs,
            self.connections,
            data.current(_Step()),  # pyright: ignore[reportArgumentType]  # of Dagster's it asks this much
            folder=self.folder,
            days=days,
            loaded_since=self.sandbox.clock.now(),
        )
        return [
            TiedDay(
                day=each.day.isoformat(),
                is_green=verdict_of(each).is_green,
                difference_cents=sum(abs(figure.difference_cents) for figure in each.figures),
                unexplained_cents=each.unexplained_cents,
                causes=[
                    f"{record.source or record.quickbooks}: {record.entity} {record.cause}: "
                    f"{record.finding.evidence}"
                    for record in each.records
                ],
            )
            for each in found
        ]

    def _stages(self) -> list[dg.AssetsDefinition]:
        """Return the extracts and mappings in the order of the definitions, which is one of dependence."""
        policies = self.company.model_dump_json()
        if policies not in self._assets:
            days = [asset for asset in servicetitan_assets(self.defs) if asset.partitions_def is not None]
            self._assets[policies] = [*days, *mapped_assets(self.defs)]
        return self._assets[policies]

    def _run_assets(self, assets: Iterable[dg.AssetsDefinition], days: list[date]) -> None:
        """Do what assets do, by their own bodies, oldest first; what they return is written."""
        for asset in assets:
            body: Any = asset.op.compute_fn
            connector = _Connector(storage="")
            connector.__dict__["office"] = self
            for day, frame in body.decorated_fn(_Step(days), connector=connector):
                self.folder.write(asset.key, day, frame)
