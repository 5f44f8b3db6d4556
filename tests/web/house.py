"""The hub that all tests of pages share, who lives in it, and how they look at it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import aiohttp
from axe_playwright_python.sync_playwright import Axe
from configured import configured
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response
from psycopg.conninfo import conninfo_to_dict

from api_callers import Person, person_of
from database_clones import clone, in_own_loop
from hubs import NAME, Twin, open_twin, settings_for
from sites import Served, serving_site
from storetwin.bootstrap import open_hub
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub import Hub
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.queued import Queued
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.staging.models import Chosen, Filter, RuleAction
from storetwin.tenancy.models import Role
from storetwin.web.cookies import SESSION

IS_LONG = settings.get_current_profile_name() == "long"
ORDERS = 60
WIDE, NARROW = 1360, 390
SCROLLED = (320, 390, 768, 1360)
WIDTHS = {WIDE: 900, NARROW: 844}


@dataclass(frozen=True, slots=True)
class House:
    """A hub that serves its pages, with a worker.

    Args:
        people: one for each role, of the organisation that has the store.
        cookies: their sessions.
        foreign: the session of an owner of another organisation.
        values: of what pages name in their addresses, by the name of the parameter.
    """

    served: Served
    dsn: str
    sandbox: Sandbox
    people: dict[Role, Person]
    cookies: dict[Role, str]
    foreign: str
    organisation_id: UUID
    admin_dsn: str
    folder: Path
    values: dict[str, str]

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def database(self) -> str:
        return str(conninfo_to_dict(self.dsn)["dbname"])


@asynccontextmanager
async def hub_of(house: House) -> AsyncIterator[Hub]:
    """Open another hub on the same database, to make something for a test."""
    async with open_hub(settings_for(house.dsn, house.folder)) as hub:
        yield hub


@contextmanager
def settled_house(postgres: EmbeddedPostgres, template: str, folder: Path) -> Iterator[House]:
    """Pull a small store whole, and serve everything."""
    with clone(postgres, template) as dsn, running_store(orders=ORDERS, seed=7) as sandbox:
        people, other, organisation_id, values = in_own_loop(_settle(dsn, folder, sandbox))
        with serving_site(dsn, folder, public_url=None, has_worker=True) as served:
            cookies = in_own_loop(_sign_in(served.url, people))
            foreign = in_own_loop(session_of(served.url, other))
            admin = postgres.admin_dsn
            in_own_loop(_until_idle(dsn, folder))
            yield House(
                served,
                dsn,
                sandbox,
                people,
                cookies,
                foreign,
                organisation_id,
                admin,
                folder,
                values,
            )


async def _settle(
    dsn: str, folder: Path, sandbox: Sandbox
) -> tuple[dict[Role, Person], Person, UUID, dict[str, str]]:
    """Pull the store; return the people, an owner of another organisation, and what there is to name.

    A page whose address names something else than is named here needs its value here.
    """
    async with open_twin(dsn, folder, sandbox) as twin:
        hub = twin.hub
        people = {role: await person_of(hub, role) for role in Role}
        outcome = await twin.pull()
        await hub.schedules.of(NAME)
        await _put_off(twin)
        elsewhere = await hub.people.organisations.make(None, "Elsewhere")
        other = await person_of(hub.of(elsewhere.organisation_id), Role.OWNER)
        rules = {"products": [{"field": "custom.colour", "source": "attribute:Color"}]}
        mapping = await hub.mappings.create(NAME, "house", {"rules": rules})
        certificates = await hub.asking.certificates(None, is_complete=None, behind=None, limit=1)
        values = {
            "run_id": str(outcome.run_id),
            "certificate_id": str(certificates[0]["certificate_id"]),
            "mapping_id": str(mapping.id),
            "connection": NAME,
            "slug": NAME,
            "resource": "orders",
            "remote_id": str(sandbox.store.ids("orders")[0]),
            "moment": "now",
            "noun": "tags",
            "core_id": str(await _promoted(twin, "tags")),
        }
        values |= await configured(hub, people)
        wanted = Filter("products", search="no such thing")
        rule = await hub.staging.rules.add("never", wanted, RuleAction.IGNORE, is_active=False)
        values["rule"] = rule.name
        values["dead_letter_id"] = await _discarded(twin, outcome.run_id)
    return people, other, hub.organisation_id, values


async def _promoted(twin: Twin, resource: str) -> UUID | None:
    """Bring one record of a resource into core; return its core record."""
    staging = twin.hub.staging
    first = (await staging.page(Filter(resource), page_size=1)).data[0]
    chosen = Chosen(Filter(resource), ids=((first.connection_id, first.remote_id),))
    [asked] = await staging.promote(chosen)
    hub = replace(twin.hub, queued=Queued(asked.run_id))
    await hub.staging.work(NAME, lambda _: None)
    return (await staging.record(NAME, resource, first.remote_id)).record.core_id


async def _discarded(twin: Twin, run_id: UUID) -> str:
    """Keep a dead letter that a person has discarded: nothing waits here that no test asks for."""
    letter_id = uuid4()
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(
            "INSERT INTO runs.dead_letters (dead_letter_id, organisation_id, connection_id, resource,"
            " remote_id, name, reason, state, attempts, first_seen_at, last_seen_at, run_id)"
            " VALUES (%(id)s, %(organisation_id)s, %(connection_id)s, 'orders', '1', '1',"
            " 'orders/1 answers 500', 'discarded', 3, now(), now(), %(run_id)s)",
            {
                "id": letter_id,
                "organisation_id": twin.hub.organisation_id,
                "connection_id": twin.connection.id,
                "run_id": run_id,
            },
        )
    return str(letter_id)


async def _put_off(twin: Twin) -> None:
    """Let the schedules begin tomorrow: nothing happens here that no test asks for."""
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute("UPDATE runs.schedules SET next_at = now() + interval '1 day'")


async def _until_idle(dsn: str, folder: Path) -> None:
    """Wait for what a worker does when it starts: it brings what happened while none was there."""
    async with open_hub(settings_for(dsn, folder)) as hub, asyncio.timeout(60):
        while not await hub.asking.every(
            NAME, Wanted(kinds=[RunKind.SYNC], states=[RunState.DONE], limit=1)
        ):
            await asyncio.sleep(0.1)


async def _sign_in(url: str, people: dict[Role, Person]) -> dict[Role, str]:
    return {role: await session_of(url, person) for role, person in people.items()}


async def session_of(url: str, person: Person) -> str:
    """Return what a browser is known by in which somebody signed in."""
    form = {"email": person.email, "password": person.password}
    headers = {"Origin": url}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/sign-in", data=form, headers=headers, allow_redirects=False) as answer,
    ):
        assert answer.status == 303, await answer.text()
        return answer.cookies[SESSION].value


QUERIES = {"/data/{resource}/promotions/live": "?run={run_id}"}
"""What pages cannot be asked without."""


def filled(house: House, path: str, **other: str) -> str:
    """Return the address of a page, of what is there."""
    values = house.values | other
    lacking = [name for name in re.findall(r"\{(\w+)", path) if name not in values]
    assert not lacking, f"{path}: add {lacking} to house.settled_house"
    filled = re.sub(r"\{(\w+)(:\w+)?\}", lambda m: quote(values[m[1]], safe=""), path)
    return filled + QUERIES.get(path, "").format_map(values)


@dataclass
class Visit:
    """A browser in which somebody looks at pages."""

    house: House
    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        house: House,
        browser: Browser,
        role: Role | None,
        *,
        width: int = WIDE,
        theme: str = "light",
        expected: Sequence[int] = (),
        javascript: bool = True,
    ) -> Visit:
        """Open a browser.

        Args:
            role: as whom; None: not signed in.
            expected: statuses of errors that are no fault here.
        """
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS.get(width, 900)},
            color_scheme=theme,
            reduced_motion="reduce",
            base_url=house.url,
            timezone_id="Europe/Vienna",
            java_script_enabled=javascript,
        )
        if role is not None:
            cookie = {"name": SESSION, "value": house.cookies[role], "url": house.url}
            context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])
        visit = cls(house, context, context.new_page(), expected=list(expected))
        visit.page.set_default_timeout(20_000)
        visit.page.on("pageerror", lambda error: visit.wrong.append(f"pageerror {error}"))
        visit.page.on("console", visit._heard)
        visit.page.on("request", visit._asked)
        visit.page.on("response", visit._answered)
        return visit

    def end(self) -> None:
        """Close it; nothing may have been wrong."""
        self.context.close()
        assert self.wrong == []

    def _heard(self, message: ConsoleMessage) -> None:
        is_expected = any(f"status of {status}" in message.text for status in self.expected)
        if message.type in ("error", "warning") and not is_expected:
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.house.url, "data:", "blob:")):
            self.wrong.append(f"it asked {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.wrong.append(f"{response.status} {urlsplit(response.url).path}")


def check(page: Page, *, axe: bool = True) -> None:
    """Fail unless a page is legible for everybody: no finding of axe, nothing cut off at any width."""
    size = page.viewport_size or {"width": WIDE, "height": 900}
    for width in SCROLLED:
        page.set_viewport_size({"width": width, "height": size["height"]})
        assert cut_off(page) == [], f"at {width} px"
    page.set_viewport_size(size)
    if axe:
        assert findings(page) == []


def check_both_themes(page: Page) -> None:
    """Check a page in light and wide, dark and narrow; at length in both themes at both widths."""
    height = (page.viewport_size or {"height": 900})["height"]
    states = [("light", WIDE), ("dark", NARROW)]
    if IS_LONG:
        states += [("light", NARROW), ("dark", WIDE)]
    for theme, width in states:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": height})
        assert findings(page) == [], f"{theme}, {width} px"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE, "height": height})
    check(page, axe=False)


CUT_OFF = """() => {
  const W = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > W) found.push("page " + document.documentElement.scrollWidth);
  for (const e of document.querySelectorAll("main *, header *, aside.drawer *")) {
    const r = e.getBoundingClientRect();
    if (r.width && r.right > W + 1 && !e.closest(".tabs,.pills,.tbl-wrap,.code,.log,.vh,.side,.menu-x,dialog:not([open])"))
      found.push(`${e.tagName}.${e.className} ${Math.round(r.right)}`);
  }
  return found.slice(0, 6);
}"""


def cut_off(page: Page) -> list[str]:
    """Return what is wider than the window."""
    found: list[str] = page.evaluate(CUT_OFF)
    return found


def findings(page: Page) -> list[str]:
    """Return what axe has to say against a page, of any weight."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]}"
        for one in found
        for node in one["nodes"]
    ]
