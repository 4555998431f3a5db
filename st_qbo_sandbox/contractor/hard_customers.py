"""Customers that are hard to match or to name, each with its counterpart in QuickBooks where it has one.

What belongs here: odd customers of hard data and what QuickBooks holds under their names. What does not: odd
documents.

They are masters: all of them exist in every hard seed, and each gets one ordinary invoice a week.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.customers import Customer, Site, street_address
from st_qbo_sandbox.contractor.day import Day, lines_of
from st_qbo_sandbox.contractor.organization import UNIT, ZONES
from st_qbo_sandbox.contractor.window import Window, local, ordinal

_FIRST = 8000
_SHARED_EMAIL = "front.desk@ziegenhorn.example.com"


@dataclass(frozen=True)
class OddCustomer:
    """One odd customer.

    Attributes:
        case: the case it is planted for.
        name: its name in ServiceTitan.
        quickbooks: names it has in QuickBooks; none, one or several.
        email, phone: contact data in ServiceTitan; None stands for a plain one, "" for none at all.
        same_contact: whether QuickBooks holds the same e-mail address.
        inactive_in_quickbooks, parent: how it stands in QuickBooks.
        more: changes of the ServiceTitan customer.
    """

    case: str
    name: str
    quickbooks: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    same_contact: bool = False
    inactive_in_quickbooks: bool = False
    parent: str = ""
    free_form: bool = False
    exempt_site: bool = False
    more: dict[str, Any] = field(default_factory=dict[str, Any])


_LETTERS = (
    "Consolidated Amalgamated Heating Cooling Plumbing Electrical Customers of the Lower Missouri Valley "
)
ODD_CUSTOMERS: tuple[OddCustomer, ...] = (
    OddCustomer("name_600", (_LETTERS * 7)[:600]),
    OddCustomer("name_600", (_LETTERS * 7)[:590] + "Branch Two"),
    OddCustomer("name_only_punctuation", "---"),
    OddCustomer("name_only_punctuation", ":::"),
    OddCustomer("name_only_space", "   "),
    OddCustomer("name_empty", ""),
    OddCustomer("name_emoji", "Sunny Side Café 🍳🌞"),
    OddCustomer("name_not_latin", "北京小馆 Peking House"),
    OddCustomer("name_tab_and_newline", "Gutierrez,\tMarisol\nRental"),
    OddCustomer("name_quotes_and_backslash", 'Back\\Slash "Bar" & Grill\'s'),
    OddCustomer("name_is_a_vendor", "Gulf Coast HVAC Supply"),
    OddCustomer("name_is_an_employee", "Darnell Okafor"),
    OddCustomer("name_near", "Holtgrewe, Annelise", ("Holtgrewe, Anneliese",)),
    OddCustomer("name_near", "Smoky River Outfitters LLC", ("Smoky River Outfitters, L.L.C.",)),
    OddCustomer("name_alone", "Obermeyer, Lothar", ("Obermeyer, Lothar",), email="", phone=""),
    OddCustomer("name_two_candidates", "Ziegenhorn, Petra", ("Ziegenhorn, Petra", "Petra Ziegenhorn"),
                email=_SHARED_EMAIL, same_contact=True),
    OddCustomer("name_reversed", "Ullmann, Greta", ("Greta Ullmann",), same_contact=True),
    OddCustomer("customer_twice", "Vandenberg, Ilse", email="ilse.vandenberg@example.com"),
    OddCustomer("customer_twice", "Vandenberg, Ilse", email="ilse.vandenberg@example.com"),
    OddCustomer("names_collide_when_legal", "Mulberry: Court"),
    OddCustomer("names_collide_when_legal", "Mulberry- Court"),
    OddCustomer("inactive_in_quickbooks", "Oberst, Kaspar", ("Oberst, Kaspar",), same_contact=True,
                inactive_in_quickbooks=True),
    OddCustomer("sub_customer_in_quickbooks", "Lakeshore Lofts 4B", ("Lakeshore Lofts 4B",),
                same_contact=True,
                parent="Lakeshore Lofts Association"),
    OddCustomer("free_form_address", "Tregaskis, Jory", ("Tregaskis, Jory",), same_contact=True,
                free_form=True),
    OddCustomer("email_invalid", "Iyer, Savitri", email="savitri at example"),
    OddCustomer("email_over_100", "Pruitt, Gaylon", email=f"{'g' * 96}@example.com"),
    OddCustomer("phone_over_30", "Zamora, Efrain", phone="816-555-0188 after 5 pm, ask for Efrain or Luz"),
    OddCustomer("no_contacts", "Yoder, Amos", email="", phone=""),
    OddCustomer("customer_inactive", "Kettering, Dot", more={"active": False}),
    OddCustomer("location_exempt", "Grange Hall Cooperative", exempt_site=True),
)  # fmt: skip


def odd_customers(window: Window) -> list[Customer]:
    """Build the odd customers, in the order of the table; the last is one that was merged away."""
    made: list[Customer] = []
    for position, odd in enumerate(ODD_CUSTOMERS):
        index = _FIRST + position
        address = street_address(300_000 + position, position)
        zone = ZONES[position % len(ZONES)]
        created = local(window.last_day - timedelta(days=1000 + position), 10, 30)
        customer = Customer(
            id=5_010_000 + index,
            name=odd.name,
            type="Residential" if "," in odd.name else "Commercial",
            address=address,
            sites=(Site(5_020_000 + index * 10, odd.name, address, zone.id, tax_exempt=odd.exempt_site),),
            phone=f"913555{position:04d}" if odd.phone is None else odd.phone,
            email=f"odd{position}@example.com" if odd.email is None else odd.email,
            term_id=11,
            created=created,
            modified=created,
            contacts=(odd.email, odd.phone) != ("", ""),
        )
        made.append(replace(customer, **odd.more))
    survivor = made[-1]
    merged = replace(survivor, id=survivor.id + 1, name="Grange Hall Co-op (old)", active=False,
                     merged_to=survivor.id, email="", phone="", contacts=False,
                     sites=(replace(survivor.sites[0], id=survivor.sites[0].id + 10, tax_exempt=False),
                            ))  # fmt: skip
    return [*made, merged]


CASES_IN_ORDER: tuple[str, ...] = (*(odd.case for odd in ODD_CUSTOMERS), "customer_merged")


def write_odd_visits(day: Day, customers: list[Customer], first_number: int) -> None:
    """Give every seventh odd customer an ordinary invoice, so that each has one a week."""
    for position, customer in enumerate(customers):
        if (ordinal(day.date) - position) % 7:
            continue
        issued = day.sell(first_number + position, customer, UNIT["HVAC Maintenance"], lines_of("TUNEUP-AC"))
        if CASES_IN_ORDER[position] == "location_exempt":
            issued.record |= {"salesTax": "4.20", "total": "133.20"}
            issued.open = Decimal("133.20")
            day.book.case("tax_for_exempt_location", issued.id)
        elif position % 2:
            day.pay_full(issued, "Check")
