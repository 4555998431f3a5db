"""The queue of customers and vendors that wait: since when, and for how much (rule 7.2).

What belongs here: what documents wait for the held names of a day, as `loaded/customers` and `loaded/vendors`
tell it. What does not: why they wait, which their own row says (`metadata`).
"""

from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.orchestration.metadata import MOST_ROWS, Metadata, cell, dollars

_NAMES = frozenset({Entity.CUSTOMER, Entity.VENDOR})
_WAITING = frozenset({Outcome.HELD, Outcome.BLOCKED})


def queue_metadata(connections: Connections, results: Sequence[LoadResult], now: datetime) -> Metadata:
    """Return the age of held customers and vendors, and the cents of the documents that wait for them."""
    held = {
        each.source: each for each in results if each.source.entity in _NAMES and each.outcome in _WAITING
    }
    if not held:
        return {}
    waiting = connections.states.waiting_for(connections.name, held)
    states = connections.states.of_sources(connections.name, held)
    rows: list[tuple[int, int, str]] = []
    for source, result in held.items():
        documents = waiting.get(source, [])
        seen = [each.first_seen for each in (*documents, *([states[source]] if source in states else []))]
        days = (now - min(seen)).days if seen else 0
        cents = sum(each.cents for each in documents)
        line = f"| {source} | {cell(result.title)} | {days} | {len(documents)} | {dollars(cents)} |"
        rows.append((cents, days, line))
    rows.sort(reverse=True)
    head = "| record | name | days | documents that wait | amount |\n|---|---|---:|---:|---:|\n"
    return {
        "waiting_cents": sum(cents for cents, _, _ in rows),
        "oldest_wait_days": max(days for _, days, _ in rows),
        "queue": dg.MetadataValue.md(head + "\n".join(line for _, _, line in rows[:MOST_ROWS])),
    }
