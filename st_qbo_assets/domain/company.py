"""The company file: everything one company decides, validated.

What belongs here: the attributes of a company's `defs.yaml`, their defaults and checks. What
does not: secrets (the vault), addresses of the vendors (settings), and what a policy does (the
module that applies it). Unmapped is held, never posted to a fallback, unless the company names one.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Text = Annotated[str, Field(min_length=1)]


class _Policy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Environment(StrEnum):
    """Which of the vendors' worlds a company lives in."""

    SANDBOX = "sandbox"
    INTEGRATION = "integration"
    PRODUCTION = "production"


class ServiceTitanSide(_Policy):
    """The ServiceTitan tenant."""

    tenant: Annotated[str, Field(pattern=r"^\d+$", description="tenant id, digits in quotes")]
    application: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            description="GUID under which ServiceTitan keeps which QuickBooks object a record was made from",
        ),
    ] = "b5a0c1de-7d0e-4f0a-9c55-5f5451424f31"


class QuickBooksSide(_Policy):
    """The QuickBooks company (realm) and the share of its budget we may use (rule 11)."""

    realm: Annotated[str, Field(pattern=r"^\d+$", description="company id, digits in quotes")]
    requests_per_second: Annotated[
        int, Field(ge=1, le=10, description="our share of the 10 a second QuickBooks allows the realm")
    ] = 8
    requests_per_minute: Annotated[
        int, Field(ge=1, le=500, description="our share of the realm's 500 a minute, its other apps' too")
    ] = 400
    in_flight: Annotated[
        int, Field(ge=1, le=10, description="calls at the same time, of all processes together")
    ] = 5


class BusinessUnits(_Policy):
    """Which business units belong to this company, by name (rule 1.8); neither means all."""

    include: Annotated[tuple[Text, ...], Field(description="only these business units, by name")] = ()
    exclude: Annotated[tuple[Text, ...], Field(description="all business units but these, by name")] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> "BusinessUnits":
        if self.include and self.exclude:
            raise ValueError("name business units under `include` or under `exclude`, not both")
        return self

    def in_scope(self, name: str) -> bool:
        """Say whether a business unit belongs to the company."""
        return (not self.include or name in self.include) and name not in self.exclude


class PaymentTypePolicy(_Policy):
    """What payments of one ServiceTitan payment type become (rule 3.1).

    `payment` needs `deposit_to`, an account of type Bank or Other Current Asset by number or name.
    """

    becomes: Annotated[
        Literal["payment", "write_off", "hold", "ignore"],
        Field(
            description="`payment`: a QuickBooks payment, below zero a refund; `write_off`: a credit memo "
            "with `item`; `hold`: waits for a person; `ignore`: left out and counted"
        ),
    ]
    method: Annotated[
        Text | None,
        Field(
            description="QuickBooks payment method; without it the one called like the type, if there is one"
        ),
    ] = None
    deposit_to: Annotated[
        Text | None,
        Field(
            description="account the money goes to, and refunds leave from, by number or name; Bank or Other "
            "Current Asset; needed by `payment`"
        ),
    ] = None
    item: Annotated[
        Text | None,
        Field(description="QuickBooks item of a write-off, whose account takes it; needed by `write_off`"),
    ] = None

    @model_validator(mode="after")
    def _complete(self) -> "PaymentTypePolicy":
        if self.becomes == "payment" and not self.deposit_to:
            raise ValueError("a type that becomes `payment` needs `deposit_to` (account number or name)")
        if self.becomes == "write_off" and not self.item:
            raise ValueError("a type that becomes `write_off` needs `item` (the QuickBooks item it goes to)")
        return self


ExemptReason = Literal[
    "Federal government",
    "State government",
    "Local government",
    "Tribal government",
    "Charitable organization",
    "Religious organization",
    "Educational organization",
    "Hospital",
    "Resale",
    "Direct pay permit",
    "Multiple points of use",
    "Direct mail",
    "Agricultural production",
    "Industrial production",
    "Foreign diplomat",
]


class Tax(_Policy):
    """How ServiceTitan's sales tax reaches QuickBooks to the cent (rule 2.4).

    `automated`: automated sales tax with an explicit total; `codes`: manual US tax codes, one per
    tax zone; `line`: tax as its own line on `line_item`; `none`: no tax, a taxed document is held.
    """

    mode: Annotated[
        Literal["automated", "codes", "line", "none"],
        Field(
            description="`automated`: QuickBooks' automated sales tax with ServiceTitan's total; `codes`: a "
            "tax code for each tax zone; `line`: a line of its own; `none`: a taxed document is held"
        ),
    ] = "automated"
    zone_codes: Annotated[
        dict[str, str],
        Field(
            description="ServiceTitan tax zone → QuickBooks tax code, in mode `codes`, where the names differ"
        ),
    ] = {}
    line_item: Annotated[
        Text | None, Field(description="QuickBooks item the tax goes to; needed by mode `line`")
    ] = None
    exempt_reason: Annotated[
        ExemptReason | None,
        Field(
            description="why customers that ServiceTitan calls tax-exempt are exempt in QuickBooks, which "
            "asks for a reason; without one the exemption is held"
        ),
    ] = None

    @model_validator(mode="after")
    def _complete(self) -> "Tax":
        if self.mode == "line" and not self.line_item:
            raise ValueError("tax mode `line` needs `line_item` (the QuickBooks item the tax goes to)")
        return self


class Classes(_Policy):
    """Business unit → QuickBooks class, as `Parent:Child`; default is the unit's own `quickbooksClass`."""

    overrides: Annotated[
        dict[str, str],
        Field(
            description="business unit → class as `Parent:Child`, where it is not the one ServiceTitan names"
        ),
    ] = {}
    unmapped: Annotated[
        Literal["hold", "none"],
        Field(description="documents of a unit without a class: `hold` them, or post them with `none`"),
    ] = "hold"


class Creation(_Policy):
    """Which customers or vendors of one system are made in the other (rule 7.5); updates always travel."""

    to_quickbooks: Annotated[
        Literal["all", "with_documents"],
        Field(
            description="`all`: those that are new or change; `with_documents`: those the documents of a day "
            "need"
        ),
    ] = "all"
    to_servicetitan: Annotated[
        Literal["all", "never", "listed"],
        Field(
            description="`all`: those that are new or change in QuickBooks, no sub-customers; `never`; "
            "`listed`: those under `listed`"
        ),
    ] = "all"
    listed: Annotated[
        tuple[Text, ...],
        Field(description="display names in QuickBooks that are made in ServiceTitan, with `listed`"),
    ] = ()


class MastersPoll(_Policy):
    """When customers and vendors are polled; one cron line alone stands for both."""

    customers: Annotated[
        Text, Field(description="cron line: when customers that changed in either system cross over")
    ] = "20 */2 * * *"
    vendors: Annotated[
        Text, Field(description="cron line: when vendors that changed in either system cross over")
    ] = "50 */8 * * *"

    @model_validator(mode="before")
    @classmethod
    def _of_one_line(cls, value: object) -> object:
        return {"customers": value, "vendors": value} if isinstance(value, str) else value


class Schedules(_Policy):
    """Cron lines in the company's time zone."""

    nightly_close: Annotated[
        Text, Field(description="cron line: when the days that closed or changed are loaded and compared")
    ] = "15 2 * * *"
    reference_refresh: Annotated[
        Text, Field(description="cron line: when the lists of both systems are read anew")
    ] = "45 1 * * *"
    drift: Annotated[
        Text,
        Field(
            description="cron line: when QuickBooks is asked what people changed there; one call, which the "
            "polls of customers and vendors make as well"
        ),
    ] = "40 5 * * *"
    duplicates: Annotated[
        Text, Field(description="cron line: when it is proven that no record stands twice in QuickBooks")
    ] = "30 3 * * *"
    materials_cost: Annotated[
        Text,
        Field(
            description="cron line: when the goods used on the jobs of the last seven days are compared with "
            "our documents, where the buying side is carried; one metered read"
        ),
    ] = "10 5 * * 1"
    full_scan: Annotated[
        Text,
        Field(
            description="cron line: when every document is read again for that proof; one call a thousand "
            "documents"
        ),
    ] = "10 4 1 * *"
    masters_poll: Annotated[
        MastersPoll,
        Field(description="when customers and vendors are polled; a cron line alone stands for both"),
    ] = MastersPoll()
    feed_catch_up: Annotated[
        int,
        Field(
            ge=1,
            le=60,
            description="minutes: how often ServiceTitan is asked for payments, invoices, jobs and credit "
            "memos that changed; its reads are free",
        ),
    ] = 2
    tie_out_due: Annotated[
        Text,
        Field(description="cron line: when the days that events or feeds loaded are compared; metered reads"),
    ] = "25 */4 * * *"
    sweep_days: Annotated[int, Field(ge=1, le=90, description="days the nightly close looks back")] = 3


class AlertPolicy(_Policy):
    """What people are told of by chat, mail or webhook; where it is sent to stands in the vault."""

    failures: Annotated[
        bool, Field(description="runs that failed, and records that were refused or failed")
    ] = True
    connections: Annotated[bool, Field(description="a connection that waits for a person")] = True
    held_hours: Annotated[
        int | None,
        Field(ge=1, description="records held or blocked for longer than so many hours; null: never"),
    ] = 24
    differences: Annotated[bool, Field(description="days on which the tie-out finds what must not be")] = True
    stale_hours: Annotated[
        int | None,
        Field(ge=1, description="nothing was read and compared for longer than so many hours; null: never"),
    ] = 30
    token_expiry: Annotated[bool, Field(description="permissions that end within 90, 30 or 7 days")] = True
    digest_at: Annotated[
        str | None,
        Field(
            pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
            description="local time of the daily summary, like 07:30; null: none",
        ),
    ] = "07:30"


class ItemPolicy(_Policy):
    """What goods and services of the price book become in QuickBooks (rule 8.5).

    `inventory` holds for goods that ServiceTitan keeps in stock; others of the kind become non-inventory.
    """

    material: Annotated[
        Literal["service", "non_inventory", "inventory"],
        Field(description="what new items of materials are; `inventory` needs Plus or Advanced"),
    ] = "non_inventory"
    equipment: Annotated[
        Literal["service", "non_inventory", "inventory"],
        Field(description="what new items of equipment are; `inventory` needs Plus or Advanced"),
    ] = "non_inventory"
    service: Annotated[
        Literal["service", "non_inventory"],
        Field(description="what new items of services are; nobody counts them"),
    ] = "service"

    def of(self, kind: str) -> str:
        """Return the policy of a line's or an item's ServiceTitan type; what is no goods is a service."""
        goods = {"Material": self.material, "Equipment": self.equipment, "Service": self.service}
        return goods.get(kind, "service")


class CompanyFile(_Policy):
    """One company: a QuickBooks realm joined to a ServiceTitan tenant, or to some of its units."""

    name: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="short name, first part of its asset keys")
    ]
    environment: Annotated[
        Environment,
        Field(
            description="`sandbox`: the local one; `integration`: the vendors' test worlds; `production`: "
            "the real ones"
        ),
    ]
    servicetitan: Annotated[ServiceTitanSide, Field(description="the ServiceTitan tenant")]
    quickbooks: Annotated[QuickBooksSide, Field(description="the QuickBooks company (realm)")]
    time_zone: Annotated[
        str, Field(description="IANA name; decides which day it is and when the schedules run")
    ]
    start_date: Annotated[date, Field(description="documents dated before it are never created")]
    mode: Annotated[
        Literal["preview", "live"], Field(description="`preview` writes nothing; only a person sets `live`")
    ] = "preview"
    gate: Annotated[
        Literal["completed", "posted"],
        Field(
            description="an invoice is due when its job is `completed` (or it has none, or is posted), or "
            "only when it is `posted`"
        ),
    ] = "completed"
    adopt_exported: Annotated[
        bool,
        Field(description="link what ServiceTitan's own connector has booked, so that payments find it"),
    ] = False
    adopt_typed_by_hand: Annotated[
        bool,
        Field(
            description="link an invoice typed by hand if number, customer, date and amount agree; else hold"
        ),
    ] = True
    send_email_addresses: Annotated[
        bool, Field(description="write the customer's e-mail address on invoices; nothing is ever mailed")
    ] = False
    business_units: Annotated[
        BusinessUnits, Field(description="which business units belong to this company; all, if none is named")
    ] = BusinessUnits()
    accounts: Annotated[
        dict[str, str],
        Field(
            description="ServiceTitan account (number or name) → QuickBooks account (number or name), where "
            "neither agree by themselves"
        ),
    ] = {}
    items: Annotated[
        Literal["per_sku", "per_account"],
        Field(
            description="`per_sku`: an item for each SKU and income account; `per_account`: one for each "
            "income account"
        ),
    ] = "per_sku"
    item_policy: Annotated[
        ItemPolicy,
        Field(
            description="what new items of each ServiceTitan kind are; one that exists is never given "
            "another type"
        ),
    ] = ItemPolicy()
    opening_quantities: Annotated[
        Text | None,
        Field(
            description="CSV file beside this one with the columns `sku,quantity`: what is on hand on "
            "`start_date`; needed by `inventory`"
        ),
    ] = None
    liability_lines: Annotated[
        Literal["post", "hold"],
        Field(description="lines on a current liability, such as deposits or memberships: `post` or `hold`"),
    ] = "post"
    classes: Annotated[Classes, Field(description="business unit → class, where class tracking is on")] = (
        Classes()
    )
    departments: Annotated[
        dict[str, str],
        Field(
            description="business unit → QuickBooks location; left empty, no location is written; else a "
            "unit that is not named is held"
        ),
    ] = {}
    terms: Annotated[
        dict[str, str],
        Field(description="ServiceTitan payment term → QuickBooks term, where the names differ"),
    ] = {}
    payment_types: Annotated[
        dict[str, PaymentTypePolicy],
        Field(
            description="ServiceTitan payment type, spelled as there → what its payments become; a type that "
            "is not named is held"
        ),
    ] = {}
    receivable_account: Annotated[
        Text | None,
        Field(
            description="Accounts Receivable that refunds are booked against, by number or name; needed only "
            "where QuickBooks has several"
        ),
    ] = None
    payment_of_unposted_invoice: Annotated[
        Literal["wait", "unapplied"],
        Field(
            description="a payment whose due invoice is not in QuickBooks: it waits (`wait`), or posts "
            "`unapplied` until the invoice does"
        ),
    ] = "wait"
    tax: Annotated[Tax, Field(description="how sales tax reaches QuickBooks")] = Tax()
    closed_period: Annotated[
        Literal["hold", "next_open_day"],
        Field(
            description="a new document dated in closed books: `hold` it, or post it on the `next_open_day`"
        ),
    ] = "hold"
    closed_period_edits: Annotated[
        Literal["hold", "adjust"],
        Field(
            description="an edit or void of a document dated in closed books: `hold` it, or `adjust`: "
            "post one "
            "credit memo or invoice for the difference on the first open day"
        ),
    ] = "hold"
    drift: Annotated[
        Literal["report", "restore", "accept"],
        Field(
            description="a document of ours that somebody edited in QuickBooks: `report` it and change "
            "nothing, "
            "`restore` our version, or `accept` theirs until ServiceTitan changes the document"
        ),
    ] = "report"
    characters: Annotated[
        Literal["latin1", "unicode"],
        Field(
            description="`latin1` writes what US companies take (é stays, ș becomes s); emoji go in either"
        ),
    ] = "latin1"
    create_customers: Annotated[
        Creation, Field(description="which customers of one system are made in the other")
    ] = Creation()
    create_vendors: Annotated[
        Creation, Field(description="which vendors of one system are made in the other")
    ] = Creation()
    name_format: Annotated[
        Literal["as_is", "first_last"],
        Field(
            description="how a person called `Last, First` in ServiceTitan is called in QuickBooks: `as_is`, "
            "or `First Last`; pairs keep the style they have"
        ),
    ] = "as_is"
    locations: Annotated[
        Literal["flat", "sub_customers"],
        Field(
            description="`flat`: documents name the customer; `sub_customers`: sales name a sub-customer for "
            "the service location, billed with its parent"
        ),
    ] = "flat"
    locations_since: Annotated[
        date | None,
        Field(
            description="documents dated from this day on follow `locations`, earlier ones the other way; "
            "needed by `sub_customers`"
        ),
    ] = None
    accepted: Annotated[
        tuple[Text, ...],
        Field(
            description="red points of readiness that are accepted, each as `code: name`, as "
            "`onboarding/readiness` shows it"
        ),
    ] = ()
    field_policies: Annotated[
        dict[
            Literal[
                "name",
                "email",
                "phone",
                "mobile",
                "fax",
                "address",
                "service",
                "terms",
                "active",
                "person",
            ],
            Literal["last_write_wins", "servicetitan_wins", "quickbooks_wins", "hold"],
        ],
        Field(
            description="field of customers and vendors → what happens when both systems changed it; without "
            "a row the later write wins"
        ),
    ] = {}
    notes: Annotated[
        Literal["both", "to_quickbooks", "to_servicetitan", "off"],
        Field(
            description="notes of customers: ServiceTitan's into a part of QuickBooks' text "
            "(`to_quickbooks`), the rest of that text as a note in ServiceTitan (`to_servicetitan`), or "
            "`both`; a call for each customer that is looked at"
        ),
    ] = "both"
    bill_source: Annotated[
        Literal["inventory_bills", "ap_bills"] | None,
        Field(
            description="which list of ServiceTitan bills are taken from, since the second repeats the "
            "first; without it nothing of the buying side is carried"
        ),
    ] = None
    bill_gate: Annotated[
        Literal["all", "posted", "reconciled"],
        Field(
            description="a bill is due at once (`all`), when it is `posted`, or when it is `reconciled`, "
            "which only `ap_bills` tell"
        ),
    ] = "posted"
    purchase_orders: Annotated[
        bool,
        Field(
            description="whether purchase orders are carried and bills linked to them line by line; it needs "
            "Plus or Advanced, and `bill_source`"
        ),
    ] = True
    ap_account: Annotated[
        Text | None,
        Field(
            description="Accounts Payable that bills are owed on, by number or name; needed only where "
            "QuickBooks has several"
        ),
    ] = None
    freight_account: Annotated[
        Text | None,
        Field(
            description="account the freight on bills goes to, by number or name; without it such are held"
        ),
    ] = None
    purchase_tax_account: Annotated[
        Text | None,
        Field(description="account the tax on bills goes to, by number or name; without it such are held"),
    ] = None
    vendor_credit_account: Annotated[
        Text | None,
        Field(
            description="account that vendors' credits without a return go to (rebates), by number or name; "
            "without it such are held"
        ),
    ] = None
    ap_payments: Annotated[
        bool,
        Field(
            description="whether bills that ServiceTitan itself paid (method ServiceTitan, status Paid) are "
            "paid in QuickBooks too; off, they are listed in the tie-out and nothing else"
        ),
    ] = False
    bill_payment_account: Annotated[
        Text | None,
        Field(
            description="bank or credit card account that bills are paid from, by number or name, where "
            "ServiceTitan's payment names none; without either a payment is held"
        ),
    ] = None
    stocked_purchases: Annotated[
        Literal["expense", "asset"],
        Field(
            description="bills for stock: their cost at once (`expense`), or ServiceTitan's `asset` account "
            "until it is used"
        ),
    ] = "expense"
    owners: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+)$")], ...],
        Field(description="who looks after the books in the UI: `team:name`, or e-mail addresses"),
    ] = ("team:bookkeeping",)
    alerts: Annotated[AlertPolicy, Field(description="what people are told of by chat, mail or webhook")] = (
        AlertPolicy()
    )
    webhooks: Annotated[
        bool,
        Field(
            description="`on`: both systems send events, which start runs; `off`: QuickBooks is asked "
            "every 15 minutes what changed there"
        ),
    ] = True
    schedules: Annotated[Schedules, Field(description="cron lines in the company's time zone")] = Schedules()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)  # listing all zones would read a thousand files
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value!r}; use a name like America/Chicago") from None
        return value

    @model_validator(mode="after")
    def _switched_on_a_day(self) -> "CompanyFile":
        if self.locations == "sub_customers" and self.locations_since is None:
            raise ValueError(
                "`locations: sub_customers` needs `locations_since`, the first day whose documents follow it"
            )
        return self

    @model_validator(mode="after")
    def _reconciled_is_told(self) -> "CompanyFile":
        if self.bill_gate == "reconciled" and self.bill_source == "inventory_bills":
            raise ValueError("`bill_gate: reconciled` needs `bill_source: ap_bills`, which tell it")
        return self

    @model_validator(mode="after")
    def _counted_from_a_day(self) -> "CompanyFile":
        if "inventory" not in (self.item_policy.material, self.item_policy.equipment):
            return self
        if self.opening_quantities is None or self.bill_source is None:
            raise ValueError(
                "`inventory` needs `opening_quantities`, a CSV file of what is on hand on `start_date`, and "
                "`bill_source`, which brings what is bought"
            )
        if self.items == "per_account":
            raise ValueError("`inventory` needs `items: per_sku`, since goods are counted by SKU")
        return self

    def counts(self, kind: str) -> bool:
        """Say whether stocked goods of a ServiceTitan type are counted in QuickBooks (rule 8.5)."""
        return self.item_policy.of(kind) == "inventory"

    @property
    def buys(self) -> bool:
        """Whether the buying side is carried at all."""
        return self.bill_source is not None

    @property
    def orders(self) -> bool:
        """Whether purchase orders are carried."""
        return self.buys and self.purchase_orders

    @property
    def pays_bills(self) -> bool:
        """Whether payments of bills are carried."""
        return self.buys and self.ap_payments

    @property
    def notes_left_out(self) -> frozenset[str]:
        """The fields of notes that are not carried."""
        carried = {"both": {"notes", "remarks"}, "to_quickbooks": {"notes"}, "to_servicetitan": {"remarks"}}
        return frozenset({"notes", "remarks"} - carried.get(self.notes, set()))

    def has_sub_customers_on(self, day: date) -> bool:
        """Say whether documents of a day name a sub-customer for their service location."""
        is_switched = self.locations_since is None or day >= self.locations_since
        return (self.locations == "sub_customers") is is_switched

    @property
    def named_items(self) -> tuple[str, ...]:
        """The QuickBooks items that the file names: those of write-offs, and that of tax on a line."""
        items = [each.item for each in self.payment_types.values() if each.becomes == "write_off"]
        items += [self.tax.line_item] if self.tax.mode == "line" else []
        return tuple(dict.fromkeys(item for item in items if item))

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.time_zone)
