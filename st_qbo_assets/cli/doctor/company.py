"""Checks of one company: its file, both connections, and whether its mapping covers what is in use.

What belongs here: asking both systems, and telling what they answered. What does not: whether a name leads
somewhere (`mapping.readiness`).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from st_qbo_assets.cli.doctor.report import Section, of_error
from st_qbo_assets.cli.preconditions import System, read_links, require_connected, require_sandbox
from st_qbo_assets.company_files import CompanyFolder, read_opening_quantities
from st_qbo_assets.connecting.lifetimes import STEPS
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.domain.opening_quantities import OnHand
from st_qbo_assets.extract.referred import extract_lists
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.readiness import check_coverage, check_features, shared_units
from st_qbo_assets.quickbooks.reference import Reference, fetch_reference
from st_qbo_assets.servicetitan.records import BusinessUnit, Record, Unreadable
from st_qbo_assets.store.tokens import ServiceTitanTokens

#: A grant that ends within this time is named, since people need weeks to find their administrator; and when
#: it is urgent it is red.
_SOON = timedelta(days=max(STEPS))
_URGENT = timedelta(days=min(STEPS))


@dataclass
class CompanyCheck:
    """The checks of one company, each in a section of its own.

    Attributes:
        others: all companies of the installation, this one too.
        on_hand: what the file of opening quantities says, once the file was checked.
    """

    folder: CompanyFolder
    connections: Connections
    others: list[CompanyFile] = field(default_factory=list[CompanyFile])
    on_hand: tuple[OnHand, ...] = ()

    @property
    def company(self) -> CompanyFile:
        """The company file."""
        return self.folder.company

    def check_file(self, section: Section) -> None:
        """Say what the file decides, and read the settled pairs and what is on hand."""
        company = self.company
        text = f"{self.folder.file}: {company.environment} environment, starts {company.start_date}."
        section.findings.append(ok("company_file", text))
        if company.mode == "preview":
            cure = "Set `mode: live` in the company file once nothing here is red."
            section.findings.append(info("preview", "Mode is preview: nothing is written.", cure))
        try:
            pairs = read_links(self.folder)
        except SettingsError as error:
            cure = "Correct that line; documents of the company wait until the file can be read."
            section.findings.append(of_error("links_file", error, cure=cure))
        else:
            if pairs:
                section.findings.append(ok("links_file", f"{len(pairs)} settled pairs in links.csv."))
        try:
            self.on_hand = read_opening_quantities(self.folder.folder, company)
        except SettingsError as error:
            section.findings.append(of_error("opening_quantities", error))

    def check_servicetitan(self, section: Section) -> list[Record | Unreadable]:
        """Call ServiceTitan; return what its lists and pricebook hold.

        Raises:
            SyncError: if it was not connected or does not answer as it should.
        """
        self._check_state(section, "servicetitan")
        client = self.connections.servicetitan
        records: list[Record | Unreadable] = [
            *extract_lists(client),
            *client.services(),
            *client.materials(),
            *client.equipment(),
            *client.discounts_and_fees(),
        ]
        tenant = self.connections.tenant
        section.findings.append(ok("servicetitan", f"Tenant {tenant} answers: {len(records)} rows of lists."))
        tokens = ServiceTitanTokens(
            self.connections.database,
            self.connections.vault,
            tenant=tenant,
            environment=self.company.environment,
        )
        token = tokens.read()
        if token is not None:
            text = f"Access token until {_minute(token.expires_at_utc)}; renewed by itself."
            section.findings.append(ok("servicetitan_token", text))
        return records

    def check_quickbooks(self, section: Section) -> Reference:
        """Call QuickBooks; return its lists and settings.

        Raises:
            SyncError: if it was not connected or does not answer as it should.
        """
        self._check_state(section, "quickbooks")
        reference = fetch_reference(self.connections.quickbooks, items=self.company.named_items)
        section.findings.append(ok("quickbooks", f"Realm {self.connections.realm} answers."))
        section.findings += self._grant()
        yesterday = (datetime.now(UTC) - timedelta(days=1)).astimezone(self.company.zone).date()
        section.findings += check_features(self.company, reference, yesterday=yesterday)
        return reference

    def check_mapping(
        self, section: Section, records: list[Record | Unreadable], reference: Reference
    ) -> None:
        """Say what of ServiceTitan's lists leads nowhere in QuickBooks."""
        line_item = self.company.tax.line_item
        tax_item = reference.item(line_item) if line_item else None
        lookup = Lookup.of(
            records,
            company=self.company,
            reference=reference,
            today=datetime.now(UTC).astimezone(self.company.zone).date(),
            posted={},
            tax_item_id=tax_item.id if tax_item else "",
        )
        section.findings += check_coverage(records, lookup, on_hand=self.on_hand)
        units = [record for record in records if isinstance(record, BusinessUnit)]
        section.findings += shared_units([self.company, *self._neighbours()], units)

    def _neighbours(self) -> list[CompanyFile]:
        """Return the other companies of the same tenant."""
        mine = self.company
        return [
            each
            for each in self.others
            if each.name != mine.name
            and each.servicetitan.tenant == mine.servicetitan.tenant
            and each.environment is mine.environment
        ]

    def _check_state(self, section: Section, system: System) -> None:
        """Tell why a system was stopped, if it was.

        Raises:
            SettingsError: if it may not be called at all.
        """
        require_connected(self.connections, system)
        state = self.connections.connection_states.of(self.connections.name, system)
        if state is not None and state.is_stopped:
            text = f"Stopped since {_minute(state.since)} ({state.code}): {state.message}"
            section.findings.append(red("stopped", text, state.remedy))
        require_sandbox(self.company, self.connections.settings, system)

    def _grant(self) -> list[Finding]:
        """Tell when the tokens end: by idleness, and for good."""
        tokens = self.connections.tokens.read()
        if tokens is None:
            return []
        idle, hard = tokens.refresh_expires_at_utc, tokens.hard_expires_at_utc
        text = f"Access token until {_minute(tokens.access.expires_at_utc)}, renewed by itself; "
        text += f"unused, the connection ends on {idle.date()}."
        found = [ok("quickbooks_tokens", text)]
        if hard is None:
            found.append(info("hard_cap_unknown", "QuickBooks did not say when consent must be given again."))
        elif hard - datetime.now(UTC) < _SOON:
            cure = f"Run `st-qbo connect quickbooks --company {self.company.name}` before."
            tell = red if hard - datetime.now(UTC) < _URGENT else warn
            found.append(tell("hard_cap", f"Consent ends for good on {hard.date()}.", cure))
        else:
            found.append(ok("hard_cap", f"Consent must be given again by {hard.date()}."))
        return found


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
