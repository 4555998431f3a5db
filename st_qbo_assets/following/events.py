"""Which runs pending events ask for: records are read again, and what needs no run is settled at once.

What belongs here: the day of a record, what is an echo of our own writes, how often QuickBooks may be asked.
What does not: grouping (`asks`), launching. Nothing in an event is believed but the id of its record.

    ServiceTitan invoice    the invoice's day, the day it was seen on before, and those of its payments
    ServiceTitan job        the same of its invoice
    QuickBooks names        customers and vendors of both systems are compared
    QuickBooks documents    ours are compared with what QuickBooks last confirmed (drift)
    anything else           nothing: what we look up there is read anew by its schedule
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.extract.documents import business_day
from st_qbo_assets.following.asks import MOST_ASKS, Ask, Due, Work, asks_of_days
from st_qbo_assets.load.objects import written_by
from st_qbo_assets.servicetitan.records import Job, Payment
from st_qbo_assets.store.inbox import Inbox, Pending
from st_qbo_assets.store.links import Link

#: Records looked at in one turn: some twenty calls to ServiceTitan.
MOST_RECORDS = 500
#: What is not acknowledged is offered again after so long, and then ever more rarely.
AGAIN_AFTER = timedelta(minutes=1)
#: A record that ServiceTitan does not show is looked for so often before its event is laid aside.
_MOST_LOOKS = 3
#: An event this close to our own write of the record tells of that write. Clocks differ, and events of
#: production come minutes later, but with the time at which it happened.
_ECHO = timedelta(seconds=20)
#: QuickBooks' reads are metered: events start at most so many runs in so long (rule 11); the schedules go on.
_MOST_RUNS = 4
_IN = timedelta(hours=3)
_NAMES = {"Customer": Entity.CUSTOMER, "Vendor": Entity.VENDOR}


@dataclass
class Wanted:
    """What pending events ask for.

    Attributes:
        asks: runs to be launched, each with the events it settles.
        settled: events for which nothing is to be done; acknowledged without a run.
        later: events that are offered again without a run having been launched.
        dirty: days that must be loaded beside those of the runs; to be kept before anything is settled.
    """

    asks: list[Ask] = field(default_factory=list[Ask])
    settled: list[int] = field(default_factory=list[int])
    later: list[int] = field(default_factory=list[int])
    dirty: set[date] = field(default_factory=set[date])


def want(connections: Connections, inbox: Inbox, pending: Sequence[Pending], *, today: date) -> Wanted:
    """Return what events ask for, all of one company; reads ServiceTitan, writes nothing."""
    wanted = Wanted()
    ours = [each for each in pending if each.system == "servicetitan"]
    theirs = [each for each in pending if each.system == "quickbooks"]
    if ours:
        due = _of_servicetitan(connections, ours, wanted, today=today)
        wanted.asks += asks_of_days(due, most=MOST_ASKS)
        # A run settles an event with its last day; the others stay due until they were loaded.
        wanted.dirty |= {day for each in due for day in each.days if len(each.days) > 1}
    if theirs:
        _of_quickbooks(connections, inbox, theirs, wanted, today=today)
    return wanted


def keep(connections: Connections, inbox: Inbox, wanted: Wanted) -> None:
    """Keep the days that are due, then settle what needs no run and put off what comes later."""
    connections.dirty_days.mark(connections.name, sorted(wanted.dirty))
    if wanted.settled:
        with connections.database.begin() as connection:
            inbox.acknowledge(wanted.settled, connection)
    if wanted.later:
        inbox.note_offered(wanted.later)


# ServiceTitan


def _of_servicetitan(
    connections: Connections, pending: Sequence[Pending], wanted: Wanted, *, today: date
) -> list[Due]:
    """Return the events whose records have days; the others are settled or looked for again."""
    invoices: dict[int, list[Pending]] = {}
    jobs = {
        number: each for each in pending if each.entity == "job" and (number := _number(each)) is not None
    }
    for each in pending:
        number = _number(each)
        if number is None:
            wanted.settled += each.ids
        elif each.entity == "invoice":
            invoices.setdefault(number, []).append(each)
        elif each.entity != "job":
            wanted.settled += each.ids
    found = {job.id: job for job in connections.servicetitan.jobs(ids=sorted(jobs)) if isinstance(job, Job)}
    for number, each in jobs.items():
        job = found.get(number)
        if job is None:
            _look_again(each, wanted)
        elif job.invoice_id is None:
            wanted.settled += each.ids  # nothing to book; its invoice brings an event of its own or is polled
        else:
            invoices.setdefault(job.invoice_id, []).append(each)
    days = _days_of(connections, invoices)
    start = connections.company.start_date
    due: list[Due] = []
    for invoice_id, events in invoices.items():
        on = {day for day in days.get(invoice_id, ()) if start <= day <= today}
        wanted.dirty |= {day for day in days.get(invoice_id, ()) if day > today}  # loaded when they have come
        for each in events:
            if on:
                due.append(Due(each.ids, frozenset(on), each.offers))
            elif days.get(invoice_id):
                wanted.settled += each.ids
            else:
                _look_again(each, wanted)
    return due


def _days_of(connections: Connections, invoices: Mapping[int, object]) -> dict[int, set[date]]:
    """Return the days an invoice touches: its own, the one it was seen on, and those of its new payments."""
    ids, company = sorted(invoices), connections.company
    days: dict[int, set[date]] = {}
    for invoice in connections.servicetitan.invoices(ids=ids):
        day = business_day(invoice, company)
        if invoice.id is not None and day is not None:
            days.setdefault(invoice.id, set()).add(day)
    seen = connections.seen.days_of(connections.name, Entity.INVOICE, map(str, ids))
    for id_, day in seen.items():
        days.setdefault(int(id_), set()).add(day)
    paid = [
        payment
        for payment in connections.servicetitan.payments(applied_to_invoice_ids=ids)
        if isinstance(payment, Payment)
    ]
    known = connections.links.of_records(
        connections.name, [SourceRef(Entity.PAYMENT, str(payment.id)) for payment in paid]
    )
    for payment in paid:
        day = business_day(payment, company)
        if day is None or SourceRef(Entity.PAYMENT, str(payment.id)) in known:
            continue
        for row in payment.applied_to:
            if row.applied_to in days:
                days[row.applied_to].add(day)
    return days


def _look_again(pending: Pending, wanted: Wanted) -> None:
    """Offer an event again whose record is not shown; after a few times there is nothing to be done."""
    (wanted.later if pending.offers < _MOST_LOOKS else wanted.settled).extend(pending.ids)


def _number(pending: Pending) -> int | None:
    text = pending.record_id
    return int(text) if text.isascii() and text.isdigit() else None


# QuickBooks


def _of_quickbooks(
    connections: Connections, inbox: Inbox, pending: Sequence[Pending], wanted: Wanted, *, today: date
) -> None:
    """Settle what is none of ours or an echo; ask for one run for names, and one for documents."""
    documents = written_by(connections.company)
    for targets, work in ((tuple(_NAMES), Work.MASTERS), (documents, Work.DRIFT)):
        news: list[Pending] = []
        for target in targets:
            own = [each for each in pending if each.entity == target]
            links = connections.links.of_targets(connections.name, target, [each.record_id for each in own])
            for each in own:
                is_news = _is_news(each, links.get(each.record_id, ()), is_name=target in _NAMES)
                news += [each] if is_news else []
                wanted.settled += [] if is_news else each.ids
        if not news:
            continue
        ids = tuple(sorted(id_ for each in news for id_ in each.ids))
        has_begun = today >= connections.company.start_date
        if has_begun and inbox.runs_of(connections.name, targets, within=_IN) < _MOST_RUNS:
            tries = max(each.offers for each in news)
            # names by the day of the change, which may be yesterday's where this day has just begun
            yesterday = max(today - timedelta(days=1), connections.company.start_date)
            first, last = (yesterday, today) if work is Work.MASTERS else (None, None)
            wanted.asks.append(Ask(work, first, last, ids, tries))
        else:
            wanted.later += ids  # the schedule may come first, and settles them too
    followed = {*_NAMES, *documents}
    wanted.settled += [id_ for each in pending if each.entity not in followed for id_ in each.ids]


def _is_news(pending: Pending, links: Iterable[Link], *, is_name: bool) -> bool:
    """Say whether somebody else did this: to a document of ours, or to any customer or vendor."""
    written = [link.updated_at for link in links if link.updated_at is not None]
    if not written:
        return is_name
    at = pending.occurred_at
    return at is None or all(abs(at - each) > _ECHO for each in written)
