"""How the sandbox is broken so that it answers as the broken store of a recording did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.store_client import StoreClient

_PAGE = {"per_page": 10, "orderby": "id", "order": "asc", "page": 20}


def _plain(text: str) -> Callable[[StoreClient], str]:
    return lambda _: text


def _poisoned_on_the_page(store: StoreClient) -> str:
    return f"poison:ids={store.ids('orders', **_PAGE)[3]}"


@dataclass(frozen=True)
class Breakage:
    """A fault for one recording.

    Args:
        fault: the sandbox's name of it, given a sound store with the same data.
        accept: the Accept header that the recording was made with.
    """

    fault: Callable[[StoreClient], str]
    accept: str = "*/*"


BREAKAGES: dict[str, Breakage] = {
    "fault_big_notice_before_json": Breakage(_plain("big-notice")),
    "fault_bom_before_json": Breakage(_plain("bom")),
    "fault_empty_200": Breakage(_plain("empty:every=1")),
    "fault_fatal_order_accept_json": Breakage(_poisoned_on_the_page, "application/json"),
    "fault_fatal_order_page": Breakage(_poisoned_on_the_page),
    "fault_html_after_json": Breakage(_plain("comment")),
    "fault_maintenance": Breakage(_plain("maintenance")),
    "fault_notice_before_json": Breakage(_plain("notice")),
    "fault_oom_order_page": Breakage(_poisoned_on_the_page),
    "fault_perpage_fatal": Breakage(_poisoned_on_the_page),
    "fault_sleep_ms": Breakage(_plain("latency:ms=1")),
    "fault_strip_total_headers": Breakage(_plain("no-totals")),
    "fault_truncate_json": Breakage(_plain("truncate:every=1")),
    "fault_typeerror_order_page": Breakage(_poisoned_on_the_page),
    "fault_waf_200": Breakage(_plain("waf:status=200")),
    "fault_waf_403": Breakage(_plain("waf:status=403")),
}

# Recordings of broken stores that the sandbox cannot imitate, each with the reason.
NOT_OFFERED = {
    "fault_die_order_page": "wp_die() answers as a fatal error does, with another page of HTML",
    "fault_exit_order_page": "exit() answers as the fault 'empty' does, with more headers",
    "fault_wperror_order_page": "a triggered warning changes nothing in the answer",
}
