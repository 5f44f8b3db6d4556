"""Which addresses may be connected to: every kind there is, in every spelling that carries it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storetwin.http.egress import (
    ANYWHERE,
    SPECIAL,
    Address,
    AddressRefusedError,
    Egress,
    embedded,
    kind_of,
)

NOWHERE_ELSE = Egress()
REFUSED = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.0.0.53", "127.255.255.255", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"],
    "shared": ["100.64.0.1", "100.100.100.200", "100.127.255.255"],
    "link-local": ["169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1"],
    "reserved": ["192.0.0.192", "198.18.0.1", "203.0.113.9", "240.0.0.1", "255.255.255.255"],
}
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"]
ADMITTED = [
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1"),
    *("192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8"),
    *("2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2001:4860:4860::8888", "2003::1"),
]
CARRIERS = ["::ffff:{}", "64:ff9b::{}", "2002:{}::1"]


def carried(carrier: str, inner: str) -> Address:
    if not carrier.startswith("2002"):
        return ip_address(carrier.format(inner))
    high, low = divmod(int(IPv4Address(inner)), 1 << 16)
    return ip_address(carrier.format(f"{high:x}:{low:x}"))


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in REFUSED.items() for text in texts]
)
def test_what_is_none_of_the_internet_is_refused_and_named(kind: str, text: str) -> None:
    address = ip_address(text)
    assert not NOWHERE_ELSE.admits(address)
    assert kind_of(address) == kind


@pytest.mark.parametrize("text", METADATA)
def test_where_clouds_tell_their_secrets_is_refused(text: str) -> None:
    assert not NOWHERE_ELSE.admits(ip_address(text))


@pytest.mark.parametrize("text", ADMITTED)
def test_the_internet_is_admitted_up_to_the_last_address_beside_what_is_not(text: str) -> None:
    assert NOWHERE_ELSE.admits(ip_address(text))


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("inner", [t for texts in REFUSED.values() for t in texts if "." in t])
def test_an_address_within_another_is_looked_at(carrier: str, inner: str) -> None:
    address = carried(carrier, inner)
    assert embedded(address) == IPv4Address(inner)
    assert not NOWHERE_ELSE.admits(address)
    assert kind_of(address) == kind_of(IPv4Address(inner))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_shop_behind_a_translator_is_reached(carrier: str) -> None:
    assert NOWHERE_ELSE.admits(carried(carrier, "1.1.1.1"))


@pytest.mark.parametrize(
    "text",
    [
        "::127.0.0.1",  # IPv4-compatible
        "::ffff:0:7f00:1",  # RFC 2765
        "64:ff9b:1::7f00:1",  # RFC 8215: a translator of one's own
        "2001:0:7f00:1::1",  # Teredo
        "100::1",
        "5f00::1",
    ],
)
def test_other_ways_to_carry_an_address_are_refused_whole(text: str) -> None:
    assert not NOWHERE_ELSE.admits(ip_address(text))


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
        ("10.1.2.0/24", "10.1.2.255", "10.1.3.0"),
        ("fd12::/16", "fd12::1", "fd13::1"),
        ("169.254.169.254/32", "169.254.169.254", "169.254.169.253"),
    ],
)
def test_an_allowed_network_is_admitted_and_nothing_beside_it(
    network: str, inside: str, outside: str
) -> None:
    egress = Egress((ip_network(network),))
    assert egress.admits(ip_address(inside))
    assert not egress.admits(ip_address(outside))
    if "." in inside:
        assert egress.admits(ip_address(f"::ffff:{inside}"))
        assert not egress.admits(ip_address(f"::ffff:{outside}"))


addresses = st.ip_addresses()


@given(addresses)
@example(ip_address("0.0.0.0"))
@example(ip_address("::"))
def test_a_closed_door_admits_exactly_what_is_of_the_internet(address: Address) -> None:
    assert NOWHERE_ELSE.admits(address) == (kind_of(address) is None)
    assert ANYWHERE.admits(address)


@given(st.sampled_from([network for _, network in SPECIAL]), st.data())
def test_every_address_of_a_special_network_is_refused(network, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(network=network))
    assert not NOWHERE_ELSE.admits(address)
    assert Egress((network,)).admits(address)
    if isinstance(address, IPv4Address):
        for carrier in CARRIERS:
            assert not NOWHERE_ELSE.admits(carried(carrier, str(address)))


@given(st.ip_addresses(v=6))
def test_what_python_calls_private_is_never_admitted(address: IPv6Address) -> None:
    if address.is_private or address.is_link_local or address.is_loopback:
        inner = embedded(address)
        assert not NOWHERE_ELSE.admits(address) or (inner and not inner.is_private)


@given(st.ip_addresses(v=4))
def test_what_python_calls_global_is_admitted_but_for_multicast(address: IPv4Address) -> None:
    if NOWHERE_ELSE.admits(address):
        assert address.is_global
        assert not address.is_multicast


def test_a_socket_is_made_for_an_admitted_address_only() -> None:
    with ANYWHERE.open((2, 1, 6, "", ("127.0.0.1", 80))) as made:
        assert made.family == 2
    for place in (("127.0.0.1", 80), ("fe80::1%eth0", 80, 0, 2)):
        with pytest.raises(AddressRefusedError):
            NOWHERE_ELSE.open((2, 1, 6, "", place))
