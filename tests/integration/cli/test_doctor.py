"""The doctor: every fault of an installation or a company is found and told with its cure."""

from typing import Any

import pytest

from tests.integration.cli.office import Done, Office


def told(done: Done) -> dict[str, dict[str, Any]]:
    """What was found, by code."""
    sections = done.document["sections"]
    return {finding["code"]: finding for section in sections for finding in section["findings"]}


def red(done: Done) -> set[str]:
    return {code for code, finding in told(done).items() if finding["level"] == "red"}


def warned(done: Done) -> set[str]:
    return {code for code, finding in told(done).items() if finding["level"] == "warn"}


def test_a_healthy_installation_is_well(connected: Office) -> None:
    done = connected.run("doctor", "--json")
    assert (done.status, done.err, red(done)) == (0, "", set())
    assert done.document["is_well"]
    assert warned(done) == set()
    assert told(done)["ui_down"]["cure"] == "Start it with `st-qbo up`."
    for code in ("database", "vault", "servicetitan", "quickbooks", "hard_cap", "edition", "accounts", "tax"):
        assert told(done)[code]["level"] == "ok"


def test_people_get_a_line_each_and_the_cure_under_it(connected: Office) -> None:
    connected.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    done = connected.run("doctor", "--company", "demo")
    assert done.status == 0
    assert "demo · QuickBooks" in done.out
    assert told(connected.run("doctor", "--json"))["auto_apply_credit"]["cure"] in done.out
    assert done.out.splitlines()[-1] == "Nothing is red, 1 to look at."


def test_a_company_that_was_never_connected_is_told_the_commands(office: Office) -> None:
    done = office.run("doctor")
    assert done.status == 1
    for system in ("servicetitan", "quickbooks"):
        assert f"→ Run `st-qbo connect {system} --company demo`." in done.out


def test_an_unknown_company_is_refused(office: Office) -> None:
    done = office.run("doctor", "--company", "nobody")
    assert (done.status, done.out) == (2, "")
    assert "There are: demo" in done.err


class TestInstallation:
    def test_every_wrong_variable_is_named(self, office: Office) -> None:
        office.environment |= {"ST_QBO_PORT_WEB": "none", "ST_QBO_VAULT_KEYS": "abc"}
        done = office.run("doctor", "--json")
        assert (done.status, red(done)) == (1, {"settings"})
        assert "ST_QBO_PORT_WEB=none" in told(done)["settings"]["text"]
        assert "ST_QBO_VAULT_KEYS: key 1" in told(done)["settings"]["text"]

    def test_an_unreachable_database_is_told_without_its_password(self, office: Office) -> None:
        office.environment["ST_QBO_DATABASE_URL"] = "postgresql://books:hunter2@127.0.0.1:1/ledger"
        done = office.run("doctor", "--json")
        assert (done.status, red(done)) == (1, {"database"})
        assert "ST_QBO_DATABASE_URL" in told(done)["database"]["cure"]
        assert "127.0.0.1:1/ledger" in told(done)["database"]["text"]
        assert "hunter2" not in done.out + done.err
        assert "skipped" in warned(done)

    def test_a_home_with_a_space_cannot_hold_the_embedded_database(self, office: Office) -> None:
        del office.environment["ST_QBO_DATABASE_URL"]
        office.environment["ST_QBO_HOME"] = f"{office.home}/my books"
        done = office.run("doctor", "--json")
        assert (done.status, red(done)) == (1, {"database"})
        assert "path with a space" in told(done)["database"]["text"]
        assert "Set ST_QBO_HOME to a folder without one" in told(done)["database"]["cure"]

    def test_a_lost_vault_key_is_told_and_connecting_anew_heals_it(self, connected: Office) -> None:
        (connected.home / "vault.key").unlink()
        done = connected.run("doctor", "--json")
        assert done.status == 1
        assert "vault" in red(done)
        assert "st-qbo connect" in told(done)["vault"]["cure"]
        connected.connect_by_commands()
        assert connected.run("doctor").status == 0

    def test_a_key_file_others_can_read_is_red(self, connected: Office) -> None:
        (connected.home / "vault.key").chmod(0o644)
        done = connected.run("doctor", "--json")
        assert "chmod 600" in told(done)["vault"]["cure"]

    def test_something_else_on_the_port_of_dagster_is_told(self, office: Office) -> None:
        port = office.sandbox.quickbooks_url.rpartition(":")[2]
        office.environment["ST_QBO_PORT_DAGSTER"] = port
        done = office.run("doctor", "--json")
        assert "ST_QBO_PORT_DAGSTER" in told(done)["port_taken"]["cure"]


class TestConnections:
    def test_a_withdrawn_permission_is_red(self, connected: Office) -> None:
        connected.act("revoke")
        done = connected.run("doctor", "--json")
        assert (done.status, red(done)) == (1, {"invalid_grant"})
        assert "st-qbo connect" in told(done)["invalid_grant"]["cure"]

    def test_an_administrator_who_lost_access_is_red(self, connected: Office) -> None:
        connected.act("lose_access")
        done = connected.run("doctor", "--json")
        assert red(done) == {"120"}
        assert "present administrator" in told(done)["120"]["cure"]

    def test_a_withheld_scope_is_red(self, connected: Office) -> None:
        connected.control("switches", {"servicetitan": {"scopes_withheld": ["tn.acc.glaccounts"]}})
        done = connected.run("doctor", "--json")
        connected.control("switches", {"servicetitan": {"scopes_withheld": []}})
        assert red(done) == {"403"}
        assert "read scope" in told(done)["403"]["cure"]

    def test_a_sandbox_that_is_down_is_told_at_once(self, connected: Office) -> None:
        connected.environment["ST_QBO_SANDBOX_QUICKBOOKS_URL"] = "http://127.0.0.1:1"
        done = connected.run("doctor", "--json")
        assert done.status == 1
        (finding,) = [each for each in told(done).values() if each["level"] == "red"]
        assert "st-qbo sandbox serve" in finding["cure"]


class TestMapping:
    @pytest.mark.rule("3.3")
    def test_settings_of_quickbooks_that_do_not_fit_are_told_with_their_cures(
        self, connected: Office
    ) -> None:
        connected.prefer("SalesFormsPrefs", AutoApplyCredit=True, CustomTxnNumbers=False)
        connected.prefer("TaxPrefs", PartnerTaxEnabled=False)
        connected.prefer("AccountingInfoPrefs", ClassTrackingPerTxnLine=False, BookCloseDate="2126-01-31")
        done = connected.run("doctor", "--json")
        unfit = {"auto_apply_credit", "custom_numbers_off", "classes_off", "books_closed"}
        assert (done.status, red(done)) == (1, {"tax_not_automated"})
        assert warned(done) == unfit
        assert all(told(done)[code]["cure"] for code in unfit)

    @pytest.mark.rule("2.4")
    def test_a_company_that_turned_to_several_currencies_is_red(self, connected: Office) -> None:
        connected.prefer("CurrencyPrefs", MultiCurrencyEnabled=True)
        assert red(connected.run("doctor", "--json")) == {"multicurrency"}

    @pytest.mark.rule("2.1")
    def test_an_account_that_was_renamed_away_is_red_with_the_nearest(self, connected: Office) -> None:
        (account,) = (
            row
            for row in connected.sandbox.halves["quickbooks"].state()["Account"]
            if row["Name"] == "Permit Fees Billed"
        )
        connected.act(
            "update", entity="Account", id=account["Id"], body={**account, "Name": "Permits Billed"}
        )
        done = connected.run("doctor", "--json")
        assert (done.status, red(done)) == (1, {"account_unmapped"})
        finding = told(done)["account_unmapped"]
        assert "Permit Fees Billed" in finding["text"]
        assert "Permits Billed" in finding["suggestions"]


def test_nothing_is_written_to_either_system(connected: Office) -> None:
    before = {name: half.state() for name, half in connected.sandbox.halves.items()}
    connected.run("doctor")
    after = {name: half.state() for name, half in connected.sandbox.halves.items()}
    assert after["servicetitan"] == before["servicetitan"]
    assert after["quickbooks"] == before["quickbooks"]
