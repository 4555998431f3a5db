"""What the mapping may look at besides the record: one frozen value.

What belongs here: the lists by id and the few questions asked of them everywhere. What does not:
fetching any of it (extract, quickbooks), deciding by it (the modules of the parts).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.names import clean, one_line
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.servicetitan.buying import (
    Bill,
    InventoryReturn,
    PurchaseOrder,
    Receipt,
    Vendor,
    VendorCredit,
)
from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    Contact,
    CreditMemo,
    Customer,
    Invoice,
    Job,
    Location,
    Named,
    Payment,
    PricebookItem,
    Record,
    TaxZone,
    Unreadable,
)

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The company, QuickBooks' reference data, and the ServiceTitan records that documents refer to.

    Attributes:
        today: the company's local day.
        posted: `TxnDate` of the documents that are in QuickBooks already, by source. They keep that
            date and are not held for a period closed since (rule 4); all others are new.
        business_units: by id.
        tax_zones: by id.
        customers: by id; those of every taxed document, for the exemption (rule 2.4).
        contacts: by customer id.
        locations: by id, likewise.
        jobs: by id, those of every invoice that names one.
        pricebook: by SKU id.
        invoices: by id, those of the day and those that payments and credit memos are applied to.
        credit_memos: by id, those of the day and those that payments are applied to.
        payments: by id, those of the day, and what refunds need: the refunded payment and its other refunds.
        refunds_of: by id of the refunded payment, the refunds tied to it that our store knows (rule 3.5).
        vendors: by id, those of the day's bills and orders.
        purchase_orders: by id, those of the day and those that bills name.
        receipts: by id, those of bills without a number of their own.
        bills: by id, those of the day and those that credits and payments are applied to.
        returns: by id, those that vendors' credits credit.
        vendor_credits: by id, those of the day and those that payments of bills use.
        item_skus: the SKU under which an item of the price book was first made, by its record's id.
        sku_owners: the record of the price book that had an SKU first.
        item_accounts: the QuickBooks accounts of the items made of a record of the price book, by its id.
        opening: what is on hand at the start by `sku_key`, of the company's file (rule 8.5).
        tax_item_id: QuickBooks id of the item named by `tax: line_item`; empty if there is none.
        tax_account_id: the account that item posts to; empty likewise.
    """

    company: CompanyFile
    reference: Reference
    today: date
    posted: Mapping[SourceRef, date]
    business_units: Mapping[int, BusinessUnit] = field(default_factory=dict[int, BusinessUnit])
    tax_zones: Mapping[int, TaxZone] = field(default_factory=dict[int, TaxZone])
    customers: Mapping[int, Customer] = field(default_factory=dict[int, Customer])
    contacts: Mapping[int, tuple[Contact, ...]] = field(default_factory=dict[int, tuple[Contact, ...]])
    locations: Mapping[int, Location] = field(default_factory=dict[int, Location])
    jobs: Mapping[int, Job] = field(default_factory=dict[int, Job])
    pricebook: Mapping[int, PricebookItem] = field(default_factory=dict[int, PricebookItem])
    invoices: Mapping[int, Invoice] = field(default_factory=dict[int, Invoice])
    credit_memos: Mapping[int, CreditMemo] = field(default_factory=dict[int, CreditMemo])
    payments: Mapping[int, Payment] = field(default_factory=dict[int, Payment])
    refunds_of: Mapping[int, tuple[RefundTie, ...]] = field(default_factory=dict[int, tuple[RefundTie, ...]])
    vendors: Mapping[int, Vendor] = field(default_factory=dict[int, Vendor])
    purchase_orders: Mapping[int, PurchaseOrder] = field(default_factory=dict[int, PurchaseOrder])
    receipts: Mapping[int, Receipt] = field(default_factory=dict[int, Receipt])
    bills: Mapping[int, Bill] = field(default_factory=dict[int, Bill])
    returns: Mapping[int, InventoryReturn] = field(default_factory=dict[int, InventoryReturn])
    vendor_credits: Mapping[int, VendorCredit] = field(default_factory=dict[int, VendorCredit])
    item_skus: Mapping[int, str] = field(default_factory=dict[int, str])
    sku_owners: Mapping[str, int] = field(default_factory=dict[str, int])
    item_accounts: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    opening: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    tax_item_id: str = ""
    tax_account_id: str = ""

    @classmethod
    def of(
        cls,
        records: Iterable[Record | Unreadable],
        *,
        company: CompanyFile,
        reference: Reference,
        today: date,
        posted: Mapping[SourceRef, date],
        refunds_of: Mapping[int, tuple[RefundTie, ...]] | None = None,
        tax_item_id: str = "",
        tax_account_id: str = "",
    ) -> "Lookup":
        """Return a lookup with records sorted into their lists; unreadable ones are not known.

        Args:
            records: of any kinds, in any order; of one given twice the later one counts.
            company: as in the attributes, and so are all the others.
            reference: likewise.
            today: likewise.
            posted: likewise.
            refunds_of: likewise.
            tax_item_id: likewise.
            tax_account_id: likewise.
        """
        readable = [record for record in records if isinstance(record, Record)]
        contacts: dict[int, tuple[Contact, ...]] = {}
        for contact in _by_id(readable, Contact).values():
            if contact.customer_id is not None:
                contacts[contact.customer_id] = (*contacts.get(contact.customer_id, ()), contact)
        return cls(
            company=company,
            reference=reference,
            today=today,
            posted=posted,
            business_units=_by_id(readable, BusinessUnit),
            tax_zones=_by_id(readable, TaxZone),
            customers=_by_id(readable, Customer),
            contacts=contacts,
            locations=_by_id(readable, Location),
            jobs=_by_id(readable, Job),
            pricebook=_by_id(readable, PricebookItem),
            invoices=_by_id(readable, Invoice),
            credit_memos=_by_id(readable, CreditMemo),
            payments=_by_id(readable, Payment),
            vendors=_by_id(readable, Vendor),
            purchase_orders=_by_id(readable, PurchaseOrder),
            receipts=_by_id(readable, Receipt),
            bills=_by_id(readable, Bill),
            returns=_by_id(readable, InventoryReturn),
            vendor_credits=_by_id(readable, VendorCredit),
            refunds_of=refunds_of or {},
            tax_item_id=tax_item_id,
            tax_account_id=tax_account_id,
        )

    @cached_property
    def refunds_by_payment(self) -> Mapping[int, tuple[Payment, ...]]:
        """Refunds in sight, by the id of the payment they refund."""
        found: dict[int, tuple[Payment, ...]] = {}
        for payment in self.payments.values():
            refunded = payment.refunded_payment_id
            if refunded is not None:
                found[refunded] = (*found.get(refunded, ()), payment)
        return found

    @property
    def latin1(self) -> bool:
        """Whether text is transliterated to Latin-1."""
        return self.company.characters == "latin1"

    def line_text(self, text: str) -> str:
        """Return one line of text with the characters the realm takes."""
        return one_line(clean(text, latin1=self.latin1))

    def quickbooks_class_of(self, unit: Named) -> str:
        """Return the class path that ServiceTitan keeps for a business unit, empty if none."""
        known = self.business_units.get(unit.id) if unit.id is not None else None
        return known.quickbooks_class.strip() if known else ""


def _by_id(records: Iterable[Record], model: type[AnyRecord]) -> dict[int, AnyRecord]:
    return {record.id: record for record in records if isinstance(record, model)}
