"""The goods: products and their variations as small facts, before they are written out as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from storetwin.sandboxes.woocommerce.generate.words import WORDS
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.site_time import NEVER

COLORS = ("Red", "Blue", "Green", "Black", "White", "Gold", "Grün", "Orange", "Pink", "Teal")
SIZES = ("XS", "S", "M", "L", "XL", "XXL", "3XL", "½")
FITS = ("Slim", "Regular")
_KINDS = ("simple",) * 11 + ("variable",) * 8 + ("grouped", "external")
_STATUSES = (
    ("publish",) * 88 + ("draft",) * 5 + ("pending",) * 2 + ("private",) * 3 + ("trash",) * 2
)
_ENOUGH_FOR_A_LARGE_ONE = 150
_LARGE = len(COLORS) * len(SIZES) * len(FITS)


@dataclass(slots=True)
class Product:
    """The facts of one product. Prices in cents; dates in epoch seconds."""

    id: int
    index: int
    kind: str
    status: str
    name: str
    slug: str
    sku: str
    regular: int
    price: int
    created: int
    modified: int
    first_variation: int
    variation_count: int

    @property
    def variation_ids(self) -> range:
        """The ids of its variations as generated, trashed ones included."""
        return range(self.first_variation, self.first_variation + self.variation_count)


@dataclass(slots=True)
class Variation:
    """The facts of one variation."""

    id: int
    index: int
    parent: Product
    status: str
    sku: str
    regular: int
    price: int
    created: int
    modified: int

    @property
    def options(self) -> tuple[str, str, str | None]:
        """Color, size and, on the large product, fit."""
        rest = self.index
        fit = None
        if self.parent.variation_count == _LARGE:
            rest, fit_at = divmod(rest, len(FITS))
            fit = FITS[fit_at]
        color, size = divmod(rest, len(SIZES))
        return COLORS[color % len(COLORS)], SIZES[size], fit

    @property
    def label(self) -> str:
        """Its own name: ``Red, XS``."""
        return ", ".join(option for option in self.options if option)


@dataclass(slots=True)
class Sellable:
    """What a line item says of the thing sold: ids, cents, and three pieces of JSON text."""

    product_id: int
    variation_id: int
    price: int
    named: str
    coded: str
    pictured: str


@dataclass(slots=True)
class Catalogue:
    """All goods, in id order."""

    products: list[Product]
    variations: list[Variation]
    sellables: list[Sellable]
    next_id: int


def make_catalogue(random: Random, count: int, first_id: int, span: tuple[int, int]) -> Catalogue:
    """Make ``count`` products with their variations.

    Args:
        random: the plan's source.
        count: products; variations come to about three times as many.
        first_id: the first free id of wp_posts.
        span: (start, now) in epoch seconds.
    """
    products: list[Product] = []
    variations: list[Variation] = []
    next_id = first_id
    large = count // 2 if count >= _ENOUGH_FOR_A_LARGE_ONE else -1
    for index in range(count):
        product = _product(random, index, next_id, span, is_large=index == large)
        products.append(product)
        next_id += 1 + product.variation_count
        variations.extend(
            _variation(random, product, number) for number in range(product.variation_count)
        )
    sellables = [_sellable(thing) for thing in _sold(products, variations)]
    return Catalogue(products, variations, sellables, next_id)


def _product(
    random: Random, index: int, number: int, span: tuple[int, int], *, is_large: bool
) -> Product:
    draw = random.random
    start, now = span
    kind = "variable" if is_large else _KINDS[int(draw() * len(_KINDS))] if index > 3 else "simple"
    status = "publish" if is_large else _STATUSES[int(draw() * len(_STATUSES))]
    first, second = WORDS[int(draw() * len(WORDS))], WORDS[int(draw() * len(WORDS))]
    name, slug = f"{first.capitalize()} {second} {index}", f"{first}-{second}-{index}"
    if index % 40 == 0:
        name = f'Ünï "cødé" & <em>{name}</em> 🎁'
        slug = f"uni-code-{slug}-%f0%9f%8e%81"
    regular = 199 + int(draw() * 90_000)
    price = int(regular * 0.8) if draw() < 0.25 else regular
    created = start - 86_400 * 200 + int(draw() * (now - start + 86_400 * 190))
    modified = min(now - 1, created + int(draw() * 86_400 * 300))
    if status == "draft" and index % 3 == 0:
        created = NEVER
    variation_count = 0
    if kind == "variable":
        variation_count = _LARGE if is_large else 2 + int(draw() ** 2 * 16)
    return Product(
        number, index, kind, status, name, slug, f"SKU-{index:05d}", regular, price, created,
        modified, number + 1, variation_count,
    )  # fmt: skip


def _variation(random: Random, product: Product, index: int) -> Variation:
    draw = random.random
    regular = 499 + int(draw() * 20_000)
    price = 499 if index == 0 else int(regular * 0.9) if draw() < 0.2 else regular
    status = "trash" if product.status == "trash" else "private" if draw() < 0.015 else "publish"
    since = product.modified - 86_400 * 30 if product.created == NEVER else product.created
    modified = max(since, product.modified - int(draw() * 86_400 * 60))
    sku = product.sku if index == 0 else f"V-{product.index}-{index}"
    return Variation(
        product.id + 1 + index, index, product, status, sku, regular, price, since + 60, modified
    )


def _sold(products: list[Product], variations: list[Variation]) -> list[Product | Variation]:
    things: list[Product | Variation] = [p for p in products if p.kind in ("simple", "external")]
    things.extend(variations)
    return things


def _sellable(thing: Product | Variation) -> Sellable:
    if isinstance(thing, Variation):
        product_id, variation_id, image = thing.parent.id, thing.id, "0"
        name, parent_name = f"{thing.parent.name} - {thing.label}", dumps(thing.parent.name)
    else:
        product_id, variation_id, image = thing.id, 0, '""'
        name, parent_name = thing.name, "null"
    return Sellable(
        product_id=product_id,
        variation_id=variation_id,
        price=thing.price,
        named=f'"name":{dumps(name)},"product_id":{product_id},"variation_id":{variation_id},',
        coded=f'"sku":{dumps(thing.sku)},"global_unique_id":"","price":',
        pictured=f',"image":{{"id":{image},"src":""}},"parent_name":{parent_name}}}',
    )
