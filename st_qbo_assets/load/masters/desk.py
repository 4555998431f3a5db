"""The sync of some pairs: read both sides, decide again under the lock, write, keep what is agreed.

What belongs here: one pair from its lock to its base, and the results of both directions. What does not: the
writes themselves (`to_quickbooks`, `to_servicetitan`) and what has no pair yet (`creating`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.reasons import held_reason, reason
from st_qbo_assets.domain.masters.sides import Side
from st_qbo_assets.domain.masters.three_way import (
    Agreed,
    Base,
    Conflict,
    Decision,
    decide,
    differences,
    is_told,
)
from st_qbo_assets.domain.masters.values import Problem, Value, shown, to_quickbooks, to_servicetitan
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Reason
from st_qbo_assets.load.masters.merging import follow_quickbooks, follow_servicetitan
from st_qbo_assets.load.masters.ports import (
    FOREIGN,
    TO_QUICKBOOKS,
    TO_SERVICETITAN,
    PairContext,
    Tally,
    Wanted,
)
from st_qbo_assets.load.masters.reading import Pair, find_links, manner, read_again, read_pairs
from st_qbo_assets.load.masters.refusing import digest_of, refused_before, with_refusal
from st_qbo_assets.load.masters.to_quickbooks import Written, settle_open, write_quickbooks
from st_qbo_assets.load.masters.to_servicetitan import write_servicetitan
from st_qbo_assets.store.pairs import PairRow

_log = logging.getLogger(__name__)
#: Times a pair is decided anew because somebody edited its object meanwhile.
_MOST_ROUNDS = 3
#: Told by nobody: what is at rest has no result.
_NO_DAY = date.min


class PairDesk:
    """Brings pairs of one company to agree; keep one for a run.

    Attributes:
        tally: what was done so far.
        stopped: why the connection is stopped, once it is.
    """

    def __init__(self, context: PairContext) -> None:
        """Work with this context."""
        self._context = context
        self.tally = Tally()
        self.stopped: ConnectionStopped | None = None

    def sync(self, entity: Entity, wanted: Sequence[Wanted], day: date) -> list[LoadResult]:
        """Bring the pairs of changed records to agree, and return where both directions of each stand.

        What only one side has gets no result here.
        """
        write = self._context.write
        try:
            links, _ = find_links(self._context, entity, wanted)
            created = frozenset(each.qbo_id for each in wanted if each.was_created and each.qbo_id)
            seen = {each.servicetitan_id: each.locations for each in wanted if each.locations}
            pairs = read_pairs(self._context, entity, links, created, seen=seen)
        except SyncError as error:
            # The documents of the day are loaded, whatever becomes of this.
            self.stopped = error if isinstance(error, ConnectionStopped) else None
            results = [self._unread(entity, each, error, day) for each in wanted if each.servicetitan_id]
            write.ledger.save_states(write.name, results, write.run_id)
            return results
        parts = [
            replace(pair.link.source, part=way) for pair in pairs for way in (TO_QUICKBOOKS, TO_SERVICETITAN)
        ]
        states = write.ledger.record_states(write.name, parts)
        waiting = {source.record for source, state in states.items() if not state.outcome.is_settled}
        results: list[LoadResult] = []
        rows: list[PairRow] = []
        for pair in pairs:
            if self.stopped is not None:
                break
            row = None if pair.link.source in waiting else self._at_rest(pair)
            if row is None:
                results += self._one(pair, day)
            elif row.base != pair.base:
                rows.append(row)
        self._context.pairs.save(write.name, rows, write.run_id)
        write.ledger.save_states(write.name, results, write.run_id)
        _log.info("masters=synced entity=%s pairs=%d", entity.value, len(pairs))
        return results

    def _at_rest(self, pair: Pair) -> PairRow | None:
        """Return what a pair agrees on if nothing travels or waits: that takes no lock and no call.

        A base that is set twice, by two runs, is the same base.
        """
        is_plain = pair.servicetitan is not None and pair.quickbooks is not None and pair.is_first
        if not is_plain or not self._context.is_live or (pair.base is None and not pair.was_created):
            return None
        if pair.servicetitan is not None and pair.servicetitan.merged_to:
            return None
        known = pair if pair.base is not None else self._first_base(pair, _NO_DAY)[0]
        decision = self._decide(known)
        if not decision.is_at_rest:
            return None
        return PairRow(pair.link.source, pair.link.qbo_id, decision.base)

    def put_back(
        self, source: SourceRef, field: str, value: Value, *, system: str, day: date
    ) -> list[LoadResult]:
        """Give a field of a pair one value in both systems: the version that lost a conflict.

        Args:
            source: the ServiceTitan record.
            field: name of the field.
            value: in the form of the system it was written in.
            system: servicetitan or quickbooks.
            day: what the results are told on.

        Raises:
            SyncError: if a system could not be asked.
        """
        write = self._context.write
        links, _ = find_links(self._context, source.entity, [Wanted(servicetitan_id=source.id)])
        for pair in read_pairs(self._context, source.entity, links, frozenset()):
            if pair.base is None or pair.servicetitan is None or pair.quickbooks is None:
                continue
            ways = manner(self._context, pair.target, pair.servicetitan.raw)
            agreed = pair.base.fields.get(field)
            project = to_quickbooks if system == TO_SERVICETITAN else to_servicetitan
            other = project(field, value, ways, base=agreed.pair if agreed else None)
            if isinstance(other, Problem):
                continue
            own, stored = (value, other) if system == TO_SERVICETITAN else (other, value)
            decision = Decision(pair.base, {field: stored}, {field: own})
            with write.ledger.lock(write.name, source):
                settle_open(self._context, pair, FOREIGN[pair.target])
                results = self._carry_out(pair, decision, day, pair.base)
            write.ledger.save_states(write.name, results, write.run_id)
            return results
        return []

    def _unread(self, entity: Entity, wanted: Wanted, error: SyncError, day: date) -> LoadResult:
        return LoadResult(
            source=SourceRef(entity, wanted.servicetitan_id, TO_QUICKBOOKS),
            outcome=Outcome.FAILED,
            day=day,
            qbo_id=wanted.qbo_id,
            reason=reason("quickbooks_transient", error=error),
        )

    def _one(self, pair: Pair, day: date) -> list[LoadResult]:
        write = self._context.write
        try:
            with write.ledger.lock(write.name, pair.link.source):
                return self._turn(pair, day)
        except ConnectionStopped as error:
            self.stopped = error
            said = reason("quickbooks_transient", error=error)
        except SyncError as error:
            said = reason("quickbooks_transient", error=error)
        return [self._result(pair, TO_QUICKBOOKS, day, Outcome.FAILED, said=said)]

    def _turn(self, pair: Pair, day: date) -> list[LoadResult]:
        self.tally.pairs += 1
        if pair.servicetitan is None:
            return []
        if pair.quickbooks is None:
            followed = follow_quickbooks(self._context, pair)
            if followed is None:
                said = reason("gone_from_quickbooks", target=pair.target, qbo_id=pair.link.qbo_id)
                return [self._result(pair, TO_QUICKBOOKS, day, Outcome.HELD, said=said)]
            pair = followed
        if pair.servicetitan is not None and pair.servicetitan.merged_to:
            follow_servicetitan(self._context, pair)
            return []
        if not pair.is_first:
            return []
        if self._context.is_live and not settle_open(self._context, pair, FOREIGN[pair.target]):
            return []
        stored = pair.base
        if pair.base is None:
            pair, first = self._first_base(pair, day)
            if not pair.was_created:
                return first
        decision = self._decide(pair)
        if not self._context.is_live:
            return self._preview(pair, decision, day)
        return self._carry_out(pair, decision, day, stored or Base())

    # The first time two records are compared

    def _first_base(self, pair: Pair, day: date) -> tuple[Pair, list[LoadResult]]:
        """Set the base of a pair; linking overwrites nothing and lists the differences (rule 7.1)."""
        own, other = pair.servicetitan, pair.quickbooks
        assert own is not None and other is not None
        ways = manner(self._context, pair.target, own.raw)
        found = differences(own, other, ways)
        fields = {
            name: Agreed(self._own_base(pair, name, found), other.values[name])
            for name in own.values
            if name in other.values
        }
        pair = replace(pair, base=Base(fields, {}, own.chosen, own.latest))
        if pair.was_created or not self._context.is_live:
            return pair, []
        self._save(pair)
        said: Reason | None = None
        if found:
            texts = [f"{name} ({one or 'empty'} | {two or 'empty'})" for name, (one, two) in found.items()]
            said = reason("linked_with_differences", fields=", ".join(texts))
            detail: Json = {
                name: {"servicetitan": one, "quickbooks": two} for name, (one, two) in found.items()
            }
            self._note(pair, "linked_with_differences", detail)
        return pair, [self._result(pair, TO_QUICKBOOKS, day, Outcome.UNCHANGED, said=said)]

    def _own_base(self, pair: Pair, name: str, found: Mapping[str, object]) -> Value:
        """Return ServiceTitan's value to begin with: of what we created just now, what QuickBooks got."""
        own, other = pair.servicetitan, pair.quickbooks
        assert own is not None and other is not None
        if not pair.was_created or name not in found or name == "parts":
            return own.values[name]
        back = to_servicetitan(name, other.values[name], manner(self._context, pair.target, own.raw))
        return {} if isinstance(back, Problem) else back

    # Writing

    def _decide(self, pair: Pair) -> Decision:
        assert pair.servicetitan is not None and pair.quickbooks is not None and pair.base is not None
        ways = manner(self._context, pair.target, pair.servicetitan.raw)
        return decide(pair.base, pair.servicetitan, pair.quickbooks, ways, self._context.ways)

    def _carry_out(self, pair: Pair, decision: Decision, day: date, before: Base) -> list[LoadResult]:
        written: dict[str, Written] = {}
        if decision.to_quickbooks:
            done = refused_before(self._context, pair, decision, TO_QUICKBOOKS)
            if done is None:
                pair, decision, done = self._write_quickbooks(pair, decision, day)
            written[TO_QUICKBOOKS] = done
        base = decision.base
        if done := written.get(TO_QUICKBOOKS):
            base = _agreed(base, decision.to_quickbooks, pair.servicetitan, done.side)
            base = with_refusal(base, TO_QUICKBOOKS, digest_of(pair, decision, TO_QUICKBOOKS), done)
        if decision.to_servicetitan:
            digest = digest_of(pair, decision, TO_SERVICETITAN)
            done = refused_before(self._context, pair, decision, TO_SERVICETITAN) or write_servicetitan(
                self._context, pair, decision.to_servicetitan, day
            )
            written[TO_SERVICETITAN] = done
            base = with_refusal(base, TO_SERVICETITAN, digest, done)
            if done.side is not None:
                pair = replace(pair, servicetitan=done.side)
                base = replace(base, chosen=done.side.chosen, stamp=done.side.latest)
            quickbooks = (
                written[TO_QUICKBOOKS].side if TO_QUICKBOOKS in written else None
            ) or pair.quickbooks
            if done.side is not None:
                base = _agreed(base, decision.to_servicetitan, done.side, quickbooks)
        if base != before:
            self._save(replace(pair, base=base))
        self._keep_conflicts(pair, decision, before)
        return self._results(pair, decision, written, day)

    def _write_quickbooks(self, pair: Pair, decision: Decision, day: date) -> tuple[Pair, Decision, Written]:
        done = Written(Outcome.UNCHANGED)
        for _ in range(_MOST_ROUNDS):
            if not decision.to_quickbooks:
                return pair, decision, Written(Outcome.UNCHANGED)
            done = write_quickbooks(self._context, pair, decision.to_quickbooks, day)
            if not done.is_stale:
                break
            pair = read_again(self._context, pair)
            if pair.quickbooks is None:
                done = replace(done, outcome=Outcome.HELD, is_gone=True)
                break
            decision = self._decide(pair)
        if done.is_gone:
            said = reason("gone_from_quickbooks", target=pair.target, qbo_id=pair.link.qbo_id)
            done = replace(done, outcome=Outcome.HELD, said=said)
        return replace(pair, link=done.link or pair.link), decision, done

    def _save(self, pair: Pair) -> None:
        if pair.base is None or not self._context.is_live:
            return
        write = self._context.write
        row = PairRow(pair.link.source, pair.link.qbo_id, pair.base)
        self._context.pairs.save(write.name, [row], write.run_id)

    def _keep_conflicts(self, pair: Pair, decision: Decision, before: Base) -> None:
        """Keep both versions of every conflict, once (rule 7.1)."""
        for conflict in decision.conflicts:
            if is_told(conflict, before):
                continue
            self.tally.conflicts += 1
            self._note(pair, "conflict", conflict_json(conflict))

    def _note(self, pair: Pair, code: str, detail: Json) -> None:
        write = self._context.write
        write.decisions.decide(
            write.name,
            pair.link.source,
            target=pair.target,
            qbo_id=pair.link.qbo_id,
            code=code,
            decided_by="rule",
            detail=detail,
            run_id=write.run_id,
        )

    # Results

    def _preview(self, pair: Pair, decision: Decision, day: date) -> list[LoadResult]:
        results: list[LoadResult] = []
        changes = {TO_QUICKBOOKS: decision.to_quickbooks, TO_SERVICETITAN: decision.to_servicetitan}
        for direction, fields in changes.items():
            if fields:
                said = reason(
                    "planned_change", fields=", ".join(f"{k} to {shown(v)!r}" for k, v in fields.items())
                )
                results.append(self._result(pair, direction, day, Outcome.PLANNED, said=said))
        return results

    def _results(
        self, pair: Pair, decision: Decision, written: Mapping[str, Written], day: date
    ) -> list[LoadResult]:
        results: list[LoadResult] = []
        settled = [_told(conflict) for conflict in decision.conflicts if conflict.winner]
        for direction in (TO_QUICKBOOKS, TO_SERVICETITAN):
            done = written.get(direction)
            held = [each for each in decision.held if each.towards in (direction, "either system")]
            outcome, said = Outcome.UNCHANGED, None
            if done is not None:
                outcome, said = done.outcome, done.said
                if outcome is Outcome.POSTED and settled:
                    said = reason("conflict_settled", fields=" ".join(settled))
            if held and outcome in (Outcome.UNCHANGED, Outcome.POSTED):
                outcome, said = Outcome.HELD, held_reason(held)
            wrote = done is not None and done.outcome is Outcome.POSTED
            if wrote:
                self.tally.to_quickbooks += direction == TO_QUICKBOOKS
                self.tally.to_servicetitan += direction == TO_SERVICETITAN
            results.append(self._result(pair, direction, day, outcome, said=said, wrote=wrote))
        return results

    def _result(
        self,
        pair: Pair,
        direction: str,
        day: date,
        outcome: Outcome,
        *,
        said: Reason | None = None,
        wrote: bool = False,
    ) -> LoadResult:
        title = shown(pair.servicetitan.values["name"]) if pair.servicetitan else pair.link.display_name
        return LoadResult(
            source=replace(pair.link.source, part=direction),
            outcome=outcome,
            day=day,
            title=title,
            target=pair.target if direction == TO_QUICKBOOKS else FOREIGN[pair.target],
            qbo_id=pair.link.qbo_id,
            operation="update" if wrote else "",
            wrote=wrote,
            reason=said,
        )


def _told(conflict: Conflict) -> str:
    """Return both versions in words."""
    systems = {TO_SERVICETITAN: "ServiceTitan", TO_QUICKBOOKS: "QuickBooks"}
    own, other = shown(conflict.servicetitan) or "empty", shown(conflict.quickbooks) or "empty"
    stays = f"{systems[conflict.winner]}'s stays ({conflict.why})."
    return f"{conflict.field}: {own!r} in ServiceTitan, {other!r} in QuickBooks; {stays}"


def conflict_json(conflict: Conflict) -> Json:
    """Return both versions of a conflict, as the audit keeps them and `restore` reads them."""
    return {
        "field": conflict.field,
        "servicetitan": {"value": conflict.servicetitan, "at": conflict.servicetitan_at.isoformat()},
        "quickbooks": {"value": conflict.quickbooks, "at": conflict.quickbooks_at.isoformat()},
        "base": {"servicetitan": conflict.base.servicetitan, "quickbooks": conflict.base.quickbooks},
        "winner": conflict.winner,
        "why": conflict.why,
    }


def _agreed(
    base: Base, changes: Mapping[str, Value], servicetitan: Side | None, quickbooks: Side | None
) -> Base:
    """Return the base after a write: what both sides show of the fields that travelled."""
    if servicetitan is None or quickbooks is None:
        return base
    fields = dict(base.fields)
    for name in changes:
        if name in servicetitan.values and name in quickbooks.values:
            fields[name] = Agreed(servicetitan.values[name], quickbooks.values[name])
    seen = {key: value for key, value in base.seen.items() if key[0] not in changes}
    return replace(base, fields=fields, seen=seen)
