"""Options of the whole test run; pytest reads them only from here."""

from collections.abc import Generator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_LONGEST_FIRST = ("e2e", "attack", "integration", "sandbox", "unit")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be longer than the default one; nothing is left out of the default."""
    parser.addoption(
        "--attack-seeds",
        type=int,
        default=25,
        metavar="N",
        help="how many ways to be killed tests/attack tries (default 25)",
    )
    parser.addoption(
        "--attack-histories",
        type=int,
        default=100,
        metavar="N",
        help="how many histories of documents tests/attack makes up (default 100)",
    )
    parser.addoption(
        "--master-histories",
        type=int,
        default=6,
        metavar="N",
        help="how many histories of customers edited on both sides are made up (default 6)",
    )
    parser.addoption(
        "--attack-shrink",
        action="store_true",
        help="cut a failing history of tests/attack down to the fewest steps, which takes minutes",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Put the longest first, so that no process is left with one of them at the end."""
    yield
    items.sort(key=lambda item: _LONGEST_FIRST.index(item.path.relative_to(_TESTS).parts[0]))
