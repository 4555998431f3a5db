"""Reason codes of the buying side in plain words (rules 8.1–8.8).

What belongs here: for each code the rule it comes from, one sentence with named values, and what a
bookkeeper does about it. What does not: when a code applies (the gate, the mapping).
"""

from st_qbo_assets.domain.reason_kind import ReasonKind

_AGAIN = "then re-materialize the day."

#: Codes of the gate of bills.
BUYING_GATE: dict[str, ReasonKind] = {
    "bill_canceled": ReasonKind(
        "3.6", "The bill was canceled in ServiceTitan.", "Nothing to do; what it became is voided."
    ),
    "order_canceled": ReasonKind(
        "3.6",
        "The purchase order was canceled in ServiceTitan.",
        "Nothing to do; one in QuickBooks is closed.",
    ),
    "bill_not_reconciled": ReasonKind(
        "8.2",
        "The bill is {status} in ServiceTitan, and this company takes Reconciled bills only.",
        "Reconcile it with the vendor's invoice in ServiceTitan.",
    ),
}

#: Codes of the mapping of what is bought.
BUYING: dict[str, ReasonKind] = {
    "vendor_missing": ReasonKind(
        "8.1", "It names no vendor.", f"Choose the vendor in ServiceTitan, {_AGAIN}"
    ),
    "vendor_unknown": ReasonKind(
        "8.1",
        "It names vendor {vendor} ({id}), whom ServiceTitan's list of vendors does not have.",
        f"Look the vendor up in ServiceTitan, {_AGAIN}",
    ),
    "bill_does_not_add_up": ReasonKind(
        "8.2",
        "Its lines come to {lines}, tax to {tax} and shipping to {shipping}; neither the lines nor all of "
        "them together are its amount of {amount}.",
        f"Correct the bill in ServiceTitan, {_AGAIN}",
    ),
    "bill_amount_missing": ReasonKind(
        "8.2",
        "It states no amount, so that its lines cannot be proven.",
        f"Look at it in ServiceTitan, {_AGAIN}",
    ),
    "bill_below_zero": ReasonKind(
        "8.2",
        "It comes to {amount}; what a vendor owes is a credit and no bill.",
        f"Enter it as a return with a credit in ServiceTitan, {_AGAIN}",
    ),
    "bill_without_lines": ReasonKind("8.2", "It has no lines.", f"Look at it in ServiceTitan, {_AGAIN}"),
    "bought_below_zero": ReasonKind(
        "8.2",
        "Line {line} ({what}) is over {quantity} at {cost}; a bill takes nothing back.",
        f"Enter a return in ServiceTitan, {_AGAIN}",
    ),
    "cost_account_missing": ReasonKind(
        "8.4",
        "Line {line} ({what}) names no {kind} account.",
        f"Give the SKU its accounts in ServiceTitan's price book, {_AGAIN}",
    ),
    "cost_account_unmapped": ReasonKind(
        "8.4",
        "The account {account} of line {line} ({what}) is not in QuickBooks.",
        "Name its QuickBooks account under `accounts` in the company file, or add it to QuickBooks; "
        + _AGAIN,
    ),
    "cost_account_wrong_type": ReasonKind(
        "8.4",
        "The account {label} of line {line} ({what}) is {type}, and what is bought cannot stand there.",
        "Name another account under `accounts` in the company file; " + _AGAIN,
    ),
    "freight_account_missing": ReasonKind(
        "8.2",
        "It has shipping of {amount}, and the company file names no account for it.",
        "Name one as `freight_account` in the company file; " + _AGAIN,
    ),
    "purchase_tax_account_missing": ReasonKind(
        "8.2",
        "It has tax of {amount}, and the company file names no account for it.",
        "Name one as `purchase_tax_account` in the company file; " + _AGAIN,
    ),
    "buying_account_unknown": ReasonKind(
        "8.2",
        "The company file names {named!r} as `{policy}`, which QuickBooks does not have as such an account.",
        "Correct `{policy}` in the company file; " + _AGAIN,
    ),
    "ap_account_unclear": ReasonKind(
        "8.1",
        "QuickBooks has {count} Accounts Payable accounts, and the company file names none.",
        "Name one as `ap_account` in the company file; " + _AGAIN,
    ),
    "job_of_bill_unknown": ReasonKind(
        "8.4",
        "It was bought for job {job}, which could not be found with its customer in ServiceTitan.",
        f"Look the job up in ServiceTitan, {_AGAIN}",
    ),
    "bill_on_hold": ReasonKind(
        "8.4", "ServiceTitan holds its payment (do not pay).", "Nothing to do; pay it when the hold is gone."
    ),
}
