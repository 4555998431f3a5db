"""Who does what to which document in the second half of the demo."""

from datetime import date, timedelta
from typing import Any

import pytest

from st_qbo_assets.cli.fates.choosing import NOTES, Days, Fate, Sales, acts_on, days_within
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.servicetitan.records import Invoice, Payment, parse_invoice, parse_payment

FIRST = date(2026, 3, 9)
DAYS = Days(FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2))


def invoice(id_: int, day: date, **more: Any) -> Invoice:
    """An invoice of 200.00 with two lines, unpaid unless it is said otherwise."""
    item = {"type": "Service", "skuName": "LABOR", "quantity": "1", "isChargeable": True, "taxable": False}
    account = {"generalLedgerAccount": {"id": 1, "name": "Labor", "number": "40100"}}
    raw = {
        "id": id_,
        "referenceNumber": str(id_),
        "invoiceDate": f"{day}T00:00:00Z",
        "total": "200.00",
        "balance": "200.00",
        "customer": {"id": 1000 + id_, "name": f"Customer {id_}"},
        "businessUnit": {"id": 1, "name": "Plumbing"},
        "items": [
            {**item, **account, "id": 10 * id_, "price": "150.00", "total": "150.00"},
            {**item, **account, "id": 10 * id_ + 1, "price": "50.00", "total": "50.00"},
        ],
        "active": True,
        **more,
    }
    made = parse_invoice(raw)
    assert isinstance(made, Invoice)
    return made


def payment(id_: int, pays: int, *, total: str = "200.00", rest: str = "0.00") -> Payment:
    """A payment of the open day on one invoice."""
    raw = {
        "id": id_,
        "date": f"{DAYS.open}T00:00:00Z",
        "total": total,
        "unappliedAmount": rest,
        "appliedTo": [{"appliedTo": pays, "appliedAmount": "200.00"}],
        "customer": {"id": 1000 + pays, "name": f"Customer {pays}"},
        "active": True,
    }
    made = parse_payment(raw)
    assert isinstance(made, Payment)
    return made


def sales(*invoices: Invoice, payments: tuple[Payment, ...] = ()) -> Sales:
    ours = {SourceRef(Entity.INVOICE, str(each.id)) for each in invoices}
    ours |= {SourceRef(Entity.PAYMENT, str(each.id)) for each in payments}
    return Sales(invoices, payments, (), frozenset(ours))


def a_day(**more: Any) -> Sales:
    """Enough for everything."""
    paid = [invoice(each, DAYS.open, balance="0.00") for each in (5, 6, 7)]
    unpaid = [invoice(each, DAYS.open) for each in (1, 2, 3, 4)]
    taken = (payment(15, 5), payment(16, 6), payment(17, 7, total="230.00", rest="30.00"))
    return sales(*unpaid, *paid, invoice(8, FIRST), payments=taken)


def noted(acts: list[dict[str, Any]]) -> list[str]:
    """The notes that acts leave."""
    told = [(act.get("set") or act) for act in acts]
    return [text for each in told for name in ("summary", "memo", "description") if (text := each.get(name))]


def test_everything_happens_once_and_each_document_is_used_once() -> None:
    acts = acts_on(a_day(), DAYS)
    assert sorted(noted(acts)) == sorted(NOTES.values())
    used = [(act["resource"], act["id"]) for act in acts if act["act"] == "update"]
    assert len(used) == len(set(used))
    assert {each["splits"][0]["invoice_id"] for each in acts if "splits" in each} == {3, 4, 6}


def test_what_bears_its_note_was_done_already() -> None:
    done = sales(*a_day().invoices, invoice(9, DAYS.open, summary=NOTES[Fate.EDITED]))
    assert done.done() == {Fate.EDITED: SourceRef(Entity.INVOICE, "9")}
    assert NOTES[Fate.EDITED] not in noted(acts_on(done, DAYS))
    assert not any(act["id"] == 9 for act in acts_on(done, DAYS) if "id" in act)


def test_only_what_is_ours_and_not_spared_is_touched() -> None:
    whole = a_day()
    assert acts_on(Sales(whole.invoices, whole.payments, (), frozenset()), DAYS) == []
    assert acts_on(whole, DAYS, spared=whole.ours) == []


@pytest.mark.parametrize(
    ("last", "today", "days"),
    [
        (0, 9, Days(None, FIRST, FIRST + timedelta(days=1))),
        (0, 0, Days(None, FIRST, None)),
        (1, 2, DAYS),
        (1, 1, Days(FIRST, FIRST + timedelta(days=1), None)),
        (6, 7, DAYS),
    ],
)
def test_three_days_at_most_none_of_them_in_the_future(last: int, today: int, days: Days) -> None:
    assert days_within(FIRST, FIRST + timedelta(days=last), today=FIRST + timedelta(days=today)) == days
    acts = acts_on(a_day(), days)
    assert ("move_date" in {act["act"] for act in acts}) is (days.next is not None and days.closed == FIRST)
