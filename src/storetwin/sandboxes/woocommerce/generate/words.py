"""What the generated records are made of: names, places, and the oddities real stores hold."""

from __future__ import annotations

WORDS = (
    "alpha", "bravo", "copper", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "jasper",
    "kelp", "lumen", "maple", "nimbus", "opal", "prairie", "quartz", "raven", "saffron", "timber",
    "umber", "velvet", "willow", "xenon", "yarrow", "zephyr",
)  # fmt: skip
FIRST_NAMES = (
    "Zoë", "John", "Anna", "François", "Łukasz", "Мария", "Mary-Jane", "Dvořák", "Søren", "李",
    "Aisha", "O'Neil", "José", "Ingrid", "Noah", "Emma",
)  # fmt: skip
LAST_NAMES = (
    "O'Connor", "García", "Nowak", "Müller", "الأحمد", "Åkesson", "田中", "Θεοδώρου", "Smith",
    "de la Cruz", "Johnson", "Łoś", "Novák", "Chen", "Brown", "Öztürk",
)  # fmt: skip
CITIES = ("New York", "Los Angeles", "Chicago", "São Paulo", "東京", "Zürich", "Seattle", "Austin")
COUNTRIES = ("US", "US", "US", "US", "DE", "FR", "JP", "BR", "GB")
STATES = ("NY", "CA", "TX", "WA", "IL")
POSTCODES = ("10001", "94105", "SW1A 1AA", "75001", "60601", "98101")
COMPANIES = ("", "", "", "", 'ACME "Tools" & Co.', "Ünïcode GmbH", "Nimbus <Labs>")

PAYMENTS = (
    ("stripe", "Credit Card (Stripe)"),
    ("bacs", "Direct bank transfer"),
    ("cod", "Cash on delivery"),
    ("ppcp-gateway", "PayPal"),
    ("", ""),
)
SHIPPING = (
    ("flat_rate", "Flat rate"),
    ("local_pickup", "Local pickup"),
    ("free_shipping", "Free shipping"),
)
CREATED_VIA = ("checkout", "checkout", "checkout", "rest-api", "admin", "store-api")
CUSTOMER_NOTES = (
    "Please leave it at the door.",
    'Türklingel "defekt" – bitte <b>anrufen</b>!\nDanke 🙏',
    "ASAP / vite s.v.p.",
)
REFUND_REASONS = ("Damaged & broken", "Kunde unzufrieden", "", "Wrong size", "Returned / late 📦")

# Meta that real stores hold, as (key, JSON of the value): every shape of the recordings.
ODD_META: tuple[tuple[str, str], ...] = (
    ("_odd_u2028", r'"a\u2028b\u2029c\ufeffd\u200be"'),
    ("_odd_nested", '{"a":1,"b":{"c":[1,2,3],"d":null,"e":true}}'),
    ("_odd_backslash", r'"C:\\path\\new \"q\" \\u0041"'),
    ("_odd_sparse", '{"0":"a","2":"b","5":"c"}'),
    ("_odd_list", '["x","y","z"]'),
    ("_odd_bigint", '"9223372036854775807"'),
    ("_odd_numeric_key_map", '{"10":"ten","20":"twenty"}'),
    (r"odd key with spaces & \u00fcn\u00efcode", '"value"'),
    ("_odd_empty_array", "[]"),
    ("_odd_object", '{"a":1,"b":{}}'),
    ("_odd_float_str", '"1.10"'),
    ("_odd_emoji", r'"Gr\u00fc\u00dfe \ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \u2014"'),
    ("_odd_ws", r'"  lead\ttab\nnewline\r\ntrail  "'),
    ("_odd_json", r'"{\"a\":[1,2,{\"b\":\"c\"}],\"u\":\"\\u00e9\"}"'),
    ("_odd_bigint2", '"18446744073709551616"'),
    ("_odd_numbers", '{"big":9223372036854775807,"f":0.30000000000000004,"tiny":1.0e-17}'),
    (r"k\u0000x", r'"a\u0000b"'),
    ("_odd_gone_class", '{"__PHP_Incomplete_Class_Name":"RsPriv","c":"x"}'),
    ("_odd_false", '""'),
    ("_odd_html", r'"<div class=\"x\" onclick=\"a(\u0027b\u0027)\">&amp; &lt;tag&gt; <\/div>"'),
)
