"""Following what became in QuickBooks of the sub-customers of service locations (rules 7.3, 7.5).

What belongs here: sub-customers that a poll shows changed or gone, what of that is kept on their links, and
where the locations stand. What does not: making and renaming them, and what a document does that names one
(`load.plan`, `load.sub_customers`).

    merged into another, or into its parent    the link and our documents follow the survivor
    gone, and nothing tells where to           held until a person says which it is, or that a new one is made
    inactive, moved, not billed with parent    held until it can be used again; what is posted stays as it is
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import SourceRef, is_location
from st_qbo_assets.domain.masters.reasons import reason as masters_reason
from st_qbo_assets.domain.masters.sides import CUSTOMER
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.merging import move_link, survivor_of
from st_qbo_assets.load.masters.ports import PairContext
from st_qbo_assets.load.masters.reading import read_objects
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.sub_customers import held_by, trouble_of
from st_qbo_assets.store.links import Link


@dataclass
class LocationDesk:
    """Follows sub-customers; keep one for a run.

    Attributes:
        stopped: why the connection is stopped, once it is.
    """

    context: PairContext
    stopped: ConnectionStopped | None = None

    def follow(self, qbo_ids: Iterable[str], day: date) -> list[LoadResult]:
        """Keep what became of the sub-customers among some customers of QuickBooks.

        Returns:
            Where each location stands whose sub-customer cannot be used, can again, or is another one now.
        """
        write = self.context.write
        links = [
            link
            for found in write.links.of_targets(write.name, CUSTOMER, qbo_ids).values()
            for link in found
            if is_location(link.source)
        ]
        if not links or not self.context.is_live:
            return []
        results: list[LoadResult] = []
        try:
            stored = read_objects(self.context, CUSTOMER, [link.qbo_id for link in links])
            parents = _parents(write.ledger.links(write.name, [link.source.record for link in links]))
            for link in links:
                with write.ledger.lock(write.name, link.source):
                    now = write.ledger.link(write.name, link.source, CUSTOMER)
                    if now is not None and now.qbo_id == link.qbo_id:
                        parent = parents.get(link.source.id, "")
                        results += self._one(now, stored.get(now.qbo_id), parent, day)
        except SyncError as error:
            self.stopped = error if isinstance(error, ConnectionStopped) else None
            said = masters_reason("quickbooks_transient", error=error)
            results += [
                _result(link, day, Outcome.FAILED, said)
                for link in links
                if link.source not in {each.source for each in results}
            ]
        write.ledger.save_states(write.name, results, write.run_id)
        return results

    def _one(self, link: Link, obj: Json | None, parent: str, day: date) -> list[LoadResult]:
        if obj is None:
            survivor = survivor_of(self.context, CUSTOMER, link.qbo_id)
            if survivor is not None and trouble_of(survivor, parent) is None:
                moved = move_link(self.context, link, survivor)
                said = reason(
                    "sub_customer_merged", old=link.qbo_id, name=moved.display_name, qbo_id=moved.qbo_id
                )
                return [_result(moved, day, Outcome.UNCHANGED, said)]
        trouble = trouble_of(obj, parent)
        was_held = held_by(link) is not None
        if trouble is None and not was_held:
            return []
        noted = replace(link, drift=trouble, run_id=self.context.write.run_id)
        if noted.drift != link.drift:
            self.context.write.ledger.save_link(noted)
        said = held_by(noted)
        return [_result(noted, day, Outcome.UNCHANGED if said is None else Outcome.HELD, said)]


def _parents(links: Mapping[SourceRef, Sequence[Link]]) -> dict[str, str]:
    """Return the QuickBooks customer by ServiceTitan id."""
    return {
        link.source.id: link.qbo_id for found in links.values() for link in found if link.target == CUSTOMER
    }


def _result(link: Link, day: date, outcome: Outcome, said: Reason | None) -> LoadResult:
    return LoadResult(
        source=link.source,
        outcome=outcome,
        day=day,
        title=objects.stripped_name(link.display_name),
        target=CUSTOMER,
        qbo_id=link.qbo_id,
        reason=said,
    )
