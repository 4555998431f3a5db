"""What extracting needs of a ServiceTitan client, as one small protocol.

What belongs here: the calls this package makes. What does not: how they are sent (`servicetitan.client`,
or a fake in tests). Every call answers records of all states, deleted ones included.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    Contact,
    CreditMemo,
    Customer,
    GlAccount,
    Invoice,
    Job,
    Location,
    Payment,
    PaymentTerm,
    PaymentType,
    PricebookItem,
    TaxZone,
    Unreadable,
)
from st_qbo_assets.servicetitan.windows import Dates, Params, Window


class Documents(Protocol):
    """Invoices, payments, credit memos and jobs."""

    def invoices(
        self,
        *,
        ids: Iterable[int] | None = None,
        invoiced: Dates | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
        adjustment_to_id: int | None = None,
    ) -> Iterator[Invoice | Unreadable]:
        """Yield invoices by ids, invoice date, change, customer or what they adjust."""
        ...

    def payments(
        self,
        *,
        ids: Iterable[int] | None = None,
        paid: Dates | None = None,
        modified: Window | None = None,
        customer_id: int | None = None,
    ) -> Iterator[Payment | Unreadable]:
        """Yield payments by ids, date, change or customer."""
        ...

    def credit_memos(
        self,
        *,
        ids: Iterable[int] | None = None,
        dated: Dates | None = None,
        modified: Window | None = None,
        applied_to_invoice_ids: Iterable[int] | None = None,
    ) -> Iterator[CreditMemo | Unreadable]:
        """Yield credit memos without their lines, by ids, date, change or what they are applied to."""
        ...

    def credit_memo_items(self, *, memo_ids: Iterable[int]) -> Iterator[Json]:
        """Yield the lines of credit memos verbatim, each with its `creditMemoId`."""
        ...

    def jobs(
        self,
        *,
        ids: Iterable[int] | None = None,
        completed: Window | None = None,
        modified: Window | None = None,
    ) -> Iterator[Job | Unreadable]:
        """Yield jobs by ids, completion or change."""
        ...

    def rows(
        self, endpoint: str, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        """Yield verbatim rows of a list by ids, or by filters that no method names."""
        ...


class Masters(Protocol):
    """What documents refer to, by ids."""

    def customers(self, *, ids: Iterable[int] | None = None) -> Iterator[Customer | Unreadable]:
        """Yield customers."""
        ...

    def customer_contacts(
        self, *, customer_ids: Iterable[int] | None = None
    ) -> Iterator[Contact | Unreadable]:
        """Yield contacts of customers."""
        ...

    def locations(self, *, ids: Iterable[int] | None = None) -> Iterator[Location | Unreadable]:
        """Yield service locations."""
        ...

    def services(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield services."""
        ...

    def materials(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield materials."""
        ...

    def equipment(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield equipment."""
        ...

    def discounts_and_fees(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield discounts and fees."""
        ...


class Lists(Protocol):
    """Lists that are read whole."""

    def business_units(self) -> Iterator[BusinessUnit | Unreadable]:
        """Yield all business units."""
        ...

    def payment_types(self) -> Iterator[PaymentType | Unreadable]:
        """Yield all payment types."""
        ...

    def payment_terms(self) -> Iterator[PaymentTerm | Unreadable]:
        """Yield all payment terms."""
        ...

    def tax_zones(self) -> Iterator[TaxZone | Unreadable]:
        """Yield all tax zones."""
        ...

    def gl_accounts(self) -> Iterator[GlAccount | Unreadable]:
        """Yield all ledger accounts."""
        ...


class Reader(Documents, Masters, Lists, Protocol):
    """All of it."""
