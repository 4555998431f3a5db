"""Which extracts a step reads: of ServiceTitan's records, and of what they become.

What belongs here: names. What does not: keys (`keys`) and what is made of the records.
"""

from collections.abc import Mapping

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity

_DOCUMENTS = ("invoices", "credit_memos", "payments")
_BILLS, _ORDERS, _CREDITS, _BILL_PAYMENTS = "bills", "purchase_orders", "vendor_credits", "bill_payments"
_EXTRACTS: Mapping[str, tuple[str, ...]] = {
    "invoices": (),
    "payments": (),
    "credit_memos": (),
    "jobs": ("invoices", "payments"),
    "customers": _DOCUMENTS,
    "items": _DOCUMENTS,
}
_MAPPED_FROM: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: _DOCUMENTS,
    Entity.CUSTOMER: ("customers",),
    Entity.INVOICE: ("invoices",),
    Entity.CREDIT_MEMO: ("credit_memos",),
    Entity.PAYMENT: ("payments",),
    Entity.BILL: (_BILLS,),
    Entity.PURCHASE_ORDER: (_ORDERS,),
    Entity.VENDOR_CREDIT: (_CREDITS,),
    Entity.BILL_PAYMENT: (_BILL_PAYMENTS,),
}
#: A negative invoice and a credit memo of one day may be one credit.
_MAPPED_AROUND: Mapping[Entity, tuple[str, ...]] = {
    Entity.ITEM: ("jobs", "customers", "items"),
    Entity.CUSTOMER: (),
    Entity.INVOICE: ("credit_memos", "jobs", "customers", "items"),
    Entity.CREDIT_MEMO: ("invoices", "jobs", "customers", "items"),
    Entity.PAYMENT: ("jobs", "customers", "items"),
    Entity.BILL: (),
    Entity.PURCHASE_ORDER: (),
    Entity.VENDOR_CREDIT: (),
    Entity.BILL_PAYMENT: (),
}


def extracts(company: CompanyFile) -> Mapping[str, tuple[str, ...]]:
    """Return extract → extracts of the same day it is read by, each after those."""
    if not company.buys:
        return _EXTRACTS
    bought = _bought(company)
    return {**dict.fromkeys(bought, ()), **_EXTRACTS, "customers": (*_DOCUMENTS, *bought)}


def mapped_from(entity: Entity, company: CompanyFile) -> tuple[str, ...]:
    """Return which extracts an entity's records stand in.

    Bills come first: an item that is bought says more than one that is only sold.
    """
    found = _MAPPED_FROM[entity]
    return (*_bought(company), *found) if entity is Entity.ITEM else found


def mapped_around(entity: Entity, company: CompanyFile) -> tuple[str, ...]:
    """Return which extracts hold what an entity's records refer to."""
    return tuple(name for name in _MAPPED_AROUND[entity] if name in extracts(company))


def _bought(company: CompanyFile) -> tuple[str, ...]:
    if not company.buys:
        return ()
    orders = (_ORDERS,) if company.orders else ()
    return (_BILLS, *orders, _CREDITS, *((_BILL_PAYMENTS,) if company.pays_bills else ()))
