"""Finding somebody in a twin: his account, his orders and what belongs to them, and who mentions him.

Every record and every earlier version is looked at, page by page: an order may have had his e-mail
once. What it costs is one reading of the connection's records within the database, and one of its
earlier versions here.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime

import zstandard

from storetwin.db.database import Row, Transaction
from storetwin.mirror.repository import Q, Shelf, document_of
from storetwin.resources import Catalogue
from storetwin.resources.personal import NO_EMAIL, Document, Person, is_his, mentions, terms_of

RECORDS_AT_ONCE = 2_000
VERSIONS_AT_ONCE = 500
BODIES_AT_ONCE = 500
MOST_ROUNDS = 5  # of finding e-mails by accounts and accounts by e-mails

_WITHOUT_ADDRESS = frozenset({"refunds", "order_notes", "reviews"})

Key = tuple[str, str]
Transact = Callable[[], AbstractAsyncContextManager[Transaction]]


@dataclass(frozen=True, slots=True)
class Held:
    """One version of a record. Its document does not show.

    Args:
        superseded_at: None for the current one.
    """

    version: int
    state: str
    parent_id: str | None
    read_at: datetime
    superseded_at: datetime | None
    document: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What a twin has of somebody.

    Args:
        own: records that are his.
        mentioning: records of others, or of the store itself, that have his e-mail in them.
    """

    who: Person
    own: tuple[Key, ...] = ()
    mentioning: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Seeker:
    """Looks somebody up in one connection.

    Args:
        transact: opens a transaction of the organisation.
        shelf: of the connection; its resource does not matter.
        observe: called with how many records and versions were looked at.
    """

    transact: Transact
    shelf: Shelf
    catalogue: Catalogue
    observe: Callable[[int], None] = lambda _: None

    async def find(self, who: Person) -> Found:
        """Return everything that has to do with somebody.

        Args:
            who: by his e-mail, or by the id of his account.
        """
        who = await self._account(who)
        keys = {key async for key in self._matches(who, "")}
        own, mentioning = await self._judged(keys, who)
        orders = frozenset(remote_id for resource, remote_id in own if resource == "orders")
        who = replace(who, orders=orders)
        own |= await self._belongings(orders)
        terms = [term.lower() for key in sorted(own) async for term in self._terms(key)]
        who = replace(who, terms=frozenset(terms) - who.emails)
        return Found(who, tuple(sorted(own)), tuple(sorted(mentioning - own)))

    async def _account(self, who: Person) -> Person:
        """Find his accounts by his e-mails, and his e-mails by his accounts, until nothing is new."""
        for _ in range(MOST_ROUNDS):
            emails, customers = set(who.emails), set(who.customers)
            async for key in self._matches(who, "customers"):
                held = [Document.of(one.document) for one in await self.read(key)]
                if key[1] in customers or any(is_his(*key, None, doc, who) for doc in held):
                    customers.add(key[1])
                    emails |= {e for doc in held if "@" in (e := doc.at("email").strip().lower())}
            known, who = who, Person(frozenset(emails - {NO_EMAIL}), frozenset(customers))
            if who == known:
                break
        return who

    async def _matches(self, who: Person, only: str) -> AsyncIterator[Key]:
        """Yield the records that may have to do with him; only those of one resource, if it is named."""
        looked = 0
        seen: set[Key] = set()
        async for rows in self._records(who, only):
            looked += len(rows)
            self.observe(looked)
            for row in rows:
                if row["is_match"]:
                    seen.add((row["resource"], row["remote_id"]))
                    yield row["resource"], row["remote_id"]
        unpack = zstandard.ZstdDecompressor().decompress
        speaks = _speaking_of(who)
        async for rows in self._versions(only):
            looked += len(rows)
            self.observe(looked)
            for row in rows:
                key = (row["resource"], row["remote_id"])
                if key not in seen and speaks.search(unpack(row["document_zstd"])):
                    seen.add(key)
                    yield key

    async def _records(self, who: Person, only: str) -> AsyncIterator[list[Row]]:
        after: Key | None = ("", "")
        while after is not None:
            values = self.shelf.params(after=after[1], only=only, limit=RECORDS_AT_ONCE) | {
                "resource": after[0],
                "texts": sorted(_spellings(who.emails)),
                "accounts": _accounts(who),
                "customers": sorted(who.customers),
            }
            async with self.transact() as tx:
                rows = await tx.fetch_all(Q.page_mentions, values)
            yield rows
            is_full = len(rows) == RECORDS_AT_ONCE
            after = (rows[-1]["resource"], rows[-1]["remote_id"]) if is_full else None

    async def _versions(self, only: str) -> AsyncIterator[list[Row]]:
        after: tuple[str, str, int] | None = ("", "", 0)
        while after is not None:
            values = self.shelf.params(after=after[1], version=after[2], only=only) | {
                "resource": after[0],
                "limit": VERSIONS_AT_ONCE,
            }
            async with self.transact() as tx:
                rows = await tx.fetch_all(Q.page_documents, values)
            yield rows
            last = rows[-1] if len(rows) == VERSIONS_AT_ONCE else None
            after = (last["resource"], last["remote_id"], last["version"]) if last else None

    async def _judged(self, keys: Iterable[Key], who: Person) -> tuple[set[Key], set[Key]]:
        """Return which records are his, in any version, and which only mention him."""
        own, mentioning = set(), set()
        for key in sorted(keys):
            held = await self.read(key)
            parent = held[-1].parent_id if held else None
            docs = [Document.of(one.document) for one in held]
            if any(is_his(*key, parent, doc, who) for doc in docs):
                own.add(key)
            elif any(mentions(doc, who) for doc in docs):
                mentioning.add(key)
        return own, mentioning

    async def _belongings(self, orders: Iterable[str]) -> set[Key]:
        """Return the records below his orders: refunds, notes, what plugins keep there."""
        below = [
            resource.name
            for resource in self.catalogue.resources
            if "orders" in (resource.parent, resource.fallback_parent)
        ]
        values = self.shelf.params(resources=below, parents=sorted(orders))
        async with self.transact() as tx:
            rows = await tx.fetch_all(Q.list_belongings, values)
        return {(row["resource"], row["remote_id"]) for row in rows}

    async def _terms(self, key: Key) -> AsyncIterator[str]:
        if key[0] not in _WITHOUT_ADDRESS:
            for one in await self.read(key):
                for term in terms_of(Document.of(one.document)):
                    yield term

    async def read(self, key: Key) -> list[Held]:
        """Return every version of a record that is kept, ascending; the last is the current one."""
        async with self.transact() as tx:
            return await read_whole(tx, replace(self.shelf, resource=key[0]), key[1])


async def read_whole(tx: Transaction, shelf: Shelf, remote_id: str) -> list[Held]:
    """Return every version of a record that is kept, ascending; the last is the current one."""
    rows = await tx.fetch_all(Q.read_whole, shelf.params(remote_id=remote_id))
    unpack = zstandard.ZstdDecompressor().decompress
    return [
        Held(
            row["version"],
            row["state"],
            row["parent_id"],
            row["read_at"],
            row["superseded_at"],
            unpack(row["document_zstd"]) if row["document_zstd"] else document_of(row),
        )
        for row in rows
    ]


def _spellings(texts: Iterable[str]) -> set[str]:
    """Return how some texts stand in JSON, in lower case."""
    found = set()
    for text in texts:
        plain = json.dumps(text, ensure_ascii=False)[1:-1]
        escaped = json.dumps(text)[1:-1].lower()
        found |= {plain, escaped, plain.replace("/", "\\/"), escaped.replace("/", "\\/")}
    return found


def _accounts(who: Person) -> str:
    """Return what finds an account's id in a text of JSON; empty where there is none."""
    ids = "|".join(re.escape(one) for one in sorted(who.customers))
    if not ids:
        return ""
    return rf'"customer_id"\s*:\s*"?({ids})["\s,}}]|"used_by"\s*:\s*\[[^]]*"({ids})"'


def _speaking_of(who: Person) -> re.Pattern[bytes]:
    """Return what finds an e-mail or an account of his in the bytes of a document."""
    parts = [re.escape(text) for text in sorted(_spellings(who.emails))]
    if accounts := _accounts(who):
        parts.append(accounts)
    pattern = "|".join(parts) or r"(?!)"
    return re.compile(pattern.encode(), re.IGNORECASE)
