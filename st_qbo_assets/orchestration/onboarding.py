"""The first connection as assets see it: matches of both sides, and whether a company is ready.

What belongs here: reading what the checks look at, and the findings of masters. What does not: the checks
(`mapping.readiness`), the matches (`load.masters.onboarding`).
"""

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.findings import Finding, info, ok, red
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.referred import extract_lists
from st_qbo_assets.load.masters.onboarding import Matches, Sources, contacts_of, find_matches
from st_qbo_assets.mapping.readiness import check_coverage, check_features
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.loading import settled_links
from st_qbo_assets.orchestration.lookups import build_lookup
from st_qbo_assets.orchestration.references import References

MASTERS = (Entity.CUSTOMER, Entity.VENDOR)


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
    """Return what must be so before a company is live, each missing thing with its cure (rule 10)."""
    client = connections.servicetitan
    records: list[AnyRecord] = [
        *extract_lists(client),
        *client.services(),
        *client.materials(),
        *client.equipment(),
        *client.discounts_and_fees(),
    ]
    lookup = build_lookup(defs, references, connections, records)
    found = [
        *check_features(defs.company, references.quickbooks, yesterday=defs.today()),
        *check_coverage(records, lookup),
    ]
    for entity in MASTERS:
        found += match_findings(matches_of(defs, connections, entity))
    return found


def match_findings(matches: Matches) -> list[Finding]:
    """Return what of the matches has to be settled, and how many either side would get."""
    open_ = [row for row in matches.rows if row.is_open]
    name = matches.entity.plural
    made = (
        f"Live, {matches.would_make_in_quickbooks} {name} would be made in QuickBooks and "
        f"{matches.would_make_in_servicetitan} in ServiceTitan; {matches.sub_customers} sub-customers stay."
    )
    cure = f"Change `create_{name}` in the company file if that is not wanted."
    if not open_:
        return [ok("matches_settled", f"Every match of {name} is settled."), info("would_make", made, cure)]
    first = open_[0]
    labels = ", ".join(f"{each.name} ({each.qbo_id})" for each in first.candidates)
    text = f"{len(open_)} {name} wait for a person, first {first.source} {first.name!r}: may be {labels}."
    return [
        red("matches_open", text, "Run `st-qbo link` and settle them, by command or in its CSV."),
        info("would_make", made, cure),
    ]
