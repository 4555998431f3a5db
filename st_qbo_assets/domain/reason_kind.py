"""One row of a table of reasons.

What belongs here: its shape. What does not: the tables (`reasons`, `buying_reasons`, `load.reasons`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReasonKind:
    """One row of the table.

    Attributes:
        rule: number of the bookkeeping rule.
        text: sentence with `{named}` values.
        remedy: what to do, with the same values; empty where nothing is to be done.
    """

    rule: str
    text: str
    remedy: str = ""
