"""Records that cannot be read: quarantined with their problems (rule 1.4).

What belongs here: one `Unreadable` to one rejection. What does not: keeping it verbatim, which the
frame does.
"""

import hashlib

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Verdict, canonical_json
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.facts import day_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.records import Record, Unreadable

_SHOWN = 5


def map_unreadable(record: Unreadable, model: type[Record], entity: Entity, lookup: Lookup) -> list[Mapped]:
    """Return the rejection of a record, naming what cannot be read.

    A record without even an id gets one made of its content, so that the same record is the same
    rejection every time. One that was asked for as something else, a contact among customers, is none
    of this kind: it stays in its frame with its problems.
    """
    if record.kind != model.__name__:
        return []
    shown = "; ".join(record.problems[:_SHOWN])
    more = len(record.problems) - _SHOWN
    problems = lookup.line_text(shown + (f"; and {more} more" if more > 0 else ""))
    return [
        Mapped(
            source=SourceRef(entity, _id(record)),
            verdict=Verdict.REJECTED,
            day=day_of(record, lookup),
            number=lookup.line_text(record.number),
            reason=reason("unreadable_record", problems=problems),
            facts={"problems": [lookup.line_text(problem) for problem in record.problems]},
        )
    ]


def _id(record: Unreadable) -> str:
    if record.id is not None:
        return str(record.id)
    try:
        content = canonical_json(record.raw)
    except TypeError:
        content = repr(sorted(record.raw))
    return f"unreadable-{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()[:12]}"
