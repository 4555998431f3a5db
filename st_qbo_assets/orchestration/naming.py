"""What the updates of a plan change, in words, with names for QuickBooks' ids.

What belongs here: whom, which item, account or document an id stands for, as our own database and the lists
know it. What does not: what changes (`load.updating`) and the words of fields (`quickbooks.wording`).
"""

from collections.abc import Sequence

from st_qbo_assets.connections import Connections
from st_qbo_assets.load import objects
from st_qbo_assets.load.foresight import RECHECK
from st_qbo_assets.load.planning import Planned
from st_qbo_assets.load.verify import DELETED
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.quickbooks.wording import NameOf, as_it_is, edit_in_words
from st_qbo_assets.store.links import Link, LinkState

#: Lists that the reference holds, by the end of the fields that name an entry.
_ACCOUNTS = ("AccountRef", objects.PAID_FROM)
#: What the ledger links.
_LINKED = objects.NAME_LISTS | objects.SALES | objects.BUYING | objects.PAYMENTS | {"Purchase"}
_UNTOLD = "the same date, customer, number, lines and amounts; addresses, terms or the memo may differ"
#: Entity and id → name.
Names = dict[tuple[str, str], str]


def changes_in_words(connections: Connections, steps: Sequence[Planned], reference: Reference) -> list[str]:
    """Return what each step changes, or what makes an object be read first; else an empty text.

    Nobody but our own database is asked.
    """
    wanted: set[tuple[str, str]] = set()

    def want(field: str, id: str) -> str:  # noqa: A002 - QuickBooks' word
        wanted.add((_entity(field), id))
        return id

    for each in steps:
        _told(each, want)
    new = {str(each.result.source): each.result.title or each.result.number for each in steps}
    names = _in_lists(reference) | _in_ledger(connections, wanted)

    def name_of(field: str, id: str) -> str:  # noqa: A002 - QuickBooks' word
        return names.get((_entity(field), id)) or new.get(id) or as_it_is(field, id)

    return [_told(each, name_of) for each in steps]


def _told(planned: Planned, name_of: NameOf) -> str:
    if planned.will == "update":
        told = (edit_in_words(each.field, each.meant, each.held, name_of) for each in planned.changes)
        return "; ".join(told) or _UNTOLD
    if planned.will == RECHECK and planned.result.reason is None and planned.link is not None:
        return _doubt(planned.link, name_of)
    return ""


def _doubt(link: Link, name_of: NameOf) -> str:
    """Return why an object is read before anything is decided (rules 1.6, 5.3, 5.4)."""
    if link.drift and DELETED in link.drift:
        return "deleted in QuickBooks since; the load looks first"
    if link.drift:
        kept = ((field, objects.as_mapping(change)) for field, change in link.drift.items())
        edits = (
            edit_in_words(field, objects.text(was.get("confirmed")), objects.text(was.get("now")), name_of)
            for field, was in kept
        )
        return f"edited in QuickBooks since: {'; '.join(edits)}; the load looks first"
    if link.state is LinkState.MISMATCH:
        return "QuickBooks stored it otherwise than it was sent; the load looks whether it still does"
    return "typed by hand and linked, and changed in ServiceTitan since; it is compared, never written"


def _entity(field: str) -> str:
    """Return the entity an id under a field is of: `CustomerRef` → `Customer`, `Invoice` → `Invoice`."""
    if field.endswith(_ACCOUNTS):
        return "Account"
    return objects.TARGET_OF_FIELD.get(field, field)


def _in_lists(reference: Reference) -> Names:
    lists = {
        "Account": reference.accounts,
        "ClassRef": reference.classes,
        "DepartmentRef": reference.departments,
        "SalesTermRef": reference.terms,
        "PaymentMethodRef": reference.payment_methods,
        "TaxCodeRef": reference.tax_codes,
    }
    return {(kind, each.id): each.label for kind, entries in lists.items() for each in entries}


def _in_ledger(connections: Connections, wanted: set[tuple[str, str]]) -> Names:
    """Return the names of what is linked, in one query an entity."""
    ids: dict[str, list[str]] = {}
    for entity, id_ in sorted(wanted):
        if entity in _LINKED:
            ids.setdefault(entity, []).append(id_)
    return {
        (entity, id_): links[0].display_name or links[0].number
        for entity, some in ids.items()
        for id_, links in connections.links.of_targets(connections.name, entity, some).items()
    }
