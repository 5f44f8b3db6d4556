-- Storetwin's schema as the migrations make it: to read and to compare, not to run.
-- Written by tools/dump_schema.py.

CREATE SCHEMA connections;

CREATE SCHEMA core;

CREATE SCHEMA mapping;

CREATE SCHEMA mirror;

CREATE SCHEMA runs;

CREATE SCHEMA security;

CREATE SCHEMA staging;

CREATE SCHEMA tenancy;

CREATE TABLE connections.authorisations (
    organisation_id uuid NOT NULL,
    authorisation_id uuid NOT NULL,
    created_by uuid,
    name text NOT NULL,
    url text NOT NULL,
    scope text NOT NULL,
    ca text,
    is_tls_insecure boolean NOT NULL DEFAULT false,
    state_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    claimed_at timestamp with time zone,
    connected_at timestamp with time zone,
    connection_id uuid,
    trouble text,
    remedy text
);

CREATE TABLE connections.connections (
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name text NOT NULL,
    platform text NOT NULL,
    url text NOT NULL,
    auth text NOT NULL,
    detected text,
    sealed_credentials bytea NOT NULL,
    ca text,
    is_tls_insecure boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active'::text,
    is_default boolean NOT NULL DEFAULT false,
    created_at timestamp with time zone NOT NULL,
    last_probe json,
    last_probe_at timestamp with time zone,
    store_id text,
    home_url text,
    wc_version text,
    wp_version text,
    timezone text,
    currency text,
    options json,
    identity json,
    pause_reason text,
    routes json,
    routes_at timestamp with time zone,
    created_by uuid
);

CREATE TABLE connections.webhooks (
    connection_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    sealed_token bytea NOT NULL,
    sealed_secret bytea NOT NULL,
    is_wanted boolean NOT NULL DEFAULT true,
    allowed_ips text[] NOT NULL DEFAULT '{}'::text[],
    created_at timestamp with time zone NOT NULL,
    checked_at timestamp with time zone,
    last_ping_at timestamp with time zone,
    last_delivery_at timestamp with time zone,
    deliveries bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    missed bigint NOT NULL DEFAULT 0,
    last_refused_at timestamp with time zone,
    last_refusal text,
    state json
);

CREATE TABLE core.attributes (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    slug text,
    type text,
    sorted_by text,
    has_archives boolean,
    meta json,
    custom json,
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.awaited (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL,
    place text NOT NULL,
    core_id uuid NOT NULL
);

CREATE TABLE core.brands (
    organisation_id uuid NOT NULL,
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
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.categories (
    organisation_id uuid NOT NULL,
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
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    slug_path_key text GENERATED ALWAYS AS (core.lookup_key(slug_path)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.changes (
    organisation_id uuid NOT NULL,
    change bigint NOT NULL,
    noun text NOT NULL,
    core_id uuid NOT NULL,
    action text NOT NULL,
    fields json,
    connection_id uuid,
    run_id uuid,
    user_id uuid,
    at timestamp with time zone NOT NULL
);

CREATE TABLE core.coupon_brands (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    brand_id uuid,
    remote_brand_id text
);

CREATE TABLE core.coupon_categories (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    category_id uuid,
    remote_category_id text
);

CREATE TABLE core.coupon_products (
    organisation_id uuid NOT NULL,
    coupon_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    product_id uuid,
    remote_product_id text
);

CREATE TABLE core.coupons (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid,
    code text,
    description text,
    status text,
    discount_type text,
    amount numeric,
    currency text,
    expires_at timestamp with time zone,
    issued_at timestamp with time zone,
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
    code_key text GENERATED ALWAYS AS (core.lookup_key(code)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.customer_addresses (
    organisation_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
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
    phone text
);

CREATE TABLE core.customer_figures (
    organisation_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    currency text NOT NULL,
    orders integer NOT NULL,
    spent numeric NOT NULL,
    refunded numeric NOT NULL,
    lifetime_value numeric NOT NULL,
    average numeric,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone,
    computed_at timestamp with time zone NOT NULL
);

CREATE TABLE core.customers (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    email text,
    first_name text,
    last_name text,
    username text,
    role text,
    is_paying boolean,
    is_guest boolean NOT NULL DEFAULT false,
    registered_at timestamp with time zone,
    meta json,
    custom json,
    email_lower text GENERATED ALWAYS AS (core.lookup_key(email)),
    last_name_key text GENERATED ALWAYS AS (core.lookup_key(last_name)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.edits (
    organisation_id uuid NOT NULL,
    noun text NOT NULL,
    core_id uuid NOT NULL,
    field text NOT NULL,
    value json,
    said json,
    edited_by uuid,
    edited_at timestamp with time zone NOT NULL
);

CREATE TABLE core.inventory_levels (
    organisation_id uuid NOT NULL,
    product_id uuid,
    variation_id uuid,
    key text NOT NULL,
    "position" integer NOT NULL,
    location_id uuid NOT NULL,
    manage_stock text,
    quantity numeric,
    status text,
    backorders text,
    low_quantity numeric
);

CREATE TABLE core.links (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL,
    noun text NOT NULL,
    core_id uuid NOT NULL,
    snapshot_version integer NOT NULL,
    values_hash bytea NOT NULL,
    mapped json,
    definition_id uuid,
    definition_version integer,
    promoted_at timestamp with time zone NOT NULL,
    run_id uuid,
    gone_at timestamp with time zone
);

CREATE TABLE core.locations (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE core.order_addresses (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
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
    phone text
);

CREATE TABLE core.order_coupon_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    code text,
    discount numeric,
    discount_tax numeric,
    discount_type text,
    nominal_amount numeric,
    is_free_shipping boolean,
    meta json
);

CREATE TABLE core.order_fee_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    name text,
    tax_class text,
    tax_status text,
    amount numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json
);

CREATE TABLE core.order_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
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
    meta json
);

CREATE TABLE core.order_notes (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid,
    order_id uuid,
    remote_order_id text,
    note text,
    author text,
    is_for_customer boolean,
    written_at timestamp with time zone,
    meta json,
    custom json,
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.order_refunds (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    reason text,
    total numeric
);

CREATE TABLE core.order_shipping_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    title text,
    method text,
    zone_method text,
    tax_status text,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json
);

CREATE TABLE core.order_tax_lines (
    organisation_id uuid NOT NULL,
    order_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    tax_rate_id uuid,
    remote_tax_rate_id text,
    code text,
    label text,
    percent numeric,
    is_compound boolean,
    tax_total numeric,
    shipping_tax_total numeric,
    meta json
);

CREATE TABLE core.orders (
    organisation_id uuid NOT NULL,
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
    placed_at timestamp with time zone,
    paid_at timestamp with time zone,
    completed_at timestamp with time zone,
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
    email_lower text GENERATED ALWAYS AS (core.lookup_key(email)),
    number_key text GENERATED ALWAYS AS (core.lookup_key(number)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.product_attributes (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    is_visible boolean,
    is_for_variations boolean,
    options text[],
    place bigint
);

CREATE TABLE core.product_brands (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    brand_id uuid,
    remote_brand_id text
);

CREATE TABLE core.product_categories (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    category_id uuid,
    remote_category_id text
);

CREATE TABLE core.product_downloads (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    name text,
    file text
);

CREATE TABLE core.product_media (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    source text,
    name text,
    alt text,
    uploaded_at timestamp with time zone
);

CREATE TABLE core.product_relations (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    related_product_id uuid,
    remote_related_product_id text
);

CREATE TABLE core.product_tags (
    organisation_id uuid NOT NULL,
    product_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    tag_id uuid,
    remote_tag_id text
);

CREATE TABLE core.products (
    organisation_id uuid NOT NULL,
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
    sale_starts_at timestamp with time zone,
    sale_ends_at timestamp with time zone,
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
    listed_at timestamp with time zone,
    meta json,
    custom json,
    sku_key text GENERATED ALWAYS AS (core.lookup_key(sku)),
    name_key text GENERATED ALWAYS AS (core.lookup_key(name)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.reference_records (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid,
    kind text NOT NULL,
    name text,
    document json,
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.refund_fee_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    name text,
    tax_class text,
    tax_status text,
    amount numeric,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    order_line_key text
);

CREATE TABLE core.refund_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
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
    order_line_key text
);

CREATE TABLE core.refund_shipping_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    title text,
    method text,
    zone_method text,
    tax_status text,
    total numeric,
    total_tax numeric,
    taxes json,
    meta json,
    order_line_key text
);

CREATE TABLE core.refund_tax_lines (
    organisation_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    tax_rate_id uuid,
    remote_tax_rate_id text,
    code text,
    label text,
    percent numeric,
    is_compound boolean,
    tax_total numeric,
    shipping_tax_total numeric,
    meta json
);

CREATE TABLE core.refunds (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid,
    order_id uuid,
    remote_order_id text,
    amount numeric,
    reason text,
    refunded_at timestamp with time zone,
    refunded_by text,
    is_paid_back boolean,
    meta json,
    custom json,
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.reviews (
    organisation_id uuid NOT NULL,
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
    written_at timestamp with time zone,
    meta json,
    custom json,
    email_lower text GENERATED ALWAYS AS (core.lookup_key(email)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.settings (
    organisation_id uuid NOT NULL,
    counted_statuses text[] NOT NULL,
    thresholds json NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE core.shipping_classes (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    slug text,
    description text,
    meta json,
    custom json,
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.tags (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    slug text,
    description text,
    meta json,
    custom json,
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.tax_rates (
    organisation_id uuid NOT NULL,
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
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.terms (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    description text,
    menu_order bigint,
    meta json,
    custom json,
    slug_key text GENERATED ALWAYS AS (core.lookup_key(slug)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE core.variation_attributes (
    organisation_id uuid NOT NULL,
    variation_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    attribute_id uuid,
    remote_attribute_id text,
    name text,
    slug text,
    option text
);

CREATE TABLE core.variation_downloads (
    organisation_id uuid NOT NULL,
    variation_id uuid NOT NULL,
    key text NOT NULL,
    "position" integer NOT NULL,
    name text,
    file text
);

CREATE TABLE core.variations (
    organisation_id uuid NOT NULL,
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
    sale_starts_at timestamp with time zone,
    sale_ends_at timestamp with time zone,
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
    listed_at timestamp with time zone,
    meta json,
    custom json,
    image_id text,
    image_source text,
    image_name text,
    image_alt text,
    sku_key text GENERATED ALWAYS AS (core.lookup_key(sku)),
    extra json,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    gone_at timestamp with time zone
);

CREATE TABLE mapping.definitions (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    active_version integer,
    created_at timestamp with time zone NOT NULL,
    created_by uuid,
    updated_at timestamp with time zone NOT NULL,
    updated_by uuid,
    activated_at timestamp with time zone,
    activated_by uuid,
    removed_at timestamp with time zone
);

CREATE TABLE mapping.switches (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    switched_at timestamp with time zone NOT NULL
);

CREATE TABLE mapping.versions (
    organisation_id uuid NOT NULL,
    definition_id uuid NOT NULL,
    version integer NOT NULL,
    document json NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by uuid,
    activated_at timestamp with time zone
);

CREATE TABLE mirror.daily_tallies (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    day date NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL
);

CREATE TABLE mirror.erasures (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    person bytea NOT NULL,
    erasure_id uuid NOT NULL,
    erased_at timestamp with time zone NOT NULL,
    times integer NOT NULL DEFAULT 1,
    records integer NOT NULL,
    versions integer NOT NULL
);

CREATE TABLE mirror.inbox (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    number bigint NOT NULL,
    topic text NOT NULL,
    resource text,
    remote_id text,
    parent_id text,
    webhook_id text,
    delivery_id text,
    body bytea,
    received_at timestamp with time zone NOT NULL,
    state text NOT NULL DEFAULT 'waiting'::text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamp with time zone NOT NULL,
    applied_at timestamp with time zone,
    note text
);

CREATE TABLE mirror.snapshots (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL,
    remote_number bigint,
    parent_id text,
    state text NOT NULL,
    version integer NOT NULL,
    content_hash bytea NOT NULL,
    modified_at timestamp with time zone,
    created_at timestamp with time zone,
    read_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    status text,
    email_lower text,
    search_text text,
    payload json STORAGE EXTERNAL,
    raw bytea,
    clean json,
    brought_by text NOT NULL DEFAULT 'pull'::text,
    number text,
    number_key text,
    name text,
    sku text,
    currency text,
    total_minor bigint,
    refunded_minor bigint,
    items integer
);

CREATE TABLE mirror.tallies (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL
);

CREATE TABLE mirror.tally_changes (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    change bigint NOT NULL,
    resource text NOT NULL,
    day date NOT NULL,
    status text NOT NULL,
    currency text NOT NULL,
    records bigint NOT NULL,
    total_minor numeric NOT NULL,
    refunded_minor numeric NOT NULL
);

CREATE TABLE mirror.versions (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    content_hash bytea NOT NULL,
    modified_at timestamp with time zone,
    read_at timestamp with time zone NOT NULL,
    written_at timestamp with time zone NOT NULL,
    superseded_at timestamp with time zone NOT NULL,
    document_zstd bytea STORAGE EXTERNAL NOT NULL,
    brought_by text NOT NULL DEFAULT 'pull'::text
);

CREATE TABLE runs.certificates (
    certificate_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    run_id uuid NOT NULL,
    level text NOT NULL,
    is_complete boolean NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    document json NOT NULL
);

CREATE TABLE runs.cursors (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    "position" json NOT NULL,
    is_done boolean NOT NULL,
    started_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    synced_to timestamp with time zone,
    synced_at timestamp with time zone,
    swept_at timestamp with time zone
);

CREATE TABLE runs.dead_letters (
    dead_letter_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text,
    name text NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    run_id uuid,
    next_attempt_at timestamp with time zone,
    stage text,
    evidence json
);

CREATE TABLE runs.progress (
    organisation_id uuid NOT NULL,
    run_id uuid NOT NULL,
    stage text NOT NULL,
    resource text NOT NULL,
    state text NOT NULL,
    records bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    buried bigint NOT NULL DEFAULT 0,
    unreadable bigint NOT NULL DEFAULT 0,
    pages bigint NOT NULL DEFAULT 0,
    expected bigint,
    started_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE runs.runs (
    run_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    epoch bigint NOT NULL,
    owner text NOT NULL,
    options json NOT NULL,
    started_at timestamp with time zone NOT NULL,
    heartbeat_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    requests bigint NOT NULL DEFAULT 0,
    error text,
    lane text NOT NULL DEFAULT 'pull'::text,
    asked_at timestamp with time zone,
    not_before timestamp with time zone,
    waits_for text,
    beginnings integer NOT NULL DEFAULT 0,
    cancel_asked_at timestamp with time zone,
    retry_of uuid,
    error_code text,
    remedy text,
    result json,
    answers bigint NOT NULL DEFAULT 0,
    answer_ms bigint NOT NULL DEFAULT 0,
    slowest_ms bigint NOT NULL DEFAULT 0,
    throttled bigint NOT NULL DEFAULT 0,
    troubled bigint NOT NULL DEFAULT 0,
    answer_times integer[]
);

CREATE TABLE runs.schedules (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL DEFAULT ''::text,
    spec text NOT NULL,
    is_paused boolean NOT NULL DEFAULT false,
    next_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone,
    failures integer NOT NULL DEFAULT 0
);

CREATE TABLE security.vault_checks (
    organisation_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sealed_next bytea,
    rotated_at timestamp with time zone,
    sealed_digest_key bytea
);

CREATE TABLE staging.count_changes (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    change bigint NOT NULL,
    resource text NOT NULL,
    state text NOT NULL,
    status text NOT NULL,
    records bigint NOT NULL,
    selected bigint NOT NULL
);

CREATE TABLE staging.counts (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    resource text NOT NULL,
    state text NOT NULL,
    status text NOT NULL,
    records bigint NOT NULL,
    selected bigint NOT NULL
);

CREATE TABLE staging.marks (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    followed_at timestamp with time zone NOT NULL
);

CREATE TABLE staging.records (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    modified_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    change_count integer NOT NULL DEFAULT 0,
    is_gone boolean NOT NULL DEFAULT false,
    is_anew boolean NOT NULL DEFAULT false,
    resource text NOT NULL,
    remote_id text NOT NULL,
    state text NOT NULL,
    status text NOT NULL,
    name_key text,
    key text NOT NULL,
    core_id uuid,
    rule_id uuid,
    compared_version integer,
    compared_definition uuid,
    changed_columns text[],
    changed_fields json,
    why text,
    candidates uuid[],
    column_keys bigint[] GENERATED ALWAYS AS (staging.column_keys(connection_id, resource, changed_columns))
);

CREATE TABLE staging.rules (
    organisation_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    name text NOT NULL,
    connection_id uuid,
    resource text NOT NULL,
    filter json NOT NULL,
    action text NOT NULL,
    spec text,
    is_active boolean NOT NULL,
    next_at timestamp with time zone,
    last_at timestamp with time zone,
    last_count bigint,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE staging.selections (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    modified_at timestamp with time zone NOT NULL,
    is_gone boolean NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL,
    state text NOT NULL,
    status text NOT NULL
);

CREATE TABLE staging.taken (
    organisation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    run_id uuid NOT NULL,
    resource text NOT NULL,
    remote_id text NOT NULL
);

CREATE TABLE tenancy.answers (
    organisation_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    headers json,
    sealed_body bytea,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE tenancy.api_keys (
    api_key_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone
);

CREATE TABLE tenancy.audit (
    organisation_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    actor text NOT NULL,
    via text NOT NULL,
    action text NOT NULL,
    subject text,
    outcome text,
    detail json,
    address text
);

CREATE TABLE tenancy.invitations (
    invitation_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    email text,
    role text NOT NULL,
    is_installation_admin boolean NOT NULL DEFAULT false,
    is_first boolean NOT NULL DEFAULT false,
    token_hash bytea NOT NULL,
    invited_by uuid,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone
);

CREATE TABLE tenancy.memberships (
    organisation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE tenancy.organisations (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE tenancy.passwords (
    user_id uuid NOT NULL,
    password_hash text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE tenancy.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

CREATE TABLE tenancy.refusals (
    who bytea NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL
);

CREATE TABLE tenancy.sessions (
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    organisation_id uuid,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_for text,
    agent text,
    address text
);

CREATE TABLE tenancy.users (
    user_id uuid NOT NULL,
    email text NOT NULL,
    email_lower text NOT NULL,
    name text NOT NULL,
    is_installation_admin boolean NOT NULL DEFAULT false,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone
);

CREATE TABLE tenancy.web_sessions (
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    lasts interval NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_created_by_fkey FOREIGN KEY (created_by) REFERENCES tenancy.users(user_id) ON DELETE SET NULL;

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_pkey PRIMARY KEY (organisation_id, authorisation_id);

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_scope_check CHECK ((scope = ANY (ARRAY['read'::text, 'write'::text, 'read_write'::text])));

ALTER TABLE connections.authorisations ADD CONSTRAINT authorisations_state_hash_key UNIQUE (state_hash);

ALTER TABLE connections.connections ADD CONSTRAINT connections_auth_check CHECK ((auth = ANY (ARRAY['auto'::text, 'basic'::text, 'query'::text, 'oauth1'::text])));

ALTER TABLE connections.connections ADD CONSTRAINT connections_created_by_fkey FOREIGN KEY (created_by) REFERENCES tenancy.users(user_id) ON DELETE SET NULL;

ALTER TABLE connections.connections ADD CONSTRAINT connections_detected_check CHECK ((detected = ANY (ARRAY['basic'::text, 'query'::text, 'oauth1'::text])));

ALTER TABLE connections.connections ADD CONSTRAINT connections_name_check CHECK ((name <> ''::text));

ALTER TABLE connections.connections ADD CONSTRAINT connections_name_key UNIQUE (organisation_id, name);

ALTER TABLE connections.connections ADD CONSTRAINT connections_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE connections.connections ADD CONSTRAINT connections_organisation_id_id_key UNIQUE (organisation_id, id);

ALTER TABLE connections.connections ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

ALTER TABLE connections.connections ADD CONSTRAINT connections_platform_check CHECK ((platform = 'woocommerce'::text));

ALTER TABLE connections.connections ADD CONSTRAINT connections_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text])));

ALTER TABLE connections.connections ADD CONSTRAINT connections_url_key UNIQUE (organisation_id, url);

ALTER TABLE connections.webhooks ADD CONSTRAINT webhooks_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE connections.webhooks ADD CONSTRAINT webhooks_pkey PRIMARY KEY (connection_id);

ALTER TABLE connections.webhooks ADD CONSTRAINT webhooks_token_hash_key UNIQUE (token_hash);

ALTER TABLE core.attributes ADD CONSTRAINT attributes_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.attributes ADD CONSTRAINT attributes_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.awaited ADD CONSTRAINT awaited_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.awaited ADD CONSTRAINT awaited_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id, place, core_id);

ALTER TABLE core.brands ADD CONSTRAINT brands_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.brands ADD CONSTRAINT brands_organisation_id_parent_id_fkey FOREIGN KEY (organisation_id, parent_id) REFERENCES core.brands(organisation_id, id) ON DELETE SET NULL (parent_id);

ALTER TABLE core.brands ADD CONSTRAINT brands_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.categories ADD CONSTRAINT categories_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.categories ADD CONSTRAINT categories_organisation_id_parent_id_fkey FOREIGN KEY (organisation_id, parent_id) REFERENCES core.categories(organisation_id, id) ON DELETE SET NULL (parent_id);

ALTER TABLE core.categories ADD CONSTRAINT categories_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.changes ADD CONSTRAINT changes_action_check CHECK ((action = ANY (ARRAY['created'::text, 'updated'::text, 'deleted'::text])));

ALTER TABLE core.changes ADD CONSTRAINT changes_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.changes ADD CONSTRAINT changes_pkey PRIMARY KEY (organisation_id, change);

ALTER TABLE core.coupon_brands ADD CONSTRAINT coupon_brands_kind_check CHECK ((kind = ANY (ARRAY['included'::text, 'excluded'::text])));

ALTER TABLE core.coupon_brands ADD CONSTRAINT coupon_brands_organisation_id_brand_id_fkey FOREIGN KEY (organisation_id, brand_id) REFERENCES core.brands(organisation_id, id) ON DELETE SET NULL (brand_id);

ALTER TABLE core.coupon_brands ADD CONSTRAINT coupon_brands_organisation_id_coupon_id_fkey FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.coupon_brands ADD CONSTRAINT coupon_brands_pkey PRIMARY KEY (organisation_id, coupon_id, key);

ALTER TABLE core.coupon_categories ADD CONSTRAINT coupon_categories_kind_check CHECK ((kind = ANY (ARRAY['included'::text, 'excluded'::text])));

ALTER TABLE core.coupon_categories ADD CONSTRAINT coupon_categories_organisation_id_category_id_fkey FOREIGN KEY (organisation_id, category_id) REFERENCES core.categories(organisation_id, id) ON DELETE SET NULL (category_id);

ALTER TABLE core.coupon_categories ADD CONSTRAINT coupon_categories_organisation_id_coupon_id_fkey FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.coupon_categories ADD CONSTRAINT coupon_categories_pkey PRIMARY KEY (organisation_id, coupon_id, key);

ALTER TABLE core.coupon_products ADD CONSTRAINT coupon_products_kind_check CHECK ((kind = ANY (ARRAY['included'::text, 'excluded'::text])));

ALTER TABLE core.coupon_products ADD CONSTRAINT coupon_products_organisation_id_coupon_id_fkey FOREIGN KEY (organisation_id, coupon_id) REFERENCES core.coupons(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.coupon_products ADD CONSTRAINT coupon_products_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (product_id);

ALTER TABLE core.coupon_products ADD CONSTRAINT coupon_products_pkey PRIMARY KEY (organisation_id, coupon_id, key);

ALTER TABLE core.coupons ADD CONSTRAINT coupons_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.coupons ADD CONSTRAINT coupons_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.coupons ADD CONSTRAINT coupons_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.customer_addresses ADD CONSTRAINT customer_addresses_kind_check CHECK ((kind = ANY (ARRAY['billing'::text, 'shipping'::text])));

ALTER TABLE core.customer_addresses ADD CONSTRAINT customer_addresses_organisation_id_customer_id_fkey FOREIGN KEY (organisation_id, customer_id) REFERENCES core.customers(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.customer_addresses ADD CONSTRAINT customer_addresses_pkey PRIMARY KEY (organisation_id, customer_id, key);

ALTER TABLE core.customer_figures ADD CONSTRAINT customer_figures_organisation_id_customer_id_fkey FOREIGN KEY (organisation_id, customer_id) REFERENCES core.customers(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.customer_figures ADD CONSTRAINT customer_figures_pkey PRIMARY KEY (organisation_id, customer_id, currency);

ALTER TABLE core.customers ADD CONSTRAINT customers_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.customers ADD CONSTRAINT customers_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.edits ADD CONSTRAINT edits_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.edits ADD CONSTRAINT edits_pkey PRIMARY KEY (organisation_id, noun, core_id, field);

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_check CHECK ((num_nonnulls(product_id, variation_id) <= 1));

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_organisation_id_location_id_fkey FOREIGN KEY (organisation_id, location_id) REFERENCES core.locations(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_organisation_id_product_id_key_key UNIQUE (organisation_id, product_id, key);

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_organisation_id_variation_id_fkey FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.inventory_levels ADD CONSTRAINT inventory_levels_organisation_id_variation_id_key_key UNIQUE (organisation_id, variation_id, key);

ALTER TABLE core.links ADD CONSTRAINT links_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.links ADD CONSTRAINT links_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id);

ALTER TABLE core.locations ADD CONSTRAINT locations_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.locations ADD CONSTRAINT locations_organisation_id_connection_id_key UNIQUE (organisation_id, connection_id);

ALTER TABLE core.locations ADD CONSTRAINT locations_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.order_addresses ADD CONSTRAINT order_addresses_kind_check CHECK ((kind = ANY (ARRAY['billing'::text, 'shipping'::text])));

ALTER TABLE core.order_addresses ADD CONSTRAINT order_addresses_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_addresses ADD CONSTRAINT order_addresses_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_coupon_lines ADD CONSTRAINT order_coupon_lines_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_coupon_lines ADD CONSTRAINT order_coupon_lines_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_fee_lines ADD CONSTRAINT order_fee_lines_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_fee_lines ADD CONSTRAINT order_fee_lines_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_lines ADD CONSTRAINT order_lines_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_lines ADD CONSTRAINT order_lines_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (product_id);

ALTER TABLE core.order_lines ADD CONSTRAINT order_lines_organisation_id_variation_id_fkey FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations(organisation_id, id) ON DELETE SET NULL (variation_id);

ALTER TABLE core.order_lines ADD CONSTRAINT order_lines_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_notes ADD CONSTRAINT order_notes_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.order_notes ADD CONSTRAINT order_notes_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.order_notes ADD CONSTRAINT order_notes_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE SET NULL (order_id);

ALTER TABLE core.order_notes ADD CONSTRAINT order_notes_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.order_refunds ADD CONSTRAINT order_refunds_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_refunds ADD CONSTRAINT order_refunds_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_shipping_lines ADD CONSTRAINT order_shipping_lines_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_shipping_lines ADD CONSTRAINT order_shipping_lines_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.order_tax_lines ADD CONSTRAINT order_tax_lines_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.order_tax_lines ADD CONSTRAINT order_tax_lines_organisation_id_tax_rate_id_fkey FOREIGN KEY (organisation_id, tax_rate_id) REFERENCES core.tax_rates(organisation_id, id) ON DELETE SET NULL (tax_rate_id);

ALTER TABLE core.order_tax_lines ADD CONSTRAINT order_tax_lines_pkey PRIMARY KEY (organisation_id, order_id, key);

ALTER TABLE core.orders ADD CONSTRAINT orders_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.orders ADD CONSTRAINT orders_organisation_id_customer_id_fkey FOREIGN KEY (organisation_id, customer_id) REFERENCES core.customers(organisation_id, id) ON DELETE SET NULL (customer_id);

ALTER TABLE core.orders ADD CONSTRAINT orders_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.orders ADD CONSTRAINT orders_organisation_id_parent_order_id_fkey FOREIGN KEY (organisation_id, parent_order_id) REFERENCES core.orders(organisation_id, id) ON DELETE SET NULL (parent_order_id);

ALTER TABLE core.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.product_attributes ADD CONSTRAINT product_attributes_organisation_id_attribute_id_fkey FOREIGN KEY (organisation_id, attribute_id) REFERENCES core.attributes(organisation_id, id) ON DELETE SET NULL (attribute_id);

ALTER TABLE core.product_attributes ADD CONSTRAINT product_attributes_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_attributes ADD CONSTRAINT product_attributes_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_brands ADD CONSTRAINT product_brands_organisation_id_brand_id_fkey FOREIGN KEY (organisation_id, brand_id) REFERENCES core.brands(organisation_id, id) ON DELETE SET NULL (brand_id);

ALTER TABLE core.product_brands ADD CONSTRAINT product_brands_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_brands ADD CONSTRAINT product_brands_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_categories ADD CONSTRAINT product_categories_organisation_id_category_id_fkey FOREIGN KEY (organisation_id, category_id) REFERENCES core.categories(organisation_id, id) ON DELETE SET NULL (category_id);

ALTER TABLE core.product_categories ADD CONSTRAINT product_categories_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_categories ADD CONSTRAINT product_categories_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_downloads ADD CONSTRAINT product_downloads_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_downloads ADD CONSTRAINT product_downloads_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_media ADD CONSTRAINT product_media_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_media ADD CONSTRAINT product_media_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_relations ADD CONSTRAINT product_relations_kind_check CHECK ((kind = ANY (ARRAY['upsell'::text, 'cross_sell'::text, 'grouped'::text])));

ALTER TABLE core.product_relations ADD CONSTRAINT product_relations_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_relations ADD CONSTRAINT product_relations_organisation_id_related_product_id_fkey FOREIGN KEY (organisation_id, related_product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (related_product_id);

ALTER TABLE core.product_relations ADD CONSTRAINT product_relations_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.product_tags ADD CONSTRAINT product_tags_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.product_tags ADD CONSTRAINT product_tags_organisation_id_tag_id_fkey FOREIGN KEY (organisation_id, tag_id) REFERENCES core.tags(organisation_id, id) ON DELETE SET NULL (tag_id);

ALTER TABLE core.product_tags ADD CONSTRAINT product_tags_pkey PRIMARY KEY (organisation_id, product_id, key);

ALTER TABLE core.products ADD CONSTRAINT products_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.products ADD CONSTRAINT products_organisation_id_parent_product_id_fkey FOREIGN KEY (organisation_id, parent_product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (parent_product_id);

ALTER TABLE core.products ADD CONSTRAINT products_organisation_id_shipping_class_id_fkey FOREIGN KEY (organisation_id, shipping_class_id) REFERENCES core.shipping_classes(organisation_id, id) ON DELETE SET NULL (shipping_class_id);

ALTER TABLE core.products ADD CONSTRAINT products_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.reference_records ADD CONSTRAINT reference_records_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.reference_records ADD CONSTRAINT reference_records_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.reference_records ADD CONSTRAINT reference_records_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.refund_fee_lines ADD CONSTRAINT refund_fee_lines_organisation_id_refund_id_fkey FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.refund_fee_lines ADD CONSTRAINT refund_fee_lines_pkey PRIMARY KEY (organisation_id, refund_id, key);

ALTER TABLE core.refund_lines ADD CONSTRAINT refund_lines_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (product_id);

ALTER TABLE core.refund_lines ADD CONSTRAINT refund_lines_organisation_id_refund_id_fkey FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.refund_lines ADD CONSTRAINT refund_lines_organisation_id_variation_id_fkey FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations(organisation_id, id) ON DELETE SET NULL (variation_id);

ALTER TABLE core.refund_lines ADD CONSTRAINT refund_lines_pkey PRIMARY KEY (organisation_id, refund_id, key);

ALTER TABLE core.refund_shipping_lines ADD CONSTRAINT refund_shipping_lines_organisation_id_refund_id_fkey FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.refund_shipping_lines ADD CONSTRAINT refund_shipping_lines_pkey PRIMARY KEY (organisation_id, refund_id, key);

ALTER TABLE core.refund_tax_lines ADD CONSTRAINT refund_tax_lines_organisation_id_refund_id_fkey FOREIGN KEY (organisation_id, refund_id) REFERENCES core.refunds(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.refund_tax_lines ADD CONSTRAINT refund_tax_lines_organisation_id_tax_rate_id_fkey FOREIGN KEY (organisation_id, tax_rate_id) REFERENCES core.tax_rates(organisation_id, id) ON DELETE SET NULL (tax_rate_id);

ALTER TABLE core.refund_tax_lines ADD CONSTRAINT refund_tax_lines_pkey PRIMARY KEY (organisation_id, refund_id, key);

ALTER TABLE core.refunds ADD CONSTRAINT refunds_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.refunds ADD CONSTRAINT refunds_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.refunds ADD CONSTRAINT refunds_organisation_id_order_id_fkey FOREIGN KEY (organisation_id, order_id) REFERENCES core.orders(organisation_id, id) ON DELETE SET NULL (order_id);

ALTER TABLE core.refunds ADD CONSTRAINT refunds_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.reviews ADD CONSTRAINT reviews_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.reviews ADD CONSTRAINT reviews_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.reviews ADD CONSTRAINT reviews_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (product_id);

ALTER TABLE core.reviews ADD CONSTRAINT reviews_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.settings ADD CONSTRAINT settings_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.settings ADD CONSTRAINT settings_pkey PRIMARY KEY (organisation_id);

ALTER TABLE core.shipping_classes ADD CONSTRAINT shipping_classes_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.shipping_classes ADD CONSTRAINT shipping_classes_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.tags ADD CONSTRAINT tags_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.tags ADD CONSTRAINT tags_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.tax_rates ADD CONSTRAINT tax_rates_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE SET NULL (connection_id);

ALTER TABLE core.tax_rates ADD CONSTRAINT tax_rates_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.tax_rates ADD CONSTRAINT tax_rates_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.terms ADD CONSTRAINT terms_organisation_id_attribute_id_fkey FOREIGN KEY (organisation_id, attribute_id) REFERENCES core.attributes(organisation_id, id) ON DELETE SET NULL (attribute_id);

ALTER TABLE core.terms ADD CONSTRAINT terms_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.terms ADD CONSTRAINT terms_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE core.variation_attributes ADD CONSTRAINT variation_attributes_organisation_id_attribute_id_fkey FOREIGN KEY (organisation_id, attribute_id) REFERENCES core.attributes(organisation_id, id) ON DELETE SET NULL (attribute_id);

ALTER TABLE core.variation_attributes ADD CONSTRAINT variation_attributes_organisation_id_variation_id_fkey FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.variation_attributes ADD CONSTRAINT variation_attributes_pkey PRIMARY KEY (organisation_id, variation_id, key);

ALTER TABLE core.variation_downloads ADD CONSTRAINT variation_downloads_organisation_id_variation_id_fkey FOREIGN KEY (organisation_id, variation_id) REFERENCES core.variations(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE core.variation_downloads ADD CONSTRAINT variation_downloads_pkey PRIMARY KEY (organisation_id, variation_id, key);

ALTER TABLE core.variations ADD CONSTRAINT variations_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE core.variations ADD CONSTRAINT variations_organisation_id_product_id_fkey FOREIGN KEY (organisation_id, product_id) REFERENCES core.products(organisation_id, id) ON DELETE SET NULL (product_id);

ALTER TABLE core.variations ADD CONSTRAINT variations_organisation_id_shipping_class_id_fkey FOREIGN KEY (organisation_id, shipping_class_id) REFERENCES core.shipping_classes(organisation_id, id) ON DELETE SET NULL (shipping_class_id);

ALTER TABLE core.variations ADD CONSTRAINT variations_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE mapping.definitions ADD CONSTRAINT definitions_check CHECK (((active_version IS NULL) OR ((removed_at IS NULL) AND (active_version <= version))));

ALTER TABLE mapping.definitions ADD CONSTRAINT definitions_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mapping.definitions ADD CONSTRAINT definitions_pkey PRIMARY KEY (organisation_id, id);

ALTER TABLE mapping.definitions ADD CONSTRAINT definitions_version_check CHECK ((version > 0));

ALTER TABLE mapping.switches ADD CONSTRAINT switches_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mapping.switches ADD CONSTRAINT switches_pkey PRIMARY KEY (organisation_id, connection_id);

ALTER TABLE mapping.versions ADD CONSTRAINT versions_organisation_id_definition_id_fkey FOREIGN KEY (organisation_id, definition_id) REFERENCES mapping.definitions(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mapping.versions ADD CONSTRAINT versions_pkey PRIMARY KEY (organisation_id, definition_id, version);

ALTER TABLE mirror.daily_tallies ADD CONSTRAINT daily_tallies_pkey PRIMARY KEY (organisation_id, connection_id, resource, day, status, currency);

ALTER TABLE mirror.erasures ADD CONSTRAINT erasures_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mirror.erasures ADD CONSTRAINT erasures_pkey PRIMARY KEY (organisation_id, connection_id, person);

ALTER TABLE mirror.inbox ADD CONSTRAINT inbox_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mirror.inbox ADD CONSTRAINT inbox_pkey PRIMARY KEY (connection_id, number);

ALTER TABLE mirror.inbox ADD CONSTRAINT inbox_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'applied'::text, 'ignored'::text])));

ALTER TABLE mirror.snapshots ADD CONSTRAINT snapshots_check CHECK (((payload IS NULL) <> (raw IS NULL)));

ALTER TABLE mirror.snapshots ADD CONSTRAINT snapshots_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE mirror.snapshots ADD CONSTRAINT snapshots_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id);

ALTER TABLE mirror.snapshots ADD CONSTRAINT snapshots_state_check CHECK ((state = ANY (ARRAY['listed'::text, 'unlisted'::text, 'partial'::text, 'gone'::text])));

ALTER TABLE mirror.tallies ADD CONSTRAINT tallies_pkey PRIMARY KEY (organisation_id, connection_id, resource, status, currency);

ALTER TABLE mirror.tally_changes ADD CONSTRAINT tally_changes_pkey PRIMARY KEY (organisation_id, connection_id, change);

ALTER TABLE mirror.versions ADD CONSTRAINT versions_organisation_id_connection_id_resource_remote_id_fkey FOREIGN KEY (organisation_id, connection_id, resource, remote_id) REFERENCES mirror.snapshots(organisation_id, connection_id, resource, remote_id) ON DELETE CASCADE;

ALTER TABLE mirror.versions ADD CONSTRAINT versions_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id, version);

ALTER TABLE runs.certificates ADD CONSTRAINT certificates_level_check CHECK ((level = ANY (ARRAY['ids'::text, 'modified'::text, 'bytes'::text])));

ALTER TABLE runs.certificates ADD CONSTRAINT certificates_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE runs.certificates ADD CONSTRAINT certificates_pkey PRIMARY KEY (certificate_id);

ALTER TABLE runs.cursors ADD CONSTRAINT cursors_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE runs.cursors ADD CONSTRAINT cursors_pkey PRIMARY KEY (connection_id, resource);

ALTER TABLE runs.dead_letters ADD CONSTRAINT dead_letters_evidence_check CHECK ((octet_length((evidence)::text) <= 8192));

ALTER TABLE runs.dead_letters ADD CONSTRAINT dead_letters_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE runs.dead_letters ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id);

ALTER TABLE runs.dead_letters ADD CONSTRAINT dead_letters_stage_check CHECK ((stage = 'promote'::text));

ALTER TABLE runs.dead_letters ADD CONSTRAINT dead_letters_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'resolved'::text, 'discarded'::text])));

ALTER TABLE runs.progress ADD CONSTRAINT progress_organisation_id_run_id_fkey FOREIGN KEY (organisation_id, run_id) REFERENCES runs.runs(organisation_id, run_id) ON DELETE CASCADE;

ALTER TABLE runs.progress ADD CONSTRAINT progress_pkey PRIMARY KEY (run_id, stage, resource);

ALTER TABLE runs.progress ADD CONSTRAINT progress_stage_check CHECK ((stage = ANY (ARRAY['pull'::text, 'verify'::text, 'sync'::text, 'sweep'::text, 'receive'::text, 'rehearse'::text, 'promote'::text])));

ALTER TABLE runs.progress ADD CONSTRAINT progress_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text])));

ALTER TABLE runs.runs ADD CONSTRAINT runs_answer_times_check CHECK ((cardinality(answer_times) <= 40));

ALTER TABLE runs.runs ADD CONSTRAINT runs_kind_check CHECK ((kind = ANY (ARRAY['pull'::text, 'verify'::text, 'retry'::text, 'sync'::text, 'sweep'::text, 'receive'::text, 'rehearse'::text, 'promote'::text])));

ALTER TABLE runs.runs ADD CONSTRAINT runs_lane_check CHECK ((lane = ANY (ARRAY['pull'::text, 'inbox'::text, 'promote'::text])));

ALTER TABLE runs.runs ADD CONSTRAINT runs_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE runs.runs ADD CONSTRAINT runs_organisation_id_run_id_key UNIQUE (organisation_id, run_id);

ALTER TABLE runs.runs ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);

ALTER TABLE runs.runs ADD CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'incomplete'::text, 'failed'::text, 'interrupted'::text, 'paused'::text, 'cancelled'::text])));

ALTER TABLE runs.runs ADD CONSTRAINT runs_waits_for_check CHECK ((waits_for = ANY (ARRAY['run'::text, 'quiet_hours'::text])));

ALTER TABLE runs.schedules ADD CONSTRAINT schedules_kind_check CHECK ((kind = ANY (ARRAY['sync'::text, 'sweep'::text])));

ALTER TABLE runs.schedules ADD CONSTRAINT schedules_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE runs.schedules ADD CONSTRAINT schedules_pkey PRIMARY KEY (connection_id, kind, resource);

ALTER TABLE security.vault_checks ADD CONSTRAINT vault_checks_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE security.vault_checks ADD CONSTRAINT vault_checks_pkey PRIMARY KEY (organisation_id);

ALTER TABLE staging.count_changes ADD CONSTRAINT count_changes_pkey PRIMARY KEY (organisation_id, connection_id, change);

ALTER TABLE staging.count_changes ADD CONSTRAINT count_changes_state_check CHECK ((state = ANY (ARRAY['new'::text, 'updated'::text, 'deleted'::text, 'in_sync'::text, 'ignored'::text, 'waiting'::text, 'stale'::text, 'gone'::text])));

ALTER TABLE staging.counts ADD CONSTRAINT counts_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE staging.counts ADD CONSTRAINT counts_pkey PRIMARY KEY (organisation_id, connection_id, resource, state, status);

ALTER TABLE staging.counts ADD CONSTRAINT counts_state_check CHECK ((state = ANY (ARRAY['new'::text, 'updated'::text, 'deleted'::text, 'in_sync'::text, 'ignored'::text, 'waiting'::text, 'stale'::text, 'gone'::text])));

ALTER TABLE staging.marks ADD CONSTRAINT marks_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE staging.marks ADD CONSTRAINT marks_pkey PRIMARY KEY (organisation_id, connection_id);

ALTER TABLE staging.records ADD CONSTRAINT records_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id);

ALTER TABLE staging.records ADD CONSTRAINT records_state_check CHECK ((state = ANY (ARRAY['new'::text, 'updated'::text, 'deleted'::text, 'in_sync'::text, 'ignored'::text, 'waiting'::text, 'stale'::text, 'gone'::text])));

ALTER TABLE staging.rules ADD CONSTRAINT rules_action_check CHECK ((action = ANY (ARRAY['select'::text, 'ignore'::text, 'promote'::text])));

ALTER TABLE staging.rules ADD CONSTRAINT rules_organisation_id_connection_id_fkey FOREIGN KEY (organisation_id, connection_id) REFERENCES connections.connections(organisation_id, id) ON DELETE CASCADE;

ALTER TABLE staging.rules ADD CONSTRAINT rules_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE staging.rules ADD CONSTRAINT rules_organisation_id_name_key UNIQUE (organisation_id, name);

ALTER TABLE staging.rules ADD CONSTRAINT rules_pkey PRIMARY KEY (organisation_id, rule_id);

ALTER TABLE staging.selections ADD CONSTRAINT selections_pkey PRIMARY KEY (organisation_id, connection_id, resource, remote_id);

ALTER TABLE staging.selections ADD CONSTRAINT selections_state_check CHECK ((state = ANY (ARRAY['new'::text, 'updated'::text, 'deleted'::text, 'waiting'::text, 'stale'::text])));

ALTER TABLE staging.taken ADD CONSTRAINT taken_pkey PRIMARY KEY (organisation_id, run_id, resource, remote_id);

ALTER TABLE tenancy.answers ADD CONSTRAINT answers_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE tenancy.answers ADD CONSTRAINT answers_pkey PRIMARY KEY (organisation_id, actor_id, idempotency_key);

ALTER TABLE tenancy.api_keys ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

ALTER TABLE tenancy.api_keys ADD CONSTRAINT api_keys_name_check CHECK ((name <> ''::text));

ALTER TABLE tenancy.api_keys ADD CONSTRAINT api_keys_organisation_id_user_id_fkey FOREIGN KEY (organisation_id, user_id) REFERENCES tenancy.memberships(organisation_id, user_id) ON DELETE CASCADE;

ALTER TABLE tenancy.api_keys ADD CONSTRAINT api_keys_pkey PRIMARY KEY (api_key_id);

ALTER TABLE tenancy.audit ADD CONSTRAINT audit_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE tenancy.audit ADD CONSTRAINT audit_pkey PRIMARY KEY (organisation_id, entry_id);

ALTER TABLE tenancy.audit ADD CONSTRAINT audit_via_check CHECK ((via = ANY (ARRAY['session'::text, 'api_key'::text, 'command'::text, 'system'::text])));

ALTER TABLE tenancy.invitations ADD CONSTRAINT invitations_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE tenancy.invitations ADD CONSTRAINT invitations_pkey PRIMARY KEY (invitation_id);

ALTER TABLE tenancy.invitations ADD CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'administrator'::text, 'operator'::text, 'viewer'::text])));

ALTER TABLE tenancy.invitations ADD CONSTRAINT invitations_token_hash_key UNIQUE (token_hash);

ALTER TABLE tenancy.memberships ADD CONSTRAINT memberships_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES tenancy.organisations(id) ON DELETE CASCADE;

ALTER TABLE tenancy.memberships ADD CONSTRAINT memberships_pkey PRIMARY KEY (organisation_id, user_id);

ALTER TABLE tenancy.memberships ADD CONSTRAINT memberships_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'administrator'::text, 'operator'::text, 'viewer'::text])));

ALTER TABLE tenancy.memberships ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users(user_id) ON DELETE CASCADE;

ALTER TABLE tenancy.organisations ADD CONSTRAINT organisations_name_check CHECK ((name <> ''::text));

ALTER TABLE tenancy.organisations ADD CONSTRAINT organisations_pkey PRIMARY KEY (id);

ALTER TABLE tenancy.passwords ADD CONSTRAINT passwords_pkey PRIMARY KEY (user_id);

ALTER TABLE tenancy.passwords ADD CONSTRAINT passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users(user_id) ON DELETE CASCADE;

ALTER TABLE tenancy.refresh_tokens ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE tenancy.refresh_tokens ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES tenancy.sessions(session_id) ON DELETE CASCADE;

ALTER TABLE tenancy.refresh_tokens ADD CONSTRAINT refresh_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users(user_id) ON DELETE CASCADE;

ALTER TABLE tenancy.refusals ADD CONSTRAINT refusals_pkey PRIMARY KEY (who);

ALTER TABLE tenancy.sessions ADD CONSTRAINT sessions_pkey PRIMARY KEY (session_id);

ALTER TABLE tenancy.sessions ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users(user_id) ON DELETE CASCADE;

ALTER TABLE tenancy.users ADD CONSTRAINT users_email_lower_key UNIQUE (email_lower);

ALTER TABLE tenancy.users ADD CONSTRAINT users_pkey PRIMARY KEY (user_id);

ALTER TABLE tenancy.web_sessions ADD CONSTRAINT web_sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE tenancy.web_sessions ADD CONSTRAINT web_sessions_session_id_fkey FOREIGN KEY (session_id) REFERENCES tenancy.sessions(session_id) ON DELETE CASCADE;

ALTER TABLE tenancy.web_sessions ADD CONSTRAINT web_sessions_session_id_key UNIQUE (session_id);

ALTER TABLE tenancy.web_sessions ADD CONSTRAINT web_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES tenancy.users(user_id) ON DELETE CASCADE;

CREATE INDEX authorisations_by_age ON connections.authorisations USING btree (organisation_id, created_at);

CREATE INDEX authorisations_by_connection ON connections.authorisations USING btree (organisation_id, connection_id);

CREATE INDEX authorisations_by_maker ON connections.authorisations USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX connections_by_maker ON connections.connections USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE UNIQUE INDEX connections_one_default ON connections.connections USING btree (organisation_id) WHERE is_default;

CREATE INDEX attributes_by_slug_key ON core.attributes USING btree (organisation_id, slug_key);

CREATE INDEX awaited_by_core ON core.awaited USING btree (organisation_id, core_id);

CREATE INDEX brands_by_parent_id ON core.brands USING btree (organisation_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX brands_by_slug_key ON core.brands USING btree (organisation_id, slug_key);

CREATE INDEX categories_by_parent_id ON core.categories USING btree (organisation_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX categories_by_slug_key ON core.categories USING btree (organisation_id, slug_key);

CREATE INDEX categories_by_slug_path_key ON core.categories USING btree (organisation_id, slug_path_key);

CREATE INDEX changes_by_record ON core.changes USING btree (organisation_id, noun, core_id, change DESC);

CREATE INDEX coupon_brands_by_brand_id ON core.coupon_brands USING btree (organisation_id, brand_id) WHERE (brand_id IS NOT NULL);

CREATE INDEX coupon_categories_by_category_id ON core.coupon_categories USING btree (organisation_id, category_id) WHERE (category_id IS NOT NULL);

CREATE INDEX coupon_products_by_product_id ON core.coupon_products USING btree (organisation_id, product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX coupons_by_code_key ON core.coupons USING btree (organisation_id, code_key);

CREATE INDEX coupons_by_store ON core.coupons USING btree (organisation_id, connection_id);

CREATE INDEX customers_by_age ON core.customers USING btree (organisation_id, created_at DESC, id);

CREATE INDEX customers_by_email_lower ON core.customers USING btree (organisation_id, email_lower);

CREATE INDEX customers_by_last_name_key ON core.customers USING btree (organisation_id, last_name_key, id);

CREATE INDEX inventory_levels_by_location ON core.inventory_levels USING btree (organisation_id, location_id);

CREATE INDEX links_by_core ON core.links USING btree (organisation_id, noun, core_id);

CREATE INDEX order_lines_by_product_id ON core.order_lines USING btree (organisation_id, product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX order_lines_by_variation_id ON core.order_lines USING btree (organisation_id, variation_id) WHERE (variation_id IS NOT NULL);

CREATE INDEX order_notes_by_order_id ON core.order_notes USING btree (organisation_id, order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX order_notes_by_store ON core.order_notes USING btree (organisation_id, connection_id);

CREATE INDEX order_tax_lines_by_tax_rate_id ON core.order_tax_lines USING btree (organisation_id, tax_rate_id) WHERE (tax_rate_id IS NOT NULL);

CREATE INDEX orders_by_customer_id ON core.orders USING btree (organisation_id, customer_id) WHERE (customer_id IS NOT NULL);

CREATE INDEX orders_by_email_lower ON core.orders USING btree (organisation_id, email_lower);

CREATE INDEX orders_by_number_key ON core.orders USING btree (organisation_id, number_key);

CREATE INDEX orders_by_parent_order_id ON core.orders USING btree (organisation_id, parent_order_id) WHERE (parent_order_id IS NOT NULL);

CREATE INDEX orders_by_placed_at ON core.orders USING btree (organisation_id, placed_at DESC, id);

CREATE INDEX orders_by_status ON core.orders USING btree (organisation_id, status, placed_at DESC, id);

CREATE INDEX orders_by_store ON core.orders USING btree (organisation_id, connection_id, placed_at DESC, id);

CREATE INDEX orders_by_total ON core.orders USING btree (organisation_id, total_minor, id);

CREATE INDEX product_attributes_by_attribute_id ON core.product_attributes USING btree (organisation_id, attribute_id) WHERE (attribute_id IS NOT NULL);

CREATE INDEX product_brands_by_brand_id ON core.product_brands USING btree (organisation_id, brand_id) WHERE (brand_id IS NOT NULL);

CREATE INDEX product_categories_by_category_id ON core.product_categories USING btree (organisation_id, category_id) WHERE (category_id IS NOT NULL);

CREATE INDEX product_relations_by_related_product_id ON core.product_relations USING btree (organisation_id, related_product_id) WHERE (related_product_id IS NOT NULL);

CREATE INDEX product_tags_by_tag_id ON core.product_tags USING btree (organisation_id, tag_id) WHERE (tag_id IS NOT NULL);

CREATE INDEX products_by_age ON core.products USING btree (organisation_id, created_at DESC, id);

CREATE INDEX products_by_name_key ON core.products USING btree (organisation_id, name_key, id);

CREATE INDEX products_by_parent_product_id ON core.products USING btree (organisation_id, parent_product_id) WHERE (parent_product_id IS NOT NULL);

CREATE INDEX products_by_shipping_class_id ON core.products USING btree (organisation_id, shipping_class_id) WHERE (shipping_class_id IS NOT NULL);

CREATE INDEX products_by_sku_key ON core.products USING btree (organisation_id, sku_key);

CREATE INDEX reference_records_by_kind ON core.reference_records USING btree (organisation_id, kind, id);

CREATE INDEX reference_records_by_store ON core.reference_records USING btree (organisation_id, connection_id, kind);

CREATE INDEX refund_lines_by_product_id ON core.refund_lines USING btree (organisation_id, product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX refund_lines_by_variation_id ON core.refund_lines USING btree (organisation_id, variation_id) WHERE (variation_id IS NOT NULL);

CREATE INDEX refund_tax_lines_by_tax_rate_id ON core.refund_tax_lines USING btree (organisation_id, tax_rate_id) WHERE (tax_rate_id IS NOT NULL);

CREATE INDEX refunds_by_order_id ON core.refunds USING btree (organisation_id, order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX refunds_by_store ON core.refunds USING btree (organisation_id, connection_id, refunded_at DESC, id);

CREATE INDEX reviews_by_email_lower ON core.reviews USING btree (organisation_id, email_lower);

CREATE INDEX reviews_by_product_id ON core.reviews USING btree (organisation_id, product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX reviews_by_store ON core.reviews USING btree (organisation_id, connection_id, written_at DESC, id);

CREATE INDEX shipping_classes_by_slug_key ON core.shipping_classes USING btree (organisation_id, slug_key);

CREATE INDEX tags_by_slug_key ON core.tags USING btree (organisation_id, slug_key);

CREATE INDEX tax_rates_by_store ON core.tax_rates USING btree (organisation_id, connection_id);

CREATE INDEX terms_by_attribute_id ON core.terms USING btree (organisation_id, attribute_id) WHERE (attribute_id IS NOT NULL);

CREATE INDEX terms_by_slug_key ON core.terms USING btree (organisation_id, slug_key);

CREATE INDEX variation_attributes_by_attribute_id ON core.variation_attributes USING btree (organisation_id, attribute_id) WHERE (attribute_id IS NOT NULL);

CREATE INDEX variations_by_product_id ON core.variations USING btree (organisation_id, product_id) WHERE (product_id IS NOT NULL);

CREATE INDEX variations_by_shipping_class_id ON core.variations USING btree (organisation_id, shipping_class_id) WHERE (shipping_class_id IS NOT NULL);

CREATE INDEX variations_by_sku_key ON core.variations USING btree (organisation_id, sku_key);

CREATE UNIQUE INDEX definitions_active ON mapping.definitions USING btree (organisation_id, connection_id) WHERE (active_version IS NOT NULL);

CREATE UNIQUE INDEX definitions_by_name ON mapping.definitions USING btree (organisation_id, connection_id, name) WHERE (removed_at IS NULL);

CREATE INDEX daily_tallies_empty ON mirror.daily_tallies USING btree (connection_id) WHERE (records = 0);

CREATE INDEX erasures_of_one ON mirror.erasures USING btree (organisation_id, connection_id, erasure_id);

CREATE UNIQUE INDEX inbox_hints ON mirror.inbox USING btree (connection_id, resource, remote_id) WHERE ((state = 'waiting'::text) AND (body IS NULL));

CREATE INDEX inbox_settled ON mirror.inbox USING btree (organisation_id, applied_at) WHERE (state <> 'waiting'::text);

CREATE INDEX inbox_waiting ON mirror.inbox USING btree (connection_id, next_attempt_at, number) WHERE (state = 'waiting'::text);

CREATE INDEX snapshots_board_created ON mirror.snapshots USING btree (connection_id, resource, status, created_at, remote_id) INCLUDE (organisation_id) WHERE (state <> 'gone'::text);

CREATE INDEX snapshots_board_modified ON mirror.snapshots USING btree (connection_id, resource, status, modified_at, remote_id) INCLUDE (organisation_id, created_at) WHERE (state <> 'gone'::text);

CREATE INDEX snapshots_board_number ON mirror.snapshots USING btree (connection_id, resource, status, number_key, remote_id) INCLUDE (organisation_id, created_at) WHERE (state <> 'gone'::text);

CREATE INDEX snapshots_board_total ON mirror.snapshots USING btree (connection_id, resource, status, total_minor, remote_id) INCLUDE (organisation_id, created_at) WHERE (state <> 'gone'::text);

CREATE INDEX snapshots_by_change ON mirror.snapshots USING btree (connection_id, changed_at) WHERE (changed_at IS NOT NULL);

CREATE INDEX snapshots_by_created ON mirror.snapshots USING btree (organisation_id, resource, created_at) WHERE (created_at IS NOT NULL);

CREATE INDEX snapshots_by_email ON mirror.snapshots USING btree (organisation_id, email_lower) WHERE (email_lower IS NOT NULL);

CREATE INDEX snapshots_by_later_change ON mirror.snapshots USING btree (connection_id, changed_at) WHERE (version > 1);

CREATE INDEX snapshots_by_number ON mirror.snapshots USING btree (connection_id, resource, remote_number) WHERE (state <> 'gone'::text);

CREATE INDEX snapshots_by_parent ON mirror.snapshots USING btree (connection_id, resource, parent_id) WHERE ((parent_id <> '0'::text) AND (state <> 'gone'::text));

CREATE INDEX snapshots_by_resource_change ON mirror.snapshots USING btree (connection_id, resource, changed_at, remote_id) WHERE (changed_at IS NOT NULL);

CREATE INDEX snapshots_by_text ON mirror.snapshots USING gin (search_text gin_trgm_ops);

CREATE INDEX snapshots_not_listed ON mirror.snapshots USING btree (connection_id, resource, state, remote_id) INCLUDE (organisation_id) WHERE (state <> 'listed'::text);

CREATE INDEX versions_by_later_writing ON mirror.versions USING btree (connection_id, written_at) WHERE (version > 1);

CREATE INDEX versions_by_organisation ON mirror.versions USING btree (organisation_id, superseded_at);

CREATE INDEX versions_by_resource_writing ON mirror.versions USING btree (connection_id, resource, written_at) WHERE (written_at IS NOT NULL);

CREATE INDEX versions_by_writing ON mirror.versions USING btree (connection_id, written_at) WHERE (written_at IS NOT NULL);

CREATE INDEX certificates_by_connection ON runs.certificates USING btree (organisation_id, connection_id, ended_at DESC);

CREATE INDEX certificates_by_id ON runs.certificates USING btree (organisation_id, certificate_id);

CREATE INDEX certificates_by_run ON runs.certificates USING btree (organisation_id, run_id);

CREATE INDEX dead_letters_by_age ON runs.dead_letters USING btree (organisation_id, state, dead_letter_id);

CREATE INDEX dead_letters_by_run ON runs.dead_letters USING btree (organisation_id, run_id) WHERE (run_id IS NOT NULL);

CREATE INDEX dead_letters_by_state ON runs.dead_letters USING btree (organisation_id, connection_id, state, last_seen_at DESC);

CREATE UNIQUE INDEX dead_letters_one_a_record ON runs.dead_letters USING btree (connection_id, resource, name) WHERE (state = 'waiting'::text);

CREATE INDEX runs_by_connection ON runs.runs USING btree (organisation_id, connection_id, started_at DESC);

CREATE INDEX runs_by_end ON runs.runs USING btree (organisation_id, ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX runs_by_id ON runs.runs USING btree (organisation_id, connection_id, run_id);

CREATE UNIQUE INDEX runs_one_at_a_time ON runs.runs USING btree (connection_id, lane) WHERE (state = 'running'::text);

CREATE INDEX runs_queued ON runs.runs USING btree (connection_id, run_id) WHERE (state = 'queued'::text);

CREATE INDEX schedules_due ON runs.schedules USING btree (next_at) WHERE (NOT is_paused);

CREATE INDEX records_by_column ON staging.records USING gin (column_keys) WHERE (column_keys IS NOT NULL);

CREATE INDEX records_by_key ON staging.records USING btree (connection_id, resource, key, remote_id);

CREATE INDEX records_by_modified ON staging.records USING btree (connection_id, resource, state, status, modified_at, remote_id) INCLUDE (organisation_id, is_gone);

CREATE INDEX records_by_name ON staging.records USING btree (connection_id, resource, name_key, remote_id) WHERE (name_key IS NOT NULL);

CREATE INDEX records_of_rule ON staging.records USING btree (rule_id, connection_id, remote_id) WHERE (rule_id IS NOT NULL);

CREATE INDEX records_stale ON staging.records USING btree (connection_id, resource, remote_id) WHERE (state = 'stale'::text);

CREATE INDEX rules_due ON staging.rules USING btree (next_at) WHERE (is_active AND (next_at IS NOT NULL));

CREATE INDEX selections_by_modified ON staging.selections USING btree (state, status, connection_id, resource, modified_at, remote_id) INCLUDE (organisation_id);

CREATE INDEX answers_by_age ON tenancy.answers USING btree (organisation_id, created_at);

CREATE INDEX memberships_by_user ON tenancy.memberships USING btree (user_id);

CREATE INDEX refresh_tokens_by_session ON tenancy.refresh_tokens USING btree (session_id);

CREATE INDEX refusals_by_age ON tenancy.refusals USING btree (last_at);

CREATE INDEX sessions_by_user ON tenancy.sessions USING btree (user_id, created_at DESC);

CREATE INDEX web_sessions_by_user ON tenancy.web_sessions USING btree (user_id);

ALTER TABLE connections.authorisations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE connections.connections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE connections.webhooks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.attributes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.awaited ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.brands ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.categories ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.coupon_brands ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.coupon_categories ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.coupon_products ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.coupons ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.customer_addresses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.customer_figures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.edits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.inventory_levels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.locations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_addresses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_coupon_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_fee_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_refunds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_shipping_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.order_tax_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_attributes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_brands ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_categories ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_downloads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_media ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_relations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.product_tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.products ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.reference_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.refund_fee_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.refund_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.refund_shipping_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.refund_tax_lines ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.refunds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.reviews ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.settings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.shipping_classes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.tax_rates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.terms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.variation_attributes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.variation_downloads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE core.variations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mapping.definitions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mapping.switches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mapping.versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.daily_tallies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.erasures ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.inbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.snapshots ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.tallies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.tally_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE mirror.versions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.certificates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.cursors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.dead_letters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.progress ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE runs.schedules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE security.vault_checks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.count_changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.counts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.rules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.selections ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE staging.taken ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.answers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.invitations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.organisations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.passwords ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.refresh_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.refusals ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE tenancy.web_sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY finding ON connections.authorisations FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON connections.authorisations FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON connections.connections FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON connections.connections FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON connections.webhooks FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON connections.webhooks FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.attributes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.awaited FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.brands FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.categories FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.changes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.coupon_brands FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.coupon_categories FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.coupon_products FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.coupons FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.customer_addresses FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.customer_figures FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.customers FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.edits FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.inventory_levels FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.links FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.locations FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_addresses FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_coupon_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_fee_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_notes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_refunds FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_shipping_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.order_tax_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.orders FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_attributes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_brands FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_categories FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_downloads FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_media FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_relations FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.product_tags FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.products FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.reference_records FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.refund_fee_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.refund_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.refund_shipping_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.refund_tax_lines FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.refunds FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.reviews FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.settings FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.shipping_classes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.tags FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.tax_rates FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.terms FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.variation_attributes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.variation_downloads FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON core.variations FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mapping.definitions FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mapping.switches FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mapping.versions FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mirror.daily_tallies FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mirror.erasures FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON mirror.inbox FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON mirror.inbox FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON mirror.snapshots FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON mirror.snapshots FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mirror.tallies FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mirror.tally_changes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON mirror.versions FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON runs.certificates FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON runs.cursors FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON runs.cursors FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON runs.dead_letters FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON runs.dead_letters FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON runs.progress FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON runs.runs FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON runs.runs FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON runs.schedules FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON runs.schedules FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON security.vault_checks FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON staging.count_changes FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON staging.counts FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON staging.marks FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON staging.marks FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON staging.records FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON staging.records FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON staging.rules FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON staging.rules FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON staging.selections FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON staging.taken FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON tenancy.answers FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.api_keys FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON tenancy.api_keys FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON tenancy.audit FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.invitations FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_organisation ON tenancy.invitations FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.memberships FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_memberships ON tenancy.memberships FOR SELECT TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE POLICY own_organisation ON tenancy.memberships FOR ALL TO PUBLIC USING ((organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.organisations FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY organisations_of_members ON tenancy.organisations FOR SELECT TO PUBLIC USING ((EXISTS ( SELECT
   FROM tenancy.memberships m
  WHERE ((m.organisation_id = organisations.id) AND (m.user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid)))));

CREATE POLICY own_organisation ON tenancy.organisations FOR ALL TO PUBLIC USING ((id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid));

CREATE POLICY own_user ON tenancy.passwords FOR ALL TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.refresh_tokens FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_user ON tenancy.refresh_tokens FOR ALL TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.refusals FOR ALL TO storetwin_owner USING (true);

CREATE POLICY finding ON tenancy.sessions FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_user ON tenancy.sessions FOR ALL TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE POLICY fellow_members ON tenancy.users FOR SELECT TO PUBLIC USING ((EXISTS ( SELECT
   FROM tenancy.memberships m
  WHERE ((m.user_id = users.user_id) AND (m.organisation_id = (NULLIF(current_setting('app.organisation_id'::text, true), ''::text))::uuid)))));

CREATE POLICY finding ON tenancy.users FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_user ON tenancy.users FOR ALL TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE POLICY finding ON tenancy.web_sessions FOR SELECT TO storetwin_owner USING (true);

CREATE POLICY own_user ON tenancy.web_sessions FOR ALL TO PUBLIC USING ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));

CREATE VIEW core.category_tree (
    organisation_id uuid,
    category_id uuid,
    name text,
    slug text,
    level integer,
    path uuid[],
    names text[]
) WITH (security_invoker=true);

CREATE VIEW core.customer_directory (
    organisation_id uuid,
    customer_id uuid,
    email text,
    first_name text,
    last_name text,
    is_guest boolean,
    registered_at timestamp with time zone,
    company text,
    phone text,
    street text,
    street_2 text,
    postcode text,
    city text,
    state text,
    country text,
    shipping_street text,
    shipping_street_2 text,
    shipping_postcode text,
    shipping_city text,
    shipping_state text,
    shipping_country text
) WITH (security_invoker=true);

CREATE VIEW core.order_items (
    organisation_id uuid,
    connection_id uuid,
    order_id uuid,
    line text,
    number text,
    status text,
    placed_at timestamp with time zone,
    currency text,
    customer_id uuid,
    product_id uuid,
    variation_id uuid,
    sku text,
    name text,
    product_name text,
    variation_name text,
    quantity numeric,
    price numeric,
    subtotal numeric,
    total numeric,
    total_tax numeric
) WITH (security_invoker=true);

CREATE VIEW core.product_sales (
    organisation_id uuid,
    product_id uuid,
    name text,
    sku text,
    currency text,
    status text,
    orders bigint,
    pieces numeric,
    total numeric,
    last_sold_at timestamp with time zone
) WITH (security_invoker=true);

CREATE VIEW core.sales_by_day (
    organisation_id uuid,
    connection_id uuid,
    day date,
    currency text,
    status text,
    orders bigint,
    pieces numeric,
    subtotal numeric,
    discounts numeric,
    shipping numeric,
    fees numeric,
    taxes numeric,
    total numeric,
    refunded numeric,
    net numeric
) WITH (security_invoker=true);

CREATE VIEW mirror.documents (
    organisation_id uuid,
    connection_id uuid,
    resource text,
    remote_id text,
    remote_number bigint,
    parent_id text,
    state text,
    version integer,
    modified_at timestamp with time zone,
    created_at timestamp with time zone,
    read_at timestamp with time zone,
    status text,
    email_lower text,
    document json,
    number text,
    name text,
    sku text,
    currency text,
    total_minor bigint,
    refunded_minor bigint,
    items integer
) WITH (security_invoker=true);

CREATE OR REPLACE FUNCTION connections.find_authorisation(wanted bytea)
 RETURNS TABLE(organisation_id uuid, authorisation_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT a.organisation_id, a.authorisation_id FROM connections.authorisations a WHERE a.state_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION connections.find_webhook(wanted bytea)
 RETURNS TABLE(organisation_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT w.organisation_id, w.connection_id FROM connections.webhooks w WHERE w.token_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION core.analyze_grown(names text[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET default_statistics_target TO '30'
AS $function$
DECLARE
    grown record;
BEGIN
    FOR grown IN
        SELECT c.relname AS name,
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                WHERE a.attrelid = c.oid
                  AND a.attnum IN (SELECT unnest(i.indkey) FROM pg_index i WHERE i.indrelid = c.oid)) AS columns
        FROM pg_class c
        WHERE c.relnamespace = 'core'::regnamespace AND c.relkind = 'r' AND c.relname = ANY(names)
          AND pg_relation_size(c.oid) >= 65536 AND pg_relation_size(c.oid) / 8192 >= 4 * greatest(c.relpages, 1)
        ORDER BY c.relname LOOP
        BEGIN
            EXECUTE format('LOCK TABLE core.%I IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', grown.name);
            EXECUTE format('ANALYZE core.%I (%s)', grown.name, grown.columns);
        EXCEPTION WHEN lock_not_available THEN NULL;
        END;
    END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION core.blank_change(wanted bigint, put json)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    UPDATE core.changes SET fields = put
    WHERE organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid AND change = wanted
$function$;

CREATE OR REPLACE FUNCTION core.lookup_key(given text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE WHEN length(btrim(given)) <= 200 THEN nullif(lower(btrim(given) COLLATE "C"), '')
                ELSE lower(left(btrim(given), 160) COLLATE "C") || md5(lower(btrim(given) COLLATE "C")) END
$function$;

CREATE OR REPLACE FUNCTION mirror.analyze_snapshots()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    ANALYZE mirror.snapshots;
    ANALYZE staging.records;
END $function$;

CREATE OR REPLACE FUNCTION mirror.fold_tallies(own_organisation uuid, own_connection uuid, most bigint, given mirror.tally_changes[] DEFAULT '{}'::mirror.tally_changes[])
 RETURNS bigint
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
DECLARE
    folded bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('storetwin/tallies/' || own_connection, 0)) THEN
        RETURN NULL;
    END IF;
    WITH taken AS (
        DELETE FROM mirror.tally_changes
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND change = ANY(ARRAY(
            SELECT change FROM mirror.tally_changes
            WHERE organisation_id = own_organisation AND connection_id = own_connection ORDER BY change LIMIT most))
        RETURNING *),
    added AS MATERIALIZED (
        SELECT organisation_id, connection_id, resource, day, status, currency, sum(records) AS records,
               sum(total_minor) AS total_minor, sum(refunded_minor) AS refunded_minor
        FROM (TABLE taken UNION ALL SELECT * FROM unnest(given) WHERE (SELECT count(*) FROM taken) < most) AS c
        GROUP BY 1, 2, 3, 4, 5, 6),
    whole AS (
        INSERT INTO mirror.tallies AS t
        SELECT organisation_id, connection_id, resource, status, currency, sum(records), sum(total_minor), sum(refunded_minor)
        FROM added GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (organisation_id, connection_id, resource, status, currency) DO UPDATE
        SET records = t.records + EXCLUDED.records, total_minor = t.total_minor + EXCLUDED.total_minor,
            refunded_minor = t.refunded_minor + EXCLUDED.refunded_minor),
    daily AS (
        INSERT INTO mirror.daily_tallies AS t
        SELECT organisation_id, connection_id, resource, day, status, currency, records, total_minor, refunded_minor
        FROM added
        ON CONFLICT (organisation_id, connection_id, resource, day, status, currency) DO UPDATE
        SET records = t.records + EXCLUDED.records, total_minor = t.total_minor + EXCLUDED.total_minor,
            refunded_minor = t.refunded_minor + EXCLUDED.refunded_minor)
    SELECT count(*) INTO folded FROM taken;
    IF folded = most AND cardinality(given) > 0 THEN
        PERFORM mirror.note_tallies(given);
    END IF;
    IF folded > 0 OR EXISTS (SELECT FROM unnest(given) AS g WHERE g.records < 0) THEN
        DELETE FROM mirror.daily_tallies WHERE connection_id = own_connection AND records = 0;
        DELETE FROM mirror.tallies
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND records = 0;
    END IF;
    RETURN folded;
END $function$;

CREATE OR REPLACE FUNCTION mirror.forget_tallies()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    DELETE FROM mirror.tally_changes WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM mirror.tallies WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM mirror.daily_tallies WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mirror.note_tallies(given mirror.tally_changes[])
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog'
AS $function$
    INSERT INTO mirror.tally_changes (organisation_id, connection_id, resource, day, status, currency, records,
                                      total_minor, refunded_minor)
    SELECT organisation_id, connection_id, resource, day, status, currency, records, total_minor, refunded_minor
    FROM unnest(given)
$function$;

CREATE OR REPLACE FUNCTION mirror.search_board(wanted_resource text, wanted_connections uuid[], wanted_statuses text[], since timestamp with time zone, until timestamp with time zone, wanted_text text, pieces text[], most_looked_at integer, most integer)
 RETURNS TABLE(connection_id uuid, remote_id text, looked_at bigint)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
BEGIN
    RETURN QUERY
        WITH found AS MATERIALIZED (
            SELECT s.connection_id, s.remote_id, s.resource, s.status, s.state, s.created_at
            FROM mirror.snapshots s
            WHERE s.search_text LIKE pieces[1] AND s.search_text LIKE pieces[2] AND s.search_text LIKE pieces[3]
              AND strpos(s.search_text, wanted_text) > 0
              AND s.organisation_id IS NOT DISTINCT FROM own  -- as =, but by no index: the one of texts is to be asked
            LIMIT most_looked_at)
        SELECT n.connection_id, n.remote_id, c.looked_at
        FROM (SELECT count(*) AS looked_at FROM found) AS c
        LEFT JOIN (
            SELECT f.connection_id, f.remote_id FROM found f
            WHERE f.resource = wanted_resource AND f.state <> 'gone'
              AND f.connection_id = ANY(wanted_connections) AND COALESCE(f.status, '') = ANY(wanted_statuses)
              AND (since IS NULL OR f.created_at >= since) AND (until IS NULL OR f.created_at < until)
            ORDER BY f.created_at DESC NULLS LAST, f.remote_id DESC LIMIT most) AS n ON true;
END $function$;

CREATE OR REPLACE FUNCTION mirror.search_snapshots(wanted_connection uuid, wanted_resource text, wanted_text text, after_id text, most integer)
 RETURNS SETOF text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET plan_cache_mode TO 'force_custom_plan'
AS $function$
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
    pattern text := '%' || replace(replace(replace(wanted_text, '\', '\\'), '%', '\%'), '_', '\_') || '%';
    looked_at bigint;
    last_id text;
    found bigint;
BEGIN
    -- The planner may not look at the statistics of what a policy guards, and takes every text to be rare. One that is
    -- not is among the next records by id; the index would bring all of them first.
    SELECT count(*), max(n.remote_id) INTO looked_at, last_id FROM (
        SELECT s.remote_id FROM mirror.snapshots s
        WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
          AND s.remote_id > after_id COLLATE "C"
        ORDER BY s.remote_id LIMIT 1000) AS n;
    RETURN QUERY
        SELECT n.remote_id FROM (
            SELECT s.remote_id, s.search_text FROM mirror.snapshots s
            WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
              AND s.remote_id > after_id COLLATE "C" AND s.remote_id <= last_id COLLATE "C"
            ORDER BY s.remote_id LIMIT 1000) AS n
        WHERE n.search_text LIKE pattern ORDER BY n.remote_id LIMIT most;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found = most OR looked_at < 1000 THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT s.remote_id FROM mirror.snapshots s
        WHERE s.organisation_id = own AND s.connection_id = wanted_connection AND s.resource = wanted_resource
          AND s.search_text LIKE pattern AND s.remote_id > last_id COLLATE "C"
        ORDER BY s.remote_id LIMIT most - found;
END $function$;

CREATE OR REPLACE FUNCTION mirror.tally_snapshots()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
DECLARE
    changes mirror.tally_changes[];
    own_organisation uuid;
    own_connection uuid;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT organisation_id, connection_id, 0::bigint, resource,
                   COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day, COALESCE(status, '') AS status,
                   COALESCE(currency, '') AS currency, count(*), COALESCE(sum(total_minor), 0),
                   COALESCE(sum(refunded_minor), 0)
            FROM new_rows WHERE state <> 'gone' GROUP BY organisation_id, connection_id, resource, 5, 6, 7) AS c;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT organisation_id, connection_id, 0::bigint, resource, day, status, currency, sum(sign)::bigint,
                   COALESCE(sum(sign * total_minor), 0), COALESCE(sum(sign * refunded_minor), 0)
            FROM (
                SELECT 1 AS sign, organisation_id, connection_id, resource,
                       COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day,
                       COALESCE(status, '') AS status, COALESCE(currency, '') AS currency, total_minor, refunded_minor
                FROM new_rows WHERE state <> 'gone'
                UNION ALL
                SELECT -1, organisation_id, connection_id, resource,
                       COALESCE((created_at AT TIME ZONE 'UTC')::date, '-infinity'),
                       COALESCE(status, ''), COALESCE(currency, ''), total_minor, refunded_minor
                FROM old_rows WHERE state <> 'gone') AS rows
            GROUP BY organisation_id, connection_id, resource, day, status, currency
            HAVING sum(sign) <> 0 OR sum(sign * total_minor) <> 0 OR sum(sign * refunded_minor) <> 0) AS c;
    ELSE  -- of a connection that goes with its records, the tallies go as well
        SELECT array_agg(c::mirror.tally_changes) INTO changes FROM (
            SELECT r.organisation_id, r.connection_id, 0::bigint, r.resource,
                   COALESCE((r.created_at AT TIME ZONE 'UTC')::date, '-infinity') AS day, COALESCE(r.status, '') AS status,
                   COALESCE(r.currency, '') AS currency, -count(*), COALESCE(-sum(r.total_minor), 0),
                   COALESCE(-sum(r.refunded_minor), 0)
            FROM old_rows r
            WHERE r.state <> 'gone' AND EXISTS (SELECT FROM connections.connections c WHERE c.id = r.connection_id)
            GROUP BY r.organisation_id, r.connection_id, r.resource, 5, 6, 7) AS c;
    END IF;
    IF changes IS NULL THEN
        RETURN NULL;
    END IF;
    own_organisation := changes[1].organisation_id;
    own_connection := changes[1].connection_id;
    IF EXISTS (SELECT FROM unnest(changes) AS c WHERE c.connection_id <> own_connection)
       OR mirror.fold_tallies(own_organisation, own_connection, 1024, changes) IS NULL THEN
        PERFORM mirror.note_tallies(changes);
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION mirror.waiting_inboxes(moment timestamp with time zone)
 RETURNS TABLE(organisation_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT DISTINCT i.organisation_id, i.connection_id
    FROM mirror.inbox i JOIN connections.connections c ON c.id = i.connection_id AND c.state = 'active'
    WHERE i.state = 'waiting' AND i.next_attempt_at <= moment
$function$;

CREATE OR REPLACE FUNCTION runs.due_schedules(moment timestamp with time zone)
 RETURNS TABLE(organisation_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT DISTINCT s.organisation_id, s.connection_id
    FROM runs.schedules s JOIN connections.connections c ON c.id = s.connection_id AND c.state = 'active'
    WHERE NOT s.is_paused AND s.next_at <= moment
$function$;

CREATE OR REPLACE FUNCTION runs.every_connection()
 RETURNS TABLE(organisation_id uuid, connection_id uuid, is_active boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT c.organisation_id, c.id, c.state = 'active' FROM connections.connections c ORDER BY c.id
$function$;

CREATE OR REPLACE FUNCTION runs.figures()
 RETURNS TABLE(figure text, label text, other text, value double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT 'runs', r.kind, r.state, count(*)::float8 FROM runs.runs r GROUP BY 2, 3
    UNION ALL
    SELECT 'dead_letters', d.state, NULL, count(*)::float8 FROM runs.dead_letters d GROUP BY 2
    UNION ALL
    SELECT 'inbox', i.state, NULL, count(*)::float8 FROM mirror.inbox i GROUP BY 2
    UNION ALL
    SELECT 'connections', c.state, NULL, count(*)::float8 FROM connections.connections c GROUP BY 2
    UNION ALL
    SELECT 'age', k.connection_id::text, NULL,
           extract(epoch FROM clock_timestamp() - min(COALESCE(
               k.synced_at, CASE WHEN k.is_done THEN k.updated_at END, k.started_at)))
    FROM runs.cursors k GROUP BY 2
$function$;

CREATE OR REPLACE FUNCTION runs.scheduled_connections()
 RETURNS TABLE(organisation_id uuid, connection_id uuid, is_scheduled boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT c.organisation_id, c.id, EXISTS (SELECT FROM runs.schedules s WHERE s.connection_id = c.id)
    FROM connections.connections c
$function$;

CREATE OR REPLACE FUNCTION runs.waiting_runs(moment timestamp with time zone, believed interval)
 RETURNS TABLE(organisation_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT DISTINCT r.organisation_id, r.connection_id
    FROM runs.runs r JOIN connections.connections c ON c.id = r.connection_id AND c.state = 'active'
    WHERE r.state = 'queued' AND COALESCE(r.not_before, moment) <= moment
       OR r.state = 'running' AND r.asked_at IS NOT NULL AND r.heartbeat_at < moment - believed
$function$;

CREATE OR REPLACE FUNCTION security.organisations_with_secrets()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT c.organisation_id FROM connections.connections c
    UNION SELECT m.organisation_id FROM tenancy.memberships m
$function$;

CREATE OR REPLACE FUNCTION staging.column_key(connection_id uuid, resource text, name text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT pg_catalog.hashtextextended(connection_id::text || '/' || resource || '/' || name, 0)
$function$;

CREATE OR REPLACE FUNCTION staging.column_keys(connection_id uuid, resource text, names text[])
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT pg_catalog.array_agg(staging.column_key(connection_id, resource, n.name)) FROM unnest(names) AS n(name)
$function$;

CREATE OR REPLACE FUNCTION staging.count_records()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
DECLARE
    of_records CONSTANT integer := CASE TG_TABLE_NAME WHEN 'records' THEN 1 ELSE 0 END;
    latest bigint;
    added bigint;
    touched record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, count(*) * of_records, count(*) * (1 - of_records)
            FROM new_rows GROUP BY 1, 2, 3, 4, 5
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSIF TG_OP = 'UPDATE' THEN
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, sum(sign) * of_records, sum(sign) * (1 - of_records)
            FROM (
                SELECT 1 AS sign, organisation_id, connection_id, resource, state, status FROM new_rows
                UNION ALL
                SELECT -1, organisation_id, connection_id, resource, state, status FROM old_rows) AS rows
            GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign) <> 0
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    ELSE  -- of a connection that goes with its records, the counts go as well
        WITH noted AS (
            INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
            SELECT organisation_id, connection_id, resource, state, status, -count(*) * of_records, -count(*) * (1 - of_records)
            FROM old_rows r WHERE EXISTS (SELECT FROM connections.connections c WHERE c.id = r.connection_id)
            GROUP BY 1, 2, 3, 4, 5
            RETURNING change)
        SELECT max(change), count(*) INTO latest, added FROM noted;
    END IF;
    -- Of about every 512 changes the last folds: as many as gather in that time, and some more.
    IF added > 0 AND latest / 512 > (latest - added) / 512 THEN
        SELECT organisation_id, connection_id INTO touched FROM staging.count_changes WHERE change = latest;
        PERFORM staging.fold_counts(touched.organisation_id, touched.connection_id, 1024 + 2 * added);
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.due_connections(moment timestamp with time zone)
 RETURNS TABLE(organisation_id uuid, connection_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT c.organisation_id, c.id FROM connections.connections c
    WHERE EXISTS (SELECT FROM staging.records r WHERE r.connection_id = c.id AND r.state = 'stale')
       OR EXISTS (
            SELECT FROM staging.rules r
            WHERE r.organisation_id = c.organisation_id AND COALESCE(r.connection_id, c.id) = c.id AND r.is_active
              AND (r.next_at <= moment OR r.next_at IS NULL AND EXISTS (
                    SELECT FROM runs.runs n
                    WHERE n.organisation_id = c.organisation_id AND n.connection_id = c.id AND n.kind <> 'promote'
                      AND n.ended_at > COALESCE((SELECT m.followed_at FROM staging.marks m WHERE m.connection_id = c.id),
                                                '-infinity'))))
$function$;

CREATE OR REPLACE FUNCTION staging.find_by_column(wanted_resource text, wanted_connections uuid[], wanted_column text, most integer)
 RETURNS TABLE(connection_id uuid, remote_id text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET plan_cache_mode TO 'force_custom_plan'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
 SET enable_indexonlyscan TO 'off'
AS $function$  -- the array's own index alone
DECLARE
    own uuid := nullif(current_setting('app.organisation_id', true), '')::uuid;
BEGIN
    -- What an index could answer, but need not, stands where none can be asked: else the planner reads all keys of a
    -- connection, to lay them beside the few that were found.
    RETURN QUERY
        SELECT r.connection_id, r.remote_id FROM staging.records r
        WHERE r.column_keys && ARRAY(
                SELECT staging.column_key(c.id, wanted_resource, wanted_column) FROM unnest(wanted_connections) AS c(id))
          AND r.column_keys IS NOT NULL
          AND COALESCE(r.organisation_id = own AND r.resource = wanted_resource AND r.connection_id = ANY(wanted_connections)
                       AND r.changed_columns @> ARRAY[wanted_column], false)
        LIMIT most;
END $function$;

CREATE OR REPLACE FUNCTION staging.fold_counts(own_organisation uuid, own_connection uuid, most bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('storetwin/staging counts/' || own_connection, 0)) THEN
        RETURN;
    END IF;
    WITH gathered AS (
        DELETE FROM staging.count_changes
        WHERE organisation_id = own_organisation AND connection_id = own_connection AND change = ANY(ARRAY(
            SELECT change FROM staging.count_changes
            WHERE organisation_id = own_organisation AND connection_id = own_connection ORDER BY change LIMIT most))
        RETURNING *)
    INSERT INTO staging.counts AS c (organisation_id, connection_id, resource, state, status, records, selected)
    SELECT organisation_id, connection_id, resource, state, status, sum(records), sum(selected)
    FROM gathered GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (organisation_id, connection_id, resource, state, status) DO UPDATE
    SET records = c.records + EXCLUDED.records, selected = c.selected + EXCLUDED.selected;
    DELETE FROM staging.counts
    WHERE organisation_id = own_organisation AND connection_id = own_connection AND records = 0 AND selected = 0;
END $function$;

CREATE OR REPLACE FUNCTION staging.follow_dropped()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM old_rows));
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM old_rows) AS o
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = o.organisation_id AND s.connection_id = o.connection_id AND s.resource = o.resource
            LIMIT 1) AS s) THEN
        DELETE FROM staging.selections s USING old_rows o
        WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
            = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.follow_records()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM new_rows));
    IF NOT EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM new_rows) AS n
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = n.organisation_id AND s.connection_id = n.connection_id AND s.resource = n.resource
            LIMIT 1) AS s) THEN
        RETURN NULL;
    END IF;
    DELETE FROM staging.selections s USING new_rows n
    WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND (n.state NOT IN ('new', 'updated', 'deleted', 'waiting', 'stale')
           OR n.is_gone <> s.is_gone);
    UPDATE staging.selections s SET state = n.state, status = n.status, modified_at = n.modified_at
    FROM new_rows n
    WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND (s.state, s.status, s.modified_at) <> (n.state, n.status, n.modified_at);
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.forget_connection()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    PERFORM staging.keep_out(ARRAY[OLD.id]);
    DELETE FROM staging.taken WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.selections WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.records WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    DELETE FROM staging.count_changes WHERE organisation_id = OLD.organisation_id AND connection_id = OLD.id;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.keep_out(connection_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('storetwin/staging choices/' || c.id, 0))
    FROM (SELECT DISTINCT id FROM unnest(connection_ids) AS id ORDER BY id) AS c;
END $function$;

CREATE OR REPLACE FUNCTION staging.key_of(resource text, sku text, email text, number_key text, remote_id text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT COALESCE(lower(left(sku, 60) COLLATE pg_catalog."default"),
                    CASE resource WHEN 'customers' THEN left(email, 60) END, number_key, left(remote_id, 60))
$function$;

CREATE OR REPLACE FUNCTION staging.name_key_of(resource text, name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
    SELECT CASE WHEN resource NOT IN ('orders', 'refunds', 'order_notes')
           THEN COALESCE(lower(left(name, 60) COLLATE pg_catalog."default"), '') END
$function$;

CREATE OR REPLACE FUNCTION staging.shut_out(connection_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('storetwin/staging choices/' || c.id, 0))
    FROM (SELECT DISTINCT id FROM unnest(connection_ids) AS id ORDER BY id) AS c;
END $function$;

CREATE OR REPLACE FUNCTION staging.stage_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
BEGIN
    UPDATE staging.records r
    SET state = CASE WHEN r.state = 'ignored' OR r.is_gone AND c.is_gone THEN r.state
                     WHEN c.is_gone AND r.core_id IS NOT NULL THEN 'deleted'
                     WHEN r.core_id IS NOT NULL THEN 'stale'
                     ELSE 'new' END,
        is_gone = c.is_gone, version = c.version, modified_at = c.modified_at, status = c.status, name_key = c.name_key,
        key = c.key, change_count = 0, changed_columns = NULL, changed_fields = NULL,
        why = CASE WHEN r.state = 'ignored' THEN r.why END, candidates = NULL
    FROM (
        SELECT n.organisation_id, n.connection_id, n.resource, n.remote_id, n.version, n.state = 'gone' AS is_gone,
               COALESCE(n.modified_at, n.created_at, n.changed_at) AS modified_at, COALESCE(n.status, '') AS status,
               staging.name_key_of(n.resource, n.name) AS name_key,
               staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id) AS key
        FROM new_rows n ORDER BY n.connection_id, n.resource, n.remote_id) AS c
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (c.organisation_id, c.connection_id, c.resource, c.remote_id)
      AND (r.version <> c.version OR r.is_gone <> c.is_gone);
    DELETE FROM staging.records r USING new_rows n
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (n.organisation_id, n.connection_id, n.resource, n.remote_id)
      AND n.state = 'gone' AND r.core_id IS NULL AND r.state <> 'ignored';
    -- What comes back after its row had gone: it was never promoted.
    INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status,
                                 name_key, key)
    SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
           n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
           staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
    FROM new_rows n
    WHERE n.state <> 'gone' AND NOT EXISTS (
        SELECT FROM staging.records r
        WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
            = (n.organisation_id, n.connection_id, n.resource, n.remote_id))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.stage_forgotten()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
BEGIN
    PERFORM staging.keep_out(ARRAY(SELECT DISTINCT connection_id FROM old_rows));
    DELETE FROM staging.records r USING old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id)
      AND r.core_id IS NULL AND r.state <> 'ignored';
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM old_rows) AS o
        CROSS JOIN LATERAL (
            SELECT FROM staging.selections s
            WHERE s.organisation_id = o.organisation_id AND s.connection_id = o.connection_id AND s.resource = o.resource
            LIMIT 1) AS s) THEN
        DELETE FROM staging.selections s USING old_rows o
        WHERE (s.organisation_id, s.connection_id, s.resource, s.remote_id)
            = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    END IF;
    -- What it was called is forgotten as well: it may have been somebody's name.
    UPDATE staging.records r
    SET state = CASE WHEN r.state IN ('ignored', 'gone') THEN r.state ELSE 'waiting' END,
        why = CASE WHEN r.state IN ('ignored', 'gone') THEN r.why ELSE 'The twin has no copy of it: pull again.' END,
        name_key = CASE WHEN r.name_key IS NOT NULL THEN '' END, key = left(r.remote_id, 60),
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL
    FROM old_rows o
    WHERE (r.organisation_id, r.connection_id, r.resource, r.remote_id)
        = (o.organisation_id, o.connection_id, o.resource, o.remote_id);
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION staging.stage_new()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
BEGIN
    -- A row is there before its snapshot only where the twin forgot records: it waits, or is as it was.
    IF NOT EXISTS (
        SELECT FROM (SELECT DISTINCT organisation_id, connection_id, resource FROM new_rows) AS n
        CROSS JOIN LATERAL (
            SELECT FROM staging.records r
            WHERE r.organisation_id = n.organisation_id AND r.connection_id = n.connection_id AND r.resource = n.resource
              AND r.state IN ('ignored', 'waiting', 'gone')
            LIMIT 1) AS r) THEN
        INSERT INTO staging.records (organisation_id, connection_id, modified_at, version, resource, remote_id, state, status,
                                     name_key, key)
        SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
               n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
               staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
        FROM new_rows n WHERE n.state <> 'gone';
        RETURN NULL;
    END IF;
    INSERT INTO staging.records AS r (organisation_id, connection_id, modified_at, version, resource, remote_id, state,
                                      status, name_key, key)
    SELECT n.organisation_id, n.connection_id, COALESCE(n.modified_at, n.created_at, n.changed_at), n.version, n.resource,
           n.remote_id, 'new', COALESCE(n.status, ''), staging.name_key_of(n.resource, n.name),
           staging.key_of(n.resource, n.sku, n.email_lower, n.number_key, n.remote_id)
    FROM new_rows n WHERE n.state <> 'gone'
    ON CONFLICT (organisation_id, connection_id, resource, remote_id) DO UPDATE  -- linked or ignored, and read anew
    SET state = CASE WHEN r.state = 'ignored' THEN 'ignored' WHEN r.core_id IS NULL THEN 'new' ELSE 'stale' END,
        is_gone = false, version = EXCLUDED.version,
        modified_at = EXCLUDED.modified_at, status = EXCLUDED.status, name_key = EXCLUDED.name_key, key = EXCLUDED.key,
        change_count = 0, changed_columns = NULL, changed_fields = NULL, candidates = NULL,
        why = CASE WHEN r.state = 'ignored' THEN r.why END;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenancy.count_refusals(wanted bytea[], counts integer[], at timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    UPDATE tenancy.refusals r SET failures = given.failures, last_at = at
    FROM unnest(wanted, counts) AS given (who, failures) WHERE r.who = given.who
$function$;

CREATE OR REPLACE FUNCTION tenancy.drop_refusals(before timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    DELETE FROM tenancy.refusals r WHERE r.who IN (
        SELECT o.who FROM tenancy.refusals o WHERE o.last_at < before
        ORDER BY o.last_at LIMIT 20 FOR UPDATE SKIP LOCKED)
$function$;

CREATE OR REPLACE FUNCTION tenancy.find_api_key(wanted bytea)
 RETURNS TABLE(organisation_id uuid, api_key_id uuid, user_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT k.organisation_id, k.api_key_id, k.user_id FROM tenancy.api_keys k WHERE k.key_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION tenancy.find_invitation(wanted bytea)
 RETURNS TABLE(organisation_id uuid, invitation_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT i.organisation_id, i.invitation_id FROM tenancy.invitations i WHERE i.token_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION tenancy.find_refresh_token(wanted bytea)
 RETURNS TABLE(user_id uuid, session_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT r.user_id, r.session_id FROM tenancy.refresh_tokens r WHERE r.token_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION tenancy.find_user(wanted text)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT u.user_id FROM tenancy.users u WHERE u.email_lower = wanted
$function$;

CREATE OR REPLACE FUNCTION tenancy.find_web_session(wanted bytea)
 RETURNS TABLE(user_id uuid, session_id uuid, organisation_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT w.user_id, w.session_id, s.organisation_id
    FROM tenancy.web_sessions w JOIN tenancy.sessions s ON s.session_id = w.session_id
    WHERE w.token_hash = wanted
$function$;

CREATE OR REPLACE FUNCTION tenancy.has_users()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT EXISTS (SELECT FROM tenancy.users)
$function$;

CREATE OR REPLACE FUNCTION tenancy.hold_refusals(wanted bytea[], at timestamp with time zone)
 RETURNS TABLE(who bytea, failures integer, last_at timestamp with time zone)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    INSERT INTO tenancy.refusals AS r (who, failures, last_at)
    SELECT w, 0, at FROM unnest(wanted) AS w ORDER BY w
    ON CONFLICT (who) DO UPDATE SET failures = r.failures
    RETURNING r.who, r.failures, r.last_at
$function$;

CREATE OR REPLACE FUNCTION tenancy.organisation_ids()
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
    SELECT o.id FROM tenancy.organisations o ORDER BY o.id
$function$;

CREATE TRIGGER forget_staging AFTER DELETE ON connections.connections FOR EACH ROW EXECUTE FUNCTION staging.forget_connection();

CREATE TRIGGER forget_tallies AFTER DELETE ON connections.connections FOR EACH ROW EXECUTE FUNCTION mirror.forget_tallies();

CREATE TRIGGER stage_changed AFTER UPDATE ON mirror.snapshots REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_changed();

CREATE TRIGGER stage_forgotten AFTER DELETE ON mirror.snapshots REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_forgotten();

CREATE TRIGGER stage_new AFTER INSERT ON mirror.snapshots REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.stage_new();

CREATE TRIGGER tally_changed AFTER UPDATE ON mirror.snapshots REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();

CREATE TRIGGER tally_deleted AFTER DELETE ON mirror.snapshots REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();

CREATE TRIGGER tally_new AFTER INSERT ON mirror.snapshots REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mirror.tally_snapshots();

CREATE TRIGGER count_changed AFTER UPDATE ON staging.records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

CREATE TRIGGER count_deleted AFTER DELETE ON staging.records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

CREATE TRIGGER count_new AFTER INSERT ON staging.records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

CREATE TRIGGER follow_changed AFTER UPDATE ON staging.records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.follow_records();

CREATE TRIGGER follow_dropped AFTER DELETE ON staging.records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.follow_dropped();

CREATE TRIGGER count_changed AFTER UPDATE ON staging.selections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

CREATE TRIGGER count_deleted AFTER DELETE ON staging.selections REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

CREATE TRIGGER count_new AFTER INSERT ON staging.selections REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION staging.count_records();

GRANT DELETE, INSERT, SELECT, UPDATE ON connections.authorisations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON connections.connections TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON connections.webhooks TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.attributes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.awaited TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.brands TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.categories TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.category_tree TO storetwin_app;

GRANT INSERT, SELECT ON core.changes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.coupon_brands TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.coupon_categories TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.coupon_products TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.coupons TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.customer_addresses TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.customer_directory TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.customer_figures TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.customers TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.edits TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.inventory_levels TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.links TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.locations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_addresses TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_coupon_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_fee_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_items TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_notes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_refunds TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_shipping_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.order_tax_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.orders TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_attributes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_brands TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_categories TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_downloads TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_media TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_relations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_sales TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.product_tags TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.products TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.reference_records TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.refund_fee_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.refund_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.refund_shipping_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.refund_tax_lines TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.refunds TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.reviews TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.sales_by_day TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.settings TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.shipping_classes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.tags TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.tax_rates TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.terms TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.variation_attributes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.variation_downloads TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON core.variations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mapping.definitions TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mapping.switches TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mapping.versions TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.daily_tallies TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.documents TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.erasures TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.inbox TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.snapshots TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.tallies TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.tally_changes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON mirror.versions TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.certificates TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.cursors TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.dead_letters TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.progress TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.runs TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON runs.schedules TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON security.vault_checks TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.count_changes TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.counts TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.marks TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.records TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.rules TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.selections TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON staging.taken TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.answers TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.api_keys TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.audit TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.invitations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.memberships TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.organisations TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.passwords TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.refresh_tokens TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.refusals TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.sessions TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.users TO storetwin_app;

GRANT DELETE, INSERT, SELECT, UPDATE ON tenancy.web_sessions TO storetwin_app;
