"""Every entry of the QuickBooks cookbook against the sandbox: the vendor's fault gives just that entry."""

from __future__ import annotations

import pytest

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    StaleObject,
    SyncError,
    UncertainOutcome,
)
from st_qbo_assets.load.refusals import refused_reason
from st_qbo_assets.quickbooks.answers import error_of
from st_qbo_assets.quickbooks.fault_table import FAULTS, UNKNOWN, FaultClass, FaultKind
from st_qbo_assets.quickbooks.faults import RawFault, classify, explain, fault_kind, find_faults
from tests.integration.cookbook.provocations import PROVOCATIONS, UNHEARD_OF
from tests.sandbox.quickbooks.company import Company, Reply

#: Gateways write some codes with zeros in front; to us they are the same.
ENTRIES = [(kind, code) for kind in FAULTS for code in dict.fromkeys(code.lstrip("0") for code in kind.codes)]
NAMES = [f"{code} {kind.plain}" for kind, code in ENTRIES]
#: What the client raises for a class; a refusal for all others.
_ERRORS: dict[FaultClass, type[SyncError]] = {
    FaultClass.THROTTLED: RateLimited,
    FaultClass.REFRESH: AuthExpired,
    FaultClass.STOP: ConnectionStopped,
    FaultClass.REREAD: StaleObject,
}


def provoked(books: Company, kind: FaultKind, code: str) -> tuple[Reply, RawFault]:
    assert (code, kind.pattern) in PROVOCATIONS, f"nothing brings {code} about: {kind.plain}"
    reply = PROVOCATIONS[code, kind.pattern](books)
    first, *_ = find_faults(reply.json())
    return reply, first


@pytest.mark.parametrize(("kind", "code"), ENTRIES, ids=NAMES)
def test_the_vendors_own_fault_gives_the_entry(books: Company, kind: FaultKind, code: str) -> None:
    _, fault = provoked(books, kind, code)
    assert fault.code == code
    assert fault_kind(fault.code, f"{fault.message} {fault.detail}") is kind


@pytest.mark.parametrize(("kind", "code"), ENTRIES, ids=NAMES)
def test_the_client_raises_what_the_class_asks_for(books: Company, kind: FaultKind, code: str) -> None:
    reply, _ = provoked(books, kind, code)
    error = error_of(
        status=reply.status, faults=find_faults(reply.json()), is_write=True, intuit_tid="1-abc-def"
    )
    expected = UncertainOutcome if code == "10000" else _ERRORS.get(kind.fault_class, RemoteFault)
    assert type(error) is expected
    if isinstance(error, RemoteFault):
        assert (explain(error), classify(error)) == (kind, kind.fault_class)
        said = refused_reason(error)
        assert kind.plain in said.text
        assert kind.cause in said.text
        assert said.remedy == kind.remedy
    if isinstance(error, (ConnectionStopped, UncertainOutcome)):
        assert kind.plain in str(error)
        assert kind.cause in str(error)


def test_a_code_nobody_knows_is_told_in_general_words(books: Company) -> None:
    reply = UNHEARD_OF(books)
    error = error_of(status=reply.status, faults=find_faults(reply.json()), is_write=True, intuit_tid="")
    assert isinstance(error, RemoteFault)
    assert explain(error) is UNKNOWN


def test_nothing_is_provoked_that_the_cookbook_does_not_have() -> None:
    entries = {(code, kind.pattern) for kind, code in ENTRIES}
    assert set(PROVOCATIONS) <= entries
