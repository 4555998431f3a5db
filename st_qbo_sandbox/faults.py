r"""Faults on purpose: which request meets which kind, seeded, counted.

Belongs here: the rules and the choice. Does not belong here: carrying a fault out (`gate.py`) or a vendor's
form of an error (the halves).

A rule is `{"kind", "code"?, "path"?, "method"?, "half"?, "probability"? | "times"?}`. `path` is a glob over
the path, or over the path with its query; a text with one of `^ $ ( | \` or `.*` is a regular expression
searched in path and query. With neither `probability` nor `times` a rule always fires; with both it fires
by chance until its times are used up. The first rule that fires wins.

| kind | what happens |
|---|---|
| lost_response | the request is carried out and committed, then the connection is dropped without an answer |
| reset | the connection is reset before anything is done |
| timeout | no answer until the client gives up, nothing is done |
| http_500, http_429, token_expired | the vendor's own refusal, nothing is done |
| http_503_html | a gateway's HTML page, nothing is done |
| truncated | the request is carried out, and half of the answer's body arrives |
| stale | someone else edits the object first, then the request is carried out |
| refuse | the vendor's refusal of the rule's `code`, in its own words, nothing is done |
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from st_qbo_sandbox.half import NAMES
from st_qbo_sandbox.storage import as_object

KINDS = (
    "lost_response",
    "reset",
    "timeout",
    "http_500",
    "http_503_html",
    "http_429",
    "truncated",
    "stale",
    "token_expired",
    "refuse",
)
#: What a picked `refuse` begins with; its code follows.
REFUSE = "refuse "
_FIELDS = {"kind", "code", "path", "method", "half", "probability", "times"}
_REGEX_MARKS = re.compile(r"[\^$(|\\]|\.\*")


class RuleError(ValueError):
    """A rule that cannot be understood."""


@dataclass
class Rule:
    """One rule, how often it may still fire, and how often it did."""

    kind: str
    code: str | None = None
    path: str = "*"
    method: str | None = None
    half: str | None = None
    probability: float | None = None
    times: int | None = None
    hits: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def fires(self, half: str, method: str, path: str, query: str) -> bool:
        """Say whether this request meets the fault, and count it if so."""
        if self.half not in (None, half) or self.method not in (None, method):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if not self._matches(path, query):
            return False
        if self.probability is not None and self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, Any]:
        """Return the rule as it was given, with its hits."""
        names = ("kind", "code", "path", "method", "half", "probability", "times")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value is not None} | {"hits": self.hits}

    def _matches(self, path: str, query: str) -> bool:
        whole = f"{path}?{query}" if query else path
        if _REGEX_MARKS.search(self.path):
            return re.search(self.path, whole) is not None
        return fnmatchcase(path, self.path) or fnmatchcase(whole, self.path)


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def replace(self, rules: list[Any], *, seed: object = 0) -> None:
        """Put these rules in place of all others.

        Raises:
            RuleError: a rule is malformed; then the old rules stay.
        """
        self.rules = [_read_rule(rule, random.Random(f"{seed}/{n}")) for n, rule in enumerate(rules)]

    def clear(self) -> None:
        """Remove all rules."""
        self.rules = []

    def pick(self, half: str, method: str, path: str, query: str) -> str | None:
        """Return the kind of fault this request meets, or None; a refusal with its code: `refuse 6540`."""
        rule = next((rule for rule in self.rules if rule.fires(half, method, path, query)), None)
        if rule is None:
            return None
        return f"{REFUSE}{rule.code}" if rule.code else rule.kind


def _read_rule(given: Any, chance: random.Random) -> Rule:
    rule = as_object(given)
    if rule is None or rule.get("kind") not in KINDS:
        raise RuleError(f"a rule needs a kind out of {', '.join(KINDS)}: {given!r}")
    unknown = set(rule) - _FIELDS
    if unknown:
        raise RuleError(f"a rule has no field {', '.join(sorted(unknown))}")
    if (rule["kind"] == "refuse") is not bool(rule.get("code")):
        raise RuleError("`refuse` needs a `code`, and nothing else has one")
    method, half = rule.get("method"), rule.get("half")
    if half not in (None, *NAMES):
        raise RuleError(f"half must be one of {', '.join(NAMES)}, not {half!r}")
    path = rule.get("path") or "*"
    try:
        if _REGEX_MARKS.search(path):
            re.compile(path)
        probability = None if rule.get("probability") is None else float(rule["probability"])
        times = None if rule.get("times") is None else int(rule["times"])
    except (re.error, TypeError, ValueError) as error:
        raise RuleError(f"a rule cannot be read: {rule!r}: {error}") from error
    return Rule(
        kind=rule["kind"],
        code=str(rule["code"]) if rule.get("code") else None,
        path=path,
        method=None if method in (None, "*") else str(method).upper(),
        half=half,
        probability=probability,
        times=times,
        _random=chance,
    )
