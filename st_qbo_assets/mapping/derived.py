"""Sales derived from records: turned around, or a share of one.

What belongs here: the arithmetic that makes the figures of a credit or a refund out of an invoice's (rules
3.4, 3.5). What does not: what is written from them (sales). Everything is in the document's own signs, to
the cent.
"""

from collections.abc import Sequence
from fractions import Fraction

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.mapping.facts import chargeable_lines
from st_qbo_assets.mapping.sales import Sale
from st_qbo_assets.servicetitan.records import InvoiceItem


def reversed_sale(sale: Sale) -> Sale:
    """Return an invoice with every amount turned around: what a credit memo for it says.

    A line turns by its quantity where that is below zero, else by its price.
    """
    return sale.model_copy(
        update={
            "sub_total": None if sale.sub_total is None else -sale.sub_total,
            "sales_tax": -sale.sales_tax,
            "total": -sale.total,
            "items": tuple(_reversed_line(line) for line in sale.items),
        }
    )


def share_of(sale: Sale, cents: int) -> Sale:
    """Return the share of an invoice that comes to so many cents, tax included (rule 3.5).

    One apportionment over all its chargeable lines and its tax, so that they add up to the cents exactly. A
    line of a share has no quantity and price of its own, and a line of nothing is left out. The share that is
    the whole is the invoice itself.
    """
    if cents == to_cents(sale.total):
        return sale
    lines = chargeable_lines(sale)
    *parts, tax = apportion(cents, [*(to_cents(line.total) for line in lines), to_cents(sale.sales_tax)])
    items = tuple(
        line.model_copy(update={"total": from_cents(part), "quantity": None, "price": None})
        for line, part in zip(lines, parts, strict=True)
        if part
    )
    return sale.model_copy(
        update={
            "items": items,
            "sub_total": from_cents(sum(parts)),
            "sales_tax": from_cents(tax),
            "total": from_cents(cents),
        }
    )


def apportion(cents: int, weights: Sequence[int]) -> list[int]:
    """Return cents shared out by weights, which may be below zero, adding up to the cents exactly.

    Each part is the exact share rounded down; the cents left over go one each to the largest remainders, on
    equal ones to the earlier part.

    Raises:
        ValueError: if the weights come to nothing.
    """
    whole = sum(weights)
    if whole == 0:
        raise ValueError("weights that come to nothing")
    exact = [Fraction(cents * weight, whole) for weight in weights]
    parts = [share.numerator // share.denominator for share in exact]
    left = cents - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[:left]:
        parts[place] += 1
    return parts


def _reversed_line(line: InvoiceItem) -> InvoiceItem:
    by_quantity = line.quantity is not None and line.quantity < 0
    quantity = -line.quantity if by_quantity and line.quantity is not None else line.quantity
    price = line.price if by_quantity or line.price is None else -line.price
    return line.model_copy(update={"total": -line.total, "quantity": quantity, "price": price})
