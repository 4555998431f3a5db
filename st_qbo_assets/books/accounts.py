"""Which QuickBooks account a line's money stands on, for comparing income by account.

What belongs here: ServiceTitan ledger accounts matched by the company's overrides, then number, then
name (rule 2.1), items as the carriers of accounts on the QuickBooks side, and the names shown. What
does not: what the mapping posts to, which is never looked at.

Accounts are compared by key. The key of an account is its QuickBooks id; an account that QuickBooks
does not have, or an item nobody knows, gets a key of its own, so that nothing is ever dropped.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from st_qbo_assets.books.loose_json import as_object, as_text
from st_qbo_assets.domain.outcomes import Json

_DELETED = re.compile(r"\s*\(deleted(?:-\d+)?\)\s*$", re.IGNORECASE)
_UNKNOWN_ITEM = "item "
_UNMATCHED = "ServiceTitan "


class GlAccount(NamedTuple):
    """A ledger account as ServiceTitan names it on a line; both empty if it names none."""

    number: str
    name: str


class ItemSale(NamedTuple):
    """What a QuickBooks line says of its account: its item, and the account if the line itself tells."""

    item_id: str
    account_id: str = ""


class ItemCost(NamedTuple):
    """What a QuickBooks line of a bill says of its account: its item, whose cost goes there."""

    item_id: str


class NamedItem(NamedTuple):
    """A QuickBooks item by its name, where the company file says what an amount goes to."""

    item_name: str


class Item(NamedTuple):
    """A QuickBooks item: its name, and the accounts its sales go to and what is bought of it."""

    name: str
    account_id: str
    account_name: str = ""
    expense_id: str = ""


#: What an amount of a document stands on before accounts are known, or the key of an account.
Place = GlAccount | ItemSale | ItemCost | NamedItem | str


class ChartEntry(Protocol):
    """An account as the reference data holds it."""

    @property
    def id(self) -> str:
        """QuickBooks id."""
        ...

    @property
    def label(self) -> str:
        """Number and full name, as people speak of it."""
        ...


class Chart(Protocol):
    """The chart of accounts (`quickbooks.reference.Reference`)."""

    def account(self, text: str) -> ChartEntry | None:
        """Return the account of a number, else of a name."""
        ...

    def account_by_id(self, id: str, /) -> ChartEntry | None:  # noqa: A002 - QuickBooks' word
        """Return the account of a QuickBooks id."""
        ...


def read_items(objects: Iterable[Json]) -> dict[str, Item]:
    """Return the items by id, from the objects QuickBooks returned."""
    found: dict[str, Item] = {}
    for obj in objects:
        account = as_object(obj.get("IncomeAccountRef"))
        name = as_text(obj.get("Name"))
        # What is bought of goods that are counted stands on their asset until it is used.
        bought = "AssetAccountRef" if as_text(obj.get("Type")) == "Inventory" else "ExpenseAccountRef"
        found[as_text(obj.get("Id"))] = Item(
            name,
            as_text(account.get("value")),
            as_text(account.get("name")),
            as_text(as_object(obj.get(bought)).get("value")),
        )
    return found


class Accounts:
    """Matches accounts; each match is made once."""

    def __init__(self, chart: Chart, *, overrides: Mapping[str, str], items: Mapping[str, Item]) -> None:
        self._chart = chart
        self._items = items
        self._by_name = {_plain(item.name): id_ for id_, item in items.items()}
        self._overrides = {_plain(key): named for key, named in overrides.items()}
        # The chart holds active accounts; old lines stay on an account after it was made inactive, and
        # only their items still name it.
        self._inactive = {
            _plain(_DELETED.sub("", item.account_name)): item.account_id
            for item in items.values()
            if item.account_name and chart.account_by_id(item.account_id) is None
        }
        self._matched: dict[GlAccount, str] = {}

    def key_of(self, place: Place) -> str:
        """Return the key of the account an amount stands on."""
        if isinstance(place, GlAccount):
            if place not in self._matched:
                self._matched[place] = self._match(place)
            return self._matched[place]
        if isinstance(place, NamedItem):
            item_id = self._by_name.get(_plain(place.item_name))
            return self.key_of(ItemSale(item_id)) if item_id else f"{_UNKNOWN_ITEM}{place.item_name}"
        if isinstance(place, ItemCost):
            bought = self._items.get(place.item_id)
            cost = bought.expense_id if bought is not None else ""
            return cost or f"{_UNKNOWN_ITEM}{place.item_id or 'not named'}"
        if isinstance(place, ItemSale):
            item = self._items.get(place.item_id)
            known = item.account_id if item is not None else ""
            return known or place.account_id or f"{_UNKNOWN_ITEM}{place.item_id or 'not named'}"
        return place

    def by_key(self, amounts: Mapping[Place, int]) -> dict[str, int]:
        """Return amounts by account key; accounts that come to zero are left out."""
        found: dict[str, int] = {}
        for place, cents in amounts.items():
            key = self.key_of(place)
            found[key] = found.get(key, 0) + cents
        return {key: cents for key, cents in found.items() if cents}

    def item_name(self, item_id: str) -> str:
        """Return the name of an item, empty if it is not known."""
        item = self._items.get(item_id)
        return item.name if item is not None else ""

    def name(self, key: str) -> str:
        """Return what to show for an account key."""
        if key.startswith(_UNMATCHED):
            return f"{key} (not in QuickBooks)"
        if key.startswith(_UNKNOWN_ITEM):
            return f"account of {key} (unknown)"
        entry = self._chart.account_by_id(key)
        if entry is not None:
            return entry.label
        inactive = next((item.account_name for item in self._items.values() if item.account_id == key), "")
        return inactive or f"account {key}"

    def _match(self, account: GlAccount) -> str:
        words = [text for text in account if text]
        for text in words:
            named = self._overrides.get(_plain(text))
            if named is not None:
                return self._find(named) or f"{_UNMATCHED}{text} as {named}"
        for text in words:
            if found := self._find(text):
                return found
        return _UNMATCHED + (" ".join(words) or "line without an account")

    def _find(self, text: str) -> str:
        entry = self._chart.account(text)
        return entry.id if entry is not None else self._inactive.get(_plain(text), "")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
