"""The causes of differences: one ordered table of names, kinds, words, remedies and predicates.

A cause is a predicate over the two documents and what is known around them; it answers with its
evidence, one sentence that names the values, or with nothing. The first that answers is the cause, so
every differing record has exactly one. There is no "other": what no cause covers is `unexplained`, and
fails (rule 6.4).

    failing         somebody has to mend something: money is wrong, twice, gone or unexplained
    waiting         known and on its way, or held for a person; not green, not wrong
    informational   rightly so; the day may be green

What belongs here: the table. What does not: the predicates' evidence (cases) and the amounts (tie_out).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from st_qbo_assets.books import predicates as when
from st_qbo_assets.books.cases import Case
from st_qbo_assets.domain.outcomes import Outcome


class Kind(StrEnum):
    """What a cause means for the day."""

    FAILING = "failing"
    WAITING = "waiting"
    INFORMATIONAL = "informational"

    @property
    def gravity(self) -> int:
        """Rank for choosing the gravest of several: failing 2, waiting 1, informational 0."""
        return (Kind.INFORMATIONAL, Kind.WAITING, Kind.FAILING).index(self)


@dataclass(frozen=True)
class Cause:
    """One row of the table.

    Attributes:
        name: stable snake_case name.
        kind: what it means for the day.
        words: what it is, in plain words.
        remedy: what a bookkeeper does about it.
        holds: the predicate: evidence, or an empty text.
    """

    name: str
    kind: Kind
    words: str
    remedy: str
    holds: Callable[[Case], str]


@dataclass(frozen=True)
class Finding:
    """The cause of one record's difference, with its evidence.

    Attributes:
        remedy: the cause's remedy, or that of the reason the load or the gate gave.
        code: code of that reason, empty if there is none.
    """

    cause: Cause
    evidence: str
    remedy: str
    code: str = ""


_NOTHING = "Nothing to do."
_GONE = (
    "Delete it in ServiceTitan too; or load the day, and its reason names the row of links.csv that makes it "
    "again."
)
_RELOAD = "Re-materialize loaded/{entity} of the day."

CAUSES: tuple[Cause, ...] = (
    Cause("duplicate", Kind.FAILING, "Booked twice in QuickBooks.",
          "Void the copy in QuickBooks; keep the one the audit names.",
          when.duplicate),
    Cause("out_of_scope", Kind.INFORMATIONAL, "Belongs to another company of the same ServiceTitan.",
          _NOTHING,
          when.out_of_scope),
    Cause("exported_elsewhere", Kind.INFORMATIONAL, "ServiceTitan's own connector has booked it, or will.",
          _NOTHING,
          when.exported_elsewhere),
    Cause("exported_after_posting", Kind.WAITING, "Posted by us, and exported by another connector since.",
          "See which of the two documents is to stay; void the other in QuickBooks.",
          when.exported_after_posting),
    Cause("left_scope", Kind.WAITING, "Posted by us, and moved to another company's business unit since.",
          "Void it in QuickBooks if the other company carries it now, or move it back in ServiceTitan.",
          when.left_scope),
    Cause("looks_like_ours", Kind.FAILING, "Typed by hand, and like one of ours that is in QuickBooks too.",
          "Compare the two; void or delete the one that is too many.",
          when.looks_like_ours),
    Cause("not_yet_linked", Kind.WAITING, "Typed by hand, and like one of ServiceTitan's that is not posted.",
          "Make the two agree, or name the pair in links.csv; then re-materialize the day.",
          when.not_yet_linked),
    Cause("credit_applied_in_quickbooks", Kind.INFORMATIONAL, "A credit was applied in QuickBooks.",
          "Apply the same credit in ServiceTitan, if it is not there yet.",
          when.credit_applied),
    Cause("paid_in_quickbooks_by_hand", Kind.INFORMATIONAL, "A payment typed by hand pays one of ours.",
          "Enter the payment in ServiceTitan, or leave it; it is never copied or removed.",
          when.paid_by_hand),
    Cause("entered_by_hand", Kind.INFORMATIONAL, "Typed into QuickBooks by hand and not like any of ours.",
          _NOTHING,
          when.entered_by_hand),
    Cause("edited_in_quickbooks", Kind.FAILING, "Edited in QuickBooks after it was posted.",
          "Undo the edit in QuickBooks, or make it equal to ServiceTitan; then re-materialize the day.",
          when.edited_in_quickbooks),
    Cause("deleted_in_quickbooks", Kind.FAILING, "Deleted in QuickBooks after it was posted.",
          _GONE,
          when.deleted_in_quickbooks),
    Cause("voided_in_quickbooks", Kind.FAILING, "Voided in QuickBooks, but ServiceTitan still has it.",
          _GONE,
          when.voided_in_quickbooks),
    Cause("gone_from_servicetitan", Kind.FAILING, "Carries our marker, but ServiceTitan does not know it.",
          "Look it up in ServiceTitan; void it in QuickBooks if it is nobody's.",
          when.gone_from_servicetitan),
    Cause("gate_closed_again", Kind.INFORMATIONAL, "Posted before; ServiceTitan has taken it back to work.",
          "Nothing to do; a posted document is never removed by itself.",
          when.gate_closed_again),
    Cause("closed_period", Kind.WAITING, "The books of its day are closed.",
          "Reopen the period in QuickBooks, or choose in the company file what is done; then re-materialize "
          "the day.",
          when.closed_period),
    Cause("held", Kind.WAITING, "Held by a policy.",
          "See the reason; then re-materialize the day.",
          when.held),
    Cause("rejected", Kind.WAITING, "Rejected: it cannot be booked as it stands.",
          "Correct the record; then re-materialize the day.",
          when.rejected),
    Cause("nothing_written", Kind.WAITING, "The company is in preview: nothing is written.",
          "Set `mode: live` in the company file when the preview is right.",
          when.nothing_written),
    Cause("payment_of_held_invoice", Kind.WAITING, "What it pays or is applied to is not in QuickBooks.",
          "Settle that document; this one follows in the same run.",
          when.payment_of_held_invoice),
    Cause("blocked", Kind.WAITING, "Waits for another record.",
          "Settle that record; this one follows by itself.",
          when.blocked),
    Cause("transient_failure", Kind.WAITING, "QuickBooks could not be reached when it was written.",
          "Nothing to do: it is loaded again by itself when QuickBooks answers. Replay the day to do it now.",
          when.transient_failure),
    Cause("date_moved", Kind.WAITING, "ServiceTitan moved it to another day after it was posted.",
          "Nothing to do; the next run moves it. Re-materialize both days to do it now.",
          when.date_moved),
    Cause("changed_since_load", Kind.WAITING, "Made or changed after its day was last loaded.",
          "Nothing to do; the next run carries it. Re-materialize the day it is dated on to do it now.",
          when.changed_since_load),
    Cause("adjusted_in_open_period", Kind.INFORMATIONAL, "Changed after its period closed: adjusted later.",
          _NOTHING,
          when.adjusted_in_open_period),
    Cause("removed_in_servicetitan", Kind.FAILING, "In QuickBooks, but no longer to be booked.",
          "Re-materialize loaded/{entity} of the day, which voids it or says why not; or bring it back in "
          "ServiceTitan.",
          when.removed_in_servicetitan),
    Cause("before_start", Kind.INFORMATIONAL, "Dated before this company starts.",
          _NOTHING,
          when.before_start),
    Cause("never_posts", Kind.INFORMATIONAL, "Of a kind that is never booked.",
          _NOTHING,
          when.never_posts),
    Cause("not_yet_due", Kind.INFORMATIONAL, "Not yet due.",
          _NOTHING,
          when.not_yet_due),
    Cause("unreadable", Kind.FAILING, "It cannot be read in full.",
          "Correct the record in its product.",
          when.unreadable),
    Cause("accepted_edit", Kind.INFORMATIONAL, "Changed in QuickBooks, and accepted as it is there.",
          "Nothing to do; correct ServiceTitan if it is wrong there.",
          when.accepted_edit),
    Cause("booked_on_another_day", Kind.INFORMATIONAL, "Booked on a later day, its own being closed.",
          _NOTHING,
          when.booked_on_another_day),
    Cause("wrong_kind", Kind.FAILING, "It stands as a document of another kind.",
          _RELOAD,
          when.wrong_kind),
    Cause("wrong_tax", Kind.FAILING, "The sales tax differs.",
          "Correct the tax in QuickBooks, or allow apps to override its automated tax there; "
          "re-materializing does not help by itself.",
          when.wrong_tax),
    Cause("rounding", Kind.FAILING, "It differs by cents of rounding, at most one a line.",
          _RELOAD,
          when.rounding),
    Cause("wrong_amount", Kind.FAILING, "The amount differs.",
          _RELOAD,
          when.wrong_amount),
    Cause("wrong_customer", Kind.FAILING, "It stands on another customer or vendor.",
          _RELOAD,
          when.wrong_customer),
    Cause("wrong_income_account", Kind.FAILING, "Income or cost stands on another account.",
          "Correct the account of the item or of the line; then re-materialize the day.",
          when.wrong_income_account),
    Cause("wrong_date", Kind.FAILING, "It stands on another day.",
          "Re-materialize loaded/{entity} of both days.",
          when.wrong_date),
    Cause("unapplied_credit", Kind.WAITING, "Less was open on the invoice than ServiceTitan applies.",
          "Take it off what owes nothing in ServiceTitan; else look at what is applied in QuickBooks "
          "instead: by hand, or a credit it applied by itself (setting AutoApplyCredit).",
          when.unapplied_credit),
    Cause("applied_in_quickbooks", Kind.INFORMATIONAL, "Applied in QuickBooks, unapplied in ServiceTitan.",
          "Apply it in ServiceTitan too.",
          when.applied_in_quickbooks),
    Cause("missing_payment_application", Kind.FAILING, "Not applied in QuickBooks as in ServiceTitan.",
          _RELOAD,
          when.missing_payment_application),
    Cause("contradicts_itself", Kind.FAILING, "ServiceTitan's balance is not what its own records add up to.",
          "Look at the invoice's payments in ServiceTitan; one names another invoice or none.",
          when.contradicts_itself),
    Cause("adopted", Kind.INFORMATIONAL, "Typed by hand, and linked because everything agrees.",
          _NOTHING,
          when.adopted),
)  # fmt: skip

UNEXPLAINED = Cause(
    "unexplained",
    Kind.FAILING,
    "No known cause.",
    "Look it up with `st-qbo audit`; if it was never loaded, re-materialize loaded/{entity} of the day.",
    lambda case: f"It differs in {', '.join(case.differs)}." if case.differs else "",
)

#: Of no record: a figure of the day that differs by another amount than its records do. The comparison lost
#: something, and nothing of that day can be relied on.
DOES_NOT_ADD_UP = Cause(
    "figures_do_not_add_up",
    Kind.FAILING,
    "A figure of the day differs by another amount than its documents do.",
    "Compare the day again: materialize books/tie_out of it, which writes nothing. If it stays so, compare "
    "the {entity} of the day in ServiceTitan with those in QuickBooks by hand before the month is "
    "closed, and report the day as a fault of this program.",
    lambda case: "",
)

#: Every cause by name, also those that no predicate answers for.
BY_NAME: dict[str, Cause] = {cause.name: cause for cause in (*CAUSES, UNEXPLAINED, DOES_NOT_ADD_UP)}


def classify(case: Case) -> Finding | None:
    """Return the one cause of a case; None where both sides agree and nothing has to be said."""
    if case.is_plain:
        return None
    for cause in (*CAUSES, UNEXPLAINED):
        evidence = cause.holds(case)
        if evidence:
            return _finding(cause, case, evidence)
    return None


def unexplained(evidence: str, *, entity: str) -> Finding:
    """Return the finding of a difference that no cause covers."""
    return Finding(UNEXPLAINED, evidence, UNEXPLAINED.remedy.format(entity=entity))


def does_not_add_up(evidence: str, *, entity: str) -> Finding:
    """Return the finding of a figure that differs by another amount than its records do."""
    return Finding(DOES_NOT_ADD_UP, evidence, DOES_NOT_ADD_UP.remedy.format(entity=entity))


def _finding(cause: Cause, case: Case, evidence: str) -> Finding:
    given = when.given_reason(case)
    if given is not None and (cause.name in _TELL_THE_REASON or given.code == cause.name):
        return Finding(cause, evidence, given.remedy or cause.remedy, given.code)
    state = case.pair.state
    said = state.reason if state is not None and state.outcome is Outcome.MISMATCH else None
    if said is not None and cause.remedy == _RELOAD:
        # What was repaired once and is otherwise still: to load it again changes nothing (rule 5.4).
        return Finding(cause, evidence, said.remedy or cause.remedy, said.code)
    return Finding(cause, evidence, cause.remedy.format(entity=case.pair.entity.plural))


#: Causes whose remedy is the one the gate or the load gave.
_TELL_THE_REASON = frozenset(
    {"held", "closed_period", "rejected", "blocked", "transient_failure", "not_yet_due", "gate_closed_again",
     "never_posts", "exported_elsewhere", "before_start", "out_of_scope"}
)  # fmt: skip
