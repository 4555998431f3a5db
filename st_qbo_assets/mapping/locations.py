"""Service locations as sub-customers, for companies that want them (`locations: sub_customers`).

What belongs here: which customer a sale names, and what a location becomes. What does not: the switch itself
(`domain.company`), a sub-customer that is there already (load). Payments stand on the parent, who pays for
its sub-customers because they are billed with it (QB §6.2).
"""

from datetime import date, timedelta

from st_qbo_assets.domain.ids import Entity, SourceRef, location_part
from st_qbo_assets.domain.names import legal_name
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.addresses import physical_address
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.records import Invoice, Location

#: Days that may be loaded together under the first of them.
_TOGETHER = timedelta(days=14)


def bill_to(sale: Invoice, lookup: Lookup, *, day: date) -> str:
    """Return the reference to the customer or sub-customer a sales document of a day names."""
    customer = str(sale.customer.id if sale.customer else None)
    place = sale.location.id if sale.location else None
    if place is None or not lookup.company.has_sub_customers_on(day):
        return str(SourceRef(Entity.CUSTOMER, customer))
    location = lookup.locations.get(place)
    if location is not None and str(location.customer_id) != customer:
        # It changed hands since: the document stays with who owes it.
        return str(SourceRef(Entity.CUSTOMER, customer))
    return str(SourceRef(Entity.CUSTOMER, customer, location_part(str(place))))


def map_location(record: Location, lookup: Lookup, *, day: date) -> list[Mapped]:
    """Return the sub-customer a location becomes; nothing where the company has none on that day."""
    company = lookup.company
    wanted = any(company.has_sub_customers_on(each) for each in (day, day + _TOGETHER))
    if not wanted or record.customer_id is None:
        return []
    parent = SourceRef(Entity.CUSTOMER, str(record.customer_id))
    source = SourceRef(Entity.CUSTOMER, parent.id, location_part(str(record.id)))
    name = legal_name(_name(record, lookup), latin1=lookup.latin1)
    if name is None:
        said = reason("name_illegal", name=record.name)
        return [Mapped(source=source, verdict=Verdict.HELD, day=day, title=record.name, reason=said)]
    body: Json = {
        "DisplayName": name.text,
        "Job": True,
        "ParentRef": {"value": str(parent)},
        "BillWithParent": True,
    }
    if address := physical_address(record.address, lookup):
        body["ShipAddr"] = address
    payload = Payload(source, "Customer", day, body, title=name.text)
    return [Mapped(source=source, verdict=Verdict.DUE, day=day, title=name.text, payload=payload)]


def _name(record: Location, lookup: Lookup) -> str:
    """Return the name of a location; its street where it is called like its customer, as houses often are."""
    customer = lookup.customers.get(record.customer_id or 0)
    own = customer.name if customer is not None else ""
    is_same = record.name.strip().casefold() in ("", own.strip().casefold())
    street = record.address.street if record.address is not None else ""
    return street if is_same and any(char.isalnum() for char in street) else record.name
