"""Sub-customers of service locations: renamed with them, and nothing named that QuickBooks would not take."""

from dataclasses import replace
from typing import Any

import pytest

from st_qbo_assets.domain.ids import Company, Realm, SourceRef
from st_qbo_assets.domain.outcomes import Payload
from st_qbo_assets.load.actions import ActionKind, WritePolicies
from st_qbo_assets.load.drifting import edits_of
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.linking import Posted, link_to
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.settled import parse_settled_links
from st_qbo_assets.load.sub_customers import held_by, trouble_of
from st_qbo_assets.store.links import Link, LinkState
from tests.unit.load.builders import DAY, invoice
from tests.unit.load.test_plan import payload_of

PLACE = SourceRef.parse("customer:1/location5")
POLICIES = WritePolicies(masters_two_way=True)


def place(name: str = "12 Cedar Ln", **body: Any) -> Payload:
    fields = {"Job": True, "ParentRef": {"value": "customer:1"}, "BillWithParent": True}
    return Payload(PLACE, "Customer", DAY, {"DisplayName": name, **fields, **body}, title=name)


def stored(name: str = "12 Cedar Ln", **fields: Any) -> dict[str, Any]:
    version = {
        "Id": "77",
        "SyncToken": "4",
        "ParentRef": {"value": "58"},
        "BillWithParent": True,
        "Active": True,
    }
    return {"DisplayName": name, **version, **fields}


def linked(name: str = "12 Cedar Ln", *, shown: str = "", **changes: Any) -> Link:
    """The link of the sub-customer as it is after it was made, or found."""
    source = Posted.of_payload(place(name))
    context: Any = type("C", (), {"name": Company("acme"), "realm": Realm("2"), "run_id": ""})
    return replace(link_to(context, source, stored(shown or name)), **changes)


def known(*links: Link) -> Knowledge:
    parent = Link(Company("acme"), SourceRef.parse("customer:1"), "Customer", Realm("2"), "58")
    knowledge = Knowledge()
    knowledge.learn_links([parent, *links])
    return knowledge


@pytest.mark.rule("7.3", "7.5")
@pytest.mark.parametrize(
    ("link", "now", "sent"),
    [
        (linked(), place(), None),
        (linked(), place("14 Cedar Ln"), {"DisplayName": "14 Cedar Ln"}),
        (linked(shown="12 Cedar Ln (L-5)"), place(), None),
        (linked(shown="Rental on Cedar", state=LinkState.ADOPTED), place(), None),
        (
            linked(shown="Rental on Cedar", state=LinkState.ADOPTED),
            place("Unit 7"),
            {"DisplayName": "Unit 7"},
        ),
        (
            linked(),
            place(ShipAddr={"Line1": "14 Cedar Ln"}),
            {"ShipAddr": {"Line1": "14 Cedar Ln"}},
        ),
        (linked(qbo_id="58"), place("14 Cedar Ln"), None),
    ],
    ids=["same", "renamed", "made unique", "found", "found and renamed", "moved", "merged into its parent"],
)
def test_a_sub_customer_follows_its_location_and_what_it_was_linked_with_stays(
    link: Link, now: Payload, sent: dict[str, Any] | None
) -> None:
    action = plan_write(now, link, known(link), POLICIES)
    if sent is None:
        assert action.kind is ActionKind.UNCHANGED
        return
    assert action.kind is ActionKind.UPDATE and action.request is not None
    assert {k: v for k, v in action.request.items() if k not in ("Id", "SyncToken", "sparse")} == sent


@pytest.mark.rule("7.3")
def test_two_renames_are_an_edit_unless_they_say_the_same() -> None:
    link = linked()
    request = {"DisplayName": "14 Cedar Ln"}
    assert [each.field for each in edits_of(link, stored("The rental"), request)] == ["DisplayName"]
    assert edits_of(link, stored("14 Cedar Ln"), request) == ()


@pytest.mark.rule("7.5")
@pytest.mark.parametrize(
    ("obj", "code"),
    [
        (None, "sub_customer_gone"),
        (stored(Active=False), "sub_customer_inactive"),
        (stored(ParentRef={"value": "59"}), "sub_customer_elsewhere"),
        (stored(BillWithParent=False), "sub_customer_not_billed"),
        (stored(), ""),
        ({"Id": "58", "Active": True}, ""),
    ],
)
def test_a_new_document_waits_for_a_sub_customer_that_takes_none_and_a_posted_one_stays(
    obj: dict[str, Any] | None, code: str
) -> None:
    link = linked(drift=trouble_of(obj, "58"))
    said = held_by(link)
    assert (said.code if said else "") == code
    due = payload_of(invoice(10, customer=1))
    due = due.with_body({**due.body, "CustomerRef": {"value": str(PLACE)}})
    books = known(link, Link(Company("acme"), SourceRef.parse("item:SKU|79"), "Item", Realm("2"), "7"))
    action = plan_write(due, None, books, POLICIES)
    assert action.kind is (ActionKind.HELD if code else ActionKind.CREATE)
    posted = Link(Company("acme"), due.source, "Invoice", Realm("2"), "103", digest=due.digest)
    assert plan_write(due, posted, books, POLICIES).kind is ActionKind.UNCHANGED


@pytest.mark.rule("7.5")
def test_one_that_is_gone_may_be_made_again_for_a_location_only() -> None:
    pairs = parse_settled_links("source,target,qbo_id\ncustomer:1/location5,Customer,again 77\n")
    assert pairs[PLACE, "Customer"].is_again
