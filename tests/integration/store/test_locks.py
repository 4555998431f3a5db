import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.locks import Locks
from tests.integration.store.builders import ACME, REALM, invoice


@pytest.fixture
def locks(database: Database) -> Locks:
    return Locks(database)


@pytest.mark.rule("5.1")
def test_a_record_is_written_by_one_at_a_time(locks: Locks) -> None:
    with (
        locks.records(ACME, invoice()),
        pytest.raises(LedgerConflict, match="being written"),
        locks.records(ACME, invoice(), wait_seconds=0.05),
    ):
        pytest.fail("two hold one lock")
    with locks.records(ACME, invoice(), wait_seconds=0.05):
        pass


@pytest.mark.rule("5.1", "5.5")
def test_parts_of_a_record_share_its_lock_and_other_records_do_not(locks: Locks) -> None:
    with locks.records(ACME, invoice()):
        with locks.records(ACME, invoice(2), wait_seconds=0.05):
            pass
        with locks.records(Company("bravo"), invoice(), wait_seconds=0.05):
            pass
        with locks.records(ACME, SourceRef(Entity.PAYMENT, invoice().id), wait_seconds=0.05):
            pass
        with pytest.raises(LedgerConflict), locks.records(ACME, invoice(part="refund"), wait_seconds=0.05):
            pytest.fail("a part was written beside its record")


def test_locks_of_many_records_are_taken_in_one_order(locks: Locks) -> None:
    done: list[int] = []

    def write(first: int, second: int) -> None:
        for _ in range(20):
            with locks.records(ACME, invoice(first), invoice(second)):
                done.append(first)

    threads = [threading.Thread(target=write, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 40


@pytest.mark.rule("5.1")
def test_names_of_a_realm_are_written_one_at_a_time(locks: Locks) -> None:
    inside = 0
    most = 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(5):
            with locks.names(REALM, "names"):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_a_failure_inside_gives_the_lock_back(locks: Locks) -> None:
    with pytest.raises(ZeroDivisionError), locks.records(ACME, invoice()):
        raise ZeroDivisionError

    with locks.records(ACME, invoice(), wait_seconds=0.05):
        pass


def test_a_free_lock_can_be_tried(locks: Locks) -> None:
    with locks.if_free("sweep") as first, locks.if_free("sweep") as second:
        assert (first, second) == (True, False)
    with locks.if_free("sweep") as again:
        assert again


_KILLED = """
import sys
from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.locks import Locks
with Locks(Database(sys.argv[1])).records(Company("acme"), SourceRef(Entity.INVOICE, "8001001")):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


def test_a_killed_process_gives_its_lock_back(locks: Locks, database: Database) -> None:
    command = [sys.executable, "-c", _KILLED, database.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LedgerConflict), locks.records(ACME, invoice(), wait_seconds=0.05):
            pytest.fail("the other process holds it")
        process.kill()
        process.wait()

    with locks.records(ACME, invoice(), wait_seconds=30):
        pass


def test_a_lock_lost_with_the_server_does_not_undo_what_was_done(locks: Locks, database: Database) -> None:
    done = False
    with locks.records(ACME, invoice()):
        with database.autocommit() as connection:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        done = True

    assert done
    with locks.records(ACME, invoice(), wait_seconds=5):
        pass


def test_holders_of_locks_never_use_up_the_connections_they_need(database: Database) -> None:
    locks = Locks(database)
    start = threading.Barrier(20)
    answers: list[int] = []

    def write(number: int) -> None:
        with locks.records(ACME, invoice(number)):
            start.wait(timeout=60)
            with database.autocommit() as connection:
                answers.append(connection.execute(text("SELECT 1")).scalar_one())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [1] * 20
