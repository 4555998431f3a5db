"""What one load knows of other records while it plans.

What belongs here: links, outcomes and findings gathered in bulk and kept up to date as records
finish. What does not: where they come from (`day`) or what is concluded (`plan`). Safe to share
between the threads of one load: every entry is written whole.
"""

from collections.abc import Iterable, Mapping

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome, Reason
from st_qbo_assets.load.actions import Finding
from st_qbo_assets.load.reasons import FOUND_TOO_LITTLE
from st_qbo_assets.store.links import Link


class Knowledge:
    """Links, outcomes and findings by record."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._links: dict[SourceRef, dict[str, Link]] = {}
        self._outcomes: dict[SourceRef, Outcome] = {}
        self._findings: dict[tuple[SourceRef, str], Finding] = {}
        self._parts: dict[SourceRef, set[SourceRef]] = {}
        self._retiring: set[tuple[SourceRef, str]] = set()
        self._short: set[SourceRef] = set()

    def link(self, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target."""
        return self._links.get(source, {}).get(target)

    def links_of(self, source: SourceRef) -> list[Link]:
        """Return all links of a record, whatever they point to."""
        return list(self._links.get(source, {}).values())

    def parts_of(self, source: SourceRef) -> list[Link]:
        """Return every link of the record a source belongs to, whatever its part."""
        return [link for part in sorted(self._parts.get(source.record, ())) for link in self.links_of(part)]

    def is_retiring(self, source: SourceRef, target: str) -> bool:
        """Say whether a document is about to be voided, so that nothing is applied to it any more."""
        return (source, target) in self._retiring

    def retire(self, source: SourceRef, target: str) -> None:
        """Note that a document is about to be voided."""
        self._retiring.add((source, target))

    def keep(self, source: SourceRef, target: str) -> None:
        """Note that a document is not voided after all."""
        self._retiring.discard((source, target))

    def outcome(self, source: SourceRef) -> Outcome | None:
        """Return where a record stands, None if it was never loaded."""
        return self._outcomes.get(source)

    def finding(self, source: SourceRef, target: str) -> Finding | None:
        """Return what QuickBooks was found to hold for a payload without a link."""
        return self._findings.get((source, target))

    def learn_links(self, links: Iterable[Link]) -> None:
        """Keep links as they are now."""
        for link in links:
            self._links[link.source] = {**self._links.get(link.source, {}), link.target: link}
            record = link.source.record
            self._parts[record] = {*self._parts.get(record, ()), link.source}

    def learn_outcomes(self, outcomes: Mapping[SourceRef, Outcome]) -> None:
        """Keep where records stood before this load, unless this load knows better."""
        for source, outcome in outcomes.items():
            self._outcomes.setdefault(source, outcome)

    def learn_findings(self, findings: Mapping[tuple[SourceRef, str], Finding]) -> None:
        """Keep what was found in QuickBooks."""
        self._findings.update(findings)

    def learn_result(self, result: LoadResult) -> None:
        """Keep where a record stands after this load."""
        self._outcomes[result.source] = result.outcome
        self.learn_reason(result.source, result.reason)

    def learn_reason(self, source: SourceRef, said: Reason | None) -> None:
        """Keep whether a payment found too little open."""
        if said is not None and said.code in FOUND_TOO_LITTLE:
            self._short.add(source)

    def found_too_little(self, source: SourceRef) -> bool:
        """Say whether a payment found too little open, in this load or in the last one it came into."""
        return source in self._short
