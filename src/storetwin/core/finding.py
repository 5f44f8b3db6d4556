"""Which core records a store's records may be: found in bulk, by SKU, e-mail or slug."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from storetwin.core.links import links
from storetwin.core.models import Candidate, Origin
from storetwin.core.statements import Q, tables_of
from storetwin.db.database import Transaction
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Mapped, Match, Noun
from storetwin.resources.personal import NO_EMAIL

_BY: Mapping[Match, tuple[str, str]] = {  # the member that is looked at, the column that is asked
    Match.SKU: ("sku", "sku_key"),
    Match.EMAIL: ("email", "email_lower"),
    Match.SLUG: ("slug", "slug_key"),
    Match.SLUG_PATH: ("slug", "slug_path_key"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """What a record is looked for by.

    Args:
        text: as the column for lookups has it.
        within: the core record it belongs to, where texts are unique only there: a term's attribute.
    """

    text: str
    within: UUID | None = None


async def keys_of(
    tx: Transaction, noun: Noun, records: Mapping[Origin, Mapped]
) -> dict[Origin, Key]:
    """Return what some records are looked for by; those that have nothing of the kind are left out.

    Args:
        records: those above them in a tree are found among them, or in core.
    """
    if noun.match not in _BY:
        return {}
    member, _ = _BY[noun.match]
    if noun.match is Match.SLUG_PATH:
        paths = await _Paths.read(tx, noun, records)
        found = {origin: paths.of(origin) for origin in records}
        return {origin: Key(lookup_key(path) or "") for origin, path in found.items() if path}
    scopes = await _scopes(tx, noun, records)
    borrowed = await _skus_above(tx, noun, records)
    keys = {}
    for origin, mapped in records.items():
        value = mapped.values.get(member)
        text = lookup_key(value) if isinstance(value, str) else None
        if text and text in (NO_EMAIL, borrowed.get(origin)):
            continue
        if text and (scopes is None or origin in scopes):
            keys[origin] = Key(text, scopes[origin] if scopes else None)
    return keys


async def find(tx: Transaction, noun: Noun, keys: Iterable[Key]) -> dict[Key, list[Candidate]]:
    """Return the core records that have one of some keys."""
    asked: dict[str, list[Key]] = {}
    for key in keys:
        asked.setdefault(key.text, []).append(key)
    if not asked:
        return {}
    scope = _scope(noun)
    table = tables_of(noun).row
    statement = table.find(_BY[noun.match][1], scope or "id")
    rows = await tx.fetch_all(statement, {"noun": noun.name, "keys": list(asked)})
    found: dict[Key, list[Candidate]] = {}
    for row in rows:
        for key in asked[row["key"]]:
            if scope is None or key.within == row["within"]:
                candidate = Candidate(row["core_id"], frozenset(row["connections"]))
                found.setdefault(key, []).append(candidate)
    return found


async def candidates(
    tx: Transaction, noun: Noun, records: Mapping[Origin, Mapped]
) -> dict[Origin, list[Candidate]]:
    """Return the core records that some stores' records may be; none for those that are new."""
    keys = await keys_of(tx, noun, records)
    found = await find(tx, noun, keys.values())
    return {origin: found.get(key, []) for origin, key in keys.items()}


async def _skus_above(
    tx: Transaction, noun: Noun, records: Mapping[Origin, Mapped]
) -> dict[Origin, str]:
    """Return the SKU of the product that each variation belongs to, as keys for lookups.

    A variation without an SKU of its own is shown with its product's (WooCommerce 10.5,
    measured): thirteen of them with the same one are not the same.
    """
    above = next((one for one in noun.references if one.is_container), None)
    if above is None or noun.match is not Match.SKU:
        return {}
    named = {
        origin: (origin.connection_id, remote_id)
        for origin, mapped in records.items()
        if (remote_id := mapped.references.get(above.name)) is not None
    }
    if not named:
        return {}
    connection_ids, remote_ids = zip(*set(named.values()), strict=True)
    asked = {"connection_ids": list(connection_ids), "remote_ids": list(remote_ids)}
    rows = await tx.fetch_all(Q.read_skus, asked | {"resource": above.noun})
    skus = {(row["connection_id"], row["remote_id"]): lookup_key(row["sku"]) for row in rows}
    return {origin: sku for origin, over in named.items() if (sku := skus.get(over))}


def _scope(noun: Noun) -> str | None:
    """Return the column with the record that a text is unique below."""
    if noun.match is not Match.SLUG:
        return None
    return next((one.name for one in noun.references if one.is_container), None)


async def _scopes(
    tx: Transaction, noun: Noun, records: Mapping[Origin, Mapped]
) -> dict[Origin, UUID] | None:
    """Return the core record that each record belongs to, of those where that is in core."""
    scope = _scope(noun)
    if scope is None:
        return None
    reference = next(one for one in noun.references if one.name == scope)
    above = {
        origin: Origin(origin.connection_id, reference.noun, remote_id)
        for origin, mapped in records.items()
        if (remote_id := mapped.references.get(scope)) is not None
    }
    known = await links(tx, above.values())
    return {origin: known[over].core_id for origin, over in above.items() if over in known}


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where records stand in their tree."""

    parent: str
    records: Mapping[Origin, Mapped]
    known: Mapping[Origin, str]

    @classmethod
    async def read(cls, tx: Transaction, noun: Noun, records: Mapping[Origin, Mapped]) -> _Paths:
        """Read the paths of those above some records that are in core."""
        parent = next(one.name for one in noun.references if one.noun == noun.name)
        above = {
            Origin(origin.connection_id, origin.resource, remote_id)
            for origin, mapped in records.items()
            if (remote_id := mapped.references.get(parent)) is not None
        }
        found = await links(tx, above)
        ids = [link.core_id for link in found.values()]
        rows = await tx.fetch_all(Q.read_paths, {"ids": ids}) if ids else []
        paths = {row["id"]: row["slug_path"] for row in rows}
        known = {o: paths[link.core_id] for o, link in found.items() if paths.get(link.core_id)}
        return cls(parent, records, known)

    def of(self, origin: Origin) -> str | None:
        """Return the path of a record; None where one above it is nowhere, or it is above itself."""
        steps: list[str] = []
        seen = set()
        while origin not in seen:
            seen.add(origin)
            mapped = self.records.get(origin)
            slug = mapped.values.get("slug") if mapped else None
            if mapped is None or not isinstance(slug, str) or not slug:
                return None
            steps.append(slug)
            remote_id = mapped.references.get(self.parent)
            if remote_id is None:
                return "/".join(reversed(steps))
            origin = Origin(origin.connection_id, origin.resource, remote_id)
            if origin in self.known:
                return "/".join([self.known[origin], *reversed(steps)])
        return None
