"""Histories of the same records, whatever they turn into and whoever dies when: they end as ServiceTitan's.

Two invoices that may be credits or deleted, two payments that may be write-offs, a payment of nothing that
moves a credit, and a refund of unapplied money; what is applied never exceeds what is there.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import SourceRef, find_markers
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Verdict
from tests.unit.load.builders import (
    DAY,
    Bench,
    World,
    application,
    credit,
    invoice,
    payment,
    refund,
    tied,
    verdict,
)
from tests.unit.load.chaos import Killed, Trouble, replace_seam, scripts

LATER = DAY + timedelta(days=2)
Lines = list[tuple[str, str, str]]


def money(cents: int) -> str:
    return str((Decimal(cents) / 100).quantize(Decimal("0.01")))


@dataclass(frozen=True)
class Version:
    """What ServiceTitan says at one moment.

    Attributes:
        invoices: totals in cents; none is deleted, below zero is a credit.
        payments: amount, whether it is a write-off, and the share of it that is applied, in tenths; none is
            deleted.
        refunded: the share of the first payment's unapplied rest that was given back, in tenths.
    """

    invoices: tuple[int | None, int | None]
    payments: tuple[tuple[int, bool, int] | None, tuple[int, bool, int] | None]
    refunded: int

    def records(self) -> list[Mapped]:
        left = {f"invoice:{10 + place}": cents for place, cents in enumerate(self.invoices) if cents}
        found = [self._invoice(10 + place, cents) for place, cents in enumerate(self.invoices)]
        for place, each in enumerate(self.payments):
            found += self._payment(20 + place, each, left)
        return [*found, *self._moved(left)]

    def _invoice(self, number: int, cents: int | None) -> Mapped:
        if cents is None:
            return _gone(invoice(number))
        if cents < 0:
            return credit(f"invoice:{number}", lines=[("SKU", money(-cents))])
        return invoice(number, lines=[("SKU", money(cents))])

    def _payment(self, number: int, paid: tuple[int, bool, int] | None, left: dict[str, int]) -> list[Mapped]:
        day = LATER if number == 21 else DAY
        if paid is None:
            return [_gone(payment(number, "1.00", day=day)), *self._refund(number, 0)]
        cents, is_write_off, tenths = paid
        applied = _take(left, cents * tenths // 10)
        rest = cents - sum(applied.values())
        if not is_write_off:
            amounts = {int(name.partition(":")[2]): money(each) for name, each in applied.items()}
            found = payment(number, money(cents), applied=amounts, day=day)
            back = self._refund(number, rest)
            given_back = [each for each in back if each.payload is not None]
            return [tied(found, 30, money(-given_back[0].cents)) if given_back else found, *back]
        lines: Lines = [("Invoice", name, money(each)) for name, each in applied.items()]
        lines.append(("CreditMemo", f"payment:{number}/write_off", money(sum(applied.values()))))
        memo = credit(
            f"payment:{number}/write_off", lines=[("SKU", money(cents))], day=day, DocNumber=f"ST-{number}"
        )
        ties = [application(f"payment:{number}/application", *lines, day=day)] if applied else []
        return [memo, *ties, *self._refund(number, 0)]

    def _refund(self, number: int, rest: int) -> list[Mapped]:
        if number != 20:
            return []
        cents = rest * self.refunded // 10
        if not cents:
            return [_gone(refund(30, "1.00", day=LATER))]
        return [refund(30, money(cents), of=20, day=LATER)]

    def _moved(self, left: dict[str, int]) -> list[Mapped]:
        credits = {name: -cents for name, cents in left.items() if cents < 0}
        charges = {name: cents for name, cents in left.items() if cents > 0}
        if not credits or not charges:
            return [_gone(payment(22, "1.00"))]
        (taken,), (given_to,) = credits, charges
        amount = money(min(credits[taken], charges[given_to]))
        return [application("payment:22", ("Invoice", given_to, amount), ("CreditMemo", taken, amount))]


def _take(left: dict[str, int], cents: int) -> dict[str, int]:
    """Apply cents to what invoices have left, and take it off."""
    applied: dict[str, int] = {}
    for name, open_ in left.items():
        part = max(0, min(open_, cents - sum(applied.values())))
        if part:
            applied[name] = part
            left[name] = open_ - part
    return applied


def _gone(mapped: Mapped) -> Mapped:
    whole = replace(mapped, source=mapped.source.record)
    return verdict(whole, Verdict.NOT_DUE, "deleted", "It is no longer active.")


totals = st.one_of(st.none(), st.integers(1, 20_000), st.integers(-20_000, -1))
paids = st.one_of(st.none(), st.tuples(st.integers(1, 20_000), st.booleans(), st.integers(0, 10)))
versions = st.builds(Version, st.tuples(totals, totals), st.tuples(paids, paids), st.integers(0, 10))
days = st.sampled_from([(DAY, LATER), (DAY,), (LATER,)])
pauses = st.sampled_from([0.0, 601.0])


@pytest.mark.rule("3.2", "3.4", "3.5", "3.6", "5.5")
@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(versions, days), min_size=1, max_size=4))
def test_histories_end_at_what_servicetitan_says(history: list[tuple[Version, tuple[date, ...]]]) -> None:
    bench, world = Bench(), World()
    for version, loaded in history:
        world.put(*version.records())
        bench.sync(world, *loaded)

    assert_ends_at(bench, world, history[-1][0])


@pytest.mark.rule("3.2", "3.4", "3.5", "3.6", "5.1", "5.2")
@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(versions, scripts, pauses), min_size=1, max_size=4))
def test_and_so_they_do_whatever_dies_when(history: list[tuple[Version, Any, float]]) -> None:
    bench, world = Bench(), World()
    for version, script, pause_seconds in history:
        trouble = Trouble(list(script))
        bench.quickbooks.mischief = trouble.at
        world.put(*version.records())
        with suppress(Killed):
            replace_seam(bench, trouble.at).sync(world, DAY, LATER)
        bench.clock.advance(pause_seconds)
    bench.quickbooks.mischief = lambda moment, entity, body: None

    assert_ends_at(bench, world, history[-1][0])


def assert_ends_at(bench: Bench, world: World, last: Version) -> None:
    """In peace all days end at the last version, and another load finds nothing to write."""
    bench.sync(world, DAY, LATER)
    bench.clock.advance(1200)
    bench.sync(world, DAY, LATER)
    assert stands(bench) == meant(last)
    writes = len(bench.quickbooks.writes)
    results = bench.sync(world, DAY, LATER)
    assert {result.outcome for result in results.values()} <= {
        Outcome.UNCHANGED,
        Outcome.VOIDED,
        Outcome.NOT_DUE,
    }
    assert len(bench.quickbooks.writes) == writes


def stands(bench: Bench) -> dict[str, Any]:
    """Each live document by its marker: entity, total and what it is applied to."""
    quickbooks, found = bench.quickbooks, dict[str, Any]()
    kinds = ("Invoice", "CreditMemo", "Purchase", "Payment")
    documents = [(entity, each) for entity in kinds for each in quickbooks.all(entity)]
    names = {each["Id"]: str(find_markers(each["PrivateNote"])[0]) for _, each in documents}
    for entity, each in documents:
        if each["PrivateNote"].startswith("Voided"):
            assert not each["TotalAmt"] and not (entity == "Payment" and each["Line"])
            continue
        lines = each["Line"] if entity == "Payment" else []
        applied = sorted((names[line["LinkedTxn"][0]["TxnId"]], Decimal(line["Amount"])) for line in lines)
        assert names[each["Id"]] not in found, f"{names[each['Id']]} stands twice"
        found[names[each["Id"]]] = (entity, Decimal(each["TotalAmt"]), applied)
    return found


def meant(version: Version) -> dict[str, Any]:
    """The same of what ServiceTitan says."""
    found: dict[str, Any] = {}
    for each in version.records():
        payload = each.payload
        if payload is not None:
            total = Decimal(payload.body.get("TotalAmt", Decimal(abs(payload.cents)) / 100))
            found[str(each.source)] = (payload.target, total, _applied(payload.body.get("Line", ())))
    return found


def _applied(lines: Sequence[dict[str, Any]]) -> list[tuple[str, Decimal]]:
    linked = [(line["LinkedTxn"][0]["TxnId"], line["Amount"]) for line in lines if line.get("LinkedTxn")]
    return sorted((str(SourceRef.parse(source)), Decimal(amount)) for source, amount in linked)
