from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import Company, Entity, Realm, SourceRef, Tenant
from st_qbo_assets.store.budget import BudgetLimits
from st_qbo_assets.store.intents import IntentDraft, Operation, request_id_of
from st_qbo_assets.store.sources import clean_text

DRAFT = IntentDraft(
    company=Company("acme"),
    tenant=Tenant("1"),
    realm=Realm("2"),
    source=SourceRef(Entity.INVOICE, "3"),
    target="Invoice",
    operation=Operation.CREATE,
    digest="d",
    day=date(2026, 3, 2),
    payload={},
    request={},
)


@pytest.mark.rule("5.1")
@pytest.mark.parametrize(
    "change",
    [
        {"tenant": Tenant("9")},
        {"realm": Realm("9")},
        {"source": SourceRef(Entity.INVOICE, "9")},
        {"source": SourceRef(Entity.INVOICE, "3", "refund")},
        {"target": "CreditMemo"},
        {"operation": Operation.UPDATE},
        {"digest": "e"},
    ],
)
def test_a_request_id_differs_with_everything_it_is_the_hash_of(change: dict[str, Any]) -> None:
    assert request_id_of(replace(DRAFT, **change), 1) != request_id_of(DRAFT, 1)


@pytest.mark.rule("5.1")
def test_a_request_id_differs_with_the_revision_and_with_nothing_else() -> None:
    same = replace(DRAFT, run_id="other", day=date(2027, 1, 1), payload={"a": 1}, request={"b": 2})

    assert request_id_of(same, 1) == request_id_of(DRAFT, 1)
    assert request_id_of(DRAFT, 2) != request_id_of(DRAFT, 1)


@given(st.text(), st.text(), st.integers(min_value=1))
def test_a_request_id_fits_whatever_it_is_made_of(id_: str, digest: str, revision: int) -> None:
    draft = replace(DRAFT, source=SourceRef(Entity.ITEM, clean_text(id_)), digest=clean_text(digest))

    assert len(request_id_of(draft, revision)) <= 50


@given(st.text(st.characters()))
def test_cleaned_text_holds_nothing_postgres_refuses(text: str) -> None:
    cleaned = clean_text(text)

    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode() == cleaned
    assert clean_text(cleaned) == cleaned


@pytest.mark.rule("11")
@given(st.integers(1, 500), st.integers(1, 50))
def test_burst_and_steady_pace_together_stay_within_the_minute(per_minute: int, burst: int) -> None:
    gaps = BudgetLimits(per_second=1000, per_minute=per_minute, burst=burst).gaps()
    free_at, sent = 0.0, 0
    now = 0.0

    while now < 60:  # a call whenever the minute's pace lets one go, as the database reckons it
        now = max(now, free_at - gaps["minute_burst"])
        if now >= 60:
            break
        free_at = max(free_at, now) + gaps["minute_gap"]
        sent += 1

    assert sent <= per_minute
