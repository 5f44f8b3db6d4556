"""The store under test: the sandbox, fresh ones of it, or a real store by URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from conformance.subjects import Subjects

from conformance.store_client import Keys, StoreClient
from storetwin.sandboxes.woocommerce import READ_ONLY, READ_WRITE, WRITE_ONLY, running_store

ORDERS = 3000
_PAIRS = {"read-only": READ_ONLY, "write-only": WRITE_ONLY}


@dataclass
class Target:
    """A store that is asked, and what is known about it beforehand.

    Args:
        store: the client, with keys that may read and write.
        http: the same store over plain http, or None.
        pairs: further keys by what they may do: ``read-only``, ``write-only``.
        hidden: status → id of an order that no list shows.
    """

    store: StoreClient
    http: StoreClient | None = None
    pairs: dict[str, Keys] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subjects = Subjects(self.store)

    @contextmanager
    def asked_with(self, keys: Keys | None) -> Iterator[StoreClient]:
        """The store, asked with other keys."""
        other = self.store.with_keys(keys)
        try:
            yield other
        finally:
            other.close()


class SandboxMaker:
    """Starts sandboxes with certificates of one authority.

    Args:
        folder: where the certificates are kept.
    """

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        self._authority, self._chain, self._key = (
            folder / name for name in ("authority.pem", "chain.pem", "key.pem")
        )
        authority.cert_pem.write_to_path(self._authority)
        certificate.private_key_pem.write_to_path(self._key)
        for part in certificate.cert_chain_pems:
            part.write_to_path(self._chain, append=True)

    @contextmanager
    def running(self, orders: int = ORDERS, faults: Sequence[str] = ()) -> Iterator[Target]:
        """A sandbox over https, and one like it over plain http; the same data each time."""
        https = (str(self._chain), str(self._key))
        keys = Keys(READ_WRITE.key, READ_WRITE.secret)
        with ExitStack() as stack:
            secure = stack.enter_context(running_store(orders=orders, faults=faults, https=https))
            store = StoreClient(secure.url, keys, self._authority)
            stack.callback(store.close)
            plain = stack.enter_context(running_store(orders=orders, faults=faults))
            http = StoreClient(plain.url, keys)
            stack.callback(http.close)
            model = secure.store
            hidden = {model.status_of("orders", number): number for number in model.ids("orders")}
            yield Target(
                store,
                http,
                pairs={name: Keys(pair.key, pair.secret) for name, pair in _PAIRS.items()},
                hidden={"shipped": str(hidden["shipped"])} if "shipped" in hidden else {},
            )
