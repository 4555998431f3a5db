"""What lies on the border of the month: work done in one month and dated in another, revenue still to post.

What belongs here: the cut-off list and ServiceTitan's recognition entries, which are listed and never posted
(rule 2.2). What does not: reading them.
"""

from datetime import date

from st_qbo_assets.books.documents import StDocument
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.sections import Column, Section, day, money
from st_qbo_assets.books.month_close.servicetitan_reads import JobDone, ServiceTitanMonth
from st_qbo_assets.domain.ids import Entity


def cutoff(books: ServiceTitanMonth) -> Section:
    """Return the invoices dated in one month for work completed in another, one of both being this one."""
    found = sorted(
        (
            (job, document)
            for document in books.documents.values()
            if document.source.entity is Entity.INVOICE
            and document.active
            and (job := _job_of(document, books)) is not None
            and _crosses(document.day, job.completed, books.month)
        ),
        key=lambda pair: (pair[1].day, pair[1].number),
    )
    rows = tuple(
        (
            document.number,
            document.customer,
            job.number,
            job.completed,
            document.day,
            "completed earlier" if job.completed < document.day else "completed later",
            document.total_cents,
            str(document.source),
        )
        for job, document in found
    )
    pulled = sum(document.total_cents for _, document in found if Month.of(document.day) == books.month)
    return Section(
        "cut_off",
        "Cut-off: completed in one month, dated in another",
        (
            Column("invoice"),
            Column("customer"),
            Column("job"),
            day("completed"),
            day("dated"),
            Column("work"),
            money("total"),
            Column("record"),
        ),
        rows,
        (),
        {
            "invoices": len(rows),
            "dated_in_month_cents": pulled,
            "completed_in_month_cents": sum(document.total_cents for _, document in found) - pulled,
        },
    )


def revenue_recognition(books: ServiceTitanMonth) -> Section:
    """Return the lines by which ServiceTitan recognizes revenue in the month, for a person to post."""
    rows = tuple(
        (
            line.entry,
            line.name,
            line.posted,
            line.account,
            line.debit_cents,
            line.credit_cents,
            line.unit,
            line.memo,
        )
        for line in sorted(books.recognition, key=lambda line: (line.entry, line.account))
    )
    return Section(
        "revenue_recognition",
        "Revenue-recognition entries to post",
        (
            Column("entry"),
            Column("name"),
            day("date"),
            Column("account"),
            money("debit"),
            money("credit"),
            Column("business unit"),
            Column("memo"),
        ),
        rows,
        tuple(books.refused),
        {
            "lines": len(rows),
            "debit_cents": sum(line.debit_cents for line in books.recognition),
            "credit_cents": sum(line.credit_cents for line in books.recognition),
        },
    )


def _job_of(document: StDocument, books: ServiceTitanMonth) -> JobDone | None:
    return books.jobs.get(books.job_of.get(document.source.id, ""))


def _crosses(dated: date, completed: date, month: Month) -> bool:
    months = (Month.of(dated), Month.of(completed))
    return months[0] != months[1] and month in months
