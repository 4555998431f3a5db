"""Deliveries as they come: what is genuine is kept before it is answered, what is not leaves no trace."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_qbo_assets.company_files import DEFS
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import Inbox
from st_qbo_assets.store.vault import KEY_FILE
from tests.integration.web.serving import (
    KEY,
    REALM,
    Served,
    as_json,
    cloud_event,
    give_keys,
    invoice_event,
    served,
    signed,
)


def kept(web: Served) -> list[tuple[str, str, str]]:
    """What waits in the inbox: system, entity and record."""
    return [(each.system, each.entity, each.record_id) for each in Inbox(web.database).pending()]


def counts(web: Served) -> tuple[int, int]:
    found = Inbox(web.database).counts()
    return found.pending, found.undecodable


def test_an_event_of_either_system_is_kept(web: Served) -> None:
    assert web.servicetitan(as_json(invoice_event())).status_code == 200
    assert web.quickbooks(as_json([cloud_event(7)])).status_code == 200
    assert kept(web) == [("servicetitan", "invoice", "8001001"), ("quickbooks", "Customer", "7")]


def test_the_legacy_form_is_understood_too(web: Served) -> None:
    entity = {"name": "Invoice", "id": "145", "operation": "Void", "lastUpdated": "2026-03-02T18:00:00Z"}
    body = {"eventNotifications": [{"realmId": REALM, "dataChangeEvent": {"entities": [entity]}}]}
    assert web.quickbooks(as_json(body)).status_code == 200
    [event] = Inbox(web.database).pending()
    assert (event.entity, event.record_id, event.operations) == ("Invoice", "145", ("voided",))


def test_events_of_several_realms_in_one_call_are_routed_by_realm(web: Served) -> None:
    body = as_json([cloud_event(1), cloud_event(2, intuitaccountid="999"), cloud_event(3)])
    assert web.quickbooks(body).status_code == 200
    assert [record for _, _, record in kept(web)] == ["1", "3"]
    assert Inbox(web.database).counts().dropped == {("quickbooks", "unknown_account", "999"): 1}


@pytest.mark.parametrize(
    "write",
    [
        lambda digest: digest.hex(),
        lambda digest: digest.hex().upper(),
        lambda digest: f"sha256={digest.hex()}",
        lambda digest: base64.b64encode(digest).decode(),
        lambda digest: f"SHA256={base64.b64encode(digest).decode()}",
    ],
    ids=["hex", "upper case", "prefix", "base64", "prefix and base64"],
)
def test_servicetitan_may_write_its_digest_in_any_way(web: Served, write: Callable[[bytes], str]) -> None:
    body = as_json(invoice_event())
    digest = hmac.new(KEY.encode(), body, hashlib.sha256).digest()
    headers = {"x-servicetitan-signature": write(digest)}
    assert web.deliver("/webhooks/servicetitan/demo", body, headers).status_code == 200
    assert len(kept(web)) == 1


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/cloudevents+json; charset=utf-8", ""]
)
def test_any_content_type_is_taken(web: Served, content_type: str) -> None:
    body = as_json([cloud_event()])
    headers = {"intuit-signature": signed(body, "5b2f9c1e-7a40-4d83-9e6b-c0d1a7f3e825")}
    headers |= {"content-type": content_type} if content_type else {}
    assert web.deliver("/webhooks/quickbooks", body, headers).status_code == 200
    assert len(kept(web)) == 1


def test_the_signature_is_over_the_bytes_as_they_came(web: Served) -> None:
    body = as_json([cloud_event()])
    other = body.replace(b" ", b"")
    headers = {"intuit-signature": signed(body, "5b2f9c1e-7a40-4d83-9e6b-c0d1a7f3e825")}
    assert web.deliver("/webhooks/quickbooks", other, headers).status_code == 403
    assert kept(web) == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/quickbooks", {}),
        ("/webhooks/quickbooks", {"intuit-signature": "AAAA"}),
        ("/webhooks/quickbooks", {"intuit-signature": base64.b64encode(bytes(32)).decode()}),
        ("/webhooks/servicetitan/demo", {}),
        ("/webhooks/servicetitan/demo", {"x-servicetitan-signature": "sha256="}),
        ("/webhooks/servicetitan/demo", {"x-servicetitan-signature": "0" * 64}),
        ("/webhooks/servicetitan/nobody", {"x-servicetitan-signature": "0" * 64}),
        ("/webhooks/servicetitan/../demo", {"x-servicetitan-signature": "0" * 64}),
    ],
)
def test_what_is_not_genuine_is_refused_and_leaves_nothing(
    web: Served, path: str, headers: dict[str, str]
) -> None:
    for body in (as_json([cloud_event()]), as_json(invoice_event()), b""):
        assert web.deliver(path, body, headers).status_code in (403, 404)
    assert counts(web) == (0, 0)


def test_a_signature_of_one_company_s_key_is_none_for_another(web: Served) -> None:
    assert web.servicetitan(as_json(invoice_event()), company="beta").status_code == 403


def test_a_company_without_its_key_refuses_everything(web_settings: Settings, database: Database) -> None:
    with served(web_settings) as web:
        for key in ("", KEY):
            assert web.servicetitan(as_json(invoice_event()), key=key).status_code == 403
            assert web.quickbooks(as_json([cloud_event()]), token=key).status_code == 403
        assert counts(web) == (0, 0)


def test_an_event_of_another_tenant_or_of_nothing_we_follow_is_counted_and_dropped(web: Served) -> None:
    other = invoice_event(data={"invoice": {"id": 1}, "tenantId": 42, "tenantName": "x"})
    lead = invoice_event(2, type="tn.crm.lead-created", data={"lead": {"id": 1}, "tenantId": 1420761})
    assert web.servicetitan(as_json(other)).status_code == 200
    assert web.servicetitan(as_json(lead)).status_code == 200
    budget = cloud_event(type="qbo.budget.updated.v1")
    assert web.quickbooks(as_json([budget])).status_code == 200
    assert counts(web) == (0, 0)
    assert Inbox(web.database).counts().dropped == {
        ("servicetitan", "unknown_account", "42"): 1,
        ("servicetitan", "not_followed", "tn.crm.lead-created"): 1,
        ("quickbooks", "not_followed", "qbo.budget.updated.v1"): 1,
    }


def test_a_repeat_is_kept_once_whichever_id_it_repeats(web: Served) -> None:
    event = invoice_event()
    for each in (event, event, event | {"id": "another delivery"}, event | {"userassignedid": "odd"}):
        assert web.servicetitan(as_json(each)).status_code == 200
    for _ in range(3):
        assert web.quickbooks(as_json([cloud_event(), cloud_event()])).status_code == 200
    assert counts(web) == (2, 0)


@pytest.mark.parametrize("time", ["2020-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "yesterday"])
def test_a_clock_that_is_wrong_loses_nothing_and_makes_nothing_twice(web: Served, time: str) -> None:
    for _ in range(2):
        assert web.servicetitan(as_json(invoice_event(time=time))).status_code == 200
        assert web.quickbooks(as_json([cloud_event(time=time)])).status_code == 200
    assert [system for system, _, _ in kept(web)] == ["servicetitan", "quickbooks"]


def test_what_was_replayed_after_it_was_done_is_not_done_again(web: Served) -> None:
    web.quickbooks(as_json([cloud_event()]))
    inbox = Inbox(web.database)
    with web.database.begin() as connection:
        inbox.acknowledge(inbox.pending()[0].ids, connection)
    assert web.quickbooks(as_json([cloud_event()])).status_code == 200
    assert inbox.pending() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"specversion": "1.0", "id": "x", "type": "tn.acc.invoice-posted"',
        b"\xff\xfe\x00{",
        "é".encode("latin-1"),
        as_json(invoice_event()).decode().encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"1e999999",
        b"9" * 100_000,
        b"NaN",
        b"null",
        as_json({"id": None, "type": 7, "data": []}),
        as_json(invoice_event(data={"invoice": {"id": {"x": 1}}, "tenantId": 1420761})),
        as_json([1, None, {}, [], "x"]),
    ],
)
def test_a_genuine_body_that_is_no_event_is_kept_as_it_came_and_never_refused(
    web: Served, body: bytes
) -> None:
    assert web.servicetitan(body).status_code == 200
    assert web.quickbooks(body).status_code == 200
    assert web.quickbooks(body).status_code == 200
    assert counts(web) == (0, 2)


def test_the_good_events_beside_a_bad_one_are_kept(web: Served) -> None:
    assert web.quickbooks(as_json([cloud_event(1), {"id": 5}, cloud_event(2)])).status_code == 200
    assert counts(web) == (2, 1)


def test_text_that_no_column_holds_is_kept_too(web: Served) -> None:
    odd = cloud_event(1, id="a\x00b", intuitentityid="\ud800", data={"x": "\x00"})
    assert web.quickbooks(as_json([odd, cloud_event(2)])).status_code == 200
    assert counts(web) == (2, 0)


@pytest.mark.parametrize(
    "path", ["/webhooks/quickbooks", "/webhooks/servicetitan/demo", "/webhooks/servicetitan/no"]
)
def test_too_large_is_answered_before_anything_else(web: Served, path: str) -> None:
    large = b"x" * (10 * 1024 * 1024)
    assert web.deliver(path, large, {"intuit-signature": "x"}).status_code == 413
    streamed = (b"x" * 65536 for _ in range(100))
    assert web.http.post(f"{web.url}{path}", data=streamed, timeout=30).status_code == 413
    assert counts(web) == (0, 0)


def test_exactly_one_mebibyte_is_taken(web: Served) -> None:
    body = as_json([cloud_event()])
    body += b" " * (1024 * 1024 - len(body))
    assert web.quickbooks(body).status_code == 200
    assert web.quickbooks(body + b" ").status_code == 413


def test_failed_signatures_are_limited_and_genuine_ones_never(web: Served) -> None:
    statuses = {
        web.deliver("/webhooks/quickbooks", b"x", {"intuit-signature": "x"}).status_code for _ in range(300)
    }
    assert statuses == {403, 429}
    assert web.quickbooks(as_json([cloud_event()])).status_code == 200
    assert web.servicetitan(as_json(invoice_event())).status_code == 200


def test_other_methods_and_paths_are_no_failure(web: Served) -> None:
    assert web.http.get(f"{web.url}/webhooks/quickbooks", timeout=30).status_code == 405
    assert web.http.get(f"{web.url}/webhooks/nothing", timeout=30).status_code == 404


def test_a_vault_that_cannot_be_opened_asks_the_vendor_to_deliver_again(
    web_settings: Settings, database: Database
) -> None:
    give_keys(web_settings, database)
    key_file = web_settings.home / KEY_FILE
    key = key_file.read_text()
    key_file.unlink()
    with served(web_settings) as web:
        assert web.servicetitan(as_json(invoice_event())).status_code == 503
        assert web.quickbooks(as_json([cloud_event()])).status_code == 503
        ready = web.http.get(f"{web.url}/readyz", timeout=30)
        assert (ready.status_code, ready.json()["vault"]) == (503, False)
        assert web.http.get(f"{web.url}/healthz", timeout=30).status_code == 200
        assert counts(web) == (0, 0)
    key_file.write_text(key)
    key_file.chmod(0o600)
    with served(web_settings) as web:
        assert web.quickbooks(as_json([cloud_event()])).status_code == 200
        assert web.http.get(f"{web.url}/readyz", timeout=30).json() == {
            "ready": True,
            "database": True,
            "vault": True,
            "company_files": True,
        }


def test_two_companies_of_one_realm_and_app_each_get_the_event(
    web_settings: Settings, database: Database, tmp_path: Path
) -> None:
    text = (DEFS / "demo" / "defs.yaml").read_text()
    for name in ("demo", "twin"):
        document = yaml.safe_load(text)
        document["attributes"]["name"] = name
        (tmp_path / "defs" / name).mkdir(parents=True)
        (tmp_path / "defs" / name / "defs.yaml").write_text(yaml.safe_dump(document))
        give_keys(web_settings, database, company=name)
    with served(web_settings, defs=tmp_path / "defs") as web:
        assert web.quickbooks(as_json([cloud_event()])).status_code == 200
        assert sorted(each.company for each in Inbox(web.database).pending()) == ["demo", "twin"]


def test_a_database_that_is_away_asks_the_vendor_to_deliver_again(
    web_settings: Settings, database: Database
) -> None:
    give_keys(web_settings, database)
    with served(web_settings) as web:
        assert web.quickbooks(as_json([cloud_event()])).status_code == 200
        web.database.engine.dispose()
        gone = replace(web_settings)
        assert gone.database_url is not None
        with database.autocommit() as connection:
            connection.exec_driver_sql("ALTER TABLE st_qbo.inbox RENAME TO inbox_away")
        try:
            assert web.quickbooks(as_json([cloud_event(2)])).status_code == 503
        finally:
            with database.autocommit() as connection:
                connection.exec_driver_sql("ALTER TABLE st_qbo.inbox_away RENAME TO inbox")
        assert web.quickbooks(as_json([cloud_event(2)])).status_code == 200
        assert len(kept(web)) == 2


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = ("id", "type", "data", "time", "userassignedid", "intuitaccountid", "intuitentityid")


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    """Bodies near to what the vendors send, and far from it."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(st.binary(max_size=400))
    if kind == 1:
        return as_json(draw(_JSON))
    event = draw(st.sampled_from([invoice_event(), cloud_event()]))
    for name in draw(st.lists(st.sampled_from(_FIELDS), max_size=3)):
        event[name] = draw(_JSON)
    if kind == 2:
        return as_json(draw(st.sampled_from([event, [event], [event, draw(_JSON)]])))
    entity = {"name": "Invoice", "id": "1", "operation": draw(_JSON), "lastUpdated": draw(_JSON)}
    notification = {
        "realmId": draw(st.sampled_from([REALM, "9", None])),
        "dataChangeEvent": {"entities": [entity]},
    }
    return as_json(
        {"eventNotifications": draw(st.sampled_from([[notification], notification, [draw(_JSON)]]))}
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies(), header=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80))
def test_nothing_a_stranger_sends_fails_the_receiver_or_is_kept(
    web: Served, body: bytes, header: str
) -> None:
    before = counts(web)
    for path in ("/webhooks/quickbooks", "/webhooks/servicetitan/demo"):
        headers = {"intuit-signature": header.strip(), "x-servicetitan-signature": header.strip()}
        assert web.deliver(path, body, headers).status_code in (403, 429)
    assert counts(web) == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_bodies())
def test_whatever_is_signed_is_answered_with_200(web: Served, body: bytes) -> None:
    assert web.quickbooks(body).status_code == 200
    assert web.servicetitan(body).status_code == 200
