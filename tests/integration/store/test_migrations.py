import threading

import pytest
from sqlalchemy import Engine, create_engine, inspect, make_url, text

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.store import migrations
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import SCHEMA, metadata

_SET_VERSION = f"UPDATE {SCHEMA}.alembic_version SET version_num = :version"
_SHAPES = (
    """SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
       FROM information_schema.columns WHERE table_schema = :schema AND table_name <> 'alembic_version'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = CAST(:schema AS regnamespace)
       AND conrelid::regclass::text NOT LIKE '%alembic_version'""",
    """SELECT indexname, indexdef FROM pg_indexes
       WHERE schemaname = :schema AND tablename <> 'alembic_version'""",
    """SELECT objoid::regclass::text, objsubid, description FROM pg_description
       JOIN pg_class ON pg_class.oid = objoid WHERE relnamespace = CAST(:schema AS regnamespace)""",
)


def test_the_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    declared = _empty_database(database, "declared")
    with declared.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        metadata.create_all(connection)

    migrated, wanted = _shape(database.engine), _shape(declared)

    declared.dispose()
    assert migrated == wanted
    assert len(wanted) > 200


def _shape(engine: Engine) -> set[tuple[object, ...]]:
    with engine.connect() as connection:
        return {
            tuple(row) for query in _SHAPES for row in connection.execute(text(query), {"schema": SCHEMA})
        }


def _empty_database(database: Database, name: str) -> Engine:
    with database.autocommit() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    return create_engine(make_url(database.url).set(database=name))


def test_every_column_says_what_it_is(database: Database) -> None:
    found = inspect(database.engine)
    silent = [
        f"{table}.{column['name']}"
        for table in found.get_table_names(schema=SCHEMA)
        for column in found.get_columns(table, schema=SCHEMA)
        if not column.get("comment") and table != "alembic_version"
    ]
    assert silent == []


def test_the_known_head_is_the_newest_migration() -> None:
    assert migrations.scripts()[1].get_current_head() == migrations.HEAD


def test_ten_openings_at_once_migrate_an_empty_database_once(database: Database) -> None:
    first = _empty_database(database, "opened_at_once")
    engines = [first, *(create_engine(first.url) for _ in range(9))]
    failed: list[BaseException] = []

    def upgrade(number: int) -> None:
        try:
            migrations.upgrade(engines[number])
        except BaseException as error:  # noqa: BLE001 - the test tells every kind
            failed.append(error)

    threads = [threading.Thread(target=upgrade, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with engines[0].connect() as connection:
        assert connection.execute(
            text(f"SELECT version_num FROM {SCHEMA}.alembic_version")
        ).scalars().all() == [migrations.HEAD]
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_newer_version_is_refused_with_the_cure(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text(_SET_VERSION), {"version": "9999"})
    try:
        with pytest.raises(SettingsError, match=r"another version.*Run the newest version"):
            migrations.upgrade(database.engine)
    finally:
        with database.begin() as connection:
            connection.execute(text(_SET_VERSION), {"version": migrations.HEAD})
