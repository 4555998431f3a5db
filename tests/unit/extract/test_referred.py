"""What documents refer to is read once, by id."""

from datetime import date

from st_qbo_assets.extract.referred import (
    by_day,
    extract_customers,
    extract_items,
    extract_jobs,
    extract_lists,
    referred,
)
from st_qbo_assets.servicetitan.records import Job, parse_invoice
from tests.unit.extract.fake_servicetitan import FakeServiceTitan
from tests.unit.mapping import builders as make


def test_ids_that_documents_name() -> None:
    lines = [make.line(skuId=1), make.line(skuId=2, type="Material"), make.line(skuId=3, isChargeable=False)]
    documents = [
        make.invoice(lines, job={"id": 7}),
        make.payment("90.00", {8001001: "40.00", 8001002: "50.00"}, customer={"id": 6, "name": "x"}),
        parse_invoice({"id": 1}),
    ]
    found = referred(documents)
    assert found.jobs == {7}
    assert found.customers == {5010001, 6}
    assert found.locations == {5020001}
    assert found.skus == {1: "Service", 2: "Material"}
    assert found.invoices == {8001001, 8001002}


def test_contacts_are_read_only_where_there_is_no_link() -> None:
    client = FakeServiceTitan(
        customers=[{"id": 1}, {"id": 2}],
        contacts=[{"id": 10, "customerId": 1}, {"id": 11, "customerId": 2}],
        locations=[{"id": 3}],
    )
    records = extract_customers(client, [2, 1], without_link=[2], locations=[3])
    assert [(type(record).__name__, record.id) for record in records] == [
        ("Customer", 1),
        ("Customer", 2),
        ("Contact", 11),
        ("Location", 3),
    ]


def test_items_are_looked_for_where_their_line_says() -> None:
    client = FakeServiceTitan(
        services=[{"id": 1}, {"id": 9}], materials=[{"id": 2}], equipment=[], discounts=[{"id": 3}]
    )
    found = extract_items(client, {1: "Service", 2: "Material", 3: "PriceModifier"})
    assert [item.id for item in found] == [1, 2, 3]
    assert client.asked["equipment"] == 0
    assert [item.id for item in extract_items(client, {9: "Unspecified"})] == [9]


def test_reference_lists_are_read_whole() -> None:
    client = FakeServiceTitan(
        units=[{"id": 1}], types=[{"id": 2}], terms=[{"id": 3}], zones=[{"id": 4}], accounts=[{"id": 5}]
    )
    assert [record.id for record in extract_lists(client)] == [1, 2, 3, 4, 5]


def test_a_week_of_days_is_read_in_one_go_and_given_out_by_day() -> None:
    client = FakeServiceTitan(jobs=[{"id": number} for number in range(30)])
    days = [(date(2026, 2, day), [day, 20, 99]) for day in range(1, 11)]
    found = dict(by_day(days, lambda ids: extract_jobs(client, ids), belongs_to=lambda job: job.id))
    assert client.asked["jobs"] == 2
    assert [job.id for job in found[date(2026, 2, 3)]] == [3, 20]
    assert all(isinstance(job, Job) for job in found[date(2026, 2, 10)])
    assert list(
        by_day([(date(2026, 2, 1), [])], lambda ids: extract_jobs(client, ids), belongs_to=lambda job: job.id)
    ) == [(date(2026, 2, 1), [])]
    assert client.asked["jobs"] == 2
