"""The cookies of the pages: who signed in, what is to be said once, and the reader's time zone."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from storetwin.web.words import Tone

SESSION: Final = "storetwin_session"
NOTE: Final = "storetwin_note"
ZONE: Final = "storetwin_zone"
LONGEST_NOTE: Final = 1000


@dataclass(frozen=True, slots=True)
class Note:
    """What is said once, on the next page."""

    text: str
    tone: Tone = Tone.OK


@dataclass(frozen=True, slots=True)
class Jar:
    """Sets and reads cookies.

    Args:
        is_secure: the hub is reached by https: then they never go another way, and no other
            host of the domain can set them (``__Host-``).
    """

    is_secure: bool

    def name(self, plain: str) -> str:
        """Return what a cookie is called."""
        return f"__Host-{plain}" if self.is_secure else plain

    def session(self, request: Request) -> str | None:
        """Return what the browser is known by."""
        return request.cookies.get(self.name(SESSION))

    def keep_session(self, response: Response, token: str, ends_at: datetime) -> None:
        """Make a browser known from now on."""
        self._set(response, SESSION, token, expires=ends_at)

    def forget_session(self, response: Response) -> None:
        """Make a browser unknown."""
        self._drop(response, SESSION)

    def say(self, response: Response, note: Note) -> None:
        """Have something said on the next page."""
        told = json.dumps([note.text[:LONGEST_NOTE], note.tone.value]).encode()
        self._set(response, NOTE, base64.urlsafe_b64encode(told).decode(), seconds=60)

    def note(self, request: Request) -> Note | None:
        """Return what is to be said on this page; whatever else stands in its place is nothing."""
        try:
            told = base64.urlsafe_b64decode(request.cookies[self.name(NOTE)])
            text, tone = json.loads(told)
            return Note(str(text)[:LONGEST_NOTE], Tone(tone))
        except (KeyError, TypeError, ValueError):
            return None

    def forget_note(self, response: Response) -> None:
        """Say it no more."""
        self._drop(response, NOTE)

    def _set(
        self,
        response: Response,
        plain: str,
        value: str,
        *,
        expires: datetime | None = None,
        seconds: int | None = None,
    ) -> None:
        response.set_cookie(
            self.name(plain),
            value,
            max_age=seconds,
            expires=expires,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    def _drop(self, response: Response, plain: str) -> None:
        response.delete_cookie(
            self.name(plain), path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )
