"""Reason codes of the load in plain words.

What belongs here: one row per code a load can answer with, with the rule it comes from and what a
bookkeeper does about it. What does not: when a code applies, and the words for faults of QuickBooks,
which stand in the client's fault table.
"""

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Reason
from st_qbo_assets.domain.reasons import KINDS, ReasonKind

_AGAIN = "Settle that record, if it waits for somebody; this one posts by itself when that has posted."
#: What is tried again by itself (`replay_failed`).
_BY_ITSELF = "Nothing to do: it is loaded again by itself when {} answers. Replay the day to do it now."
#: What is applied later, unless what it is applied to never comes.
_WHEN_IT_POSTS = (
    "Nothing to do while that is still to post: it is applied then. To what never posts, as from before the "
    "start, apply it in QuickBooks by hand."
)

#: Code of a payment that was applied as far as anything was open.
TOO_LITTLE_OPEN = "applied_what_is_open"
#: Codes of payments that found too little open: what is open is looked at before they are sent again.
FOUND_TOO_LITTLE = frozenset({TOO_LITTLE_OPEN, "paid_by_hand", "paid_by_hand_too"})

LOAD: dict[str, ReasonKind] = {
    "waits_for": ReasonKind("5.5", "It waits for {waits_for}, which {state}.", _AGAIN),
    "sub_customer_not_billed": ReasonKind(
        "7.5",
        "The sub-customer {name!r} (Id {qbo_id}) fits, but is not billed with its parent, who could not pay "
        "for it.",
        "Tick *Bill parent customer* on it in QuickBooks, then re-materialize the day; or settle the pair in "
        "links.csv.",
    ),
    "sub_customer_gone": ReasonKind(
        "7.5",
        "The sub-customer {name!r} (Id {qbo_id}) of this service location is no longer in QuickBooks, and no "
        "document of ours tells what it was merged into.",
        "Add the row `{source},Customer,<Id of the one it was merged into>` to links.csv, or "
        "`{source},Customer,again {qbo_id}` to have a new one made; then re-materialize the day.",
    ),
    "sub_customer_inactive": ReasonKind(
        "7.5",
        "The sub-customer {name!r} (Id {qbo_id}) of this service location is inactive in QuickBooks, so no "
        "document can name it.",
        "Make it active again in QuickBooks, or name another one as `{source},Customer,<Id>` in links.csv; "
        "then re-materialize the day.",
    ),
    "sub_customer_elsewhere": ReasonKind(
        "7.5",
        "The sub-customer {name!r} (Id {qbo_id}) of this service location belongs to another customer in "
        "QuickBooks now, who does not pay for it.",
        "Move it back in QuickBooks, or name another one as `{source},Customer,<Id>` in links.csv; then "
        "re-materialize the day.",
    ),
    "sub_customer_merged": ReasonKind(
        "7.5",
        "Its sub-customer {old} was merged into {name!r} (Id {qbo_id}) in QuickBooks; documents name it now.",
        "Nothing to do.",
    ),
    "payment_waits": ReasonKind(
        "3.2",
        "It pays {waits_for}, which {state}.",
        "Settle that invoice or bill; the payment follows in the same run.",
    ),
    "bill_payment_waits": ReasonKind(
        "8.8",
        "It pays {waits_for}, which {state}; QuickBooks takes no payment of bills that names none.",
        "Post the bill in ServiceTitan, the payment follows in the same run; or cancel the payment there. "
        "Pay a bill from before the start in QuickBooks.",
    ),
    "unapplied_for_now": ReasonKind(
        "3.2",
        "It posts unapplied on its own date, because {invoices} {state}.",
        _WHEN_IT_POSTS,
    ),
    "applied_what_is_open": ReasonKind(
        "3.3",
        "QuickBooks has {open} open for it on {invoices}, where ServiceTitan applies {wanted}; the rest is "
        "left unapplied.",
        "Look at {invoices} in QuickBooks for what else is applied there: a payment that somebody applied by "
        "hand, or a credit that QuickBooks applied by itself (setting AutoApplyCredit). Take it off if it is "
        "wrong, then re-materialize the day. If the document came to less, correct it in ServiceTitan.",
    ),
    "paid_by_hand": ReasonKind(
        "3.7",
        "{invoice} was already paid in QuickBooks by hand: {target} {payment} of {amount}, dated {date}.",
        "Delete that payment in QuickBooks, or void this one in ServiceTitan; if the two are one payment, "
        "add the row `{source},{target},{payment}` to links.csv instead. Then re-materialize the day.",
    ),
    "paid_by_hand_too": ReasonKind(
        "3.7",
        "{invoice} was already paid in QuickBooks by hand: {target} {payment} of {amount}, dated {date}. "
        "This payment was posted before as {target} {qbo_id}, and is not applied to it.",
        "Delete {target} {payment} in QuickBooks if the two are one payment, else void the wrong one in "
        "ServiceTitan or QuickBooks; then re-materialize the day.",
    ),
    "needs_void": ReasonKind(
        "3.6",
        "It is in QuickBooks as {target} {qbo_id}, but in ServiceTitan it is no longer to be booked: {why}",
        "See which is right: void {target} {qbo_id} in QuickBooks by hand, or take back in ServiceTitan what "
        "made it so; then re-materialize the day.",
    ),
    "voided_here": ReasonKind("3.6", "{target} {qbo_id} is voided: {why}", "Nothing to do."),
    "emptied_by_hand": ReasonKind(
        "3.6",
        "It was {target} {qbo_id} in QuickBooks, which somebody voided or deleted there: {why}",
        "Nothing to do. Should it be due again, its reason names the row of links.csv that makes it anew.",
    ),
    "void_used": ReasonKind(
        "3.6",
        "{target} {qbo_id} is to be voided, but {by} uses it in QuickBooks.",
        "Take it off {by} in QuickBooks, or void {target} {qbo_id} there by hand; then re-materialize the "
        "day.",
    ),
    "gate_closed_again": ReasonKind(
        "1.2",
        "It is in QuickBooks as {target} {qbo_id} and stays there, though it is not due any more: {why}",
        "Nothing to do while it is worked on; delete it in ServiceTitan if it is to go. Nothing is removed "
        "because a gate closed.",
    ),
    "adjusted": ReasonKind(
        "4",
        "Its books are closed: {target} {qbo_id} of {day} stays; another document posts the difference.",
    ),
    "closed_and_same": ReasonKind(
        "4",
        "Its books are closed: {target} {qbo_id} of {day} stays as it is; what changed moves no amount.",
        "Nothing to do.",
    ),
    "closed_period_answered": ReasonKind(
        "4",
        "QuickBooks answers that its books are closed. It is dated {day}; the day it has there counts too, "
        "and that of what it is applied to.",
        "Look at the closing date in QuickBooks. Take it back before those days, or apply it to something "
        "else in ServiceTitan; then re-materialize the day.",
    ),
    "adjustment": ReasonKind(
        "4", "It posts the difference to {original}, whose books are closed, on the open day {day}."
    ),
    "adjustment_open": ReasonKind(
        "4",
        "Nothing is open on {original} any more: the difference of {amount} stays on the customer's account.",
        "Nothing to do; in QuickBooks it can be applied to other documents of the customer, or paid out.",
    ),
    "shape_waits": ReasonKind(
        "3.6",
        "It is to become {target}, after the {old} {qbo_id} that it was is voided: {why}",
        "Settle that first; the new document follows in the same run.",
    ),
    "told_by_parts": ReasonKind(
        "5.5", "Nothing is said of it under this name any more; {parts} says where the record stands."
    ),
    "credit_stays_unapplied": ReasonKind(
        "3.2",
        "The credit stays unapplied for now, because {invoices} {state}.",
        _WHEN_IT_POSTS,
    ),
    "voided_in_quickbooks": ReasonKind(
        "3.6",
        "It is due, but {target} {qbo_id}, which it became in QuickBooks, was voided there.",
        "If it should exist, add the row `{source},{target},again {qbo_id}` to links.csv; then "
        "re-materialize the day.",
    ),
    "gone_unposted": ReasonKind(
        "1.5", "ServiceTitan no longer finds it, and it was never posted.", "Nothing to do."
    ),
    "not_read_again": ReasonKind(
        "1.5",
        "It could not be read from ServiceTitan again: {error}",
        _BY_ITSELF.format("ServiceTitan"),
    ),
    "payments_not_planned": ReasonKind(
        "3.2",
        "Which payments are applied to it could not be read: {error}",
        _BY_ITSELF.format("the system that did not"),
    ),
    "gone_from_servicetitan": ReasonKind(
        "1.5",
        "It is in QuickBooks as {target} {qbo_id}, but ServiceTitan no longer finds it.",
        "Look for it in ServiceTitan. If it was deleted on purpose, void {target} {qbo_id} in QuickBooks; "
        "then re-materialize the day.",
    ),
    "edited_in_quickbooks": ReasonKind(
        "5.3",
        "{target} {qbo_id} was edited in QuickBooks, and is not overwritten: {differences}.",
        "Undo the edit in QuickBooks, or make it equal to ServiceTitan; then re-materialize the day.",
    ),
    "drift_accepted": ReasonKind(
        "5.3",
        "{target} {qbo_id} was edited in QuickBooks, and this company accepts that: {differences}.",
        "Nothing to do; it stays so until the document changes in ServiceTitan.",
    ),
    "mismatch": ReasonKind(
        "5.4",
        "QuickBooks stored {target} {qbo_id} otherwise than it was sent: {differences}.",
        "Compare both and correct {target} {qbo_id} in QuickBooks; then re-materialize the day.",
    ),
    "adopted_not_updated": ReasonKind(
        "1.6",
        "It was typed into QuickBooks by hand as {target} {qbo_id}, which is never written, and now "
        "differs: {differences}.",
        "Correct {target} {qbo_id} in QuickBooks by hand; then re-materialize the day.",
    ),
    "applied_by_quickbooks": ReasonKind(
        "3.3",
        "QuickBooks applied the credit by itself as {target} {qbo_id}, which is never written, and now "
        "differs: {differences}.",
        "Correct or delete {target} {qbo_id} in QuickBooks, and look at the setting AutoApplyCredit; then "
        "re-materialize the day.",
    ),
    "typed_by_hand_differs": ReasonKind(
        "1.6",
        "QuickBooks already has number {number} as {target} {qbo_id}, unlike ServiceTitan's: {differences}.",
        "If they are one document, make both equal, or name the pair in links.csv; if they are two, change "
        "one number, in ServiceTitan or in QuickBooks. Then re-materialize the day.",
    ),
    "typed_by_hand": ReasonKind(
        "1.6",
        "QuickBooks has number {number} already as {target} {qbo_id}, and this company adopts none.",
        "Set `adopt_typed_by_hand: true` in the company file, or delete {target} {qbo_id} in QuickBooks; "
        "then re-materialize the day.",
    ),
    "typed_by_hand_twice": ReasonKind(
        "1.6",
        "QuickBooks has number {number} more than once, as {target} {qbo_id}, each like ServiceTitan's.",
        "Delete all but one of them in QuickBooks; then re-materialize the day.",
    ),
    "adopted": ReasonKind(
        "1.6",
        "It was typed by hand as {target} {qbo_id}; number, customer, date and amount agree.",
    ),
    "found_by_marker": ReasonKind(
        "5.2", "It was in QuickBooks already as {target} {qbo_id}, which carries its marker."
    ),
    "number_taken": ReasonKind(
        "1.6",
        "QuickBooks already has {target} {qbo_id} with number {number}; it belongs to {owner}.",
        "Change one of the two numbers, in ServiceTitan or in QuickBooks; then re-materialize the day.",
    ),
    "linked_to_existing": ReasonKind(
        "7.2", "It was linked to the existing {target} {qbo_id} {name!r}: same name and {evidence}."
    ),
    "settled_link": ReasonKind("7.2", "It is linked to {target} {qbo_id} by line {line} of links.csv."),
    "settled_link_broken": ReasonKind(
        "7.2",
        "Line {line} of links.csv names {target} {qbo_id}, which {problem}.",
        "Correct that line of links.csv; then re-materialize the day.",
    ),
    "created_again": ReasonKind(
        "5.3",
        "Line {line} of links.csv says that it is made anew in place of {target} {qbo_id}, which is gone.",
    ),
    "match_unsure": ReasonKind(
        "7.2",
        "It may be the same as {candidates} in QuickBooks: {why}.",
        "Add the row `{source},{target},<QuickBooks id>` to links.csv, with `none` for the id to create a "
        "new one; then re-materialize the day.",
    ),
    "name_taken": ReasonKind(
        "2.1",
        "The names {names} are all taken in QuickBooks.",
        "Rename one of them in QuickBooks, or name the pair in links.csv; then re-materialize the day.",
    ),
    "renamed": ReasonKind(
        "7.2", "It is called {name!r} in QuickBooks, because {other} already has its name."
    ),
    "not_settled": ReasonKind(
        "5.1",
        "An earlier write of it may or may not have reached QuickBooks: {error}",
        "Nothing to do; the next run finds out and finishes it. Replay the day to do it now.",
    ),
    "transient": ReasonKind(
        "5.1",
        "QuickBooks could not be reached or was busy: {error}",
        _BY_ITSELF.format("QuickBooks"),
    ),
    "being_changed": ReasonKind(
        "3.2",
        "It is being changed or voided in QuickBooks, together with the payments applied to it.",
        "Nothing to do while it is loaded; if it stays so the load was stopped: replay the day.",
    ),
    "connection_stopped": ReasonKind("5.1", "The connection to QuickBooks is stopped: {error}", "{remedy}"),
    "refused": ReasonKind("5.1", "QuickBooks refused it: {error}", "{remedy}"),
    "number_used": ReasonKind(
        "5.1",
        "QuickBooks refused the number {number}: it is used by {other_type} {other_id}{other_number}.",
        "Change one of the two numbers, in ServiceTitan or in QuickBooks; then re-materialize the day.",
    ),
    "deposited": ReasonKind(
        "3.2",
        "{target} {qbo_id} is already on a bank deposit and cannot be changed.",
        "Apply the credit in QuickBooks by hand, if that is all that changed; else take the payment off its "
        "deposit there. Then re-materialize the day.",
    ),
    "orders_off": ReasonKind(
        "8.1",
        "QuickBooks takes no purchase orders: the feature is off, or its edition has none.",
        "Turn purchase orders on in QuickBooks (Plus or Advanced), then re-materialize the day; or set "
        "`purchase_orders: false` in the company file.",
    ),
    "bill_without_order": ReasonKind(
        "8.1",
        "It posts without its purchase order, which QuickBooks does not link any more: it is closed or "
        "billed in full.",
        "Nothing to do; what is owed is right.",
    ),
    "item_account_refused": ReasonKind(
        "2.1",
        "ServiceTitan's price book gives item {qbo_id} another account for its cost, and QuickBooks does "
        "not take it: {error} Nothing is bought on it until both agree.",
        "Change the account of the item in QuickBooks, or back in the price book; then re-materialize the "
        "day.",
    ),
    "item_type_left": ReasonKind(
        "8.5",
        "Item {qbo_id} stays {held} in QuickBooks, though the company file now says {meant}: an item is "
        "never given another type.",
        "Nothing to do; change the type in QuickBooks if it matters.",
    ),
    "item_type_held": ReasonKind(
        "8.5",
        "Item {qbo_id} is {held} in QuickBooks, and the company file now says {meant}: whether goods are "
        "counted is never changed by itself, and nothing is bought on the item meanwhile.",
        "Put `item_policy` back in the company file, or change the type of the item in QuickBooks; then "
        "re-materialize the day.",
    ),
    "item_of_other_type": ReasonKind(
        "8.5",
        "QuickBooks has item {qbo_id} {name!r} already as {held}, and the company file has it counted.",
        "Change its type to inventory in QuickBooks, or rename it there; then re-materialize the day.",
    ),
    "inventory_refused": ReasonKind(
        "8.5",
        "QuickBooks counts no goods: inventory is off, or its edition has none.",
        "Turn on quantity on hand in QuickBooks (Plus or Advanced), or take `inventory` out of "
        "`item_policy`; then re-materialize the day.",
    ),
    "stock_not_started": ReasonKind(
        "8.5",
        "It is dated before goods on it were counted, so it would sell what was never bought: {error}",
        "Set the item's inventory start date in QuickBooks to that day or before, then re-materialize the "
        "day.",
    ),
    "possible_duplicate_vendor_credit": ReasonKind(
        "8.3",
        "Its number {number} is on another credit of the same vendor: {other}. It may be the same credit "
        "twice.",
        "Look at both. If they are two, correct one number in ServiceTitan, then re-materialize the day; if "
        "they are one, cancel this credit in ServiceTitan, or pair them in links.csv.",
    ),
    "possible_duplicate_bill": ReasonKind(
        "8.3",
        "Its vendor's number {number} is on another bill of the same vendor: {other}. It may be the same "
        "bill twice.",
        "Look at both. If they are two, correct one number in ServiceTitan, then re-materialize the day; if "
        "they are one, cancel this bill in ServiceTitan, or pair them in links.csv.",
    ),
    "deleted_in_quickbooks": ReasonKind(
        "5.3",
        "It was {target} {qbo_id} in QuickBooks, which somebody deleted there.",
        "If it should exist, add the row `{source},{target},again {qbo_id}` to links.csv and re-materialize "
        "the day; if not, delete it in ServiceTitan too.",
    ),
}


def reason(
    code: str, /, *, waits_for: SourceRef | None = None, suggestions: tuple[str, ...] = (), **values: object
) -> Reason:
    """Return the reason of a code with its values filled in; a code the mapping gives too is the mapping's.

    Raises:
        KeyError: if the code is not in the table, or a value its sentence names is missing.
    """
    kind = LOAD[code] if code in LOAD else KINDS[code]
    if waits_for is not None:
        values["waits_for"] = waits_for
    return Reason(
        code=code,
        text=kind.text.format(**values),
        remedy=kind.remedy.format(**values),
        suggestions=suggestions,
        waits_for=waits_for,
    )
