"""Which store is held to the recordings: the sandbox, unless a URL names another one.

    pytest tests/conformance --store-url https://shop.example --store-key ck_… --store-secret cs_…

On a real store nothing is written unless ``--store-write`` allows it, and nothing is broken.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest
import trustme

from conformance.woocommerce.store_under_test import Keys, StoreUnderTest
from storetwin.sandboxes.woocommerce import READ_ONLY, READ_WRITE, WRITE_ONLY, running_store

_ORDERS = 1200
_OPTIONS = {
    "--store-url": "a real store instead of the sandbox: https://shop.example",
    "--store-key": "its consumer key, with read and write permission",
    "--store-secret": "the secret of the key",
    "--store-ca": "a file with the certificate authority to trust",
    "--store-read-only": "KEY:SECRET that may only read",
    "--store-write-only": "KEY:SECRET that may only write",
    "--store-plain-url": "its http door",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "the store that is held to the recordings")
    for name, meaning in _OPTIONS.items():
        group.addoption(name, help=meaning)
    group.addoption("--store-write", action="store_true", help="let tests write into the store")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "writes: changes the store; a fresh sandbox each")
    config.addinivalue_line("markers", "breaks: needs a store that can be broken on purpose")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a real store must not be asked."""
    if not config.getoption("store_url", default=None):
        return
    forbidden = {"breaks"} if config.getoption("store_write") else {"breaks", "writes"}
    left_out = [item for item in items if any(item.get_closest_marker(n) for n in forbidden)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str, str]:
    """An authority, and the files of a certificate it issued for this machine."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return authority, str(chain), str(key)


@pytest.fixture(scope="session")
def real_store(pytestconfig: pytest.Config) -> StoreUnderTest | None:
    """The store that the command line names, or None."""
    url = pytestconfig.getoption("store_url", default=None)
    if not url:
        return None
    option = pytestconfig.getoption
    keys = {"read_write": Keys(option("store_key"), option("store_secret"))}
    for name in ("read_only", "write_only"):
        if pair := option(f"store_{name}"):
            keys[name] = Keys(*pair.split(":", 1))
    tls = ssl.create_default_context(cafile=option("store_ca"))
    return StoreUnderTest(url.rstrip("/"), keys, tls, option("store_plain_url"))


@pytest.fixture(scope="session")
def plain_url(real_store: StoreUnderTest | None) -> Iterator[str]:
    """A sandbox without TLS, which only tells who may not enter."""
    if real_store is not None:
        yield ""
    else:
        with running_store(orders=1, plugins=()) as sandbox:
            yield sandbox.url


@pytest.fixture(scope="session")
def shared_store(
    real_store: StoreUnderTest | None,
    certificate: tuple[trustme.CA, str, str],
    plain_url: str,
) -> Iterator[StoreUnderTest]:
    """The store that tests only read."""
    if real_store is not None:
        yield real_store
    else:
        yield from _sandbox(certificate, plain_url)


@pytest.fixture
def store(
    request: pytest.FixtureRequest,
    real_store: StoreUnderTest | None,
    certificate: tuple[trustme.CA, str, str],
    plain_url: str,
) -> Iterator[StoreUnderTest]:
    """The store under test; a sandbox of its own for a test that writes or breaks."""
    changes = any(request.node.get_closest_marker(name) for name in ("writes", "breaks"))
    if real_store is None and changes:
        yield from _sandbox(certificate, plain_url)
    elif changes:
        yield replace(request.getfixturevalue("shared_store"))  # what was found may be gone
    else:
        yield request.getfixturevalue("shared_store")


def _sandbox(certificate: tuple[trustme.CA, str, str], plain_url: str) -> Iterator[StoreUnderTest]:
    authority, chain, key = certificate
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    pairs = {"read_write": READ_WRITE, "read_only": READ_ONLY, "write_only": WRITE_ONLY}
    keys = {name: Keys(pair.key, pair.secret) for name, pair in pairs.items()}
    with running_store(orders=_ORDERS, https=(chain, key), plugins=()) as sandbox:
        yield StoreUnderTest(sandbox.url, keys, tls, plain_url, sandbox)
