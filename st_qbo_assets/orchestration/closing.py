"""Closing a month: both systems and our own store read, and the lists put together.

What belongs here: handing clients and store to `books.month_close`. What does not: the lists.
"""

from dataclasses import replace

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import Evidence, KnownLink
from st_qbo_assets.books.month_close.close import CloseInputs, MonthClose, Version, close_month
from st_qbo_assets.books.month_close.materials import sold_items
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.quickbooks_reads import read_quickbooks
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth, read_servicetitan
from st_qbo_assets.connections import Connections
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.materials import items_held
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.quickbooks.wording import drift_in_words


def close_books(
    defs: CompanyDefs,
    connections: Connections,
    references: References,
    *,
    month: Month,
    last: Version | None,
) -> MonthClose:
    """Return the close of a month as the books stand now.

    Raises:
        SyncError: if a system could not be read.
    """
    days = month.days(defs.company.start_date)
    servicetitan = read_servicetitan(connections.servicetitan, defs.company, month, today=defs.today())
    quickbooks = read_quickbooks(connections.quickbooks, month, buys=defs.company.buys)
    given = CloseInputs(
        company=defs.company,
        month=month,
        quickbooks=quickbooks,
        servicetitan=servicetitan,
        comparisons=connections.tie_outs.newest(defs.name, days[0], days[-1]) if days else {},
        changed=frozenset(connections.dirty_days.all(defs.name)),
        drifted=[
            replace(link, drift=drift_in_words(link.drift or {}))
            for link in connections.links.drifted(defs.name)
        ],
        lists=references.quickbooks,
        today=defs.today(),
        evidence=_vendors(connections, servicetitan) if defs.company.buys else Evidence(),
        items=items_held(connections, sold_items(quickbooks)) if defs.company.buys else {},
    )
    return close_month(given, last)


def _vendors(connections: Connections, servicetitan: ServiceTitanMonth) -> Evidence:
    """Return the links of the vendors that the month's documents name."""
    parties = {each.party for each in servicetitan.documents.values() if each.shape.is_bought} - {None}
    named = [party for party in parties if party is not None]
    links = connections.links.of_sources(connections.name, named)
    return Evidence(
        tuple(
            KnownLink(source, QboKey(link.target, link.qbo_id))
            for source, found in links.items()
            for link in found
        )
    )
