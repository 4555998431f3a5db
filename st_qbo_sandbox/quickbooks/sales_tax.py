"""Sales tax of US companies: none, manual codes, or a toy of the automated engine.

Belongs here: TxnTaxDetail. Does not belong here: which lines are taxable (`sales_lines.py`) and creating
tax codes (`taxes.py`). Companies outside the US are not modelled.
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import business, fault
from st_qbo_sandbox.quickbooks.sales_lines import SalesLines
from st_qbo_sandbox.quickbooks.taxes import add_code, add_rate

# Percent by state, and by the first three digits of the ZIP code on top: a toy, not anybody's law.
STATE_RATES = {
    "TX": "6.25", "IL": "6.25", "CA": "7.25", "AZ": "5.6", "FL": "6", "NY": "4", "MN": "6.875", "WI": "5",
    "IA": "6", "IN": "7", "OH": "5.75", "TN": "7", "CO": "2.9", "MO": "4.225", "OK": "4.5", "KS": "6.5",
    "AR": "6.5", "LA": "4.45", "GA": "4", "NC": "4.75", "WA": "6.5", "MI": "6", "KY": "6", "NE": "5.5",
}  # fmt: skip
LOCAL_RATES = {
    "750": "2", "751": "2", "752": "2", "760": "2", "761": "2", "770": "2", "787": "2", "606": "4",
    "900": "2.25", "850": "2.3", "850-": "0", "100": "4.875", "370": "2.25", "641": "4.35", "980": "3.75",
}  # fmt: skip


def compute_tax(call: Call, new: Body, old: Body | None, lines: SalesLines) -> Decimal:
    """Write `TxnTaxDetail` and return the total tax."""
    if call.company.tax_model == "none":
        new["TxnTaxDetail"] = {"TotalTax": ZERO}
        return ZERO
    sent: Body = new.get("TxnTaxDetail", {}) if "TxnTaxDetail" in call.sent or old is None else {}
    if old is not None and not call.sent & {
        "TxnTaxDetail",
        "Line",
        "ShipAddr",
        "CustomerRef",
        "ApplyTaxAfterDiscount",
    }:
        sent = old.get("TxnTaxDetail", {})
    explicit: Decimal | None = sent.get("TotalTax")
    if explicit is not None and explicit < 0:
        raise fault("2140", f"Invalid amount : {explicit}", "TotalTax")
    if call.company.tax_model == "automated":
        is_own = sent.get("UseAutomatedSalesTax") or not call.switches.apps_may_override_tax
        detail = _automated(call, new, lines, None if is_own else explicit)
    else:
        detail = _manual(call, new, lines, sent)
    new["TxnTaxDetail"] = _a_little_off(call, detail, is_new=old is None)
    return new["TxnTaxDetail"]["TotalTax"]


def _a_little_off(call: Call, detail: Body, *, is_new: bool) -> Body:
    """Return the detail with the cents of the switch on top; tax is never below nothing."""
    cents = call.switches.tax_off_by_cents
    if not cents or call.person or not (is_new or call.switches.tax_off_when == "always"):
        return detail
    total = max(ZERO, detail["TotalTax"] + Decimal(cents) / 100)
    off = total - detail["TotalTax"]
    lines = list(detail.get("TaxLine", ()))
    if lines:
        lines[-1] = {**lines[-1], "Amount": lines[-1]["Amount"] + off}
        return {**detail, "TotalTax": total, "TaxLine": lines}
    return {**detail, "TotalTax": total}


def taxable_base(new: Body, lines: SalesLines) -> Decimal:
    """Return what tax is computed on: with a discount taken before tax, its taxable share is off."""
    if lines.discount and new.get("ApplyTaxAfterDiscount") and lines.subtotal:
        return lines.taxable - money(lines.discount * lines.taxable / lines.subtotal)
    return lines.taxable


def _rates_at(call: Call, new: Body) -> list[tuple[str, Decimal]]:
    company = call.books.get("CompanyInfo", "1") or {}
    place: Body = new.get("ShipAddr") or {}
    if not place.get("CountrySubDivisionCode") and not place.get("PostalCode"):
        place = new.get("ShipFromAddr") or company.get("CompanyAddr", {})
    state = str(
        place.get("CountrySubDivisionCode")
        or company.get("CompanyAddr", {}).get("CountrySubDivisionCode", "")
    )
    rates: list[tuple[str, Decimal]] = []
    if state.upper() in STATE_RATES:
        rates.append((f"{state.upper()} State", Decimal(STATE_RATES[state.upper()])))
    local = LOCAL_RATES.get(str(place.get("PostalCode", ""))[:3])
    if rates and local:
        rates.append((f"{state.upper()} Local {str(place['PostalCode'])[:3]}", Decimal(local)))
    return rates


def _automated(call: Call, new: Body, lines: SalesLines, explicit: Decimal | None) -> Body:
    customer = call.work.find("Customer", new.get("CustomerRef", {}).get("value", "")) or {}
    is_exempt = not customer.get("Taxable", True)
    base = taxable_base(new, lines)
    rates = _rates_at(call, new) if base or explicit else []
    if is_exempt and call.switches.explicit_tax_of_exempt == "drop":
        explicit = None
    if is_exempt and not explicit:
        rates = []
    if not rates and call.switches.explicit_tax_without_rate == "drop":
        explicit = None
    percents = [percent for _, percent in rates]
    amounts = (
        _prorate(money(explicit), percents) if explicit is not None else _own(call, new, lines, percents)
    )
    tax_lines = [
        _tax_line(_rate_id(call, name, percent), percent, base, amount)
        for (name, percent), amount in zip(rates, amounts, strict=True)
    ]
    total = money(explicit) if explicit is not None else sum(amounts, ZERO)
    detail: Body = {"TotalTax": total}
    if tax_lines:
        detail = {"TxnTaxCodeRef": {"value": _automated_code(call)}, "TotalTax": total, "TaxLine": tax_lines}
    return detail


def _own(call: Call, new: Body, lines: SalesLines, percents: list[Decimal]) -> list[Decimal]:
    """Return what is computed by each rate, rounded once or line by line."""
    base = taxable_base(new, lines)
    if call.switches.tax_rounding != "line" or base != lines.taxable:
        return [money(base * percent / 100) for percent in percents]
    return [sum((money(amount * percent / 100) for amount in lines.taxed), ZERO) for percent in percents]


def _prorate(total: Decimal, percents: list[Decimal]) -> list[Decimal]:
    whole = sum(percents, ZERO)
    if not whole:
        return []
    amounts = [money(total * percent / whole) for percent in percents[:-1]]
    return [*amounts, total - sum(amounts, ZERO)]


def _tax_line(rate_id: str, percent: Decimal, base: Decimal, amount: Decimal) -> Body:
    return {
        "Amount": amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate_id},
            "PercentBased": True,
            "TaxPercent": percent,
            "NetAmountTaxable": base,
        },
    }


def _rate_id(call: Call, name: str, percent: Decimal) -> str:
    for rate in call.books.all_of("TaxRate"):
        if rate["Name"] == name and rate["RateValue"] == percent:
            return rate["Id"]
    return add_rate(call.work, name, percent, agency=None)


def _automated_code(call: Call) -> str:
    for code in call.books.all_of("TaxCode"):
        if code.get("TaxCodeConfigType") == "SYSTEM_GENERATED" and code.get("TaxGroup"):
            return code["Id"]
    return add_code(call.work, "Automated Sales Tax", [], config="SYSTEM_GENERATED")


def _manual(call: Call, new: Body, lines: SalesLines, sent: Body) -> Body:
    explicit: Decimal | None = sent.get("TotalTax")
    code_id = sent.get("TxnTaxCodeRef", {}).get("value")
    code = call.work.find("TaxCode", code_id) if code_id else None
    if code is not None and code["Name"] == "CustomSalesTax":
        raise fault("6160", f"Invalid tax code : {code_id}", "TxnTaxCodeRef")
    if code is not None and not code.get("TaxGroup", True):
        raise business("The tax code of a transaction must be a tax rate or a group of rates.")
    rates = _rates_of(call, code) if code is not None else []
    percents = [rate["RateValue"] for rate in rates]
    if not rates and call.switches.explicit_tax_without_rate == "drop":
        explicit = None
    amounts = (
        _prorate(money(explicit), percents) if explicit is not None else _own(call, new, lines, percents)
    )
    base = taxable_base(new, lines)
    tax_lines = [
        _tax_line(rate["Id"], rate["RateValue"], base, amount)
        for rate, amount in zip(rates, amounts, strict=False)
    ]
    detail: Body = {"TotalTax": money(explicit) if explicit is not None else sum(amounts, ZERO)}
    if code_id:
        detail = {"TxnTaxCodeRef": {"value": code_id}, **detail, "TaxLine": tax_lines}
    return detail


def _rates_of(call: Call, code: Body) -> list[Body]:
    refs = code.get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    found = (call.work.find("TaxRate", ref["TaxRateRef"]["value"]) for ref in refs)
    return [rate for rate in found if rate is not None]
