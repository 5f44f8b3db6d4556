"""What belongs to a record: the records that its document names, those that come along, its core record's others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from storetwin.connections.models import Connection
from storetwin.hub.core import CoreRecord
from storetwin.kernel.json_values import Json, Number, parse
from storetwin.mapping.nouns import noun_of
from storetwin.resources import RESOURCES
from storetwin.staging.look import WholeRecord
from storetwin.web.data_asked import record_path
from storetwin.web.data_explorer import documents_of
from storetwin.web.data_view import label_of, name_of
from storetwin.web.view import Page
from storetwin.web.words import STATE

MOST_LINKS: Final = 30  # records of one kind that are named
TITLES: Final = ("name", "title", "number", "code", "email", "slug")


@dataclass(frozen=True, slots=True)
class Link:
    """A record that belongs to another.

    Args:
        href: its page; None where the twin does not have it.
        word: how it stands with core.
    """

    remote_id: str
    name: str | None = None
    href: str | None = None
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Records that belong to another, of one kind.

    Args:
        more: how many there are beyond those.
    """

    label: str
    links: Sequence[Link]
    more: int = 0


async def links_of(
    page: Page, store: Connection, whole: WholeRecord, core: CoreRecord | None, document: bytes
) -> dict[str, Any]:
    """Return what the drawer says of the records that belong to one."""
    record = whole.record
    try:
        value = parse(document)
    except ValueError:
        value = None
    along = [
        (f"{label_of(resource)} that come along", resource, ids)
        for resource, ids in (whole.along or {}).items()
    ]
    coming = {(resource, one) for _, resource, ids in along for one in ids}
    named = [
        (label, resource, [one for one in ids if (resource, one) not in coming])
        for (label, resource), ids in named_in(record.resource, value).items()
    ]
    linked = [
        await _linked(page, store, label, resource, ids) for label, resource, ids in named + along
    ]
    orders = f"/data/orders?q={quote(record.key)}" if record.key else None
    return {
        "core_title": title_of(core) if core else None,
        "linked": [one for one in linked if one.links],
        "orders": orders if record.resource == "customers" else None,
        "others": [
            (record_path(one.resource, one.connection, one.remote_id), one)
            for one in (core.links if core else ())
            if (one.connection_id, one.remote_id) != (record.connection_id, record.remote_id)
        ],
    }


async def _linked(
    page: Page, store: Connection, label: str, resource: str, ids: Sequence[str]
) -> Linked:
    shown = list(dict.fromkeys(ids))
    records = await page.hub.staging.named(store, resource, shown[:MOST_LINKS])
    nameless = [one for one in records if not one.name]
    documents = await documents_of(page, resource, nameless) if nameless else {}
    known = {
        one.remote_id: Link(
            one.remote_id,
            name_of(one, documents.get((one.connection_id, one.remote_id), {})),
            record_path(resource, store.name, one.remote_id),
            STATE[one.state],
        )
        for one in records
    }
    links = [known.get(one, Link(one)) for one in shown[:MOST_LINKS]]
    return Linked(label, links, max(0, len(shown) - MOST_LINKS))


def named_in(resource: str, value: Json) -> Mapping[tuple[str, str], list[str]]:
    """Return the ids that a document names, by what they are to it and their resource."""
    noun = noun_of(resource)
    if noun is None or not isinstance(value, dict):
        return {}
    named: dict[tuple[str, str], list[str]] = {}
    for reference in noun.references:
        label = reference.label or reference.name.removesuffix("_id").replace("_", " ")
        of = label.capitalize(), _resource_of(reference.noun)
        named.setdefault(of, []).extend(_ids_at(value, reference.source))
    for part in noun.parts:
        rows = value.get(part.source)
        for row in rows if isinstance(rows, list) else []:
            for reference in part.references:
                of = label_of(reference.noun), _resource_of(reference.noun)
                named.setdefault(of, []).extend(_ids_at(row, reference.source))
    if resource == "products":
        named[("Variations", "variations")] = _ids_at(value, "variations")
    return {of: ids for of, ids in named.items() if ids}


def _resource_of(noun: str) -> str:
    known = {resource.name for resource in RESOURCES}
    return noun if noun in known else {"tax_rates": "taxes"}.get(noun, noun)


def _ids_at(value: Json, source: str) -> list[str]:
    """Return the ids that stand at a dotted path; 0 and nothing name none."""
    for name in source.split(".") if source else []:
        if not isinstance(value, dict):
            return []
        value = value.get(name)
    values = value if isinstance(value, list) else [value]
    texts = [one.text if isinstance(one, Number) else one for one in values]
    return [text for text in texts if isinstance(text, str) and text not in ("", "0")]


def title_of(found: CoreRecord) -> str:
    """Return what people know a record by; never nothing."""
    values = found.document.values
    if found.noun.name == "customers":
        parts = [values.get("first_name"), values.get("last_name")]
        name = " ".join(str(part) for part in parts if part)
        if name:
            return name
    told = next((str(values[name]) for name in TITLES if values.get(name)), None)
    return told or f"{found.noun.label} {found.document.core_id}"
