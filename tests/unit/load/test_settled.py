"""`links.csv`: what a person settled."""

import pytest

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.load.settled import parse_settled_links

HEADER = "source,target,qbo_id\n"


@pytest.mark.rule("7.2")
def test_rows_become_pairs_and_none_means_new() -> None:
    pairs = parse_settled_links(
        f"\ufeff{HEADER}# two people\ncustomer:1001, Customer ,58\n\ncustomer:1002,Customer,none\n"
    )

    assert [(str(pair.source), pair.qbo_id, pair.is_new, pair.line) for pair in pairs.values()] == [
        ("customer:1001", "58", False, 3),
        ("customer:1002", "", True, 5),
    ]


def test_an_item_is_named_by_sku_and_account() -> None:
    pairs = parse_settled_links(f'{HEADER}"item:A,B|79",Item,7\n')

    assert (SourceRef.parse("item:A,B|79"), "Item") in pairs


def test_names_may_share_an_object_documents_may_not() -> None:
    assert len(parse_settled_links(f"{HEADER}customer:1,Customer,58\ncustomer:2,Customer,58\n")) == 2
    with pytest.raises(SettingsError, match=r"links\.csv, line 3: Invoice 9 is already given away on line 2"):
        parse_settled_links(f"{HEADER}invoice:1,Invoice,9\ninvoice:2,Invoice,9\n")


@pytest.mark.rule("5.3")
def test_a_document_that_is_gone_may_be_made_again() -> None:
    pairs = parse_settled_links(f"{HEADER}payment:9/refund,Purchase,Again 145\n")

    pair = pairs[SourceRef.parse("payment:9/refund"), "Purchase"]
    assert (pair.qbo_id, pair.is_again, pair.is_exclusive) == ("145", True, False)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("customer,Customer,58", r"line 2: 'customer' names no record; write it like customer:1001"),
        ("customer:1,Vendor,58", r"line 2: a customer cannot be linked to 'Vendor', only to Customer"),
        ("customer:1,Customer,abc", r"line 2: 'abc' is no QuickBooks id; write its digits, or none"),
        ("invoice:1,Invoice,none", r"line 2: only a customer can be settled as none; name the Invoice it is"),
        (
            "invoice:1,Invoice,again",
            r"line 2: 'again' does not say which Invoice is gone; write again and its",
        ),
        ("invoice:1,Invoice,again x", r"line 2: 'again x' does not say which Invoice is gone"),
        ("customer:1,Customer,again 58", r"line 2: only a document can be made again, not a customer"),
        ("customer:1,Customer", r"line 2: a row has 3 columns, found 2"),
        (
            "customer:1,Customer,5\ncustomer:1,Customer,6",
            r"line 3: customer:1 to Customer is already settled on line 2",
        ),
    ],
)
def test_a_wrong_row_is_named_by_its_line(row: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_settled_links(HEADER + row + "\n")


def test_a_missing_header_is_named() -> None:
    with pytest.raises(SettingsError, match=r"line 1: the first row must be source,target,qbo_id"):
        parse_settled_links("customer:1,Customer,58\n")
