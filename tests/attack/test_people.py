"""What people do behind the ledger's back, on either side, stands in the next tie-out with its cause.

The sandbox is no echo of what was sent to it: it holds what it was made to hold, by whomever.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.attack import proof
from tests.attack.proof import Doc
from tests.attack.world import DAY, Arena, Run, World

_TIE_OUT = ("books/tie_out",)


@dataclass
class Desk:
    """A day that was green, and one of its paid invoices, which somebody is about to touch."""

    world: World
    servicetitan: Doc
    quickbooks: Doc
    payment: Doc

    @property
    def customer(self) -> str:
        return self.quickbooks["CustomerRef"]["value"]

    def line(self) -> Doc:
        return self.quickbooks["Line"][0]

    def item(self) -> str:
        return self.line()["SalesItemLineDetail"]["ItemRef"]["value"]


def _typed_like_ours(desk: Desk) -> str:
    lines = [{"item": desk.item(), "amount": desk.servicetitan["subTotal"]}]
    return _typed(desk, lines=lines, tax=desk.servicetitan["salesTax"])


def _typed_not_like_ours(desk: Desk) -> str:
    return _typed(desk, lines=[{"item": desk.item(), "amount": "17.23"}])


def _typed(desk: Desk, **what: object) -> str:
    made = desk.world.act("quickbooks", "type_invoice", customer=desk.customer, date=DAY, **what)
    return f"Invoice {made['Invoice']['Id']}"


def _marker_copied(desk: Desk) -> str:
    what = [{"item": desk.item(), "amount": "17.23"}]
    return _typed(desk, lines=what, note=desk.quickbooks["PrivateNote"])


def _amount_edited(desk: Desk) -> str:
    line = {"line": desk.line()["Id"], "amount": str(desk.line()["Amount"] + 1)}
    desk.world.act("quickbooks", "edit_line", id=desk.quickbooks["Id"], **line)
    return f"Invoice {desk.quickbooks['Id']}"


def _customer_changed(desk: Desk) -> str:
    other = next(c for c in desk.world.state()["Customer"] if c["Id"] != desk.customer and c["Active"])
    desk.world.act("quickbooks", "unapply", payment=desk.payment["Id"])
    desk.world.act("quickbooks", "change_customer", id=desk.quickbooks["Id"], customer=other["Id"])
    return f"Invoice {desk.quickbooks['Id']}"


def _date_changed(desk: Desk) -> str:
    desk.world.act("quickbooks", "change_date", id=desk.quickbooks["Id"], date="2026-03-11")
    return f"Invoice {desk.quickbooks['Id']}"


def _deleted(desk: Desk) -> str:
    desk.world.act("quickbooks", "delete", entity="Payment", id=desk.payment["Id"])
    return f"Payment {desk.payment['Id']}"


def _voided(desk: Desk) -> str:
    desk.world.act("quickbooks", "void", entity="Payment", id=desk.payment["Id"])
    return f"Payment {desk.payment['Id']}"


def _unapplied(desk: Desk) -> str:
    desk.world.act("quickbooks", "unapply", payment=desk.payment["Id"])
    return f"Payment {desk.payment['Id']}"


def _paid_by_hand(desk: Desk) -> str:
    open_ones = [doc for doc in desk.world.state()["Invoice"] if doc["Balance"] and doc["TxnDate"] == DAY]
    invoice = next(doc for doc in open_ones if doc.get("PrivateNote"))
    made = desk.world.act(
        "quickbooks",
        "type_payment",
        customer=invoice["CustomerRef"]["value"],
        amount="10.00",
        invoices=[invoice["Id"]],
        date=DAY,
    )
    return f"Payment {made['Payment']['Id']}"


def _priced_anew(desk: Desk) -> str:
    item = desk.servicetitan["items"][0]
    row = {"id": item["id"], "price": str(proof.amount(item["price"]) + 10)}
    desk.world.act(
        "servicetitan", "update", resource="invoices", id=desk.servicetitan["id"], set={"items": [row]}
    )
    return f"Invoice {desk.quickbooks['Id']}"


def _removed(desk: Desk) -> str:
    desk.world.act("servicetitan", "delete", resource="payments", id=_source_of(desk.payment))
    return f"Payment {desk.payment['Id']}"


def _source_of(doc: Doc) -> int:
    return int(doc["PrivateNote"].rsplit(" ", 1)[1])


#: What somebody does → the cause of the record it is about.
_SPOILING: dict[Callable[[Desk], str], str] = {
    _typed_like_ours: "looks_like_ours",
    _marker_copied: "duplicate",
    _amount_edited: "edited_in_quickbooks",
    _customer_changed: "edited_in_quickbooks",
    _date_changed: "edited_in_quickbooks",
    _deleted: "deleted_in_quickbooks",
    _voided: "voided_in_quickbooks",
    _unapplied: "missing_payment_application",
    _priced_anew: "changed_since_load",
    _removed: "changed_since_load",
}
_HARMLESS: dict[Callable[[Desk], str], str] = {
    _typed_not_like_ours: "entered_by_hand",
    _paid_by_hand: "paid_in_quickbooks_by_hand",
}


@pytest.mark.rule("3.7", "5.3", "6.1", "6.2", "6.4")
def test_every_act_behind_the_ledgers_back_is_named_by_the_next_tie_out(arena: Arena) -> None:
    with arena.world(seed=4, invoices_per_day=40) as world:
        desks = _desks(world)
        assert len(desks) >= len(_SPOILING)
        expected = {act(desk): cause for (act, cause), desk in zip(_SPOILING.items(), desks, strict=False)}
        run, found = _tie_out(world)
        assert {record: cause in found[record] and cause for record, cause in expected.items()} == expected
        assert not run.passes("ties_out", DAY)
        assert not run.passes("no_duplicates")


@pytest.mark.rule("3.6", "6.2")
def test_a_payment_deleted_in_servicetitan_is_void_in_quickbooks_after_the_next_load(arena: Arena) -> None:
    with arena.world(seed=4) as world:
        desk = _desks(world)[0]
        record = _removed(desk)
        with world.session() as session:
            run = session.materialize()
        _, found = _tie_out(world)
        assert record not in found
        assert run.passes("ties_out", DAY)
        (void,) = [doc for doc in world.state()["Payment"] if doc["Id"] == desk.payment["Id"]]
        assert (void["TotalAmt"], void["PrivateNote"].startswith("Voided")) == (0, True)


@pytest.mark.rule("3.7", "6.2")
def test_what_people_type_that_is_not_ours_is_shown_and_leaves_the_day_green(arena: Arena) -> None:
    with arena.world(seed=4) as world:
        desks = _desks(world)
        expected = {act(desks[0]): cause for act, cause in _HARMLESS.items()}
        run, found = _tie_out(world)
        assert {record: cause in found[record] and cause for record, cause in expected.items()} == expected
        assert run.is_green


@pytest.mark.rule("6.1", "6.4")
def test_an_invoice_typed_into_servicetitan_after_the_load_is_missing_until_the_next_one(
    arena: Arena,
) -> None:
    with arena.world(seed=4) as world:
        (desk, *_) = _desks(world)
        wanted = {"skuId": desk.servicetitan["items"][0]["skuId"], "quantity": 1, "price": "12.00"}
        made = world.act(
            "servicetitan",
            "add_invoice",
            customer_id=desk.servicetitan["customer"]["id"],
            business_unit_id=desk.servicetitan["businessUnit"]["id"],
            date=DAY,
            lines=[{**wanted, "generalLedgerAccount": desk.servicetitan["items"][0]["generalLedgerAccount"]}],
        )
        run, _ = _tie_out(world)
        assert not run.passes("ties_out", DAY)
        with world.session() as session:
            assert session.materialize().is_green
        assert proof.marked_doc(world, "invoice", made["id"])["TotalAmt"] == proof.amount(made["total"])


def _desks(world: World) -> list[Desk]:
    """Make the day green, and return every invoice of ours that one payment of ours pays."""
    with world.session() as session:
        assert session.materialize().is_green
    due = proof.due_documents(world, "invoices", DAY)
    invoices = {doc["id"]: doc for doc in due if proof.amount(doc["total"]) > 0}
    desks: list[Desk] = []
    for payment in proof.due_documents(world, "payments", DAY):
        paid = [row["appliedTo"] for row in payment["appliedTo"]]
        if len(paid) == 1 and paid[0] in invoices:
            invoice = invoices.pop(paid[0])
            desks.append(
                Desk(
                    world,
                    invoice,
                    proof.marked_doc(world, "invoice", invoice["id"]),
                    proof.marked_doc(world, "payment", payment["id"]),
                )
            )
    return desks


def _tie_out(world: World) -> tuple[Run, dict[str, set[str]]]:
    """Compare the day, loading nothing; return the run and the causes of every QuickBooks document named."""
    with world.session() as session:
        run = session.materialize(only=_TIE_OUT)
        records = session.ask("tie_out", day=DAY)["records"]
    found: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for key in record["quickbooks"]:
            found[key].add(record["cause"])
    return run, found
