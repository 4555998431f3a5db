"""What an update changes in QuickBooks, field by field, before it is sent.

What belongs here: a planned update against what QuickBooks last confirmed. What does not: whether it is sent
(`plan`), what came of it (`verify`) and the words (`quickbooks.wording`). Pure.
"""

from collections.abc import Mapping
from typing import Any

from st_qbo_assets.domain.outcomes import Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.verify import (
    APPLIED,
    BASE,
    CLOSED,
    DEPOSIT_ACCOUNT,
    Difference,
    expected_total,
    owned_fields,
    shown,
)
from st_qbo_assets.store.links import Link

#: The field of a request that an owned field stands in, where that has another name.
_STANDS_IN = {"TotalTax": "TxnTaxDetail"}
_VERSION = frozenset({"Id", "SyncToken", "sparse"})
#: What a body by itself does not say as QuickBooks confirms it.
_TOTAL = "TotalAmt"
_PAID_FROM = ("CheckPayment", "CreditCardPayment")
_STATUS = "POStatus"


def changes_of(payload: Payload, link: Link, request: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the fields that an update sets to something else than QuickBooks last confirmed.

    Addresses, terms and memos of a document are not among them: they are sent, but what QuickBooks holds of
    them is not kept.
    """
    sent = {name: value for name, value in request.items() if name not in _VERSION}
    if not link.confirmed:
        return ()
    if objects.name_field(link.target):
        base = objects.as_mapping(link.confirmed.get(BASE))
        return _differing({name: _plain(base.get(name)) for name in sent}, _all_plain(sent))
    owned = owned_fields(link.target, request)
    meant = {name: value for name, value in owned.items() if _STANDS_IN.get(name, name) in sent}
    before = dict(link.confirmed)
    if _TOTAL in sent or ("Line" in sent and link.target not in objects.PAYMENTS):
        meant[_TOTAL] = str(expected_total(request, abs(payload.cents)))
    if any(name in sent for name in _PAID_FROM):
        meant[objects.PAID_FROM] = objects.paid_from(request)
    if DEPOSIT_ACCOUNT in sent:
        meant[DEPOSIT_ACCOUNT] = objects.ref(request, DEPOSIT_ACCOUNT)
    if _STATUS in sent:
        before[_STATUS] = "Closed" if link.confirmed.get(CLOSED) else "Open"
        meant[_STATUS] = sent[_STATUS]
    return (*_differing(before, meant), *_applied_otherwise(link, sent))


def _applied_otherwise(link: Link, sent: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the documents of which a payment takes another amount."""
    if link.target not in objects.PAYMENTS or "Line" not in sent or APPLIED not in link.confirmed:
        return ()
    before = {name: _amount(taken) for name, taken in objects.as_mapping(link.confirmed[APPLIED]).items()}
    now = {f"{kind} {id_}": _amount(taken) for (kind, id_), taken in objects.applied(sent).items()}
    return tuple(
        Difference(f"applied to {name}", before.get(name, ""), now.get(name, ""))
        for name in dict.fromkeys([*before, *now])
        if before.get(name, "") != now.get(name, "")
    )


def _amount(value: object) -> str:
    taken = objects.amount(value)
    return f"{taken:.2f}" if taken else ""


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    return tuple(
        Difference(name, was, meant)
        for name, value in now.items()
        if (was := shown(before.get(name))) != (meant := shown(value))
    )


def _all_plain(sent: Mapping[str, Any]) -> dict[str, str]:
    return {name: _plain(value) for name, value in sent.items()}


def _plain(value: object) -> str:
    """Return a value of a customer or item in one line: of an address or a number what it says."""
    inner = objects.as_mapping(value)
    told = (_plain(each) for each in inner.values()) if inner else (objects.text(value),)
    return ", ".join(each for each in told if each)
