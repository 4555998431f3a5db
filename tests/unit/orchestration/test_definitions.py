"""What Dagster is told: every asset key, its partitions, lanes, spans of days."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.dagster_run import DagsterRun
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets import definitions
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.lanes import lane_of
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.orchestration.schedules import spans

DEMO = Path(__file__).parents[3] / "st_qbo_assets" / "defs" / "demo" / "defs.yaml"


@pytest.fixture(scope="module")
def company() -> CompanyFile:
    return CompanyFile.model_validate(yaml.safe_load(DEMO.read_text())["attributes"])


@pytest.fixture(scope="module")
def repository(company: CompanyFile) -> dg.RepositoryDefinition:
    shared = {"connector": Connector(storage="frames"), "io_manager": FrameStorage(root="frames")}
    defs = build_company(CompanyDefs(company, Path("links.csv")))
    return dg.Definitions.merge(defs, dg.Definitions(resources=shared)).get_repository_def()


def test_the_code_location_loads_and_its_names_are_distinct() -> None:
    location = definitions.defs().get_repository_def()
    assert location.get_all_jobs()
    dg.Definitions.validate_loadable(definitions.defs())


def test_every_asset_key_is_known(repository: dg.RepositoryDefinition) -> None:
    keys = {key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()}
    entities = (
        *("credit_memos", "customers", "invoices", "items", "payments"),
        *("bills", "purchase_orders", "vendor_credits"),
    )
    assert keys == {
        *(f"demo/servicetitan/{name}" for name in (*entities, "jobs", "reference")),
        "demo/quickbooks/customers",
        "demo/quickbooks/reference",
        "demo/quickbooks/vendors",
        *(f"demo/{stage}/vendors" for stage in ("servicetitan", "mapped", "loaded")),
        "demo/onboarding/matches",
        "demo/onboarding/readiness",
        *(f"demo/mapped/{name}" for name in entities),
        *(f"demo/loaded/{name}" for name in entities),
        *(f"demo/books/{name}" for name in ("drift", "duplicates", "month_close", "tie_out")),
        "demo/books/materials_cost",
    }


def test_every_asset_says_what_it_is_and_belongs_to_a_group(repository: dg.RepositoryDefinition) -> None:
    for key in repository.asset_graph.get_all_asset_keys():
        node = repository.asset_graph.get(key)
        assert node.description
        assert node.group_name == f"demo_{key.path[1]}"


def test_a_range_of_days_is_one_run(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    partitioned = [key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned]
    assert len(partitioned) == 33
    for key in partitioned:
        assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run()


def test_today_is_a_partition_in_the_company_s_zone(company: CompanyFile) -> None:
    just_after_local_midnight = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
    defs = CompanyDefs(company, Path("links.csv"), lambda: just_after_local_midnight)
    assert defs.today() == date(2026, 11, 21)
    assert defs.days.get_first_partition_key() == company.start_date.isoformat()
    here = datetime.now(company.zone).date()
    assert defs.days.get_last_partition_key() in {str(here), str(here - timedelta(days=1))}


@pytest.mark.rule("6.4", "5.3")
def test_the_proofs_over_the_whole_books_have_checks_and_schedules_of_their_own(
    repository: dg.RepositoryDefinition, company: CompanyFile
) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in repository.asset_graph.asset_check_keys}
    assert {("demo/books/duplicates", "no_duplicates"), ("demo/books/drift", "no_drift")} <= checks
    crons = {each.name: each.cron_schedule for each in repository.schedule_defs}
    assert crons == {
        "demo_tie_out_due": "25 */4 * * *",
        "demo_nightly_close": company.schedules.nightly_close,
        "demo_reference_refresh": company.schedules.reference_refresh,
        "demo_drift": company.schedules.drift,
        "demo_duplicates": company.schedules.duplicates,
        "demo_full_scan": company.schedules.full_scan,
        "demo_customers_poll": company.schedules.masters_poll.customers,
        "demo_vendors_poll": company.schedules.masters_poll.vendors,
        "demo_materials_cost": company.schedules.materials_cost,
    }
    scan = repository.get_schedule_def("demo_full_scan")
    ticked = scan.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=datetime.now(UTC)))
    (request,) = ticked.run_requests or ()
    assert request.run_config == {"ops": {"demo__books__duplicates": {"config": {"full_scan": True}}}}


def run_of(*paths: str, **tags: str) -> DagsterRun:
    selection = frozenset(dg.AssetKey(path.split("/")) for path in paths)
    return DagsterRun(job_name="__ASSET_JOB", tags=tags, asset_selection=selection)


@pytest.mark.parametrize(
    ("run", "lane"),
    [
        (run_of("acme/loaded/invoices", **{"dagster/partition": "2026-11-20"}), "acme/live"),
        (run_of("acme/loaded/invoices", **{"dagster/backfill": "x"}), "acme/backfill"),
        (
            run_of("acme/loaded/items", **{"dagster/asset_partition_range_start": "2026-01-01"}),
            "acme/backfill",
        ),
        (
            run_of(
                "acme/loaded/items",
                **{"dagster/asset_partition_range_start": "2026-01-01", "dagster/schedule_name": "nightly"},
            ),
            "acme/live",
        ),
        (run_of("acme/loaded/items", "bravo/loaded/items"), "all/live"),
    ],
)
def test_live_work_and_backfills_have_lanes_of_their_own(run: DagsterRun, lane: str) -> None:
    assert lane_of(run) == lane


@given(st.sets(st.integers(min_value=0, max_value=60)))
def test_spans_cover_exactly_the_days_in_order(offsets: set[int]) -> None:
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in sorted(offsets)]
    found = list(spans(days))
    covered = [first + timedelta(days=n) for first, last in found for n in range((last - first).days + 1)]
    assert covered == days
    assert all(
        later[0] - earlier[1] > timedelta(days=1) for earlier, later in zip(found, found[1:], strict=False)
    )
