"""Keys of the vault: made, rotated, and the old ones no longer needed."""

from cryptography.fernet import Fernet

from tests.integration.cli.office import Office


def test_a_new_key_is_all_of_standard_output(office: Office) -> None:
    done = office.run("vault", "new-key")
    assert done.status == 0
    assert Fernet(done.out.strip())
    assert "ST_QBO_VAULT_KEYS" in done.err


def test_rotation_of_the_key_file_keeps_everything_open(connected: Office) -> None:
    before = (connected.home / "vault.key").read_text()
    done = connected.run("vault", "rotate")
    assert done.status == 0
    assert f"with a new key in {connected.home / 'vault.key'}" in done.err
    assert (connected.home / "vault.key").read_text().split()[0] not in before
    assert connected.both_answer()


def test_rotation_makes_an_old_key_of_the_environment_superfluous(office: Office) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    office.environment["ST_QBO_VAULT_KEYS"] = old
    office.connect()
    office.environment["ST_QBO_VAULT_KEYS"] = f"{new},{old}"
    done = office.run("vault", "rotate")
    assert "first key of ST_QBO_VAULT_KEYS" in done.err
    office.environment["ST_QBO_VAULT_KEYS"] = new
    assert office.both_answer()


def test_what_no_key_opens_is_told_and_left_as_it_is(connected: Office) -> None:
    key = (connected.home / "vault.key").read_text()
    (connected.home / "vault.key").write_text(Fernet.generate_key().decode())
    done = connected.run("vault", "rotate")
    assert done.status == 2
    assert "no key at hand opens" in done.err
    (connected.home / "vault.key").write_text(key)
    assert connected.both_answer()


def test_a_key_that_is_lost_for_good_is_made_good_by_connecting_anew(connected: Office) -> None:
    (connected.home / "vault.key").unlink()
    connected.connect_by_commands()
    assert connected.both_answer()


def test_another_key_than_the_one_that_was_used_is_made_good_by_connecting_anew(connected: Office) -> None:
    (connected.home / "vault.key").write_text(Fernet.generate_key().decode())
    connected.connect_by_commands()
    assert connected.both_answer()
