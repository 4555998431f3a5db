"""Whatever people do to documents in both products, after every sync the books are what the rules say.

Hypothesis makes the histories; a failing one is printed as Python, and with `--attack-shrink` cut down to the
fewest steps. Each shard has its own histories, so that they run side by side.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.attack.fates import town
from tests.attack.fates.books import Document
from tests.attack.fates.ground import open_office
from tests.attack.fates.history import History
from tests.attack.fates.office import Office

_SHARDS = 2
_STEPS = 12


#: What goes wrong behind everybody's back → what the judge says of it.
_UNTOLD: Mapping[str, tuple[Callable[[History], object], str]] = {
    "an amount": (lambda told: _edit(told, "edit_line", line="1", amount="7.00"), "should post"),
    "a day": (lambda told: _edit(told, "change_date", date=town.DAYS[4]), "has day"),
    "a number": (lambda told: _edit(told, "change_number", to="4711"), "has number"),
    "a void": (lambda told: _edit(told, "void"), "posts nothing"),
    "a deletion": (lambda told: _edit(told, "delete"), "posts nothing"),
    "an application": (
        lambda told: _act(told, "unapply", payment=_document(told, "Payment").raw["Id"]),
        "has lines",
    ),
    "a copy": (
        lambda told: _type_invoice(told, note=_document(told, "Invoice").raw["PrivateNote"]),
        "is booked 2 times",
    ),
    "a document of nobody": (lambda told: _type_invoice(told), "has no marker"),
    "a sale": (lambda told: told.add_invoice(0, 0, [(0, 1, "5.00")], "nothing"), "posts nothing"),
}


#: Histories that once went wrong, step by step.
_ONCE: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
    "an invoice grows after its payment of an earlier day found nothing open": [
        (
            "begin",
            {
                "sales": [
                    (3, 3, [(1, 2, "100.00"), (7, 3, "33.33"), (5, 2, "100.00")]),
                    (6, 1, [(5, 2, "100.00"), (2, 3, "250.05")]),
                ]
            },
        ),
        ("pay_everything", {"customer": 6, "extra": "0.01", "on": 0, "then": "sync"}),
        ("add_line", {"invoice": 6, "line": (6, 1, "250.05"), "sign": 1, "then": "nothing"}),
        ("pay_everything", {"customer": 4, "extra": "0.01", "on": 1, "then": "sync"}),
        ("change_customer", {"customer": 3, "invoice": 5, "then": "nothing"}),
        ("pay_everything", {"customer": 1, "extra": "0.01", "on": 2, "then": "nothing"}),
        ("pay", {"invoice": 3, "kind": "Cash", "on": 0, "part": 2, "then": "nothing"}),
        ("change_customer", {"customer": 5, "invoice": 2, "then": "sync"}),
        ("post_or_unpost", {"invoice": 7, "then": "nothing"}),
        ("post_or_unpost", {"invoice": 3, "then": "nothing"}),
        ("pay_everything", {"customer": 0, "extra": "40.00", "on": 3, "then": "sync"}),
    ],
    "a closed invoice changes after it was voided in QuickBooks": [
        (
            "begin",
            {
                "paid": [(5, 1, 1)],
                "sales": [
                    (4, 0, [(4, 1, "0.01")]),
                    (5, 0, [(7, 2, "0.01"), (1, 3, "0.01")]),
                    (6, 1, [(3, 3, "100.00"), (2, 3, "0.01")]),
                ],
            },
        ),
        ("delete", {"kind": "invoices", "then": "nothing", "which": 1}),
        ("adjust", {"invoice": 3, "line": (0, 3, "19.99"), "on": 0, "sign": 1, "then": "nothing"}),
        ("post_or_unpost", {"invoice": 1, "then": "sync"}),
        ("close_books", {"is_seen": True, "on": 2, "then": "nothing"}),
        ("post_or_unpost", {"invoice": 4, "then": "nothing"}),
        ("remove_in_quickbooks", {"how": "void", "then": "nothing", "which": 6}),
        ("add_line", {"invoice": 4, "line": (1, 2, "0.01"), "sign": 1, "then": "nothing"}),
        ("sync", {}),
    ],
    "an invoice comes to nothing while its customer is merged in QuickBooks": [
        ("begin", {"sales": [(1, 0, [(0, 3, "0.01")])]}),
        ("zero_out", {"invoice": 3, "then": "sync"}),
        ("add_invoice", {"customer": 0, "lines": [(2, 2, "19.99")], "on": 4, "then": "nothing"}),
        ("adjust", {"invoice": 6, "line": (1, 1, "250.05"), "on": 0, "sign": -1, "then": "sync"}),
        (
            "add_invoice",
            {
                "customer": 2,
                "on": 0,
                "then": "nothing",
                "lines": [(3, 3, "100.00"), (4, 3, "19.99"), (7, 3, "19.99")],
            },
        ),
        ("zero_out", {"invoice": 5, "then": "nothing"}),
        ("merge_in_quickbooks", {"gone": 2, "kept": 3, "then": "nothing"}),
        ("pay", {"invoice": 0, "kind": "Wire", "on": 1, "part": 2, "then": "sync"}),
    ],
    "an invoice comes to nothing after some of it was written off": [
        ("begin", {"sales": [(0, 1, [(5, 2, "19.99")])]}),
        ("write_off", {"invoice": 0, "on": 4, "part": 2, "then": "nothing"}),
        ("remove_line", {"invoice": 0, "item": 0, "then": "nothing"}),
    ],
    "a closed invoice goes to another customer with its payment": [
        (
            "begin",
            {"sales": [(1, 0, [(4, 1, "250.05")])], "paid": [(0, 3, 3)], "closed_period_edits": "hold"},
        ),
        ("sync", {}),
        ("close_books", {"is_seen": False, "on": 0, "then": "nothing"}),
        ("merge_customers", {"gone": 1, "kept": 0, "moves": True, "then": "nothing"}),
        ("sweep", {}),
    ],
    "an invoice becomes a credit after its customer was merged in QuickBooks": [
        (
            "begin",
            {
                "sales": [(1, 0, [(6, 1, "33.33")]), (2, 1, [(2, 2, "250.05")])],
                "closed_period_edits": "hold",
            },
        ),
        ("sync", {}),
        ("merge_in_quickbooks", {"gone": 0, "kept": 1, "then": "nothing"}),
        ("add_line", {"invoice": 0, "line": (3, 2, "250.05"), "sign": -1, "then": "nothing"}),
    ],
    "a credit comes to nothing after it was paid out in the name of a write-off": [
        ("begin", {"sales": [(1, 0, [(4, 1, "250.05")])]}),
        ("write_off", {"invoice": 0, "on": 0, "part": 3, "then": "nothing"}),
        ("adjust", {"invoice": 0, "line": (3, 2, "0.01"), "on": 1, "sign": -1, "then": "nothing"}),
        ("refund_credit", {"credit": 0, "kind": "Wire", "on": 4, "part": 1, "then": "sync"}),
        ("zero_out", {"invoice": 1, "then": "nothing"}),
    ],
    "a refund of unapplied money moves to another day": [
        ("begin", {"sales": []}),
        ("pay_ahead", {"amount": "100.00", "customer": 3, "on": 1, "then": "nothing"}),
        ("refund_unapplied", {"kind": "Wire", "on": 4, "part": 2, "payment": 0, "then": "sync"}),
        ("move_date", {"kind": "payments", "on": 3, "then": "sync", "which": 1}),
    ],
    "a write-off that QuickBooks applied itself pays nothing any more": [
        (
            "begin",
            {
                "applies_credits": True,
                "closed_period": "hold",
                "closed_period_edits": "hold",
                "sales": [(7, 3, [(2, 2, "33.33"), (7, 3, "40.00")])],
            },
        ),
        ("write_off", {"invoice": 7, "on": 1, "part": 2, "then": "sync"}),
        ("edit_line", {"amount": "19.99", "invoice": 4, "item": 1, "then": "nothing"}),
        ("write_off", {"invoice": 2, "on": 1, "part": 3, "then": "nothing"}),
        ("pay", {"invoice": 1, "kind": "Check", "on": 4, "part": 3, "then": "sync"}),
        ("remove_line", {"invoice": 3, "item": 2, "then": "nothing"}),
        ("deposit", {"then": "sync", "which": 4}),
        ("zero_out", {"invoice": 1, "then": "nothing"}),
    ],
    "a closed invoice changes after its customer was merged in QuickBooks": [
        (
            "begin",
            {
                "paid": [],
                "sales": [
                    (3, 0, [(5, 3, "250.05"), (0, 3, "250.05"), (6, 2, "0.01")]),
                    (1, 4, [(2, 3, "33.33")]),
                ],
            },
        ),
        ("pay_ahead", {"amount": "0.01", "customer": 2, "on": 3, "then": "sync"}),
        ("adjust", {"invoice": 2, "line": (1, 2, "19.99"), "on": 2, "sign": 1, "then": "sync"}),
        ("remove_line", {"invoice": 3, "item": 5, "then": "nothing"}),
        ("merge_in_quickbooks", {"gone": 3, "kept": 2, "then": "nothing"}),
        ("close_books", {"is_seen": True, "on": 1, "then": "nothing"}),
        ("sweep", {}),
    ],
    "a write-off is deleted on both sides": [
        (
            "begin",
            {
                "sales": [
                    (1, 0, [(4, 1, "40.00")]),
                    (3, 3, [(0, 1, "250.05")]),
                    (7, 1, [(2, 2, "19.99")]),
                ],
            },
        ),
        ("remove_line", {"invoice": 2, "item": 0, "then": "nothing"}),
        ("write_off", {"invoice": 6, "on": 4, "part": 2, "then": "nothing"}),
        ("adjust", {"invoice": 7, "line": (0, 1, "0.01"), "on": 1, "sign": -1, "then": "sync"}),
        ("delete", {"kind": "payments", "then": "nothing", "which": 5}),
        ("remove_in_quickbooks", {"how": "delete", "then": "nothing", "which": 3}),
    ],
    "a later payment lets go of what an earlier write-off is applied to": [
        ("begin", {"paid": [(7, 4, 1)], "sales": [(0, 0, [(3, 3, "33.33"), (6, 2, "250.05")])]}),
        ("sync", {}),
        ("unapply_payment", {"payment": 0, "then": "nothing"}),
        ("write_off", {"invoice": 0, "on": 1, "part": 3, "then": "sync"}),
    ],
    "a credit memo comes later in a run than its refund": [
        (
            "begin",
            {
                "paid": [(4, 0, 2), (6, 4, 3)],
                "sales": [(1, 4, [(1, 3, "19.99"), (4, 3, "250.05")]), (1, 0, [(7, 1, "33.33")])],
            },
        ),
        (
            "add_memo",
            {
                "customer": 7,
                "on": 3,
                "then": "nothing",
                "lines": [(5, 3, "0.01"), (6, 3, "19.99"), (2, 2, "250.05")],
            },
        ),
        ("refund_memo", {"kind": "Cash", "memo": 4, "on": 0, "part": 1, "then": "nothing"}),
        ("unapply_payment", {"payment": 3, "then": "sync"}),
    ],
}
_POLICIES: Mapping[str, Any] = {
    "closed_period": "next_open_day",
    "closed_period_edits": "adjust",
    "applies_credits": False,
    "paid": [],
}


@pytest.fixture(scope="module")
def office() -> Generator[Office]:
    """One database and one sandbox; every history begins with both as new."""
    with open_office() as opened:
        yield opened


@pytest.mark.rule("1.2", "2.6", "3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "4", "5.1", "5.3", "5.5")
@pytest.mark.timeout(6 * 60 * 60)
@pytest.mark.parametrize("shard", range(_SHARDS))
def test_the_books_are_what_the_rules_say_whatever_people_do(
    office: Office, shard: int, pytestconfig: pytest.Config
) -> None:
    histories = int(str(pytestconfig.getoption("--attack-histories")))
    shrinks = [Phase.shrink] if pytestconfig.getoption("--attack-shrink") else []

    class Shard(History):
        """The histories of this shard."""

    Shard.office = office
    run_state_machine_as_test(
        seed(shard)(Shard),
        settings=settings(
            max_examples=-(-histories // _SHARDS),
            stateful_step_count=_STEPS,
            phases=(Phase.generate, *shrinks),
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


@pytest.mark.rule("3.2", "3.3", "3.6", "7.3")
@pytest.mark.parametrize("name", _ONCE)
def test_what_once_went_wrong_goes_right(office: Office, name: str) -> None:
    class Told(History):
        """A history that was found before."""

    Told.office = office
    told = Told()
    for step, given in _ONCE[name]:
        getattr(told, step)(**({**_POLICIES, **given} if step == "begin" else given))
    told.teardown()


@pytest.mark.parametrize("what", _UNTOLD)
def test_the_judge_sees_what_nobody_told_it(office: Office, what: str) -> None:
    class Told(History):
        """A day like any other."""

    Told.office = office
    told = Told()
    told.begin("hold", "hold", False, sales=[(0, 1, [(0, 1, "100.00"), (1, 2, "40.00")])], paid=[(0, 2, 1)])
    told.sweep()
    act, said = _UNTOLD[what]
    act(told)
    told.look_again()
    with pytest.raises(AssertionError, match=said):
        # Nothing is loaded, so that nobody mends what went wrong.
        told.compare(planned=set(), before=told.books().by_record())


def _document(told: History, target: str) -> Document:
    return told.ours(target)[0]


def _act(told: History, act: str, **given: Any) -> None:
    told.office.act("quickbooks", act, **given)


def _edit(told: History, act: str, **given: Any) -> None:
    _act(told, act, entity="Invoice", id=_document(told, "Invoice").raw["Id"], **given)


def _type_invoice(told: History, **given: Any) -> None:
    customer = _document(told, "Invoice").raw["CustomerRef"]["value"]
    _act(told, "type_invoice", customer=customer, lines=[{"item": "Written off", "amount": "3.00"}], **given)
