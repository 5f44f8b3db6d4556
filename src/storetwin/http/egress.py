"""Which addresses may be connected to. A user names a store; he must not reach into our own network.

The decision is about the address that is connected to, at the moment it is, and never about a name
or an earlier look at it: a name may lead elsewhere a second later. So it holds for literal
addresses, for every spelling of them, and for whatever a name resolves to.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from storetwin.telemetry.logs import Log

log = Log()
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]

# What IANA's registries of special-purpose addresses (RFC 6890 and later) keep from the internet,
# and multicast. Written out, for Python's own idea of it changes between its releases.
SPECIAL: Sequence[tuple[str, Network]] = tuple(
    (kind, ip_network(network))
    for kind, networks in {
        "unspecified": ("0.0.0.0/8", "::/128"),
        "loopback": ("127.0.0.0/8", "::1/128"),
        "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
        "shared": ("100.64.0.0/10",),  # of providers, and of many a cloud's own services
        "link-local": ("169.254.0.0/16", "fe80::/10"),  # with the metadata of most clouds
        "multicast": ("224.0.0.0/4", "ff00::/8"),
        "reserved": (
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "240.0.0.0/4",
            "2001::/23",  # Teredo among them, which carries another address
            "2001:db8::/32",
            "3fff::/20",
        ),
    }.items()
    for network in networks
)
GLOBAL_UNICAST = IPv6Network("2000::/3")  # all of IPv6 that is given out
MAPPED = IPv6Network("::ffff:0:0/96")  # the system connects to the IPv4 address
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: so does a translator on the way
SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056: and so does a relay


def embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to; None where it leads to itself."""
    if isinstance(address, IPv4Address):
        return None
    if address in MAPPED or address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return None


def kind_of(address: Address) -> str | None:
    """Return why an address is none of the internet, in a word; None for one that is."""
    inner = embedded(address)
    if inner is not None:
        return kind_of(inner)
    for kind, network in SPECIAL:
        if address in network:
            return kind
    is_given_out = isinstance(address, IPv4Address) or address in GLOBAL_UNICAST
    return None if is_given_out else "reserved"


class AddressRefusedError(OSError):
    """Nothing was sent: we do not connect to this address.

    Args:
        kind: what it is, like ``loopback``.
    """

    def __init__(self, kind: str) -> None:
        super().__init__("an address that must not be connected to")  # the same for each
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Egress:
    """Where we connect to: the internet, and the networks that the installation allows.

    Args:
        allowed: those networks (``STORETWIN_ALLOWED_NETWORKS``).
    """

    allowed: tuple[Network, ...] = ()

    def admits(self, address: Address) -> bool:
        """Say whether we connect to an address."""
        if any(address in network for network in self.allowed):
            return True
        inner = embedded(address)
        return kind_of(address) is None if inner is None else self.admits(inner)

    def open(self, info: AddressInfo) -> socket.socket:
        """Return a socket with which to connect to an address, and to no other.

        Raises:
            AddressRefusedError: we do not connect to it.
        """
        family, kind, protocol, _, place = info
        address = ip_address(str(place[0]).partition("%")[0])  # without the interface
        if not self.admits(address):
            log.info("address_refused", address=str(address))
            raise AddressRefusedError(kind_of(address) or "refused")
        return socket.socket(family=family, type=kind, proto=protocol)


ANYWHERE = Egress((IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
"""For an address that the installation's own settings name."""
