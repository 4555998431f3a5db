"""The second half of the demo: documents change after they were posted, and everything ties out again.

What belongs here: the order of things, and the table. What does not: who does what to which document
(`cli.fates`), and the sync that follows, which is the same as ever.
"""

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from st_qbo_assets.cli.days import days_document, is_green
from st_qbo_assets.cli.fates.bookkeeper import Act, Bookkeeper
from st_qbo_assets.cli.fates.choosing import Days, Sales, acts_on, days_within
from st_qbo_assets.cli.fates.telling import Row, Teller
from st_qbo_assets.cli.output import print_table, say
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, Payment
from st_qbo_assets.servicetitan.windows import Dates
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.inbox import Inbox
from st_qbo_assets.store.links import LinkState

#: Syncs a range of days, and says whether the run succeeded.
Sync = Callable[[date, date], bool]
_MOST_SECONDS = 60.0
_LOOK_SECONDS = 0.5
_POSTED_AS = ("Invoice", "Payment")


@dataclass(frozen=True)
class Shown:
    """What became of the changes.

    Attributes:
        rows: one for each.
        days: what the newest tie-outs of the days say (`cli.days`).
        synced: whether the run succeeded, where one was needed.
    """

    rows: list[Row]
    days: Json
    synced: bool

    @property
    def is_right(self) -> bool:
        """Whether everything arrived and ties out."""
        return self.synced and is_green(self.days) and all(row.arrived for row in self.rows)


@dataclass
class Changes:
    """People change documents of a few days, each once, however often the demo runs.

    Attributes:
        act: acts as a person in `servicetitan` or `quickbooks`.
    """

    settings: Settings
    connections: Connections
    days: Days
    act: Act
    bookkeeper: Bookkeeper

    def begin(self) -> None:
        """Let the bookkeeper work in QuickBooks; the next poll finds what was done there."""
        if self.bookkeeper.work():
            say("In QuickBooks a bookkeeper edits an invoice, merges customers and closes a day's books …")

    def finish(self, sync: Sync, *, waits: bool) -> Shown:
        """Let the contractor's office change documents, sync their days, and read what became of all.

        Args:
            sync: of the days.
            waits: whether events start runs of their own, which are to end first.
        """
        is_edited = self.bookkeeper.take_back()
        acts = acts_on(sales_of(self.connections, self.days), self.days, spared=self.bookkeeper.spared())
        if not acts and not is_edited and (shown := self._shown(waits=waits)).is_right:
            return shown
        if acts:
            say("People change documents that were posted, and their days are synced once more …")
            self.act("servicetitan", {"acts": acts})
        synced = sync(self.days.first, self.days.last)
        return self._shown(synced=synced, waits=waits)

    def _shown(self, *, synced: bool = True, waits: bool) -> Shown:
        """Return what became of everything, once events have been followed."""
        if waits:
            _wait_for_events(self.connections)
        told = Teller(self.connections, sales_of(self.connections, self.days))
        rows = [*told.rows().values(), told.edited(self.bookkeeper), told.merged(self.bookkeeper)]
        days = days_document(self.settings, self.connections.company, self.days.first, self.days.last)
        return Shown([row for row in rows if row is not None], days, synced)


@contextmanager
def opened_changes(
    settings: Settings, company: CompanyFile, first: date, last: date, act: Act
) -> Generator[Changes]:
    """Open what changes documents of some days that were synced."""
    connections = open_connections(company, settings)
    try:
        days = days_within(first, last, today=datetime.now(UTC).astimezone(company.zone).date())
        bookkeeper = Bookkeeper(connections, days, sales_of(connections, days), act)
        yield Changes(settings, connections, days, act, bookkeeper)
    finally:
        connections.close()


def print_changes(rows: Iterable[Row]) -> None:
    """Print what became of each change."""
    print_table(
        "Documents changed after they were posted",
        ("document", "what people did", "we wrote", "QuickBooks before", "QuickBooks now", "arrived"),
        [
            (row.document, row.did, row.wrote, row.before, row.now, "yes" if row.arrived else "NO")
            for row in rows
        ],
    )


def sales_of(connections: Connections, days: Days) -> Sales:
    """Return what ServiceTitan has of some days, and which of it we posted."""
    client = connections.servicetitan
    # ServiceTitan's lists leave out one end or the other (rule 1.4)
    span = Dates(days.first - timedelta(days=1), days.last + timedelta(days=1))

    def is_theirs(day: date | None) -> bool:
        return day is not None and days.first <= day <= days.last

    invoices = [
        each
        for each in client.invoices(invoiced=span)
        if isinstance(each, Invoice) and is_theirs(each.invoice_date)
    ]
    payments = [
        each for each in client.payments(paid=span) if isinstance(each, Payment) and is_theirs(each.date)
    ]
    memos = [
        each
        for each in client.credit_memos(dated=span)
        if isinstance(each, CreditMemo) and is_theirs(each.date)
    ]
    sources = [SourceRef(Entity.INVOICE, str(each.id)) for each in invoices]
    sources += [SourceRef(Entity.PAYMENT, str(each.id)) for each in payments]
    links = connections.links.of_sources(connections.name, sources)
    ours = {
        link.source
        for found in links.values()
        for link in found
        if link.digest and link.state is LinkState.ACTIVE and link.target in _POSTED_AS
    }
    return Sales(invoices, payments, memos, frozenset(ours))


def _wait_for_events(connections: Connections) -> None:
    """Wait until runs have done what ServiceTitan's events ask for, for a minute at most."""
    inbox, until = Inbox(connections.database), time.monotonic() + _MOST_SECONDS
    while time.monotonic() < until:
        waiting = inbox.pending(connections.name, again_after=timedelta(0))
        if not any(each.system == "servicetitan" for each in waiting):
            return
        time.sleep(_LOOK_SECONDS)
