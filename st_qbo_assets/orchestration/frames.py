# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyarrow ships no types: what its tables hold is unknown to the checker.
"""Rows and DataFrames: how records, mapped outcomes and load results are laid out between stages.

What belongs here: columns, and the conversion of values to rows and back. Money columns are whole
cents or decimals, never floats; the vendor's record is kept verbatim as JSON text. pandas and
pyarrow are imported where they are used.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import simplejson

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Payload, Reason, Verdict

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
#: Column name → kind: text, int, decimal, date, instant or bool.
Columns = Mapping[str, str]

MAPPED: Columns = {
    "source": "text",
    "verdict": "text",
    "day": "date",
    "number": "text",
    "title": "text",
    "cents": "int",
    "target": "text",
    "reason_code": "text",
    "reason": "text",
    "remedy": "text",
    "suggestions": "text",
    "waits_for": "text",
    "outside_digest": "text",
    "body": "text",
    "facts": "text",
    "rules": "int",
}

LOADED: Columns = {
    "source": "text",
    "outcome": "text",
    "day": "date",
    "number": "text",
    "title": "text",
    "cents": "int",
    "target": "text",
    "qbo_id": "text",
    "operation": "text",
    "wrote": "bool",
    "reason_code": "text",
    "reason": "text",
    "remedy": "text",
}


class FrameStream(Iterable[tuple[date, "pd.DataFrame"]]):
    """(day, frame) pairs produced while they are written, so that memory is that of one day.

    Dagster takes a returned generator for a yielding op; this is a plain iterable.
    """

    def __init__(self, produce: Callable[[], Iterator[tuple[date, "pd.DataFrame"]]]) -> None:
        self._produce = produce

    def __iter__(self) -> Iterator[tuple[date, "pd.DataFrame"]]:
        return self._produce()


def to_frame(rows: Sequence[Mapping[str, Any]], columns: Columns) -> "pd.DataFrame":
    """Return a DataFrame with exactly these columns and types, also when there are no rows."""
    import pandas as pd
    import pyarrow as pa

    kinds = {
        "text": pa.string(),
        "int": pa.int64(),
        "decimal": pa.decimal128(20, 6),
        "date": pa.date32(),
        "instant": pa.timestamp("us", tz="UTC"),
        "bool": pa.bool_(),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    return pa.Table.from_pylist(list(rows), schema=schema).to_pandas(types_mapper=pd.ArrowDtype)


def to_rows(frame: "pd.DataFrame", *columns: str) -> Iterator[Row]:
    """Yield the rows of a frame as dicts of plain Python values, of some columns or all; missing is None."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, columns=list(columns) or None, preserve_index=False)
    for batch in table.to_batches(max_chunksize=1000):
        yield from batch.to_pylist()


def load_json(text: str) -> Any:
    """Parse JSON with decimals."""
    return json.loads(text, parse_float=Decimal)


def dump_json(value: Any) -> str:
    """Write JSON with decimals as numbers."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))


def mapped_row(mapped: Mapped) -> Row:
    """Return the row of one mapped record."""
    payload = mapped.payload
    return {
        "source": str(mapped.source),
        "verdict": mapped.verdict.value,
        "day": mapped.day,
        "number": mapped.number,
        "title": mapped.title,
        "cents": mapped.cents,
        "target": payload.target if payload else None,
        **_reason_columns(mapped.reason),
        "suggestions": dump_json(mapped.reason.suggestions) if mapped.reason else None,
        "waits_for": str(mapped.reason.waits_for) if mapped.reason and mapped.reason.waits_for else None,
        "outside_digest": dump_json(payload.outside_digest) if payload else None,
        "body": dump_json(payload.body) if payload else None,
        "facts": dump_json(mapped.facts),
        "rules": mapped.rules,
    }


def mapped_of(row: Row) -> Mapped:
    """Return the mapped record of a row."""
    source = SourceRef.parse(row["source"])
    reason = None
    if row["reason_code"]:
        reason = Reason(
            code=row["reason_code"],
            text=row["reason"] or "",
            remedy=row["remedy"] or "",
            suggestions=tuple(load_json(row["suggestions"] or "[]")),
            waits_for=SourceRef.parse(row["waits_for"]) if row["waits_for"] else None,
        )
    payload = None
    if row["body"]:
        body: Json = load_json(row["body"])
        payload = Payload(
            source=source,
            target=row["target"],
            day=row["day"],
            body=body,
            cents=row["cents"],
            number=row["number"],
            title=row["title"],
            outside_digest=tuple(load_json(row["outside_digest"])),
        )
    return Mapped(
        source=source,
        verdict=Verdict(row["verdict"]),
        day=row["day"],
        cents=row["cents"],
        number=row["number"],
        title=row["title"],
        payload=payload,
        reason=reason,
        facts=load_json(row["facts"]),
        rules=row.get("rules") or 0,  # frames of older versions do not say
    )


def result_row(result: LoadResult) -> Row:
    """Return the row of one load result."""
    return {
        "source": str(result.source),
        "outcome": result.outcome.value,
        "day": result.day,
        "number": result.number,
        "title": result.title,
        "cents": result.cents,
        "target": result.target,
        "qbo_id": result.qbo_id,
        "operation": result.operation,
        "wrote": result.wrote,
        **_reason_columns(result.reason),
    }


def _reason_columns(reason: Reason | None) -> Row:
    return {
        "reason_code": reason.code if reason else None,
        "reason": reason.text if reason else None,
        "remedy": reason.remedy if reason else None,
    }
