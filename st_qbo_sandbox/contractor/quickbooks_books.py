"""What stood in QuickBooks before the sync: customers, hand-typed invoices and payments of earlier months.

What belongs here: the company's past, and the few invoices of the window that somebody typed in by hand and
that a sync adopts. What does not: lists (``quickbooks_lists``) and the traps of hard data
(``hard_quickbooks``).

Names of linked customers are spelled as a bookkeeper would: the same but for capitals and spaces, with an
equal telephone number or e-mail address.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Book, Issued
from st_qbo_sandbox.contractor.customers import Customer, Roster
from st_qbo_sandbox.contractor.hard_customers import ODD_CUSTOMERS
from st_qbo_sandbox.contractor.names import FORMER_CUSTOMERS
from st_qbo_sandbox.contractor.organization import TERM_NAME, Unit
from st_qbo_sandbox.contractor.quickbooks_lists import CLASS_ID, ITEM_ID, TERM_ID, Object, line_amount
from st_qbo_sandbox.contractor.window import Window, local, quickbooks_stamp

_FIRST_CUSTOMER = 501
_FIRST_NUMBER = 1001
_UNDEPOSITED, _CHECKING = "4", "35"


def dashed_phone(digits: str) -> str:
    """Spell a telephone number as QuickBooks users do."""
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


def postal(address: dict[str, Any]) -> dict[str, Any]:
    """Write a ServiceTitan address as a QuickBooks one."""
    return {
        "Line1": address["street"],
        "City": address["city"],
        "CountrySubDivisionCode": address["state"],
        "PostalCode": address["zip"],
        "Country": "USA",
    }


def _spelling(name: str, variant: int) -> str:
    if variant == 1:
        return name.upper()
    return name.replace(", ", ",  ") if variant == 2 else name


def linked_customer(customer: Customer, qbo_id: str, variant: int) -> Object:
    """Write a customer both products know: same name, and telephone, e-mail or both alike."""
    body: dict[str, Any] = {"Id": qbo_id, "DisplayName": _spelling(customer.name, variant)}
    if customer.commercial:
        body["CompanyName"] = customer.name
    else:
        family, _, given = customer.name.partition(", ")
        body |= {"GivenName": given, "FamilyName": family}
    if variant != 2:
        body["PrimaryEmailAddr"] = {"Address": customer.email}
    if variant != 1:
        body["PrimaryPhone"] = {"FreeFormNumber": dashed_phone(customer.phone)}
    if variant in (0, 3):
        body["BillAddr"] = postal(customer.address)
    body["SalesTermRef"] = {"value": TERM_ID[TERM_NAME[customer.term_id]]}
    return ["Customer", body]


class Past:
    """Writes the QuickBooks objects of a seed, customers first."""

    def __init__(self, window: Window, roster: Roster, book: Book) -> None:
        self.window = window
        self.book = book
        self.objects: list[Object] = []
        self.customer_ids: dict[int, str] = {}
        self._next_customer = _FIRST_CUSTOMER
        self._next_txn = 1
        for variant, customer in enumerate((*roster.linked_people, *roster.linked_firms)):
            qbo_id = self.customer_id()
            self.customer_ids[customer.id] = qbo_id
            self.objects.append(linked_customer(customer, qbo_id, variant % 4))
            book.case("customer_in_both", customer.id)
        self.former = [self.customer_id() for _ in FORMER_CUSTOMERS]
        for number, (qbo_id, name) in enumerate(zip(self.former, FORMER_CUSTOMERS, strict=True)):
            self.objects.append(["Customer", {
                "Id": qbo_id, "DisplayName": name,
                "PrimaryEmailAddr": {"Address": f"books{number}@example.org"},
            }])  # fmt: skip

    def customer_id(self) -> str:
        """Hand out the next customer id."""
        self._next_customer += 1
        return str(self._next_customer - 1)

    def transaction_id(self) -> str:
        """Hand out the next transaction id; all kinds share one sequence."""
        self._next_txn += 1
        return str(self._next_txn - 1)

    def _made(self, day: date) -> dict[str, Any]:
        at = quickbooks_stamp(local(day, 17, 5, 30))
        return {"CreateTime": at, "LastUpdatedTime": at}

    def invoice(self, day: date, number: str, customer_id: str, lines: list[dict[str, Any]], tax: Decimal,
                **more: Any) -> str:  # fmt: skip
        """Type an invoice."""
        identity = self.transaction_id()
        body: dict[str, Any] = {
            "Id": identity,
            "TxnDate": day.isoformat(),
            "DocNumber": number,
            "CustomerRef": {"value": customer_id},
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": tax},
            "EmailStatus": "NotSet",
            "MetaData": self._made(day),
        }
        self.objects.append(["Invoice", body | more])
        return identity

    def payment(self, day: date, customer_id: str, invoice_id: str, amount: Decimal, reference: str) -> str:
        """Type a payment of one invoice, into Undeposited Funds."""
        identity = self.transaction_id()
        self.objects.append(["Payment", {
            "Id": identity, "TxnDate": day.isoformat(), "CustomerRef": {"value": customer_id},
            "TotalAmt": amount,
            "PaymentMethodRef": {"value": "2"}, "PaymentRefNum": reference,
            "DepositToAccountRef": {"value": _UNDEPOSITED},
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}],
            "MetaData": self._made(day),
        }])  # fmt: skip
        return identity

    def _deposit(self, day: date, payments: list[tuple[str, Decimal]]) -> None:
        self.objects.append(["Deposit", {
            "Id": self.transaction_id(), "TxnDate": day.isoformat(),
            "DepositToAccountRef": {"value": _CHECKING},
            "Line": [
                {"Amount": amount, "LinkedTxn": [{"TxnId": payment, "TxnType": "Payment", "TxnLineId": "0"}]}
                for payment, amount in payments
            ],
            "MetaData": self._made(day),
        }])  # fmt: skip

    def write_history(self, count: int = 30) -> None:
        """Type a few invoices a month, the last one a week before the window; most are paid and banked."""
        stream = self.window.stream("history")
        customers = [*self.customer_ids.values(), *self.former]
        to_bank: list[tuple[str, Decimal]] = []
        for number in range(count):
            day = self.window.first_day - timedelta(days=7 + (count - 1 - number) * 9)
            customer_id = stream.choice(customers)
            code = stream.choice(("CAP-REPL", "TUNEUP-AC", "RTU-PM", "LEAK-SRCH"))
            quantity, price = Decimal(stream.randrange(1, 4)), Decimal(stream.randrange(9000, 60000)) / 100
            amount = quantity * price
            class_id = CLASS_ID["HVAC:Service"]
            invoice = self.invoice(day, str(_FIRST_NUMBER + number), customer_id,
                                   [line_amount(code, quantity, price, amount, taxed=False,
                                                class_id=class_id)],
                                   Decimal("0.00"), SalesTermRef={"value": "3"})  # fmt: skip
            if number >= count - 4 or stream.random() < 0.1:
                continue
            paid_on = day + timedelta(days=stream.randrange(1, 5))
            payment = self.payment(paid_on, customer_id, invoice, amount, str(5000 + number))
            if number < count - 8:
                to_bank.append((payment, amount))
            if len(to_bank) == 4:
                self._deposit(paid_on + timedelta(days=2), to_bank)
                to_bank = []

    def write_bills(self, count: int = 6) -> None:
        """Type a vendor bill a month, the older half of them paid by check."""
        for number in range(count):
            day = self.window.first_day - timedelta(days=12 + (count - 1 - number) * 30)
            vendor, amount = str(301 + number % 3), Decimal(48_000 + number * 3_317) / 100
            bill = self.transaction_id()
            self.objects.append(["Bill", {
                "Id": bill, "TxnDate": day.isoformat(), "DocNumber": f"V{7700 + number}",
                "VendorRef": {"value": vendor}, "APAccountRef": {"value": "33"},
                "SalesTermRef": {"value": "3"},
                "Line": [{
                    "Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "Description": "Parts",
                    "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "501"}},
                }],
                "MetaData": self._made(day),
            }])  # fmt: skip
            if number >= count // 2:
                continue
            paid_on = day + timedelta(days=25)
            self.objects.append(["BillPayment", {
                "Id": self.transaction_id(), "TxnDate": paid_on.isoformat(), "VendorRef": {"value": vendor},
                "PayType": "Check", "TotalAmt": amount,
                "CheckPayment": {"BankAccountRef": {"value": _CHECKING}},
                "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": bill, "TxnType": "Bill"}]}],
                "MetaData": self._made(paid_on),
            }])  # fmt: skip

    def type_in(
        self, issued: Issued, *, day: date | None = None, customer: Customer | None = None, extra: int = 0
    ) -> str:
        """Type an invoice of ServiceTitan in by hand, line by line; ``extra`` cents make it differ."""
        sale = issued.sale
        first_class = _class_of(sale.unit)
        lines = [
            line_amount(line.sku.code, line.quantity, line.unit_price, line.total, taxed=line.sku.taxable,
                        class_id=first_class)
            for line in sale.lines
            if line.sku.code in ITEM_ID
        ]  # fmt: skip
        if extra:
            amount = Decimal(extra) / 100
            lines.append(
                line_amount("CAP-REPL", Decimal(1), amount, amount, taxed=False, class_id=first_class)
            )
        return self.invoice(
            day or sale.day,
            str(issued.record["referenceNumber"]),
            self.customer_ids[(customer or sale.customer).id],
            lines,
            sale.tax,
            DueDate=issued.record["dueDate"][:10],
            SalesTermRef={"value": TERM_ID[TERM_NAME[sale.customer.term_id]]},
        )

    def write_odd_customers(self, customers: list[Customer]) -> None:
        """Enter what QuickBooks holds under the names of odd customers; before any transaction."""
        for odd, customer in zip(ODD_CUSTOMERS, customers, strict=False):
            parent = ""
            if odd.parent:
                parent = self.customer_id()
                self.objects.append(["Customer", {"Id": parent, "DisplayName": odd.parent}])
            for name in odd.quickbooks:
                body: dict[str, Any] = {"Id": self.customer_id(), "DisplayName": name}
                if odd.same_contact:
                    body["PrimaryEmailAddr"] = {"Address": customer.email}
                if parent:
                    body |= {"Job": True, "ParentRef": {"value": parent}}
                if odd.free_form:
                    street = customer.address["street"]
                    body["BillAddr"] = {"Line1": name, "Line2": street, "Line3": "Kansas City, MO  64111"}
                if odd.inactive_in_quickbooks:
                    body |= {"DisplayName": f"{name} (deleted)", "Active": False}
                self.objects.append(["Customer", body])

    def write_typed(self) -> None:
        """Type in what hard data wants typed: other connectors' bookings, taken numbers, opening invoices."""
        for issued, how in self.book.typed:
            self.type_in(issued, **how)
        if self.book.typed:
            day = self.window.last_day
            line = line_amount("TUNEUP-AC", Decimal(1), Decimal("129.00"), Decimal("129.00"), taxed=False,
                               class_id=CLASS_ID["HVAC:Maintenance"])  # fmt: skip
            self.invoice(day, f"H-{day:%m%d}", self.former[0], [line], Decimal("0.00"))

    def write_adopted(self) -> None:
        """Type in the linked firms' invoices of the last two days: number, customer, date, amount alike."""
        wanted = set(self.book.cases["invoice_of_linked_customer"])
        for issued in self.book.issued:
            if issued.id in wanted and issued.sale.customer.commercial and self._is_recent(issued.sale.day):
                self.type_in(issued)
                self.book.case("adopted_invoice", issued.id)

    def _is_recent(self, day: date) -> bool:
        return (self.window.last_day - day).days < 2


def _class_of(unit: Unit) -> str:
    return CLASS_ID[unit.quickbooks_class or "HVAC:Service"]
