"""Acts of people in ServiceTitan: what `POST /_sandbox/edit` can do on this half.

Belongs here: acts, each of which leaves every total and balance right and moves `modifiedOn` where the
product would. Does not belong here: what an API client can do (`writes`).

An act is `{"act": name, ...}`. Resources are named like the collections of `GET /_sandbox/state` (`invoices`,
`gl-accounts`, ...). Fields in `set` and `record` are those of the records themselves; fields of acts are in
snake case. Money may be given as number or text. Dates are `2026-02-03`. `buying.py` says what lines of
orders and bills are.

| act | fields | what happens |
|---|---|---|
| update | resource, id, set, totals? | fields set, objects merged; see below for items; totals follow |
| touch | resource, id | `modifiedOn` moves, nothing else |
| add | resource, record | a whole record; id, stamps and required fields are filled in |
| delete | resource, id | inactive (orders: Canceled); a deleted invoice loses its applications |
| restore | resource, id | active again |
| erase | resource, id | gone from lists and feeds without a trace; what names it stays |
| post, unpost, export | resource?, id, batch_number?, external_id? | `syncStatus`, batch |
| move_date | resource?, id, date | the business date; the due date moves along |
| add_invoice | customer_id, lines, date?, ... | an invoice with totals, see `invoices.py` |
| add_adjustment | invoice_id, lines, date? | an adjustment invoice |
| add_payment | type or type_id, amount?, splits?, customer_id?, date?, set? | a payment; balances follow |
| apply_payment | id, invoice_id, amount? | applies what is left, at most what is open |
| unapply_payment | id, invoice_id? | takes its applications back |
| reapply_payment | id, splits | replaces its applications |
| void_payment | id | inactive; what it paid is open again |
| refund_payment | id, amount?, date?, type?, splits? | a negative payment naming the refunded one |
| write_off | invoice_id, amount?, type?, date? | a payment of a write-off type of what is open |
| move_credit | from_id, into_id, amount?, type?, date? | a payment of 0: a negative invoice pays another |
| zero_out | id | an invoice without items, tax and applications |
| change_customer | resource?, id, customer_id | the document is another customer's |
| change_number | resource?, id, to | `referenceNumber` |
| add_credit_memo | customer_id, lines, date?, splits?, ... | a credit memo with totals, see `credits.py` |
| change_credit_memo | id, items?, tax? | items as in `update`; totals follow |
| apply_credit_memo | id, invoice_id, amount? | applies what is left, at most what is open |
| unapply_credit_memo | id, invoice_id? | takes its applications back |
| reapply_credit_memo | id, splits | replaces its applications |
| complete_job | id, completed_on? | Completed |
| cancel_job | id, memo?, reason_id? | Canceled; a `completedOn` it has stays |
| reopen_job | id | Scheduled |
| merge_customers | from_id, into_id | the first is inactive and names the second; locations move |
| add_order | vendor_id or vendor, lines, job_id?, date?, number?, tax?, shipping?, ... | Pending |
| change_order | id, lines?, tax?, shipping?, set? | lines by `id`, or new; totals and status follow |
| send_order, cancel_order, reopen_order | id | Sent; Canceled; what receipts make of it |
| receive_order | id, lines?, date?, vendor_number?, tax?, shipping? | a receipt of all, or of lines in part |
| cancel_receipt | id | inactive; its goods are to come again |
| bill_order | id, receipt_ids?, number?, date?, tax?, shipping?, ... | a bill of receipts not billed |
| add_bill | vendor_id or vendor, lines? or expenses?, number?, ... | a bill without an order |
| edit_bill | id, lines?, tax?, shipping?, set? | both lists; the amount follows |
| replace_bill | id, lines?, number?, ... | the old one is canceled, a new one takes its receipts |
| cancel_bill, delete_bill | id | Canceled, or gone; inactive in the feed |
| hold_bill | id, hold? | `doNotPay` |
| reconcile_bill | id, status? | Unreconciled, Discrepancy, Reconciled |
| post_bill | id, sync_status?, batch_number? | both lists; Posted, Pending, Exported |
| return_goods | order_id or vendor, lines, date?, number?, ... | a return, Pending |
| send_return, cancel_return | id | Returned; Canceled |
| credit_return | id, amount?, number?, date? | CreditReceived, and the vendor's credit, which is returned |
| add_vendor_credit | vendor_id or vendor, amount, number?, date? | a credit without a return |
| apply_vendor_credit, unapply_vendor_credit | id, bill_id, amount? | splits |
| cancel_vendor_credit | id | Canceled, inactive |
| pay_bills | bill_ids or splits (bill_id, amount?), method?, status?, date? | of one vendor |
| cancel_bill_payment | id | Cancelled |
| change_cost | sku or id, cost | a SKU's cost |
| rename_sku | sku or id, to, display_name? | a SKU's code |

`set: {"items": [...]}` of an invoice: a row with `id` changes that item, with `"remove": true` takes it
off, without `id` adds one (`skuId` or `skuName`, `quantity`, `price`). Items not named stay. Totals are
computed anew (tax by the rate, unless `set` has `salesTax`) when items, tax or tax zone change; `"totals":
"as given"` stores `set` as it is, even if nothing adds up.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts import bills, buying, credits, invoices, jobs, money, payables, plain
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.problems import RefusalError
from st_qbo_sandbox.storage import Document

ACTS: dict[str, Act] = {
    **plain.ACTS,
    **invoices.ACTS,
    **money.ACTS,
    **credits.ACTS,
    **jobs.ACTS,
    **buying.ACTS,
    **bills.ACTS,
    **payables.ACTS,
}


def perform(desk: Desk, act: dict[str, Any]) -> Document:
    """Perform an act and return the record it is about.

    Raises:
        EditError: there is no such act, a field is missing, or the product would not do it.
    """
    name = str(act.get("act"))
    if name not in ACTS:
        raise EditError(f"no act {name!r}; there are {', '.join(sorted(ACTS))}")
    try:
        return ACTS[name](desk, act)
    except RefusalError as refusal:
        details = "; ".join(" ".join(texts) for texts in refusal.errors.values())
        raise EditError(details or refusal.title) from refusal
    except KeyError as error:
        raise EditError(f"act {name} needs {error}") from error
