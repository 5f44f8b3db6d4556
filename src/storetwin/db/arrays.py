"""Columns of many values as one parameter, in the server's own binary form."""

from __future__ import annotations

import struct

from psycopg.adapt import Dumper
from psycopg.pq import Format

_JSON, _JSON_ARRAY = 114, 199  # object ids, the same in every PostgreSQL (pg_type.dat)
_HEAD = struct.Struct("!iiIii")  # dimensions, has nulls, type of the elements, length, first index
_LENGTH = struct.Struct("!i").pack
_NULL = _LENGTH(-1)


class JsonColumn(list[bytes | None]):
    """JSON documents as bytes, sent as ``json[]``: exactly these bytes, without a detour over ``str``.

    Every element has to be valid UTF-8; the server refuses the whole statement otherwise.
    """

    __slots__ = ()


class JsonColumnDumper(Dumper):
    """Writes a :class:`JsonColumn` (psycopg's own dumper would call Python twice an element)."""

    format = Format.BINARY
    oid = _JSON_ARRAY

    def dump(self, obj: JsonColumn) -> bytes:
        """Return the array in the binary form of ``array_recv``."""
        parts = [_HEAD.pack(1, int(None in obj), _JSON, len(obj), 1)]
        for element in obj:
            if element is None:
                parts.append(_NULL)
            else:
                parts.append(_LENGTH(len(element)))
                parts.append(element)
        return b"".join(parts)
