"""`st-qbo sandbox`: runs the sandbox as its own process; the product never imports it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from st_qbo_assets.cli.processes import PROJECT, ProcessFailed, environment
from st_qbo_assets.settings import Settings, load_settings


def run_sandbox(arguments: Sequence[str]) -> int:
    """Run `python -m st_qbo_sandbox` with these arguments and return its exit status."""
    command = [sys.executable, "-m", "st_qbo_sandbox", *arguments]
    try:
        return subprocess.run(command, cwd=PROJECT, env=environment(load_settings()), check=False).returncode
    except KeyboardInterrupt:
        return 130


def sandbox_info(settings: Settings) -> dict[str, Any]:
    """Return what the sandbox says of itself: addresses, tenant, realm, credentials, days."""
    command = [sys.executable, "-m", "st_qbo_sandbox", "info", "--json"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment(settings), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProcessFailed(f"the sandbox says: {done.stderr.strip()}")
    return json.loads(done.stdout)
