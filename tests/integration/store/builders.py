"""Values the store's tests write."""

from datetime import date
from typing import Any

from st_qbo_assets.domain.ids import Company, Entity, Realm, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.store.intents import IntentDraft, Operation
from st_qbo_assets.store.links import Link

ACME = Company("acme")
REALM = Realm("9341453172058461")
TENANT = Tenant("1420761")
DAY = date(2026, 3, 2)


def invoice(number: int = 8001001, part: str = "") -> SourceRef:
    return SourceRef(Entity.INVOICE, str(number), part)


def draft(source: SourceRef | None = None, **changes: Any) -> IntentDraft:
    values: dict[str, Any] = {
        "company": ACME,
        "tenant": TENANT,
        "realm": REALM,
        "source": source or invoice(),
        "target": "Invoice",
        "operation": Operation.CREATE,
        "digest": "d1",
        "day": DAY,
        "payload": {"CustomerRef": {"value": "customer:1"}},
        "request": {"CustomerRef": {"value": "58"}},
        "run_id": "run-1",
    }
    return IntentDraft(**(values | changes))


def link(source: SourceRef | None = None, **changes: Any) -> Link:
    values: dict[str, Any] = {
        "company": ACME,
        "source": source or invoice(),
        "target": "Invoice",
        "realm": REALM,
        "qbo_id": "145",
        "sync_token": "0",
        "digest": "d1",
        "number": "1001",
        "day": DAY,
        "run_id": "run-1",
    }
    return Link(**(values | changes))


def result(source: SourceRef | None = None, **changes: Any) -> LoadResult:
    values: dict[str, Any] = {
        "source": source or invoice(),
        "outcome": Outcome.POSTED,
        "day": DAY,
        "cents": 12550,
        "number": "1001",
        "title": "Ada Byron",
        "target": "Invoice",
        "qbo_id": "145",
        "operation": "create",
    }
    return LoadResult(**(values | changes))
