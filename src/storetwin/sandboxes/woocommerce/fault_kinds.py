"""The catalogue of faults: what can be broken, with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

TURN = {"every": "strike each N-th occasion (1)", "times": "strike at most M times (0: no limit)",
        "after": "let so many occasions pass first"}  # fmt: skip
"""The parameters of faults that strike in their turn."""
SELDOM = {**TURN, "every": "strike each N-th occasion (10)"}
"""The same for faults that would leave nothing working if they struck each time."""
TARGET = {"ids": "record ids, joined by +", "every": "or every N-th record",
          "count": "or so many records, spread evenly",
          "resource": "which resource (orders)"}  # fmt: skip
"""The parameters of faults that concern certain records."""
_NUMBERS = frozenset(
    ("after", "bytes", "count", "every", "mb", "most", "ms", "once", "seconds", "status", "times",
     "wait")
)  # fmt: skip
_NUMBER = re.compile(r"-?[0-9]{1,12}")
_HOST = re.compile(r"https?://[^/\s]+/?")
_BELOW_ZERO = frozenset({("clock", "seconds")})


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One thing that can be broken.

    Args:
        name: how it is called on the command line.
        meaning: one sentence.
        parameters: name → meaning; every one has a default.
        choices: name → what may be said there, for parameters that take no other text.
    """

    name: str
    meaning: str
    parameters: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def usually(self) -> int:
        """One of so many occasions is struck if nobody says otherwise."""
        return 10 if self.parameters.get("every") == SELDOM["every"] else 1


def _kinds(*kinds: FaultKind) -> dict[str, FaultKind]:
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, FaultKind] = _kinds(
    FaultKind(
        "poison",
        "A record kills every page that contains it, and itself.",
        {
            **TARGET,
            "how": "fatal (default): 500 as JSON, die: wp_die with 500, exit: 200 and no body, "
            "memory: an empty 500 after a while, gateway: its page of HTML, "
            "reset: the connection is closed in the middle of the body, cut: half a body, with 200, "
            "hang: no answer, huge: a gigabyte",
            "ms": "for memory: milliseconds until it is used up (100)",
            "status": "for gateway: 502 (default) or 504",
        },
        {
            "how": (
                *("fatal", "die", "exit", "memory", "gateway", "reset", "cut", "hang", "huge"),
            ),
            "status": ("502", "504"),
        },
    ),
    FaultKind("notice", "A PHP warning stands before the JSON.", TURN),
    FaultKind("big-notice", "Over 4 kB of PHP notices: text/html, no totals, always 200.", TURN),
    FaultKind("bom", "A byte order mark stands before the JSON.", TURN),
    FaultKind("comment", "An HTML comment stands behind the JSON.", TURN),
    FaultKind(
        "truncate",
        "The body is cut in the middle, with status 200.",
        {**SELDOM, "once": "1: each URL is cut the first time it is asked for"},
    ),
    FaultKind(
        "content-type",
        "JSON comes with a wrong Content-Type.",
        {**TURN, "type": "which (text/html; charset=UTF-8)"},
    ),
    FaultKind("empty", "200 with no body and no totals.", SELDOM),
    FaultKind("rate-limit", "429 with Retry-After.", {**SELDOM, "wait": "seconds to wait (1)"}),
    FaultKind("bad-gateway", "502 with a page of HTML.", SELDOM),
    FaultKind("unauthorised", "401 with WooCommerce's own body though the keys are right.", SELDOM),
    FaultKind("login-page", "200 with WordPress's login form.", SELDOM),
    FaultKind(
        "redirect",
        "Requests are sent on to another host.",
        {
            **TURN,
            "to": "scheme and host (https://other.example)",
            "status": "301, 302 (default), 303, 307 or 308",
        },
        {"status": ("301", "302", "303", "307", "308")},
    ),
    FaultKind("no-totals", "Lists come without X-WP-Total and X-WP-TotalPages.", {}),
    FaultKind(
        "totals",
        "X-WP-Total and X-WP-TotalPages lie.",
        {
            **TURN,
            "how": "small (default): half, large: twice as many, zero, changing: another one "
            "at each answer",
        },
        {"how": ("small", "large", "zero", "changing")},
    ),
    FaultKind(
        "page-limit",
        "A host allows fewer records a page than WooCommerce does.",
        {
            "most": "records a page (20)",
            "how": "cap (default): larger pages come smaller, refuse: 400 rest_invalid_param",
        },
        {"how": ("cap", "refuse")},
    ),
    FaultKind("short-page", "A record is counted but never loads: its page is shorter.", TARGET),
    FaultKind("hidden", "A record is in no list and no total, but answers by its id.", TARGET),
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
    FaultKind(
        "cache",
        "A proxy keeps answers under their URL and gives them again, also after changes.",
        {
            "seconds": "how long (600)",
            "keyed": "all (default): the whole query counts, known: parameters that WooCommerce "
            "does not know are passed over",
        },
        {"keyed": ("all", "known")},
    ),
    FaultKind("strip-auth", "A proxy removes the Authorization header.", {}),
    FaultKind("maintenance", "503 with Retry-After and HTML.", {**TURN, "wait": "seconds (600)"}),
    FaultKind(
        "waf",
        "A firewall's page of HTML.",
        {**TURN, "status": "403 (default) or 200"},
        {"status": ("403", "200")},
    ),
    FaultKind("latency", "Every answer takes longer.", {"ms": "milliseconds (200)"}),
    FaultKind(
        "busy",
        "Answers cost processor time, on one core that all requests share.",
        {
            "ms": "milliseconds of work (5)",
            "per": "record (default): for each record shown and at least once, or request",
        },
        {"per": ("record", "request")},
    ),
    FaultKind("down", "Every connection is answered with 503 by the web server.", TURN),
    FaultKind(
        "hang",
        "The connection is accepted and nothing is ever answered.",
        {**SELDOM, "seconds": "until it is closed without an answer (600)"},
    ),
    FaultKind(
        "drip",
        "The body comes a few bytes at a time.",
        {**SELDOM, "bytes": "how many at a time (64)", "ms": "milliseconds between them (20)"},
    ),
    FaultKind(
        "endless",
        "A body that begins as JSON and never ends.",
        {**SELDOM, "bytes": "how many at a time (65536)", "ms": "milliseconds between them (5)"},
    ),
    FaultKind(
        "huge",
        "One record of a size that no memory should hold.",
        {**SELDOM, "mb": "megabytes of the body (1024)"},
    ),
    FaultKind("reset", "The connection is closed in the middle of the body.", SELDOM),
    FaultKind(
        "cut-gzip",
        "The compressed stream is cut within whole chunks, for clients that accept gzip.",
        SELDOM,
    ),
    FaultKind("clock", "The Date header is off.", {"seconds": "how far (3600)"}),
    FaultKind("plain-permalinks", "/wp-json is a 404 of the theme; only ?rest_route works.", {}),
    FaultKind("no-woocommerce", "WordPress without WooCommerce.", {}),
    FaultKind("hostile-bytes", "Documents no parser likes: NUL, lone halves, NaN, 1e400 …", TARGET),
    FaultKind("inf-meta", "A record whose meta cannot be encoded blanks its page's meta.", TARGET),
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
        """Return a numeric parameter; :func:`parse_fault` has seen that it is a number."""
        text = self.values.get(name)
        return default if text is None else int(text)

    def text(self, name: str, default: str) -> str:
        """Return a parameter as text."""
        return self.values.get(name, default)


def parse_fault(text: str) -> FaultSpec:
    """Read ``name`` or ``name:key=value,key=value``.

    Raises:
        ValueError: the name or a parameter is unknown, or its value is; the text names those
            there are.
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
        values[key.strip()] = _checked(kind, key.strip(), value.strip())
    return FaultSpec(kind, values)


def _checked(kind: FaultKind, name: str, value: str) -> str:
    """Return a value that may stand there.

    Raises:
        ValueError: it may not; a number is wanted, an address, or one of a few words.
    """
    said = f"{kind.name}: {name}={value!r}"
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"{said} has characters that no header may have")
    if name == "to" and _HOST.fullmatch(value) is None:
        raise ValueError(f"{said} is not scheme and host, such as https://other.example")
    if name in kind.choices and value not in kind.choices[name]:
        raise ValueError(f"{said} is none of {', '.join(kind.choices[name])}")
    if name in _NUMBERS and _NUMBER.fullmatch(value) is None:
        raise ValueError(f"{said} is not a number")
    if name in _NUMBERS and value.startswith("-") and (kind.name, name) not in _BELOW_ZERO:
        raise ValueError(f"{said} is below zero")
    return value


def fault_help() -> str:
    """Return the catalogue as text for the command line."""
    lines = []
    for kind in KINDS.values():
        lines.append(f"{kind.name}\n    {kind.meaning}")
        lines += [f"      {name:<10} {meaning}" for name, meaning in kind.parameters.items()]
    return "\n".join(lines)
