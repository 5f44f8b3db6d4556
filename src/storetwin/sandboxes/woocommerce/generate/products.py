"""Products and variations written out as JSON, in each of the shapes WooCommerce shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storetwin.sandboxes.woocommerce.generate.catalogue import (
    COLORS,
    FITS,
    SIZES,
    Catalogue,
    Product,
    Variation,
)
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.lines import Draw, cents
from storetwin.sandboxes.woocommerce.generate.orders import ALLOW_ALL, API
from storetwin.sandboxes.woocommerce.generate.terms import (
    BRANDS,
    CATEGORIES,
    TAGS,
    Term,
    option_slug,
)
from storetwin.sandboxes.woocommerce.generate.words import ODD_META, WORDS
from storetwin.sandboxes.woocommerce.php_json import MARK, dumps
from storetwin.sandboxes.woocommerce.site_time import SiteTime

_DATES_NULL = (
    '"date_on_sale_from":null,"date_on_sale_from_gmt":null,'
    '"date_on_sale_to":null,"date_on_sale_to_gmt":null'
)
_NO_SIZE = '"weight":"","dimensions":{"length":"","width":"","height":""}'
_DOLLAR = '<span class=\\"woocommerce-Price-currencySymbol\\">&#36;<\\/span>'
_AMOUNT = (
    '<span class=\\"woocommerce-Price-amount amount\\"><bdi>' + _DOLLAR + "%s<\\/bdi><\\/span>"
)
_HIDDEN = (
    '<span class=\\"woocommerce-Price-amount amount\\" aria-hidden=\\"true\\"><bdi>'
    + _DOLLAR + "%s<\\/bdi><\\/span>"
)  # fmt: skip
_VISIBILITY = ("visible", "visible", "visible", "catalog", "search", "hidden")
_META_A_POST = 12

Alive = Callable[[int], bool]


class ProductWriter:
    """Writes the products and variations of one plan.

    Args:
        seed: the store's seed.
        catalogue: the goods.
        site: the store's clock; may be exchanged.
        listed: says of a variation's id whether its parent still shows it.
    """

    def __init__(self, seed: int, catalogue: Catalogue, site: SiteTime, listed: Alive) -> None:
        self._seed = seed
        self.site = site
        self._listed = listed
        self._catalogue = catalogue

    def product(self, product: Product, status: str, modified: int) -> str:
        """Return the JSON of a product, with its seeded ``related_ids``."""
        draw = dice(self._seed, "product", product.id).random
        managed, stock = _stock(draw)
        return (
            f'{{"id":{product.id},"name":{dumps(product.name)},"slug":{dumps(product.slug)},'
            f'"permalink":"{_permalink(product, status)}",{self._dates(product.created, modified)},'
            f'"type":"{product.kind}","status":"{status}","featured":{_bool(draw() < 0.05)},'
            f'"catalog_visibility":"{_VISIBILITY[int(draw() * 6)]}",{_texts(draw, product)},'
            f'"sku":{dumps(product.sku)},{_prices(product)},"total_sales":{int(draw() * 40)},'
            f"{_download(product)},{_stock_members(managed, stock, draw)},"
            f'"sold_individually":false,{_NO_SIZE},"shipping_required":true,'
            '"shipping_taxable":true,"shipping_class":"","shipping_class_id":0,'
            f"{_relations(draw)},{_terms(draw)},"
            f'"images":[],"attributes":[{_attributes(product, draw)}],'
            f'"default_attributes":[{_default(product)}],'
            f'"variations":[{self._variations(product)}],'
            f'"grouped_products":[{self._grouped(product)}],"menu_order":{int(draw() * 30)},'
            f'"price_html":"{_price_html(product)}","related_ids":[{self._related(draw)}],'
            f'"meta_data":[{odd_meta(draw, product.id)}],'
            f'"stock_status":"{"instock" if not managed or stock > 0 else "outofstock"}",'
            f'"has_options":{_bool(product.kind == "variable")},"post_password":"",'
            f'"global_unique_id":"","_links":{{"self":[{{"href":"{API}\\/products\\/{product.id}",'
            f'{ALLOW_ALL}}}],"collection":[{{"href":"{API}\\/products"}}]}}}}'
        )

    def variation(self, variation: Variation, status: str, modified: int) -> str:
        """Return the JSON of a variation as ``/products/{id}/variations`` shows it."""
        draw = dice(self._seed, "variation", variation.id).random
        managed, stock = _stock(draw)
        number, parent = variation.id, variation.parent.id
        manage = ("true" if managed else "false") if draw() < 0.9 else '"parent"'
        text = r"<p>Var <b>desc<\/b> &#038; \u00e9<\/p>\n" if draw() < 0.05 else ""
        quantity = str(stock) if manage == "true" else "null"
        priced = draw() >= 0.01
        return (
            f'{{"id":{number},"type":"variation",{self._dates(variation.created, modified)},'
            f'"description":"{text}","permalink":"{_variation_link(variation)}",'
            f'"sku":{dumps(variation.sku)},"global_unique_id":"",'
            f"{_variation_prices(variation, priced)},"
            f'"status":"{status}","purchasable":{_bool(priced)},"virtual":false,'
            '"downloadable":false,"downloads":[],"download_limit":-1,"download_expiry":-1,'
            f'"tax_status":"taxable","tax_class":"","manage_stock":{manage},'
            f'"stock_quantity":{quantity},"stock_status":"{_in_stock(manage, stock)}",'
            '"backorders":"no","backorders_allowed":false,"backordered":false,'
            f'"low_stock_amount":null,{_NO_SIZE},"shipping_class":"","shipping_class_id":0,'
            f'"image":null,"attributes":[{_options(variation)}],"menu_order":{variation.index},'
            f'"meta_data":[{odd_meta(draw, number)}],"name":{dumps(variation.label)},'
            f'"parent_id":{parent},"_links":{variation_links(number, parent)}}}'
        )

    def _dates(self, created: int, modified: int) -> str:
        first, first_gmt = self.site.pair(created)
        last, last_gmt = self.site.pair(modified)
        return (
            f'"date_created":{first},"date_created_gmt":{first_gmt},'
            f'"date_modified":{last},"date_modified_gmt":{last_gmt}'
        )

    def _variations(self, product: Product) -> str:
        return ",".join([str(number) for number in product.variation_ids if self._listed(number)])

    def _grouped(self, product: Product) -> str:
        if product.kind != "grouped":
            return ""
        return ",".join(str(other.id) for other in self._catalogue.products[:3])

    def _related(self, draw: Draw) -> str:
        goods: Sequence[Product] = self._catalogue.products
        return ",".join(str(goods[int(draw() * len(goods))].id) for _ in range(5))


def variation_links(number: int, parent: int) -> str:
    """Return the value of ``_links`` of a variation below its product."""
    here = f"{API}\\/products\\/{parent}"
    return (
        f'{{"self":[{{"href":"{here}\\/variations\\/{number}",{ALLOW_ALL}}}],'
        f'"collection":[{{"href":"{here}\\/variations"}}],"up":[{{"href":"{here}"}}]}}'
    )


def odd_meta(draw: Draw, number: int) -> str:
    """Draw up to three meta values in the odd shapes that real products hold."""
    count = int(draw() * 5) - 1
    parts = []
    for nth in range(count):
        key, value = ODD_META[int(draw() * len(ODD_META))]
        parts.append(f'{{"id":{number * _META_A_POST + nth},"key":"{key}","value":{value}}}')
    return ",".join(parts)


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _stock(draw: Draw) -> tuple[bool, int]:
    return draw() < 0.6, int(draw() * 160) - 4


def _in_stock(manage: str, stock: int) -> str:
    return "outofstock" if manage == "true" and stock <= 0 else "instock"


def _permalink(product: Product, status: str) -> str:
    if status in ("draft", "pending", "auto-draft"):
        return f"{MARK}\\/?post_type=product&p={product.id}"
    return f"{MARK}\\/product\\/{product.slug}\\/"


def _texts(draw: Draw, product: Product) -> str:
    words = " ".join([WORDS[int(draw() * 26)] for _ in range(20 + int(draw() * 60))])
    short = " ".join([WORDS[int(draw() * 26)] for _ in range(12)])
    if product.index % 200 == 7:
        words = "Lorem ipsum dolor sit amet. " * 900
    return (
        f'"description":"<p>{words}<\\/p>\\n<ul>\\n<li>{words[:24]}<\\/li>\\n<\\/ul>\\n'
        f'<p> [shortcode x=\\"1\\"] \\u00e9<\\/p>\\n","short_description":"<p>{short}<\\/p>\\n"'
    )


def _prices(product: Product) -> str:
    regular, price = cents(product.regular), cents(product.price)
    sale = price if product.price < product.regular else ""
    if product.kind == "variable":
        price, regular, sale = "4.99", "", ""
    elif product.kind == "grouped":
        regular, sale = "", ""
    on_sale = product.price < product.regular
    return (
        f'"price":"{price}","regular_price":"{regular}","sale_price":"{sale}",{_DATES_NULL},'
        f'"on_sale":{_bool(on_sale)},"purchasable":{_bool(product.kind in ("simple", "variable"))}'
    )


def _price_html(product: Product) -> str:
    price, regular = cents(product.price), cents(product.regular)
    if product.kind == "variable":
        return (
            (_HIDDEN % "4.99") + ' <span aria-hidden=\\"true\\">&ndash;<\\/span> '
            + (_HIDDEN % "199.65") + '<span class=\\"screen-reader-text\\">'
            "Price range: &#36;4.99 through &#36;199.65<\\/span>"
        )  # fmt: skip
    if product.price == product.regular:
        return _AMOUNT % price
    return (
        f'<del aria-hidden=\\"true\\">{_AMOUNT % regular}<\\/del> '
        f'<span class=\\"screen-reader-text\\">Original price was: &#036;{regular}.<\\/span>'
        f'<ins aria-hidden=\\"true\\">{_AMOUNT % price}<\\/ins>'
        f'<span class=\\"screen-reader-text\\">Current price is: &#036;{price}.<\\/span>'
    )


def _variation_prices(variation: Variation, priced: bool) -> str:
    regular, price = cents(variation.regular), cents(variation.price)
    sale = price if variation.price < variation.regular else ""
    if not priced:
        price = regular = sale = ""
    return (
        f'"price":"{price}","regular_price":"{regular}","sale_price":"{sale}",{_DATES_NULL},'
        f'"on_sale":{_bool(sale != "")}'
    )


def _download(product: Product) -> str:
    virtual = product.index % 17 == 5
    files = ""
    if virtual:
        files = (
            f'{{"id":"{product.id:08x}-4c1d-4e6f-9a51-000000000001","name":"Manual",'
            f'"file":"{MARK}\\/wp-content\\/uploads\\/manual.pdf"}}'
        )
    url = r"https:\/\/example.test\/buy" if product.kind == "external" else ""
    return (
        f'"virtual":{_bool(virtual)},"downloadable":{_bool(virtual)},"downloads":[{files}],'
        f'"download_limit":-1,"download_expiry":-1,"external_url":"{url}",'
        f'"button_text":"{"Buy" if url else ""}","tax_status":"taxable","tax_class":""'
    )


def _stock_members(managed: bool, stock: int, draw: Draw) -> str:
    notify = draw() < 0.1
    low = str(int(draw() * 9)) if draw() < 0.2 else "null"
    return (
        f'"manage_stock":{_bool(managed)},"stock_quantity":{stock if managed else "null"},'
        f'"backorders":"{"notify" if notify else "no"}","backorders_allowed":{_bool(notify)},'
        f'"backordered":{_bool(managed and notify and stock < 0)},"low_stock_amount":{low}'
    )


def _relations(draw: Draw) -> str:
    rated = draw() < 0.2
    return (
        f'"reviews_allowed":true,"average_rating":"{"3.50" if rated else "0.00"}",'
        f'"rating_count":{2 if rated else 0},"upsell_ids":[],"cross_sell_ids":[],"parent_id":0,'
        '"purchase_note":""'
    )


def _terms(draw: Draw) -> str:
    categories = sorted({int(draw() * len(CATEGORIES)) for _ in range(1 + int(draw() * 2))})
    tags = sorted({int(draw() * len(TAGS)) for _ in range(int(draw() * 4))})
    brands = [int(draw() * len(BRANDS))] if draw() < 0.3 else []
    return (
        f'"categories":[{_short([CATEGORIES[at] for at in categories])}],'
        f'"brands":[{_short([BRANDS[at] for at in brands])}],'
        f'"tags":[{_short([TAGS[at] for at in tags])}]'
    )


def _short(terms: Sequence[Term]) -> str:
    return ",".join(
        f'{{"id":{term.id},"name":{dumps(term.name)},"slug":{dumps(term.slug)}}}' for term in terms
    )


def _attribute(number: int, name: str, slug: str, options: Sequence[str], uses: str) -> str:
    return (
        f'{{"id":{number},"name":"{name}","slug":"{slug}","position":0,{uses},'
        f'"options":{dumps(list(options))}}}'
    )


def _attributes(product: Product, draw: Draw) -> str:
    varying = '"visible":true,"variation":true'
    parts = []
    if product.kind == "variable":
        large = product.variation_count > 100
        count = 10 if large else 1 + (product.variation_count - 1) // len(SIZES)
        parts = [
            _attribute(1, "Color", "pa_color", sorted(COLORS[:count]), varying),
            _attribute(2, "Size", "pa_size", sorted(SIZES), varying),
        ]
        if large:
            parts.append(_attribute(4, "Fit", "pa_fit", sorted(FITS), varying))
    elif draw() < 0.2:
        plain = '"visible":true,"variation":false'
        parts = [_attribute(3, "Material", "pa_material", ["Cotton"], plain)]
    if product.index % 25 == 3:
        name = r"Custom \u00d6pt | pipe"
        plain = '"visible":false,"variation":false'
        parts.append(_attribute(0, name, name, ["one", "two & three"], plain))
    return ",".join(parts)


def _default(product: Product) -> str:
    has_default = product.kind == "variable" and product.index % 3 == 0
    return '{"id":1,"name":"Color","option":"red"}' if has_default else ""


def _options(variation: Variation) -> str:
    color, size, fit = variation.options
    parts = [
        f'{{"id":1,"name":"Color","slug":"pa_color","option":{dumps(color)}}}',
        f'{{"id":2,"name":"Size","slug":"pa_size","option":{dumps(size)}}}',
    ]
    if fit:
        parts.append(f'{{"id":4,"name":"Fit","slug":"pa_fit","option":{dumps(fit)}}}')
    return ",".join(parts)


def _variation_link(variation: Variation) -> str:
    color, size, fit = variation.options
    last = f"&attribute_pa_fit={option_slug(fit)}" if fit else ""
    return (
        f"{MARK}\\/product\\/{variation.parent.slug}\\/?attribute_pa_color={option_slug(color)}"
        f"&attribute_pa_size={option_slug(size)}{last}"
    )
