"""Compares Link headers: the same relations and parameters, host and page numbers left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import STORE, Answer, Recording, without_origin

_LINK = re.compile(r'<([^>]*)>; rel="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the header.

    Args:
        relation: ``prev``, ``next`` or ``https://api.w.org/``.
        address: the address without its query, the store's own origin left out.
        parameters: the query as (name, value), in order, the page left out as ``*``.
        page: the page it leads to, or None.
    """

    relation: str
    address: str
    parameters: tuple[tuple[str, str], ...]
    page: int | None

    @classmethod
    def all_of(cls, header: str, origin: str) -> list[Link]:
        """Read a whole header."""
        return [
            cls._of(without_origin(address, origin), relation)
            for address, relation in _LINK.findall(header)
        ]

    @classmethod
    def _of(cls, address: str, relation: str) -> Link:
        query = parse_qsl(urlsplit(address).query, keep_blank_values=True)
        pages = [int(value) for name, value in query if name == "page"]
        hidden = tuple((name, "*" if name == "page" else value) for name, value in query)
        return cls(relation, address.partition("?")[0], hidden, pages[0] if pages else None)


_HOME = Link("https://api.w.org/", f"{STORE}/wp-json/", (), None)


def compare_links(recording: Recording, answer: Answer, pages: int | None) -> Iterator[Difference]:
    """Yield how the Link header differs.

    Args:
        recording, answer: whose headers have a Link each.
        pages: how many pages the store under test says there are, or None where it says nothing.
    """
    wanted = Link.all_of(_header(recording.headers), recording.origin)
    found = Link.all_of(_header(answer.headers), answer.origin)
    page = int(recording.query.get("page", 1))
    is_linked = wanted != [_HOME] or page == 1  # some lists never link to their pages
    expected = _neighbours(page, pages) if pages is not None and is_linked else {}
    relations = {link.relation for link in found}
    if not expected and found != [_HOME]:
        yield Difference("header Link", str(_HOME), str(found))
    elif expected and relations != set(expected):
        yield Difference("header Link", f"relations {sorted(expected)}", f"{sorted(relations)}")
    model = next((link for link in wanted if link != _HOME), None)
    for link in found:
        if link.relation in expected:
            yield from _neighbour(link, expected[link.relation], recording, model)


def _header(headers: Mapping[str, str]) -> str:
    return next(value for name, value in headers.items() if name.lower() == "link")


def _neighbours(page: int, pages: int) -> dict[str, int]:
    """Return which pages a page leads to; past the end, back to the last one."""
    neighbours = {"prev": min(page - 1, pages)} if page > 1 else {}
    return neighbours | ({"next": page + 1} if page < pages else {})


def _neighbour(
    link: Link, page: int, recording: Recording, model: Link | None
) -> Iterator[Difference]:
    where = f"header Link {link.relation}"
    address = STORE + recording.path
    if link.page != page:
        yield Difference(where, f"page {page}", f"page {link.page}")
    if link.address != address:
        yield Difference(where, address, link.address)
    if model is not None and link.parameters != model.parameters:
        yield Difference(where, str(model.parameters), str(link.parameters))
    if model is None and not recording.query.keys() <= dict(link.parameters).keys():
        yield Difference(where, f"parameters {list(recording.query)}", str(link.parameters))
