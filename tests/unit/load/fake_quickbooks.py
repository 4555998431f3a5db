"""A QuickBooks in memory with the habits that matter to a writer (QB §2.3, §3, §4, §6.1, §6.2, §6.5).

It shares nothing with the product but the errors and the answer it promises. What it does wrong on
purpose is asked of `mischief` before and after each write is stored.
"""

import copy
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from st_qbo_assets.domain.errors import RemoteFault, StaleObject
from st_qbo_assets.quickbooks.answers import Answer
from tests.unit.load.clock import FakeClock

Json = dict[str, Any]
NAMED = {"Customer": "DisplayName", "Vendor": "DisplayName", "Employee": "DisplayName", "Item": "Name"}
SALES = ("Invoice", "CreditMemo", "RefundReceipt")
#: What a payment's line may stand for; a Purchase stands for money owed by the customer.
APPLIED_TO = {"Invoice": "Invoice", "CreditMemo": "CreditMemo", "Check": "Purchase", "Expense": "Purchase"}
Mischief = Callable[[str, str, Json], None]


def no_mischief(moment: str, entity: str, body: Json) -> None:
    """Let everything pass."""


@dataclass
class FakeQuickBooks:
    """One realm.

    Attributes:
        mischief: called `before` and `after` each write is stored and at each `read`; what it raises goes up.
        distort: changes an object just before it is stored (QuickBooks keeps something else).
        forgets_after_seconds: how long request ids are remembered.
        refuses_duplicate_numbers: the company's setting behind 6140.
        refuses_paid_moves: whether a paid document cannot be given to another customer; else it is freed.
    """

    clock: FakeClock = field(default_factory=FakeClock)
    mischief: Mischief = no_mischief
    distort: Callable[[str, Json], None] = lambda entity, obj: None
    forgets_after_seconds: float = 600.0
    refuses_duplicate_numbers: bool = True
    refuses_paid_moves: bool = False
    close_date: str = ""
    objects: dict[str, dict[str, Json]] = field(default_factory=dict)
    deposited: set[str] = field(default_factory=set)
    writes: list[tuple[str, str, Json, str]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    _replies: dict[str, tuple[float, Json]] = field(default_factory=dict)
    _last_id: int = 100
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # what the product calls

    def create(self, entity: str, body: Json, request_id: str, *, include: str = "") -> Answer:
        takes_used = include == "allowduplicatedocnum"
        act = lambda: self._created(entity, body, takes_used=takes_used)  # noqa: E731
        return self._write("create", entity, body, request_id, act)

    def update(self, entity: str, body: Json, request_id: str) -> Answer:
        return self._write("update", entity, body, request_id, lambda: self._updated(entity, body))

    def void(self, entity: str, id: str, sync_token: str, request_id: str) -> Answer:  # noqa: A002
        body = {"Id": id, "SyncToken": sync_token}
        return self._write("void", entity, body, request_id, lambda: self._voided(entity, body))

    def read(self, entity: str, id: str) -> Answer:  # noqa: A002
        with self._lock:
            self.reads.append(f"read {entity} {id}")
            self.mischief("read", entity, {})
            return Answer(entity, copy.deepcopy(self._there(entity, id)), "tid-read")

    def query(self, entity: str, where: str = "") -> Iterator[Json]:
        with self._lock:
            self.reads.append(f"query {entity} {where}")
            self.mischief("read", entity, {})
            rows = [copy.deepcopy(row) for row in self.objects.get(entity, {}).values()]
            yield from [row for row in rows if _matches(entity, row, where)]

    # what tests do by hand

    def put(self, entity: str, body: Json) -> Json:
        """Type an object into QuickBooks by hand."""
        return copy.deepcopy(self._created(entity, copy.deepcopy(body)))

    def edit(self, entity: str, qbo_id: str, **fields: Any) -> None:
        """Change an object by hand."""
        obj = self.objects[entity][qbo_id]
        obj.update(fields)
        self._bump(obj)
        self._balance()

    def delete(self, entity: str, qbo_id: str) -> None:
        """Delete an object by hand."""
        self._free(entity, qbo_id, Decimal(0))
        del self.objects[entity][qbo_id]
        self._balance()

    def all(self, entity: str) -> list[Json]:
        return list(self.objects.get(entity, {}).values())

    @property
    def calls(self) -> int:
        return len(self.reads) + len(self.writes)

    # inside

    def _write(
        self, operation: str, entity: str, body: Json, request_id: str, act: Callable[[], Json]
    ) -> Answer:
        with self._lock:
            self.writes.append((operation, entity, copy.deepcopy(body), request_id))
            self.mischief("before", entity, body)
            known = self._replies.get(request_id)
            if known is not None and self.clock() - known[0] < self.forgets_after_seconds:
                stored = known[1]
            else:
                stored = copy.deepcopy(act())
                self._replies[request_id] = (self.clock(), stored)
            self.mischief("after", entity, body)
            return Answer(entity, copy.deepcopy(stored), "tid-write")

    def _created(self, entity: str, body: Json, *, takes_used: bool = False) -> Json:
        self._check(entity, body, None, takes_used=takes_used)
        self._last_id += 1
        obj = {**copy.deepcopy(body), "Id": str(self._last_id), "SyncToken": "0"}
        if entity in NAMED:
            obj.setdefault("Active", True)
        self._store(entity, obj)
        return obj

    def _updated(self, entity: str, body: Json) -> Json:
        obj = self._there(entity, body["Id"])
        if obj["SyncToken"] != body["SyncToken"]:
            raise StaleObject(
                "Stale Object Error", code="5010", detail="You and somebody were working on this"
            )
        if obj["Id"] in self.deposited:
            raise RemoteFault("Deposited Transaction cannot be changed", code="6540")
        new = {**obj, **{key: value for key, value in copy.deepcopy(body).items() if key != "sparse"}}
        self._check(entity, new, obj)
        self._bump(new)
        self._store(entity, new)
        return new

    def _voided(self, entity: str, body: Json) -> Json:
        obj = self._there(entity, body["Id"])
        if obj["SyncToken"] != body["SyncToken"]:
            raise StaleObject("Stale Object Error", code="5010")
        if obj["Id"] in self.deposited:
            raise RemoteFault("Deposited Transaction cannot be changed", code="6540")
        if self.close_date and obj["TxnDate"] <= self.close_date:
            raise RemoteFault("Account Period Closed, Cannot Update Through Services API", code="6210")
        if entity not in ("Invoice", "Payment"):
            raise RemoteFault("Unsupported Operation", code="500", detail="Operation void is not supported.")
        self._free(entity, obj["Id"], Decimal(0))
        obj = self._there(entity, body["Id"])
        note = f"Voided {obj.get('PrivateNote', '')}".strip()
        lines = [{**line, "Amount": Decimal(0)} for line in obj.get("Line", [])] if entity in SALES else []
        new = {
            **obj,
            "PrivateNote": note,
            "Line": lines,
            "TotalAmt": Decimal(0),
            "TxnTaxDetail": {"TotalTax": Decimal(0)},
        }
        self._bump(new)
        self._store(entity, new)
        return new

    def _store(self, entity: str, obj: Json) -> None:
        self.distort(entity, obj)
        if entity in SALES:
            self._total(obj)
        if entity == "Payment":
            obj.setdefault("Line", [])
            obj.setdefault("DepositToAccountRef", {"value": "4"})
        if entity == "Purchase":
            obj["TotalAmt"] = sum((Decimal(line["Amount"]) for line in obj["Line"]), Decimal(0))
        old = self.objects.get(entity, {}).get(obj["Id"])
        touched = self._users_of(old or {}) | self._users_of(obj) if entity == "Payment" else set()
        self.objects.setdefault(entity, {})[obj["Id"]] = obj
        for kind, used_id in touched:
            self._bump(self.objects[kind][used_id])
        if old is not None and entity in ("Invoice", "CreditMemo"):
            is_moved = old["CustomerRef"] != obj["CustomerRef"]
            self._free(entity, obj["Id"], Decimal(0) if is_moved else obj["TotalAmt"])
        self._balance()

    def _balance(self) -> None:
        for kind in ("Invoice", "CreditMemo", "Purchase"):
            for obj in self.all(kind):
                obj["Balance"] = obj["TotalAmt"] - self._paid(kind, obj["Id"])
                obj["LinkedTxn"] = [
                    {"TxnId": payment["Id"], "TxnType": "Payment"}
                    for payment in self.all("Payment")
                    if (kind, obj["Id"]) in self._users_of(payment)
                ]
        for payment in self.all("Payment"):
            applied = Decimal(0)
            for line in payment["Line"]:
                sign = -1 if line["LinkedTxn"][0]["TxnType"] == "CreditMemo" else 1
                applied += sign * Decimal(line["Amount"])
            payment["UnappliedAmt"] = Decimal(payment["TotalAmt"]) - applied

    def _free(self, entity: str, qbo_id: str, most: Decimal) -> None:
        """Let go of payments, the newest first, until no more than so much is applied."""
        over = self._paid(entity, qbo_id) - most
        for payment in reversed(self.all("Payment")):
            kept = []
            for line in payment["Line"]:
                linked = line["LinkedTxn"][0]
                cut = Decimal(0)
                if (APPLIED_TO[linked["TxnType"]], linked["TxnId"]) == (entity, qbo_id):
                    cut = max(Decimal(0), min(over, Decimal(line["Amount"])))
                over -= cut
                if cut:
                    self._bump(payment)
                if cut < Decimal(line["Amount"]):
                    kept.append({**line, "Amount": Decimal(line["Amount"]) - cut})
            payment["Line"] = kept

    def _total(self, obj: Json) -> None:
        lines = [line for line in obj.get("Line", []) if line.get("DetailType") != "SubTotalLineDetail"]
        subtotal = sum((Decimal(line["Amount"]) for line in lines), Decimal(0))
        tax = Decimal(obj.get("TxnTaxDetail", {}).get("TotalTax", 0))
        obj["TxnTaxDetail"] = {**obj.get("TxnTaxDetail", {}), "TotalTax": tax}
        obj["TotalAmt"] = (subtotal + tax).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        obj["Line"] = [
            *lines,
            {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ]

    def _check(self, entity: str, obj: Json, old: Json | None, *, takes_used: bool = False) -> None:
        if entity in NAMED:
            self._check_name(entity, obj)
        if self.close_date and entity not in NAMED:
            days = [each["TxnDate"] for each in (obj, old) if each and "TxnDate" in each]
            if any(day <= self.close_date for day in days):
                raise RemoteFault("Account Period Closed, Cannot Update Through Services API", code="6210")
        for field_, entity_ in (("CustomerRef", "Customer"), ("ItemRef", "Item")):
            self._check_references(obj, field_, entity_)
        is_new_number = old is None or old.get("DocNumber") != obj.get("DocNumber")
        is_checked = self.refuses_duplicate_numbers and is_new_number and not takes_used
        if entity in SALES and is_checked and obj.get("DocNumber"):
            self._check_number(entity, obj)
        if entity == "Payment":
            self._check_payment(obj)
        is_moved = old is not None and old.get("CustomerRef") != obj.get("CustomerRef")
        if self.refuses_paid_moves and is_moved and self._paid(entity, obj["Id"]):
            raise RemoteFault("Business", code="6000", detail="The transaction has payments linked to it.")

    def _check_name(self, entity: str, obj: Json) -> None:
        lists = ["Item"] if entity == "Item" else ["Customer", "Vendor", "Employee"]
        name = str(obj[NAMED[entity]]).strip().casefold()
        for other_entity in lists:
            for other in self.all(other_entity):
                taken = str(other[NAMED[other_entity]]).strip().casefold()
                if taken == name and other["Id"] != obj.get("Id"):
                    raise RemoteFault(
                        "Duplicate Name Exists Error", code="6240", detail="The name supplied already exists."
                    )

    def _check_references(self, obj: Any, field_: str, entity: str) -> None:
        for value in _values_of(obj, field_):
            found = self.objects.get(entity, {}).get(str(value))
            if found is None or found.get("Active") is False:
                raise RemoteFault(
                    "Invalid Reference Id", code="2500", detail=f"{field_} {value} has been made inactive"
                )

    def _check_number(self, entity: str, obj: Json) -> None:
        for other in self.all(entity):
            if other.get("DocNumber") == obj["DocNumber"] and other["Id"] != obj.get("Id"):
                detail = (
                    "You must specify a different number. This number has already been used. "
                    f"DocNumber={obj['DocNumber']} is assigned to TxnType={entity} with TxnId={other['Id']}"
                )
                raise RemoteFault("Duplicate Document Number Error", code="6140", detail=detail)

    def _check_payment(self, obj: Json) -> None:
        applied = Decimal(0)
        for line in obj.get("Line", []):
            linked, amount = line["LinkedTxn"][0], Decimal(line["Amount"])
            entity = APPLIED_TO[linked["TxnType"]]
            used = self._there(entity, linked["TxnId"])
            others = self._paid(entity, used["Id"]) - self._paid(entity, used["Id"], only=obj.get("Id", ""))
            owner = used["EntityRef"] if entity == "Purchase" else used["CustomerRef"]
            if owner["value"] != obj["CustomerRef"]["value"]:
                raise RemoteFault("Transaction cannot be linked", code="620")
            if amount > used["TotalAmt"] - others:
                raise RemoteFault(
                    "A business validation error has occurred",
                    code="6000",
                    detail="Amount exceeds the open balance",
                )
            applied += -amount if entity == "CreditMemo" else amount
        if not Decimal(obj["TotalAmt"]) and not obj.get("Line"):
            raise RemoteFault("Business", code="6000", detail="You must set a transaction amount.")
        if applied > Decimal(obj["TotalAmt"]):
            raise RemoteFault("Business", code="6000", detail="More is applied than the payment has.")

    def _paid(self, entity: str, qbo_id: str, *, only: str | None = None) -> Decimal:
        return sum(
            (
                Decimal(line["Amount"])
                for payment in self.all("Payment")
                if only is None or payment["Id"] == only
                for line in payment["Line"]
                if (APPLIED_TO[line["LinkedTxn"][0]["TxnType"]], line["LinkedTxn"][0]["TxnId"])
                == (entity, qbo_id)
            ),
            Decimal(0),
        )

    def _users_of(self, payment: Json) -> set[tuple[str, str]]:
        """The documents that a payment is applied to."""
        links = [line["LinkedTxn"][0] for line in payment.get("Line", []) if line.get("LinkedTxn")]
        return {(APPLIED_TO[link["TxnType"]], link["TxnId"]) for link in links}

    def _there(self, entity: str, qbo_id: str) -> Json:
        try:
            return self.objects.get(entity, {})[str(qbo_id)]
        except KeyError:
            detail = "Object Not Found : Another user has deleted this transaction."
            raise RemoteFault("Object Not Found", code="610", detail=detail) from None

    @staticmethod
    def _bump(obj: Json) -> None:
        obj["SyncToken"] = str(int(obj["SyncToken"]) + 1)


def _values_of(value: Any, field_: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == field_:
                yield inner["value"]
            yield from _values_of(inner, field_)
    elif isinstance(value, list):
        for inner in value:
            yield from _values_of(inner, field_)


_TERM = re.compile(r"(\w+)\s*(=|IN)\s*(\((?:[^()']|'(?:[^'\\]|\\.)*')*\)|'(?:[^'\\]|\\.)*')", re.IGNORECASE)
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'|(true|false)", re.IGNORECASE)


def _matches(entity: str, row: Json, where: str) -> bool:
    terms = _TERM.findall(where)
    if entity in NAMED and not any(name == "Active" for name, _, _ in terms) and row.get("Active") is False:
        return False
    return all(_value(row, name) in _options(raw) for name, _, raw in terms)


def _options(raw: str) -> set[str]:
    return {re.sub(r"\\(.)", r"\1", quoted or bare).casefold() for quoted, bare in _TEXT.findall(raw)}


def _value(row: Json, name: str) -> str:
    value = row.get(name)
    value = value["value"] if isinstance(value, dict) else value
    return str(value).casefold()
