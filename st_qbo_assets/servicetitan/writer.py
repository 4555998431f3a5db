"""Writes to one ServiceTitan tenant: customers, their contacts, vendors.

What belongs here: one method for each call (ServiceTitan reference §6, §7.1), and what may be tried again.
What does not: what to write (`domain.masters`) and whether it was written before (`load.masters`).

There is no idempotency key: changes of a record that exists say the same however often they are sent, and are
tried again; a creation is sent once, save after a 401 or 429, which never executed anything. External data is
kept under an application GUID and seen under the same one only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from st_qbo_assets.domain.errors import RateLimited, RemoteFault, TransportError, UncertainOutcome
from st_qbo_assets.domain.ids import Tenant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.client import AppTokens
from st_qbo_assets.servicetitan.problems import error_of
from st_qbo_assets.transport.budget import RateBudget, spending
from st_qbo_assets.transport.decimal_json import write_json
from st_qbo_assets.transport.http import Request, Sender
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_assets.transport.tokens import with_token

Result = TypeVar("Result")
#: The key of our external data: which QuickBooks object a record was made from.
EXTERNAL_KEY = "QuickBooksId"
_GONE = (404, 409)


class ServiceTitanWriter:
    """Writes of one tenant; share it between threads."""

    def __init__(
        self,
        *,
        http: Sender,
        tokens: AppTokens,
        tenant: Tenant,
        base_url: str,
        budget: RateBudget,
        retry: RetryPolicy,
        application: str,
    ) -> None:
        """Args are the parts; `application` is the GUID external data is kept under."""
        self._http = http
        self._tokens = tokens
        self._tenant = tenant
        self._base_url = base_url.rstrip("/")
        self._budget = budget
        self._again = retry
        self._once = replace(retry, retry_on=(RateLimited,))
        self._application = application
        self.calls = 0

    # Customers

    def create_customer(self, body: Json, *, external: str) -> Json:
        """Create a customer with its locations and contacts; return it as stored, with both.

        Raises:
            UncertainOutcome: if nobody knows; look for `external` before another try.
        """
        whole = {**body, "externalData": self._external(external)}
        return self._once.call(lambda: self._send("POST", "crm", "customers", whole))

    def change_customer(self, id_: str, body: Json) -> Json:
        """Change fields of a customer and return it as stored."""
        return self._again.call(lambda: self._send("PATCH", "crm", f"customers/{id_}", body))

    def change_location(self, id_: str, body: Json) -> Json:
        """Change fields of a service location and return it as stored."""
        return self._again.call(lambda: self._send("PATCH", "crm", f"locations/{id_}", body))

    def create_contact(self, customer_id: str, kind: str, value: str) -> Json:
        """Add a contact and return it; look for the value before another try."""
        body = {"type": kind, "value": value}
        return self._once.call(lambda: self._send("POST", "crm", f"customers/{customer_id}/contacts", body))

    def change_contact(self, customer_id: str, id_: str, kind: str, value: str) -> Json:
        """Change the value of a contact and return it."""
        path, body = f"customers/{customer_id}/contacts/{id_}", {"type": kind, "value": value}
        return self._again.call(lambda: self._send("PATCH", "crm", path, body))

    def delete_contact(self, customer_id: str, id_: str) -> None:
        """Delete a contact; one that is gone is no error."""
        self._delete(f"customers/{customer_id}/contacts/{id_}")

    def _delete(self, path: str) -> None:
        try:
            self._again.call(lambda: self._send("DELETE", "crm", path, None))
        except RemoteFault as fault:
            if fault.status not in _GONE:
                raise

    def notes(self, customer_id: str) -> Iterator[Json]:
        """Yield the notes of a customer; no list or feed tells of those of several."""
        yield from self._pages("crm", f"customers/{customer_id}/notes", ())

    def create_note(self, customer_id: str, text: str) -> Json:
        """Add a note and return it; look for the text before another try. None can be edited."""
        return self._once.call(
            lambda: self._send("POST", "crm", f"customers/{customer_id}/notes", {"text": text})
        )

    def delete_note(self, customer_id: str, id_: str) -> None:
        """Delete a note; one that is gone is no error."""
        self._delete(f"customers/{customer_id}/notes/{id_}")

    def customers_made_from(self, external: Iterable[str]) -> Iterator[Json]:
        """Yield the customers that were made from QuickBooks objects, inactive ones too."""
        yield from self._made_from("crm", "customers", list(external))

    def customers_like(self, **filters: str) -> Iterator[Json]:
        """Yield the customers that answer filters of the list (`name`, `phone`, `street`, …)."""
        params = tuple(filters.items())
        yield from self._pages("crm", "customers", (*params, ("active", "Any")))

    # Vendors

    def create_vendor(self, body: Json, *, external: str) -> str:
        """Create a vendor and return its id.

        Raises:
            UncertainOutcome: if nobody knows; look for `external` before another try.
        """
        whole = {**body, "externalData": self._external(external)}
        return str(self._once.call(lambda: self._send("POST", "inventory", "vendors", whole)).get("id", ""))

    def change_vendor(self, id_: str, body: Json) -> None:
        """Change fields of a vendor; the answer is its id only."""
        self._again.call(lambda: self._send("PATCH", "inventory", f"vendors/{id_}", body))

    def vendors_made_from(self, external: Iterable[str]) -> Iterator[Json]:
        """Yield the vendors that were made from QuickBooks objects, inactive ones too."""
        yield from self._made_from("inventory", "vendors", list(external))

    # One call

    def _external(self, value: str) -> Json:
        return {
            "applicationGuid": self._application,
            "externalData": [{"key": EXTERNAL_KEY, "value": value}],
        }

    def _made_from(self, module: str, resource: str, values: Sequence[str]) -> Iterator[Json]:
        for first in range(0, len(values), 50):
            params = (
                ("externalDataApplicationGuid", self._application),
                ("externalDataKey", EXTERNAL_KEY),
                ("externalDataValues", ",".join(values[first : first + 50])),
                ("active", "Any"),
            )
            yield from self._pages(module, resource, params)

    def _pages(self, module: str, resource: str, params: tuple[tuple[str, str], ...]) -> Iterator[Json]:
        page = 1
        while True:
            asked = (*params, ("page", str(page)), ("pageSize", "200"))
            body = self._again.call(self._reader(module, resource, asked))
            rows = body.get("data")
            yield from (cast(Json, row) for row in cast("list[object]", rows or []) if isinstance(row, dict))
            if body.get("hasMore") is not True:
                return
            page += 1

    def _reader(self, module: str, resource: str, params: tuple[tuple[str, str], ...]) -> Callable[[], Json]:
        return lambda: self._send("GET", module, resource, None, params)

    def _send(
        self,
        method: str,
        module: str,
        resource: str,
        body: Mapping[str, Any] | None,
        params: tuple[tuple[str, str], ...] = (),
    ) -> Json:
        # The token is taken anew on every try: it can end during a long wait.
        return with_token(
            self._tokens,
            lambda token: self._call(
                method, f"{module}/v2/tenant/{self._tenant}/{resource}", body, params, token
            ),
        )

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        params: tuple[tuple[str, str], ...],
        token: str,
    ) -> Json:
        is_write = method != "GET"
        request = Request(
            method,
            f"{self._base_url}/{path}",
            is_write=is_write,
            params=params,
            headers={
                "Authorization": f"Bearer {token}",
                "ST-App-Key": self._tokens.app_key.get_secret_value(),
                "Accept": "application/json",
                **({"Content-Type": "application/json"} if body is not None else {}),
            },
            body=None if body is None else write_json(dict(body)),
        )
        with spending(self._budget, "write" if is_write else "read", metered=False):
            self.calls += 1
            response = self._http.send(request)
        error = error_of(response)
        if isinstance(error, RateLimited):
            self._budget.penalise(error.retry_after_seconds)
        if error is not None:
            raise error
        answered: object = response.json()
        if isinstance(answered, dict):
            return cast(Json, answered)
        if method == "DELETE" or (is_write and not response.text.strip()):
            return {}
        kind = UncertainOutcome if is_write else TransportError
        raise kind(f"ServiceTitan answered something unreadable: {response.start}", status=response.status)
