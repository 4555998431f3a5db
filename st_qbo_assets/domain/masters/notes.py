"""Notes about a customer: ServiceTitan's list of them, and the one text of QuickBooks.

What belongs here: what of either is ours, and putting both together without losing a word. What does not:
when they travel (`three_way`), and the calls.

    ServiceTitan's notes   →  the part of QuickBooks' text between two lines of ours, the newest note first
    the rest of that text  →  one note in ServiceTitan, which begins with our words

Notes of people are never edited or deleted on either side: ServiceTitan can add a note and delete one, but
change none, and tells of them one customer a call (ServiceTitan specification, `Customers_GetNotes`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from st_qbo_assets.domain.names import one_line, shorten

#: What QuickBooks takes of a customer's notes (QB §6.5).
LENGTH = 2000
_BEGIN, _END = "-- Notes in ServiceTitan --", "-- end --"
#: A line is not shortened to less.
_SHORTEST = 40
_MORE = "(older notes stand in ServiceTitan)"
#: How the note begins in which ServiceTitan shows QuickBooks' text.
FROM_QUICKBOOKS = "From QuickBooks: "


def written_by_people(notes: Sequence[Mapping[str, Any]]) -> str:
    """Return ServiceTitan's own notes, a line each: pinned ones first, then the newest, as many as fit."""
    own = [each for each in _active(notes) if not _text(each).startswith(FROM_QUICKBOOKS)]
    own.sort(key=lambda each: (each.get("isPinned") is not True, -int(each.get("id") or 0)))
    lines = [f"- {text}" for each in own if (text := one_line(_text(each)))]
    kept = _fitting(lines, LENGTH)
    return "\n".join(kept if len(kept) == len(lines) else [*kept, _MORE])


def from_quickbooks(notes: Sequence[Mapping[str, Any]], chosen: str) -> tuple[str, str]:
    """Return (id, text) of the note we keep QuickBooks' text in; empty if there is none any more."""
    note = next((each for each in _active(notes) if chosen and str(each.get("id")) == chosen), None)
    return (chosen, _text(note).removeprefix(FROM_QUICKBOOKS)) if note is not None else ("", "")


def saying(notes: Sequence[Mapping[str, Any]], remark: str) -> str:
    """Return the id of a note that says just what ours is to say: made before its answer was lost."""
    same = (each for each in _active(notes) if _text(each) == f"{FROM_QUICKBOOKS}{remark}")
    return next((str(each.get("id")) for each in same), "")


def split(text: str) -> tuple[str, str]:
    """Return (our part, what people wrote) of QuickBooks' text; without its last line ours ends it."""
    before, begin, rest = text.partition(_BEGIN)
    if not begin:
        return "", text.strip()
    ours, _, after = rest.partition(_END)
    return ours.strip(), "\n".join(part for part in (before.strip(), after.strip()) if part)


def joined(notes: str, theirs: str) -> str:
    """Return QuickBooks' text with ServiceTitan's notes in our part; older ones give way to what is there."""
    lines = [line for line in notes.splitlines() if line != _MORE]
    if not notes:
        return theirs
    frame = [*([theirs] if theirs else []), _BEGIN, _MORE, _END]
    kept = _fitting(lines, LENGTH - len("\n".join(frame)) - 1)
    more = [_MORE] if len(kept) < len(notes.splitlines()) else []
    whole = "\n".join([*([theirs] if theirs else []), _BEGIN, *kept, *more, _END])
    return whole if len(whole) <= LENGTH else theirs


def _fitting(lines: Sequence[str], length: int) -> list[str]:
    """Return the first lines that fit into a length together; of one that is longer alone, its beginning."""
    kept: list[str] = []
    for line in lines:
        left = length - sum(len(each) + 1 for each in kept)
        if len(line) > left:
            return kept or ([shorten(line, left)] if left > _SHORTEST else [])
        kept.append(line)
    return kept


def _active(notes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in notes if each.get("active") is not False]


def _text(note: Mapping[str, Any]) -> str:
    return str(note.get("text") or "").strip()
