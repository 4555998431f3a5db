"""Rare ways for a write to go, each of which would otherwise end in a duplicate, a loss or a lie."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import RemoteFault, TransportError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.store.intents import IntentState
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import DAY, Bench, customer, invoice, item, payment, verdict
from tests.unit.load.chaos import Killed, Trouble, replace_seam


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def killed(bench: Bench, seam: str, *records: Mapped) -> None:
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([(seam, "killed")]).at).load(*records)


@pytest.mark.rule("5.2")
@pytest.mark.parametrize("mapped", [customer(1, "Ann Lee", email="a@x.com"), item("SKU")])
@pytest.mark.parametrize("pause_seconds", [1.0, 601.0])
def test_a_name_whose_answer_was_lost_is_not_made_twice(mapped: Mapped, pause_seconds: float) -> None:
    bench = Bench()
    killed(bench, "after_send", mapped)
    bench.clock.advance(pause_seconds)

    (result,) = bench.load(mapped).values()

    assert mapped.payload is not None
    assert result.outcome is Outcome.POSTED
    assert len(bench.quickbooks.all(mapped.payload.target)) == 1
    assert [intent.state for intent in bench.ledger.intents] == [IntentState.POSTED]


@pytest.mark.rule("5.2", "7.2")
def test_a_name_somebody_else_typed_is_not_taken_for_ours() -> None:
    bench = Bench()
    mine = customer(1, "Ann Lee", email="a@x.com", PrimaryPhone={"FreeFormNumber": "5125550134"})
    killed(bench, "after_intent", mine)
    bench.quickbooks.put("Customer", {"DisplayName": "Ann Lee", "PrimaryEmailAddr": {"Address": "b@y.com"}})
    bench.clock.advance(601)

    (result,) = bench.load(mine).values()

    assert (result.outcome, code(result)) == (Outcome.HELD, "match_unsure")
    assert bench.ledger.intents[0].state is IntentState.ABSENT


@pytest.mark.rule("5.1")
def test_a_request_id_that_grows_old_while_waiting_is_probed_before_the_next_send() -> None:
    bench = Bench()
    bench.quickbooks.refuses_duplicate_numbers = False
    bench.load_as_usual()
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_intent", "killed")]).at).load_as_usual(invoice(10))
    bench.clock.advance(580)
    bench.quickbooks.mischief = Trouble([("after", "lost")]).at
    bench.quickbooks.forgets_after_seconds = 0
    bench.ledger._first_sent[3] -= 19.9  # the wait before the second send passes ten minutes

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert result.outcome is Outcome.POSTED
    assert len(bench.quickbooks.all("Invoice")) == 1
    assert any("DocNumber = '10'" in read for read in bench.quickbooks.reads)


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("happened", [True, False])
def test_a_request_id_quickbooks_says_it_knows_is_probed(happened: bool) -> None:
    bench = Bench()
    bench.load_as_usual()
    told: list[str] = []

    def known_id(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == ("after" if happened else "before") and entity == "Invoice" and not told:
            told.append(moment)
            raise RemoteFault("Duplicate Request ID", code="600")

    bench.quickbooks.mischief = known_id

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert result.outcome is Outcome.POSTED
    assert len(bench.quickbooks.all("Invoice")) == 1


@pytest.mark.rule("5.1")
def test_a_probe_that_fails_leaves_everything_open() -> None:
    bench = Bench()
    bench.load_as_usual()
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_send", "killed")]).at).load_as_usual(invoice(10))
    bench.clock.advance(601)

    def unreadable(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "read":
            raise TransportError("reset")

    bench.quickbooks.mischief = unreadable
    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert result.outcome is Outcome.FAILED
    assert bench.ledger.intents[-1].state is IntentState.OPEN


@pytest.mark.rule("5.3")
def test_a_lost_update_whose_id_was_forgotten_is_seen_to_have_happened() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    changed = invoice(10, lines=[("SKU", "120.00")])
    bench.quickbooks.forgets_after_seconds = 0
    bench.quickbooks.mischief = Trouble([("after", "lost")]).at

    result = bench.load_as_usual(changed)["invoice:10"]

    assert (result.outcome, result.operation) == (Outcome.POSTED, "update")
    assert bench.quickbooks.all("Invoice")[0]["SyncToken"] == "1"


@pytest.mark.rule("5.3")
def test_a_change_somebody_makes_again_and_again_ends_as_failed() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))

    def restless(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and "Id" in body:
            bench.quickbooks.edit("Invoice", body["Id"], EmailStatus="EmailSent")

    bench.quickbooks.mischief = restless
    result = bench.load_as_usual(invoice(10, lines=[("SKU", "120.00")]))["invoice:10"]

    assert result.outcome is Outcome.FAILED
    assert not [intent for intent in bench.ledger.intents if intent.state is IntentState.OPEN]


@pytest.mark.rule("5.3")
def test_drift_the_tie_out_found_is_told_even_if_nothing_is_to_be_written() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    (stored,) = bench.quickbooks.all("Invoice")
    bench.quickbooks.edit("Invoice", stored["Id"], DepartmentRef={"value": "5"})
    for key, link in list(bench.ledger.kept_links.items()):
        if link.target == "Invoice":
            bench.ledger.kept_links[key] = replace(link, drift={"DepartmentRef": {}})

    held = bench.load_as_usual(invoice(10))["invoice:10"]
    bench.quickbooks.edit("Invoice", stored["Id"], DepartmentRef=None)
    healed = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (held.outcome, code(held)) == (Outcome.HELD, "edited_in_quickbooks")
    assert (healed.outcome, bench.ledger.link("acme", invoice(10).source, "Invoice").drift) == (
        Outcome.UNCHANGED,
        None,
    )


@pytest.mark.rule("5.3", "7.1")
def test_of_a_customer_only_an_edit_of_the_same_field_stands_in_the_way() -> None:
    bench = Bench()
    bench.load(customer(1, "Ann Lee", email="a@x.com", CompanyName="Lee"))
    (there,) = bench.quickbooks.all("Customer")
    bench.quickbooks.edit("Customer", there["Id"], CompanyName="Lee & Co")

    other = bench.load(customer(1, "Ann Lee", email="b@x.com", CompanyName="Lee"))["customer:1"]
    same = bench.load(customer(1, "Ann Lee", email="b@x.com", CompanyName="Lee Ltd"))["customer:1"]

    assert (other.outcome, same.outcome) == (Outcome.POSTED, Outcome.POSTED)
    bench.quickbooks.edit("Customer", there["Id"], CompanyName="Lee & Sons")
    clash = bench.load(customer(1, "Ann Lee", email="b@x.com", CompanyName="Lee GmbH"))["customer:1"]
    assert (clash.outcome, code(clash)) == (Outcome.HELD, "edited_in_quickbooks")


@pytest.mark.rule("5.4")
def test_a_mismatch_whose_object_was_deleted_says_so() -> None:
    bench = Bench()
    bench.load_as_usual()
    bench.quickbooks.distort = lambda entity, obj: (
        obj.update(TxnDate="2026-11-01") if entity == "Invoice" else None
    )
    bench.load_as_usual(invoice(10))
    bench.quickbooks.delete("Invoice", bench.quickbooks.all("Invoice")[0]["Id"])

    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.REJECTED, "deleted_in_quickbooks")


@pytest.mark.rule("5.4")
def test_a_repair_that_is_refused_leaves_the_mismatch_standing() -> None:
    bench = Bench()
    bench.load_as_usual()
    bench.quickbooks.distort = lambda entity, obj: (
        obj.update(TxnDate="2026-11-01") if entity == "Invoice" else None
    )

    def no_updates(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and body.get("sparse"):
            raise RemoteFault("Business Validation Error", code="6000")

    bench.quickbooks.mischief = no_updates
    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, result.qbo_id) == (Outcome.MISMATCH, bench.quickbooks.all("Invoice")[0]["Id"])


@pytest.mark.rule("5.4")
def test_a_lost_marker_is_given_back() -> None:
    bench = Bench()
    bench.load_as_usual()
    once = [True]

    def lose_note(entity: str, obj: dict[str, Any]) -> None:
        if entity == "Invoice" and once:
            once.clear()
            obj["PrivateNote"] = "thank you"

    bench.quickbooks.distort = lose_note

    assert bench.load_as_usual(invoice(10))["invoice:10"].outcome is Outcome.POSTED
    assert bench.quickbooks.all("Invoice")[0]["PrivateNote"] == "ServiceTitan invoice 10 thank you"


@pytest.mark.rule("1.6")
def test_two_invoices_of_one_typed_number_are_not_both_that_one() -> None:
    bench = Bench()
    bench.load_as_usual()
    person = bench.quickbooks.all("Customer")[0]["Id"]
    line = {"Amount": Decimal(100), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    body = {"DocNumber": "10", "TxnDate": "2026-11-16", "CustomerRef": {"value": person}, "Line": [line]}
    bench.quickbooks.put("Invoice", body)

    results = bench.load_as_usual(invoice(10), invoice(11, DocNumber="10"))

    assert sorted(
        (result.outcome, code(result)) for name, result in results.items() if "invoice" in name
    ) == [
        (Outcome.HELD, "number_taken"),
        (Outcome.POSTED, "adopted"),
    ]


@pytest.mark.rule("1.6")
def test_a_number_typed_in_while_we_were_sending_is_judged_at_the_refusal() -> None:
    bench = Bench()
    bench.load_as_usual()
    person = bench.quickbooks.all("Customer")[0]["Id"]

    def somebody_is_faster(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and not bench.quickbooks.all("Invoice"):
            line = {"Amount": Decimal(7), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
            bench.quickbooks.put(
                "Invoice", {"DocNumber": "10", "CustomerRef": {"value": person}, "Line": [line]}
            )

    bench.quickbooks.mischief = somebody_is_faster
    result = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "typed_by_hand_differs")


@pytest.mark.rule("7.2")
@pytest.mark.parametrize(
    ("theirs", "outcome"),
    [
        ({}, Outcome.HELD),
        ({"Active": False, "PrimaryEmailAddr": {"Address": "a@x.com"}}, Outcome.HELD),
        (
            {
                "PrimaryEmailAddr": {"Address": "b@y.com"},
                "PrimaryPhone": {"FreeFormNumber": "7135550188"},
                "BillAddr": {"Line1": "9 Elm St", "PostalCode": "77002"},
            },
            Outcome.POSTED,
        ),
    ],
)
def test_at_a_conflict_of_names_only_a_full_contradiction_makes_somebody_else(
    theirs: dict[str, Any], outcome: Outcome
) -> None:
    bench = Bench()

    def somebody_is_faster(moment: str, entity: str, body: dict[str, Any]) -> None:
        if moment == "before" and not bench.quickbooks.all("Customer"):
            bench.quickbooks.put("Customer", {"DisplayName": "Ann Lee", **theirs})

    bench.quickbooks.mischief = somebody_is_faster
    address = {"Line1": "1 Main St", "PostalCode": "78701"}
    phone = {"FreeFormNumber": "5125550134"}
    mine = customer(1, "Ann Lee", email="a@x.com", PrimaryPhone=phone, BillAddr=address)

    (result,) = bench.load(mine).values()

    names = [each["DisplayName"] for each in bench.quickbooks.all("Customer")]
    assert (result.outcome, len(names)) == (outcome, 2 if outcome is Outcome.POSTED else 1)
    assert names[-1] == ("Ann Lee (C-1)" if outcome is Outcome.POSTED else "Ann Lee")


@pytest.mark.rule("7.2")
def test_a_suffixed_name_that_is_taken_too_asks_a_person() -> None:
    bench = Bench()
    for name in ("Ann Lee", "Ann Lee (C-1)"):
        bench.quickbooks.put("Vendor", {"DisplayName": name})

    (result,) = bench.load(customer(1, "Ann Lee")).values()

    assert (result.outcome, code(result)) == (Outcome.HELD, "name_taken")


@pytest.mark.rule("1.5")
def test_an_unposted_record_that_is_gone_is_gone() -> None:
    bench = Bench()

    results = bench.load_as_usual(
        verdict(invoice(10), Verdict.HELD, "tax_mode_none"), reread=lambda entity, ids: []
    )

    assert (results["invoice:10"].outcome, code(results["invoice:10"])) == (Outcome.NOT_DUE, "gone_unposted")


@pytest.mark.rule("3.6")
def test_a_void_that_was_left_open_is_not_repeated_for_a_document_that_is_due_again() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    dying = replace_seam(bench, Trouble([("after_intent", "killed")]).at)
    dying.policies = bench.policies
    with pytest.raises(Killed):
        dying.load_as_usual(verdict(invoice(10), Verdict.NOT_DUE, "deleted"))

    young = bench.load_as_usual(invoice(10))["invoice:10"]
    bench.clock.advance(601)
    settled = bench.load_as_usual(invoice(10))["invoice:10"]

    assert (young.outcome, settled.outcome) == (Outcome.FAILED, Outcome.UNCHANGED)
    assert bench.quickbooks.all("Invoice")[0]["TotalAmt"] == Decimal(100)


@pytest.mark.rule("3.2")
def test_a_payment_of_an_invoice_of_another_customer_is_refused_in_quickbooks_words() -> None:
    bench = Bench()
    bench.load(customer(1), customer(2), item("SKU"), invoice(10))

    result = bench.load(customer(2), payment(20, "5.00", customer=2, applied={10: "5.00"}))["payment:20"]

    assert (result.outcome, code(result)) == (Outcome.REJECTED, "refused")


def test_a_document_settled_after_it_was_posted_stays_what_it_is() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    bench.settled = parse_settled_links("source,target,qbo_id\ninvoice:10,Invoice,999\n")

    assert bench.load_as_usual(invoice(10))["invoice:10"].outcome is Outcome.UNCHANGED
    assert {link.state for link in bench.ledger.kept_links.values()} == {LinkState.ACTIVE}


def test_every_result_is_shown_as_soon_as_it_is_known() -> None:
    bench, shown = Bench(), list[str]()
    loader = DayLoader(bench.context(), on_result=lambda result: shown.append(str(result.source)))

    loader.load(DayInput(DAY, {Entity.CUSTOMER: [customer(1), customer(2)]}))

    assert shown == ["customer:1", "customer:2"]
