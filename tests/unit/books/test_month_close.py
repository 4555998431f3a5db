"""A month's close: what passes, what each list holds, and what a new version says changed."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.books.month_close.close import CloseInputs, MonthClose, Version, close_month
from st_qbo_assets.books.month_close.months import Month, states_of
from st_qbo_assets.books.month_close.objects import PURCHASES
from st_qbo_assets.books.month_close.pages import document, files, page, section_page, summary, version_of
from st_qbo_assets.books.month_close.quickbooks_reads import TRANSACTIONS, read_quickbooks
from st_qbo_assets.books.month_close.sections import Section
from st_qbo_assets.books.month_close.servicetitan_reads import read_servicetitan
from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.quickbooks.lists import Account, ListEntry, TaxCode
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.servicetitan.endpoints import Endpoint
from tests.unit.books.world import company

Json = dict[str, Any]
NOVEMBER = Month(2026, 11)
TODAY = date(2026, 12, 3)
START = date(2026, 11, 28)
#: Transactions read of a company that does not buy.
SOLD = len(TRANSACTIONS) - len(PURCHASES)
RECEIVABLE, UNDEPOSITED, SERVICE, INSTALL = "120", "125", "401", "402"
LISTS = Reference(
    accounts=(
        Account(RECEIVABLE, "A/R", "A/R", "", "Accounts Receivable"),
        Account(UNDEPOSITED, "Undeposited Funds", "Undeposited Funds", "12000", "Other Current Asset"),
        Account(SERVICE, "Service", "Service", "40100", "Income"),
        Account(INSTALL, "Install", "Install", "40200", "Income"),
    ),
    classes=(ListEntry("7", "Install", "HVAC:Install"),),
    tax_codes=(TaxCode("9", "KC 8.25", is_group=True),),
)


# QuickBooks


@dataclass
class FakeQuickBooks:
    """Answers the close's statements from planted objects, page by page."""

    objects: dict[str, list[Json]] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)

    def put(self, entity: str, **fields: Any) -> Json:
        """Plant an object; amounts as text."""
        rows = self.objects.setdefault(entity, [])
        body = {"Id": str(len(rows) + 1), **fields}
        rows.append({key: self._value(value) for key, value in body.items()})
        return rows[-1]

    @staticmethod
    def _value(value: Any) -> Any:
        return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+\.\d\d", value) else value

    def batch_queries(self, statements: Sequence[str], /) -> list[tuple[Json, ...]]:
        self.batches.append(list(statements))
        return [tuple(self._answer(text)) for text in statements]

    def _answer(self, text: str) -> list[Json]:
        found = re.fullmatch(
            r"SELECT .* FROM (\w+) WHERE (.*) ORDERBY Id STARTPOSITION (\d+) MAXRESULTS (\d+)", text
        )
        assert found is not None, text
        entity, where, start, page = found[1], found[2], int(found[3]), int(found[4])
        rows = [
            row
            for row in self.objects.get(entity, [])
            if all(_holds(row, part) for part in where.split(" AND "))
        ]
        return rows[start - 1 : start - 1 + page]


def _holds(row: Json, condition: str) -> bool:
    name, operator, value = condition.split(" ", 2)
    if operator == "IN":
        return name == "Active" or str(row[name]) in value.strip("()").replace("'", "").split(", ")
    held = row.get(name)
    if isinstance(held, dict):
        held = held["value"]
    wanted: Any = value.strip("'")
    if isinstance(held, Decimal):
        wanted = Decimal(wanted)
    elif held is None:
        return False
    tests = {"=": held == wanted, ">": held > wanted, "<": held < wanted, ">=": held >= wanted}
    return tests[operator]


def quickbooks(*, receivable: str = "0.00", undeposited: str = "0.00") -> FakeQuickBooks:
    books = FakeQuickBooks()
    books.put("Account", Id=RECEIVABLE, AccountType="Accounts Receivable", CurrentBalance=receivable)
    account = {"AccountType": "Other Current Asset", "AccountSubType": "UndepositedFunds"}
    books.put("Account", Id=UNDEPOSITED, CurrentBalance=undeposited, **account)
    books.put("Item", Id="51", Name="Tune-up", IncomeAccountRef={"value": SERVICE, "name": "Service"})
    books.put("Item", Id="52", Name="Furnace", IncomeAccountRef={"value": INSTALL, "name": "Install"})
    return books


def ref(value: str, name: str = "") -> Json:
    return {"value": value, "name": name}


def sold(item: str, amount: str, **detail: Any) -> Json:
    return {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": ref(item), **detail},
    }


def customer(books: FakeQuickBooks, id_: str, name: str, balance: str) -> None:
    books.put("Customer", Id=id_, DisplayName=name, Balance=balance)


def invoice(
    books: FakeQuickBooks, day: str, total: str, *, of: str = "1", balance: str = "0.00", **more: Any
) -> Json:
    lines = more.pop("Line", [sold("51", total)])
    return books.put(
        "Invoice",
        TxnDate=day,
        TotalAmt=total,
        Balance=balance,
        CustomerRef=ref(of, f"C{of}"),
        Line=lines,
        **more,
    )


def paid(
    books: FakeQuickBooks, day: str, total: str, *, of: str = "1", unapplied: str = "0.00", **more: Any
) -> Json:
    fields = {"DepositToAccountRef": ref(UNDEPOSITED), "CustomerRef": ref(of, f"C{of}"), **more}
    return books.put("Payment", TxnDate=day, TotalAmt=total, UnappliedAmt=unapplied, **fields)


# ServiceTitan


@dataclass
class FakeServiceTitan:
    """Answers the close's lists from planted rows; filters of dates are left to the reader."""

    rows_of: dict[str, list[Json]] = field(default_factory=dict)
    refuses: str = ""

    def rows(
        self, endpoint: str | Endpoint, *, ids: Iterable[int] | None = None, filters: Any = ()
    ) -> Iterator[Json]:
        name = endpoint if isinstance(endpoint, str) else endpoint.resource
        if self.refuses and name == self.refuses:
            raise RemoteFault("no scope", code="403")
        wanted = None if ids is None else {str(id_) for id_ in ids}
        for row in self.rows_of.get(name, []):
            if wanted is None or str(row.get("id")) in wanted:
                yield row

    def put(self, name: str, /, **row: Any) -> None:
        self.rows_of.setdefault(name, []).append(row)


def st_invoice(
    st: FakeServiceTitan, id_: int, day: str, total: str, *, tax: str = "0.00", **more: Any
) -> None:
    items = more.pop("items", [st_line(str(Decimal(total) - Decimal(tax)))])
    st.put(
        "invoices",
        id=id_,
        active=True,
        invoiceDate=f"{day}T00:00:00Z",
        referenceNumber=str(id_),
        total=total,
        salesTax=tax,
        balance="0.00",
        syncStatus="Posted",
        invoiceConfiguration="JobInvoice",
        customer={"id": 5, "name": "Ann"},
        items=items,
        createdOn=f"{day}T12:00:00Z",
        **more,
    )


def st_line(total: str, number: str = "40100", name: str = "Service") -> Json:
    return {"total": total, "isChargeable": True, "generalLedgerAccount": {"number": number, "name": name}}


def job(
    st: FakeServiceTitan, id_: int, completed: str, *, invoice_id: int, status: str = "Completed"
) -> None:
    st.put("jobs", id=id_, jobNumber=f"J{id_}", jobStatus=status, completedOn=completed, invoiceId=invoice_id)


# The close


@dataclass
class Compared:
    """A comparison as the store has it."""

    is_green: bool = True
    causes: list[Json] = field(default_factory=list)
    at: datetime | None = datetime(2026, 12, 1, 8, tzinfo=UTC)


@dataclass
class Drifted:
    source: SourceRef
    drift: Json
    target: str = "Invoice"
    qbo_id: str = "1"
    number: str = "77"
    day: date | None = date(2026, 11, 29)


DAYS = NOVEMBER.days(START)
ALL_GREEN = {day: Compared() for day in DAYS}


def close(
    books: FakeQuickBooks | None = None,
    st: FakeServiceTitan | None = None,
    *,
    last: Version | None = None,
    policies: Json | None = None,
    **given: Any,
) -> MonthClose:
    acme = company(**{"start_date": str(START), **(policies or {})})
    inputs: dict[str, Any] = {
        "comparisons": ALL_GREEN,
        "changed": (),
        "drifted": (),
        "today": TODAY,
        **given,
    }
    return close_month(
        CloseInputs(
            company=acme,
            month=NOVEMBER,
            quickbooks=read_quickbooks(books or quickbooks(), NOVEMBER, buys=acme.buys, page=2),
            servicetitan=read_servicetitan(st or FakeServiceTitan(), acme, NOVEMBER, today=inputs["today"]),
            lists=LISTS,
            **inputs,
        ),
        last,
    )


def rows(found: Section) -> list[dict[str, Any]]:
    return [dict(zip([column.name for column in found.columns], row, strict=True)) for row in found.rows]


class TestMonth:
    def test_it_is_written_like_a_date_without_its_day(self) -> None:
        assert Month.parse("2026-11") == NOVEMBER
        assert str(Month(2026, 2)) == "2026-02"
        assert (Month(2026, 2).last, Month(2024, 2).last) == (date(2026, 2, 28), date(2024, 2, 29))

    @pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "11-2026", "2026-11-01", "next month"])
    def test_anything_else_is_no_month(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a month"):
            Month.parse(text)

    def test_a_company_s_first_month_begins_at_its_start(self) -> None:
        assert NOVEMBER.days(START) == [date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 30)]
        assert NOVEMBER.days(date(2026, 12, 1)) == []


@pytest.mark.rule("9")
class TestVerdict:
    def test_a_month_passes_only_if_every_day_is_green(self) -> None:
        assert close().passes
        for day in DAYS:
            waiting = Compared(is_green=False, causes=[{"cause": "held", "kind": "waiting"}] * 2)
            found = close(comparisons={**ALL_GREEN, day: waiting})
            assert not found.passes
            assert [(each.day, each.state, each.why) for each in found.open_days] == [(day, "open", "2 held")]
            assert f"{day} (2 held)" in summary(found)

    def test_a_day_that_was_never_compared_keeps_it_open(self) -> None:
        found = close(comparisons={day: each for day, each in ALL_GREEN.items() if day != DAYS[0]})
        assert [each.why for each in found.open_days] == ["not compared"]

    def test_a_day_changed_after_it_was_compared_keeps_it_open(self) -> None:
        found = close(changed=[DAYS[1], date(2026, 10, 1)])
        assert [(each.day, each.why) for each in found.open_days] == [
            (DAYS[1], "ServiceTitan changed it since")
        ]

    def test_a_month_that_is_not_over_does_not_pass(self) -> None:
        found = close(today=date(2026, 11, 29))
        assert [each.state for each in found.days] == ["green", "to come", "to come"]
        assert not found.passes

    def test_a_month_before_the_start_has_nothing_to_pass(self) -> None:
        assert states_of([], {}, changed=(), today=TODAY) == ()

    def test_informational_causes_are_no_harm(self) -> None:
        told = Compared(causes=[{"cause": "entered_by_hand", "kind": "informational"}])
        assert close(comparisons={**ALL_GREEN, DAYS[0]: told}).passes


class TestReceivables:
    def test_each_customer_s_parts_add_up_to_the_balance_and_all_to_the_account(self) -> None:
        books = quickbooks(receivable="130.00")
        customer(books, "1", "Ann", "100.00")
        customer(books, "2", "Bob", "30.00")
        invoice(books, "2026-11-28", "150.00", balance="150.00")
        books.put("CreditMemo", TxnDate="2026-11-29", TotalAmt="20.00", Balance="20.00", CustomerRef=ref("1"))
        paid(books, "2026-11-29", "30.00", unapplied="30.00")
        invoice(books, "2026-10-01", "30.00", of="2", balance="30.00")
        found = close(books).section("receivables")
        assert rows(found) == [
            {
                "customer": "Ann",
                "open invoices": 15000,
                "open credits": -2000,
                "unapplied payments": -3000,
                "other": 0,
                "balance now": 10000,
                "dated after the month": 0,
                "balance at month end": 10000,
            },
            {
                "customer": "Bob",
                "open invoices": 3000,
                "open credits": 0,
                "unapplied payments": 0,
                "other": 0,
                "balance now": 3000,
                "dated after the month": 0,
                "balance at month end": 3000,
            },
        ]
        assert found.figures["difference_cents"] == 0
        assert "agrees" in found.notes[0]

    def test_what_the_account_holds_without_a_customer_is_told(self) -> None:
        books = quickbooks(receivable="112.50")
        customer(books, "1", "Ann", "100.00")
        invoice(books, "2026-11-28", "100.00", balance="100.00")
        found = close(books).section("receivables")
        assert found.figures["difference_cents"] == 1250
        assert "12.50 were posted to the account" in found.notes[0]

    def test_documents_of_the_next_month_are_taken_back_for_the_month_s_end(self) -> None:
        books = quickbooks(receivable="90.00")
        customer(books, "1", "Ann", "90.00")
        invoice(books, "2026-11-28", "100.00", balance="100.00")
        invoice(books, "2026-12-01", "40.00", balance="40.00")
        paid(books, "2026-12-02", "50.00", unapplied="50.00")
        refund = {
            "Amount": Decimal("5.00"),
            "AccountBasedExpenseLineDetail": {"AccountRef": ref(RECEIVABLE), "CustomerRef": ref("1")},
        }
        books.put("Purchase", TxnDate="2026-12-02", TotalAmt="5.00", AccountRef=ref("35"), Line=[refund])
        entry = {
            "Amount": Decimal("5.00"),
            "JournalEntryLineDetail": {
                "PostingType": "Credit",
                "AccountRef": ref(RECEIVABLE),
                "Entity": {"EntityRef": ref("1")},
            },
        }
        books.put("JournalEntry", TxnDate="2026-12-02", Line=[entry])
        (row,) = rows(close(books).section("receivables"))
        assert (row["balance now"], row["dated after the month"], row["balance at month end"]) == (
            9000,
            -1000,
            10000,
        )


class TestCredits:
    def test_open_credits_and_unapplied_money_are_listed_until_the_month_s_end(self) -> None:
        books = quickbooks(receivable="-70.00")
        customer(books, "1", "Ann", "-70.00")
        note = {"PrivateNote": "ServiceTitan credit memo 3"}
        books.put(
            "CreditMemo",
            TxnDate="2026-11-29",
            TotalAmt="50.00",
            Balance="20.00",
            CustomerRef=ref("1", "Ann"),
            **note,
        )
        paid(books, "2026-10-05", "80.00", unapplied="40.00", DepositToAccountRef=ref("35"))
        paid(books, "2026-12-01", "10.00", unapplied="10.00", DepositToAccountRef=ref("35"))
        found = close(books).section("unapplied_credits")
        assert [(row["document"], row["unapplied"], row["record"]) for row in rows(found)] == [
            ("CreditMemo 1", 2000, "credit_memo:3"),
            ("Payment 1", 4000, ""),
        ]
        assert found.figures == {"documents": 2, "unapplied_cents": 6000}


class TestUndeposited:
    def test_money_not_yet_deposited_is_listed_by_age(self) -> None:
        books = quickbooks(undeposited="265.00")
        paid(books, "2026-11-29", "100.00")
        paid(books, "2026-11-30", "55.00", LinkedTxn=[{"TxnType": "Deposit", "TxnId": "9"}])
        paid(books, "2026-10-20", "70.00")
        paid(books, "2026-08-01", "95.00")
        paid(books, "2026-11-29", "44.00", DepositToAccountRef=ref("35"))
        found = close(books).section("undeposited_funds")
        assert [(row["age"], row["days"], row["amount"]) for row in rows(found)] == [
            ("over 60 days", 124, 9500),
            ("31-60 days", 44, 7000),
            ("0-7 days", 4, 10000),
        ]
        assert found.figures["over_60_days_cents"] == 9500
        assert (found.figures["listed_cents"], found.figures["account_cents"]) == (26500, 26500)
        assert "all of it accounted for" in found.notes[0]

    def test_what_no_document_explains_is_told(self) -> None:
        books = quickbooks(undeposited="500.00")
        paid(books, "2026-11-29", "100.00")
        assert "documents account for 100.00" in close(books).section("undeposited_funds").notes[0]

    def test_a_company_without_the_account_is_told_so(self) -> None:
        books = quickbooks()
        books.objects["Account"] = books.objects["Account"][:1]
        assert "no account Undeposited Funds" in close(books).section("undeposited_funds").notes[0]


class TestSales:
    def test_tax_stands_by_zone_and_by_code(self) -> None:
        st, books = FakeServiceTitan(), quickbooks()
        st.put("tax-zones", id=3, name="Kansas City")
        st_invoice(st, 1, "2026-11-28", "108.25", tax="8.25", taxZoneId=3)
        st_invoice(st, 2, "2026-11-29", "105.00", tax="5.00", salesTaxCode={"name": "Lenexa"})
        st_invoice(st, 3, "2026-12-01", "105.00", tax="5.00", taxZoneId=3)
        tax = {"TotalTax": Decimal("8.25"), "TxnTaxCodeRef": ref("9")}
        invoice(books, "2026-11-28", "108.25", Line=[sold("51", "100.00")], TxnTaxDetail=tax)
        invoice(
            books,
            "2026-11-29",
            "104.00",
            Line=[sold("51", "100.00")],
            TxnTaxDetail={"TotalTax": Decimal("4.00")},
        )
        found = close(books, st).section("tax")
        assert rows(found) == [
            {"product": "ServiceTitan", "zone or code": "Kansas City", "documents": 1, "tax": 825},
            {"product": "ServiceTitan", "zone or code": "Lenexa", "documents": 1, "tax": 500},
            {"product": "QuickBooks", "zone or code": "KC 8.25", "documents": 1, "tax": 825},
            {"product": "QuickBooks", "zone or code": "no code", "documents": 1, "tax": 400},
        ]
        assert found.figures["difference_cents"] == 100
        assert found.notes[0].endswith("QuickBooks 12.25: difference 1.00.")
        assert "a refund that it has not reversed takes income and tax back" in found.notes[1]
        assert "in all" not in section_page(found)

    def test_income_stands_by_account_on_both_sides(self) -> None:
        st, books = FakeServiceTitan(), quickbooks()
        st_invoice(
            st, 1, "2026-11-28", "300.00", items=[st_line("100.00"), st_line("200.00", "40200", "Install")]
        )
        invoice(books, "2026-11-28", "300.00", Line=[sold("51", "100.00"), sold("52", "190.00")])
        books.put(
            "CreditMemo", TxnDate="2026-11-29", TotalAmt="15.00", Balance="0.00", Line=[sold("51", "15.00")]
        )
        found = close(books, st).section("income_by_account")
        assert [tuple(row.values()) for row in rows(found)] == [
            ("40100 Service", 10000, 8500, 1500),
            ("40200 Install", 20000, 19000, 1000),
        ]
        assert found.figures["difference_cents"] == 2500

    def test_income_stands_by_class_of_the_line_or_of_the_document(self) -> None:
        books = quickbooks()
        lines = [sold("51", "10.00", ClassRef=ref("7")), sold("51", "20.00"), sold("52", "5.00")]
        invoice(books, "2026-11-28", "35.00", Line=lines)
        invoice(books, "2026-11-28", "40.00", Line=[sold("52", "40.00")], ClassRef=ref("7"))
        found = close(books).section("income_by_class")
        assert [tuple(row.values()) for row in rows(found)] == [
            ("40100 Service", "HVAC:Install", 1000),
            ("40100 Service", "no class", 2000),
            ("40200 Install", "HVAC:Install", 4000),
            ("40200 Install", "no class", 500),
        ]
        assert found.figures["without_class_cents"] == 2500


class TestCutOff:
    def test_work_of_one_month_dated_in_another_is_listed_from_both_sides(self) -> None:
        st = FakeServiceTitan()
        st_invoice(st, 1, "2026-11-28", "100.00", job={"id": 11})
        job(st, 11, "2026-10-30T15:00:00Z", invoice_id=1)
        st_invoice(st, 2, "2026-12-01", "200.00", job={"id": 12})
        job(st, 12, "2026-11-29T15:00:00Z", invoice_id=2)
        st_invoice(st, 3, "2026-11-29", "300.00", job={"id": 13})
        job(st, 13, "2026-11-29T15:00:00Z", invoice_id=3)
        found = close(st=st).section("cut_off")
        assert [(row["invoice"], row["work"]) for row in rows(found)] == [
            ("1", "completed earlier"),
            ("2", "completed earlier"),
        ]
        assert found.figures == {
            "invoices": 2,
            "dated_in_month_cents": 10000,
            "completed_in_month_cents": 20000,
        }

    def test_the_day_of_completion_is_the_company_s_and_not_utc_s(self) -> None:
        st = FakeServiceTitan()
        st_invoice(st, 1, "2026-11-30", "100.00", job={"id": 11})
        job(st, 11, "2026-12-01T03:00:00Z", invoice_id=1)
        assert close(st=st).section("cut_off").rows == ()

    def test_a_canceled_job_is_no_work(self) -> None:
        st = FakeServiceTitan()
        st_invoice(st, 1, "2026-11-28", "100.00", job={"id": 11})
        job(st, 11, "2026-10-30T15:00:00Z", invoice_id=1, status="Canceled")
        assert close(st=st).section("cut_off").rows == ()


class TestRecognition:
    def test_the_month_s_entries_are_listed_line_by_line(self) -> None:
        st = FakeServiceTitan()
        st.put("journal-entries", id="a-b", number=7, name="November", postDate="2026-11-30T00:00:00")
        st.put("journal-entries", id="c-d", number=8, name="December", postDate="2026-12-01T00:00:00")
        kind = {"type": "RevenueRecognition"}
        for account, debit, credit in (("Deferred", "31.25", "0"), ("Membership", "0", "31.25")):
            line = {"account": {"name": account}, "debit": Decimal(debit), "credit": Decimal(credit)}
            st.put("journal-entries/a-b/details", transaction=kind, businessUnit={"name": "Plumbing"}, **line)
        st.put(
            "journal-entries/a-b/details", transaction={"type": "Invoice"}, account={"name": "AR"}, debit="9"
        )
        found = close(st=st).section("revenue_recognition")
        assert [(row["entry"], row["account"], row["debit"], row["credit"]) for row in rows(found)] == [
            ("7", "Deferred", 3125, 0),
            ("7", "Membership", 0, 3125),
        ]
        assert found.figures["debit_cents"] == found.figures["credit_cents"] == 3125

    def test_a_tenant_that_may_not_read_them_is_told_so(self) -> None:
        found = close(st=FakeServiceTitan(refuses="journal-entries"))
        assert "does not let us read its journal entries" in found.section("revenue_recognition").notes[0]
        assert found.passes


class TestDrift:
    def test_edits_of_the_month_s_documents_are_listed_field_by_field(self) -> None:
        drift = {
            "TotalAmt": {"confirmed": "100.00", "now": "90.00"},
            "TxnDate": {"confirmed": "2026-11-29", "now": "2026-11-30"},
        }
        ours = Drifted(SourceRef(Entity.INVOICE, "8"), drift)
        found = close(drifted=[ours, replace(ours, day=date(2026, 10, 1))]).section("drift")
        assert [(row["field"], row["confirmed"], row["now"]) for row in rows(found)] == [
            ("TotalAmt", "100.00", "90.00"),
            ("TxnDate", "2026-11-29", "2026-11-30"),
        ]
        assert found.figures == {"fields": 2, "documents": 1}


class TestVersions:
    def test_the_first_version_says_so(self) -> None:
        first = close()
        assert (first.version, first.is_new) == (1, True)
        assert "first version" in first.section("changes").notes[0]

    def test_the_same_books_again_are_the_same_version(self) -> None:
        books = quickbooks()
        invoice(books, "2026-11-28", "100.00")
        first = close(books)
        again = close(books, last=version_of(document(first)), today=date(2026, 12, 20))
        assert (again.version, again.is_new) == (1, False)
        assert again.inputs == first.inputs

    def test_a_new_version_names_what_came_went_and_changed(self) -> None:
        books, st = quickbooks(), FakeServiceTitan()
        kept, edited = (
            invoice(books, "2026-11-28", "100.00"),
            invoice(books, "2026-11-29", "50.00", DocNumber="7"),
        )
        st_invoice(st, 1, "2026-11-28", "100.00")
        first = close(books, st)
        edited["TotalAmt"], edited["Line"] = Decimal("60.00"), [sold("51", "60.00")]
        books.objects["Invoice"].remove(kept)
        st_invoice(st, 2, "2026-11-30", "10.00")
        second = close(books, st, last=version_of(document(first)))
        assert (second.version, second.is_new) == (2, True)
        shown = ("product", "document", "what", "fields")
        assert [tuple(row[name] for name in shown) for row in rows(second.section("changes"))] == [
            ("QuickBooks", "Invoice 1", "gone", ""),
            ("QuickBooks", "Invoice 2", "changed", "total 50.00 → 60.00; lines"),
            ("ServiceTitan", "invoice:2", "new", ""),
        ]
        assert second.section("changes").figures == {"new": 1, "gone": 1, "changed": 1}
        assert second.section("changes").title == "Documents changed since version 1"

    @pytest.mark.parametrize(
        ("changed", "given"),
        [
            ("tie_outs", {"comparisons": {**ALL_GREEN, DAYS[0]: Compared(is_green=False)}}),
            ("drift", {"drifted": [Drifted(SourceRef(Entity.INVOICE, "8"), {"TxnDate": {"now": "x"}})]}),
        ],
    )
    def test_each_input_has_a_hash_of_its_own(self, changed: str, given: Json) -> None:
        first = close()
        second = close(last=version_of(document(first)), **given)
        assert {name for name in first.inputs if first.inputs[name] != second.inputs[name]} == {changed}
        assert second.version == 2

    def test_a_day_compared_again_with_the_same_verdict_is_no_new_version(self) -> None:
        later = {day: Compared(at=datetime(2026, 12, 2, tzinfo=UTC)) for day in DAYS}
        assert not close(comparisons=later, last=version_of(document(close()))).is_new


class TestReads:
    def test_a_small_month_takes_two_calls_of_quickbooks(self) -> None:
        books = quickbooks()
        invoice(books, "2026-11-28", "100.00")
        read_quickbooks(books, NOVEMBER)
        read_quickbooks(books, NOVEMBER, buys=True)
        assert [len(batch) for batch in books.batches] == [SOLD + 6, 1, len(TRANSACTIONS) + 11, 1]

    def test_only_what_fills_a_page_is_asked_for_again(self) -> None:
        books = quickbooks()
        for _ in range(5):
            invoice(books, "2026-11-28", "100.00")
        found = read_quickbooks(books, NOVEMBER, page=2)
        assert len(list(found.of_month("Invoice"))) == 5
        assert [len(batch) for batch in books.batches] == [SOLD + 6, 1, 1, 1]

    def test_earlier_months_are_read_only_until_the_money_is_found(self) -> None:
        books = quickbooks(undeposited="70.00")
        paid(books, "2026-10-20", "70.00")
        paid(books, "2026-02-01", "5.00", LinkedTxn=[{"TxnType": "Deposit"}])
        assert read_quickbooks(books, NOVEMBER).is_traced
        asked = [text for batch in books.batches for text in batch if "FROM Payment" in text]
        assert len(asked) == 2


class TestPages:
    def test_the_page_says_whether_it_passes_and_names_the_open_days(self) -> None:
        found = close(comparisons={})
        text = page(found)
        assert text.startswith("# acme: 2026-11, version 1\n\n**does not pass**.")
        assert "to 2026-11-30 | not compared |  | Load the day" in text
        assert all(f"## {section.title}" in text for section in found.sections)

    def test_every_list_is_a_csv_file_with_plain_amounts(self) -> None:
        books = quickbooks(receivable="1234.50")
        customer(books, "1", "=cmd|' /C calc'!A0", "1234.50")
        invoice(books, "2026-11-28", "1234.50", balance="1234.50")
        found = files(close(books))
        (row,) = csv.DictReader(io.StringIO(found["receivables.csv"]))
        assert row["balance_now"] == "1234.50"
        assert row["customer"] == "'=cmd|' /C calc'!A0"
        assert set(found) == {"close.md", "days.csv", *(f"{each.name}.csv" for each in close().sections)}

    def test_names_cannot_break_a_table(self) -> None:
        books = quickbooks(receivable="1.00")
        customer(books, "1", "Ann | Bob\n<b>", "1.00")
        invoice(books, "2026-11-28", "1.00", balance="1.00")
        told = section_page(close(books).section("receivables"))
        assert "| Ann \\| Bob &lt;b> |" in told

    def test_a_long_list_is_cut_and_says_so(self) -> None:
        books = quickbooks(undeposited="5.00")
        for _ in range(5):
            paid(books, "2026-11-28", "1.00")
        told = section_page(close(books).section("undeposited_funds"), at_most=2)
        assert told.count("Payment ") == 2
        assert "… and 3 more." in told
        assert "| in all |" in told
        assert "| 5.00 |" in told
