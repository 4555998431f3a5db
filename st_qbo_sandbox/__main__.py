"""`python -m st_qbo_sandbox serve | info`.

Belongs here: arguments, signals, exit status. Does not belong here: what is served (`app.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import IO, Any

from st_qbo_sandbox.identity import Ports, SettingError, read_ports
from st_qbo_sandbox.seeding import SeedError, SeedOptions, default_options, read_options
from st_qbo_sandbox.storage import as_object, dump_json

_LOCK_NAME = "lock"
_OPTIONS = ("days", "invoices_per_day", "seed", "last_day", "hard", "buying", "bills_per_day", "skus")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        ports = read_ports()
        return _serve(parsed, ports) if parsed.command == "serve" else _info(parsed, ports)
    except (SettingError, SeedError) as error:
        sys.stderr.write(f"st_qbo_sandbox: {error}\n")
        return 2


def state_folder() -> Path:
    """Return the folder of the sandbox's state."""
    return Path(os.environ.get("ST_QBO_HOME") or ".st-qbo") / "sandbox"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m st_qbo_sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser(
        "serve", help="serve both systems until stopped; state is kept and found again"
    )
    serve.add_argument("--days", type=int, help="days of business, the last of them --last-day (default 7)")
    serve.add_argument("--invoices-per-day", type=int, help="(default 40)")
    serve.add_argument("--seed", type=int, help="another seed is another contractor (default 1)")
    serve.add_argument("--last-day", help="as 2026-03-31 (default yesterday)")
    serve.add_argument(
        "--hard", action="store_true", default=None, help="also the shapes that cannot be posted"
    )
    serve.add_argument(
        "--buying", action="store_true", default=None, help="also a week of purchasing of every kind"
    )
    serve.add_argument("--bills-per-day", type=int, help="so many plain bills beside, to measure (default 0)")
    serve.add_argument("--skus", type=int, help="over so many materials more (default 0)")
    serve.add_argument("--fresh", action="store_true", help="wipe the state first")
    info = commands.add_parser("info", help="print URLs, credentials and days; needs no running server")
    info.add_argument("--json", action="store_true", help="as one JSON document")
    return parser


def _given_options(parsed: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(parsed, name) for name in _OPTIONS}


def _serve(parsed: argparse.Namespace, ports: Ports) -> int:
    from st_qbo_sandbox.app import Sandbox  # heavy, and `info` needs none of it

    folder = state_folder()
    wanted = default_options().changed(_given_options(parsed))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_NAME).open("w") as lock:
        _take(lock, folder)
        if parsed.fresh:
            _wipe(folder)
        existing = read_options(folder)
        sandbox = Sandbox(folder, ports=ports)
        try:
            sockets = sandbox.bind()
            sandbox.seed_if_empty(_as_given(wanted))
            asyncio.run(_serve_until_signal(sandbox, sockets, _note(existing, wanted, parsed)))
        finally:
            sandbox.storage.close()
    return 0


async def _serve_until_signal(sandbox: Any, sockets: Any, note: str) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, sandbox.request_stop)

    def ready() -> None:
        line = f"ready: ServiceTitan {sandbox.servicetitan_url} QuickBooks {sandbox.quickbooks_url}{note}\n"
        sys.stdout.write(line)
        sys.stdout.flush()

    await sandbox.serve(sockets, ready=ready)


def _as_given(options: SeedOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in _OPTIONS}


def _note(existing: SeedOptions | None, wanted: SeedOptions, parsed: argparse.Namespace) -> str:
    """Say when existing state differs from what was asked for: it is kept, and only --fresh replaces it."""
    held = existing or wanted
    days = f" days {held.first_day} to {held.last_day}"
    asked = existing is not None and existing.changed(_given_options(parsed)) != existing
    return f"{days} (existing state kept; other options need --fresh)" if asked else days


def _take(lock: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SettingError(f"another sandbox runs on {folder}; set ST_QBO_HOME to another folder") from error


def _wipe(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK_NAME:
            path.unlink()


def _info(parsed: argparse.Namespace, ports: Ports) -> int:
    from st_qbo_sandbox.description import describe

    described = describe(ports, read_options(state_folder()))
    if parsed.json:
        sys.stdout.write(dump_json(described) + "\n")
        return 0
    for name, value in described.items():
        inner = as_object(value)
        if inner is not None:
            sys.stdout.write(f"{name}:\n" + "".join(f"  {key}: {text}\n" for key, text in inner.items()))
        else:
            sys.stdout.write(f"{name}: {value}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
