"""Reason codes in plain words: one table for the screens, the ledger and the guide.

What belongs here: for each code the rule it comes from, one sentence with named values, and what a
bookkeeper does about it. What does not: when a code applies (the gate, the mapping, the load).
"""

from st_qbo_assets.domain.buying_reasons import BUYING, BUYING_GATE
from st_qbo_assets.domain.outcomes import Reason
from st_qbo_assets.domain.reason_kind import ReasonKind

__all__ = ["GATE", "KINDS", "MAPPING", "ReasonKind", "reason"]

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
        "Nothing to do; what it became in QuickBooks is voided.",
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
    **BUYING_GATE,
}

_AGAIN = "then re-materialize the day."

#: Codes of the mapping: why a due document cannot become what it should (rules 1.8, 2.1–2.7, 3.1–3.6, 4).
MAPPING: dict[str, ReasonKind] = {
    "unreadable_record": ReasonKind(
        "1.4",
        "ServiceTitan's record cannot be read: {problems}.",
        f"Correct the record in ServiceTitan, {_AGAIN} It is kept as it came.",
    ),
    "customer_missing": ReasonKind(
        "2.7", "It names no customer.", f"Give it a customer in ServiceTitan, {_AGAIN}"
    ),
    "lines_do_not_sum": ReasonKind(
        "1.3",
        "Its chargeable lines add up to {lines}, but its subtotal is {sub_total}.",
        f"Open the invoice in ServiceTitan and save it again, or correct its lines; {_AGAIN}",
    ),
    "total_does_not_add_up": ReasonKind(
        "1.3",
        "Its subtotal {sub_total} and tax {tax} make {sum}, but its total is {total}.",
        f"Open the invoice in ServiceTitan and save it again, or correct its tax; {_AGAIN}",
    ),
    "too_many_lines": ReasonKind(
        "1.3", "It has {count} lines; QuickBooks takes {limit}.", "Split the invoice in ServiceTitan."
    ),
    "sku_missing": ReasonKind(
        "2.1",
        "Line {line} ({what}) names no SKU.",
        f"Give the line a service, material or equipment of the pricebook, {_AGAIN}",
    ),
    "account_missing": ReasonKind(
        "2.1",
        "Line {line} ({what}) has no general ledger account.",
        f"Give the item an income account in ServiceTitan's pricebook and on the invoice, {_AGAIN}",
    ),
    "account_unmapped": ReasonKind(
        "2.1",
        "The account {account} of line {line} ({what}) is not in QuickBooks, neither by number nor by name.",
        "Name its QuickBooks account under `accounts` in the company file, or add it to QuickBooks; "
        + _AGAIN,
    ),
    "account_override_unknown": ReasonKind(
        "2.1",
        "The company file sends account {account} to {named!r}, which QuickBooks does not have or has twice.",
        f"Correct it under `accounts` in the company file, {_AGAIN}",
    ),
    "account_not_income": ReasonKind(
        "2.2",
        "The account {account} of line {line} ({what}) is {label} in QuickBooks, of type {type}: no income.",
        "Give the line an income account in ServiceTitan, or name one under `accounts` in the company file; "
        + _AGAIN,
    ),
    "liability_line_held": ReasonKind(
        "2.2",
        "Line {line} ({what}) goes to the liability {label}, and this company holds such lines.",
        "Set `liability_lines: post` in the company file, or change the line's account in ServiceTitan.",
    ),
    "class_unmapped": ReasonKind(
        "2.3",
        "Business unit {unit} has no class in QuickBooks{named}.",
        "Name it under `classes: overrides`, set `classes: unmapped: none`, or add the class to QuickBooks; "
        + _AGAIN,
    ),
    "department_unmapped": ReasonKind(
        "2.3",
        "Business unit {unit} has no location in QuickBooks{named}.",
        "Name it under `departments` in the company file, or add the location to QuickBooks; " + _AGAIN,
    ),
    "term_override_unknown": ReasonKind(
        "2.7",
        "The company file sends the term {term} to {named!r}, which QuickBooks does not have.",
        f"Correct it under `terms` in the company file, {_AGAIN}",
    ),
    "tax_off": ReasonKind(
        "2.4",
        "It has {tax} of sales tax, but sales tax is off in QuickBooks.",
        "Turn sales tax on in QuickBooks, or choose another `tax: mode` in the company file.",
    ),
    "tax_not_automated": ReasonKind(
        "2.4",
        "It has {tax} of sales tax, but automated sales tax is not set up in QuickBooks.",
        "Set up automated sales tax in QuickBooks, or set `tax: mode: codes` in the company file.",
    ),
    "tax_is_automated": ReasonKind(
        "2.4",
        "It has {tax} of sales tax by code, but QuickBooks uses automated tax and would replace the code.",
        "Set `tax: mode: automated` in the company file.",
    ),
    "tax_mode_none": ReasonKind(
        "2.4",
        "It has {tax} of sales tax, and this company posts none.",
        "Choose a `tax: mode` in the company file, or take the tax off in ServiceTitan.",
    ),
    "tax_code_unmapped": ReasonKind(
        "2.4",
        "Its tax zone {zone} has no tax code in QuickBooks.",
        "Name one under `tax: zone_codes` in the company file, or add the code to QuickBooks; " + _AGAIN,
    ),
    "tax_item_unknown": ReasonKind(
        "2.4",
        "The item {item!r}, which tax goes to, is not in QuickBooks.",
        "Correct `tax: line_item` in the company file, or add the item to QuickBooks.",
    ),
    "tax_without_taxable_line": ReasonKind(
        "2.4",
        "It has {tax} of sales tax, but none of its lines is taxable.",
        f"Mark the taxable lines in ServiceTitan, or take the tax off; {_AGAIN}",
    ),
    "tax_on_exempt": ReasonKind(
        "2.4",
        "It has {tax} of sales tax, but {who} is tax exempt.",
        f"Take the tax off in ServiceTitan, or end the exemption there; {_AGAIN}",
    ),
    "tax_against_total": ReasonKind(
        "2.4",
        "Its tax of {tax} goes against its total: one is below zero, the other is not.",
        f"Split the document in ServiceTitan so that its lines and tax have one sign, {_AGAIN}",
    ),
    "currency_mismatch": ReasonKind(
        "2.4",
        "Its business unit {unit} counts in {currency}, and QuickBooks in {home}.",
        "Correct the currency of the business unit in ServiceTitan, or leave the unit out under "
        "`business_units`.",
    ),
    "credit_memo_below_zero": ReasonKind(
        "3.4",
        "It is a credit memo of {total}: below zero, so it would charge the customer.",
        f"Make it an invoice or a positive credit memo in ServiceTitan, {_AGAIN}",
    ),
    "credit_memo_and_negative_invoice": ReasonKind(
        "3.4",
        "Credit memo {memo} and negative invoice {invoice} are of the same customer, day and {total}: "
        "the credit "
        "may be there twice.",
        f"Delete one of the two in ServiceTitan; if both are meant, give one of them another date; {_AGAIN}",
    ),
    "applied_to_void_invoice": ReasonKind(
        "3.2",
        "It applies {amount} to {invoice}, which was deleted in ServiceTitan.",
        f"Apply it to another invoice or to none in ServiceTitan, {_AGAIN}",
    ),
    "applied_to_credit": ReasonKind(
        "3.4",
        "It pays {amount} on {invoice}, which is a credit and owes nothing.",
        f"Correct the application in ServiceTitan, {_AGAIN}",
    ),
    "credit_taken_from_invoice": ReasonKind(
        "3.4",
        "It takes {amount} back from {invoice}, which is no credit.",
        "Correct the application in ServiceTitan, or move the money in QuickBooks by hand; " + _AGAIN,
    ),
    "credit_becomes_money": ReasonKind(
        "3.4",
        "It uses credits of {credit} more than it applies, which would turn a credit into unapplied money.",
        f"Correct the application in ServiceTitan, {_AGAIN}",
    ),
    "applied_to_unknown": ReasonKind(
        "3.4",
        "It moves {amount} by {invoice}, which could not be found in ServiceTitan.",
        f"Look the document up in ServiceTitan and correct the application, {_AGAIN}",
    ),
    "split_without_document": ReasonKind(
        "3.2",
        "It applies {amount} to a document that ServiceTitan does not name.",
        f"Open it in ServiceTitan and apply that amount to a document, or to none, {_AGAIN}",
    ),
    "closed_period": ReasonKind(
        "4",
        "The books of {day} are closed in QuickBooks, where it is dated or is to be.",
        "Take the closing date in QuickBooks back before that day, or choose by `closed_period` (new "
        "documents) and `closed_period_edits` (amounts and voids of invoices, credits and bills) in the "
        "company file what is done. What changes a payment, a customer, date or number, goods that are "
        "counted, or tax against the total, needs the day open. Then re-materialize the day.",
    ),
    "moved_to_open_day": ReasonKind(
        "4", "The books are closed through {closed}: it posts on {posted}, the first open day.", _SETTLED
    ),
    "stays_on_later_day": ReasonKind(
        "4",
        "It is dated {day}, in books that are closed through {closed}: it stays on {posted}, where it was "
        "posted while that day was open.",
        _SETTLED,
    ),
    "payment_type_ignored": ReasonKind("3.1", "The company file ignores payments of type {type}.", _SETTLED),
    "payment_type_held": ReasonKind(
        "3.1",
        "The company file holds payments of type {type}.",
        "Enter it in QuickBooks by hand, or change its type.",
    ),
    "payment_type_unmapped": ReasonKind(
        "3.1",
        "Payments of type {type} are not in the company file{account}.",
        "Name the type under `payment_types` with its deposit account; " + _AGAIN,
    ),
    "write_off_item_unknown": ReasonKind(
        "3.1",
        "The item {item!r}, which write-offs of type {type} go to, is not in QuickBooks or not active.",
        "Correct `payment_types` in the company file, or add the item to QuickBooks; " + _AGAIN,
    ),
    "write_off_below_zero": ReasonKind(
        "3.1",
        "It is a write-off of {total} ({type}): it would put an amount back that was written off.",
        "Void the write-off it corrects in ServiceTitan instead, or enter an invoice in QuickBooks by hand.",
    ),
    "write_off_uses_credit": ReasonKind(
        "3.1",
        "It is a write-off of type {type} that uses a credit too.",
        f"Enter the write-off and the use of the credit apart in ServiceTitan, {_AGAIN}",
    ),
    "receivable_account_unclear": ReasonKind(
        "3.5",
        "QuickBooks has {count} Accounts Receivable accounts, and none is named for refunds.",
        "Name one as `receivable_account` in the company file; " + _AGAIN,
    ),
    "receivable_account_unknown": ReasonKind(
        "3.5",
        "The company file books refunds against {named!r}, which is no Accounts Receivable of QuickBooks.",
        "Correct `receivable_account` in the company file; " + _AGAIN,
    ),
    "refund_not_negative": ReasonKind(
        "3.5",
        "It names payment {refunded} as refunded, but its own total is not below zero.",
        f"Correct it in ServiceTitan: a refund is a payment below zero; {_AGAIN}",
    ),
    "refund_without_payment": ReasonKind(
        "3.5",
        "It is a refund of {total} that is applied to nothing and names no refunded payment.",
        f"Apply it to a credit in ServiceTitan, or make it from the payment it refunds; {_AGAIN}",
    ),
    "refund_of_unknown_payment": ReasonKind(
        "3.5",
        "It refunds {total} of payment {payment}, which could not be found in ServiceTitan.",
        f"Look the payment up in ServiceTitan, {_AGAIN}",
    ),
    "refund_of_other_customer": ReasonKind(
        "3.5",
        "It is {payer}'s, but refunds payment {payment} of {owner}.",
        f"Correct the customer in ServiceTitan, {_AGAIN}",
    ),
    "refund_of_unposted_payment": ReasonKind(
        "3.5",
        "It gives back money of payment {payment}, which {why}.",
        "Settle that payment first, or enter the refund in QuickBooks by hand; " + _AGAIN,
    ),
    "refund_applied_to_invoice": ReasonKind(
        "3.5",
        "It is a refund of {total} applied to invoice {invoice}, which is no credit: nothing was taken "
        "back yet.",
        "Credit the invoice in ServiceTitan and apply the refund to the credit, or apply it to nothing; "
        + _AGAIN,
    ),
    "refund_partly_applied": ReasonKind(
        "3.5",
        "It is a refund of {total}, of which {rest} are applied to no credit.",
        f"Apply the whole refund to credits in ServiceTitan, or nothing of it; {_AGAIN}",
    ),
    "refund_rest_too_small": ReasonKind(
        "3.5",
        "It is a refund of {total}, but payment {payment} has only {rest} unapplied that is not refunded "
        "yet.",
        "Unapply the payment in ServiceTitan, or credit the invoice and apply the refund to the credit; "
        + _AGAIN,
    ),
    "refund_exceeds_payment": ReasonKind(
        "3.5",
        "It is a refund of {total}, more than the {paid} of payment {payment} it refunds.",
        f"Correct the refund in ServiceTitan, {_AGAIN}",
    ),
    "refund_exceeds_invoice": ReasonKind(
        "3.5",
        "It is a refund of {total}, but of invoice {invoice} only {left} are left that were not taken back.",
        f"Apply the refund to the credit it belongs to in ServiceTitan, {_AGAIN}",
    ),
    "refund_of_several_invoices": ReasonKind(
        "3.5",
        "It is a refund of {total} of payment {payment}, which is applied to {invoices} invoices: which "
        "one it "
        "gives back is not said.",
        "Credit the invoice in ServiceTitan and apply the refund to the credit; " + _AGAIN,
    ),
    "refund_of_reversed_invoice": ReasonKind(
        "3.5",
        "It is a refund of {total} of invoice {invoice}, which {credit} took back already; income would move "
        "twice.",
        f"Apply the refund to {{credit}} in ServiceTitan, {_AGAIN}",
    ),
    "refund_of_unbooked_invoice": ReasonKind(
        "3.5",
        "It is a refund of {total} of invoice {invoice}, whose income is not booked ({state}).",
        f"Settle the invoice first, {_AGAIN}",
    ),
    "payment_does_not_add_up": ReasonKind(
        "3.1",
        "It applies {applied} and leaves {unapplied} unapplied, but its total is {total}.",
        f"Open the payment in ServiceTitan and correct its splits, {_AGAIN}",
    ),
    "splits_exceed_total": ReasonKind(
        "3.1",
        "It applies {applied}, more than its total of {total}.",
        f"Open the payment in ServiceTitan and correct its splits, {_AGAIN}",
    ),
    "payment_of_other_customer": ReasonKind(
        "3.2",
        "It is {payer}'s, but pays invoice {invoice} of {owner}; QuickBooks links only one customer's.",
        "Correct the customer of the payment or of the invoice in ServiceTitan; " + _AGAIN,
    ),
    "payment_spans_companies": ReasonKind(
        "1.8",
        "It pays invoice {invoice}, whose business units belong to another company.",
        "Split the payment in ServiceTitan, or change `business_units` in the company file.",
    ),
    "payment_method_unknown": ReasonKind(
        "3.1",
        "The payment method {method!r} of type {type} is not in QuickBooks.",
        "Correct `payment_types` in the company file, or add the method to QuickBooks; " + _AGAIN,
    ),
    "deposit_account_unknown": ReasonKind(
        "3.1",
        "The deposit account {account!r} of type {type} is not in QuickBooks.",
        "Correct `payment_types` in the company file, or add the account to QuickBooks; " + _AGAIN,
    ),
    "deposit_account_wrong_type": ReasonKind(
        "3.1",
        "The deposit account {label} of type {type} is {account_type}, not Bank or Other Current Asset.",
        "Correct `payment_types` in the company file; " + _AGAIN,
    ),
    "name_illegal": ReasonKind(
        "7.2",
        "Its name {name!r} has no letter or digit that QuickBooks takes.",
        f"Give it a name in ServiceTitan, {_AGAIN}",
    ),
    **BUYING,
}

KINDS: dict[str, ReasonKind] = {**GATE, **MAPPING}


def reason(code: str, /, **values: object) -> Reason:
    """Return the reason of a code with its values filled in; `replace` adds suggestions.

    Raises:
        KeyError: if the code is not in the table, or a value its sentence names is missing.
    """
    kind = KINDS[code]
    return Reason(code=code, text=_filled(kind.text, values), remedy=_filled(kind.remedy, values))


def _filled(sentence: str, values: dict[str, object]) -> str:
    """Return the sentence as text any file can hold; a vendor's lone surrogate cannot be encoded."""
    return sentence.format(**values).encode("utf-8", "replace").decode()
