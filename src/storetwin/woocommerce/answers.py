"""From an answer's body to exact documents, whatever stands around them.

A clean list is cut by msgspec without being parsed. Everything else (a PHP notice before the
JSON, HTML behind it, a byte order mark, NaN, lone surrogates, invalid UTF-8) takes the slower way
through :func:`json.JSONDecoder.raw_decode`, which keeps bytes as well.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from storetwin.woocommerce.errors import BadAnswerError

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PATIENT = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_BRACKET = re.compile(r"[\[{]")
_JSON_BEGINS = re.compile(r'\[\s*\{\s*"|\{\s*"[^"\n]{0,200}"\s*:|(?<=\n)\[\]\s*(?:<|\Z)')
_STUB = re.compile(
    r'\s*(?:\[\s*)?(?:\{\s*(?:"[^"\n]{0,200}"?\s*)?)?\Z'
)  # JSON cut at its beginning
_DOCUMENTS = re.compile(r'\[\s*[\]{\["]|\{')  # not a bracket like [0] or [a] in a notice
_HTML = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|h1|p|div)", re.IGNORECASE)
MOST_STARTS = 400  # brackets in a notice that are tried as the beginning of the JSON
NOISE_BEFORE = "output before the JSON was cut off"
NOISE_BEHIND = "output behind the JSON was cut off"
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Cut:
    """What was found in a body.

    Args:
        documents: exact bytes; of a list its elements, of an object the object alone.
        is_list: the body was a list.
        remarks: what stood around it.
    """

    documents: tuple[bytes, ...]
    is_list: bool
    remarks: tuple[str, ...] = ()


def cut(body: bytes) -> Cut:
    """Find the JSON in a body and cut it into documents.

    Raises:
        BadAnswerError: there is none (empty, html, not_json), or it does not end (truncated).
    """
    try:
        return Cut(tuple(map(bytes, _LIST.decode(body))), is_list=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if not body.strip():
        raise BadAnswerError("empty", "The store answered with nothing.")
    text = body.decode("utf-8", "surrogateescape")
    found = _search(text)
    if found is None:
        raise _nothing_found(body, text)
    return found


def _search(text: str) -> Cut | None:
    """Find the answer among brackets, from the left.

    JSON that begins and does not end is a broken answer: nothing inside it may be taken for the
    whole, so the search ends there. JSON that ends with more JSON behind it was part of a notice.
    """
    at = 0
    for _ in range(MOST_STARTS):
        bracket = _BRACKET.search(text, at)
        if bracket is None:
            return None
        start = bracket.start()
        try:
            spans, end = _spans(text, start)
        except (ValueError, RecursionError):
            if _JSON_BEGINS.match(text, start):
                return None
            at = start + 1
            continue
        if _DOCUMENTS.match(text, start) and not _is_more_behind(text, end):
            return _cut_out(text, start, end, spans)
        at = end
    return None


def _is_more_behind(text: str, end: int) -> bool:
    """Say whether JSON begins behind ``end``, be it cut off in its very first bytes."""
    if _JSON_BEGINS.search(text, end):
        return True
    return bool(text[end:].strip(" \t\r\n") and _STUB.match(text, end))


def _spans(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """Return the span of each document of the list or object that begins here, and its end.

    Raises:
        ValueError: it is no JSON, or does not end.
    """
    if text[start] == "[":
        return _elements(text, start)
    end = _PATIENT.raw_decode(text, start)[1]
    return [(start, end)], end


def _cut_out(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> Cut:
    remarks = []
    if text[:start].strip(" \t\r\n"):
        remarks.append(NOISE_BEFORE)
    if text[end:].strip(" \t\r\n"):
        remarks.append(NOISE_BEHIND)
    documents = tuple(text[a:b].encode("utf-8", "surrogateescape") for a, b in spans)
    return Cut(documents, text[start] == "[", tuple(remarks))


def _elements(text: str, start: int) -> tuple[list[tuple[int, int]], int]:
    """Return the span of each element of a list, and where the list ends.

    Raises:
        ValueError: the list does not end, or is none.
    """
    spans: list[tuple[int, int]] = []
    at = _skip(text, start + 1)
    if text[at : at + 1] == "]":
        return spans, at + 1
    while True:
        value_end = _PATIENT.raw_decode(text, at)[1]
        spans.append((at, value_end))
        at = _skip(text, value_end)
        mark = text[at : at + 1]
        if mark == "]":
            return spans, at + 1
        if mark != ",":
            raise ValueError("neither a comma nor the end")
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _nothing_found(body: bytes, text: str) -> BadAnswerError:
    if text.lstrip(BOM + " \t\r\n")[:1] in ("[", "{") or _JSON_BEGINS.search(text):
        return BadAnswerError("truncated", "The store's answer breaks off in the middle.")
    if _HTML.match(body):
        return BadAnswerError("html", f"The store answered with a web page{_title(text)}.")
    return BadAnswerError("not_json", f"The store did not answer with JSON but with {text[:60]!r}.")


def _title(text: str) -> str:
    found = re.search(r"<title>([^<]{1,80})</title>", text, re.IGNORECASE)
    return f" titled {found[1].strip()!r}" if found else ""


@dataclass(frozen=True, slots=True)
class StoreError:
    """WooCommerce's own error document."""

    wc_code: str
    message: str
    status: int | None


def read_error(document: bytes) -> StoreError | None:
    """Read ``{"code", "message", "data": {"status"}}``; None when the document is no error.

    ``data`` may be a number (``woocommerce_rest_invalid_order_refund_id``) or absent.
    """
    try:
        found: Any = json.loads(document)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("code"), str):
        return None
    if not isinstance(found.get("message"), str) or "id" in found:
        return None
    data = found.get("data")
    status = data.get("status") if isinstance(data, dict) else data
    return StoreError(found["code"], found["message"], status if isinstance(status, int) else None)
