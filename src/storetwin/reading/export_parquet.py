"""Parquet, written piece by piece: one row group at a time is in memory. Needs the extra ``parquet``."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from storetwin.kernel.errors import ConfigurationError
from storetwin.reading.export_columns import ExportColumn, Kind
from storetwin.reading.export_values import DECIMALS, DIGITS, Exported, typed, values_of

ROWS_A_GROUP = 5000


class ParquetMissingError(ConfigurationError):
    """What writes Parquet is not installed."""

    code = "parquet_missing"
    default_remedy = "Install it: pip install 'storetwin[parquet]'"


class _Drain(io.RawIOBase):
    """A file that is emptied as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        data = bytes(piece)
        self._pieces.append(data)
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class ParquetWriter:
    """Typed columns: decimals for money, times in UTC. See docs/reference/exports.md."""

    def __init__(self, columns: Sequence[ExportColumn]) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise ParquetMissingError("Parquet cannot be written here.") from None
        types = {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int64(),
            Kind.MONEY: pa.decimal128(DIGITS, DECIMALS),
            Kind.BOOLEAN: pa.bool_(),
            Kind.TIME: pa.timestamp("us", tz="UTC"),
        }
        self._columns = columns
        self._pa = pa
        self._schema = pa.schema([(column.name, types[column.kind]) for column in columns])
        self._drain = _Drain()
        self._file = pq.ParquetWriter(self._drain, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []

    def begin(self) -> bytes:
        """Return the file's first bytes."""
        return self._drain.taken()

    def write(self, records: Sequence[Exported]) -> bytes:
        """Keep some records; return a row group when there is one."""
        for record in records:
            pairs = zip(values_of(record, self._columns), self._columns, strict=True)
            self._rows.append([typed(value, column.kind) for value, column in pairs])
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush()
        return self._drain.taken()

    def end(self) -> bytes:
        """Return the last row group and the footer, without which no reader takes the file."""
        self._flush()
        self._file.close()
        return self._drain.taken()

    def _flush(self) -> None:
        if not self._rows:
            return
        arrays = [
            self._pa.array(values, field.type)
            for values, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
        ]
        self._file.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()
