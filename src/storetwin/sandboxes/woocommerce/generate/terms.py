"""Categories, tags, brands, shipping classes, attributes and their terms of a generated store."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from storetwin.sandboxes.woocommerce.generate.catalogue import COLORS, FITS, SIZES
from storetwin.sandboxes.woocommerce.generate.words import WORDS


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a taxonomy. ``name`` is stored escaped, as WordPress does."""

    id: int
    name: str
    slug: str
    parent: int = 0
    description: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """A product attribute and the names of its terms."""

    id: int
    name: str
    slug: str
    has_archives: bool
    options: tuple[str, ...]


def option_slug(option: str) -> str:
    """Return the slug of an attribute's term as it stands in a permalink."""
    plain = option.lower().replace("ü", "u").replace("ä", "a")
    return quote(quote(plain).lower()) if not plain.isascii() else plain


def _category(at: int) -> Term:
    number = 15 + 5 + at
    if at == 3:
        return Term(number, "Café &amp; Bar", "cafe-bar", 0, "All for the bar.", 80)
    word = WORDS[(at * 7) % 26]
    parent = 20 + at % 8 if at > 12 else 0
    return Term(number, f"Cat {word} {at}", f"cat-{word}-{at}", parent, "", (at * 13) % 60)


CATEGORIES = (Term(15, "Uncategorized", "uncategorized", 0, "", 4), *map(_category, range(40)))
TAGS = (
    Term(60, "🔥 hot &amp; new", "%f0%9f%94%a5-hot-new", 0, "", 27),
    *(
        Term(
            60 + at,
            f"tag {WORDS[at % 26]} {at}",
            f"tag-{WORDS[at % 26]}-{at}",
            0,
            "",
            (at * 5) % 30,
        )
        for at in range(1, 30)
    ),
)
BRANDS = tuple(
    Term(
        90 + at, f"Brand {WORDS[at * 3 + 1]} {at}", f"brand-{WORDS[at * 3 + 1]}-{at}", 0, "", at * 2
    )
    for at in range(6)
)
SHIPPING_CLASSES = (
    Term(16, "Bulky", "bulky"),
    Term(17, "Fragile", "fragile"),
    Term(18, "Letter", "letter"),
    Term(19, "Überbreite", "uberbreite"),
)
ATTRIBUTES = (
    Attribute(1, "Color", "pa_color", True, COLORS),
    Attribute(2, "Size", "pa_size", False, SIZES),
    Attribute(3, "Material", "pa_material", False, ("Cotton", "Wool", "Leder")),
    Attribute(4, "Fit", "pa_fit", False, FITS),
    Attribute(5, "Länge", "pa_lange", False, ("1 m", "2 m")),
    Attribute(7, "Voltage", "pa_voltage", False, ()),
)
FIRST_ATTRIBUTE_TERM = 96


def attribute_terms() -> dict[int, list[Term]]:
    """Return the terms of each attribute, with ids that rise across attributes."""
    number = FIRST_ATTRIBUTE_TERM
    found: dict[int, list[Term]] = {}
    for attribute in ATTRIBUTES:
        found[attribute.id] = []
        for at, option in enumerate(attribute.options):
            slug = option_slug(option).replace("%25", "%").replace(" ", "-")
            found[attribute.id].append(Term(number, option, slug, 0, "", (at * 37) % 200))
            number += 1
    return found
