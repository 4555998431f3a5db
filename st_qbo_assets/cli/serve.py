"""`st-qbo serve`: the receiver of webhooks and the Connect pages, alone.

What belongs here: starting the process and its exit status. What does not: what it does (`web`).
"""

import signal
import subprocess
import sys
from types import FrameType

from st_qbo_assets.cli.output import say
from st_qbo_assets.cli.processes import PROJECT, WEB_COMMAND, environment, require_free_ports, web_url
from st_qbo_assets.company_files import read_companies
from st_qbo_assets.settings import load_settings


def run_serve() -> int:
    """Serve until interrupted; return the process's exit status."""
    settings = load_settings()
    read_companies()  # a broken file is told at once
    require_free_ports(settings, "web")
    say(f"Webhooks and Connect pages: {web_url(settings)}   (Ctrl-C stops it)")
    process = subprocess.Popen([sys.executable, *WEB_COMMAND], cwd=PROJECT, env=environment(settings))

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if process.poll() is None:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    return process.wait()
