"""Options of the whole test run; pytest reads them only from here."""

import pytest


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
