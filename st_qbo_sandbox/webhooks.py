"""Events on their way to a receiver: windows, retries, holding back, duplicates, disorder, in sandbox time.

Belongs here: what both vendors' senders have in common. Does not belong here: which change is which event,
how a body and its headers look (`servicetitan/webhooks.py`, `quickbooks/webhooks.py`), sending over HTTP
(`webhook_sender.py`).

`POST /_sandbox/webhooks {"servicetitan": {...}, "quickbooks": {...}}` switches on and sets; a half that is
not named stays as it is, a setting that is not named too. A half sends as soon as it has a `url`.

    url                    where to; null switches off
    urls                   {event type: url}: a URL of its own (ServiceTitan has one for each event)
    key                    what signs; null sends unsigned
    encoding               ServiceTitan: hex | base64 | prefixed_hex | prefixed_base64
    format                 QuickBooks: cloudevents | legacy
    content_type           null: the form's own
    types                  only events of these types; null: all
    window_seconds         events within it go in one call (QuickBooks; production: 60, 180 or 300)
    hold_back              nothing overtakes a delivery that failed
    duplicates             share of deliveries sent twice; `duplicate_ids`: "same" | "new"
    reorder                share of deliveries that start up to `reorder_seconds` late
    lose                   share of deliveries never sent
    timeout_seconds        the receiver must answer within
    seed                   of the three shares
    balance_fires_names    QuickBooks: an event of a customer or vendor whose balance alone changed
    status_fires_updated   ServiceTitan: posted, batched and exported invoices fire `invoice-updated` too

Beside settings a call takes `"test": {...}` (an event of the vendor's portal, see the halves), `"replay":
true` (ServiceTitan: send again what was given up) and `"clear": true` (forget what is on its way).
"""

from __future__ import annotations

import math
import random
import uuid
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.storage import Change, Collection, Document, Storage, as_object

_KEPT_DONE = 5_000


@dataclass(frozen=True)
class WebhookSettings:
    """What one half sends, and how badly; the module says what each means."""

    url: str | None = None
    urls: dict[str, str] = field(default_factory=dict[str, str])
    key: str | None = None
    encoding: str = "hex"
    format: str = "cloudevents"
    content_type: str | None = None
    types: list[str] | None = None
    window_seconds: float = 0.0
    hold_back: bool = False
    duplicates: float = 0.0
    duplicate_ids: str = "same"
    reorder: float = 0.0
    reorder_seconds: float = 20.0
    lose: float = 0.0
    timeout_seconds: float = 3.0
    seed: int = 0
    balance_fires_names: bool = False
    status_fires_updated: bool = True

    def changed(self, given: dict[str, Any]) -> WebhookSettings:
        """Return these settings with the given ones in place.

        Raises:
            EditError: there is no such setting, or not with such a value.
        """
        known = {each.name for each in fields(self)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise EditError(f"no webhook setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        numbers = {each.name for each in fields(self) if each.type == "float"}
        try:
            taken = {name: float(value) if name in numbers else value for name, value in given.items()}
        except (TypeError, ValueError) as error:
            raise EditError(f"webhook settings cannot be read: {error}") from error
        changed = replace(self, **taken)
        shares = (changed.duplicates, changed.reorder, changed.lose)
        if not all(0 <= share <= 1 for share in shares):
            raise EditError("duplicates, reorder and lose are shares from 0 to 1")
        choices = {
            "encoding": ("hex", "base64", "prefixed_hex", "prefixed_base64"),
            "format": ("cloudevents", "legacy"),
            "duplicate_ids": ("same", "new"),
        }
        for name, allowed in choices.items():
            if getattr(changed, name) not in allowed:
                raise EditError(f"{name} is one of {', '.join(allowed)}")
        return changed


@dataclass(frozen=True)
class Event:
    """What happened, in the half's own words.

    Attributes:
        type: as subscriptions name it.
        detail: what its body is written from.
    """

    type: str
    detail: Document


class EventSource(Protocol):
    """How a half writes its events."""

    retry_seconds: tuple[float, ...]
    repeats_last_retry: bool
    is_aggregating: bool
    defaults: WebhookSettings

    def events_of(self, changes: list[Change], settings: WebhookSettings) -> list[Event]:
        """Return the events of what one request changed."""
        ...

    def test_event(self, asked: dict[str, Any]) -> Event:
        """Return the event that a test in the portal sends."""
        ...

    def body_of(self, events: list[Document], settings: WebhookSettings) -> str:
        """Return the body of one call."""
        ...

    def renamed(self, event: Document) -> Document:
        """Return the event with another delivery id, as a repeat may have."""
        ...

    def headers_of(self, body: bytes, settings: WebhookSettings) -> dict[str, str]:
        """Return the headers of one call, the signature among them."""
        ...


@runtime_checkable
class SendsEvents(Protocol):
    """A half that has webhooks."""

    webhooks: EventSource


@dataclass(frozen=True)
class Parcel:
    """One call that is due now."""

    id: str
    half: str
    url: str
    body: bytes
    headers: dict[str, str]
    timeout_seconds: float


class Webhooks:
    """Everything on its way, kept in the storage so that a restart loses nothing."""

    def __init__(self, clock: Clock, storage: Storage, sources: dict[str, EventSource]) -> None:
        self._clock = clock
        self._sources = sources
        self._storage = storage
        self._kept = storage.collection("webhooks.settings")
        self._gathering = storage.collection("webhooks.gathering")
        self._waiting = storage.collection("webhooks.waiting")
        self._done = storage.collection("webhooks.done")
        self._in_flight: set[str] = set()
        self._random = {name: random.Random() for name in sources}
        self._settings = {name: source.defaults for name, source in sources.items()}
        for name in sources:
            self._settings[name] = self._settings[name].changed(self._kept.get(name) or {})
            self._random[name].seed(self._settings[name].seed)
        storage.follow(self._follow, wanted=self._is_on)

    def configure(self, half: str, given: dict[str, Any]) -> None:
        """Set how a half sends, send a test event, replay, or forget.

        Raises:
            EditError: something asked for does not exist.
        """
        if half not in self._sources:
            raise EditError(f"{half} sends no events")
        wanted = dict(given)
        test, replays, clears = (
            wanted.pop("test", None),
            wanted.pop("replay", False),
            wanted.pop("clear", False),
        )
        changed = self._settings[half].changed(wanted)
        self._settings[half] = changed
        self._kept.put(half, {**(self._kept.get(half) or {}), **wanted})
        if "seed" in wanted:
            self._random[half].seed(changed.seed)
        if clears:
            for collection in (self._gathering, self._waiting, self._done):
                _remove_of(collection, half)
        if replays:
            self._replay(half)
        if test is not None:
            asked = as_object(test)
            if asked is None:
                raise EditError('"test" is an object')
            self._gather(half, [self._sources[half].test_event(asked)])

    def describe(self) -> dict[str, Any]:
        """Return settings (never the key) and what is on its way, by half."""
        return {name: self._describe(name) for name in self._sources}

    def _describe(self, half: str) -> dict[str, Any]:
        shown = asdict(self._settings[half])
        shown["key"] = "set" if shown["key"] else None
        counts: dict[str, int] = {
            "gathering": _count(self._gathering, half),
            "waiting": _count(self._waiting, half),
        }
        for doc in self._done.values():
            if doc["half"] == half:
                counts[doc["state"]] = counts.get(doc["state"], 0) + 1
        done = [doc for doc in self._done.values() if doc["half"] == half]
        waiting = [doc for doc in self._waiting.values() if doc["half"] == half]
        return {"settings": shown, "counts": counts, "waiting": waiting, "done": done[-200:]}

    def _on_the_way(self) -> list[tuple[str, Collection]]:
        return [("gathering", self._gathering), ("waiting", self._waiting)]

    def reset(self) -> None:
        """Switch off and forget everything."""
        for collection in (self._kept, self._gathering, self._waiting, self._done):
            collection.clear()
        for name, source in self._sources.items():
            self._settings[name] = source.defaults
            self._random[name].seed(source.defaults.seed)

    # Gathering

    def _is_on(self) -> bool:
        return any(settings.url or settings.urls for settings in self._settings.values())

    def _follow(self, changes: list[Change]) -> None:
        for name, source in self._sources.items():
            settings = self._settings[name]
            if settings.url or settings.urls:
                self._gather(name, source.events_of(changes, settings))

    def _gather(self, half: str, events: list[Event]) -> None:
        settings = self._settings[half]
        for event in events:
            if settings.types is not None and event.type not in settings.types:
                continue
            url = settings.urls.get(event.type) or settings.url
            if url:
                doc = {"half": half, "url": url, "event": event.detail, "at": self._now()}
                self._gathering.put(uuid.uuid4().hex, doc)

    def _close_windows(self) -> None:
        """Turn events whose window has ended into deliveries."""
        if not len(self._gathering):
            return
        groups: dict[tuple[str, str], list[str]] = {}
        for id, doc in self._gathering.items():
            groups.setdefault((doc["half"], doc["url"]), []).append(id)
        for (half, url), ids in groups.items():
            settings, source = self._settings[half], self._sources[half]
            first = min(float(self._document(id)["at"]) for id in ids)
            if self._clock.seconds() < first + settings.window_seconds:
                continue
            events = [self._document(id)["event"] for id in ids]
            for part in [events] if source.is_aggregating else [[event] for event in events]:
                self._post(half, url, part)
            for id in ids:
                self._gathering.remove(id)

    def _document(self, id: str) -> Document:
        found = self._gathering.get(id)
        assert found is not None
        return found

    def _post(self, half: str, url: str, events: list[Document]) -> None:
        settings, dice = self._settings[half], self._random[half]
        if settings.lose and dice.random() < settings.lose:
            self._finish(uuid.uuid4().hex, self._delivery(half, url, events) | {"state": "lost"})
            return
        self._put(half, url, events)
        if settings.duplicates and dice.random() < settings.duplicates:
            again = events
            if settings.duplicate_ids == "new":
                again = [self._sources[half].renamed(event) for event in events]
            self._put(half, url, again)

    def _put(self, half: str, url: str, events: list[Document]) -> None:
        settings, dice = self._settings[half], self._random[half]
        late = 0.0
        if settings.reorder and dice.random() < settings.reorder:
            late = dice.random() * settings.reorder_seconds
        self._waiting.put(uuid.uuid4().hex, self._delivery(half, url, events, late=late))

    def _delivery(self, half: str, url: str, events: list[Document], *, late: float = 0.0) -> Document:
        return {
            "half": half,
            "url": url,
            "body": self._sources[half].body_of(events, self._settings[half]),
            "due": _rounded(self._clock.seconds() + late),
            "created": self._now(),
            "attempts": [],
            "state": "waiting",
        }

    # Sending

    def take_due(self, *, most: int = 50) -> list[Parcel]:
        """Return calls that are due and not on their way already, oldest first; `settle` each of them."""
        self._close_windows()
        now = self._clock.seconds()
        held: set[str] = set()
        found: list[Parcel] = []
        for id, doc in list(self._waiting.items()):
            half = doc["half"]
            settings = self._settings[half]
            is_due = float(doc["due"]) <= now and id not in self._in_flight
            if is_due and half not in held and len(found) < most:
                body = str(doc["body"]).encode()
                self._in_flight.add(id)
                headers = self._sources[half].headers_of(body, settings)
                found.append(Parcel(id, half, doc["url"], body, headers, settings.timeout_seconds))
            if settings.hold_back and doc["attempts"]:
                held.add(half)
        return found

    def settle(self, parcel: Parcel, status: int | None, said: str = "") -> None:
        """Note what became of a call; without a status there was no answer in time."""
        self._in_flight.discard(parcel.id)
        doc = self._waiting.get(parcel.id)
        if doc is None:
            return  # forgotten meanwhile
        attempts = [*doc["attempts"], {"at": self._now(), "status": status, "said": said[:200]}]
        doc = {**doc, "attempts": attempts}
        if status == 200:  # noqa: PLR2004 - what both vendors ask for
            self._finish(parcel.id, doc | {"state": "delivered"})
            return
        wait = self._retry_after(parcel.half, len(attempts))
        if wait is None:
            self._finish(parcel.id, doc | {"state": "given_up"})
        else:
            self._waiting.put(parcel.id, doc | {"due": _rounded(self._clock.seconds() + wait)})

    def commit(self) -> None:
        """Write to disk what has changed."""
        self._storage.commit()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return not len(self._waiting) and not len(self._gathering)

    def _retry_after(self, half: str, tries: int) -> float | None:
        source = self._sources[half]
        if tries <= len(source.retry_seconds):
            return source.retry_seconds[tries - 1]
        return source.retry_seconds[-1] if source.repeats_last_retry else None

    def _finish(self, id: str, doc: Document) -> None:
        self._waiting.remove(id)
        self._done.put(id, doc)
        while len(self._done) > _KEPT_DONE:
            self._done.remove(next(iter(self._done.ids())))

    def _replay(self, half: str) -> None:
        for id, doc in list(self._done.items()):
            if doc["half"] == half and doc["state"] == "given_up":
                self._done.remove(id)
                again: Document = {"attempts": [], "state": "waiting", "due": self._now()}
                self._waiting.put(id, {**doc, **again})

    def _now(self) -> Decimal:
        return _rounded(self._clock.seconds())


def _rounded(seconds: float) -> Decimal:
    # downwards: what is due now must not be due in half a millisecond
    return Decimal(math.floor(seconds * 1000)) / 1000


def _count(collection: Collection, half: str) -> int:
    return sum(1 for doc in collection.values() if doc["half"] == half)


def _remove_of(collection: Collection, half: str) -> None:
    for id, doc in list(collection.items()):
        if doc["half"] == half:
            collection.remove(id)
