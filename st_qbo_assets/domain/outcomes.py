"""What becomes of one record: the verdict of the mapping and the outcome of the load.

These are values passed between the stages, which do not import each other. What does not
belong here: how they are decided (mapping, load) or stored (store).

Signs. `cents` keep the sign of the record's own total in ServiceTitan (a refund payment and a negative
invoice are below zero, a credit memo is above), QuickBooks bodies are always positive, and the figures in
`facts` are signed as they move the books. `cents` stand on the main part of a record; a part that only
applies one document to another has 0, so that the parts add up to the record.

    verdict of the mapping      due | held | rejected | not_due
    outcome of the load         posted | unchanged | voided | held | blocked | rejected | failed | mismatch
                                not_due | planned
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.rules_version import RULES_VERSION

Json = dict[str, Any]


class Verdict(StrEnum):
    """What the mapping says of a record."""

    DUE = "due"
    HELD = "held"
    REJECTED = "rejected"
    NOT_DUE = "not_due"


class Outcome(StrEnum):
    """Where a record stands after the load."""

    POSTED = "posted"
    UNCHANGED = "unchanged"
    VOIDED = "voided"
    HELD = "held"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    FAILED = "failed"
    MISMATCH = "mismatch"
    NOT_DUE = "not_due"
    PLANNED = "planned"

    @property
    def is_settled(self) -> bool:
        """Whether QuickBooks is known to hold what the source says, or rightly nothing."""
        return self in (Outcome.POSTED, Outcome.UNCHANGED, Outcome.VOIDED, Outcome.NOT_DUE)

    @property
    def fails_partition(self) -> bool:
        """Whether this outcome turns (asset, day) red; held and blocked only wait."""
        return self in (Outcome.REJECTED, Outcome.FAILED, Outcome.MISMATCH)


@dataclass(frozen=True)
class Reason:
    """Why a record is not simply posted.

    Attributes:
        code: stable snake_case name of the rule, e.g. `account_unmapped`; counted and searched by.
        text: one sentence for a bookkeeper, naming the values.
        remedy: what she does about it.
        suggestions: nearest candidates, best first.
        waits_for: the record this one waits for, if it is blocked.
    """

    code: str
    text: str
    remedy: str = ""
    suggestions: tuple[str, ...] = ()
    waits_for: SourceRef | None = None


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys in which equal amounts are equal text (25, 25.0 and 25.00 alike)."""
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _canonical(value: object) -> object:
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return "0" if text in ("-0", "") else text
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value)
        return {str(key): _canonical(item) for key, item in items.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in cast("Sequence[object]", value)]
    raise TypeError(f"not JSON: {type(value).__name__}")


@dataclass(frozen=True)
class Payload:
    """One QuickBooks object to exist, with symbolic references.

    Attributes:
        source: the record (or part) it comes from; one link per source and target.
        target: QuickBooks entity name, e.g. `Invoice`.
        day: the partition it belongs to (business date; for masters the day that asked).
        body: QuickBooks JSON, allow-listed fields only, amounts as Decimal. A reference to a
            source record is symbolic: `{"value": "customer:123"}`, `{"TxnId": "invoice:8"}`;
            accounts, classes, terms etc. are QuickBooks ids already.
        cents: the amount shown for it: the record's total with its own sign; 0 for masters and applications.
        number: the document number shown to people.
        title: customer or item name shown to people.
        outside_digest: body fields that do not make a change (a name made unique at load).
    """

    source: SourceRef
    target: str
    day: date
    body: Json
    cents: int = 0
    number: str = ""
    title: str = ""
    outside_digest: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical body, less the fields outside the digest."""
        body = {key: value for key, value in self.body.items() if key not in self.outside_digest}
        return hashlib.sha256(canonical_json([self.target, body]).encode()).hexdigest()

    def with_body(self, body: Json) -> "Payload":
        """Return the same payload with another body."""
        return replace(self, body=body)


@dataclass(frozen=True)
class Mapped:
    """What the mapping decided about one source record (one part of it).

    Attributes:
        payload: present exactly when the verdict is due.
        reason: present whenever the verdict is not due ("held because", "rejected because",
            "not due because"), and on a due record that something has to be said of.
        facts: what a due part does to the books, and what is shown beside it. Every due document has
            `shape`, `customer`, `income_by_account` (QuickBooks account id → cents) and `tax_cents` (credits
            positive), `deposit_account` (empty if no money moves), `cash_cents` and `receivable_cents`
            (debits positive), `applied` (rows) and `applied_cents`. Receivable and cash together equal
            income and tax.
    """

    source: SourceRef
    verdict: Verdict
    day: date
    cents: int = 0
    number: str = ""
    title: str = ""
    payload: Payload | None = None
    reason: Reason | None = None
    facts: Json = field(default_factory=dict[str, Any])
    rules: int = field(default=RULES_VERSION, compare=False)


@dataclass(frozen=True)
class LoadResult:
    """Where one record stands after the load.

    Attributes:
        qbo_id: the QuickBooks object, if there is one.
        wrote: whether anything was sent to QuickBooks in this load.
        operation: `create`, `update`, `void`, `link` (adopted or matched) or empty.
        rules: version of the rules its record was mapped by; 0 if that is not known.
    """

    source: SourceRef
    outcome: Outcome
    day: date
    cents: int = 0
    number: str = ""
    title: str = ""
    target: str = ""
    qbo_id: str = ""
    operation: str = ""
    wrote: bool = False
    reason: Reason | None = None
    rules: int = field(default=0, compare=False)
