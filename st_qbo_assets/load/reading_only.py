"""QuickBooks, ledger and audit for a plan: they can be read, and nothing is written or kept.

What belongs here: letting go of what a load would keep, and answering for QuickBooks where it is not to be
asked. What does not: what is planned (`planning`).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import Company, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.ports import WriteContext, WriteLedger
from st_qbo_assets.quickbooks.answers import Answer
from st_qbo_assets.store.links import Link

#: What a plan asks of the ledger.
_READS = frozenset(
    {"link", "links", "links_of_records", "open_intent", "open_intents_of_records"}
    | {"record_states", "all_states", "waiting_for", "waiting_because"}
)


def reading_only(context: WriteContext, *, is_asked: bool) -> WriteContext:
    """Return a context that a plan can hand to whatever a load does.

    Args:
        context: of the load.
        is_asked: whether QuickBooks is asked; else it answers as it last confirmed what is read.
    """
    return replace(
        context,
        quickbooks=_Reading(context, is_asked=is_asked),
        ledger=cast(WriteLedger, _KeepsNothing(context.ledger)),
        decisions=_DecidesNothing(),
    )


class _Reading:
    """QuickBooks for a plan: it can be read, or only as it was last confirmed, and never be written to."""

    def __init__(self, context: WriteContext, *, is_asked: bool) -> None:
        self._context = context
        self._calls = context.quickbooks
        self._is_asked = is_asked

    def read(self, entity: str, id: str) -> Answer:  # noqa: A002 - QuickBooks' word
        if self._is_asked:
            return self._calls.read(entity, id)
        links = self._context.links.of_targets(self._context.name, entity, [id]).get(id)
        if not links:
            raise RemoteFault("nothing is known of it", code="610")
        confirmed = links[0].confirmed
        tax = {"TotalTax": objects.amount(confirmed.get("TotalTax"))}
        known: Json = {"CustomerRef": {"value": confirmed.get("CustomerRef")}, "TxnTaxDetail": tax}
        return Answer(entity, {"Id": id, objects.AS_CONFIRMED: True, **known}, intuit_tid="")

    def query(self, entity: str, where: str = "") -> Iterable[Json]:
        return self._calls.query(entity, where) if self._is_asked else ()

    def create(self, entity: str, body: Json, request_id: str, *, include: str = "") -> Answer:
        raise AssertionError("a plan writes nothing")

    def update(self, entity: str, body: Json, request_id: str) -> Answer:
        raise AssertionError("a plan writes nothing")

    def void(self, entity: str, id: str, sync_token: str, request_id: str) -> Answer:  # noqa: A002
        raise AssertionError("a plan writes nothing")


class _KeepsNothing:
    """A ledger for a plan: it can be read, and what is to be kept is let go of."""

    def __init__(self, ledger: WriteLedger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        assert name in _READS, f"a plan keeps nothing: {name}"
        return getattr(self._ledger, name)

    def save_link(self, link: Link) -> None:
        """Let go of a link."""


class _DecidesNothing:
    """The audit for a plan."""

    def decide(self, company: Company, source: SourceRef, **decision: Any) -> None:
        """Let go of a decision."""
