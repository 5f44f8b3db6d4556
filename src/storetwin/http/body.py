"""Reading an answer's body to its end: bounded in size and patience, whole or not at all."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from storetwin.http.errors import AnswerCutError, AnswerTooLargeError, NoAnswerError

PIECE = 256 * 1024
SLOWEST, GRACE = 1_000, 15.0  # bytes a second, and seconds in which fewer may come
Clock = Callable[[], float]
_GZIP, _RAW = zlib.MAX_WBITS | 16, -zlib.MAX_WBITS


class Unpacker:
    """Undoes a ``Content-Encoding``; knows whether what was packed has come to its end.

    A proxy that ends its chunks properly may have got half of a compressed body only: what comes
    out then is text that breaks off, and nothing but the stream itself says so.

    Args:
        encoding: ``gzip``, ``deflate``, or nothing.

    Raises:
        AnswerCutError: it is packed in a way that nobody asked for.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise AnswerCutError(f"An answer came packed as {self._encoding}, which is unknown.")
        self._stream: zlib._Decompress | None = None

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what so many more bytes unpack to, a piece at a time.

        Raises:
            AnswerCutError: they are not what the header says.
        """
        if self._encoding in ("", "identity"):
            yield data
            return
        while data:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window(data))
            elif self._stream.eof:
                if not data.startswith(b"\x1f"):
                    return  # behind the end of a stream servers put what they like
                self._stream = zlib.decompressobj(_GZIP)
            try:
                piece = self._stream.decompress(data, PIECE)
            except zlib.error as error:
                raise AnswerCutError(f"An answer cannot be unpacked ({error}).") from error
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece

    def _window(self, data: bytes) -> int:
        if self._encoding != "deflate":
            return _GZIP
        return zlib.MAX_WBITS if data[0] & 0x0F == 8 else _RAW  # both are called deflate

    @property
    def is_cut(self) -> bool:
        """Say whether a stream has begun and not ended."""
        return self._stream is not None and not self._stream.eof


@dataclass(slots=True)
class Room:
    """How many bytes all answers that are being read at once may take. Pure.

    Args:
        most: of one answer, and of all together.
    """

    most: int
    _sizes: dict[int, int] = field(default_factory=dict)
    _last: int = 0

    def enter(self) -> int:
        """Begin an answer; return its number."""
        self._last += 1
        self._sizes[self._last] = 0
        return self._last

    def holds(self, number: int, size: int) -> bool:
        """Note how long an answer has become; False when it has to be given up.

        Where all together are too much it is the longest: the others are likely to be well.
        """
        self._sizes[number] = size
        if size > self.most:
            return False
        sizes = self._sizes.values()
        return sum(sizes) <= self.most or size < max(sizes)

    def leave(self, number: int) -> None:
        """End an answer."""
        self._sizes.pop(number, None)


def is_too_slow(size: int, seconds: float) -> bool:
    """Say whether a body that has brought so many bytes in so many seconds is not worth the wait."""
    return seconds > GRACE and size < SLOWEST * seconds


@dataclass(slots=True)
class Reader:
    """Reads one body.

    Args:
        place: whose answer it is, for messages.
        unpacker: for its encoding.
        room: shared with the answers that are read at the same time.
        arrived: bytes that came over the wire.
    """

    place: str
    unpacker: Unpacker
    room: Room
    arrived: int = 0

    async def read(self, chunks: AsyncIterator[bytes], clock: Clock) -> bytes:
        """Return the whole body.

        Args:
            clock: seconds that only go forward.

        Raises:
            AnswerTooLargeError: it, or all that are read at once, are longer than we keep.
            NoAnswerError: it comes too slowly.
            AnswerCutError: it was packed, and its stream does not end.
        """
        number = self.room.enter()
        try:
            return b"".join([piece async for piece in self._pieces(chunks, clock, number)])
        finally:
            self.room.leave(number)

    async def _pieces(
        self, chunks: AsyncIterator[bytes], clock: Clock, number: int
    ) -> AsyncIterator[bytes]:
        began, size = clock(), 0
        async for chunk in chunks:
            self.arrived += len(chunk)
            for piece in self.unpacker.pieces(chunk):
                size += len(piece)
                if not self.room.holds(number, size):
                    raise self._too_large()
                yield piece
            if is_too_slow(self.arrived, clock() - began):
                raise NoAnswerError(f"{self.place} answers too slowly to be waited for.")
        if self.unpacker.is_cut:
            raise AnswerCutError(f"The answer of {self.place} broke off.")

    def _too_large(self) -> AnswerTooLargeError:
        return AnswerTooLargeError(
            f"An answer of {self.place} is longer than {self.room.most:,} bytes.",
            remedy="Raise STORETWIN_MAX_ANSWER_BYTES if the store really has such records.",
        )
