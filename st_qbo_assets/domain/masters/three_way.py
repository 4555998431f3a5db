"""The three-way decision: what of a pair travels, which way, and what is in conflict (rule 7.1).

What belongs here: two sides, what they last agreed on, and the company's policy, turned into changes.
What does not: reading the sides (`sides`), writing the changes (load), the words of reasons.

    changed since the base      then
    neither side                nothing, whatever the stamps say
    one side                    its value travels, if the field's direction lets it
    both, to the same           nothing; they agree on the new value
    both, differently           the policy: the later write wins, one system wins, or a person decides
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from st_qbo_assets.domain.masters.fields import BY_NAME, Direction
from st_qbo_assets.domain.masters.sides import Side, Terms, knows_term
from st_qbo_assets.domain.masters.values import (
    NO,
    Manner,
    Problem,
    Value,
    agree,
    is_empty,
    same,
    shown,
    text,
    to_quickbooks,
    to_servicetitan,
)
from st_qbo_assets.domain.names import one_line

FieldPolicy = Literal["last_write_wins", "servicetitan_wins", "quickbooks_wins", "hold"]
LAST_WRITE_WINS: FieldPolicy = "last_write_wins"
SERVICETITAN, QUICKBOOKS = "servicetitan", "quickbooks"
#: Two writes so close together are simultaneous, and ServiceTitan wins (rule 7.1).
CLOSE = timedelta(minutes=2)
_BRIEF = 120
#: Fields that are never emptied by the other side: the vendor does not take an empty value, or it would
#: not be seen there.
_NEVER_EMPTIED = frozenset({"address", "service", "terms"})


@dataclass(frozen=True)
class Agreed:
    """The values of a field as both sides last held them, each in its own form."""

    servicetitan: Value
    quickbooks: Value

    @property
    def pair(self) -> tuple[Value, Value]:
        """Both, ServiceTitan first."""
        return self.servicetitan, self.quickbooks


@dataclass(frozen=True)
class Seen:
    """A change that was seen and has not come to rest: the stamp is that of the poll that first showed it."""

    value: Value
    at: datetime


@dataclass(frozen=True)
class Refused:
    """A write that a system refused: the same one is not sent again by itself.

    Attributes:
        digest: of what was to be written, and of what that system showed.
        code: of the reason.
        text: why, as people were told.
        remedy: what a person does about it.
    """

    digest: str
    code: str
    text: str
    remedy: str


@dataclass(frozen=True)
class Base:
    """What a pair last agreed on.

    Attributes:
        fields: by name; a field that is missing was never compared.
        seen: (field, system) → a change not come to rest.
        chosen: contact field → which ServiceTitan contact it stands for.
        stamp: ServiceTitan's newest stamp when they agreed; what is no newer was looked at already.
        refused: system → the write it refused last, as long as it is still wanted.
    """

    fields: Mapping[str, Agreed] = field(default_factory=dict[str, Agreed])
    seen: Mapping[tuple[str, str], Seen] = field(default_factory=dict[tuple[str, str], Seen])
    chosen: Mapping[str, str] = field(default_factory=dict[str, str])
    stamp: datetime | None = None
    refused: Mapping[str, Refused] = field(default_factory=dict[str, Refused])


@dataclass(frozen=True)
class Conflict:
    """A field that both sides changed; both versions are kept.

    Attributes:
        winner: servicetitan, quickbooks, or empty if a person has to decide.
        why: in words, e.g. `the later write`.
    """

    field: str
    servicetitan: Value
    quickbooks: Value
    base: Agreed
    servicetitan_at: datetime
    quickbooks_at: datetime
    winner: str
    why: str


@dataclass(frozen=True)
class HeldField:
    """A change that cannot travel for now.

    Attributes:
        towards: the system it does not reach.
        code: of the table of reasons.
    """

    field: str
    towards: str
    code: str
    value: str


@dataclass(frozen=True)
class Decision:
    """What becomes of a pair.

    Attributes:
        to_quickbooks: field → value to write there.
        to_servicetitan: field → value to write there.
        base: what is agreed if nothing is written: fields that agree, or differ by accepted difference.
        held: changes that wait for a person.
    """

    base: Base
    to_quickbooks: Mapping[str, Value] = field(default_factory=dict[str, Value])
    to_servicetitan: Mapping[str, Value] = field(default_factory=dict[str, Value])
    conflicts: tuple[Conflict, ...] = ()
    held: tuple[HeldField, ...] = ()

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing travels and nothing waits."""
        return not (self.to_quickbooks or self.to_servicetitan or self.held)


@dataclass(frozen=True)
class Ways:
    """How one company decides.

    Attributes:
        policies: field → policy; the later write wins where none is named.
        terms: payment terms of both sides, by id.
        polled_at: the time of this poll; the stamp of a change that left no stamp (a deleted contact).
        left_out: fields that this company does not carry.
    """

    policies: Mapping[str, FieldPolicy]
    terms: Terms
    polled_at: datetime
    left_out: frozenset[str] = frozenset()


@dataclass
class _Drawn:
    """A decision being drawn up, field by field."""

    fields: dict[str, Agreed]
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict[tuple[str, str], Seen])
    to_quickbooks: dict[str, Value] = field(default_factory=dict[str, Value])
    to_servicetitan: dict[str, Value] = field(default_factory=dict[str, Value])
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    held: list[HeldField] = field(default_factory=list[HeldField])


def decide(base: Base, servicetitan: Side, quickbooks: Side, manner: Manner, ways: Ways) -> Decision:
    """Return what becomes of a pair; a field without a base sets it and overwrites nothing."""
    drawn = _Drawn(dict(base.fields))
    for name in BY_NAME:
        if name in servicetitan.values and name in quickbooks.values and name not in ways.left_out:
            _decide_field(drawn, name, base, (servicetitan, quickbooks), manner, ways)
    if "name" in drawn.to_servicetitan and "parts" in drawn.fields:
        # The person who renamed it in QuickBooks had the given and family name before her.
        drawn.fields["parts"] = Agreed(drawn.to_servicetitan["name"], quickbooks.values["parts"])
        drawn.to_quickbooks.pop("parts", None)
    wanted = {QUICKBOOKS: drawn.to_quickbooks, SERVICETITAN: drawn.to_servicetitan}
    refused = {system: each for system, each in base.refused.items() if wanted[system]}
    return Decision(
        base=Base(drawn.fields, drawn.seen, servicetitan.chosen, servicetitan.latest, refused),
        to_quickbooks=drawn.to_quickbooks,
        to_servicetitan=drawn.to_servicetitan,
        conflicts=tuple(drawn.conflicts),
        held=tuple(drawn.held),
    )


def is_told(conflict: Conflict, before: Base) -> bool:
    """Say whether a conflict was there already when the pair was last looked at, in just these versions."""
    versions = {SERVICETITAN: conflict.servicetitan, QUICKBOOKS: conflict.quickbooks}
    seen = {system: before.seen.get((conflict.field, system)) for system in versions}
    return all(
        each is not None and same(conflict.field, each.value, versions[system])
        for system, each in seen.items()
    )


def differences(servicetitan: Side, quickbooks: Side, manner: Manner) -> dict[str, tuple[str, str]]:
    """Return the fields in which two sides differ that are to become a pair: (ServiceTitan, QuickBooks)."""
    found: dict[str, tuple[str, str]] = {}
    for name in BY_NAME:
        if name in servicetitan.values and name in quickbooks.values:
            own, other = servicetitan.values[name], quickbooks.values[name]
            if not agree(name, own, other, manner, None):
                found[name] = (_brief(own), _brief(other))
    return found


def _brief(value: Value) -> str:
    """Return a value for people; of notes the beginning."""
    whole = one_line(shown(value))
    return whole if len(whole) <= _BRIEF else f"{whole[:_BRIEF]} …"


def _decide_field(
    drawn: _Drawn, name: str, base: Base, sides: tuple[Side, Side], manner: Manner, ways: Ways
) -> None:
    own, other = sides[0].values[name], sides[1].values[name]
    agreed = base.fields.get(name)
    now = Agreed(own, other)
    if agreed is None:
        drawn.fields[name] = now
        return
    own_changed = not same(name, own, agreed.servicetitan)
    other_changed = not same(name, other, agreed.quickbooks)
    if not own_changed and not other_changed:
        return
    if agree(name, own, other, manner, agreed.pair) or _is_left_alone(name, agreed, other_changed, manner):
        drawn.fields[name] = now
        return
    winner = SERVICETITAN if own_changed else QUICKBOOKS
    for changed, system, side in (
        (own_changed, SERVICETITAN, sides[0]),
        (other_changed, QUICKBOOKS, sides[1]),
    ):
        if changed:
            drawn.seen[name, system] = _seen(base, name, system, side, ways)
    if own_changed and other_changed:
        winner = _settle(drawn, name, agreed, now, ways)
    if winner:
        _travel(drawn, name, winner, now, agreed, sides, manner, ways)


def _is_left_alone(name: str, agreed: Agreed, other_changed: bool, manner: Manner) -> bool:
    """Say whether QuickBooks' own given and family name stay: somebody wrote others than the name gives."""
    if name != "parts":
        return False
    derived = to_quickbooks(name, agreed.servicetitan, manner)
    return other_changed or isinstance(derived, Problem) or not same(name, derived, agreed.quickbooks)


def _seen(base: Base, name: str, system: str, side: Side, ways: Ways) -> Seen:
    before, value = base.seen.get((name, system)), side.values[name]
    if before is not None and same(name, before.value, value):
        return before
    return Seen(value, side.stamps.get(name) or ways.polled_at)


def _settle(drawn: _Drawn, name: str, agreed: Agreed, now: Agreed, ways: Ways) -> str:
    """Return who wins a field that both changed, and keep both versions; empty if a person decides."""
    policy = ways.policies.get(name, LAST_WRITE_WINS)
    own, other = drawn.seen[name, SERVICETITAN].at, drawn.seen[name, QUICKBOOKS].at
    if policy == "servicetitan_wins":
        winner, why = SERVICETITAN, "the company's policy"
    elif policy == "quickbooks_wins":
        winner, why = QUICKBOOKS, "the company's policy"
    elif policy == "hold":
        winner, why = "", "a person decides"
    elif abs(own - other) <= CLOSE:
        winner, why = SERVICETITAN, "written within two minutes, so ServiceTitan"
    else:
        winner, why = (SERVICETITAN if own > other else QUICKBOOKS), "the later write"
    drawn.conflicts.append(Conflict(name, now.servicetitan, now.quickbooks, agreed, own, other, winner, why))
    if not winner:
        both = f"{shown(now.servicetitan)!r} in ServiceTitan, {shown(now.quickbooks)!r} in QuickBooks"
        drawn.held.append(HeldField(name, "either system", "field_conflict", both))
    return winner


def _travel(
    drawn: _Drawn,
    name: str,
    winner: str,
    now: Agreed,
    agreed: Agreed,
    sides: tuple[Side, Side],
    manner: Manner,
    ways: Ways,
) -> None:
    direction = BY_NAME[name].direction
    towards = QUICKBOOKS if winner == SERVICETITAN else SERVICETITAN
    blocked = Direction.TO_QUICKBOOKS if towards == SERVICETITAN else Direction.TO_SERVICETITAN
    value = now.servicetitan if winner == SERVICETITAN else now.quickbooks
    if direction is blocked or (name in _NEVER_EMPTIED and is_empty(value)):
        # What may not travel is an accepted difference: it is not looked at again until it changes.
        drawn.fields[name] = now
        drawn.seen.pop((name, winner), None)
        return
    project = to_quickbooks if towards == QUICKBOOKS else to_servicetitan
    written = project(name, value, manner, base=agreed.pair)
    problem = written if isinstance(written, Problem) else _obstacle(name, written, towards, sides, ways)
    if problem is not None:
        drawn.held.append(HeldField(name, towards, problem.code, problem.text))
        return
    assert not isinstance(written, Problem)
    (drawn.to_quickbooks if towards == QUICKBOOKS else drawn.to_servicetitan)[name] = written


def _obstacle(name: str, value: Value, towards: str, sides: tuple[Side, Side], ways: Ways) -> Problem | None:
    """Return what of the other side stands in the way of a value that is legal in itself."""
    if name == "terms":
        known = ways.terms.quickbooks if towards == QUICKBOOKS else ways.terms.servicetitan
        return None if knows_term(text(value), known) else Problem("term_unknown", text(value))
    if name == "active" and value == NO and towards == QUICKBOOKS:
        balance = str(sides[1].raw.get("Balance") or "0")
        if balance.strip("0.-"):
            return Problem("balance_open", balance)
    return None
