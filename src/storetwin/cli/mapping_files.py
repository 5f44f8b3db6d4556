"""Import mappings as files: YAML, and JSON, which is YAML as well."""

from __future__ import annotations

import json
from typing import Any

import yaml

LARGEST = 1_000_000  # characters


class NoDocumentError(ValueError):
    """It is neither YAML nor JSON; the message says where."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads times as the texts that they are, and nothing twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its base declares it
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse references to other places: a few of them make a document of any size."""
        if self.check_event(yaml.AliasEvent):
            raise NoDocumentError("references (*) are not taken here.")
        return super().compose_node(parent, index)


def parse(text: str) -> Any:
    """Return what a file says.

    Raises:
        NoDocumentError: it says nothing that could be read.
    """
    if len(text) > LARGEST:
        raise NoDocumentError(f"it has more than {LARGEST:,} characters.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader with less in it
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NoDocumentError(f"{where}{getattr(error, 'problem', None) or error}.") from error
    except RecursionError as error:
        raise NoDocumentError("it is nested too deeply.") from error


def written(document: Any) -> str:
    """Return a document as YAML, members in their order."""
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)
    return text
