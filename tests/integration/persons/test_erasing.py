"""A person is told what is known of him, and taken out of everything; the store has the last word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core_records import promote_twin
from dumps import dumped
from hubs import NAME, Twin, lacking, open_twin
from storetwin.connections.choices import Choices
from storetwin.core import erasing
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub.person_models import Erasure, Named, Removal
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mirror.inbox import Delivery, keep_deliveries
from storetwin.mirror.models import Level
from storetwin.runs.queued import Queued
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.staging.models import Chosen, Filter
from storetwin.tenancy.answers import Answered, Answers
from storetwin.tenancy.models import Principal, Role, Via

EMAIL = "Zoe.Quill@Nowhere.example"
FORMER = "zoe.old@nowhere.example"
ADDRESS = {
    "first_name": "Ysoldë",
    "last_name": "Quillfeather",
    "address_1": "17 Obsidian Parade",
    "city": "Eldergate",
    "postcode": "ZQ1 7XX",
    "phone": "+44 7700 900931",
}
BILLING = {**ADDRESS, "email": EMAIL}
IP = "198.51.100.77"
TRACES = (
    EMAIL.lower(),
    FORMER,
    "quillfeather",
    "ysold\\u00eb quill",
    "ysoldë",
    "17 obsidian parade",
    "7700 900931",
    IP,
    "zquill",
)
RESOURCES = ("customers", "orders", "order_notes", "reviews", "coupons", "refunds")
OTHER = {"first_name": "Ada", "last_name": "Other", "email": "ada@elsewhere.example"}


STATEMENTS = (  # what our own texts say of him
    f"""
    INSERT INTO runs.dead_letters (dead_letter_id, organisation_id, connection_id, resource, name,
        reason, state, attempts, first_seen_at, last_seen_at)
    SELECT gen_random_uuid(), organisation_id, id, 'orders', '1', 'no id: "email": "{EMAIL}"',
        'waiting', 1, now(), now() FROM connections.connections
    """,
    """
    INSERT INTO runs.dead_letters (dead_letter_id, organisation_id, connection_id, resource, name,
        reason, state, attempts, first_seen_at, last_seen_at, evidence)
    SELECT gen_random_uuid(), organisation_id, id, 'orders', '2', 'orders/2 answers 500', 'waiting',
        1, now(), now(), json_build_object('answer', json_build_object('body', 'for Ysoldë Quillfeather'))
    FROM connections.connections
    """,
    f"UPDATE runs.runs SET error = 'the store says: {EMAIL} at 17 Obsidian Parade'",
    f"""
    UPDATE runs.certificates
       SET document = json_build_object('why', '{EMAIL.upper()}', 'was', document)
    """,
)


class Shop:
    """A store in which somebody has left his traces everywhere."""

    def __init__(self, sandbox: Sandbox) -> None:
        store = sandbox.store
        self.store = store
        self.customer = store.create(
            "customers",
            {
                "email": EMAIL,
                "first_name": "Ysoldë",
                "last_name": "Quillfeather",
                "username": "zquill",
                "billing": BILLING,
                "meta_data": [{"key": "birthday", "value": "1990-02-03"}],
            },
        )
        self.order = store.create_order(
            {
                "customer_id": self.customer,
                "billing": BILLING,
                "shipping": ADDRESS,
                "customer_note": "Ring at Quillfeather's",
                "total": "100.00",
                "meta_data": [
                    {"key": "_gift_wrap", "value": "red"},
                    {"key": "_odd", "value": [{"deep": f"for {EMAIL.upper()}"}]},
                    {"key": "_wc_order_attribution_user_agent", "value": "Quillbrowser 3"},
                ],
            }
        )
        self.guest = store.create_order({"billing": {**BILLING, "email": FORMER}})
        self.foreign = store.create_order(
            {"billing": OTHER, "meta_data": [{"key": "gift_for", "value": EMAIL}]}
        )
        draft = store.draft("customers", self.customer)
        draft["username"] = "zquill"
        store.rewrite("customers", self.customer, draft, bump=True)
        for number in (self.order, self.guest):
            draft = store.draft("orders", number)
            draft["customer_ip_address"] = IP
            store.rewrite("orders", number, draft, bump=True)
        store.create("order_notes", {"note": "Called Mrs Quillfeather."}, owner=self.order)
        self.coupon = store.create("coupons", {"code": "zq", "email_restrictions": [EMAIL]})
        self.review = store.create(
            "reviews",
            {
                "product_id": store.ids("products")[0],
                "review": "Fine, says Quillfeather",
                "reviewer": "Ysoldë Quillfeather",
                "reviewer_email": EMAIL,
            },
            store.ids("products")[0],
        )

    def anonymise(self) -> None:
        """Do what WooCommerce's eraser does, and what a person does for the rest."""
        empty = dict.fromkeys(ADDRESS, "[deleted]")
        for number in (self.order, self.guest):
            draft = self.store.draft("orders", number)
            draft["billing"] = {**draft["billing"], **empty, "email": "deleted@site.invalid"}
            draft["shipping"] = {**draft["shipping"], **empty}
            draft["customer_ip_address"], draft["customer_id"] = "0.0.0.0", 0
            draft["customer_note"], draft["meta_data"] = "", []
            self.store.rewrite("orders", number, draft, bump=True)
            for note in list(self.store.ids("order_notes")):
                if b"Quillfeather" in (self.store.document("order_notes", note) or b""):
                    self.store.delete("order_notes", note)
        self.store.edit("coupons", self.coupon, {"email_restrictions": []})
        self.store.edit("orders", self.foreign, {"meta_data": []})
        draft = self.store.draft("orders", self.foreign)
        draft["meta_data"] = []
        self.store.rewrite("orders", self.foreign, draft, bump=True)
        self.store.delete("customers", self.customer)
        self.store.delete("reviews", self.review)


@pytest.fixture
def shop() -> Iterator[tuple[Sandbox, Shop]]:
    with running_store(orders=4) as sandbox:
        yield sandbox, Shop(sandbox)


@pytest.fixture
async def twin(
    database_dsn: str, tmp_path: Path, shop: tuple[Sandbox, Shop]
) -> AsyncIterator[tuple[Twin, Shop]]:
    """A twin that has him in every table."""
    sandbox, known = shop
    async with open_twin(database_dsn, tmp_path, sandbox) as opened:
        await opened.hub.configure(NAME, Choices(notes=True))
        outcome = await opened.pull(*RESOURCES)
        assert outcome.is_complete, lacking(outcome)
        await promote_twin(opened)
        # He had another e-mail in earlier versions, and one that is no longer there in later ones.
        known.store.edit("customers", known.customer, {"email": FORMER})
        known.store.edit_order(known.order, {"billing": {**BILLING, "email": "x@y.example"}})
        await opened.hub.sync(NAME, ("customers", "orders"), observe=lambda _: None)
        await promote_twin(opened)
        known.store.edit("customers", known.customer, {"email": EMAIL})
        known.store.edit_order(known.order, {"billing": BILLING})
        outcome = await opened.pull(*RESOURCES, full=True)
        assert outcome.is_complete, lacking(outcome)
        await promote_twin(opened)
        await leave_traces(opened, known)
        yield opened, known


async def leave_traces(twin: Twin, shop: Shop) -> None:
    """Leave him in what is not a record: a delivery, a dead letter, a run, an answer, a certificate."""
    hub, now = twin.hub, twin.hub.clock()
    body = shop.store.document("orders", shop.order) or b""
    delivery = Delivery(
        connection_id=twin.connection.id,
        topic="order.updated",
        resource="orders",
        remote_id=str(shop.order),
        parent_id=None,
        webhook_id="1",
        delivery_id="1",
        body=body,
        received_at=now,
    )
    (core,) = await twin.rows(
        "SELECT core_id FROM core.links WHERE resource = 'customers' AND remote_id = %(id)s",
        id=str(shop.customer),
    )
    given = {"last_name": "Quillfeather-Smith"}
    await hub.core.edit("customers", core["core_id"], given, user_id=None)
    await hub.register.receiving_ends.ensure(twin.connection, now)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await keep_deliveries(tx, hub.organisation_id, [delivery], {twin.connection.id: 1}, now=now)
        for statement in STATEMENTS:
            await tx.execute(statement)
    principal = Principal(
        organisation_id=hub.organisation_id,
        user_id=twin.connection.id,
        credential_id=twin.connection.id,
        actor="ada",
        via=Via.SESSION,
        role=Role.OWNER,
        permissions=frozenset(),
    )
    answers = Answers(hub.database, hub.vault, principal)
    for key, text in (("his", EMAIL), ("others", "something else")):
        await answers.claim(key, b"hash", now)
        await answers.keep(key, Answered(200, {}, text.encode()))


@pytest.fixture
def dump(postgres: EmbeddedPostgres, database_dsn: str) -> Callable[[], str]:
    """Return everything that the database holds, versions unpacked, in lower case."""
    return lambda: dumped(postgres.admin_dsn, database_dsn).lower()


def traces_in(text: str) -> list[str]:
    hexed = [trace.encode().hex() for trace in TRACES]
    return [trace for trace in (*TRACES, *hexed) if trace in text]


async def erase(twin: Twin, *, is_rehearsal: bool = False, **named: Any) -> Erasure:
    who = Named(**(named or {"email": EMAIL}))
    return await twin.hub.persons.erase(who, is_rehearsal=is_rehearsal)


def only(erasure: Erasure) -> Removal:
    assert len(erasure.connections) == 1
    return erasure.connections[0]


# -- taking out -------------------------------------------------------------------------------------


async def test_nothing_of_him_is_left_in_the_database(
    twin: tuple[Twin, Shop], dump: Callable[[], str]
) -> None:
    opened, shop = twin
    assert set(TRACES) - set(traces_in(dump())) <= {"ysold\\u00eb quill"}
    before = {name: dict(json.loads(d)) for name, d in (await opened.documents("orders")).items()}
    planned = only(await erase(opened, is_rehearsal=True))
    assert traces_in(dump())
    erasure = await erase(opened)
    removal = only(erasure)
    assert traces_in(dump()) == []
    counts = {"customers": 1, "orders": 2, "order_notes": 1, "reviews": 1}
    assert removal.by_resource.keys() == counts.keys()
    assert {name: removal.by_resource[name] for name in ("customers", "orders", "reviews")} == {
        "customers": 1,
        "orders": 2,
        "reviews": 1,
    }
    assert removal.mentions == 2
    assert removal.deliveries == 1
    assert removal.removed == 0
    assert removal.texts["dead_letters"] == 1
    assert removal.texts["certificates"] >= 1
    assert removal.core == {
        "customers": 2, "orders": 3, "order_notes": 1, "reviews": 1, "coupons": 1
    }  # fmt: skip
    assert erasure.answers == 1
    assert erasure.delivered_to == ()
    assert removal == replace(planned, records=removal.records, versions=removal.versions)
    assert (planned.records, planned.versions) == (removal.records, removal.versions)
    # What an accountant needs is as it was, and nobody else was touched.
    after = {name: dict(json.loads(d)) for name, d in (await opened.documents("orders")).items()}
    kept = (
        "id",
        "number",
        "status",
        "total",
        "line_items",
        "tax_lines",
        "date_created",
        "currency",
    )
    for name, document in before.items():
        assert {k: document[k] for k in kept} == {k: after[name][k] for k in kept}
    own = {str(shop.order), str(shop.guest), str(shop.foreign)}
    assert all(after[name] == before[name] for name in before if name not in own)
    assert after[str(shop.foreign)]["billing"] == before[str(shop.foreign)]["billing"]
    blank = after[str(shop.order)]
    assert blank["billing"]["email"] == "deleted@site.invalid"
    assert blank["billing"]["phone"] == "+00 0000 000000"
    assert blank["customer_id"] == 0
    assert {m["key"]: m["value"] for m in blank["meta_data"]}["_gift_wrap"] == "red"
    # So do the columns that tables and searches use; and a second time there is nothing to do.
    rows = await opened.rows(
        "SELECT email_lower, search_text, name, brought_by FROM mirror.snapshots"
        " WHERE resource = 'orders' AND remote_id = %(id)s",
        id=str(shop.order),
    )
    assert rows[0]["email_lower"] == "deleted@site.invalid"
    assert rows[0]["search_text"].endswith("deleted@site.invalid [deleted] [deleted]")
    assert rows[0]["name"] == "[deleted] [deleted]"
    assert rows[0]["brought_by"] == "erase"
    assert only(await erase(opened)).is_empty


async def test_what_is_compared_meanwhile_tells_nothing_of_him(
    twin: tuple[Twin, Shop], dump: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker compares when he is out of the twin and not yet out of core: it finds who he was."""
    opened, _ = twin
    for resource in ("customers", "orders"):
        chosen = Chosen(Filter(resource, (opened.connection.id,)))
        for one in await opened.hub.staging.promote(chosen):
            hub = replace(opened.hub, queued=Queued(one.run_id))
            await hub.staging.work(NAME, lambda _: None)
    find, seen = erasing.find_in_core, []

    async def compare_before(*arguments: Any) -> Any:
        await opened.hub.staging.compare(NAME)
        rows = await opened.rows("SELECT changed_fields::text AS t FROM staging.records")
        seen.extend(traces_in("".join(row["t"] or "" for row in rows).lower()))
        return await find(*arguments)

    monkeypatch.setattr(erasing, "find_in_core", compare_before)
    await erase(opened)
    assert "quillfeather" in seen
    assert traces_in(dump()) == []
    monkeypatch.undo()
    await opened.hub.staging.compare(NAME)
    assert traces_in(dump()) == []


async def test_it_is_found_by_the_id_of_the_account_too(
    twin: tuple[Twin, Shop], dump: Callable[[], str]
) -> None:
    opened, shop = twin
    await erase(opened, customer_id=str(shop.customer), connection=NAME)
    assert traces_in(dump()) == []


# -- the store has the last word --------------------------------------------------------------------


async def test_he_is_back_only_because_the_store_shows_him(
    twin: tuple[Twin, Shop], dump: Callable[[], str]
) -> None:
    opened, shop = twin
    first = only(await erase(opened))
    assert str(shop.order) in first.in_store["orders"]
    assert first.erased_before is None
    assert (await opened.verify(*RESOURCES, level=Level.BYTES)).is_complete
    document = (await opened.documents("orders"))[str(shop.order)]
    assert json.loads(document)["billing"]["email"] == EMAIL
    again = only(await erase(opened))
    assert again.erased_before is not None
    assert again.records > 0
    assert traces_in(dump()) == []


async def test_after_the_store_erased_him_a_pull_leaves_nothing_of_him(
    twin: tuple[Twin, Shop], dump: Callable[[], str]
) -> None:
    opened, shop = twin
    shop.anonymise()
    await erase(opened)
    outcome = await opened.pull(*RESOURCES, full=True, bury_many=True)
    assert outcome.is_complete, lacking(outcome)
    assert (await opened.verify(*RESOURCES, level=Level.BYTES)).is_complete
    assert traces_in(dump()) == []
    assert only(await erase(opened)).is_empty
    rows = await opened.rows("SELECT count(*) AS n FROM mirror.erasures")
    assert rows[0]["n"] >= 2


# -- telling ----------------------------------------------------------------------------------------


async def test_everything_that_is_known_is_told(twin: tuple[Twin, Shop]) -> None:
    opened, shop = twin
    pieces = [piece async for piece in opened.hub.persons.export(Named(email=EMAIL.lower()))]
    assert pieces[0]["kind"] == "about"
    assert pieces[-1] == {"kind": "end", "pieces": len(pieces) - 2}
    records = {(p["resource"], p["remote_id"]): p for p in pieces if p["kind"] == "record"}
    for resource, number in (
        ("customers", shop.customer),
        ("orders", shop.order),
        ("orders", shop.guest),
        ("reviews", shop.review),
    ):
        assert records[resource, str(number)]["relation"] == "own"
    assert records["orders", str(shop.foreign)]["relation"] == "mention"
    assert records["coupons", str(shop.coupon)]["relation"] == "mention"
    current = records["orders", str(shop.order)]["versions"][0]
    assert current["document"].encode() == (await opened.documents("orders"))[str(shop.order)]
    assert len(records["orders", str(shop.order)]["versions"]) == 3
    kinds = {piece["kind"] for piece in pieces}
    assert {"delivery", "dead_letters", "runs", "certificates"} <= kinds
    with pytest.raises(UnknownNameError):
        _ = [piece async for piece in opened.hub.persons.export(Named(email="no@body.example"))]
    assert only(await erase(opened, email="no@body.example")).is_empty


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"email": "x"},
        {"email": "@"},
        {"email": EMAIL, "customer_id": "1"},
        {"customer_id": "1"},
        {"customer_id": "0", "connection": NAME},
        {"customer_id": "x", "connection": NAME},
    ],
)
def test_who_is_not_named_is_not_looked_for(named: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Named(**named).person()
    assert EMAIL not in str(caught.value)
    assert EMAIL not in repr(Named(**named))
