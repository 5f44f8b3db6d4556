"""Where people and stores have gone apart, and giving way to a store again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from storetwin.core.apart import Apart, read_apart

if TYPE_CHECKING:
    from storetwin.hub.core import CoreRecord
    from storetwin.hub.hub import Hub


async def gone_apart(hub: Hub) -> list[Apart]:
    """Return the columns that a person changed and a store since, the longest ago first."""
    async with hub.database.transaction(hub.organisation_id) as tx:
        return await read_apart(tx)


async def give_way(
    hub: Hub, noun: str, core_id: UUID, fields: Sequence[str], user_id: UUID | None
) -> CoreRecord:
    """Let columns be what stores say, if they still differ from what the person made of them.

    Raises:
        UnknownNameError: no such noun, or record.
    """
    return await hub.core.take_back(noun, core_id, fields, user_id=user_id)
