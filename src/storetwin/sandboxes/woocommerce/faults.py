"""The switches of all faults: what is broken, and what that does to requests and answers.

Each fault is deterministic and bounded: it strikes every N-th occasion, at most M times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from storetwin.sandboxes.woocommerce.answers import JSON, Answer
from storetwin.sandboxes.woocommerce.churn import Churn
from storetwin.sandboxes.woocommerce.deaths import BREAKS, DEATHS, fatal
from storetwin.sandboxes.woocommerce.fault_cache import ProxyCache
from storetwin.sandboxes.woocommerce.fault_dirt import DIRT, Spoil
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec, parse_fault
from storetwin.sandboxes.woocommerce.fault_lists import is_above, is_list, lying, refused
from storetwin.sandboxes.woocommerce.fault_refusals import REFUSALS, Refusal, not_found
from storetwin.sandboxes.woocommerce.fault_wire import INSTEAD, SPOILED_ON_THE_WAY
from storetwin.sandboxes.woocommerce.hostile import (
    HOSTILE_ENTRIES,
    hostile_document,
    is_unencodable,
    with_blank_meta,
)
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.turn import Turn

_COUNTS = {"hostile-bytes": len(HOSTILE_ENTRIES)}
_INSTEAD: dict[str, Refusal] = {**INSTEAD, **REFUSALS}
_SPOILING: dict[str, Spoil] = {**DIRT, **SPOILED_ON_THE_WAY}
_CONCERNED: dict[str, Callable[[Request], bool]] = {
    "cut-gzip": lambda request: "gzip" in request.headers.get("accept-encoding", ""),
    "unauthorised": lambda request: request.is_pretty,
}
"""Which requests a fault can strike, where that is not every one."""


@dataclass(slots=True)
class Fault:
    """A fault that is switched on.

    Args:
        spec: as asked for.
        turn: when it strikes.
        ids: the records it concerns, where it concerns records.
        seen: URLs it struck already, for ``truncate:once=1``.
    """

    spec: FaultSpec
    turn: Turn
    ids: frozenset[int] = frozenset()
    seen: set[str] = field(default_factory=set)

    @property
    def resource(self) -> str:
        """The resource whose records it concerns."""
        return self.spec.text("resource", "orders")


class Board:
    """Knows which faults are on.

    Args:
        store: the shop that is broken.
        faults: those to switch on at once, as text.

    Raises:
        ValueError: a fault is unknown or has a wrong parameter.
    """

    def __init__(self, store: Store, faults: Iterable[str] = ()) -> None:
        self._store = store
        self._on: dict[str, Fault] = {}
        self.churn: Churn | None = None
        self._cache: ProxyCache | None = None
        self._break: Callable[[Answer], Answer] | None = None
        for text in faults:
            self.switch_on(text)

    @property
    def names(self) -> list[str]:
        """The faults that are on."""
        return list(self._on)

    def ids(self, name: str) -> frozenset[int]:
        """Return the records that a fault concerns; empty when it is off."""
        return self._on[name].ids if name in self._on else frozenset()

    def struck(self, name: str) -> int:
        """Return how often a fault has struck."""
        return self._on[name].turn.struck if name in self._on else 0

    def switch_on(self, text: str) -> None:
        """Break something: ``poison:every=100``. A fault that is on is set anew.

        Raises:
            ValueError: the fault is unknown or has a wrong parameter.
        """
        spec = parse_fault(text)
        name = spec.kind.name
        with self._store.lock:
            ids = self._targets(spec) if "ids" in spec.kind.parameters else frozenset()
            churn = Churn(self._store, spec) if name == "churn" else self.churn
            self.switch_off(name)
            every = max(1, spec.number("every", spec.kind.usually))
            turn = Turn(every, spec.number("times", 0), spec.number("after", 0))
            fault = Fault(spec, Turn() if ids else turn, ids)
            self.churn = churn
            if name == "cache":
                self._cache = ProxyCache(spec)
            self._on[name] = fault
            self._apply(name, fault, on=True)

    def switch_off(self, name: str) -> None:
        """Repair something; what is not broken stays as it is."""
        with self._store.lock:
            fault = self._on.pop(name, None)
            if fault is not None:
                self._apply(name, fault, on=False)
            if name == "churn":
                self.churn = None
            if name == "cache":
                self._cache = None

    def clear(self) -> None:
        """Repair everything."""
        for name in self.names:
            self.switch_off(name)

    def described(self) -> list[dict[str, Any]]:
        """Return what is on, for the control door."""
        return [
            {"name": name, "parameters": dict(fault.spec.values), "ids": sorted(fault.ids),
             "struck": fault.turn.struck}
            for name, fault in self._on.items()
        ]  # fmt: skip

    def _targets(self, spec: FaultSpec) -> frozenset[int]:
        """Return the ids a fault concerns: named ones, or records spread over what lists show.

        Raises:
            ValueError: the resource is unknown, or an id is no number.
        """
        resource = spec.text("resource", "orders")
        table = self._store.tables.get(resource)
        if table is None:
            raise ValueError(f"{spec.kind.name}: there is no resource {resource!r}")
        if "ids" in spec.values:
            texts = spec.values["ids"].split("+")
            if not all(text.isdecimal() for text in texts):
                raise ValueError(f"{spec.kind.name}: ids={spec.values['ids']!r} are not numbers")
            return frozenset(int(text) for text in texts)
        listed = [
            number
            for number in table
            if table.status_of(number) not in ("trash", "auto-draft", "shipped")
        ]
        if "every" in spec.values:
            step = max(1, spec.number("every", 100))
            return frozenset(listed[step - 1 :: step])
        count = spec.number("count", _COUNTS.get(spec.kind.name, 5))
        step = max(1, len(listed) // max(1, count))
        return frozenset(listed[step // 2 :: step][:count])

    def _apply(self, name: str, fault: Fault, *, on: bool) -> None:
        if name not in ("hidden", "short-page", "hostile-bytes"):
            return
        table = self._store.tables[fault.resource]
        if name == "hidden":
            table.hide(fault.ids if on else ())
        elif name == "short-page":
            table.unload(fault.ids if on else ())
        elif on:
            for nth, number in enumerate(sorted(fault.ids)):
                document = table.document(number)
                if document is not None:
                    table.put(number, hostile_document(document, nth))

    # What the shop asks while it answers

    def _strikes(self, name: str) -> bool:
        fault = self._on.get(name)
        return fault is not None and fault.turn.strikes()

    def _always_strikes(self, name: str) -> bool:
        """Say whether a fault is on that strikes on every occasion, and count the occasion."""
        fault = self._on.get(name)
        if fault is not None:
            fault.turn.struck += 1
        return fault is not None

    def kept(self, request: Request) -> Answer | None:
        """Return what a proxy kept of an earlier answer, or None."""
        if self._cache is None:
            return None
        answer = self._cache.kept(request, self._store.now())
        return answer if answer is not None and self._strikes("cache") else None

    def keep(self, request: Request, answer: Answer) -> Answer:
        """Return an answer as it leaves a proxy that may keep it."""
        if self._cache is None:
            return answer
        return self._cache.keep(request, answer, self._store.now())

    def before(self, request: Request) -> Answer | None:
        """Return an answer that comes instead of the shop's own, or None."""
        self._break = None
        if not self._on:
            return None
        if "authorization" in request.headers and self._always_strikes("strip-auth"):
            del request.headers["authorization"]
        for name, make in _INSTEAD.items():
            if self._concerns(name, request) and self._strikes(name):
                return make(self._on[name].spec, request)
        if request.path.startswith("/wp-json") and self._always_strikes("plain-permalinks"):
            return not_found()
        if self.churn is not None and request.method == "GET" and is_list(request):
            self.churn.list_was_read()
        limit = self._on.get("page-limit")
        if limit is not None and is_above(request, limit.spec) and limit.turn.strikes():
            return refused(request, limit.spec)
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        """Return what becomes of an answer on its way."""
        if not self._on or answer.content_type != JSON or answer.is_bare:
            return answer
        if self._break is not None:
            answer = self._break(answer)
        answer = self._counted(request, answer)
        for name, spoil in _SPOILING.items():
            fault = self._on.get(name)
            if fault is not None and self._concerns(name, request) and _hits(fault, request):
                answer = spoil(answer, fault.spec)
        return answer

    def _counted(self, request: Request, answer: Answer) -> Answer:
        """Return an answer with totals as this store gives them."""
        if answer.total is not None and self._strikes("totals"):
            fault = self._on["totals"]
            answer = lying(answer, request, fault.spec, fault.turn.struck)
        if answer.total is not None and self._always_strikes("no-totals"):
            answer = replace(answer, total=None, pages=None, link=None)
        return answer

    def _concerns(self, name: str, request: Request) -> bool:
        return name not in _CONCERNED or _CONCERNED[name](request)

    def work(self, records: int) -> float:
        """Return seconds of processor time that an answer with so many records costs."""
        if not self._always_strikes("busy"):
            return 0.0
        spec = self._on["busy"].spec
        times = max(1, records) if spec.text("per", "record") == "record" else 1
        return times * spec.number("ms", 5) / 1000

    def delay(self) -> float:
        """Return seconds to wait before an answer goes out."""
        if not self._always_strikes("latency"):
            return 0.0
        return self._on["latency"].spec.number("ms", 200) / 1000

    def clock_offset(self) -> float:
        """Return by how many seconds the Date header is off."""
        fault = self._on.get("clock")
        return 0.0 if fault is None else float(fault.spec.number("seconds", 3600))

    def namespaces(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the namespaces that the site shows."""
        if "no-woocommerce" in self._on:
            return tuple(name for name in known if not name.startswith("wc"))
        return known

    def fatal_for(self, resource: str, ids: Sequence[int], request: Request) -> Answer | None:
        """Return the answer of a page that contains a poisoned record, or None.

        Where the page is answered and breaks off, :meth:`after` breaks it.
        """
        number = next((number for number in ids if self.kills(resource, number)), None)
        if number is None:
            return None
        fault = self._on["poison"]
        fault.turn.strikes()
        how = fault.spec.text("how", "fatal")
        if how in BREAKS:
            self._break = BREAKS[how]
            return None
        return DEATHS[how](request, number, fault.spec)

    def kills(self, resource: str, number: int) -> bool:
        """Say whether showing this record kills PHP."""
        fault = self._on.get("poison")
        return fault is not None and fault.resource == resource and number in fault.ids

    def fatal(self, request: Request) -> Answer:
        """Return the answer of a PHP fatal error: JSON for those who accept it, else HTML."""
        return fatal(request)

    def blank_meta(self, resource: str, ids: Sequence[int], documents: list[bytes]) -> list[bytes]:
        """Return the documents of a page, with blank meta where one record spoils it."""
        fault = self._on.get("inf-meta")
        spoiled = fault.ids if fault is not None and fault.resource == resource else frozenset()
        if fault is not None and not spoiled.isdisjoint(ids):
            fault.turn.strikes()
        elif not any(map(is_unencodable, documents)):
            return documents
        return [
            with_blank_meta(document, least=number in spoiled)
            for number, document in zip(ids, documents, strict=True)
        ]


def _hits(fault: Fault, request: Request) -> bool:
    """Say whether it is this answer's turn; ``once`` strikes each URL the first time."""
    if fault.spec.text("once", "") in ("", "0"):
        return fault.turn.strikes()
    query = {k: v for k, v in request.query.items() if not k.startswith("oauth_")}
    url = f"{request.path}?{sorted(query.items())}"
    if url in fault.seen:
        return False
    fault.seen.add(url)
    fault.turn.struck += 1
    return True
