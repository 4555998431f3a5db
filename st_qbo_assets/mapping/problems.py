"""What stands in the way of mapping a record: a verdict with its reason, and several of them as one.

What belongs here: building and joining problems. What does not: the sentences (`domain.reasons`) and
when they apply (the modules of the parts). A function of the mapping returns what it was asked for, or
a `Problem`; nothing is raised for a bad record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from st_qbo_assets.domain.outcomes import Reason, Verdict
from st_qbo_assets.domain.reasons import reason


@dataclass(frozen=True)
class Problem:
    """Why a part of a record cannot be mapped."""

    verdict: Verdict
    reason: Reason


def held(code: str, /, *, suggestions: Sequence[str] = (), **values: object) -> Problem:
    """Return a problem that a decision or a correction in either product solves."""
    return Problem(Verdict.HELD, replace(reason(code, **values), suggestions=tuple(suggestions)))


def rejected(code: str, /, **values: object) -> Problem:
    """Return a problem of the record itself: its figures or fields contradict each other."""
    return Problem(Verdict.REJECTED, reason(code, **values))


def joined(problems: Sequence[Problem]) -> Problem:
    """Return one problem that tells all of them, the gravest first, each sentence once.

    Everything wrong with a document is told at once, so that it is corrected in one go.
    """
    ordered = sorted(problems, key=lambda problem: problem.verdict is not Verdict.REJECTED)
    first = ordered[0]
    texts = dict.fromkeys(problem.reason.text for problem in ordered)
    remedies = dict.fromkeys(problem.reason.remedy for problem in ordered if problem.reason.remedy)
    suggestions = dict.fromkeys(each for problem in ordered for each in problem.reason.suggestions)
    whole = replace(
        first.reason, text=" ".join(texts), remedy=" ".join(remedies), suggestions=tuple(suggestions)
    )
    return Problem(first.verdict, whole)
