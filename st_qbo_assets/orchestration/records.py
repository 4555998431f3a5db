"""Records out of the frames of a day."""

from collections.abc import Iterator
from datetime import date

from st_qbo_assets.extract.frames import AnyRecord, record_of
from st_qbo_assets.orchestration.frames import to_rows
from st_qbo_assets.orchestration.io_manager import DayFrames


def day_records(frames: DayFrames, day: date) -> Iterator[AnyRecord]:
    """Yield the records of one day of an extract, read again from their verbatim JSON."""
    return iter(frames.made_of(day, lambda frame: [record_of(row) for row in to_rows(frame)]))
