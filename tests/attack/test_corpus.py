"""A corpus of differences: every kind planted once, found, and called what it is; nothing else is.

One company is loaded green; then people act in both products, each on a document of its own, by the
sandbox's own controls. Some acts need a load to become what they are (held, refused, blocked); others are
made behind its back. At the end all days are compared once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from st_qbo_assets.books.causes import BY_NAME, Kind
from tests.attack import proof
from tests.attack.proof import Doc
from tests.attack.world import Arena, Session, World

#: Two days that get closed, one that is open, and the last, which alone is loaded once more at the end.
FIRST, CLOSED, OPEN, LAST = "2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12"
AFTER = "2026-03-13"
_DAYS = (FIRST, CLOSED, OPEN, LAST)
#: What no document may be called, and what no day may be.
_NEVER = {"unexplained", "figures_do_not_add_up"}
_COMPANY: Mapping[str, Any] = {
    "payment_types": {
        "Bad Debt Write-Off": {"becomes": "write_off", "item": "Bad debt"},
        "Refund (Check)": {"becomes": "payment", "deposit_to": "10100"},
    },
    "business_units": {"exclude": ["Franchise"]},
    "closed_period": "next_open_day",
    "closed_period_edits": "hold",
}


@dataclass
class Corpus:
    """What was planted.

    Attributes:
        expected: record, or QuickBooks document of nobody → the cause it must have.
        followers: records whose difference follows from one that was planted.
    """

    world: World
    expected: dict[str, str] = field(default_factory=dict)
    followers: set[str] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: count(1))
    _customers: list[Doc] = field(default_factory=list)
    _line: Doc = field(default_factory=dict)

    def __post_init__(self) -> None:
        state = self.world.state("servicetitan")
        self._customers = [doc for doc in state["customers"] if doc["active"]][::-1]
        items = [item for doc in state["invoices"] for item in doc["items"]]
        like = next(item for item in items if not item["taxable"] and item["type"] == "Service")
        self._line = {key: like[key] for key in ("skuId", "generalLedgerAccount")} | {"quantity": 1}

    # ServiceTitan

    def act(self, act: str, **given: Any) -> Doc:
        """Act as a person of the contractor's office."""
        return self.world.act("servicetitan", act, **given)

    def invoice(
        self, day: str, *, unit: int = 301, line: Mapping[str, Any] | None = None, **more: Any
    ) -> Doc:
        """Enter an invoice of a customer and an amount that no other has."""
        number = next(self._numbers)
        row = {**self._line, "price": f"{100 + number}.00", **(line or {})}
        customer = more.pop("customer_id", None) or self._customers.pop()["id"]
        given = {"customer_id": customer, "business_unit_id": unit, "date": day, "number": f"C-{number}"}
        return self.act("add_invoice", **given | more, lines=[row])

    def change(self, invoice: Doc, **fields: Any) -> None:
        """Change fields of an invoice."""
        self.act("update", resource="invoices", id=invoice["id"], set=fields)

    def reprice(self, invoice: Doc, by: str) -> None:
        """Change the price of its line."""
        item = invoice["items"][0]
        price = str(proof.amount(item["price"]) + proof.amount(by))
        self.change(invoice, items=[{"id": item["id"], "price": price}])

    def pay(self, invoice: Doc, *, more: str = "0.00", day: str = "") -> Doc:
        """Pay an invoice in full, or more than that."""
        total = proof.amount(invoice["total"])
        splits = [{"invoice_id": invoice["id"], "amount": str(total)}]
        amount = str(total + proof.amount(more))
        return self.act("add_payment", type="Check", amount=amount, splits=splits, date=day or _day(invoice))

    # QuickBooks

    def there(self, act: str, **given: Any) -> Doc:
        """Act as a bookkeeper."""
        return self.world.act("quickbooks", act, **given)

    def booked(self, marker: str, target: str = "Invoice") -> Doc:
        """Return the document of QuickBooks with a marker."""
        docs = [
            doc for doc in self.world.state()[target] if doc.get("PrivateNote") == f"ServiceTitan {marker}"
        ]
        assert len(docs) == 1, f"{marker} stands in {len(docs)} {target}"
        return docs[0]

    def type_like(self, doc: Doc, *, amount: object, **more: Any) -> Doc:
        """Type an invoice for the customer and item of another."""
        lines = [{"item": doc["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"], "amount": str(amount)}]
        customer = doc["CustomerRef"]["value"]
        return self.there("type_invoice", customer=customer, lines=lines, **{"date": OPEN, **more})["Invoice"]

    # What is to be found

    def expect(self, cause: str, record: str, *followers: str) -> None:
        """Note what a record must be called, and what may follow from it."""
        assert record not in self.expected
        self.expected[record] = cause
        self.followers |= set(followers)


def _day(invoice: Doc) -> str:
    return str(invoice["invoiceDate"])[:10]


def _ref(kind: str, record: Doc) -> str:
    return f"{kind}:{record['id']}"


@pytest.mark.rule("6.1", "6.2", "6.3", "6.4", "11")
def test_every_kind_of_difference_is_found_and_called_what_it_is(arena: Arena) -> None:
    with arena.world(seed=7, days=4, invoices_per_day=9) as world:
        corpus = Corpus(world)
        with world.session(_COMPANY) as session:
            base = _base(corpus)
            run = session.materialize(*_DAYS)
            assert run.is_green, run.failures
            before = world.log_end()
            assert session.materialize(*_DAYS, only=["books/tie_out"]).is_green
            assert _alarms(session) == {}
            assert len(_metered(world, since=before)) <= 5
            _accept(corpus, base)
            assert session.prove("drift").success
        _loads(corpus, base)
        _behind_the_loads_back(corpus, base)
        with world.session(_COMPANY) as session:
            session.materialize(*_DAYS, only=["books/tie_out"])
            found = _causes(session)
            # A document may stand on another day than its record: any range calls it the same.
            for days in ([FIRST], [CLOSED], [OPEN, LAST]):
                session.materialize(*days, only=["books/tie_out"])
            found_apart = _causes(session)
        _check(corpus, found)
        _check(corpus, found_apart)


def _base(corpus: Corpus) -> dict[str, Doc]:
    """Enter one clean document for each thing that is to happen to one later."""
    on_open = (
        *("edited", "deleted", "voided", "copied", "looked_like", "paid_by_hand", "unapplied", "accepted"),
        *("amount", "tax", "customer", "account", "cents", "date", "kind", "removed", "gate", "exported"),
        *("left", "unreadable", "contradicting", "credited", "credited_there", "written_off", "overpaid"),
        *("changed", "refunded", "unmarked", "paid_later"),
    )
    base = {name: corpus.invoice(OPEN) for name in on_open}
    base |= {"moved": corpus.invoice(LAST), "touched": corpus.invoice(LAST)}
    base |= {"shut": corpus.invoice(CLOSED), "adjusted": corpus.invoice(FIRST)}
    base["paid"] = corpus.pay(base["unapplied"])
    base["payment_over"] = corpus.pay(base["overpaid"], more="30.00")
    base["payment_refunded"] = corpus.pay(base["refunded"], more="75.00")
    base["refund"] = corpus.act(
        "refund_payment", id=base["payment_refunded"]["id"], amount="75.00", type="Refund (Check)", date=OPEN
    )
    memo_line = {**corpus._line, "price": "20.00"}
    base["memo"] = corpus.act(
        "add_credit_memo",
        customer_id=base["credited"]["customer"]["id"],
        business_unit_id=301,
        date=OPEN,
        lines=[memo_line],
        splits=[{"invoice_id": base["credited"]["id"], "amount": "20.00"}],
    )
    base["write_off"] = corpus.act(
        "write_off", invoice_id=base["written_off"]["id"], type="Bad Debt Write-Off", date=OPEN
    )
    return base


def _accept(corpus: Corpus, base: dict[str, Doc]) -> None:
    """Change a date in QuickBooks that the next load accepts."""
    doc = corpus.booked(f"invoice {base['accepted']['id']}")
    corpus.there("change_date", id=doc["Id"], date=LAST)
    corpus.expect("accepted_edit", _ref("invoice", base["accepted"]))


def _loads(corpus: Corpus, base: dict[str, Doc]) -> None:
    """Plant what a load makes what it is, and load."""
    world = corpus.world
    corpus.there("close_books", date=FIRST)
    corpus.reprice(base["adjusted"], "-10.00")
    corpus.expect("adjusted_in_open_period", _ref("invoice", base["adjusted"]))
    with world.session({**_COMPANY, "closed_period_edits": "adjust"}) as session:
        session.ask("refresh")
        session.materialize(FIRST)
    corpus.there("close_books", date=CLOSED)
    _before_the_load(corpus, base)
    with world.session({**_COMPANY, "drift": "accept"}) as session:
        session.ask("refresh")
        session.materialize(CLOSED, OPEN, LAST)
    planned = corpus.invoice(OPEN)
    corpus.expect("nothing_written", _ref("invoice", planned))
    with world.session({**_COMPANY, "mode": "preview"}) as session:
        session.materialize(OPEN)
    _behind_the_back_of_all_but_the_last_day(corpus, base)
    failing = corpus.invoice(LAST)
    corpus.expect("transient_failure", _ref("invoice", failing))
    corpus.act("touch", resource="invoices", id=base["touched"]["id"])
    world.faults({"kind": "http_503_html", "half": "quickbooks", "method": "POST", "path": "*/invoice"})
    with world.session(_COMPANY) as session:
        session.materialize(LAST)
    world.faults()


def _before_the_load(corpus: Corpus, base: dict[str, Doc]) -> None:
    nowhere = {"id": 1, "name": "Nowhere", "number": "99999", "type": "Income", "detailType": "Other"}
    held = corpus.invoice(LAST, line={"generalLedgerAccount": nowhere})
    corpus.expect("held", _ref("invoice", held))
    corpus.expect("payment_of_held_invoice", _ref("payment", corpus.pay(held)))
    rejected = corpus.invoice(LAST)
    corpus.act("update", resource="invoices", id=rejected["id"], set={"subTotal": "7.00"}, totals="as given")
    corpus.expect("rejected", _ref("invoice", rejected))
    waiting = corpus.invoice(LAST, set={"reviewStatus": "OnHold", "syncStatus": "Pending"})
    corpus.expect("not_yet_due", _ref("invoice", waiting))
    exported = corpus.invoice(LAST)
    corpus.act("export", id=exported["id"], external_id="QB-1")
    corpus.expect("exported_elsewhere", _ref("invoice", exported))
    franchise = corpus.act("add", resource="business-units", record={"name": "Franchise"})
    base["franchise"] = franchise
    elsewhere = corpus.invoice(LAST, unit=franchise["id"])
    _move_unit(corpus, elsewhere, franchise)
    corpus.expect("out_of_scope", _ref("invoice", elsewhere))
    opening = corpus.invoice(LAST, set={"invoiceConfiguration": "ARImportInvoice"})
    corpus.expect("never_posts", _ref("invoice", opening))
    corpus.expect("booked_on_another_day", _ref("invoice", corpus.invoice(CLOSED)))
    corpus.reprice(base["shut"], "5.00")
    corpus.expect("closed_period", _ref("invoice", base["shut"]))
    # Nobody can say whether the two are one: nothing agrees but the name, and nothing contradicts.
    corpus.there("create", entity="Customer", body={"DisplayName": "Quill, Barnaby"})
    stranger = corpus.act("add", resource="customers", record={"name": "Quill, Barnaby"})
    corpus.expect("blocked", _ref("invoice", corpus.invoice(LAST, customer_id=stranger["id"])))
    _typed_by_hand(corpus, base)
    _credited_in_quickbooks(corpus, base)


def _move_unit(corpus: Corpus, invoice: Doc, unit: Doc) -> None:
    named = {"id": unit["id"], "name": unit["name"]}
    rows = [{"id": item["id"], "businessUnit": named} for item in invoice["items"]]
    corpus.change(invoice, businessUnit=named, items=rows)


def _typed_by_hand(corpus: Corpus, base: dict[str, Doc]) -> None:
    """A bookkeeper typed two invoices before ours came: one agrees, of one the total differs."""
    like = corpus.booked(f"invoice {base['unmarked']['id']}")
    customer = base["unmarked"]["customer"]["id"]
    differing = corpus.invoice(LAST, customer_id=customer, number="HAND-1")
    typed = corpus.type_like(like, amount="7.77", number="HAND-1", date=LAST)
    corpus.expect("not_yet_linked", f"Invoice {typed['Id']}", _ref("invoice", differing))
    for number, day in (("HAND-2", LAST), ("HAND-3", OPEN)):
        agreeing = corpus.invoice(day, customer_id=customer, number=number)
        corpus.type_like(like, amount=agreeing["total"], number=number, date=day)
        base[number] = agreeing
    corpus.expect("adopted", _ref("invoice", base["HAND-2"]))


def _credited_in_quickbooks(corpus: Corpus, base: dict[str, Doc]) -> None:
    """A bookkeeper gave a credit on an invoice, which ServiceTitan's customer then paid in full."""
    doc = corpus.booked(f"invoice {base['credited_there']['id']}")
    item = {"ItemRef": doc["Line"][0]["SalesItemLineDetail"]["ItemRef"]}
    line = {"Amount": 25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    body = {"CustomerRef": doc["CustomerRef"], "TxnDate": OPEN, "Line": [line]}
    memo = corpus.there("create", entity="CreditMemo", body=body)["CreditMemo"]
    tie = corpus.there("apply_credit", invoice=doc["Id"], credit_memo=memo["Id"])["Payment"]
    corpus.expect("entered_by_hand", f"CreditMemo {memo['Id']}")
    corpus.expect("credit_applied_in_quickbooks", f"Payment {tie['Id']}")
    paid = corpus.pay(base["credited_there"], day=LAST)
    corpus.expect("unapplied_credit", _ref("payment", paid), _ref("invoice", base["credited_there"]))


def _behind_the_back_of_all_but_the_last_day(corpus: Corpus, base: dict[str, Doc]) -> None:
    """Change documents in ServiceTitan on a day that is not loaded again, as if a load had missed them."""
    # Older than what the last load reads, and of a day that is never loaded.
    corpus.pay(base["paid_later"], day=AFTER)
    corpus.expect("changed_since_load", _ref("invoice", base["paid_later"]))
    corpus.reprice(base["amount"], "10.00")
    corpus.expect("wrong_amount", _ref("invoice", base["amount"]))
    corpus.reprice(base["cents"], "0.01")
    corpus.expect("rounding", _ref("invoice", base["cents"]))
    corpus.change(base["tax"], salesTax="3.21")
    corpus.expect("wrong_tax", _ref("invoice", base["tax"]))
    other = base["edited"]["customer"]["id"]
    corpus.act("change_customer", id=base["customer"]["id"], customer_id=other)
    corpus.expect("wrong_customer", _ref("invoice", base["customer"]))
    account = {"id": 2, "name": "Plumbing Service Income", "number": "42100", "type": "Income"}
    item = base["account"]["items"][0]
    corpus.change(base["account"], items=[{"id": item["id"], "generalLedgerAccount": account}])
    corpus.expect("wrong_income_account", _ref("invoice", base["account"]))
    corpus.act("move_date", id=base["date"]["id"], date=AFTER)
    corpus.expect("wrong_date", _ref("invoice", base["date"]))
    corpus.reprice(base["kind"], "-500.00")
    corpus.expect("wrong_kind", _ref("invoice", base["kind"]))
    corpus.act("delete", resource="invoices", id=base["removed"]["id"])
    corpus.expect("removed_in_servicetitan", _ref("invoice", base["removed"]))
    corpus.change(base["gate"], reviewStatus="OnHold", syncStatus="Pending")
    corpus.expect("gate_closed_again", _ref("invoice", base["gate"]))
    corpus.act("export", id=base["exported"]["id"], external_id="QB-2")
    corpus.expect("exported_after_posting", _ref("invoice", base["exported"]))
    _move_unit(corpus, base["left"], base["franchise"])
    corpus.expect("left_scope", _ref("invoice", base["left"]))
    corpus.act(
        "update", resource="invoices", id=base["unreadable"]["id"], set={"total": "much"}, totals="as given"
    )
    corpus.expect("unreadable", _ref("invoice", base["unreadable"]))
    wrong = {"balance": "1.00"}
    corpus.act("update", resource="invoices", id=base["contradicting"]["id"], set=wrong, totals="as given")
    corpus.expect("contradicts_itself", _ref("invoice", base["contradicting"]))
    corpus.act("move_date", id=base["HAND-3"]["id"], date="2025-12-01")
    corpus.expect("before_start", _ref("invoice", base["HAND-3"]))


def _behind_the_loads_back(corpus: Corpus, base: dict[str, Doc]) -> None:
    """Act in both products after the last load."""
    corpus.reprice(base["changed"], "12.00")
    corpus.expect("changed_since_load", _ref("invoice", base["changed"]))
    corpus.act("move_date", id=base["moved"]["id"], date=OPEN)
    corpus.expect("date_moved", _ref("invoice", base["moved"]))
    docs = {
        name: corpus.booked(f"invoice {base[name]['id']}")
        for name in (
            "edited",
            "deleted",
            "voided",
            "copied",
            "looked_like",
            "paid_by_hand",
            "overpaid",
            "unmarked",
        )
    }
    line = docs["edited"]["Line"][0]
    corpus.there("edit_line", id=docs["edited"]["Id"], line=line["Id"], amount=str(line["Amount"] + 1))
    corpus.expect("edited_in_quickbooks", _ref("invoice", base["edited"]))
    corpus.there("delete", entity="Invoice", id=docs["deleted"]["Id"])
    corpus.expect("deleted_in_quickbooks", _ref("invoice", base["deleted"]))
    corpus.there("void", entity="Invoice", id=docs["voided"]["Id"])
    corpus.expect("voided_in_quickbooks", _ref("invoice", base["voided"]))
    corpus.type_like(docs["copied"], amount="3.21", note=docs["copied"]["PrivateNote"])
    corpus.expect("duplicate", _ref("invoice", base["copied"]))
    alike = corpus.type_like(docs["looked_like"], amount=docs["looked_like"]["TotalAmt"])
    corpus.expect("looks_like_ours", f"Invoice {alike['Id']}")
    orphan = corpus.type_like(docs["unmarked"], amount="4.56", note="ServiceTitan invoice 4711000999")
    corpus.expect("gone_from_servicetitan", "invoice:4711000999", f"Invoice {orphan['Id']}")
    customer = docs["paid_by_hand"]["CustomerRef"]["value"]
    typed = corpus.there(
        "type_payment", customer=customer, amount="10.00", invoices=[docs["paid_by_hand"]["Id"]], date=OPEN
    )["Payment"]
    corpus.expect(
        "paid_in_quickbooks_by_hand", f"Payment {typed['Id']}", _ref("invoice", base["paid_by_hand"])
    )
    corpus.there("unapply", payment=corpus.booked(f"payment {base['paid']['id']}", "Payment")["Id"])
    corpus.expect(
        "missing_payment_application", _ref("payment", base["paid"]), _ref("invoice", base["unapplied"])
    )
    _on_credits(corpus, base)


def _on_credits(corpus: Corpus, base: dict[str, Doc]) -> None:
    """Take apart what ties credits, refunds and write-offs to what they belong to."""
    tie = corpus.booked(f"credit memo {base['memo']['id']}/application", "Payment")
    corpus.there("delete", entity="Payment", id=tie["Id"])
    corpus.expect(
        "deleted_in_quickbooks", _ref("credit_memo", base["memo"]), _ref("invoice", base["credited"])
    )
    payment = corpus.booked(f"payment {base['payment_refunded']['id']}", "Payment")
    lines = [line for line in payment["Line"] if line["LinkedTxn"][0]["TxnType"] == "Invoice"]
    corpus.there("update", entity="Payment", id=payment["Id"], body={"Line": lines})
    corpus.expect("missing_payment_application", _ref("payment", base["refund"]))
    corpus.followers.add(_ref("payment", base["payment_refunded"]))
    credit = corpus.booked(f"payment {base['write_off']['id']}/write_off", "CreditMemo")
    corpus.there("void", entity="CreditMemo", id=credit["Id"])
    corpus.expect(
        "voided_in_quickbooks", _ref("payment", base["write_off"]), _ref("invoice", base["written_off"])
    )
    over = corpus.booked(f"payment {base['payment_over']['id']}", "Payment")
    other = corpus.type_like(corpus.booked(f"invoice {base['overpaid']['id']}"), amount="12.34")
    corpus.there("apply_credit", invoice=other["Id"], payment=over["Id"], amount="12.34")
    corpus.expect("entered_by_hand", f"Invoice {other['Id']}")
    corpus.expect("applied_in_quickbooks", _ref("payment", base["payment_over"]))


def _records(session: Session) -> list[dict[str, Any]]:
    return [record for day in _DAYS for record in session.ask("tie_out", day=day)["records"]]


def _name(record: Mapping[str, Any]) -> str:
    return record["source"] or record["quickbooks"][0]


def _alarms(session: Session) -> dict[str, str]:
    """Return every record that keeps its day from being green."""
    return {
        _name(record): record["cause"] for record in _records(session) if record["kind"] != "informational"
    }


def _metered(world: World, *, since: int) -> list[str]:
    """Return the calls to QuickBooks that count towards the workspace's month (reference §5.2)."""
    asked = [entry for entry in world.requests(since=since) if "/company/" in entry["path"]]
    return [entry["path"] for entry in asked if entry["method"] == "GET" or entry["path"].endswith("/batch")]


def _causes(session: Session) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in _records(session):
        found.setdefault(_name(record), []).append(record)
    return found


def _check(corpus: Corpus, found: Mapping[str, list[dict[str, Any]]]) -> None:
    """Every planted record has its cause and no other; nothing else raises an alarm or goes unexplained."""
    called = {
        name: sorted({each["cause"] for each in _main(found.get(name, []))}) for name in corpus.expected
    }
    assert called == {name: [cause] for name, cause in corpus.expected.items()}
    kinds = set(corpus.expected.values())
    assert BY_NAME.keys() - kinds == _NEVER
    assert {BY_NAME[cause].kind for cause in kinds} == set(Kind)
    known = corpus.expected.keys() | corpus.followers
    alarms = {
        name: sorted({each["cause"] for each in records})
        for name, records in found.items()
        if name not in known and any(each["kind"] != "informational" for each in records)
    }
    assert alarms == {}
    assert all(each["cause"] != "unexplained" for records in found.values() for each in records)


def _main(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is said of the document itself; of its open balance only if nothing else is said."""
    return [each for each in records if each["entity"] != "balances"] or records
