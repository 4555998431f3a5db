"""What `info` prints: URLs, credentials and days.

Belongs here: the one description that people and programs read. Does not belong here: anything that needs a
running server.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.identity import Ports
from st_qbo_sandbox.seeding import SeedOptions, default_options


def describe(ports: Ports, options: SeedOptions | None) -> dict[str, Any]:
    """Describe a sandbox on these ports; without options, the days it would have by default."""
    return {
        "company_name": identity.COMPANY_NAME,
        "time_zone": identity.TIME_ZONE,
        **(options or default_options()).describe(),
        "servicetitan": identity.describe_servicetitan(identity.url_of(ports.servicetitan)),
        "quickbooks": identity.describe_quickbooks(identity.url_of(ports.quickbooks)),
    }
