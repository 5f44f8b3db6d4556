"""Asking a store which one it is: what it says of itself, and single records as traces.

Only some members of ``system_status.environment`` are asked for: the whole of it makes the store
call other servers, and these few do not. Keys that may not see the status get a 401
or 403 there; the public index of WordPress tells the home address and the name to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from storetwin.connections.identity import MARKS, Identity, Trace, place
from storetwin.kernel.clock import parse_gmt
from storetwin.kernel.errors import StoretwinError
from storetwin.resources import Resource, RouteArguments
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError, RequestRefusedError

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

STATUS_FIELDS = (
    "environment.store_id,environment.home_url,environment.version,environment.wp_multisite,"
    "settings.currency"
)
TRACE_FIELDS = ",".join(("id", *MARKS, "date_modified_gmt"))
NO_SUCH_RECORD = "_invalid_id"  # how WooCommerce's codes for a record that does not exist end
MOST_ASKED_ALONE = 3
Found = Mapping[int, Trace | None]  # None: the store says that there is no such record


async def read_identity(client: StoreClient) -> Identity:
    """Return what a store says of itself; what it does not say, or not to these keys, is None.

    Raises:
        RetryableError: it does not answer at all.
    """
    status = await _status(client)
    index = await _index(client)
    environment, settings = _part(status, "environment"), _part(status, "settings")
    return Identity(
        store_id=_text(environment.get("store_id")),
        home_url=_text(environment.get("home_url")) or _text(index.get("home")),
        name=_text(index.get("name")),
        wc_version=_text(environment.get("version")),
        currency=_text(settings.get("currency")),
        timezone=_text(index.get("timezone_string")) or _text(index.get("gmt_offset")),
        is_network=environment.get("wp_multisite") is True,
    )


async def tells_itself(client: StoreClient, remembered: Identity) -> bool:
    """Say whether one answer of a store says that it is the one that is remembered.

    That is what its keys may see of the status, or the public index where they may not.

    Returns:
        False where it says something else or nothing: then it is to be looked at closely.
    """
    if remembered.store_id is not None:
        environment = _part(await _status(client), "environment")
        home = _text(environment.get("home_url"))
        is_same = _text(environment.get("store_id")) == remembered.store_id
    else:
        home = _text((await _index(client)).get("home"))
        is_same = home is not None and remembered.home_url is not None
    old = remembered.home_url
    return is_same and (home is None or old is None or place(home) == place(old))


async def _status(client: StoreClient) -> dict[str, Any]:
    try:
        single = await client.get("system_status", {"_fields": STATUS_FIELDS})
        found = msgspec.json.decode(single.document)
    except (StoretwinError, msgspec.DecodeError):
        return {}  # no right to see it, a firewall, or it breaks: the records will tell
    return found if isinstance(found, dict) else {}


async def _index(client: StoreClient) -> dict[str, Any]:
    try:
        return await client.site_index()
    except (StoretwinError, ValueError):
        return {}


def _part(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


async def is_home_alive(client: StoreClient, home_url: str) -> bool:
    """Say whether a store of its own still answers at an address. No keys are sent there."""
    try:
        index = await client.site_index(home_url)
    except (StoretwinError, ValueError):
        return False
    home = _text(index.get("home"))
    return home is not None and place(home) == place(home_url)


class RecordLooker:
    """Looks at records of one resource in the store, many in one request.

    Args:
        resource: one with ids, ``include`` and addresses of its records.
    """

    def __init__(self, client: StoreClient, resource: Resource, routes: RouteArguments) -> None:
        self._client = client
        self._resource = resource
        self._lists = resource.lists.for_route(resource.path, routes)

    async def find(self, numbers: Sequence[int]) -> Found:
        """Return what the store has under these ids, at most 100; without what it does not tell.

        What the lists do not show is asked for by its own address, up to three: only where
        those are really gone, the others are believed to be.

        Raises:
            RetryableError: the store does not answer.
        """
        found: dict[int, Trace | None] = {}
        for params in self._lists:
            missing = [number for number in numbers if number not in found]
            if not missing:
                break
            try:
                found |= await self._listed(params, missing)
            except (BadAnswerError, RequestRefusedError, NotFoundError):
                return found | await self._alone(_few(missing))
        missing = sorted(number for number in numbers if number not in found)
        alone = await self._alone(_few(missing))
        if len(alone) == len(_few(missing)) and not any(alone.values()):
            alone |= dict.fromkeys(missing)
        return found | alone

    async def is_empty(self) -> bool:
        """Say whether no list of the resource shows a record."""
        for params in self._lists:
            try:
                page = await self._client.list(
                    self._resource.path, {**params, "per_page": "1", "_fields": "id"}
                )
            except (BadAnswerError, RequestRefusedError, NotFoundError):
                return False
            if page.records or page.total:
                return False
        return True

    async def _listed(self, params: Mapping[str, str], numbers: Sequence[int]) -> dict[int, Trace]:
        asked = {**params, "include": ",".join(map(str, numbers)), "per_page": str(len(numbers))}
        asked |= {"orderby": "id", "order": "asc", "_fields": TRACE_FIELDS}
        page = await self._client.list(self._resource.path, asked)
        traces = [_trace(document) for document in page.records]
        return {trace.number: trace for trace in traces if trace and trace.number in numbers}

    async def _alone(self, numbers: Sequence[int]) -> dict[int, Trace | None]:
        found: dict[int, Trace | None] = {}
        assert self._resource.single is not None
        for number in numbers:
            path = self._resource.single.replace("{id}", str(number))
            try:
                single = await self._client.get(path, {"_fields": TRACE_FIELDS})
            except NotFoundError as error:
                if error.wc_code.endswith(NO_SUCH_RECORD):
                    found[number] = None
                continue
            except (BadAnswerError, RequestRefusedError):
                continue
            trace = _trace(single.document)
            if trace is not None and trace.number == number:
                found[number] = trace
        return found


def _few(numbers: Sequence[int]) -> Sequence[int]:
    """Return the first, the middle one and the last of many."""
    if len(numbers) <= MOST_ASKED_ALONE:
        return numbers
    return [numbers[0], numbers[len(numbers) // 2], numbers[-1]]


def _trace(document: bytes) -> Trace | None:
    """Return a record as a trace; None where it has no id, or is no JSON by the letter."""
    try:
        found = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    number = found.get("id") if isinstance(found, dict) else None
    if not isinstance(number, int):
        return None
    return Trace(number, marks_of(found), parse_gmt(_text(found.get("date_modified_gmt"))))


def marks_of(members: Mapping[str, Any]) -> dict[str, str]:
    """Return those members that tell a record from another one, where they are text and not empty."""
    found = {name: members.get(name) for name in MARKS}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}
