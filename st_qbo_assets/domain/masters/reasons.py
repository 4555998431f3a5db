"""Why a customer or vendor, or one of its fields, does not cross over: words for screens, ledger and guide.

What belongs here: one row per code. What does not: when a code applies (`three_way`, the load).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.masters.three_way import HeldField
from st_qbo_assets.domain.outcomes import Reason
from st_qbo_assets.domain.reasons import ReasonKind

_POLL = "the next poll takes it over."
_ONCE = (
    "No poll sends it again until the record changes in either system; re-materialize the day by hand to try "
    "again."
)

MASTERS: dict[str, ReasonKind] = {
    "name_illegal": ReasonKind(
        "7.3",
        "Its name {value!r} has no letter or digit, so it does not reach {towards}.",
        f"Give it a name; {_POLL}",
    ),
    "email_illegal": ReasonKind(
        "7.1",
        "The e-mail address {value!r} is none, so it does not reach {towards}.",
        f"Correct it where it was typed; {_POLL}",
    ),
    "phone_illegal": ReasonKind(
        "7.1",
        "The {field} number {value!r} has no digit or is too long, so it does not reach {towards}.",
        f"Correct it where it was typed; {_POLL}",
    ),
    "address_incomplete": ReasonKind(
        "7.4",
        "The address {value!r} lacks street, city, state or postal code, so it does not reach {towards}.",
        f"Complete it in QuickBooks; {_POLL}",
    ),
    "term_unknown": ReasonKind(
        "7.6",
        "{towards} has no payment term {value!r}.",
        "Make a term of that name there, or name the pair under `terms` in the company file; "
        f"{_POLL}",
    ),
    "exempt_without_reason": ReasonKind(
        "7.6",
        "ServiceTitan calls it exempt from sales tax; {towards} asks for a reason.",
        "Name the reason as `exempt_reason` under `tax` in the company file, or set it in QuickBooks; "
        f"{_POLL}",
    ),
    "term_left_out": ReasonKind(
        "7.6",
        "It was made without its payment term {value!r}, which ServiceTitan does not have.",
        "Choose a term in ServiceTitan by hand; name the pair under `terms` in the company file for others.",
    ),
    "balance_open": ReasonKind(
        "7.1",
        "It is inactive in ServiceTitan, but {value} is open in QuickBooks, so it stays active there.",
        "Settle what is open in QuickBooks, or make it active again in ServiceTitan.",
    ),
    "field_conflict": ReasonKind(
        "7.1",
        "Both sides changed the field {field}: {value}.",
        "Make them equal in either system; or take `hold` off the field under `field_policies`.",
    ),
    "location_missing": ReasonKind(
        "7.4",
        "ServiceTitan needs an address with street, city, state and postal code to make a customer; "
        "QuickBooks has {value!r}.",
        f"Complete the billing or shipping address in QuickBooks; {_POLL}",
    ),
    "servicetitan_match_unsure": ReasonKind(
        "7.2",
        "It may be the same as {value} in ServiceTitan.",
        "Add the row `customer:<ServiceTitan id>,Customer,{qbo_id}` to links.csv; or name it under "
        "`create_customers.listed` to make a new one.",
    ),
    "not_created": ReasonKind(
        "7.5",
        "It is only in QuickBooks, and this company makes no {entity} in ServiceTitan by itself.",
        "Nothing to do; list it under `create_customers` in the company file to have it made.",
    ),
    "not_needed": ReasonKind(
        "7.5",
        "No document needs this {entity} in QuickBooks yet, and this company makes no others.",
        "Nothing to do; set `to_quickbooks: all` to have it made.",
    ),
    "inactive": ReasonKind("7.1", "This {entity} is inactive in ServiceTitan.", "Nothing to do."),
    "gone_from_quickbooks": ReasonKind(
        "7.3",
        "It was {target} {qbo_id}, which is no longer in QuickBooks: merged into another, most likely.",
        "Add a row to links.csv that names the one it was merged into.",
    ),
    "servicetitan_refused": ReasonKind("7.1", "ServiceTitan refused it: {error}", f"{{remedy}} {_ONCE}"),
    "servicetitan_transient": ReasonKind(
        "7.1", "ServiceTitan could not be reached or was busy: {error}", f"Nothing to do; {_POLL}"
    ),
    "quickbooks_refused": ReasonKind("7.1", "QuickBooks refused it: {error}", f"{{remedy}} {_ONCE}"),
    "quickbooks_transient": ReasonKind(
        "7.1", "QuickBooks could not be reached or was busy: {error}", f"Nothing to do; {_POLL}"
    ),
    "name_taken": ReasonKind(
        "7.3",
        "The name {value!r} is taken in QuickBooks, even with our suffix.",
        "Rename one of the two.",
    ),
    "planned_change": ReasonKind("1.9", "It would change {fields}.", "Set `mode: live` to write."),
    "linked_with_differences": ReasonKind(
        "7.1",
        "The two were linked and overwrote nothing; they differ in {fields}.",
        "Change the side that is wrong; the change travels.",
    ),
    "conflict_settled": ReasonKind(
        "7.1",
        "Both sides had changed it. {fields}",
        "Nothing to do; `st-qbo restore` puts the other version back.",
    ),
}  # fmt: skip


def reason(code: str, /, *, suggestions: tuple[str, ...] = (), **values: object) -> Reason:
    """Return the reason of a code with its values filled in.

    Raises:
        KeyError: if the code is not in the table, or a value its sentence names is missing.
    """
    kind = MASTERS[code]
    return Reason(code, kind.text.format(**values), kind.remedy.format(**values), suggestions=suggestions)


def held_reason(held: Sequence[HeldField]) -> Reason:
    """Return why some changes of a record do not travel; the first gives the code."""
    systems = {"servicetitan": "ServiceTitan", "quickbooks": "QuickBooks"}
    said = [
        reason(each.code, field=each.field, value=each.value, towards=systems.get(each.towards, each.towards))
        for each in held
    ]
    return Reason(
        said[0].code,
        " ".join(each.text for each in said),
        " ".join(dict.fromkeys(each.remedy for each in said)),
    )
