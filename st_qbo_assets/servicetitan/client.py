"""The client of one ServiceTitan tenant; it only reads.

What belongs here: one method for each list used, paging, export feeds, tokens and budget around each
call. What does not: which days and ids to ask for (`extract`). Rows come as records or as `Unreadable`,
inactive and deleted ones included; filters are keyword only, times plain UTC.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar, cast

from pydantic import SecretStr

from st_qbo_assets.domain.errors import RateLimited, RemoteFault
from st_qbo_assets.domain.ids import Tenant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.endpoints import ENDPOINTS, FEEDS, Endpoint
from st_qbo_assets.servicetitan.problems import error_of, unreadable
from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    Contact,
    CreditMemo,
    Customer,
    Equipment,
    GlAccount,
    Invoice,
    Job,
    Location,
    Material,
    Payment,
    PaymentTerm,
    PaymentType,
    PricebookItem,
    PriceModifier,
    Record,
    Service,
    TaxZone,
    Unreadable,
    parse,
)
from st_qbo_assets.servicetitan.windows import (
    Dates,
    Params,
    Window,
    date_params,
    modified_params,
    window_params,
)
from st_qbo_assets.transport.budget import RateBudget, spending
from st_qbo_assets.transport.http import Request, Sender
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_assets.transport.tokens import TokenSource, with_token

__all__ = [
    "AppTokens",
    "Dates",
    "ExportPage",
    "ReadCounts",
    "ServiceTitan",
    "Window",
    "list_of",
]

#: Pages in a row that bring nothing new before a list is taken to go round in a circle.
_PAGES_WITHOUT_NEWS = 3

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True)
class ExportPage:
    """One page of an export feed.

    Attributes:
        rows: verbatim, deleted and merged ones included, each with `active`.
        continue_from: token of this feed; to be kept once the rows are stored, and valid later too.
        has_more: false when the end was reached for now.
    """

    rows: tuple[Json, ...] = field(repr=False)
    continue_from: str
    has_more: bool


@dataclass(frozen=True)
class ReadCounts:
    """Calls made by one client, for the metadata of a run."""

    calls: int = 0
    throttled: int = 0
    seconds: float = 0.0


class AppTokens(TokenSource, Protocol):
    """Access tokens together with the key of the application they belong to."""

    @property
    def app_key(self) -> SecretStr:
        """The application's key, sent with every call."""
        ...


class ServiceTitan:
    """One tenant; share it between threads."""

    def __init__(
        self,
        *,
        http: Sender,
        tokens: AppTokens,
        tenant: Tenant,
        base_url: str,
        budget: RateBudget,
        retry: RetryPolicy,
        page_size: int | None = None,
    ) -> None:
        """Args are the parts; `page_size` replaces that of every list (tests)."""
        self._http = http
        self._tokens = tokens
        self._tenant = tenant
        self._base_url = base_url.rstrip("/")
        self._budget = budget
        self._retry = retry
        self._page_size = page_size
        self._counts = ReadCounts()
        self._counting = threading.Lock()

    @property
    def tenant(self) -> Tenant:
        """The tenant's id."""
        return self._tenant

    @property
    def calls(self) -> ReadCounts:
        """The calls made so far."""
        with self._counting:
            return self._counts

    # Documents

    def invoices(
        self,
        *,
        ids: Iterable[int] | None = None,
        invoiced: Dates | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
        adjustment_to_id: int | None = None,
    ) -> Iterator[Invoice | Unreadable]:
        """Yield invoices of every state, by ids, invoice date, change, customer or what they adjust."""
        filters = (
            *date_params("invoicedOnOrAfter", "invoicedOnBefore", invoiced),
            *modified_params(modified),
            *_equal("customerId", customer_id),
            *_equal("adjustmentToId", adjustment_to_id),
        )
        return self._records("invoices", Invoice, ids=ids, filters=filters)

    def payments(
        self,
        *,
        ids: Iterable[int] | None = None,
        paid: Dates | None = None,
        modified: Window | None = None,
        applied_to_invoice_ids: Iterable[int] | None = None,
        customer_id: int | None = None,
    ) -> Iterator[Payment | Unreadable]:
        """Yield payments of every state: by ids, date, change, customer or the invoices they pay."""
        if applied_to_invoice_ids is not None:
            by_invoice = replace(ENDPOINTS["payments"], ids_parameter="appliedToInvoiceIds")
            return self._records(by_invoice, Payment, ids=applied_to_invoice_ids)
        filters = (
            *date_params("paidOnAfter", "paidOnBefore", paid),
            *modified_params(modified),
            *_equal("customerId", customer_id),
        )
        return self._records("payments", Payment, ids=ids, filters=filters)

    def credit_memos(
        self,
        *,
        ids: Iterable[int] | None = None,
        dated: Dates | None = None,
        applied: Dates | None = None,
        modified: Window | None = None,
        applied_to_invoice_ids: Iterable[int] | None = None,
    ) -> Iterator[CreditMemo | Unreadable]:
        """Yield credit memos of every state, without their items.

        By ids, date, day of an application, change, or the invoices they are applied to.
        """
        if applied_to_invoice_ids is not None:
            by_invoice = replace(ENDPOINTS["credit-memos"], ids_parameter="appliedToInvoiceIds")
            return self._records(by_invoice, CreditMemo, ids=applied_to_invoice_ids)
        filters = (
            *date_params("dateOnOrAfter", "dateBefore", dated),
            *date_params("appliedOnOrAfter", "appliedBefore", applied),
            *modified_params(modified),
        )
        return self._records("credit-memos", CreditMemo, ids=ids, filters=filters)

    def credit_memo_items(self, *, memo_ids: Iterable[int]) -> Iterator[Json]:
        """Yield the items of credit memos verbatim, inactive ones too, each with its `creditMemoId`."""
        return self.rows("credit-memo-items", ids=memo_ids)

    def jobs(
        self,
        *,
        ids: Iterable[int] | None = None,
        completed: Window | None = None,
        modified: Window | None = None,
    ) -> Iterator[Job | Unreadable]:
        """Yield jobs by ids, completion or change; a canceled job may have been completed."""
        filters = (
            *window_params("completedOnOrAfter", "completedBefore", completed),
            *modified_params(modified),
        )
        return self._records("jobs", Job, ids=ids, filters=filters)

    # Customers

    def customers(
        self,
        *,
        ids: Iterable[int] | None = None,
        modified: Window | None = None,
        exclude_accounting_changes: bool = True,
    ) -> Iterator[Customer | Unreadable]:
        """Yield customers by ids or change; by default a change of balance is none (rule 7.1)."""
        filters = modified_params(modified)
        if modified and exclude_accounting_changes:
            filters = (*filters, ("excludeAccountingChangesFromModifiedDateRange", "true"))
        return self._records("customers", Customer, ids=ids, filters=filters)

    def customer_contacts(
        self, *, customer_ids: Iterable[int] | None = None, modified: Window | None = None
    ) -> Iterator[Contact | Unreadable]:
        """Yield contacts of customers, or those that changed; one of both is needed."""
        return self._records(
            "customer-contacts", Contact, ids=customer_ids, filters=modified_params(modified)
        )

    def locations(
        self,
        *,
        ids: Iterable[int] | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
    ) -> Iterator[Location | Unreadable]:
        """Yield service locations by ids, change or customer."""
        filters = modified_params(modified)
        if customer_id is not None:
            filters = (*filters, ("customerId", str(customer_id)))
        return self._records("locations", Location, ids=ids, filters=filters)

    # Pricebook: lines may carry items that are inactive now, so inactive ones are included

    def services(
        self, *, ids: Iterable[int] | None = None, modified: Window | None = None
    ) -> Iterator[PricebookItem | Unreadable]:
        """Yield services of the pricebook."""
        return self._records("services", Service, ids=ids, filters=modified_params(modified))

    def materials(
        self, *, ids: Iterable[int] | None = None, modified: Window | None = None
    ) -> Iterator[PricebookItem | Unreadable]:
        """Yield materials of the pricebook."""
        return self._records("materials", Material, ids=ids, filters=modified_params(modified))

    def equipment(
        self, *, ids: Iterable[int] | None = None, modified: Window | None = None
    ) -> Iterator[PricebookItem | Unreadable]:
        """Yield equipment of the pricebook."""
        return self._records("equipment", Equipment, ids=ids, filters=modified_params(modified))

    def discounts_and_fees(
        self, *, ids: Iterable[int] | None = None, modified: Window | None = None
    ) -> Iterator[PricebookItem | Unreadable]:
        """Yield discounts and fees of the pricebook (price modifiers)."""
        return self._records("discounts-and-fees", PriceModifier, ids=ids, filters=modified_params(modified))

    # Lists that are read whole

    def business_units(self) -> Iterator[BusinessUnit | Unreadable]:
        """Yield all business units."""
        return self._records("business-units", BusinessUnit)

    def payment_types(self) -> Iterator[PaymentType | Unreadable]:
        """Yield all payment types."""
        return self._records("payment-types", PaymentType)

    def payment_terms(self) -> Iterator[PaymentTerm | Unreadable]:
        """Yield all payment terms."""
        return self._records("payment-terms", PaymentTerm)

    def tax_zones(self) -> Iterator[TaxZone | Unreadable]:
        """Yield all tax zones with their rates."""
        return self._records("tax-zones", TaxZone)

    def gl_accounts(self) -> Iterator[GlAccount | Unreadable]:
        """Yield all general ledger accounts."""
        return self._records("gl-accounts", GlAccount)

    # Feeds and lists of any kind

    def export(
        self, feed: str, continue_from: str = "", *, include_recent_changes: bool = False
    ) -> Iterator[ExportPage]:
        """Yield the pages of an export feed from a token or date (`2026-01-01`) on, until its end for now.

        With recent changes rows come at once and can come again; without, 15 minutes late (§3.2).

        Raises:
            KeyError: if there is no such feed.
        """
        path = f"{FEEDS[feed]}/v2/tenant/{self._tenant}/export/{feed}"
        recent = (("includeRecentChanges", "true"),) if include_recent_changes else ()
        token = continue_from
        while True:
            body = self._get(path, ((("from", token),) if token else ()) + recent)
            page = ExportPage(
                rows=tuple(cast(Json, row) for row in _data(body)),
                continue_from=str(body.get("continueFrom") or token),
                has_more=body.get("hasMore") is True,
            )
            yield page
            if not page.has_more:
                return
            if page.continue_from == token:
                raise RemoteFault(f"the export feed {feed} stands still at one token", code="paging")
            token = page.continue_from

    def rows(
        self, endpoint: str | Endpoint, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        """Yield verbatim rows of any list of the table, each id once, in as many pages as it takes.

        Args:
            endpoint: name in `ENDPOINTS`, or a row like those.
            ids: ask for these only, 50 at a time; an empty collection asks for nothing.
            filters: further query parameters; unknown ones are ignored by the vendor without a word.
        """
        place = ENDPOINTS[endpoint] if isinstance(endpoint, str) else endpoint
        seen: set[object] = set()
        for chunk in _chunks(ids, place):
            yield from self._pages(place, (*chunk, *filters), seen)

    def _records(
        self,
        endpoint: str | Endpoint,
        model: type[AnyRecord],
        *,
        ids: Iterable[int] | None = None,
        filters: Params = (),
    ) -> Iterator[AnyRecord | Unreadable]:
        return (parse(model, row) for row in self.rows(endpoint, ids=ids, filters=filters))

    def _pages(self, place: Endpoint, filters: Params, seen: set[object]) -> Iterator[Json]:
        path = f"{place.module}/v2/tenant/{self._tenant}/{place.resource}"
        fixed = (*filters, *((place.every_state,) if place.every_state else ()))
        page, without_news = 1, 0
        while True:
            size = self._page_size or place.page_size
            body = self._get(path, (*fixed, ("page", str(page)), ("pageSize", str(size))))
            before = len(seen)
            for row in _data(body):
                key = _identity(row)
                if key not in seen:
                    seen.add(key)
                    yield cast(Json, row)
            # Short and empty pages occur in the middle; only `hasMore` tells the end (§3.1).
            if body.get("hasMore") is not True:
                return
            without_news = 0 if len(seen) > before else without_news + 1
            if without_news >= _PAGES_WITHOUT_NEWS:
                raise RemoteFault(f"{place.resource} goes on for ever without new rows", code="paging")
            page += 1

    # One call

    def _get(self, path: str, params: Params) -> Json:
        # The token is taken anew on every try: it can end during a long wait.
        return self._retry.call(lambda: self._send(path, params))

    def _send(self, path: str, params: Params) -> Json:
        return with_token(self._tokens, lambda token: self._once(path, params, token))

    def _once(self, path: str, params: Params, token: str) -> Json:
        request = Request(
            "GET",
            f"{self._base_url}/{path}",
            is_write=False,
            params=params,
            headers={
                "Authorization": f"Bearer {token}",
                "ST-App-Key": self._tokens.app_key.get_secret_value(),
                "Accept": "application/json",
            },
        )
        with spending(self._budget, "read", metered=False):
            self._add(calls=1)
            response = self._http.send(request)
        self._add(seconds=response.seconds)
        error = error_of(response)
        if isinstance(error, RateLimited):
            self._add(throttled=1)
            self._budget.penalise(error.retry_after_seconds)
        if error is not None:
            raise error
        body: object = response.json()
        if not isinstance(body, dict) or not isinstance(cast(Json, body).get("data"), list):
            raise unreadable(response)
        return cast(Json, body)

    def _add(self, *, calls: int = 0, throttled: int = 0, seconds: float = 0.0) -> None:
        with self._counting:
            self._counts = ReadCounts(
                calls=self._counts.calls + calls,
                throttled=self._counts.throttled + throttled,
                seconds=self._counts.seconds + seconds,
            )


def list_of(records: Iterable[AnyRecord | Unreadable]) -> tuple[list[AnyRecord], list[Unreadable]]:
    """Return the readable records and the others, each in order."""
    good: list[AnyRecord] = []
    bad: list[Unreadable] = []
    for record in records:
        if isinstance(record, Unreadable):
            bad.append(record)
        else:
            good.append(record)
    return good, bad


def _equal(name: str, id_: int | None) -> Params:
    return () if id_ is None else ((name, str(id_)),)


def _chunks(ids: Iterable[int] | None, place: Endpoint) -> Iterator[Params]:
    if ids is None:
        yield ()
        return
    wanted = list(dict.fromkeys(ids))
    for first in range(0, len(wanted), place.ids_at_once):
        some = [str(id_) for id_ in wanted[first : first + place.ids_at_once]]
        if place.repeats_ids:
            yield tuple((place.ids_parameter, id_) for id_ in some)
        else:
            yield ((place.ids_parameter, ",".join(some)),)


def _data(body: Json) -> list[object]:
    return cast("list[object]", body.get("data") or [])


def _identity(row: object) -> object:
    """Return what makes a row the same row; without an id no two are."""
    id_: Any = cast("Mapping[str, Any]", row).get("id") if isinstance(row, Mapping) else None
    return id_ if isinstance(id_, (int, str)) else object()
