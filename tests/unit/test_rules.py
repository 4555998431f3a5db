"""Every rule that the documentation marks as carried out has a test that cites it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def rules_carried_out() -> set[str]:
    """The numbers marked ✔ in docs/bookkeeping-rules.md: `2.6`, or `4` for a section without numbers."""
    section, found = "", set[str]()
    for line in (ROOT / "docs" / "bookkeeping-rules.md").read_text().splitlines():
        if heading := re.match(r"## (\d+)\. (✔)?", line):
            section = heading[1]
            if heading[2]:
                found.add(section)
        elif rule := re.match(r"(\d+)\. ✔", line):
            found.add(f"{section}.{rule[1]}")
    return found


def rules_tested() -> set[str]:
    """The numbers in `@pytest.mark.rule(...)` over all tests."""
    marks = re.compile(r"mark\.rule\(([^)]*)\)")
    numbers = re.compile(r"[\"'](\d+(?:\.\d+)?)[\"']")
    texts = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    return {number for text in texts for mark in marks.findall(text) for number in numbers.findall(mark)}


def test_the_documentation_marks_rules() -> None:
    assert {"1.1", "2.6", "4", "5.1", "11"} <= rules_carried_out()


def test_every_rule_carried_out_has_a_test_that_cites_it() -> None:
    assert sorted(rules_carried_out() - rules_tested()) == []


def test_no_test_cites_a_rule_that_does_not_exist() -> None:
    text = (ROOT / "docs" / "bookkeeping-rules.md").read_text()
    sections = {match[1]: match[2] for match in re.finditer(r"(?ms)^## (\d+)\. (.*?)(?=^## |\Z)", text)}
    known = {
        f"{number}.{rule}" for number, body in sections.items() for rule in re.findall(r"(?m)^(\d+)\. ", body)
    }
    assert rules_tested() <= known | sections.keys()
