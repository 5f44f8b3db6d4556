"""What the recordings do not say of themselves: whose keys, which fault, what is not compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storetwin.testing.conformance import Difference

# Files beside the exchanges that are not compared, with the reason.
NOT_COMPARED: Mapping[str, str] = {
    "webhook_deliveries": "what a store sends by itself: test_webhooks compares it",
}

# Recordings made with other keys than those that may read and write.
KEYS: Mapping[str, str] = {
    "error_bad_secret": "wrong secret",
    "error_basic_over_http": "read_write",
    "error_readonly_key_write": "read_only",
    "error_unauth": "none",
    "error_writeonly_key_read": "write_only",
}
PLAIN = frozenset({"error_basic_over_http"})

# Recordings of a store that was broken on purpose → the sandbox's fault that breaks it so.
# {4122} stands for the record that was found for the recorded one.
FAULTS: Mapping[str, str | None] = {
    "fault_big_notice_before_json": "big-notice",
    "fault_bom_before_json": "bom",
    "fault_die_order_page": "poison:ids={4122},how=die",
    "fault_empty_200": "empty:every=1",
    "fault_exit_order_page": "poison:ids={4122},how=exit",
    "fault_fatal_order_accept_json": "poison:ids={?include}",
    "fault_fatal_order_page": "poison:ids={4122}",
    "fault_html_after_json": "comment",
    "fault_maintenance": "maintenance",
    "fault_notice_before_json": "notice",
    "fault_oom_order_page": "poison:ids={4122}",
    "fault_perpage_fatal": "poison:ids={4122}",
    "fault_sleep_ms": "latency:ms=20",
    "fault_strip_total_headers": "no-totals",
    "fault_truncate_json": "truncate:every=1",
    "fault_typeerror_order_page": "poison:ids={4122}",
    "fault_waf_200": "waf:status=200",
    "fault_waf_403": "waf",
    "fault_wperror_order_page": None,  # a filter that returned a WP_Error: nobody noticed
}

# The recording of a page with a spoiled order, which has a test of its own.
SPOILED = "page_with_INF_meta_all_meta_empty"

# Recordings of a store that a program asked which accepts JSON only.
ACCEPT_JSON = frozenset({"fault_fatal_order_accept_json"})


@dataclass(frozen=True)
class Allowance:
    """A difference that a real store may show; the sandbox may show none.

    Args:
        recordings: pattern of the recordings' names.
        where: pattern of :attr:`Difference.where`.
        reason: why it is no fault of the store.
    """

    recordings: str
    where: str
    reason: str

    def covers(self, recording: str, difference: Difference) -> bool:
        return bool(
            re.fullmatch(self.recordings, recording) and re.fullmatch(self.where, difference.where)
        )


# A difference of a real store that is not here is a trap that the recordings do not know, or a
# reason to widen the comparison: look before you add.
ALLOWANCES = (
    Allowance("list_webhooks_.*", "records", "a store need not have webhooks"),
    Allowance(
        "options_(products|variations)",
        r"body\.(endpoints\[\d\]\.args|schema.*)\.tax_class\.enum",
        "tax classes are named by the shopkeeper",
    ),
)


def without_allowed(recording: str, differences: Iterable[Difference]) -> list[Difference]:
    """Return the differences that no allowance covers."""
    return [
        each
        for each in differences
        if not any(allowance.covers(recording, each) for allowance in ALLOWANCES)
    ]
