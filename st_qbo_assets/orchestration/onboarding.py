"""The first connection as assets see it: matches of both sides, and whether a company is ready.

What belongs here: reading what the checks look at, and the findings of masters. What does not: the checks
(`mapping.readiness`), the matches (`load.masters.onboarding`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from st_qbo_assets.company_files import read_opening_quantities
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, SettingsError
from st_qbo_assets.domain.findings import Finding, Level, info, ok, red, with_accepted
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.opening_quantities import OnHand, quantities_of
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.bills import SOURCES, has_bills
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.referred import extract_lists
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.onboarding import Matches, MatchRow, Sources, contacts_of, find_matches
from st_qbo_assets.mapping.readiness import (
    Open,
    check_bill_source,
    check_connector,
    check_coverage,
    check_features,
    check_lists,
    check_opening,
    check_opening_orders,
    lists_needed,
    tell_opening_bills,
)
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.going_live import note_ready
from st_qbo_assets.orchestration.loading import settled_links
from st_qbo_assets.orchestration.lookups import build_lookup
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.servicetitan.records import Invoice
from st_qbo_assets.servicetitan.windows import Window, modified_params

MASTERS = (Entity.CUSTOMER, Entity.VENDOR)
#: How far back invoices are looked at for exports of another connector.
_LATELY = timedelta(days=7)
#: How far back bills are looked for, to see which list has them.
_BILLS_LATELY = timedelta(days=60)
#: Statuses of purchase orders of which something is to come.
_ON_ORDER = ("Pending", "Sent", "PartiallyReceived")


def matches_of(defs: CompanyDefs, connections: Connections, entity: Entity) -> Matches:
    """Return who is who of customers or vendors, both sides read now."""
    company, client = defs.company, connections.servicetitan
    policy = company.create_customers if entity is Entity.CUSTOMER else company.create_vendors
    pages = (
        client.export("customers/contacts", include_recent_changes=True) if entity is Entity.CUSTOMER else ()
    )
    given = Sources(
        company=connections.name,
        servicetitan=client,
        quickbooks=connections.quickbooks,
        links=connections.links,
        states=connections.states,
        settled=settled_links(defs),
        to_servicetitan=policy.to_servicetitan,
        listed=policy.listed,
    )
    return find_matches(entity, given, contacts_of(page.rows for page in pages))


def readiness_of(defs: CompanyDefs, connections: Connections, references: References) -> list[Finding]:
    """Return what must be so before a company is live, each missing thing with its cure (rule 10).

    A company without anything red, or with every red point accepted by name, is let go live.
    """
    client, company = connections.servicetitan, defs.company
    records: list[AnyRecord] = [
        *extract_lists(client),
        *client.services(),
        *client.materials(),
        *client.equipment(),
        *client.discounts_and_fees(),
    ]
    on_hand, wrong = _on_hand(defs)
    lookup = build_lookup(defs, references, connections, records, opening=quantities_of(on_hand))
    found = [
        ok("connected", f"Tenant {connections.tenant} and realm {connections.realm} answer."),
        *check_features(company, references.quickbooks, yesterday=defs.today()),
        *check_coverage(records, lookup, on_hand=on_hand),
        *wrong,
        check_connector(_changed_lately(connections, defs.now_utc()), company, days=_LATELY.days),
    ]
    needed = lists_needed(lookup)
    refused = _refused_lists(connections, needed, defs.now_utc())
    found += check_lists(refused, needed)
    found += check_bill_source(company.bill_source, _bills_lately(connections, defs.now_utc()))
    for entity in MASTERS:
        if entity is Entity.VENDOR and "vendors" in refused:
            continue
        matches = matches_of(defs, connections, entity)
        found += match_findings(matches)
        if entity is Entity.CUSTOMER:
            found += opening_of(defs, connections, matches)
        elif company.buys and "purchase-orders" not in refused:
            found += opening_bought(defs, connections, matches)
    settled = with_accepted(found, company.accepted)
    if not any(each.level is Level.RED for each in settled):
        note_ready(connections, defs.now_utc())
    return settled


def _on_hand(defs: CompanyDefs) -> tuple[tuple[OnHand, ...], list[Finding]]:
    """Return the rows of the company's file of opening quantities, or what is wrong with it."""
    try:
        return read_opening_quantities(defs.links_file.parent, defs.company), []
    except SettingsError as error:
        told = str(error).removesuffix(error.remedy).strip()
        return (), [red("opening_quantities", told, error.remedy)]


def _refused_lists(connections: Connections, needed: Iterable[str], now: datetime) -> dict[str, str]:
    """Return which lists ServiceTitan does not show us, and what it said; one small call for each."""
    refused: dict[str, str] = {}
    window = modified_params(Window(now - timedelta(minutes=1), now))
    for name in needed:
        filters = (*window, ("billType", "Procurement")) if name == "ap-bills" else window
        try:
            next(iter(connections.servicetitan.rows(name, filters=filters)), None)
        except (ConnectionStopped, RemoteFault) as error:
            refused[name] = str(error)
    return refused


def _bills_lately(connections: Connections, now: datetime) -> dict[str, bool | None]:
    """Return which lists of bills had any lately; None of one that ServiceTitan does not show."""
    found: dict[str, bool | None] = {}
    window = modified_params(Window(now - _BILLS_LATELY, now))
    for source in SOURCES:
        try:
            found[source] = has_bills(connections.servicetitan, source, filters=window)
        except (ConnectionStopped, RemoteFault):
            found[source] = None
    return found


def _changed_lately(connections: Connections, now: datetime) -> list[Invoice]:
    changed = connections.servicetitan.invoices(modified=Window(now - _LATELY, now))
    return [each for each in changed if isinstance(each, Invoice)]


def opening_of(defs: CompanyDefs, connections: Connections, matches: Matches) -> list[Finding]:
    """Return of which customers the two systems do not have the same open from before the start."""
    company = defs.company
    linked = {row.source.id: row.qbo_id for row in matches.rows if row.qbo_id}
    stored = {objects.text(row.get("Id")): row for row in _owing(connections)}
    invoices: dict[str, tuple[int, int]] = {}  # those from before the start, and all
    for row in connections.quickbooks.query("Invoice", "Balance > '0'"):
        customer, cents = objects.ref(row, "CustomerRef"), _cents(row.get("Balance"))
        before, whole = invoices.get(customer, (0, 0))
        is_old = objects.text(row.get("TxnDate")) < company.start_date.isoformat()
        invoices[customer] = (before + cents * is_old, whole + cents)
    quickbooks = {
        id_: Open(
            objects.text(row.get("DisplayName")),
            invoices.get(id_, (0, 0))[0],
            invoices.get(id_, (0, 0))[1] - _cents(row.get("Balance")),
        )
        for id_, row in stored.items()
    }
    servicetitan = {
        objects.text(row.get("id")): _open_in_servicetitan(connections, row, company.start_date)
        for row in connections.servicetitan.rows("customers")
        if _cents(row.get("balance"))
    }
    return check_opening(servicetitan, quickbooks, linked, company.start_date)


def opening_bought(defs: CompanyDefs, connections: Connections, matches: Matches) -> list[Finding]:
    """Return of which vendors the two systems do not have the same on order from before the start."""
    company, start = defs.company, defs.company.start_date.isoformat()
    owed: dict[str, int] = {}
    for row in connections.quickbooks.query("Bill", f"Balance > '0' AND TxnDate < '{start}'"):
        vendor = objects.ref(row, "VendorRef")
        owed[vendor] = owed.get(vendor, 0) + _cents(row.get("Balance"))
    told = [tell_opening_bills(owed, company.start_date)]
    if not company.orders:
        return told
    linked = {row.source.id: row.qbo_id for row in matches.rows if row.qbo_id}
    names = {row.source.id: row.name for row in matches.rows}
    own: dict[str, Open] = {}
    for status in _ON_ORDER:
        filters = (("dateBefore", f"{start}T00:00:00Z"), ("status", status))
        for row in connections.servicetitan.rows("purchase-orders", filters=filters):
            id_ = objects.text(row.get("vendorId"))
            before = own.get(id_, Open(names.get(id_, f"vendor {id_}")))
            own[id_] = replace(before, orders=before.orders + _cents(row.get("total")))
    there: dict[str, Open] = {}
    try:
        for row in connections.quickbooks.query("PurchaseOrder", f"TxnDate < '{start}'"):
            if objects.text(row.get("POStatus")) == "Open":
                id_, name = (
                    objects.ref(row, "VendorRef"),
                    objects.as_mapping(row.get("VendorRef")).get("name"),
                )
                before = there.get(id_, Open(objects.text(name)))
                there[id_] = replace(before, orders=before.orders + _cents(row.get("TotalAmt")))
    except RemoteFault:
        return told  # its edition has no orders, which another finding says
    return [*told, *check_opening_orders(own, there, linked, company.start_date)]


def _owing(connections: Connections) -> Iterator[Json]:
    for sign in ("<", ">"):
        where = f"Balance {sign} '0' AND Active IN (true, false)"
        yield from connections.quickbooks.query("Customer", where)


def _open_in_servicetitan(connections: Connections, customer: Json, start: date) -> Open:
    """Return what is open of a customer: a call for his invoices, and one for his payments."""
    client, of_customer = connections.servicetitan, (("customerId", objects.text(customer.get("id"))),)
    before, credits = 0, 0
    for row in client.rows("invoices", filters=of_customer):
        cents = _cents(row.get("balance")) if row.get("active") is not False else 0
        day = parse_business_date(objects.text(row.get("invoiceDate")))
        credits -= min(cents, 0)
        before += max(cents, 0) if day is not None and day < start else 0
    for row in client.rows("payments", filters=of_customer):
        credits += _cents(row.get("unappliedAmount")) if row.get("active") is not False else 0
    return Open(objects.text(customer.get("name")), before, credits)


def _cents(value: object) -> int:
    return to_cents(objects.amount(value) or Decimal(0))


def match_findings(matches: Matches) -> list[Finding]:
    """Return what of the matches has to be settled, and how many either side would get."""
    open_ = [row for row in matches.rows if row.is_open]
    name = matches.entity.plural
    made = (
        f"Live, {matches.would_make_in_quickbooks} {name} would be made in QuickBooks and "
        f"{matches.would_make_in_servicetitan} in ServiceTitan; {matches.sub_customers} sub-customers stay."
    )
    cure = f"Change `create_{name}` in the company file if that is not wanted."
    found = [
        red(
            "match_open",
            f"{row.source} {row.name!r} may be {_labels(row)}.",
            "Run `st-qbo link` and settle it, by command or in its CSV.",
            name=row.name,
        )
        for row in open_
    ] or [ok("matches_settled", f"Every match of {name} is settled.")]
    return [*found, info("would_make", made, cure)]


def _labels(row: MatchRow) -> str:
    return ", ".join(f"{each.name} ({each.qbo_id})" for each in row.candidates)
