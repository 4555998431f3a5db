"""The tie-out: the days of both products compared to the cent, every difference with its cause.

What belongs here: the order of the work (pair, lay open, class) and folding it into figures and records
by day. What does not: what has to be read (reads), what a difference is called (causes), and whether a
day is green (verdict).

Every figure of a day is the sum of what each document contributes on that day, on either side. A pair
whose contributions differ is a record with a cause; so the differences of the records add up to that of
the figure, and what has no cause is `unexplained`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from st_qbo_assets.books import figures
from st_qbo_assets.books.accounts import Accounts, Chart
from st_qbo_assets.books.applications import actual_applications, expected_applications
from st_qbo_assets.books.balances import Applied, explain_balance, has_balance
from st_qbo_assets.books.cases import Case, LookAlikes, Neighbours, Setting, lay_open
from st_qbo_assets.books.causes import Finding, classify
from st_qbo_assets.books.documents import Shape
from st_qbo_assets.books.evidence import Evidence
from st_qbo_assets.books.figures import BALANCES
from st_qbo_assets.books.pairing import Pair, Pairs, pair_documents
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks
from st_qbo_assets.books.receipts import not_billed
from st_qbo_assets.books.records import DayBook, DayTieOut, Side
from st_qbo_assets.books.refunds import due_income
from st_qbo_assets.books.servicetitan_side import ServiceTitanBooks
from st_qbo_assets.books.vendors import Vendors
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef


@dataclass(frozen=True)
class Classed:
    """Every pair of a tie-out with what was found.

    Attributes:
        pairs: all of them.
        cases: pair name → the two documents side by side.
        findings: pair name → the one cause; None where both sides agree.
        balances: pair name of an invoice or credit → the cause of its difference in open balance.
    """

    pairs: Pairs
    cases: Mapping[str, Case]
    findings: Mapping[str, Finding | None]
    balances: Mapping[str, Finding | None]


def tie_out(
    days: Iterable[date],
    servicetitan: ServiceTitanBooks,
    *,
    quickbooks: QuickBooksBooks,
    evidence: Evidence,
    company: CompanyFile,
    chart: Chart,
    today: date | None = None,
) -> list[DayTieOut]:
    """Compare the days and return one result for each, in their order.

    Args:
        days: the business days; documents of other days only explain.
        servicetitan: what was read there, judged by the gate when it was read.
        quickbooks: what was read there.
        evidence: what the ledger knows of these documents.
        company: the company file.
        chart: QuickBooks' accounts.
        today: the company's local day, by which goods not billed are so old; the last of the days if None.
    """
    accounts = Accounts(chart, overrides=company.accounts, items=quickbooks.items)
    pairs = pair_books(servicetitan, quickbooks, evidence=evidence, company=company, accounts=accounts)
    classed, vendors = class_pairs(pairs, company, evidence), Vendors(evidence)
    books = {day: DayBook(day) for day in days}
    for pair in pairs.all:
        _enter(pair, classed, books, vendors)
    until = today or max(books, default=date.min)
    waiting = not_billed(servicetitan.receipts, servicetitan.documents, until=until)
    return [
        book.close(lambda key: vendors.name(key) or accounts.name(key), waiting) for book in books.values()
    ]


def pair_books(
    servicetitan: ServiceTitanBooks,
    quickbooks: QuickBooksBooks,
    *,
    evidence: Evidence,
    company: CompanyFile,
    accounts: Accounts,
) -> Pairs:
    """Return the pairs of everything read, with income by account."""
    tax_item = (company.tax.line_item or "") if company.tax.mode == "line" else ""
    return pair_documents(
        servicetitan.with_accounts(accounts),
        quickbooks.with_accounts(accounts, tax_item=tax_item),
        evidence,
        st_absent=servicetitan.absent,
        qbo_absent=quickbooks.absent,
    )


def class_pairs(pairs: Pairs, company: CompanyFile, evidence: Evidence) -> Classed:
    """Return the cause of every pair.

    Invoices first, then credits and refunds that may follow from them, then payments, which may follow
    from all of them.
    """
    setting = Setting(company, evidence)
    everything = pairs.all
    st_documents = [pair.st for pair in pairs.by_source.values() if pair.st is not None]
    look_alikes = LookAlikes(st_documents, evidence.customers, evidence.vendors)
    cases: dict[str, Case] = {}
    findings: dict[str, Finding | None] = {}
    causes: dict[SourceRef, str] = {}
    by_rank: dict[int, list[Pair]] = {}
    for pair in everything:
        if pair.live or pair.st is not None or pair.voided:
            by_rank.setdefault(_RANKS.get(pair.shape, 1) if pair.source else 2, []).append(pair)
    for rank in sorted(by_rank):
        around = Neighbours(pairs, dict(causes), look_alikes)
        for pair in by_rank[rank]:
            case = lay_open(pair, setting, around)
            cases[pair.name] = case
            finding = findings[pair.name] = classify(case)
            if finding is not None and pair.source is not None:
                causes[pair.source] = finding.cause.name
    applied = Applied(pairs, findings, setting)
    balances = {
        pair.name: explain_balance(pair, findings.get(pair.name), applied)
        for pair in everything
        if has_balance(pair)
    }
    return Classed(pairs, cases, findings, balances)


#: What may follow from what comes later.
_RANKS = {
    **{Shape.INVOICE: 0, Shape.CREDIT: 1, Shape.REFUND: 1, Shape.PAYMENT: 2},
    **{Shape.ORDER: 0, Shape.BILL: 0, Shape.VENDOR_CREDIT: 1, Shape.BILL_PAYMENT: 2},
}


def _enter(pair: Pair, classed: Classed, books: Mapping[date, DayBook], vendors: Vendors) -> None:
    """Enter a pair into the books of the days on which it contributes or has to be listed."""
    case, finding = classed.cases.get(pair.name), classed.findings.get(pair.name)
    if case is None:
        return
    if pair.st is not None and pair.counted is None and pair.st.day in books:
        books[pair.st.day].leave_out(pair.shape, pair.st)
    days = dict.fromkeys(day for day in (pair.st.day if pair.st else None, *map(pair.day_of, pair.live)))
    for day in days:
        book = books.get(day) if day is not None else None
        if book is None:
            continue
        side = _side(pair, classed.pairs, book.day, vendors)
        if side.servicetitan is None and side.quickbooks is None and not _lists_itself(pair, book.day):
            continue
        main = side.only(balances=False)
        book.add(pair, main, finding=finding, differs_in=case.differs, entity=pair.shape.value)
        for document in pair.live:
            if document.shape.is_owed and document.day == book.day:
                book.owe(vendors.key_of(document), document)
        if has_balance(pair):
            book.count_status(pair)
            open_balance = side.only(balances=True)
            own = classed.balances.get(pair.name)
            book.add(pair, open_balance, finding=own, differs_in=("balance",), entity=BALANCES)


def _side(pair: Pair, pairs: Pairs, day: date, vendors: Vendors) -> Side:
    counted = pair.counted if pair.counted is not None and pair.counted.day == day else None
    live = [document for document in pair.live if pair.day_of(document) == day]
    ours = theirs = None
    is_bought = pair.shape.is_bought
    if counted is not None:
        tax_cents, income = due_income(pair, pairs)
        due = (
            replace(counted, tax_cents=tax_cents, income=income) if income is not counted.income else counted
        )
        applied = expected_applications(pair, pairs)[0]
        main = figures.of_document(due, vendor=vendors.key_of(due) if is_bought else "")
        ours = figures.summed([main, figures.of_applications(applied.values(), is_bought=is_bought)])
    if live:
        mains = [document for document in live if not pair.is_application(document)]
        applied = actual_applications(pair, live, pairs.owners)
        told = [figures.of_document(each, vendor=vendors.key_of(each) if is_bought else "") for each in mains]
        theirs = figures.summed([*told, figures.of_applications(applied.values(), is_bought=is_bought)])
    return Side(ours, theirs)


def _lists_itself(pair: Pair, day: date) -> bool:
    """Say whether a document that counts on neither side is listed on a day: its own."""
    return pair.st is not None and pair.st.day == day and pair.counted is None and not pair.live
