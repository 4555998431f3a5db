"""Records that contradict themselves or each other wait or are rejected by their rule; neighbours post.

Each is planted through the sandbox between good documents of the same customer and day, and read, mapped and
loaded together with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.domain.reasons import KINDS
from tests.integration.tax.shop import Booked, Shop

Json = dict[str, Any]
LINE = {"price": "100.00"}
HELD, REJECTED = Outcome.HELD, Outcome.REJECTED


def told(found: Booked) -> tuple[Outcome, str]:
    return found.result.outcome, found.code


def assert_bad_wait_and_good_post(
    shop: Shop, planted: Mapping[str, Json], expected: Mapping[str, tuple[Outcome, str]]
) -> dict[str, Booked]:
    """Load the bad between the good, and return what became of the bad, by name."""
    sold = shop.sells(LINE, {"price": "20.00", "taxable": False})
    good = [sold, shop.credits(LINE), shop.pays((sold, "50.00")), shop.pays(amount="30.00")]
    documents = [*good[:2], *planted.values(), *good[2:]]
    booked = dict(zip((document["id"] for document in documents), shop.books(*documents), strict=True))

    bad = {name: booked[document["id"]] for name, document in planted.items()}
    assert {name: told(found) for name, found in bad.items()} == dict(expected)
    for found in bad.values():
        assert found.stored is None
        assert found.result.reason is not None and found.result.reason.remedy
        assert found.code in KINDS and KINDS[found.code].rule
    for document in good:
        found = booked[document["id"]]
        assert told(found) == (Outcome.POSTED, "")
        assert found.stored == found.meant
    return bad


def other_customer(shop: Shop) -> Json:
    sold = shop.desk.state("servicetitan", "invoices")
    return next(each["customer"] for each in sold if each["customer"]["id"] != shop.customer["id"])


def unit_abroad(shop: Shop) -> int:
    """Let a business unit of its own count in another currency."""
    units = shop.desk.state("servicetitan", "business-units")
    unit = next(each for each in units if each["name"] == "Electrical")
    shop.changes("business-units", unit, currency="CAD")
    shop.reads_lists()
    return unit["id"]


@pytest.mark.rule("1.3", "2.4", "2.7")
def test_invoices(shop: Shop) -> None:
    abroad = unit_abroad(shop)
    planted = {
        "total beside its parts": shop.spoils("invoices", shop.sells(LINE), total="999.99"),
        "lines beside the subtotal": shop.spoils("invoices", shop.sells(LINE), subTotal="90.00"),
        "no customer": shop.spoils("invoices", shop.sells(LINE), customer=None),
        "tax of the other sign": shop.sells(LINE, tax="-8.85"),
        "tax on nothing taxable": shop.sells({**LINE, "taxable": False}, tax="8.85"),
        "another currency": shop.sells(LINE, business_unit_id=abroad),
        "751 taxable lines": shop.sells(*[{"price": "1.00"}] * 751),
    }
    bad = assert_bad_wait_and_good_post(
        shop,
        planted,
        {
            "total beside its parts": (REJECTED, "total_does_not_add_up"),
            "lines beside the subtotal": (REJECTED, "lines_do_not_sum"),
            "no customer": (REJECTED, "customer_missing"),
            "tax of the other sign": (HELD, "tax_against_total"),
            "tax on nothing taxable": (HELD, "tax_without_taxable_line"),
            "another currency": (HELD, "currency_mismatch"),
            "751 taxable lines": (HELD, "too_many_lines"),
        },
    )
    assert "751 lines; QuickBooks takes 750" in str(bad["751 taxable lines"].result.reason)
    assert "CAD" in str(bad["another currency"].result.reason)


@pytest.mark.rule("1.3")
def test_750_taxable_lines_and_1000_untaxed_ones_post(shop: Shop) -> None:
    most = shop.books(
        shop.sells(*[{"price": "1.00"}] * 750),
        shop.sells(*[{"price": "1.00", "taxable": False}] * 1000, tax="0.00"),
    )
    assert [(told(each), each.stored == each.meant) for each in most] == [((Outcome.POSTED, ""), True)] * 2


@pytest.mark.rule("1.3")
def test_10001_lines_wait(shop: Shop) -> None:
    many = shop.sells(*[{"price": "1.00", "taxable": False}] * 10_001, tax="0.00")
    bad = assert_bad_wait_and_good_post(shop, {"many": many}, {"many": (HELD, "too_many_lines")})
    assert "10001 lines; QuickBooks takes 10000" in str(bad["many"].result.reason)


@pytest.mark.rule("3.4", "2.4")
def test_credit_memos(shop: Shop) -> None:
    sold, other = shop.sells(LINE), other_customer(shop)
    foreign = shop.sells(LINE, customer_id=other["id"])
    twin = shop.credits({"price": "64.00", "taxable": False}, tax="0.00")
    shop.sells({"price": "-64.00", "taxable": False}, tax="0.00")
    planted = {
        "splits beyond the total": shop.spoils(
            "credit-memos", shop.credits(LINE), appliedTo=[split(sold, "500.00")]
        ),
        "total beside its parts": shop.spoils("credit-memos", shop.credits(LINE), total=999.99),
        "below zero": below_zero(shop),
        "no customer": shop.spoils("credit-memos", shop.credits(LINE), customer=None),
        "tax of the other sign": shop.credits(LINE, tax="-8.85"),
        "another currency": shop.credits(LINE, business_unit_id=unit_abroad(shop)),
        "entered twice": twin,
    }
    assert_bad_wait_and_good_post(
        shop,
        planted,
        {
            "splits beyond the total": (REJECTED, "splits_exceed_total"),
            "total beside its parts": (REJECTED, "total_does_not_add_up"),
            "below zero": (HELD, "credit_memo_below_zero"),
            "no customer": (REJECTED, "customer_missing"),
            "tax of the other sign": (HELD, "tax_against_total"),
            "another currency": (HELD, "currency_mismatch"),
            "entered twice": (HELD, "credit_memo_and_negative_invoice"),
        },
    )
    assert foreign


def below_zero(shop: Shop) -> Json:
    memo = shop.credits({**LINE, "taxable": False}, tax="0.00")
    items = [{**item, "total": -100.0} for item in memo["items"]]
    return shop.spoils("credit-memos", memo, total=-100.0, subTotal=-100.0, items=items)


def split(invoice: Json, amount: str) -> Json:
    return {
        "appliedId": invoice["id"] + 7,
        "appliedTo": invoice["id"],
        "appliedAmount": amount,
        "appliedOn": invoice["invoiceDate"],
        "appliedToReferenceNumber": invoice["referenceNumber"],
    }


@pytest.mark.rule("3.1", "3.2", "3.4", "2.4")
def test_payments(shop: Shop) -> None:
    other = other_customer(shop)
    sold, foreign = shop.sells(LINE), shop.sells(LINE, customer_id=other["id"])
    void = shop.sells(LINE)
    pays_void = shop.pays(amount="40.00")
    shop.desk.act("delete", half="servicetitan", resource="invoices", id=void["id"])

    def paying(invoice: Json, amount: str, **more: Any) -> Json:
        payment = pays_void if invoice is void else shop.pays(amount="40.00")
        return shop.spoils("payments", payment, appliedTo=[split(invoice, amount)], **more)

    planted = {
        "splits beyond the total": paying(sold, "500.00", unappliedAmount="-460.00"),
        "splits and rest beside the total": paying(sold, "10.00", unappliedAmount="5.00"),
        "applied to a void invoice": paying(void, "40.00", unappliedAmount="0.00"),
        "another customer's invoice": paying(foreign, "40.00", unappliedAmount="0.00"),
        "credit out of an invoice": paying(sold, "-40.00", unappliedAmount="80.00"),
        "no customer": shop.spoils("payments", shop.pays(amount="40.00"), customer=None),
    }
    assert_bad_wait_and_good_post(
        shop,
        planted,
        {
            "splits beyond the total": (REJECTED, "splits_exceed_total"),
            "splits and rest beside the total": (REJECTED, "payment_does_not_add_up"),
            "applied to a void invoice": (HELD, "applied_to_void_invoice"),
            "another customer's invoice": (HELD, "payment_of_other_customer"),
            "credit out of an invoice": (HELD, "credit_taken_from_invoice"),
            "no customer": (REJECTED, "customer_missing"),
        },
    )


@pytest.mark.rule("3.5")
def test_refunds(shop: Shop) -> None:
    paid, other = shop.pays(amount="40.00"), other_customer(shop)
    sold = shop.sells(LINE)
    in_full = shop.pays((sold, "40.00"))
    of_other = shop.pays(amount="40.00", customer_id=other["id"])

    def refund(of: Json, **fields: Any) -> Json:
        return shop.spoils("payments", shop.refunds(of, amount="40.00"), **fields)

    planted = {
        "more than was paid": shop.refunds(paid, amount="400.00"),
        "of nothing": refund(paid, refundedPaymentId=None),
        "of a payment nobody knows": refund(paid, refundedPaymentId=999_999_999),
        "of another customer's payment": refund(paid, refundedPaymentId=of_other["id"]),
        "applied to an invoice that is owed": refund(
            in_full, appliedTo=[split(sold, "-40.00")], unappliedAmount="0.00"
        ),
    }
    assert_bad_wait_and_good_post(
        shop,
        planted,
        {
            "more than was paid": (HELD, "refund_exceeds_payment"),
            "of nothing": (HELD, "refund_without_payment"),
            "of a payment nobody knows": (HELD, "refund_of_unknown_payment"),
            "of another customer's payment": (HELD, "refund_of_other_customer"),
            "applied to an invoice that is owed": (HELD, "refund_applied_to_invoice"),
        },
    )


#: What no ledger can hold, in fields that the new shapes need.
ABSURD: dict[str, tuple[str, Json]] = {
    "memo of letters": ("credit-memos", {"total": "a lot"}),
    "memo beyond any ledger": ("credit-memos", {"total": 1e15}),
    "memo split of words": ("credit-memos", {"appliedTo": [{"appliedTo": "it", "appliedAmount": 5}]}),
    "memo split of letters": ("credit-memos", {"appliedTo": [{"appliedTo": 5, "appliedAmount": "x"}]}),
    "memo without active": ("credit-memos", {"active": "perhaps"}),
    "payment without total": ("payments", {"total": None}),
    "payment split of letters": ("payments", {"appliedTo": [{"appliedTo": 5, "appliedAmount": "x"}]}),
    "payment that refunds words": ("payments", {"refundedPaymentId": "the last one"}),
    "payment that refunds a fraction": ("payments", {"refundedPaymentId": 1.5}),
    "invoice that adjusts words": ("invoices", {"adjustmentToId": "that one"}),
    "invoice without total": ("invoices", {"total": None}),
}


@pytest.mark.rule("1.4", "3.4", "3.5")
def test_what_no_ledger_can_hold_is_rejected_verbatim(shop: Shop) -> None:
    enter = {
        "credit-memos": lambda: shop.credits(LINE),
        "payments": lambda: shop.pays(amount="40.00"),
        "invoices": lambda: shop.sells(LINE),
    }
    planted = {
        name: shop.spoils(resource, enter[resource](), **fields)
        for name, (resource, fields) in ABSURD.items()
    }
    bad = assert_bad_wait_and_good_post(
        shop, planted, dict.fromkeys(planted, (REJECTED, "unreadable_record"))
    )
    for name, (_, fields) in ABSURD.items():
        assert next(iter(fields)) in str(bad[name].result.reason), name


@pytest.mark.rule("3.4")
def test_a_split_of_nothing_waits_and_the_memo_is_in_the_books(shop: Shop) -> None:
    nothing = [{"appliedTo": None, "appliedAmount": 5}]
    (memo,) = shop.books(shop.spoils("credit-memos", shop.credits(LINE), appliedTo=nothing))
    assert told(memo) == (Outcome.POSTED, "")
    assert memo.held["RemainingCredit"] == memo.meant[1]
    (applied,) = [result for source, result in shop.results.items() if source.part == "application"]
    assert applied.reason is not None and applied.reason.code == "split_without_document"


@pytest.mark.rule("1.4")
def test_lists_that_are_null_are_empty(shop: Shop) -> None:
    memo = shop.spoils("credit-memos", shop.credits(LINE), appliedTo=None)
    payment = shop.spoils("payments", shop.pays(amount="40.00"), appliedTo=None)
    found = shop.books(memo, payment)
    assert [(told(each), each.stored == each.meant) for each in found] == [((Outcome.POSTED, ""), True)] * 2
