"""Do a company's two systems answer? One cheap question to each, asked once.

What belongs here: the questions. What does not: when to ask, and what follows from it (orchestration).
"""

import logging
from collections.abc import Callable, Mapping

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.store.connection_states import System

_log = logging.getLogger(__name__)
#: Why a connection is stopped until a person gives new credentials: asking would be in vain.
_NEEDS_CREDENTIALS = frozenset({"disconnected", "invalid_grant", "invalid_client"})


def probe(connections: Connections) -> Mapping[System, str]:
    """Return why a system does not answer now, in words; a system that answers is missing.

    One that was stopped for want of credentials is not asked. A subscription that ended shows with writes
    alone: QuickBooks still answers this question then.

    Args:
        connections: opened briefly, so that an outage is known within seconds.
    """
    asks: Mapping[System, Callable[[], object]] = {
        "servicetitan": lambda: next(iter(connections.servicetitan.business_units()), None),
        "quickbooks": lambda: connections.quickbooks.company_info(),
    }
    silent: dict[System, str] = {}
    for system, ask in asks.items():
        state = connections.connection_states.of(connections.name, system)
        if state is not None and state.is_stopped and state.code in _NEEDS_CREDENTIALS:
            silent[system] = f"{state.message} {state.remedy}".strip()
            continue
        try:
            ask()
        except ConnectionStopped as error:
            connections.note_stopped(error)
            silent[system] = str(error)
        except SyncError as error:
            silent[system] = str(error)
    if not silent:
        connections.note_answered()
    for system, why in silent.items():
        _log.info("probe=silent company=%s system=%s why=%s", connections.name, system, why)
    return silent
