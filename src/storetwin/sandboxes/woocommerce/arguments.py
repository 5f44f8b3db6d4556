"""Checking parameters against what a route declares, with WordPress's own error texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from storetwin.sandboxes.woocommerce.answers import RestError
from storetwin.sandboxes.woocommerce.request import Value

Spec = Mapping[str, Any]
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[zZ]|[+-]\d{2}(?::\d{2})?)?"
)
_INTEGER = re.compile(r"\s*[+-]?\d+(?:\.0*)?\s*")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*")
_EMPTY: Mapping[str, Value] = {
    "string": "", "integer": 0, "number": 0, "boolean": False, "array": [],
}  # fmt: skip
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class _InvalidError(Exception):
    """One parameter does not fit."""

    def __init__(self, code: str, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def checked(specs: Mapping[str, Spec], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return the declared parameters, in the types the route wants, with its defaults.

    Parameters that the route does not declare are left out: WordPress ignores them.

    Raises:
        RestError: 400 rest_invalid_param with one entry for each parameter that does not fit.
    """
    found: dict[str, Value] = {}
    errors: dict[str, _InvalidError] = {}
    for name, spec in specs.items():
        if name not in given:
            if "default" in spec:
                found[name] = spec["default"]
            continue
        if given[name] is None:  # not checked: it becomes the empty value of its type (measured)
            found[name] = _EMPTY.get(str(spec.get("type")))
            continue
        try:
            found[name] = _fit(given[name], spec, name)
        except _InvalidError as error:
            errors[name] = error
    if errors:
        raise _invalid(errors)
    missing = [n for n, s in specs.items() if s.get("required") is True and n not in given]
    if missing:
        names = ", ".join(missing)
        raise RestError(
            "rest_missing_callback_param", f"Missing parameter(s): {names}", 400,
            data={"status": 400, "params": missing},
        )  # fmt: skip
    return found


def _invalid(errors: Mapping[str, _InvalidError]) -> RestError:
    details = {
        name: {"code": error.code, "message": str(error), "data": error.data}
        for name, error in errors.items()
    }
    return RestError(
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(errors)}",
        400,
        data={
            "status": 400,
            "params": {name: str(error) for name, error in errors.items()},
            "details": details,
        },
    )


def _fit(value: Value, spec: Spec, name: str) -> Value:
    kind = spec.get("type", "string")
    if isinstance(kind, list):
        return _fit_any(value, spec, name, kind)
    fitted = _typed(value, spec, name, kind)
    if "enum" in spec and fitted not in spec["enum"]:
        raise _InvalidError("rest_not_in_enum", f"{name} is not one of {_listing(spec['enum'])}.")
    _check_bounds(fitted, spec, name, kind)
    _check_format(fitted, spec)
    return fitted


def _fit_any(value: Value, spec: Spec, name: str, kinds: list[str]) -> Value:
    if value is None and "null" in kinds:
        return None
    for kind in kinds:
        try:
            return _fit(value, {**spec, "type": kind}, name)
        except _InvalidError as error:
            if error.code != "rest_invalid_type":
                raise
    raise _wrong_type(name, ",".join(kinds))


def _wrong_type(name: str, kind: str) -> _InvalidError:
    return _InvalidError("rest_invalid_type", f"{name} is not of type {kind}.", {"param": name})


def _typed(value: Value, spec: Spec, name: str, kind: str) -> Value:
    reader = _READERS.get(kind)
    if kind == "array":
        return _array(value, spec, name)
    if kind == "object":
        if value in ("", []):
            return {}
        if not isinstance(value, dict):
            raise _wrong_type(name, kind)
        inner = spec.get("properties", {})
        return {k: _fit(v, inner[k], f"{name}[{k}]") if k in inner else v for k, v in value.items()}
    if reader is None:
        return value
    found = reader(value)
    if found is _NOTHING:
        raise _wrong_type(name, kind)
    return found


_NOTHING = object()


def _integer(value: Value) -> Any:
    if isinstance(value, bool):
        return _NOTHING
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(float(value))
    return _NOTHING


def _number(value: Value) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return _NOTHING


def _boolean(value: Value) -> Any:
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(str(value).lower(), _NOTHING) if isinstance(value, str | int) else _NOTHING


def _string(value: Value) -> Any:
    return value if isinstance(value, str) else _NOTHING


_READERS = {"integer": _integer, "number": _number, "boolean": _boolean, "string": _string}


def _array(value: Value, spec: Spec, name: str) -> list[Value]:
    if isinstance(value, str):
        value = [part for part in re.split(r"[\s,]+", value) if part]
    elif isinstance(value, int | float | bool):
        value = [str(value)]
    if not isinstance(value, list):
        raise _wrong_type(name, "array")
    items = spec.get("items")
    if not items:
        return value
    return [_fit(item, items, f"{name}[{at}]") for at, item in enumerate(value)]


def _check_bounds(value: Value, spec: Spec, name: str, kind: str) -> None:
    if kind not in ("integer", "number"):
        return
    low, high = spec.get("minimum"), spec.get("maximum")
    if low is not None and high is not None:
        if not low <= value <= high:
            raise _InvalidError(
                "rest_out_of_bounds",
                f"{name} must be between {low} (inclusive) and {high} (inclusive)",
            )
    elif low is not None and value < low:
        raise _InvalidError("rest_out_of_bounds", f"{name} must be greater than or equal to {low}")
    elif high is not None and value > high:
        raise _InvalidError("rest_out_of_bounds", f"{name} must be less than or equal to {high}")


def _check_format(value: Value, spec: Spec) -> None:
    shape = spec.get("format")
    if shape == "date-time" and isinstance(value, str) and not _DATE.fullmatch(value):
        raise _InvalidError("rest_invalid_date", "Invalid date.")
    if shape == "email" and isinstance(value, str) and "@" not in value:
        raise _InvalidError("rest_invalid_email", "Invalid email address.")


def _listing(values: list[Any]) -> str:
    """Return ``a, b, and c`` as WordPress lists things."""
    texts = [str(value) for value in values]
    if len(texts) < 3:
        return " and ".join(texts)
    return f"{', '.join(texts[:-1])}, and {texts[-1]}"
