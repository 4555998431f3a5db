"""The named switches of the QuickBooks half: what the reference infers, and what a test may want both ways.

Belongs here: flags and limits with the section that leaves them open. Does not belong here: company
preferences, which are data of the company (`company.py`), and what the reference confirms, which is simply
built.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Switches:
    """Everything that can be played both ways. Section numbers are those of the QuickBooks reference."""

    # §2.3: how long a requestid is remembered is not documented; None keeps it for good.
    requestid_minutes: float | None = None
    # §2.3: turns replay off altogether, as if every id had been forgotten at once.
    requestid_replay: bool = True
    # §2.3: whether a refused write is remembered too.
    requestid_remembers_faults: bool = False
    # §2.3: a known id with another body: replay the first answer, or answer 600 "Duplicate Request ID".
    requestid_other_body: str = "replay"
    # §3.6: the query MAXRESULTS above 1000: refused with 4001, or clamped.
    query_over_1000: str = "refuse"
    # §3.6: a bare number as a value was seen to give 4000.
    query_bare_numbers: bool = False
    # §3.6: live tests found these accepted although the grammar does not name them.
    query_not_equal: bool = True
    # §3.9: the 1000 objects count for the whole response, or for each entity.
    cdc_limit_per_entity: bool = False
    # §4.3: an inactive reference in a transaction answers 610 or 2500.
    inactive_reference_code: str = "610"
    # §4.3: the detail of 2500 for an id that never was: the recorded text, or "... element id N not found".
    unknown_reference_names_id: bool = False
    # §3.6: the company setting "warn if duplicate number is used" for sales forms cannot be read by API.
    warn_duplicate_number: bool = False
    # §6.9: a bill number used again for the same vendor.
    refuse_duplicate_bill_number: bool = True
    # §6.8: the feature can be turned off; where a client could read that is not recorded.
    purchase_orders: bool = True
    # §6.9: an order closes when its lines are billed in full ("quantity"), or once each is on a bill
    # ("linked").
    order_line_closes: str = "quantity"
    # §6.9: a new link to an order that is closed: "refuse" (620), or "allow".
    link_to_closed_order: str = "refuse"
    # §6.9: a line that was there gets a link to an order in an update: "ignore" the link, or "take" it.
    links_on_old_lines: str = "ignore"
    # §6.7: "fifo" as Intuit says, or "average".
    inventory_costing: str = "fifo"
    # §6.7: another QtyOnHand in an update corrects the stock as of today ("correct"), changes what the item
    # started with ("start"), or is passed over ("ignore").
    item_quantity_update: str = "correct"
    # §4.3: 6520 for a line with a counted item and no quantity; off, such a line moves no goods.
    stock_lines_need_quantity: bool = True
    # §4.3: 6270 guards purchase orders too, although they post nothing.
    start_date_guards_orders: bool = False
    # §6.7: an item bought on a line needs an expense account; off, its income account is debited.
    bought_items_need_expense_account: bool = True
    # §6.2: a payment line above the open balance, or of another customer.
    overpaid_line_code: str = "6000"
    foreign_customer_link_code: str = "620"
    # §6.2: PaymentRefNum of a Payment; 21 is the limit of the form.
    payment_ref_max: int = 21
    # §8 no. 6: a negative sales total.
    negative_total_code: str = "6000"
    # §8 no. 9: changing what a document of an open period is linked to changes one of a closed period too:
    # allowed, or 6210.
    closed_period_guards_links: bool = False
    # §8 no. 24: class and location references while the feature is off: "drop" or "refuse" (5030).
    refs_of_features_off: str = "drop"
    # §8 no. 22 of clients: Qty 0 with UnitPrice 0 beside an amount is how some clients leave both unset.
    zero_qty_and_price_mean_unset: bool = True
    # §9 no. 6: transactions share one sequence and each name list has its own.
    names_share_one_sequence: bool = False
    # §9 no. 8: Intuit's sample customer has a balance and SyncToken "0": only the time stamp moved.
    balance_bumps_name_sync_token: bool = False
    # §3.1: void of CreditMemo and RefundReceipt is not documented.
    void_credit_memos_and_refunds: bool = False
    # §6.7: service and non-inventory items without an expense account.
    items_need_expense_account: bool = False
    # §2.2: properties that the reference does not know: refuse with 2010 or ignore.
    refuse_unknown_properties: bool = True
    # §2.2: without Accept: application/json XML may come: "absent" for clients that send no Accept or name
    # XML, "xml" for all that do not name JSON (`*/*` too), "json" for nobody.
    answer_without_accept: str = "absent"
    # §1.3: two refreshes of one token at the same moment revoke the lineage; seconds that count as the same
    # moment.
    parallel_refresh_revokes: bool = False
    parallel_refresh_seconds: float = 2.0
    # §1.3: sent only on request since 2025.
    refresh_token_days: int = 101
    refresh_rotation_hours: float = 24.0
    access_token_seconds: int = 3600
    authorization_code_seconds: int = 300
    # §5.1: throttles; None lifts one.
    requests_per_minute: int | None = 500
    requests_per_second: int | None = 10
    batches_per_minute: int | None = 40
    # §5.2: metered reads a month; sandbox calls do not count with the vendor, so there is no cap by default.
    metered_reads_per_month: int | None = None
    # §5.1: mails a day.
    mails_per_day: int | None = 40
    # §4.3: the person named in 5010.
    stale_user: str = "root"
    # §4.3: 6190 and 120 as controls: the subscription ended; the connecting user is no longer an
    # administrator.
    subscription_locked: bool = False
    user_lost_access: bool = False
    # §4.2: the app is not authorised for the company: 403/3100 to every call.
    app_unauthorized: bool = False
    # §4.3: 6000 "You can only add or edit one name at a time" for so many next writes of names.
    name_lock_times: int = 0
    # §4.3: 6000 "error while calculating tax" for so many next sales forms.
    tax_error_times: int = 0
    # §6.14: by how many cents the tax of a sales form comes out otherwise than it should, however rounded;
    # "always", or when the form is made ("create") and no longer when it is changed.
    tax_off_by_cents: int = 0
    tax_off_when: str = "always"
    # §6.14: the company's preference "allow apps to override" the automated tax: off, it computes its own.
    apps_may_override_tax: bool = True
    # §6.14: an explicit amount where no rate is known, or for an exempt customer: "keep" it, or "drop".
    explicit_tax_without_rate: str = "keep"
    explicit_tax_of_exempt: str = "keep"
    # §6.14: computed tax is rounded once for the form ("subtotal"), or for every taxed line ("line").
    tax_rounding: str = "subtotal"


def change_switches(current: Switches, changes: dict[str, Any]) -> Switches:
    """Return the switches with these changes.

    Raises:
        ValueError: a name is unknown.
    """
    known = {field.name for field in fields(Switches)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise ValueError(f"unknown switches: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return replace(current, **changes)
