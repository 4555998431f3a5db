"""Contacts of a customer: which e-mail and phones go to QuickBooks.

What belongs here: the primary rule, QuickBooks taking one of each kind. What does not: matching by
them (load).
"""

from dataclasses import dataclass

from st_qbo_assets.domain.names import legal_email, legal_phone
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.records import Contact

_EMAIL, _PHONE, _MOBILE, _FAX = "Email", "Phone", "MobilePhone", "Fax"


@dataclass(frozen=True)
class Reach:
    """All ways to reach a customer that QuickBooks would take, oldest first."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    faxes: tuple[str, ...] = ()


def reach_of(customer_id: int | None, lookup: Lookup) -> Reach:
    """Return the legal e-mails and numbers of a customer, each once.

    The oldest active contact of a kind, by id, is the primary one: adding another later moves nothing.
    """
    contacts = lookup.contacts.get(customer_id, ()) if customer_id is not None else ()
    active = sorted((contact for contact in contacts if contact.active), key=lambda contact: contact.id)
    return Reach(
        emails=tuple(dict.fromkeys(found for each in _of(active, _EMAIL) if (found := legal_email(each)))),
        phones=_numbers(active, _PHONE, lookup),
        mobiles=_numbers(active, _MOBILE, lookup),
        faxes=_numbers(active, _FAX, lookup),
    )


def primary_email(customer_id: int | None, lookup: Lookup) -> str:
    """Return the e-mail that goes to QuickBooks, empty if there is none."""
    return next(iter(reach_of(customer_id, lookup).emails), "")


def _numbers(contacts: list[Contact], kind: str, lookup: Lookup) -> tuple[str, ...]:
    numbers = (legal_phone(each, latin1=lookup.latin1) for each in _of(contacts, kind))
    return tuple(dict.fromkeys(number for number in numbers if number))


def _of(contacts: list[Contact], kind: str) -> list[str]:
    return [contact.value for contact in contacts if contact.type == kind]
