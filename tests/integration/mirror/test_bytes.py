"""What the twin keeps is what went over the wire, byte for byte, and SQL can read all of it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hubs import IN_TABLES, RESOURCE_NAMES, Twin, finding, lacking, open_twin
from storetwin.mirror.models import Level
from storetwin.resources import named
from storetwin.sandboxes.woocommerce import read_wire_log, running_store
from storetwin.sandboxes.woocommerce.hostile import HOSTILE_ENTRIES
from storetwin.woocommerce.records import locate_secrets

API = "/wp-json/wc/v3/"
ROUTES = {
    "orders": r"orders(/\d+)?",
    "refunds": r"refunds",
    "products": r"products(/\d+)?",
    "variations": r"variations",
    "customers": r"customers(/\d+)?",
    "categories": r"products/categories",
    "tags": r"products/tags",
    "brands": r"products/brands",
    "shipping_classes": r"products/shipping_classes",
    "reviews": r"products/reviews",
    "attributes": r"products/attributes",
    "terms": r"products/attributes/\d+/terms",
    "coupons": r"coupons",
    "taxes": r"taxes",
    "tax_classes": r"taxes/classes",
    "zones": r"shipping/zones",
    "zone_locations": r"shipping/zones/(\d+)/locations",
    "zone_methods": r"shipping/zones/\d+/methods",
    "payment_gateways": r"payment_gateways",
    "setting_groups": r"settings",
    "settings": r"settings/([\w-]+)",
    "webhooks": r"webhooks",
    "system_status": r"system_status",
    "countries": r"data/countries",
    "currencies": r"data/currencies",
    "continents": r"data/continents",
    "order_statuses": r"orders/statuses",
}
HOSTILE_ORDERS = 3 * len(HOSTILE_ENTRIES)
SURROGATES = "surrogateescape"


def split(body: bytes) -> list[bytes]:
    """Cut a list, or take one object, without the program's own reader: by the standard library's."""
    text = body.decode("utf-8", SURROGATES)
    decoder = json.JSONDecoder(strict=False)
    if not text.startswith("["):
        return [body]
    found, at = [], 1
    while text[at] != "]":
        end = decoder.raw_decode(text, at)[1]
        found.append(text[at:end].encode("utf-8", SURROGATES))
        at = end + (text[end] == ",")
    return found


def name_of(resource: str, document: bytes, container: str) -> str:
    """Return what a record is called, by the standard library's reader."""
    if resource == "system_status":
        return resource
    record = json.loads(document.decode("utf-8", "replace"), strict=False)
    if resource == "zone_locations":
        return f"{container}/{record['type']}:{record['code']}"
    if resource == "settings":
        return f"{container}/{record['id']}"
    key = {"tax_classes": "slug", "order_statuses": "slug", "zone_methods": "instance_id"}
    key |= dict.fromkeys(("countries", "currencies", "continents"), "code")
    return str(record[key.get(resource, "id")])


def served(log: Path) -> dict[str, dict[str, list[bytes]]]:
    """Return what was served whole: resource → remote id → the documents in their order."""
    found: dict[str, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for exchange in read_wire_log(log):
        path, body = str(exchange["path"]).removeprefix(API), exchange["body"]
        if exchange["status"] != 200 or "_fields" in str(exchange["query"]):
            continue
        for resource, pattern in ROUTES.items():
            if match := re.fullmatch(pattern, path):
                assert isinstance(body, bytes)
                container = match[1] if match.re.groups else ""
                for document in split(body):
                    found[resource][name_of(resource, document, container)].append(document)
    return found


async def assert_as_served(twin: Twin, log: Path) -> None:
    wire = served(log)
    assert wire.keys() <= set(RESOURCE_NAMES)
    for resource in wire:
        kept = await twin.documents(resource)
        assert kept.keys() == wire[resource].keys(), resource
        sealer = twin.hub.register.sealer(twin.connection)
        for name, document in kept.items():
            secrets = partial(locate_secrets, named(resource))
            opened = sealer.open(document, f"{resource}/{name}", secrets)
            assert opened in wire[resource][name], (resource, name)


async def test_every_record_is_kept_byte_for_byte(database_dsn: str, tmp_path: Path) -> None:
    log = tmp_path / "wire.log"
    with running_store(orders=600, wire_log=log, plugins=()) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            outcome = await twin.pull()
            assert outcome.is_complete, lacking(outcome)
            await assert_as_served(twin, log)
            for resource in IN_TABLES:
                assert (await twin.documents(resource)).keys() == twin.expected(resource).keys()


@pytest.fixture
def hostile_log(tmp_path: Path) -> Path:
    return tmp_path / "hostile.log"


async def test_hostile_bytes_survive_exactly_and_stop_no_page(
    database_dsn: str, tmp_path: Path, hostile_log: Path
) -> None:
    fault = f"hostile-bytes:count={HOSTILE_ORDERS}"
    with running_store(orders=300, faults=[fault], wire_log=hostile_log, plugins=()) as store:
        hostile = {str(number) for number in store.faults.ids("hostile-bytes")}
        async with open_twin(database_dsn, tmp_path, store) as twin:
            outcome = await twin.pull()
            assert outcome.is_complete, lacking(outcome)
            assert await twin.letters() == {}
            assert finding(outcome, "orders")["in_twin"] == 300
            assert len(hostile) == HOSTILE_ORDERS

            kept = await twin.documents("orders")
            assert kept == twin.expected("orders")
            for entry in HOSTILE_ENTRIES:
                assert sum(entry in kept[name] for name in hostile) == 3, entry
            await assert_as_served(twin, hostile_log)

            assert (await twin.verify(level=Level.BYTES)).is_complete
            assert await twin.earlier_versions("orders") == {}
            await _assert_sql_reads_every_row(twin, hostile_log)


async def _assert_sql_reads_every_row(twin: Twin, log: Path) -> None:
    rows = await twin.rows(
        "SELECT current_user AS role, count(*) AS n,"
        " count(document->'billing'->>'email') AS emails,"
        " sum(json_array_length(document->'line_items')) AS lines,"
        " sum(json_array_length(document->'meta_data')) AS metas,"
        " sum((document->>'total')::numeric)::text AS total"
        " FROM mirror.documents WHERE connection_id = %(connection_id)s AND resource = 'orders'"
    )
    [row] = rows
    orders = [_readable(document) for document in twin.expected("orders").values()]
    assert row["role"] == "storetwin_app"
    assert row["n"] == row["emails"] == len(orders)
    assert row["lines"] == sum(len(order["line_items"]) for order in orders)
    assert row["metas"] == sum(len(order["meta_data"]) for order in orders)
    assert float(row["total"]) == pytest.approx(sum(float(order["total"]) for order in orders))
    every = await twin.rows(
        "SELECT resource, count(*) AS n, count(DISTINCT json_typeof(document)) AS kinds,"
        " sum(length((SELECT string_agg(value::text, '') FROM json_each(document)))) AS chars"
        " FROM mirror.documents WHERE connection_id = %(connection_id)s GROUP BY resource"
    )
    assert {found["resource"] for found in every} == set(served(log))
    assert all(found["kinds"] == 1 and found["chars"] > 0 for found in every)


def _readable(document: bytes) -> Any:
    return json.loads(document.decode("utf-8", "replace"), strict=False)


async def test_documents_that_sql_cannot_read_have_a_clean_copy(
    database_dsn: str, tmp_path: Path
) -> None:
    """Without the copy one such row makes every query over the table raise an error."""
    with running_store(orders=60, faults=["hostile-bytes"]) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.pull("orders")
            [row] = await twin.rows(
                "SELECT count(raw) AS raws, count(clean) AS cleans FROM mirror.snapshots"
                " WHERE connection_id = %(connection_id)s AND remote_number = ANY(%(ids)s)",
                ids=list(store.faults.ids("hostile-bytes")),
            )
            # NaN, invalid UTF-8, raw control characters; and NUL twice, two lone halves of pairs.
            assert (row["raws"], row["cleans"]) == (3, 7)


@pytest.mark.parametrize("noise", ["bom", "comment", "notice", "big-notice"])
async def test_what_stands_around_the_json_is_not_kept(
    database_dsn: str, tmp_path: Path, noise: str
) -> None:
    with running_store(orders=120, faults=["hostile-bytes"]) as store:
        store.faults.switch_on(f"{noise}:every=1,after=3")  # the index of the routes comes first
        async with open_twin(database_dsn, tmp_path, store) as twin:
            outcome = await twin.pull("orders", "refunds", "coupons")
            assert outcome.is_complete, lacking(outcome)
            assert store.faults.struck(noise) > 5
            for resource in ("orders", "refunds", "coupons"):
                assert await twin.documents(resource) == twin.expected(resource)
