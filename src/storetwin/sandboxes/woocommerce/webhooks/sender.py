"""The one sender of a store: waits, sends in sequence, counts failures, gives up silently."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

from storetwin.sandboxes.woocommerce.answers import RestError
from storetwin.sandboxes.woocommerce.hostile import is_unencodable, with_blank_meta
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.hooks import RESOURCE_OF, Hook
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.singles import find_record, record_document
from storetwin.sandboxes.woocommerce.webhooks import rules
from storetwin.sandboxes.woocommerce.webhooks.log import Delivered, Deliveries
from storetwin.sandboxes.woocommerce.webhooks.post import SILENCE, Reply, host_of, post
from storetwin.sandboxes.woocommerce.webhooks.troubles import Troubles
from storetwin.sandboxes.woocommerce.webhooks.waiting import Queue, Waiting

USUAL_DELAY = 25.0
"""Seconds between an event and its delivery; measured: 20.5 to 33.5 with cron once a minute."""
FAST = 0.3
"""The same with a plugin that runs the queue at once; measured: 0.3 to 7."""
TIMEOUT = 60.0
PING_TIMEOUT = 5.0
_MOST_REDIRECTS = 5
_BY_GET = (302, 303)
_TABLES = {kind: table for table, kind in RESOURCE_OF.items() if table != "variations"}
_FORGED = "a secret that is not the webhook's"


@dataclass(frozen=True, slots=True)
class _Letter:
    """A delivery as it goes out."""

    hook: int
    topic: str
    number: int
    url: str
    headers: list[rules.Header]
    body: bytes
    events: int


class Webhooks:
    """Sends what the webhooks of a store ask for, from the loop that :meth:`run` runs in.

    Without webhooks it does nothing. Tests may shorten :attr:`timeout` and :attr:`ping_timeout`,
    and give :attr:`tls`, whom to trust behind https; None trusts whom the system trusts.

    Args:
        store: gives the shop as it is now.
        kills: says of a table and an id whether showing that record kills PHP; then nothing is
            sent, and nobody knows.
        delay: seconds between an event and its delivery.
        faults: what happens to deliveries on their way; see :class:`Troubles`.

    Raises:
        ValueError: a fault is unknown or has a wrong parameter.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        kills: Callable[[str, int], bool],
        delay: float = USUAL_DELAY,
        faults: Iterable[str] = (),
    ) -> None:
        self._store = store
        self._kills = kills
        self._queue = Queue(delay)
        self._delay = delay
        self._is_fast = False
        self._listening: dict[str, list[int]] = {}
        self._listening_as_of: tuple[Table, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._posting: set[asyncio.Task[Reply]] = set()
        self._idle = threading.Condition()
        self._is_sending = False
        self.troubles = Troubles(faults)
        self.deliveries = Deliveries()
        self.timeout = TIMEOUT
        self.ping_timeout = PING_TIMEOUT
        self.tls: ssl.SSLContext | None = None

    # Switches

    @property
    def delay(self) -> float:
        """Seconds between an event and its delivery; a change holds for what waits, too."""
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"{seconds!r} is not a delay in seconds")
        self._delay = seconds
        self._set_delay()

    @property
    def fast_queue(self) -> bool:
        """Whether a plugin runs the queue at once, as shops with many orders have it."""
        return self._is_fast

    @fast_queue.setter
    def fast_queue(self, is_fast: bool) -> None:
        self._is_fast = is_fast
        self._set_delay()

    @property
    def waiting(self) -> int:
        """How many deliveries wait."""
        return len(self._queue)

    def _set_delay(self) -> None:
        self._queue.set_delay(min(self._delay, FAST) if self._is_fast else self._delay)
        self._wake()

    def clear(self) -> None:
        """Forget what waits and what was sent."""
        self._queue.clear()
        self.deliveries.clear()
        with self._idle:
            self._idle.notify_all()

    # From the shop

    def told(self, topic: str, number: int) -> None:
        """Queue what the active webhooks of a topic send; called under the store's lock."""
        hooks = self._active().get(topic, ())
        for hook in hooks:
            self._queue.add(hook, number, time.monotonic())
        if hooks:
            self._wake()

    def _active(self) -> dict[str, list[int]]:
        store = self._store()
        table = store.tables["webhooks"]
        known = self._listening_as_of
        if known is None or known[0] is not table or known[1] != table.touched:
            found: dict[str, list[int]] = {}
            for number in store.hooks:
                if table.status_of(number) == "active":
                    topic = Draft(table.document(number) or b"{}")["topic"]
                    found.setdefault(topic, []).append(number)
            self._listening, self._listening_as_of = found, (table, table.touched)
        return self._listening

    def _wake(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the server has stopped meanwhile
                self._loop.call_soon_threadsafe(self._awake.set)

    # In the loop

    async def run(self) -> None:
        """Send until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._awake.clear()
                item = self._take()
                if item is None:
                    await self._sleep()
                    continue
                try:
                    await self._send(item)
                finally:
                    self._rest()
        finally:
            self._loop = None

    def close(self) -> None:
        """Break off what is being sent; called by the server's own loop."""
        for task in self._posting:
            task.cancel()

    def wait_until_sent(self, seconds: float = 30.0) -> bool:
        """Wait until nothing is waiting or on its way; say whether that came to be in time.

        For tests, from another thread than the server's.
        """
        with self._idle:
            return self._idle.wait_for(
                lambda: not self._queue and not self._is_sending, timeout=seconds
            )

    async def ping(self, number: int) -> None:
        """Ask a receiver whether it is there; the first 200 ends that for good."""
        store = self._store()
        with store.lock:
            document = store.tables["webhooks"].document(number)
            if document is None:
                return
            url = Draft(document)["delivery_url"]
            agent = rules.user_agent(store.release.number)
        reply = await self._pinged(number, url, agent)
        with store.lock:
            hook = store.hooks.get(number)
            if reply.status == 200 and hook is not None:
                hook.awaits_ping = False
                _bump(store, number)

    async def _pinged(self, number: int, url: str, agent: str) -> Reply:
        method = "POST"
        reply = SILENCE
        for _ in range(1 + _MOST_REDIRECTS):
            headers, body = rules.ping(number, agent, host_of(url))
            if method == "GET":
                headers, body = headers[:-2], b""
            at, clock = time.time(), time.perf_counter()
            reply = await self._posted(url, headers, body, self.ping_timeout, method)
            took = (time.perf_counter() - clock) * 1000
            self.deliveries.note(
                Delivered(number, "", 0, reply.status, url, dict(headers), body, at, took, 0)
            )
            if not (300 < reply.status < 309 and reply.location):
                break
            method = "GET" if reply.status in _BY_GET else method
            url = urljoin(url, reply.location)
        return reply

    def _take(self) -> Waiting | None:
        with self._idle:
            item = self._queue.take(time.monotonic())
            self._is_sending = item is not None
            return item

    def _rest(self) -> None:
        with self._idle:
            self._is_sending = False
            self._idle.notify_all()

    async def _sleep(self) -> None:
        due = self._queue.next_due()
        left = None if due is None else max(0.0, due - time.monotonic())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), left)

    async def _send(self, item: Waiting) -> None:
        trouble, seconds = (None, 0) if item.is_struck else self.troubles.strikes()
        due = self._queue.next_due()
        if trouble == "late":
            self._queue.put_back(item, time.monotonic() + seconds)
        elif trouble == "reorder" and due is not None:
            self._queue.put_back(item, due)  # the same moment, but behind the other
        else:
            await self._delivered(item, trouble)

    async def _delivered(self, item: Waiting, trouble: str | None) -> None:
        store = self._store()
        with store.lock:
            letter = self._letter(store, item, is_forged=trouble == "forge")
        if letter is None:
            return
        faults = () if trouble is None else (trouble,)
        if trouble == "drop":
            self._note(letter, SILENCE, time.time(), 0.0, faults)
            return
        reply = await self._sent(letter, faults)
        if trouble == "double":
            await self._sent(letter, faults)
        with store.lock:
            awaits_ping = _count(store, item.hook, reply.status)
        if awaits_ping:
            await self.ping(item.hook)

    async def _sent(self, letter: _Letter, faults: tuple[str, ...]) -> Reply:
        at, clock = time.time(), time.perf_counter()
        reply = await self._posted(letter.url, letter.headers, letter.body, self.timeout)
        self._note(letter, reply, at, (time.perf_counter() - clock) * 1000, faults)
        return reply

    def _note(
        self, letter: _Letter, reply: Reply, at: float, ms: float, faults: tuple[str, ...]
    ) -> None:
        self.deliveries.note(
            Delivered(
                letter.hook, letter.topic, letter.number, reply.status, letter.url,
                dict(letter.headers), letter.body, at, ms, letter.events, faults,
            )
        )  # fmt: skip

    async def _posted(
        self, url: str, headers: list[rules.Header], body: bytes, seconds: float,
        method: str = "POST",
    ) -> Reply:  # fmt: skip
        """Send, and let :meth:`close` break it off."""
        task = asyncio.create_task(post(url, headers, body, seconds, self.tls, method))
        self._posting.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._posting.discard(task)
            task.cancel()
        return SILENCE if task.cancelled() else task.result()

    def _letter(self, store: Store, item: Waiting, *, is_forged: bool) -> _Letter | None:
        """Return a delivery as the record is now; None if the webhook is gone, or PHP dies of it.

        Nobody asks whether the webhook is still active (source: wc_deliver_webhook_async).
        """
        document = store.tables["webhooks"].document(item.hook)
        hook = store.hooks.get(item.hook)
        if document is None or hook is None:
            return None
        draft = Draft(document)
        topic, url = draft["topic"], draft["delivery_url"]
        kind, _, event = topic.partition(".")
        if self._kills(_TABLES[kind], item.number):
            return None
        body = _body(store, kind, event, item.number)
        salt = store.store_id or ""
        own = [
            ("X-WC-Webhook-Source", f"{store.home_url or store.base}/"),
            ("X-WC-Webhook-Topic", topic),
            ("X-WC-Webhook-Resource", kind),
            ("X-WC-Webhook-Event", event),
            (
                "X-WC-Webhook-Signature",
                rules.signature(body, _FORGED if is_forged else hook.secret),
            ),
            ("X-WC-Webhook-ID", str(item.hook)),
            ("X-WC-Webhook-Delivery-ID", rules.delivery_id(item.hook, store.now(), salt)),
        ]
        agent = rules.user_agent(store.release.number)
        headers = rules.delivery_headers(own, agent, host_of(url), len(body))
        return _Letter(item.hook, topic, item.number, url, headers, body, item.events)


def _body(store: Store, kind: str, event: str, number: int) -> bytes:
    """Return what is told of a record: as GET would show it now, or an id, or GET's own error."""
    if event == "deleted":
        return dumps({"id": number}).encode()
    resource = _TABLES[kind]
    try:
        found = find_record(store, resource, {"id": str(number)})
    except RestError as error:
        return dumps(error.document()).encode()
    document = record_document(store, resource, found)
    if resource == "products":
        document = store.with_related(document)
    if is_unencodable(document):
        document = with_blank_meta(document)
    return with_base(document, store.home_url or store.base)


def _count(store: Store, number: int, status: int) -> bool:
    """Count a delivery in its webhook, and say whether a ping is sent after it.

    Every delivery saves the webhook and so bumps its date (source: log_delivery).
    """
    hook: Hook | None = store.hooks.get(number)
    if hook is None:
        return False
    store.hooks[number], disables = rules.counted(hook, status)
    _bump(store, number, "disabled" if disables else None)
    return hook.awaits_ping and store.status_of("webhooks", number) == "active"


def _bump(store: Store, number: int, status: str | None = None) -> None:
    draft = store.draft("webhooks", number)
    if status is not None:
        draft["status"] = status
    store.rewrite("webhooks", number, draft, bump=True)
