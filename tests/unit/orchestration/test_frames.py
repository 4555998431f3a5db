"""Frames keep their columns, their types and every decimal; a file is old or new, never half."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Payload, Reason, Verdict
from st_qbo_assets.orchestration.frames import MAPPED, FrameStream, mapped_of, mapped_row, to_frame, to_rows
from st_qbo_assets.orchestration.io_manager import DayFrames, FrameFolder, FrameIOManager, MissingFrame

DAY = date(2026, 11, 20)
KEY = dg.AssetKey(["acme", "mapped", "invoices"])


def due_invoice() -> Mapped:
    source = SourceRef(Entity.INVOICE, "8001")
    body = {"CustomerRef": {"value": "customer:5"}, "Line": [{"Amount": Decimal("10.50")}]}
    payload = Payload(source, "Invoice", DAY, body, 1050, "7001", "Ana", ("DisplayName",))
    return Mapped(source, Verdict.DUE, DAY, 1050, "7001", "Ana", payload, None, {"tax_cents": 50})


def held_payment() -> Mapped:
    waits = SourceRef(Entity.INVOICE, "8001")
    told = Reason("why", "Because.", "Do this.", ("first", "second"), waits)
    return Mapped(SourceRef(Entity.PAYMENT, "9"), Verdict.HELD, DAY, 5, reason=told)


@pytest.mark.parametrize("mapped", [due_invoice(), held_payment()])
def test_a_mapped_record_survives_its_row(mapped: Mapped) -> None:
    frame = to_frame([mapped_row(mapped)], MAPPED)
    assert [mapped_of(row) for row in to_rows(frame)] == [mapped]


def test_an_empty_frame_keeps_its_types() -> None:
    full, empty = to_frame([mapped_row(due_invoice())], MAPPED), to_frame([], MAPPED)
    assert list(full.dtypes) == list(empty.dtypes)


def test_money_and_instants_come_back_as_they_went() -> None:
    columns = {"total": "decimal", "at": "instant", "on": "date", "active": "bool"}
    row = {
        "total": Decimal("19.990000"),
        "at": datetime(2026, 11, 20, 6, tzinfo=UTC),
        "on": DAY,
        "active": None,
    }
    assert list(to_rows(to_frame([row], columns))) == [row]


def test_a_day_never_written_names_asset_and_day(tmp_path: Path) -> None:
    frames = DayFrames(FrameFolder(str(tmp_path)), KEY, [DAY])
    with pytest.raises(MissingFrame, match="acme/mapped/invoices has no data for 2026-11-20"):
        _ = frames[DAY]


def test_a_run_that_leaves_a_day_out_fails(tmp_path: Path) -> None:
    days = dg.DailyPartitionsDefinition("2026-11-19")

    @dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
    def invoices() -> FrameStream:
        return FrameStream(lambda: iter([(DAY, to_frame([], MAPPED))]))

    tags = {
        "dagster/asset_partition_range_start": "2026-11-19",
        "dagster/asset_partition_range_end": "2026-11-20",
    }
    manager = FrameIOManager(FrameFolder(str(tmp_path)))
    with pytest.raises(MissingFrame, match="2026-11-19"):
        dg.materialize([invoices], resources={"io_manager": manager}, tags=tags)


def test_no_unfinished_file_is_left_beside_a_frame(tmp_path: Path) -> None:
    folder = FrameFolder(str(tmp_path))
    folder.write(KEY, DAY, to_frame([], MAPPED))
    folder.write(KEY, DAY, to_frame([mapped_row(due_invoice())], MAPPED))
    assert [path.name for path in (tmp_path / "acme" / "mapped" / "invoices").iterdir()] == [
        "2026-11-20.parquet"
    ]
    stored = folder.read(KEY, DAY)
    assert stored is not None
    assert len(stored) == 1
