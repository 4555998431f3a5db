"""What must be so before a command starts long work, each failure one clear error that names its cure.

What belongs here: the sandbox answers, both systems are connected, settled pairs can be read. What does not:
the whole list of checks (`doctor`).
"""

import socket
from typing import Literal
from urllib.parse import urlsplit

from st_qbo_assets.company_files import CompanyFolder
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile, Environment
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.load.settled import SettledLinks, parse_settled_links
from st_qbo_assets.settings import Settings

System = Literal["servicetitan", "quickbooks"]
SYSTEM_NAMES: dict[System, str] = {"servicetitan": "ServiceTitan", "quickbooks": "QuickBooks"}
_KNOCK_SECONDS = 5


def require_sandbox(company: CompanyFile, settings: Settings, system: System) -> None:
    """Return if the company lives in the real world, or its sandbox answers.

    The clients would find out too, but only after a minute of trying again.

    Raises:
        SettingsError: naming the address and how to start the sandbox.
    """
    if company.environment is not Environment.SANDBOX:
        return
    urls = {"servicetitan": settings.sandbox_servicetitan_url, "quickbooks": settings.sandbox_quickbooks_url}
    parts = urlsplit(urls[system])
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_KNOCK_SECONDS).close()
    except OSError as error:
        raise SettingsError(
            f"The sandbox's {SYSTEM_NAMES[system]} does not answer at {urls[system]}.",
            remedy="Start it with `st-qbo sandbox serve` on the same home and ports, or correct "
            f"ST_QBO_SANDBOX_{system.upper()}_URL.",
        ) from error


def read_links(folder: CompanyFolder) -> SettledLinks:
    """Return the company's settled pairs; none if there is no file.

    Raises:
        SettingsError: naming the line that is wrong.
    """
    path = folder.links_file
    if not path.exists():
        return {}
    try:
        return parse_settled_links(path.read_text(encoding="utf-8"), name=str(path))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is no UTF-8 text.", remedy="Save it as CSV in UTF-8.") from error


def require_connected(connections: Connections, system: System) -> None:
    """Return if the company was connected to a system, as the tenant or realm of its file.

    Raises:
        SettingsError: saying how to connect.
    """
    state = connections.connection_states.of(connections.name, system)
    wanted = connections.tenant if system == "servicetitan" else connections.realm
    connect = f"`st-qbo connect {system} --company {connections.name}`"
    if state is None:
        raise SettingsError(
            f"{connections.name} is not connected to {SYSTEM_NAMES[system]}.", remedy=f"Run {connect}."
        )
    if state.account != wanted:
        raise SettingsError(
            f"{connections.name} is connected to {SYSTEM_NAMES[system]} {state.account}, but its company "
            f"file names {wanted}.",
            remedy=f"Correct the company file, or run {connect}.",
        )
