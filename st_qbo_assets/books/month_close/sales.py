"""Sales of the month: tax by zone against tax by code, income by account on both sides, and by class.

What belongs here: these lists. What does not: reading them, and the causes of differences, which the days'
tie-outs tell.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from st_qbo_assets.books.accounts import Accounts, Chart, GlAccount, Place
from st_qbo_assets.books.month_close.objects import SALES, sale_lines, tax_code_of, tax_of
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth
from st_qbo_assets.books.month_close.sections import Column, Section, count, money
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.money import from_cents

_SALES = (Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT)  # of payments the write-offs
_SIDES = (
    "ServiceTitan's side holds its invoices, credit memos and write-offs, held ones too; a refund that it "
    "has not reversed takes income and tax back in QuickBooks only."
)
_NO_CLASS = "no class"
_NO_ZONE = "no zone"
_NO_CODE = "no code"


class NamedEntry(Protocol):
    """An entry of a list, as the reference data holds it."""

    @property
    def id(self) -> str:
        """QuickBooks id."""
        ...

    @property
    def label(self) -> str:
        """Its name, as people speak of it."""
        ...


class Lists(Chart, Protocol):
    """QuickBooks' lists (`quickbooks.reference.Reference`)."""

    @property
    def classes(self) -> Iterable[NamedEntry]:
        """The classes."""
        ...

    @property
    def tax_codes(self) -> Iterable[NamedEntry]:
        """The tax codes."""
        ...


def tax(
    servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth, company: CompanyFile, lists: Lists
) -> Section:
    """Return tax by zone as ServiceTitan has it, and by code as QuickBooks has it."""
    zones: dict[str, tuple[int, int]] = {}
    for document in servicetitan.due(*_SALES):
        if document.tax_cents:
            place = servicetitan.taxed.get(document.source)
            zone = servicetitan.zones.get(place.zone_id, "") or place.code if place is not None else ""
            _add(zones, zone or _NO_ZONE, document.tax_cents)
    names = {code.id: code.label for code in lists.tax_codes}
    tax_item = company.tax.line_item if company.tax.mode == "line" else None
    codes: dict[str, tuple[int, int]] = {}
    for target, obj in quickbooks.of_month(*SALES):
        cents = tax_of(target, obj)
        if cents:
            code = tax_code_of(obj)
            _add(codes, names.get(code, code) or _NO_CODE, cents)
        for line in sale_lines(target, obj) if tax_item else ():
            item = quickbooks.items.get(line.item_id)
            if item is not None and item.name == tax_item and line.cents:
                _add(codes, f"item {tax_item}", line.cents)
    ours, theirs = sum(cents for _, cents in zones.values()), sum(cents for _, cents in codes.values())
    rows = [("ServiceTitan", name, *zones[name]) for name in sorted(zones)]
    rows += [("QuickBooks", name, *codes[name]) for name in sorted(codes)]
    return Section(
        "tax",
        "Sales tax by zone (ServiceTitan) and by code (QuickBooks)",
        (Column("product"), Column("zone or code"), count("documents"), money("tax")),
        tuple(rows),
        (
            f"ServiceTitan {_dollars(ours)}, QuickBooks {_dollars(theirs)}: "
            f"difference {_dollars(ours - theirs)}.",
            _SIDES,
        ),
        {"servicetitan_cents": ours, "quickbooks_cents": theirs, "difference_cents": ours - theirs},
        is_summed=False,
    )


def income_by_account(
    servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth, accounts: Accounts
) -> Section:
    """Return income by account on both sides."""
    ours: dict[Place, int] = {}
    for document in servicetitan.due(*_SALES):
        for place, cents in document.income.items():
            ours[place] = ours.get(place, 0) + cents
    left = accounts.by_key(ours)
    right: dict[str, int] = {}
    for (account, _), cents in _by_account_and_class(quickbooks, accounts).items():
        right[account] = right.get(account, 0) + cents
    keys = sorted({*left, *right}, key=accounts.name)
    rows = tuple(
        (accounts.name(key), left.get(key, 0), right.get(key, 0), left.get(key, 0) - right.get(key, 0))
        for key in keys
        if left.get(key, 0) or right.get(key, 0)
    )
    whole, booked = sum(left.values()), sum(right.values())
    return Section(
        "income_by_account",
        "Income by account",
        (Column("account"), money("ServiceTitan"), money("QuickBooks"), money("difference")),
        rows,
        (_SIDES,),
        {"servicetitan_cents": whole, "quickbooks_cents": booked, "difference_cents": whole - booked},
    )


def income_by_class(quickbooks: QuickBooksMonth, accounts: Accounts, lists: Lists) -> Section:
    """Return income by account and class as QuickBooks has it."""
    names = {each.id: each.label for each in lists.classes}
    found = _by_account_and_class(quickbooks, accounts)
    rows = sorted(
        (accounts.name(account), names.get(class_id, class_id) or _NO_CLASS, cents)
        for (account, class_id), cents in found.items()
        if cents
    )
    return Section(
        "income_by_class",
        "Income by account and class",
        (Column("account"), Column("class"), money("income")),
        tuple(rows),
        (),
        {
            "quickbooks_cents": sum(found.values()),
            "without_class_cents": sum(cents for (_, class_id), cents in found.items() if not class_id),
        },
    )


def accounts_of(quickbooks: QuickBooksMonth, company: CompanyFile, lists: Lists) -> Accounts:
    """Return what matches accounts, with the items sold in the month."""
    return Accounts(lists, overrides=company.accounts, items=quickbooks.items)


def _by_account_and_class(quickbooks: QuickBooksMonth, accounts: Accounts) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for target, obj in quickbooks.of_month(*SALES):
        for line in sale_lines(target, obj):
            item = quickbooks.items.get(line.item_id)
            account = (item.account_id if item is not None else "") or line.account_id
            if not account:
                account = accounts.key_of(GlAccount("", f"item {line.item_id}"))
            key = (account, line.class_id)
            found[key] = found.get(key, 0) + line.cents
    return found


def _dollars(cents: int) -> str:
    return f"{from_cents(cents):,}"


def _add(found: dict[str, tuple[int, int]], name: str, cents: int) -> None:
    documents, so_far = found.get(name, (0, 0))
    found[name] = (documents + 1, so_far + cents)
