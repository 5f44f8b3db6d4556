"""What a request may hold: the base of all models of request bodies."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema

DEEPEST = 20
BIGGEST = 2**63 - 1
_PLAIN = frozenset({"bool", "int", "float", "str"})


def _make_strict(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") in _PLAIN:
            schema["strict"] = True
        for part in schema.values():
            _make_strict(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _make_strict(part)


class Given(BaseModel):
    """What somebody sends. Takes no field that it does not know, and no text that is none.

    JSON can spell what PostgreSQL cannot hold: a NUL, half a character, a number of any length.
    A number is no text and no yes or no, and neither the other way round: the document says so.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Take plain values as what they are only; enumerations, times and ids come as texts."""
        schema = handler(source)
        _make_strict(schema)
        return schema

    @model_validator(mode="before")
    @classmethod
    def _holds_text_only(cls, given: Any) -> Any:
        _check(given, DEEPEST)
        return given


def _check(given: Any, levels: int) -> None:
    """Refuse what cannot be kept.

    Raises:
        ValueError: says what it is.
    """
    if levels == 0:
        raise ValueError("it is nested too deeply")
    if isinstance(given, str):
        if not is_text(given):
            raise ValueError("it has characters that are no text")
    elif isinstance(given, int):
        if abs(given) > BIGGEST:
            raise ValueError("it has a number that is too big")
    elif isinstance(given, dict):
        for name, value in given.items():
            _check(name, levels - 1)
            _check(value, levels - 1)
    elif isinstance(given, list):
        for value in given:
            _check(value, levels - 1)


def is_text(value: str) -> bool:
    """Say whether PostgreSQL can hold a text: no NUL in it, and no half of a character."""
    if "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
