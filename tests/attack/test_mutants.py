"""The tie-out is no mirror and the ledger no ornament: the product made wrong is caught.

Every mutant runs the real pipeline on data that is green without it. Those that book something wrong run
with verified posting switched off as well, so that the tie-out alone has to find them in what it reads.
"""

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, Run, SessionDied, World

_HOUR_SECONDS = 3600
#: Mutant → the causes one of which the tie-out must name.
_WRONG_BOOKS = {
    "line_dropped": {"wrong_amount"},
    "cent_more_on_a_line": {"wrong_amount", "rounding"},
    "cent_more_on_the_tax": {"wrong_tax"},
    "tax_dropped": {"wrong_tax"},
    "customer_of_another": {"wrong_customer"},
    "account_of_another": {"wrong_income_account"},
    "day_after": {"wrong_date"},
    "payment_not_applied": {"missing_payment_application"},
    "cent_less_on_a_payment": {"wrong_amount", "rounding"},
    "changed_on_the_way": {"wrong_amount", "rounding"},
}
#: What books invoices wrongly goes together with what books payments wrongly, where they can still be paid.
_TOGETHER = {"account_of_another": "payment_not_applied", "day_after": "cent_less_on_a_payment"}
_ALONE = [(each,) for each in _WRONG_BOOKS if each not in {*_TOGETHER, *_TOGETHER.values()}]
#: What verified posting has to refuse by itself: the answer is not what the record says.
_WRONG_ANSWERS = ("line_dropped", "tax_dropped", "cent_less_on_a_payment", "changed_on_the_way")


@pytest.fixture(scope="module")
def first_payment(arena: Arena) -> int:
    """Which write of the day is its first payment, on the data that is green without a mutant."""
    with arena.world(seed=3) as world:
        log_end = world.log_end()
        assert _run_mutated(world).is_green
        assert proof.problems(world, DAY) == []
        paths = [entry["path"] for entry in world.requests(since=log_end) if entry["method"] == "POST"]
    writes = [path for path in paths if not path.endswith(("/query", "/batch"))]
    return 1 + next(number for number, path in enumerate(writes) if path.endswith("/payment"))


def _run_mutated(world: World, *mutants: str) -> Run:
    with world.session() as session:
        session.ask("mutate", names=mutants)
        return session.materialize()


def _causes(world: World) -> set[str]:
    with world.session() as session:
        return {record["cause"] for record in session.ask("tie_out", day=DAY)["records"]}


@pytest.mark.rule("6.1", "6.2", "6.4")
@pytest.mark.parametrize("mutants", [*_ALONE, *_TOGETHER.items()], ids="-".join)
def test_the_tie_out_alone_finds_wrong_books_and_their_cause(arena: Arena, mutants: tuple[str, ...]) -> None:
    with arena.world(seed=3) as world:
        run = _run_mutated(world, "no_verification", *mutants)
        assert proof.problems(world, DAY), "the mutants did nothing"
        assert not run.passes("ties_out")
        causes = _causes(world)
        assert all(causes & _WRONG_BOOKS[mutant] for mutant in mutants), causes


@pytest.mark.rule("5.4")
@pytest.mark.parametrize("mutant", _WRONG_ANSWERS)
def test_verified_posting_finds_a_wrong_answer_and_fails_the_day(arena: Arena, mutant: str) -> None:
    with arena.world(seed=3) as world:
        run = _run_mutated(world, mutant)
        assert not run.success
        assert "otherwise than it was sent" in run.failures[0]
        assert not run.passes("ties_out")


@pytest.mark.rule("2.6")
def test_an_invoice_without_its_marker_is_seen_by_these_tests(arena: Arena) -> None:
    with arena.world(seed=3) as world:
        _run_mutated(world, "invoice_without_marker")
        assert any("written without a marker" in said for said in proof.problems(world, DAY))


@pytest.mark.rule("5.1")
def test_without_request_ids_lost_answers_are_booked_twice_and_seen(arena: Arena) -> None:
    with arena.world(seed=3) as world:
        world.faults({"kind": "lost_response", "method": "POST", "path": "*/payment", "times": 1})
        run = _run_mutated(world, "no_request_id")
        assert proof.duplicates(world)
        assert not run.is_green


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("mutants", [(), ("sent_before_committed",)], ids=["as_it_is", "mutant"])
def test_only_an_intent_committed_before_the_call_survives_a_death_and_an_hour(
    arena: Arena, first_payment: int, mutants: tuple[str, ...]
) -> None:
    with arena.world(seed=3) as world:
        with world.session() as session:
            session.ask("mutate", names=mutants)
            session.ask("arm", moment="after_send", nth=first_payment)
            with pytest.raises(SessionDied):
                session.materialize()
        world.wait(_HOUR_SECONDS)
        with world.session() as session:
            run = session.materialize()
        assert bool(proof.duplicates(world)) == bool(mutants)
        assert run.is_green == (not mutants)
