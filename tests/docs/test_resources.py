"""The page of resources says what the declarations say."""

import json
import re
from pathlib import Path

import pytest

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.choices import read_endpoints
from storetwin.connections.options import Options
from storetwin.resources import RESOURCES, Lists, Resource

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "resources.md"
TEXT = PAGE.read_text(encoding="utf-8")


def lists_of(resource: Resource) -> str:
    """Say which lists are walked where the store's routes are the newest."""
    lists: Lists = resource.lists
    if lists.every_status_but is not None:
        return f"`status=` every status but {' and '.join(sorted(lists.every_status_but))}"
    chosen = [lists.preferred[1]] if lists.preferred else list(lists.fixed)
    texts = ["&".join(f"{k}={v}" for k, v in params.items()) for params in chosen]
    return ", ".join(f"`{text}`" for text in texts) if any(texts) else "one"


def row_of(resource: Resource) -> str:
    key = "the document" if resource.is_document else f"`{resource.key}`"
    older = f"`{resource.fallback}`" if resource.fallback else "–"
    return f"| {resource.name} | `{resource.path}` | {lists_of(resource)} | {key} | {older} |"


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.name)
def test_every_resource_has_its_row(resource: Resource) -> None:
    assert row_of(resource) in TEXT.splitlines()


def test_the_page_has_no_row_beyond_them() -> None:
    assert len(re.findall(r"^\| \w+ \| `", TEXT, re.MULTILINE)) == len(RESOURCES)


def test_what_is_left_out_of_the_hash_is_listed() -> None:
    for resource in RESOURCES:
        for member in set(resource.volatile) - {"_links"}:
            assert re.search(rf"^- {resource.name}: .*`{re.escape(member)}`", TEXT, re.MULTILINE), (
                resource.name,
                member,
            )


def test_what_is_sealed_translated_or_chosen_is_listed() -> None:
    for title, wanted in (
        ("Sealed", [r.name for r in RESOURCES if r.secrets]),
        ("Translated", [r.name for r in RESOURCES if r.is_translated]),
        ("Only when chosen", [r.name for r in RESOURCES if r.is_extra]),
    ):
        [line] = re.findall(rf"^{title}: (.*?)\.", TEXT, re.MULTILINE)
        assert line == ", ".join(wanted)


def test_the_examples_can_be_used_as_they_stand() -> None:
    blocks = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        assert json.loads(block)
        assert catalogue_for(Options(endpoints=read_endpoints(block, "the page")))
