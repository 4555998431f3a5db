"""Connecting: what does not work is told with its cure, is not stored, and leaves what worked before."""

import pytest

from st_qbo_assets.connecting.quickbooks import connect_quickbooks
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_sandbox import identity
from tests.integration.cli.office import QUICKBOOKS_KEYS, SERVICETITAN_KEYS, Done, Office

SERVICETITAN = ("connect", "servicetitan", "--company", "demo")


def assert_refused(done: Done, *said: str) -> None:
    assert done.status == 2
    for text in said:
        assert text in done.err
    assert done.out == ""


def test_both_systems_are_connected_by_what_a_person_types(office: Office) -> None:
    office.connect_by_commands()
    assert office.both_answer()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((SERVICETITAN_KEYS[0], "cs1.wrong", SERVICETITAN_KEYS[2]), "invalid_client"),
        ((SERVICETITAN_KEYS[0], SERVICETITAN_KEYS[1], "ak1.wrong"), "Check the app key"),
        (
            (
                identity.SERVICETITAN_PRODUCTION_CLIENT_ID,
                identity.SERVICETITAN_PRODUCTION_CLIENT_SECRET,
                SERVICETITAN_KEYS[2],
            ),
            "one environment",
        ),
        (SERVICETITAN_KEYS[:2], "No servicetitan app key was given"),
    ],
    ids=["wrong secret", "wrong app key", "of the other environment", "one missing"],
)
def test_wrong_servicetitan_credentials_change_nothing(
    connected: Office, typed: tuple[str, ...], said: str
) -> None:
    assert_refused(connected.run(*SERVICETITAN, typed=typed), said)
    assert connected.both_answer()


def test_new_credentials_do_not_live_on_a_token_of_the_old(connected: Office) -> None:
    connected.both_answer()  # keeps a token that would still be good for a quarter of an hour
    asked = connected.count_asked("/connect/token")
    connected.run(*SERVICETITAN, typed=SERVICETITAN_KEYS)
    connected.both_answer()
    assert connected.count_asked("/connect/token") == asked + 2


def test_a_callback_with_another_state_is_refused(office: Office) -> None:
    office.open_link()
    assert_refused(office.come_back(code=office.consent(), state="forged"), "its state differs", "--code")


def test_a_link_is_good_for_one_callback(office: Office) -> None:
    state = office.open_link()
    assert office.come_back(code=office.consent(), state=state).status == 0
    assert_refused(office.come_back(code=office.consent(), state=state), "its state differs")


def test_a_callback_nobody_asked_for_is_refused(office: Office) -> None:
    assert_refused(office.come_back(code="x", state="y"), "its state differs")


def test_consent_for_another_realm_is_refused(office: Office) -> None:
    state = office.open_link()
    refused = office.come_back(code=office.consent(), state=state, realm="999")
    assert_refused(refused, "QuickBooks company 999", identity.REALM, "`quickbooks: realm`")


def test_a_code_that_was_used_is_refused(connected: Office) -> None:
    code = connected.consent()
    assert connected.come_back(code=code, state=connected.open_link()).status == 0
    refused = connected.come_back(code=code, state=connected.open_link())
    assert_refused(refused, "does not take this code", "open the new link")


def test_wrong_keys_of_the_app_are_told_and_can_be_given_again(office: Office) -> None:
    wrong = ("connect", "quickbooks", "--company", "demo")
    assert office.run(*wrong, typed=(QUICKBOOKS_KEYS[0], "nonsense")).status == 0
    refused = office.come_back(code=office.consent(), state=office.open_link())
    assert_refused(refused, "QuickBooks does not accept our app", "client id and secret")
    state = office.open_link("demo", "--new-keys")
    assert office.come_back(code=office.consent(), state=state).status == 0


@pytest.mark.rule("2.4")
def test_a_company_with_several_currencies_is_refused(connected: Office) -> None:
    connected.prefer("CurrencyPrefs", MultiCurrencyEnabled=True)
    refused = connected.come_back(code=connected.consent(), state=connected.open_link())
    assert_refused(refused, "several currencies", "Connect a company without multicurrency")


@pytest.mark.rule("2.4")
@pytest.mark.parametrize("country", ["CA", "GB", "AUS"])
def test_a_company_outside_the_us_is_refused_and_nothing_is_stored(connected: Office, country: str) -> None:
    connected.act("update", entity="CompanyInfo", id="1", body={"Country": country})
    with connected.opened() as known:
        before = known.tokens.read()
        refused = connected.come_back(code=connected.consent(), state=connected.open_link())
        assert_refused(refused, f"is of country {country}", "only US")
        assert known.tokens.read() == before


def test_a_sandbox_that_is_down_is_told_at_once(office: Office) -> None:
    office.environment["ST_QBO_SANDBOX_SERVICETITAN_URL"] = "http://127.0.0.1:1"
    refused = office.run(*SERVICETITAN, typed=SERVICETITAN_KEYS)
    assert_refused(refused, "http://127.0.0.1:1", "st-qbo sandbox serve", "ST_QBO_SANDBOX_SERVICETITAN_URL")


def test_an_unknown_company_is_told_which_there_are(office: Office) -> None:
    assert_refused(office.run("connect", "servicetitan", "--company", "nobody"), "'nobody'", "demo")


def test_tokens_that_open_another_realm_are_refused_and_not_stored(connected: Office) -> None:
    with connected.opened() as known:
        realm = known.company.quickbooks.model_copy(update={"realm": "999"})
        elsewhere = known.company.model_copy(update={"quickbooks": realm})
        other = open_connections(elsewhere, known.settings)
        with pytest.raises(ConnectionStopped, match="does not belong to this QuickBooks company") as caught:
            connect_quickbooks(other, connected.consent(), redirect_uri=connected.redirect_uri)
        assert "Compare `quickbooks.realm` in the company file" in caught.value.remedy
        assert other.tokens.read() is None
        other.close()
    assert connected.both_answer()
