"""The frames of ServiceTitan's records: their columns, and records to rows and back.

What belongs here: which columns a frame has, of which kind, so that an empty frame keeps its types.
What does not: DataFrames and files, which only the I/O manager touches. A record's own JSON is kept
verbatim beside the columns and is what a record is read back from; the columns are for people.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import simplejson

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan import buying
from st_qbo_assets.servicetitan import records as st
from st_qbo_assets.servicetitan.records import Record, Unreadable

Row = dict[str, Any]
AnyRecord = Record | Unreadable

_COMMON: dict[str, str] = {
    "kind": "text",
    "id": "int",
    "number": "text",
    "name": "text",
    "status": "text",
    "active": "bool",
    "modified_on": "instant",
    "problems": "text",
    "raw": "text",
}
_DOCUMENT: dict[str, str] = {
    **_COMMON,
    "business_date": "date",
    "created_on": "instant",
    "customer_id": "int",
    "customer_name": "text",
    "business_unit": "text",
    "total": "decimal",
    "tax": "decimal",
    "balance": "decimal",
}
#: Frame → column → kind: text, int, decimal (six places), date, instant or bool. `customers` holds
#: customers, their contacts and locations; `lists` the reference lists; `items` the pricebook; Those of
#: what is bought also hold the vendors, orders, receipts, returns, jobs and pricebook items they name.
FRAMES: dict[str, Mapping[str, str]] = {
    "invoices": _DOCUMENT,
    "payments": _DOCUMENT,
    "credit_memos": _DOCUMENT,
    "bills": _DOCUMENT,
    "purchase_orders": _DOCUMENT,
    "vendor_credits": _DOCUMENT,
    "bill_payments": _DOCUMENT,
    "jobs": {**_COMMON, "completed_on": "instant", "customer_id": "int"},
    "customers": {**_COMMON, "customer_id": "int"},
    "items": _COMMON,
    "lists": _COMMON,
}

_MODELS: dict[str, type[Record]] = {
    model.__name__: model
    for model in (
        st.Invoice,
        st.Payment,
        st.CreditMemo,
        st.Job,
        st.Customer,
        st.Contact,
        st.Location,
        st.PricebookItem,
        st.Material,
        st.Equipment,
        st.Service,
        st.PriceModifier,
        st.BusinessUnit,
        st.PaymentType,
        st.PaymentTerm,
        st.TaxZone,
        st.GlAccount,
        buying.Bill,
        buying.PurchaseOrder,
        buying.Receipt,
        buying.Vendor,
        buying.InventoryReturn,
        buying.VendorCredit,
        buying.BillPayment,
    )
}
_SIX_PLACES = Decimal("0.000001")
_LARGEST_ID = 2**63 - 1


def row_of(record: AnyRecord, frame: str) -> Row:
    """Return the row of a record in a frame, with exactly the frame's columns.

    Raises:
        KeyError: if there is no such frame.
    """
    values = _unreadable_values(record) if isinstance(record, Unreadable) else _values(record)
    return {name: values.get(name) for name in FRAMES[frame]}


def record_of(row: Mapping[str, Any]) -> AnyRecord:
    """Return the record a row was made of, read again from its verbatim JSON."""
    raw: Json = json.loads(row["raw"], parse_float=Decimal)
    return st.parse(_MODELS[row["kind"]], raw)


def _values(record: Record) -> Row:
    common: Row = {
        "kind": type(record).__name__,
        "id": _id(record.id),
        "active": getattr(record, "active", None),
        "modified_on": getattr(record, "modified_on", None),
        "problems": None,
        "raw": verbatim(record.raw),
    }
    describe = _DESCRIBE.get(type(record))
    return common | (describe(record) if describe else {"name": _text(getattr(record, "name", ""))})


def _invoice(record: Any) -> Row:
    invoice: st.Invoice = record
    return {
        "number": _text(invoice.reference_number),
        "name": _text(invoice.invoice_configuration),
        "status": _text(invoice.sync_status),
        "business_date": invoice.invoice_date,
        "created_on": invoice.created_on,
        "customer_id": _id(invoice.customer.id) if invoice.customer else None,
        "customer_name": _text(invoice.customer.name) if invoice.customer else None,
        "business_unit": _text(invoice.business_unit.name) if invoice.business_unit else None,
        "total": _decimal(invoice.total),
        "tax": _decimal(invoice.sales_tax),
        "balance": _decimal(invoice.balance),
    }


def _payment(record: Any) -> Row:
    payment: st.Payment = record
    return {
        "number": _text(payment.check_number or payment.reference_number),
        "name": _text(payment.type),
        "status": _text(payment.sync_status),
        "business_date": payment.date,
        "created_on": payment.created_on,
        "customer_id": _id(payment.customer.id) if payment.customer else None,
        "customer_name": _text(payment.customer.name) if payment.customer else None,
        "business_unit": _text(payment.business_unit.name) if payment.business_unit else None,
        "total": _decimal(payment.total),
        "balance": _decimal(payment.unapplied_amount),
    }


def _credit_memo(record: Any) -> Row:
    memo: st.CreditMemo = record
    return {
        "number": _text(memo.reference_number),
        "name": _text(memo.description),
        "status": _text(memo.sync_status),
        "business_date": memo.date,
        "created_on": memo.created_on,
        "customer_id": _id(memo.customer.id) if memo.customer else None,
        "customer_name": _text(memo.customer.name) if memo.customer else None,
        "business_unit": _text(memo.business_unit.name) if memo.business_unit else None,
        "total": _decimal(memo.total),
        "tax": _decimal(memo.sales_tax),
        "balance": _decimal(memo.balance),
    }


def _bill(record: Any) -> Row:
    bill: buying.Bill = record
    return {
        "number": _text(bill.reference_number),
        "name": _text(bill.vendor.name) if bill.vendor else None,
        "status": _text(bill.sync_status),
        "business_date": bill.date,
        "created_on": bill.created_on,
        "business_unit": _text(bill.business_unit.name) if bill.business_unit else None,
        "total": _decimal(bill.bill_amount),
        "tax": _decimal(bill.tax_amount),
    }


def _order(record: Any) -> Row:
    order: buying.PurchaseOrder = record
    return {
        "number": _text(order.number),
        "status": _text(order.status),
        "business_date": order.date,
        "created_on": order.created_on,
        "total": _decimal(order.total),
        "tax": _decimal(order.tax),
    }


def _vendor_credit(record: Any) -> Row:
    credit: buying.VendorCredit = record
    return _payable(credit) | {"number": _text(credit.reference_number or credit.number)}


def _return(record: Any) -> Row:
    returned: buying.InventoryReturn = record
    return {
        "number": _text(returned.number),
        "status": _text(returned.status),
        "business_date": returned.date,
        "created_on": returned.created_on,
        "total": _decimal(returned.return_amount),
        "tax": _decimal(returned.tax_amount),
    }


def _payable(record: Any) -> Row:
    document: buying.VendorCredit | buying.BillPayment = record
    return {
        "name": _text(document.vendor.name) if document.vendor else None,
        "status": _text(document.status),
        "business_date": document.date,
        "created_on": document.created_on,
        "business_unit": _text(document.business_unit.name) if document.business_unit else None,
        "total": _decimal(document.amount),
    }


def _job(record: Any) -> Row:
    job: st.Job = record
    return {
        "number": _text(job.job_number),
        "status": _text(job.job_status),
        "completed_on": job.completed_on,
        "customer_id": _id(job.customer_id),
    }


def _customer(record: Any) -> Row:
    customer: st.Customer = record
    return {"name": _text(customer.name), "status": _text(customer.type), "customer_id": _id(customer.id)}


def _contact(record: Any) -> Row:
    contact: st.Contact = record
    return {
        "name": _text(contact.value),
        "status": _text(contact.type),
        "customer_id": _id(contact.customer_id),
    }


def _location(record: Any) -> Row:
    location: st.Location = record
    return {"name": _text(location.name), "customer_id": _id(location.customer_id)}


def _item(record: Any) -> Row:
    item: st.PricebookItem = record
    return {"number": _text(item.code), "name": _text(item.display_name), "status": _text(item.type)}


_DESCRIBE: dict[type[Record], Callable[[Any], Row]] = {
    st.Invoice: _invoice,
    st.Payment: _payment,
    st.CreditMemo: _credit_memo,
    buying.Bill: _bill,
    buying.PurchaseOrder: _order,
    buying.InventoryReturn: _return,
    buying.VendorCredit: _vendor_credit,
    buying.BillPayment: _payable,
    st.Job: _job,
    st.Customer: _customer,
    st.Contact: _contact,
    st.Location: _location,
    **dict.fromkeys((st.PricebookItem, st.Material, st.Equipment, st.Service, st.PriceModifier), _item),
}


def _unreadable_values(record: Unreadable) -> Row:
    business_date: date | None = record.business_date
    created_on: datetime | None = record.created_on
    return {
        "kind": record.kind,
        "id": _id(record.id),
        "number": _text(record.number),
        "business_date": business_date,
        "created_on": created_on,
        "problems": _text("; ".join(record.problems)),
        "raw": verbatim(record.raw),
    }


def verbatim(raw: Json) -> str:
    """Return a vendor's JSON as text, amounts as they came and lone surrogates escaped."""
    return simplejson.dumps(raw, use_decimal=True, ensure_ascii=True, separators=(",", ":"))


def _text(value: str) -> str:
    """Return text that any file can hold; a lone surrogate cannot be encoded."""
    return value.encode("utf-8", "replace").decode()


def _id(value: int | None) -> int | None:
    return value if value is not None and abs(value) <= _LARGEST_ID else None


def _decimal(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)
