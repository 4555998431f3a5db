"""What carrying out an action would do, without doing it.

What belongs here: an action as the result it would have. What does not: deciding it (`plan`), doing it
(`turn`), and what it does to the books (`effects`).
"""

from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.load.actions import Action, ActionKind
from st_qbo_assets.load.results import Subject
from st_qbo_assets.load.turn import without_writing

#: An object in doubt is read before anything else is decided.
RECHECK = "recheck"
_OPERATIONS = {
    ActionKind.CREATE: "create",
    ActionKind.UPDATE: "update",
    ActionKind.VOID: "void",
    ActionKind.ADOPT: "link",
    ActionKind.RECHECK: RECHECK,
}


def foreseen(subject: Subject, action: Action) -> LoadResult:
    """Return what carrying out an action would do; nothing is sent, locked or kept."""
    operation = _OPERATIONS.get(action.kind)
    if operation is None:
        return without_writing(subject, action)
    return subject.result(Outcome.PLANNED, link=action.link, said=action.reason, operation=operation)
