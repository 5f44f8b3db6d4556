"""Compares records with the shape of their kind: keys and their order, types, formats, links."""

from __future__ import annotations

import json
from collections.abc import Iterator

from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import Json, Recording
from storetwin.testing.conformance.routes import (
    ANYTHING,
    AS_ENTERED,
    MAPS,
    OPTIONAL_KEYS,
    Located,
    kind_of,
    records_in,
)
from storetwin.testing.conformance.shapes import Shape, Shapes, children, link_template, type_of


def compare_records(
    recording: Recording, expected: Json, actual: Json, shapes: Shapes
) -> Iterator[Difference]:
    """Yield how the records of an answer differ in shape from real ones.

    Args:
        recording: what was asked.
        expected, actual: the two documents, of the same JSON type.
        shapes: what records of each kind look like.
    """
    wanted = list(records_in(recording.route, expected))
    found = list(records_in(recording.route, actual))
    if recording.route.endswith("/batch"):
        yield from _same_verbs(expected, actual)
        wanted, found, errors = _errors_apart(wanted, found)
        yield from errors
    elif wanted and not found and recording.query.get("page", "1") == "1":
        yield Difference("records", "some to compare", "none")
    own_layouts = {tuple(each.record) for each in wanted if isinstance(each.record, dict)}
    blank_meta = any(_has_blank_meta(each.record) for each in wanted)
    kind = kind_of(recording.route)
    for each in found:
        record = each.record
        if isinstance(record, dict) and own_layouts:
            yield from _one_of(each.where, tuple(record), own_layouts)
        if blank_meta and isinstance(record, dict):
            if not _has_blank_meta(record):
                yield Difference(
                    f"{each.where}.meta_data", "[{},…]", json.dumps(record["meta_data"])
                )
            record = {**record, "meta_data": []}
        yield from _value(kind, each.where, record, shapes)


def same_values(where: str, wanted: Json, found: Json) -> Iterator[Difference]:
    """Yield how two JSON values differ, word for word, keys in their order."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        if list(wanted) != list(found):
            yield Difference(where, f"keys {list(wanted)}", f"keys {list(found)}")
        for key in wanted:
            if key in found:
                yield from same_values(f"{where}.{key}", wanted[key], found[key])
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from same_values(f"{where}[{number}]", one, other)
    elif type(wanted) is not type(found) or wanted != found:
        yield Difference(where, json.dumps(wanted), json.dumps(found))


def _same_verbs(expected: Json, actual: Json) -> Iterator[Difference]:
    one, other = (
        {verb: len(members) for verb, members in document.items() if isinstance(members, list)}
        if isinstance(document, dict) else {}
        for document in (expected, actual)
    )  # fmt: skip
    if list(one.items()) != list(other.items()):
        yield Difference("body", f"results {one}", f"results {other}")


def _errors_apart(
    wanted: list[Located], found: list[Located]
) -> tuple[list[Located], list[Located], list[Difference]]:
    """Compare the members of a batch that failed word for word; return the others."""
    errors: list[Difference] = []
    succeeded = []
    failed = {each.where: each.record for each in wanted if _is_error(each.record)}
    for each in found:
        if each.where in failed:
            errors += same_values(each.where, failed[each.where], each.record)
        elif _is_error(each.record):
            errors.append(Difference(each.where, "a record", json.dumps(each.record)))
        else:
            succeeded.append(each)
    return [each for each in wanted if each.where not in failed], succeeded, errors


def _is_error(record: Json) -> bool:
    return isinstance(record, dict) and "error" in record


def _has_blank_meta(record: Json) -> bool:
    """Say whether every meta of a record came as ``{}``, as one INF on the page makes them."""
    if not isinstance(record, dict):
        return False
    metas = record.get("meta_data")
    return isinstance(metas, list) and bool(metas) and all(meta == {} for meta in metas)


def _value(path: str, where: str, value: Json, shapes: Shapes) -> Iterator[Difference]:
    shape = shapes.at(path)
    if shape is None or ANYTHING.search(path):
        return  # no recording held anything here (an empty list's members, say), or it is data
    if type_of(value) not in shape.types:
        expected = " or ".join(sorted(shape.types))
        yield Difference(where, expected, f"{type_of(value)} {json.dumps(value)}")
        return
    if isinstance(value, str):
        yield from _text(path, where, value, shape)
    elif isinstance(value, dict):
        yield from _keys(path, where, tuple(value), shape)
    for step, name, inner in children(path, value):
        yield from _value(path + step, where + name, inner, shapes)


def _text(path: str, where: str, text: str, shape: Shape) -> Iterator[Difference]:
    broken = None if AS_ENTERED.search(path) else shape.broken_format(text)
    if broken:
        yield Difference(where, broken, json.dumps(text))
    templates = shape.link_templates() if path.endswith(".href") else None
    if templates and link_template(text) not in templates:
        yield Difference(where, f"one of {sorted(templates)}", text)


def _keys(path: str, where: str, keys: tuple[str, ...], shape: Shape) -> Iterator[Difference]:
    if "." not in path or MAPS.search(path) or not shape.layouts:
        return  # a record's own keys are compared with those of its recording
    if OPTIONAL_KEYS.search(path):
        yield from _optional(where, keys, shape.layouts)
    else:
        yield from _one_of(where, keys, shape.layouts)


def _one_of(
    where: str, keys: tuple[str, ...], layouts: set[tuple[str, ...]]
) -> Iterator[Difference]:
    if keys in layouts:
        return
    nearest = max(layouts, key=lambda layout: len(set(layout) & set(keys)))
    missing = [key for key in nearest if key not in keys]
    unknown = [key for key in keys if key not in nearest]
    if missing:
        yield Difference(where, f"keys {missing}", "none of them")
    if unknown:
        yield Difference(where, "no further keys", f"keys {unknown}")
    if not missing and not unknown:
        yield Difference(where, f"keys in the order {list(nearest)}", str(list(keys)))


def _optional(
    where: str, keys: tuple[str, ...], layouts: set[tuple[str, ...]]
) -> Iterator[Difference]:
    """Compare keys of which some may be absent; those that are there keep their order."""
    always = set.intersection(*map(set, layouts))
    if missing := always - set(keys):
        yield Difference(where, f"keys {sorted(missing)}", str(list(keys)))
    if unknown := set(keys) - set().union(*layouts):
        yield Difference(where, "no further keys", str(sorted(unknown)))
    for layout in layouts:
        shared = [key for key in keys if key in layout]
        if shared != [key for key in layout if key in shared]:
            yield Difference(where, f"keys in the order {list(layout)}", str(list(keys)))
            return
