"""Pace, kept only by the tests that are about it.

Everywhere else the vendors' limits are switched off, and the product waits a thousandth of what it means to.
"""

from collections.abc import Callable
from typing import Any

from st_qbo_assets.store import arrivals
from st_qbo_assets.store.budget import BudgetLimits

#: What the sandbox's control `switches` is given.
UNTHROTTLED: dict[str, Any] = {
    "servicetitan": {"requests_per_second": None},
    "quickbooks": {"requests_per_minute": None, "requests_per_second": None, "batches_per_minute": None},
}
TIMES = 1000


def hurry(put: Callable[[Any, str, object], None] = setattr) -> None:
    """Shorten every wait between calls; `put` sets an attribute, and may be one that takes it back."""
    gaps = BudgetLimits.gaps

    def shorter(limits: BudgetLimits) -> dict[str, float]:
        return {name: gap / TIMES for name, gap in gaps(limits).items()}

    put(BudgetLimits, "gaps", shorter)
    for name in ("_SECOND", "_ON_ITS_WAY_SECONDS"):
        put(arrivals, name, getattr(arrivals, name) / TIMES)
