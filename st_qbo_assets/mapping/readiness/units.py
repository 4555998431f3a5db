"""Business units: their company, class and location (rules 1.8, 2.3).

What belongs here: looking each unit up as a document's is. What does not: the lookup (`mapping.tracking`).
"""

from collections.abc import Iterable, Sequence

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.findings import Finding, info, ok, red
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.readiness.words import like, listed, no_such, of_problem
from st_qbo_assets.mapping.tracking import class_of, department_of
from st_qbo_assets.servicetitan.records import BusinessUnit, Named


def shared_units(companies: Iterable[CompanyFile], units: Iterable[BusinessUnit]) -> list[Finding]:
    """Return the units that two live companies of one tenant would both post (rule 1.8)."""
    live = [company for company in companies if company.mode == "live"]
    found: list[Finding] = []
    for unit in units:
        takers = [each.name for each in live if unit.active and each.business_units.in_scope(unit.name)]
        if len(takers) > 1:
            found.append(
                red(
                    "unit_in_two_companies",
                    f"Business unit {unit.name} belongs to {' and '.join(takers)}: both would post it.",
                    "Give it to one of them under `business_units`.",
                )
            )
    return found


def check_units(units: Sequence[BusinessUnit], lookup: Lookup) -> list[Finding]:
    """Return which units lead to no class or location although documents need one."""
    preferences = lookup.reference.preferences
    mine = [unit for unit in units if unit.active and lookup.company.business_units.in_scope(unit.name)]
    found = _check_scope(mine, units, lookup.company)
    if preferences.class_per_line or preferences.class_per_txn:
        found += _check_classes(mine, units, lookup)
    if preferences.track_departments and lookup.company.departments:
        found += _check_locations(mine, units, lookup)
    return found


def _check_scope(
    mine: Sequence[BusinessUnit], units: Sequence[BusinessUnit], company: CompanyFile
) -> list[Finding]:
    policy = company.business_units
    names = [unit.name for unit in units]
    found = [
        red(
            "unit_unknown",
            f"`business_units` names {name!r}, which ServiceTitan does not have: "
            f"its documents would be {'left out' if name in policy.include else 'posted'}.",
            "Correct it in the company file; capitals count.",
            suggestions=like(name, names),
        )
        for name in (*policy.include, *policy.exclude)
        if name not in names
    ]
    return [ok("units", f"{len(mine)} of {len(units)} business units belong to this company."), *found]


def _check_classes(
    mine: Sequence[BusinessUnit], units: Sequence[BusinessUnit], lookup: Lookup
) -> list[Finding]:
    names = [unit.name for unit in units]
    overrides = lookup.company.classes.overrides
    found = [
        no_such("classes: overrides", "business unit", name, names) for name in overrides if name not in names
    ]
    targets = {unit.name: class_of(_named(unit), lookup) for unit in mine}
    found += [of_problem(target) for target in targets.values() if isinstance(target, Problem)]
    with_class = [name for name, target in targets.items() if isinstance(target, str)]
    without = [name for name, target in targets.items() if target is None]
    if without:
        found.append(info("units_without_class", f"Sent without a class: {listed(without)}."))
    return [ok("classes", f"{len(with_class)} of {len(mine)} business units have a class."), *found]


def _check_locations(
    mine: Sequence[BusinessUnit], units: Sequence[BusinessUnit], lookup: Lookup
) -> list[Finding]:
    names = [unit.name for unit in units]
    found = [
        no_such("departments", "business unit", name, names)
        for name in lookup.company.departments
        if name not in names
    ]
    targets = [department_of(_named(unit), lookup) for unit in mine]
    problems = [of_problem(target) for target in targets if isinstance(target, Problem)]
    good = len(mine) - len(problems)
    return [ok("locations", f"{good} of {len(mine)} business units have a location."), *problems, *found]


def _named(unit: BusinessUnit) -> Named:
    return Named(id=unit.id, name=unit.name)
