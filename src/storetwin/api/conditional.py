"""``ETag`` on whatever is read: what has not changed is not sent again (RFC 9110, section 13)."""

from __future__ import annotations

from hashlib import sha256

from fastapi import Request
from starlette.responses import Response, StreamingResponse

READING = frozenset({"GET", "HEAD"})
_OF_A_BODY = frozenset({"content-length", "content-type"})


def conditional(request: Request, response: Response) -> Response:
    """Return an answer with its ETag, or 304 to somebody who has it already.

    A route that knows a better one has set it; what is streamed has none.
    """
    if request.method not in READING or response.status_code != 200:
        return response
    tag = response.headers.get("etag")
    if tag is None:
        if isinstance(response, StreamingResponse):
            return response
        tag = f'"{sha256(response.body).hexdigest()[:32]}"'
        response.headers["ETag"] = tag
    known = request.headers.get("if-none-match", "")
    if known.strip() != "*" and tag not in {t.strip().removeprefix("W/") for t in known.split(",")}:
        return response
    kept = {k: v for k, v in response.headers.items() if k not in _OF_A_BODY}
    return Response(status_code=304, headers=kept)
