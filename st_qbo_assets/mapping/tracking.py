"""Class, location and term of a document.

What belongs here: business unit to class and department, term name to term, each only where the
feature is on (rule 2.3). What does not: which line or header they go to (lines, invoices).
"""

from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.quickbooks.reference import nearest
from st_qbo_assets.servicetitan.records import Named

_NO_UNIT = Named(name="")


def class_of(unit: Named | None, lookup: Lookup) -> str | Problem | None:
    """Return the id of a business unit's class, None where the company wants none.

    The company's override by unit name comes first, then the unit's own `quickbooksClass`.
    """
    unit = unit or _NO_UNIT
    policy = lookup.company.classes
    path = policy.overrides.get(unit.name, "") or lookup.quickbooks_class_of(unit)
    found = lookup.reference.class_path(path) if path else None
    if found is not None:
        return found.id
    if policy.unmapped == "none":
        return None
    named = f" (looked for {path})" if path else ""
    return held(
        "class_unmapped",
        unit=unit.name or "(none)",
        named=named,
        suggestions=nearest(path or unit.name, lookup.reference.classes),
    )


def department_of(unit: Named | None, lookup: Lookup) -> str | Problem | None:
    """Return the id of a business unit's location; None if locations are off or the company names none."""
    departments = lookup.company.departments
    if not lookup.reference.preferences.track_departments or not departments:
        return None
    name = unit.name if unit else ""
    path = departments.get(name, "")
    found = lookup.reference.department(path) if path else None
    if found is not None:
        return found.id
    named = f" (looked for {path})" if path else ""
    suggestions = nearest(path or name, lookup.reference.departments)
    return held("department_unmapped", unit=name or "(none)", named=named, suggestions=suggestions)


def term_of(term_name: str, lookup: Lookup) -> str | Problem | None:
    """Return the id of a term; None if QuickBooks has none of that name.

    The due date is carried by itself, so an unknown term changes no figure and holds nothing; one that
    the company file names and QuickBooks lacks does.
    """
    if not term_name:
        return None
    override = lookup.company.terms.get(term_name)
    found = lookup.reference.term(override or term_name)
    if found is None and override:
        suggestions = nearest(override, lookup.reference.terms)
        return held("term_override_unknown", term=term_name, named=override, suggestions=suggestions)
    return found.id if found else None
