"""Writes that a system refused: the same one is not sent again until something changed (rule 7.1).

What belongs here: recognising the same write, and keeping a refusal on the base of its pair. What does not:
what a refusal is (`to_quickbooks`, `to_servicetitan`).

A refusal holds for what was to be written and what the refusing system showed: an edit on either side that
could make a difference sends it anew, and so does a run that a person asked for.
"""

import hashlib
from dataclasses import replace

from st_qbo_assets.domain.masters.three_way import Base, Decision, Refused
from st_qbo_assets.domain.outcomes import Outcome, Reason, canonical_json
from st_qbo_assets.load.masters.ports import TO_SERVICETITAN, PairContext
from st_qbo_assets.load.masters.reading import Pair
from st_qbo_assets.load.masters.to_quickbooks import Written


def refused_before(context: PairContext, pair: Pair, decision: Decision, system: str) -> Written | None:
    """Return what a write came to that was refused just so; None if it is to be sent."""
    refused = decision.base.refused.get(system)
    if refused is None or context.is_by_hand or refused.digest != digest_of(pair, decision, system):
        return None
    said = Reason(refused.code, refused.text, refused.remedy)
    return Written(Outcome.HELD, said=said, is_refused=True)


def digest_of(pair: Pair, decision: Decision, system: str) -> str:
    """Return the digest of what is to be written to a system, and of what that system shows."""
    is_own = system == TO_SERVICETITAN
    changes = decision.to_servicetitan if is_own else decision.to_quickbooks
    side = pair.servicetitan if is_own else pair.quickbooks
    shows = dict(side.values) if side is not None else None
    return hashlib.sha256(canonical_json([system, changes, shows]).encode()).hexdigest()


def with_refusal(base: Base, system: str, digest: str, done: Written) -> Base:
    """Return the base with what a system refused; without, if it took what was sent."""
    refused = {name: each for name, each in base.refused.items() if name != system}
    if done.is_refused and done.said is not None:
        refused[system] = Refused(digest, done.said.code, done.said.text, done.said.remedy)
    return replace(base, refused=refused)
