"""The sandbox's clock and identity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.identity import SettingError, read_ports
from st_qbo_sandbox.storage import Storage

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_clock(storage: Storage) -> Clock:
    return Clock(storage, real_seconds=START.timestamp)


def test_the_clock_moves_forward_and_remembers_it_over_a_restart(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    clock = make_clock(storage)

    assert clock.now() == START
    assert clock.advance(90) == START + timedelta(seconds=90)
    clock.advance(0.5)
    storage.close()

    assert make_clock(Storage(tmp_path)).now() == START + timedelta(seconds=90.5)


def test_the_clock_refuses_to_run_backwards_and_can_return_to_real_time() -> None:
    clock = make_clock(Storage(None))
    clock.advance(10)

    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)

    clock.reset()
    assert clock.now() == START


def test_ports_come_from_the_environment_else_the_defaults() -> None:
    assert read_ports({}).of("quickbooks") == 8812
    assert read_ports({"ST_QBO_PORT_SERVICETITAN": "0"}).servicetitan == 0


def test_a_bad_port_names_its_variable() -> None:
    with pytest.raises(SettingError, match="ST_QBO_PORT_QUICKBOOKS"):
        read_ports({"ST_QBO_PORT_QUICKBOOKS": "eighty"})
