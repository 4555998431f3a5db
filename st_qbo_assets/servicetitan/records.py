"""ServiceTitan's records as frozen, lenient models (ServiceTitan reference §5, §6, §8, §9).

What belongs here: the fields the integration reads, and what makes a record unreadable. What does not:
what is due and what it becomes (gate, mapping). A record that lacks what no reading can do without, or
holds an absurd value in a field we read, is never raised: it comes back as `Unreadable`, verbatim.
Enumerations are plain text, since live values go beyond the published lists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar, cast

from pydantic import ValidationError

from st_qbo_assets.domain.days import parse_business_date, parse_instant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.fields import (
    Address,
    BusinessDate,
    Count,
    CustomField,
    Flag,
    GlAccountRef,
    Id,
    IdOrZero,
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

__all__ = [
    "Address",
    "Applied",
    "BusinessUnit",
    "Contact",
    "CreditMemo",
    "CreditMemoItem",
    "Customer",
    "CustomField",
    "Equipment",
    "GlAccount",
    "GlAccountRef",
    "Invoice",
    "InvoiceItem",
    "Job",
    "JobRef",
    "Location",
    "Material",
    "Named",
    "Payment",
    "PaymentTerm",
    "PaymentType",
    "PriceModifier",
    "PricebookItem",
    "Record",
    "Service",
    "SkuVendor",
    "TaxCode",
    "TaxZone",
    "TaxZoneRate",
    "Unreadable",
    "parse",
    "parse_credit_memo",
    "parse_invoice",
    "parse_payment",
]


class TaxCode(Part):
    """The sales tax code an invoice was taxed with; the rate is a fraction (0.0825)."""

    id: OptionalId = None
    name: Text = ""
    tax_rate: OptionalMoney = None


class JobRef(Part):
    """The job an invoice belongs to."""

    id: OptionalId = None
    number: Text = ""
    type: Text = ""


class InvoiceItem(Part):
    """One line of an invoice.

    Attributes:
        sku_name: the SKU code; `display_name` is what the customer reads.
        quantity: None if ServiceTitan gave none; any scale.
        price: per unit, None if ServiceTitan gave none.
        total: the line's amount; negative on price modifiers.
        is_chargeable: false lines are no revenue (rule 1.3); records from before the field are chargeable.
        business_unit: may differ from the invoice's.
    """

    id: Id
    type: Text = ""
    sku_id: OptionalId = None
    sku_name: Text = ""
    display_name: Text = ""
    description: Text = ""
    quantity: OptionalMoney = None
    price: OptionalMoney = None
    cost: OptionalMoney = None
    total_cost: OptionalMoney = None
    total: Money
    taxable: Flag = False
    inventory: Flag = False
    is_chargeable: TrueByDefault = True
    general_ledger_account: GlAccountRef | None = None
    cost_of_sale_account: GlAccountRef | None = None
    asset_account: GlAccountRef | None = None
    business_unit: Named | None = None
    service_date: BusinessDate = None
    order: Count = None
    membership_type_id: OptionalId = None
    item_group: dict[str, Any] | None = None


class Invoice(Record):
    """An invoice of any kind; negative ones and adjustments too.

    Attributes:
        reference_number: the number people see.
        invoice_date: the local business date; None if it has none.
        sales_tax: zero if ServiceTitan gave none.
        balance: open amount now; None if ServiceTitan gave none.
        adjustment_to_id: the invoice this one adjusts.
        invoice_configuration: the kind (rule 1.1).
        export_id: what another connector wrote, empty if nothing (rule 1.7).
    """

    sync_status: Text = ""
    reference_number: Text = ""
    invoice_date: BusinessDate = None
    due_date: BusinessDate = None
    sub_total: OptionalMoney = None
    sales_tax: MoneyOrZero = Decimal(0)
    sales_tax_code: TaxCode | None = None
    tax_zone_id: OptionalId = None
    total: Money
    balance: OptionalMoney = None
    discount_total: OptionalMoney = None
    invoice_type: Named | None = None
    customer: Named | None = None
    customer_address: Address | None = None
    location: Named | None = None
    location_address: Address | None = None
    business_unit: Named | None = None
    term_name: Text = ""
    batch: Named | None = None
    created_on: Instant = None
    modified_on: Instant = None
    adjustment_to_id: OptionalId = None
    job: JobRef | None = None
    project_id: OptionalId = None
    membership_id: OptionalId = None
    sent_status: Text = ""
    review_status: Text = ""
    summary: Text = ""
    items: Annotated[tuple[InvoiceItem, ...], Nulls] = ()
    custom_fields: Annotated[tuple[CustomField, ...], Nulls] = ()
    active: TrueByDefault = True
    import_id: Text = ""
    export_id: Text = ""
    paid_on: BusinessDate = None
    invoice_configuration: Text = ""


class Applied(Part):
    """A share of a payment applied to one invoice; 0 if ServiceTitan names none."""

    applied_id: OptionalId = None
    applied_to: IdOrZero
    applied_amount: Money
    applied_on: Instant = None
    applied_to_reference_number: Text = ""


class CreditMemoApplied(Part):
    """A share of a credit memo applied to one invoice; unlike a payment's, its day is a plain date."""

    applied_id: OptionalId = None
    applied_to: IdOrZero
    applied_amount: Money
    applied_on: BusinessDate = None
    applied_to_reference_number: Text = ""


class Payment(Record):
    """A payment, prepayment, refund or write-off, by its type.

    Attributes:
        date: the local business date; None if it has none.
        type_name: name of the payment type; its id is text in this record and a number in the list.
        unapplied_amount: None if ServiceTitan gave none.
        general_ledger_account: the deposit or asset account.
        refunded_payment_id: on a refund the payment it refunds.
    """

    sync_status: Text = ""
    reference_number: Text = ""
    date: BusinessDate = None
    total: Money
    unapplied_amount: OptionalMoney = None
    applied_to: Annotated[tuple[Applied, ...], Nulls] = ()
    type: Text = ""
    type_id: OptionalId = None
    customer: Named | None = None
    business_unit: Named | None = None
    batch: Named | None = None
    deposit: Named | None = None
    general_ledger_account: GlAccountRef | None = None
    check_number: Text = ""
    auth_code: Text = ""
    memo: Text = ""
    refunded_payment_id: OptionalId = None
    custom_fields: Annotated[tuple[CustomField, ...], Nulls] = ()
    active: TrueByDefault = True
    export_id: Text = ""
    created_on: Instant = None
    modified_on: Instant = None


class CreditMemoItem(Part):
    """One line of a credit memo; inactive ones were taken out again.

    Attributes:
        revenue_general_ledger_account: the income account it takes back from.
    """

    id: Id
    active: TrueByDefault = True
    description: Text = ""
    quantity: OptionalMoney = None
    price: OptionalMoney = None
    type: Text = ""
    sku_id: OptionalId = None
    sku_name: Text = ""
    total: Money
    taxable: Flag = False
    revenue_general_ledger_account: GlAccountRef | None = None
    business_unit: Named | None = None


class CreditMemo(Record):
    """A credit memo of a customer; its amounts are positive, its money JSON numbers, its date a plain date.

    Attributes:
        applied_to: the invoices it is applied to, its splits.
        items: its lines. ServiceTitan lists them apart from the memo; `parse_credit_memo` puts them together.
    """

    sync_status: Text = ""
    reference_number: Text = ""
    date: BusinessDate = None
    sub_total: OptionalMoney = None
    sales_tax: MoneyOrZero = Decimal(0)
    sales_tax_code: TaxCode | None = None
    total: Money
    balance: OptionalMoney = None
    applied_to: Annotated[tuple[CreditMemoApplied, ...], Nulls] = ()
    customer: Named | None = None
    customer_address: Address | None = None
    location: Named | None = None
    location_address: Address | None = None
    business_unit: Named | None = None
    batch: Named | None = None
    description: Text = ""
    items: Annotated[tuple[CreditMemoItem, ...], Nulls] = ()
    active: TrueByDefault = True
    import_id: Text = ""
    export_id: Text = ""
    created_on: Instant = None
    modified_on: Instant = None


class Job(Record):
    """A job; only its status says whether it is done, a canceled one can carry `completed_on`."""

    job_number: Text = ""
    job_status: Text = ""
    completed_on: Instant = None
    customer_id: OptionalId = None
    location_id: OptionalId = None
    business_unit_id: OptionalId = None
    project_id: OptionalId = None
    invoice_id: OptionalId = None
    customer_po: Text = ""
    no_charge: Flag = False
    total: OptionalMoney = None
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None


class Customer(Record):
    """A bill-to customer; lists carry no contacts (they are asked for by themselves)."""

    name: Text = ""
    type: Text = ""
    active: TrueByDefault = True
    address: Address | None = None
    balance: OptionalMoney = None
    tax_exempt: Flag = False
    do_not_mail: Flag = False
    merged_to_id: OptionalId = None
    payment_term_id: OptionalId = None
    created_on: Instant = None
    modified_on: Instant = None


class Contact(Record):
    """One phone number or e-mail address of a customer; `type` is Phone, Email, Fax or MobilePhone."""

    customer_id: OptionalId = None
    type: Text = ""
    value: Text = ""
    memo: Text = ""
    active: TrueByDefault = True
    created_on: Instant = None
    modified_on: Instant = None


class Location(Record):
    """A service location of one customer."""

    customer_id: OptionalId = None
    name: Text = ""
    active: TrueByDefault = True
    address: Address | None = None
    tax_exempt: Flag = False
    tax_zone_id: OptionalId = None
    merged_to_id: OptionalId = None
    created_on: Instant = None
    modified_on: Instant = None


class SkuVendor(Part):
    """A vendor of whom an SKU is bought."""

    vendor_id: OptionalId = None
    vendor_name: Text = ""


class PricebookItem(Record):
    """A service, material, piece of equipment, or discount and fee.

    Attributes:
        sku_type: what a line calls its type; only the list it stands in tells.
        code: the SKU code, `sku_name` of an invoice line.
        account: income account as text, name or number (the vendor does not say which).
        is_inventory: tracked in stock (materials and equipment).
        primary_vendor: of whom it is usually bought.
    """

    sku_type: ClassVar[str] = ""

    code: Text = ""
    display_name: Text = ""
    description: Text = ""
    type: Text = ""
    active: TrueByDefault = True
    price: OptionalMoney = None
    cost: OptionalMoney = None
    taxable: Flag = False
    account: Text = ""
    cost_of_sale_account: Text = ""
    asset_account: Text = ""
    is_inventory: Flag = False
    general_ledger_account_id: OptionalId = None
    unit_of_measure: Text = ""
    primary_vendor: SkuVendor | None = None
    created_on: Instant = None
    modified_on: Instant = None


class Material(PricebookItem):
    """A material."""

    sku_type: ClassVar[str] = "Material"


class Equipment(PricebookItem):
    """A piece of equipment."""

    sku_type: ClassVar[str] = "Equipment"


class Service(PricebookItem):
    """A service."""

    sku_type: ClassVar[str] = "Service"


class PriceModifier(PricebookItem):
    """A discount or fee."""

    sku_type: ClassVar[str] = "PriceModifier"


class BusinessUnit(Record):
    """A business unit; `quickbooks_class` is the class path its lines go to by default (rule 2.3)."""

    name: Text = ""
    official_name: Text = ""
    active: TrueByDefault = True
    quickbooks_class: Text = ""
    account_code: Text = ""
    currency: Text = ""
    default_tax_rate: OptionalMoney = None
    modified_on: Instant = None


class PaymentType(Record):
    """A payment type; the reply has no `active` field."""

    name: Text = ""
    modified_on: Instant = None


class PaymentTerm(Record):
    """A payment term; invoices name it by name, customers by id.

    Attributes:
        due_day_type: NumberOfDays, CertainDayOfCurrentMonth or CertainDayOfFollowingMonth.
    """

    name: Text = ""
    due_day_type: Text = ""
    due_day: Count = None
    active: TrueByDefault = True
    is_customer_default: Flag = False
    modified_on: Instant = None


class TaxZoneRate(Part):
    """One rate of a tax zone; `sales_tax_item` is the name QuickBooks knows it by."""

    id: OptionalId = None
    tax_name: Text = ""
    tax_rate: OptionalMoney = None
    tax_base_type: Annotated[tuple[str, ...], Nulls] = ()
    sales_tax_item: Text = ""


class TaxZone(Record):
    """A tax zone and its rates, as fractions."""

    name: Text = ""
    active: TrueByDefault = True
    rates: Annotated[tuple[TaxZoneRate, ...], Nulls] = ()
    modified_on: Instant = None


class GlAccount(Record):
    """A general ledger account of ServiceTitan's own chart."""

    name: Text = ""
    number: Text = ""
    description: Text = ""
    type: Text = ""
    subtype: Text = ""
    active: TrueByDefault = True
    default_account_type: Text = ""
    modified_on: Instant = None


@dataclass(frozen=True)
class Unreadable:
    """A record we cannot read, kept verbatim and never raised.

    Attributes:
        kind: what it was asked for as, e.g. `Invoice`.
        id: its id, None if even that is unreadable.
        problems: one sentence a field, e.g. `items[2].total: not an amount: 'abc'`.
        raw: the vendor's JSON exactly as it came; `{"value": …}` if it was no object.
    """

    kind: str
    id: int | None
    problems: tuple[str, ...]
    raw: Json = field(repr=False)

    @property
    def business_date(self) -> date | None:
        """The business date if that much can be read."""
        for name in ("invoiceDate", "billDate", "date"):
            try:
                if found := parse_business_date(self.raw.get(name)):
                    return found
            except ValueError:
                continue
        return None

    @property
    def created_on(self) -> datetime | None:
        """When it was created if that much can be read; quarantine goes by it (rule 1.4)."""
        try:
            return parse_instant(self.raw.get("createdOn"))
        except ValueError:
            return None

    @property
    def number(self) -> str:
        """The number people see, empty if there is none."""
        value = self.raw.get("referenceNumber")
        return value if isinstance(value, str) else ""


AnyRecord = TypeVar("AnyRecord", bound=Record)
InvoiceOrUnreadable: TypeAlias = Invoice | Unreadable


def parse(model: type[AnyRecord], row: object) -> AnyRecord | Unreadable:
    """Return a row as the model, or as `Unreadable` naming every field that is missing or absurd."""
    if not isinstance(row, Mapping):
        return Unreadable(model.__name__, None, (f"not a record: {row!r}",), {"value": row})
    raw = cast(Json, row)
    try:
        return model.model_validate({**raw, "raw": raw})
    except ValidationError as error:
        problems = tuple(_problem(dict(detail)) for detail in error.errors(include_url=False))
        id_ = raw.get("id")
        known = id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
        return Unreadable(model.__name__, known, problems, raw)


def parse_invoice(row: object) -> Invoice | Unreadable:
    """Return an invoice, or what is wrong with it."""
    return parse(Invoice, row)


def parse_payment(row: object) -> Payment | Unreadable:
    """Return a payment, or what is wrong with it."""
    return parse(Payment, row)


def parse_credit_memo(row: object, items: Sequence[Json] | None = None) -> CreditMemo | Unreadable:
    """Return a credit memo with its lines, or what is wrong with it.

    Args:
        row: as the list of memos has it.
        items: its rows of the list of items; None if the row holds them already, or they are not wanted.
    """
    if items is not None and isinstance(row, Mapping):
        row = {**cast(Json, row), "items": list(items)}
    return parse(CreditMemo, row)


def _problem(detail: dict[str, Any]) -> str:
    place = ""
    for step in detail["loc"]:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    if detail["type"] == "missing":
        return f"{place}: missing"
    return f"{place}: {str(detail['msg']).removeprefix('Value error, ')}"
