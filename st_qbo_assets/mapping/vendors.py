"""Vendors: one ServiceTitan vendor becomes one QuickBooks Vendor, or says why not.

What belongs here: the body of a new vendor. What does not: changes of one that is linked (`domain.masters`),
terms, which ServiceTitan does not show (rule 7.6).
"""

from datetime import date

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.reasons import reason
from st_qbo_assets.domain.masters.sides import VENDOR, quickbooks_body, read_servicetitan
from st_qbo_assets.domain.masters.values import Manner, Problem, Value, is_empty, to_quickbooks
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict

#: The load may have to add a suffix to make it unique; that is no change of the vendor.
OUTSIDE_DIGEST = ("DisplayName",)
_SENT = ("name", "email", "phone", "fax", "address", "person")


def map_vendor(record: Json, *, day: date, latin1: bool, is_created: bool = True) -> Mapped:
    """Return what a vendor becomes; an inactive one is not made, and none is if the company says so.

    A field without a legal form is left out of a new vendor; the sync of both sides says why.
    """
    side = read_servicetitan(VENDOR, record)
    source = SourceRef(Entity.VENDOR, side.id)
    title = str(side.values["name"])
    manner = Manner(latin1=latin1, is_person=False)
    written: dict[str, Value] = {}
    for name in _SENT:
        value = to_quickbooks(name, side.values[name], manner)
        if name == "name" and isinstance(value, Problem):
            said = reason("name_illegal", value=title, towards="QuickBooks")
            return Mapped(source, Verdict.HELD, day, title=title, reason=said)
        if not isinstance(value, Problem) and not is_empty(value):
            written[name] = value
    if not side.is_active or not is_created:
        code = "not_needed" if side.is_active else "inactive"
        return Mapped(source, Verdict.NOT_DUE, day, title=title, reason=reason(code, entity="vendor"))
    body = {key: part for key, part in quickbooks_body(written).items() if part}
    payload = Payload(source, "Vendor", day, body, title=title, outside_digest=OUTSIDE_DIGEST)
    return Mapped(source, Verdict.DUE, day, title=title, payload=payload)
