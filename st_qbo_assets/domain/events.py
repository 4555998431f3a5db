"""What a webhook says, as values: something happened to a record of one of the two systems.

What belongs here: the values that receiver and inbox hand to each other. What does not: the vendors' forms
(`servicetitan.webhooks`, `quickbooks.webhooks`), signatures, and what is done about an event. An event is a
hint: it names what to read again, and nothing in it is taken for true.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from st_qbo_assets.domain.outcomes import Json

EventSystem = Literal["servicetitan", "quickbooks"]


@dataclass(frozen=True)
class Event:
    """One event that could be read.

    Attributes:
        account: tenant or realm it is about.
        event_id: the vendor's id, the same on every delivery; made from the content where a form has none.
        assigned_id: ServiceTitan's `userassignedid`, the same even when `event_id` differs; else empty.
        type: as the vendor calls it (`tn.acc.invoice-posted`, `qbo.invoice.updated.v1`).
        entity: `invoice` or `job`; of QuickBooks the API's name (`Invoice`); empty if it is none we follow.
        record_id: its id in the system it comes from.
        operation: last part of the type (`posted`, `updated`).
        occurred_at: when it happened, as the vendor says; None if that cannot be read.
        document: the event as it came.
    """

    system: EventSystem
    account: str
    event_id: str
    type: str
    entity: str
    record_id: str
    operation: str
    assigned_id: str = ""
    occurred_at: datetime | None = None
    document: Json = field(default_factory=dict[str, object], repr=False)


@dataclass(frozen=True)
class Undecodable:
    """A signed delivery that holds something that is no event.

    Attributes:
        why: in a few words, without a word of the content.
        raw: the whole delivery as it came.
    """

    system: EventSystem
    why: str
    raw: bytes = field(repr=False)


Decoded = Event | Undecodable


def gather(system: EventSystem, read: Iterable[Event | str], body: bytes) -> list[Decoded]:
    """Return what was read of a delivery: its events, and the delivery itself once if some were none.

    Args:
        system: where it comes from.
        read: events, or in a few words why something is none.
        body: the delivery.
    """
    events: list[Decoded] = []
    why = ""
    for each in read:
        if isinstance(each, str):
            why = why or each
        else:
            events.append(each)
    return [*events, Undecodable(system, why, body)] if why else events
