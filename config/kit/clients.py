"""Who is calling: the address of a client, believed only as far as TRUSTED_PROXIES goes."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The client's address. X-Forwarded-For counts only where the peer itself is a trusted proxy; the last
    untrusted entry wins, since a client can write anything to the left of it."""
    peer = request.META.get("REMOTE_ADDR", "")
    trusted = set(settings.TRUSTED_PROXIES)
    if peer not in trusted:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if hop not in trusted:
            return hop
    return peer
