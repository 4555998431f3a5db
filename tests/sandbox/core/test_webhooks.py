"""Events on their way: what fires, forms and signatures, ladders, windows, holding back, disorder."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.webhook_sender import send_due
from tests.sandbox.core.receiving import InProcess, Receiver, receiving

KEY = "a key of thirty-two characters!!"


class Town:
    """A sandbox whose events go to a receiver, moved by hand."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.servicetitan = InProcess(sandbox.app("servicetitan"))
        self.quickbooks = InProcess(sandbox.app("quickbooks"))

    def control(self, name: str, body: dict[str, Any], half: str = "servicetitan") -> Any:
        client = self.servicetitan if half == "servicetitan" else self.quickbooks
        status, answer = client("POST", f"/_sandbox/{name}", json.dumps(body).encode())
        assert status == 200, answer
        return answer

    def show(self, name: str, half: str = "servicetitan") -> Any:
        client = self.servicetitan if half == "servicetitan" else self.quickbooks
        return client("GET", f"/_sandbox/{name}")[1]

    def switch_on(self, half: str = "servicetitan", **more: Any) -> None:
        self.control("webhooks", {half: {"url": f"{self.receiver.url}/{half}", "key": KEY, **more}})

    def act(self, half: str = "servicetitan", **act: Any) -> Any:
        return self.control("edit", act, half)

    def send(self, *, after: float = 0) -> int:
        """Let time pass and send what is due."""
        self.control("clock", {"advance_seconds": after})
        return send_due(self.sandbox.webhooks)

    def events(self) -> list[dict[str, Any]]:
        """All events received, in order."""
        found: list[dict[str, Any]] = []
        for body in self.receiver.bodies:
            document = json.loads(body)
            found.extend(document if isinstance(document, list) else [document])
        return found

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def waiting(self, half: str = "servicetitan") -> dict[str, int]:
        return self.show("webhooks")[half]["counts"]

    def invoice(self, status: str = "Pending") -> dict[str, Any]:
        invoices = self.show("state?entity=invoices")
        return next(each for each in invoices if each["syncStatus"] == status and float(each["total"]) > 0)


@pytest.fixture
def town() -> Iterator[Town]:
    with receiving() as receiver:
        sandbox = Sandbox(days=1, invoices_per_day=3)
        yield Town(sandbox, receiver)
        sandbox.storage.close()


def test_nothing_is_sent_until_it_is_switched_on(town: Town) -> None:
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    assert town.send() == 0
    town.switch_on()
    assert town.send() == 0
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    assert town.send() == 1


def test_planting_and_wiping_data_are_no_events(town: Town) -> None:
    town.switch_on()
    town.switch_on("quickbooks")
    town.control("seed", {"days": 1, "invoices_per_day": 4})
    town.control("reset", {})
    assert town.send() == 0


def test_posting_an_invoice_says_so_with_the_whole_envelope(town: Town) -> None:
    town.switch_on(status_fires_updated=False)
    invoice = town.invoice()
    town.act(act="post", id=invoice["id"])
    town.send()
    [event] = [each for each in town.events() if each["type"] == "tn.acc.invoice-posted"]
    required = {"specversion", "id", "type", "time", "source", "userassignedid", "datacontenttype", "data"}
    assert set(event) == required
    assert event["data"]["tenantId"] == 1420761
    shown = event["data"]["invoice"]
    assert (shown["id"], shown["syncStatus"], shown["total"]) == (invoice["id"], "Posted", invoice["total"])
    assert "items" not in shown
    assert "exportId" not in shown
    assert re.fullmatch(r".*\.\d{7}Z", event["time"])


def test_jobs_fire_when_they_are_completed_and_otherwise_updated(town: Town) -> None:
    town.switch_on()
    job = town.show("state?entity=jobs")[0]
    town.act(act="reopen_job", id=job["id"])
    town.act(act="complete_job", id=job["id"])
    town.act(act="touch", resource="jobs", id=job["id"])
    town.send()
    jobs = [each for each in town.types() if each.startswith("tn.jpm")]
    assert jobs == ["tn.jpm.job-scheduled", "tn.jpm.job-completed", "tn.jpm.job-updated"]


def test_payments_and_customers_of_servicetitan_have_no_event(town: Town) -> None:
    town.control("switches", {"servicetitan": {"payment_bumps_invoice": False}})
    town.switch_on()
    invoice = town.invoice()
    town.act(act="add_payment", type="Check", splits=[{"invoice_id": invoice["id"], "amount": "1.00"}])
    town.act(act="touch", resource="customers", id=invoice["customer"]["id"])
    assert town.send() == 0


@pytest.mark.parametrize("encoding", ["hex", "base64", "prefixed_hex", "prefixed_base64"])
def test_servicetitan_signs_the_raw_body(town: Town, encoding: str) -> None:
    town.switch_on(encoding=encoding)
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    town.send()
    [(path, body, headers)] = town.receiver.calls
    digest = hmac.new(KEY.encode(), body, hashlib.sha256).digest()
    text = digest.hex() if encoding.endswith("hex") else base64.b64encode(digest).decode()
    expected = f"sha256={text}" if encoding.startswith("prefixed") else text
    assert (path, headers["x-servicetitan-signature"]) == ("/servicetitan", expected)


def test_without_a_key_nothing_is_signed(town: Town) -> None:
    town.switch_on(key=None)
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    town.send()
    assert "x-servicetitan-signature" not in town.receiver.calls[0][2]


def test_each_event_type_may_have_its_own_url_and_others_may_be_off(town: Town) -> None:
    posted = {"tn.acc.invoice-posted": f"{town.receiver.url}/posted"}
    town.switch_on(url=None, urls=posted)
    town.act(act="post", id=town.invoice()["id"])
    assert town.send() == 1
    assert town.receiver.calls[0][0] == "/posted"


def test_servicetitan_tries_four_times_again_and_then_stops_until_replayed(town: Town) -> None:
    town.switch_on()
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    town.receiver.answers = [500] * 5
    sent = [town.send(), town.send(after=9), town.send(after=1.1)]
    sent += [town.send(after=seconds) for seconds in (30.1, 60.1, 300.1, 100_000)]
    assert sent == [1, 0, 1, 1, 1, 1, 0]
    assert town.waiting()["given_up"] == 1
    town.control("webhooks", {"servicetitan": {"replay": True}})
    assert town.send() == 1
    assert town.waiting()["delivered"] == 1
    assert len(set(town.receiver.bodies)) == 1


def test_a_receiver_that_is_down_is_tried_again(town: Town) -> None:
    town.switch_on(url="http://127.0.0.1:1/nobody")
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    assert town.send() == 1
    [waiting] = town.show("webhooks")["servicetitan"]["waiting"]
    assert waiting["attempts"][0]["status"] is None


def connect(town: Town) -> None:
    code = town.act("quickbooks", act="consent")
    info = town.show("info")["quickbooks"]
    form = {"grant_type": "authorization_code", "code": code["code"], "redirect_uri": code["redirect_uri"]}
    pair = base64.b64encode(f"{info['client_id']}:{info['client_secret']}".encode()).decode()
    body = urlencode(form).encode()
    status, answer = town.quickbooks("POST", "/oauth2/v1/tokens/bearer", body, authorization=f"Basic {pair}")
    assert status == 200, answer


def customer(town: Town, name: str = "Ada Byron") -> str:
    made = town.act("quickbooks", act="create", entity="Customer", body={"DisplayName": name})
    return made["Customer"]["Id"]


def test_a_company_that_is_not_connected_has_no_events(town: Town) -> None:
    town.switch_on("quickbooks")
    customer(town)
    assert town.send() == 0
    connect(town)
    customer(town, "Grace Hopper")
    assert town.send() == 1


def test_quickbooks_sends_cloud_events_as_an_array(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks")
    id_ = customer(town)
    town.act("quickbooks", act="rename", entity="Customer", id=id_, name="Ada Lovelace")
    town.send()
    [(_, body, headers)] = town.receiver.calls
    assert headers["content-type"] == "application/cloudevents+json"
    assert (
        headers["intuit-signature"]
        == base64.b64encode(hmac.new(KEY.encode(), body, hashlib.sha256).digest()).decode()
    )
    events = json.loads(body)
    assert [(each["type"], each["intuitentityid"], each["intuitaccountid"]) for each in events] == [
        ("qbo.customer.created.v1", id_, "9341453172058461"),
        ("qbo.customer.updated.v1", id_, "9341453172058461"),
    ]
    assert events[0]["id"] != events[1]["id"]


def test_the_legacy_form_groups_by_realm(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks", format="legacy")
    id_ = customer(town)
    town.control(
        "webhooks", {"quickbooks": {"test": {"type": "qbo.invoice.voided.v1", "id": "9", "realm": "8"}}}
    )
    town.send()
    [mine, other] = json.loads(town.receiver.bodies[0])["eventNotifications"]
    assert mine["realmId"] == "9341453172058461"
    [entity] = mine["dataChangeEvent"]["entities"]
    assert (entity["name"], entity["id"], entity["operation"]) == ("Customer", id_, "Create")
    assert other["dataChangeEvent"]["entities"][0]["operation"] == "Void"


def test_documents_name_what_happened_to_them(town: Town) -> None:
    connect(town)
    who = customer(town)
    item = town.show("state?entity=Item", "quickbooks")[0]["Id"]
    town.switch_on("quickbooks")
    line = {"item": item, "amount": 10}
    made = town.act("quickbooks", act="type_invoice", customer=who, lines=[line])["Invoice"]["Id"]
    town.act("quickbooks", act="email", id=made, to="a@example.com")
    town.act("quickbooks", act="void", entity="Invoice", id=made)
    town.act("quickbooks", act="delete", entity="Invoice", id=made)
    town.send()
    invoices = [each for each in town.types() if each.startswith("qbo.invoice")]
    assert invoices == [f"qbo.invoice.{word}.v1" for word in ("created", "emailed", "voided", "deleted")]
    # the balance of the customer moved, which is no event of the customer
    assert [each for each in town.types() if each.startswith("qbo.customer")] == []


def test_buying_documents_name_what_happened_to_them(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks")

    def act(name: str, **more: Any) -> Any:
        (made,) = town.act("quickbooks", act=name, **more).values()
        return made

    line = {"account": "50100", "amount": 10}
    order = act("type_order", vendor="Evergy", lines=[line])["Id"]
    bill = act("type_bill", vendor="Evergy", lines=[{**line, "order": order, "order_line": "1"}])["Id"]
    credit = act("type_vendor_credit", vendor="Evergy", lines=[{**line, "amount": 4}])["Id"]
    paid = act("pay_bill", bill=bill, credit=credit)["Id"]
    act("void", entity="BillPayment", id=paid)
    # a bill has no void: it is emptied
    act("edit_line", entity="Bill", id=bill, line="1", amount=0)
    act("update", entity="Bill", id=bill, body={"PrivateNote": "Voided"})
    act("delete", entity="VendorCredit", id=credit)
    town.send()
    seen: dict[str, list[str]] = {}
    for kind in town.types():
        _, entity, operation, _ = kind.split(".")
        seen.setdefault(entity, []).append(operation)
    # billed, which closed it, and open again when the bill was emptied
    assert seen["purchaseorder"] == ["created", "updated", "updated"]
    assert seen["billpayment"] == ["created", "voided"]
    assert (seen["bill"][0], set(seen["bill"][1:])) == ("created", {"updated"})
    assert (seen["vendorcredit"][0], seen["vendorcredit"][-1]) == ("created", "deleted")


def test_a_merge_names_the_survivor_and_who_is_gone(town: Town) -> None:
    connect(town)
    kept, gone = customer(town, "Kept"), customer(town, "Gone")
    town.switch_on("quickbooks", format="legacy")
    town.act("quickbooks", act="merge_customers", **{"from": gone, "into": kept})
    town.send()
    [notification] = json.loads(town.receiver.bodies[0])["eventNotifications"]
    merges = [each for each in notification["dataChangeEvent"]["entities"] if each["operation"] == "Merge"]
    assert [(each["id"], each["deletedId"]) for each in merges] == [(kept, gone)]


def test_events_of_a_window_go_in_one_call(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks", window_seconds=60)
    customer(town, "One")
    assert town.send(after=59) == 0
    customer(town, "Two")
    assert town.send(after=1.1) == 1
    assert len(town.events()) == 2


def test_quickbooks_never_gives_up(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks")
    customer(town)
    town.receiver.answers = [503] * 11
    ladder = (0, 10.1, 20.1, 30.1, 300.1, 1200.1, 7200.1, 14400.1, 21600.1, 21600.1, 21600.1)
    assert [town.send(after=seconds) for seconds in ladder] == [1] * 11
    assert town.waiting("quickbooks")["waiting"] == 1
    assert town.send(after=21600.1) == 1
    assert town.waiting("quickbooks")["waiting"] == 0


def test_later_events_are_held_back_until_the_first_is_acknowledged(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks", hold_back=True)
    customer(town, "One")
    town.receiver.answers = [500]
    town.send()
    customer(town, "Two")
    assert town.send() == 0
    assert town.send(after=10.1) == 1
    assert town.send() == 1
    assert [event["type"] for event in town.events()] == ["qbo.customer.created.v1"] * 3


def test_without_holding_back_the_second_overtakes(town: Town) -> None:
    connect(town)
    town.switch_on("quickbooks", hold_back=False)
    first = customer(town, "One")
    town.receiver.answers = [500]
    town.send()
    second = customer(town, "Two")
    town.send()
    town.send(after=10.1)
    assert [each["intuitentityid"] for each in town.events()] == [first, second, first]


@pytest.mark.parametrize("duplicate_ids", ["same", "new"])
def test_a_repeat_has_the_same_userassignedid(town: Town, duplicate_ids: str) -> None:
    town.switch_on(duplicates=1, duplicate_ids=duplicate_ids, status_fires_updated=False)
    town.act(act="touch", resource="invoices", id=town.invoice()["id"])
    assert town.send() == 2
    one, two = town.events()
    assert one["userassignedid"] == two["userassignedid"]
    assert (one["id"] == two["id"]) is (duplicate_ids == "same")


def test_what_is_reordered_comes_later_and_what_is_lost_never(town: Town) -> None:
    town.switch_on(reorder=0.5, reorder_seconds=20, seed=3)
    invoice = town.invoice()["id"]
    for number in range(8):
        town.act(act="update", resource="invoices", id=invoice, set={"summary": str(number)})
    at_once = town.send()
    assert 0 < at_once < 8
    assert at_once + sum(town.send(after=1) for _ in range(21)) == 8
    times = [event["time"] for event in town.events()]
    assert times != sorted(times)
    town.switch_on(lose=1)
    town.act(act="touch", resource="invoices", id=invoice)
    assert town.send() == 0
    assert town.waiting()["lost"] == 1


def test_what_is_on_its_way_survives_a_restart(tmp_path: Path) -> None:
    with receiving() as receiver:
        first = Town(Sandbox(tmp_path, days=1, invoices_per_day=2), receiver)
        first.switch_on()
        first.act(act="touch", resource="invoices", id=first.invoice()["id"])
        receiver.answers = [500]
        first.send()
        first.sandbox.storage.close()
        second = Town(Sandbox(tmp_path), receiver)
        assert second.send(after=10.1) == 1
        assert len(set(receiver.bodies)) == 1
        second.sandbox.storage.close()


def test_a_refused_act_fires_nothing(town: Town) -> None:
    town.switch_on()
    acts = [{"act": "touch", "resource": "invoices", "id": town.invoice()["id"]}, {"act": "post", "id": 1}]
    assert town.servicetitan("POST", "/_sandbox/edit", json.dumps({"acts": acts}).encode())[0] == 400
    assert town.send() == 0


@pytest.mark.parametrize(
    "given",
    [{"servicetitan": {"nonsense": 1}}, {"quickbooks": {"format": "xml"}}, {"quickbooks": 7}, {"other": {}}],
)
def test_settings_that_make_no_sense_are_refused(town: Town, given: dict[str, Any]) -> None:
    assert town.servicetitan("POST", "/_sandbox/webhooks", json.dumps(given).encode())[0] == 400


def test_the_key_is_not_shown(town: Town) -> None:
    town.switch_on()
    assert KEY not in json.dumps(town.show("webhooks"))


def test_a_test_event_of_any_type_can_be_sent(town: Town) -> None:
    town.switch_on()
    invoice = town.invoice()["id"]
    for type_, id_ in (("tn.acc.invoice-posted", invoice), ("tn.crm.lead-created", None)):
        town.control("webhooks", {"servicetitan": {"test": {"type": type_, "id": id_}}})
    town.send()
    assert town.types() == ["tn.acc.invoice-posted", "tn.crm.lead-created"]
    assert town.events()[0]["data"]["invoice"]["id"] == invoice


def test_a_served_sandbox_sends_by_itself() -> None:
    with receiving() as receiver, Sandbox(days=1, invoices_per_day=2) as sandbox:
        base = sandbox.servicetitan_url
        given = {"servicetitan": {"url": receiver.url, "key": KEY}}
        assert requests.post(f"{base}/_sandbox/webhooks", json=given, timeout=10).ok
        [invoice, *_] = requests.get(f"{base}/_sandbox/state?entity=invoices", timeout=10).json()
        act = {"act": "touch", "resource": "invoices", "id": invoice["id"]}
        assert requests.post(f"{base}/_sandbox/edit", json=act, timeout=10).ok
        for _ in range(2000):
            counts = requests.get(f"{base}/_sandbox/webhooks", timeout=10).json()["servicetitan"]["counts"]
            if counts.get("delivered") == 1:
                break
        assert len(receiver.calls) == 1
