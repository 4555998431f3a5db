"""What a check of an installation or a company found: all is well, or what is wrong and its cure.

What belongs here: the value and its levels. What does not: the checks, and how findings are shown.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    RED = "red"


@dataclass(frozen=True)
class Finding:
    """One line of a check.

    Attributes:
        level: `red` means that something will not work or will be held; `warn` that it may surprise.
        code: stable snake_case name of what was found, e.g. `account_unmapped`.
        text: one sentence naming the values.
        cure: what a person does about it; empty where nothing is to be done.
        suggestions: nearest candidates, best first.
        name: whom or what it is about, where one code is said of several.
    """

    level: Level
    code: str
    text: str
    cure: str = ""
    suggestions: tuple[str, ...] = ()
    name: str = ""

    @property
    def label(self) -> str:
        """The words under which a person accepts it (rule 10)."""
        return f"{self.code}: {self.name}" if self.name else self.code


def with_accepted(findings: Iterable[Finding], accepted: Collection[str]) -> list[Finding]:
    """Return findings in which those red ones that a person accepted are red no more."""
    return [
        replace(each, level=Level.INFO, text=f"Accepted: {each.text}", cure="")
        if each.level is Level.RED and each.label in accepted
        else each
        for each in findings
    ]


def ok(code: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Level.OK, code, text)


def info(code: str, text: str, cure: str = "") -> Finding:
    """Return a finding worth knowing."""
    return Finding(Level.INFO, code, text, cure)


def warn(code: str, text: str, cure: str, *, suggestions: tuple[str, ...] = ()) -> Finding:
    """Return a finding that may surprise somebody."""
    return Finding(Level.WARN, code, text, cure, suggestions)


def red(code: str, text: str, cure: str, *, suggestions: tuple[str, ...] = (), name: str = "") -> Finding:
    """Return a finding that something will not work, or that documents will be held."""
    return Finding(Level.RED, code, text, cure, suggestions, name)
