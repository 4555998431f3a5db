"""A QuickBooks company for tests: raw HTTP against the ASGI application, in process, without a socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.quickbooks import QuickBooks
from st_qbo_sandbox.storage import dump_json

Body = dict[str, Any]
REDIRECT = identity.QUICKBOOKS_REDIRECT_URI
BASIC = base64.b64encode(
    f"{identity.QUICKBOOKS_CLIENT_ID}:{identity.QUICKBOOKS_CLIENT_SECRET}".encode()
).decode()


class Reply:
    """One HTTP answer."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Body:
        return json.loads(self.content, parse_float=Decimal)

    @property
    def codes(self) -> list[str]:
        """The codes of a fault; empty if there is none."""
        return [error["code"] for error in self.json().get("Fault", {}).get("Error", [])]

    @property
    def error(self) -> Body:
        """The only error of a fault."""
        (error,) = self.json()["Fault"]["Error"]
        return error


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the application waited")


class Company:
    """A client with a token, and the chart of accounts that most tests need."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.app = sandbox.app("quickbooks")
        half = sandbox.halves["quickbooks"]
        assert isinstance(half, QuickBooks)
        self.half = half
        self.token = ""
        self.names: dict[str, str] = {}

    def http(self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        """Send one request as it is."""
        split = urlsplit(url)
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "server": ("127.0.0.1", 8812),
            "client": ("127.0.0.1", 5000),
            "root_path": "",
            "path": split.path,
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "headers": [(b"host", b"127.0.0.1:8812")]
            + [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        run(self.app(scope, receive, send))  # type: ignore[arg-type]
        start, *parts = messages
        sent = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], sent, b"".join(part.get("body", b"") for part in parts))

    def control(self, name: str, body: Body | None = None) -> Body:
        """Use a control of the sandbox."""
        method = "GET" if body is None else "POST"
        reply = self.http(method, f"/_sandbox/{name}", dump_json(body or {}).encode())
        assert reply.status == 200, reply.text
        return reply.json()

    def act(self, act: str, **more: Any) -> Body:
        """Act as a person."""
        return self.control("edit", {"act": act, **more})

    def refused_act(self, act: str, **more: Any) -> str:
        """Act as a person and return why that is refused."""
        reply = self.http("POST", "/_sandbox/edit", dump_json({"act": act, **more}).encode())
        assert reply.status == 400, reply.text
        return reply.json()["error"]

    def switch(self, **switches: Any) -> None:
        """Set switches."""
        self.control("switches", {"quickbooks": switches})

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.control("clock", {"advance_seconds": seconds})

    def prefer(self, group: str, **values: Any) -> None:
        """Set preferences as a person."""
        self.act("set_preferences", preferences={group: values})

    def token_call(self, headers: dict[str, str] | None = None, **form: str) -> Reply:
        """Call the token endpoint with Basic credentials."""
        sent = {"Authorization": f"Basic {BASIC}", "Content-Type": "application/x-www-form-urlencoded"}
        return self.http("POST", "/oauth2/v1/tokens/bearer", urlencode(form).encode(), sent | (headers or {}))

    def connect(self) -> Body:
        """Consent, exchange the code, keep the access token, return the token response."""
        code = self.act("consent")["code"]
        reply = self.token_call(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
        assert reply.status == 200, reply.text
        self.token = reply.json()["access_token"]
        return reply.json()

    def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        realm: str = identity.REALM,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        **query: Any,
    ) -> Reply:
        """Call the Accounting API."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        content = raw if raw is not None else b""
        if body is not None:
            content = dump_json(body).encode()
            sent["Content-Type"] = "application/json"
        url = f"/v3/company/{realm}/{path}"
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        return self.http(method, url, content, sent | (headers or {}))

    def post(self, path: str, body: Any, **query: Any) -> Reply:
        """POST without expecting anything."""
        return self.api("POST", path, body, **query)

    def make(self, entity: str, body: Body, **query: Any) -> Body:
        """Create or update an object, which must succeed, and return it."""
        reply = self.post(entity.lower(), body, **query)
        assert reply.status == 200, reply.text
        return reply.json()[entity]

    def read(self, entity: str, id: str, **query: Any) -> Body:
        """Read an object, which must exist."""
        reply = self.api("GET", f"{entity.lower()}/{id}", **query)
        assert reply.status == 200, reply.text
        return reply.json()[entity]

    def ask(self, statement: str) -> Reply:
        """Query by GET."""
        return self.api("GET", "query", query=statement)

    def rows(self, statement: str) -> list[Body]:
        """Query and return the objects."""
        reply = self.ask(statement)
        assert reply.status == 200, reply.text
        found = reply.json()["QueryResponse"]
        return next((value for value in found.values() if isinstance(value, list)), [])

    def ids(self, statement: str) -> list[str]:
        """Query and return the ids."""
        return [row["Id"] for row in self.rows(statement)]

    def set_up(self) -> None:
        """Make accounts, items, a customer and a vendor; their ids are in `names`."""
        for key, body in _ACCOUNTS.items():
            self.names[key] = self.make("Account", body)["Id"]
        income = {"value": self.names["income"]}
        cost = {"value": self.names["cost"]}
        self.names["service"] = self.make(
            "Item", {"Name": "Repair", "Type": "Service", "IncomeAccountRef": income}
        )["Id"]
        self.names["part"] = self.make(
            "Item",
            {
                "Name": "Capacitor",
                "Type": "NonInventory",
                "IncomeAccountRef": income,
                "ExpenseAccountRef": cost,
            },
        )["Id"]
        address = {
            "Line1": "12 Elm St",
            "City": "Dallas",
            "CountrySubDivisionCode": "TX",
            "PostalCode": "75201",
        }
        self.names["customer"] = self.make(
            "Customer",
            {
                "DisplayName": "Freeman, Ada",
                "PrimaryEmailAddr": {"Address": "ada@example.com"},
                "BillAddr": address,
            },
        )["Id"]
        self.names["other"] = self.make("Customer", {"DisplayName": "Twin Lane LLC"})["Id"]
        self.names["vendor"] = self.make("Vendor", {"DisplayName": "Norton Supply"})["Id"]

    def line(self, amount: Any = 100, *, taxed: bool = False, **detail: Any) -> Body:
        """Return a sales line."""
        code = {"value": "TAX" if taxed else "NON"}
        item = {"value": self.names["service"]}
        return {
            "Amount": amount,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": item, "TaxCodeRef": code, **detail},
        }

    def sale(self, *lines: Body, **more: Any) -> Body:
        """Return the body of a sales document for the usual customer."""
        return {
            "CustomerRef": {"value": self.names["customer"]},
            "Line": list(lines) or [self.line()],
            **more,
        }

    def invoice(self, amount: Any = 100, **more: Any) -> Body:
        """Create an invoice of one untaxed line."""
        return self.make("Invoice", self.sale(self.line(amount), **more))

    def pay(self, amount: Any, *invoice_ids: str, each: Any = None, **more: Any) -> Body:
        """Create a payment; each invoice gets `each`, or the whole amount."""
        lines = [
            {"Amount": each or amount, "LinkedTxn": [{"TxnId": id, "TxnType": "Invoice"}]}
            for id in invoice_ids
        ]
        customer = {"value": self.names["customer"]}
        return self.make("Payment", {"CustomerRef": customer, "TotalAmt": amount, "Line": lines, **more})

    def balance(self, name: str = "customer") -> Decimal:
        """Return what a customer owes."""
        return Decimal(self.read("Customer", self.names[name])["Balance"])

    def account_balance(self, name: str) -> Decimal:
        """Return the posted balance of an account, debit positive."""
        return self.half.books.balances.get(self.names[name], Decimal(0))


_ACCOUNTS: dict[str, Body] = {
    "receivable": {"Name": "Accounts Receivable (A/R)", "AccountType": "Accounts Receivable"},
    "payable": {"Name": "Accounts Payable (A/P)", "AccountType": "Accounts Payable"},
    "undeposited": {
        "Name": "Undeposited Funds",
        "AccountType": "Other Current Asset",
        "AccountSubType": "UndepositedFunds",
    },
    "bank": {"Name": "Checking", "AccountType": "Bank"},
    "card": {"Name": "Visa", "AccountType": "Credit Card"},
    "tax": {
        "Name": "Sales Tax Payable",
        "AccountType": "Other Current Liability",
        "AccountSubType": "SalesTaxPayable",
    },
    "income": {"Name": "Service Income", "AccountType": "Income", "AcctNum": "40100"},
    "discounts": {"Name": "Discounts", "AccountType": "Income", "AccountSubType": "DiscountsRefundsGiven"},
    "cost": {"Name": "Materials", "AccountType": "Cost of Goods Sold"},
    "expense": {"Name": "Supplies", "AccountType": "Expense"},
    "stock": {"Name": "Inventory Asset", "AccountType": "Other Current Asset", "AccountSubType": "Inventory"},
}


def query_of(location: str) -> dict[str, str]:
    """Return the query parameters of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
