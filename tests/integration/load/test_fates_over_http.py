"""The fates of documents against the sandbox: credits, voids, refunds, changed shapes."""

from decimal import Decimal

import pytest

from st_qbo_assets.domain.outcomes import Outcome, Verdict
from tests.integration.load.office import Office, sale
from tests.unit.load.builders import application, credit, payment, verdict

NUMBER = 9_900_050
LINES = [("LOAD-SKU", "100.00")]


@pytest.mark.rule("3.4")
def test_a_negative_invoice_becomes_a_credit_memo_and_pays_the_invoice(office: Office) -> None:
    original, negative = sale(NUMBER, "100.00"), credit(f"invoice:{NUMBER + 1}", lines=LINES)
    tie = application(
        f"credit_memo:{NUMBER}/application",
        ("Invoice", f"invoice:{NUMBER}", "100.00"),
        ("CreditMemo", f"invoice:{NUMBER + 1}", "100.00"),
    )

    first = office.load(original, negative, tie)
    calls = office.desk.quickbooks.calls
    second = office.load(original, negative, tie)

    assert {result.outcome for result in first.values()} == {Outcome.POSTED}
    assert {result.outcome for result in second.values()} == {Outcome.UNCHANGED}
    assert office.desk.quickbooks.calls == calls
    (memo,) = office.stored("CreditMemo", f"DocNumber = '{NUMBER + 1}'")
    assert (memo["TotalAmt"], memo["RemainingCredit"]) == (100, 0)
    assert office.invoice(NUMBER)["Balance"] == 0


@pytest.mark.rule("3.6")
def test_an_invoice_deleted_in_servicetitan_is_voided_and_its_payment_freed(office: Office) -> None:
    paid = payment(7000, "100.00", applied={NUMBER: "100.00"})
    office.load(sale(NUMBER), paid)

    gone = verdict(sale(NUMBER), Verdict.NOT_DUE, "deleted", "It is no longer active.")
    results = office.load(gone, paid)
    again = office.load(gone, paid)

    assert results[f"invoice:{NUMBER}"].outcome is Outcome.VOIDED
    assert (office.invoice(NUMBER)["TotalAmt"], office.invoice(NUMBER)["Balance"]) == (0, 0)
    assert office.marked("Payment", "payment 7000")[0]["UnappliedAmt"] == Decimal("100.00")
    assert {result.wrote for result in again.values()} == {False}
