"""What schemathesis looks at beside its own checks; loaded by it as hooks."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

NEEDED = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after"}
PROBLEM = "application/problem+json"


@schemathesis.check
def headers_that_a_status_demands(_: CheckContext, response: Response, case: Case) -> None:
    """RFC 9110: 401 names a way to authenticate, 405 the methods; 201 says where it is."""
    needed = NEEDED.get(response.status_code)
    assert needed is None or needed in response.headers, f"{response.status_code} lacks {needed}"
    if response.status_code == 201:
        assert "location" in response.headers, "201 lacks Location"


@schemathesis.check
def problems_are_problems(_: CheckContext, response: Response, case: Case) -> None:
    """RFC 9457: whatever is refused says so in one form, and why."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    kinds = response.headers.get("content-type") or ["nothing"]
    assert kinds[0] == PROBLEM, f"{response.status_code} is {kinds[0]}"
    document: Any = json.loads(response.content)
    assert document["status"] == response.status_code
    assert document["detail"], "it gives no reason"
    assert document["code"], "it has no code"


@schemathesis.check
def bodies_are_where_they_belong(_: CheckContext, response: Response, case: Case) -> None:
    """RFC 9110: 204 and 304 have no content."""
    if response.status_code in (204, 304):
        assert response.content in (b"", None), f"{response.status_code} has a body"
