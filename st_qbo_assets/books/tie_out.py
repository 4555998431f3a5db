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
from st_qbo_assets.books.balances import Applied, explain_balance
from st_qbo_assets.books.cases import (
    Case,
    LookAlikes,
    Neighbours,
    Setting,
    actual_applications,
    expected_applications,
    lay_open,
)
from st_qbo_assets.books.causes import Finding, classify
from st_qbo_assets.books.evidence import Evidence
from st_qbo_assets.books.figures import BALANCES
from st_qbo_assets.books.pairing import Pair, Pairs, pair_documents
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks
from st_qbo_assets.books.records import DayBook, DayTieOut, Side
from st_qbo_assets.books.servicetitan_side import ServiceTitanBooks
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity


@dataclass(frozen=True)
class Classed:
    """Every pair of a tie-out with what was found.

    Attributes:
        pairs: all of them.
        cases: pair name → the two documents side by side.
        findings: pair name → the one cause; None where both sides agree.
        balances: pair name of an invoice → the cause of its difference in open balance.
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
) -> list[DayTieOut]:
    """Compare the days and return one result for each, in their order.

    Args:
        days: the business days; documents of other days only explain.
        servicetitan: what was read there, judged by the gate when it was read.
        quickbooks: what was read there.
        evidence: what the ledger knows of these documents.
        company: the company file.
        chart: QuickBooks' accounts.
    """
    accounts = Accounts(chart, overrides=company.accounts, items=quickbooks.items)
    pairs = pair_books(servicetitan, quickbooks, evidence=evidence, company=company, accounts=accounts)
    classed = class_pairs(pairs, company, evidence)
    books = {day: DayBook(day) for day in days}
    for pair in (*pairs.by_source.values(), *pairs.strangers):
        _enter(pair, classed, books)
    return [book.close(accounts.name) for book in books.values()]


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
    pairs = pair_documents(
        servicetitan.with_accounts(accounts),
        quickbooks.with_accounts(accounts, tax_item=tax_item),
        evidence,
        st_absent=servicetitan.absent,
        qbo_absent=quickbooks.absent,
    )
    return replace(pairs, credits=servicetitan.credits)


def class_pairs(pairs: Pairs, company: CompanyFile, evidence: Evidence) -> Classed:
    """Return the cause of every pair: invoices first, then payments, which may follow from them."""
    setting = Setting(company, evidence)
    everything = (*pairs.by_source.values(), *pairs.strangers)
    st_documents = [pair.st for pair in pairs.by_source.values() if pair.st is not None]
    neighbours = Neighbours(pairs, look_alikes=LookAlikes(st_documents, evidence.customers))
    cases: dict[str, Case] = {}
    findings: dict[str, Finding | None] = {}

    def class_all(entity: Entity, around: Neighbours) -> None:
        for pair in everything:
            if pair.entity is entity and (pair.live or pair.st is not None or pair.voided):
                case = lay_open(pair, setting, around)
                cases[pair.name] = case
                findings[pair.name] = classify(case)

    class_all(Entity.INVOICE, neighbours)
    invoice_causes = {
        source: found.cause.name
        for source, pair in pairs.by_source.items()
        if (found := findings.get(pair.name)) is not None
    }
    class_all(Entity.PAYMENT, Neighbours(pairs, invoice_causes, neighbours.look_alikes))
    applied = Applied(pairs, findings, setting)
    balances = {
        pair.name: explain_balance(pair, findings.get(pair.name), applied)
        for pair in everything
        if pair.entity is Entity.INVOICE
    }
    return Classed(pairs, cases, findings, balances)


def _enter(pair: Pair, classed: Classed, books: Mapping[date, DayBook]) -> None:
    """Enter a pair into the books of the days on which it contributes or has to be listed."""
    case, finding = classed.cases.get(pair.name), classed.findings.get(pair.name)
    if case is None:
        return
    if pair.st is not None and pair.counted is None and pair.st.day in books:
        books[pair.st.day].leave_out(pair.entity, pair.st)
    days = dict.fromkeys(day for day in (pair.st.day if pair.st else None, *(doc.day for doc in pair.live)))
    for day in days:
        book = books.get(day) if day is not None else None
        if book is None:
            continue
        side = _side(pair, classed.pairs, book.day)
        if side.servicetitan is None and side.quickbooks is None and not _lists_itself(pair, book.day):
            continue
        main = side.only(balances=False)
        book.add(pair, main, finding=finding, differs_in=case.differs, entity=pair.entity.plural)
        if pair.entity is Entity.INVOICE:
            book.count_status(pair)
            open_balance = side.only(balances=True)
            own = classed.balances.get(pair.name)
            book.add(pair, open_balance, finding=own, differs_in=("balance",), entity=BALANCES)


def _side(pair: Pair, pairs: Pairs, day: date) -> Side:
    counted = pair.counted if pair.counted is not None and pair.counted.day == day else None
    live = [document for document in pair.live if document.day == day]
    ours = theirs = None
    if counted is not None:
        applied = expected_applications(pair, pairs)[0] if pair.entity is Entity.PAYMENT else {}
        ours = (
            figures.of_payment(counted.total_cents, applied.values())
            if pair.entity is Entity.PAYMENT
            else figures.of_sale(counted)
        )
    if live:
        theirs = figures.summed(
            figures.of_payment(each.total_cents, actual_applications([each], pairs.owners).values())
            if each.is_payment
            else figures.of_sale(each)
            for each in live
        )
    return Side(ours, theirs)


def _lists_itself(pair: Pair, day: date) -> bool:
    """Say whether a document that counts on neither side is listed on a day: its own."""
    return pair.st is not None and pair.st.day == day and pair.counted is None and not pair.live
