"""Payments: what one ServiceTitan payment becomes, or why nothing.

What belongs here: the gate's answer, which shape a record has, and the receipt of money or credit (rules
3.1–3.4). What does not: write-offs and refunds (their modules), the account a type names (tenders), and
whether the invoices it pays are in QuickBooks yet (load). Every split stays in the payload as a symbolic
reference; the load applies what can be applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from st_qbo_assets.domain.gate import payment_standing
from st_qbo_assets.domain.ids import Entity, marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.mapping.applications import (
    Row,
    lines_of,
    link_line,
    rows_against_sign,
    rows_of,
    told_of,
    wrong_rows,
)
from st_qbo_assets.mapping.currency import wrong_currency
from st_qbo_assets.mapping.effects import Shape, books
from st_qbo_assets.mapping.facts import day_of, payment_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined
from st_qbo_assets.mapping.refunds import items_of_refund, map_refund
from st_qbo_assets.mapping.splits import Splits, splits_of
from st_qbo_assets.mapping.tenders import (
    Money,
    due_part,
    mapped_payment,
    money_of,
    number_of_payment,
    payer_of,
    policy_of,
    source_of,
    without_customer,
)
from st_qbo_assets.mapping.ties import tied_refunds
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.mapping.write_offs import map_write_off
from st_qbo_assets.servicetitan.records import Payment, Unreadable


@dataclass(frozen=True)
class _Parts:
    """What a payment is put together from."""

    splits: Splits
    money: Money
    posting: PostingDate
    ties: Sequence[RefundTie]


def map_payment(record: Payment | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a payment becomes: one outcome a part.

    A record that is not due, held or rejected is one outcome under its own reference, whatever its shape.
    """
    if isinstance(record, Unreadable):
        return map_unreadable(record, Payment, Entity.PAYMENT, lookup)
    standing = payment_standing(payment_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [mapped_payment(record, lookup, standing.verdict, reason=standing.reason)]
    policy = policy_of(record, lookup)
    if policy is not None and policy.becomes == "ignore":
        told = reason("payment_type_ignored", type=record.type)
        return [mapped_payment(record, lookup, Verdict.NOT_DUE, reason=told)]
    found = _shaped(record, lookup)
    if isinstance(found, Problem):
        return [mapped_payment(record, lookup, found.verdict, reason=found.reason)]
    return found


def items_of_payment(record: Payment, lookup: Lookup) -> list[Mapped]:
    """Return the items that a payment needs: those of the lines a refund gives back; none of any other."""
    standing = payment_standing(payment_facts(record), lookup.company, today=lookup.today)
    policy = policy_of(record, lookup)
    is_payment = policy is not None and policy.becomes == "payment"
    if standing.verdict is not Verdict.DUE or record.total >= 0 or not is_payment:
        return []
    return items_of_refund(record, lookup)


def _shaped(payment: Payment, lookup: Lookup) -> list[Mapped] | Problem:
    """Return the parts of a due payment by its sign and type."""
    policy = policy_of(payment, lookup)
    if policy is not None and policy.becomes == "write_off":
        return map_write_off(payment, policy, lookup)
    if payment.total < 0:
        return map_refund(payment, lookup)
    parts = _parts(payment, lookup)
    if isinstance(parts, Problem):
        return parts
    body, facts = _body(payment, parts, lookup), _facts(payment, parts, lookup)
    return [
        due_part(payment, lookup, part="", target="Payment", body=body, facts=facts, said=parts.posting.said)
    ]


def _parts(payment: Payment, lookup: Lookup) -> _Parts | Problem:
    ties = tied_refunds(payment, lookup)
    splits = splits_of(payment, lookup, refunded=sum(tie.cents for tie in ties))
    money = money_of(payment, lookup)
    posting = posting_date(source_of(payment), day_of(payment, lookup), lookup)
    problems = [part for part in (splits, money, posting) if isinstance(part, Problem)]
    problems += without_customer(payment)
    if payment.refunded_payment_id is not None:
        problems.append(held("refund_not_negative", refunded=payment.refunded_payment_id))
    rows = rows_of(payment.applied_to, lookup)
    problems += [*rows_against_sign(rows), *wrong_rows(rows, payment.customer, lookup)]
    if _net(rows) < 0:
        problems.append(held("credit_becomes_money", credit=from_cents(-_net(rows))))
    if currency := wrong_currency(payment, lookup):
        problems.append(currency)
    if problems or isinstance(splits, Problem) or isinstance(money, Problem) or isinstance(posting, Problem):
        return joined(problems)
    return _Parts(splits, money, posting, ties)


def _body(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    total = to_cents(payment.total)
    body: Json = {
        "CustomerRef": {"value": payer_of(payment)},
        "TotalAmt": from_cents(total),
        "TxnDate": parts.posting.date.isoformat(),
        "PrivateNote": marker(source_of(payment)),
        "Line": [
            *lines_of(parts.splits.rows),
            *(link_line(tie.source, tie.txn_type, tie.cents) for tie in parts.ties),
        ],
    }
    if total:
        body["DepositToAccountRef"] = {"value": parts.money.account.id}
    if total and parts.money.method_id:
        body["PaymentMethodRef"] = {"value": parts.money.method_id}
    if number := number_of_payment(payment, lookup):
        body["PaymentRefNum"] = number
    return body


def _facts(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    rows, total = parts.splits.rows, to_cents(payment.total)
    refunded = sum(tie.cents for tie in parts.ties)
    facts: Json = {
        **books(
            Shape.PAYMENT if total else Shape.CREDIT_APPLICATION,
            customer=payer_of(payment),
            account=parts.money.account.id if total else "",
            cash_cents=total,
            applied=told_of(rows, lookup),
        ),
        "unapplied_cents": total - _net(rows) - refunded,
        "type": lookup.line_text(payment.type),
    }
    if total:
        facts["deposit_account_name"] = parts.money.account.label
    if parts.ties:
        facts["refunds"] = [{"refund": str(tie.source), "cents": tie.cents} for tie in parts.ties]
        facts["refunded_cents"] = refunded
    return facts


def _net(rows: Sequence[Row]) -> int:
    return sum(row.cents for row in rows)
