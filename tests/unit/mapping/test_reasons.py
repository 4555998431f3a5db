"""The table of reasons and the code that gives them agree."""

import re
from pathlib import Path

from st_qbo_assets.domain.reasons import GATE, KINDS, MAPPING, reason
from st_qbo_assets.load.reasons import LOAD

SOURCES = [
    *(Path(__file__).parents[3] / "st_qbo_assets" / "mapping").glob("*.py"),
    Path(__file__).parents[3] / "st_qbo_assets" / "domain" / "gate.py",
]


def test_every_reason_of_the_table_is_given_and_every_one_given_is_in_the_table() -> None:
    calls = re.compile(
        r'(?:held|rejected|reason|_not_due)\(\s*(?:"canceled_empty" if [^"]* else )?"([a-z_]+)"'
    )
    given = {code for path in SOURCES for code in calls.findall(path.read_text())} | {"canceled_empty"}
    assert given == set(GATE) | set(MAPPING)


def test_every_code_has_one_owner() -> None:
    assert not set(KINDS) & set(LOAD)


def test_every_reason_cites_a_rule_and_what_waits_has_a_remedy() -> None:
    for code, kind in (GATE | MAPPING).items():
        assert re.fullmatch(r"\d+(\.\d+)?", kind.rule), code
        assert kind.text.endswith("."), code
        assert kind.remedy.endswith("."), code


def test_a_lone_surrogate_never_reaches_a_file() -> None:
    told = reason("payment_type_ignored", type="bad \ud83d name")
    assert told.text.encode("utf-8").decode() == "The company file ignores payments of type bad ? name."
