"""Taking records away in bulk."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all
from storetwin.connections.register import Register
from storetwin.db.database import Database
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError
from storetwin.reading.export import Piece, Selection, stream_pieces
from storetwin.reading.export_columns import ExportColumn, chosen_columns, columns_of
from storetwin.reading.export_formats import Format, writer_of
from storetwin.reading.query_run import look_at


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """What somebody wants to take away.

    Args:
        connection: by name or id; None: every connection's.
        since: created from then on, by the store's date.
        until: created before then.
        fields: columns of one's own choice; none: those that are documented for the resource.
    """

    resource: str
    format: Format
    connection: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    has_gone: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """An export that can begin."""

    selection: Selection
    format: Format
    columns: tuple[ExportColumn, ...]
    doubts: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Return what a file with it is called."""
        return f"{self.selection.resource}.{self.format}"


@dataclass(frozen=True, slots=True)
class Exports:
    """Takes away what one organisation's twins hold; whatever is sealed stays hidden."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def prepare(self, asked: ExportAsked) -> Export:
        """Say what an export will have.

        Raises:
            UnknownNameError: there is no such resource or connection.
            FieldError: a field cannot be used, or no record has it.
            ParquetMissingError: Parquet cannot be written here.
            ConfigurationError: fields were named where documents leave whole.
        """
        if asked.connection is not None:
            chosen = [await self.register.named(asked.connection)]
            resource = catalogue_for(chosen[0].options).named(asked.resource)
        else:
            chosen = await self.register.every()
            resource = catalogue_of_all(one.options for one in chosen).named(asked.resource)
        if asked.fields and asked.format in (Format.JSON, Format.JSONL):
            raise ConfigurationError(
                f"{asked.format} takes documents whole.", remedy="Name fields with csv or parquet."
            )
        connection_id = chosen[0].id if asked.connection is not None else None
        doubts: Sequence[str] = ()
        columns = columns_of(resource.name)
        if asked.fields:
            columns = chosen_columns(asked.fields, resource.name)
            doubts = await self._doubts(resource.name, columns, connection_id)
        writer_of(asked.format, columns)
        selection = Selection(
            resource=resource.name,
            connections=tuple((one.id, one.name) for one in chosen),
            since=asked.since,
            until=asked.until,
            statuses=asked.statuses,
            has_gone=asked.has_gone,
        )
        return Export(selection, asked.format, columns, tuple(doubts))

    async def stream(self, export: Export) -> AsyncGenerator[Piece]:
        """Yield an export piece by piece, from the twin as it is at the first.

        Close the iterator to let go of it.
        """
        writer = writer_of(export.format, export.columns)
        async with self.database.transaction(self.organisation_id, is_steady=True) as tx:
            pieces = stream_pieces(tx, self.organisation_id, export.selection, writer)
            async with aclosing(pieces) as open_pieces:
                async for piece in open_pieces:
                    yield piece

    async def _doubts(
        self, resource: str, columns: Sequence[ExportColumn], connection_id: UUID | None
    ) -> list[str]:
        async with self.database.transaction(self.organisation_id) as tx:
            sample = await look_at(tx, resource, self.organisation_id, connection_id)
        return [doubt for column in columns if (doubt := sample.check(column.field))]
