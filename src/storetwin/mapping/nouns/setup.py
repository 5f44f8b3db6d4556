"""How a store is set up: its tax rates, and all else as reference records."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape

from storetwin.mapping.models import Field, Kind, Noun, Row
from storetwin.mapping.nouns.shapes import CUSTOM, KEPT_NOWHERE, META

_NAMES = ("name", "title", "label", "method_title", "symbol", "code", "slug", "id")


def _name(values: Row, _parts: Mapping[str, list[Row]]) -> Row:
    """Return by what people know a record: the first of the usual members that says something."""
    document = values.get("document")
    if isinstance(document, dict):
        for member in _NAMES:
            found = document.get(member)
            if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
                return {"name": unescape(str(found))[:200]}
    return {"name": None}


TAX_RATES = Noun(
    name="tax_rates",
    resource="taxes",
    label="Tax rate",
    about="What a store takes for whom.",
    fields=(
        Field("name", Kind.TEXT, "Name", "name"),
        Field("country", Kind.TEXT, "Country", "country"),
        Field("state", Kind.TEXT, "State", "state"),
        Field("postcode", Kind.TEXT, "Postcode", "postcode"),
        Field("city", Kind.TEXT, "City", "city"),
        Field("postcodes", Kind.TEXTS, "Postcodes", "postcodes"),
        Field("cities", Kind.TEXTS, "Cities", "cities"),
        Field("percent", Kind.NUMBER, "Percent", "rate"),
        Field("priority", Kind.INTEGER, "Priority", "priority", about="One rate of each counts."),
        Field("is_compound", Kind.BOOLEAN, "Compound", "compound"),
        Field("is_for_shipping", Kind.BOOLEAN, "Of shipping as well", "shipping"),
        Field("place", Kind.INTEGER, "Place", "order"),
        Field("tax_class", Kind.TEXT, "Tax class", "class"),
        META,
        CUSTOM,
    ),
    ignored=KEPT_NOWHERE,
)
REFERENCE_RECORDS = Noun(
    name="reference_records",
    resource="",
    label="Reference record",
    about="All else that a store says of itself: tax classes, zones, gateways, settings, statuses.",
    fields=(
        Field("name", Kind.TEXT, "Name", about="By which people know it.", is_mapped=False),
        Field(
            "document",
            Kind.JSON,
            "Document",
            "",
            about="The record as it stood; what is secret in it is sealed.",
            is_personal=True,
            is_mapped=False,
        ),
    ),
    constants={"kind": ""},
    derive=_name,
)
