"""The ways a company may carry sales tax: its file and QuickBooks' own settings together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.integration.tax.shop import Shop

LINE_ITEM = "Sales tax by ServiceTitan"


@dataclass(frozen=True)
class Mode:
    """One way.

    Attributes:
        name: for people.
        tax: the section of the company file.
        prefers: QuickBooks' preferences; None takes one away.
        computes: whether QuickBooks computes tax of its own in this way.
    """

    name: str
    tax: dict[str, Any]
    prefers: dict[str, Any]
    computes: bool = True
    prepare: Callable[[Shop], None] = lambda shop: None

    def set_up(self, shop: Shop) -> None:
        """Make the company so."""
        self.prepare(shop)
        shop.prefers(**self.prefers)
        shop.decide(tax=self.tax)


def _item_for_tax(shop: Shop) -> None:
    if list(shop.desk.quickbooks.query("Item", f"Name = '{LINE_ITEM}'")):
        return
    payable = next(iter(shop.desk.quickbooks.query("Account", "AccountSubType = 'SalesTaxPayable'")))
    body = {"Name": LINE_ITEM, "Type": "Service", "IncomeAccountRef": {"value": payable["Id"]}}
    shop.desk.act("create", entity="Item", body=body)


_AUTOMATED: dict[str, Any] = {"UsingSalesTax": True, "PartnerTaxEnabled": True}
_MANUAL: dict[str, Any] = {"UsingSalesTax": True, "PartnerTaxEnabled": None}
_OFF: dict[str, Any] = {"UsingSalesTax": False, "PartnerTaxEnabled": None}
_LINE: dict[str, Any] = {"mode": "line", "line_item": LINE_ITEM}

AUTOMATED = Mode("automated", {"mode": "automated"}, _AUTOMATED)
CODES = Mode("codes", {"mode": "codes"}, _MANUAL)
LINE = Mode("line beside automated tax", _LINE, _AUTOMATED, prepare=_item_for_tax)
LINE_MANUAL = Mode("line beside manual tax", _LINE, _MANUAL, prepare=_item_for_tax)
LINE_OFF = Mode("line with sales tax off", _LINE, _OFF, computes=False, prepare=_item_for_tax)
NONE = Mode("none", {"mode": "none"}, _AUTOMATED)
NONE_OFF = Mode("none with sales tax off", {"mode": "none"}, _OFF, computes=False)

#: Those that carry tax.
TAXING = (AUTOMATED, CODES, LINE, LINE_MANUAL, LINE_OFF)
ALL = (*TAXING, NONE, NONE_OFF)
