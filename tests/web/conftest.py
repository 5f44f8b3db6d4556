"""One hub with a pulled store, and one browser, for all tests of pages of one worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from house import House, Visit, settled_house
from playwright.sync_api import Browser, expect, sync_playwright

from browsers import chromium
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.tenancy.models import Role

expect.set_options(timeout=15_000)  # a machine of two cores, and two browsers on it
os.environ.setdefault("PLAYWRIGHT_SKIP_VALIDATE_HOST_REQUIREMENTS", "1")  # noqa: TID251


@pytest.fixture(scope="session")
def house(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The hub, its store and its people; shared: what a test changes, it puts back, or makes for itself."""
    with settled_house(postgres, template, tmp_path_factory.mktemp("house")) as settled:
        yield settled


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; of one module only, for its event loop runs until it is closed.

    So a module has tests that are coroutines, or tests with a browser, not both.
    """
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        yield opened
        opened.close()


@pytest.fixture
def visit(house: House, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages as somebody: `visit(Role.VIEWER, width=390, theme="dark")`.

    At the end of the test nothing may have been wrong in any of them: no error in the console, no
    breach of the content security policy, no request to anywhere else.
    """
    visits: list[Visit] = []

    def begin(role: Role | None = Role.OWNER, **more: object) -> Visit:
        visits.append(Visit.begin(house, browser, role, **more))
        return visits[-1]

    yield begin
    for one in visits:
        one.end()


@pytest.fixture
def page(visit: Callable[..., Visit]):
    """A page of the owner, 1360 wide and light."""
    return visit().page
