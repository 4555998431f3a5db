"""What follows from what: totals of invoices, balances, unapplied amounts, balances of customers.

Belongs here: arithmetic between documents, after any change. Does not belong here: who may change what.

- An invoice's `subTotal` is the sum of its chargeable items, `total` = `subTotal` + `salesTax`,
`discountTotal` the negative
  sum of its price modifiers below zero.
- Its `balance` is `total` less everything that active payments and credit memos apply to it; `paidOn` is
the date of the last
  of them once nothing is open.
- A payment's `unappliedAmount` is `total` less what it applies; a credit memo's `balance` likewise, less what
refunds paid out of it.
- A customer's `balance` moves by the same cents as its invoices' balances, less those of its unapplied money.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.filters import number_of
from st_qbo_sandbox.servicetitan.records import Records, named_id, rows_of
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.storage import Document, as_object

_CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def amount(value: Any) -> Decimal:
    """Read money stored as text or number; null is zero, and so is anything that is no money."""
    number = number_of(value)
    return ZERO if number is None or not number.is_finite() else number


def cents(value: Decimal) -> Decimal:
    """Round to cents, halves away from zero."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def text(value: Decimal) -> str:
    """Write money as the string families have it."""
    return f"{cents(value):.2f}"


def with_totals(invoice: Document, *, tax: Decimal | None = None) -> Document:
    """Return the invoice with totals that follow from its items; tax as given, else by its rate."""
    chargeable = [item for item in rows_of(invoice, "items") if item.get("isChargeable", True)]
    subtotal = sum((amount(item.get("total")) for item in chargeable), ZERO)
    if tax is None:
        code = as_object(invoice.get("salesTaxCode")) or {}
        taxable = sum((amount(item.get("total")) for item in chargeable if item.get("taxable")), ZERO)
        tax = cents(taxable * amount(code.get("taxRate")))
    discounts = (
        amount(item.get("total"))
        for item in chargeable
        if item.get("type") == "PriceModifier" and amount(item.get("total")) < 0
    )
    return {
        **invoice,
        "subTotal": text(subtotal),
        "salesTax": text(tax),
        "total": text(subtotal + tax),
        "discountTotal": text(-sum(discounts, ZERO)),
    }


def with_rest(payment: Document) -> Document:
    """Return the payment with its unapplied amount."""
    applied = sum((amount(row.get("appliedAmount")) for row in rows_of(payment, "appliedTo")), ZERO)
    return {**payment, "unappliedAmount": text(amount(payment.get("total")) - applied)}


def with_memo_totals(memo: Document, *, tax: Decimal | None = None) -> Document:
    """Return the credit memo with totals that follow from its items; tax as given, else by its rate."""
    items = rows_of(memo, "items")
    subtotal = sum((amount(item.get("total")) for item in items), ZERO)
    if tax is None:
        rate = amount((as_object(memo.get("salesTaxCode")) or {}).get("taxRate"))
        taxable = sum((amount(item.get("total")) for item in items if item.get("taxable")), ZERO)
        tax = cents(taxable * rate)
    return {**memo, "subTotal": cents(subtotal), "salesTax": cents(tax), "total": cents(subtotal + tax)}


class Balances:
    """Stores documents and everything that follows from them."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.switches = Switches()

    def settle_invoice(self, invoice: Document, *, bump: bool = True) -> Document:
        """Store an invoice with its balance, move its customer's, and return it."""
        records = self._records
        before = records.get("invoices", invoice["id"])
        applications = list(self.applications(invoice["id"]))
        balance = amount(invoice.get("total")) - sum((applied for applied, _ in applications), ZERO)
        paid_on = None
        if balance == 0 and applications and amount(invoice.get("total")) != 0:
            paid_on = max(str(day) for _, day in applications)
        settled = {**invoice, "balance": text(balance), "paidOn": paid_on}
        if bump:
            settled = records.change("invoices", settled)
        else:
            records.keep("invoices", settled)
        self._move(before, settled, "balance", sign=1)
        return settled

    def settle_payment(self, payment: Document) -> Document:
        """Store a payment, settle every invoice it applied to before or applies to now, and return it."""
        return self._settle_money("payments", with_rest(payment), "unappliedAmount")

    def settle_memo(self, memo: Document) -> Document:
        """Store a credit memo, settle every invoice it applied to before or applies to now, and return it."""
        return self._settle_money("credit-memos", self.with_memo_balance(memo), "balance")

    def with_memo_balance(self, memo: Document) -> Document:
        """Return the credit memo with its open balance: less what it pays and what was paid out of it."""
        applied = sum((amount(row.get("appliedAmount")) for row in rows_of(memo, "appliedTo")), ZERO)
        paid_out = sum((-part for part, _ in self.applications(memo["id"])), ZERO)
        return {**memo, "balance": cents(amount(memo.get("total")) - applied - paid_out)}

    def _settle_money(self, name: str, money: Document, rest: str) -> Document:
        before = self._records.get(name, money["id"])
        settled = self._records.change(name, money)
        touched = dict.fromkeys(
            row.get("appliedTo") for doc in (before, settled) if doc for row in rows_of(doc, "appliedTo")
        )
        for id in touched:
            invoice = self._records.get("invoices", id)
            if invoice is not None:
                self.settle_invoice(invoice, bump=self.switches.payment_bumps_invoice)
            memo = self._records.get("credit-memos", id) if name == "payments" else None
            if memo is not None:
                self.settle_memo(memo)
        self._move(before, settled, rest, sign=-1)
        return settled

    def open_amount(self, invoice: Document) -> Decimal:
        """Return what is open on an invoice."""
        return amount(invoice.get("balance"))

    def applications(self, invoice_id: int) -> Iterable[tuple[Decimal, str]]:
        """Yield what active payments and credit memos apply to an invoice, with their dates."""
        for name in ("payments", "credit-memos"):
            for money in self._records.having(name, "invoice", invoice_id):
                if not money.get("active", True):
                    continue
                for row in rows_of(money, "appliedTo"):
                    if row.get("appliedTo") == invoice_id:
                        yield amount(row.get("appliedAmount")), _midnight(money.get("date"))

    def _move(self, before: Document | None, after: Document, field: str, *, sign: int) -> None:
        """Move the balance of the customers of a document by the change of one of its amounts."""
        moves: dict[int, Decimal] = {}
        for doc, direction in ((before, -1), (after, 1)):
            customer_id = None if doc is None else named_id(doc, "customer")
            if doc is not None and customer_id is not None and doc.get("active", True):
                moved = moves.get(customer_id, ZERO) + direction * sign * amount(doc.get(field))
                moves[customer_id] = moved
        for customer_id, moved in moves.items():
            customer = self._records.get("customers", customer_id)
            if customer is None or moved == 0:
                continue
            changed = {**customer, "balance": cents(amount(customer.get("balance")) + moved)}
            if self.switches.accounting_bumps_customer:
                self._records.change("customers", changed, accounting=True)
            else:
                self._records.keep("customers", changed)


def _midnight(date: Any) -> str:
    return f"{str(date)[:10]}T00:00:00Z"


def inconsistencies(records: Records) -> list[str]:
    """Return in words every total or balance that does not follow from its documents; empty if all do."""
    found: list[str] = []
    balances = Balances(records)
    for invoice in records.all("invoices"):
        computed = with_totals(invoice, tax=amount(invoice.get("salesTax")))
        applied = sum((one for one, _ in balances.applications(invoice["id"])), ZERO)
        computed["balance"] = text(amount(computed["total"]) - applied)
        for field in ("subTotal", "total", "discountTotal", "balance"):
            if amount(invoice.get(field)) != amount(computed[field]):
                found.append(f"invoice {invoice['id']} {field}: {invoice.get(field)}, not {computed[field]}")
    for payment in records.all("payments"):
        rest = with_rest(payment)["unappliedAmount"]
        if amount(payment.get("unappliedAmount")) != amount(rest):
            shown = payment.get("unappliedAmount")
            found.append(f"payment {payment['id']} unappliedAmount: {shown}, not {rest}")
    for memo in records.all("credit-memos"):
        rest = balances.with_memo_balance(memo)["balance"]
        if amount(memo.get("balance")) != rest:
            found.append(f"credit memo {memo['id']} balance: {memo.get('balance')}, not {rest}")
    return found
