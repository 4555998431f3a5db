from __future__ import annotations

import pytest

from tests.sandbox.contractor.seeds import seed_of, window
from tests.sandbox.contractor.specs import COMPONENTS, complaints, specs_folder

needs_specs = pytest.mark.skipif(specs_folder() is None, reason="the vendor's OpenAPI files are not at hand")


@needs_specs
@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("collection", sorted(COMPONENTS))
def test_records_fit_the_vendors_schema(collection: str, hard: bool) -> None:
    records = seed_of(window(hard=hard)).servicetitan.get(collection, [])
    assert [complaint for record in records for complaint in complaints(collection, record)] == []


@pytest.mark.parametrize("hard", [False, True])
def test_every_collection_has_a_schema_and_distinct_ids(hard: bool) -> None:
    for collection, records in seed_of(window(hard=hard)).servicetitan.items():
        assert collection in COMPONENTS
        identities = [record["id"] for record in records]
        assert len(identities) == len(set(identities)), collection


def test_ids_inside_documents_are_distinct() -> None:
    records = seed_of(window(hard=True)).servicetitan
    items: list[int] = []
    for invoice in records["invoices"]:
        items += [item["id"] for item in invoice["items"] or ()]
    splits: list[int] = []
    for payment in records["payments"]:
        splits += [split["appliedId"] for split in payment["appliedTo"] or ()]
    assert len(items) == len(set(items))
    assert len(splits) == len(set(splits))
