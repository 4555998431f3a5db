"""The lists of ServiceTitan that hold the documents of days, and how each is asked for days.

What belongs here: list, filters and what a company reads of them. What does not: asking (`reads`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.servicetitan.endpoints import ENDPOINTS
from st_qbo_assets.servicetitan.windows import Dates, Params, Window, date_params, format_utc, window_params

PAYMENTS_OF = replace(ENDPOINTS["payments"], ids_parameter="appliedToInvoiceIds")
MEMOS_OF = replace(ENDPOINTS["credit-memos"], ids_parameter="appliedToInvoiceIds")
ITEMS_OF_MEMOS = replace(
    ENDPOINTS["credit-memos"], resource="credit-memos/credit-memo-items", ids_parameter="creditMemoIds"
)
RECEIPTS = "receipts"
#: Lists without a filter by date are asked for what was made this long before the days, or since.
_MADE_WITHIN = timedelta(days=366)


class DocumentList(NamedTuple):
    """One list of documents.

    Attributes:
        dates: its two filters by business date; empty if it has none.
        own: what else is asked of it.
        is_dated: whether all its records have a date.
    """

    entity: Entity
    endpoint: str
    dates: tuple[str, str] = ("", "")
    own: Params = ()
    is_dated: bool = False

    def of_days(self, first: date, last: date) -> Params:
        """Return the filters of some days."""
        if self.dates[0]:
            return (*self.own, *date_params(*self.dates, Dates(first, last)))
        since = datetime.combine(first - _MADE_WITHIN, time(), tzinfo=UTC)
        return (*self.own, ("createdOnOrAfter", format_utc(since)))

    def made_in(self, span: Window) -> Params:
        """Return the filters of what was made in a span, whatever its date."""
        return (*self.own, *window_params("createdOnOrAfter", "createdBefore", span))


_SOLD = (
    DocumentList(Entity.INVOICE, "invoices", ("invoicedOnOrAfter", "invoicedOnBefore")),
    DocumentList(Entity.CREDIT_MEMO, "credit-memos", ("dateOnOrAfter", "dateBefore")),
    DocumentList(Entity.PAYMENT, "payments", ("paidOnAfter", "paidOnBefore")),
)
_DATES = ("dateFrom", "dateTo")
#: The one source of bills (rule 8.1); `ap-bills` shows one type of bill at a time.
_BILLS: Mapping[str, tuple[DocumentList, ...]] = {
    "inventory_bills": (DocumentList(Entity.BILL, "inventory-bills", _DATES),),
    "ap_bills": tuple(
        DocumentList(Entity.BILL, "ap-bills", _DATES, (("billType", kind),))
        for kind in ("Procurement", "ApBill")
    ),
}
_ORDERS = DocumentList(
    Entity.PURCHASE_ORDER, "purchase-orders", ("dateOnOrAfter", "dateBefore"), is_dated=True
)
_CREDITS = DocumentList(Entity.VENDOR_CREDIT, "ap-credits", is_dated=True)
#: Read whether or not the company carries them: what is left out is listed (rule 8.8).
_PAYMENTS = DocumentList(Entity.BILL_PAYMENT, "ap-payments", is_dated=True)


def lists_of(company: CompanyFile) -> tuple[DocumentList, ...]:
    """Return the lists a company's books are read from, in order."""
    if company.bill_source is None:
        return _SOLD
    orders = (_ORDERS,) if company.orders else ()
    return (*_SOLD, *orders, *_BILLS[company.bill_source], _CREDITS, _PAYMENTS)


def received_on(first: date, last: date) -> Params:
    """Return the filters of what was received on some days."""
    return date_params("receivedOnOrAfter", "receivedBefore", Dates(first, last))
