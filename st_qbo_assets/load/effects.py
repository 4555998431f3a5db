"""What a plan does to the books, against what QuickBooks last confirmed.

What belongs here: the effect of a document as QuickBooks confirmed it, and the change a planned step makes.
What does not: the effect of a payload by itself (`mapping.preview`) and what is planned (`planning`). Pure.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from st_qbo_assets.domain.effects import Effect
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.outcomes import Json, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.adjusting import SIGNS
from st_qbo_assets.load.foresight import RECHECK
from st_qbo_assets.load.planning import Planned
from st_qbo_assets.load.shapes import is_adjustment_part
from st_qbo_assets.load.verify import DEPOSIT_ACCOUNT, owned_fields
from st_qbo_assets.store.links import Link

#: Sales documents, with the sign their amounts have in the books of sales.
_SIGNS = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}
#: What is bought, with the sign its lines have on cost and stock.
_COSTS = {"Bill": 1, "VendorCredit": -1}
#: How the account that an item is bought on is named beside the one it is sold on.
COST_OF = "cost of "
#: Those whose money is there at once.
_RECEIPTS = frozenset({"SalesReceipt", "RefundReceipt"})
#: Accounts that are not known here; shown as they are called.
UNKNOWN_ITEM = "account of item "
UNKNOWN_COST = "cost account of item "
UNKNOWN_MONEY = "unknown account"


def items_of(planned: Iterable[Planned]) -> set[str]:
    """Return the QuickBooks items on the documents a plan is about: their accounts have to be known."""
    found: set[str] = set()
    for each in planned:
        if each.link is not None:
            found.update(objects.text(line.get("ItemRef")) for line in _lines(_present(each.link)))
        found.update(item for item, _ in _adjusted_lines(each))
    return {item for item in found if item and objects.as_source(item) is None}


def change_of(planned: Planned, own: Effect, accounts: Mapping[str, str]) -> Effect:
    """Return what a planned step does to the books: the difference to what QuickBooks last confirmed.

    Args:
        planned: the step.
        own: effect of its payload if nothing of it were in QuickBooks.
        accounts: QuickBooks item → income account; an item that carries tax as a line has one too. Under
            `COST_OF` and the item stands the account it is bought on.
    """
    link = planned.link
    if planned.will == "create":
        return own
    if link is None:
        return Effect()
    if planned.will == "update":
        return own - effect_of_confirmed(link.target, link.confirmed, accounts)
    if planned.will == "void":
        return -effect_of_confirmed(link.target, _present(link), accounts)
    if planned.will == RECHECK and planned.rewrites:
        return own - effect_of_confirmed(link.target, _present(link), accounts)
    return Effect()


def is_adjustment(planned: Planned) -> bool:
    """Say whether a step posts a difference to closed books, of which the mapping knows nothing."""
    payload = planned.mapped.payload if planned.mapped is not None else None
    return payload is not None and payload.target in SIGNS and is_adjustment_part(payload.source)


def effect_of_adjustment(planned: Planned, accounts: Mapping[str, str]) -> Effect:
    """Return what such a step does to the books by itself; what its lines leave of the total is tax."""
    payload = planned.mapped.payload if planned.mapped is not None else None
    if payload is not None and payload.target in _COSTS:
        return _effect_of_bought(_COSTS[payload.target], abs(payload.cents), _bought_lines(payload), accounts)
    income: dict[str, int] = {}
    for item, cents in _adjusted_lines(planned):
        account = _account_of(item, accounts)
        income[account] = income.get(account, 0) + cents
    total = payload.cents if payload is not None else 0
    income = {account: cents for account, cents in income.items() if cents}
    return Effect(receivable=total, income=income, tax=total - sum(income.values()))


def _adjusted_lines(planned: Planned) -> list[tuple[str, int]]:
    """Return item and cents, signed as income moves, of what an adjustment is made of."""
    payload = planned.mapped.payload if planned.mapped is not None else None
    if payload is None or not is_adjustment(planned):
        return []
    return [
        (objects.ref(objects.detail(line), "ItemRef"), SIGNS[payload.target] * _cents(line.get("Amount")))
        for line in objects.lines(payload.body)
    ]


def _bought_lines(payload: Payload) -> list[Json]:
    """Return the lines of what is bought as QuickBooks will confirm them."""
    return objects.as_list(owned_fields(payload.target, payload.body).get("Line"))


def _account_of(item: str, accounts: Mapping[str, str]) -> str:
    """Return the account of an item; one that is still to be created names it itself (rule 2.1)."""
    source = objects.as_source(item)
    named = source.id.rpartition("|")[2] if source is not None else ""
    return accounts.get(item) or named or UNKNOWN_ITEM + (item or "not named")


def effect_of_confirmed(target: str, confirmed: Mapping[str, Any], accounts: Mapping[str, str]) -> Effect:
    """Return what a document does to the books as QuickBooks last confirmed it."""
    total = _cents(confirmed.get("TotalAmt"))
    money = objects.text(confirmed.get(DEPOSIT_ACCOUNT)) or UNKNOWN_MONEY
    if target == "Payment":
        return Effect(receivable=-total, cash={money: total} if total else {})
    if target == "Purchase":
        account = objects.text(confirmed.get("AccountRef")) or UNKNOWN_MONEY
        return Effect(receivable=total, cash={account: -total} if total else {})
    if target == "BillPayment":
        account = objects.text(confirmed.get(objects.PAID_FROM)) or UNKNOWN_MONEY
        return Effect(payable=-total, cash={account: -total} if total else {})
    if target in _COSTS:
        return _effect_of_bought(_COSTS[target], total, _lines(confirmed), accounts)
    if target not in _SIGNS:
        return Effect()
    sign, tax = _SIGNS[target], _cents(confirmed.get("TotalTax"))
    income: dict[str, int] = {}
    for line in _lines(confirmed):
        item, cents = objects.text(line.get("ItemRef")), _cents(line.get("Amount"))
        account = _account_of(item, accounts)
        signed = -cents if line.get("kind") == "discountlinedetail" else cents
        income[account] = income.get(account, 0) + sign * signed
    income = {account: cents for account, cents in income.items() if cents}
    if target in _RECEIPTS:
        return Effect(income=income, tax=sign * tax, cash={money: sign * total} if total else {})
    return Effect(receivable=sign * total, income=income, tax=sign * tax)


def _effect_of_bought(sign: int, total: int, lines: Iterable[Json], accounts: Mapping[str, str]) -> Effect:
    costs: dict[str, int] = {}
    for line in lines:
        item, account = objects.text(line.get("ItemRef")), objects.text(line.get("AccountRef"))
        place = account or accounts.get(COST_OF + item) or UNKNOWN_COST + (item or "not named")
        costs[place] = costs.get(place, 0) + sign * _cents(line.get("Amount"))
    return Effect(payable=sign * total, costs={place: cents for place, cents in costs.items() if cents})


def _present(link: Link) -> Json:
    """Return what QuickBooks confirmed, with what somebody is known to have edited since."""
    edited: Json = {}
    for name, change in (link.drift or {}).items():
        if name in link.confirmed and name in ("TotalAmt", "TotalTax", "Line"):
            edited[name] = _parsed(objects.as_mapping(change).get("now"), link.confirmed[name])
    return {**link.confirmed, **edited}


def _parsed(shown: object, confirmed: object) -> object:
    """Return an edited value as it was before it was kept as text."""
    if isinstance(confirmed, str) or not isinstance(shown, str):
        return shown
    try:
        return cast(object, json.loads(shown))
    except json.JSONDecodeError:
        return confirmed


def _lines(confirmed: Mapping[str, Any]) -> list[Json]:
    return [objects.as_mapping(line) for line in objects.as_list(confirmed.get("Line"))]


def _cents(value: object) -> int:
    return to_cents(objects.amount(value) or objects.ZERO)
