"""What a bookkeeper does in QuickBooks behind our back: edits an invoice of ours, merges customers, closes.

What belongs here: choosing, acting, and taking the edit back once it was told. What does not: finding it,
which is the poll's (`cli.crossing`), and what is shown in the end (`telling`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from st_qbo_assets.cli.fates.choosing import Days, Fate, Sales
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.quickbooks.wording import drift_in_words
from st_qbo_assets.store.links import Link, LinkState

#: Uses a control of one half of the sandbox.
Act = Callable[[str, Json], Any]
#: Written beside our marker when the edit is taken back.
NOTE = "Ten more were charged here by mistake; corrected."
_MORE = Decimal("10.00")
#: The poll before may have edited two customers of the day.
_FEWEST_CUSTOMERS = 4


@dataclass
class Bookkeeper:
    """A bookkeeper, who does everything once.

    Attributes:
        edited: our invoice that was edited, as it was linked then.
        reported: what the poll told of the edit; None if it was told in an earlier demo.
        merged: the customer who is gone and the one who stays, as they were linked before.
    """

    connections: Connections
    days: Days
    sales: Sales
    act: Act
    edited: Link | None = None
    reported: str | None = None
    merged: tuple[Link, Link] | None = None
    _before: Json = field(default_factory=dict[str, Any])
    _has_worked: bool = False

    def work(self) -> bool:
        """Do what was not done in an earlier demo; say whether there was anything."""
        if self.days.closed is not None and Fate.CLOSED not in self.sales.done():
            self._do({"act": "close_books", "date": self.days.closed.isoformat()})
        self._merge()
        self._edit()
        return self._has_worked

    def spared(self) -> set[SourceRef]:
        """Return the invoices that nobody else touches: the edited one, and those of merged customers."""
        gone = {int(each.source.id) for each in self.merged or ()}
        spared = {
            SourceRef(Entity.INVOICE, str(each.id))
            for each in self.sales.invoices
            if each.customer is not None and each.customer.id in gone
        }
        return spared | ({self.edited.source} if self.edited is not None else set())

    def take_back(self) -> bool:
        """Keep what was told of the edit, and put the invoice back as it was, with a word beside our marker.

        Returns:
            Whether there was an edit to take back.
        """
        if self.edited is None or not self._before:
            return False
        link = self._now(self.edited)
        told = drift_in_words(link.drift or {})
        # which item a line is of is an id there
        self.reported = ", ".join(
            name if name == "lines" else f"{name} {each['confirmed']} → {each['now']}"
            for name, each in sorted(told.items())
        )
        lines = [each for each in self._before["Line"] if each.get("DetailType") != "SubTotalLineDetail"]
        body = {"Line": lines, "PrivateNote": f"{self._before.get('PrivateNote', '')}\n{NOTE}"}
        if self._before.get("TxnTaxDetail"):
            body["TxnTaxDetail"] = self._before["TxnTaxDetail"]
        self._do({"act": "update", "entity": link.target, "id": link.qbo_id, "body": body})
        return True

    def _edit(self) -> None:
        """Charge more on the first line of an unpaid invoice of ours, of the oldest customer there is."""
        day = self.days.open.isoformat()
        rows = {
            str(row["Id"]): row for row in self.connections.quickbooks.query("Invoice", f"TxnDate = '{day}'")
        }
        links = self._links(set(self.sales.ours))
        by_id = {each.qbo_id: each for each in links if each.target == "Invoice" and each.qbo_id in rows}
        noted = [link for id_, link in by_id.items() if NOTE in str(rows[id_].get("PrivateNote") or "")]
        if noted:
            self.edited = noted[0]
            return
        busy = self.spared() | set(self.sales.done().values())
        customers = {str(each.id): each.customer.id or 0 for each in self.sales.invoices if each.customer}
        free = [
            (customers.get(link.source.id, 0), id_)
            for id_, link in by_id.items()
            if link.source not in busy and rows[id_]["Balance"] == rows[id_]["TotalAmt"] > 0
        ]
        if not free:
            return
        chosen = min(free)[1]
        self.edited, self._before = by_id[chosen], rows[chosen]
        line = objects.lines(rows[chosen])[0]
        more = {"line": line["Id"], "amount": str(Decimal(line["Amount"]) + _MORE)}
        self._do({"act": "edit_line", "entity": "Invoice", "id": chosen, **more})

    def _merge(self) -> None:
        """Merge the newest customer of the day into the one before."""
        ids = sorted(self.sales.customers(self.days.open))
        links = [
            each
            for each in self._links({SourceRef(Entity.CUSTOMER, str(id_)) for id_ in ids})
            if each.target == "Customer" and not each.source.part
        ]
        links.sort(key=lambda each: int(each.source.id))
        by_object: dict[str, list[Link]] = {}
        for link in links:
            by_object.setdefault(link.qbo_id, []).append(link)
        one = next((each for each in by_object.values() if len(each) > 1), None)
        if one is not None:
            self.merged = one[1], one[0]
        elif len(links) >= _FEWEST_CUSTOMERS:
            stays, gone = links[-2:]
            self.merged = gone, stays
            self._do({"act": "merge_customers", "from": gone.qbo_id, "into": stays.qbo_id})

    def _links(self, sources: set[SourceRef]) -> list[Link]:
        found = self.connections.links.of_sources(self.connections.name, sources)
        return [each for links in found.values() for each in links if each.state is LinkState.ACTIVE]

    def _now(self, link: Link) -> Link:
        return self.connections.links.get(self.connections.name, link.source, link.target) or link

    def _do(self, body: Json) -> None:
        self.act("quickbooks", body)
        self._has_worked = True
