"""Which extracts a step reads: of ServiceTitan's records, and of what they become.

What belongs here: names. What does not: keys (`keys`) and what is made of the records.
"""

from collections.abc import Mapping

from st_qbo_assets.domain.ids import Entity

_DOCUMENTS = ("invoices", "credit_memos", "payments")
#: Extract → extracts of the same day it is read by, in an order in which each comes after those.
EXTRACTS: Mapping[str, tuple[str, ...]] = {
    "invoices": (),
    "payments": (),
    "credit_memos": (),
    "jobs": ("invoices", "payments"),
    "customers": _DOCUMENTS,
    "items": _DOCUMENTS,
}
#: Which extracts each entity's records stand in.
MAPPED_FROM: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: _DOCUMENTS,
    Entity.CUSTOMER: ("customers",),
    Entity.INVOICE: ("invoices",),
    Entity.CREDIT_MEMO: ("credit_memos",),
    Entity.PAYMENT: ("payments",),
}
#: Which extracts hold what they refer to. A negative invoice and a credit memo of one day may be one credit.
MAPPED_AROUND: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: ("jobs", "customers", "items"),
    Entity.CUSTOMER: (),
    Entity.INVOICE: ("credit_memos", "jobs", "customers", "items"),
    Entity.CREDIT_MEMO: ("invoices", "jobs", "customers", "items"),
    Entity.PAYMENT: ("jobs", "customers", "items"),
}
