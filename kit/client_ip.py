"""Who is calling: the address of a client, believed only as far as TRUSTED_PROXIES goes."""

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES must hold addresses or networks: {error}") from error


def is_trusted(text: str) -> bool:
    """Whether this is the address of a proxy in TRUSTED_PROXIES."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(found in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def address(request: HttpRequest) -> str:
    """The client's address. X-Forwarded-For counts only where the peer itself is a trusted proxy; the last
    untrusted entry wins, since a client can write anything to the left of it."""
    peer = request.META.get("REMOTE_ADDR", "")
    if not is_trusted(peer):
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not is_trusted(hop):
            return hop
    return peer


def ip(request: HttpRequest) -> str:
    """The client's address as an IP, for columns that hold nothing else: what a proxy passes on may be no address at all; then it
    is the peer's."""
    for found in (address(request), request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(found))
        except ValueError:
            continue
    return "0.0.0.0"  # noqa: S104 - nobody's address: a socket without one
