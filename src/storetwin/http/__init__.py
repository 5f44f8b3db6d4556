"""What every client of someone else's API stands on: transport, retries, circuit, load."""

from storetwin.http.answer import Answer, Request
from storetwin.http.circuit import Circuit
from storetwin.http.egress import ANYWHERE, Egress
from storetwin.http.errors import (
    AnswerCutError,
    AnswerTooLargeError,
    EgressRefusedError,
    NoAnswerError,
    RedirectedError,
    TlsError,
    UnreachableError,
)
from storetwin.http.load import Limiter
from storetwin.http.retry import Retrying
from storetwin.http.transport import TlsPolicy, Transport

__all__ = [
    "ANYWHERE",
    "Answer",
    "AnswerCutError",
    "AnswerTooLargeError",
    "Circuit",
    "Egress",
    "EgressRefusedError",
    "Limiter",
    "NoAnswerError",
    "RedirectedError",
    "Request",
    "Retrying",
    "TlsError",
    "TlsPolicy",
    "Transport",
    "UnreachableError",
]
