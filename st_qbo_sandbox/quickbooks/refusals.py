"""Refusals on demand: those that nothing in this company brings about, and any other by its code.

Belongs here: the words of refusals that come of the vendor's own troubles or of rules that are not modelled
(reference §4.3), for the fault rule `refuse`. Does not belong here: refusals that a request can bring about.

A rule's `code` is the code, or a key of the table where one code stands for several things.
"""

from __future__ import annotations

from dataclasses import dataclass

from st_qbo_sandbox.quickbooks.faults import MESSAGES, Fault, FaultError


@dataclass(frozen=True)
class Words:
    """What a refusal says."""

    message: str
    detail: str
    status: int = 400
    kind: str = "ValidationFault"


_RULE = "Business Validation Error: "

WORDS: dict[str, Words] = {
    "100": Words(
        "General Authentication Error", "The request could not be authenticated.", 401, "AuthenticationFault"
    ),
    "110": Words(
        "OAuth Authentication Error", "The OAuth token was not accepted.", 401, "AuthenticationFault"
    ),
    "130": Words("Wrong Cluster", "The company is not on this cluster.", kind="SystemFault"),
    "140": Words("Company Locked Out", "The company is locked.", kind="SystemFault"),
    "150": Words("Company Under Maintenance", "The company is under maintenance.", kind="SystemFault"),
    "2070": Words("Invalid Date", "The date is not valid."),
    "2150": Words("Invalid Percent", "The percentage is not valid."),
    "2160": Words("Invalid Quantity", "The quantity is not valid."),
    "4002": Words("Query Could Not Be Processed", "The query could not be processed.", kind="SystemFault"),
    "6000 inventory": Words(
        MESSAGES["6000"],
        _RULE
        + "Another user was creating, editing or deleting a transaction with inventory products at exactly "
        "the same time. Please try again.",
    ),
    "6000 line item": Words(MESSAGES["6000"], _RULE + "Please enter at least one line item"),
    "6000 type of name": Words(
        MESSAGES["6000"],
        _RULE + "The type of name assigned to this transaction (client, vendor, employee) is wrong",
    ),
    "6010": Words("Account Type And Sub Type Conflict", "Only one of both kinds may be given."),
    "6170": Words("TxnTaxDetail Not Allowed", "TxnTaxDetail is not allowed with NotApplicable."),
    "6200": Words("Account Period Closed", "The account period has closed."),
    "6220": Words("Delete Entity Has Balance", "An entity with a balance cannot be deleted."),
    "6230": Words("Invalid Tax Code", "The id of CustomSalesTax may not be used."),
    "6440": Words("Detail Information Required", "The detail of a line is required."),
    "6450": Words("Void Failed", "The payment was settled and cannot be voided."),
    "6460": Words("Void Failed", "The amounts of the payment and its deposit do not match."),
    "6470": Words("Void Failed", "The transaction uses a sales tax liability account."),
    "6480": Words("Void Failed", "The transaction is matched with a bank transaction."),
    "6560": Words("No Customer Linked", "No customer is linked to the transaction."),
    "10100": Words("Result Set Too Big", "The result set is too big."),
    "10200": Words("Company Was Reset", "The company was reset."),
}


def refusal(code: str) -> Fault:
    """Return the refusal of a code; one that nobody recorded says so."""
    plain = MESSAGES.get(code, "An error has occurred")
    words = WORDS.get(code) or Words(plain, plain)
    error = FaultError(code.partition(" ")[0], words.detail, "", words.message)
    return Fault(error, status=words.status, kind=words.kind)
