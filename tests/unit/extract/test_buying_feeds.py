"""What changed of what is bought is told by feeds, and by lists where there is no feed (rule 1.5)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.buying_feeds import BoughtChanges
from st_qbo_assets.extract.payables import read_applied_to_bills, read_returns_without_credit
from st_qbo_assets.servicetitan.windows import Params

DAY = "2026-02-0{}T00:00:00Z"
_DEMO = read_company("demo").company.model_dump(mode="json")


def company(**policies: Any) -> CompanyFile:
    start = {"start_date": "2026-02-01", "ap_payments": True}
    return CompanyFile.model_validate({**_DEMO, **start, **policies})


def credit(number: int, **fields: Any) -> Json:
    return {"id": number, "date": DAY.format(number), "amount": 5, "splits": [], **fields}


@dataclass
class Lists:
    """ServiceTitan's lists; what was asked of them is kept."""

    lists: dict[str, list[Json]]
    asked: list[tuple[str, Params]] = field(default_factory=list[tuple[str, Params]])

    def rows(
        self, endpoint: str, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        self.asked.append((endpoint, filters))
        yield from self.lists.get(endpoint, [])


_NONE = frozenset[str]()


@pytest.mark.rule("1.5")
@pytest.mark.parametrize(
    ("policies", "feeds", "lists"),
    [
        (
            {"bill_source": "inventory_bills"},
            {"returns", "inventory-bills", "purchase-orders"},
            {"vendor_credits", "bill_payments"},
        ),
        (
            {"bill_source": "ap_bills", "purchase_orders": False, "ap_payments": False},
            {"returns"},
            {"bills", "vendor_credits"},
        ),
        ({"bill_source": None}, _NONE, _NONE),
    ],
)
def test_only_what_a_company_carries_is_followed(
    policies: dict[str, Any], feeds: Collection[str], lists: Collection[str]
) -> None:
    changes = BoughtChanges(company(**policies))
    assert (set(changes.takers()), set(changes.lists(Lists({})))) == (set(feeds), set(lists))


@pytest.mark.rule("1.5", "8.7")
def test_a_changed_return_touches_the_day_of_its_credit() -> None:
    changes = BoughtChanges(company(bill_source="inventory_bills"))
    takers = changes.takers()
    takers["inventory-bills"]({"id": 7, "billDate": DAY.format(2), "items": []})
    takers["purchase-orders"]({"id": 8, "date": DAY.format(3), "items": []})
    takers["returns"]({"id": 900})
    client = Lists({"ap-credits": [credit(4, inventoryReturnId=900), credit(5, inventoryReturnId=901)]})
    changes.follow_returns(client)
    assert {day for each in changes.all for day in each.days} == {date(2026, 2, day) for day in (2, 3, 4)}
    client.asked.clear()
    BoughtChanges(changes.company).follow_returns(client)
    assert client.asked == [], "nothing is asked when no return changed"


@pytest.mark.rule("3.2", "8.7", "8.8")
def test_what_is_applied_to_a_bill_is_found_whatever_its_day() -> None:
    split = {"id": 1, "inventoryBillId": 7, "amount": 5}
    client = Lists(
        {
            "ap-credits": [credit(4, splits=[split]), credit(5, splits=[{**split, "active": False}])],
            "ap-payments": [{**credit(6), "splits": [split]}],
        }
    )
    found = read_applied_to_bills(client, company(bill_source="ap_bills"), {7})
    assert [each.id for each in found] == [4, 6]
    assert client.asked[0] == ("ap-credits", (("modifiedOnOrAfter", "2025-01-31T06:00:00.000000Z"),))


@pytest.mark.rule("8.7")
def test_returns_without_a_credit_are_found() -> None:
    back: list[Json] = [{"id": number, "returnDate": DAY.format(3)} for number in (900, 901)]
    gone: Json = {"id": 902, "returnDate": DAY.format(3), "status": "Canceled"}
    credits = [credit(4, inventoryReturnId=900), credit(5, inventoryReturnId=901, status="Canceled")]
    client = Lists({"returns": [*back, gone], "ap-credits": credits})
    days = {"first": date(2026, 2, 3), "last": date(2026, 2, 3)}
    found = read_returns_without_credit(client, company(bill_source="ap_bills"), **days)
    assert [(each.id, each.date) for each in found] == [(901, date(2026, 2, 3))]
