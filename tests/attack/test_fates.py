"""Whatever people do to documents in both products, after every sync the books are what the rules say.

Hypothesis makes the histories; a failing one is cut down to the fewest steps and printed as Python. Each
shard has its own histories, so that they run side by side.
"""

from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.attack.fates.ground import open_office
from tests.attack.fates.history import History
from tests.attack.fates.office import Office

_SHARDS = 2
_STEPS = 12


@pytest.fixture(scope="module")
def office() -> Generator[Office]:
    """One database and one sandbox; every history begins with both as new."""
    with open_office() as opened:
        yield opened


@pytest.mark.rule("1.2", "2.6", "3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "4", "5.1", "5.3", "5.5")
@pytest.mark.timeout(6 * 60 * 60)
@pytest.mark.parametrize("shard", range(_SHARDS))
def test_the_books_are_what_the_rules_say_whatever_people_do(
    office: Office, shard: int, pytestconfig: pytest.Config
) -> None:
    histories = int(pytestconfig.getoption("--attack-histories", 0))

    class Shard(History):
        """The histories of this shard."""

    Shard.office = office
    run_state_machine_as_test(
        seed(shard)(Shard),
        settings=settings(
            max_examples=-(-histories // _SHARDS),
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            suppress_health_check=tuple(HealthCheck),
        ),
    )
