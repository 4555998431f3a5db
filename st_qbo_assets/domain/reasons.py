"""Reason codes in plain words: one table for the screens, the ledger and the guide.

What belongs here: for each code the rule it comes from, one sentence with named values, and what a
bookkeeper does about it. What does not: when a code applies (the gate, the mapping, the load).
"""

from dataclasses import dataclass

from st_qbo_assets.domain.outcomes import Reason


@dataclass(frozen=True)
class ReasonKind:
    """One row of the table.

    Attributes:
        rule: number of the bookkeeping rule.
        text: sentence with `{named}` values.
        remedy: what to do, with the same values; empty where nothing is to be done.
    """

    rule: str
    text: str
    remedy: str = ""


_SETTLED = "Nothing to do."

#: Codes of the gate: whether a document is due at all (rules 1.1–1.8).
GATE: dict[str, ReasonKind] = {
    "out_of_scope": ReasonKind(
        "1.8",
        "Its business unit {units} is not one of this company's.",
        "Nothing to do; another company carries it.",
    ),
    "deleted": ReasonKind(
        "3.6",
        "It is no longer active in ServiceTitan.",
        "Nothing to do unless it was posted before: then it is voided.",
    ),
    "exported_elsewhere": ReasonKind(
        "1.7",
        "ServiceTitan has it as exported{export_id}: its own connector has booked it, or will.",
        "Nothing to do; set `adopt_exported: true` to link it to the document the other connector made.",
    ),
    "kind_never_posts": ReasonKind(
        "1.1", "Invoices of kind {kind} are opening balances and never post.", _SETTLED
    ),
    "kind_unknown": ReasonKind(
        "1.1",
        "ServiceTitan calls its kind {kind!r}, which no rule knows.",
        "Tell the maintainers the kind; it stays held until a rule says what it becomes.",
    ),
    "zero_total": ReasonKind("1.2", "Its total is 0.00.", _SETTLED),
    "canceled_empty": ReasonKind("1.2", "Its job was canceled and its total is 0.00.", _SETTLED),
    "before_start": ReasonKind(
        "1.6",
        "It is dated {day}, before this company starts on {start}.",
        "Nothing to do; old documents are never created.",
    ),
    "future_date": ReasonKind(
        "1.4",
        "It is dated {day}, which lies in the future (today is {today}).",
        "Nothing to do; it posts on its day.",
    ),
    "review_waits": ReasonKind(
        "1.2", "Its review status in ServiceTitan is {review_status}.", "Finish the review in ServiceTitan."
    ),
    "job_not_completed": ReasonKind(
        "1.2",
        "Its job is {job_status}, not Completed.",
        "Nothing to do; it posts when the job is completed or the invoice is posted.",
    ),
    "job_unknown": ReasonKind(
        "1.2",
        "Its job {job_id} could not be found in ServiceTitan, so nobody can say whether it is completed.",
        "Look the job up in ServiceTitan, or post the invoice there; then re-materialize the day.",
    ),
    "not_posted": ReasonKind(
        "1.2",
        "It is {sync_status} in ServiceTitan, and this company takes Posted documents only.",
        "Post its batch in ServiceTitan.",
    ),
    "no_date": ReasonKind(
        "1.4", "It has no date, so it belongs to no accounting day.", "Give it a date in ServiceTitan."
    ),
    "spans_companies": ReasonKind(
        "1.8",
        "It mixes business units of this company ({inside}) with units of another ({outside}).",
        "Split it in ServiceTitan, or change `business_units` in the company file.",
    ),
    "unit_missing": ReasonKind(
        "1.8",
        "It names no business unit, and this company takes only some of the tenant's units.",
        "Give it a business unit in ServiceTitan.",
    ),
}

KINDS: dict[str, ReasonKind] = {**GATE}


def reason(code: str, /, **values: object) -> Reason:
    """Return the reason of a code with its values filled in; `replace` adds suggestions.

    Raises:
        KeyError: if the code is not in the table, or a value its sentence names is missing.
    """
    kind = KINDS[code]
    return Reason(code=code, text=kind.text.format(**values), remedy=kind.remedy.format(**values))
