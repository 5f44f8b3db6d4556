"""HTML as text: tags out, paragraphs as lines. Linear in the length, whatever stands there.

Python's own parser takes time that grows with the square of what is broken (bpo 135462, CVE-2025-6069);
descriptions come from strangers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
     "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
     "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul")
)  # fmt: skip
_PARAGRAPHS = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "dl")
)
_SILENT = frozenset({"script", "style", "template"})
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,31})")
_BLANK = re.compile(r"[ \t\r\n\f\xa0]+")
_LINES = re.compile(r"\n{3,}")
_ITEM = "• "


def text_of(html: str) -> str:
    """Return the text of a piece of HTML.

    Blocks stand on lines of their own, paragraphs have an empty line between them, items of lists
    begin with a bullet. What scripts and styles hold is left out.
    """
    if "<" not in html and "&" not in html:
        return html.strip()
    out = _Text()
    for is_tag, piece in _pieces(html):
        if is_tag:
            out.tag(piece)
        else:
            out.say(piece)
    return out.whole()


class _Text:
    """What was read so far."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.is_bare = True  # nothing stands on this line yet

    def say(self, piece: str) -> None:
        text = _BLANK.sub(" ", unescape(piece))
        if self.is_bare:
            text = text.lstrip(" ")
        if text:
            self.pieces.append(text)
            self.is_bare = text.endswith(" ")

    def tag(self, name: str) -> None:
        bare = name.removeprefix("/")
        if bare == "br":
            self._break("\n")
        elif bare in _BLOCKS:
            self._break("\n\n" if bare in _PARAGRAPHS else "\n")
            if name == "li":
                self.pieces.append(_ITEM)

    def _break(self, lines: str) -> None:
        self.pieces.append(lines)
        self.is_bare = True

    def whole(self) -> str:
        lines = "".join(self.pieces).split("\n")
        text = "\n".join(line.strip() for line in lines if line.strip() != _ITEM.strip())
        return _LINES.sub("\n\n", text).strip()


def _pieces(html: str) -> Iterator[tuple[bool, str]]:
    """Return texts, and the names of tags, in their order; each character is looked at once or twice."""
    ends = _Ends(html)
    place, silent = 0, ""
    while True:
        start = html.find("<", place)
        if start < 0:
            break
        if start > place and not silent:
            yield False, html[place:start]
        name, place = _tag(html, start, ends)
        if name is None:
            if not silent:
                yield False, html[start:place]
            continue
        if silent:
            silent = "" if name == f"/{silent}" else silent
        elif name in _SILENT:
            silent = name
        elif name:
            yield True, name
    if not silent:
        yield False, html[place:]


def _tag(html: str, start: int, ends: _Ends) -> tuple[str | None, int]:
    """Return the name of what begins here, empty where it has none, and where it ends; None: a mere <."""
    if html.startswith("<!--", start):
        return "", ends.behind("-->", start + 4)
    found = _NAME.match(html, start + 1)
    if found is None:
        if html[start + 1 : start + 2] in ("!", "?"):
            return "", ends.behind(">", start + 1)
        return None, start + 1
    return found[0].lower(), ends.behind_tag(found.end())


class _Ends:
    """Where things end; what is not there any more is not looked for again."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.next: dict[str, int] = {}

    def behind(self, mark: str, start: int) -> int:
        """Return the place behind a mark; the end of everything where there is none."""
        return min(self._find(mark, start) + len(mark), len(self.html))

    def behind_tag(self, start: int) -> int:
        """Return the place behind a tag; a > within a quoted value does not end it."""
        while True:
            end = self._find(">", start)
            quotes = [(self._find(mark, start), mark) for mark in ('="', "='")]
            opens, mark = min(quotes)
            if opens >= end:
                return min(end + 1, len(self.html))
            closes = self._find(mark[1], opens + 2)
            if closes == len(self.html):  # it is never closed
                return min(end + 1, len(self.html))
            start = closes + 1

    def _find(self, mark: str, start: int) -> int:
        found = self.next.get(mark, -1)
        if found < start:
            found = self.html.find(mark, start)
            if found < 0:
                found = len(self.html)
            self.next[mark] = found
        return found
