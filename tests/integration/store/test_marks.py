from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.marks import DirtyDays, SafeMarks, SeenDocuments
from st_qbo_assets.store.tie_outs import TieOutRecord, TieOuts
from tests.integration.store.builders import ACME, DAY

NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
NEXT = date(2026, 3, 3)


@pytest.mark.rule("1.5")
def test_a_safe_mark_never_moves_back(database: Database) -> None:
    marks = SafeMarks(database)
    assert marks.get(ACME, "servicetitan/invoices") is None
    marks.advance(ACME, "servicetitan/invoices", NOON)

    marks.advance(ACME, "servicetitan/invoices", NOON - timedelta(hours=1))

    assert marks.get(ACME, "servicetitan/invoices") == NOON


@pytest.mark.rule("1.5")
def test_a_moved_document_touches_its_old_and_its_new_day(database: Database) -> None:
    seen = SeenDocuments(database)
    seen.save(ACME, Entity.INVOICE, {"1": DAY, "2": DAY})

    touched = seen.touched_days(ACME, Entity.INVOICE, {"1": NEXT, "3": date(2026, 3, 8)})

    assert touched == {DAY, NEXT, date(2026, 3, 8)}
    seen.save(ACME, Entity.INVOICE, {"1": NEXT})
    assert seen.days_of(ACME, Entity.INVOICE, ["1", "2", "3"]) == {"1": NEXT, "2": DAY}


@pytest.mark.rule("6.3")
def test_a_day_marked_again_while_it_was_compared_stays_dirty(database: Database) -> None:
    moments = iter([NOON, NOON, NOON + timedelta(minutes=2)])
    clocked = Database(database.url, clock=lambda: next(moments))
    dirty = DirtyDays(clocked)
    dirty.mark(ACME, [DAY, NEXT])
    dirty.mark(ACME, [NEXT])

    dirty.clear(ACME, [DAY, NEXT], read_at=NOON + timedelta(minutes=1))

    assert dirty.all(ACME) == [NEXT]
    clocked.dispose()


def test_the_newest_comparison_of_a_day_counts_and_all_are_kept(database: Database) -> None:
    tie_outs = TieOuts(database)
    red = TieOutRecord(ACME, DAY, is_green=False, difference_cents=500, unexplained_cents=500)
    rows = [{"entity": "invoices", "servicetitan_count": 40, "rate": Decimal("0.5")}]
    green = TieOutRecord(ACME, DAY, True, 0, 0, rows=rows, causes=[{"cause": "held"}], run_id="run-2")
    tie_outs.save([red])

    tie_outs.save([green, TieOutRecord(ACME, NEXT, True, 0, 0)])

    newest = tie_outs.newest(ACME, DAY, NEXT)
    assert {day: record.is_green for day, record in newest.items()} == {DAY: True, NEXT: True}
    assert (newest[DAY].rows, newest[DAY].causes) == (rows, [{"cause": "held"}])
    assert [record.is_green for record in tie_outs.history(ACME, DAY)] == [True, False]
