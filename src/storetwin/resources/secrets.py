"""Which values of a record nobody may read: passwords, keys and tokens among the settings of a store.

Pure. Too much is sealed rather than too little: a sealed value is still kept, and a change of it
still makes a new version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from storetwin.kernel.json_spans import Span, members, spans_of, value_at

# Kinds of settings whose value is one of a few, or a number: nobody keeps a password in these.
CHOICES = frozenset(
    {"checkbox", "select", "multiselect", "radio", "number", "decimal", "price", "color"}
    | {"thumbnail_cropping", "image_width", "single_select_country", "multi_select_countries"}
    | {"single_select_page", "single_select_page_with_search", "relative_date_selector"}
)
# What a shop shows to its customers (measured: the gateways and methods of WooCommerce itself).
PUBLIC_TEXT = frozenset({"title", "description", "instructions", "enabled", "order_button_text"})
_HINTS = re.compile(
    r"secret|passw|passphrase|pwd|token|credential|api_?key|private|licen[cs]e|signature|bearer"
    r"|(?:^|[^a-z])(?:key|keys|pin|pem|salt|hash|auth|cert|certificate|dsn|iban)(?:$|[^a-z])",
    re.IGNORECASE,
)
_KNOWN_KEYS = re.compile(
    r"^(?:(?:sk|pk|rk|ck|cs|whsec|ghp|gho|shpat|xox[abp]|SG|EAA)[_.-]|AKIA|AIza|eyJ|-----BEGIN )"
    r"|://[^/@\s]+:[^/@\s]+@"
)
_LONG_TOKEN = re.compile(r"^(?=[^\s]*[A-Za-z])(?=[^\s]*\d)[A-Za-z0-9+/=_.~$-]{24,}$")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a store.

    Args:
        name: its id.
        kind: what WooCommerce calls its type; empty where it does not say.
        value: what it is set to.
    """

    name: str
    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Secrets:
    """Which values of a record are sealed.

    Args:
        members: dotted paths; lists on the way are gone through. Their values are sealed whole.
        settings: dotted path of an object of settings by id, each judged on its own; empty where
            the record itself is one. None: there are none.
        judge: says whether a setting is secret.
    """

    members: tuple[str, ...] = ()
    settings: str | None = None
    judge: Callable[[Setting], bool] | None = None


def is_secret_setting(setting: Setting) -> bool:
    """Say whether a setting of a store holds a secret: by its kind, its name, or the look of it."""
    if setting.kind == "password":
        return True
    if setting.kind in CHOICES:
        return False
    if _HINTS.search(setting.name) and not setting.name.endswith("_endpoint"):
        return True
    return isinstance(setting.value, str) and looks_like_a_key(setting.value)


def is_secret_of_gateway(setting: Setting) -> bool:
    """Say whether a setting of a payment gateway holds a secret: all but what is known not to.

    Gateways keep merchant numbers, keys and accounts under names of their own; whatever a person
    types there is sealed, but for the texts that customers see.
    """
    if setting.kind == "password":
        return True
    return setting.kind not in CHOICES and setting.name not in PUBLIC_TEXT


def looks_like_a_key(value: str) -> bool:
    """Say whether a text looks like a key, a token or a password in a URL."""
    text = value.strip()
    return bool(_KNOWN_KEYS.search(text) or _LONG_TOKEN.match(text))


def secret_spans(secrets: Secrets, text: str) -> Iterator[tuple[str, Span]]:
    """Yield (dotted path, span) of each value of a document that is to be sealed.

    Empty values are none: that nothing is set may be seen.

    Raises:
        ValueError: the document is no JSON.
    """
    for path in secrets.members:
        for span in spans_of(text, path.split(".")):
            if value_at(text, span):
                yield path, span
    if secrets.settings is not None and secrets.judge is not None:
        yield from _secret_settings(secrets.settings, secrets.judge, text)


def _secret_settings(
    where: str, judge: Callable[[Setting], bool], text: str
) -> Iterator[tuple[str, Span]]:
    if not where:
        name = next((value_at(text, span) for name, span in members(text) if name == "id"), "")
        yield from _values(str(name), "value", judge, text, 0)
        return
    for at, _ in spans_of(text, where.split(".")):
        for name, span in members(text, at):
            yield from _values(name, f"{where}.{name}", judge, text, span[0])


def _values(
    name: str, path: str, judge: Callable[[Setting], bool], text: str, at: int
) -> Iterator[tuple[str, Span]]:
    """Yield the values of the setting that begins at ``at``: its members ``value``, or all of it."""
    found = list(members(text, at))
    kinds = [value_at(text, span) for member, span in found if member == "type"]
    kind = kinds[-1] if kinds and isinstance(kinds[-1], str) else ""
    spans = [span for member, span in found if member == "value"]
    if not found:
        spans = list(spans_of(text, (), at))
    for span in spans:
        value = value_at(text, span)
        if value and judge(Setting(name, kind, value)):
            yield path, span
