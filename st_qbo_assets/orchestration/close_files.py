"""The files of month closes: a folder a month, a folder a version in it, in any folder or fsspec URL.

What belongs here: writing and reading them. What does not: what is in them (`books.month_close.pages`).
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from st_qbo_assets.books.month_close.close import MonthClose, Version
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.pages import (
    DOCUMENT,
    close_folder,
    document,
    files,
    version_folder,
    version_of,
)

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True)
class CloseFiles:
    """All closes of one company."""

    root: str
    company: str

    def last(self, month: Month) -> Version | None:
        """Return what the newest version of a month left for the next; None if there is none."""
        path = self.folder(month) / DOCUMENT
        if not path.exists():
            return None
        return version_of(cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8"))))

    def write(self, close: MonthClose) -> str:
        """Keep a close and return its folder; a version that is there already is left as it is.

        The month's own document is written last: a version that is not whole is not the newest.
        """
        month = self.folder(close.month)
        folder = month / version_folder(close.version)
        if close.is_new:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(document(close), ensure_ascii=False, indent=1, default=str)
            for name, written in {**files(close), DOCUMENT: text}.items():
                _write(folder, name, written)
            _write(month, DOCUMENT, text)
        return str(folder)

    def folder(self, month: Month) -> "UPath":
        """Return the folder of a month."""
        from upath import UPath

        return UPath(self.root).joinpath(*close_folder(self.company), str(month))


def _write(folder: "UPath", name: str, text: str) -> None:
    """Write a file; a reader sees the old or the new one, never half of one."""
    unfinished = folder / f".{name}.{uuid4().hex}.tmp"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(folder / name)
