"""What is told of the last load of a record's own day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from st_qbo_assets.books.evidence import OwnLoad
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.frames import to_frame
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.tying import OwnLoads

DAY = date(2026, 11, 20)
STAMP = datetime(2026, 11, 20, 16, tzinfo=UTC)


@pytest.mark.rule("6.2", "6.4")
def test_a_day_is_due_until_records_of_that_kind_were_read_and_no_change_waits(tmp_path: Path) -> None:
    folder, marked = FrameFolder(str(tmp_path)), list[date]()
    defs: Any = SimpleNamespace(name="acme")
    connections: Any = SimpleNamespace(dirty_days=SimpleNamespace(to_load=lambda _: marked))
    for day, stamps in ((DAY, [None, STAMP - timedelta(hours=1), STAMP]), (DAY + timedelta(days=1), [])):
        rows = [{"modified_on": stamp} for stamp in stamps]
        folder.write(keys.servicetitan("acme", "payments"), day, to_frame(rows, {"modified_on": "instant"}))

    def told(entity: Entity, day: date) -> OwnLoad:
        return OwnLoads(defs, connections, folder).last_of(entity, day)

    assert told(Entity.PAYMENT, DAY) == OwnLoad(is_due=False, seen_until=STAMP)
    assert told(Entity.PAYMENT, DAY + timedelta(days=1)) == OwnLoad(is_due=False)
    assert told(Entity.INVOICE, DAY) == OwnLoad(is_due=True), "payments were read of that day, invoices not"
    marked.append(DAY)
    assert told(Entity.PAYMENT, DAY) == OwnLoad(is_due=True, seen_until=STAMP)
