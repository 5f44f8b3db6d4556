"""The whole OpenAPI document against the application: schemathesis, and rules of our own.

At length: ``pytest tests/integration/doors/test_openapi.py --hypothesis-profile=long``. What fails
says the ``curl`` command that repeats it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import settings

from estates import World
from sites import Served

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = Path(__file__).with_name("openapi_checks.py")
IS_LONG = settings.get_current_profile_name() == "long"
EXAMPLES = 300 if IS_LONG else 1  # made up for each operation
SEED = 20_261_121
HTTP_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

CONFIG = """
[parameters]
{parameters}

{dictionaries}

[phases.stateful]
enabled = false

{not_covered}
"""
# What fits the schema may still name what is not there, or ask for what cannot be done. And a path
# like /runs/current may be another's /runs/{run_id}: methods are looked at below.
LEFT_OUT = "positive_data_acceptance,unsupported_method,allow_header_conformance"
PHASES = "examples,coverage,fuzzing"
# Every boundary of every parameter: 4,500 requests for all operations, so in short for these.
IN_SHORT = ("list_orders", "show_order_statistics", "create_api_key")
NOT_COVERED = f"""
[[operations]]
exclude-operation-id = {json.dumps(IN_SHORT)}
phases.coverage.enabled = false
"""


def configuration(values: Mapping[str, str]) -> str:
    """Return a configuration by which real things are named four times out of five."""
    parameters = [
        f'"{where}.{name}" = {{ dictionary = "{name}", probability = 0.8 }}'
        for name in values
        for where in ("path", "query")
    ]
    dictionaries = [f'[dictionaries.{name}]\nvalues = ["{v}"]' for name, v in values.items()]
    return CONFIG.format(
        parameters="\n".join(parameters),
        dictionaries="\n".join(dictionaries),
        not_covered="" if IS_LONG else NOT_COVERED,
    )


@pytest.fixture(scope="module")
def document(served: Served) -> Mapping[str, Any]:
    return served.app.openapi()


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in HTTP_METHODS:
                yield f"{method.upper()} {path}", operation


# -- the document -------------------------------------------------------------------------------


def test_the_document_is_openapi(document: Mapping[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(dict(document)).validate()


def test_every_operation_says_what_it_is(document: Mapping[str, Any]) -> None:
    ids = []
    for name, operation in operations(document):
        ids.append(operation["operationId"])
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), name
        assert operation.get("summary"), name
        assert len(operation.get("description", "")) > 5, name
        assert operation.get("tags"), name
        assert any(status[0] == "2" or status == "302" for status in operation["responses"]), name
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] == "path" or "description" in json.dumps(parameter), (
                name,
                parameter,
            )
    assert len(ids) == len(set(ids))


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def test_every_body_has_an_example_that_fits(document: Mapping[str, Any]) -> None:
    """Of the whole, or of each part that has to be there."""
    for name, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            schema = resolved(document, media["schema"])
            whole = [*schema.get("examples", ()), *_examples_of(media)]
            parts = {
                part: resolved(document, property_)
                for part, property_ in schema.get("properties", {}).items()
                if part in schema.get("required", ())
            }
            if not whole:
                bare = [p for p, s in parts.items() if not _says_by_itself(s)]
                assert not bare, f"{name}: no example of {', '.join(bare)}"
            check = jsonschema_rs.validator_for(
                {"$ref": "#/s", "s": schema, "components": document["components"]}
            )
            for example in whole:
                check.validate(example)


def _examples_of(media: Mapping[str, Any]) -> list[Any]:
    return [entry["value"] for entry in media.get("examples", {}).values()]


def _says_by_itself(schema: Mapping[str, Any]) -> bool:
    """Say whether a schema needs no example: it has one, or leaves little to choose."""
    plain = {"boolean", "integer", "number", "array", "object"}
    known = ("examples", "enum", "const", "default", "format", "anyOf", "allOf", "oneOf")
    return schema.get("type") in plain or any(word in schema for word in known)


async def test_a_method_that_is_not_taken_is_refused(
    served: Served, world: World, document: Mapping[str, Any]
) -> None:
    """RFC 9110: 405, with what is taken, unless the path is another route's as well."""
    templates = [re.sub(r"\{\w+\}", "[^/]+", path) for path in document["paths"]]
    async with aiohttp.ClientSession() as session:
        for path, methods in document["paths"].items():
            actual = re.sub(r"\{\w+\}", "x", path)
            if sum(bool(re.fullmatch(template, actual)) for template in templates) > 1:
                continue
            for method in ("PROPFIND", "TRACE"):
                async with session.request(method, f"{served.url}{actual}") as answer:
                    assert answer.status == 405, (method, path)
                    assert answer.content_type == "application/problem+json", (method, path)
                    allowed = set(answer.headers["Allow"].split(", "))
                assert allowed == {m.upper() for m in methods if m in HTTP_METHODS}, path


# -- the application ----------------------------------------------------------------------------


def run(
    served: Served,
    folder: Path,
    values: Mapping[str, str],
    token: str | None,
    only: Sequence[str] = (),
) -> str:
    """Let schemathesis loose; return what it says, fail where it finds something.

    Args:
        only: ids of the operations to try; all if none is named.
    """
    config = folder / "schemathesis.toml"
    config.write_text(configuration(values), encoding="utf-8")
    headers = ["--header", f"Authorization: Bearer {token}"] if token else []
    chosen = [part for name in only for part in ("--include-operation-id", name)]
    done = subprocess.run(
        [
            SCHEMATHESIS, "--no-color", "--config-file", config, "run",
            f"{served.url}/api/v1/openapi.json", "--checks", "all", "--exclude-checks", LEFT_OUT, "--phases",
            PHASES, "--max-examples", str(EXAMPLES), "--seed", str(SEED),
            "--generation-deterministic", "--continue-on-failure", "--workers", "1",
            "--request-timeout", "20", *headers, *chosen,
        ],
        check=False, capture_output=True, text=True, cwd=folder,
        env={"SCHEMATHESIS_HOOKS": str(CHECKS), "PATH": os.defpath, "COLUMNS": "120"},
        timeout=None if IS_LONG else 180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    return done.stdout


@pytest.mark.timeout(0 if IS_LONG else 210)
async def test_the_application_keeps_to_the_document(
    served: Served, world: World, document: Mapping[str, Any], tmp_path: Path
) -> None:
    """As an administrator of everything; destructive operations as well."""
    root = world.ours.people.root
    said = run(served, tmp_path, world.ours.values, root)
    count = len(list(operations(document)))
    assert f"Selected: {count}/{count}" in said
    assert f"Tested: {count}" in said
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {root}"}) as session,
        session.get(f"{served.url}/api/v1/users/me") as answer,
    ):
        assert answer.status == 200, "what it was let in by was lost on the way"


@pytest.mark.timeout(0 if IS_LONG else 210)
def test_the_application_keeps_to_the_document_with_strangers(
    served: Served, world: World, document: Mapping[str, Any], tmp_path: Path
) -> None:
    """Where they are let in. Elsewhere all of them get one answer: test_leaks.py holds which."""
    public = [o["operationId"] for _, o in operations(document) if not o.get("security")]
    said = run(served, tmp_path, world.ours.values, None, () if IS_LONG else public)
    assert IS_LONG or f"Tested: {len(public)}" in said
