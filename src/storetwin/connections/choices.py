"""From what a person typed to the options of a connection: pure. Only what is given changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Any

import msgspec

from storetwin.connections.catalogue import EndpointError, catalogue_for
from storetwin.connections.options import Endpoint, Options, QuietHours
from storetwin.kernel.errors import ConfigurationError

MOST_AT_ONCE = 64
MOST_KEPT = 100_000  # versions, and days
ORDER_NOTES = "order_notes"
_LANGUAGE = re.compile(r"all|[a-z]{2,3}(?:[-_][A-Za-z0-9]+)*")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)")
_EXAMPLE = '{"name": "subscriptions", "path": "wc/v3/subscriptions", "params": {"status": "any"}}'


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person wants changed; None and empty leave things as they are.

    Args:
        notes: pull order notes, or stop it.
        extra: resources to pull, be they left out before or waiting to be chosen.
        without: resources to leave out.
        endpoints: plugins' lists to add, or to describe anew.
        endpoints_gone: names of those to forget.
        languages: all of them; an empty list for a catalogue in one language.
        at_once: requests in flight at most; 0 leaves it to the settings.
        per_minute: requests a minute at most; 0 for no such limit.
        quiet_hours: all of them; an empty list for none.
        keep_versions: how many of a record's latest versions stay; 0 for all.
        keep_days: how many days an earlier version stays; 0 for ever.
    """

    notes: bool | None = None
    extra: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    endpoints_gone: tuple[str, ...] = ()
    languages: tuple[str, ...] | None = None
    at_once: int | None = None
    per_minute: int | None = None
    quiet_hours: tuple[QuietHours, ...] | None = None
    keep_versions: int | None = None
    keep_days: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a person wants things to be; None leaves one as it is.

    Args:
        extra: all resources that are pulled only because they were chosen.
        without: all that are left out.
        endpoints: all lists of plugins.
        at_once, per_minute, keep_versions, keep_days: 0 takes the limit away.
    """

    extra: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None
    endpoints: tuple[Endpoint, ...] | None = None
    languages: tuple[str, ...] | None = None
    at_once: int | None = None
    per_minute: int | None = None
    quiet_hours: tuple[QuietHours, ...] | None = None
    keep_versions: int | None = None
    keep_days: int | None = None


def changes_to(options: Options, wanted: Wanted) -> Choices:
    """Return the choices that make options as they are wanted."""
    endpoints = options.endpoints if wanted.endpoints is None else wanted.endpoints
    gone = {endpoint.name for endpoint in options.endpoints} - {e.name for e in endpoints}
    had, lacked = set(options.extra) - gone, set(options.without) - gone
    extra = had - set(wanted.without or ()) if wanted.extra is None else set(wanted.extra)
    without = lacked - set(wanted.extra or ()) if wanted.without is None else set(wanted.without)
    return Choices(
        extra=tuple(sorted(extra | (lacked - without))),
        without=tuple(sorted(without | (had - extra))),
        endpoints=wanted.endpoints or (),
        endpoints_gone=tuple(sorted(gone)),
        languages=wanted.languages,
        at_once=wanted.at_once,
        per_minute=wanted.per_minute,
        quiet_hours=wanted.quiet_hours,
        keep_versions=wanted.keep_versions,
        keep_days=wanted.keep_days,
    )


def choose(options: Options, choices: Choices) -> Options:
    """Return the options after a person's choices.

    Raises:
        ConfigurationError: a choice cannot be used; says what and what to do.
    """
    with_endpoints = replace(options, endpoints=_endpoints(options.endpoints, choices))
    catalogue = catalogue_for(replace(with_endpoints, extra=(), without=()))
    wanted = [catalogue.named(name).name for name in choices.extra]
    refused = [catalogue.named(name).name for name in choices.without]
    if choices.notes is not None:
        (wanted if choices.notes else refused).append(ORDER_NOTES)
    if both := set(wanted) & set(refused):
        raise ConfigurationError(
            f"{', '.join(sorted(both))} cannot be chosen and left out at once.",
            remedy="Give each resource to --extra or to --without.",
        )
    known = {resource.name for resource in catalogue.resources}
    chosen = replace(
        with_endpoints,
        extra=_merged(options.extra, wanted, refused, catalogue.left_out),
        without=_merged(options.without, refused, wanted, known - catalogue.left_out),
        languages=_languages(options, choices),
        at_once=_limit("--at-once", choices.at_once, options.at_once, MOST_AT_ONCE),
        per_minute=_limit("--per-minute", choices.per_minute, options.per_minute, 100_000),
        quiet_hours=options.quiet_hours if choices.quiet_hours is None else choices.quiet_hours,
        keep_versions=_limit(
            "--keep-versions", choices.keep_versions, options.keep_versions, MOST_KEPT
        ),
        keep_days=_limit("--keep-days", choices.keep_days, options.keep_days, MOST_KEPT),
    )
    catalogue_for(chosen)
    return chosen


def _merged(
    before: Iterable[str], added: Sequence[str], removed: Sequence[str], within: Iterable[str]
) -> tuple[str, ...]:
    names = (set(before) | set(added)) - set(removed)
    return tuple(sorted(names & set(within)))


def _endpoints(before: Sequence[Endpoint], choices: Choices) -> tuple[Endpoint, ...]:
    found = {endpoint.name: endpoint for endpoint in before}
    for name in choices.endpoints_gone:
        if found.pop(name, None) is None:
            raise EndpointError(
                f"There is no endpoint {name!r}.",
                remedy=f"Choose from: {', '.join(sorted(found)) or 'none is configured'}.",
            )
    found |= {endpoint.name: endpoint for endpoint in choices.endpoints}
    return tuple(found.values())


def _languages(options: Options, choices: Choices) -> tuple[str, ...]:
    if choices.languages is None:
        return options.languages
    for language in choices.languages:
        if not _LANGUAGE.fullmatch(language):
            raise ConfigurationError(
                f"{language!r} is no language.",
                remedy="Give codes as the store's plugin knows them, like de or pt-br, or all.",
            )
    return tuple(dict.fromkeys(choices.languages))


def _limit(option: str, given: int | None, before: int | None, most: int) -> int | None:
    if given is None:
        return before
    if not 0 <= given <= most:
        raise ConfigurationError(
            f"{option} cannot be {given}.",
            remedy=f"Give a number from 1 to {most:,}; 0 takes the limit away.",
        )
    return given or None


def read_kept(option: str, text: str) -> int:
    """Read how many versions or days are kept; ``off``, which takes the rule away, is 0.

    Raises:
        ConfigurationError: it is no such number.
    """
    if text.strip().lower() == "off":
        return 0
    number = int(text) if text.strip().isdecimal() else 0
    if not 1 <= number <= MOST_KEPT:
        raise ConfigurationError(
            f"{option} cannot be {text!r}.",
            remedy=f"Give a number from 1 to {MOST_KEPT:,}; off takes the rule away.",
        )
    return number


def now_sealed(before: Options, after: Options) -> tuple[str, ...]:
    """Return the endpoints of which something is to be sealed that was kept open before."""
    known = {endpoint.name: set(endpoint.secret) for endpoint in before.endpoints}
    return tuple(
        endpoint.name
        for endpoint in after.endpoints
        if endpoint.name in known and set(endpoint.secret) - known[endpoint.name]
    )


def read_quiet_hours(text: str) -> QuietHours:
    """Read a span of the day, like ``22:00-06:00``.

    Raises:
        ConfigurationError: it is none.
    """
    match = _SPAN.fullmatch(text.strip())
    hours = [int(part) for part in match.groups()] if match else []
    if not match or hours[0] == 24 or (hours[2] == 24 and hours[3]) or hours[:2] == hours[2:]:
        raise ConfigurationError(
            f"{text!r} is no span of the day.",
            remedy="Give begin and end in the site's time, like 22:00-06:00.",
        )
    return QuietHours(time(hours[0], hours[1]), time(hours[2] % 24, hours[3]))


def read_endpoints(text: str, source: str) -> tuple[Endpoint, ...]:
    """Read the description of one plugin's list, or of several.

    Args:
        text: JSON: an object, or a list of them.
        source: where it stands, for messages.

    Raises:
        EndpointError: it cannot be read; says where and why.
    """
    try:
        found = msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise EndpointError(
            f"{source} is not JSON: {error}.", remedy=f"Write something like {_EXAMPLE}"
        ) from error
    return tuple(_endpoint(one, source) for one in (found if isinstance(found, list) else [found]))


def _endpoint(found: Any, source: str) -> Endpoint:
    known = [field.name for field in fields(Endpoint)]
    unknown = sorted(set(found) - set(known)) if isinstance(found, dict) else []
    if unknown:
        raise EndpointError(
            f"{source} has {', '.join(unknown)}: no such member.",
            remedy=f"Choose from: {', '.join(known)}.",
        )
    try:
        return msgspec.convert(found, Endpoint)
    except msgspec.ValidationError as error:
        raise EndpointError(
            f"{source} cannot be used: {error}.", remedy=f"Write something like {_EXAMPLE}"
        ) from error


def describe_options(options: Options) -> dict[str, Any]:
    """Return the options as the JSON document that every door shows."""
    return {
        "extra": list(options.extra),
        "without": list(options.without),
        "endpoints": [msgspec.to_builtins(endpoint) for endpoint in options.endpoints],
        "languages": list(options.languages),
        "at_once": options.at_once,
        "per_minute": options.per_minute,
        "quiet_hours": [f"{q.start:%H:%M}-{q.end:%H:%M}" for q in options.quiet_hours],
        "keep_versions": options.keep_versions,
        "keep_days": options.keep_days,
    }
