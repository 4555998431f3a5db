"""When `mode: live` takes effect: not before the company was found ready, red points settled or accepted.

What belongs here: remembering that, and the mode a load works in. What does not: what is looked at for it
(`onboarding`). The sandbox holds nobody's books and needs no leave.
"""

import logging
from datetime import datetime
from typing import Protocol

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile, Environment
from st_qbo_assets.domain.ids import Company

_log = logging.getLogger(__name__)
#: The mark that says when a company was last found ready.
_READY = "onboarding/ready"


class _Marks(Protocol):
    def get(self, company: Company, feed: str) -> datetime | None: ...


class _Links(Protocol):
    def oldest(self, company: Company) -> datetime | None: ...


def note_ready(connections: Connections, now: datetime) -> None:
    """Remember that nothing red stands in the way of a company."""
    connections.marks.advance(connections.name, _READY, now)


def company_in_effect(company: CompanyFile, marks: _Marks, links: _Links) -> CompanyFile:
    """Return the company file with the mode that is in effect (rule 10).

    A company that has written something already goes on; one that starts stays in preview until
    `onboarding/readiness` found nothing red.
    """
    name = Company(company.name)
    if company.mode != "live" or company.environment is Environment.SANDBOX:
        return company
    if marks.get(name, _READY) is not None or links.oldest(name) is not None:
        return company
    _log.warning("mode=preview company=%s why=not_found_ready cure=materialize_onboarding/readiness", name)
    return company.model_copy(update={"mode": "preview"})
