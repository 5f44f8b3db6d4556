"""Webhooks: what each store tells by itself, topic by topic, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from fastapi import APIRouter, Form, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.connections.models import Connection
from storetwin.connections.webhooks_health import Health, Standing
from storetwin.connections.webhooks_plan import TOPICS
from storetwin.db.database import Row
from storetwin.hub.mending import Mended
from storetwin.hub.webhooks import Overview
from storetwin.mirror.deliveries import Sought
from storetwin.tenancy.models import Permission
from storetwin.web.connection_view import HOOK_WORD
from storetwin.web.listing import PageNumber, Search, part_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Deleting, Reading, Updating
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/configuration/webhooks"
ONE: Final = PATH + "/{connection}"
SHOWN: Final = 50
STORES: Final = 20  # on a page
LONGEST_SHOWN: Final = 200_000  # bytes of a body
LATEST: Final = 2**63 - 1
State = Literal["waiting", "applied", "ignored"]
STATES: Final[Mapping[str, str]] = {
    "waiting": "Waiting",
    "applied": "Delivered",
    "ignored": "Ignored",
}
SAID: Final[Mapping[Standing, str]] = {
    Standing.POLLING: "They are only asked",
    Standing.OFF: "It is only asked",
    Standing.BROKEN: "Something is missing",
    Standing.SILENT: "The store is silent",
    Standing.REFUSED: "Deliveries are refused",
    Standing.WAITING: "Nothing was delivered yet",
    Standing.OK: "All is well",
}
"""What to do, in the words of this page: what the command line says names commands."""
DO: Final[Mapping[Standing, str]] = {
    Standing.POLLING: "Whoever runs this hub sets STORETWIN_PUBLIC_URL to where stores reach it "
    "(https), and starts it again. Until then changes are found by the schedules.",
    Standing.OFF: "Create them: changes then come within seconds. It takes keys that may write.",
    Standing.SILENT: "Look whether the store’s cron runs (WooCommerce › Status › Scheduled "
    "Actions), then send a test.",
    Standing.WAITING: "Send a test, or change something in the store.",
    Standing.REFUSED: "Where the signature is wrong, take a new secret.",
}
BY_NEED: Final = (
    Standing.BROKEN,
    Standing.REFUSED,
    Standing.SILENT,
    Standing.WAITING,
    Standing.OK,
    Standing.OFF,
    Standing.POLLING,
)
Named = Annotated[str, InPath(alias="connection", max_length=100)]
Store = Annotated[str | None, Query(max_length=200)]
Number = Annotated[int, InPath(ge=1, le=2**63 - 1)]


class MendForm(BaseModel):
    """What to make of the webhooks."""

    model_config = ConfigDict(extra="ignore")

    new_secret: bool = False


class AllowForm(BaseModel):
    """Who may deliver: addresses and networks, with commas or spaces between."""

    model_config = ConfigDict(extra="ignore")

    allowed_ips: str = Field(default="", max_length=4000)


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic.

    Args:
        word: of `WORDS`.
        what: is the matter with it, if anything.
        traffic: what its latest deliveries come to.
    """

    topic: str
    word: str
    what: str | None
    traffic: Row | None


@router.get(PATH)
async def webhooks_page(
    page: Reading, connection: Store = None, q: Search = None, number: PageNumber = 1
) -> Response:
    """Show how the webhooks of a store are doing, and those of the others in a line each."""
    stores = await page.hub.register.every()
    healths = await page.hub.standings.webhooks()
    kept = {"connection": connection or ""}
    others = part_of(
        worst_first(stores, healths),
        q,
        number,
        path=PATH,
        at="st-t",
        words=lambda one: f"{one[0].name} {one[0].url}",
        size=STORES,
        kept=kept,
    )
    context: dict[str, Any] = {"stores": stores, "one": None, "others": others}
    if not stores:
        return await page.render("webhooks/index.html", context, api="/api/v1/connections")
    found = await page.hub.register.named(connection) if connection else stores[0]
    overview = await page.hub.webhooks.known(found.name)
    topics = await page.hub.deliveries.topics(found.name)
    context |= {
        "one": found,
        "to": f"{PATH}/{quote(found.name, safe='')}",
        "overview": overview,
        "word": HOOK_WORD[overview.health.standing],
        "title_of": SAID[overview.health.standing],
        "remedy": DO.get(overview.health.standing),
        "rows": topic_rows(overview, topics),
        "Standing": Standing,
        "HOOK_WORD": HOOK_WORD,
        "SAID": SAID,
        "has_public_url": page.hub.public_url is not None,
        "public_url": page.hub.public_url,
    }
    api = f"/api/v1/connections/{found.id}/webhooks"
    return await page.render("webhooks/index.html", context, api=api)


@router.post(ONE + "/mend")
async def put_webhooks_page(
    page: Updating, name: Named, given: Annotated[MendForm, Form()]
) -> Response:
    """Make webhooks in the store, and mend those that are not well."""
    mended = await page.hub.webhooks.put(name, is_new=given.new_secret)
    tone = Tone.CHANGE if mended.refused else Tone.OK
    return page.redirect(_to(name), _told(mended), tone)


@router.post(ONE + "/test")
async def test_webhooks_page(page: Updating, name: Named) -> Response:
    """Send a harmless delivery to our own public URL, and see whether it is kept."""
    probed = await page.hub.webhooks.test(name)
    if probed.is_kept:
        ms = round(probed.seconds * 1000)
        return page.redirect(_to(name), f"The test came back: signed, and kept within {ms} ms.")
    trouble = probed.trouble or "It was answered, and is not in the inbox."
    return page.redirect(_to(name), f"{trouble} {probed.remedy or ''}".strip(), Tone.BAD)


@router.post(ONE + "/allow")
async def update_webhooks_page(
    page: Updating, name: Named, given: Annotated[AllowForm, Form()]
) -> Response:
    """Say which addresses may deliver; nothing is asked of the store."""
    allowed = given.allowed_ips.replace(",", " ").split()
    await page.hub.webhooks.allow(name, allowed)
    told = f"Only {len(allowed)} may deliver now." if allowed else "Every address may deliver now."
    return page.redirect(_to(name), told)


@router.post(ONE + "/remove")
async def delete_webhooks_page(page: Deleting, name: Named) -> Response:
    """Delete our webhooks in the store; it is only asked from then on."""
    gone = await page.hub.webhooks.remove(name)
    told = f"{gone} webhooks were deleted in the store. Its changes are found by the schedules."
    return page.redirect(_to(name), told, Tone.IDLE)


# -- deliveries ---------------------------------------------------------------------------------


class Wanted(BaseModel):
    """Which deliveries, from where on.

    Args:
        number: the one that stands beside the list.
    """

    model_config = ConfigDict(extra="ignore")

    state: State | Literal[""] = ""
    topic: str = Field(default="", max_length=100)
    resource: str = Field(default="", max_length=63)
    remote_id: str = Field(default="", max_length=500)
    behind: int | None = Field(default=None, ge=1, le=LATEST)
    number: int | None = Field(default=None, ge=1, le=LATEST)

    @property
    def chosen(self) -> dict[str, str]:
        """Return the filters that are set."""
        names = ("state", "topic", "resource", "remote_id")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@router.get(ONE + "/deliveries")
async def deliveries_page(
    page: Reading, name: Named, asked: Annotated[Wanted, Query()]
) -> Response:
    """List what the store told, the latest first."""
    found = await page.hub.register.named(name)
    rows, last = await page.hub.deliveries.page(
        found.name, Sought(**asked.chosen), behind=asked.behind, limit=SHOWN
    )
    here = f"{_path(found.name)}/deliveries"
    may_see = page.may(Permission.EXPORT)  # a body may hold what belongs to a person
    row = await page.hub.deliveries.one(found.name, asked.number) if asked.number else None
    context = {
        "one": found,
        "to": _path(found.name),
        "here": here,
        "rows": rows,
        "asked": asked,
        "newest": f"{here}?{urlencode(asked.chosen)}" if asked.behind else None,
        "older": f"{here}?{urlencode(asked.chosen | {'behind': last})}" if last else None,
        "STATES": STATES,
        "topics": tuple(TOPICS),
        "may_see": may_see,
        "query": urlencode(asked.chosen | ({"behind": asked.behind} if asked.behind else {})),
        "row": row,
        "body": _pretty(row["body"]) if row and may_see else None,
    }
    api = f"/api/v1/connections/{found.id}/webhooks/deliveries"
    return await page.render("webhooks/deliveries.html", context, fragments={"rows"}, api=api)


@router.post(ONE + "/deliveries/{number}/retry")
async def retry_delivery_page(page: Updating, name: Named, number: Number) -> Response:
    """Let the record that a delivery names be read again at once."""
    row = await page.hub.deliveries.retry(name, number)
    told = f"{row['resource']}/{row['remote_id']} is read again within seconds."
    return page.redirect(f"{_path(name)}/deliveries", told)


# -- what is shown ------------------------------------------------------------------------------


def worst_first(
    stores: Sequence[Connection], healths: Mapping[UUID, Health]
) -> list[tuple[Connection, Health]]:
    """Return stores with how their webhooks are doing: those that need somebody first, then by name."""
    order = list(BY_NEED)
    known = [(store, healths[store.id]) for store in stores if store.id in healths]
    return sorted(known, key=lambda one: (order.index(one[1].standing), one[0].name))


def topic_rows(overview: Overview, topics: list[Row]) -> list[TopicRow]:
    """Return every topic that the store has of ours, lacks, or told something of."""
    end = overview.end
    upkeep = end.upkeep if end else None
    lacking = dict(upkeep.lacking) if upkeep and end and end.is_wanted else {}
    active = set(upkeep.active) if upkeep and end and end.is_wanted else set()
    traffic = {row["topic"]: row for row in topics}
    order = [*TOPICS, *sorted(set(traffic) - set(TOPICS))]
    rows = []
    for topic in order:
        if topic not in lacking | traffic and topic not in active:
            continue
        word = "Failing" if topic in lacking else "Active" if topic in active else "Off"
        rows.append(TopicRow(topic, word, lacking.get(topic), traffic.get(topic)))
    return rows


def _path(name: str) -> str:
    return f"{PATH}/{quote(name, safe='')}"


def _to(name: str) -> str:
    return f"{PATH}?connection={quote(name, safe='')}"


def _told(mended: Mended) -> str:
    """Say what was done in the store."""
    made, kept = len(mended.created), len(mended.kept)
    if not made and not mended.deleted and not mended.refused:
        return f"All {kept} webhooks were well already. Nothing was changed in the store."
    told = f"{made} made in the store, {kept} were well, {mended.deleted} old ones deleted."
    if mended.refused:
        topic, why = next(iter(mended.refused.items()))
        told += f" The store refused {len(mended.refused)}: {topic}, for {why}"
    return told


def _pretty(body: bytes | memoryview | None) -> str | None:
    """Return a body to be read: indented where it is JSON, as it came else."""
    if body is None:
        return None
    try:
        text = msgspec.json.format(bytes(body), indent=2)  # every digit stays as it was written
    except msgspec.DecodeError:
        text = bytes(body)
    return text[:LONGEST_SHOWN].decode("utf-8", "replace")
