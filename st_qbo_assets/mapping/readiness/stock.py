"""What is on hand at the start: whether each row of the company's file finds goods that count (rule 8.5).

What belongs here: rows of SKUs that are not there or are not counted, and counted goods without a row. What
does not: rows that cannot be read (`domain.opening_quantities`), the edition (`buying`).
"""

from collections.abc import Iterable, Sequence

from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.domain.opening_quantities import OnHand, sku_key
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.pricebook import is_counted
from st_qbo_assets.mapping.readiness.words import like, listed
from st_qbo_assets.servicetitan.records import PricebookItem

#: So many unknown SKUs have a finding each; of a whole file of them the rest are one.
_EACH = 20


def check_on_hand(
    rows: Sequence[OnHand], pricebook: Iterable[PricebookItem], lookup: Lookup
) -> list[Finding]:
    """Return which rows of the file of opening quantities lead to nothing, each with its line.

    Args:
        rows: of the file; none if it could not be read, which is told elsewhere.
        pricebook: services, materials and equipment of ServiceTitan.
        lookup: the company and its policy.
    """
    if "inventory" not in (lookup.company.item_policy.material, lookup.company.item_policy.equipment):
        return []
    known = {sku_key(item.code): item for item in pricebook if item.code.strip()}
    unknown = [row for row in rows if sku_key(row.sku) not in known]
    counted = {
        key: item
        for key, item in known.items()
        if item.active and is_counted(item, lookup, kind=item.sku_type)
    }
    named = {sku_key(row.sku) for row in rows}
    useless = [row for row in rows if sku_key(row.sku) in known and sku_key(row.sku) not in counted]
    without = sorted(item.code for key, item in counted.items() if key not in named)
    found = _unknown(unknown, [item.code for item in known.values()])
    if useless:
        text = "Quantities of goods that QuickBooks does not count are not used: "
        text += listed([f"{row.place} {row.sku}" for row in useless]) + "."
        cure = "Tick *track inventory* on them in ServiceTitan's price book, or take the lines out."
        found.append(warn("opening_not_counted", text, cure))
    if rows and without:
        text = f"{len(without)} SKUs that QuickBooks counts have no line and start at 0: {listed(without)}."
        found.append(info("opening_without_line", text, "Add a line for each that is on hand."))
    used = len(rows) - len(unknown) - len(useless)
    return (
        [
            ok("opening_quantities", f"{used} SKU{'' if used == 1 else 's'} start with what is on hand."),
            *found,
        ]
        if rows
        else found
    )


def _unknown(rows: Sequence[OnHand], codes: Sequence[str]) -> list[Finding]:
    cure = "Write the code as ServiceTitan's price book has it, or take the line out."
    found = [
        red(
            "opening_sku_unknown",
            f"{row.place}: ServiceTitan's price book has no SKU {row.sku!r}.",
            cure,
            suggestions=like(row.sku, codes),
            name=row.sku,
        )
        for row in rows[:_EACH]
    ]
    if rest := rows[_EACH:]:
        text = (
            f"{len(rest)} more lines name no SKU of the price book, from {rest[0].place} to {rest[-1].place}."
        )
        found.append(red("opening_sku_unknown", text, cure, name="more"))
    return found
