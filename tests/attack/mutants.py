"""The product made wrong on purpose, in a session that is thrown away.

What belongs here: one function a mutant, replacing names of the product where they are used. What does not:
who is to notice (`test_mutants`). Each is a mistake somebody could commit, and each leaves a product that
runs: the day looks loaded to whoever does not compare.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.outcomes import Json, Mapped
from st_qbo_assets.load import turn
from st_qbo_assets.mapping import lines as mapping_lines
from st_qbo_assets.mapping import sales as mapping_sales
from st_qbo_assets.mapping.tax import TaxPlan
from st_qbo_assets.orchestration import lookups
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.store.intents import Attempt, Intent, IntentDraft, IntentState, request_id_of
from st_qbo_assets.store.ledger import Ledger

Mutant = Callable[[], None]
_CENT = Decimal("0.01")


def line_dropped() -> None:
    """The last line of an invoice with several is forgotten."""
    original = mapping_sales.map_lines

    def map_lines(*args: Any) -> Any:
        written, problems = original(*args)
        return (written[:-1] if len(written) > 1 else written), problems

    mapping_sales.map_lines = map_lines


def cent_more_on_a_line() -> None:
    """The first line is a cent too high."""

    def change(body: Json) -> Json:
        first = body["Line"][0]
        detail = {
            key: value
            for key, value in first["SalesItemLineDetail"].items()
            if key not in ("Qty", "UnitPrice")
        }
        raised = {**first, "Amount": first["Amount"] + _CENT, "SalesItemLineDetail": detail}
        return {**body, "Line": [raised, *body["Line"][1:]]}

    _change("map_invoice", change)


def cent_more_on_the_tax() -> None:
    """Sales tax is a cent too high."""

    def change(body: Json) -> Json:
        tax = body.get("TxnTaxDetail", {}).get("TotalTax", Decimal(0))
        return {**body, "TxnTaxDetail": {"TotalTax": tax + _CENT}} if tax else body

    _change("map_invoice", change)


def tax_dropped() -> None:
    """No line is taxable and the tax is zero."""
    mapping_sales.plan_tax = lambda *_args, **_rest: TaxPlan("NON", "NON", {"TotalTax": Decimal("0.00")})


def customer_of_another() -> None:
    """Every invoice goes to the customer of the first one."""
    first: list[Json] = []

    def change(body: Json) -> Json:
        first.append(body["CustomerRef"])
        return {**body, "CustomerRef": first[0]}

    _change("map_invoice", change)


def account_of_another() -> None:
    """Income goes to another income account than the line's."""
    original = mapping_lines.account_of_line

    def account_of_line(account: Any, lookup: Any, **rest: Any) -> Any:
        right = original(account, lookup, **rest)
        if not isinstance(right, Account):
            return right
        others = [each for each in lookup.reference.accounts if each.type == right.type]
        return next(each for each in others if each.id != right.id)

    mapping_lines.account_of_line = account_of_line


def day_after() -> None:
    """Invoices are dated a day late."""

    def change(body: Json) -> Json:
        late = date.fromisoformat(body["TxnDate"]) + timedelta(days=1)
        return {**body, "TxnDate": late.isoformat()}

    _change("map_invoice", change)


def invoice_without_marker() -> None:
    """Nothing says whose an invoice is."""
    _change("map_invoice", lambda body: {**body, "PrivateNote": "thank you"})


def payment_not_applied() -> None:
    """Payments are taken and applied to nothing."""
    _change("map_payment", lambda body: {**body, "Line": []})


def cent_less_on_a_payment() -> None:
    """A payment and its application are a cent too low."""

    def change(body: Json) -> Json:
        lines = [{**line, "Amount": line["Amount"] - _CENT} for line in body["Line"]]
        return {**body, "TotalAmt": body["TotalAmt"] - _CENT, "Line": lines}

    _change("map_payment", change)


def no_verification() -> None:
    """Whatever QuickBooks stored is taken for what was meant."""
    turn.verify = lambda *_args, **_kwargs: ()


def changed_on_the_way() -> None:
    """What is sent is not what was decided: the first line of an invoice is a cent higher."""
    original = QuickBooks._write  # noqa: SLF001 - the very last thing before the wire

    def write(self: QuickBooks, entity: str, body: Json, request_id: str, **rest: Any) -> Any:
        if entity == "Invoice" and body.get("Line"):
            first, *others = body["Line"]
            detail = {k: v for k, v in first["SalesItemLineDetail"].items() if k not in ("Qty", "UnitPrice")}
            raised = {**first, "Amount": first["Amount"] + _CENT, "SalesItemLineDetail": detail}
            body = {**body, "Line": [raised, *others]}
        return original(self, entity, body, request_id, **rest)

    QuickBooks._write = write  # type: ignore[method-assign]  # noqa: SLF001


def no_request_id() -> None:
    """Every send has a request id of its own, which is as good as none."""
    original, sent = QuickBooks._write, iter(range(1_000_000))  # noqa: SLF001

    def write(self: QuickBooks, entity: str, body: Json, request_id: str, **rest: Any) -> Any:
        return original(self, entity, body, f"{request_id[:30]}-{next(sent)}", **rest)

    QuickBooks._write = write  # type: ignore[method-assign]  # noqa: SLF001


def sent_before_committed() -> None:
    """An intent is written down only after its answer has come."""
    drafts: dict[str, IntentDraft] = {}
    begin, close_posted = Ledger.begin, Ledger.close_posted

    def begin_in_mind(self: Ledger, draft: IntentDraft) -> Attempt:
        intent = _imagined(draft)
        drafts[intent.request_id] = draft
        return Attempt(0, intent, 1, intent.opened_at, draft.run_id)

    def close(self: Ledger, attempt: Attempt, **rest: Any) -> None:
        close_posted(self, begin(self, drafts[attempt.intent.request_id]), **rest)

    Ledger.begin = begin_in_mind  # type: ignore[method-assign]
    Ledger.close_posted = close  # type: ignore[method-assign]


MUTANTS: dict[str, Mutant] = {
    mutant.__name__: mutant
    for mutant in (
        line_dropped,
        cent_more_on_a_line,
        cent_more_on_the_tax,
        tax_dropped,
        customer_of_another,
        account_of_another,
        day_after,
        invoice_without_marker,
        payment_not_applied,
        cent_less_on_a_payment,
        no_verification,
        changed_on_the_way,
        no_request_id,
        sent_before_committed,
    )
}


def _change(name: str, change: Callable[[Json], Json]) -> None:
    """Change the body of every payload that a mapping returns."""
    original: Callable[..., Sequence[Mapped]] = getattr(lookups, name)

    def changed(record: Any, lookup: Any) -> list[Mapped]:
        return [
            replace(each, payload=each.payload.with_body(change(each.payload.body)))
            if each.payload is not None
            else each
            for each in original(record, lookup)
        ]

    setattr(lookups, name, changed)


def _imagined(draft: IntentDraft) -> Intent:
    return Intent(
        id=0,
        company=draft.company,
        tenant=draft.tenant,
        realm=draft.realm,
        source=draft.source,
        target=draft.target,
        operation=draft.operation,
        digest=draft.digest,
        revision=1,
        request_id=request_id_of(draft, 1),
        payload=draft.payload,
        request=draft.request,
        state=IntentState.OPEN,
        day=draft.day,
        opened_at=datetime.now(UTC),
        run_id=draft.run_id,
        seconds_since_first_sent=0.0,
    )
