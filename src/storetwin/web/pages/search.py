"""Search: records of all stores by SKU, number, e-mail, name or id, answered from the twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from storetwin.hub import Hub
from storetwin.staging.models import Filter, StagedRecord
from storetwin.web.data_asked import PATH, record_path, slug
from storetwin.web.data_view import label_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
INDEX: Final = "search/index.html"
PIECES: Final = "search/pieces.html"
FRAGMENT: Final = "palette_found"
SEARCHED: Final = ("products", "variations", "orders", "customers", "coupons")
SHORTEST: Final = 2  # signs; one alone is in nearly everything
EACH: Final = 5  # records of a resource


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one resource.

    Args:
        count: of all that match; there are more where ``is_cut_off``.
    """

    resource: str
    records: tuple[StagedRecord, ...]
    count: int
    is_cut_off: bool

    @property
    def label(self) -> str:
        """Return what people call the resource."""
        return label_of(self.resource)

    @property
    def path(self) -> str:
        """Return where all of them are."""
        return f"{PATH}/{slug(self.resource)}"


@router.get("/search")
async def search_page(page: Reading, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Find records of all stores."""
    wanted = q.strip()
    groups = await _found(page.hub, wanted) if len(wanted) >= SHORTEST else []
    document = {
        "q": wanted,
        "data": [
            {"resource": one.resource, "connection": one.connection, "remote_id": one.remote_id}
            for group in groups
            for one in group.records
        ],
    }
    is_part = page.request.headers.get("hx-target") == FRAGMENT
    return await page.render(
        PIECES if is_part else INDEX,
        {"q": wanted, "groups_found": groups, "shortest": SHORTEST, "record_path": record_path},
        fragments={FRAGMENT},
        document=document,
    )


async def _found(hub: Hub, text: str) -> list[Group]:
    """Return the first records of each resource that a text is in."""
    held = {count.resource for count in await hub.staging.counts() if count.records}
    groups = []
    for resource in SEARCHED:
        if resource not in held:
            continue
        found = await hub.staging.page(Filter(resource, search=text), page_size=EACH)
        if found.data:
            groups.append(Group(resource, found.data, found.row_count, found.is_cut_off))
    return groups
