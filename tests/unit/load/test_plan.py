"""The pure plan: what is sent today, and what waits."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.domain.ids import Company, Realm, SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Payload
from st_qbo_assets.load.actions import Action, ActionKind, WritePolicies
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.requests import capped_lines, repair_request, update_request, with_amounts
from st_qbo_assets.load.voiding import plan_void
from st_qbo_assets.store.links import Link, LinkState
from tests.unit.load.builders import DAY, customer, invoice, item, payment


def payload_of(mapped: Mapped) -> Payload:
    assert mapped.payload is not None
    return mapped.payload


def link(source: str, target: str, qbo_id: str, **fields: object) -> Link:
    base = Link(Company("acme"), SourceRef.parse(source), target, Realm("2"), qbo_id, sync_token="3")
    return replace(base, **fields)  # pyright: ignore[reportArgumentType] - fields of Link by name


def known(*links: Link, **outcomes: Outcome) -> Knowledge:
    knowledge = Knowledge()
    knowledge.learn_links([link("customer:1", "Customer", "58"), link("item:SKU|79", "Item", "7"), *links])
    knowledge.learn_outcomes(
        {SourceRef.parse(f"invoice:{name[1:]}"): each for name, each in outcomes.items()}
    )
    return knowledge


def plan(
    mapped: Mapped, present: Link | None = None, *, to: Knowledge | None = None, **policies: object
) -> Action:
    return plan_write(payload_of(mapped), present, to or known(), WritePolicies(**policies))  # pyright: ignore[reportArgumentType] - by name


def test_references_are_resolved_in_the_request_and_stay_symbolic_in_the_payload() -> None:
    action = plan(payment(20, "50.00", applied={10: "50.00"}), to=known(link("invoice:10", "Invoice", "103")))

    assert action.kind is ActionKind.CREATE
    assert action.request is not None and action.payload is not None
    assert action.request["CustomerRef"] == {"value": "58"}
    assert action.request["Line"][0]["LinkedTxn"] == [{"TxnId": "103", "TxnType": "Invoice"}]
    assert action.payload.body["CustomerRef"] == {"value": "customer:1"}


@pytest.mark.rule("5.5")
def test_a_record_whose_customer_has_no_link_is_blocked_naming_it() -> None:
    action = plan(invoice(10, customer=2))

    assert action.kind is ActionKind.BLOCKED
    assert action.reason is not None
    assert action.reason.waits_for == SourceRef.parse("customer:2")


@pytest.mark.rule("3.2")
@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.HELD, Outcome.FAILED, Outcome.BLOCKED])
def test_a_payment_of_an_invoice_that_should_be_there_waits(outcome: Outcome) -> None:
    action = plan(payment(20, "50.00", applied={10: "50.00"}), to=known(i10=outcome))

    assert action.kind is ActionKind.BLOCKED
    assert action.reason is not None and action.reason.waits_for == SourceRef.parse("invoice:10")


@pytest.mark.rule("3.2")
def test_the_company_may_let_such_a_payment_post_unapplied() -> None:
    mapped = payment(20, "50.00", applied={10: "50.00"})
    action = plan(mapped, to=known(i10=Outcome.REJECTED), payment_of_unposted_invoice="unapplied")

    assert (action.kind, action.request and action.request["Line"]) == (ActionKind.CREATE, [])


@pytest.mark.rule("3.2", "4")
@pytest.mark.parametrize(
    ("outcome", "policy", "kind"),
    [
        (Outcome.HELD, "wait", ActionKind.BLOCKED),
        (Outcome.HELD, "unapplied", ActionKind.UPDATE),
        (Outcome.POSTED, "wait", ActionKind.UPDATE),
    ],
)
def test_a_payment_waits_for_its_invoice_that_is_held_on_another_customer(
    outcome: Outcome, policy: str, kind: ActionKind
) -> None:
    mapped = payment(20, "50.00", applied={10: "50.00"})
    left = link("invoice:10", "Invoice", "103", confirmed={"CustomerRef": "59"})
    posted = link("payment:20", "Payment", "105", confirmed={"CustomerRef": "59"})
    action = plan(mapped, posted, to=known(left, i10=outcome), payment_of_unposted_invoice=policy)
    assert action.kind is kind
    if kind is ActionKind.BLOCKED:
        assert action.reason is not None
        assert (action.reason.code, str(action.reason.waits_for)) == ("payment_waits", "invoice:10")
    place = link("customer:1/location_7", "Customer", "59")
    assert plan(mapped, posted, to=known(left, place, i10=outcome)).kind is ActionKind.UPDATE


@pytest.mark.rule("1.6", "3.2")
@pytest.mark.parametrize("outcome", [None, Outcome.NOT_DUE])
def test_a_payment_of_an_invoice_not_due_or_unknown_posts_unapplied_saying_so(
    outcome: Outcome | None,
) -> None:
    knowledge = known(**({} if outcome is None else {"i10": outcome}))
    action = plan(payment(20, "50.00", applied={10: "50.00"}), to=knowledge)

    assert (action.kind, action.request and action.request["Line"]) == (ActionKind.CREATE, [])
    assert action.reason is not None and action.reason.code == "unapplied_for_now"


@pytest.mark.rule("3.2")
def test_a_line_that_can_be_applied_later_is_a_change() -> None:
    mapped = payment(20, "80.00", applied={10: "50.00", 11: "30.00"})
    first = plan(mapped, to=known(link("invoice:10", "Invoice", "103")))
    assert first.payload is not None and first.request is not None
    assert [line["Amount"] for line in first.request["Line"]] == [Decimal("50.00")]

    both = known(link("invoice:10", "Invoice", "103"), link("invoice:11", "Invoice", "104"))
    posted = link("payment:20", "Payment", "105", digest=first.payload.digest)

    assert plan(mapped, posted, to=known(link("invoice:10", "Invoice", "103"))).kind is ActionKind.UNCHANGED
    assert plan(mapped, posted, to=both).kind is ActionKind.UPDATE


@pytest.mark.rule("5.4")
def test_a_mismatched_invoice_does_not_block_its_payments() -> None:
    mismatched = link("invoice:10", "Invoice", "103", state=LinkState.MISMATCH)
    knowledge = known(mismatched, i10=Outcome.MISMATCH)

    assert plan(payment(20, "50.00", applied={10: "50.00"}), to=knowledge).kind is ActionKind.CREATE


@pytest.mark.rule("5.3")
def test_the_same_digest_is_unchanged_without_any_read() -> None:
    mapped = invoice(10)
    posted = link("invoice:10", "Invoice", "103", digest=payload_of(mapped).digest)

    assert plan(mapped, posted).kind is ActionKind.UNCHANGED


@pytest.mark.rule("5.3")
def test_drift_is_looked_at_before_anything_is_written() -> None:
    posted = link("invoice:10", "Invoice", "103", digest="other", drift={"TotalAmt": {}})

    assert plan(invoice(10), posted).kind is ActionKind.RECHECK


@pytest.mark.rule("1.6")
@pytest.mark.parametrize("state", [LinkState.ADOPTED, LinkState.SETTLED_PAIR])
def test_a_document_of_other_hands_is_never_updated(state: LinkState) -> None:
    posted = link("invoice:10", "Invoice", "103", digest="other", state=state)

    assert plan(invoice(10), posted).kind is ActionKind.RECHECK


def test_an_update_is_sparse_with_all_lines_and_leaves_mail_and_note_alone() -> None:
    mapped = invoice(10, lines=[("SKU", "10.00"), ("SKU", "20.00")])
    action = plan(mapped, link("invoice:10", "Invoice", "103", digest="other"))

    assert action.kind is ActionKind.UPDATE and action.request is not None
    assert {key: action.request[key] for key in ("Id", "SyncToken", "sparse")} == {
        "Id": "103",
        "SyncToken": "3",
        "sparse": True,
    }
    assert len(action.request["Line"]) == 2
    assert not {"EmailStatus", "PrivateNote"} & action.request.keys()


def test_an_update_keeps_the_deposit_account_a_person_may_have_changed_the_money_to() -> None:
    mapped = payload_of(payment(20, "50.00"))
    confirmed = {"DepositToAccountRef": "4"}

    same = update_request(mapped, link("payment:20", "Payment", "105", confirmed=confirmed), known())
    other = update_request(
        mapped, link("payment:20", "Payment", "105", confirmed={"DepositToAccountRef": "9"}), known()
    )

    assert "DepositToAccountRef" not in same
    assert other["DepositToAccountRef"] == {"value": "4"}


@pytest.mark.rule("7.1")
def test_of_a_customer_only_what_changed_in_servicetitan_is_sent() -> None:
    mapped = payload_of(customer(1, "Ann", email="new@example.com", CompanyName="Ann Inc"))
    base = {"CompanyName": "Ann Inc", "PrimaryEmailAddr": {"Address": "old@example.com"}}

    request = update_request(mapped, link("customer:1", "Customer", "58", confirmed={"base": base}), known())

    assert request.keys() == {"Id", "SyncToken", "sparse", "PrimaryEmailAddr"}


@pytest.mark.rule("2.1")
def test_the_income_account_of_an_item_is_never_sent_again() -> None:
    request = update_request(payload_of(item("SKU")), link("item:SKU|79", "Item", "7"), known())

    assert not {"IncomeAccountRef", "Type", "Name"} & request.keys()


@pytest.mark.rule("4")
def test_nothing_is_created_or_edited_in_closed_books() -> None:
    posted = link("invoice:10", "Invoice", "103", digest="other", confirmed={"TxnDate": "2026-11-02"})
    closed = date(2026, 11, 15)
    edited_date = invoice(10, day=date(2026, 11, 3))

    assert plan(invoice(10), posted, book_close_date=closed).kind is ActionKind.HELD
    assert (
        plan(edited_date, link("invoice:10", "Invoice", "103"), book_close_date=closed).kind
        is ActionKind.HELD
    )
    assert plan(edited_date, book_close_date=closed).kind is ActionKind.HELD
    assert plan(invoice(10), book_close_date=closed).kind is ActionKind.CREATE


@pytest.mark.rule("4")
def test_an_unchanged_document_of_a_closed_month_stays_unchanged() -> None:
    mapped = invoice(10)
    posted = link("invoice:10", "Invoice", "103", digest=payload_of(mapped).digest)

    assert plan(mapped, posted, book_close_date=DAY).kind is ActionKind.UNCHANGED


@pytest.mark.rule("3.6")
def test_our_own_documents_are_voided_and_those_of_others_shown() -> None:
    kinds = [
        plan_void(link("invoice:10", "Invoice", "103", state=state), "", WritePolicies()).kind
        for state in (LinkState.ACTIVE, LinkState.ADOPTED, LinkState.VOIDED)
    ]

    assert kinds == [ActionKind.VOID, ActionKind.HELD, ActionKind.UNCHANGED]


@pytest.mark.rule("1.6", "3.6")
def test_an_old_invoice_that_was_linked_takes_a_void() -> None:
    adopted = link("invoice:10", "Invoice", "103", state=LinkState.ADOPTED, day=DAY)
    policies = WritePolicies(start_date=DAY + timedelta(days=1))

    assert plan_void(adopted, "", policies).kind is ActionKind.VOID


@pytest.mark.rule("3.6")
def test_without_the_practice_credit_memos_are_held_for_a_person() -> None:
    memo = link("invoice:10", "CreditMemo", "103")

    assert plan_void(memo, "", WritePolicies()).kind is ActionKind.VOID
    assert plan_void(memo, "", WritePolicies(voids_by_update=False)).kind is ActionKind.HELD


@pytest.mark.rule("3.6")
def test_a_void_is_not_undone() -> None:
    voided = link("invoice:10", "Invoice", "103", state=LinkState.VOIDED)

    assert plan(invoice(10), voided).kind is ActionKind.HELD
    unapplied = plan(payment(20, "50.00", applied={10: "50.00"}), to=known(voided, i10=Outcome.VOIDED))
    assert unapplied.request is not None and unapplied.request["Line"] == []


@pytest.mark.rule("3.3")
def test_lines_take_no_more_of_an_invoice_than_is_open() -> None:
    mapped = payload_of(payment(20, "90.00", applied={10: "40.00", 11: "50.00"}))
    request = {
        "Line": [
            {"Amount": Decimal(40), "LinkedTxn": [{"TxnId": "103", "TxnType": "Invoice"}]},
            {"Amount": Decimal(50), "LinkedTxn": [{"TxnId": "104", "TxnType": "Invoice"}]},
        ]
    }

    taken = capped_lines(request, {("Invoice", "103"): Decimal("12.50"), ("Invoice", "104"): Decimal(-3)})

    assert taken == [Decimal("12.50"), Decimal(0)]
    assert [line["Amount"] for line in with_amounts(mapped.body, taken)["Line"]] == [Decimal("12.50")]


def test_a_repair_sends_everything_and_gives_a_lost_marker_back() -> None:
    request = payload_of(invoice(10)).body
    stored = {"Id": "103", "SyncToken": "1", "PrivateNote": "call first"}

    repair = repair_request("Invoice", request, stored)

    assert repair["PrivateNote"] == "ServiceTitan invoice 10 call first"
    assert (repair["Id"], repair["SyncToken"], len(repair["Line"])) == ("103", "1", 1)
