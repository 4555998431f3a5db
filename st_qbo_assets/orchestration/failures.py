"""What Dagster is told of a failure: whether a retry helps, and in which words.

What belongs here: turning our errors into `dagster.Failure`. The caller writes `raise ... from error`.
"""

import dagster as dg

from st_qbo_assets.domain.errors import RateLimited, SyncError, TransportError

#: Set on failures whose day we have already tied out, so that the net does not do it again.
REPORTED = "tied_out"
#: Name of the error's class in a failure's metadata: whether it passes is read from there.
ERROR = "error"
#: Name of the remedy there.
REMEDY = "what_to_do"


def failure_of(error: SyncError) -> dg.Failure:
    """Return the failure of a run that could not go on; the ledger decides about retries, not Dagster."""
    helps = isinstance(error, (TransportError, RateLimited))
    metadata: dict[str, str] = {
        ERROR: type(error).__name__,
        "the_same_again": "may succeed" if helps else "does not help",
    }
    if error.remedy:
        metadata[REMEDY] = error.remedy
    return dg.Failure(str(error), metadata=metadata, allow_retries=False)


def failed_days(summary: str, *, days: dict[str, list[str]]) -> dg.Failure:
    """Return the failure that turns exactly the bad (asset, day) pairs red.

    Args:
        summary: the commonest reasons.
        days: asset → its failed days.
    """
    bad = "; ".join(f"{asset} {', '.join(failed)}" for asset, failed in days.items())
    return dg.Failure(
        f"Not everything could be posted: {bad}. {summary}",
        metadata={"failed": dict(days), REPORTED: True},
        allow_retries=False,
    )
