"""What can happen to a request before anyone looks into its answer."""

from __future__ import annotations

from storetwin.kernel.errors import ConfigurationError, RetryableError


class UnreachableError(RetryableError):
    """Nobody answers at this address: no such name, refused, no route.

    Args:
        is_name_unknown: the host's name does not exist, so waiting will not help.
    """

    code = "unreachable"

    def __init__(self, message: str, *, is_name_unknown: bool = False) -> None:
        super().__init__(message, remedy="Check the address and that the server is up.")
        self.is_name_unknown = is_name_unknown


class NoAnswerError(RetryableError):
    """The connection stood, and no whole answer came in time."""

    code = "timeout"


class AnswerCutError(RetryableError):
    """The connection broke before the answer's end."""

    code = "answer_cut"


class AnswerTooLargeError(RetryableError):
    """The answer was longer than we read."""

    code = "answer_too_large"


class TlsError(ConfigurationError):
    """The server's certificate is not trusted."""

    code = "tls"
    default_remedy = (
        "Renew the certificate, or add the connection with --ca FILE (a private authority); "
        "--insecure-tls does without the check."
    )


class EgressRefusedError(ConfigurationError):
    """The address lies in a network that stores are not reached in; nothing was sent."""

    code = "address_refused"
    default_remedy = (
        "Give the store's public address. Where stores are meant to be in such a network, whoever "
        "runs this hub allows it: STORETWIN_ALLOWED_NETWORKS, like 10.1.2.0/24 or 127.0.0.1/32."
    )


class RedirectedError(ConfigurationError):
    """The server sends us elsewhere; keys are never sent along.

    Args:
        target: where to, without the query (it may repeat our keys).
    """

    code = "redirected"

    def __init__(self, source: str, target: str) -> None:
        super().__init__(
            f"{source} redirects to {target}.",
            remedy=f"Connect to the address it redirects to, if it is the store's: {target}",
        )
        self.source = source
        self.target = target


class CircuitOpenError(RetryableError):
    """The other side failed again and again; it is left alone for a while."""

    code = "circuit_open"
