"""Company files and settled pairs that are wrong: our commands and Dagster's own name the same line."""

import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

import st_qbo_assets
from st_qbo_assets.company_files import read_companies
from st_qbo_assets.domain.errors import SettingsError
from tests.integration.cli.office import Done, Office, checked, run_process

_PACKAGE = Path(st_qbo_assets.__file__).parent
_SYNC = ("sync", "--company", "demo", "--from", "2026-01-01", "--to", "2026-01-01")


@dataclass(frozen=True)
class Project:
    """A copy of the project whose company files may be spoilt."""

    root: Path
    office: Office
    monkeypatch: pytest.MonkeyPatch

    @property
    def defs(self) -> Path:
        return self.root / "st_qbo_assets" / "defs"

    @property
    def demo(self) -> Path:
        return self.defs / "demo"

    def spoil(self, old: str, new: str) -> int:
        """Replace a piece of the company file; return its line."""
        path = self.demo / "defs.yaml"
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    def st_qbo(self, *arguments: str) -> Done:
        """Run a command of the copy, as a process."""
        environment = {**self.office.environment, "PYTHONPATH": str(self.root)}
        command = [sys.executable, "-m", "st_qbo_assets.cli.main", *arguments]
        return checked(run_process(command, environment=environment, cwd=self.root))

    def dg_check_defs(self) -> str:
        """Run Dagster's own check on the copy; return what it says, which must be that something is wrong."""
        with warnings.catch_warnings(), self.monkeypatch.context() as patch:
            warnings.simplefilter("ignore")
            from dagster_dg_cli.cli import create_dg_cli

            patch.chdir(self.root)
            result = CliRunner().invoke(create_dg_cli(), ["check", "defs"])
        assert result.exit_code != 0
        return f"{result.output}\n{result.exception}"


@pytest.fixture
def project(connected: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "project"
    # compiled files too: they stay valid with the times of their sources
    shutil.copytree(_PACKAGE, root / "st_qbo_assets")
    for name in ("pyproject.toml", "workspace.yaml", "dagster.yaml"):
        shutil.copy2(_PACKAGE.parent / name, root / name)
    return Project(root, connected, monkeypatch)


def test_unknown_keys_and_wrong_types_are_told_with_their_lines(project: Project) -> None:
    lines = [
        project.spoil("requests_per_second: 8", "requests_per_second: many"),
        project.spoil("gate: completed", "gate: finished"),
        project.spoil("accounts: {}", "acounts: {}"),
    ]
    told_by_dagster = project.dg_check_defs()
    sync = project.st_qbo(*_SYNC)
    assert (sync.status, sync.out) == (2, "")
    for line in lines:
        assert f"{project.demo}/defs.yaml:{line}" in told_by_dagster
        assert f"{project.demo}/defs.yaml:{line}: " in sync.err
    assert not (project.office.home / "logs").exists()


def test_broken_yaml_is_told_with_its_line(project: Project) -> None:
    line = project.spoil("mode: live", "mode: [live")
    assert f'defs.yaml", line {line}' in project.dg_check_defs()
    with pytest.raises(SettingsError) as caught:
        read_companies(project.defs)
    # only the next line shows that the bracket was never closed
    assert str(caught.value).startswith(f"{project.demo}/defs.yaml:{line + 1}: ")


def test_a_wrong_pair_is_told_with_its_line_before_a_run_and_by_the_doctor(project: Project) -> None:
    rows = ("source,target,qbo_id", "# settled by Ann", "customer:77,Customer,58", "customer:77,Customer,59")
    (project.demo / "links.csv").write_text("\n".join(rows))
    said = f"{project.demo}/links.csv, line 4: customer:77 to Customer is already settled on line 3"
    sync = project.st_qbo(*_SYNC)
    assert (sync.status, sync.out) == (2, "")
    assert said in sync.err
    doctor = project.st_qbo("doctor")
    assert doctor.status == 1
    assert f"red   {said}" in doctor.out
