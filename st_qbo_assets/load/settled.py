"""The pairs a person settled: `links.csv` of a company.

What belongs here: reading the file with errors that name the line. What does not: applying a pair
(customers, items) or where the file lies (components).
"""

import csv
from dataclasses import dataclass
from io import StringIO

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import Entity, SourceRef, is_location

_COLUMNS = ["source", "target", "qbo_id"]
#: What each source entity may be linked to; other pairs are a slip of the pen.
_TARGETS: dict[Entity, frozenset[str]] = {
    Entity.CUSTOMER: frozenset({"Customer"}),
    Entity.VENDOR: frozenset({"Vendor"}),
    Entity.ITEM: frozenset({"Item"}),
    Entity.INVOICE: frozenset({"Invoice", "CreditMemo"}),
    Entity.PAYMENT: frozenset({"Payment", "CreditMemo", "RefundReceipt", "Purchase"}),
    Entity.CREDIT_MEMO: frozenset({"CreditMemo", "Invoice"}),
    Entity.PURCHASE_ORDER: frozenset({"PurchaseOrder"}),
    Entity.BILL: frozenset({"Bill"}),
    Entity.VENDOR_CREDIT: frozenset({"VendorCredit", "BillPayment"}),
    Entity.BILL_PAYMENT: frozenset({"BillPayment"}),
}
_MASTERS = frozenset({Entity.CUSTOMER, Entity.VENDOR, Entity.ITEM})
#: Of these a person may say that QuickBooks does not have them yet; of others it is never in doubt.
_MAY_BE_NEW = frozenset({Entity.CUSTOMER, Entity.VENDOR})


@dataclass(frozen=True)
class SettledPair:
    """One row of `links.csv`.

    Attributes:
        qbo_id: the QuickBooks object; empty means "create a new one" (written `none`).
        line: line of the file, for messages.
        is_again: whether the object was deleted or voided in QuickBooks and another is to be created in its
            place (written `again 145`); it holds for that one object, so for once.
    """

    source: SourceRef
    target: str
    qbo_id: str
    line: int
    is_again: bool = False

    @property
    def is_new(self) -> bool:
        """Whether a person said that QuickBooks does not have it yet."""
        return not self.qbo_id

    @property
    def is_exclusive(self) -> bool:
        """Whether no other record may be linked to the same object; names may share one."""
        is_document = self.target not in ("Customer", "Vendor", "Item")
        return bool(self.qbo_id) and is_document and not self.is_again


SettledLinks = dict[tuple[SourceRef, str], SettledPair]


def parse_settled_links(content: str, *, name: str = "links.csv") -> SettledLinks:
    """Return the settled pairs of a file with the columns `source,target,qbo_id`.

    Lines starting with `#` are comments. `none` as id of a customer creates a new one without asking again.
    `again 145` as id of a document, or of the sub-customer of a service location, creates it anew once, after
    a person deleted or voided QuickBooks' 145.

    Raises:
        SettingsError: naming the line, if a row is no pair, names an unknown kind of record, or repeats one.
    """
    pairs: SettledLinks = {}
    used: dict[tuple[str, str], int] = {}
    reader = csv.reader(StringIO(content.removeprefix("\ufeff")))
    header_seen = False
    for row in reader:
        line = reader.line_num
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not header_seen:
            header_seen = True
            if [cell.lower() for cell in cells] != _COLUMNS:
                raise _wrong(
                    name, line, f"the first row must be {','.join(_COLUMNS)}, found {','.join(cells)}"
                )
            continue
        pair = _pair(cells, name=name, line=line)
        if (pair.source, pair.target) in pairs:
            first = pairs[pair.source, pair.target].line
            raise _wrong(name, line, f"{pair.source} to {pair.target} is already settled on line {first}")
        if pair.is_exclusive and (pair.target, pair.qbo_id) in used:
            first = used[pair.target, pair.qbo_id]
            raise _wrong(name, line, f"{pair.target} {pair.qbo_id} is already given away on line {first}")
        used[pair.target, pair.qbo_id] = line
        pairs[pair.source, pair.target] = pair
    return pairs


def _pair(cells: list[str], *, name: str, line: int) -> SettledPair:
    if len(cells) != len(_COLUMNS):
        raise _wrong(name, line, f"a row has {len(_COLUMNS)} columns, found {len(cells)}")
    try:
        source = SourceRef.parse(cells[0])
    except ValueError:
        raise _wrong(name, line, f"{cells[0]!r} names no record; write it like customer:1001") from None
    if cells[1] not in _TARGETS[source.entity]:
        allowed = ", ".join(sorted(_TARGETS[source.entity]))
        raise _wrong(
            name, line, f"a {source.entity.label} cannot be linked to {cells[1]!r}, only to {allowed}"
        )
    word, _, rest = cells[2].lower().partition(" ")
    if word == "again":
        return _again(source, cells, rest.strip(), name=name, line=line)
    if word != "none" and not cells[2].isdecimal():
        raise _wrong(
            name,
            line,
            f"{cells[2]!r} is no QuickBooks id; write its digits, or none to create a new one, or again and "
            "the digits of the one that was deleted",
        )
    if word == "none" and source.entity not in _MAY_BE_NEW:
        raise _wrong(name, line, f"only a customer can be settled as none; name the {cells[1]} it is")
    return SettledPair(source, cells[1], "" if word == "none" else cells[2], line)


def _again(source: SourceRef, cells: list[str], qbo_id: str, *, name: str, line: int) -> SettledPair:
    if source.entity in _MASTERS and not is_location(source):
        raise _wrong(name, line, f"only a document can be made again, not a {source.entity.label}")
    if not qbo_id.isdecimal():
        raise _wrong(
            name,
            line,
            f"{cells[2]!r} does not say which {cells[1]} is gone; write again and its QuickBooks id, as the "
            f"reason of {source} does",
        )
    return SettledPair(source, cells[1], qbo_id, line, is_again=True)


def _wrong(name: str, line: int, problem: str) -> SettingsError:
    return SettingsError(f"{name}, line {line}: {problem}.")
