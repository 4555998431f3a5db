"""What the load is compared with: python-quickbooks, one document after the other.

What belongs here: posting what the product posted a second time, to a fresh realm, without a ledger, a
budget or threads. Only the references change, to the ids the fresh realm gives.
"""

import os
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import requests
import simplejson

from benchmarks.stage import Stage

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from intuitlib.client import AuthClient
    from quickbooks import QuickBooks
    from quickbooks.objects import Invoice, Payment

_CLASSES = {"invoice": Invoice, "payment": Payment}
_REFERENCES = {"CustomerRef": "customer", "ItemRef": "item"}


def is_document(entry: Mapping[str, Any]) -> bool:
    """Say whether a request of the log writes an invoice or pays some: the loop writes no credits."""
    is_one = entry["method"] == "POST" and _entity(entry) in _CLASSES and entry["status"] == 200
    return is_one and all(
        linked["TxnType"] == "Invoice"
        for line in entry["body"]["Line"]
        for linked in line.get("LinkedTxn", ())
    )


class PlainLoop:
    """One realm, seeded anew, and the ids it gives to what is posted again."""

    def __init__(self, stage: Stage) -> None:
        """Post to the stage's QuickBooks."""
        self._stage = stage
        self._ids: dict[tuple[str, str], str] = {}

    def fresh_realm(self, lists: Sequence[Mapping[str, Any]]) -> None:
        """Forget everything since seeding, then write items and customers again; not timed."""
        self._stage.control("reset", {})
        self._stage.lift_throttles()
        self._client = self._sign_in()
        for entry in lists:
            self._keep(entry, self._raw(entry))

    def post(self, documents: Sequence[Mapping[str, Any]]) -> float:
        """Post documents one after the other; return the seconds it took."""
        seconds = 0.0
        for entry in documents:
            made = _CLASSES[_entity(entry)].from_json(self._remapped(entry["body"]))
            began = time.monotonic()
            made.save(qb=self._client)
            seconds += time.monotonic() - began
            self._ids[(_entity(entry), _answered_id(entry))] = made.Id
        return seconds

    def _sign_in(self) -> QuickBooks:
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the sandbox speaks plain HTTP on loopback
        info = self._stage.control("info")["quickbooks"]
        consent = self._stage.control("edit", {"act": "consent"})
        base = self._stage.settings.sandbox_quickbooks_url
        auth = AuthClient(
            info["client_id"],
            info["client_secret"],
            consent["redirect_uri"],
            f"{base}/.well-known/openid_sandbox_configuration",
        )
        auth.get_bearer_token(consent["code"], realm_id=info["realm"])
        client = QuickBooks(
            auth_client=auth,
            refresh_token=auth.refresh_token,
            company_id=info["realm"],
            minorversion=75,
            use_decimal=True,
        )
        client.api_url_v3 = f"{base}/v3"
        self._token = auth.access_token
        return client

    def _raw(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = requests.post(
            f"{self._stage.settings.sandbox_quickbooks_url}{entry['path']}",
            params={"minorversion": 75},
            data=simplejson.dumps(self._again(entry), use_decimal=True),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            timeout=60,
        )
        answer.raise_for_status()
        return {"response": answer.json()}

    def _keep(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._ids[(_entity(old), _answered_id(old))] = _answered_id(new)

    def _again(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a write as the fresh realm takes it; an update names the object that was made there."""
        body = self._remapped(entry["body"])
        return {**body, "Id": self._new_id(_entity(entry), body["Id"])} if "Id" in body else body

    def _remapped(self, body: Any, inside: str = "") -> Any:
        if isinstance(body, Mapping):
            found = {name: self._remapped(value, name) for name, value in body.items()}
            if inside in _REFERENCES and "value" in found:
                found["value"] = self._new_id(_REFERENCES[inside], found["value"])
            if found.get("TxnType") == "Invoice":
                found["TxnId"] = self._new_id("invoice", found["TxnId"])
            return found
        if isinstance(body, Sequence) and not isinstance(body, str):
            return [self._remapped(each, inside) for each in body]
        return body

    def _new_id(self, entity: str, old: str) -> str:
        return self._ids.get((entity, old), old)


def _entity(entry: Mapping[str, Any]) -> str:
    return entry["path"].rsplit("/", 1)[-1].lower()


def _answered_id(entry: Mapping[str, Any]) -> str:
    (answered,) = [
        value for value in entry["response"].values() if isinstance(value, Mapping) and "Id" in value
    ]
    return str(answered["Id"])
