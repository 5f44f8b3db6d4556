"""``Idempotency-Key``: a write that is sent twice is done once (draft-ietf-httpapi-idempotency-key)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from storetwin.api.problems import ProblemError, answer_to
from storetwin.kernel.clock import Clock
from storetwin.tenancy.answers import Answered, Answers

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
KEPT_HEADERS = ("cache-control", "content-type", "location", "etag")

Work = Callable[[], Awaitable[Response]]


async def once(
    request: Request, body: bytes, answers: Answers, clock: Clock, work: Work
) -> Response:
    """Do the work of a request, unless one with the same key was sent before.

    Raises:
        ProblemError: the key cannot be used for this request, or the first one is at work.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await work()
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise ProblemError(
            400, "bad_idempotency_key", f"{HEADER} has 1 to {LONGEST} printable characters."
        )
    claim = await answers.claim(key, _hash_of(request, body), clock())
    if claim.answered is not None:
        headers = dict(claim.answered.headers) | {REPLAYED: "true"}
        return Response(claim.answered.body, claim.answered.status, headers)
    if not claim.is_same:
        raise ProblemError(
            422,
            "idempotency_key_reused",
            f"This {HEADER} was sent with another request.",
            remedy="Take a new key for each request, and the same for its repetitions.",
        )
    if not claim.is_first:
        raise ProblemError(
            409,
            "idempotency_key_in_use",
            f"The first request with this {HEADER} is at work, or was cut off.",
            remedy="Ask again in a moment. If it stays so, look whether it was done, "
            "and send it with a new key.",
            headers={"Retry-After": "1"},
        )
    return await _done(key, answers, work)


async def _done(key: str, answers: Answers, work: Work) -> Response:
    """Do the work, and keep its answer; what came to nothing may be sent again."""
    try:
        response = await work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
        response = answer_to(error)
    if response.status_code >= 500 or isinstance(response, StreamingResponse):
        await answers.forget(key)
        return response
    headers = {k: v for k, v in response.headers.items() if k in KEPT_HEADERS}
    await answers.keep(key, Answered(response.status_code, headers, bytes(response.body)))
    return response


def _hash_of(request: Request, body: bytes) -> bytes:
    """Return what tells two requests apart."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return sha256(head + sha256(body).digest()).digest()
