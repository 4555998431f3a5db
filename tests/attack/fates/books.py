"""What the books are: QuickBooks' own objects, read as the documents of ServiceTitan's records.

What belongs here: which record a document carries, what it posts, what it pays. What does not: what it
should be (`rulebook`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.attack.fates.shapes import Part, Piece, Record, record_of

Json = dict[str, Any]
State = Mapping[str, list[Json]]

_MARK = re.compile(r"ServiceTitan (invoice|payment|credit memo) (\d+)(/[a-z_]+)?(?!\w)")
_MONEY = ("Invoice", "CreditMemo", "Payment", "Purchase", "RefundReceipt", "Deposit", "JournalEntry")
_SALES = {"Invoice": 1, "CreditMemo": -1, "RefundReceipt": -1, "SalesReceipt": 1}


@dataclass(frozen=True)
class Document:
    """One document of QuickBooks.

    Attributes:
        key: `Invoice 12`.
        parts: the markers it carries.
        piece: what it is; its part is the first marker, or its key.
        is_live: whether it still does anything; a voided one does not.
        raw: as the sandbox holds it.
    """

    key: str
    parts: tuple[Part, ...]
    piece: Piece
    is_live: bool
    raw: Json


class Books:
    """Everything QuickBooks holds at one moment."""

    def __init__(self, state: State) -> None:
        self._accounts = {doc["Id"]: doc.get("AcctNum", doc["Name"]) for doc in state["Account"]}
        self._names = {doc["Id"]: doc["DisplayName"] for doc in state["Customer"]}
        #: Names of all customers.
        self.customers = sorted(self._names.values())
        self._income = {
            doc["Id"]: doc["IncomeAccountRef"]["value"] for doc in state["Item"] if "IncomeAccountRef" in doc
        }
        self._receivable = next(
            doc["Id"] for doc in state["Account"] if doc["AccountType"] == "Accounts Receivable"
        )
        self._undeposited = next(
            doc["Id"] for doc in state["Account"] if doc.get("AccountSubType") == "UndepositedFunds"
        )
        self._tax = next(
            doc["Id"] for doc in state["Account"] if doc.get("AccountSubType") == "SalesTaxPayable"
        )
        self._raw = {(name, doc["Id"]): doc for name in _MONEY for doc in state[name]}
        self._parts = {key: _parts(doc) for key, doc in self._raw.items()}
        self.documents = [self._document(name, doc) for (name, _), doc in self._raw.items()]

    def by_record(self) -> dict[Record, list[Document]]:
        """Return the live documents of every record."""
        found: dict[Record, list[Document]] = defaultdict(list)
        for document in self.documents:
            for part in document.parts:
                if document.is_live:
                    found[record_of(part)].append(document)
        return found

    def _document(self, name: str, doc: Json) -> Document:
        parts = self._parts[name, doc["Id"]]
        key = f"{name} {doc['Id']}"
        postings = {k: amount for k, amount in self._postings(name, doc).items() if amount}
        pays = self._pays(doc) if name == "Payment" else {}
        piece = Piece(
            parts[0] if parts else key, name, doc["TxnDate"], postings, pays, doc.get("DocNumber", "")
        )
        return Document(key, parts, piece, bool(postings or pays), doc)

    def _postings(self, name: str, doc: Json) -> Counter[tuple[str, str]]:
        posts: Counter[tuple[str, str]] = Counter()
        if name in _SALES:
            self._post_sale(posts, name, doc)
        elif name == "Payment":
            self._post(posts, doc["DepositToAccountRef"]["value"] if _cents(doc["TotalAmt"]) else "", doc, 1)
            self._post_receivable(posts, doc, -_cents(doc["TotalAmt"]))
        elif name == "Purchase":
            self._post(posts, doc["AccountRef"]["value"], doc, -1)
            self._post_receivable(posts, {"CustomerRef": doc["EntityRef"]}, _cents(doc["TotalAmt"]))
        elif name == "Deposit":
            self._post(posts, doc["DepositToAccountRef"]["value"], doc, 1)
            self._post(posts, self._undeposited, doc, -1)
        return posts

    def _post(self, posts: Counter[tuple[str, str]], account: str, doc: Json, sign: int) -> None:
        if _cents(doc["TotalAmt"]):
            posts[self._accounts[account], ""] += sign * _cents(doc["TotalAmt"])

    def _post_receivable(self, posts: Counter[tuple[str, str]], doc: Json, amount: int) -> None:
        posts[self._accounts[self._receivable], self._names.get(doc["CustomerRef"]["value"], "?")] += amount

    def _post_sale(self, posts: Counter[tuple[str, str]], name: str, doc: Json) -> None:
        sign = _SALES[name]
        for line in doc["Line"]:
            if line["DetailType"] == "SalesItemLineDetail":
                item = line["SalesItemLineDetail"]["ItemRef"]["value"]
                posts[self._accounts[self._income[item]], ""] -= sign * _cents(line["Amount"])
        posts[self._accounts[self._tax], ""] -= sign * _cents(_tax_of(doc))
        if name == "RefundReceipt":
            self._post(posts, doc["DepositToAccountRef"]["value"], doc, sign)
        else:
            self._post_receivable(posts, doc, sign * _cents(doc["TotalAmt"]))

    def _pays(self, doc: Json) -> dict[Part, int]:
        pays: Counter[Part] = Counter()
        for line in doc.get("Line", ()):
            link = line["LinkedTxn"][0]
            name = link["TxnType"] if link["TxnType"] in _MONEY else "Purchase"
            parts = self._parts.get((name, link["TxnId"]), ())
            pays[parts[0] if parts else f"{name} {link['TxnId']}"] += _cents(line["Amount"])
        return dict(pays)


def _tax_of(doc: Json) -> object:
    detail: Json | None = doc.get("TxnTaxDetail")
    return detail.get("TotalTax") if detail else None


def is_deposited(document: Document) -> bool:
    """Say whether a document lies on a bank deposit, and so is frozen."""
    return any(link["TxnType"] == "Deposit" for link in document.raw.get("LinkedTxn", ()))


def _parts(doc: Json) -> tuple[Part, ...]:
    found = _MARK.findall(doc.get("PrivateNote") or "")
    return tuple(f"{kind}:{id_}{part}" for kind, id_, part in found)


def _cents(value: object) -> int:
    return int(Decimal(str(value or 0)) * 100)
