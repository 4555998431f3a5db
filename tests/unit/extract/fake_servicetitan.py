"""A ServiceTitan that holds rows in memory, answers as the client does, and counts what it was asked."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.servicetitan import records as st
from st_qbo_assets.servicetitan.windows import Dates, Params, Window


class FakeServiceTitan:
    """Rows by list; `asked` counts calls by list."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self.asked: Counter[str] = Counter()

    def invoices(
        self,
        *,
        ids: Iterable[int] | None = None,
        invoiced: Dates | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
        adjustment_to_id: int | None = None,
    ) -> Iterator[st.Invoice | st.Unreadable]:
        return self._records(
            st.Invoice,
            "invoices",
            ids=ids,
            dates=(invoiced, "invoiceDate"),
            windows=[(modified, "modifiedOn")],
            equal=[("customer", customer_id), ("adjustmentToId", adjustment_to_id)],
        )

    def payments(
        self,
        *,
        ids: Iterable[int] | None = None,
        paid: Dates | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
    ) -> Iterator[st.Payment | st.Unreadable]:
        return self._records(
            st.Payment,
            "payments",
            ids=ids,
            dates=(paid, "date"),
            windows=[(modified, "modifiedOn")],
            equal=[("customer", customer_id)],
        )

    def credit_memos(
        self,
        *,
        ids: Iterable[int] | None = None,
        dated: Dates | None = None,
        modified: Window | None = None,
        applied_to_invoice_ids: Iterable[int] | None = None,
    ) -> Iterator[st.CreditMemo | st.Unreadable]:
        applied = None if applied_to_invoice_ids is None else set(applied_to_invoice_ids)
        for memo in self._records(
            st.CreditMemo, "memos", ids=ids, dates=(dated, "date"), windows=[(modified, "modifiedOn")]
        ):
            rows: list[dict[str, Any]] = memo.raw.get("appliedTo") or []
            if applied is None or any(row["appliedTo"] in applied for row in rows):
                yield memo

    def credit_memo_items(self, *, memo_ids: Iterable[int]) -> Iterator[dict[str, Any]]:
        self.asked["memo items"] += 1
        wanted = set(memo_ids)
        return (row for row in self._rows.get("memo_items", []) if row["creditMemoId"] in wanted)

    def jobs(
        self,
        *,
        ids: Iterable[int] | None = None,
        completed: Window | None = None,
        modified: Window | None = None,
    ) -> Iterator[st.Job | st.Unreadable]:
        return self._records(
            st.Job, "jobs", ids=ids, windows=[(completed, "completedOn"), (modified, "modifiedOn")]
        )

    def rows(
        self, endpoint: str, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[dict[str, Any]]:
        self.asked[endpoint] += 1
        bounds = {name: parse_instant(value) for name, value in filters}
        window = Window(_given(bounds["createdOnOrAfter"]), _given(bounds["createdBefore"]))
        return (row for row in self._rows.get(endpoint, []) if _stamped(row, [(window, "createdOn")]))

    def customers(self, *, ids: Iterable[int] | None = None) -> Iterator[st.Customer | st.Unreadable]:
        return self._records(st.Customer, "customers", ids=ids)

    def customer_contacts(
        self, *, customer_ids: Iterable[int] | None = None
    ) -> Iterator[st.Contact | st.Unreadable]:
        return self._records(st.Contact, "contacts", ids=customer_ids, key="customerId")

    def locations(self, *, ids: Iterable[int] | None = None) -> Iterator[st.Location | st.Unreadable]:
        return self._records(st.Location, "locations", ids=ids)

    def services(self, *, ids: Iterable[int] | None = None) -> Iterator[st.PricebookItem | st.Unreadable]:
        return self._records(st.PricebookItem, "services", ids=ids)

    def materials(self, *, ids: Iterable[int] | None = None) -> Iterator[st.PricebookItem | st.Unreadable]:
        return self._records(st.PricebookItem, "materials", ids=ids)

    def equipment(self, *, ids: Iterable[int] | None = None) -> Iterator[st.PricebookItem | st.Unreadable]:
        return self._records(st.PricebookItem, "equipment", ids=ids)

    def discounts_and_fees(
        self, *, ids: Iterable[int] | None = None
    ) -> Iterator[st.PricebookItem | st.Unreadable]:
        return self._records(st.PricebookItem, "discounts", ids=ids)

    def business_units(self) -> Iterator[st.BusinessUnit | st.Unreadable]:
        return self._records(st.BusinessUnit, "units")

    def payment_types(self) -> Iterator[st.PaymentType | st.Unreadable]:
        return self._records(st.PaymentType, "types")

    def payment_terms(self) -> Iterator[st.PaymentTerm | st.Unreadable]:
        return self._records(st.PaymentTerm, "terms")

    def tax_zones(self) -> Iterator[st.TaxZone | st.Unreadable]:
        return self._records(st.TaxZone, "zones")

    def gl_accounts(self) -> Iterator[st.GlAccount | st.Unreadable]:
        return self._records(st.GlAccount, "accounts")

    def _records(
        self,
        model: Any,
        name: str,
        *,
        ids: Iterable[int] | None = None,
        key: str = "id",
        dates: tuple[Dates | None, str] = (None, ""),
        windows: Iterable[tuple[Window | None, str]] = (),
        equal: Iterable[tuple[str, int | None]] = (),
    ) -> Iterator[Any]:
        wanted = None if ids is None else set(ids)
        if wanted == set():
            return
        self.asked[name] += 1
        for row in self._rows.get(name, []):
            is_asked = (wanted is None or row.get(key) in wanted) and _equal(row, equal)
            if is_asked and _dated(row, *dates) and _stamped(row, windows):
                yield st.parse(model, row)


def _equal(row: dict[str, Any], wanted: Iterable[tuple[str, int | None]]) -> bool:
    for field, id_ in wanted:
        value = row.get(field)
        if id_ is not None and (value.get("id") if isinstance(value, dict) else value) != id_:
            return False
    return True


def _dated(row: dict[str, Any], span: Dates | None, field: str) -> bool:
    """Compare as the vendor does: an instant against the bounds the client sends."""
    if span is None:
        return True
    begin = datetime.combine(span.first, datetime.min.time(), UTC)
    end = datetime.combine(span.last, datetime.min.time(), UTC) + timedelta(days=1)
    value = row.get(field)
    try:
        at = parse_instant(f"{value}T00:00:00Z" if isinstance(value, str) and len(value) == 10 else value)
    except ValueError:
        return False
    return at is not None and begin <= at < end


def _stamped(row: dict[str, Any], windows: Iterable[tuple[Window | None, str]]) -> bool:
    for window, field in windows:
        at = parse_instant(row.get(field))
        if window is not None and (at is None or not window.since <= at < window.before):
            return False
    return True


def _given(instant: datetime | None) -> datetime:
    assert instant is not None
    return instant
