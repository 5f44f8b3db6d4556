"""What sorts products: categories, tags, brands, attributes and their terms, shipping classes."""

from __future__ import annotations

from storetwin.mapping.models import Field, Kind, Lookup, Match, Noun, Reference
from storetwin.mapping.nouns.shapes import COUNTED, CUSTOM, IMAGE_IGNORED, KEPT_NOWHERE, META, image

_NAME = Field("name", Kind.TEXT, "Name", "name", is_escaped=True)
_SLUG = Field("slug", Kind.TEXT, "Slug", "slug")
_DESCRIPTION = Field("description", Kind.TEXT, "Description", "description", about="HTML.")
_MENU_ORDER = Field(
    "menu_order", Kind.INTEGER, "Place", "menu_order", about="Where it stands in lists."
)
_LOOKUPS = (Lookup("slug_key", "slug"),)
_IGNORED = {**KEPT_NOWHERE, "count": COUNTED}
_TREE = (
    _NAME,
    _SLUG,
    _DESCRIPTION,
    Field("display", Kind.TEXT, "Shows", "display", about="Products, what is below it, or both."),
    _MENU_ORDER,
    *image("Picture"),
    META,
    CUSTOM,
)
_PATH = Field(
    "slug_path",
    Kind.TEXT,
    "Path",
    about="The slugs from the root of the tree down to it, as in clothing/shirts.",
    is_mapped=False,
)


def _term(name: str, label: str, about: str) -> Noun:
    return Noun(
        name=name,
        resource=name,
        label=label,
        about=about,
        fields=(_NAME, _SLUG, _DESCRIPTION, META, CUSTOM),
        lookups=_LOOKUPS,
        match=Match.SLUG,
        is_shared=True,
        ignored=_IGNORED,
    )


CATEGORIES = Noun(
    name="categories",
    resource="categories",
    label="Category",
    about="The tree that products are sorted into.",
    fields=(*_TREE, _PATH),
    references=(Reference("parent_id", "categories", "parent", "Parent", comes_along=True),),
    lookups=(*_LOOKUPS, Lookup("slug_path_key", "slug_path")),
    match=Match.SLUG_PATH,
    is_shared=True,
    ignored={**_IGNORED, **IMAGE_IGNORED},
)
BRANDS = Noun(
    name="brands",
    resource="brands",
    label="Brand",
    about="Who makes what is sold.",
    fields=_TREE,
    references=(Reference("parent_id", "brands", "parent", "Parent", comes_along=True),),
    lookups=_LOOKUPS,
    match=Match.SLUG,
    is_shared=True,
    ignored={**_IGNORED, **IMAGE_IGNORED},
)
TAGS = _term("tags", "Tag", "Words that products are marked with.")
SHIPPING_CLASSES = _term(
    "shipping_classes", "Shipping class", "What is shipped alike: bulky, fragile."
)
ATTRIBUTES = Noun(
    name="attributes",
    resource="attributes",
    label="Attribute",
    about="What products differ in: color, size.",
    fields=(
        _NAME,
        _SLUG,
        Field("type", Kind.TEXT, "Type", "type"),
        Field("sorted_by", Kind.TEXT, "Terms are sorted by", "order_by"),
        Field("has_archives", Kind.BOOLEAN, "Has a page a term", "has_archives"),
        META,
        CUSTOM,
    ),
    lookups=_LOOKUPS,
    match=Match.SLUG,
    is_shared=True,
    ignored=KEPT_NOWHERE,
)
TERMS = Noun(
    name="terms",
    resource="terms",
    label="Term",
    about="What an attribute can be: red, large. Slugs are unique within an attribute.",
    fields=(_NAME, _SLUG, _DESCRIPTION, _MENU_ORDER, META, CUSTOM),
    references=(
        Reference(
            "attribute_id",
            "attributes",
            "attribute_id",
            "Attribute",
            is_container=True,
            comes_along=True,
        ),
    ),
    lookups=_LOOKUPS,
    match=Match.SLUG,
    is_shared=True,
    ignored=_IGNORED,
)
