"""ServiceTitan's records of what is bought, as frozen, lenient models (ServiceTitan reference §5.6, §7).

What belongs here: the fields the integration reads of bills, orders, receipts, returns, vendors, their
credits and payments. What does not: what is due and what it becomes (gate, mapping), records of sales
(`records`).
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from st_qbo_assets.servicetitan.fields import (
    Address,
    BusinessDate,
    Count,
    Flag,
    GlAccountRef,
    Id,
    Instant,
    Money,
    MoneyOrZero,
    Named,
    Nulls,
    OptionalId,
    OptionalMoney,
    Part,
    Record,
    Text,
    TrueByDefault,
)


class Vendor(Record):
    """A vendor; what becomes of one is decided by its verbatim JSON (`domain.masters`)."""

    name: Text = ""
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None


class BillItem(Part):
    """One line of goods on a bill; quantity and cost are strings of any scale.

    Attributes:
        general_ledger_account: the income account of the SKU.
        receipt_item_id: the line of a receipt it bills.
    """

    id: Id
    order: Count = None
    name: Text = ""
    description: Text = ""
    quantity: Money
    cost: Money
    general_ledger_account: GlAccountRef | None = None
    cost_of_sale_account: GlAccountRef | None = None
    asset_account: GlAccountRef | None = None
    sku_id: OptionalId = None
    receipt_item_id: OptionalId = None
    sku_type: Text = ""
    sku_code: Text = ""


class BillExpense(Part):
    """One line of a bill that buys no goods; only AP bills have such."""

    id: Id
    amount: Money
    description: Text = ""
    general_ledger_account: GlAccountRef | None = None
    job: Named | None = None
    business_unit: Named | None = None


class Bill(Record):
    """A vendor's bill, of either list: AP bills say more of it than inventory bills (rule 8.1).

    Attributes:
        reference_number: the vendor's own number (INFERRED in the reference).
        date: the local business date.
        bill_amount: whether it includes tax and shipping the vendor does not say.
        status: Unreconciled, Discrepancy, Reconciled or Canceled; AP bills only.
        do_not_pay: on hold; AP bills only.
    """

    purchase_order_id: OptionalId = None
    sync_status: Text = ""
    reference_number: Text = ""
    vendor_number: Text = ""
    summary: Text = ""
    date: Annotated[BusinessDate, Field(alias="billDate")] = None
    due_date: BusinessDate = None
    bill_amount: OptionalMoney = None
    tax_amount: MoneyOrZero = Decimal(0)
    shipping_amount: MoneyOrZero = Decimal(0)
    term_name: Text = ""
    business_unit: Named | None = None
    vendor: Named | None = None
    ship_to: Address | None = None
    job_id: OptionalId = None
    job_number: Text = ""
    items: Annotated[tuple[BillItem, ...], Nulls] = ()
    expense_items: Annotated[tuple[BillExpense, ...], Nulls] = ()
    status: Text = ""
    bill_type: Text = ""
    do_not_pay: Flag = False
    date_canceled: BusinessDate = None
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None

    @property
    def is_canceled(self) -> bool:
        """Whether it was canceled."""
        return self.status == "Canceled" or self.date_canceled is not None

    @property
    def total(self) -> Decimal:
        """The amount it states; where it states none, what its lines come to."""
        if self.bill_amount is not None:
            return self.bill_amount
        goods = sum((line.quantity * line.cost for line in self.items), Decimal(0))
        return goods + sum((line.amount for line in self.expense_items), Decimal(0))


class PurchaseOrderItem(Part):
    """One line of a purchase order; it names no accounts."""

    id: Id
    sku_id: OptionalId = None
    description: Text = ""
    sku_name: Text = ""
    sku_code: Text = ""
    sku_type: Text = ""
    quantity: Money
    quantity_received: MoneyOrZero = Decimal(0)
    cost: Money
    total: OptionalMoney = None
    status: Text = ""


class PurchaseOrder(Record):
    """A purchase order; its money is numbers.

    Attributes:
        date: the local business date.
        total: items, tax and shipping together.
        status: Pending, Sent, PartiallyReceived, Received, Exported or Canceled.
    """

    number: Text = ""
    job_id: OptionalId = None
    status: Text = ""
    vendor_id: OptionalId = None
    ship_to: Address | None = None
    business_unit_id: OptionalId = None
    vendor_document_number: Text = ""
    date: BusinessDate = None
    required_on: BusinessDate = None
    total: MoneyOrZero = Decimal(0)
    tax: MoneyOrZero = Decimal(0)
    shipping: MoneyOrZero = Decimal(0)
    summary: Text = ""
    items: Annotated[tuple[PurchaseOrderItem, ...], Nulls] = ()
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None


class ReturnItem(Part):
    """One line of what went back to a vendor, at the cost it was bought for."""

    id: Id
    sku_id: OptionalId = None
    name: Text = ""
    code: Text = ""
    description: Text = ""
    quantity: Money
    cost: Money
    general_ledger_account: GlAccountRef | None = None
    cost_of_sale_account: GlAccountRef | None = None
    asset_account: GlAccountRef | None = None
    active: TrueByDefault = True


class InventoryReturn(Record):
    """A return to a vendor; it posts nothing by itself (rule 8.7).

    Attributes:
        date: the local business date.
        status: Pending, Returned, CreditReceived or Canceled.
        return_amount: its lines, tax and shipping as ServiceTitan adds them up.
    """

    number: Text = ""
    reference_number: Text = ""
    date: Annotated[BusinessDate, Field(alias="returnDate")] = None
    status: Text = ""
    vendor_id: OptionalId = None
    purchase_order_id: OptionalId = None
    job_id: OptionalId = None
    return_amount: MoneyOrZero = Decimal(0)
    tax_amount: MoneyOrZero = Decimal(0)
    shipping_amount: MoneyOrZero = Decimal(0)
    items: Annotated[tuple[ReturnItem, ...], Nulls] = ()
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None

    @property
    def is_canceled(self) -> bool:
        """Whether it was canceled."""
        return self.status == "Canceled" or not self.active


class VendorCreditSplit(Part):
    """So much of a vendor's credit, used for a bill."""

    id: Id
    inventory_bill_id: OptionalId = None
    amount: Money
    active: TrueByDefault = True
    created_on: Instant = None


class VendorCredit(Record):
    """What a vendor owes back (`ap-credits`); its money is numbers.

    Attributes:
        inventory_return_id: the return whose lines it credits, if it credits one.
        date: the local business date.
        number: ServiceTitan's own; `reference_number` is the vendor's.
        status: Unreconciled or Canceled.
    """

    inventory_return_id: OptionalId = None
    job_id: OptionalId = None
    date: BusinessDate = None
    canceled_on: Instant = None
    number: Text = ""
    reference_number: Text = ""
    memo: Text = ""
    amount: Money
    status: Text = ""
    sync_status: Text = ""
    business_unit: Named | None = None
    vendor: Named | None = None
    splits: Annotated[tuple[VendorCreditSplit, ...], Nulls] = ()
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None

    @property
    def is_canceled(self) -> bool:
        """Whether it was canceled."""
        return self.status == "Canceled" or self.canceled_on is not None

    @property
    def total(self) -> Decimal:
        """What it is over."""
        return self.amount


class BillPaymentSplit(Part):
    """So much of a payment for one bill; `document_id` may be another document (UNCONFIRMED)."""

    id: Id
    document_id: OptionalId = None
    inventory_bill_id: OptionalId = None
    amount: Money
    active: TrueByDefault = True


class BillPayment(Record):
    """A payment of bills (`ap-payments`); its money is numbers.

    Attributes:
        date: the local business date.
        method: ServiceTitan or AccountingSystem.
        status: Unpaid, ReadyForApproval, Initiated, Paid, Cancelled, InTransit, Processing or Rejected.
        gl_account: the account it was paid from, if ServiceTitan names one.
    """

    date: BusinessDate = None
    method: Text = ""
    name: Text = ""
    amount: Money
    status: Text = ""
    sync_status: Text = ""
    gl_account: GlAccountRef | None = None
    business_unit: Named | None = None
    vendor: Named | None = None
    splits: Annotated[tuple[BillPaymentSplit, ...], Nulls] = ()
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None

    @property
    def total(self) -> Decimal:
        """What it is over."""
        return self.amount


class ReceiptItem(Part):
    """One line of what came; it names the line of the order it came for."""

    id: Id
    sku_id: OptionalId = None
    quantity: MoneyOrZero = Decimal(0)
    purchase_order_item_id: OptionalId = None


class Receipt(Record):
    """What came of an order; `bill_id` is the bill it was billed by."""

    number: Text = ""
    vendor_invoice_number: Text = ""
    purchase_order_id: OptionalId = None
    bill_id: OptionalId = None
    items: Annotated[tuple[ReceiptItem, ...], Nulls] = ()
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None
