"""Making a migrated database as if nothing had happened in it."""

from sqlalchemy import Connection, text

from st_qbo_assets.store.schema import metadata


def empty(connection: Connection) -> None:
    """Forget every row of our schema; the connection commits each statement."""
    # The tables' guards refuse to be emptied; a replica's session does not ask them.
    connection.execute(text("SET session_replication_role = replica"))
    tables = ", ".join(str(table) for table in metadata.sorted_tables)
    connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    connection.execute(text("SET session_replication_role = DEFAULT"))
