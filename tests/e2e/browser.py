"""A headless Chromium on the Dagster UI: opens a page, waits until it says something, takes a picture."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

#: Chromium looks its makers' hosts up at every start; on a closed network that only costs time.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser of Debian's package, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def open_page(*, width: int = 1600, height: int = 1000) -> Iterator[Page]:
    """Give a page of a fresh browser."""
    executable = chromium()
    assert executable, "install the package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(60_000)
            yield page
        finally:
            browser.close()


def picture(page: Page, path: Path) -> None:
    """Save what the page shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(path))
