"""The sentences and comparisons that all checks of readiness share.

What belongs here: naming, listing, comparing names. What does not: any check.
"""

from collections.abc import Callable, Iterable, Sequence

from st_qbo_assets.domain.findings import Finding, red, warn
from st_qbo_assets.mapping.problems import Problem

#: So many names stand in one sentence; the rest are counted.
_NAMED = 5
#: Last step of many remedies of documents; here there is no day to materialize yet.
_AGAIN = ("; then re-materialize the day.", ", then re-materialize the day.")


def of_problem(problem: Problem, *, about: str = "", say: Callable[..., Finding] = red) -> Finding:
    """Return the finding of what would hold a document, in the words the document would be held with."""
    reason = problem.reason
    remedy = reason.remedy
    for ending in _AGAIN:
        remedy = remedy.replace(ending, ".")
    text = f"{about}: {reason.text}" if about else reason.text
    return say(reason.code, text, remedy, suggestions=reason.suggestions)


def no_such(where: str, what: str, name: str, names: Iterable[str]) -> Finding:
    """Return the finding of a name in the company file that ServiceTitan does not have."""
    return warn(
        "no_such_name",
        f"`{where}` names {name!r}, but ServiceTitan has no {what} of that name.",
        "Correct it in the company file; capitals count.",
        suggestions=like(name, names),
    )


def like(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names most like one, best first."""
    from difflib import get_close_matches

    by_folded = {folded(each): each for each in names}
    return tuple(by_folded[each] for each in get_close_matches(folded(name), by_folded, n=3, cutoff=0.55))


def listed(names: Sequence[str]) -> str:
    """Return names for a sentence: the first few, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def folded(text: str) -> str:
    """Return a text as it is compared: without case and extra spaces."""
    return " ".join(text.split()).casefold()
