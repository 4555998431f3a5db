"""Which business days ServiceTitan's export feeds say have changed, a few pages at a time.

What belongs here: following feeds from token to token, rows that come again, the days they touch. What does
not: where tokens are kept (store), and what is done about the days.

Asked for recent changes a feed shows them at once, and shows them again until they are 15 minutes old
(ServiceTitan reference §3.2): a row is known again by id and stamp. Lists without a feed (credit memos, and
some of what is bought) are asked for what changed since their newest stamp.
"""

import hashlib
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.buying_feeds import RETURNS, BoughtChanges
from st_qbo_assets.extract.documents import Dated
from st_qbo_assets.extract.reader import Documents
from st_qbo_assets.extract.touched import OVERLAP, Changes, SeenDays
from st_qbo_assets.servicetitan.client import ExportPage
from st_qbo_assets.servicetitan.records import Job, Unreadable, parse, parse_invoice, parse_payment
from st_qbo_assets.servicetitan.windows import Window, modified_params

_log = logging.getLogger(__name__)
FEEDS = ("invoices", "payments", "jobs")
MEMOS = "credit_memos"
#: Pages of one feed in one turn; what is left comes in the next.
MOST_PAGES = 20
#: Rows whose versions are remembered; of more the oldest come again, which only costs a load.
_MOST_KNOWN = 20_000
#: How a token that is not taken (any more) is refused.
_REFUSALS = frozenset({400, 404, 410, 422})
#: The vendor's clock may be a day off ours, either way.
_CLOCKS = timedelta(days=2)


class Feeds(Documents, Protocol):
    """Lists and feeds of a tenant."""

    def export(
        self, feed: str, continue_from: str = "", *, include_recent_changes: bool = False
    ) -> Iterator[ExportPage]:
        """Yield the pages of a feed from a token or date on."""
        ...


@dataclass(frozen=True)
class FeedToken:
    """Where a feed goes on.

    Attributes:
        read_until: every row that changed before is read: where to begin if the token is refused.
    """

    text: str
    read_until: datetime


@dataclass
class FeedReading:
    """One turn over the feeds.

    Attributes:
        tokens: where each feed goes on; to be kept once the days are.
        until: the instant before which every change of a feed is read.
        memos_until: stamp until which credit memos are read.
        lists_until: the same of other lists without a feed, by name.
        known: versions of the rows that may come again, by feed.
        rows: how many rows were new.
        days: business days that changed, from the start date on.
        refused: feeds that ServiceTitan refuses, with its words; the others go on.
        is_first: whether some feed was never read before: it was only taken to its end.
    """

    tokens: dict[str, str] = field(default_factory=dict[str, str])
    until: dict[str, datetime] = field(default_factory=dict[str, datetime])
    memos_until: datetime | None = None
    lists_until: dict[str, datetime] = field(default_factory=dict[str, datetime])
    known: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    rows: int = 0
    days: frozenset[date] = frozenset()
    refused: dict[str, str] = field(default_factory=dict[str, str])
    is_first: bool = False


def read_feeds(
    client: Feeds,
    company: CompanyFile,
    *,
    tokens: Mapping[str, FeedToken],
    memos_since: datetime | None,
    known: Mapping[str, Iterable[str]],
    now: datetime,
    seen: SeenDays,
    lists_since: Mapping[str, datetime | None] | None = None,
) -> FeedReading:
    """Return what changed since the tokens.

    A feed without a token is taken to its present end: what was before is the backfill's, and the nightly
    close's, whose marks begin with the start date.

    Args:
        client: of the tenant.
        company: whose days they are.
        tokens: where each feed was read to.
        memos_since: stamp until which credit memos were read.
        known: versions of rows that came before.
        now: the present.
        seen: looks up where records were seen before.
        lists_since: stamps until which other lists without a feed were read, by name.
    """
    reading, bought = FeedReading(), BoughtChanges(company)
    invoices, payments, memos = (
        Changes(entity) for entity in (Entity.INVOICE, Entity.PAYMENT, Entity.CREDIT_MEMO)
    )
    jobs: set[int] = set()

    def take_job(row: Json) -> None:
        job = parse(Job, row)
        if isinstance(job, Job) and job.invoice_id is not None:
            jobs.add(job.invoice_id)

    takers: Mapping[str, Callable[[Json], None]] = {
        "invoices": lambda row: invoices.read([parse_invoice(row)], company),
        "payments": lambda row: payments.read([parse_payment(row)], company),
        "jobs": take_job,
        **bought.takers(),
    }
    for feed, take in takers.items():
        with _alone(feed, reading, known):
            for row in _new_rows(client, feed, reading, tokens.get(feed), known.get(feed, ()), now=now):
                take(row)
    with _alone(MEMOS, reading, known):
        _read_memos(client, company, reading, memos, memos_since, known.get(MEMOS, ()), now=now)
    for name, (changes, read) in bought.lists(client).items():
        since = (lists_since or {}).get(name)
        window = Window(since or now - _CLOCKS, now + _CLOCKS)
        with _alone(name, reading, known):
            rows, old = read(modified_params(window)), known.get(name, ())
            until = _read_list(name, rows, reading, changes, company, old, is_first=since is None)
            reading.lists_until[name] = until or since or window.since
    with _alone(RETURNS, reading, known):
        bought.follow_returns(client)
    if RETURNS in reading.refused:  # their credits are not known: the same rows are read again
        reading.tokens.pop(RETURNS, None)
        reading.known[RETURNS] = list(known.get(RETURNS, ()))
    invoices.read(client.invoices(ids=sorted(jobs - invoices.ids)), company)
    changed = (invoices, payments, memos, *bought.all)
    before = seen([source for each in changed for source in each.sources])
    days = {*before.values(), *(day for each in changed for day in each.days)}
    reading.days = frozenset(day for day in days if day >= company.start_date)
    return reading


@contextmanager
def _alone(feed: str, reading: FeedReading, known: Mapping[str, Iterable[str]]) -> Generator[None]:
    """Let a feed that is refused, for want of a right for one, keep none of the others."""
    try:
        yield
    except RemoteFault as error:
        _log.warning("feed=refused feed=%s error=%s", feed, error)
        reading.refused[feed] = str(error)
        reading.known.setdefault(feed, list(known.get(feed, ())))


def _new_rows(
    client: Feeds,
    feed: str,
    reading: FeedReading,
    token: FeedToken | None,
    known: Iterable[str],
    *,
    now: datetime,
) -> Iterator[Json]:
    """Yield the rows of a feed that did not come before, and note where it goes on."""
    is_first = token is None
    start = token.text if token is not None else (now - _CLOCKS).date().isoformat()
    fallback = (token.read_until - _CLOCKS).date().isoformat() if token is not None else ""
    old, versions = set(known), list[str]()
    for number, page in enumerate(_pages(client, feed, start, fallback), start=1):
        reading.tokens[feed] = page.continue_from
        reading.until[feed] = _read_until(page, reading.until.get(feed), token, now=now)
        for row in page.rows:
            version = _version(row)
            versions.append(version)
            if version not in old and not is_first:
                reading.rows += 1
                yield row
        if number >= MOST_PAGES and not is_first:
            break
    reading.is_first |= is_first
    reading.known[feed] = versions[-_MOST_KNOWN:]


def _read_until(
    page: ExportPage, before: datetime | None, token: FeedToken | None, *, now: datetime
) -> datetime:
    """Return how far a feed is read after a page: rows come in the order in which they changed."""
    if not page.has_more:
        return now
    stamps = [stamp for row in page.rows if (stamp := _stamp(row)) is not None]
    return max(stamps, default=before or (token.read_until if token is not None else now - _CLOCKS))


def _stamp(row: Json) -> datetime | None:
    try:
        return parse_instant(row.get("modifiedOn"))
    except ValueError:
        return None  # the row is told when its day is read


def _pages(client: Feeds, feed: str, start: str, fallback: str) -> Iterator[ExportPage]:
    """Yield the pages of a feed; a token that the vendor no longer takes is replaced by its date."""
    try:
        yield from client.export(feed, start, include_recent_changes=True)
    except RemoteFault as error:
        if not fallback or error.status not in _REFUSALS:
            raise
        _log.warning("feed=token_refused feed=%s from=%s", feed, fallback)
        yield from client.export(feed, fallback, include_recent_changes=True)


def _read_memos(
    client: Feeds,
    company: CompanyFile,
    reading: FeedReading,
    memos: Changes,
    since: datetime | None,
    known: Iterable[str],
    *,
    now: datetime,
) -> None:
    window = Window(since or now - _CLOCKS, now + _CLOCKS)
    rows = client.credit_memos(modified=window)
    until = _read_list(MEMOS, rows, reading, memos, company, known, is_first=since is None)
    reading.memos_until = until or since or window.since


def _read_list(
    name: str,
    records: Iterable[Dated | Unreadable],
    reading: FeedReading,
    changes: Changes,
    company: CompanyFile,
    known: Iterable[str],
    *,
    is_first: bool,
) -> datetime | None:
    """Take in what is new of a list without a feed, and return the stamp it is read until, if it has any."""
    old, versions = set(known), list[str]()
    stamp: datetime | None = None
    for record in records:
        version = _version(record.raw)
        versions.append(version)
        if not isinstance(record, Unreadable) and record.modified_on is not None:
            stamp = max(stamp or record.modified_on, record.modified_on)
        if version not in old and not is_first:
            reading.rows += 1
            changes.read([record], company)
    reading.known[name] = versions[-_MOST_KNOWN:]
    return stamp - OVERLAP if stamp is not None else None


def _version(row: Json) -> str:
    """Return what tells one state of a row from the next: its id and its stamp."""
    text = f"{row.get('id')}@{row.get('modifiedOn')}@{row.get('active')}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
