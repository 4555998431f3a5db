"""What QuickBooks refuses is shown with words, cause, remedy and whether a retry helps, wherever asked."""

from zoneinfo import ZoneInfo

import pytest

from st_qbo_assets.cli.lives import Places, life_document
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.orchestration.metadata import loaded_metadata, merge_reasons
from st_qbo_assets.quickbooks.faults import fault_kind
from st_qbo_assets.store.audit import Audit, AuditQuery
from st_qbo_assets.store.database import Database
from tests.integration.load.office import Office, sale

NUMBER = 9_900_010
PLACES = Places("http://127.0.0.1:3000", Environment.SANDBOX, ZoneInfo("America/Chicago"))


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("code", ["2050", "6100", "6430", "6170", "6999"])
def test_a_refusal_is_explained_in_reason_metadata_and_audit(
    office: Office, database: Database, code: str
) -> None:
    office.load()
    office.desk.fault("refuse", code=code, path="*/invoice", method="POST")

    found = office.load(sale(NUMBER))[f"invoice:{NUMBER}"]

    kind = fault_kind(code)
    assert found.outcome is Outcome.REJECTED
    assert found.reason is not None
    shown = str(loaded_metadata([found])["needs_attention"].value)
    for words in (kind.plain, kind.cause):
        assert words in found.reason.text
        assert words in shown
        assert words in merge_reasons([found])
    assert found.reason.remedy == kind.remedy
    assert kind.remedy in shown
    query = AuditQuery(entity=Entity.INVOICE, servicetitan_id=str(NUMBER))
    (life,) = Audit(database).find(office.ledger_name, query)
    document = life_document(life, PLACES)
    assert document["state"]["reason"]["remedy"] == kind.remedy
    (write,) = document["writes"]
    (attempt,) = write["attempts"]
    assert attempt["code"] == code
    assert attempt["explained"] == {
        "class": kind.fault_class.value,
        "plain": kind.plain,
        "cause": kind.cause,
        "remedy": kind.remedy,
        "retry_helps": kind.retry_helps,
    }
