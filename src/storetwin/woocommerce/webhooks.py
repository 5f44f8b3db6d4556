"""The webhooks of a store: listing, making and deleting them.

What changes something is sent once. Where its answer was lost, the list of webhooks tells whether
it was done: a webhook of ours is known by its delivery URL and its topic.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from storetwin.connections.webhooks_plan import Hook
from storetwin.kernel.errors import RetryableError
from storetwin.woocommerce.errors import BadAnswerError, CachedAnswersError, NotFoundError

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

PATH = "webhooks"
ALL = {"status": "all", "orderby": "id", "order": "asc"}
PER_PAGE = 100
MOST_PAGES = (
    100  # ten thousand webhooks; the list is read by page, for it ignores offset (measured)
)
LOST = (BadAnswerError, CachedAnswersError, RetryableError)
"""Errors after which nobody knows whether what was asked for was done."""


class _Wire(msgspec.Struct):
    """The members of a webhook that we read."""

    id: int
    name: str = ""
    topic: str = ""
    status: str = ""
    delivery_url: str = ""


async def list_webhooks(client: StoreClient) -> list[Hook]:
    """Return every webhook of a store, whoever made it; mostly one request.

    Raises:
        BadAnswerError: the list is not what it should be.
        CredentialError, RetryableError: as for any list.
    """
    found: dict[int, Hook] = {}
    for page in range(1, MOST_PAGES + 1):
        params = {**ALL, "page": str(page), "per_page": str(PER_PAGE)}
        answer = await client.list(PATH, params)
        hooks = [_read(document) for document in answer.records]
        fresh = {hook.hook_id: hook for hook in hooks if hook.hook_id not in found}
        found |= fresh
        if not fresh or len(found) == answer.total:
            break
    return list(found.values())


async def create_webhook(
    client: StoreClient, wanted: Hook, secret: str, known: Collection[int]
) -> Hook:
    """Make a webhook; it is active, and the store pings its delivery URL at once.

    Args:
        wanted: its name, topic and delivery URL.
        known: ids of the webhooks that were there before.

    Returns:
        The webhook as the store has it now.

    Raises:
        RequestRefusedError: the store does not take it, like a topic that it does not know.
        CredentialError: the keys may not write.
        BadAnswerError, RetryableError: it was not made.
    """
    body = {
        "name": wanted.name,
        "topic": wanted.topic,
        "delivery_url": wanted.delivery_url,
        "secret": secret,
        "status": "active",
    }
    try:
        single = await client.write("POST", PATH, {}, msgspec.json.encode(body))
        return _read(single.document)
    except LOST:
        for hook in await list_webhooks(client):
            is_wanted = (hook.topic, hook.delivery_url) == (wanted.topic, wanted.delivery_url)
            if is_wanted and hook.hook_id not in known:
                return hook
        raise


async def delete_webhook(client: StoreClient, hook_id: int) -> None:
    """Delete a webhook; it is none the worse for being gone already.

    Raises:
        CredentialError: the keys may not write.
        BadAnswerError, RetryableError: it is still there.
    """
    try:
        await client.write("DELETE", f"{PATH}/{hook_id}", {"force": "true"}, b"")
    except NotFoundError as error:
        if error.is_route_missing:
            raise
    except LOST:
        if any(hook.hook_id == hook_id for hook in await list_webhooks(client)):
            raise


def _read(document: bytes) -> Hook:
    try:
        wire = msgspec.json.decode(document, type=_Wire)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadAnswerError("not_json", "A webhook of the store cannot be read.") from error
    return Hook(wire.id, wire.name, wire.topic, wire.status, wire.delivery_url)
