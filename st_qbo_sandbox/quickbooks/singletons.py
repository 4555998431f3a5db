"""CompanyInfo and Preferences, of which there is one each.

Belongs here: what an update may change. Does not belong here: defaults and reading (`company.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.addresses import number_addresses
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.company import merge
from st_qbo_sandbox.quickbooks.faults import fault

# Read-only groups and members on the API (reference §6.15); a person may change them all.
_READ_ONLY = {
    "AccountingInfoPrefs": (
        "BookCloseDate",
        "UseAccountNumbers",
        "FirstMonthOfFiscalYear",
        "TaxYearMonth",
        "TaxForm",
    ),
    "TaxPrefs": ("UsingSalesTax", "PartnerTaxEnabled", "TaxGroupCodeRef"),
    "CurrencyPrefs": ("MultiCurrencyEnabled", "HomeCurrency"),
}


def prepare_company_info(call: Call, new: Body, old: Body | None) -> None:
    """Complete a changed CompanyInfo."""
    if old is not None:
        for name in ("CompanyStartDate", "NameValue", "Country", "SupportedLanguages"):
            if name in old and not call.person:
                new[name] = copy_of(old[name])
    number_addresses(call, new, ("CompanyAddr", "LegalAddr", "CustomerCommunicationAddr"))


def prepare_preferences(call: Call, new: Body, old: Body | None) -> None:
    """Lay the sent groups over the stored ones.

    Raises:
        Fault: 6000 if both kinds of class tracking would be on.
    """
    if old is None:
        return
    for group in call.sent:
        if not group.endswith("Prefs") or not isinstance(new.get(group), dict):
            continue
        patch = dict(new[group])
        if not call.person:
            for name in _READ_ONLY.get(group, ()):
                patch.pop(name, None)
        new[group] = merge(old.get(group, {}), patch)
    info = new.get("AccountingInfoPrefs", {})
    if info.get("ClassTrackingPerTxn") and info.get("ClassTrackingPerTxnLine"):
        raise fault(
            "6000", "Business Validation Error: Class tracking is either per transaction or per line."
        )
