"""`st-qbo doctor`: is everything well, and if not, what is the cure.

What belongs here: the order of the checks; one that fails does not stop those that do not need it. What does
not: the checks (`installation`, `company`) and showing what they found (`report`). Nothing is written to
either system.
"""

from collections.abc import Callable
from typing import TypeVar

from st_qbo_assets.cli.doctor.company import CompanyCheck
from st_qbo_assets.cli.doctor.installation import check_dagster, check_database, check_settings, check_vault
from st_qbo_assets.cli.doctor.report import Section, of_error, print_report, report_document
from st_qbo_assets.cli.output import print_json, working
from st_qbo_assets.company_files import CompanyFolder, scan_companies
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, SettingsError, SyncError
from st_qbo_assets.domain.findings import warn, with_accepted
from st_qbo_assets.settings import Settings

Found = TypeVar("Found")
_TRY_AGAIN = "Try again in a few minutes; if it stays, look at the network and the vendor's status page."


def run_doctor(company: str | None, *, as_json: bool) -> int:
    """Check everything, or what concerns one company; return 0 only if nothing is red."""
    sections = _checked(company, quiet=as_json)
    if as_json:
        print_json(report_document(sections))
    else:
        print_report(sections)
    return 1 if any(section.is_red for section in sections) else 0


def _checked(company: str | None, *, quiet: bool) -> list[Section]:
    companies, files = _company_files(company)
    settings_section, settings = check_settings()
    sections = [settings_section]
    if settings is None:
        return [*sections, files]
    with working("Looking at the database …", quiet=quiet):
        database_section, database = check_database(settings)
        sections.append(database_section)
        if database is not None:
            sections.append(check_vault(settings, database))
            database.dispose()
        sections += [check_dagster(settings), files]
    chosen = [each for each in companies if company in (None, each.company.name)]
    for folder in chosen:
        if database is None:
            skipped = Section("Connections and mapping", company=folder.company.name)
            skipped.findings.append(warn("skipped", "Not checked: the database is needed.", "Mend it first."))
            sections.append(skipped)
        else:
            sections += _check_company(folder, [each.company for each in companies], settings, quiet=quiet)
    return sections


def _company_files(company: str | None) -> tuple[list[CompanyFolder], Section]:
    """Return the companies, and a section with the files that cannot be read.

    Raises:
        SettingsError: if the company asked for is not there, and no file is broken that may be its own.
    """
    companies, wrong = scan_companies()
    section = Section("Company files")
    section.findings += [of_error("company_file", error) for error in wrong]
    names = [each.company.name for each in companies]
    if company is not None and company not in names and not wrong:
        raise SettingsError(f"There is no company {company!r}.", remedy=f"There are: {', '.join(names)}.")
    if not companies and not wrong:
        section.findings.append(warn("no_company", "There is no company yet.", "Copy the folder `demo`."))
    return companies, section


def _check_company(
    folder: CompanyFolder, others: list[CompanyFile], settings: Settings, *, quiet: bool
) -> list[Section]:
    name = folder.company.name
    parts = [Section(title, name) for title in ("Company file", "ServiceTitan", "QuickBooks", "Mapping")]
    file, servicetitan, quickbooks, mapping = parts
    connections = open_connections(folder.company, settings)
    check = CompanyCheck(folder, connections, others)
    try:
        check.check_file(file)
        with working(f"{name}: asking ServiceTitan …", quiet=quiet):
            records = _guarded(servicetitan, lambda: check.check_servicetitan(servicetitan))
        with working(f"{name}: asking QuickBooks …", quiet=quiet):
            reference = _guarded(quickbooks, lambda: check.check_quickbooks(quickbooks))
            if records is not None and reference is not None:
                _guarded(mapping, lambda: check.check_mapping(mapping, records, reference))
            else:
                text = "Not checked: both systems are needed."
                mapping.findings.append(warn("skipped", text, "Mend the connections first."))
    finally:
        connections.close()
    for part in parts:
        part.findings[:] = with_accepted(part.findings, folder.company.accepted)
    return parts


def _guarded(section: Section, check: Callable[[], Found]) -> Found | None:
    """Return what a check returns; an error is a finding of its section."""
    try:
        return check()
    except SyncError as error:
        code = error.code if isinstance(error, (ConnectionStopped, RemoteFault)) else type(error).__name__
        finding = of_error(code, error, cure=_TRY_AGAIN)
        # what stopped the connection is most often what the call was answered as well
        if all(finding.cure != known.cure for known in section.findings):
            section.findings.append(finding)
        return None
