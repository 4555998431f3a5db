"""Refusals on demand: any code, in the vendor's form and words, with nothing done."""

from __future__ import annotations

import pytest

from st_qbo_sandbox.quickbooks.refusals import WORDS
from tests.sandbox.quickbooks.company import Company


def refuse(books: Company, code: str) -> None:
    books.control("faults", {"rules": [{"kind": "refuse", "code": code, "path": "*/invoice", "times": 1}]})


@pytest.mark.parametrize("key", WORDS)
def test_a_refusal_has_its_own_words_and_leaves_nothing_behind(books: Company, key: str) -> None:
    before = books.control("state")
    refuse(books, key)
    reply = books.post("invoice", books.sale())
    words = WORDS[key]
    assert reply.status == words.status
    assert reply.error == {
        "Message": words.message,
        "Detail": words.detail,
        "code": key.partition(" ")[0],
        "element": "",
    }
    assert books.control("state") == before


def test_a_code_the_company_knows_otherwise_is_refused_in_its_usual_message(books: Company) -> None:
    refuse(books, "5020")
    assert books.post("invoice", books.sale()).error["Message"] == "Permission Denied Error"


def test_a_code_nobody_recorded_is_refused_too(books: Company) -> None:
    refuse(books, "6999")
    assert books.post("invoice", books.sale()).codes == ["6999"]
