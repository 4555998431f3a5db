"""Which failures pass by themselves once a system answers again, by the codes of their reasons.

What belongs here: the line between what is worth trying again and what waits for a person. It follows the
faults table: the clients turn each fault another try can get over into an error of the line, never into a
refusal (`refused`), and the load gives those errors the reasons below. What does not: when to try again
(`orchestration.replaying`).
"""

#: The same of customers and vendors, whose changes are read again before they travel.
MASTER_REASONS = frozenset({"servicetitan_transient", "quickbooks_transient"})

#: An outage, a throttle, a lost connection or answer, or a process that ended in between.
PASSING_REASONS = frozenset(
    {
        "transient",
        "not_settled",
        "connection_stopped",
        "not_read_again",
        "payments_not_planned",
        "being_changed",
        *MASTER_REASONS,
    }
)

#: Errors of a run that pass, by the name of their class; `OperationalError` is our database's.
PASSING_ERRORS = frozenset(
    {
        "TransportError",
        "UncertainOutcome",
        "RateLimited",
        "AuthExpired",
        "ConnectionStopped",
        "LedgerConflict",
        "OperationalError",
    }
)
