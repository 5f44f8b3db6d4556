"""Records of sandbox stores as promotion sees them, without a pull: mapped, and what each brings along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from hubs import bytes_of
from storetwin.core.models import Cause, Incoming, Origin
from storetwin.core.write import write_batch
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Mapped, Noun, Site
from storetwin.mapping.nouns import NOUNS
from storetwin.sandboxes.woocommerce import Store

RESOURCES = {noun.resource: noun for noun in NOUNS.values() if noun.resource}
_CONTAINER = re.compile(r"attributes\\?/(\d+)\\?/terms|orders\\?/(\d+)\\?/notes")
SITE = Site(currency="USD", weight_unit="kg", dimension_unit="cm")


@dataclass(frozen=True, slots=True)
class Held:
    """A store's record, mapped."""

    origin: Origin
    noun: Noun
    mapped: Mapped

    def along(self) -> Iterator[Origin]:
        """Yield the records that are promoted before it."""
        for reference in self.noun.references:
            remote_id = self.mapped.references.get(reference.name)
            if reference.comes_along and remote_id is not None:
                yield self._other(reference.noun, remote_id)
        for part in self.noun.parts:
            for reference in part.references:
                for row in self.mapped.parts.get(part.table, ()):
                    if reference.comes_along and isinstance(
                        remote := row.get(reference.remote), str
                    ):
                        yield self._other(reference.noun, remote)

    def incoming(self, version: int = 1) -> Incoming:
        """Return it on its way."""
        return Incoming(self.origin, version, None, self.mapped)

    def _other(self, noun: str, remote_id: str) -> Origin:
        return Origin(self.origin.connection_id, NOUNS[noun].resource, remote_id)


def records_of(store: Store, connection_id: object, *, most: int = 10**6) -> dict[Origin, Held]:
    """Return a store's records, mapped; of each resource at most some."""
    found: dict[Origin, Held] = {}
    for noun in RESOURCES.values():
        mapper = compile_mapper(noun, None, SITE)
        for number in list(store.ids(noun.resource))[:most]:
            document = (store.document(noun.resource, number) or b"").decode()
            named = _CONTAINER.search(document)
            container = next(filter(None, named.groups()), None) if named else None
            origin = Origin(connection_id, noun.resource, str(number))  # type: ignore[arg-type]
            found[origin] = Held(origin, noun, mapper.map(documents.read(document), container))
    return found


def in_some_order(records: dict[Origin, Held], dice: Random) -> list[Held]:
    """Return records in an order drawn at random in which each comes after those it brings along."""
    drawn = list(records.values())
    dice.shuffle(drawn)
    placed: dict[Origin, Held] = {}
    for one in drawn:
        _place(one, records, placed)
    return list(placed.values())


def grouped(records: Iterable[Held], dice: Random, longest: int) -> Iterator[list[Held]]:
    """Yield records of one noun at a time, as many at once as the dice say."""
    batch: list[Held] = []
    most = dice.randint(1, longest)
    for one in records:
        if batch and (batch[0].noun is not one.noun or len(batch) >= most):
            yield batch
            batch, most = [], dice.randint(1, longest)
        batch.append(one)
    if batch:
        yield batch


def _place(one: Held, records: dict[Origin, Held], placed: dict[Origin, Held]) -> None:
    if one.origin in placed:
        return
    for origin in one.along():
        if origin in records and origin != one.origin:
            _place(records[origin], records, placed)
    placed[one.origin] = one


async def promote_twin(twin: Any) -> None:
    """Bring everything that a twin holds into core, as it is."""
    for noun in NOUNS.values():
        rows = await twin.snapshots(noun.resource) if noun.resource else {}
        mapper = compile_mapper(noun, None, SITE)
        incoming = [
            Incoming(
                Origin(twin.connection.id, noun.resource, remote_id),
                row["version"],
                None,
                mapper.map(documents.read(bytes_of(row)), row["parent_id"]),
            )
            for remote_id, row in rows.items()
        ]
        for start in range(0, len(incoming), 500):
            async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
                batch = incoming[start : start + 500]
                await write_batch(tx, noun, batch, Cause(), twin.hub.clock())
