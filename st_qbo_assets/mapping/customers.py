"""Customers: one ServiceTitan customer becomes one QuickBooks Customer, or says why not.

What belongs here: names made legal, primary contacts, billing and service address. What does not: making the
name unique in a realm and finding the customer that exists already (load), the way back.
"""

from datetime import date

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.values import EXEMPT_REASONS
from st_qbo_assets.domain.names import NAME_PART_LENGTH, LegalText, clean, legal_name, one_line, person_parts
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.addresses import physical_address
from st_qbo_assets.mapping.contacts import Reach, reach_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.records import Customer, Location, Unreadable

#: The load may have to add a suffix to make it unique; that is no change of the customer.
OUTSIDE_DIGEST = ("DisplayName",)
_RESIDENTIAL = "Residential"


def map_customer(record: Customer | Unreadable, lookup: Lookup, *, day: date) -> list[Mapped]:
    """Return what a customer becomes; `day` is the partition that asked for it.

    `facts` hold all e-mails and phones, though QuickBooks takes one of each, for matching.
    """
    if isinstance(record, Unreadable):
        return map_unreadable(record, Customer, Entity.CUSTOMER, lookup)
    source = SourceRef(Entity.CUSTOMER, str(record.id))
    name = legal_name(record.name, latin1=lookup.latin1)
    if name is None:
        shown = one_line(clean(record.name, latin1=False))
        told = reason("name_illegal", name=shown)
        return [Mapped(source=source, verdict=Verdict.HELD, day=day, title=shown, reason=told)]
    reach = reach_of(record.id, lookup)
    payload = Payload(
        source=source,
        target="Customer",
        day=day,
        body=_body(record, name, reach, lookup),
        title=name.text,
        outside_digest=OUTSIDE_DIGEST,
    )
    facts: Json = {
        "emails": list(reach.emails),
        "phones": [*reach.phones, *reach.mobiles],
        "is_active": record.active,
        "locations": [str(location.id) for location in _locations_of(record, lookup)],
    }
    if name.changes:
        facts["name_changes"] = list(name.changes)
    if record.merged_to_id is not None:
        facts["merged_to"] = str(SourceRef(Entity.CUSTOMER, str(record.merged_to_id)))
    return [
        Mapped(source=source, verdict=Verdict.DUE, day=day, title=name.text, payload=payload, facts=facts)
    ]


def _body(customer: Customer, name: LegalText, reach: Reach, lookup: Lookup) -> Json:
    body: Json = {"DisplayName": name.text, **_name_parts(customer, lookup)}
    if reach.emails:
        body["PrimaryEmailAddr"] = {"Address": reach.emails[0]}
    numbers = {
        "PrimaryPhone": next(iter(reach.phones or reach.mobiles), ""),
        "Mobile": next(iter(reach.mobiles), "") if reach.phones else "",
        "Fax": next(iter(reach.faxes), ""),
    }
    body |= {field: {"FreeFormNumber": number} for field, number in numbers.items() if number}
    address = physical_address(customer.address, lookup)
    if address:
        body["BillAddr"] = address
    service = next((each.address for each in _locations_of(customer, lookup)), None)
    if written := physical_address(service, lookup):
        body["ShipAddr"] = written
    if customer.tax_exempt and lookup.company.tax.exempt_reason:
        number = EXEMPT_REASONS[lookup.company.tax.exempt_reason]
        body |= {"Taxable": False, "TaxExemptionReasonId": number}
    return body


def _locations_of(customer: Customer, lookup: Lookup) -> list[Location]:
    """Return the active locations of a customer that are known, the oldest first."""
    own = [each for each in lookup.locations.values() if each.customer_id == customer.id and each.active]
    return sorted(own, key=lambda each: each.id)


def _name_parts(customer: Customer, lookup: Lookup) -> Json:
    """Return given and family name of a person, or the company name; none may hold a colon or tab."""
    whole = legal_name(customer.name, limit=10_000, latin1=lookup.latin1)
    text = whole.text if whole else ""
    if customer.type != _RESIDENTIAL:
        return {"CompanyName": text[:NAME_PART_LENGTH].strip()}
    given, family = person_parts(text)
    return {name: part for name, part in (("GivenName", given), ("FamilyName", family)) if part}
