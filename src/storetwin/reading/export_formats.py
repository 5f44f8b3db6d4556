"""The forms in which records leave: CSV, JSON lines, a JSON list, Parquet. Bytes, piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storetwin.reading.export_columns import ExportColumn
from storetwin.reading.export_values import Exported, defused, text_of, values_of

CLEAN_MARK = b'"$clean":true'


class Format(StrEnum):
    """A form in which records leave."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """Return what HTTP calls it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.JSONL: "application/x-ndjson",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}


class Writer(Protocol):
    """Writes records in one form."""

    def begin(self) -> bytes:
        """Return what stands before the first record."""
        ...

    def write(self, records: Sequence[Exported]) -> bytes:
        """Return some records."""
        ...

    def end(self) -> bytes:
        """Return what stands behind the last record: without it the file is not whole."""
        ...


@dataclass(slots=True)
class CsvWriter:
    """RFC 4180: a line of names, CR LF, quotes where they are needed; UTF-8."""

    columns: Sequence[ExportColumn]

    def begin(self) -> bytes:
        """Return the names of the columns."""
        return _lines([[column.name for column in self.columns]])

    def write(self, records: Sequence[Exported]) -> bytes:
        """Return a line a record."""
        return _lines([self._cells(record) for record in records])

    def end(self) -> bytes:
        """Return nothing."""
        return b""

    def _cells(self, record: Exported) -> list[str]:
        values = values_of(record, self.columns)
        pairs = zip(values, self.columns, strict=True)
        return [defused(text_of(value, column.kind)) for value, column in pairs]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


@dataclass(slots=True)
class JsonWriter:
    """Exact documents: one a line, or the elements of one list.

    A document that is no JSON goes as its clean copy, which says so in its first member.
    """

    is_list: bool = False
    _is_first: bool = True

    def begin(self) -> bytes:
        """Return the list's bracket."""
        return b"[" if self.is_list else b""

    def write(self, records: Sequence[Exported]) -> bytes:
        """Return the documents."""
        return b"".join(self._piece(record) for record in records)

    def end(self) -> bytes:
        """Return the list's other bracket."""
        return b"\n]\n" if self.is_list else b""

    def _piece(self, record: Exported) -> bytes:
        line = one_line(record.document) if record.document is not None else marked(record.readable)
        if not self.is_list:
            return line + b"\n"
        before = b"\n" if self._is_first else b",\n"
        self._is_first = False
        return before + line


def one_line(document: bytes) -> bytes:
    """Return a document in one line: in valid JSON a line end stands only between values."""
    return document.replace(b"\r", b" ").replace(b"\n", b" ").strip()


def marked(clean: bytes) -> bytes:
    """Return a clean copy that says it is one."""
    line = one_line(clean)
    if not line.startswith(b"{"):
        return b"{" + CLEAN_MARK + b',"document":' + line + b"}"
    rest = line[1:].lstrip()
    return b"{" + CLEAN_MARK + (b"" if rest.startswith(b"}") else b",") + rest


def writer_of(form: Format, columns: Sequence[ExportColumn]) -> Writer:
    """Return what writes records in a form.

    Raises:
        ParquetMissingError: Parquet, and what writes it is not installed.
    """
    return _WRITERS[form](columns)


def _parquet(columns: Sequence[ExportColumn]) -> Writer:
    from storetwin.reading.export_parquet import ParquetWriter  # it is an extra

    return ParquetWriter(columns)


_WRITERS: dict[Format, Callable[[Sequence[ExportColumn]], Writer]] = {
    Format.CSV: CsvWriter,
    Format.JSONL: lambda _: JsonWriter(),
    Format.JSON: lambda _: JsonWriter(is_list=True),
    Format.PARQUET: _parquet,
}
