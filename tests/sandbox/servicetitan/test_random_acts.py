"""Any sequence of acts leaves totals, balances and customers' balances following from the documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan import ServiceTitan
from st_qbo_sandbox.servicetitan.balances import amount, inconsistencies
from st_qbo_sandbox.servicetitan.records import named_id
from st_qbo_sandbox.storage import Storage
from tests.sandbox.servicetitan import story

CUSTOMERS = (story.ADA, story.BANK)
money = st.decimals(Decimal("-99.99"), Decimal("250.00"), places=2)
nth = st.integers(0, 30)
acts = st.one_of(
    st.tuples(st.just("invoice"), nth, money),
    st.tuples(st.just("payment"), nth, money),
    st.tuples(st.just("apply"), nth, nth),
    st.tuples(st.just("unapply"), nth, st.just(0)),
    st.tuples(st.just("reprice"), nth, money),
    st.tuples(st.just("delete"), nth, st.sampled_from(("invoices", "payments"))),
    st.tuples(st.just("restore"), nth, st.sampled_from(("invoices", "payments"))),
    st.tuples(st.just("move"), nth, st.integers(1, 28)),
)


def owed(half: ServiceTitan, customer: int) -> Decimal:
    """Return what a customer owes by its documents: open invoices less money not applied."""
    owes = Decimal(0)
    for collection, field, sign in (("invoices", "balance", 1), ("payments", "unappliedAmount", -1)):
        for document in half.records.all(collection):
            if named_id(document, "customer") == customer and document["active"]:
                owes += sign * amount(document[field])
    return owes


def act_of(half: ServiceTitan, kind: str, number: int, more: Any) -> dict[str, Any]:
    """Make the act that a drawn triple means with the documents there are."""
    invoices, payments = list(half.records.all("invoices")), list(half.records.all("payments"))
    invoice, payment = invoices[number % len(invoices)], payments[number % len(payments)]
    customer = CUSTOMERS[number % 2]
    if kind == "invoice":
        lines = [{"skuId": story.CAPACITOR, "quantity": 1, "price": more}]
        return {"act": "add_invoice", "customer_id": customer, "lines": lines}
    if kind == "payment":
        return {"act": "add_payment", "customer_id": customer, "type": "Cash", "amount": more}
    if kind == "apply":
        to = invoices[more % len(invoices)]
        return {"act": "apply_payment", "id": payment["id"], "invoice_id": to["id"]}
    if kind == "unapply":
        return {"act": "unapply_payment", "id": payment["id"]}
    if kind == "reprice":
        items = [{"id": invoice["items"][0]["id"], "price": more}]
        return {"act": "update", "resource": "invoices", "id": invoice["id"], "set": {"items": items}}
    if kind == "move":
        return {"act": "move_date", "id": invoice["id"], "date": f"2026-02-{more:02d}"}
    target = invoice if more == "invoices" else payment
    return {"act": kind, "resource": more, "id": target["id"]}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=15))
def test_whatever_people_do_everything_adds_up(drawn: list[tuple[str, int, Any]]) -> None:
    storage = Storage(None)
    half = ServiceTitan(clock=Clock(storage), storage=storage)
    half.load(story.tell())
    for kind, number, more in drawn:
        try:
            half.edit(act_of(half, kind, number, more))
        except EditError:
            continue

    assert inconsistencies(half.records) == []
    for customer in CUSTOMERS:
        record = half.records.get("customers", customer)
        assert record is not None
        assert amount(record["balance"]) == owed(half, customer)
