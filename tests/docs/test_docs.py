"""The documentation says what is there, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from storetwin.cli.main import app
from storetwin.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def commands(group=None, prefix="storetwin"):
    """Every command with its click object."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        title = f"{prefix} {name}"
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield title, command
            yield from commands(command, title)
        else:
            yield title, command


COMMANDS = dict(commands())


def test_every_command_has_its_line():
    text = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(storetwin [^`]+)` \|", text, re.MULTILINE))
    assert documented == set(COMMANDS)


def test_every_option_named_beside_a_command_exists():
    text = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    for title, rest in re.findall(r"^\| `(storetwin [^`]+)` \|(.*)$", text, re.MULTILINE):
        if title == "storetwin sandbox woocommerce":
            continue  # its options are its own program's
        known = {option for parameter in COMMANDS[title].params for option in parameter.opts}
        assert set(re.findall(r"`(--[a-z-]+)`", rest)) <= known


def test_every_setting_is_documented_with_its_default():
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        line = next(
            (row for row in text.splitlines() if f"`STORETWIN_{name.upper()}`" in row), None
        )
        assert line is not None, name
        assert field.description in line
        if field.default_factory is None and field.default not in (None, ()):
            assert f"`{field.default}`" in line


def test_every_setting_in_the_docs_exists():
    known = {f"STORETWIN_{name.upper()}" for name in Settings.model_fields}
    known |= {"STORETWIN_SETTINGS", "STORETWIN_STORE_KEY", "STORETWIN_STORE_SECRET"}
    known |= {"STORETWIN_API_KEY"}
    known |= {"STORETWIN_TEST_POSTGRES_BIN", "STORETWIN_PASSWORD"}
    for page in PAGES:
        named = set(re.findall(r"STORETWIN_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")))
        assert named <= known, page


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_test_that_is_named_exists(page):
    for name in re.findall(r"`(tests/[\w/.]+)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


def test_features_are_listed_without_gaps():
    text = (DOCS / "explanation" / "features.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]\d+)[^|]*\| (done|part|not yet) \|", text, re.MULTILINE)
    assert len(rows) >= 30
    for line in text.splitlines():
        if re.match(r"\| [A-Z]\d", line) and "| done |" in line:
            assert "`tests/" in line or "`docs/" in line, line


def test_every_decision_is_in_the_index_and_names_what_holds_it():
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    pages = sorted((DOCS / "adr").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert page.name in index
        assert "**Held by**" in page.read_text(encoding="utf-8")


def test_the_readme_is_short_and_its_commands_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 70
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    for line in re.findall(r"^storetwin .*$", text, re.MULTILINE):
        assert any(line.startswith(title) for title in COMMANDS), line


@pytest.mark.parametrize("title", sorted(COMMANDS))
def test_every_command_answers_help(title):
    program = Path(sys.executable).with_name("storetwin")
    done = subprocess.run(
        [program, *title.split()[1:], "--help"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()
