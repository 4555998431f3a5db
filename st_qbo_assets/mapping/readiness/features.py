"""Whether a QuickBooks company can be carried at all, and what its settings mean for our documents.

What belongs here: edition, currency, credits, numbers, tracking, closed books (rules 2.3, 2.4, 3.3, 4). What
does not: whether single accounts, units or types lead somewhere (the modules beside this one).
"""

from datetime import date

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.quickbooks.reference import CompanyInfo, Preferences, Reference

#: How Intuit words a subscription that takes no more data; the list is not published.
_OVER = ("EXPIRED", "CANCEL", "SUSPEND", "TERMINAT", "DEACTIVAT")


def refusals(company: CompanyInfo, preferences: Preferences) -> list[Finding]:
    """Return why a QuickBooks company is refused (rule 2.4); nothing if it is not."""
    found: list[Finding] = []
    if not company.is_us:
        found.append(
            red(
                "not_us",
                f"QuickBooks company {company.name} is of country {company.country or '(none)'}: only US "
                "companies, with US sales tax, are carried.",
                "Connect a US company.",
            )
        )
    if preferences.multicurrency:
        found.append(
            red(
                "multicurrency",
                f"QuickBooks company {company.name} uses several currencies, which are not carried.",
                "Connect a company without multicurrency; it cannot be turned off again.",
            )
        )
    return found


def check_features(company: CompanyFile, reference: Reference, *, yesterday: date) -> list[Finding]:
    """Return what the settings of a QuickBooks company mean for this company file.

    Args:
        company: the file.
        reference: QuickBooks' lists and settings.
        yesterday: the day that is loaded next, to tell whether its books are closed.
    """
    preferences = reference.preferences
    return [
        *_check_edition(reference),
        *_check_credit_and_numbers(preferences),
        *_check_tracking(company, preferences),
        _check_closing(company, preferences.book_close_date, yesterday),
    ]


def _check_edition(reference: Reference) -> list[Finding]:
    company = reference.company
    refused = refusals(company, reference.preferences)
    if refused:
        return refused
    if any(word in company.subscription.upper() for word in _OVER):
        text = f"The QuickBooks subscription is {company.subscription}: nothing can be added."
        return [red("subscription", text, "Renew it under Your Account in QuickBooks.")]
    edition = company.edition or "QuickBooks Online"
    return [ok("edition", f"{company.name}: {edition}, {company.country}, one currency.")]


def _check_credit_and_numbers(preferences: Preferences) -> list[Finding]:
    found: list[Finding] = []
    if preferences.auto_apply_credit:
        found.append(
            warn(
                "auto_apply_credit",
                "QuickBooks applies open credits to new invoices by itself, other than ServiceTitan does.",
                "Turn it off under Account and settings > Advanced > Automation.",
            )
        )
    if not preferences.custom_txn_numbers:
        found.append(
            warn(
                "custom_numbers_off",
                "Custom transaction numbers are off: QuickBooks numbers what is typed in without looking at "
                "ServiceTitan's numbers, and one may occur twice.",
                "Turn them on under Account and settings > Sales > Sales form content.",
            )
        )
    return found or [
        ok("numbers", "Custom numbers are on, and credits are not applied by QuickBooks itself.")
    ]


def _check_tracking(company: CompanyFile, preferences: Preferences) -> list[Finding]:
    found: list[Finding] = []
    if not (preferences.class_per_line or preferences.class_per_txn):
        off = "Class tracking is off in QuickBooks: no class is sent"
        if company.classes.overrides:
            cure = "Turn it on under Account and settings > Advanced > Categories, or drop `classes`."
            found.append(warn("classes_off", f"{off}, though the company file names some.", cure))
        else:
            found.append(info("classes_off", f"{off}."))
    if company.departments and not preferences.track_departments:
        found.append(
            warn(
                "locations_off",
                "Location tracking is off in QuickBooks: none is sent, though the company file names some.",
                "Turn it on under Account and settings > Advanced > Categories, or drop `departments`.",
            )
        )
    return found


def _check_closing(company: CompanyFile, closed: date | None, yesterday: date) -> Finding:
    if closed is None:
        return ok("books_open", "The books are open.")
    if company.closed_period == "next_open_day":
        return info("books_closed", f"The books are closed through {closed}; older documents post after it.")
    said = f"The books are closed through {closed}: new documents dated up to then are held."
    if closed >= yesterday:
        cure = "Correct the closing date in QuickBooks, or set `closed_period: next_open_day`."
        return warn("books_closed", said, cure)
    return info("books_closed", said)
