"""A body is unpacked whole or not at all, and never fills the memory, however it comes."""

import gzip
import zlib
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.http.body import GRACE, PIECE, SLOWEST, Reader, Room, Unpacker, is_too_slow
from storetwin.http.errors import AnswerCutError, AnswerTooLargeError, NoAnswerError


def raw_deflate(data):
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


PACKERS = {
    "": lambda data: data,
    "identity": lambda data: data,
    "gzip": gzip.compress,
    "GZIP ": gzip.compress,
    "deflate": zlib.compress,
}
contents = st.binary(max_size=500)


def unpacked(encoding, packed, step=7):
    unpacker = Unpacker(encoding)
    parts = []
    for start in range(0, len(packed), step):
        parts += unpacker.pieces(packed[start : start + step])
    return b"".join(parts), unpacker.is_cut


@given(st.sampled_from(sorted(PACKERS)), contents, st.integers(1, 600))
def test_what_was_packed_comes_out_in_whatever_pieces_it_arrives(encoding, data, step):
    assert unpacked(encoding, PACKERS[encoding](data), step) == (data, False)


@given(contents, st.integers(1, 600))
def test_deflate_is_also_what_lacks_its_wrapping(data, step):
    packed = raw_deflate(b"[" + data)
    if packed[0] & 0x0F != 8:
        assert unpacked("deflate", packed, step) == (b"[" + data, False)


@given(st.sampled_from(["gzip", "deflate"]), contents, st.integers(1, 600), st.data())
def test_a_stream_that_lacks_its_end_is_cut_wherever_that_is(encoding, data, step, draws):
    packed = PACKERS[encoding](data)
    end = draws.draw(st.integers(1, len(packed) - 1))
    begun, is_cut = unpacked(encoding, packed[:end], step)
    assert is_cut
    assert data.startswith(begun)


@given(contents, contents, st.integers(1, 600))
def test_several_streams_are_one_body_and_what_follows_them_is_nothing(one, two, step):
    packed = gzip.compress(one) + gzip.compress(two)
    assert unpacked("gzip", packed, step) == (one + two, False)
    assert unpacked("gzip", packed + b"\0\0rest", step) == (one + two, False)


def test_nothing_at_all_is_no_cut_stream():
    assert unpacked("gzip", b"") == (b"", False)


def test_what_is_not_packed_as_it_says_is_told():
    with pytest.raises(AnswerCutError, match="unpacked"):
        unpacked("gzip", b"[1,2,3]")
    with pytest.raises(AnswerCutError, match="packed as br"):
        Unpacker("br")


def test_a_small_chunk_that_unpacks_to_much_comes_in_small_pieces():
    pieces = list(Unpacker("gzip").pieces(gzip.compress(bytes(5_000_000))))
    assert max(map(len, pieces)) <= PIECE
    assert sum(map(len, pieces)) == 5_000_000


# -- room ---------------------------------------------------------------------------------------


def test_one_answer_may_take_all_the_room_and_no_more():
    room = Room(100)
    alone = room.enter()
    assert room.holds(alone, 100)
    assert not room.holds(alone, 101)


def test_of_several_the_longest_has_to_give_up():
    room = Room(100)
    short, long = room.enter(), room.enter()
    assert room.holds(short, 30)
    assert room.holds(long, 70)
    assert room.holds(short, 40), "the other one is the longer"
    assert not room.holds(long, 71)
    room.leave(long)
    assert room.holds(short, 100)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=60))
def test_all_together_never_stay_above_the_room(steps):
    room, sizes = Room(100), {}
    numbers = [room.enter() for _ in range(6)]
    for which, more in steps:
        size = sizes.get(which, 0) + more
        if room.holds(numbers[which], size):
            sizes[which] = size
        else:
            room.leave(numbers[which])
            numbers[which], sizes[which] = room.enter(), 0
        longest = max(sizes.values())
        assert sum(sizes.values()) - longest <= 100 + 5 * 40
        assert longest <= 100


# -- speed --------------------------------------------------------------------------------------


def test_slowness_is_judged_after_a_while_only():
    assert not is_too_slow(0, GRACE)
    assert is_too_slow(0, GRACE + 0.1)
    assert is_too_slow(SLOWEST * 20 - 1, 20)
    assert not is_too_slow(SLOWEST * 20, 20)


async def chunks(*parts):
    for part in parts:
        yield part


def reader(encoding="", most=1_000):
    return Reader("https://shop.test", Unpacker(encoding), Room(most))


async def test_a_body_that_drips_is_given_up_long_before_its_end():
    made = reader()
    with pytest.raises(NoAnswerError, match=r"https://shop\.test answers too slowly"):
        await made.read(chunks(*[b"x"] * 999), count().__next__)
    assert made.arrived == GRACE + 1
    assert made.room.holds(made.room.enter(), 1_000), "it holds nothing any more"


async def test_a_cut_stream_is_no_body():
    with pytest.raises(AnswerCutError, match="broke off"):
        await reader("gzip").read(chunks(gzip.compress(b"[1,2]")[:-9]), float)
    assert await reader("gzip").read(chunks(gzip.compress(b"[1,2]")), float) == b"[1,2]"


async def test_a_long_body_is_read_no_further_than_there_is_room():
    made = reader(most=10)
    with pytest.raises(AnswerTooLargeError, match="10 bytes"):
        await made.read(chunks(b"123456", b"123456", b"never read"), float)
    assert made.arrived == 12
