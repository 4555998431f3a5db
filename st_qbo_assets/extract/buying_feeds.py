"""What changed of what is bought, as ServiceTitan's feeds and lists tell of it (ServiceTitan reference §3.2).

What belongs here: which feed or list tells of which records, and what follows from a return. What does not:
following feeds from token to token (`feeds`), asking since the last safe mark (`touched`).

    bills               feed of inventory bills; AP bills have none: their list
    orders, returns     feeds; a return changes the credit that has its lines
    credits, payments   no feed: their lists
    receipts            no feed: their list, asked by the nightly pass only; one may know a bill's number
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.bills import Rows, read_bills
from st_qbo_assets.extract.payables import read_bill_payments, read_credits_of_returns, read_vendor_credits
from st_qbo_assets.extract.touched import Changes
from st_qbo_assets.servicetitan.buying import Bill, PurchaseOrder
from st_qbo_assets.servicetitan.records import parse
from st_qbo_assets.servicetitan.windows import Params

RETURNS = "returns"
#: Reads what changed of one list, given the filter of a span.
ReadList = Callable[[Params], Iterator[Any]]


@dataclass
class BoughtChanges:
    """What changed of a company's buying side; nothing where it carries none.

    Attributes:
        returns: ids of the returns that changed.
    """

    company: CompanyFile
    bills: Changes = field(default_factory=lambda: Changes(Entity.BILL))
    orders: Changes = field(default_factory=lambda: Changes(Entity.PURCHASE_ORDER))
    credits: Changes = field(default_factory=lambda: Changes(Entity.VENDOR_CREDIT))
    payments: Changes = field(default_factory=lambda: Changes(Entity.BILL_PAYMENT))
    returns: set[int] = field(default_factory=set[int])

    @property
    def all(self) -> tuple[Changes, ...]:
        """Every kind."""
        return (self.bills, self.orders, self.credits, self.payments)

    def takers(self) -> Mapping[str, Callable[[Json], None]]:
        """Return feed → what takes a row of it."""
        company = self.company
        found: dict[str, Callable[[Json], None]] = {}
        if company.buys:
            found[RETURNS] = self._take_return
        if company.bill_source == "inventory_bills":
            found["inventory-bills"] = lambda row: self.bills.read([parse(Bill, row)], company)
        if company.orders:
            found["purchase-orders"] = lambda row: self.orders.read([parse(PurchaseOrder, row)], company)
        return found

    def lists(self, client: Rows) -> Mapping[str, tuple[Changes, ReadList]]:
        """Return the lists that have no feed, by the name of their mark."""
        found: dict[str, tuple[Changes, ReadList]] = {}
        if self.company.bill_source == "ap_bills":
            found["bills"] = (self.bills, lambda span: read_bills(client, self.company, filters=span))
        if self.company.buys:
            found["vendor_credits"] = (self.credits, lambda span: read_vendor_credits(client, filters=span))
        if self.company.pays_bills:
            found["bill_payments"] = (self.payments, lambda span: read_bill_payments(client, filters=span))
        return found

    def follow_returns(self, client: Rows) -> None:
        """Take in the credits of the returns that changed: they have their lines."""
        self.credits.read(read_credits_of_returns(client, self.company, self.returns), self.company)

    def _take_return(self, row: Json) -> None:
        id_ = row.get("id")
        if isinstance(id_, int):
            self.returns.add(id_)
