"""Days that are loaded together are told apart again, and nothing is told twice or not at all."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.orchestration.loading import by_day

FIRST = date(2026, 3, 2)
DAYS = [FIRST + timedelta(days=number) for number in range(4)]


def _mapped(source: SourceRef, day: date) -> Mapped:
    return Mapped(source, Verdict.NOT_DUE, day)


def _result(source: SourceRef, day: date, *, wrote: bool = True) -> LoadResult:
    return LoadResult(source, Outcome.POSTED, day, operation="create", wrote=wrote)


def test_each_day_gets_its_own_documents() -> None:
    invoices = {day: SourceRef(Entity.INVOICE, str(number)) for number, day in enumerate(DAYS)}
    mapped = {day: {Entity.INVOICE: [_mapped(invoices[day], day)]} for day in DAYS}
    told = by_day(mapped, [_result(invoices[day], day) for day in DAYS])
    assert {day: [each.source for each in found] for day, found in told.items()} == {
        day: [invoices[day]] for day in DAYS
    }


def test_documents_of_other_days_go_to_the_first() -> None:
    payment = _result(SourceRef(Entity.PAYMENT, "9"), FIRST - timedelta(days=9))
    told = by_day({day: {Entity.INVOICE: []} for day in DAYS}, [payment])
    assert told[FIRST] == [payment]
    assert not any(told[day] for day in DAYS[1:])


@given(st.lists(st.sets(st.integers(0, 5)), min_size=1, max_size=4))
def test_a_customer_is_told_on_every_day_that_needs_it_and_written_once(needs: list[set[int]]) -> None:
    mapped = {
        day: {
            Entity.CUSTOMER: [
                _mapped(SourceRef(Entity.CUSTOMER, str(number)), day) for number in sorted(numbers)
            ]
        }
        for day, numbers in zip(DAYS, needs, strict=False)
    }
    last_day = {number: day for day, numbers in zip(DAYS, needs, strict=False) for number in numbers}
    results = [_result(SourceRef(Entity.CUSTOMER, str(number)), day) for number, day in last_day.items()]
    told = by_day(mapped, results)
    for day, numbers in zip(DAYS, needs, strict=False):
        assert sorted(int(each.source.id) for each in told[day]) == sorted(numbers)
        assert all(each.day == day for each in told[day])
    assert sum(each.wrote for found in told.values() for each in found) == len(last_day)
