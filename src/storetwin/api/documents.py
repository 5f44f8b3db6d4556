"""Documents of stores in answers: as they are written where that is JSON, else as near as can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.responses import Response

from storetwin.kernel.json_text import storable
from storetwin.kernel.json_values import parse, written

MEDIA_TYPE = "application/json"


def is_json(document: bytes) -> bool:
    """Say whether these exact bytes are JSON by its grammar."""
    try:
        return storable(document).raw is None and _is_valid(document)
    except RecursionError:
        return False


def shown(document: bytes) -> msgspec.Raw:
    """Return a document as valid JSON, each digit as it was written.

    What no program reads alike is made readable: a NUL and half a character become U+FFFD, ``NaN``
    becomes null. What is no JSON at all becomes a string.
    """
    try:
        kept = storable(document)
        text = kept.clean or kept.payload or b""
        return msgspec.Raw(text if _is_valid(text) else _rewritten(document))
    except RecursionError:
        return msgspec.Raw(_as_string(document))


def _is_valid(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
        text.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _rewritten(document: bytes) -> bytes:
    """Return what a lenient parser makes of it."""
    try:
        text = written(parse(document)).encode()
    except ValueError:
        return _as_string(document)
    return text if _is_valid(text) else _as_string(document)


def _as_string(document: bytes) -> bytes:
    return msgspec.json.encode(document.decode("utf-8", "replace"))


def json_answer(
    model: BaseModel | Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an answer whose values may be `msgspec.Raw`: text that is JSON already."""
    content = model.model_dump(mode="json") if isinstance(model, BaseModel) else model
    return Response(msgspec.json.encode(content), headers=headers, media_type=MEDIA_TYPE)


def with_documents(
    items: Sequence[BaseModel], documents: Sequence[bytes | None]
) -> list[dict[str, Any]]:
    """Return items as JSON values, each with its document where there is one."""
    found = []
    for item, document in zip(items, documents, strict=True):
        value = item.model_dump(mode="json", exclude={"document"})
        if document is not None:
            value["document"] = shown(document)
        found.append(value)
    return found
