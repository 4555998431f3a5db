"""The made-up contractor behind the sandbox: Blue Heron Home Services of Kansas City, in both products.

What belongs here: data, as a pure function of (seed, last day, days, invoices a day, hard, buying). What does
not: any behaviour of either product, and anything of the product under test.

Modules: ``window`` (days, streams, ids, stamps), ``money``; ``chart``, ``organization``, ``pricebook``,
``names``, ``customers`` (masters); ``documents``, ``book``, ``baskets``, ``families`` (default documents);
``quickbooks_lists``, ``quickbooks_books`` (the other side); ``buying``, ``buying_lists``; ``weekly`` with
``hard_invoices`` and ``hard_payments`` (shapes that come once a week, some of them in default data);
``hard`` with ``hard_customers`` (odd data beside the ordinary); ``purchases`` and ``odd_purchases`` (a week
of purchasing, only when it is asked for), ``bulk_purchases`` (any number of bills, to measure with);
``cases`` and ``purchase_cases`` (what is planted where, and how often).

What a company file has to say so that default data posts without a difference:

====================  ====================  ===================  ==========================================
ServiceTitan          QuickBooks            by                   note
====================  ====================  ===================  ==========================================
GL accounts           accounts              number, else name    ``Membership Income`` and ``Permit Fees
                                                                 Billed`` have no number on either side
business unit         class                 its quickbooksClass  HVAC:Service, HVAC:Install,
                                                                 HVAC:Maintenance, Plumbing:Service,
                                                                 Plumbing:Drain and Sewer, Electrical,
                                                                 Commercial
business unit         location              company's choice     Kansas City or Overland Park
term name             term                  equal name           all five exist
Cash, Check           payment               12000                methods Cash, Check
Visa, MasterCard      payment               12100                methods Visa, MasterCard
AMEX                  payment               12100                method American Express
ACH                   payment               10100                method ACH
GreenSky Financing    payment               12300                method Financing
Bad Debt Write-Off    write_off             item ``Bad debt``
Refund (Check),       payment               10100, 12100         the account the money leaves
Refund (Credit Card)
Customer Credit       payment               12000                total zero: credit moves between invoices
Barter                not mapped                                 hard data only: held
tax                   automated             explicit TotalTax    manual codes named like the tax zones exist
====================  ====================  ===================  ==========================================

The number after ``payment`` is the account ServiceTitan itself puts on such a payment; it exists in
QuickBooks under the same number (10100 Checking, 12000 Undeposited Funds, 12100 Merchant Card Clearing, 12300
Financing Clearing).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.bulk_purchases import bulk_materials, write_bulk
from st_qbo_sandbox.contractor.buying import write_buying
from st_qbo_sandbox.contractor.buying_lists import buying_lists, vendor_record
from st_qbo_sandbox.contractor.cases import CASES
from st_qbo_sandbox.contractor.chart import quickbooks_accounts, servicetitan_accounts
from st_qbo_sandbox.contractor.customers import SPECIAL_NAMES, Roster, roster
from st_qbo_sandbox.contractor.families import write_day
from st_qbo_sandbox.contractor.hard import write_hard
from st_qbo_sandbox.contractor.odd_purchases import write_odd_purchases
from st_qbo_sandbox.contractor.organization import (
    business_units,
    employees,
    founded,
    job_types,
    payment_terms,
    payment_types,
    tax_zones,
    technicians,
)
from st_qbo_sandbox.contractor.pricebook import pricebook
from st_qbo_sandbox.contractor.purchase_cases import BUYING_CASES
from st_qbo_sandbox.contractor.purchases import BOTH, with_vendors, write_purchases
from st_qbo_sandbox.contractor.quickbooks_books import Past
from st_qbo_sandbox.contractor.quickbooks_lists import company_info, lists, preferences
from st_qbo_sandbox.contractor.weekly import write_everyday
from st_qbo_sandbox.contractor.window import Window

__all__ = ["Seed", "build"]


@dataclass(frozen=True)
class Seed:
    """The contractor's data.

    Attributes: servicetitan: collection name -> records in the vendor's response shape. quickbooks:
    ``company_info``, ``preferences`` and ``objects`` ([entity, create body with Id], in order). cases:
    name of a planted case -> ids of its ServiceTitan records (see ``cases.CASES``, and with buying
    ``purchase_cases.BUYING_CASES``).
    """

    servicetitan: dict[str, list[dict[str, Any]]]
    quickbooks: dict[str, Any]
    cases: dict[str, list[int | str]]


def build(
    seed: int,
    last_day: date,
    days: int,
    invoices_per_day: int,
    hard: bool = False,
    buying: bool = False,
    bills_per_day: int = 0,
    skus: int = 0,
) -> Seed:
    """Build the contractor's data for the ``days`` days that end with ``last_day``.

    With ``buying`` there is a week of purchasing beside it, with ``bills_per_day`` and ``skus`` so many plain
    bills over so many SKUs; everything else is the same to the byte.
    """
    window = Window(seed, last_day, days, invoices_per_day, hard, buying, bills_per_day, skus)
    pool = roster(window)
    book = Book(window)
    for customer in pool.all():
        book.know(customer)
    _name_masters(book, pool)
    for day in window.dates:
        write_day(book, pool, day)
    write_buying(book)
    if buying:
        write_purchases(book)
    if buying and hard:
        write_odd_purchases(book)
    write_bulk(book)
    past = Past(window, pool, book)
    write_everyday(book, pool)
    if hard:
        past.write_odd_customers(write_hard(book, pool))
    past.write_history()
    past.write_bills()
    past.write_adopted()
    past.write_typed()
    book.close()
    records = {
        **book.records,
        "business-units": business_units(window),
        "gl-accounts": servicetitan_accounts(window),
        "tax-zones": tax_zones(window),
        "payment-terms": payment_terms(window),
        "payment-types": payment_types(window),
        "employees": employees(window),
        "technicians": technicians(window),
        "job-types": job_types(window),
        **pricebook(window),
        **buying_lists(window),
    }
    if buying:
        records["vendors"].append(vendor_record(BOTH, founded(window)))
        with_vendors(records)
    records["materials"] += bulk_materials(window, founded(window))
    planted = (*CASES, *BUYING_CASES) if buying else CASES
    quickbooks = {
        "company_info": company_info(),
        "preferences": preferences(),
        "objects": quickbooks_accounts(window) + lists(window) + past.objects,
    }
    return Seed(records, quickbooks, {case.name: book.cases.get(case.name, []) for case in planted})


def _name_masters(book: Book, pool: Roster) -> None:
    by_name = {customer.name: customer.id for customer in pool.special}
    for case, names in SPECIAL_NAMES.items():
        book.case(case, *(by_name[name] for name in names))
    book.case("shared_name", *(customer.id for customer in pool.shared))
