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
    "vendor_credit_canceled": ReasonKind(
        "3.6",
        "The vendor's credit was canceled in ServiceTitan.",
        "Nothing to do; what it became is voided.",
    ),
    "ap_payments_off": ReasonKind(
        "8.8",
        "This company does not carry payments of bills.",
        "Nothing to do, or set `ap_payments: true` in the company file.",
    ),
    "paid_in_the_books": ReasonKind(
        "8.8",
        "It was not paid by ServiceTitan: its method says that the accounting system paid.",
        "Nothing to do; who paid it there has booked it there.",
    ),
    "bill_payment_undone": ReasonKind(
        "3.6",
        "The payment is {status} in ServiceTitan.",
        "Nothing to do; one in QuickBooks is voided.",
    ),
    "bill_payment_under_way": ReasonKind(
        "8.8", "The payment is {status} in ServiceTitan.", "Nothing to do; it posts when it is Paid."
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
    "inventory_off": ReasonKind(
        "8.5",
        "The company file has {sku} counted (`inventory`), and QuickBooks counts nothing in {edition}: it "
        "has no inventory, or it is turned off.",
        "Turn on quantity on hand in QuickBooks (Plus or Advanced), or take `inventory` out of "
        "`item_policy`; " + _AGAIN,
    ),
    "stock_account_wrong": ReasonKind(
        "8.5",
        "{sku} is to be counted, but its {kind} account {account} cannot carry counted goods.",
        "Give the SKU an income, a cost of goods sold and an inventory asset account in ServiceTitan's price "
        "book, or name them under `accounts` in the company file; " + _AGAIN,
    ),
    "stock_without_item": ReasonKind(
        "8.5",
        "Line {line} ({what}) buys counted goods, but its accounts are not those of their item.",
        "Make the accounts of the line and of the SKU in the price book equal in ServiceTitan, " + _AGAIN,
    ),
    "stock_without_quantity": ReasonKind(
        "8.5",
        "Line {line} ({what}) is of counted goods, and its quantity and cost do not come to its amount.",
        f"Correct quantity or cost of the line in ServiceTitan, {_AGAIN}",
    ),
    "item_not_used": ReasonKind(
        "2.1",
        "The price book does not use it any more, and it never was in QuickBooks.",
        "Nothing to do.",
    ),
    "item_without_account": ReasonKind(
        "2.1",
        "The price book names no income account for it: lines say where it is sold.",
        "Nothing to do; it is made when a document needs it.",
    ),
    "item_without_sku": ReasonKind(
        "2.1",
        "Record {id} of the price book has no code that can be a name.",
        "Give it a code in ServiceTitan's price book; it is made on the day of that change.",
    ),
    "item_account_unknown": ReasonKind(
        "2.1",
        "The price book sells it on account {account}, which is no income account of QuickBooks.",
        "Name its QuickBooks account under `accounts` in the company file, or correct the price book; it is "
        "made when a document needs it.",
    ),
    "order_of_bill_unknown": ReasonKind(
        "8.1",
        "It names purchase order {id}, which ServiceTitan no longer has; what is in QuickBooks stays as it "
        "is.",
        "Look at the bill and its order in ServiceTitan, or enter the bill anew without an order, then "
        "re-materialize the day.",
    ),
    "job_of_bill_unknown": ReasonKind(
        "8.4",
        "It was bought for job {job}, which could not be found with its customer in ServiceTitan.",
        f"Look the job up in ServiceTitan, {_AGAIN}",
    ),
    "credit_does_not_add_up": ReasonKind(
        "8.7",
        "Its return {number} comes to {lines}, with tax of {tax} and shipping of {shipping}; the credit is "
        "over {amount}, which is neither the goods alone nor all of them together.",
        f"Correct the return or the credit in ServiceTitan, {_AGAIN}",
    ),
    "return_unknown": ReasonKind(
        "8.7",
        "It credits return {id}, which ServiceTitan's list of returns does not have, so that its lines are "
        "not known.",
        f"Look the return up in ServiceTitan, {_AGAIN}",
    ),
    "return_canceled": ReasonKind(
        "8.7",
        "It credits return {number}, which was canceled in ServiceTitan.",
        f"Cancel the credit too, or correct the return in ServiceTitan, {_AGAIN}",
    ),
    "credit_without_return": ReasonKind(
        "8.7",
        "It credits {amount} without a return, and the company file names no account for such.",
        "Name one as `vendor_credit_account` in the company file; " + _AGAIN,
    ),
    "returned_below_zero": ReasonKind(
        "8.7",
        "Line {line} of its return ({what}) is over {quantity} at {cost}; a credit takes nothing back.",
        f"Correct the return in ServiceTitan, {_AGAIN}",
    ),
    "vendor_credit_below_zero": ReasonKind(
        "8.7",
        "It comes to {amount}; what is owed to a vendor is a bill and no credit.",
        f"Enter it as a bill in ServiceTitan, {_AGAIN}",
    ),
    "credit_left_on_account": ReasonKind(
        "8.7",
        "The return's tax of {tax} and shipping of {shipping} are not in the credit of {amount}.",
        "Nothing to do; ask the vendor about them if they are owed.",
    ),
    "applied_to_other_vendor": ReasonKind(
        "8.7",
        "It is applied to bill {bill} of {other}, and is {owner}'s itself.",
        f"Correct the application in ServiceTitan, {_AGAIN}",
    ),
    "applied_to_unknown_bill": ReasonKind(
        "8.7",
        "It is applied to a document that is no bill of the company's one source: {document}.",
        f"Look at the application in ServiceTitan, {_AGAIN}",
    ),
    "applied_below_zero": ReasonKind(
        "8.7",
        "It is applied to bill {bill} with {amount}; QuickBooks applies nothing below zero.",
        f"Correct the application in ServiceTitan, {_AGAIN}",
    ),
    "applied_over_amount": ReasonKind(
        "8.7",
        "{applied} of it are applied, and it is over {amount}.",
        f"Correct the applications in ServiceTitan, {_AGAIN}",
    ),
    "bill_payment_below_zero": ReasonKind(
        "8.8",
        "The payment of bills comes to {amount}; QuickBooks pays nothing below zero.",
        f"Look at it in ServiceTitan, {_AGAIN}",
    ),
    "bill_payment_without_bill": ReasonKind(
        "8.8",
        "{amount} were paid, and ServiceTitan names no bill it paid; QuickBooks takes no such payment.",
        "Name its bills in ServiceTitan, or enter the payment in QuickBooks as a check or expense; " + _AGAIN,
    ),
    "bill_payment_account_missing": ReasonKind(
        "8.8",
        "It names no account it was paid from, and the company file names none.",
        "Name a bank or credit card account as `bill_payment_account` in the company file; " + _AGAIN,
    ),
    "bill_payment_account_wrong": ReasonKind(
        "8.8",
        "It was paid from {account}, which in QuickBooks is {found}; bills are paid from a bank or credit "
        "card.",
        "Name the account's QuickBooks account under `accounts` in the company file; " + _AGAIN,
    ),
    "zero_payment_needs_bank": ReasonKind(
        "8.7",
        "QuickBooks applies a credit by a payment of nothing, which has to name a bank account, and it has "
        "none.",
        "Add a bank account to QuickBooks, or name one as `bill_payment_account`; " + _AGAIN,
    ),
    "bill_on_hold": ReasonKind(
        "8.4", "ServiceTitan holds its payment (do not pay).", "Nothing to do; pay it when the hold is gone."
    ),
}
