"""Passwords: how they are kept, and that they do not hold up anything else."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from storetwin.tenancy import passwords
from storetwin.tenancy.passwords import (
    LONGEST,
    SHORTEST,
    PasswordError,
    TooManyPasswordsError,
    check_new_password,
    hash_password,
    is_outdated,
    is_right,
)

RIGHT = SecretStr("correct horse battery staple")


async def test_a_password_is_known_again_and_no_other() -> None:
    kept = await hash_password(RIGHT)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await is_right(kept, RIGHT)
    assert not await is_right(kept, SecretStr("correct horse battery stapl"))
    assert not await is_right("no hash", RIGHT)
    assert not is_outdated(kept)
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))


async def test_without_anything_to_compare_it_is_wrong_and_takes_as_long() -> None:
    kept = await hash_password(RIGHT)
    assert not await is_right(None, RIGHT)
    assert not await is_right(None, SecretStr(""))
    spent = {}
    for name, known in (("known", kept), ("unknown", None)):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            await is_right(known, SecretStr("wrong wrong wrong"))
            times.append(time.perf_counter() - started)
        spent[name] = min(times)
    assert 0.5 < spent["unknown"] / spent["known"] < 2


async def test_two_ways_to_write_the_same_letter_are_the_same() -> None:
    kept = await hash_password(SecretStr("caf\u00e9 au lait"))
    assert await is_right(kept, SecretStr("cafe\u0301 au lait"))


@pytest.mark.parametrize("length", [0, 1, SHORTEST - 1, LONGEST + 1])
def test_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(PasswordError) as caught:
        check_new_password(SecretStr("ä" * length))
    assert "ä" not in str(caught.value)


@pytest.mark.parametrize("text", ["a" * SHORTEST, "ä" * LONGEST, "            ", "123456789012"])
def test_there_are_no_other_rules(text: str) -> None:
    check_new_password(SecretStr(text))


async def test_the_loop_goes_on_meanwhile() -> None:
    beats, longest = 0, 0.0
    work = asyncio.gather(*(is_right(None, RIGHT) for _ in range(3)))
    while not work.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before)
        beats += 1
    await work
    assert beats > 20


async def test_too_many_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 2)
    answers = await asyncio.gather(
        *(is_right(None, RIGHT) for _ in range(4)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [bool, bool, *[TooManyPasswordsError] * 2]
    assert not await is_right(None, RIGHT)
