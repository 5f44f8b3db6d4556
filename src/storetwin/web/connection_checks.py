"""A test of a connection as it is shown: what needs a person first, then group by group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from storetwin.connections.probe import Check, Exchange

KEYS_PAGE: Final = "/wp-admin/admin.php?page=wc-settings&tab=advanced&section=keys"
PERMALINKS: Final = "/wp-admin/options-permalink.php"
GENERAL: Final = "/wp-admin/options-general.php"
SHOP: Final = "/wp-admin/admin.php?page=wc-settings"
HOOKS: Final = "/wp-admin/admin.php?page=wc-settings&tab=advanced&section=webhooks"
NO_PULL: Final = "Nothing is pulled from this store. What the twin holds stays as it is."


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the checks that a test makes.

    Args:
        needs: the check without which it cannot be made.
        effect: what it means for the hub where it failed, or could not be found out.
        page: of the store, where a person puts it right.
        is_rare: it is told only where it matters.
    """

    title: str
    group: str
    needs: str | None = None
    effect: str = ""
    page: str | None = None
    is_rare: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "reachable": Kind("Address answers", "Reach", None, NO_PULL),
    "tls": Kind("Certificate", "Reach", "reachable", NO_PULL),
    "woocommerce": Kind("WooCommerce answers", "Reach", "reachable", NO_PULL, PERMALINKS),
    "keys": Kind("Key is known", "Sign in", "woocommerce", NO_PULL, KEYS_PAGE),
    "header": Kind(
        "Key travels in the header",
        "Sign in",
        "keys",
        "It works. The store's access log can hold the keys.",
        is_rare=True,
    ),
    "read": Kind("Read permission", "Sign in", "keys", NO_PULL, KEYS_PAGE),
    "write": Kind(
        "Write permission",
        "Sign in",
        "read",
        "Pulling works. Nothing can be written to the store, and it cannot be given webhooks: "
        "changes are found by asking.",
        KEYS_PAGE,
    ),
    "cache": Kind("Answers are fresh", "Sign in", "read", "What is pulled could be out of date."),
    "clock": Kind(
        "Clock",
        "Agreement",
        "woocommerce",
        "Changes of the last minutes can be seen later than they were made.",
    ),
    "store": Kind(
        "Sees the store's own facts",
        "Agreement",
        "read",
        "Pulling works. Versions, settings and the store's identity stay unknown.",
        KEYS_PAGE,
    ),
    "versions": Kind("Versions", "Agreement", "store"),
    "identity": Kind(
        "The same store",
        "Agreement",
        "read",
        "Runs stop before they change anything: two stores would be mixed in one twin.",
    ),
    "zone": Kind(
        "Time zone", "Agreement", "store", "Quiet hours and schedules follow UTC.", GENERAL
    ),
    "currency": Kind(
        "Currency", "Agreement", "store", "Amounts of settings have no currency.", SHOP
    ),
    "webhooks": Kind(
        "Webhooks can be seen", "Events", "store", "Changes are found by asking.", HOOKS
    ),
}
GROUPS: Final = ("Reach", "Sign in", "Agreement", "Events")
_WORD: Final = {True: "Passed", False: "Failed", None: "Warning"}


@dataclass(frozen=True, slots=True)
class Line:
    """One check, as it stands in the list.

    Args:
        word: of `WORDS`; Waiting and Running while the test is at work.
        href: the page of the store where a person puts it right.
        leads_to: another address that could be used instead.
        exchange: what was asked and answered, as it may be shown.
    """

    name: str
    kind: Kind
    word: str
    value: str
    ms: float | None = None
    effect: str = ""
    remedy: str | None = None
    href: str | None = None
    leads_to: str | None = None
    exchange: Exchange | None = None

    @property
    def needs_person(self) -> bool:
        """Say whether somebody has to look at it."""
        return self.word in ("Failed", "Warning")


@dataclass(frozen=True, slots=True)
class TestView:
    """A test, at work or done.

    Args:
        at: when it ended; None while it is at work, or where none was kept.
    """

    __test__ = False
    lines: Sequence[Line]
    at: datetime | None
    is_live: bool = False

    @property
    def needs_you(self) -> list[Line]:
        """Return what a person has to look at, what failed first; nothing while it is at work."""
        if self.is_live:
            return []
        return [one for word in ("Failed", "Warning") for one in self.lines if one.word == word]

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """Return the other checks by group."""
        rest = [one for one in self.lines if self.is_live or not one.needs_person]
        found = [(group, [one for one in rest if one.kind.group == group]) for group in GROUPS]
        return [(group, lines) for group, lines in found if lines]

    def count(self, word: str) -> int:
        """Return how many checks ended with a word."""
        return sum(1 for one in self.lines if one.word == word)

    @property
    def seconds(self) -> float:
        """Return how long all checks took."""
        return sum(one.ms or 0 for one in self.lines) / 1000

    @property
    def can_read(self) -> bool:
        """Say whether records can be read."""
        return any(one.name == "read" and one.word == "Passed" for one in self.lines)


def seen_test(
    url: str,
    checks: Iterable[Check],
    at: datetime | None = None,
    *,
    is_live: bool = False,
    groups: Collection[str] = GROUPS,
) -> TestView:
    """Return a test with all its checks: those that could not be made say what they needed.

    Args:
        groups: those that were looked at.
    """
    known = {check.name: check for check in checks}
    lines, has_next = [], False
    for name, kind in KINDS.items():
        check = known.get(name)
        if check is not None:
            lines.append(_made(url, kind, check))
        elif kind.is_rare or kind.group not in groups:
            continue
        elif is_live:
            lines.append(_to_come(name, kind, is_next=not has_next))
            has_next = True
        else:
            lines.append(Line(name, kind, "Skipped", _why_skipped(url, name, known)))
    others = [check for name, check in known.items() if name not in KINDS]
    lines += [_made(url, Kind(check.name.capitalize(), "Agreement"), check) for check in others]
    return TestView(lines, at, is_live)


def _made(url: str, kind: Kind, check: Check) -> Line:
    word = _WORD[check.ok]
    is_well = check.ok is True
    href = None if is_well or kind.page is None else f"{url}{kind.page}"
    effect = "" if is_well else kind.effect
    return Line(
        check.name,
        kind,
        word,
        check.finding,
        check.ms,
        effect,
        check.remedy,
        href,
        check.leads_to,
        check.exchange,
    )


def _to_come(name: str, kind: Kind, *, is_next: bool) -> Line:
    return Line(name, kind, "Running" if is_next else "Waiting", "")


def _why_skipped(url: str, name: str, known: Mapping[str, Check]) -> str:
    """Say which check barred the way to one that was not made."""
    if name == "tls" and urlsplit(url).scheme == "http":
        return "not used: the address is http"
    needed = KINDS[name].needs
    while needed is not None and needed not in known:
        needed = KINDS[needed].needs
    if needed is None:
        return "not looked at yet"
    return f"needs: {KINDS[needed].title}"
