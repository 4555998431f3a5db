"""Lines of sales documents: what is read, what is refused, what QuickBooks adds.

Belongs here: item, discount, text and bundle lines, 6070, the generated subtotal. Does not belong here: tax
(`sales_tax.py`) and lines of purchases (`expense_lines.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from st_qbo_sandbox.quickbooks.books import Body, name_of
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.catalog import MAGIC_ITEMS
from st_qbo_sandbox.quickbooks.faults import Fault, business, fault, missing

US_TAX_CODES = ("TAX", "NON")
TAXABLE_LINES_MAX = 750
LINES_MAX = 10_000


@dataclass
class SalesLines:
    """The finished lines with what totals need."""

    lines: list[Body]
    subtotal: Decimal
    taxed: list[Decimal]
    discount: Decimal
    count: int

    @property
    def taxable(self) -> Decimal:
        """What the taxed lines come to."""
        return sum(self.taxed, ZERO)


def build_sales_lines(call: Call, sent: list[Body], old: Body | None) -> SalesLines:
    """Return the lines as they will be stored, generated subtotal included.

    Raises:
        Fault: 2020, 2250, 5030, 6070, 6090, 6100 or 6000 for lines that QuickBooks refuses.
    """
    numbering = LineNumbering(old)
    bodies: list[Body] = []
    discount_line: Body | None = None
    for line in sent:
        kind = line.get("DetailType") or _guess_kind(line)
        if kind is None:
            raise Fault(missing("DetailType"))
        line["DetailType"] = kind
        if kind == "SubTotalLineDetail":
            continue
        if kind == "DiscountLineDetail":
            discount_line = line
            continue
        bodies.append(_BUILDERS.get(kind, _refuse)(call, line))
    for position, line in enumerate(bodies, 1):
        numbering.number(line, position)
    if not any(line["DetailType"] in ("SalesItemLineDetail", "GroupLineDetail") for line in bodies):
        raise fault("2250", "Missing lines : At least one split line is required", "Line")
    return _total(call, bodies, discount_line, numbering)


def _total(
    call: Call, bodies: list[Body], discount_line: Body | None, numbering: LineNumbering
) -> SalesLines:
    subtotal = sum(
        (line.get("Amount", ZERO) for line in bodies if line["DetailType"] != "DescriptionOnly"), ZERO
    )
    taxed = [line for line in _flat(bodies) if _is_taxable(line)]
    if taxed and len(bodies) > TAXABLE_LINES_MAX or len(bodies) > LINES_MAX:
        raise business(
            f"You can't have more than {TAXABLE_LINES_MAX if taxed else LINES_MAX} lines in a transaction."
        )
    lines: list[Body] = [
        *bodies,
        {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]
    discount = ZERO
    if discount_line is not None:
        discount = _build_discount(call, discount_line, subtotal)
        numbering.number(discount_line, None)
        lines.append(discount_line)
    return SalesLines(lines, subtotal, [line["Amount"] for line in taxed], discount, len(bodies))


def _flat(lines: list[Body]) -> list[Body]:
    flat: list[Body] = []
    for line in lines:
        flat += line["GroupLineDetail"].get("Line", []) if line["DetailType"] == "GroupLineDetail" else [line]
    return flat


def _is_taxable(line: Body) -> bool:
    return line.get("SalesItemLineDetail", {}).get("TaxCodeRef", {}).get("value") == "TAX"


def _guess_kind(line: Body) -> str | None:
    for kind in _BUILDERS:
        if kind in line:
            return kind
    return "SubTotalLineDetail" if "SubtotalLineDetail" in line else None


class LineNumbering:
    """Ids of lines: an id that the document had stays, any other line is new (reference §3.2)."""

    def __init__(self, old: Body | None) -> None:
        before = [line["Id"] for line in (old or {}).get("Line", ()) if line.get("Id")]
        self._known = set(before)
        self._last = max((int(id) for id in before if id.isdigit()), default=0)
        self._used: set[str] = set()

    def number(self, line: Body, position: int | None) -> None:
        """Write Id and, if a position is given, LineNum."""
        id = line.get("Id")
        if id is None or id not in self._known or id in self._used:
            self._last += 1
            id = str(self._last)
        line["Id"] = id
        self._used.add(id)
        if position is None:
            line.pop("LineNum", None)
        else:
            line["LineNum"] = position


def _build_item_line(call: Call, line: Body) -> Body:
    detail = line.setdefault("SalesItemLineDetail", {})
    if "Amount" not in line:
        raise Fault(missing("Line.Amount"))
    check_amount(call, line, detail)
    if "ItemRef" not in detail:
        detail["ItemRef"] = _default_item(call)
    _describe_item(call, line, detail)
    _check_tax_code(detail)
    if "ClassRef" in detail:
        keep_class(call, detail, "ClassTrackingPerTxnLine")
    detail.pop("TaxInclusiveAmt", None)
    line["Amount"] = money(line["Amount"])
    return line


def check_amount(call: Call, line: Body, detail: Body) -> None:
    """Refuse an amount that is not UnitPrice times Qty, rounded half up to the cent.

    Raises:
        Fault: 6070.
    """
    quantity, price = detail.get("Qty"), detail.get("UnitPrice")
    if call.switches.zero_qty_and_price_mean_unset and not quantity and not price and line["Amount"] != 0:
        detail.pop("Qty", None)
        detail.pop("UnitPrice", None)
        return
    if quantity is None or price is None:
        return
    expected = money(quantity * price)
    if detail.get("DiscountRate"):
        expected -= money(expected * detail["DiscountRate"] / 100)
    elif detail.get("DiscountAmt"):
        expected -= detail["DiscountAmt"]
    if line["Amount"] != expected:
        raise fault("6070", f"Amount is not equal to UnitPrice * Qty. Supplied value:{line['Amount']:,.2f}")


def _default_item(call: Call) -> Body:
    wished = call.company.other_preference("SalesFormsPrefs.DefaultItem") or ""
    item = call.work.find("Item", wished)
    if item is None:
        raise Fault(missing("ItemRef"))
    return {"value": wished, "name": name_of(item)}


def _describe_item(call: Call, line: Body, detail: Body) -> None:
    id = detail["ItemRef"]["value"]
    if id in MAGIC_ITEMS:
        return
    item = call.work.find("Item", id)
    if item is None:
        return
    if item.get("Type") == "Category":
        raise fault(
            "2500",
            "Invalid Reference Id : An item in this transaction is set up as a category instead of a "
            "product or service.",
        )
    if "IncomeAccountRef" in item:
        detail["ItemAccountRef"] = dict(item["IncomeAccountRef"])


def _check_tax_code(detail: Body) -> None:
    code = detail.setdefault("TaxCodeRef", {"value": "NON"})
    code.pop("name", None)
    if code["value"] not in US_TAX_CODES:
        raise fault("6100", f"Invalid line TaxCode. Supplied value:{code['value']}", "TaxCodeRef")


def keep_class(call: Call, holder: Body, preference: str) -> None:
    """Keep a class reference only if the company tracks classes at this place.

    Raises:
        Fault: 5030 if it does not and the switch says so.
    """
    if call.preference("AccountingInfoPrefs", preference, False):
        return
    drop_or_refuse(call, holder, "ClassRef", "Class tracking")


def keep_department(call: Call, holder: Body) -> None:
    """Keep a location reference only if the company tracks locations.

    Raises:
        Fault: 5030 if it does not and the switch says so.
    """
    if not call.preference("AccountingInfoPrefs", "TrackDepartments", False):
        drop_or_refuse(call, holder, "DepartmentRef", "Location tracking")


def drop_or_refuse(call: Call, holder: Body, name: str, feature: str) -> None:
    """Drop a reference whose feature is off.

    Raises:
        Fault: 5030 if the switch says so.
    """
    if call.switches.refs_of_features_off == "refuse":
        raise fault(
            "5030", f"Feature Not Supported Error : {feature} is not turned on for this company.", name
        )
    holder.pop(name, None)


def _build_text_line(call: Call, line: Body) -> Body:
    line.pop("Amount", None)
    return line


def _build_group_line(call: Call, line: Body) -> Body:
    detail = line.setdefault("GroupLineDetail", {})
    if "GroupItemRef" not in detail:
        raise Fault(missing("GroupItemRef"))
    inner = detail.get("Line", [])
    for position, nested in enumerate(inner, 1):
        nested.setdefault("DetailType", "SalesItemLineDetail")
        nested.setdefault("Id", str(position))
        _build_item_line(call, nested)
    detail["Line"] = inner
    line["Amount"] = sum((nested["Amount"] for nested in inner), ZERO)
    return line


def _build_discount(call: Call, line: Body, subtotal: Decimal) -> Decimal:
    if not call.preference("SalesFormsPrefs", "AllowDiscount", False):
        raise fault(
            "5030", "Feature Not Supported Error : Discounts are not turned on for this company.", "Line"
        )
    detail = line.setdefault("DiscountLineDetail", {})
    if detail.get("PercentBased"):
        percent = detail.get("DiscountPercent")
        if percent is None:
            raise fault("6090", "Discount line is missing required information : DiscountPercent")
        amount = money(subtotal * percent / 100)
    else:
        if "Amount" not in line:
            raise fault("6090", "Discount line is missing required information : Amount")
        amount = money(line["Amount"])
        detail["PercentBased"] = False
    line["Amount"] = amount
    if "DiscountAccountRef" not in detail:
        account = _discount_account(call)
        if account is not None:
            detail["DiscountAccountRef"] = account
    return amount


def _discount_account(call: Call) -> Body | None:
    wished = str(call.preference("SalesFormsPrefs", "DefaultDiscountAccount", "") or "")
    if call.work.find("Account", wished) is not None:
        return call.ref("Account", wished)
    for account in call.books.all_of("Account"):
        if account.get("AccountSubType") == "DiscountsRefundsGiven":
            return {"value": account["Id"], "name": name_of(account)}
    return None


def _refuse(call: Call, line: Body) -> Body:
    raise fault("2170", f"Invalid Enumeration : {line['DetailType']}", "DetailType")


_BUILDERS = {
    "SalesItemLineDetail": _build_item_line,
    "DescriptionOnly": _build_text_line,
    "GroupLineDetail": _build_group_line,
    "DescriptionLineDetail": _build_text_line,
}
