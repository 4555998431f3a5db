"""Currency: documents of a business unit that counts in another one than QuickBooks (rule 2.4).

What belongs here: the one comparison. What does not: refusing companies with several currencies (readiness).
ServiceTitan's documents name no currency; their business units do.
"""

from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.servicetitan.buying import Bill
from st_qbo_assets.servicetitan.records import Invoice, Payment


def wrong_currency(record: Invoice | Payment | Bill, lookup: Lookup) -> Problem | None:
    """Return the problem of a document whose business unit has another currency than QuickBooks."""
    unit = record.business_unit
    known = lookup.business_units.get(unit.id) if unit is not None and unit.id is not None else None
    home = lookup.reference.preferences.home_currency
    if known is None or not known.currency or not home:
        return None
    if known.currency.strip().upper() == home.strip().upper():
        return None
    return held("currency_mismatch", unit=known.name, currency=known.currency, home=home)
