"""What a materialization of mapped/* shows: every step with its effect, numbers as numbers, bounded."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from st_qbo_assets.domain.effects import Effect
from st_qbo_assets.domain.ids import Company, Entity, Realm, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome, Reason
from st_qbo_assets.load.planning import Planned
from st_qbo_assets.load.verify import Difference, deleted_json
from st_qbo_assets.orchestration.metadata import MOST_ROWS
from st_qbo_assets.orchestration.previewing import Previewed, preview_metadata, step_json, with_effects
from st_qbo_assets.quickbooks.lists import Account
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.store.links import Link, LinkState

DAY = date(2026, 11, 16)
LISTS = Reference(
    accounts=(
        Account("79", "Service", "Income:Service", "40100", "Income"),
        Account("4", "Undeposited Funds", "Undeposited Funds", "", "Other Current Asset", "UndepositedFunds"),
    )
)


def step(
    will: str = "create",
    effect: Effect | None = None,
    *,
    outcome: Outcome = Outcome.PLANNED,
    number: int = 8,
    entity: Entity = Entity.INVOICE,
    why: str = "",
    name: str = "Ann",
) -> Previewed:
    result = LoadResult(
        SourceRef(entity, str(number)),
        outcome,
        DAY,
        cents=10000,
        number=str(number),
        title=name,
        target="Invoice",
        operation=will if outcome is Outcome.PLANNED else "",
        reason=Reason("told", why, "Mend it.") if why else None,
    )
    return Previewed(Planned(result), effect or Effect())


SALE = Effect(receivable=10800, income={"79": 10000}, tax=800)
MONEY = Effect(receivable=-5000, cash={"4": 5000})


def test_each_step_is_a_row_with_its_effect_by_column_and_account() -> None:
    metadata = preview_metadata([step("create", SALE), step("create", MONEY, number=9)], LISTS)
    table = metadata["plan"].value
    assert "| create | invoice:8 | Invoice | 8 | Ann | 100.00 | 108.00 | 100.00 | 8.00 |  |" in table
    assert "40100 Income:Service 100.00" in table
    assert "| -50.00 |  |  | 50.00 | Undeposited Funds 50.00 |" in table


def test_totals_are_numbers_by_account() -> None:
    metadata = preview_metadata([step("create", SALE), step("update", MONEY)], LISTS)
    assert metadata["accounts_receivable_cents"] == 5800
    assert metadata["income_cents"] == 10000
    assert metadata["sales_tax_cents"] == 800
    assert metadata["cash_cents"] == metadata["undeposited_funds_cents"] == 5000
    assert (metadata["will_create"], metadata["will_update"]) == (1, 1)
    assert "| 40100 Income:Service | 100.00 |" in metadata["effect"].value


def test_what_is_held_says_why_and_what_is_unchanged_is_only_counted() -> None:
    held = step(outcome=Outcome.HELD, why="Line 1 | has no account.")
    metadata = preview_metadata([held, step(outcome=Outcome.UNCHANGED, number=9)], LISTS)
    assert "| held | invoice:8 |" in metadata["plan"].value
    assert "Line 1 \\| has no account." in metadata["plan"].value
    assert "invoice:9" not in metadata["plan"].value
    assert (metadata["will_held"], metadata["will_unchanged"]) == (1, 1)


@dataclass
class Ledger:
    """Our own database, as far as names are asked of it."""

    name: str = "acme"
    asked: list[str] = field(default_factory=list[str])

    @property
    def links(self) -> "Ledger":
        return self

    def of_targets(self, company: str, target: str, ids: Iterable[str]) -> dict[str, list[Link]]:
        self.asked.append(target)
        return {
            id_: [link_of(target, id_, display_name=f"{target} called {id_}" if target != "Invoice" else "")]
            for id_ in ids
        }


def link_of(target: str, id_: str, **fields: Any) -> Link:
    source = SourceRef(Entity.INVOICE, id_)
    return Link(Company("acme"), source, target, Realm("2"), id_, number=f"N{id_}", **fields)


def test_an_update_is_told_with_names_and_asks_for_each_kind_once() -> None:
    changes = (
        Difference("CustomerRef", "7", "8"),
        Difference("DepositToAccountRef", "4", "79"),
        Difference("Line", "", '[{"Amount": "5.00", "kind": "salesitemlinedetail", "ItemRef": "3"}]'),
        Difference("applied to Invoice 12", "5.00", ""),
    )
    update = replace(step("update").planned, changes=changes)
    (told, nothing) = with_effects(cast(Any, ledger := Ledger()), [update, step("create").planned], LISTS)
    assert told.why == (
        "customer Customer called 7 → Customer called 8; "
        "deposit account Undeposited Funds → 40100 Income:Service; "
        "lines nothing → 5.00 (item Item called 3); applied to Invoice N12 5.00 → nothing"
    )
    assert (nothing.why, sorted(ledger.asked)) == ("", ["Customer", "Invoice", "Item"])


def test_an_object_that_is_read_first_says_what_makes_it_doubtful() -> None:
    edit = {"CustomerRef": {"confirmed": "7", "now": "8"}}
    links = [
        link_of("Invoice", "1", drift=edit),
        link_of("Invoice", "2", drift=deleted_json()),
        link_of("Invoice", "3", state=LinkState.MISMATCH),
        link_of("Invoice", "4", state=LinkState.ADOPTED),
    ]
    steps = [replace(step("recheck").planned, link=each) for each in links]
    told = [each.why for each in with_effects(cast(Any, Ledger()), steps, LISTS)]
    assert told[0] == (
        "edited in QuickBooks since: customer Customer called 7 → Customer called 8; the load looks first"
    )
    assert [words.split(";")[0] for words in told[1:]] == [
        "deleted in QuickBooks since",
        "QuickBooks stored it otherwise than it was sent",
        "typed by hand and linked, and changed in ServiceTitan since",
    ]


def test_steps_come_in_the_order_of_their_weight() -> None:
    mixed = [step(outcome=Outcome.HELD, number=1), step("void", number=2), step("create", number=3)]
    table = preview_metadata(mixed, LISTS)["plan"].value
    assert table.index("| create |") < table.index("| void |") < table.index("| held |")


def test_a_long_day_is_cut_and_says_where_the_rest_is() -> None:
    many = [step("create", SALE, number=number) for number in range(1, MOST_ROWS + 8)]
    metadata = preview_metadata(many, LISTS)
    assert metadata["plan"].value.count("| create |") == MOST_ROWS
    assert "… and 7 more: `st-qbo plan`." in metadata["plan"].value
    assert metadata["income_cents"] == 10000 * len(many)


def test_customers_have_steps_but_no_effect() -> None:
    metadata = preview_metadata([step("link", entity=Entity.CUSTOMER)], LISTS)
    assert metadata["will_link"] == 1
    assert "accounts_receivable_cents" not in metadata


def test_a_step_as_json_names_its_accounts() -> None:
    told = step_json(step("create", SALE, why="Said."), LISTS)
    assert told["effect"]["income"] == [{"account": "79", "name": "40100 Income:Service", "cents": 10000}]
    assert (told["why"], told["code"], told["what_to_do"]) == ("Said.", "told", "Mend it.")
