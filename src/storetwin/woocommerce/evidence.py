"""What goes into a dead letter of a request and its answer: no secrets, cut to a few kB.

What is taken out is what :mod:`overheard` takes out: keys, signatures, e-mail addresses, and every
text of an answer that came well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from storetwin.connections.models import Credentials
from storetwin.http.answer import Answer
from storetwin.kernel.errors import RecordError
from storetwin.woocommerce.exchange import Question
from storetwin.woocommerce.overheard import LONGEST, Redactor

MOST_BYTES: Final = 8_000
MOST_PARAMETERS, LONGEST_PARAMETER, LONGEST_PATH = 12, 60, 200


@dataclass(slots=True)
class Heard:
    """What came back for a question, so far."""

    answer: Answer | None = None


@contextmanager
def kept(question: Question, credentials: Credentials) -> Iterator[Heard]:
    """Let an error about a record carry what was asked and what came."""
    heard = Heard()
    try:
        yield heard
    except RecordError as error:
        error.evidence = evidence(question, heard.answer, credentials)
        raise


def evidence(question: Question, answer: Answer | None, credentials: Credentials) -> str:
    """Return a question and its answer as JSON, in `MOST_BYTES` at most.

    Args:
        answer: None where none came.
    """
    redactor = Redactor(credentials)
    few = list(question.params.items())[:MOST_PARAMETERS]
    request = {
        "method": question.method,
        "path": redactor.clean(question.path)[:LONGEST_PATH],
        "params": {
            redactor.clean(name)[:LONGEST_PARAMETER]: _cut(redactor.value(name, text))
            for name, text in few
        },
    }
    found: dict[str, Any] = {"request": request, "answer": None}
    if answer is None:
        return json.dumps(found, ensure_ascii=False)
    body = redactor.body(answer)
    found["answer"] = told = {
        "status": answer.status,
        "content_type": redactor.clean(answer.headers.get("content-type", ""))[:LONGEST_PARAMETER],
        "duration_ms": round(answer.elapsed * 1000),
        "bytes": len(answer.body),
        "body": body,
    }
    size = LONGEST
    while len((text := json.dumps(found, ensure_ascii=False)).encode()) > MOST_BYTES and size:
        size //= 2
        told["body"] = body[:size]
    return text


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PARAMETER else f"{text[: LONGEST_PARAMETER - 1]}…"
