"""A WooCommerce store in a box for the tests of other people's clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack

if TYPE_CHECKING:  # pytest loads this module in every run: what is heavy waits for the first store
    from storetwin.sandboxes.woocommerce import Delivered, Exchange, KeyPair, Sandbox, Storm

ORDERS = 100
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class WooCommerceStore:
    """A running store. Its keys are public and fixed, its data comes from a seed.

    Args:
        sandbox: what is behind it.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __repr__(self) -> str:
        return f"<WooCommerceStore {self.url}>"

    # What your client needs

    @property
    def url(self) -> str:
        """The shop's address, ``http://127.0.0.1:PORT``; a browser sees its page there."""
        return self._sandbox.url

    @property
    def key(self) -> str:
        """The consumer key that may read and write."""
        return self._sandbox.key

    @property
    def secret(self) -> str:
        """The consumer secret of :attr:`key`."""
        return self._sandbox.secret

    @property
    def read_only(self) -> KeyPair:
        """A pair that may only read; it has ``key`` and ``secret``."""
        return self._sandbox.read_only

    @property
    def write_only(self) -> KeyPair:
        """A pair that may only write."""
        return self._sandbox.write_only

    # What your client did

    @property
    def requests(self) -> list[Exchange]:
        """Every request so far, in order.

        Each has ``method``, ``path``, ``query`` (undecoded), ``status``, ``records``, ``at``
        (epoch seconds), ``ms``, ``size`` (bytes) and ``faults`` (those that struck it).
        """
        return self._sandbox.requests.since()

    def forget_requests(self) -> None:
        """Let :attr:`requests` begin anew."""
        self._sandbox.requests.clear()

    # What the store sent by itself

    @property
    def deliveries(self) -> list[Delivered]:
        """Every webhook and ping so far, in order.

        Each has ``hook``, ``topic`` (empty for a ping), ``resource_id``, ``status`` (0 without an
        answer), ``url``, ``headers``, ``body``, ``at``, ``ms``, ``events`` (how many were merged
        into it) and ``faults`` (what happened to it on its way).
        """
        return self._sandbox.deliveries

    def wait_until_sent(self, seconds: float = 30.0) -> bool:
        """Wait until no webhook waits or is on its way; say whether that came to be in time."""
        return self._sandbox.webhooks.wait_until_sent(seconds)

    def webhooks(
        self,
        *,
        delay: float | None = None,
        timeout: float | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        """Set how webhooks are sent from now on.

        Args:
            delay: seconds between an event and its delivery; None leaves it as it is.
            timeout: seconds that a receiver may take; None leaves it as it is (60).
            faults: what happens to deliveries on their way: ``drop:every=3``, or several that
                take turns, ``drop+double+reorder+forge+late:every=2``; no others stay on.

        Raises:
            ValueError: a fault or a parameter is unknown, or the delay is below zero.
        """
        sender = self._sandbox.webhooks
        sender.troubles.switch(faults)
        sender.delay = sender.delay if delay is None else delay
        sender.timeout = sender.timeout if timeout is None else timeout

    # What is true in the store

    def counts(self) -> dict[str, int]:
        """Return how many records of each resource exist, hidden and trashed ones included."""
        return self._sandbox.store.counts()

    def ids(self, resource: str) -> list[int]:
        """Return the ids of all records of a resource, hidden and trashed ones included.

        Raises:
            KeyError: there is no such resource.
        """
        return self._sandbox.store.ids(resource)

    def raw(self, resource: str, number: int) -> bytes | None:
        """Return the exact bytes of a record as a list shows it; None when it is gone."""
        return self._sandbox.store.document(resource, number)

    def record(self, resource: str, number: int) -> dict[str, Json]:
        """Return a record as the store has it.

        Raises:
            KeyError: there is no such record.
            ValueError: its JSON cannot be read, as the fault ``hostile-bytes`` wants it.
        """
        document = self.raw(resource, number)
        if document is None:
            raise KeyError(f"{resource} {number}")
        found: dict[str, Json] = json.loads(document)
        return found

    # Changing it, behind your client's back

    def create(
        self, resource: str, fields: Mapping[str, Json] | None = None, *, owner: int = 0
    ) -> int:
        """Create a record and return its id.

        Args:
            resource: ``orders``, ``products``, ``variations`` …: a key of :meth:`counts`.
            fields: members to set, as in the body of a POST.
            owner: the order, product or attribute that it is created below.
        """
        return self._sandbox.store.create(resource, dict(fields or {}), owner)

    def edit(self, resource: str, number: int, fields: Mapping[str, Json] | None = None) -> None:
        """Write fields into a record; even an empty write bumps its modification date.

        Raises:
            KeyError: there is no such record.
        """
        self._sandbox.store.edit(resource, number, dict(fields or {}))

    def trash(self, resource: str, number: int) -> None:
        """Move a record to the trash.

        Raises:
            KeyError: there is no such record.
            ValueError: the resource has no trash.
        """
        self._sandbox.store.trash(resource, number)

    def restore(self, resource: str, number: int, status: str | None = None) -> None:
        """Take a record out of the trash.

        Raises:
            KeyError: there is no such record.
        """
        self._sandbox.store.restore(resource, number, status)

    def delete(self, resource: str, number: int) -> None:
        """Delete a record for good; nothing in the store tells of it afterwards.

        Raises:
            KeyError: there is no such record.
        """
        self._sandbox.store.delete(resource, number)

    def refund(self, order: int, amount: str, reason: str = "") -> int:
        """Give money back and return the refund's id.

        Raises:
            KeyError: there is no such order.
        """
        return self._sandbox.store.refund(order, amount, reason)

    def storm(self, seed: int = 1, kinds: Sequence[str] = ()) -> Storm:
        """Return a busy shop's people: ``storm.change(50)``, or ``with storm.blowing(200):``.

        Args:
            seed: where their choices come from: the same seed, the same changes.
            kinds: what they do; everything if none is named. A wrong one is told with those
                there are.

        Raises:
            ValueError: there is no such kind of change.
        """
        return self._sandbox.storm(seed, kinds)

    # Breaking it

    @property
    def faults(self) -> list[str]:
        """The names of the faults that are on."""
        return list(self._sandbox.faults.names)

    def switch_on(self, fault: str) -> None:
        """Break something: ``rate-limit:every=3,wait=1``. One that is on is set anew.

        ``storetwin sandbox woocommerce --fault help`` lists all faults and their parameters.

        Raises:
            ValueError: the fault or a parameter is unknown; the text names those there are.
        """
        self._sandbox.faults.switch_on(fault)

    def switch_off(self, name: str) -> None:
        """Repair one thing; what is not broken stays as it is."""
        self._sandbox.faults.switch_off(name)

    def repair(self) -> None:
        """Repair everything."""
        self._sandbox.faults.clear()

    def struck(self, name: str) -> int:
        """Return how often a fault has struck since it was switched on."""
        return self._sandbox.faults.struck(name)

    @contextmanager
    def broken(self, *faults: str) -> Iterator[None]:
        """Break something for the block."""
        names = [fault.partition(":")[0] for fault in faults]
        try:
            for fault in faults:
                self.switch_on(fault)
            yield
        finally:
            for name in names:
                self.switch_off(name)

    def reset(self) -> None:
        """Be as at the start: same records, same faults, nothing asked for yet."""
        self._sandbox.shop.reset()


class StoreOptions(TypedDict, total=False):
    """What a store is made of. Everything may be left out.

    Args:
        orders: how many orders it has (100); everything else grows with them.
        seed: where all data comes from (1).
        faults: what is broken from the start, as in :meth:`WooCommerceStore.switch_on`.
        site_timezone: the IANA name of the zone of the shop's clock (America/New_York).
        https: (certificate file, key file): then keys may also be sent by Basic authentication,
            which WooCommerce does not read over plain http.
        version: the release of WooCommerce that it plays: 3.9, 6, 8, 9 or 10.5.
        plugins: what is installed on top of it: payments, courier, statuses, subscriptions,
            bookings, polylang (the first two).
        odd: with the odd records that real stores hold (no).
        webhook_delay: seconds between an event and its webhooks (0.05; a real store takes about
            25).
        webhook_faults: what happens to webhooks on their way, as in
            :meth:`WooCommerceStore.webhooks`.
    """

    orders: int
    seed: int
    faults: Sequence[str]
    site_timezone: str
    https: tuple[str, str] | None
    version: str
    plugins: Sequence[str]
    odd: bool
    webhook_delay: float
    webhook_faults: Sequence[str]


class MakeWooCommerceStore(Protocol):
    """What the fixture ``make_woocommerce_store`` is: it starts a store, and stops it for you."""

    def __call__(self, **options: Unpack[StoreOptions]) -> WooCommerceStore:
        """Start a store; see :func:`running_woocommerce_store`."""
        ...


@contextmanager
def running_woocommerce_store(**options: Unpack[StoreOptions]) -> Iterator[WooCommerceStore]:
    """Run a store on a free port of this machine until the block ends.

    It runs in a thread of this process and starts in well under a second. The same seed and
    number of orders give the same records, byte for byte.

    Args:
        options: see :class:`StoreOptions`.

    Raises:
        ValueError: a fault is unknown or has a wrong parameter; or there is no such release or
            plugin.
    """
    from storetwin.sandboxes.woocommerce import running_store

    options.setdefault("orders", ORDERS)
    with running_store(**options) as sandbox:
        yield WooCommerceStore(sandbox)
