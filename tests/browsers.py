"""The browser that tests drive: the one that is installed, else Playwright's own."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Return the path of Chromium; fail with what to do where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None) or _of_playwright()
    assert found, (
        "No Chromium is installed. `make test` installs it on Debian, as root; elsewhere "
        "`playwright install chromium` does."
    )
    return found


def _of_playwright() -> str | None:
    """Return the Chromium that Playwright fetched for itself, where it did.

    Asked in a thread of its own: whoever needs it has a Playwright open, and one thread takes one.
    """
    with ThreadPoolExecutor(1) as elsewhere:
        path = elsewhere.submit(_path_of_its_own).result()
    return path if Path(path).is_file() else None


def _path_of_its_own() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path
