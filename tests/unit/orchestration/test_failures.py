"""What a run that could not go on tells Dagster, and what people are told of it."""

from pathlib import Path

import dagster as dg
import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.errors import ConnectionStopped, RateLimited, RemoteFault, SyncError, TransportError
from st_qbo_assets.orchestration.alerts import Known, Runs
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of


@pytest.mark.parametrize(
    ("error", "again", "remedy"),
    [
        (TransportError("no answer"), "may succeed", None),
        (RateLimited("wait", retry_after_seconds=60), "may succeed", None),
        (RemoteFault("refused", code="404", remedy="Look it up."), "does not help", "Look it up."),
        (ConnectionStopped("stopped", code="6190", remedy="Renew it."), "does not help", "Renew it."),
    ],
)
def test_a_failure_says_what_to_do_and_whether_the_same_again_helps(
    error: SyncError, again: str, remedy: str | None
) -> None:
    metadata = {name: value.value for name, value in failure_of(error).metadata.items()}
    assert metadata["the_same_again"] == again
    assert metadata.get("what_to_do") == remedy


_DEFS = CompanyDefs(read_company("demo").company, Path("links.csv"))
_MONTHS = dg.MonthlyPartitionsDefinition(start_date="2026-01", fmt="%Y-%m")


@pytest.mark.parametrize(
    ("name", "partitions", "key", "said"),
    [
        ("books/month_close", _MONTHS, "2026-02", "books/month_close of 2026-02 could not go on: "),
        ("onboarding/readiness", None, None, "onboarding/readiness could not go on: "),
        ("loaded/invoices", _DEFS.days, _DEFS.today().isoformat(), "loaded/invoices of 20"),
    ],
)
def test_a_failed_run_of_any_kind_is_told_with_its_remedy_until_it_is_mended(
    name: str, partitions: dg.PartitionsDefinition | None, key: str | None, said: str
) -> None:
    error: SyncError | None = RemoteFault("refused", code="610", remedy="Make it active.")

    @dg.asset(key=["demo", *name.split("/")], partitions_def=partitions)
    def work() -> None:
        if error is not None:
            raise failure_of(error)

    job = dg.Definitions([work], jobs=[dg.define_asset_job("demo_work", [work])]).resolve_job_def("demo_work")
    with dg.DagsterInstance.ephemeral() as instance:
        runs, known = Runs(instance, _DEFS), Known(0.0, {})
        job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)
        known = Known.load(runs.read(known).dump(), 0.0)
        [told] = known.concerns("http://ui")
        assert told.text.startswith(said)
        assert "610: refused" in told.text
        assert told.remedy == "Make it active. Then materialize the same again."
        assert runs.read(known).concerns("http://ui") == [told]  # once, by its key
        error = TransportError("no answer")
        job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)
        [told] = runs.read(known).concerns("http://ui")
        assert told.remedy.startswith("Nothing to do") is (name == "loaded/invoices")
        error = None
        job.execute_in_process(instance=instance, partition_key=key)
        assert runs.read(known).concerns("http://ui") == []
