"""What was asked of a store and answered last, as people may see it: no secrets, nobody's data.

Keys, signatures and e-mail addresses are taken out wherever they stand. Of what a store tells to
those who have its keys (an answer below 300) only the shape is shown: every text in it is left out.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote, quote_plus

from storetwin.connections.models import Credentials
from storetwin.connections.probe import Exchange
from storetwin.http.answer import Answer, Request

LEFT_OUT: Final = "…"
LONGEST: Final = 2_000  # characters of a body
MARGIN: Final = (
    600  # characters of a key, however it is spelled: none is cut in two before it is found
)
LARGEST: Final = 200_000  # bytes that are read as JSON
MOST_MEMBERS, MOST_ROWS, DEEPEST = 30, 3, 6
HEADERS: Final = (
    "date",
    "server",
    "via",
    "location",
    "content-type",
    "content-encoding",
    "content-length",
    "cache-control",
    "age",
    "x-cache",
    "cf-ray",
    "cf-cache-status",
    "www-authenticate",
    "retry-after",
    "x-wp-total",
    "x-powered-by",
)
"""Of an answer; no cookies, and nothing that a plugin may say of whoever is signed in."""
_SECRET_PARAMETER: Final = re.compile(r"(?:consumer|oauth)_", re.ASCII)
_IN_QUERY: Final = re.compile(r"""((?:consumer|oauth)_\w+(?:=|%3[Dd]))[^&\s"'<>]+""", re.ASCII)
_KEY: Final = re.compile(r"\b(c[ks]_)\w{4,}", re.ASCII)
_SIGNED_IN: Final = re.compile(r"\b(basic|bearer)\s+[\w+/=.-]{6,}", re.ASCII | re.IGNORECASE)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_UNPRINTABLE: Final = re.compile(r"[^\S\n ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_JSON_BEGINS: Final = re.compile(r'\{\s*"|\[\s*\{')


class Redactor:
    """Takes out of texts what nobody may see.

    Args:
        credentials: keys that are taken out, however they are spelled.
    """

    __slots__ = ("_secrets",)

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._secrets = _spellings(credentials) if credentials else ()

    def value(self, name: str, value: str) -> str:
        """Return the value of a parameter, as it may be shown."""
        return LEFT_OUT if _SECRET_PARAMETER.match(name) else self.clean(value)

    def body(self, answer: Answer) -> str:
        """Return the beginning of an answer; of one that came well only its shape."""
        is_well = answer.status < 300
        text = answer.body[:LARGEST].decode("utf-8", "replace")
        try:
            found = json.loads(text)
            text = json.dumps(_shape(found, is_shown=not is_well), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            if is_well:  # a document can stand behind a warning of PHP
                text = _JSON_BEGINS.split(text, maxsplit=1)[0]
        shown = self.clean(text[: LONGEST + MARGIN])[:LONGEST]
        is_cut = len(text) > LONGEST or (not shown and answer.body)
        return f"{shown}\n… {len(answer.body):,} bytes in all".lstrip() if is_cut else shown

    def clean(self, text: str) -> str:
        """Return a text without what nobody may see."""
        for secret in self._secrets:
            text = text.replace(secret, LEFT_OUT)
        text = _IN_QUERY.sub(rf"\g<1>{LEFT_OUT}", text)
        text = _KEY.sub(rf"\g<1>{LEFT_OUT}", text)
        text = _SIGNED_IN.sub(rf"\g<1> {LEFT_OUT}", text)
        text = _EMAIL.sub(f"{LEFT_OUT}@{LEFT_OUT}", text)
        return _UNPRINTABLE.sub(" ", text)


class Overheard:
    """Hears every request and its answer, and keeps the last."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._request: Request | None = None
        self._answer: Answer | None = None
        self._redactor = Redactor(credentials)

    def __call__(self, request: Request, answer: Answer | None) -> None:
        """Take in what was sent, or came."""
        self._request, self._answer = request, answer

    def told(self) -> Exchange | None:
        """Return the last request and its answer, as they may be shown; None where there was none."""
        if self._request is None:
            return None
        answered = self._answered(self._answer) if self._answer else ""
        return Exchange(self._asked(self._request), answered)

    def _asked(self, request: Request) -> str:
        query = "&".join(
            f"{name}={self._redactor.value(name, v)}" for name, v in request.params.items()
        )
        lines = [
            f"{request.method} {self._redactor.clean(request.url)}{'?' if query else ''}{query}"
        ]
        for name, value in request.headers.items():
            kind = value.partition(" ")[0]
            is_secret = name.lower() == "authorization"
            lines.append(
                f"{name}: {f'{kind} {LEFT_OUT}' if is_secret else self._redactor.clean(value)}"
            )
        if request.body:
            lines += ["", self._redactor.clean(request.body[:LONGEST].decode("utf-8", "replace"))]
        return "\n".join(lines)

    def _answered(self, answer: Answer) -> str:
        lines = [f"{answer.status}, after {answer.elapsed * 1000:.0f} ms"]
        known = answer.headers
        lines += [
            f"{name}: {self._redactor.clean(known[name])}" for name in HEADERS if name in known
        ]
        if body := self._redactor.body(answer):
            lines += ["", body]
        return "\n".join(lines)


def _shape(value: Any, *, is_shown: bool, depth: int = 0) -> Any:
    """Return a document shortened; its texts only where they may be shown."""
    if isinstance(value, str):
        return value if is_shown else LEFT_OUT
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return LEFT_OUT
    if isinstance(value, dict):
        few = list(value.items())[:MOST_MEMBERS]
        return {name: _shape(one, is_shown=is_shown, depth=depth + 1) for name, one in few}
    if isinstance(value, list):
        rows = [_shape(one, is_shown=is_shown, depth=depth + 1) for one in value[:MOST_ROWS]]
        return [*rows, LEFT_OUT] if len(value) > MOST_ROWS else rows
    return value


def _spellings(credentials: Credentials) -> tuple[str, ...]:
    """Return the keys in every way in which they can stand in a text."""
    plain = [credentials.key.get_secret_value(), credentials.secret.get_secret_value()]
    every = {spelled for one in plain if one for spelled in (one, quote(one, ""), quote_plus(one))}
    return tuple(sorted(every, key=len, reverse=True))
