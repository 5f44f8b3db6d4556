"""How a store is set up: taxes, shipping zones, gateways, settings, webhooks, what it runs on.

The parameters of the lists and what each route takes were measured on WooCommerce 10.5
(docs/explanation/how-a-store-behaves.md). All but taxes and webhooks ignore paging.
"""

from __future__ import annotations

from storetwin.resources.declaration import Lists, Resource
from storetwin.resources.secrets import Secrets, is_secret_of_gateway, is_secret_setting

TAX_CLASSES = Resource(
    name="tax_classes",
    path="taxes/classes",
    single=None,
    key="slug",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("name",),
)
TAXES = Resource(
    name="taxes", path="taxes", single="taxes/{id}", can_include=False, search=("name",)
)
ZONES = Resource(
    name="zones",
    path="shipping/zones",
    single="shipping/zones/{id}",
    is_paged=False,
    can_include=False,
    search=("name",),
)
ZONE_LOCATIONS = Resource(
    name="zone_locations",
    path="shipping/zones/{parent}/locations",
    parent="zones",
    single=None,
    key="{parent}/{type}:{code}",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("code",),
)
ZONE_METHODS = Resource(  # instance ids count on through all zones
    name="zone_methods",
    path="shipping/zones/{parent}/methods",
    parent="zones",
    single="shipping/zones/{parent}/methods/{id}",
    key="instance_id",
    is_paged=False,
    can_include=False,
    secrets=Secrets(settings="settings", judge=is_secret_setting),
    search=("title", "method_id"),
)
PAYMENT_GATEWAYS = Resource(
    name="payment_gateways",
    path="payment_gateways",
    single="payment_gateways/{id}",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    secrets=Secrets(settings="settings", judge=is_secret_of_gateway),
    search=("title", "method_title"),
)
SETTING_GROUPS = Resource(
    name="setting_groups",
    path="settings",
    single=None,
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("label",),
)
SETTINGS = Resource(
    name="settings",
    path="settings/{parent}",
    parent="setting_groups",
    single="settings/{parent}/{id}",
    key="{parent}/{id}",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    secrets=Secrets(settings="", judge=is_secret_setting),
    search=("label",),
)
WEBHOOKS = Resource(  # their secrets are never shown; offset is declared and ignored
    name="webhooks",
    path="webhooks",
    single="webhooks/{id}",
    has_offset=False,
    lists=Lists(fixed=({"status": "all"},)),
    secrets=Secrets(members=("delivery_url",)),  # whoever knows an address may deliver there
    search=("name", "topic"),
)
SYSTEM_STATUS = Resource(
    name="system_status",
    path="system_status",
    single="system_status",
    has_numeric_key=False,
    is_paged=False,
    is_document=True,
    can_include=False,
    volatile=(
        "_links",
        "environment.remote_post_successful",
        "environment.remote_post_response",
        "environment.remote_get_successful",
        "environment.remote_get_response",
        "database.database_tables",  # sizes: they follow what is written elsewhere
        "database.database_size",
        "post_type_counts",
        "logging.log_directory_size",
    ),
)
COUNTRIES = Resource(
    name="countries",
    path="data/countries",
    single="data/countries/{id}",
    key="code",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("name",),
)
CURRENCIES = Resource(
    name="currencies",
    path="data/currencies",
    single="data/currencies/{id}",
    key="code",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("name",),
)
CONTINENTS = Resource(
    name="continents",
    path="data/continents",
    single="data/continents/{id}",
    key="code",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    search=("name",),
)
