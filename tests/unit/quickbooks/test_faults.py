"""The table of faults, and reading faults out of answers."""

import re

import pytest

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.quickbooks.faults import (
    FAULTS,
    UNKNOWN,
    FaultClass,
    TakenNumber,
    classify,
    explain,
    fault_kind,
    find_faults,
    taken_number,
)

#: Every code the project's reference on QuickBooks lists.
CODES = re.findall(
    r"\d+",
    "100 110 120 130 140 150 500 600 610 620 1040 2010 2020 2030 2040 2050 2060 2070 2130 2140 2150 "
    "2160 2170 2200 2210 2240 2250 2290 2500 3001 3100 3200 3202 4000 4001 4002 5010 5020 5030 6000 "
    "6010 6070 6080 6090 6100 6140 6160 6170 6180 6190 6200 6210 6220 6230 6240 6250 6270 6310 6320 "
    "6430 6440 6450 6460 6470 6480 6520 6540 6560 10000 10100 10200 ",
)

INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with accounts, customers, items"
)


def fault(code: str, detail: str = "", message: str = "") -> RemoteFault:
    return RemoteFault(message or "A message", code=code, detail=detail)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_plain_words_a_cause_and_a_remedy(code: str) -> None:
    kind = fault_kind(code)
    assert kind is not UNKNOWN
    assert kind.plain.endswith(".") and kind.cause.endswith(".") and kind.remedy.endswith((".", ")."))


def test_no_row_is_hidden_behind_an_earlier_one() -> None:
    # A row without a pattern takes its codes for good: none may follow it.
    taken: set[str] = set()
    for kind in FAULTS:
        assert not taken.issuperset(kind.codes), kind
        if not kind.pattern:
            taken.update(kind.codes)


@pytest.mark.parametrize(
    ("code", "detail", "expected"),
    [
        ("120", ": –11014-You do not have access to use QuickBooks Online Plus.", FaultClass.STOP),
        ("140", "", FaultClass.RETRY),
        ("600", "Duplicate Request ID already exists", FaultClass.REPLAYED),
        ("610", "Object Not Found : Another user has deleted this transaction.", FaultClass.GONE),
        ("610", f"Object Not Found : {INACTIVE}", FaultClass.STALE_REFERENCE),
        ("2500", f"Invalid Reference Id : {INACTIVE}", FaultClass.STALE_REFERENCE),
        ("620", "", FaultClass.NOT_LINKABLE),
        ("2020", "Required parameter Line is missing in the request", FaultClass.REJECT),
        ("3001", "The request limit was reached.  Try again later", FaultClass.THROTTLED),
        ("3100", "", FaultClass.STOP),
        ("3200", "Token expired: …", FaultClass.REFRESH),
        (
            "5010",
            "Stale Object Error : You and root were working on this at the same time.",
            FaultClass.REREAD,
        ),
        ("5030", "", FaultClass.FEATURE_OFF),
        ("6000", "You can only add or edit one name at a time. Please try again.", FaultClass.NAME_LOCK),
        ("6000", "We're sorry, QuickBooks encountered an error while calculating tax.", FaultClass.RETRY),
        (
            "6000",
            "Another user was creating a transaction with inventory products at exactly the same time",
            FaultClass.RETRY,
        ),
        ("6000", "Business Validation Error: You must set a transaction amount.", FaultClass.REJECT),
        ("6000", "Fill out at least two detail lines to continue.", FaultClass.REJECT),
        ("6000", "The type of name assigned to this transaction is wrong", FaultClass.REJECT),
        ("6000", "Something nobody has seen before", FaultClass.REJECT),
        ("6140", "DocNumber=1037 is assigned to TxnType=Invoice with TxnId=17984", FaultClass.OWN_DUPLICATE),
        ("6190", "Subscription period has ended", FaultClass.STOP),
        ("6210", "The account period has closed", FaultClass.CLOSED_PERIOD),
        (
            "6240",
            "Another customer, vendor or employee is already using this name.",
            FaultClass.NAME_CONFLICT,
        ),
        ("6540", "This transaction has been deposited.", FaultClass.DEPOSITED),
        ("10000", "System Failure Error: …", FaultClass.RETRY),
        ("99999", "A code of tomorrow", FaultClass.REJECT),
    ],
)
def test_code_and_text_decide_the_class(code: str, detail: str, expected: FaultClass) -> None:
    assert classify(fault(code, detail)) is expected


def test_only_passing_troubles_are_worth_the_same_request_again() -> None:
    helped = {kind for kind in FaultClass if kind.retry_helps}
    assert helped == {
        FaultClass.RETRY,
        FaultClass.THROTTLED,
        FaultClass.REFRESH,
        FaultClass.NAME_LOCK,
        FaultClass.REPLAYED,
    }


def test_an_unknown_code_is_explained_in_general_words() -> None:
    assert explain(fault("77777")) is UNKNOWN
    assert not UNKNOWN.retry_helps


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (
            "Duplicate Document Number Error : You must specify a different number. This number has already "
            "been used. DocNumber=1037 is assigned to TxnType=Invoice with TxnId=17984",
            TakenNumber("1037", "Invoice", "17984"),
        ),
        (
            "DocNumber=AA_2025-07_7676ce is assigned to TxnType=Journal Entry with TxnId=3632",
            TakenNumber("AA_2025-07_7676ce", "JournalEntry", "3632"),
        ),
        (
            "DocNumber=10 37/a is assigned to TxnType=Credit Memo with TxnId=5",
            TakenNumber("10 37/a", "CreditMemo", "5"),
        ),
        ("This number has already been used.", None),
    ],
)
def test_who_holds_a_taken_number_is_read(detail: str, expected: TakenNumber | None) -> None:
    assert taken_number(fault("6140", detail)) == expected


def test_faults_are_found_in_capital_letters() -> None:
    body = {
        "Fault": {
            "Error": [
                {"Message": "Stale Object Error", "Detail": "You and root …", "code": "5010", "element": ""},
                {"Message": "Required param missing", "Detail": "…", "code": "2020", "element": "AccountRef"},
            ],
            "type": "ValidationFault",
        },
        "time": "2026-04-29T11:55:16.670-07:00",
    }
    found = find_faults(body)
    assert [(one.code, one.element, one.type) for one in found] == [
        ("5010", "", "ValidationFault"),
        ("2020", "AccountRef", "ValidationFault"),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"message": "m", "detail": "Token expired: x", "code": "3200", "element": None}, "3200"),
        ({"message": "message=ThrottleExceeded; errorCode=003001; statusCode=429", "code": None}, "3001"),
        ({"message": "m", "code": "003100"}, "3100"),
        ({"message": "m", "code": 3100}, "3100"),
    ],
)
def test_faults_are_found_in_the_small_letters_of_gateways(error: dict[str, object], code: str) -> None:
    body = {"warnings": None, "fault": {"error": [error], "type": "SERVICE"}, "time": 1730024394085}
    assert [one.code for one in find_faults(body)] == [code]


@pytest.mark.parametrize(
    "body", [None, [], "text", {}, {"Invoice": {"Id": "1"}}, {"fault": None}, {"Fault": []}]
)
def test_an_answer_without_a_fault_has_none(body: object) -> None:
    assert find_faults(body) == ()


def test_a_fault_without_errors_is_still_a_fault() -> None:
    assert len(find_faults({"Fault": {"type": "SystemFault"}})) == 1
