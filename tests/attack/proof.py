"""What must be true of the books, read from the two sandboxes' own state.

What belongs here: an own reading of what is due and of what was booked, sharing nothing with the product's
gate, markers or tie-out. What does not: how the books came to be (the tests).
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from tests.attack.world import World

Doc = dict[str, Any]
#: What the demo's company file books; everything else of ours would be one too many.
_BOOKED = {"invoices": "Invoice", "payments": "Payment"}
_MARK = re.compile(r"\bServiceTitan (invoice|payment) (\d+)\b")
#: Of no meaning to a reader of the books: what depends on when and in which order things were written.
_INCIDENTAL = frozenset(
    {"Id", "SyncToken", "MetaData", "time", "LineNum", "LineEx", "TxnId", "TaxRateRef", "value"}
)


def problems(world: World, *days: str) -> list[str]:
    """Return every way in which QuickBooks is not what ServiceTitan says of these days; none is right."""
    servicetitan, quickbooks = world.state("servicetitan"), world.state()
    due = {
        (kind[:-1], str(doc["id"])): doc
        for kind in _BOOKED
        for doc in servicetitan[kind]
        if _date(doc) in days and _is_due(doc, servicetitan)
    }
    marked: dict[tuple[str, str], list[Doc]] = defaultdict(list)
    found: list[str] = []
    for target in _BOOKED.values():
        for doc in quickbooks[target]:
            sources = set(_MARK.findall(doc.get("PrivateNote") or ""))
            if len(sources) > 1:
                found.append(f"{target} {doc['Id']} carries {sorted(sources)}")
            for source in sources:
                marked[source].append(doc)
            if not sources and doc["Id"] not in world.before[target]:
                found.append(f"{target} {doc['Id']} was written without a marker")
    found += [f"{source} is booked {len(docs)} times" for source, docs in marked.items() if len(docs) > 1]
    found += [f"{source} is booked and not due" for source in marked if source not in due]
    for source, doc in due.items():
        booked = marked.get(source) or _typed_by_hand(source, doc, quickbooks)
        if booked:
            found += [f"{source}: {said}" for said in _differences(source[0], doc, booked[0], quickbooks)]
        else:
            found.append(f"{source} is not booked")
    return found


def duplicates(world: World) -> list[str]:
    """Return what is booked more than once."""
    return [said for said in problems(world) if said.endswith(" times")]


def count(world: World, target: str) -> int:
    """Return how many documents of ours QuickBooks holds."""
    return sum(1 for doc in world.state()[target] if _MARK.search(doc.get("PrivateNote") or ""))


def canonical(world: World) -> dict[str, list[str]]:
    """Return the books in a form in which two histories of the same business are equal."""
    state = world.state()
    numbers = {
        (target, doc["Id"]): doc.get("DocNumber") or doc.get("PrivateNote") or ""
        for target in (*_BOOKED.values(), "CreditMemo", "Deposit")
        for doc in state[target]
    }
    return {
        entity: sorted(json.dumps(_plain(doc, numbers), sort_keys=True, default=str) for doc in state[entity])
        for entity in ("Invoice", "Payment", "CreditMemo", "Customer", "Item", "Account")
    }


def contrast(books: Mapping[str, list[str]], expected: Mapping[str, list[str]]) -> list[str]:
    """Return what one set of canonical books has otherwise than another, field by field."""
    found: list[str] = []
    for entity in expected:
        ours = [json.loads(each) for each in sorted(set(books[entity]) - set(expected[entity]))]
        theirs = [json.loads(each) for each in sorted(set(expected[entity]) - set(books[entity]))]
        for one, other in zip_longest(ours, theirs, fillvalue={}):
            fields = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
            told = {key: (one.get(key), other.get(key)) for key in fields[:3]}
            found.append(f"{entity} differs in {', '.join(fields)}: {told}"[:600])
    return found


def marked_doc(world: World, kind: str, source_id: object) -> Doc:
    """Return the one QuickBooks document of a ServiceTitan document."""
    wanted = (kind, str(source_id))
    target = _BOOKED[f"{kind}s"]
    docs = [d for d in world.state()[target] if wanted in _MARK.findall(d.get("PrivateNote") or "")]
    assert len(docs) == 1, f"{wanted} is booked {len(docs)} times"
    return docs[0]


def marked_docs(world: World, note: str) -> list[Doc]:
    """Return the invoices that carry a note."""
    return [doc for doc in world.state()["Invoice"] if doc.get("PrivateNote") == note]


def due_documents(world: World, kind: str, day: str) -> list[Doc]:
    """Return the documents of a day that are to be booked, and are not typed in by hand already."""
    servicetitan, quickbooks = world.state("servicetitan"), world.state()
    return [
        doc
        for doc in servicetitan[kind]
        if _date(doc) == day
        and _is_due(doc, servicetitan)
        and not _typed_by_hand((kind[:-1], str(doc["id"])), doc, quickbooks)
    ]


def amount(value: object) -> Decimal:
    """Return an amount of either vendor."""
    return Decimal(str(value))


def _date(doc: Doc) -> str:
    return str(doc.get("invoiceDate") or doc.get("date") or "")[:10]


def _is_due(doc: Doc, servicetitan: Mapping[str, list[Doc]]) -> bool:
    if not doc["active"] or Decimal(doc["total"]) == 0 or doc["syncStatus"] == "Exported":
        return False
    job = doc.get("job")
    if not job:
        return True
    status = next(each["jobStatus"] for each in servicetitan["jobs"] if each["id"] == job["id"])
    return status == "Completed"


def _typed_by_hand(source: tuple[str, str], doc: Doc, quickbooks: Mapping[str, list[Doc]]) -> list[Doc]:
    """Return the invoice that a bookkeeper had typed before, under the same number and date."""
    if source[0] != "invoice":
        return []
    return [
        each
        for each in quickbooks["Invoice"]
        if each.get("DocNumber") == doc["referenceNumber"]
        and each["TxnDate"] == _date(doc)
        and not _MARK.search(each.get("PrivateNote") or "")
    ]


def _differences(kind: str, doc: Doc, booked: Doc, quickbooks: Mapping[str, list[Doc]]) -> Iterable[str]:
    pairs: list[tuple[str, object, object]] = [
        ("date", _date(doc), booked["TxnDate"]),
        ("total", Decimal(doc["total"]), Decimal(booked["TotalAmt"])),
    ]
    if kind == "invoice":
        tax = (booked.get("TxnTaxDetail") or {}).get("TotalTax", 0)
        pairs += [
            ("tax", Decimal(doc["salesTax"]), Decimal(tax)),
            ("balance", Decimal(doc["balance"]), Decimal(booked["Balance"])),
        ]
    else:
        applied = Counter({str(row["appliedTo"]): Decimal(row["appliedAmount"]) for row in doc["appliedTo"]})
        numbers = {each["Id"]: each for each in quickbooks["Invoice"]}
        in_books: Counter[str] = Counter()
        for line in booked.get("Line", ()):
            for linked in line.get("LinkedTxn", ()):
                if linked["TxnType"] == "Invoice":
                    in_books[numbers[linked["TxnId"]]["DocNumber"]] += Decimal(line["Amount"])
        pairs.append(("applied", sorted(applied.values()), sorted(in_books.values())))
    for name, ours, theirs in pairs:
        if ours != theirs:
            yield f"{name} is {ours} in ServiceTitan and {theirs} in QuickBooks"


def _plain(value: Any, numbers: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(value, Mapping):
        plain = {key: _plain(item, numbers) for key, item in value.items() if key not in _INCIDENTAL}
        if "TxnId" in value:
            plain["TxnId"] = numbers.get((value.get("TxnType", ""), value["TxnId"]), "")
        if "value" in value and "name" not in value:
            plain["value"] = value["value"]
        return plain
    if isinstance(value, list):
        items = [_plain(item, numbers) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return value
