"""The export feeds: everything ever changed, in the order of its last change, page by page (reference §3.2).

Belongs here: which feeds there are, opaque tokens, the lag, recent changes. Does not belong here: filters;
feeds have none.

A token is a position (time of change, id) in one feed. With `includeRecentChanges` the token of the last
page goes back to the edge of the lag, so that later calls repeat the recent rows, as the vendor's do.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from st_qbo_sandbox.indexes import OrderedIndex
from st_qbo_sandbox.servicetitan.lists import row_schema
from st_qbo_sandbox.servicetitan.parameters import Query
from st_qbo_sandbox.servicetitan.problems import invalid
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.schema.reading import Operation
from st_qbo_sandbox.servicetitan.stamps import key_of, key_or_none
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.views import View
from st_qbo_sandbox.storage import Collection, Document, Storage, as_object, dump_json

# Operation path -> the collection whose records it feeds.
FEEDS = {
    "accounting/export/invoices": "invoices",
    "accounting/export/payments": "payments",
    "accounting/export/inventory-bills": "inventory-bills",
    "accounting/export/invoice-items": "",
    "crm/export/customers": "customers",
    "crm/export/customers/contacts": "contacts",
    "crm/export/locations": "locations",
    "crm/export/locations/contacts": "location-contacts",
    "inventory/export/purchase-orders": "purchase-orders",
    "inventory/export/returns": "returns",
    "inventory/export/transfers": "transfers",
    "inventory/export/adjustments": "adjustments",
    "pricebook/export/services": "services",
    "pricebook/export/materials": "materials",
    "pricebook/export/equipment": "equipment",
    "pricebook/export/categories": "categories",
    "jpm/export/jobs": "jobs",
    "jpm/export/appointments": "appointments",
    "jpm/export/projects": "projects",
    "jpm/export/job-history": "job-history",
    "jpm/export/job-canceled-logs": "job-canceled-logs",
    "jpm/export/job-notes": "job-notes",
    "jpm/export/project-notes": "project-notes",
    "settings/export/business-units": "business-units",
    "settings/export/employees": "employees",
    "settings/export/technicians": "technicians",
    "settings/export/tag-types": "tag-types",
}
_START = ("", "")
_AFTER_ANY_ID = "~"


class FeedEngine:
    """Answers one export operation."""

    def __init__(self, operation: Operation, collection: Collection, order: OrderedIndex) -> None:
        self._name = f"{operation.module}/{operation.path}"
        self._collection = collection
        self._order = order
        self.view = View(operation.module, row_schema(operation))

    def answer(self, query: Query, records: Records, switches: Switches) -> str:
        """Return the body of the answer.

        Raises:
            RefusalError: 400, `from` is neither a token of this feed nor a date.
        """
        start = self._position(query.get("from"))
        edge = records.stamps.key_before(switches.feed_lag_seconds)
        with_recent = bool(query.get("includeRecentChanges"))
        rows: list[Document] = []
        has_more, last = False, start
        for position in self._order.after(start):
            if position[0] > edge and not with_recent:
                break
            if len(rows) == switches.feed_page_size:
                has_more = True
                break
            row = self._collection.get(position[1])
            if row is not None:
                rows.append(row)
            last = position
        if with_recent and not has_more and last[0] > edge:
            last = max(start, (edge, _AFTER_ANY_ID))
        texts = ",".join(self.view.render(row, switches) for row in rows)
        token = dump_json(self._token(last))
        return f'{{"hasMore":{"true" if has_more else "false"},"continueFrom":{token},"data":[{texts}]}}'

    def _token(self, position: tuple[str, str]) -> str:
        text = json.dumps({"f": self._name, "k": position[0], "i": position[1]})
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _position(self, text: str | None) -> tuple[str, str]:
        if text is None:
            return _START
        try:
            return (key_of(text), "")
        except ValueError:
            pass
        try:
            token = as_object(json.loads(base64.urlsafe_b64decode(text.encode())))
        except (ValueError, binascii.Error):
            token = None
        if token is None or token.get("f") != self._name:
            raise invalid(**{"from": f"The value '{text}' is not valid for From."})
        return (str(token["k"]), str(token["i"]))


def follow_invoice_items(records: Records) -> tuple[Collection, OrderedIndex]:
    """Return a collection of all invoice items, present and removed, that follows the invoices."""
    items = Storage(None).collection("invoice-items")

    def follow_invoice(id: str, old: Document | None, new: Document | None) -> None:
        for row in _items_of(old):
            items.restore(str(row["id"]), records.get("removed-invoice-items", row["id"]))
        for row in _items_of(new):
            items.restore(str(row["id"]), row)

    def follow_removed(id: str, old: Document | None, new: Document | None) -> None:
        items.restore(id, new)

    order = OrderedIndex(items, lambda row: key_or_none(row.get("modifiedOn")))
    records.collection("invoices").watch(follow_invoice)
    records.collection("removed-invoice-items").watch(follow_removed)
    return items, order


def _items_of(invoice: Document | None) -> list[dict[str, Any]]:
    if invoice is None:
        return []
    active = bool(invoice.get("active", True))
    return [{**item, "active": active, "invoiceId": invoice["id"]} for item in rows_of(invoice, "items")]
