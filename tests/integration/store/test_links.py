import time
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Entity, Realm, SourceRef
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import Links
from st_qbo_assets.store.markers import MarkedObject, Markers
from st_qbo_assets.store.refunds import Refunds
from tests.integration.store.builders import ACME, DAY, REALM, invoice, link

PAYMENT = SourceRef(Entity.PAYMENT, "9")


def test_a_link_comes_back_as_it_was_saved(database: Database) -> None:
    ledger = Ledger(database)
    saved = link(confirmed={"TotalAmt": Decimal("1.10"), "Line": []}, drift={"TxnDate": ["a", "b"]})

    ledger.save_link(saved)

    found = ledger.link(ACME, invoice(), "Invoice")
    assert found is not None
    assert found.created_at is not None
    assert (found.confirmed, found.drift, found.day, found.number) == (
        saved.confirmed,
        saved.drift,
        saved.day,
        saved.number,
    )


def test_saving_again_overwrites_and_keeps_when_it_was_made(database: Database) -> None:
    links = Links(database)
    links.save(link())
    first = links.get(ACME, invoice(), "Invoice")

    links.save(link(sync_token="3", digest="d2"))

    second = links.get(ACME, invoice(), "Invoice")
    assert first is not None
    assert second is not None
    assert (second.sync_token, second.digest, second.created_at) == ("3", "d2", first.created_at)


@pytest.mark.rule("5.5")
def test_one_source_has_a_link_for_each_target_and_part(database: Database) -> None:
    ledger = Ledger(database)
    ledger.save_link(link(PAYMENT, target="Payment", qbo_id="1"))
    ledger.save_link(link(PAYMENT, target="CreditMemo", qbo_id="2"))
    ledger.save_link(link(SourceRef(Entity.PAYMENT, "9", "refund"), target="Purchase", qbo_id="3"))

    found = ledger.links(ACME, [PAYMENT, invoice()])

    assert [known.target for known in found[PAYMENT]] == ["Payment", "CreditMemo"]
    assert invoice() not in found


def test_a_document_has_one_source(database: Database) -> None:
    ledger = Ledger(database)
    ledger.save_link(link(invoice(1)))

    with pytest.raises(LedgerConflict, match="linked to another record"):
        ledger.save_link(link(invoice(2)))


def test_merged_customers_share_one_object(database: Database) -> None:
    ledger = Ledger(database)
    one, two = SourceRef(Entity.CUSTOMER, "1"), SourceRef(Entity.CUSTOMER, "2")
    ledger.save_link(link(one, target="Customer", qbo_id="58"))
    ledger.save_link(link(two, target="Customer", qbo_id="58"))

    found = Links(database).of_targets(ACME, "Customer", ["58", "59"])

    assert [known.source for known in found["58"]] == [one, two]
    first = ledger.link_by_target(ACME, "Customer", "58")
    assert first is not None
    assert first.source == one


def test_links_of_a_day_are_those_last_posted_on_it(database: Database) -> None:
    links = Links(database)
    links.save(link(invoice(1), qbo_id="1"))
    links.save(link(invoice(2), qbo_id="2", day=date(2026, 3, 9)))
    links.save(link(PAYMENT, target="Payment", qbo_id="3"))

    assert [known.qbo_id for known in links.of_day(ACME, Entity.INVOICE, DAY)] == ["1"]
    assert len(links.of_day(ACME, Entity.INVOICE, DAY, date(2026, 3, 9))) == 2


def test_what_was_changed_for_a_customer_since_is_found(database: Database) -> None:
    links, second = Links(database), SourceRef(Entity.PAYMENT, "10")
    links.save(link(PAYMENT, target="Payment", qbo_id="3", confirmed={"CustomerRef": "58"}))
    (first,) = links.of_customers(ACME, "Payment", ["58", "59"])
    since = first.updated_at
    links.save(link(second, target="Payment", qbo_id="4", confirmed={"CustomerRef": "58"}))
    assert links.of_customers(ACME, "Payment", ["58"], changed_since=since) == []  # it was only made
    time.sleep(0.15)
    links.save(link(second, target="Payment", qbo_id="4", confirmed={"CustomerRef": "58"}))

    found = links.of_customers(ACME, "Payment", ["58"], changed_since=since)

    assert [each.source for each in found] == [second]
    assert links.of_customers(ACME, "Payment", ["59"], changed_since=since) == []


def test_documents_of_a_customer_or_vendor_are_looked_up_by_an_index(database: Database) -> None:
    links, asked = Links(database), list[tuple[str, Any]]()
    links.save(link(target="BillPayment", qbo_id="3", confirmed={"VendorRef": "58"}))

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    (found,) = links.of_customers(ACME, "BillPayment", ["58"])
    event.remove(Engine, "before_cursor_execute", note)
    ((statement, parameters),) = asked
    with database.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())

    assert (found.qbo_id, "links_whose" in plan) == ("3", True)
    (searched,) = [line for line in plan.splitlines() if "Index Cond" in line]
    assert "'CustomerRef'" in searched and "'VendorRef'" in searched


@pytest.mark.rule("5.3")
def test_drift_is_kept_on_the_link_and_can_end(database: Database) -> None:
    links = Links(database)
    links.save(link())
    known = links.get(ACME, invoice(), "Invoice")
    assert known is not None

    links.set_drift(known, {"DocNumber": {"ours": "1001", "theirs": "1001-A"}})
    drifted = links.get(ACME, invoice(), "Invoice")
    links.set_drift(known, None)
    settled = links.get(ACME, invoice(), "Invoice")

    assert drifted is not None
    assert settled is not None
    assert drifted.drift == {"DocNumber": {"ours": "1001", "theirs": "1001-A"}}
    assert settled.drift is None


@pytest.mark.rule("5.3")
def test_drift_found_against_a_link_that_was_written_meanwhile_is_dropped(database: Database) -> None:
    links = Links(database)
    links.save(link())
    known = links.get(ACME, invoice(), "Invoice")
    assert known is not None
    links.save(replace(known, sync_token="7"))

    assert not links.set_drift(known, {"DocNumber": {"confirmed": "1001", "now": "X"}})
    assert links.drifted(ACME) == []
    fresh = links.get(ACME, invoice(), "Invoice")
    assert fresh is not None
    assert links.set_drift(fresh, {"DocNumber": {"confirmed": "1001", "now": "X"}})
    assert [found.qbo_id for found in links.drifted(ACME)] == [known.qbo_id]
    assert links.oldest(ACME) == fresh.created_at


@pytest.mark.rule("6.4", "2.6")
def test_two_living_objects_with_one_source_are_duplicates(database: Database) -> None:
    markers = Markers(database)
    markers.feed(
        REALM,
        [
            MarkedObject("Invoice", "145", (invoice(1),)),
            MarkedObject("Invoice", "1022", (invoice(1),), total_cents=500),
            MarkedObject("Invoice", "146", (invoice(2),)),
            MarkedObject("Payment", "147", (invoice(2),)),
            MarkedObject("Invoice", "148"),
        ],
    )
    markers.feed(Realm("2"), [MarkedObject("Invoice", "9", (invoice(2),))])

    found = markers.duplicates(REALM)

    assert {source: [item.qbo_id for item in items] for source, items in found.items()} == {
        invoice(1): ["145", "1022"]
    }


@pytest.mark.rule("6.4")
def test_a_deleted_duplicate_is_none_and_keeps_what_it_was(database: Database) -> None:
    markers = Markers(database)
    markers.feed(
        REALM,
        [
            MarkedObject("Invoice", "1", (invoice(),), total_cents=5, sync_token=2),
            MarkedObject("Invoice", "2", (invoice(),)),
        ],
    )

    markers.feed(REALM, [MarkedObject("Invoice", "1", deleted=True)])

    assert markers.duplicates(REALM) == {}
    assert [item.qbo_id for item in markers.of_source(REALM, invoice())] == ["2"]


def test_an_older_reading_never_overwrites_a_newer_one(database: Database) -> None:
    markers = Markers(database)
    markers.feed(REALM, [MarkedObject("Invoice", "1", (invoice(),), sync_token=3, total_cents=300)])

    markers.feed(REALM, [MarkedObject("Invoice", "1", (invoice(2),), sync_token=2, total_cents=200)])

    [kept] = markers.of_source(REALM, invoice())
    assert (kept.sync_token, kept.total_cents) == (3, 300)


def test_one_reading_may_name_an_object_twice(database: Database) -> None:
    markers = Markers(database)

    markers.feed(
        REALM,
        [
            MarkedObject("Invoice", "1", (invoice(),), sync_token=1),
            MarkedObject("Invoice", "1", (invoice(),), sync_token=0),
        ],
    )

    assert [item.sync_token for item in markers.of_source(REALM, invoice())] == [1]


@pytest.mark.rule("3.5")
def test_a_payment_keeps_its_refunds_until_they_are_something_else(database: Database) -> None:
    refunds = Refunds(database)
    first, second = RefundTie("9", "20", 7500, "Check"), RefundTie("9", "21", 100, "Expense")
    refunds.save(ACME, [first, second, RefundTie("10", "22", 1, "Check")])

    refunds.save(ACME, [replace(first, cents=5000)])
    refunds.drop(ACME, ["21", "99"])

    assert refunds.of_payments(ACME, ["9", "11"]) == {"9": [replace(first, cents=5000)]}
    assert refunds.of_refunds(ACME, ["20", "21"]) == {"20": replace(first, cents=5000)}


def test_what_we_dated_after_its_day_is_found(database: Database) -> None:
    links, later = Links(database), (DAY + timedelta(days=3)).isoformat()
    links.save(link(invoice(1), qbo_id="1", confirmed={"TxnDate": DAY.isoformat()}))
    links.save(link(invoice(2), qbo_id="2", confirmed={"TxnDate": later}))
    links.save(link(invoice(3), qbo_id="3", confirmed={}))

    assert [each.source for each in links.dated_later(ACME, [Entity.INVOICE], [DAY])] == [invoice(2)]
    assert not links.dated_later(ACME, [Entity.PAYMENT], [DAY])
    assert not links.dated_later(ACME, [Entity.INVOICE], [DAY + timedelta(days=3)])
