"""Finding the QuickBooks items that lines may use, and the name a new one gets.

What belongs here: an existing item of a name is used only if its income account agrees (rule 2.1), else
the next name is tried. What does not: which names there are (mapping), saving links (`apply`).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.ids import PRICEBOOK, SourceRef
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import EXPENSE_ACCOUNT, ITEM_TYPE
from st_qbo_assets.quickbooks.query import quote_list

#: Items a sales line may use without moving stock; an inventory item would count quantities (rule 8.5).
_USABLE_TYPES = frozenset({"Service", "NonInventory"})
_COUNTED = "Inventory"
_NAMES_PER_QUERY = 150


class ItemDesk:
    """Decides which item of QuickBooks a payload is, or under which name it is created."""

    def __init__(self, context: WriteContext) -> None:
        """Decide for one realm; names given away in this load are remembered."""
        self._context = context
        self._candidates: dict[SourceRef, tuple[str, ...]] = {}
        self._claimed: dict[str, SourceRef] = {}
        self._owners: dict[str, set[str]] = {}

    def findings(self, mapped: Sequence[Mapped], known: Resolution) -> dict[tuple[SourceRef, str], Finding]:
        """Return what is found of items that have neither a link nor a settled pair, in one query or two.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        open_: list[Payload] = []
        for each in mapped:
            payload = each.payload
            if payload is None:
                continue
            names = objects.as_list(each.facts.get("name_candidates"))
            self._candidates[payload.source] = tuple(map(str, names)) or (
                objects.text(payload.body.get("Name")),
            )
            if known.link(payload.source, "Item") is None and known.finding(payload.source, "Item") is None:
                open_.append(payload)
        rows = self._rows([name for payload in open_ for name in self._candidates[payload.source]])
        found: dict[tuple[SourceRef, str], Finding] = {}
        for payload in open_:
            finding = self._decide(payload, self._candidates[payload.source], rows)
            if finding is not None:
                found[payload.source, "Item"] = finding
        return found

    def after_conflict(self, payload: Payload, tried: str) -> Finding:
        """Return what to do about an item name QuickBooks refused: use that item, or the next name.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        names = self._candidates.get(payload.source, ())
        places = [place for place, name in enumerate(names) if objects.same_name(name, tried)]
        left = names[places[0] :] if places else names
        rows = self._rows(left)
        # QuickBooks says that the name is taken, whether or not a query shows by whom.
        rows.setdefault(_key(tried), {})
        finding = self._decide(payload, left, rows)
        return finding or self._hold(payload)

    def _decide(self, payload: Payload, names: Sequence[str], rows: dict[str, Json]) -> Finding | None:
        """Return what to do; None means: create it under the name it has."""
        wanted = objects.ref(payload.body, "IncomeAccountRef")
        for name in names:
            row, owner = rows.get(_key(name)), self._claimed.get(_key(name))
            if row is None and owner in (None, payload.source):
                self._claimed[_key(name)] = payload.source
                if objects.same_name(name, payload.body.get("Name")):
                    return None
                said = reason("renamed", name=name, other="an item of another account")
                return Finding(FindingKind.NAME, name=name, reason=said)
            if row and self._is_of_another(row, payload):
                continue
            if row and _is_other_kind(row, payload, wanted):
                return _hold_other_kind(row, name)
            if row and _is_usable(row, payload, wanted):
                return _link(row, name)
        return self._hold(payload)

    def _hold(self, payload: Payload) -> Finding:
        names = ", ".join(repr(name) for name in self._candidates.get(payload.source, ()))
        return Finding(FindingKind.HOLD, reason=reason("name_taken", names=names))

    def _rows(self, names: Sequence[str]) -> dict[str, Json]:
        wanted = sorted(set(names))
        rows: dict[str, Json] = {}
        for first in range(0, len(wanted), _NAMES_PER_QUERY):
            where = (
                f"Name IN {quote_list(wanted[first : first + _NAMES_PER_QUERY])} AND Active IN (true, false)"
            )
            for row in self._context.quickbooks.query("Item", where):
                if not objects.ref(row, "ParentRef"):  # names are unique per level; ours stand on the first
                    rows[_key(objects.text(row.get("Name")))] = row
        ids = [objects.text(row.get("Id")) for row in rows.values()]
        for qbo_id, links in self._context.links.of_targets(self._context.name, "Item", ids).items():
            self._owners[qbo_id] = {objects.text(link.confirmed.get(PRICEBOOK)) for link in links} - {""}
        return rows

    def _is_of_another(self, row: Json, payload: Payload) -> bool:
        """Say whether an item is that of another record of the price book, which had this SKU before."""
        own = objects.text(payload.body.get(PRICEBOOK))
        owners = self._owners.get(objects.text(row.get("Id")), set[str]())
        return bool(own and owners) and own not in owners


def _is_usable(row: Json, payload: Payload, account: str) -> bool:
    """Say whether an item's sales, and its cost if it has an account for it, go where ours do."""
    costs, expense = objects.ref(row, EXPENSE_ACCOUNT), objects.ref(payload.body, EXPENSE_ACCOUNT)
    if expense and costs and costs != expense:
        return False
    types = frozenset({_COUNTED}) if payload.body.get(ITEM_TYPE) == _COUNTED else _USABLE_TYPES
    is_sold = objects.text(row.get(ITEM_TYPE)) in types and row.get("Active") is not False
    return is_sold and bool(account) and objects.ref(row, "IncomeAccountRef") == account


def _is_other_kind(row: Json, payload: Payload, account: str) -> bool:
    """Say whether an item would do, were it counted: it is never given another type (rule 8.5)."""
    is_counted = objects.text(row.get(ITEM_TYPE)) == _COUNTED
    is_meant = payload.body.get(ITEM_TYPE) == _COUNTED
    return is_meant and not is_counted and objects.ref(row, "IncomeAccountRef") == account


def _hold_other_kind(row: Json, name: str) -> Finding:
    held = objects.text(row.get(ITEM_TYPE))
    said = reason("item_of_other_type", qbo_id=objects.text(row.get("Id")), name=name, held=held)
    return Finding(FindingKind.HOLD, reason=said)


def _link(row: Json, name: str) -> Finding:
    qbo_id = objects.text(row.get("Id"))
    said = reason("linked_to_existing", target="Item", qbo_id=qbo_id, name=name, evidence="income account")
    detail: Json = {"name": name, "agrees": ["name", "income account"]}
    return Finding(FindingKind.LINK, row, reason=said, code="linked_by_rule", evidence=detail)


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
