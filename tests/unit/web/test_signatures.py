import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.quickbooks import webhooks as quickbooks
from st_qbo_assets.servicetitan import webhooks as servicetitan
from st_qbo_assets.transport.signatures import is_signed

KEY = "k" * 32


@given(body=st.binary(max_size=200), key=st.text(min_size=1, max_size=40))
def test_a_digest_signs_its_bytes_and_no_others(body: bytes, key: str) -> None:
    digest = hmac.new(key.encode("utf-8", "surrogatepass"), body, hashlib.sha256).digest()
    for text in (digest.hex(), base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode()):
        assert is_signed(body, text, key)
        assert not is_signed(body + b"x", text, key)
        assert not is_signed(body, text, key + "x")


@given(given_=st.text(max_size=90))
def test_what_is_no_digest_signs_nothing(given_: str) -> None:
    assert not is_signed(b"body", given_, KEY)


def test_an_empty_key_signs_nothing() -> None:
    digest = hmac.new(b"", b"body", hashlib.sha256).hexdigest()
    assert not is_signed(b"body", digest, "")


@given(body=st.binary(max_size=300))
def test_reading_never_raises(body: bytes) -> None:
    servicetitan.read_events(body)
    quickbooks.read_events(body)


@pytest.mark.parametrize("operation", ["Create", "Update", "Delete", "Merge", "Void", "Emailed"])
def test_the_legacy_form_is_one_event_however_often_it_comes(operation: str) -> None:
    entity = (
        f'{{"name":"Invoice","id":"1","operation":"{operation}","lastUpdated":"2026-03-02T18:00:00-0800"}}'
    )
    body = (
        f'{{"eventNotifications":[{{"realmId":"9","dataChangeEvent":{{"entities":[{entity},{entity}]}}}}]}}'
    )
    events = quickbooks.read_events(body.encode())
    assert len({event.event_id for event in events if not hasattr(event, "raw")}) == 1
