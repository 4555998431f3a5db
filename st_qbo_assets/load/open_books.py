"""What is open of documents in QuickBooks, read many at a time (QB §8 no. 21).

What belongs here: reading charges, credits and payments by id, what is open of them, and how that changes by
what a plan would do before. What does not: what follows where too little is open (`open_amounts`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.verify import APPLIED
from st_qbo_assets.quickbooks.query import quote_list
from st_qbo_assets.store.links import Link, LinkState

#: A document that payments are applied to, or a payment: entity and QuickBooks id.
Key = tuple[str, str]
#: What says how much of a document is open. How much of a Purchase is, QuickBooks does not say.
OPEN_FIELDS = {
    "Invoice": "Balance",
    "CreditMemo": "RemainingCredit",
    "Bill": "Balance",
    "VendorCredit": "Balance",
}
_READ = (*OPEN_FIELDS, "Payment", "BillPayment", "RefundReceipt", "Purchase", "PurchaseOrder")
#: Ids in one query; a long statement goes by POST, and this many stay far below any limit.
_MOST_IDS = 250


class OpenBooks:
    """Documents as QuickBooks shows them; each is read once."""

    def __init__(self, context: WriteContext) -> None:
        """Begin without having read anything."""
        self._context = context
        self._rows: dict[Key, Json | None] = {}

    def read(self, keys: Iterable[Key]) -> None:
        """Read what was not read yet, a query for each entity; what is not in QuickBooks yet is left out.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        missing = {key for key in keys if key not in self._rows and objects.as_source(key[1]) is None}
        for entity in _READ:
            ids = sorted(id_ for kind, id_ in missing if kind == entity)
            for first in range(0, len(ids), _MOST_IDS):
                chunk = ids[first : first + _MOST_IDS]
                rows = list(self._context.quickbooks.query(entity, f"Id IN {quote_list(chunk)}"))
                self._rows.update(((entity, id_), None) for id_ in chunk)
                self._rows.update(((entity, objects.text(row.get("Id"))), row) for row in rows)

    def row(self, key: Key) -> Json | None:
        """Return a document; None if QuickBooks has none.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        self.read([key])
        return self._rows.get(key)

    def is_open(self, key: Key) -> Decimal | None:
        """Return what is open of a charge or credit; None where nobody says."""
        row = self.row(key) if key[0] in OPEN_FIELDS else None
        return open_of(key[0], row) if row is not None else None

    def total(self, key: Key) -> Decimal:
        """Return what a document comes to: no payment takes more of it."""
        return objects.amount((self.row(key) or {}).get("TotalAmt")) or objects.ZERO

    def applied(self, link: Link | None) -> dict[Key, Decimal]:
        """Return what a payment of ours takes of documents."""
        row = self.row((link.target, link.qbo_id)) if link is not None else None
        return objects.applied(row) if row is not None else {}

    def let_go(self, action: Action) -> None:
        """Know what a payment does not want any more; QuickBooks shows it once it was written."""

    def take(self, action: Action) -> None:
        """Know what a payment is about to take; QuickBooks shows it once it was written."""


class PlannedBooks(OpenBooks):
    """Documents as QuickBooks will show them, once what is planned before was done."""

    def __init__(self, context: WriteContext) -> None:
        """Begin with what QuickBooks has."""
        super().__init__(context)
        self._more: defaultdict[Key, Decimal] = defaultdict(Decimal)
        self._own: dict[Key, dict[Key, Decimal]] = {}
        self._grown: defaultdict[Key, Decimal] = defaultdict(Decimal)

    def is_open(self, key: Key) -> Decimal | None:
        """Return what will be open of a charge or credit; None where nobody says."""
        there = super().is_open(key)
        return self._more.get(key) if there is None else there + self._more[key]

    def total(self, key: Key) -> Decimal:
        """Return what a document will come to."""
        return super().total(key) + self._grown[key]

    def applied(self, link: Link | None) -> dict[Key, Decimal]:
        """Return what a payment of ours still takes of documents when its turn comes."""
        own = self._own.get((link.target, link.qbo_id)) if link is not None else None
        return super().applied(link) if own is None else own

    def grow(self, key: Key, by: Decimal) -> None:
        """Know that a document is made, or comes to more or less."""
        self._more[key] += by
        self._grown[key] += by

    def let_go(self, action: Action) -> None:
        """Know what a payment about to be written does not want any more.

        One that an edit of its documents may set free (`bringing`) has nothing for sure.
        """
        link = action.link
        own, wanted = self.applied(link), objects.applied(action.request or {})
        if link is not None and not link.digest:
            wanted = {}
        kept = {key: min(amount, wanted.get(key, objects.ZERO)) for key, amount in own.items()}
        for key, amount in own.items():
            self._more[key] += amount - kept[key]
        if link is not None:
            self._own[link.target, link.qbo_id] = kept

    def void(self, link: Link) -> None:
        """Know that a payment is about to be voided."""
        if is_live(link) and (link.target, link.qbo_id) not in self._own:
            for key, amount in applied_as_confirmed(link).items():
                self._more[key] += amount
            self._own[link.target, link.qbo_id] = {}

    def take(self, action: Action) -> None:
        """Know what a payment about to be written takes."""
        link, wanted = action.link, objects.applied(action.request or {})
        own = self.applied(link)
        for key, amount in wanted.items():
            self._more[key] -= amount - own.get(key, objects.ZERO)
        if link is not None:
            self._own[link.target, link.qbo_id] = dict(wanted)


class ConfirmedBooks(PlannedBooks):
    """The same without asking QuickBooks: of what it last confirmed, and our payments of that."""

    def read(self, keys: Iterable[Key]) -> None:
        """Read nothing."""

    def is_open(self, key: Key) -> Decimal | None:
        """Return what our payments leave of a document, and what is planned for it."""
        kind, qbo_id = key
        links, name = self._context.links, self._context.name
        link = next(iter(links.of_targets(name, kind, [qbo_id]).get(qbo_id, ())), None)
        if link is None or kind not in OPEN_FIELDS:
            return super().is_open(key)
        payers = links.of_customers(
            name, objects.settled_by(kind), [objects.text(link.confirmed.get("CustomerRef"))]
        )
        paid = sum(
            (applied_as_confirmed(each).get(key, objects.ZERO) for each in payers if is_live(each)),
            objects.ZERO,
        )
        return (objects.amount(link.confirmed.get("TotalAmt")) or objects.ZERO) - paid + self._more[key]

    def applied(self, link: Link | None) -> dict[Key, Decimal]:
        """Return what a payment of ours takes of documents, as last confirmed."""
        return applied_as_confirmed(link) if link is not None and is_live(link) else {}


def is_live(link: Link) -> bool:
    """Say whether a document was not voided."""
    return link.state is not LinkState.VOIDED


def open_of(entity: str, row: Mapping[str, object]) -> Decimal:
    """Return what is open of a charge or credit as QuickBooks shows it."""
    return objects.amount(row.get(OPEN_FIELDS[entity])) or objects.amount(row.get("Balance")) or objects.ZERO


def applied_as_confirmed(link: Link) -> dict[Key, Decimal]:
    """Return what a payment takes of documents, as QuickBooks last confirmed it."""
    found: dict[Key, Decimal] = {}
    for name, amount in objects.as_mapping(link.confirmed.get(APPLIED)).items():
        kind, _, qbo_id = name.partition(" ")
        found[kind, qbo_id] = objects.amount(amount) or objects.ZERO
    return found
