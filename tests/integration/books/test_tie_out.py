"""Acts of people in either product, unknown to any ledger, are in the next tie-out with their cause."""

import pytest

from st_qbo_assets.books.verdict import DayVerdict, verdict_of
from st_qbo_assets.domain.ids import Entity, SourceRef
from tests.integration.books.clerk import Clerk, Row


def pick(clerk: Clerk, target: str = "Invoice", *, paid: bool | None = None, taxed: bool = True) -> Row:
    """A document booked on the days; one that is applied, or not, or that surely has no tax, if asked for."""
    for row in clerk.rows.values():
        if row.target != target:
            continue
        stored = clerk.desk.quickbooks.read(target, row.qbo_id).object
        links = stored.get("LinkedTxn") if target == "Invoice" else stored.get("Line")
        if not taxed and stored["TxnTaxDetail"].get("TotalTax"):
            continue
        if paid is None or bool(links) is paid:
            return row
    raise AssertionError(f"the data has no such {target}")


@pytest.mark.rule("6.1", "6.2", "6.3")
def test_what_the_clerk_booked_agrees_to_the_cent_with_few_calls(clerk: Clerk) -> None:
    before = clerk.desk.quickbooks.calls
    days = clerk.tie_out()
    after = clerk.desk.quickbooks.calls
    assert [verdict_of(day) for day in days] == [DayVerdict.GREEN, DayVerdict.GREEN]
    assert [figure for day in days for figure in day.figures if not figure.agrees] == []
    assert sum(day.figure("invoices").servicetitan_count for day in days) > 15
    assert sum(day.figure("payments").servicetitan_count for day in days) > 5
    assert sum(day.figure("tax").servicetitan_cents for day in days) > 0
    assert after.metered - before.metered == 2


@pytest.mark.rule("5.3", "6.2")
def test_a_line_edited_in_quickbooks_is_found(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    stored = clerk.desk.quickbooks.read("Invoice", row.qbo_id).object
    clerk.desk.act("edit_line", id=row.qbo_id, line="1", amount=str(stored["Line"][0]["Amount"] + 1))
    assert clerk.causes() == {str(row.source): {"edited_in_quickbooks"}}


def test_a_customer_changed_in_quickbooks_is_found(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    other = next(each for each in clerk.rows.values() if each.target == "Customer")
    if clerk.desk.quickbooks.read("Invoice", row.qbo_id).object["CustomerRef"]["value"] == other.qbo_id:
        other = [each for each in clerk.rows.values() if each.target == "Customer"][1]
    clerk.desk.act("change_customer", id=row.qbo_id, customer=other.qbo_id)
    assert clerk.causes() == {str(row.source): {"edited_in_quickbooks"}}


def test_a_date_changed_in_quickbooks_is_found_on_both_days(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    stored = clerk.desk.quickbooks.read("Invoice", row.qbo_id).object
    there = next(day for day in clerk.days if str(day) != stored["TxnDate"])
    clerk.desk.act("change_date", id=row.qbo_id, date=str(there))
    shown = [
        (record.day, record.cause)
        for day in clerk.tie_out()
        for record in day.records
        if record.entity == "invoices"
    ]
    assert {(day, "edited_in_quickbooks") for day in clerk.days} <= set(shown)


@pytest.mark.rule("6.2")
def test_an_invoice_deleted_in_quickbooks_is_found_with_its_payments(clerk: Clerk) -> None:
    row = pick(clerk, paid=True)
    clerk.desk.act("delete", entity="Invoice", id=row.qbo_id)
    causes = clerk.causes()
    assert causes[str(row.source)] == {"deleted_in_quickbooks"}
    assert set.union(*causes.values()) == {"deleted_in_quickbooks"}
    assert all(name.startswith("payment") for name in causes if name != str(row.source))


def test_an_invoice_voided_in_quickbooks_is_found(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    clerk.desk.act("void", entity="Invoice", id=row.qbo_id)
    assert clerk.causes() == {str(row.source): {"voided_in_quickbooks"}}


@pytest.mark.rule("6.4")
def test_a_copy_with_our_marker_is_a_duplicate(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    stored = clerk.desk.quickbooks.read("Invoice", row.qbo_id).object
    kept = ("CustomerRef", "TxnDate", "PrivateNote", "TxnTaxDetail")
    body = {name: stored[name] for name in kept} | {"Line": stored["Line"][:-1], "DocNumber": "COPY"}
    clerk.create("Invoice", body)
    assert clerk.causes()[str(row.source)] == {"duplicate"}


def test_a_line_moved_to_another_account_without_a_trace_is_a_wrong_income_account(clerk: Clerk) -> None:
    row = pick(clerk, taxed=False)
    stored = clerk.desk.quickbooks.read("Invoice", row.qbo_id).object
    item = clerk.item("480")
    clerk.desk.act("edit_line", id=row.qbo_id, line="1", item=item, amount=str(stored["Line"][0]["Amount"]))
    clerk.rows[row.source] = Row(row.source, row.target, row.qbo_id)
    assert clerk.causes() == {str(row.source): {"wrong_income_account"}}


@pytest.mark.rule("6.2")
def test_an_invoice_typed_in_quickbooks_is_informational(clerk: Clerk) -> None:
    customer = pick(clerk, "Customer").qbo_id
    typed = clerk.desk.act(
        "type_invoice",
        customer=customer,
        date=str(clerk.days[0]),
        lines=[{"item": clerk.item("480"), "amount": 12.34}],
    )["Invoice"]
    assert clerk.causes() == {f"Invoice {typed['Id']}": {"entered_by_hand"}}


@pytest.mark.rule("3.7")
def test_a_payment_typed_on_our_invoice_is_found_on_both(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    stored = clerk.desk.quickbooks.read("Invoice", row.qbo_id).object
    typed = clerk.desk.act(
        "type_payment",
        customer=stored["CustomerRef"]["value"],
        amount=1.5,
        invoices=[row.qbo_id],
        date=str(clerk.days[0]),
    )["Payment"]
    assert clerk.causes() == {
        f"Payment {typed['Id']}": {"paid_in_quickbooks_by_hand"},
        str(row.source): {"paid_in_quickbooks_by_hand"},
    }


@pytest.mark.rule("5.3")
def test_paying_depositing_and_mailing_is_no_difference(clerk: Clerk) -> None:
    payment = pick(clerk, "Payment")
    clerk.desk.act("deposit", payments=[payment.qbo_id], date=str(clerk.days[-1]))
    for row in [row for row in clerk.rows.values() if row.target == "Invoice"]:
        clerk.desk.act("email", entity="Invoice", id=row.qbo_id, to="someone@example.com")
    assert clerk.causes() == {}


def test_a_payment_taken_off_its_invoice_is_a_missing_application(clerk: Clerk) -> None:
    row = pick(clerk, "Payment", paid=True)
    clerk.desk.act("unapply", payment=row.qbo_id)
    causes = clerk.causes()
    assert causes.pop(str(row.source)) == {"missing_payment_application"}
    assert causes
    assert set.union(*causes.values()) == {"missing_payment_application"}


# In ServiceTitan


def test_an_amount_changed_in_servicetitan_is_a_wrong_amount(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    record = next(
        each for each in clerk.desk.state("servicetitan", "invoices") if str(each["id"]) == row.source.id
    )
    item = record["items"][0]
    clerk.desk.act("unpost", half="servicetitan", id=record["id"])
    clerk.desk.act(
        "update", half="servicetitan", resource="invoices", id=record["id"],
        set={"items": [{"id": item["id"], "quantity": "1", "price": "7777.77"}]},
    )  # fmt: skip
    assert clerk.causes()[str(row.source)] <= {"wrong_amount", "wrong_tax"}


@pytest.mark.rule("1.5")
def test_an_invoice_moved_in_servicetitan_beyond_the_range_is_a_wrong_date(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    clerk.desk.act("unpost", half="servicetitan", id=int(row.source.id))
    clerk.desk.act(
        "move_date", half="servicetitan", resource="invoices", id=int(row.source.id), date="2025-01-15"
    )
    assert clerk.causes()[str(row.source)] == {"wrong_date"}


@pytest.mark.rule("3.6")
def test_an_invoice_deleted_in_servicetitan_is_found(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    clerk.desk.act("unpost", half="servicetitan", id=int(row.source.id))
    clerk.desk.act("delete", half="servicetitan", resource="invoices", id=int(row.source.id))
    assert clerk.causes()[str(row.source)] == {"removed_in_servicetitan"}


def test_a_payment_entered_in_servicetitan_since_is_unexplained_until_it_is_loaded(clerk: Clerk) -> None:
    row = pick(clerk, paid=False)
    made = clerk.desk.act(
        "add_payment", half="servicetitan", type="Check", date=str(clerk.days[0]),
        splits=[{"invoice_id": int(row.source.id), "amount": "5.00"}],
    )  # fmt: skip
    source = SourceRef(Entity.PAYMENT, str(made["id"]))
    assert clerk.causes() == {str(source): {"unexplained"}, str(row.source): {"unexplained"}}
