"""What a materialization says to a person: counts, cents, and a table of what needs her.

Numbers are numeric, so that Dagster plots them; tables are Markdown. What does not belong here:
computing any of it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from st_qbo_assets.books.addresses import quickbooks_address, servicetitan_address
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Reason, Verdict

#: A table longer than this is cut, and says so: the whole list is in `st-qbo audit`.
MOST_ROWS = 200

Metadata = dict[str, Any]


def extract_metadata(*, records: int, total_cents: int | None = None, calls: int | None = None) -> Metadata:
    """Return the metadata of a day's extract."""
    metadata: Metadata = {"records": records}
    if total_cents is not None:
        metadata["total"] = dollars(total_cents)
        metadata["total_cents"] = total_cents
    if calls is not None:
        metadata["api_calls"] = calls
    return metadata


def mapped_metadata(mapped: Sequence[Mapped]) -> Metadata:
    """Return counts by verdict, the cents that would be posted, and why the others are not."""
    counts = Counter(item.verdict for item in mapped)
    due_cents = sum(item.cents for item in mapped if item.verdict is Verdict.DUE)
    rows = [_row(item.verdict.value, item, item.reason) for item in mapped if item.verdict is not Verdict.DUE]
    metadata = _table("why_not", rows)
    metadata |= {verdict.value: counts[verdict] for verdict in Verdict}
    return metadata | {"due_cents": due_cents, "due_total": dollars(due_cents)}


#: What is said of customers and vendors that are settled, since a person may want the other version.
_TOLD = frozenset({"conflict_settled", "linked_with_differences"})


def loaded_metadata(results: Sequence[LoadResult], company: CompanyFile | None = None) -> Metadata:
    """Return counts by outcome, the cents posted, a table of what failed or waits, and one of every record.

    Args:
        results: where the records of a day stand.
        company: whose pages the records are linked to; without it they are not listed.
    """
    counts = Counter(result.outcome for result in results)
    in_books = (Outcome.POSTED, Outcome.UNCHANGED)
    cents = sum(result.cents for result in results if result.outcome in in_books)
    open_results = [result for result in results if not result.outcome.is_settled]
    rows = [_row(result.outcome.value, result, result.reason) for result in open_results]
    metadata = _table("needs_attention", rows)  # first, since it is what a person has to read
    told = [each for each in results if each.reason is not None and each.reason.code in _TOLD]
    metadata |= _table("both_versions", [_row(each.outcome.value, each, each.reason) for each in told])
    metadata |= {outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]}
    rules = sorted({result.rules for result in results if result.rules})
    return metadata | {
        "records": len(results),
        "written": sum(result.wrote for result in results),
        "posted_cents": cents,
        "posted_total": dollars(cents),
        **({"every_record": _every_record(results, company)} if results and company else {}),
        **({"mapped_by_rules": ", ".join(map(str, rules))} if rules else {}),
    }


def _every_record(results: Sequence[LoadResult], company: CompanyFile) -> dg.MarkdownMetadataValue:
    """Return a line for each record with its pages in both products; its whole life is in the audit."""
    heads = ("stands", "record", "number", "name", "amount", "in QuickBooks", "done")
    lines = ["| " + " | ".join(heads) + " |", "|---|---|---|---|---:|---|---|"]
    for each in results[:MOST_ROWS]:
        key = QboKey(each.target, each.qbo_id)
        row = (
            each.outcome.value,
            _link(str(each.source), servicetitan_address(each.source, company.environment)),
            cell(each.number),
            cell(each.title),
            dollars(each.cents),
            _link(str(key), quickbooks_address(key, company.environment)) if each.qbo_id else "",
            each.operation if each.wrote else "",
        )
        lines.append("| " + " | ".join(row) + " |")
    more = f"… and {len(results) - MOST_ROWS} more. " if len(results) > MOST_ROWS else ""
    days = sorted({each.day.isoformat() for each in results})
    command = f"st-qbo audit --company {company.name} --day {days[0]} --csv"
    told = f"{more}When each was seen, sent and decided: `{command}`."
    return dg.MetadataValue.md("\n".join(lines) + f"\n\n{told}")


def _link(words: str, address: str) -> str:
    return f"[{cell(words)}]({address})" if address else cell(words)


def pairs_metadata(pairs: Sequence[Mapped]) -> Metadata:
    """Return what would travel between the systems, for a person."""
    rows = [_row(each.source.part, each, each.reason) for each in pairs if each.verdict is Verdict.HELD]
    to_servicetitan = [each for each in pairs if each.source.part == "servicetitan" and each.payload]
    to_quickbooks = [each for each in pairs if each.source.part == "quickbooks" and each.payload]
    return {
        "changes_to_quickbooks": len(to_quickbooks),
        "changes_to_servicetitan": len(to_servicetitan),
        **_table("waiting_pairs", rows),
    }


def merge_reasons(results: Iterable[LoadResult]) -> str:
    """Return one line per distinct reason of failure with its count, for a run's error message."""
    counts = Counter(
        f"{result.source.entity.plural}: {result.reason.text if result.reason else result.outcome.value}"
        for result in results
        if result.outcome.fails_partition
    )
    lines = [
        f"{text}" + (f" (and {count - 1} more alike)" if count > 1 else "")
        for text, count in counts.most_common(5)
    ]
    return "; ".join(lines)


def _row(state: str, item: Mapped | LoadResult, reason: Reason | None) -> tuple[str, ...]:
    text = reason.text if reason else ""
    if reason and reason.suggestions:
        text += f" Nearest: {', '.join(reason.suggestions)}."
    remedy = reason.remedy if reason else ""
    return state, str(item.source), item.number, item.title, dollars(item.cents), text, remedy


def _table(name: str, rows: Sequence[tuple[str, ...]]) -> Metadata:
    if not rows:
        return {}
    header = (
        "| state | record | number | name | amount | why | what to do |\n|---|---|---|---|---:|---|---|\n"
    )
    body = "\n".join("| " + " | ".join(cell(each) for each in row) + " |" for row in rows[:MOST_ROWS])
    more = f"\n\n… and {len(rows) - MOST_ROWS} more: `st-qbo audit`." if len(rows) > MOST_ROWS else ""
    return {name: dg.MetadataValue.md(header + body + more)}


def cell(text: str) -> str:
    """Return text that cannot break a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def dollars(cents: int) -> str:
    """Return cents as people write them: 1,234.50."""
    return f"{from_cents(cents):,}"
