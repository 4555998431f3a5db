"""Company files that cannot be read: every error names file, line and what is wrong."""

from pathlib import Path
from typing import cast

import pytest

from st_qbo_assets.cli.doctor.company import CompanyCheck
from st_qbo_assets.cli.doctor.report import Section
from st_qbo_assets.company_files import (
    DEFS,
    read_companies,
    read_company,
    read_opening_quantities,
    scan_companies,
)
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.findings import Level

GOOD = """\
type: st_qbo_assets.components.CompanySync

attributes:
  name: acme
  environment: sandbox
  servicetitan:
    tenant: "1420761"
  quickbooks:
    realm: "9341453172058461"
    requests_per_second: 8
  time_zone: America/Chicago
  start_date: 2026-01-01
  payment_types:
    Check: {becomes: payment, deposit_to: "12000"}
"""


def write(defs: Path, text: str, name: str = "acme") -> Path:
    path = defs / name / "defs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_company_that_is_shipped_can_be_read() -> None:
    assert "demo" in [found.company.name for found in read_companies(DEFS)]


def test_a_good_file_becomes_a_company(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    found = read_company("acme", tmp_path)
    assert found.company.start_date.isoformat() == "2026-01-01"
    assert (found.file, found.links_file) == (path, path.with_name("links.csv"))


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("requests_per_second: 8", "requests_per_second: many", 10, "quickbooks.requests_per_second: "),
        ("requests_per_second: 8", "requests_per_hour: 8", 10, "quickbooks.requests_per_hour: Extra inputs"),
        ("time_zone: America/Chicago", "time_zone: Amerika/Chicago", 11, "unknown time zone"),
        ("start_date: 2026-01-01", "start_date: 2026-13-01", 12, "start_date: "),
        ("start_date: 2026-01-01", "start_date: soon", 12, "start_date: "),
        (', deposit_to: "12000"', "", 14, "payment_types.Check: a type that becomes `payment` needs"),
        ("environment: sandbox", "environment: [sandbox", 6, "expected ',' or ']'"),
        ("environment: sandbox", "environment: sandbox\n  environment: production", 6, "stands twice"),
        ("components.CompanySync", "components.CompanySnc", 1, "is not st_qbo_assets.components.CompanySync"),
        ("type: ", "kind: ", 1, "no `type`"),
        ("  name: acme\n", "", 3, "name: Field required"),
        ("tenant: ", "\ttenant: ", 7, "cannot start any token"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        read_company("acme", tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)
    assert caught.value.remedy


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("environment: sandbox", "environment: moon").replace("second: 8", "second: 80")
    path = write(tmp_path, text)
    write(tmp_path, "type: [", "other")
    with pytest.raises(SettingsError) as caught:
        read_companies(tmp_path)
    places = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert places[:2] == [f"{path}:5", f"{path}:10"]
    assert places[2].startswith(f"{tmp_path / 'other' / 'defs.yaml'}:")


def test_a_broken_neighbour_is_no_obstacle_to_a_good_company(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "type: [", "other")
    assert read_company("acme", tmp_path).company.name == "acme"
    companies, wrong = scan_companies(tmp_path)
    assert (len(companies), len(wrong)) == (1, 1)


def test_two_companies_of_one_name_are_refused(tmp_path: Path) -> None:
    first = write(tmp_path, GOOD, "a")
    write(tmp_path, GOOD, "b")
    with pytest.raises(SettingsError, match=f"the name 'acme' is taken by {first}"):
        read_companies(tmp_path)


@pytest.mark.rule("1.8", "2.6")
def test_one_quickbooks_company_is_fed_by_one_tenant_only(tmp_path: Path) -> None:
    first = write(tmp_path, GOOD, "a")
    other = GOOD.replace("name: acme", "name: other")
    write(tmp_path, other.replace('"1420761"', '"1420762"'), "b")
    with pytest.raises(SettingsError, match=f"realm 9341453172058461 is fed by another tenant .* {first}"):
        read_companies(tmp_path)


@pytest.mark.rule("1.8")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"9341453172058461": "9341453172058462"},
        {"1420761": "1420762", "9341453172058461": "9341453172058462"},
        {"1420761": "1420762", "environment: sandbox": "environment: integration"},
    ],
    ids=["one tenant and realm", "another realm", "another of both", "another world"],
)
def test_other_pairs_of_tenant_and_realm_stand_side_by_side(tmp_path: Path, changes: dict[str, str]) -> None:
    write(tmp_path, GOOD, "a")
    other = GOOD.replace("name: acme", "name: other")
    for old, new in changes.items():
        other = other.replace(old, new)
    write(tmp_path, other, "b")
    assert len(read_companies(tmp_path)) == 2


def test_an_unknown_company_is_told_which_there_are(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(SettingsError, match=r"There is no company 'amce'\. .*: acme\."):
        read_company("amce", tmp_path)


def test_components_of_others_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "type: dagster.DefsFolderComponent\nattributes: {}\n", "theirs")
    assert read_companies(tmp_path) == []


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"type: \xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_companies(tmp_path)


@pytest.mark.rule("8.5", "10")
def test_the_doctor_names_the_line_of_what_is_on_hand_and_its_cure(tmp_path: Path) -> None:
    counts = """\
  bill_source: ap_bills
  item_policy: {material: inventory}
  opening_quantities: on_hand.csv
"""
    write(tmp_path, GOOD + counts)
    folder = read_company("acme", tmp_path)

    def told() -> list[tuple[str, str, str]]:
        section = Section("Company file")
        CompanyCheck(folder, cast("Connections", None)).check_file(section)
        return [(each.code, each.text, each.cure) for each in section.findings if each.level is Level.RED]

    ((code, text, cure),) = told()
    assert code == "opening_quantities" and str(folder.folder / "on_hand.csv") in text and "beside" in cure
    (folder.folder / "on_hand.csv").write_text("sku,quantity\nCAP,1\nTAPE,-2\n")
    ((_, text, cure),) = told()
    assert text.startswith("on_hand.csv:3: ") and "write 0 or more" in text and "Correct" in cure
    (folder.folder / "on_hand.csv").write_text("sku,quantity\nCAP,1\n")
    assert told() == []
    assert [row.place for row in read_opening_quantities(folder.folder, folder.company)] == ["on_hand.csv:2"]
