"""What a day of the load says of every record, for the bookkeeper."""

from datetime import date

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome, Reason
from st_qbo_assets.orchestration.metadata import MOST_ROWS, loaded_metadata
from tests.companies import seller

_DAY = date(2026, 3, 12)
_WHY = Reason("held", "Why.", "Do.")


def _posted(number: int, title: str = "Heron") -> LoadResult:
    source = SourceRef(Entity.INVOICE, str(number))
    return LoadResult(
        source,
        Outcome.POSTED,
        _DAY,
        cents=125_050,
        number=f"{number}",
        title=title,
        target="Invoice",
        qbo_id=f"9{number}",
        operation="create",
        wrote=True,
        rules=2,
    )


def test_every_record_is_told_with_its_pages_in_both_products() -> None:
    held = LoadResult(
        SourceRef(Entity.INVOICE, "7"), Outcome.HELD, _DAY, reason=Reason("held", "Why.", "Do.")
    )
    company = seller().model_copy(update={"environment": Environment.PRODUCTION})
    metadata = loaded_metadata([_posted(8, "A | B"), held], company)
    told = metadata["every_record"].value.splitlines()
    assert told[2] == (
        "| posted | [invoice:8](https://go.servicetitan.com/#/Invoice/8) | 8 | A \\| B | 1,250.50 "
        "| [Invoice 98](https://app.qbo.intuit.com/app/invoice?txnId=98) | create |"
    )
    assert told[3].startswith("| held | [invoice:7](")
    assert told[-1].endswith("`st-qbo audit --company demo --day 2026-03-12 --csv`.")
    assert metadata["mapped_by_rules"] == "2"
    assert "Do." in metadata["needs_attention"].value


def test_a_long_day_says_how_many_more_there_are() -> None:
    metadata = loaded_metadata([_posted(number) for number in range(MOST_ROWS + 5)], seller())
    assert "… and 5 more." in metadata["every_record"].value
    assert metadata["records"] == MOST_ROWS + 5
