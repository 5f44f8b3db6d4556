"""What no page may hold: other words for how something stands, what the policy forbids, raw HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import storetwin.web
from storetwin.web.words import KIND, ROLE, RUN, STANDING, TURNING, WORDS, Tone

WEB = Path(storetwin.web.__file__).parent
ROOT = WEB.parents[2]
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "static" / "js").rglob("*.js"))
STYLES = sorted((WEB / "static" / "css").rglob("*.css"))
ICONS = {
    line
    for line in (ROOT / "assets" / "icons.txt").read_text().splitlines()
    if line and not line.startswith("#")
}
_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def text_of(path: Path) -> str:
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


def test_there_is_something_to_look_at() -> None:
    assert len(TEMPLATES) > 10
    assert len(SCRIPTS) > 4


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB)))
def test_a_template_is_what_the_policy_allows(path: Path) -> None:
    text = text_of(path)
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert not re.search(r"<style\b", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=", _CODE.sub("", text)), "inline handler"
    assert not re.search(r"\bhx-on[:=-]|hx-vals\s*=\s*.js:|hx-vars", text), "needs eval"
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script, script
    assert not re.search(r"\|\s*safe\b", text), "raw HTML"
    assert "autoescape" not in text
    assert not re.search(r"(?:href|src|action)\s*=\s*\"(?:https?:)?//", text), "another host"
    assert "javascript:" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB)))
def test_a_form_that_is_posted_holds_the_token(path: Path) -> None:
    text = text_of(path).replace("{{ field }}", "csrf_field()")  # as macros are given it
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL):
        open_to_all = 'action="/sign-in"' in form or 'action="/join"' in form
        assert open_to_all or "csrf_field()" in form or 'name="csrf"' in form, form[:120]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB)))
def test_words_tones_and_icons_are_those_that_there_are(path: Path) -> None:
    text = text_of(path)
    tones = {tone.value for tone in Tone}
    for word in re.findall(r"\bchip\(\s*\"([^\"]+)\"", text):
        assert word in WORDS, word
    for tone in re.findall(r"\btone-([a-z]+)", text):
        assert tone in tones, tone
    for tone in re.findall(r"\bnote\(\s*\"([^\"]+)\"", text):
        assert tone in tones, tone
    for icon in re.findall(r"\bicon\(\s*\"([^\"]+)\"", text):
        assert icon in ICONS, f"{icon}: add it to assets/icons.txt"
    for icon in re.findall(r"icons\.svg[^#]*#([a-z0-9-]+)", text):
        assert icon in ICONS, icon


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(WEB)))
def test_every_time_says_which_one(path: Path) -> None:
    for time in re.findall(r"<time\b[^>]*>", text_of(path)):
        assert "datetime=" in time or 'id="live-lost-at"' in time, time


def test_words_are_whole() -> None:
    for word in WORDS.values():
        assert word.icon in ICONS, word
    assert set(WORDS) >= TURNING
    for table in (RUN, STANDING):
        assert set(table.values()) <= set(WORDS)
    for table in (RUN, STANDING, KIND, ROLE):
        assert set(table) == set(type(next(iter(table))))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_a_script_is_what_the_policy_allows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|document\.write|setAttribute\(\"style\"", text)
    assert not re.search(r"https?://", text)
    is_stream = path.name in {"live.js", "connections.js"}  # what our own templates escaped
    assert is_stream or not re.search(r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML", text)


@pytest.mark.parametrize("path", STYLES, ids=lambda p: p.name)
def test_colours_are_written_down_in_one_place(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"https?://", text)
    if path.name != "tokens.css":
        text = text.replace("rgb(10 13 20 / 45%)", "")  # behind a dialog, in both themes
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\(|hsla?\(", text)


# -- contrast ------------------------------------------------------------------------------------

THEMES = {"light": r":root, \[data-bs-theme=\"light\"\]", "dark": r"\[data-bs-theme=\"dark\"\]"}
STATUS = [tone.value for tone in Tone]
PAIRS = [
    *((ink, on, 4.5) for ink in ("ink", "ink-2", "ink-3", "accent") for on in ("surface", "bg", "sunken", "accent-weak")),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-hover", 4.5),
    ("del", "del-bg", 4.5),
    ("ins", "ins-bg", 4.5),
    *((tone, on, 4.5) for tone in STATUS for on in (f"{tone}-bg", "surface", "bg", "accent-weak")),
    *((f"{tone}-solid", on, 3.0) for tone in STATUS for on in ("surface", "sunken")),
    ("focus", "surface", 3.0),
    ("focus", "bg", 3.0),
]  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
def test_every_pair_of_colours_can_be_told_apart(theme: str) -> None:
    css = (WEB / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    block = re.search(THEMES[theme] + r"[^{]*\{(.*?)\n\}", css, re.DOTALL)
    assert block is not None
    colours = dict(re.findall(r"--st-([\w-]+):\s*(#[0-9a-f]{6})", block[1]))
    low = {
        f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(colours[ink], colours[ground]) < least
    }
    assert low == {}


def contrast(one: str, other: str) -> float:
    """Return how well two colours are told apart (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_lock_of_the_assets_records_no_addresses() -> None:
    text = (ROOT / "assets" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert '"integrity"' in text
