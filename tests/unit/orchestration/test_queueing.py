"""What waits for a held customer is told with its age and its cents."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.orchestration.queueing import queue_metadata

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = date(2026, 11, 20)


@dataclass
class States:
    documents: dict[SourceRef, list[Any]]

    def waiting_for(self, company: str, sources: Any) -> dict[SourceRef, list[Any]]:
        return {source: self.documents[source] for source in sources if source in self.documents}

    def of_sources(self, company: str, sources: Any) -> dict[SourceRef, Any]:
        return {source: SimpleNamespace(first_seen=NOW - timedelta(days=2)) for source in sources}


@pytest.mark.rule("7.2")
def test_held_names_are_told_with_age_and_cents_dearest_first() -> None:
    held, place = SourceRef.parse("customer:1"), SourceRef.parse("customer:2/location5")
    documents = [SimpleNamespace(first_seen=NOW - timedelta(days=9), cents=cents) for cents in (12_300, 45)]
    connections = cast(Connections, SimpleNamespace(name="acme", states=States({place: documents})))
    results = [
        LoadResult(held, Outcome.HELD, DAY, title="Heron"),
        LoadResult(place, Outcome.HELD, DAY, title="Unit|7"),
        LoadResult(SourceRef.parse("customer:3"), Outcome.POSTED, DAY),
        LoadResult(SourceRef.parse("invoice:4"), Outcome.HELD, DAY),
    ]
    told = queue_metadata(connections, results, NOW)
    assert (told["waiting_cents"], told["oldest_wait_days"]) == (12_345, 9)
    assert told["queue"].value.splitlines()[2:] == [
        "| customer:2/location5 | Unit\\|7 | 9 | 2 | 123.45 |",
        "| customer:1 | Heron | 2 | 0 | 0.00 |",
    ]
    assert queue_metadata(connections, results[2:], NOW) == {}
