"""Credit memos come whole, on their day, and refunds with what they refer to (rules 1.4, 1.5, 3.4, 3.5)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.extract.documents import extract_credit_memos
from st_qbo_assets.extract.referred import referred
from st_qbo_assets.extract.refunds import given_back, read_refund_context, read_twins
from st_qbo_assets.extract.touched import reread
from st_qbo_assets.servicetitan.records import CreditMemo, Unreadable
from tests.unit.extract.fake_servicetitan import FakeServiceTitan
from tests.unit.mapping import builders as make

FIRST, LAST = date(2026, 2, 1), date(2026, 2, 10)


def memo(id: int, day: str | None, **changes: Any) -> dict[str, Any]:  # noqa: A002 - the vendor's word
    row = make.credit_memo_json(id=id, date=day, **changes)
    del row["items"]
    return row


def item(id: int, memo_id: int, **changes: Any) -> dict[str, Any]:  # noqa: A002 - the vendor's word
    return make.memo_line(id=id, **changes) | {"creditMemoId": memo_id}


@pytest.mark.rule("1.4")
def test_every_memo_lands_on_its_day_with_its_lines() -> None:
    client = FakeServiceTitan(
        memos=[memo(2, "2026-02-03"), memo(1, "2026-02-03"), memo(3, "2026-02-09"), memo(4, "2026-02-11")],
        memo_items=[item(21, 2), item(11, 1), item(22, 2, active=False), item(41, 4)],
    )
    days = dict(extract_credit_memos(client, make.company(), first=FIRST, last=LAST))
    assert list(days) == sorted(days)
    assert len(days) == 10
    found = {day: [(record.id, lines_of(record)) for record in days[day]] for day in days if days[day]}
    assert found == {date(2026, 2, 3): [(1, [11]), (2, [21, 22])], date(2026, 2, 9): [(3, [])]}


def lines_of(record: CreditMemo | Unreadable) -> list[int]:
    assert isinstance(record, CreditMemo)
    return [line.id for line in record.items]


@pytest.mark.rule("1.4")
def test_days_without_memos_cost_no_call_for_lines() -> None:
    client = FakeServiceTitan()
    assert not any(
        records for _, records in extract_credit_memos(client, make.company(), first=FIRST, last=LAST)
    )
    assert client.asked["memo items"] == 0


@pytest.mark.rule("1.4")
def test_a_memo_without_a_date_belongs_to_the_local_day_it_was_made() -> None:
    row = memo(5, None, createdOn="2026-02-04T03:00:00Z")
    client = FakeServiceTitan(memos=[row], **{"credit-memos": [row]}, memo_items=[item(51, 5)])
    days = dict(extract_credit_memos(client, make.company(), first=FIRST, last=LAST))
    assert [record.id for record in days[date(2026, 2, 3)]] == [5]


@pytest.mark.rule("1.4")
def test_a_line_that_cannot_be_read_makes_its_memo_unreadable_and_no_other() -> None:
    client = FakeServiceTitan(
        memos=[memo(1, "2026-02-03"), memo(2, "2026-02-03")],
        memo_items=[item(11, 1) | {"total": "n/a"}, item(21, 2)],
    )
    bad, good = dict(extract_credit_memos(client, make.company(), first=FIRST, last=LAST))[date(2026, 2, 3)]
    assert isinstance(bad, Unreadable)
    assert bad.problems == ("items[0].total: not an amount: 'n/a'",)
    assert lines_of(good) == [21]


@pytest.mark.rule("1.5")
def test_a_memo_read_again_by_id_is_whole() -> None:
    client = FakeServiceTitan(memos=[memo(1, "2026-02-03")], memo_items=[item(11, 1)])
    again = reread(client, Entity.CREDIT_MEMO, [1, 9])
    assert again.missing == {9}
    found = again.found[1]
    assert isinstance(found, CreditMemo)
    assert lines_of(found) == [11]


def test_what_a_memo_refers_to() -> None:
    lines = [make.memo_line(), make.memo_line(id=2, skuId=7, active=False)]
    found = referred([make.credit_memo(lines, applied={8001001: "5.00"})])
    assert (found.customers, found.locations) == ({5010001}, {5020001})
    assert found.skus == {900002: "Material"}
    assert found.invoices == {8001001}


# Refunds


def refund_row(**changes: Any) -> dict[str, Any]:
    return make.refund("-60.00", **changes).raw


@pytest.mark.rule("3.5")
def test_a_refund_brings_its_payment_other_refunds_the_invoice_and_what_was_taken_back_of_it() -> None:
    client = FakeServiceTitan(
        payments=[
            make.payment_json(),
            refund_row(),
            refund_row(id=9003),
            make.payment_json(id=7, customer={"id": 6, "name": "x"}),
        ],
        invoices=[
            make.invoice_json(),
            make.invoice_json([make.line("-5.00")], id=8001003, adjustmentToId=8001001),
            make.invoice_json(id=8001004),
        ],
        memos=[memo(1, "2026-01-03", applied={8001001: "4.00"}), memo(2, "2026-01-03")],
    )
    found = read_refund_context(client, [make.refund("-60.00")])
    assert sorted((type(record).__name__, record.id) for record in found) == [
        ("CreditMemo", 1),
        ("Invoice", 8001001),
        ("Invoice", 8001003),
        ("Payment", 9001),
        ("Payment", 9002),
        ("Payment", 9003),
    ]


@pytest.mark.rule("3.5")
def test_a_payment_of_another_customer_that_a_refund_names_is_read_by_id() -> None:
    client = FakeServiceTitan(payments=[make.payment_json(customer={"id": 6, "name": "x"})], invoices=[])
    found = read_refund_context(client, [make.refund("-60.00")])
    assert [(type(record).__name__, record.id) for record in found] == [("Payment", 9001)]


def test_payments_without_refunds_cost_no_call() -> None:
    client = FakeServiceTitan(payments=[make.payment_json()])
    assert read_refund_context(client, [make.payment(), make.refund("-8.00", {8001003: "-8.00"})]) == []
    assert not client.asked


@pytest.mark.rule("3.5")
def test_only_the_invoices_of_refunded_payments_are_given_back() -> None:
    records = [
        make.refund("-60.00"),
        make.payment(),
        make.payment(applied={8001002: "100.00"}, id=9009),
        make.invoice(),
        make.invoice(id=8001002),
    ]
    assert [invoice.id for invoice in given_back(records)] == [8001001]


@pytest.mark.rule("3.4")
def test_a_credit_is_read_with_what_may_be_the_same_credit() -> None:
    day = "2026-02-05T00:00:00Z"
    client = FakeServiceTitan(
        memos=[memo(1, "2026-02-05"), memo(2, "2026-02-06")],
        invoices=[
            make.invoice_json(id=1, invoiceDate=day),
            make.invoice_json(id=2, invoiceDate=day, customer={"id": 6, "name": "x"}),
            make.invoice_json(id=3),
        ],
    )
    negative = make.invoice([make.line("-5.00")], invoiceDate=day)
    company = make.company()
    assert [record.id for record in read_twins(client, company, [negative])] == [1]
    assert [record.id for record in read_twins(client, company, [make.credit_memo()])] == [1]
    assert read_twins(client, company, [make.invoice(), make.payment()]) == []


def test_money_of_a_memo_is_a_number() -> None:
    assert make.credit_memo(applied={8001001: "4.10"}).applied_to[0].applied_amount == Decimal("4.10")
