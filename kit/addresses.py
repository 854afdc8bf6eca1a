"""Which network addresses this installation may call: public ones, and the hosts that a setting names."""

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that carry an IPv4 one: to where they lead is another machine's decision.
_CARRIERS = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)
# Ranges that are nobody's public service, whatever the Python at hand calls them: protocol assignments, documentation, relays,
# benchmarks, and what is not given out yet.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
    )
)
# Of IPv6 only this is given out to the public.
_GIVEN_OUT = ipaddress.ip_network("2000::/3")


class NotPublic(Exception):
    """A name leads to an address that is not public."""


def is_public(address: Address) -> bool:
    """Neither private, loopback, link-local, multicast, reserved nor a wrapping of an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None or address.scope_id or any(address in network for network in _CARRIERS):
            return False
        if address.is_site_local or address not in _GIVEN_OUT:
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def may_be_public(host: str) -> bool:
    """False for a private address and for localhost; a name is judged when it is resolved."""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, to be connected to as they stand, so that a name which answers differently the second time
    gains nothing. Raises NotPublic when any of them is not public, OSError when the name is not known."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not found or not all(is_public(ipaddress.ip_address(text)) for text in found):
        raise NotPublic(host)
    return found
