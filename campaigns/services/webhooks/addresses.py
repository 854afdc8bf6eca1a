"""Which addresses a webhook may go to: public ones. Names are resolved once, judged, and the judged address is connected
to, so that a name which answers differently the second time (DNS rebinding) gains nothing."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that carry an IPv4 one: to where they lead is another machine's decision.
_CARRIERS = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)


class Forbidden(Exception):
    """This address is not connected to. str() says why."""


@dataclass(frozen=True)
class Target:
    """A web address taken apart: `path` with its query, `host` in ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Raises Forbidden for anything but a plain http(s) address in ASCII, without user and password."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden(_("The address may hold ASCII characters only, and no blanks."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Forbidden(_("This is no web address.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Forbidden(_("The address must begin with https:// or http://."))
    if "@" in parts.netloc:
        raise Forbidden(_("The address must not hold a user or password."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Target(parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme], path)
    _judge_literal(found.host)
    return found


def _judge_literal(host: str) -> None:
    """A name is judged when it is resolved; an address can be told at once."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host == "localhost" or host.endswith(".localhost"):
            raise Forbidden(_("Webhooks go to public addresses only.")) from None
        return
    if not is_public(address):
        raise Forbidden(_("Webhooks go to public addresses only."))


def is_public(address: Address) -> bool:
    """Neither private, loopback, link-local, multicast, reserved nor a wrapping of an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None or address.scope_id or any(address in network for network in _CARRIERS):
            return False
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, to be connected to as they stand. Raises Forbidden when any of them is not public, OSError
    when the name is not known."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not found or not all(is_public(ipaddress.ip_address(text)) for text in found):
        raise Forbidden(_("Webhooks go to public addresses only."))
    return found
