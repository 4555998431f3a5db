"""Customers, their locations and their contacts: the standing pool and those who are new on a day.

What belongs here: who the customers are, and their ServiceTitan records. What does not: their documents, and
how QuickBooks spells those it already knows (see ``quickbooks_books``).

The pool depends on the seed and on the documents a day, never on the number of days. Names of the pool are
unique but for one planted pair; telephone numbers and e-mail addresses are unique throughout.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.names import (
    FAMILY_NAMES,
    GIVEN_NAMES,
    LINKED_FIRMS,
    LINKED_PEOPLE,
    PLACES,
    STREETS,
    TRADES,
    spaced,
)
from st_qbo_sandbox.contractor.organization import ZONES
from st_qbo_sandbox.contractor.window import Window, local, ordinal, record_id, stamp

_POOL_ID = 5_010_000
_SITE_ID = 5_020_000
_CONTACT_ID = 5_110_000

LONG_NAMES = (
    "Greater Kansas City Metropolitan Interfaith Council for Affordable Housing, Emergency Shelter and "
    "Neighborhood Weatherization Assistance - Northeast Service Center",
    "Trustees of the Armourdale Consolidated Drainage, Levee and Stormwater Improvement District Number 4 of "
    "Wyandotte County, acting through its Facilities Maintenance Division",
)
SPECIAL_NAMES: dict[str, tuple[str, ...]] = {
    "name_apostrophe": ("O'Malley, Siobhan", "D'Angelo's Trattoria"),
    "name_colon": ("Prairie Village HOA: Clubhouse", "Nightshade Lane Rentals: Unit B: Garage"),
    "name_trailing_space": ("Vandersloot, Pieter ",),
    "name_double_space": ("Quintanilla,  Rosario",),
    "name_accents": ("Núñez, José Ángel", "Café Crème Bäckerei"),
    "name_over_100": LONG_NAMES,
    "name_ampersand": ('Bristle & Sons "Fine Brushes"',),
}
SHARED_NAME = "Johnson, Robert"
EXEMPT_NAMES = (
    "St. Brendan Parish School",
    "Platte Valley Fire Protection District",
    "Harvest Table Food Pantry",
)
_FIRM_WORDS = ("HOA", "Rentals", "Trattoria", "Café", "Interfaith", "Trustees", "Bristle")


@dataclass(frozen=True)
class Site:
    """A service location of a customer."""

    id: int
    name: str
    address: dict[str, Any]
    zone_id: int
    tax_exempt: bool = False


@dataclass(frozen=True)
class Customer:
    """A customer with everything documents and both products need to know."""

    id: int
    name: str
    type: str
    address: dict[str, Any]
    sites: tuple[Site, ...]
    phone: str
    email: str
    term_id: int
    created: datetime
    modified: datetime
    tax_exempt: bool = False
    active: bool = True
    merged_to: int | None = None
    contacts: bool = True
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def commercial(self) -> bool:
        """Say whether this is a firm."""
        return self.type == "Commercial"

    def named(self) -> dict[str, Any]:
        """Write the customer as a reference on a document."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True)
class Roster:
    """The standing pool, by the part its members play."""

    special: tuple[Customer, ...]
    shared: tuple[Customer, ...]
    exempt: tuple[Customer, ...]
    linked_people: tuple[Customer, ...]
    linked_firms: tuple[Customer, ...]
    firms: tuple[Customer, ...]
    people: tuple[Customer, ...]

    def all(self) -> list[Customer]:
        """List every member once, in id order."""
        groups = (self.special, self.shared, self.exempt, self.linked_people, self.linked_firms, self.firms)
        return [customer for group in (*groups, self.people) for customer in group]


def street_address(number: int, zone: int) -> dict[str, Any]:
    """Make the ``number``-th street address of a tax zone; no two numbers share one."""
    towns = ZONES[zone % len(ZONES)].towns
    city, state, postal = towns[number % len(towns)]
    return {
        "street": f"{101 + number // len(STREETS)} {spaced(STREETS[number % len(STREETS)])}",
        "unit": None,
        "city": city,
        "state": state,
        "zip": postal,
        "country": "USA",
    }


def person_name(number: int) -> str:
    """Make the ``number``-th person's name, family name first; distinct up to the product of both lists."""
    families, givens = len(FAMILY_NAMES), len(GIVEN_NAMES)
    mixed = number * 7919 % (families * givens)
    return f"{FAMILY_NAMES[mixed % families]}, {GIVEN_NAMES[mixed // families]}"


def firm_name(number: int) -> str:
    """Make the ``number``-th firm's name; past the lists' product a branch number is added."""
    mixed = number * 37 % (len(PLACES) * len(TRADES))
    branch = number // (len(PLACES) * len(TRADES))
    name = f"{spaced(PLACES[mixed % len(PLACES)])} {TRADES[mixed // len(PLACES)]}"
    return f"{name} No. {branch + 1}" if branch else name


def _email(name: str, number: int) -> str:
    letters = "".join(letter if letter.isascii() and letter.isalpha() else "." for letter in name.lower())
    parts = [part for part in letters.split(".") if part]
    return f"{'.'.join(parts[:2])[:40]}{number}@example.com"


def _pool_customer(
    window: Window, index: int, name: str, kind: str, *, sites: int = 1, exempt: bool = False
) -> Customer:
    stream = window.stream(f"customer/{index}")
    zone = stream.randrange(len(ZONES))
    address = street_address(index, zone)
    created = local(window.last_day - timedelta(days=900 + stream.randrange(1400)), 8 + stream.randrange(9),
                    stream.randrange(60), stream.randrange(60), stream.randrange(10**6))  # fmt: skip
    places = tuple(
        Site(
            _SITE_ID + index * 10 + number,
            name if number == 0 else f"{name.strip()[:80]} - Site {number + 1}",
            address if number == 0 else street_address(40_000 + index * 10 + number, zone + number),
            ZONES[(zone + number) % len(ZONES)].id,
        )
        for number in range(sites)
    )
    return Customer(
        id=_POOL_ID + index,
        name=name,
        type=kind,
        address=address,
        sites=places,
        phone=f"816555{index * 37 % 10_000:04d}",
        email=_email(name, index),
        term_id=11 if kind == "Residential" else stream.choice((12, 13, 13, 14, 15)),
        created=created,
        modified=created + timedelta(days=stream.randrange(800), minutes=stream.randrange(600)),
        tax_exempt=exempt,
    )


def roster(window: Window) -> Roster:
    """Build the standing pool: about five customers for each document of a day."""
    counter = iter(range(10_000))
    size = min(2000, max(150, 5 * window.invoices_per_day))

    def person(name: str, **more: Any) -> Customer:
        return _pool_customer(window, next(counter), name, "Residential", **more)

    def firm(name: str, **more: Any) -> Customer:
        return _pool_customer(window, next(counter), name, "Commercial", **more)

    special = tuple(
        firm(name) if any(word in name for word in _FIRM_WORDS) else person(name)
        for names in SPECIAL_NAMES.values()
        for name in names
    )
    shared = (person(SHARED_NAME), person(SHARED_NAME))
    exempt = tuple(firm(name, exempt=True) for name in EXEMPT_NAMES)
    linked_people = tuple(person(name) for name in LINKED_PEOPLE)
    linked_firms = tuple(firm(name, sites=2) for name in LINKED_FIRMS)
    firms = tuple(firm(firm_name(number), sites=1 + number % 3) for number in range(size // 5))
    people = tuple(person(person_name(number)) for number in range(size - size // 5))
    return Roster(special, shared, exempt, linked_people, linked_firms, firms, people)


def new_customer(window: Window, day: date, number: int) -> Customer:
    """Make the ``number``-th person who calls for the first time on a day."""
    stream = window.stream(f"new-customer/{day}/{number}")
    serial = ordinal(day) % 700 * 1000 + number
    name = f"{person_name(serial)} {'ABCDEFGHJKLMNPRSTVW'[serial // 11 % 19]}"
    identity = record_id("customer", day, number)
    zone = stream.randrange(len(ZONES))
    address = street_address(200_000 + serial, zone)
    created = window.happened(local(day, 7, stream.randrange(60), stream.randrange(60)))
    site = Site(record_id("location", day, number), name, address, ZONES[zone].id)
    subscriber = (ordinal(day) * 1000 + number) * 7919 % 8_000_000
    return Customer(
        id=identity,
        name=name,
        type="Residential",
        address=address,
        sites=(site,),
        phone=f"555{2_000_000 + subscriber:07d}",
        email=_email(name, identity),
        term_id=11,
        created=created,
        modified=created,
    )


def customer_record(customer: Customer, balance: Decimal) -> dict[str, Any]:
    """Write the ServiceTitan customer."""
    return {
        "id": customer.id,
        "active": customer.active,
        "name": customer.name,
        "type": customer.type,
        "address": {**customer.address, "latitude": None, "longitude": None},
        "customFields": [],
        "balance": balance,
        "taxExempt": customer.tax_exempt,
        "tagTypeIds": [],
        "doNotMail": False,
        "doNotService": False,
        "nationalAccount": False,
        "createdOn": stamp(customer.created),
        "createdById": 22,
        "modifiedOn": stamp(customer.modified),
        "mergedToId": customer.merged_to,
        "paymentTermId": customer.term_id,
        "creditLimit": None,
        "creditLimitBalance": None,
        "externalData": [],
        **customer.extra,
    }


def location_records(customer: Customer) -> list[dict[str, Any]]:
    """Write the ServiceTitan locations of a customer."""
    return [
        {
            "id": site.id,
            "customerId": customer.id,
            "active": customer.active,
            "name": site.name,
            "address": {**site.address, "latitude": None, "longitude": None},
            "customFields": [],
            "createdOn": stamp(customer.created),
            "createdById": 22,
            "modifiedOn": stamp(customer.modified),
            "mergedToId": None,
            "zoneId": None,
            "taxExempt": site.tax_exempt,
            "tagTypeIds": [],
            "externalData": [],
            "taxZoneId": site.zone_id,
        }
        for site in customer.sites
    ]


def contact_id(customer: Customer, number: int) -> int:
    """Derive the id of a customer's ``number``-th contact from the customer's own."""
    if customer.id < 10**8:
        return _CONTACT_ID + (customer.id - _POOL_ID) * 10 + number
    return 3 * 10**9 + (customer.id - 5 * 10**9) * 10 + number


def contact_records(customer: Customer) -> list[dict[str, Any]]:
    """Write the ServiceTitan contacts of a customer: a telephone and an e-mail address."""
    if not customer.contacts:
        return []
    phone_type = "Phone" if customer.commercial else "MobilePhone"
    wanted = [(phone_type, customer.phone, None), ("Email", customer.email, None)]
    return [
        {
            "modifiedOn": stamp(customer.modified),
            "phoneSettings": {"phoneNumber": value if kind != "Email" else "", "doNotText": False},
            "createdOn": stamp(customer.created),
            "preferences": {
                "jobRemindersEnabled": True,
                "marketingUpdatesEnabled": False,
                "invoiceStatementNotification": True,
            },
            "id": contact_id(customer, number),
            "type": kind,
            "value": value,
            "memo": memo,
            "customerId": customer.id,
        }
        for number, (kind, value, memo) in enumerate(wanted)
        if value
    ]
