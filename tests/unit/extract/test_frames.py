"""Records survive their frame: the columns are for people, the verbatim JSON is the record."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.extract.frames import FRAMES, record_of, row_of, verbatim
from st_qbo_assets.orchestration.frames import to_frame, to_rows
from st_qbo_assets.servicetitan import records
from tests.unit.mapping import builders as make

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.decimals("-1e12", "1e12", places=7)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def through_a_file(record: Any, frame: str) -> Any:
    (row,) = to_rows(to_frame([row_of(record, frame)], FRAMES[frame]))
    return record_of(row)


@pytest.mark.parametrize(
    ("record", "frame"),
    [
        (make.invoice(), "invoices"),
        (make.payment(), "payments"),
        (make.credit_memo(applied={8001001: "4.10"}), "credit_memos"),
        (records.parse_credit_memo({"id": 4, "total": "x"}), "credit_memos"),
        (
            make.record(
                records.Job,
                {"id": 7, "jobStatus": "Completed", "completedOn": "2026-02-03T21:14:07.1034567Z"},
            ),
            "jobs",
        ),
        (make.customer(), "customers"),
        (make.contact(1, "Email", "a@b.co"), "customers"),
        (make.record(records.Location, {"id": 3, "customerId": 2}), "customers"),
        (make.record(records.PricebookItem, {"id": 3, "code": "A"}), "items"),
        (make.record(records.BusinessUnit, {"id": 3, "name": "HVAC"}), "lists"),
        (records.parse_invoice({"id": 4, "total": "x"}), "invoices"),
        (records.parse_payment([1]), "payments"),
    ],
)
def test_a_record_is_read_back_equal(record: Any, frame: str) -> None:
    again = through_a_file(record, frame)
    assert type(again) is type(record)
    assert again.id == record.id
    assert again.raw == record.raw


def test_the_columns_show_the_document() -> None:
    row = row_of(make.invoice(salesTax="8.25"), "invoices")
    assert list(row) == list(FRAMES["invoices"])
    assert (row["id"], row["number"], row["business_date"]) == (8001001, "7001001", date(2026, 2, 3))
    assert (row["total"], row["tax"]) == (Decimal("108.25"), Decimal("8.25"))
    assert row["problems"] is None


def test_an_unreadable_record_shows_its_problems() -> None:
    row = row_of(
        records.parse_invoice({"id": 4, "total": "x", "invoiceDate": "2026-02-03T00:00:00Z"}), "invoices"
    )
    assert row["business_date"] == date(2026, 2, 3)
    assert "total: not an amount" in row["problems"]


@pytest.mark.parametrize("frame", FRAMES)
def test_empty_frames_keep_their_columns_and_kinds(frame: str) -> None:
    empty: Any = to_frame([], FRAMES[frame])
    assert list(empty.columns) == list(FRAMES[frame])
    assert {str(kind) for kind in empty.dtypes} <= {
        "string[pyarrow]",
        "int64[pyarrow]",
        "bool[pyarrow]",
        "date32[day][pyarrow]",
        "timestamp[us, tz=UTC][pyarrow]",
        "decimal128(20, 6)[pyarrow]",
    }


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_json_is_kept_verbatim(raw: dict[str, Any]) -> None:
    assert json.loads(verbatim(raw), parse_float=Decimal) == raw


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("id", "total", "invoiceDate", "customer", "referenceNumber", "items"), JSON),
    )
)
def test_no_record_breaks_the_frame_of_a_day(raw: dict[str, Any]) -> None:
    again = through_a_file(records.parse_invoice(raw), "invoices")
    assert again.raw == raw
