"""Every recorded answer of a real WooCommerce, asked again of the store under test."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from conformance.woocommerce.rules import (
    ACCEPT_JSON,
    FAULTS,
    KEYS,
    NOT_COMPARED,
    PLAIN,
    SPOILED,
    without_allowed,
)
from conformance.woocommerce.store_under_test import Keys, StoreUnderTest
from conformance.woocommerce.subjects import SUBJECTS, subjects_of
from storetwin.testing.conformance import Answer, Recording, Shapes, compare

_FOLDER = Path(__file__).parents[1] / "recordings" / "woocommerce"
_FILES = sorted(_FOLDER.glob("*.json"))


@cache
def recordings() -> dict[str, Recording]:
    return {file.stem: Recording.read(file) for file in _FILES if file.stem not in NOT_COMPARED}


@cache
def shapes() -> Shapes:
    return Shapes.learned_from(recordings().values())


def _cases() -> list[object]:
    return [
        pytest.param(name, marks=_marks(found))
        for name, found in recordings().items()
        if name != SPOILED
    ]


def _marks(recording: Recording) -> list[pytest.MarkDecorator]:
    if recording.name in FAULTS:
        return [pytest.mark.breaks]
    return [] if recording.method in ("GET", "OPTIONS") else [pytest.mark.writes]


@pytest.mark.parametrize("name", _cases())
def test_the_store_answers_like_a_real_one(name: str, store: StoreUnderTest) -> None:
    subjects = subjects_of(name, store)
    recording = _aimed(recordings()[name], subjects)
    fault = FAULTS.get(name)
    if fault is not None:
        assert store.sandbox is not None
        store.sandbox.faults.switch_on(_filled(fault, subjects))

    answer = _ask(store, recording)

    differences = compare(recording, answer, shapes())
    if store.is_real:
        differences = without_allowed(name, differences)
    assert not differences, "\n".join(map(str, differences))


@pytest.mark.writes
def test_one_infinite_number_blanks_the_meta_of_its_page(store: StoreUnderTest) -> None:
    """JSON has no INF, but PHP reads 1e999 as one, stores it, and cannot show it again."""
    orders = [row["id"] for row in store.get("orders", per_page=100) if row["meta_data"]][:5]
    recording = recordings()[SPOILED].aimed({}, include=",".join(map(str, orders)))
    path = f"orders/{orders[2]}"
    spoil = b'{"meta_data":[{"key":"_infinite","value":[1e999]}]}'
    assert store.ask("PUT", path, body=spoil).status == 200

    answer = _ask(store, recording)

    store.put(path, {"meta_data": [{"key": "_infinite", "value": None}]})
    differences = compare(recording, answer, shapes())
    assert not differences, "\n".join(map(str, differences))
    assert all(row["meta_data"][0] for row in store.get("orders", **recording.query))


def test_every_file_is_compared_or_said_not_to_be() -> None:
    names = {file.stem for file in _FILES}
    assert set(NOT_COMPARED) <= names
    assert set(recordings()) == names - set(NOT_COMPARED)
    assert set(SUBJECTS) | set(FAULTS) | set(KEYS) <= set(recordings())


def _aimed(recording: Recording, subjects: dict[str, str]) -> Recording:
    query = {name[1:]: value for name, value in subjects.items() if name.startswith("?")}
    records = {name: value for name, value in subjects.items() if not name.startswith("?")}
    aimed = recording.aimed(records, **query)
    if "4122" in records:  # the page of wp_die names the order in its text
        page = aimed.body_text.replace("order #4122", f"order #{records['4122']}")
        aimed = replace(aimed, body_text=page)
    return aimed


def _filled(fault: str, subjects: dict[str, str]) -> str:
    for recorded, found in subjects.items():
        fault = fault.replace(f"{{{recorded}}}", found.replace(",", "+"))
    return fault


def _ask(store: StoreUnderTest, recording: Recording) -> Answer:
    whose = KEYS.get(recording.name, "read_write")
    accept = "application/json" if recording.name in ACCEPT_JSON else "*/*"
    return store.ask(
        recording.method, recording.path, recording.query, recording.json,
        keys=_keys(store, whose), anonymous=whose == "none", headers={"Accept": accept},
        plain=recording.name in PLAIN,
    )  # fmt: skip


def _keys(store: StoreUnderTest, whose: str) -> Keys | None:
    if whose == "wrong secret":
        return Keys(store.keys["read_write"].key, "cs_wrong")
    if whose == "none":
        return None
    if whose not in store.keys:
        store.lacks(f"a known key that is {whose}")
    return store.keys[whose]
