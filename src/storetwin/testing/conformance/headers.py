"""Compares headers: their names, their values, and what totals and links say of each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from storetwin.testing.conformance.difference import Difference
from storetwin.testing.conformance.exchange import Answer, Recording
from storetwin.testing.conformance.links import compare_links

# Set by the web server, or by the hop between it and us; not by WooCommerce.
_OF_THE_SERVER = frozenset(
    {"server", "date", "connection", "keep-alive", "transfer-encoding", "content-length",
     "content-encoding", "accept-ranges"}
)  # fmt: skip
TOTAL, PAGES = "x-wp-total", "x-wp-totalpages"
_DEFAULT_PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list counts itself.

    Args:
        total: X-WP-Total.
        pages: X-WP-TotalPages.
        per_page, page: what was asked for.
    """

    total: int
    pages: int
    per_page: int
    page: int

    @property
    def rows(self) -> int:
        """How many records this page has to hold if the list is paged."""
        return max(0, min(self.per_page, self.total - (self.page - 1) * self.per_page))


def compare_headers(recording: Recording, answer: Answer) -> Iterator[Difference]:
    """Yield how an answer's headers differ from the recorded ones."""
    wanted, found = _comparable(recording.headers), _comparable(answer.headers)
    for name in sorted(wanted.keys() - found.keys()):
        yield Difference(f"header {name}", wanted[name], "absent")
    for name in sorted(found.keys() - wanted.keys()):
        yield Difference(f"header {name}", "absent", found[name])
    for name in sorted((wanted.keys() & found.keys()) - {TOTAL, PAGES, "link"}):
        if wanted[name] != found[name]:
            yield Difference(f"header {name}", wanted[name], found[name])
    recorded, counted = _paging(recording, wanted), _paging(recording, found)
    if recorded and counted:
        yield from _compare_totals(recorded, counted)
        yield from _compare_rows(recorded, counted, recording, answer)
    elif recorded and TOTAL in found:
        yield Difference("header X-WP-Total", "numbers", f"{found[TOTAL]}, {found.get(PAGES)}")
    if "link" in wanted and "link" in found:
        pages = counted.pages if counted else None
        yield from compare_links(recording, answer, pages)


def _comparable(headers: Mapping[str, str]) -> dict[str, str]:
    lowered = {name.lower(): value for name, value in headers.items()}
    return {name: value for name, value in lowered.items() if name not in _OF_THE_SERVER}


def _paging(recording: Recording, headers: Mapping[str, str]) -> Paging | None:
    total, pages = headers.get(TOTAL, ""), headers.get(PAGES, "")
    if not (total.isdecimal() and pages.isdecimal()):
        return None
    per_page = int(recording.query.get("per_page", _DEFAULT_PER_PAGE))
    return Paging(int(total), int(pages), per_page, int(recording.query.get("page", 1)))


def _is_whole(paging: Paging) -> bool:
    """Say whether a list that has more records than fit calls them one page."""
    return paging.pages == 1 and paging.total > paging.per_page


def _compare_totals(recorded: Paging, counted: Paging) -> Iterator[Difference]:
    """The totals follow from each other, in the way they do in the recording."""
    if recorded.total == 0:
        pages = 0  # a list that forgets its total past its end
        if counted.total:
            yield Difference("header X-WP-Total", "0", str(counted.total))
    elif _is_whole(recorded):
        pages = 1
    else:
        pages = ceil(counted.total / counted.per_page)
    if counted.pages not in (pages, _unpaged(recorded)):
        yield Difference("header X-WP-TotalPages", str(pages), str(counted.pages))


def _unpaged(recorded: Paging) -> int | None:
    """A list that fits one page may be one that is never paged: the recording cannot tell."""
    return 1 if recorded.pages == 1 else None


def _compare_rows(
    recorded: Paging, counted: Paging, recording: Recording, answer: Answer
) -> Iterator[Difference]:
    """A page holds as many records as its totals say."""
    try:
        wanted, found = len(json.loads(recording.body_text)), len(json.loads(answer.body))
    except ValueError:
        return  # bodies with something around the JSON are compared elsewhere
    if recording.method == "HEAD" or wanted not in (recorded.rows, recorded.total):
        return
    paged = wanted == recorded.rows
    unpaged = wanted == recorded.total
    allowed = ({counted.rows} if paged else set()) | ({counted.total} if unpaged else set())
    if found not in allowed:
        expected = " or ".join(map(str, sorted(allowed)))
        yield Difference("body", f"{expected} records by X-WP-Total", f"{found} records")
