"""Command lines that make no sense are refused before anything is opened."""

from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from st_qbo_assets.cli.main import cli
from st_qbo_assets.cli.output import money, print_json, print_table, working
from st_qbo_assets.cli.sync import check_range
from st_qbo_assets.domain.errors import SettingsError
from tests.unit.mapping import builders as make

AUDIT = ["audit", "--company", "demo"]
REPLAY = ["replay", "--company", "demo"]
PLAN = ["plan", "--company", "demo"]
CONNECT = ["connect", "quickbooks", "--company", "demo"]
TODAY = datetime.now(UTC).astimezone(make.company().zone).date()


def day(ago: int) -> date:
    return TODAY + timedelta(days=ago)


STARTED = make.company(start_date=day(-40))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (AUDIT, "Say what to look for"),
        ([*AUDIT, "--limit", "3"], "Say what to look for"),
        ([*AUDIT, "--id", "1", "--entity", "invoce"], "'invoce' is not one of"),
        ([*AUDIT, "--id", "bill:1", "--entity", "invoice"], "--id names a bill, --entity another kind"),
        ([*AUDIT, "--outcome", "lost"], "'lost' is not one of"),
        ([*AUDIT, "--day", "2026-02-30"], "'2026-02-30' does not match"),
        ([*AUDIT, "--day", "2026-02-03", "--to", "2026-02-01"], "The range ends before it begins"),
        ([*AUDIT, "--id", "foo:1"], "there is no kind 'foo'; there are customer, "),
        ([*AUDIT, "--id", "bill:"], "the id is missing"),
        ([*AUDIT, "--id", "1", "--to", "2026-02-01"], "--to ends a range that --day begins"),
        (["sync", "--company", "demo", "--from", "2026-02-01"], "Missing option '--to'"),
        (["demo", "--days", "-1"], "-1 is not in the range"),
        ([*CONNECT, "--code", "x"], "--code, --realm and --state go together"),
        ([*CONNECT, "--realm", "1", "--state", "y"], "--code, --realm and --state go together"),
        ([*REPLAY, "--id", "7"], "say its --entity"),
        ([*REPLAY, "--id", "bill:7", "--outcome", "held"], "neither days nor --outcome"),
        ([*REPLAY, "--id", "bill:7", "--entity", "invoice"], "--id names a bill, --entity another kind"),
        (PLAN, "Say which days: --day, or --from and --to"),
        ([*PLAN, "--from", "2026-02-01"], "Say which days: --day, or --from and --to"),
        ([*PLAN, "--day", "2026-02-01", "--to", "2026-02-02"], "Say which days: --day, or --from and --to"),
        ([*PLAN, "--day", "2026-02-01", "--json", "--csv"], "Either --json or --csv"),
        ([*PLAN, "--day", "yesterday"], "'yesterday' does not match"),
        (["plan", "--day", "2026-02-01"], "Missing option '--company'"),
        (["close", "--company", "demo"], "Missing option '--month'"),
        (["sink"], "No such command 'sink'"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    "command",
    ["demo", "up", "down", "sync", "plan", "close", "audit", "doctor", "connect", "vault", "sandbox"],
)
def test_every_command_is_listed(command: str) -> None:
    assert command in CliRunner().invoke(cli, ["--help"]).output


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (-1, -3, r"--from .* is after --to "),
        (-41, -1, r" is before acme's start date "),
        (-1, 2, r" lies in the future: it is .* in America/Chicago"),
    ],
)
def test_days_that_cannot_be_synced_are_refused_with_the_cure(first: int, last: int, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        check_range(STARTED, day(first), day(last))
    assert caught.value.remedy


def test_days_from_the_start_to_today_can_be_synced() -> None:
    check_range(STARTED, day(-40), day(0))


def test_names_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Items [all]", ("name", "cents#"), [("FILTER [40100] :tada:", 5), (None, money(-123450))])
    told = capsys.readouterr().out
    assert "Items [all]" in told
    assert "FILTER [40100] :tada:" in told
    assert "-1,234.50" in told


def test_a_document_is_all_of_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with working("Asking …"):
        print_json({"name": "Núñez"})
    captured = capsys.readouterr()
    assert captured.out == '{\n  "name": "Núñez"\n}\n'
    assert captured.err == ""
