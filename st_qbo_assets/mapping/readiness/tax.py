"""Tax: whether the company's way of carrying it fits QuickBooks, and every zone has its code (rule 2.4).

What belongs here: the four modes against QuickBooks' settings. What does not: the tax of a document
(`mapping.tax`).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.findings import Finding, ok, red, warn
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.tax import code_of_zone
from st_qbo_assets.quickbooks.reference import nearest
from st_qbo_assets.servicetitan.records import TaxZone


def check_tax(zones: Sequence[TaxZone], lookup: Lookup) -> list[Finding]:
    """Return why taxed documents would be held, or that they are not."""
    taxed = [zone for zone in zones if zone.active and any(rate.tax_rate for rate in zone.rates)]
    problem = _wrong_mode(lookup) or _wrong_line(taxed, lookup)
    if problem is not None:
        return [problem]
    mode = lookup.company.tax.mode
    if mode == "codes":
        return _check_codes(taxed, lookup)
    return [ok("tax", f"Tax mode `{mode}` fits QuickBooks.")]


def _wrong_mode(lookup: Lookup) -> Finding | None:
    mode, preferences = lookup.company.tax.mode, lookup.reference.preferences
    never_set_up = mode == "codes" and preferences.partner_tax_enabled is False
    if mode in ("automated", "codes") and (not preferences.using_sales_tax or never_set_up):
        return red(
            "tax_off",
            f"Tax mode is `{mode}`, but sales tax is off in QuickBooks: documents with tax are held.",
            "Turn sales tax on under Taxes in QuickBooks, or choose another `tax: mode`.",
        )
    is_automated = preferences.partner_tax_enabled is True
    if mode == "automated" and not is_automated:
        return red(
            "tax_not_automated",
            "Tax mode is `automated`, but QuickBooks' automated sales tax is not set up: documents with tax "
            "are held.",
            "Set it up under Taxes in QuickBooks, or set `tax: mode: codes`.",
        )
    if mode == "codes" and is_automated:
        return red(
            "tax_is_automated",
            "Tax mode is `codes`, but QuickBooks uses automated tax and would replace them: documents with "
            "tax are held.",
            "Set `tax: mode: automated`.",
        )
    return None


def _wrong_line(taxed: Sequence[TaxZone], lookup: Lookup) -> Finding | None:
    tax = lookup.company.tax
    if tax.mode == "none" and taxed:
        return warn(
            "tax_mode_none",
            f"Tax mode is `none`, but {len(taxed)} tax zones have a rate: documents with tax are held.",
            "Choose another `tax: mode`, unless nothing is ever taxed.",
        )
    if tax.mode == "line" and not lookup.tax_item_id:
        return red(
            "tax_item_unknown",
            f"The item {tax.line_item!r}, which tax goes to, is not in QuickBooks: documents with tax are "
            "held.",
            "Correct `tax: line_item` in the company file, or add the item to QuickBooks.",
        )
    if tax.mode == "line" and lookup.reference.preferences.using_sales_tax:
        return warn(
            "tax_on_a_line",
            "Tax mode `line` puts tax on a line of its own: QuickBooks' own sales tax reports will not show "
            "it.",
            "Set `tax: mode: automated`, unless this is meant.",
        )
    return None


def _check_codes(taxed: Sequence[TaxZone], lookup: Lookup) -> list[Finding]:
    groups = [code for code in lookup.reference.tax_codes if code.is_group]
    missing = [
        red(
            "tax_code_unmapped",
            f"Tax zone {zone.name} has no tax code in QuickBooks.",
            "Name one under `tax: zone_codes` in the company file, or add the code to QuickBooks.",
            suggestions=nearest(zone.name, groups),
        )
        for zone in taxed
        if code_of_zone(zone, lookup) is None
    ]
    good = len(taxed) - len(missing)
    return [ok("tax", f"{good} of {len(taxed)} tax zones have a tax code."), *missing]
