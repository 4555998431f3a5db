"""The predicates of the causes: each answers with its evidence, or with an empty text.

What belongs here: when a cause holds, as pure functions of one case. What does not: their order,
names and words (causes). A predicate never answers for a case that neither differs nor has to be
listed.
"""

from datetime import datetime, timedelta

from st_qbo_assets.books.applications import Gap
from st_qbo_assets.books.cases import Case
from st_qbo_assets.books.documents import QboKey, Shape
from st_qbo_assets.books.evidence import FieldDrift
from st_qbo_assets.books.refunds import summed_income
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Outcome, Reason, Verdict
from st_qbo_assets.quickbooks.wording import edit_in_words

_REMOVED = frozenset(
    {"deleted", "zero_total", "canceled_empty", "bill_canceled"}
    | {"order_canceled", "vendor_credit_canceled", "bill_payment_undone"}
)
_CLOSED_AGAIN = frozenset(
    {
        "review_waits",
        "job_not_completed",
        "not_posted",
        "future_date",
        "kind_never_posts",
        "payment_type_ignored",
        "bill_not_reconciled",
        "bill_payment_under_way",
        "ap_payments_off",
        "paid_in_the_books",
    }
)
_NOT_YET = frozenset(
    {"review_waits", "job_not_completed", "not_posted", "future_date", "bill_not_reconciled"}
    | {"bill_payment_under_way"}
)
_NEVER = frozenset({"kind_never_posts", "payment_type_ignored", "ap_payments_off", "paid_in_the_books"})
_UNSETTLED = frozenset({Outcome.HELD, Outcome.REJECTED, Outcome.BLOCKED, Outcome.FAILED})
#: Causes of a document that the application of another to it follows from.
_GONE = frozenset({"deleted_in_quickbooks", "voided_in_quickbooks"})
#: Facets in which an accepted change of a field may differ.
_ACCEPTED_FACETS = {
    "TxnDate": frozenset({"date"}),
    "CustomerRef": frozenset({"customer"}),
    "EntityRef": frozenset({"customer"}),
    "TotalAmt": frozenset({"total", "tax", "income"}),
    "TotalTax": frozenset({"total", "tax"}),
    "Line": frozenset({"total", "tax", "income", "applied"}),
    "deleted": frozenset({"missing", "applied"}),
}
#: Facets in which nothing but cents differs.
_CENTS = frozenset({"total", "income", "date", "applied"})
#: Codes of reasons that hold a record because of its period.
_CLOSED_PERIOD = "closed_period"


def given_reason(case: Case) -> Reason | None:
    """Return why the record is not simply booked: the gate's reason now, or that of the last load.

    The gate speaks first where it holds or rejects; else, for a record that differs, the load that
    left it unsettled; else the gate's reason why it is not due.
    """
    st, state = case.pair.st, case.pair.state
    now = st.standing.reason if st is not None else None
    if now is not None and _verdict(case) in (Verdict.HELD, Verdict.REJECTED):
        return now
    if case.differs and state is not None and state.outcome in _UNSETTLED and state.reason is not None:
        return state.reason
    return now


def duplicate(case: Case) -> str:
    """Two QuickBooks documents that are not void carry one source."""
    if not case.pair.copies:
        return ""
    return f"{case.pair.source} stands in " + " and ".join(str(doc.key) for doc in case.pair.live) + "."


def out_of_scope(case: Case) -> str:
    """Another tenant's document, or a record of another company's business unit that is not here."""
    if case.pair.source is None:
        return "Its marker names another ServiceTitan tenant." if _is_foreign(case) else ""
    if _code(case) == "out_of_scope" and not case.pair.live:
        return _why_not_due(case)
    return ""


def exported_elsewhere(case: Case) -> str:
    """The record is exported by another connector; or a stranger is that connector's document."""
    if case.alike is not None and case.alike.not_due_code == "exported_elsewhere":
        return f"It is like {case.alike.source}, which ServiceTitan has as exported."
    return _why_not_due(case) if _code(case) == "exported_elsewhere" and _standing_alone(case) else ""


def exported_after_posting(case: Case) -> str:
    """We posted it, and another connector has exported it since: it may stand twice (rule 1.7)."""
    if "extra" not in case.differs or _code(case) != "exported_elsewhere":
        return ""
    return f"{_keys(tuple(doc.key for doc in case.pair.live))} is ours. {_why_not_due(case)}"


def left_scope(case: Case) -> str:
    """We posted it, and it belongs to another company's business unit since (rule 1.8)."""
    if "extra" not in case.differs or _code(case) != "out_of_scope":
        return ""
    return f"{_keys(tuple(doc.key for doc in case.pair.live))} is ours. {_why_not_due(case)}"


def looks_like_ours(case: Case) -> str:
    """A stranger resembles a document of ours that is in QuickBooks beside it."""
    return _like(case) if case.alike_in_quickbooks else ""


def not_yet_linked(case: Case) -> str:
    """A stranger resembles a document that is due and not in QuickBooks: no duplicate, but unsettled."""
    return _like(case) if not case.alike_in_quickbooks else ""


def credit_applied(case: Case) -> str:
    """A stranger of total zero that ties credits to our invoices or bills."""
    if not _is_stranger_payment(case) or case.pair.live[0].total_cents != 0 or not case.pays:
        return ""
    return f"It ties a credit to {_named(case.pays)}."


def paid_by_hand(case: Case) -> str:
    """A stranger pays our invoices or bills, or money was typed on the invoice itself (rule 3.7)."""
    if case.open_balance.deposit_cents:
        return (
            f"QuickBooks shows a deposit of {_money(case.open_balance.deposit_cents)} on the invoice itself."
        )
    if not _is_stranger_payment(case) or not case.pays:
        return ""
    return f"{case.pair.live[0].key} of {_money(case.pair.live[0].total_cents)} pays {_named(case.pays)}."


def entered_by_hand(case: Case) -> str:
    """A stranger like none of ours."""
    if case.pair.source is not None or not case.pair.live:
        return ""
    return f"{case.pair.live[0].key} carries no marker and is linked to nothing of ServiceTitan's."


def edited_in_quickbooks(case: Case) -> str:
    """Fields we own are no longer what QuickBooks confirmed."""
    if not case.drift:
        return ""
    return f"Since QuickBooks last confirmed it: {_edits(case.drift)}."


def accepted_edit(case: Case) -> str:
    """What differs was changed in QuickBooks and accepted there, and nothing else differs."""
    covered = {facet for change in case.accepted for facet in _ACCEPTED_FACETS.get(change.field, ())}
    if not case.accepted or not case.differs or not set(case.differs) <= covered:
        return ""
    return f"Accepted as QuickBooks has it: {_edits(case.accepted)}."


def closed_period(case: Case) -> str:
    """It is held because its day, or that of what it is applied to, lies in closed books (rule 4)."""
    reason = given_reason(case)
    is_closed = reason is not None and reason.code.startswith(_CLOSED_PERIOD)
    return held(case) if is_closed else ""


def held(case: Case) -> str:
    """The gate or the load holds the record."""
    if not case.differs:
        return ""
    if _verdict(case) is Verdict.HELD or _outcome(case) is Outcome.HELD:
        return _given(case)
    return ""


def rejected(case: Case) -> str:
    """The gate, the mapping or QuickBooks rejects the record."""
    if not case.differs:
        return ""
    if _verdict(case) is Verdict.REJECTED or _outcome(case) is Outcome.REJECTED:
        return _given(case)
    return ""


def payment_of_held_invoice(case: Case) -> str:
    """It waits for what it is applied to, or lies unapplied because that is not in QuickBooks."""
    if case.pair.counted is None:
        return ""
    without = [gap for gap in case.gaps if not gap.in_quickbooks and gap.cause not in _GONE]
    if "missing" in case.differs and case.pair.shape in (Shape.PAYMENT, Shape.REFUND, Shape.BILL_PAYMENT):
        policy_waits = case.setting.company.payment_of_unposted_invoice == "wait"
        waits = without if policy_waits or _outcome(case) is Outcome.BLOCKED else []
    elif _only(case, "applied") and len(without) == len(case.gaps):
        waits = without
    else:
        waits = []
    return f"It is applied to {_gaps(waits)}, which is not in QuickBooks." if waits else ""


def blocked(case: Case) -> str:
    """The load left it waiting for another record."""
    return _given(case) if case.differs and _outcome(case) is Outcome.BLOCKED else ""


def transient_failure(case: Case) -> str:
    """The load could not reach QuickBooks, or has not yet found out whether it did."""
    return _given(case) if case.differs and _outcome(case) is Outcome.FAILED else ""


def removed_in_servicetitan(case: Case) -> str:
    """Ours in QuickBooks, but deleted or emptied in ServiceTitan."""
    return _why_not_due(case) if "extra" in case.differs and _code(case) in _REMOVED else ""


def before_start(case: Case) -> str:
    """Dated before the start; if it is in QuickBooks, then linked and not made by us (rule 1.6)."""
    return _why_not_due(case) if _code(case) == "before_start" and _standing_alone(case) else ""


def gate_closed_again(case: Case) -> str:
    """Ours in QuickBooks, and no longer due (rule 1.2)."""
    return _why_not_due(case) if "extra" in case.differs and _code(case) in _CLOSED_AGAIN else ""


def never_posts(case: Case) -> str:
    """Of a kind or payment type that the rules or the company file leave out."""
    return _why_not_due(case) if _code(case) in _NEVER and not case.pair.live else ""


def not_yet_due(case: Case) -> str:
    """The gate is not open yet."""
    return _why_not_due(case) if _code(case) in _NOT_YET and not case.pair.live else ""


def gone_from_servicetitan(case: Case) -> str:
    """ServiceTitan was asked for the marker's record by id and has none."""
    if "extra" not in case.differs or not case.pair.st_absent:
        return ""
    return f"ServiceTitan has no {case.pair.source}, which {case.pair.live[0].key} names."


def changed_since_load(case: Case) -> str:
    """The record is newer than what the last load of its day read, or was not due then and is now."""
    st = case.pair.st
    if not case.differs or st is None or _stays_for_closed_books(case):
        return ""
    if st.counts and _outcome(case) is Outcome.NOT_DUE:
        return "The last load found it not due; it is now."
    own = case.setting.evidence.own_loads.get(st.source)
    if "missing" in case.differs and own is not None and own.is_due:
        return f"{st.source} is dated {st.day}, and that day was not loaded since it was made: load {st.day}."
    seen = _seen(case)
    if seen is None or st.changed_at is None or not _is_newer_than_load(case):
        return ""
    return (
        f"ServiceTitan stamped it {_stamp(st.changed_at)}; the last load had read up to {_stamp(seen)}. "
        f"It is dated {st.day}."
    )


def date_moved(case: Case) -> str:
    """Nothing but the day differs, and ServiceTitan moved it after the last load had read it (rule 1.5)."""
    st = case.pair.st
    if st is None or not st.counts or not _only(case, "date") or not _is_newer_than_load(case):
        return ""
    if _stays_for_closed_books(case):
        return ""
    days = ", ".join(sorted({str(doc.day) for doc in case.pair.mains}))
    return f"It moved to {st.day} in ServiceTitan; QuickBooks has it on {days} until the next load."


def deleted_in_quickbooks(case: Case) -> str:
    """The linked object was asked for by id and does not exist; or what it is applied to is so gone."""
    if {"missing", "applied"} & set(case.differs) and case.pair.absent:
        return f"It was {_keys(case.pair.absent)}, which QuickBooks no longer has."
    return _follows_from(case, "deleted_in_quickbooks")


def voided_in_quickbooks(case: Case) -> str:
    """It is void in QuickBooks and due in ServiceTitan; or what it is applied to is so gone."""
    if {"missing", "applied"} & set(case.differs) and case.pair.voided:
        return f"{_keys(tuple(doc.key for doc in case.pair.voided))} is void."
    return _follows_from(case, "voided_in_quickbooks")


def nothing_written(case: Case) -> str:
    """Preview: what is due is planned and not written (rule 1.9)."""
    if "missing" not in case.differs or case.pair.links or case.pair.voided:
        return ""
    if case.setting.company.mode == "preview" or _outcome(case) is Outcome.PLANNED:
        return "It is due and would be written."
    return ""


def unreadable(case: Case) -> str:
    """An amount or a date of it is no amount and no date."""
    if "unreadable" not in case.differs:
        return ""
    faults = [case.pair.st.fault] if case.pair.st is not None and case.pair.st.fault else []
    return "; ".join(faults + [doc.fault for doc in case.pair.live if doc.fault]) + "."


def adjusted_in_open_period(case: Case) -> str:
    """Its period is closed, and the difference stands on an open day under its name (rule 4).

    What was deleted in ServiceTitan stays in its closed period, and its difference takes all of it back.
    """
    adjustments = case.pair.adjustments
    is_taken_back = _only(case, "extra") and _code(case) in _REMOVED and _comes_to_nothing(case)
    if not adjustments or not (_only(case, "date") or is_taken_back):
        return ""
    told = ", ".join(f"{_money(doc.total_cents)} on {doc.day} in {doc.key}" for doc in adjustments)
    return f"Its period is closed; the difference is booked apart: {told}."


def booked_on_another_day(case: Case) -> str:
    """Only the day differs: its own is closed, and the other is no later than the first open one (rule 4)."""
    st, close = case.pair.counted, case.setting.book_close
    if not _only(case, "date") or st is None or close is None:
        return ""
    if case.setting.company.closed_period != "next_open_day" or st.day > close:
        return ""
    days = [doc.day for doc in case.pair.mains if doc.day is not None and doc.day != st.day]
    if not days or not all(st.day < day <= close + timedelta(days=1) for day in days):
        return ""
    return f"It is dated {st.day}, the books are closed up to {close}, and it stands on {max(days)}."


def wrong_kind(case: Case) -> str:
    """It stands as a document of another kind, such as an invoice that has become a credit."""
    if "kind" not in case.differs or case.pair.counted is None:
        return ""
    kinds = _keys(tuple(doc.key for doc in case.pair.mains))
    return f"ServiceTitan has it among {case.pair.counted.shape.value.replace('_', ' ')}; it is {kinds}."


def wrong_tax(case: Case) -> str:
    """Tax differs, and with it the total by just as much or not at all."""
    st = case.pair.counted
    if "tax" not in case.differs or st is None:
        return ""
    tax = sum(doc.tax_cents for doc in case.pair.live)
    total = sum(doc.total_cents for doc in case.pair.live)
    if st.total_cents - total not in (0, st.tax_cents - tax):
        return ""
    return f"Tax is {_money(st.tax_cents)} in ServiceTitan and {_money(tax)} in QuickBooks."


def rounding(case: Case) -> str:
    """Totals or accounts differ by no more than a cent a line, as rounding line by line makes them."""
    st = case.pair.counted
    if st is None or not set(case.differs) & {"total", "income"} or not set(case.differs) <= _CENTS:
        return ""
    held = summed_income(case.pair.live)
    total = sum(doc.total_cents for doc in case.pair.live)
    out_by = [st.income.get(place, 0) - held.get(place, 0) for place in {*st.income, *held}]
    out_by.append(st.total_cents - total)
    if not st.lines or max(map(abs, out_by)) > st.lines or {*st.income} != {*held}:
        return ""
    return (
        f"The total is {_money(st.total_cents)} in ServiceTitan and {_money(total)} in QuickBooks, over "
        f"{st.lines} {'line' if st.lines == 1 else 'lines'}."
    )


def wrong_amount(case: Case) -> str:
    """The totals differ."""
    st = case.pair.counted
    if "total" not in case.differs or st is None:
        return ""
    total = sum(doc.total_cents for doc in case.pair.live)
    return f"The total is {_money(st.total_cents)} in ServiceTitan and {_money(total)} in QuickBooks."


def wrong_customer(case: Case) -> str:
    """The document stands on a QuickBooks customer or vendor that its own is not linked to."""
    st = case.pair.counted
    if "customer" not in case.differs or st is None:
        return ""
    linked = case.setting.evidence.linked_to(st)
    kind = "vendor" if st.shape.is_bought else "customer"
    names = ", ".join(f"{doc.customer or 'no name'} ({doc.customer_id or 'no id'})" for doc in case.pair.live)
    return f"{st.customer or st.customer_id} is QuickBooks {kind} {linked}, but it stands on {names}."


def wrong_income_account(case: Case) -> str:
    """The total agrees and the income or cost by account does not."""
    if "income" not in case.differs:
        return ""
    return "The same money stands on other accounts."


def wrong_date(case: Case) -> str:
    """The same document stands on another day, or our document is dated before the company starts now."""
    st = case.pair.st
    if st is None or not (
        "date" in case.differs or (_code(case) == "before_start" and "extra" in case.differs)
    ):
        return ""
    days = ", ".join(sorted({str(doc.day) for doc in case.pair.live}))
    return f"It is dated {st.day} in ServiceTitan and {days} in QuickBooks."


def unapplied_credit(case: Case) -> str:
    """QuickBooks has less open on it than ServiceTitan still applies (rule 3.3), or nothing at all."""
    if (on_nothing := case.open_balance.unapplied) is not None:
        return (
            f"ServiceTitan applies {_money(on_nothing.cents)} of it to {on_nothing.target}, on which nothing "
            f"is owed ({on_nothing.code}); it lies unapplied."
        )
    if not _only(case, "applied"):
        return ""
    short = all(
        gap.missing_cents > 0 and gap.open_cents is not None and gap.open_cents < gap.missing_cents
        for gap in case.gaps
    )
    return f"Applied otherwise to {_gaps(case.gaps)}; too little is open there." if short else ""


def applied_in_quickbooks(case: Case) -> str:
    """QuickBooks applies more than ServiceTitan, and nothing less."""
    if not _only(case, "applied") or any(gap.missing_cents > 0 for gap in case.gaps):
        return ""
    st = case.pair.counted
    over = sum(gap.quickbooks_cents - gap.servicetitan_cents for gap in case.gaps)
    if st is None or over > abs(st.unapplied_cents) + sum(each.cents for each in case.unapplied):
        return ""
    return f"QuickBooks applies it to {_gaps(case.gaps)}."


def missing_payment_application(case: Case) -> str:
    """It is applied otherwise in QuickBooks, or a refund is tied to nothing."""
    return f"Applied otherwise to {_gaps(case.gaps)}." if "applied" in case.differs else ""


def contradicts_itself(case: Case) -> str:
    """ServiceTitan's open balance is not its total less what its own payments and credits apply."""
    out_by = case.open_balance.contradiction_cents
    return f"Its own balance is out by {_money(out_by)} in ServiceTitan." if out_by else ""


def adopted(case: Case) -> str:
    """Everything agrees with the document it was linked to."""
    if case.differs or not case.pair.adopted or not case.pair.live or case.pair.counted is None:
        return ""
    return f"It is linked to {_keys(tuple(doc.key for doc in case.pair.live))}."


def _like(case: Case) -> str:
    like = case.alike
    if like is None or not like.counts:
        return ""
    number = f" number {like.number}" if like.number else ""
    return f"It is like {like.source}{number} of {_money(like.total_cents)}, dated {like.day}."


def _code(case: Case) -> str:
    return case.pair.st.not_due_code if case.pair.st is not None else ""


def _standing_alone(case: Case) -> bool:
    """Whether nothing of it is in QuickBooks but what we did not make ourselves."""
    return not any(doc.sources for doc in case.pair.live)


def _comes_to_nothing(case: Case) -> bool:
    live = case.pair.live
    totals = (sum(doc.total_cents for doc in live), sum(doc.tax_cents for doc in live))
    return not any(totals) and not summed_income(live)


def _stays_for_closed_books(case: Case) -> bool:
    """Whether it differs only as closed books make it differ, so that no load changes anything (rule 4)."""
    if booked_on_another_day(case):
        return True
    st, adjustments = case.pair.st, case.pair.adjustments
    originals = [document for document in case.pair.mains if document not in adjustments]
    is_in_place = st is not None and all(document.day == st.day for document in originals)
    return is_in_place and bool(adjusted_in_open_period(case))


def _seen(case: Case) -> datetime | None:
    """Return the newest vendor stamp the last load of its own day had read; None if unknown."""
    source = case.pair.source
    return case.setting.evidence.seen_of(source) if source is not None else case.setting.seen_until


def _is_newer_than_load(case: Case) -> bool:
    st, seen = case.pair.st, _seen(case)
    return st is not None and st.changed_at is not None and seen is not None and st.changed_at > seen


def _verdict(case: Case) -> Verdict | None:
    return case.pair.st.standing.verdict if case.pair.st is not None else None


def _outcome(case: Case) -> Outcome | None:
    return case.pair.state.outcome if case.pair.state is not None else None


def _is_foreign(case: Case) -> bool:
    return any(doc.is_foreign for doc in case.pair.live)


def _is_stranger_payment(case: Case) -> bool:
    return case.pair.source is None and bool(case.pair.live) and case.pair.live[0].is_payment


def _only(case: Case, facet: str) -> bool:
    return set(case.differs) == {facet}


def _follows_from(case: Case, cause: str) -> str:
    """Return the evidence where something lies unapplied because all it is applied to is gone that way."""
    if not _only(case, "applied") and "missing" not in case.differs:
        return ""
    if not case.gaps or not all(gap.cause == cause and gap.quickbooks_cents == 0 for gap in case.gaps):
        return ""
    return f"It is applied to {_gaps(case.gaps)}, which is gone from QuickBooks."


def _why_not_due(case: Case) -> str:
    st = case.pair.st
    return st.standing.reason.text if st is not None and st.standing.reason is not None else ""


def _given(case: Case) -> str:
    reason = given_reason(case)
    return reason.text if reason is not None else "The last load gave no reason."


def _edits(edits: tuple[FieldDrift, ...]) -> str:
    return "; ".join(edit_in_words(edit.field, edit.meant, edit.held) for edit in edits)


def _named(things: tuple[object, ...]) -> str:
    return ", ".join(str(thing) for thing in things)


def _keys(keys: tuple[QboKey, ...]) -> str:
    return " and ".join(str(key) for key in keys)


def _gaps(gaps: list[Gap] | tuple[Gap, ...]) -> str:
    return ", ".join(
        f"{gap.target} ({_money(gap.servicetitan_cents)} against {_money(gap.quickbooks_cents)})"
        for gap in gaps
    )


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _money(cents: int) -> str:
    return str(from_cents(cents))
