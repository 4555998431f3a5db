"""Every fault of QuickBooks in one table: what it means, and whether another try helps.

What belongs here: the codes of the QuickBooks reference §4.3 with their class, plain words, cause and
remedy; rendered, this table is the error cookbook of the guide. What does not: finding faults in an
answer and looking them up (`faults`), and acting on a class (the client for reads, the load for writes).

A row matches by code and, where one code stands for several things, by a pattern in message or detail.
Rows of a code stand from the particular to the general. An unknown code is refused with general words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class FaultClass(StrEnum):
    """What to do about a fault."""

    RETRY = "retry"
    """Send it again with the same request id, after a pause."""
    THROTTLED = "throttled"
    """Everybody waits, then send it again."""
    REFRESH = "refresh"
    """Refresh the access token once and send it again."""
    REREAD = "reread"
    """Somebody changed the object: read it, plan again."""
    STOP = "stop"
    """Stop the company's connection until a person acts."""
    NAME_LOCK = "name_lock"
    """Another name is being written; send it again after a longer pause."""
    NAME_CONFLICT = "name_conflict"
    """The name is taken by a customer, vendor, employee or item: find it, else use a suffix."""
    OWN_DUPLICATE = "own_duplicate"
    """The number is taken; if by our own document, this is success."""
    REPLAYED = "replayed"
    """The request id is known already: probe for the document before anything else."""
    CLOSED_PERIOD = "closed_period"
    """The books are closed for that date."""
    DEPOSITED = "deposited"
    """The payment is on a bank deposit and frozen."""
    GONE = "gone"
    """The object was deleted in QuickBooks."""
    STALE_REFERENCE = "stale_reference"
    """Something it refers to is inactive or unknown: refresh the reference lists and links."""
    NOT_LINKABLE = "not_linkable"
    """The document it is applied to is paid, void or another customer's: read it, plan again."""
    FEATURE_OFF = "feature_off"
    """The company's edition or settings do not have the feature."""
    REJECT = "reject"
    """Refused as it stands; a person looks at it."""

    @property
    def retry_helps(self) -> bool:
        """Whether sending the very same request again can succeed."""
        return self in _RETRY_HELPS


_RETRY_HELPS = frozenset(
    {FaultClass.RETRY, FaultClass.THROTTLED, FaultClass.REFRESH, FaultClass.NAME_LOCK, FaultClass.REPLAYED}
)


@dataclass(frozen=True)
class FaultKind:
    """One row of the table.

    Attributes:
        codes: the codes as QuickBooks writes them.
        fault_class: what to do.
        plain: one sentence for a bookkeeper.
        cause: how it comes about.
        remedy: what a person does, or what happens by itself.
        pattern: regular expression looked for in message and detail; empty matches always.
    """

    codes: tuple[str, ...]
    fault_class: FaultClass
    plain: str
    cause: str
    remedy: str
    pattern: str = ""

    @property
    def retry_helps(self) -> bool:
        """Whether sending the very same request again can succeed."""
        return self.fault_class.retry_helps

    def matches(self, code: str, text: str) -> bool:
        """Say whether a fault is of this kind."""
        return code in self.codes and (
            not self.pattern or re.search(self.pattern, text, re.IGNORECASE) is not None
        )


_BY_ITSELF = "Nothing to do: it is tried again by itself."
_MAPPING = "Tell the maintainers: the document was built wrongly. It is not sent again until it changes."
_RECONNECT = "Connect the company again as an administrator of its QuickBooks (`st-qbo connect`)."
_REFRESH_LISTS = "Materialize `quickbooks/reference`, then re-materialize the day."

#: The rows, by code; §4.3 of the QuickBooks reference unless said otherwise.
FAULTS: tuple[FaultKind, ...] = (
    FaultKind(
        ("100", "110"),
        FaultClass.STOP,
        "QuickBooks does not accept the connection.",
        "The permission was withdrawn, or the app's keys changed.",
        _RECONNECT,
    ),
    FaultKind(
        ("120",),
        FaultClass.STOP,
        "The person who connected QuickBooks may no longer use it.",
        "She lost her administrator role, or left the company.",
        "Let a present administrator connect the company again (`st-qbo connect`).",
    ),
    FaultKind(
        ("130", "140", "150"),
        FaultClass.RETRY,
        "QuickBooks has closed this company for a moment.",
        "The company is being moved, maintained or locked by Intuit.",
        _BY_ITSELF,
    ),
    FaultKind(
        ("500",),
        FaultClass.REJECT,
        "QuickBooks does not know this operation, or could not read the text of the request.",
        "An operation the entity does not have, or text that is not UTF-8.",
        _MAPPING,
    ),
    FaultKind(
        ("600",),
        FaultClass.REPLAYED,
        "QuickBooks has already seen this request.",
        "The same request id was sent before, or is being worked on at this moment.",
        "Nothing to do: the document is looked for before it is sent again.",
    ),
    FaultKind(
        ("610",),
        FaultClass.GONE,
        "The document was deleted in QuickBooks.",
        "Somebody deleted it there.",
        "If it should exist, add the row `again` to links.csv that its record's reason names; if not, delete "
        "it in ServiceTitan too.",
        pattern=r"has deleted this transaction",
    ),
    FaultKind(
        ("610", "2500"),
        FaultClass.STALE_REFERENCE,
        "Something the document refers to was made inactive or does not exist in QuickBooks.",
        "An account, customer, item, class or term was made inactive, merged or deleted there.",
        "Make it active again in QuickBooks or change the mapping. " + _REFRESH_LISTS,
    ),
    FaultKind(
        ("620",),
        FaultClass.NOT_LINKABLE,
        "The payment or credit cannot be applied to that document.",
        "The document is already paid or void, or belongs to another customer.",
        "Compare both documents in QuickBooks; what is open is applied at the next load.",
    ),
    FaultKind(
        ("1040",),
        FaultClass.REJECT,
        "Too many requests were put into one batch.",
        "A batch may hold 30.",
        _MAPPING,
    ),
    FaultKind(
        ("1050",),
        FaultClass.REJECT,
        "QuickBooks does not take this kind of request body.",
        "A query was not sent as plain text, or a document not as JSON.",
        _MAPPING,
    ),
    FaultKind(
        ("2010",),
        FaultClass.REJECT,
        "The document has a field QuickBooks does not know.",
        "A property that does not exist or is not allowed there.",
        _MAPPING,
    ),
    FaultKind(
        ("2020",),
        FaultClass.REJECT,
        "A required field is missing.",
        "QuickBooks names the field.",
        _MAPPING,
    ),
    FaultKind(
        ("2030",),
        FaultClass.REJECT,
        "A QuickBooks id is not valid.",
        "A link points to something that is no QuickBooks id.",
        _MAPPING,
    ),
    FaultKind(
        ("2040",),
        FaultClass.REJECT,
        "A text holds characters QuickBooks does not accept.",
        "Control characters or symbols outside its alphabet, mostly in a name or description.",
        "Take the odd characters out in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2050",),
        FaultClass.REJECT,
        "A text is too long or too short for QuickBooks.",
        "QuickBooks states the limit and the length sent.",
        "Shorten it in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2060", "2070"),
        FaultClass.REJECT,
        "A date is not valid.",
        "A date QuickBooks cannot read or does not allow.",
        "Correct the date in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2130",),
        FaultClass.REJECT,
        "The request id has a form QuickBooks refuses.",
        "It is longer than 50 characters (36 in a batch).",
        _MAPPING,
    ),
    FaultKind(
        ("2140", "2150", "2160"),
        FaultClass.REJECT,
        "An amount, percentage or quantity is not valid.",
        "A number outside what QuickBooks can hold.",
        "Correct the number in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2170",),
        FaultClass.REJECT,
        "A field holds a word QuickBooks does not know.",
        "A value that is none of the field's allowed ones.",
        _MAPPING,
    ),
    FaultKind(
        ("2200",),
        FaultClass.REJECT,
        "A web address is not well formed.",
        "QuickBooks wants a complete URL.",
        "Correct the web address in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2210",),
        FaultClass.REJECT,
        "An e-mail address is not valid.",
        "It lacks `@` or a dot, or holds two addresses.",
        "Correct the address in ServiceTitan, or set `send_email_addresses: false` in the company file; then "
        "re-materialize the day.",
    ),
    FaultKind(
        ("2240",),
        FaultClass.REJECT,
        "A number lies outside the range QuickBooks allows.",
        "A quantity, rate or count that is too large or too small.",
        "Correct the number in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("2250",),
        FaultClass.REJECT,
        "The document has no lines.",
        "QuickBooks wants at least one line.",
        "Add a line in ServiceTitan, or leave the document out there.",
    ),
    FaultKind(
        ("2290",),
        FaultClass.REJECT,
        "QuickBooks takes no negative amount there.",
        "A negative line or total on a kind of document that does not allow it.",
        "Look at the document in ServiceTitan; a negative total belongs on a credit memo.",
    ),
    FaultKind(
        ("3001", "003001"),
        FaultClass.THROTTLED,
        "QuickBooks asks to wait.",
        "More requests than the company may have in a minute, also from its other apps; "
        "or the month's reads of the workspace are used up.",
        _BY_ITSELF,
    ),
    FaultKind(
        ("3100", "003100"),
        FaultClass.STOP,
        "The connection does not belong to this QuickBooks company.",
        "The realm in the company file is another one, production and sandbox were mixed up, "
        "or the permission was withdrawn.",
        "Compare `quickbooks.realm` in the company file with the connected company, then connect again.",
    ),
    FaultKind(
        ("3200", "003200", "3202", "003202"),
        FaultClass.REFRESH,
        "The access token has expired.",
        "It lives for one hour.",
        "Nothing to do: it is refreshed by itself.",
    ),
    FaultKind(
        ("4000", "4001"),
        FaultClass.REJECT,
        "QuickBooks could not read a query.",
        "A quoting mistake or a property that cannot be searched for.",
        _MAPPING,
    ),
    FaultKind(
        ("4002",),
        FaultClass.RETRY,
        "QuickBooks could not finish a query.",
        "A passing trouble at Intuit.",
        _BY_ITSELF,
    ),
    FaultKind(
        ("5010",),
        FaultClass.REREAD,
        "Somebody changed the object in QuickBooks in the meantime.",
        "A person or another app saved it after we read it; applying a payment counts too.",
        "Nothing to do: it is read again and planned again.",
    ),
    FaultKind(
        ("5020", "5030"),
        FaultClass.FEATURE_OFF,
        "This QuickBooks company does not have a feature the document uses.",
        "Class, location or inventory tracking is off or not part of its edition.",
        "Switch the feature on in QuickBooks, or take its mapping out of the company file. " + _REFRESH_LISTS,
    ),
    FaultKind(
        ("6000",),
        FaultClass.NAME_LOCK,
        "Another name was being saved in QuickBooks at the same moment.",
        "A person or app was saving a customer, vendor or item; QuickBooks takes one at a time.",
        _BY_ITSELF,
        pattern=r"one name at a time",
    ),
    FaultKind(
        ("6000",),
        FaultClass.RETRY,
        "Somebody else was saving a document with inventory at the same moment.",
        "QuickBooks takes one change of stock at a time.",
        _BY_ITSELF,
        pattern=r"(?s)inventory.*(same time|at exactly|another user)|(another user).*inventory",
    ),
    FaultKind(
        ("6000",),
        FaultClass.RETRY,
        "QuickBooks could not work out its tax just now.",
        "A passing trouble of its tax calculation.",
        _BY_ITSELF,
        pattern=r"error while calculating tax",
    ),
    FaultKind(
        ("6000",),
        FaultClass.REJECT,
        "The document has no amount.",
        "A payment or document without a total.",
        "Give it an amount in ServiceTitan, or leave it out there.",
        pattern=r"must set a transaction amount",
    ),
    FaultKind(
        ("6000",),
        FaultClass.REJECT,
        "The document has no lines.",
        "QuickBooks wants at least one or two lines.",
        "Add lines in ServiceTitan, or leave the document out there.",
        pattern=r"at least (two detail lines|one line item)",
    ),
    FaultKind(
        ("6000",),
        FaultClass.REJECT,
        "The currency of the document is not the one of its customer, vendor or account.",
        "A multicurrency company; a name's currency is fixed when it is created.",
        "Use a customer and an account in the document's currency.",
        pattern=r"currency of the transaction is invalid",
    ),
    FaultKind(
        ("6000",),
        FaultClass.REJECT,
        "The name on the document is of the wrong kind.",
        "It is linked to a vendor or employee where a customer is wanted, or the other way round.",
        "Settle the match of that name, then re-materialize the day.",
        pattern=r"type of name assigned",
    ),
    FaultKind(
        ("6000",),
        FaultClass.REJECT,
        "QuickBooks refuses the document by one of its business rules.",
        "QuickBooks says which in its message.",
        "Read the message; correct the document in ServiceTitan or the setting in QuickBooks.",
    ),
    FaultKind(
        ("6010",),
        FaultClass.REJECT,
        "An account was given two kinds at once.",
        "Account type and detail type contradict each other.",
        _MAPPING,
    ),
    FaultKind(
        ("6070",),
        FaultClass.REJECT,
        "A line's amount is not its quantity times its price.",
        "Rounding: QuickBooks rounds the product half up to the cent.",
        _MAPPING,
    ),
    FaultKind(
        ("6080",),
        FaultClass.REJECT,
        "A customer, vendor or item has no name.",
        "Every part of its name is empty.",
        "Give it a name in ServiceTitan, then re-materialize the day.",
    ),
    FaultKind(
        ("6090",),
        FaultClass.REJECT,
        "A discount line lacks its percentage, amount or account.",
        "The document was built with an incomplete discount.",
        _MAPPING,
    ),
    FaultKind(
        ("6100",),
        FaultClass.REJECT,
        "A line's tax code is not allowed.",
        "A US company takes only taxable or not taxable on a line.",
        "Check `tax` in the company file against the company's tax settings. " + _REFRESH_LISTS,
    ),
    FaultKind(
        ("6140",),
        FaultClass.OWN_DUPLICATE,
        "The document number is already used in QuickBooks.",
        "The document was posted before and its answer was lost, or somebody typed it by hand.",
        "If it is the same document, it is linked by itself; else change one of the two numbers.",
    ),
    FaultKind(
        ("6160", "6230"),
        FaultClass.REJECT,
        "The custom sales tax code cannot be used.",
        "`CustomSalesTax` is not a tax code of the company.",
        "Name a real tax code under `tax.zone_codes` in the company file.",
    ),
    FaultKind(
        ("6170",),
        FaultClass.REJECT,
        "The document carries tax although it says that none applies.",
        "Tax detail together with `NotApplicable`.",
        _MAPPING,
    ),
    FaultKind(
        ("6180",),
        FaultClass.REJECT,
        "The name lies more than five levels deep.",
        "QuickBooks allows four levels under a top name.",
        "Move it up in QuickBooks, then re-materialize the day.",
    ),
    FaultKind(
        ("6190",),
        FaultClass.STOP,
        "The QuickBooks subscription is over or unpaid; nothing can be added.",
        "The trial or subscription ended, was cancelled, or there is a billing problem.",
        "Renew the subscription under Your Account in QuickBooks, then re-materialize what failed.",
    ),
    FaultKind(
        ("6200", "6210"),
        FaultClass.CLOSED_PERIOD,
        "The books are closed for that date.",
        "It is dated on or before the closing date of the company, or what it is applied to is.",
        "Take the closing date in QuickBooks back, or enter it there by hand; of new documents, "
        "`closed_period: next_open_day` in the company file posts them later.",
    ),
    FaultKind(
        ("6220",),
        FaultClass.REJECT,
        "It cannot be removed while it has a balance.",
        "An account, customer or vendor with an open balance.",
        "Bring its balance to zero in QuickBooks, then re-materialize the day.",
    ),
    FaultKind(
        ("6240",),
        FaultClass.NAME_CONFLICT,
        "The name is already used in QuickBooks.",
        "Another customer, vendor, employee or item has it; inactive ones count too.",
        "If it is the same, settle the match (links.csv); else it gets a suffix by itself.",
    ),
    FaultKind(
        ("6250", "6560"),
        FaultClass.STALE_REFERENCE,
        "The customer on the document does not exist in QuickBooks or is inactive.",
        "The customer was merged, made inactive or deleted there.",
        "Make it active again in QuickBooks or settle the match, then re-materialize the day.",
    ),
    FaultKind(
        ("6270",),
        FaultClass.REJECT,
        "The document is dated before the stock item begins.",
        "An inventory item has a start date after the document's date.",
        "Move the item's start date in QuickBooks to the document's or before; then re-materialize the day.",
    ),
    FaultKind(
        ("6310", "6320"),
        FaultClass.REJECT,
        "A billable line has no customer, or a status QuickBooks refuses.",
        "Billable costs need a customer.",
        _MAPPING,
    ),
    FaultKind(
        ("6430",),
        FaultClass.REJECT,
        "An account is of the wrong type for its place.",
        "For example a deposit account that is neither Bank nor Other Current Asset.",
        "Choose another account in the company file. " + _REFRESH_LISTS,
    ),
    FaultKind(
        ("6440",),
        FaultClass.REJECT,
        "A line lacks its details.",
        "QuickBooks wants the detail of each line's kind.",
        _MAPPING,
    ),
    FaultKind(
        ("6450", "6480"),
        FaultClass.DEPOSITED,
        "The payment is settled or matched with the bank and cannot be voided.",
        "It was settled by a processor or matched with a bank line.",
        "Undo the match or settlement in QuickBooks, then re-materialize the day.",
    ),
    FaultKind(
        ("6460",),
        FaultClass.DEPOSITED,
        "The void does not agree with the deposit the payment is on.",
        "Voiding it would change a recorded deposit.",
        "Take the payment off its deposit in QuickBooks, then re-materialize the day.",
    ),
    FaultKind(
        ("6470",),
        FaultClass.REJECT,
        "The document touches a sales tax liability account and cannot be voided.",
        "Its tax has been filed or booked.",
        "Void it in QuickBooks by hand, with the tax in mind.",
    ),
    FaultKind(
        ("6520",),
        FaultClass.REJECT,
        "A stock item needs a quantity.",
        "An inventory item without quantity on hand.",
        "Give the item its quantity on hand in QuickBooks, or take `inventory` out of `item_policy` in the "
        "company file; then re-materialize the day.",
    ),
    FaultKind(
        ("6540",),
        FaultClass.DEPOSITED,
        "The payment is on a bank deposit and cannot be changed.",
        "A bookkeeper has deposited it.",
        "Apply the credit in QuickBooks by hand, if that is all that changed; else take the payment off its "
        "deposit there. Then re-materialize the day.",
    ),
    FaultKind(
        ("10000",),
        FaultClass.RETRY,
        "QuickBooks had an internal error.",
        "A passing trouble at Intuit; a write may or may not have happened.",
        _BY_ITSELF,
    ),
    FaultKind(
        ("10100",),
        FaultClass.REJECT,
        "The answer was too large for QuickBooks.",
        "A query over too many objects at once.",
        "Load fewer days at once (`st-qbo sync --from … --to …`).",
    ),
    FaultKind(
        ("10200",),
        FaultClass.STOP,
        "The QuickBooks company was reset.",
        "Somebody deleted all of its data.",
        "Nothing we posted exists any more: talk to the company before anything is posted again.",
    ),
)

UNKNOWN = FaultKind(
    (),
    FaultClass.REJECT,
    "QuickBooks refused the request for a reason that is not in our table.",
    "QuickBooks says which in its message.",
    "Read the message and the trace id in the audit; it is not sent again until it changes.",
)
