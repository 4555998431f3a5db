"""Bills and orders of a week of purchasing, from ServiceTitan's lists to the verdict on their days."""

from decimal import Decimal

import pytest

from tests.integration.buying.purchasing import Json, Purchasing

pytestmark = pytest.mark.enable_socket


def links_of(bill: Json) -> list[str]:
    """The line of an order each line of a bill bills."""
    return [
        f"{link['TxnId']}/{link['TxnLineId']}" for line in bill["Line"] for link in line.get("LinkedTxn", [])
    ]


@pytest.mark.rule("6.1", "8.1", "8.2", "8.3")
def test_bills_post_once_are_owed_to_the_cent_and_find_their_orders(purchasing: Purchasing) -> None:
    days = purchasing.days[1:3]
    listed = {row["id"]: row for row in purchasing.state("servicetitan", "ap-bills")}
    due = {
        str(id_): row
        for id_, row in listed.items()
        if row["billDate"][:10] in {day.isoformat() for day in days} and row["syncStatus"] == "Posted"
    }
    first = min(due)
    act = {"vendor": due[first]["vendor"]["name"], "number": due[first]["referenceNumber"]}
    lines = [{"account": "Materials COGS", "price": 10}]
    typed = purchasing.office.control(
        "edit", {"act": "type_bill", **act, "date": days[0].isoformat(), "lines": lines}
    )["Bill"]
    purchasing.office.control("switches", {"quickbooks": {"purchase_orders": False}})

    told = purchasing.load(days)

    # Without orders, and with one bill that may be there twice.
    standings = purchasing.standings()
    assert {id_: row["outcome"] for id_, row in standings.items()} == {
        id_: "held" if id_ == first else "posted" for id_ in due
    }
    assert standings[first]["reason_code"] == "possible_duplicate_bill"
    orders = purchasing.standings("purchase_order")
    assert {row["reason_code"] for row in orders.values()} == {"orders_off"}
    # Orders that are not kept keep their days from being green.
    assert [row["verdict"] for row in told["books/tie_out"].values()] == ["waiting", "waiting"]
    causes = purchasing.causes(days)
    assert {each for name, each in causes.items() if name.startswith("purchase_order:")} == {"held"}
    assert (causes[f"bill:{first}"], causes[f"Bill {typed['Id']}"]) == ("held", "not_yet_linked")

    # Both settled by a person; another bill is canceled in ServiceTitan.
    purchasing.office.control("switches", {"quickbooks": {"purchase_orders": True}})
    purchasing.office.control("edit", {"act": "delete", "entity": "Bill", "id": typed["Id"]})
    canceled = max(due)
    purchasing.act_servicetitan("cancel_bill", id=int(canceled))
    told = purchasing.load(days)

    bills, standings = purchasing.bills(), purchasing.standings()
    assert {row["verdict"] for row in told["books/tie_out"].values()} == {"green"}
    # What ServiceTitan's bills come to is what QuickBooks' own ledger has on Accounts Payable.
    ledger = purchasing.office.sandbox.halves["quickbooks"].trial_balance(
        first=days[0].isoformat(), last=days[-1].isoformat()
    )
    posted = sum((row["Posted"] for row in ledger["Vendors"]), Decimal(0))
    assert sum(row["bills_cents"] for row in told["books/tie_out"].values()) == posted * 100 > 0
    assert sum(row["open_payables_cents"] for row in told["books/tie_out"].values()) == posted * 100
    assert standings[canceled]["outcome"] == "voided"
    for id_, row in due.items():
        owed = Decimal("0.00") if id_ == canceled else Decimal(row["billAmount"])
        assert Decimal(str(bills[id_]["TotalAmt"])) == owed, id_
    known = {str(row["Id"]) for row in purchasing.state("quickbooks", "PurchaseOrder")}
    linked = {id_: links_of(bill) for id_, bill in bills.items() if links_of(bill)}
    assert linked and all(link.partition("/")[0] in known for links in linked.values() for link in links)
    assert all(len(links) == len(bills[id_]["Line"]) for id_, links in linked.items())
    closed = {
        row["Id"] for row in purchasing.state("quickbooks", "PurchaseOrder") if row["POStatus"] == "Closed"
    }
    assert closed >= {
        link.partition("/")[0] for id_, links in linked.items() if id_ != canceled for link in links
    }

    # Whatever goes wrong is called what it is, and nothing else.
    expected = spoil(purchasing, [bills[id_] for id_ in due if id_ != canceled], days[1].isoformat())
    purchasing.load(days, may_fail=True)
    waiting = {"not_yet_due", "never_posts"}
    causes = purchasing.causes(days)
    assert {name: cause for name, cause in causes.items() if cause not in waiting} == expected


def spoil(purchasing: Purchasing, posted: list[Json], day: str) -> dict[str, str]:
    """Let people do wrong in both products; return what each must be called."""
    act, there = purchasing.act_servicetitan, purchasing.office.act
    vendor = purchasing.state("servicetitan", "vendors")[0]["name"]
    wrong: dict[str, Json] = {
        "rejected": {"billAmount": "1.00"},
        "held": {"vendor": {"id": 619_999, "name": "?"}},
    }
    expected: dict[str, str] = {}
    for number, (cause, fields) in enumerate(wrong.items()):
        line = {"sku": "CAP-45-5", "quantity": 2 + number}
        bill = act("add_bill", vendor=vendor, lines=[line], number=f"W-{number}", date=day)
        act("post_bill", id=bill["id"])
        act("update", resource="ap-bills", id=bill["id"], set=fields)
        expected[f"bill:{bill['id']}"] = cause
    edited, paid = posted[:2]
    there("update", entity="Bill", id=edited["Id"], body={"DocNumber": "by hand"})
    expected[edited["PrivateNote"].partition("ServiceTitan ")[2].split(" -")[0].replace(" ", ":")] = (
        "edited_in_quickbooks"
    )
    payment = there("pay_bill", bill=paid["Id"], date=day)["BillPayment"]
    return expected | {f"BillPayment {payment['Id']}": "paid_in_quickbooks_by_hand"}
