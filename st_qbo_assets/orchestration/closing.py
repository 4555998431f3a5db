"""Closing a month: both systems and our own store read, and the lists put together.

What belongs here: handing clients and store to `books.month_close`. What does not: the lists.
"""

from st_qbo_assets.books.month_close.close import CloseInputs, MonthClose, Version, close_month
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.quickbooks_reads import read_quickbooks
from st_qbo_assets.books.month_close.servicetitan_reads import read_servicetitan
from st_qbo_assets.connections import Connections
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.references import References


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
    given = CloseInputs(
        company=defs.company,
        month=month,
        quickbooks=read_quickbooks(connections.quickbooks, month),
        servicetitan=read_servicetitan(connections.servicetitan, defs.company, month, today=defs.today()),
        comparisons=connections.tie_outs.newest(defs.name, days[0], days[-1]) if days else {},
        changed=frozenset(connections.dirty_days.all(defs.name)),
        drifted=connections.links.drifted(defs.name),
        lists=references.quickbooks,
        today=defs.today(),
    )
    return close_month(given, last)
