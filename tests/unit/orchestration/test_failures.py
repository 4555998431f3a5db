"""What a run that could not go on tells Dagster."""

import pytest

from st_qbo_assets.domain.errors import ConnectionStopped, RateLimited, RemoteFault, SyncError, TransportError
from st_qbo_assets.orchestration.failures import failure_of


@pytest.mark.parametrize(
    ("error", "again", "remedy"),
    [
        (TransportError("no answer"), "may succeed", None),
        (RateLimited("wait", retry_after_seconds=60), "may succeed", None),
        (RemoteFault("refused", code="404", remedy="Look it up."), "does not help", "Look it up."),
        (ConnectionStopped("stopped", code="6190", remedy="Renew it."), "does not help", "Renew it."),
    ],
)
def test_a_failure_says_what_to_do_and_whether_the_same_again_helps(
    error: SyncError, again: str, remedy: str | None
) -> None:
    metadata = {name: value.value for name, value in failure_of(error).metadata.items()}
    assert metadata["the_same_again"] == again
    assert metadata.get("what_to_do") == remedy
