-- The back office's own tables: typed, normalized, and changed by promotion or by a person only.
-- src/storetwin/mapping/nouns/ declares them, and a test compares both. What a column means is its comment:
-- docs/reference/core-tables.md is made of them.

CREATE SCHEMA core;
GRANT USAGE ON SCHEMA core TO storetwin_app;

-- The same as storetwin/mapping/keys.py: short enough for an index, the same in every locale, capitals do not count.
-- It names no search_path, so that PostgreSQL can put it in place where it is called.
CREATE FUNCTION core.lookup_key(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN length(btrim(given)) <= 200 THEN nullif(lower(btrim(given) COLLATE "C"), '')
                ELSE lower(left(btrim(given), 160) COLLATE "C") || md5(lower(btrim(given) COLLATE "C")) END
$$;

CREATE TABLE core.categories (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    parent_id uuid,
    remote_parent_id text,
    name text,
    slug text,
    description text,
    display text,
    menu_order bigint,
    image_id text,
    image_source text,
    image_name text,
    image_alt text,
    meta json,
    custom json,
    slug_path text,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    slug_path_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug_path)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.categories IS 'The tree that products are sorted into.';
COMMENT ON COLUMN core.categories.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.categories.parent_id IS 'Parent: the record of core.categories; absent where core has none.';
COMMENT ON COLUMN core.categories.remote_parent_id IS 'Parent, as the store names it.';
COMMENT ON COLUMN core.categories.name IS 'Name.';
COMMENT ON COLUMN core.categories.slug IS 'Slug.';
COMMENT ON COLUMN core.categories.description IS 'Description: HTML.';
COMMENT ON COLUMN core.categories.display IS 'Shows: products, what is below it, or both.';
COMMENT ON COLUMN core.categories.menu_order IS 'Place: where it stands in lists.';
COMMENT ON COLUMN core.categories.image_id IS 'Picture: id: in the store''s library.';
COMMENT ON COLUMN core.categories.image_source IS 'Picture: its address.';
COMMENT ON COLUMN core.categories.image_name IS 'Picture: name.';
COMMENT ON COLUMN core.categories.image_alt IS 'Picture: text: read out instead.';
COMMENT ON COLUMN core.categories.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.categories.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.categories.slug_path IS
    'Path: the slugs from the root of the tree down to it, as in clothing/shirts.';
COMMENT ON COLUMN core.categories.slug_key IS
    'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.categories.slug_path_key IS
    'The slug path as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.categories.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.categories.created_at IS 'When core got it.';
COMMENT ON COLUMN core.categories.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.categories.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.tags (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    name text,
    slug text,
    description text,
    meta json,
    custom json,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.tags IS 'Words that products are marked with.';
COMMENT ON COLUMN core.tags.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.tags.name IS 'Name.';
COMMENT ON COLUMN core.tags.slug IS 'Slug.';
COMMENT ON COLUMN core.tags.description IS 'Description: HTML.';
COMMENT ON COLUMN core.tags.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.tags.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.tags.slug_key IS 'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.tags.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.tags.created_at IS 'When core got it.';
COMMENT ON COLUMN core.tags.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.tags.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.brands (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    parent_id uuid,
    remote_parent_id text,
    name text,
    slug text,
    description text,
    display text,
    menu_order bigint,
    image_id text,
    image_source text,
    image_name text,
    image_alt text,
    meta json,
    custom json,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.brands IS 'Who makes what is sold.';
COMMENT ON COLUMN core.brands.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.brands.parent_id IS 'Parent: the record of core.brands; absent where core has none.';
COMMENT ON COLUMN core.brands.remote_parent_id IS 'Parent, as the store names it.';
COMMENT ON COLUMN core.brands.name IS 'Name.';
COMMENT ON COLUMN core.brands.slug IS 'Slug.';
COMMENT ON COLUMN core.brands.description IS 'Description: HTML.';
COMMENT ON COLUMN core.brands.display IS 'Shows: products, what is below it, or both.';
COMMENT ON COLUMN core.brands.menu_order IS 'Place: where it stands in lists.';
COMMENT ON COLUMN core.brands.image_id IS 'Picture: id: in the store''s library.';
COMMENT ON COLUMN core.brands.image_source IS 'Picture: its address.';
COMMENT ON COLUMN core.brands.image_name IS 'Picture: name.';
COMMENT ON COLUMN core.brands.image_alt IS 'Picture: text: read out instead.';
COMMENT ON COLUMN core.brands.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.brands.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.brands.slug_key IS 'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.brands.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.brands.created_at IS 'When core got it.';
COMMENT ON COLUMN core.brands.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.brands.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.shipping_classes (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    name text,
    slug text,
    description text,
    meta json,
    custom json,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.shipping_classes IS 'What is shipped alike: bulky, fragile.';
COMMENT ON COLUMN core.shipping_classes.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.shipping_classes.name IS 'Name.';
COMMENT ON COLUMN core.shipping_classes.slug IS 'Slug.';
COMMENT ON COLUMN core.shipping_classes.description IS 'Description: HTML.';
COMMENT ON COLUMN core.shipping_classes.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.shipping_classes.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.shipping_classes.slug_key IS
    'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.shipping_classes.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.shipping_classes.created_at IS 'When core got it.';
COMMENT ON COLUMN core.shipping_classes.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.shipping_classes.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.attributes (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    name text,
    slug text,
    type text,
    sorted_by text,
    has_archives boolean,
    meta json,
    custom json,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.attributes IS 'What products differ in: color, size.';
COMMENT ON COLUMN core.attributes.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.attributes.name IS 'Name.';
COMMENT ON COLUMN core.attributes.slug IS 'Slug.';
COMMENT ON COLUMN core.attributes.type IS 'Type.';
COMMENT ON COLUMN core.attributes.sorted_by IS 'Terms are sorted by.';
COMMENT ON COLUMN core.attributes.has_archives IS 'Has a page a term.';
COMMENT ON COLUMN core.attributes.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.attributes.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.attributes.slug_key IS
    'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.attributes.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.attributes.created_at IS 'When core got it.';
COMMENT ON COLUMN core.attributes.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.attributes.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.terms (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    description text,
    menu_order bigint,
    meta json,
    custom json,
    slug_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(slug)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.terms IS 'What an attribute can be: red, large. Slugs are unique within an attribute.';
COMMENT ON COLUMN core.terms.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.terms.attribute_id IS 'Attribute: the record of core.attributes; absent where core has none.';
COMMENT ON COLUMN core.terms.remote_attribute_id IS 'Attribute, as the store names it.';
COMMENT ON COLUMN core.terms.name IS 'Name.';
COMMENT ON COLUMN core.terms.slug IS 'Slug.';
COMMENT ON COLUMN core.terms.description IS 'Description: HTML.';
COMMENT ON COLUMN core.terms.menu_order IS 'Place: where it stands in lists.';
COMMENT ON COLUMN core.terms.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.terms.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.terms.slug_key IS 'The slug as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.terms.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.terms.created_at IS 'When core got it.';
COMMENT ON COLUMN core.terms.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.terms.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.products (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    shipping_class_id uuid,
    remote_shipping_class_id text,
    parent_product_id uuid,
    remote_parent_product_id text,
    name text,
    slug text,
    type text,
    is_featured boolean,
    visibility text,
    description text,
    short_description text,
    external_url text,
    button_text text,
    is_sold_individually boolean,
    are_reviews_allowed boolean,
    purchase_note text,
    default_attributes json,
    sku text,
    gtin text,
    status text,
    permalink text,
    price numeric,
    regular_price numeric,
    sale_price numeric,
    sale_starts_at timestamptz,
    sale_ends_at timestamptz,
    is_on_sale boolean,
    currency text,
    is_purchasable boolean,
    is_virtual boolean,
    is_downloadable boolean,
    download_limit bigint,
    download_expiry bigint,
    tax_status text,
    tax_class text,
    weight numeric,
    weight_unit text,
    length numeric,
    width numeric,
    height numeric,
    dimension_unit text,
    menu_order bigint,
    listed_at timestamptz,
    meta json,
    custom json,
    sku_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(sku)) STORED,
    name_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(name)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.products IS 'What is sold; one that comes in variations has them in variations.';
COMMENT ON COLUMN core.products.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.products.shipping_class_id IS
    'Shipping class: the record of core.shipping_classes; absent where core has none.';
COMMENT ON COLUMN core.products.remote_shipping_class_id IS 'Shipping class, as the store names it.';
COMMENT ON COLUMN core.products.parent_product_id IS
    'Belongs to: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.products.remote_parent_product_id IS 'Belongs to, as the store names it.';
COMMENT ON COLUMN core.products.name IS 'Name.';
COMMENT ON COLUMN core.products.slug IS 'Slug.';
COMMENT ON COLUMN core.products.type IS 'Type: simple, variable, grouped, external, or more.';
COMMENT ON COLUMN core.products.is_featured IS 'Featured.';
COMMENT ON COLUMN core.products.visibility IS 'Visibility.';
COMMENT ON COLUMN core.products.description IS 'Description: HTML.';
COMMENT ON COLUMN core.products.short_description IS 'Short description: HTML.';
COMMENT ON COLUMN core.products.external_url IS 'Sold at: by somebody else.';
COMMENT ON COLUMN core.products.button_text IS 'Text of its button.';
COMMENT ON COLUMN core.products.is_sold_individually IS 'One an order.';
COMMENT ON COLUMN core.products.are_reviews_allowed IS 'Takes reviews.';
COMMENT ON COLUMN core.products.purchase_note IS 'Note for buyers.';
COMMENT ON COLUMN core.products.default_attributes IS 'Default attributes: the variation that is shown first.';
COMMENT ON COLUMN core.products.sku IS 'SKU.';
COMMENT ON COLUMN core.products.gtin IS 'GTIN: or UPC, EAN, ISBN.';
COMMENT ON COLUMN core.products.status IS 'Status.';
COMMENT ON COLUMN core.products.permalink IS 'Address: of its page in the store.';
COMMENT ON COLUMN core.products.price IS 'Price: what it costs now, sale or not.';
COMMENT ON COLUMN core.products.regular_price IS 'Regular price.';
COMMENT ON COLUMN core.products.sale_price IS 'Sale price.';
COMMENT ON COLUMN core.products.sale_starts_at IS 'Sale starts.';
COMMENT ON COLUMN core.products.sale_ends_at IS 'Sale ends.';
COMMENT ON COLUMN core.products.is_on_sale IS 'On sale.';
COMMENT ON COLUMN core.products.currency IS 'Currency: of the prices: the store''s.';
COMMENT ON COLUMN core.products.is_purchasable IS 'Can be bought.';
COMMENT ON COLUMN core.products.is_virtual IS 'Virtual: nothing is shipped.';
COMMENT ON COLUMN core.products.is_downloadable IS 'Downloadable.';
COMMENT ON COLUMN core.products.download_limit IS 'Download limit: times; -1 is no limit.';
COMMENT ON COLUMN core.products.download_expiry IS 'Download expiry: days; -1 is never.';
COMMENT ON COLUMN core.products.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.products.tax_class IS 'Tax class: empty is the standard one.';
COMMENT ON COLUMN core.products.weight IS 'Weight.';
COMMENT ON COLUMN core.products.weight_unit IS 'Unit of weight.';
COMMENT ON COLUMN core.products.length IS 'Length.';
COMMENT ON COLUMN core.products.width IS 'Width.';
COMMENT ON COLUMN core.products.height IS 'Height.';
COMMENT ON COLUMN core.products.dimension_unit IS 'Unit of length.';
COMMENT ON COLUMN core.products.menu_order IS 'Place: where it stands in lists.';
COMMENT ON COLUMN core.products.listed_at IS 'Listed: when the store made it.';
COMMENT ON COLUMN core.products.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.products.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.products.sku_key IS 'The sku as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.products.name_key IS
    'The name as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.products.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.products.created_at IS 'When core got it.';
COMMENT ON COLUMN core.products.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.products.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.product_categories (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    category_id uuid,
    remote_category_id text,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_categories IS 'The categories of a product.';
COMMENT ON COLUMN core.product_categories.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_categories.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_categories.category_id IS
    'Category: the record of core.categories; absent where core has none.';
COMMENT ON COLUMN core.product_categories.remote_category_id IS 'Category, as the store names it.';

CREATE TABLE core.product_tags (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    tag_id uuid,
    remote_tag_id text,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_tags IS 'The tags of a product.';
COMMENT ON COLUMN core.product_tags.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_tags.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_tags.tag_id IS 'Tag: the record of core.tags; absent where core has none.';
COMMENT ON COLUMN core.product_tags.remote_tag_id IS 'Tag, as the store names it.';

CREATE TABLE core.product_brands (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    brand_id uuid,
    remote_brand_id text,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_brands IS 'The brands of a product.';
COMMENT ON COLUMN core.product_brands.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_brands.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_brands.brand_id IS 'Brand: the record of core.brands; absent where core has none.';
COMMENT ON COLUMN core.product_brands.remote_brand_id IS 'Brand, as the store names it.';

CREATE TABLE core.product_attributes (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    is_visible boolean,
    is_for_variations boolean,
    options text[],
    place bigint,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_attributes IS 'The attributes of a product, each with what can be chosen.';
COMMENT ON COLUMN core.product_attributes.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_attributes.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_attributes.attribute_id IS
    'Attribute: the record of core.attributes; absent where core has none.';
COMMENT ON COLUMN core.product_attributes.remote_attribute_id IS 'Attribute, as the store names it.';
COMMENT ON COLUMN core.product_attributes.name IS 'Name.';
COMMENT ON COLUMN core.product_attributes.slug IS 'Slug.';
COMMENT ON COLUMN core.product_attributes.is_visible IS 'Shown.';
COMMENT ON COLUMN core.product_attributes.is_for_variations IS 'Makes variations.';
COMMENT ON COLUMN core.product_attributes.options IS 'Options.';
COMMENT ON COLUMN core.product_attributes.place IS 'Place: as the store counts them.';

CREATE TABLE core.product_media (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    source text,
    name text,
    alt text,
    uploaded_at timestamptz,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_media IS 'The pictures of a product, in their order; the first stands for it.';
COMMENT ON COLUMN core.product_media.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_media.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_media.source IS 'Address.';
COMMENT ON COLUMN core.product_media.name IS 'Name.';
COMMENT ON COLUMN core.product_media.alt IS 'Text: read out instead of it.';
COMMENT ON COLUMN core.product_media.uploaded_at IS 'Uploaded.';

CREATE TABLE core.product_downloads (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    name text,
    file text,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_downloads IS 'Files that whoever buys it may download.';
COMMENT ON COLUMN core.product_downloads.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_downloads.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_downloads.name IS 'Name.';
COMMENT ON COLUMN core.product_downloads.file IS 'File: its address.';

CREATE TABLE core.product_relations (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('upsell', 'cross_sell', 'grouped')),
    related_product_id uuid,
    remote_related_product_id text,
    PRIMARY KEY (organisation_id, product_id, key),
    FOREIGN KEY (organisation_id, product_id) REFERENCES core.products (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.product_relations IS
    'Products that go with a product: sold beside it, instead of it, or grouped in it.';
COMMENT ON COLUMN core.product_relations.key IS 'What names it within the product.';
COMMENT ON COLUMN core.product_relations.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.product_relations.kind IS 'Which: upsell, cross_sell, grouped.';
COMMENT ON COLUMN core.product_relations.related_product_id IS
    'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.product_relations.remote_related_product_id IS 'Product, as the store names it.';

CREATE TABLE core.variations (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    product_id uuid,
    remote_product_id text,
    shipping_class_id uuid,
    remote_shipping_class_id text,
    name text,
    description text,
    sku text,
    gtin text,
    status text,
    permalink text,
    price numeric,
    regular_price numeric,
    sale_price numeric,
    sale_starts_at timestamptz,
    sale_ends_at timestamptz,
    is_on_sale boolean,
    currency text,
    is_purchasable boolean,
    is_virtual boolean,
    is_downloadable boolean,
    download_limit bigint,
    download_expiry bigint,
    tax_status text,
    tax_class text,
    weight numeric,
    weight_unit text,
    length numeric,
    width numeric,
    height numeric,
    dimension_unit text,
    menu_order bigint,
    listed_at timestamptz,
    meta json,
    custom json,
    image_id text,
    image_source text,
    image_name text,
    image_alt text,
    sku_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(sku)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.variations IS 'What a product comes in: the red one, the large one.';
COMMENT ON COLUMN core.variations.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.variations.product_id IS 'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.variations.remote_product_id IS 'Product, as the store names it.';
COMMENT ON COLUMN core.variations.shipping_class_id IS
    'Shipping class: the record of core.shipping_classes; absent where core has none.';
COMMENT ON COLUMN core.variations.remote_shipping_class_id IS 'Shipping class, as the store names it.';
COMMENT ON COLUMN core.variations.name IS 'Name.';
COMMENT ON COLUMN core.variations.description IS 'Description: HTML.';
COMMENT ON COLUMN core.variations.sku IS 'SKU.';
COMMENT ON COLUMN core.variations.gtin IS 'GTIN: or UPC, EAN, ISBN.';
COMMENT ON COLUMN core.variations.status IS 'Status.';
COMMENT ON COLUMN core.variations.permalink IS 'Address: of its page in the store.';
COMMENT ON COLUMN core.variations.price IS 'Price: what it costs now, sale or not.';
COMMENT ON COLUMN core.variations.regular_price IS 'Regular price.';
COMMENT ON COLUMN core.variations.sale_price IS 'Sale price.';
COMMENT ON COLUMN core.variations.sale_starts_at IS 'Sale starts.';
COMMENT ON COLUMN core.variations.sale_ends_at IS 'Sale ends.';
COMMENT ON COLUMN core.variations.is_on_sale IS 'On sale.';
COMMENT ON COLUMN core.variations.currency IS 'Currency: of the prices: the store''s.';
COMMENT ON COLUMN core.variations.is_purchasable IS 'Can be bought.';
COMMENT ON COLUMN core.variations.is_virtual IS 'Virtual: nothing is shipped.';
COMMENT ON COLUMN core.variations.is_downloadable IS 'Downloadable.';
COMMENT ON COLUMN core.variations.download_limit IS 'Download limit: times; -1 is no limit.';
COMMENT ON COLUMN core.variations.download_expiry IS 'Download expiry: days; -1 is never.';
COMMENT ON COLUMN core.variations.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.variations.tax_class IS 'Tax class: empty is the standard one.';
COMMENT ON COLUMN core.variations.weight IS 'Weight.';
COMMENT ON COLUMN core.variations.weight_unit IS 'Unit of weight.';
COMMENT ON COLUMN core.variations.length IS 'Length.';
COMMENT ON COLUMN core.variations.width IS 'Width.';
COMMENT ON COLUMN core.variations.height IS 'Height.';
COMMENT ON COLUMN core.variations.dimension_unit IS 'Unit of length.';
COMMENT ON COLUMN core.variations.menu_order IS 'Place: where it stands in lists.';
COMMENT ON COLUMN core.variations.listed_at IS 'Listed: when the store made it.';
COMMENT ON COLUMN core.variations.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.variations.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.variations.image_id IS 'Picture: id: in the store''s library.';
COMMENT ON COLUMN core.variations.image_source IS 'Picture: its address.';
COMMENT ON COLUMN core.variations.image_name IS 'Picture: name.';
COMMENT ON COLUMN core.variations.image_alt IS 'Picture: text: read out instead.';
COMMENT ON COLUMN core.variations.sku_key IS
    'The sku as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.variations.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.variations.created_at IS 'When core got it.';
COMMENT ON COLUMN core.variations.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.variations.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.variation_attributes (
    organisation_id uuid NOT NULL,
    variation_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    option text,
    PRIMARY KEY (organisation_id, variation_id, key),
    FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.variation_attributes IS 'What of its product''s attributes a variation is.';
COMMENT ON COLUMN core.variation_attributes.key IS 'What names it within the variation.';
COMMENT ON COLUMN core.variation_attributes.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.variation_attributes.attribute_id IS
    'Attribute: the record of core.attributes; absent where core has none.';
COMMENT ON COLUMN core.variation_attributes.remote_attribute_id IS 'Attribute, as the store names it.';
COMMENT ON COLUMN core.variation_attributes.name IS 'Name.';
COMMENT ON COLUMN core.variation_attributes.slug IS 'Slug.';
COMMENT ON COLUMN core.variation_attributes.option IS 'Option.';

CREATE TABLE core.variation_downloads (
    organisation_id uuid NOT NULL,
    variation_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    name text,
    file text,
    PRIMARY KEY (organisation_id, variation_id, key),
    FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.variation_downloads IS 'Files that whoever buys it may download.';
COMMENT ON COLUMN core.variation_downloads.key IS 'What names it within the variation.';
COMMENT ON COLUMN core.variation_downloads.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.variation_downloads.name IS 'Name.';
COMMENT ON COLUMN core.variation_downloads.file IS 'File: its address.';

CREATE TABLE core.reviews (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    product_id uuid,
    remote_product_id text,
    status text,
    rating bigint,
    review text,
    reviewer text,
    email text,
    is_verified boolean,
    written_at timestamptz,
    meta json,
    custom json,
    email_lower text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(email)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.reviews IS 'What customers say of a product.';
COMMENT ON COLUMN core.reviews.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.reviews.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.reviews.product_id IS 'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.reviews.remote_product_id IS 'Product, as the store names it.';
COMMENT ON COLUMN core.reviews.status IS 'Status.';
COMMENT ON COLUMN core.reviews.rating IS 'Rating: stars, from 1 to 5; 0 is none.';
COMMENT ON COLUMN core.reviews.review IS 'Review: HTML.';
COMMENT ON COLUMN core.reviews.reviewer IS 'Reviewer.';
COMMENT ON COLUMN core.reviews.email IS 'E-mail.';
COMMENT ON COLUMN core.reviews.is_verified IS 'Bought it.';
COMMENT ON COLUMN core.reviews.written_at IS 'Written.';
COMMENT ON COLUMN core.reviews.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.reviews.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.reviews.email_lower IS
    'The email as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.reviews.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.reviews.created_at IS 'When core got it.';
COMMENT ON COLUMN core.reviews.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.reviews.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.customers (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    email text,
    first_name text,
    last_name text,
    username text,
    role text,
    is_paying boolean,
    is_guest boolean NOT NULL DEFAULT false,
    registered_at timestamptz,
    meta json,
    custom json,
    email_lower text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(email)) STORED,
    last_name_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(last_name)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE core.customers IS
    'Who buys, with an account or without: who has none is known by the e-mail of his orders.';
COMMENT ON COLUMN core.customers.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.customers.email IS 'E-mail.';
COMMENT ON COLUMN core.customers.first_name IS 'First name.';
COMMENT ON COLUMN core.customers.last_name IS 'Last name.';
COMMENT ON COLUMN core.customers.username IS 'Username.';
COMMENT ON COLUMN core.customers.role IS 'Role.';
COMMENT ON COLUMN core.customers.is_paying IS 'Has paid: the store says that an order was paid.';
COMMENT ON COLUMN core.customers.is_guest IS
    'Guest: no store knows an account with this e-mail; core found it on orders.';
COMMENT ON COLUMN core.customers.registered_at IS 'Registered.';
COMMENT ON COLUMN core.customers.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.customers.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.customers.email_lower IS
    'The email as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.customers.last_name_key IS
    'The last name as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.customers.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.customers.created_at IS 'When core got it.';
COMMENT ON COLUMN core.customers.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.customers.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.customer_addresses (
    organisation_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('billing', 'shipping')),
    first_name text,
    last_name text,
    company text,
    street text,
    street_2 text,
    postcode text,
    city text,
    state text,
    country text,
    email text,
    phone text,
    PRIMARY KEY (organisation_id, customer_id, key),
    FOREIGN KEY (organisation_id, customer_id) REFERENCES core.customers (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.customer_addresses IS 'Where the customer is billed and shipped to.';
COMMENT ON COLUMN core.customer_addresses.key IS 'What names it within the customer.';
COMMENT ON COLUMN core.customer_addresses.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.customer_addresses.kind IS 'Which: billing, shipping.';
COMMENT ON COLUMN core.customer_addresses.first_name IS 'First name.';
COMMENT ON COLUMN core.customer_addresses.last_name IS 'Last name.';
COMMENT ON COLUMN core.customer_addresses.company IS 'Company.';
COMMENT ON COLUMN core.customer_addresses.street IS 'Street.';
COMMENT ON COLUMN core.customer_addresses.street_2 IS 'Street, second line.';
COMMENT ON COLUMN core.customer_addresses.postcode IS 'Postcode.';
COMMENT ON COLUMN core.customer_addresses.city IS 'City.';
COMMENT ON COLUMN core.customer_addresses.state IS 'State.';
COMMENT ON COLUMN core.customer_addresses.country IS 'Country.';
COMMENT ON COLUMN core.customer_addresses.email IS 'E-mail.';
COMMENT ON COLUMN core.customer_addresses.phone IS 'Phone.';

CREATE TABLE core.coupons (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    code text,
    description text,
    status text,
    discount_type text,
    amount numeric,
    currency text,
    expires_at timestamptz,
    issued_at timestamptz,
    is_individual boolean,
    is_free_shipping boolean,
    is_without_sale boolean,
    minimum_amount numeric,
    maximum_amount numeric,
    usage_limit bigint,
    usage_limit_per_user bigint,
    item_limit bigint,
    emails text[],
    meta json,
    custom json,
    code_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(code)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.coupons IS 'Codes that take something off an order.';
COMMENT ON COLUMN core.coupons.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.coupons.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.coupons.code IS 'Code.';
COMMENT ON COLUMN core.coupons.description IS 'Description.';
COMMENT ON COLUMN core.coupons.status IS 'Status.';
COMMENT ON COLUMN core.coupons.discount_type IS 'Type.';
COMMENT ON COLUMN core.coupons.amount IS 'Amount or percent.';
COMMENT ON COLUMN core.coupons.currency IS 'Currency: of the amounts: the store''s.';
COMMENT ON COLUMN core.coupons.expires_at IS 'Expires.';
COMMENT ON COLUMN core.coupons.issued_at IS 'Made.';
COMMENT ON COLUMN core.coupons.is_individual IS 'Alone only.';
COMMENT ON COLUMN core.coupons.is_free_shipping IS 'Free shipping.';
COMMENT ON COLUMN core.coupons.is_without_sale IS 'Not for what is on sale.';
COMMENT ON COLUMN core.coupons.minimum_amount IS 'From.';
COMMENT ON COLUMN core.coupons.maximum_amount IS 'Up to.';
COMMENT ON COLUMN core.coupons.usage_limit IS 'Uses.';
COMMENT ON COLUMN core.coupons.usage_limit_per_user IS 'Uses a customer.';
COMMENT ON COLUMN core.coupons.item_limit IS 'Pieces.';
COMMENT ON COLUMN core.coupons.emails IS 'For e-mails.';
COMMENT ON COLUMN core.coupons.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.coupons.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.coupons.code_key IS 'The code as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.coupons.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.coupons.created_at IS 'When core got it.';
COMMENT ON COLUMN core.coupons.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.coupons.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.coupon_products (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('included', 'excluded')),
    product_id uuid,
    remote_product_id text,
    PRIMARY KEY (organisation_id, coupon_id, key),
    FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.coupon_products IS 'For which products a coupon holds, and for which it does not.';
COMMENT ON COLUMN core.coupon_products.key IS 'What names it within the coupon.';
COMMENT ON COLUMN core.coupon_products.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.coupon_products.kind IS 'Which: included, excluded.';
COMMENT ON COLUMN core.coupon_products.product_id IS
    'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.coupon_products.remote_product_id IS 'Product, as the store names it.';

CREATE TABLE core.coupon_categories (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('included', 'excluded')),
    category_id uuid,
    remote_category_id text,
    PRIMARY KEY (organisation_id, coupon_id, key),
    FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.coupon_categories IS 'For which categories a coupon holds, and for which it does not.';
COMMENT ON COLUMN core.coupon_categories.key IS 'What names it within the coupon.';
COMMENT ON COLUMN core.coupon_categories.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.coupon_categories.kind IS 'Which: included, excluded.';
COMMENT ON COLUMN core.coupon_categories.category_id IS
    'Category: the record of core.categories; absent where core has none.';
COMMENT ON COLUMN core.coupon_categories.remote_category_id IS 'Category, as the store names it.';

CREATE TABLE core.coupon_brands (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('included', 'excluded')),
    brand_id uuid,
    remote_brand_id text,
    PRIMARY KEY (organisation_id, coupon_id, key),
    FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.coupon_brands IS 'For which brands a coupon holds, and for which it does not.';
COMMENT ON COLUMN core.coupon_brands.key IS 'What names it within the coupon.';
COMMENT ON COLUMN core.coupon_brands.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.coupon_brands.kind IS 'Which: included, excluded.';
COMMENT ON COLUMN core.coupon_brands.brand_id IS 'Brand: the record of core.brands; absent where core has none.';
COMMENT ON COLUMN core.coupon_brands.remote_brand_id IS 'Brand, as the store names it.';

CREATE TABLE core.tax_rates (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    name text,
    country text,
    state text,
    postcode text,
    city text,
    postcodes text[],
    cities text[],
    percent numeric,
    priority bigint,
    is_compound boolean,
    is_for_shipping boolean,
    place bigint,
    tax_class text,
    meta json,
    custom json,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.tax_rates IS 'What a store takes for whom.';
COMMENT ON COLUMN core.tax_rates.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.tax_rates.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.tax_rates.name IS 'Name.';
COMMENT ON COLUMN core.tax_rates.country IS 'Country.';
COMMENT ON COLUMN core.tax_rates.state IS 'State.';
COMMENT ON COLUMN core.tax_rates.postcode IS 'Postcode.';
COMMENT ON COLUMN core.tax_rates.city IS 'City.';
COMMENT ON COLUMN core.tax_rates.postcodes IS 'Postcodes.';
COMMENT ON COLUMN core.tax_rates.cities IS 'Cities.';
COMMENT ON COLUMN core.tax_rates.percent IS 'Percent.';
COMMENT ON COLUMN core.tax_rates.priority IS 'Priority: one rate of each counts.';
COMMENT ON COLUMN core.tax_rates.is_compound IS 'Compound.';
COMMENT ON COLUMN core.tax_rates.is_for_shipping IS 'Of shipping as well.';
COMMENT ON COLUMN core.tax_rates.place IS 'Place.';
COMMENT ON COLUMN core.tax_rates.tax_class IS 'Tax class.';
COMMENT ON COLUMN core.tax_rates.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.tax_rates.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.tax_rates.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.tax_rates.created_at IS 'When core got it.';
COMMENT ON COLUMN core.tax_rates.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.tax_rates.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.orders (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    customer_id uuid,
    remote_customer_id text,
    parent_order_id uuid,
    remote_parent_order_id text,
    number text,
    status text,
    currency text,
    total numeric,
    total_tax numeric,
    cart_tax numeric,
    shipping_total numeric,
    shipping_tax numeric,
    discount_total numeric,
    discount_tax numeric,
    are_taxes_included boolean,
    email text,
    placed_at timestamptz,
    paid_at timestamptz,
    completed_at timestamptz,
    payment_method text,
    payment_title text,
    transaction_id text,
    created_via text,
    customer_note text,
    ip_address text,
    user_agent text,
    store_version text,
    order_key text,
    cart_hash text,
    gift_cards json,
    subtotal numeric,
    fee_total numeric,
    refunded_total numeric,
    total_minor bigint,
    refunded_minor bigint,
    item_count numeric,
    totals_difference numeric,
    totals_note text,
    meta json,
    custom json,
    email_lower text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(email)) STORED,
    number_key text COLLATE "C" GENERATED ALWAYS AS (core.lookup_key(number)) STORED,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.orders IS
    'What somebody bought at once. All amounts of an order and its lines are in its currency.';
COMMENT ON COLUMN core.orders.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.orders.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.orders.customer_id IS 'Customer: the record of core.customers; absent where core has none.';
COMMENT ON COLUMN core.orders.remote_customer_id IS 'Customer, as the store names it.';
COMMENT ON COLUMN core.orders.parent_order_id IS 'Belongs to: the record of core.orders; absent where core has none.';
COMMENT ON COLUMN core.orders.remote_parent_order_id IS 'Belongs to, as the store names it.';
COMMENT ON COLUMN core.orders.number IS 'Number: what people call it by.';
COMMENT ON COLUMN core.orders.status IS 'Status.';
COMMENT ON COLUMN core.orders.currency IS 'Currency.';
COMMENT ON COLUMN core.orders.total IS 'Total: with taxes; refunds are not taken off.';
COMMENT ON COLUMN core.orders.total_tax IS 'Tax.';
COMMENT ON COLUMN core.orders.cart_tax IS 'Tax of lines and fees.';
COMMENT ON COLUMN core.orders.shipping_total IS 'Shipping.';
COMMENT ON COLUMN core.orders.shipping_tax IS 'Tax of shipping.';
COMMENT ON COLUMN core.orders.discount_total IS 'Discount.';
COMMENT ON COLUMN core.orders.discount_tax IS 'Tax of the discount.';
COMMENT ON COLUMN core.orders.are_taxes_included IS
    'Prices with tax: whether taxes were part of the prices that were entered; lines never contain them.';
COMMENT ON COLUMN core.orders.email IS 'E-mail: of whom it is billed to; without an account he is a guest by it.';
COMMENT ON COLUMN core.orders.placed_at IS 'Placed.';
COMMENT ON COLUMN core.orders.paid_at IS 'Paid.';
COMMENT ON COLUMN core.orders.completed_at IS 'Completed.';
COMMENT ON COLUMN core.orders.payment_method IS 'Payment method.';
COMMENT ON COLUMN core.orders.payment_title IS 'Payment.';
COMMENT ON COLUMN core.orders.transaction_id IS 'Transaction.';
COMMENT ON COLUMN core.orders.created_via IS 'Made by: checkout, admin, …';
COMMENT ON COLUMN core.orders.customer_note IS 'Customer''s note.';
COMMENT ON COLUMN core.orders.ip_address IS 'IP address.';
COMMENT ON COLUMN core.orders.user_agent IS 'Browser.';
COMMENT ON COLUMN core.orders.store_version IS 'Version of WooCommerce: which made it.';
COMMENT ON COLUMN core.orders.order_key IS 'Key.';
COMMENT ON COLUMN core.orders.cart_hash IS 'Hash of the cart.';
COMMENT ON COLUMN core.orders.gift_cards IS
    'Gift cards: what they paid, as plugins for gift cards list it; the total is without it.';
COMMENT ON COLUMN core.orders.subtotal IS 'Subtotal: of the lines, before discounts and taxes.';
COMMENT ON COLUMN core.orders.fee_total IS 'Fees: without taxes.';
COMMENT ON COLUMN core.orders.refunded_total IS 'Refunded: what of the total was given back.';
COMMENT ON COLUMN core.orders.total_minor IS
    'Total in cents: or what else the smallest unit of the currency is; absent where there is no amount.';
COMMENT ON COLUMN core.orders.refunded_minor IS 'Refunded in cents: as the total.';
COMMENT ON COLUMN core.orders.item_count IS 'Pieces: of all lines together.';
COMMENT ON COLUMN core.orders.totals_difference IS
    'Difference: the total less what lines, shipping, fees and taxes add up to; 0 where they agree.';
COMMENT ON COLUMN core.orders.totals_note IS 'Why they differ: in words; where they agree, what is odd all the same.';
COMMENT ON COLUMN core.orders.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.orders.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.orders.email_lower IS
    'The email as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.orders.number_key IS
    'The number as records are looked up by it: short, and capitals do not count.';
COMMENT ON COLUMN core.orders.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.orders.created_at IS 'When core got it.';
COMMENT ON COLUMN core.orders.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.orders.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.order_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    product_id uuid,
    remote_product_id text,
    variation_id uuid,
    remote_variation_id text,
    name text,
    sku text,
    gtin text,
    quantity numeric,
    price numeric,
    tax_class text,
    subtotal numeric,
    subtotal_tax numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_lines IS 'What was sold, product by product.';
COMMENT ON COLUMN core.order_lines.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_lines.product_id IS 'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.order_lines.remote_product_id IS 'Product, as the store names it.';
COMMENT ON COLUMN core.order_lines.variation_id IS
    'Variation: the record of core.variations; absent where core has none.';
COMMENT ON COLUMN core.order_lines.remote_variation_id IS 'Variation, as the store names it.';
COMMENT ON COLUMN core.order_lines.name IS 'Name: as it was when it was sold.';
COMMENT ON COLUMN core.order_lines.sku IS 'SKU.';
COMMENT ON COLUMN core.order_lines.gtin IS 'GTIN.';
COMMENT ON COLUMN core.order_lines.quantity IS 'Quantity.';
COMMENT ON COLUMN core.order_lines.price IS 'Price: of one, after discounts.';
COMMENT ON COLUMN core.order_lines.tax_class IS 'Tax class.';
COMMENT ON COLUMN core.order_lines.subtotal IS 'Subtotal: before discounts.';
COMMENT ON COLUMN core.order_lines.subtotal_tax IS 'Tax of the subtotal.';
COMMENT ON COLUMN core.order_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.order_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.order_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.order_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';

CREATE TABLE core.order_shipping_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    title text,
    method text,
    zone_method text,
    tax_status text,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_shipping_lines IS 'How it is shipped, and what that costs.';
COMMENT ON COLUMN core.order_shipping_lines.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_shipping_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_shipping_lines.title IS 'Title.';
COMMENT ON COLUMN core.order_shipping_lines.method IS 'Method.';
COMMENT ON COLUMN core.order_shipping_lines.zone_method IS 'Method of a zone.';
COMMENT ON COLUMN core.order_shipping_lines.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.order_shipping_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.order_shipping_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.order_shipping_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.order_shipping_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';

CREATE TABLE core.order_fee_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    name text,
    tax_class text,
    tax_status text,
    amount numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_fee_lines IS 'Fees, and what is taken off beside coupons: that is a negative fee.';
COMMENT ON COLUMN core.order_fee_lines.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_fee_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_fee_lines.name IS 'Name.';
COMMENT ON COLUMN core.order_fee_lines.tax_class IS 'Tax class.';
COMMENT ON COLUMN core.order_fee_lines.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.order_fee_lines.amount IS 'Amount: as somebody entered it.';
COMMENT ON COLUMN core.order_fee_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.order_fee_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.order_fee_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.order_fee_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';

CREATE TABLE core.order_tax_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    tax_rate_id uuid,
    remote_tax_rate_id text,
    code text,
    label text,
    percent numeric,
    is_compound boolean,
    tax_total numeric,
    shipping_tax_total numeric,
    meta json,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_tax_lines IS 'The taxes in it, by rate.';
COMMENT ON COLUMN core.order_tax_lines.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_tax_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_tax_lines.tax_rate_id IS
    'Tax rate: the record of core.tax_rates; absent where core has none.';
COMMENT ON COLUMN core.order_tax_lines.remote_tax_rate_id IS 'Tax rate, as the store names it.';
COMMENT ON COLUMN core.order_tax_lines.code IS 'Code.';
COMMENT ON COLUMN core.order_tax_lines.label IS 'Label.';
COMMENT ON COLUMN core.order_tax_lines.percent IS 'Percent.';
COMMENT ON COLUMN core.order_tax_lines.is_compound IS 'Compound: it is reckoned on top of the other taxes.';
COMMENT ON COLUMN core.order_tax_lines.tax_total IS 'Tax: but that of shipping.';
COMMENT ON COLUMN core.order_tax_lines.shipping_tax_total IS 'Tax of shipping.';
COMMENT ON COLUMN core.order_tax_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';

CREATE TABLE core.order_coupon_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    code text,
    discount numeric,
    discount_tax numeric,
    discount_type text,
    nominal_amount numeric,
    is_free_shipping boolean,
    meta json,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_coupon_lines IS
    'The coupons of an order; what they take off is taken off its lines already.';
COMMENT ON COLUMN core.order_coupon_lines.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_coupon_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_coupon_lines.code IS 'Code.';
COMMENT ON COLUMN core.order_coupon_lines.discount IS 'Discount.';
COMMENT ON COLUMN core.order_coupon_lines.discount_tax IS 'Tax of the discount.';
COMMENT ON COLUMN core.order_coupon_lines.discount_type IS 'Type.';
COMMENT ON COLUMN core.order_coupon_lines.nominal_amount IS 'Amount or percent.';
COMMENT ON COLUMN core.order_coupon_lines.is_free_shipping IS 'Free shipping.';
COMMENT ON COLUMN core.order_coupon_lines.meta IS 'Custom fields: as the store lists them: id, key and value of each.';

CREATE TABLE core.order_refunds (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    reason text,
    total numeric,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_refunds IS 'What an order says of its refunds; refunds has them whole.';
COMMENT ON COLUMN core.order_refunds.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_refunds.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_refunds.reason IS 'Reason.';
COMMENT ON COLUMN core.order_refunds.total IS 'Total: negative.';

CREATE TABLE core.order_addresses (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('billing', 'shipping')),
    first_name text,
    last_name text,
    company text,
    street text,
    street_2 text,
    postcode text,
    city text,
    state text,
    country text,
    email text,
    phone text,
    PRIMARY KEY (organisation_id, order_id, key),
    FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.order_addresses IS 'Where it is billed and shipped to.';
COMMENT ON COLUMN core.order_addresses.key IS 'What names it within the order.';
COMMENT ON COLUMN core.order_addresses.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.order_addresses.kind IS 'Which: billing, shipping.';
COMMENT ON COLUMN core.order_addresses.first_name IS 'First name.';
COMMENT ON COLUMN core.order_addresses.last_name IS 'Last name.';
COMMENT ON COLUMN core.order_addresses.company IS 'Company.';
COMMENT ON COLUMN core.order_addresses.street IS 'Street.';
COMMENT ON COLUMN core.order_addresses.street_2 IS 'Street, second line.';
COMMENT ON COLUMN core.order_addresses.postcode IS 'Postcode.';
COMMENT ON COLUMN core.order_addresses.city IS 'City.';
COMMENT ON COLUMN core.order_addresses.state IS 'State.';
COMMENT ON COLUMN core.order_addresses.country IS 'Country.';
COMMENT ON COLUMN core.order_addresses.email IS 'E-mail.';
COMMENT ON COLUMN core.order_addresses.phone IS 'Phone.';

CREATE TABLE core.refunds (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    order_id uuid,
    remote_order_id text,
    amount numeric,
    reason text,
    refunded_at timestamptz,
    refunded_by text,
    is_paid_back boolean,
    meta json,
    custom json,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.refunds IS 'What of an order was given back, in the currency of the order.';
COMMENT ON COLUMN core.refunds.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.refunds.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.refunds.order_id IS 'Order: the record of core.orders; absent where core has none.';
COMMENT ON COLUMN core.refunds.remote_order_id IS 'Order, as the store names it.';
COMMENT ON COLUMN core.refunds.amount IS 'Amount: positive; its lines are negative.';
COMMENT ON COLUMN core.refunds.reason IS 'Reason.';
COMMENT ON COLUMN core.refunds.refunded_at IS 'Refunded.';
COMMENT ON COLUMN core.refunds.refunded_by IS 'By: id of the user in the store.';
COMMENT ON COLUMN core.refunds.is_paid_back IS 'Paid back: the payment gateway gave the money back.';
COMMENT ON COLUMN core.refunds.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.refunds.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.refunds.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.refunds.created_at IS 'When core got it.';
COMMENT ON COLUMN core.refunds.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.refunds.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.refund_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    product_id uuid,
    remote_product_id text,
    variation_id uuid,
    remote_variation_id text,
    name text,
    sku text,
    gtin text,
    quantity numeric,
    price numeric,
    tax_class text,
    subtotal numeric,
    subtotal_tax numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    order_line_key text,
    PRIMARY KEY (organisation_id, refund_id, key),
    FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.refund_lines IS 'What was given back, product by product; quantities and amounts are negative.';
COMMENT ON COLUMN core.refund_lines.key IS 'What names it within the refund.';
COMMENT ON COLUMN core.refund_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.refund_lines.product_id IS 'Product: the record of core.products; absent where core has none.';
COMMENT ON COLUMN core.refund_lines.remote_product_id IS 'Product, as the store names it.';
COMMENT ON COLUMN core.refund_lines.variation_id IS
    'Variation: the record of core.variations; absent where core has none.';
COMMENT ON COLUMN core.refund_lines.remote_variation_id IS 'Variation, as the store names it.';
COMMENT ON COLUMN core.refund_lines.name IS 'Name: as it was when it was sold.';
COMMENT ON COLUMN core.refund_lines.sku IS 'SKU.';
COMMENT ON COLUMN core.refund_lines.gtin IS 'GTIN.';
COMMENT ON COLUMN core.refund_lines.quantity IS 'Quantity.';
COMMENT ON COLUMN core.refund_lines.price IS 'Price: of one, after discounts.';
COMMENT ON COLUMN core.refund_lines.tax_class IS 'Tax class.';
COMMENT ON COLUMN core.refund_lines.subtotal IS 'Subtotal: before discounts.';
COMMENT ON COLUMN core.refund_lines.subtotal_tax IS 'Tax of the subtotal.';
COMMENT ON COLUMN core.refund_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.refund_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.refund_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.refund_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';
COMMENT ON COLUMN core.refund_lines.order_line_key IS
    'Line of the order: the key of what is refunded within the order.';

CREATE TABLE core.refund_shipping_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    title text,
    method text,
    zone_method text,
    tax_status text,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    order_line_key text,
    PRIMARY KEY (organisation_id, refund_id, key),
    FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.refund_shipping_lines IS 'What of the shipping was given back.';
COMMENT ON COLUMN core.refund_shipping_lines.key IS 'What names it within the refund.';
COMMENT ON COLUMN core.refund_shipping_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.refund_shipping_lines.title IS 'Title.';
COMMENT ON COLUMN core.refund_shipping_lines.method IS 'Method.';
COMMENT ON COLUMN core.refund_shipping_lines.zone_method IS 'Method of a zone.';
COMMENT ON COLUMN core.refund_shipping_lines.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.refund_shipping_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.refund_shipping_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.refund_shipping_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.refund_shipping_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';
COMMENT ON COLUMN core.refund_shipping_lines.order_line_key IS
    'Line of the order: the key of what is refunded within the order.';

CREATE TABLE core.refund_fee_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    name text,
    tax_class text,
    tax_status text,
    amount numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    order_line_key text,
    PRIMARY KEY (organisation_id, refund_id, key),
    FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.refund_fee_lines IS 'What of the fees was given back.';
COMMENT ON COLUMN core.refund_fee_lines.key IS 'What names it within the refund.';
COMMENT ON COLUMN core.refund_fee_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.refund_fee_lines.name IS 'Name.';
COMMENT ON COLUMN core.refund_fee_lines.tax_class IS 'Tax class.';
COMMENT ON COLUMN core.refund_fee_lines.tax_status IS 'Taxed.';
COMMENT ON COLUMN core.refund_fee_lines.amount IS 'Amount: as somebody entered it.';
COMMENT ON COLUMN core.refund_fee_lines.total IS 'Total: after discounts, without tax.';
COMMENT ON COLUMN core.refund_fee_lines.total_tax IS 'Tax: of the total.';
COMMENT ON COLUMN core.refund_fee_lines.taxes IS
    'Taxes: by tax rate of the store: its id, the tax of the total and of the subtotal.';
COMMENT ON COLUMN core.refund_fee_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';
COMMENT ON COLUMN core.refund_fee_lines.order_line_key IS
    'Line of the order: the key of what is refunded within the order.';

CREATE TABLE core.refund_tax_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    position integer NOT NULL,
    tax_rate_id uuid,
    remote_tax_rate_id text,
    code text,
    label text,
    percent numeric,
    is_compound boolean,
    tax_total numeric,
    shipping_tax_total numeric,
    meta json,
    PRIMARY KEY (organisation_id, refund_id, key),
    FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE core.refund_tax_lines IS 'What of each tax was given back.';
COMMENT ON COLUMN core.refund_tax_lines.key IS 'What names it within the refund.';
COMMENT ON COLUMN core.refund_tax_lines.position IS 'Its place, from 0.';
COMMENT ON COLUMN core.refund_tax_lines.tax_rate_id IS
    'Tax rate: the record of core.tax_rates; absent where core has none.';
COMMENT ON COLUMN core.refund_tax_lines.remote_tax_rate_id IS 'Tax rate, as the store names it.';
COMMENT ON COLUMN core.refund_tax_lines.code IS 'Code.';
COMMENT ON COLUMN core.refund_tax_lines.label IS 'Label.';
COMMENT ON COLUMN core.refund_tax_lines.percent IS 'Percent.';
COMMENT ON COLUMN core.refund_tax_lines.is_compound IS 'Compound: it is reckoned on top of the other taxes.';
COMMENT ON COLUMN core.refund_tax_lines.tax_total IS 'Tax: but that of shipping.';
COMMENT ON COLUMN core.refund_tax_lines.shipping_tax_total IS 'Tax of shipping.';
COMMENT ON COLUMN core.refund_tax_lines.meta IS
    'Custom fields: as the store lists them, with the names and values that it shows.';

CREATE TABLE core.order_notes (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    order_id uuid,
    remote_order_id text,
    note text,
    author text,
    is_for_customer boolean,
    written_at timestamptz,
    meta json,
    custom json,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.order_notes IS 'What people and the store wrote down about an order.';
COMMENT ON COLUMN core.order_notes.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.order_notes.connection_id IS 'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.order_notes.order_id IS 'Order: the record of core.orders; absent where core has none.';
COMMENT ON COLUMN core.order_notes.remote_order_id IS 'Order, as the store names it.';
COMMENT ON COLUMN core.order_notes.note IS 'Note.';
COMMENT ON COLUMN core.order_notes.author IS 'Author.';
COMMENT ON COLUMN core.order_notes.is_for_customer IS 'For the customer.';
COMMENT ON COLUMN core.order_notes.written_at IS 'Written.';
COMMENT ON COLUMN core.order_notes.meta IS 'Custom fields: as the store lists them: id, key and value of each.';
COMMENT ON COLUMN core.order_notes.custom IS
    'Own fields: what an import mapping made of the record beyond the columns, by name.';
COMMENT ON COLUMN core.order_notes.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.order_notes.created_at IS 'When core got it.';
COMMENT ON COLUMN core.order_notes.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.order_notes.gone_at IS 'Since when no store has it any more.';

CREATE TABLE core.reference_records (
    organisation_id uuid NOT NULL REFERENCES tenancy.organisations ON DELETE CASCADE,
    id uuid NOT NULL,
    connection_id uuid,
    kind text NOT NULL,
    name text,
    document json,
    extra json,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    gone_at timestamptz,
    PRIMARY KEY (organisation_id, id),
    FOREIGN KEY (organisation_id, connection_id)
        REFERENCES connections.connections (organisation_id, id) ON DELETE SET NULL (connection_id)
);
COMMENT ON TABLE core.reference_records IS
    'All else that a store says of itself: tax classes, zones, gateways, settings, statuses.';
COMMENT ON COLUMN core.reference_records.id IS 'Its id in core, whatever stores it came from.';
COMMENT ON COLUMN core.reference_records.connection_id IS
    'The store that it belongs to; absent once the connection is gone.';
COMMENT ON COLUMN core.reference_records.kind IS 'The resource that it is a record of.';
COMMENT ON COLUMN core.reference_records.name IS 'Name: by which people know it.';
COMMENT ON COLUMN core.reference_records.document IS
    'Document: the record as it stood; what is secret in it is sealed.';
COMMENT ON COLUMN core.reference_records.extra IS 'What stores say of it beyond the columns, by dotted path.';
COMMENT ON COLUMN core.reference_records.created_at IS 'When core got it.';
COMMENT ON COLUMN core.reference_records.updated_at IS 'When it last changed in core.';
COMMENT ON COLUMN core.reference_records.gone_at IS 'Since when no store has it any more.';

-- References may go around in circles, so they come when all tables are there.
ALTER TABLE core.categories ADD FOREIGN KEY (organisation_id, parent_id)
    REFERENCES core.categories (organisation_id, id) ON DELETE SET NULL (parent_id);
CREATE INDEX categories_by_parent_id ON core.categories (organisation_id, parent_id)
    WHERE parent_id IS NOT NULL;
ALTER TABLE core.brands ADD FOREIGN KEY (organisation_id, parent_id)
    REFERENCES core.brands (organisation_id, id) ON DELETE SET NULL (parent_id);
CREATE INDEX brands_by_parent_id ON core.brands (organisation_id, parent_id)
    WHERE parent_id IS NOT NULL;
ALTER TABLE core.terms ADD FOREIGN KEY (organisation_id, attribute_id)
    REFERENCES core.attributes (organisation_id, id) ON DELETE SET NULL (attribute_id);
CREATE INDEX terms_by_attribute_id ON core.terms (organisation_id, attribute_id)
    WHERE attribute_id IS NOT NULL;
ALTER TABLE core.products ADD FOREIGN KEY (organisation_id, shipping_class_id)
    REFERENCES core.shipping_classes (organisation_id, id) ON DELETE SET NULL (shipping_class_id);
CREATE INDEX products_by_shipping_class_id ON core.products (organisation_id, shipping_class_id)
    WHERE shipping_class_id IS NOT NULL;
ALTER TABLE core.products ADD FOREIGN KEY (organisation_id, parent_product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (parent_product_id);
CREATE INDEX products_by_parent_product_id ON core.products (organisation_id, parent_product_id)
    WHERE parent_product_id IS NOT NULL;
ALTER TABLE core.product_categories ADD FOREIGN KEY (organisation_id, category_id)
    REFERENCES core.categories (organisation_id, id) ON DELETE SET NULL (category_id);
CREATE INDEX product_categories_by_category_id ON core.product_categories (organisation_id, category_id)
    WHERE category_id IS NOT NULL;
ALTER TABLE core.product_tags ADD FOREIGN KEY (organisation_id, tag_id)
    REFERENCES core.tags (organisation_id, id) ON DELETE SET NULL (tag_id);
CREATE INDEX product_tags_by_tag_id ON core.product_tags (organisation_id, tag_id)
    WHERE tag_id IS NOT NULL;
ALTER TABLE core.product_brands ADD FOREIGN KEY (organisation_id, brand_id)
    REFERENCES core.brands (organisation_id, id) ON DELETE SET NULL (brand_id);
CREATE INDEX product_brands_by_brand_id ON core.product_brands (organisation_id, brand_id)
    WHERE brand_id IS NOT NULL;
ALTER TABLE core.product_attributes ADD FOREIGN KEY (organisation_id, attribute_id)
    REFERENCES core.attributes (organisation_id, id) ON DELETE SET NULL (attribute_id);
CREATE INDEX product_attributes_by_attribute_id ON core.product_attributes (organisation_id, attribute_id)
    WHERE attribute_id IS NOT NULL;
ALTER TABLE core.product_relations ADD FOREIGN KEY (organisation_id, related_product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (related_product_id);
CREATE INDEX product_relations_by_related_product_id ON core.product_relations (organisation_id, related_product_id)
    WHERE related_product_id IS NOT NULL;
ALTER TABLE core.variations ADD FOREIGN KEY (organisation_id, product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (product_id);
CREATE INDEX variations_by_product_id ON core.variations (organisation_id, product_id)
    WHERE product_id IS NOT NULL;
ALTER TABLE core.variations ADD FOREIGN KEY (organisation_id, shipping_class_id)
    REFERENCES core.shipping_classes (organisation_id, id) ON DELETE SET NULL (shipping_class_id);
CREATE INDEX variations_by_shipping_class_id ON core.variations (organisation_id, shipping_class_id)
    WHERE shipping_class_id IS NOT NULL;
ALTER TABLE core.variation_attributes ADD FOREIGN KEY (organisation_id, attribute_id)
    REFERENCES core.attributes (organisation_id, id) ON DELETE SET NULL (attribute_id);
CREATE INDEX variation_attributes_by_attribute_id ON core.variation_attributes (organisation_id, attribute_id)
    WHERE attribute_id IS NOT NULL;
ALTER TABLE core.reviews ADD FOREIGN KEY (organisation_id, product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (product_id);
CREATE INDEX reviews_by_product_id ON core.reviews (organisation_id, product_id)
    WHERE product_id IS NOT NULL;
ALTER TABLE core.coupon_products ADD FOREIGN KEY (organisation_id, product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (product_id);
CREATE INDEX coupon_products_by_product_id ON core.coupon_products (organisation_id, product_id)
    WHERE product_id IS NOT NULL;
ALTER TABLE core.coupon_categories ADD FOREIGN KEY (organisation_id, category_id)
    REFERENCES core.categories (organisation_id, id) ON DELETE SET NULL (category_id);
CREATE INDEX coupon_categories_by_category_id ON core.coupon_categories (organisation_id, category_id)
    WHERE category_id IS NOT NULL;
ALTER TABLE core.coupon_brands ADD FOREIGN KEY (organisation_id, brand_id)
    REFERENCES core.brands (organisation_id, id) ON DELETE SET NULL (brand_id);
CREATE INDEX coupon_brands_by_brand_id ON core.coupon_brands (organisation_id, brand_id)
    WHERE brand_id IS NOT NULL;
ALTER TABLE core.orders ADD FOREIGN KEY (organisation_id, customer_id)
    REFERENCES core.customers (organisation_id, id) ON DELETE SET NULL (customer_id);
CREATE INDEX orders_by_customer_id ON core.orders (organisation_id, customer_id)
    WHERE customer_id IS NOT NULL;
ALTER TABLE core.orders ADD FOREIGN KEY (organisation_id, parent_order_id)
    REFERENCES core.orders (organisation_id, id) ON DELETE SET NULL (parent_order_id);
CREATE INDEX orders_by_parent_order_id ON core.orders (organisation_id, parent_order_id)
    WHERE parent_order_id IS NOT NULL;
ALTER TABLE core.order_lines ADD FOREIGN KEY (organisation_id, product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (product_id);
CREATE INDEX order_lines_by_product_id ON core.order_lines (organisation_id, product_id)
    WHERE product_id IS NOT NULL;
ALTER TABLE core.order_lines ADD FOREIGN KEY (organisation_id, variation_id)
    REFERENCES core.variations (organisation_id, id) ON DELETE SET NULL (variation_id);
CREATE INDEX order_lines_by_variation_id ON core.order_lines (organisation_id, variation_id)
    WHERE variation_id IS NOT NULL;
ALTER TABLE core.order_tax_lines ADD FOREIGN KEY (organisation_id, tax_rate_id)
    REFERENCES core.tax_rates (organisation_id, id) ON DELETE SET NULL (tax_rate_id);
CREATE INDEX order_tax_lines_by_tax_rate_id ON core.order_tax_lines (organisation_id, tax_rate_id)
    WHERE tax_rate_id IS NOT NULL;
ALTER TABLE core.refunds ADD FOREIGN KEY (organisation_id, order_id)
    REFERENCES core.orders (organisation_id, id) ON DELETE SET NULL (order_id);
CREATE INDEX refunds_by_order_id ON core.refunds (organisation_id, order_id)
    WHERE order_id IS NOT NULL;
ALTER TABLE core.refund_lines ADD FOREIGN KEY (organisation_id, product_id)
    REFERENCES core.products (organisation_id, id) ON DELETE SET NULL (product_id);
CREATE INDEX refund_lines_by_product_id ON core.refund_lines (organisation_id, product_id)
    WHERE product_id IS NOT NULL;
ALTER TABLE core.refund_lines ADD FOREIGN KEY (organisation_id, variation_id)
    REFERENCES core.variations (organisation_id, id) ON DELETE SET NULL (variation_id);
CREATE INDEX refund_lines_by_variation_id ON core.refund_lines (organisation_id, variation_id)
    WHERE variation_id IS NOT NULL;
ALTER TABLE core.refund_tax_lines ADD FOREIGN KEY (organisation_id, tax_rate_id)
    REFERENCES core.tax_rates (organisation_id, id) ON DELETE SET NULL (tax_rate_id);
CREATE INDEX refund_tax_lines_by_tax_rate_id ON core.refund_tax_lines (organisation_id, tax_rate_id)
    WHERE tax_rate_id IS NOT NULL;
ALTER TABLE core.order_notes ADD FOREIGN KEY (organisation_id, order_id)
    REFERENCES core.orders (organisation_id, id) ON DELETE SET NULL (order_id);
CREATE INDEX order_notes_by_order_id ON core.order_notes (organisation_id, order_id)
    WHERE order_id IS NOT NULL;

-- What doors look up, list and filter by: under row-level security only leakproof operators use an index.
CREATE INDEX categories_by_slug_key ON core.categories (organisation_id, slug_key);
CREATE INDEX categories_by_slug_path_key ON core.categories (organisation_id, slug_path_key);
CREATE INDEX tags_by_slug_key ON core.tags (organisation_id, slug_key);
CREATE INDEX brands_by_slug_key ON core.brands (organisation_id, slug_key);
CREATE INDEX shipping_classes_by_slug_key ON core.shipping_classes (organisation_id, slug_key);
CREATE INDEX attributes_by_slug_key ON core.attributes (organisation_id, slug_key);
CREATE INDEX terms_by_slug_key ON core.terms (organisation_id, slug_key);
CREATE INDEX products_by_sku_key ON core.products (organisation_id, sku_key);
CREATE INDEX products_by_name_key ON core.products (organisation_id, name_key, id);
CREATE INDEX products_by_age ON core.products (organisation_id, created_at DESC, id);
CREATE INDEX variations_by_sku_key ON core.variations (organisation_id, sku_key);
CREATE INDEX reviews_by_email_lower ON core.reviews (organisation_id, email_lower);
CREATE INDEX reviews_by_store ON core.reviews (organisation_id, connection_id, written_at DESC, id);
CREATE INDEX customers_by_email_lower ON core.customers (organisation_id, email_lower);
CREATE INDEX customers_by_last_name_key ON core.customers (organisation_id, last_name_key, id);
CREATE INDEX customers_by_age ON core.customers (organisation_id, created_at DESC, id);
CREATE INDEX coupons_by_code_key ON core.coupons (organisation_id, code_key);
CREATE INDEX coupons_by_store ON core.coupons (organisation_id, connection_id);
CREATE INDEX tax_rates_by_store ON core.tax_rates (organisation_id, connection_id);
CREATE INDEX orders_by_email_lower ON core.orders (organisation_id, email_lower);
CREATE INDEX orders_by_number_key ON core.orders (organisation_id, number_key);
CREATE INDEX orders_by_placed_at ON core.orders (organisation_id, placed_at DESC, id);
CREATE INDEX orders_by_store ON core.orders (organisation_id, connection_id, placed_at DESC, id);
CREATE INDEX orders_by_status ON core.orders (organisation_id, status, placed_at DESC, id);
CREATE INDEX orders_by_total ON core.orders (organisation_id, total_minor, id);
CREATE INDEX refunds_by_store ON core.refunds (organisation_id, connection_id, refunded_at DESC, id);
CREATE INDEX order_notes_by_store ON core.order_notes (organisation_id, connection_id);
CREATE INDEX reference_records_by_kind ON core.reference_records (organisation_id, kind, id);
CREATE INDEX reference_records_by_store ON core.reference_records (organisation_id, connection_id, kind);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'categories', 'tags', 'brands', 'shipping_classes', 'attributes', 'terms', 'products',
        'product_categories', 'product_tags', 'product_brands', 'product_attributes', 'product_media',
        'product_downloads', 'product_relations', 'variations', 'variation_attributes', 'variation_downloads',
        'reviews', 'customers', 'customer_addresses', 'coupons', 'coupon_products', 'coupon_categories',
        'coupon_brands', 'tax_rates', 'orders', 'order_lines', 'order_shipping_lines', 'order_fee_lines',
        'order_tax_lines', 'order_coupon_lines', 'order_refunds', 'order_addresses', 'refunds', 'refund_lines',
        'refund_shipping_lines', 'refund_fee_lines', 'refund_tax_lines', 'order_notes', 'reference_records'] LOOP
        EXECUTE format('ALTER TABLE core.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE core.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_organisation ON core.%I
                 USING (organisation_id = nullif(current_setting(''app.organisation_id'', true), '''')::uuid)', name);
    END LOOP;
END $$;

-- What analysts ask most. They see with the rights of the reader, as everything here does.
CREATE VIEW core.sales_by_day WITH (security_invoker = true) AS
    SELECT o.organisation_id, o.connection_id, (o.placed_at AT TIME ZONE 'UTC')::date AS day, o.currency, o.status,
           count(*) AS orders, sum(o.item_count) AS pieces, sum(o.subtotal) AS subtotal,
           sum(o.discount_total) AS discounts, sum(o.shipping_total) AS shipping, sum(o.fee_total) AS fees,
           sum(o.total_tax) AS taxes, sum(o.total) AS total, sum(o.refunded_total) AS refunded,
           sum(o.total - o.refunded_total) AS net
    FROM core.orders o
    WHERE o.placed_at IS NOT NULL
    GROUP BY o.organisation_id, o.connection_id, day, o.currency, o.status;
COMMENT ON VIEW core.sales_by_day IS 'What was sold each day, by store, currency and status of the orders.';
COMMENT ON COLUMN core.sales_by_day.connection_id IS 'The store.';
COMMENT ON COLUMN core.sales_by_day.day IS 'Day on which the orders were placed, UTC.';
COMMENT ON COLUMN core.sales_by_day.currency IS 'Of all amounts of the row.';
COMMENT ON COLUMN core.sales_by_day.status IS 'Of the orders now: add up those that count for you.';
COMMENT ON COLUMN core.sales_by_day.orders IS 'How many.';
COMMENT ON COLUMN core.sales_by_day.pieces IS 'How many pieces were sold.';
COMMENT ON COLUMN core.sales_by_day.subtotal IS 'Of the lines, before discounts and taxes.';
COMMENT ON COLUMN core.sales_by_day.discounts IS 'Taken off by coupons, without taxes.';
COMMENT ON COLUMN core.sales_by_day.shipping IS 'Without taxes.';
COMMENT ON COLUMN core.sales_by_day.fees IS 'Without taxes.';
COMMENT ON COLUMN core.sales_by_day.taxes IS 'In the totals.';
COMMENT ON COLUMN core.sales_by_day.total IS 'With taxes; refunds are not taken off.';
COMMENT ON COLUMN core.sales_by_day.refunded IS 'What of the totals was given back, whenever that was.';
COMMENT ON COLUMN core.sales_by_day.net IS 'Total less what was refunded.';

CREATE VIEW core.order_items WITH (security_invoker = true) AS
    SELECT l.organisation_id, o.connection_id, l.order_id, l.key AS line, o.number, o.status, o.placed_at, o.currency,
           o.customer_id, l.product_id, l.variation_id, l.sku, l.name, p.name AS product_name, v.name AS variation_name,
           l.quantity, l.price, l.subtotal, l.total, l.total_tax
    FROM core.order_lines l
    JOIN core.orders o ON (o.organisation_id, o.id) = (l.organisation_id, l.order_id)
    LEFT JOIN core.products p ON (p.organisation_id, p.id) = (l.organisation_id, l.product_id)
    LEFT JOIN core.variations v ON (v.organisation_id, v.id) = (l.organisation_id, l.variation_id);
COMMENT ON VIEW core.order_items IS 'Each line of each order, with its order and with the product as it is now.';
COMMENT ON COLUMN core.order_items.connection_id IS 'The store.';
COMMENT ON COLUMN core.order_items.order_id IS 'The order.';
COMMENT ON COLUMN core.order_items.line IS 'What names the line within the order.';
COMMENT ON COLUMN core.order_items.number IS 'Of the order.';
COMMENT ON COLUMN core.order_items.status IS 'Of the order.';
COMMENT ON COLUMN core.order_items.placed_at IS 'When it was ordered.';
COMMENT ON COLUMN core.order_items.currency IS 'Of the amounts.';
COMMENT ON COLUMN core.order_items.customer_id IS 'Who ordered it.';
COMMENT ON COLUMN core.order_items.product_id IS 'The product; absent where it is gone, or not in core.';
COMMENT ON COLUMN core.order_items.variation_id IS 'The variation, likewise.';
COMMENT ON COLUMN core.order_items.sku IS 'As the line says.';
COMMENT ON COLUMN core.order_items.name IS 'As it was when it was sold.';
COMMENT ON COLUMN core.order_items.product_name IS 'As it is now.';
COMMENT ON COLUMN core.order_items.variation_name IS 'As it is now.';
COMMENT ON COLUMN core.order_items.quantity IS 'How many pieces.';
COMMENT ON COLUMN core.order_items.price IS 'Of one, after discounts, without tax.';
COMMENT ON COLUMN core.order_items.subtotal IS 'Before discounts, without tax.';
COMMENT ON COLUMN core.order_items.total IS 'After discounts, without tax.';
COMMENT ON COLUMN core.order_items.total_tax IS 'Of the total.';

CREATE VIEW core.customer_directory WITH (security_invoker = true) AS
    SELECT c.organisation_id, c.id AS customer_id, c.email, c.first_name, c.last_name, c.is_guest, c.registered_at,
           b.company, b.phone, b.street, b.street_2, b.postcode, b.city, b.state, b.country,
           s.street AS shipping_street, s.street_2 AS shipping_street_2, s.postcode AS shipping_postcode,
           s.city AS shipping_city, s.state AS shipping_state, s.country AS shipping_country
    FROM core.customers c
    LEFT JOIN core.customer_addresses b
        ON (b.organisation_id, b.customer_id, b.key) = (c.organisation_id, c.id, 'billing')
    LEFT JOIN core.customer_addresses s
        ON (s.organisation_id, s.customer_id, s.key) = (c.organisation_id, c.id, 'shipping');
COMMENT ON VIEW core.customer_directory IS
    'Each customer with both addresses; none of shipping where nothing was said.';
COMMENT ON COLUMN core.customer_directory.customer_id IS 'The customer.';
COMMENT ON COLUMN core.customer_directory.email IS 'Of the account, or of the orders of a guest.';
COMMENT ON COLUMN core.customer_directory.first_name IS 'First name.';
COMMENT ON COLUMN core.customer_directory.last_name IS 'Last name.';
COMMENT ON COLUMN core.customer_directory.is_guest IS 'No store knows an account with this e-mail.';
COMMENT ON COLUMN core.customer_directory.registered_at IS 'When the account was made.';
COMMENT ON COLUMN core.customer_directory.company IS 'Of the billing address, as all that follows.';
COMMENT ON COLUMN core.customer_directory.phone IS 'Phone.';
COMMENT ON COLUMN core.customer_directory.street IS 'Street.';
COMMENT ON COLUMN core.customer_directory.street_2 IS 'Street, second line.';
COMMENT ON COLUMN core.customer_directory.postcode IS 'Postcode.';
COMMENT ON COLUMN core.customer_directory.city IS 'City.';
COMMENT ON COLUMN core.customer_directory.state IS 'State.';
COMMENT ON COLUMN core.customer_directory.country IS 'Country.';
COMMENT ON COLUMN core.customer_directory.shipping_street IS 'Street it is shipped to.';
COMMENT ON COLUMN core.customer_directory.shipping_street_2 IS 'Street it is shipped to, second line.';
COMMENT ON COLUMN core.customer_directory.shipping_postcode IS 'Postcode it is shipped to.';
COMMENT ON COLUMN core.customer_directory.shipping_city IS 'City it is shipped to.';
COMMENT ON COLUMN core.customer_directory.shipping_state IS 'State it is shipped to.';
COMMENT ON COLUMN core.customer_directory.shipping_country IS 'Country it is shipped to.';

CREATE VIEW core.product_sales WITH (security_invoker = true) AS
    SELECT p.organisation_id, p.id AS product_id, p.name, p.sku, o.currency, o.status, count(DISTINCT o.id) AS orders,
           sum(l.quantity) AS pieces, sum(l.total) AS total, max(o.placed_at) AS last_sold_at
    FROM core.products p
    JOIN core.order_lines l ON (l.organisation_id, l.product_id) = (p.organisation_id, p.id)
    JOIN core.orders o ON (o.organisation_id, o.id) = (l.organisation_id, l.order_id)
    GROUP BY p.organisation_id, p.id, p.name, p.sku, o.currency, o.status;
COMMENT ON VIEW core.product_sales IS 'What was sold of each product, all its variations together.';
COMMENT ON COLUMN core.product_sales.product_id IS 'The product.';
COMMENT ON COLUMN core.product_sales.name IS 'As it is now.';
COMMENT ON COLUMN core.product_sales.sku IS 'As it is now.';
COMMENT ON COLUMN core.product_sales.currency IS 'Of the total.';
COMMENT ON COLUMN core.product_sales.status IS 'Of the orders now: add up those that count for you.';
COMMENT ON COLUMN core.product_sales.orders IS 'In how many.';
COMMENT ON COLUMN core.product_sales.pieces IS 'How many.';
COMMENT ON COLUMN core.product_sales.total IS 'After discounts, without taxes and refunds.';
COMMENT ON COLUMN core.product_sales.last_sold_at IS 'When somebody last ordered it.';

-- Where a category stands in the tree, for whatever is below another.
CREATE VIEW core.category_tree WITH (security_invoker = true) AS
    WITH RECURSIVE tree AS (
        SELECT c.organisation_id, c.id, c.name, c.slug, 1 AS level, ARRAY[c.id] AS path, ARRAY[c.name] AS names
        FROM core.categories c WHERE c.parent_id IS NULL
        UNION ALL
        SELECT c.organisation_id, c.id, c.name, c.slug, t.level + 1, t.path || c.id, t.names || c.name
        FROM tree t
        JOIN core.categories c ON (c.organisation_id, c.parent_id) = (t.organisation_id, t.id)
        WHERE NOT c.id = ANY (t.path) AND t.level < 50
    )
    SELECT organisation_id, id AS category_id, name, slug, level, path, names FROM tree;
COMMENT ON VIEW core.category_tree IS 'Each category with those above it; one that is its own ancestor is left out.';
COMMENT ON COLUMN core.category_tree.category_id IS 'The category.';
COMMENT ON COLUMN core.category_tree.name IS 'Name.';
COMMENT ON COLUMN core.category_tree.slug IS 'Slug.';
COMMENT ON COLUMN core.category_tree.level IS 'From 1, at the root.';
COMMENT ON COLUMN core.category_tree.path IS 'Those from the root down to it, and it.';
COMMENT ON COLUMN core.category_tree.names IS 'Their names.';
