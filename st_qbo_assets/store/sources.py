"""A source reference as three columns, and text as Postgres keeps it.

What belongs here: how `SourceRef` is written to and read from a row, for every table that has one,
and what a vendor's text must lose before Postgres takes it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Row, Table, Text, any_, bindparam, func, select, tuple_

from st_qbo_assets.domain.ids import Entity, SourceRef


def source_columns(source: SourceRef) -> dict[str, str]:
    """Return the three columns of a source."""
    return {"source_entity": source.entity.value, "source_id": source.id, "source_part": source.part}


def source_from(row: Row[Any]) -> SourceRef:
    """Return the source a row is about."""
    return SourceRef(Entity(row.source_entity), row.source_id, row.source_part)


def source_is_in(table: Table, sources: Sequence[SourceRef]) -> ColumnElement[bool]:
    """Return the condition that a row is about one of the sources; one statement text for any number."""
    arrays = [
        bindparam(None, [source.entity.value for source in sources], type_=ARRAY(Text)),
        bindparam(None, [source.id for source in sources], type_=ARRAY(Text)),
        bindparam(None, [source.part for source in sources], type_=ARRAY(Text)),
    ]
    wanted = func.unnest(*arrays).table_valued("entity", "id", "part").render_derived("wanted")
    columns = tuple_(table.c.source_entity, table.c.source_id, table.c.source_part)
    return columns.in_(select(wanted.c.entity, wanted.c.id, wanted.c.part))


def record_is_in(table: Table, sources: Sequence[SourceRef]) -> ColumnElement[bool]:
    """Return the condition that a row is about one of the records, whatever its part."""
    arrays = [
        bindparam(None, [source.entity.value for source in sources], type_=ARRAY(Text)),
        bindparam(None, [source.id for source in sources], type_=ARRAY(Text)),
    ]
    wanted = func.unnest(*arrays).table_valued("entity", "id").render_derived("wanted")
    columns = tuple_(table.c.source_entity, table.c.source_id)
    return columns.in_(select(wanted.c.entity, wanted.c.id))


def is_any_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values; one statement text for any number."""
    return column == any_(bindparam(None, values, type_=ARRAY(Text)))


def clean_text(text: str) -> str:
    """Return the text with a replacement for what no text column holds (NUL, lone surrogates).

    One such character from a vendor must not fail the statement that writes its neighbours too.
    """
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
