"""Questions to the twin: what can be asked of a resource, and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all
from storetwin.connections.register import Register
from storetwin.db.database import Database
from storetwin.kernel.clock import Clock
from storetwin.reading.fields import Sample, default_fields
from storetwin.reading.query import read_question
from storetwin.reading.query_models import Asked
from storetwin.reading.query_run import MOST_BYTES, Answer, ask, look_at
from storetwin.resources import Resource


@dataclass(frozen=True, slots=True)
class Described:
    """What can be asked of a resource.

    Args:
        defaults: the fields that are shown where none are named.
        sample: what some of its records show; no value of a person.
    """

    resource: str
    defaults: tuple[str, ...]
    sample: Sample


@dataclass(frozen=True, slots=True)
class Queries:
    """Answers questions from the twins of one organisation; whatever is sealed stays hidden."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def ask(self, asked: Asked, *, most_bytes: int = MOST_BYTES) -> Answer:
        """Answer a question.

        Raises:
            UnknownNameError: there is no such resource or connection.
            QuestionError, FieldError: the question makes no sense; says what, and what there is.
            TooBroadError: it takes too long.
        """
        resource, connection_id = await self._find(asked.resource, asked.connection)
        question = read_question(asked, resource.name, default_fields(resource.search))
        async with self.database.transaction(self.organisation_id) as tx:
            return await ask(
                tx, question, self.organisation_id, connection_id, most_bytes=most_bytes
            )

    async def describe(self, resource: str, connection: str | None = None) -> Described:
        """Say what can be asked of a resource.

        Raises:
            UnknownNameError: there is no such resource or connection.
        """
        found, connection_id = await self._find(resource, connection)
        async with self.database.transaction(self.organisation_id) as tx:
            sample = await look_at(tx, found.name, self.organisation_id, connection_id)
        return Described(found.name, default_fields(found.search), sample)

    async def _find(self, resource: str, connection: str | None) -> tuple[Resource, UUID | None]:
        """Return a resource of a connection, or of any; and the connection's id."""
        if connection is not None:
            chosen = await self.register.named(connection)
            return catalogue_for(chosen.options).named(resource), chosen.id
        every = await self.register.every()
        return catalogue_of_all(one.options for one in every).named(resource), None
