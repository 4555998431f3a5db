"""A process that imports the product once and forks a session for every connection to its socket.

What belongs here: importing, listening, forking. What does not: what a session does (`session`).

Importing Dagster and pandas costs seconds of CPU, and an empty Dagster instance in memory two more; a fork
costs milliseconds. Nothing else happens before the fork: a session opens every file and connection itself,
as a process started by Dagster would. It ends when its standard input does, so that it never outlives the
tests.
"""

import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import st_qbo_assets

#: Imported where they are used, by the product or its libraries, which every session would pay for.
_LATE_IMPORTS = (
    "cryptography.fernet",
    "dagster._core.definitions.external_asset",
    "dagster._core.definitions.repository_definition.repository_data_builder",
    "dagster._core.execution.execute_in_process",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.system_config.composite_descent",
    "fsspec.implementations.local",
    "pandas.core.arrays.arrow.extension_types",
    "pandas.io.parquet",
    "psycopg2.extras",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "rapidfuzz.fuzz",
    "rapidfuzz.process",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "upath",
)


def main(path: str) -> None:
    """Serve sessions at a Unix socket until standard input ends."""
    for name in (*_LATE_IMPORTS, *_product()):
        importlib.import_module(name)
    session = importlib.import_module("tests.attack.session")
    instance = importlib.import_module("dagster").DagsterInstance.ephemeral()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are buried by the system
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    while True:
        if any(key.fileobj is sys.stdin for key, _ in waiting.select()):
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _live(partial(session.obey, connection, instance))
        connection.close()


def _product() -> list[str]:
    """Return every module of the product but the migrations, which run by themselves."""
    walked = pkgutil.walk_packages(st_qbo_assets.__path__, f"{st_qbo_assets.__name__}.")
    return [found.name for found in walked if ".migrations" not in found.name]


def _live(obey: Callable[[], None]) -> None:
    """Be a session, and end without touching what the parent's interpreter would clean up."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        obey()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main(sys.argv[1])
