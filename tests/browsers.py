"""The browser that tests drive: the one that is installed, never one that is downloaded."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Return the path of Chromium; fail with what to do where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "No Chromium is installed. `make test` installs it on Debian, as root."
    return found
