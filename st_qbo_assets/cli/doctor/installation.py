"""Checks of the installation: settings, database, vault, Dagster.

What belongs here: what all companies share. What does not: the companies (`company`).
"""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any, cast

from sqlalchemy import make_url, text

from st_qbo_assets.cli.doctor.report import Section, of_error
from st_qbo_assets.cli.processes import answers, ui_url
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.migrations import HEAD
from st_qbo_assets.store.vault import Vault


def check_settings() -> tuple[Section, Settings | None]:
    """Check the environment; without good settings nothing else can be checked."""
    section = Section("Settings")
    try:
        settings = load_settings()
    except SettingsError as error:
        section.findings.append(of_error("settings", error, cure="Correct these variables."))
        return section, None
    ports = settings.ports
    section.findings += [
        _folder("home", "ST_QBO_HOME", settings.home),
        ok("ports", f"Ports: Dagster {ports.dagster}, web {ports.web}."),
    ]
    if "://" in settings.storage:
        section.findings.append(ok("storage", f"Frames go to {settings.storage}."))
    else:
        section.findings.append(_folder("storage", "ST_QBO_STORAGE", Path(settings.storage)))
    return section, settings


def _folder(code: str, variable: str, path: Path) -> Finding:
    """Check that a folder can be written, or made."""
    nearest = next(place for place in (path, *path.parents) if place.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return red(code, f"{variable}={path} cannot be written.", "Name a folder of your own.")
    return ok(code, f"{variable} is {path}.")


def check_database(settings: Settings) -> tuple[Section, Database | None]:
    """Check that the database answers and has the schema of this version."""
    section = Section("Database")
    try:
        database = Database.open(settings)
    except SettingsError as error:
        section.findings.append(of_error("database", error))
        return section, None
    with database.autocommit() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    if settings.database_url is None:
        where = f"embedded in {settings.home}"
    else:
        where = make_url(database.url).render_as_string(hide_password=True)
    section.findings.append(ok("database", f"PostgreSQL {version}, {where}, schema at revision {HEAD}."))
    return section, database


def check_vault(settings: Settings, database: Database) -> Section:
    """Check that every secret can be opened with the keys at hand."""
    section = Section("Vault")
    vault = Vault.open(database, settings)
    notes = vault.notes()
    keys = "ST_QBO_VAULT_KEYS" if settings.vault_keys else "the key file in the home"
    for note in notes:
        try:
            vault.get(note.scope, note.name)
        except SettingsError as error:
            section.findings.append(of_error("vault", error))
            return section
    section.findings.append(ok("vault", f"{len(notes)} secrets, all opened by {keys}."))
    return section


def check_dagster(settings: Settings) -> Section:
    """Say whether the Dagster UI is up, and whether it is Dagster that listens there."""
    section = Section("Dagster")
    address = ui_url(settings)
    if not answers(settings.ports.dagster):
        section.findings.append(
            info("ui_down", f"The UI is not running at {address}.", "Start it with `st-qbo up`.")
        )
        return section
    version = _dagster_version(address)
    if version:
        section.findings.append(ok("ui_up", f"The UI is up at {address} (Dagster {version})."))
    else:
        text_ = f"Something other than Dagster listens at {address}."
        section.findings.append(
            warn("port_taken", text_, "Stop it, or set ST_QBO_PORT_DAGSTER to another port.")
        )
    return section


def _dagster_version(address: str) -> str:
    """Return the version of the Dagster that answers, empty if it is none."""
    try:
        with urllib.request.urlopen(f"{address}/server_info", timeout=10) as answer:  # noqa: S310 - our own port
            found: Any = json.load(answer)
    except (OSError, ValueError):
        return ""
    return str(cast("dict[str, Any]", found).get("dagster_version") or "") if isinstance(found, dict) else ""
