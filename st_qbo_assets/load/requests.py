"""The bodies that are sent: references resolved, updates cut to an allow-list.

What belongs here: turning an effective payload into the body of a create, an update or a repair, and
the changes a body takes on its way (another name, version, date, or what is open). What does not:
whether it is sent at all (`plan`). Pure.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, cast

from st_qbo_assets.domain.ids import PRICEBOOK, SourceRef, is_location
from st_qbo_assets.domain.outcomes import Json, Payload, canonical_json
from st_qbo_assets.load import objects
from st_qbo_assets.load.holding import note_on_hold
from st_qbo_assets.load.verify import BASE, CLOSED, DEPOSIT_ACCOUNT, LINES, LINKED_AS, NOTE
from st_qbo_assets.store.links import Link

#: Fields a sparse update may carry (QB §8 no. 28). Left out on purpose: mail, print and online payment
#: state (effects of ordinary work), the private note (a person may have written into it), and what
#: never changes (`Type`, `IncomeAccountRef` of an item, the unique names).
_SALES_FIELDS = (
    "CustomerRef",
    "TxnDate",
    "DueDate",
    "DocNumber",
    "SalesTermRef",
    "ClassRef",
    "DepartmentRef",
    "Line",
    "TxnTaxDetail",
    "ApplyTaxAfterDiscount",
    "BillAddr",
    "ShipAddr",
    "CustomerMemo",
)
_BILL_FIELDS = (
    "VendorRef",
    "APAccountRef",
    "TxnDate",
    "DueDate",
    "DocNumber",
    "SalesTermRef",
    "DepartmentRef",
    "Line",
)
UPDATABLE: dict[str, tuple[str, ...]] = {
    "Invoice": _SALES_FIELDS,
    "CreditMemo": _SALES_FIELDS,
    "RefundReceipt": (*_SALES_FIELDS, "DepositToAccountRef", "PaymentMethodRef", "PaymentRefNum"),
    "Purchase": (
        "AccountRef",
        "PaymentType",
        "EntityRef",
        "TxnDate",
        "DocNumber",
        "DepartmentRef",
        "Line",
    ),
    "Bill": _BILL_FIELDS,
    "VendorCredit": (
        "VendorRef",
        "APAccountRef",
        "TxnDate",
        "DocNumber",
        "DepartmentRef",
        "Line",
    ),
    "BillPayment": (
        "VendorRef",
        "APAccountRef",
        "TxnDate",
        "TotalAmt",
        "PayType",
        "CheckPayment",
        "CreditCardPayment",
        "DepartmentRef",
        "Line",
    ),
    "PurchaseOrder": (
        "VendorRef",
        "APAccountRef",
        "TxnDate",
        "DueDate",
        "DocNumber",
        "POStatus",
        "Line",
    ),
    "Payment": (
        "CustomerRef",
        "TxnDate",
        "TotalAmt",
        "PaymentRefNum",
        "PaymentMethodRef",
        "DepositToAccountRef",
        "Line",
    ),
    "Customer": (
        "Title",
        "GivenName",
        "MiddleName",
        "FamilyName",
        "Suffix",
        "CompanyName",
        "PrimaryEmailAddr",
        "PrimaryPhone",
        "Mobile",
        "AlternatePhone",
        "Fax",
        "BillAddr",
        "ShipAddr",
        "Notes",
        "Active",
        "Taxable",
        "TaxExemptionReasonId",
        "SalesTermRef",
        "WebAddr",
    ),
    "Vendor": (
        "GivenName",
        "FamilyName",
        "PrimaryEmailAddr",
        "PrimaryPhone",
        "Fax",
        "BillAddr",
        "Active",
    ),
    "Item": (
        "Description",
        "Sku",
        "UnitPrice",
        "ExpenseAccountRef",
        "AssetAccountRef",
        "PrefVendorRef",
        "PurchaseCost",
        "PurchaseDesc",
        "Taxable",
        "SalesTaxCodeRef",
        "Active",
    ),
}
_VERSION = frozenset({"Id", "SyncToken", "sparse"})
_NAME = "DisplayName"


class LinkLookup(Protocol):
    """Where the QuickBooks id of a record is found."""

    def link(self, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target."""
        ...


def create_request(payload: Payload, known: LinkLookup, *, name: str = "") -> Json:
    """Return the body of a create, references resolved, under the given name if there is one."""
    body = with_line_ids(cast(Json, _resolved(payload.body, known)), {})
    body = {key: value for key, value in body.items() if key != PRICEBOOK}
    return renamed(payload.target, body, name) if name else body


def update_request(payload: Payload, link: Link, known: LinkLookup) -> Json:
    """Return the sparse body of an update: allow-listed fields, all lines, id and version (QB §3.2).

    Of a customer or item only what changed since the last agreed body is sent, so that what a person
    corrected in QuickBooks stays. A payment's deposit account is sent only if the mapping changed it.
    """
    body = _updatable(payload.target, payload.body)
    if objects.name_field(payload.target):
        base = objects.as_mapping(link.confirmed.get(BASE))
        if is_location(payload.source) and _NAME in base and _NAME in payload.body:
            # A sub-customer is called after its location; what made its name unique is no rename.
            body[_NAME] = payload.body[_NAME]
        body = {key: value for key, value in body.items() if not _equal(value, base.get(key))}
    deposit = objects.text(link.confirmed.get(DEPOSIT_ACCOUNT))
    if payload.target == "Payment" and deposit and deposit == objects.ref(body, DEPOSIT_ACCOUNT):
        body.pop(DEPOSIT_ACCOUNT)
    number = objects.text(link.confirmed.get("DocNumber"))
    if number and number == objects.text(body.get("DocNumber")):
        body.pop("DocNumber")  # an emptied forerunner may have it too
    if payload.target == "PurchaseOrder" and "POStatus" not in body and link.confirmed.get(CLOSED):
        body["POStatus"] = "Open"  # we closed it, and ServiceTitan took it up again
    if NOTE in link.confirmed:
        stored = objects.text(link.confirmed[NOTE])
        if (note := note_on_hold(objects.text(payload.body.get("PrivateNote")), stored)) != stored:
            body["PrivateNote"] = note
    lines = objects.as_mapping(link.confirmed.get(LINES))
    resolved = with_line_ids(cast(Json, _resolved(body, known)), lines)
    return {"Id": link.qbo_id, "SyncToken": link.sync_token, "sparse": True, **resolved}


def with_line_ids(body: Json, ids: Mapping[str, Any]) -> Json:
    """Return a body whose lines have the ids QuickBooks gave them, or none where they are new there."""
    if not any("Id" in line for line in objects.lines(body)):
        return body
    lines: list[Json] = []
    for line in objects.lines(body):
        named = objects.text(line.get("Id"))
        rest = {key: value for key, value in line.items() if key != "Id"}
        lines.append({"Id": ids[named], **rest} if named in ids else rest)
    return {**body, "Line": lines}


def without_orders(request: Json) -> Json:
    """Return the request of a bill that is linked to no order."""
    lines = [
        {key: value for key, value in line.items() if key != "LinkedTxn"} for line in objects.lines(request)
    ]
    return {**request, "Line": lines} if "Line" in request else request


def line_ids(body: Json, obj: Json) -> Json:
    """Return what the lines of an order are called in its payload → the ids they have in QuickBooks."""
    ours, theirs = objects.lines(body), objects.lines(obj)
    if len(ours) != len(theirs):
        return {}
    return {
        objects.text(line.get("Id")): objects.text(other.get("Id"))
        for line, other in zip(ours, theirs, strict=True)
        if line.get("Id")
    }


def repair_request(target: str, request: Json, stored: Json) -> Json:
    """Return the update that makes a stored object what its request said (rule 5.4).

    A note that lost the marker gets it back, before whatever else stands in it.
    """
    body = _updatable(target, request)
    if objects.markers(request) and objects.markers(request) != objects.markers(stored):
        body["PrivateNote"] = note_with_marker(request, stored)
    version = {"Id": objects.text(stored.get("Id")), "SyncToken": objects.text(stored.get("SyncToken"))}
    return {**version, "sparse": True, **body}


def restored_request(payload: Payload, link: Link, known: LinkLookup, stored: Json) -> Json:
    """Return the update that writes our version over what somebody edited (rule 5.3)."""
    request = update_request(payload, link, known)
    if objects.markers(payload.body) != objects.markers(stored):
        request["PrivateNote"] = note_with_marker(payload.body, stored)
    return request


def note_with_marker(ours: Json, stored: Json) -> str:
    """Return the note with our marker before whatever a person wrote into it."""
    return f"{objects.text(ours.get('PrivateNote'))} {objects.text(stored.get('PrivateNote'))}".strip()


def base_of(source: SourceRef, target: str, body: Json) -> Json:
    """Return what a customer or item is agreed to be, so that only changes travel (rule 7.1)."""
    if not objects.name_field(target):
        return {}
    name = {_NAME: body[_NAME]} if is_location(source) and _NAME in body else {}
    return _updatable(target, body) | name


def says_anything(request: Mapping[str, Any]) -> bool:
    """Say whether an update carries any field."""
    return any(key not in _VERSION for key in request)


def with_version(request: Json, sync_token: str) -> Json:
    """Return the same request naming another version of its object."""
    return {**request, "SyncToken": sync_token}


def with_number_allowed(request: Json) -> Json:
    """Return a create that QuickBooks takes although its number is used: `?include=allowduplicatedocnum`."""
    return {**request, objects.INCLUDE: "allowduplicatedocnum"}


def renamed(target: str, request: Json, name: str) -> Json:
    """Return a request of a name list object under another name."""
    return {**request, objects.name_field(target): name}


def capped_lines(request: Json, open_amounts: Mapping[tuple[str, str], Decimal]) -> list[Decimal]:
    """Return what each line of a payment may take, in order, if nothing gets more than is open (rule 3.3).

    Args:
        request: with QuickBooks ids.
        open_amounts: what is open by entity and id; lines of others take what they say.
    """
    left = dict(open_amounts)
    taken: list[Decimal] = []
    for line in objects.lines(request):
        linked = objects.as_mapping(next(iter(objects.as_list(line.get("LinkedTxn"))), None))
        key = (objects.linked_target(objects.text(linked.get("TxnType"))), objects.text(linked.get("TxnId")))
        wanted = objects.amount(line.get("Amount")) or Decimal(0)
        if key in left:
            wanted = max(Decimal(0), min(wanted, left[key]))
            left[key] -= wanted
        taken.append(wanted)
    return taken


def with_amounts(body: Json, amounts: Sequence[Decimal]) -> Json:
    """Return a payment's body or request with other amounts on its lines; a line of nothing is left out."""
    lines = [
        {**line, "Amount": amount}
        for line, amount in zip(objects.lines(body), amounts, strict=True)
        if amount
    ]
    return {**body, "Line": lines}


def _updatable(target: str, body: Json) -> Json:
    return {key: body[key] for key in UPDATABLE.get(target, ()) if key in body}


def _equal(one: object, other: object) -> bool:
    return canonical_json(one) == canonical_json(other)


def _resolved(value: object, known: LinkLookup, field: str = "") -> object:
    if isinstance(value, Mapping):
        obj = cast("Mapping[str, Any]", value)
        target = objects.TARGET_OF_FIELD.get(field, "")
        if target and (source := objects.as_source(obj.get("value"))) is not None:
            return {**obj, "value": _id_of(known, source, target)}
        if (source := objects.as_source(obj.get("TxnId"))) is not None:
            line_id = objects.text(obj.get("TxnLineId"))
            return {**obj, **_linked(known, source, objects.text(obj.get("TxnType")), line_id)}
        return {key: _resolved(item, known, key) for key, item in obj.items()}
    if isinstance(value, (list, tuple)):
        return [_resolved(item, known, field) for item in cast("Sequence[object]", value)]
    return value


def _linked(known: LinkLookup, source: SourceRef, txn_type: str, line_id: str) -> Json:
    """Return id and type of a link; of a Purchase the type is what QuickBooks calls it by how it was paid."""
    target = objects.linked_target(txn_type)
    link = known.link(source, target)
    word = objects.text(link.confirmed.get(LINKED_AS)) if link is not None else ""
    if line_id:
        ids = objects.as_mapping(link.confirmed.get(LINES)) if link is not None else {}
        return {
            "TxnId": _id_of(known, source, target),
            "TxnType": txn_type,
            "TxnLineId": ids.get(line_id, ""),
        }
    return {"TxnId": _id_of(known, source, target), "TxnType": word or txn_type}


def _id_of(known: LinkLookup, source: SourceRef, target: str) -> str:
    link = known.link(source, target)
    return link.qbo_id if link is not None else str(source)
