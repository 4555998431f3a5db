"""The price book: what the contractor sells, with the trade names, prices and accounts of each SKU.

What belongs here: SKUs and their ServiceTitan records. What does not: which of them stand together on an
invoice.

A service whose ``account`` is empty is booked to the income account of the line's business unit, which is how
one SKU comes to stand on several accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.chart import account
from st_qbo_sandbox.contractor.money import cents
from st_qbo_sandbox.contractor.organization import founded
from st_qbo_sandbox.contractor.window import Window


@dataclass(frozen=True)
class Sku:
    """One thing that can stand on an invoice line."""

    id: int
    code: str
    name: str
    type: str
    price: Decimal
    cost: Decimal
    account: str
    taxable: bool
    stocked: bool = False
    hours: Decimal = Decimal(0)
    unit_of_measure: str = "EA"
    hard: bool = False
    active: bool = True


def _service(number: int, code: str, name: str, price: str, account_key: str = "", **more: Any) -> Sku:
    taxable = bool(more.pop("taxable", False))
    return Sku(
        900000 + number, code, name, "Service", Decimal(price), Decimal(0), account_key, taxable, **more
    )


def _material(number: int, code: str, name: str, price: str, cost: str, account_key: str, **more: Any) -> Sku:
    return Sku(910000 + number, code, name, "Material", Decimal(price), Decimal(cost), account_key, True,
               stocked=more.pop("stocked", True), **more)  # fmt: skip


def _equipment(number: int, code: str, name: str, price: str, cost: str, account_key: str) -> Sku:
    return Sku(920000 + number, code, name, "Equipment", Decimal(price), Decimal(cost), account_key, True)


def _modifier(number: int, code: str, name: str, price: str, account_key: str = "49000", **more: Any) -> Sku:
    taxable = bool(more.pop("taxable", False))
    return Sku(
        930000 + number, code, name, "PriceModifier", Decimal(price), Decimal(0), account_key, taxable, **more
    )


SKUS: tuple[Sku, ...] = (
    _service(1, "DIAG-01", "Diagnostic visit", "89.00", hours=Decimal("0.5")),
    _service(2, "TRIP-CHG", "Trip charge", "59.00"),
    _service(3, "AFTERHRS", "After-hours dispatch", "149.00"),
    _service(4, "LABOR-HR", "Technician labor, per hour", "148.50", hours=Decimal(1), unit_of_measure="HR"),
    _service(5, "PERMIT", "Permit and inspection fee", "185.00", "Permit Fees Billed"),
    _service(10, "CAP-REPL", "Replace dual run capacitor", "218.00", "40100", hours=Decimal("0.75")),
    _service(11, "CONTACTOR-REPL", "Replace contactor", "246.00", "40100", hours=Decimal(1)),
    _service(12, "BLOWER-CLEAN", "Pull and clean blower wheel", "389.00", "40100", hours=Decimal("2.5")),
    _service(13, "LEAK-SRCH", "Refrigerant leak search, electronic", "275.00", "40100", hours=Decimal("1.5")),
    _service(14, "IGNITOR-REPL", "Replace hot surface ignitor", "312.00", "40100", hours=Decimal(1)),
    _service(15, "TUNEUP-AC", "Precision tune-up, cooling", "129.00", "40300", hours=Decimal(1)),
    _service(16, "TUNEUP-HT", "Precision tune-up, heating", "129.00", "40300", hours=Decimal(1)),
    _service(17, "DUCT-SEAL", "Seal accessible ductwork", "465.00", "40300", hours=Decimal(4)),
    _service(18, "INSTALL-SPLIT", "Install split system, labor", "2450.00", "40200", hours=Decimal(16)),
    _service(19, "INSTALL-MINI", "Install ductless zone, labor", "1375.00", "40200", hours=Decimal(9)),
    _service(20, "WH-INSTALL", "Install water heater, labor", "685.00", "42300", hours=Decimal(4)),
    _service(21, "FAUCET-INST", "Install customer faucet", "189.00", "42100", hours=Decimal(1)),
    _service(22, "TOILET-RBLD", "Rebuild toilet tank", "229.00", "42100", hours=Decimal("1.25")),
    _service(23, "PIPE-RPR", "Repair copper supply line", "342.00", "42100", hours=Decimal(2)),
    _service(24, "DRAIN-CBL", "Cable main drain to 100 ft", "298.00", "42200", hours=Decimal("1.5")),
    _service(25, "HYDRO-JET", "Hydro-jet sewer lateral", "645.00", "42200", hours=Decimal(3)),
    _service(26, "CAMERA-INSP", "Sewer camera inspection", "249.00", "42200", hours=Decimal(1)),
    _service(27, "OUTLET-INST", "Install receptacle", "167.00", "44100", hours=Decimal("0.75")),
    _service(28, "PANEL-200", "Upgrade to 200 A panel, labor", "1890.00", "44100", hours=Decimal(10)),
    _service(29, "EVSE-INST", "Install EV charging circuit", "895.00", "44100", hours=Decimal(5)),
    _service(30, "RTU-PM", "Rooftop unit preventive maintenance", "325.00", "40100", hours=Decimal(2)),
    _service(40, "MEMB-COMFORT", "Comfort Club membership, monthly", "24.95", "Membership Income"),
    _service(41, "MEMB-ANNUAL", "Comfort Club membership, annual", "249.00", "Membership Income"),
    _service(42, "FIN-CHG", "Finance charge on overdue balance", "18.75", "48000"),
    _service(43, "WARR-VISIT", "Warranty call-back, no charge", "0.00"),
    _material(1, "CAP-45-5", "45/5 MFD 440 V dual run capacitor", "64.50", "11.25", "40100"),
    _material(2, "CONT-2P-30", "2-pole 30 A contactor, 24 V coil", "58.00", "9.8500", "40100"),
    _material(3, "R410A", "R-410A refrigerant, per pound", "89.00", "7.9375", "40100", unit_of_measure="LB"),
    _material(4, "FLT-16X25X4", "MERV 11 media filter 16x25x4", "48.95", "17.1000", "40300"),
    _material(5, "IGN-SN", "Silicon nitride ignitor 80 V", "71.25", "22.40", "40100"),
    _material(6, "LINESET-38-34", "Insulated line set 3/8 x 3/4, per foot", "9.875", "3.1250", "40200",
              unit_of_measure="FT"),
    _material(7, "TSTAT-T6", "T6 Pro programmable thermostat", "179.00", "62.00", "40100"),
    _material(8, "PVC-3", "3 in. Schedule 40 PVC, per foot", "6.45", "2.1125", "42200", unit_of_measure="FT"),
    _material(9, "PEX-34", "3/4 in. PEX-A tubing, per foot", "2.1875", "0.6850", "42100",
              unit_of_measure="FT"),
    _material(10, "BALL-34", "3/4 in. lead-free ball valve", "38.40", "14.2000", "42100"),
    _material(11, "WAX-RING", "Extra thick wax ring kit", "14.50", "4.10", "42100"),
    _material(12, "THHN-12", "12 AWG THHN copper, per foot", "1.1875", "0.2450", "44100",
              unit_of_measure="FT"),
    _material(13, "ROMEX-12-2", "12/2 NM-B cable, per foot", "1.64", "0.6125", "44100", unit_of_measure="FT"),
    _material(14, "GFCI-20", "20 A GFCI receptacle", "42.00", "18.75", "44100"),
    _material(15, "BRKR-20", "20 A single-pole breaker", "23.80", "8.9000", "44100"),
    _material(16, "SHOP-MISC", "Shop supplies and consumables", "12.50", "5.00", "40100", stocked=False),
    _equipment(1, "AC-16-3T", "3 ton 16 SEER2 condenser", "3985.00", "1980.00", "40200"),
    _equipment(2, "FURN-96-80", "96% 80,000 BTU gas furnace", "3450.00", "1615.00", "40200"),
    _equipment(3, "COIL-3T", "3 ton cased evaporator coil", "1125.00", "512.00", "40200"),
    _equipment(4, "MINI-12K", "12,000 BTU ductless heat pump", "2795.00", "1340.00", "40200"),
    _equipment(5, "WH-50G", "50 gallon gas water heater", "1395.00", "689.00", "42300"),
    _equipment(6, "WH-TNKLS", "199,000 BTU tankless water heater", "2895.00", "1422.00", "42300"),
    _equipment(7, "PANEL-200A", "200 A 40-space load center", "589.00", "248.00", "44100"),
    _equipment(8, "GEN-22KW", "22 kW standby generator", "7450.00", "4890.00", "44200"),
    _modifier(1, "DISC-SR", "Senior discount", "-20.00"),
    _modifier(2, "DISC-MEMBER", "Comfort Club member savings", "-35.00"),
    _modifier(3, "DISC-NEIGHBOR", "Neighbor referral credit", "-50.00"),
    _modifier(4, "DISC-TAXABLE", "Manufacturer instant rebate", "-150.00", taxable=True),
    _modifier(5, "FEE-FUEL", "Fuel and disposal fee", "7.95", "40100"),
    _service(60, "MEMB-PREPAID", "Comfort Club membership, prepaid three years", "699.00", "23100",
             hard=True),
    _service(61, "JOB-DEPOSIT", "Deposit on future installation", "1500.00", "23000", hard=True),
    _service(62, "SOLAR-CLEAN", "Clean solar array", "350.00", "45900", hard=True),
    _service(63, "REFRIG-SVC", "Walk-in cooler service", "425.00", "45800", hard=True),
    _service(64, "ADV-REBATE", "Co-op advertising rebate", "120.00", "66000", hard=True),
    _service(65, "WTR:SOFT:INST", "Install water softener: basement", "545.00", "42100", hard=True),
    _service(66, "diag-01", "Diagnostic visit (imported)", "79.00", "42100", hard=True),
    _service(67, "Hours", "Consulting hours", "110.00", "44100", hard=True),
    _service(68, "RETIRED-FLUSH", "Coil flush, discontinued", "199.00", "40100", hard=True, active=False),
    _material(60,
              "KIT-" + "COMPLETE-CONDENSATE-PUMP-AND-SAFETY-SWITCH-ASSEMBLY-WITH-ALL-FITTINGS-" * 2 + "230V",
              "Condensate pump kit", "289.00", "121.00", "40100", hard=True),
)  # fmt: skip

SKU = {sku.code: sku for sku in SKUS}

CATEGORIES: tuple[tuple[int, str, str], ...] = (
    (2201, "Heating and cooling", "Services"),
    (2202, "Plumbing and drains", "Services"),
    (2203, "Electrical", "Services"),
    (2204, "General", "Services"),
    (2211, "HVAC parts", "Materials"),
    (2212, "Plumbing parts", "Materials"),
    (2213, "Electrical parts", "Materials"),
)


def income_key(sku: Sku, unit_income: str) -> str:
    """Name the account a SKU earns on, given the income account of the line's business unit."""
    return sku.account or unit_income


def _category(sku: Sku) -> tuple[int, str, str]:
    trade = {"4": 0, "40": 0, "42": 1, "44": 2}.get(sku.account[:2], 3)
    if sku.type == "Service":
        return CATEGORIES[trade]
    return CATEGORIES[4 + min(trade, 2)]


def _prices(sku: Sku) -> dict[str, Any]:
    member = cents(sku.price * Decimal("0.9"))
    return {"price": sku.price, "memberPrice": member, "addOnPrice": sku.price, "addOnMemberPrice": member}


def _account_name(key: str) -> str | None:
    return account(key).number or account(key).name if key else None


def _service_record(sku: Sku, made: str) -> dict[str, Any]:
    category = _category(sku)
    return {
        "id": sku.id,
        "code": sku.code,
        "displayName": sku.name,
        "description": f"<p>{sku.name}</p>",
        "warranty": {"duration": 365, "description": "Parts and labor"},
        "categories": [{"id": category[0], "name": category[1], "active": True}],
        **_prices(sku),
        "taxable": sku.taxable,
        "account": _account_name(sku.account),
        "hours": sku.hours,
        "isLabor": sku.code == "LABOR-HR",
        "recommendations": [],
        "upgrades": [],
        "assets": [],
        "serviceMaterials": [],
        "serviceEquipment": [],
        "active": sku.active,
        "crossSaleGroup": None,
        "paysCommission": False,
        "bonus": 0,
        "commissionBonus": 0,
        "modifiedOn": made,
        "source": None,
        "externalId": None,
        "externalData": [],
        "businessUnitId": None,
        "cost": sku.cost,
        "createdOn": made,
        "soldByCommission": 0,
        "defaultAssetUrl": None,
        "budgetCostCode": None,
        "budgetCostType": None,
        "calculatedPrice": None,
        "useStaticPrices": True,
    }


def _goods(sku: Sku, made: str) -> dict[str, Any]:
    return {
        "id": sku.id,
        "code": sku.code,
        "displayName": sku.name,
        "description": f"<p>{sku.name}</p>",
        "cost": sku.cost,
        "active": sku.active,
        **_prices(sku),
        "hours": sku.hours,
        "bonus": 0,
        "commissionBonus": 0,
        "paysCommission": False,
        "unitOfMeasure": sku.unit_of_measure,
        "isInventory": sku.stocked,
        "account": _account_name(sku.account),
        "costOfSaleAccount": "50100" if sku.type == "Material" else "50200",
        "assetAccount": "13000" if sku.stocked else None,
        "taxable": sku.taxable,
        "primaryVendor": None,
        "otherVendors": [],
        "categories": [_category(sku)[0]],
        "assets": [],
        "modifiedOn": made,
        "source": None,
        "externalId": None,
        "externalData": [],
        "createdOn": made,
        "displayInAmount": True,
        "generalLedgerAccountId": account(sku.account).id if sku.account else None,
        "defaultAssetUrl": None,
        "budgetCostCode": None,
        "budgetCostType": None,
    }


def material_record(sku: Sku, made: str) -> dict[str, Any]:
    """Write a material."""
    return {
        **_goods(sku, made),
        "deductAsJobCost": False,
        "isConfigurableMaterial": False,
        "chargeableByDefault": True,
        "variationsOrConfigurableMaterials": [],
        "businessUnitId": None,
        "createdById": 21,
        "isOtherDirectCost": False,
        "costTypeId": None,
    }


def _equipment_record(sku: Sku, made: str) -> dict[str, Any]:
    warranty = {"duration": 120, "description": "Manufacturer, months"}
    return {
        **_goods(sku, made),
        "manufacturer": "Prairie Comfort",
        "model": sku.code,
        "manufacturerWarranty": warranty,
        "serviceProviderWarranty": warranty,
        "recommendations": [],
        "upgrades": [],
        "equipmentMaterials": [],
        "crossSaleGroup": None,
        "isConfigurableEquipment": False,
        "variationsOrConfigurableEquipment": [],
        "typeId": None,
        "dimensions": None,
    }


def _modifier_record(sku: Sku, made: str) -> dict[str, Any]:
    return {
        "id": sku.id,
        "type": "Discount" if sku.price < 0 else "Fee",
        "code": sku.code,
        "displayName": sku.name,
        "description": f"<p>{sku.name}</p>",
        "amountType": "Fixed",
        "amount": abs(sku.price),
        "limit": 0,
        "taxable": sku.taxable,
        "categories": [],
        "hours": 0,
        "assets": [],
        "account": _account_name(sku.account),
        "crossSaleGroup": None,
        "active": sku.active,
        "bonus": 0,
        "commissionBonus": 0,
        "paysCommission": False,
        "excludeFromPayroll": False,
        "externalData": [],
        "budgetCostCode": None,
        "budgetCostType": None,
        "createdOn": made,
        "modifiedOn": made,
    }


_WRITERS = {
    "Service": ("services", _service_record),
    "Material": ("materials", material_record),
    "Equipment": ("equipment", _equipment_record),
    "PriceModifier": ("discounts-and-fees", _modifier_record),
}


def pricebook(window: Window) -> dict[str, list[dict[str, Any]]]:
    """Write every price book list, categories included."""
    made = founded(window)
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in _WRITERS.values()}
    for sku in SKUS:
        if sku.hard and not window.hard:
            continue
        name, write = _WRITERS[sku.type]
        lists[name].append(write(sku, made))
    lists["categories"] = [
        {
            "id": category,
            "name": name,
            "active": True,
            "description": None,
            "image": None,
            "parentId": None,
            "position": position,
            "categoryType": kind,
            "subcategories": [],
            "businessUnitIds": [],
            "skuImages": [],
            "skuVideos": [],
            "source": None,
            "externalId": None,
            "hideInMobile": False,
            "createdOn": made,
            "modifiedOn": made,
        }
        for position, (category, name, kind) in enumerate(CATEGORIES)
    ]
    return lists
