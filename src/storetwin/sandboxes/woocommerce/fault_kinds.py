"""The catalogue of faults: what can be broken, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_TURN = {"every": "strike each N-th occasion", "times": "strike at most M times (0: no limit)",
         "after": "let so many occasions pass first"}  # fmt: skip
_TARGET = {"ids": "record ids, joined by +", "every": "or every N-th record",
           "count": "or so many records, spread evenly",
           "resource": "which resource (orders)"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One thing that can be broken.

    Args:
        name: how it is called on the command line.
        meaning: one sentence.
        parameters: name → meaning; every one has a default.
    """

    name: str
    meaning: str
    parameters: Mapping[str, str]


def _kinds(*kinds: FaultKind) -> dict[str, FaultKind]:
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, FaultKind] = _kinds(
    FaultKind(
        "poison",
        "A record kills every page that contains it, and itself: 500.",
        {**_TARGET, "how": "fatal (default), die: wp_die with 500, exit: 200 and no body"},
    ),
    FaultKind("notice", "A PHP warning stands before the JSON.", _TURN),
    FaultKind("big-notice", "Over 4 kB of PHP notices: text/html, no totals, always 200.", _TURN),
    FaultKind("bom", "A byte order mark stands before the JSON.", _TURN),
    FaultKind("comment", "An HTML comment stands behind the JSON.", _TURN),
    FaultKind(
        "truncate",
        "The body is cut in the middle, with status 200.",
        {**_TURN, "once": "1: each URL is cut the first time it is asked for"},
    ),
    FaultKind("empty", "200 with no body and no totals.", _TURN),
    FaultKind("rate-limit", "429 with Retry-After.", {**_TURN, "wait": "seconds to wait (1)"}),
    FaultKind("bad-gateway", "502 with a page of HTML.", _TURN),
    FaultKind("no-totals", "Lists come without X-WP-Total and X-WP-TotalPages.", {}),
    FaultKind("short-page", "A record is counted but never loads: its page is shorter.", _TARGET),
    FaultKind("hidden", "A record is in no list and no total, but answers by its id.", _TARGET),
    FaultKind(
        "churn",
        "Records are created, edited, trashed and deleted for good while lists are read.",
        {
            "every": "one change at each N-th list request (3)",
            "times": "at most M changes (0: no limit)",
            "resources": "which, joined by + (orders)",
            "kinds": "create+edit+trash+delete",
        },
    ),
    FaultKind("strip-auth", "A proxy removes the Authorization header.", {}),
    FaultKind("maintenance", "503 with Retry-After and HTML.", {**_TURN, "wait": "seconds (600)"}),
    FaultKind("waf", "A firewall's page of HTML.", {**_TURN, "status": "403 (default) or 200"}),
    FaultKind("latency", "Every answer takes longer.", {"ms": "milliseconds (200)"}),
    FaultKind("down", "Every connection is answered with 503 by the web server.", _TURN),
    FaultKind("clock", "The Date header is off.", {"seconds": "how far (3600)"}),
    FaultKind("plain-permalinks", "/wp-json is a 404 of the theme; only ?rest_route works.", {}),
    FaultKind("no-woocommerce", "WordPress without WooCommerce.", {}),
    FaultKind(
        "hostile-bytes", "Documents no parser likes: NUL, lone halves, NaN, 1e400 …", _TARGET
    ),
    FaultKind("inf-meta", "A record whose meta cannot be encoded blanks its page's meta.", _TARGET),
)


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """A fault as asked for.

    Args:
        kind: its catalogue entry.
        values: parameters that were given.
    """

    kind: FaultKind
    values: Mapping[str, str]

    def number(self, name: str, default: int) -> int:
        """Return a numeric parameter.

        Raises:
            ValueError: it is no number.
        """
        text = self.values.get(name)
        if text is None:
            return default
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{self.kind.name}: {name}={text!r} is not a number") from None

    def text(self, name: str, default: str) -> str:
        """Return a parameter as text."""
        return self.values.get(name, default)


def parse_fault(text: str) -> FaultSpec:
    """Read ``name`` or ``name:key=value,key=value``.

    Raises:
        ValueError: the name or a parameter is unknown; the text names those there are.
    """
    name, _, rest = text.partition(":")
    kind = KINDS.get(name.strip())
    if kind is None:
        raise ValueError(f"There is no fault {name!r}. There are: {', '.join(KINDS)}.")
    values: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        if key.strip() not in kind.parameters:
            known = ", ".join(kind.parameters) or "none"
            raise ValueError(f"{kind.name} has no parameter {key!r}. It has: {known}.")
        values[key.strip()] = value.strip()
    return FaultSpec(kind, values)


def fault_help() -> str:
    """Return the catalogue as text for the command line."""
    lines = []
    for kind in KINDS.values():
        lines.append(f"{kind.name}\n    {kind.meaning}")
        lines += [f"      {name:<10} {meaning}" for name, meaning in kind.parameters.items()]
    return "\n".join(lines)
