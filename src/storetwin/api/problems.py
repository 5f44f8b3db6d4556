"""Every error as a problem document (RFC 9457); the only place that knows HTTP's codes for ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.responses import Response

from storetwin.connections.register import ConnectionExistsError
from storetwin.http.errors import (
    AnswerCutError,
    AnswerTooLargeError,
    CircuitOpenError,
    NoAnswerError,
    UnreachableError,
)
from storetwin.hub.running import RunInProgressError
from storetwin.kernel.errors import (
    ConfigurationError,
    ConflictError,
    CredentialError,
    RecordError,
    RetryableError,
    StoretwinError,
    UnknownNameError,
)
from storetwin.mapping.flaws import MappingFlawedError
from storetwin.telemetry.logs import Log
from storetwin.tenancy.models import NotAllowedError, UnauthenticatedError
from storetwin.tenancy.proving import WrongCredentialsError
from storetwin.tenancy.refusals import TooManyAttemptsError
from storetwin.woocommerce.errors import StoreDownError

log = Log()
MEDIA_TYPE = "application/problem+json"
REF = "#/components/schemas/{model}"
RETRY_AFTER = 5  # seconds, where nothing says how long

# A store that cannot be had is no fault of this server.
STORE_AWAY: Sequence[type[StoretwinError]] = (
    UnreachableError,
    NoAnswerError,
    AnswerCutError,
    AnswerTooLargeError,
    CircuitOpenError,
    StoreDownError,
)
# The first that fits counts.
STATUS: Sequence[tuple[type[StoretwinError], int]] = (
    (UnauthenticatedError, 401),
    (WrongCredentialsError, 401),
    (NotAllowedError, 403),
    (UnknownNameError, 404),
    (RunInProgressError, 409),
    (ConnectionExistsError, 409),
    (ConflictError, 409),
    (ConfigurationError, 422),
    (CredentialError, 422),
    (RecordError, 422),
    (TooManyAttemptsError, 429),
    *((kind, 424) for kind in STORE_AWAY),
    (RetryableError, 503),
)


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(description="Where: `body.name`, `query.limit`, …")
    detail: str


class Problem(BaseModel):
    """What is wrong, and what to do about it (RFC 9457)."""

    type: str = Field(description="The same for the same kind of problem.")
    title: str
    status: int
    detail: str = Field(description="What is wrong, in one sentence.")
    code: str = Field(description="The kind of problem, in a word: for programs.")
    remedy: str | None = Field(default=None, description="What can be done about it.")
    errors: list[Fault] | None = Field(default=None, description="Each thing that is wrong.")


class ProblemError(Exception):
    """A problem of the request itself, which nothing below a door knows of."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        remedy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.headers = headers


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    remedy: str | None = None,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as an answer; half characters in what is quoted become whole ones."""
    document = Problem(
        type=f"urn:storetwin:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        remedy=remedy,
        errors=list(faults) or None,
    )
    text = json.dumps(document.model_dump(exclude_none=True), ensure_ascii=False)
    return Response(
        text.encode("utf-8", "replace"), status, dict(headers or {}), media_type=MEDIA_TYPE
    )


def answer_to(error: Exception) -> Response:
    """Return the answer to a request that ended in an error."""
    match error:
        case ProblemError():
            return problem(
                error.status, error.code, error.detail, remedy=error.remedy, headers=error.headers
            )
        case StoretwinError():
            return _of_ours(error)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
            return problem(error.status_code, code, str(error.detail), headers=error.headers)
        case _:
            log.error("request_failed", exc_info=error)
            return problem(500, "bug", "Something went wrong here; it was logged.")


def _of_ours(error: StoretwinError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="storetwin"'
    if isinstance(error, RetryableError):
        headers["Retry-After"] = str(max(1, round(error.retry_after or RETRY_AFTER)))
    if status == 500:
        log.error("request_failed", exc_info=error)
        return problem(500, error.code, "Something went wrong here; it was logged.")
    faults = [
        Fault(where=f"body.document.{flaw.path}".rstrip("."), detail=str(flaw))
        for flaw in (error.flaws if isinstance(error, MappingFlawedError) else ())
    ]
    return problem(
        status, error.code, error.message, remedy=error.remedy, faults=faults, headers=headers
    )


def _invalid(error: RequestValidationError) -> Response:
    faults = [
        Fault(where=".".join(str(part) for part in found["loc"]), detail=str(found["msg"]))
        for found in error.errors()[:20]
    ]
    detail = "; ".join(f"{fault.where}: {fault.detail}" for fault in faults[:3])
    return problem(422, "invalid", f"The request is not valid. {detail}", faults=faults)


def handle_problems(app: FastAPI) -> None:
    """Answer whatever is raised with a problem document."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 405:
            error.headers = {"Allow": ", ".join(_methods_at(request)) or "GET"}
        return answer_to(error)

    for kind in (ProblemError, StoretwinError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def _methods_at(request: Request) -> list[str]:
    """Return what all routes of a path take together; a route that refuses knows only its own."""
    found: set[str] = set()
    routes: list[Any] = request.app.routes
    for route in routes:
        of_router = getattr(route, "effective_route_contexts", None)
        for known in of_router() if of_router else [route]:
            if known.path_regex.match(request.scope["path"]):
                found |= set(known.methods or ())
    return sorted(found)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI document says of these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def schemas_of_problems() -> dict[str, Any]:
    """Return the schemas that :func:`documented` points at, by their names.

    A ``model`` at each status would bring them as well, and a thousand validators that are never
    used: two thirds of the time that the application takes to be made.
    """
    _, described = models_json_schema([(Problem, "serialization")], ref_template=REF)
    schemas: dict[str, Any] = described["$defs"]
    return schemas


EVERYWHERE = documented(400, 401, 403, 404, 406, 409, 413, 415, 422, 424, 429, 503)
