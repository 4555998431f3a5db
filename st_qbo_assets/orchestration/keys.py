"""Asset keys, groups and their order: `[company, stage, entity]`, written down once.

What does not belong here: what an asset does.
"""

import dagster as dg

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity

#: What a load writes, in dependency order (rule 5.5).
LOAD_ORDER: tuple[Entity, ...] = (
    Entity.ITEM,
    Entity.CUSTOMER,
    Entity.INVOICE,
    Entity.CREDIT_MEMO,
    Entity.PAYMENT,
)
#: What it writes besides where the company's buying side is carried (rule 8.1).
BUYING_ORDER: tuple[Entity, ...] = (
    Entity.PURCHASE_ORDER,
    Entity.BILL,
    Entity.VENDOR_CREDIT,
    Entity.BILL_PAYMENT,
)

#: The proofs over the books, each with its check.
TIE_OUT = "tie_out"
TIES_OUT = "ties_out"
DUPLICATES = "duplicates"
NO_DUPLICATES = "no_duplicates"
DRIFT = "drift"
NO_DRIFT = "no_drift"
MATERIALS_COST = "materials_cost"
QUANTITIES_AGREE = "quantities_agree"
MONTH_CLOSE = "month_close"
MONTH_CLOSES = "month_closes"
PAYABLES_AGREE = "payables_agree"


def load_order(company: CompanyFile) -> tuple[Entity, ...]:
    """Return what a load of a company writes, in dependency order."""
    return (*LOAD_ORDER, *bought(company))


def bought(company: CompanyFile) -> tuple[Entity, ...]:
    """Return what of the buying side a company carries, in dependency order; nothing without a source."""
    if not company.buys:
        return ()
    is_left_out = {Entity.PURCHASE_ORDER: not company.orders, Entity.BILL_PAYMENT: not company.pays_bills}
    return tuple(each for each in BUYING_ORDER if not is_left_out.get(each))


def servicetitan(company: Company, name: str) -> dg.AssetKey:
    """Return the key of an extract from ServiceTitan."""
    return dg.AssetKey([company, "servicetitan", name])


def quickbooks(company: Company, name: str) -> dg.AssetKey:
    """Return the key of an extract from QuickBooks."""
    return dg.AssetKey([company, "quickbooks", name])


def mapped(company: Company, entity: Entity) -> dg.AssetKey:
    """Return the key of the payloads of an entity."""
    return dg.AssetKey([company, "mapped", entity.plural])


def loaded(company: Company, entity: Entity) -> dg.AssetKey:
    """Return the key of the load results of an entity."""
    return dg.AssetKey([company, "loaded", entity.plural])


def books(company: Company, name: str) -> dg.AssetKey:
    """Return the key of a proof over the books."""
    return dg.AssetKey([company, "books", name])


def group(company: Company, stage: str) -> str:
    """Return the group of a stage, e.g. `demo_mapped`."""
    return f"{company}_{stage}"
