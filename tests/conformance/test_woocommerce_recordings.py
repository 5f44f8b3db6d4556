"""Every recorded exchange with a real WooCommerce, asked again of the store under test."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.allowances import without_allowed
from conformance.faults import BREAKAGES, NOT_OFFERED
from conformance.store_client import Keys, StoreClient
from conformance.subjects import ASKED_FOR
from conformance.targets import SandboxMaker, Target
from storetwin.testing.conformance import Answer, Difference, Recording, Shapes, compare

_FOLDER = Path(__file__).parent / "recordings" / "woocommerce"
_DELIVERIES = "webhook_deliveries"  # what the recorded store sent, not what it answered

RECORDINGS = {
    file.stem: Recording.read(file)
    for file in sorted(_FOLDER.glob("*.json"))
    if file.stem != _DELIVERIES
}
SHAPES = Shapes.learned_from(RECORDINGS.values())

# Recording → the keys it was made with, where they were not a good pair over TLS.
OTHER_KEYS = {
    "error_bad_secret": "wrong-secret",
    "error_basic_over_http": "http",
    "error_readonly_key_write": "read-only",
    "error_unauth": "none",
    "error_writeonly_key_read": "write-only",
}
_OWN_TESTS = {
    *OTHER_KEYS, *BREAKAGES, *NOT_OFFERED,
    "lifecycle_order_delete_trash", "list_products_p2", "page_with_INF_meta_all_meta_empty",
}  # fmt: skip
_ASKING = [each for each in RECORDINGS.values() if each.name not in _OWN_TESTS]


def named(recordings):
    return {"argvalues": recordings, "ids": [each.name for each in recordings]}


def ask(store: StoreClient, recording: Recording, accept: str = "application/json") -> Answer:
    return store.ask(recording.method, recording.path, recording.query, recording.json, accept)


def differences(
    store: StoreClient, recording: Recording, is_real: bool = False, accept: str = "*/*"
) -> list[Difference]:
    found = compare(recording, ask(store, recording, accept), SHAPES)
    return without_allowed(recording.name, found) if is_real else found


def report(found: list[Difference]) -> str:
    return "\n".join(map(str, found))


def test_every_recording_is_held_to():
    """A recording that no test asks for would be no test at all."""
    assert _OWN_TESTS | ASKED_FOR.keys() <= RECORDINGS.keys()
    assert len(RECORDINGS) > 150


@pytest.mark.parametrize(
    "recording", **named([each for each in _ASKING if each.method in ("GET", "OPTIONS")])
)
def test_reading(recording: Recording, target: Target, is_real: bool):
    aimed = recording.aimed(target.subjects.of(recording.name))
    found = differences(target.store, aimed, is_real)
    assert not found, report(found)


@pytest.mark.changes_store
@pytest.mark.parametrize(
    "recording", **named([each for each in _ASKING if each.method not in ("GET", "OPTIONS")])
)
def test_writing(recording: Recording, changeable: Target, is_real: bool):
    aimed = recording.aimed(changeable.subjects.of(recording.name))
    found = differences(changeable.store, aimed, is_real)
    assert not found, report(found)


def test_a_page_of_variable_products(target: Target, is_real: bool):
    """The second recorded page of products was chosen for its variable ones."""
    recording = RECORDINGS["list_products_p2"]
    rows = target.store.read("products", orderby="id", order="asc", per_page=100)
    at = next((at for at, row in enumerate(rows) if row["type"] == "variable"), len(rows) - 1)
    aimed = recording.aimed({}, page=str(max(2, at // 5 + 1)))
    found = differences(target.store, aimed, is_real)
    assert not found, report(found)


@pytest.mark.changes_store
def test_trashing_an_order_answers_with_it_as_it_was(changeable: Target, is_real: bool):
    recording = RECORDINGS["lifecycle_order_delete_trash"]
    order = changeable.store.make("orders")
    found = differences(changeable.store, recording.aimed({"35754": str(order["id"])}), is_real)
    assert not found, report(found)
    changeable.store.delete(f"orders/{order['id']}", force=True)


@pytest.mark.parametrize(
    "name",
    [
        "error_bad_secret", "error_unauth",
        pytest.param("error_writeonly_key_read", marks=pytest.mark.needs("write-only")),
        pytest.param(
            "error_readonly_key_write",
            marks=[pytest.mark.needs("read-only"), pytest.mark.changes_store],
        ),
    ],
)  # fmt: skip
def test_other_keys(name: str, target: Target, is_real: bool):
    keys = {
        "none": None,
        "wrong-secret": Keys(target.store.keys.key, "cs_wrong"),
        **target.pairs,
    }[OTHER_KEYS[name]]
    with target.asked_with(keys) as store:
        found = differences(store, RECORDINGS[name], is_real)
    assert not found, report(found)


@pytest.mark.needs("http")
def test_basic_over_http_is_not_read(target: Target, is_real: bool):
    found = differences(target.http, RECORDINGS["error_basic_over_http"], is_real)
    assert not found, report(found)


@pytest.mark.sandbox_only
@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_store(name: str, target: Target, sandboxes: SandboxMaker):
    breakage = BREAKAGES[name]
    fault = breakage.fault(target.store)
    recording = RECORDINGS[name]
    if "include" in recording.query:
        recording = recording.aimed({}, include=fault.partition("=")[2])
    with sandboxes.running(faults=[fault]) as broken:
        found = differences(broken.store, recording, accept=breakage.accept)
    assert not found, report(found)


@pytest.mark.sandbox_only
def test_one_INF_blanks_the_meta_of_its_page(target: Target, sandboxes: SandboxMaker):  # noqa: N802
    ids = target.store.ids("orders", per_page=5)
    recording = RECORDINGS["page_with_INF_meta_all_meta_empty"].aimed(
        {}, include=",".join(map(str, ids))
    )
    with sandboxes.running(faults=[f"inf-meta:ids={ids[0]}"]) as broken:
        found = differences(broken.store, recording)
    assert not found, report(found)
