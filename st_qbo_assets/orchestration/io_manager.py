"""Frames between the stages: one Parquet file per (asset, day), in any folder or fsspec URL.

What belongs here: writing, reading and naming files. What does not: which columns a frame has
(the stages say) and what the rows mean. pandas and pyarrow are imported where they are used, so
that loading the definitions stays quick.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import dagster as dg

from st_qbo_assets.domain.errors import SyncError

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath


T = TypeVar("T")
#: What was made of the newest day of each asset, kept for the length of a run.
Recent = dict[dg.AssetKey, tuple[date, list[Any]]]


class MissingFrame(SyncError):
    """A stage asked for a day that was never written."""


@dataclass(frozen=True)
class FrameFolder:
    """The folder of all frames; knows paths, not meanings."""

    root: str

    def path(self, key: dg.AssetKey, day: date | None) -> "UPath":
        """Return the file of an asset's day, or of an unpartitioned asset."""
        from upath import UPath

        folder = UPath(self.root).joinpath(*key.path)
        return folder / (f"{day.isoformat()}.parquet" if day else "latest.parquet")

    def write(self, key: dg.AssetKey, day: date | None, frame: "pd.DataFrame") -> None:
        """Write a frame; a reader sees the old or the new file, never half of one."""
        path = self.path(key, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
        with unfinished.open("wb") as file:
            frame.to_parquet(file, index=False)
        unfinished.rename(path)

    def read(self, key: dg.AssetKey, day: date | None) -> "pd.DataFrame | None":
        """Return a frame, or None if it was never written."""
        import pandas as pd

        path = self.path(key, day)
        if not path.exists():
            return None
        with path.open("rb") as file:
            return pd.read_parquet(file, dtype_backend="pyarrow")


class DayFrames(Mapping[date, "pd.DataFrame"]):
    """A lazy mapping from day to frame: a file is read when its day is asked for, and not kept."""

    def __init__(
        self, folder: FrameFolder, key: dg.AssetKey, days: Sequence[date], *, recent: Recent | None = None
    ) -> None:
        self._folder = folder
        self._key = key
        self._days = tuple(days)
        self._recent = recent

    def __getitem__(self, day: date) -> "pd.DataFrame":
        frame = self._folder.read(self._key, day)
        if frame is None:
            raise MissingFrame(
                f"{self._key.to_user_string()} has no data for {day}: materialize it for that day first."
            )
        return frame

    def made_of(self, day: date, make: "Callable[[pd.DataFrame], list[T]]") -> "list[T]":
        """Return what is made of a day's frame: once for all steps of a run, until another day is asked."""
        if self._recent is None:
            return make(self[day])
        known = self._recent.get(self._key)
        if known is None or known[0] != day:
            known = self._recent[self._key] = (day, make(self[day]))
        return known[1]

    def __iter__(self) -> Iterator[date]:
        return iter(self._days)

    def __len__(self) -> int:
        return len(self._days)


class FrameIOManager(dg.IOManager):
    """Takes (day, frame) pairs as they are produced, gives a lazy mapping of the days of the run.

    A partitioned asset returns an iterable of `(day, DataFrame)` that must cover every day of the
    run; an unpartitioned one returns a DataFrame. Each pair is written before the next is asked for.
    """

    def __init__(self, folder: FrameFolder) -> None:
        self._folder = folder

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write what an asset returned."""
        if not context.has_asset_partitions:
            self._folder.write(context.asset_key, None, obj)
            return
        written: set[date] = set()
        for day, frame in obj:
            self._folder.write(context.asset_key, day, frame)
            written.add(day)
        missing = {date.fromisoformat(key) for key in context.asset_partition_keys} - written
        if missing:
            raise MissingFrame(f"{context.asset_key.to_user_string()} produced nothing for {min(missing)}")

    def load_input(self, context: dg.InputContext) -> Any:
        """Return the frame of an unpartitioned asset, or the days of a partitioned one."""
        if not context.has_asset_partitions:
            frame = self._folder.read(context.asset_key, None)
            if frame is None:
                raise MissingFrame(f"{context.asset_key.to_user_string()} was never materialized")
            return frame
        days = sorted(date.fromisoformat(key) for key in context.asset_partition_keys)
        return DayFrames(self._folder, context.asset_key, days)


class FrameStorage(dg.ConfigurableIOManagerFactory[FrameIOManager]):
    """The I/O manager of all frames.

    Attributes:
        root: a folder or an fsspec URL (`ST_QBO_STORAGE`).
    """

    root: str

    def create_io_manager(self, context: dg.InitResourceContext) -> FrameIOManager:
        """Build the I/O manager."""
        return FrameIOManager(FrameFolder(self.root))
