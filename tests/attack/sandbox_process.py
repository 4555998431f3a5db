"""The sandbox as a process of its own: prints its addresses, serves until its standard input ends."""

import json
import signal
import sys

from st_qbo_sandbox.app import Sandbox


def main() -> None:
    """Serve an empty sandbox in memory on free ports."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the tests, and they end this
    with Sandbox() as sandbox:
        urls = {"servicetitan": sandbox.servicetitan_url, "quickbooks": sandbox.quickbooks_url}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
