"""Bad input gets one clear error with its cure, an exit status of its own, and changes nothing."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text

from tests.integration.cli.office import Done, Office

SYNC = ("sync", "--company", "demo", "--from", "2026-01-01", "--to", "2026-01-02")


def assert_refused(done: Done, *said: str) -> None:
    assert done.status == 2
    assert done.out == ""
    assert done.err.count("Error: ") == 1
    for words in said:
        assert words in done.err


@pytest.fixture
def taken() -> Generator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@contextmanager
def _a_database_that_goes_away(url: str) -> Generator[None]:
    """Keep the next reader of the records waiting, and end its connection while it waits."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    waiting = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def end_it() -> None:
        with engine.connect() as connection:
            while not connection.execute(waiting).rowcount:
                time.sleep(0.01)

    with engine.connect().execution_options(isolation_level="READ COMMITTED") as holder, holder.begin():
        holder.execute(text("LOCK TABLE st_qbo.record_states IN ACCESS EXCLUSIVE MODE"))
        ender = threading.Thread(target=end_it, daemon=True)
        ender.start()
        yield
        ender.join(timeout=60)
    engine.dispose()


class TestDatabase:
    @pytest.mark.parametrize(
        "command",
        [
            SYNC,
            ("plan", "--company", "demo", "--day", "2026-01-01"),
            ("audit", "--company", "demo", "--id", "1"),
            ("vault", "rotate"),
            ("up",),
        ],
        ids=lambda command: command[0],
    )
    def test_an_unreachable_database_stops_every_command(
        self, office: Office, command: tuple[str, ...]
    ) -> None:
        office.environment["ST_QBO_DATABASE_URL"] = "postgresql://books:hunter2@127.0.0.1:1/ledger"
        office.environment["ST_QBO_PORT_DAGSTER"] = "3999"
        done = office.run(*command)
        assert_refused(done, "127.0.0.1:1/ledger", "Start it, correct ST_QBO_DATABASE_URL")
        assert "hunter2" not in done.err

    @pytest.mark.parametrize("command", [SYNC, ("down",)], ids=lambda command: command[0])
    def test_a_home_with_a_space_is_refused_for_the_embedded_database(
        self, office: Office, command: tuple[str, ...]
    ) -> None:
        del office.environment["ST_QBO_DATABASE_URL"]
        office.environment["ST_QBO_HOME"] = f"{office.home}/my books"
        assert_refused(office.run(*command), "my books", "Set ST_QBO_HOME to a folder without one")

    def test_a_database_that_goes_away_while_a_command_runs_is_told(self, office: Office) -> None:
        with _a_database_that_goes_away(office.environment["ST_QBO_DATABASE_URL"]):
            done = office.run("audit", "--company", "demo", "--id", "1")
        assert_refused(done, "The database went away while the command ran. Start it again and repeat")

    def test_an_address_that_is_no_postgres_is_refused(self, office: Office) -> None:
        office.environment["ST_QBO_DATABASE_URL"] = "mysql://books:hunter2@localhost/ledger"
        done = office.run(*SYNC)
        assert_refused(done, "ST_QBO_DATABASE_URL is no PostgreSQL address")
        assert "hunter2" not in done.err


class TestPorts:
    @pytest.mark.parametrize("name", ["SERVICETITAN", "QUICKBOOKS", "DAGSTER"])
    def test_a_taken_port_is_named_by_its_variable_before_anything_starts(
        self, office: Office, taken: int, name: str
    ) -> None:
        office.environment[f"ST_QBO_PORT_{name}"] = str(taken)
        if name != "DAGSTER":
            office.environment["ST_QBO_PORT_DAGSTER"] = "3999"
        done = office.run("demo", "--days", "1")
        assert_refused(done, f"Port {taken} is taken", f"ST_QBO_PORT_{name}")
        assert not (office.home / "logs").exists()

    def test_up_names_the_port_of_dagster(self, office: Office, taken: int) -> None:
        office.environment["ST_QBO_PORT_DAGSTER"] = str(taken)
        assert_refused(office.run("up"), f"Port {taken} is taken", "ST_QBO_PORT_DAGSTER")


class TestSync:
    def test_a_day_before_the_start_date_is_refused(self, connected: Office) -> None:
        days = ("--from", "2025-12-31", "--to", "2026-01-02")
        done = connected.run("sync", "--company", "demo", *days)
        assert_refused(done, "before demo's start date 2026-01-01", "`start_date`")

    def test_days_the_wrong_way_round_are_refused(self, connected: Office) -> None:
        days = ("--from", "2026-01-02", "--to", "2026-01-01")
        assert_refused(connected.run("sync", "--company", "demo", *days), "Give the earlier day first")

    def test_an_unknown_company_is_told_which_there_are(self, office: Office) -> None:
        days = ("--from", "2026-01-01", "--to", "2026-01-01")
        assert_refused(office.run("sync", "--company", "Demo", *days), "'Demo'", "demo")

    def test_a_company_that_is_not_connected_is_told_how(self, office: Office) -> None:
        assert_refused(office.run(*SYNC), "Run `st-qbo connect servicetitan --company demo`")

    def test_a_sandbox_that_is_down_is_told_before_dagster_starts(self, connected: Office) -> None:
        connected.environment["ST_QBO_SANDBOX_QUICKBOOKS_URL"] = "http://127.0.0.1:1"
        assert_refused(connected.run(*SYNC), "http://127.0.0.1:1", "st-qbo sandbox serve")
        assert not (connected.home / "logs").exists()


class TestPlan:
    def test_a_day_before_the_start_date_is_refused(self, connected: Office) -> None:
        done = connected.run("plan", "--company", "demo", "--day", "2025-12-31")
        assert_refused(done, "before demo's start date 2026-01-01", "`start_date`")

    def test_days_the_wrong_way_round_are_refused(self, connected: Office) -> None:
        days = ("--from", "2026-01-02", "--to", "2026-01-01")
        assert_refused(connected.run("plan", "--company", "demo", *days), "Give the earlier day first")

    def test_an_unknown_company_is_told_which_there_are(self, office: Office) -> None:
        assert_refused(office.run("plan", "--company", "Demo", "--day", "2026-01-01"), "'Demo'", "demo")

    def test_a_company_that_is_not_connected_is_told_how(self, office: Office) -> None:
        done = office.run("plan", "--company", "demo", "--day", "2026-01-01")
        assert_refused(done, "Run `st-qbo connect servicetitan --company demo`")

    def test_a_sandbox_that_is_down_is_told_before_anything_starts(self, connected: Office) -> None:
        connected.environment["ST_QBO_SANDBOX_QUICKBOOKS_URL"] = "http://127.0.0.1:1"
        done = connected.run("plan", "--company", "demo", "--day", "2026-01-01")
        assert_refused(done, "http://127.0.0.1:1", "st-qbo sandbox serve")
        assert not (connected.home / "logs").exists()


class TestAudit:
    def test_no_match_is_said_and_fails_the_exit_status(self, office: Office) -> None:
        done = office.run("audit", "--company", "demo", "--id", "404")
        assert (done.status, done.out) == (1, "")
        assert "Nothing that demo ever saw answers this question." in done.err

    def test_no_match_is_one_document_for_programs(self, office: Office) -> None:
        done = office.run("audit", "--company", "demo", "--id", "404", "--json")
        assert done.status == 1
        assert done.document == {"company": "demo", "count": 0, "has_more": False, "records": []}


def test_a_database_of_somebody_else_is_not_stopped(office: Office) -> None:
    assert_refused(office.run("down"), "not ours to stop")
