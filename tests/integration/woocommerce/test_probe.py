"""Testing a connection against the sandbox store: each thing that can be wrong is told apart."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import trustme
from pydantic import SecretStr

from hubs import LOOPBACK
from storetwin.connections.models import AuthScheme, Connection, Credentials, normalise_url
from storetwin.kernel.clock import utc_now
from storetwin.kernel.ids import new_id
from storetwin.sandboxes.woocommerce import running_store
from storetwin.settings import Settings
from storetwin.woocommerce.probe import StoreProbe


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = authority.issue_cert("127.0.0.1")
    made.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    return str(folder / "cert.pem"), str(folder / "key.pem")


@pytest.fixture(scope="module")
def plain():
    with running_store(orders=20) as sandbox:
        yield sandbox
        sandbox.faults.clear()


@pytest.fixture(scope="module")
def secure(certificate):
    with running_store(orders=20, https=certificate) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def without_faults(plain, secure):
    yield
    plain.faults.clear()
    secure.faults.clear()


async def probe(url, key, secret, **more):
    connection = Connection(
        id=new_id(utc_now()), organisation_id=new_id(utc_now()), name="shop", url=normalise_url(url),
        created_at=utc_now(), **more,
    )  # fmt: skip
    credentials = Credentials(SecretStr(key), SecretStr(secret))
    settings = Settings(request_timeout=10, allowed_networks=LOOPBACK)
    return await StoreProbe(settings)(connection, credentials)


def check(report, name):
    return next(check for check in report.checks if check.name == name)


def failed(report):
    return [check.name for check in report.checks if check.ok is False]


async def test_a_good_connection_over_http_signs_with_oauth(plain):
    report = await probe(plain.url, plain.key, plain.secret)
    assert report.is_ok
    assert report.scheme is AuthScheme.OAUTH1
    assert report.store.wc_version == "10.5.0"
    assert report.store.timezone == "America/New_York"
    assert report.store.currency == "USD"
    assert check(report, "write").ok


async def test_a_good_connection_over_https_uses_basic(secure, authority):
    report = await probe(
        secure.url, secure.key, secure.secret, ca=authority.cert_pem.bytes().decode()
    )
    assert report.is_ok
    assert report.scheme is AuthScheme.BASIC


async def test_a_proxy_that_takes_the_header_away_is_got_round(secure, authority):
    secure.faults.switch_on("strip-auth")
    report = await probe(
        secure.url, secure.key, secure.secret, ca=authority.cert_pem.bytes().decode()
    )
    assert report.scheme is AuthScheme.QUERY
    assert "header" in check(report, "header").remedy.lower()


async def test_a_cache_that_keeps_answers_is_a_failed_check(plain):
    plain.faults.switch_on("cache:keyed=known")
    report = await probe(plain.url, plain.key, plain.secret)
    assert failed(report) == ["cache"]
    assert "/wp-json/" in check(report, "cache").remedy


async def test_a_cache_that_is_got_round_by_a_changing_address_is_none(plain):
    plain.faults.switch_on("cache")
    report = await probe(plain.url, plain.key, plain.secret)
    assert report.is_ok
    assert check(report, "cache").ok


async def test_an_untrusted_certificate_is_named(secure):
    report = await probe(secure.url, secure.key, secure.secret)
    assert failed(report) == ["tls"]
    assert "--ca" in check(report, "tls").remedy


async def test_an_untrusted_certificate_can_be_accepted(secure):
    report = await probe(secure.url, secure.key, secure.secret, is_tls_insecure=True)
    assert report.is_ok


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda key, secret: ("ck_" + "0" * 40, secret), "key"),
        (lambda key, secret: (key, "cs_" + "0" * 40), "secret"),
    ],
)
async def test_a_wrong_key_and_a_wrong_secret_are_told_apart(plain, change, word):
    report = await probe(plain.url, *change(plain.key, plain.secret))
    assert failed(report) == ["keys"]
    assert f"consumer {word}" in check(report, "keys").finding


async def test_a_key_that_may_not_write_is_enough_to_pull(plain):
    report = await probe(plain.url, plain.read_only.key, plain.read_only.secret)
    assert report.is_ok
    assert check(report, "write").ok is None


async def test_a_key_that_may_not_read_is_not(plain):
    report = await probe(plain.url, plain.write_only.key, plain.write_only.secret)
    assert failed(report) == ["read"]


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("plain-permalinks", "woocommerce"),
        ("no-woocommerce", "woocommerce"),
        ("maintenance", "reachable"),
    ],
)
async def test_what_stands_there_instead_is_named(plain, fault, name):
    plain.faults.switch_on(fault)
    report = await probe(plain.url, plain.key, plain.secret)
    assert failed(report) == [name]
    assert check(report, name).remedy


@pytest.mark.parametrize("status", [403, 200])
async def test_a_firewall_is_named(plain, status):
    plain.faults.switch_on(f"waf:every=1,status={status}")
    report = await probe(plain.url, plain.key, plain.secret)
    assert failed(report) == ["woocommerce"]
    assert "firewall" in check(report, "woocommerce").remedy.lower()


@pytest.fixture
def site_at_the_root():
    """A WordPress that answers ``?rest_route`` below any path, as a real one does."""
    index = b'{"name":"x","home":"https://shop.test","namespaces":["wp/v2","wc/v3"],"routes":{}}'

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            is_index = "rest_route" in self.path
            body = index if is_index else b"<html>Page not found</html>"
            self.send_response_only(200 if is_index else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_a_wrong_path_is_not_taken_for_plain_permalinks(site_at_the_root):
    report = await probe(f"{site_at_the_root}/nowhere", "ck_x", "cs_x")
    assert failed(report) == ["woocommerce"]
    assert report.trouble.code == "wrong_url"
    assert check(report, "woocommerce").remedy == "Connect to https://shop.test"
    report = await probe(site_at_the_root, "ck_x", "cs_x")
    assert report.trouble.code == "plain_permalinks"


async def test_the_webhooks_of_the_store_are_counted(plain):
    report = await probe(plain.url, plain.key, plain.secret)
    assert check(report, "webhooks").ok
    assert check(report, "webhooks").finding.endswith("webhooks in the store.")


async def test_a_clock_far_off_is_told_and_signatures_follow_it(plain):
    plain.faults.switch_on("clock:seconds=3600")
    report = await probe(plain.url, plain.key, plain.secret)
    assert check(report, "clock").ok is False


async def test_nobody_there_and_no_such_name(plain):
    report = await probe("http://127.0.0.1:9", plain.key, plain.secret)
    assert failed(report) == ["reachable"]
    report = await probe("https://shop.invalid", plain.key, plain.secret)
    assert failed(report) == ["reachable"]
    assert "shop.invalid" in check(report, "reachable").finding


async def test_no_secret_is_in_any_finding(plain):
    for secret in (plain.secret, "cs_" + "1" * 40):
        report = await probe(plain.url, plain.key, secret)
        assert secret not in repr(report)
        assert plain.key not in repr(report)
