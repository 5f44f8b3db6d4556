"""docs/howto/map-fields.md, line by line: what it says to do is done, what it says of steps is true."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import NAME, Installation, installation
from storetwin.cli.mapping_files import NoDocumentError, parse, written
from storetwin.mapping.definition import check
from storetwin.mapping.steps import STEPS
from storetwin.mapping.units import UNITS
from storetwin.sandboxes.woocommerce import running_store

TEXT = (Path(__file__).parents[2] / "docs" / "howto" / "map-fields.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
[YAML] = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
MUG = {
    "name": "Mug “Tide”, 350 ML",
    "weight": "0.38",
    "description": "<p>Thrown &amp; glazed</p>",
    "attributes": [{"name": "Material", "options": ["Steinzeug"]}],
    "meta_data": [{"key": "_care", "value": "by hand"}],
}


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    with running_store(orders=1) as store:
        store.store.create("products", MUG)
        with installation(STORETWIN_REQUESTS_PER_MINUTE="1000000") as made, made.serving():
            made.connect(store)
            made.do("pull", NAME, "-r", "products")
            yield made


def run_lines(home: Installation, block: str) -> list[str]:
    """Run the lines of a block; what goes into a file goes there."""
    said = []
    for line in block.splitlines():
        command, _, file = line.partition(" > ")
        program, *arguments = shlex.split(command)
        assert program == "storetwin"
        done = home.run(*arguments)
        assert done.code in (0, 3), done.said  # a check that found something says so by its code
        if file:
            (home.folder / file).write_text(done.out, encoding="utf-8")
        said.append(done.out)
    return said


def test_every_line_does_what_the_page_says(home: Installation) -> None:
    suggest, keep, change, undo = BLOCKS
    file = home.folder / "mapping.yaml"
    run_lines(home, suggest)
    suggested = parse(file.read_text(encoding="utf-8"))
    assert check(suggested) == []
    fields = [rule["field"] for rule in suggested["rules"]["products"]]
    assert "custom.material" in fields
    file.write_text(YAML, encoding="utf-8")
    said = run_lines(home, keep)
    assert "not active yet" in said[0]
    assert "match (\\d+) ?ml" in said[1]
    assert "Checked on all" in said[3]
    assert "Nothing has happened." in said[4]
    assert "kitchen is active." in said[5]
    assert "members are kept beside the columns" in said[2]
    said = run_lines(home, change)
    assert "v1" in said[-1]
    said = run_lines(home, undo)
    assert "is removed" in said[-1]


def test_the_mapping_of_the_page_makes_what_it_says(home: Installation) -> None:
    from storetwin.mapping.definition import compile_rules
    from storetwin.mapping.mapper import compile_mapper
    from storetwin.mapping.nouns import NOUNS

    document = parse(YAML)
    assert check(document) == []
    noun = NOUNS["products"]
    values = compile_mapper(noun, compile_rules(document, noun)).map(MUG).values
    assert values["short_description"] == "Thrown & glazed"
    own = values["custom"]
    assert (own["volume_ml"], own["grams"], own["material"]) == (350, 380, ["stoneware"])


def test_what_is_wrong_with_a_file_is_told_with_its_place(home: Installation) -> None:
    bad = "rules:\n  products:\n    - {field: nmae, source: name, steps: [trimm]}\n"
    done = home.run("mapping", "add", NAME, "bad", "-", stdin=bad)
    assert done.code == 1
    assert "products, rule 1: there is no field “nmae”. Did you mean name?" in done.err
    assert "products, rule 1, step 1: there is no step “trimm”. Did you mean trim?" in done.err
    done = home.run("mapping", "add", NAME, "bad", "-", stdin="rules: [}")
    assert done.code == 2
    assert "line 1" in done.err
    assert "No import mapping yet" in home.run("mapping", "list").err


def test_the_table_of_steps_says_all_that_can_be_said() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", TEXT.partition("## Steps")[2], re.MULTILINE))
    assert list(rows) == list(STEPS)
    for name, step in STEPS.items():
        for parameter in step.parameters:
            assert f"`{parameter.name}`" in rows[name]
            words = re.findall(r"\w+", rows[name])
            assert set(parameter.choices) - {"lbs"} <= set(words)
    assert set(UNITS) - {"lbs"} <= set(re.findall(r"\w+", rows["number"]))


def test_files_are_read_as_they_are_meant() -> None:
    assert parse('{"a": 1.5}') == {"a": 1.5}
    assert parse("a: 2026-11-21") == {"a": "2026-11-21"}
    assert parse(written({"b": "x: y", "a": ["ä"]})) == {"b": "x: y", "a": ["ä"]}
    for bad in (
        "a: &x [1]\nb: *x",
        "a: [",
        "!!python/object:os.system {}",
        "x" * 1_000_001,
        "[" * 9_000,
    ):
        with pytest.raises(NoDocumentError):
            parse(bad)
