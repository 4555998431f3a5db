"""Whatever is sold, at whatever rates and discounts, in whatever mode: to the cent, or told why not."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Outcome
from tests.integration.tax.modes import ALL, Mode
from tests.integration.tax.shop import Shop

ZONES = (71, 72, 73, 74, 75, 76)
#: What QuickBooks' side may do to a tax; the first leaves it alone.
ENGINES: tuple[dict[str, Any], ...] = (
    {},
    {"tax_rounding": "line"},
    {"apps_may_override_tax": False},
    {"apps_may_override_tax": False, "tax_rounding": "line"},
    {"tax_off_by_cents": 1},
    {"tax_off_by_cents": -1},
    {"tax_off_by_cents": 1, "tax_off_when": "create"},
    {"explicit_tax_without_rate": "drop"},
)
_PLAIN: dict[str, Any] = {
    "tax_rounding": "subtotal",
    "apps_may_override_tax": True,
    "tax_off_by_cents": 0,
    "tax_off_when": "always",
    "explicit_tax_without_rate": "keep",
}

prices = st.decimals("0.01", "2500", places=2)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "price": prices.map(str),
            "quantity": st.sampled_from(["1", "2", "0.5", "3.25", "1.333"]),
            "taxable": st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)
discounts = st.lists(
    st.fixed_dictionaries(
        {
            "price": prices.map(lambda price: str(-price / 10)),
            "skuName": st.sampled_from(["DISC-SR", "DISC-TAXABLE"]),
            "taxable": st.booleans(),
        }
    ),
    max_size=2,
)
#: None lets ServiceTitan compute at the zone's rate; else somebody typed it over.
taxes = st.one_of(st.none(), st.decimals("0", "300", places=2).map(str))


@pytest.mark.rule("2.4", "5.4")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sold=lines,
    off=discounts,
    tax=taxes,
    zone=st.sampled_from(ZONES),
    mode=st.sampled_from(ALL),
    engine=st.sampled_from(ENGINES),
    is_credit=st.booleans(),
)
def test_what_is_stored_equals_servicetitan_or_is_told(
    shop: Shop,
    sold: list[dict[str, Any]],
    off: list[dict[str, Any]],
    tax: str | None,
    zone: int,
    mode: Mode,
    engine: dict[str, Any],
    is_credit: bool,
) -> None:
    mode.set_up(shop)
    shop.desk.switch(**{**_PLAIN, **engine})
    more = {"tax_zone_id": zone} | ({"tax": tax} if tax is not None else {})
    enter = shop.credits if is_credit else shop.sells
    (found,) = shop.books(enter(*sold, *([] if is_credit else off), **more))

    if found.is_in_the_books:
        assert found.stored == found.meant
    elif found.result.outcome is Outcome.MISMATCH:
        assert found.stored is not None and found.stored != found.meant
        assert str(found.stored[1]) in str(found.result.reason)
    else:
        # Zero is nobody's document, and a discount above everything is a credit.
        assert found.result.outcome in (Outcome.HELD, Outcome.NOT_DUE, Outcome.REJECTED)
        assert found.stored is None
        assert found.result.reason is not None and found.result.reason.remedy
    if not engine and Decimal(found.meant[1]) and mode.tax["mode"] != "none":
        assert found.is_in_the_books or found.code in ("tax_without_taxable_line", "tax_against_total")
