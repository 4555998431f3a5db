"""Tax codes, rates and agencies: created by TaxService and TaxAgency, else read-only.

Belongs here: reference §6.14 lists. Does not belong here: computing tax (`sales_tax.py`).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.faults import Fault, duplicate_name, fault, missing, unsupported_property
from st_qbo_sandbox.quickbooks.work import Work
from st_qbo_sandbox.storage import as_array, as_object

_NAME_MAX = 100


def _stamped(work: Work, doc: Body) -> Body:
    stamp = work.books.stamp()
    return doc | {
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }


def pseudo_codes(work: Work) -> None:
    """Give the company the two codes that lines of US documents carry."""
    for id, taxable in (("TAX", True), ("NON", False)):
        if work.find("TaxCode", id) is None:
            doc = {
                "Id": id,
                "Name": id,
                "Description": id,
                "Active": True,
                "Taxable": taxable,
                "TaxGroup": False,
            }
            work.put("TaxCode", _stamped(work, doc))


def add_agency(work: Work, name: str) -> str:
    """Store a new agency and return its id."""
    id = work.books.next_id("TaxAgency")
    doc = {"Id": id, "DisplayName": name, "TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False}
    work.put("TaxAgency", _stamped(work, doc))
    return id


def add_rate(work: Work, name: str, percent: Decimal, *, agency: str | None) -> str:
    """Store a new rate and return its id; without an agency the first one is taken, or one is made."""
    if agency is None:
        agency = next((doc["Id"] for doc in work.every("TaxAgency")), None) or add_agency(
            work, "State Comptroller"
        )
    id = work.books.next_id("TaxRate")
    doc = {
        "Id": id,
        "Name": name,
        "Description": name,
        "Active": True,
        "RateValue": percent,
        "AgencyRef": {"value": agency},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
    }
    work.put("TaxRate", _stamped(work, doc))
    return id


def add_code(
    work: Work, name: str, rates: list[tuple[str, str, str]], *, config: str = "USER_DEFINED"
) -> str:
    """Store a new code of (rate id, rate name, Sales or Purchase) and return its id."""
    id = work.books.next_id("TaxCode")
    lists: dict[str, list[Body]] = {"Sales": [], "Purchase": []}
    for rate_id, rate_name, side in rates:
        detail = {
            "TaxRateRef": {"value": rate_id, "name": rate_name},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
        lists[side].append(detail)
    doc = {
        "Id": id,
        "Name": name,
        "Description": name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": lists["Sales"]},
        "PurchaseTaxRateList": {"TaxRateDetail": lists["Purchase"]},
        "TaxCodeConfigType": config,
    }
    work.put("TaxCode", _stamped(work, doc))
    return id


def prepare_agency(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new agency.

    Raises:
        Fault: 6240.
    """
    new["DisplayName"] = new["DisplayName"].strip()
    if call.books.find_named("TaxAgency", new["DisplayName"]):
        raise duplicate_name("Another tax agency")
    new |= {"TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False}


def create_by_service(work: Work, body: Any) -> Body:
    """Run `POST /taxservice/taxcode` and return its answer, which has no envelope.

    Raises:
        Fault: 2010, 2020, 2030, 2050, 2240 or 6240.
    """
    asked = as_object(body)
    if asked is None:
        raise unsupported_property()
    name, details = asked.get("TaxCode"), as_array(asked.get("TaxRateDetails")) or []
    errors = [
        missing(field) for field, value in (("TaxCode", name), ("TaxRateDetails", details)) if not value
    ]
    if errors:
        raise Fault(*errors)
    if any(code["Name"].casefold() == str(name).casefold() for code in work.books.all_of("TaxCode")):
        raise duplicate_name("Another tax code")
    answers = [_read_detail(work, detail) for detail in details]
    rates = [(answer["TaxRateId"], answer["TaxRateName"], answer["TaxApplicableOn"]) for answer in answers]
    id = add_code(work, str(name)[:_NAME_MAX], rates)
    return {"TaxCode": name, "TaxCodeId": id, "TaxRateDetails": answers}


def _read_detail(work: Work, detail: Body) -> Body:
    side = detail.get("TaxApplicableOn") or "Sales"
    if side not in ("Sales", "Purchase"):
        raise fault("2170", f"Invalid Enumeration : {side}", "TaxApplicableOn")
    if detail.get("TaxRateId"):
        rate = work.find("TaxRate", str(detail["TaxRateId"]))
        if rate is None:
            raise fault("2030", f"Invalid ID : {detail['TaxRateId']}", "TaxRateId")
        agency = rate["AgencyRef"]["value"]
    else:
        rate, agency = _new_rate(work, detail)
    return {
        "TaxRateName": rate["Name"],
        "TaxRateId": rate["Id"],
        "RateValue": f"{rate['RateValue'].normalize():f}%",
        "TaxAgencyId": agency,
        "TaxApplicableOn": side,
    }


def _new_rate(work: Work, detail: Body) -> tuple[Body, str]:
    errors = [missing(name) for name in ("TaxRateName", "RateValue", "TaxAgencyId") if not detail.get(name)]
    if errors:
        raise Fault(*errors)
    try:
        percent = Decimal(str(detail["RateValue"]))
    except InvalidOperation:
        raise fault("2240", f"Invalid Number Range : {detail['RateValue']}", "RateValue") from None
    if not 0 <= percent <= 100:
        raise fault("2240", f"Invalid Number Range : {detail['RateValue']}", "RateValue")
    agency = str(detail["TaxAgencyId"])
    if work.find("TaxAgency", agency) is None:
        raise fault("2030", f"Invalid ID : {agency}", "TaxAgencyId")
    id = add_rate(work, str(detail["TaxRateName"]), percent, agency=agency)
    found = work.find("TaxRate", id)
    assert found is not None
    return found, agency
