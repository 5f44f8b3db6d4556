"""What each list takes. Six routes as recorded; the others after WooCommerce's source.

A list that lacks a parameter ignores it silently: that is one of the traps.
"""

from __future__ import annotations

from typing import Any

from storetwin.sandboxes.woocommerce.fixed import recorded_routes

Specs = dict[str, dict[str, Any]]

CONTEXT: Specs = {
    "context": {
        "description": "Scope under which the request is made; "
        "determines fields present in response.",
        "type": "string", "enum": ["view", "edit"], "default": "view", "required": False,
    },
}  # fmt: skip
_PAGE: Specs = {
    "page": {
        "description": "Current page of the collection.", "type": "integer", "default": 1,
        "minimum": 1, "required": False,
    },
    "per_page": {
        "description": "Maximum number of items to be returned in result set.",
        "type": "integer", "default": 10, "minimum": 1, "maximum": 100, "required": False,
    },
}  # fmt: skip
_SEARCH: Specs = {
    "search": {
        "description": "Limit results to those matching a string.", "type": "string",
        "required": False,
    },
}  # fmt: skip
_INCLUDE: Specs = {
    "exclude": {
        "description": "Ensure result set excludes specific IDs.", "type": "array",
        "items": {"type": "integer"}, "default": [], "required": False,
    },
    "include": {
        "description": "Limit result set to specific ids.", "type": "array",
        "items": {"type": "integer"}, "default": [], "required": False,
    },
}  # fmt: skip
_OFFSET: Specs = {
    "offset": {
        "description": "Offset the result set by a specific number of items.", "type": "integer",
        "required": False,
    },
}  # fmt: skip


def _order(default: str, fields: list[str], *, descending: bool = False) -> Specs:
    return {
        "order": {
            "description": "Order sort attribute ascending or descending.", "type": "string",
            "default": "desc" if descending else "asc", "enum": ["asc", "desc"], "required": False,
        },
        "orderby": {
            "description": "Sort collection by object attribute.", "type": "string",
            "default": default, "enum": fields, "required": False,
        },
    }  # fmt: skip


def _option(kind: str, description: str) -> dict[str, Any]:
    return {"description": description, "type": kind, "required": False}


def _terms(*, hierarchical: bool) -> Specs:
    fields = ["id", "include", "name", "slug", "term_group", "description", "count"]
    specs: Specs = {
        **CONTEXT, **_PAGE, **_SEARCH, **_INCLUDE, **_OFFSET, **_order("name", fields),
        "hide_empty": {
            "description": "Whether to hide resources not assigned to any products.",
            "type": "boolean", "default": False, "required": False,
        },
    }  # fmt: skip
    if hierarchical:
        specs["parent"] = _option("integer", "Limit result set to resources assigned to a parent.")
    specs["product"] = _option("integer", "Limit result set to resources of a specific product.")
    specs["slug"] = _option("string", "Limit result set to resources with a specific slug.")
    return specs


def _reviews() -> Specs:
    when = "Limit response to resources published %s a given ISO8601 compliant date."
    return {
        **CONTEXT, **_PAGE, **_SEARCH,
        "after": {**_option("string", when % "after"), "format": "date-time"},
        "before": {**_option("string", when % "before"), "format": "date-time"},
        **_INCLUDE, **_OFFSET,
        **_order("date_gmt", ["date", "date_gmt", "id", "include", "product"], descending=True),
        "reviewer": {
            **_option("array", "Limit to reviews of users."), "items": {"type": "integer"},
        },
        "reviewer_email": {**_option("string", "Limit to one reviewer."), "format": "email"},
        "product": {**_option("array", "Limit to products."), "items": {"type": "integer"}},
        "status": {
            **_option("string", "Limit result set to reviews assigned a specific status."),
            "default": "approved", "enum": ["all", "hold", "approved", "spam", "trash"],
        },
    }  # fmt: skip


def _taxes() -> Specs:
    return {
        **CONTEXT, **_PAGE, **_OFFSET, **_order("order", ["id", "order", "priority"]),
        "class": {
            **_option("string", "Sort by tax class."),
            "enum": ["standard", "digital", "reduced-rate", "zero-rate"],
        },
    }  # fmt: skip


def _webhooks() -> Specs:
    return {
        **CONTEXT, **_PAGE, **_SEARCH, **_INCLUDE, **_OFFSET,
        **_order("date", ["date", "id", "title"], descending=True),
        "status": {
            **_option("string", "Limit result set to webhooks assigned a specific status."),
            "default": "all", "enum": ["all", "active", "paused", "disabled"],
        },
    }  # fmt: skip


def _recorded(resource: str, endpoint: int) -> Specs:
    endpoints = recorded_routes()[resource]["endpoints"]
    specs: Specs = endpoints[endpoint]["args"] if endpoint < len(endpoints) else {}
    return specs or {}


LIST_ARGUMENTS: dict[str, Specs] = {
    **{
        name: _recorded(name, 0)
        for name in ("orders", "refunds", "products", "variations", "customers", "coupons")
    },
    "order_refunds": _recorded("refunds", 0),
    "product_variations": _recorded("variations", 0),
    "categories": _terms(hierarchical=True),
    "brands": _terms(hierarchical=True),
    "tags": _terms(hierarchical=False),
    "shipping_classes": _terms(hierarchical=False),
    "terms": _terms(hierarchical=True),
    "reviews": _reviews(),
    "taxes": _taxes(),
    "webhooks": _webhooks(),
    "attributes": CONTEXT,
    "tax_classes": CONTEXT,
    "custom_field_names": {**CONTEXT, **_PAGE, **_SEARCH},
}
"""Parameters of the GET of each list."""

_META: Specs = {
    "include_meta": {
        "default": [], "description": "Limit meta_data to specific keys.", "type": "array",
        "items": {"type": "string"}, "required": False,
    },
    "exclude_meta": {
        "default": [], "description": "Ensure meta_data excludes specific keys.", "type": "array",
        "items": {"type": "string"}, "required": False,
    },
}  # fmt: skip
_DECIMALS: Specs = {
    "dp": {
        "default": 2, "description": "Number of decimal points to use in each resource.",
        "type": "integer", "required": False,
    },
}  # fmt: skip
SINGLE_ARGUMENTS: dict[str, Specs] = {
    **{name: {**CONTEXT, **_DECIMALS, **_META} for name in ("orders", "refunds")},
    **{name: {**CONTEXT, **_META} for name in ("products", "variations", "customers", "coupons")},
}
"""Parameters of the GET of one record; those not named take the context only."""

CREATE_ARGUMENTS: dict[str, Specs] = {
    name: _recorded(name, 1) for name in ("orders", "products", "customers", "coupons")
}
"""Parameters of the POST of a list; those of a PUT are the same without defaults."""


def update_arguments(resource: str) -> Specs:
    """Return what a PUT takes: the members of the schema that may be written, without defaults."""
    if resource == "variations":
        properties = recorded_routes()["variations"]["schema"]["properties"]
        return {
            name: _without(spec, "default", "required", "context", "readonly")
            for name, spec in properties.items()
            if not spec.get("readonly")
        }
    specs = CREATE_ARGUMENTS.get(resource, {})
    return {name: _without(spec, "default", "required") for name, spec in specs.items()}


def _without(spec: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in names}
