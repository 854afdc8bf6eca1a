"""Which addresses a webhook may go to: public ones. Names are resolved once, judged, and the judged address is connected
to, so that a name which answers differently the second time (DNS rebinding) gains nothing."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from kit import addresses


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


def target(url: str, *, https_only: bool = False) -> Target:
    """Raises Forbidden for anything but a plain http(s) address in ASCII, without user and password, at a usual port. In
    production, and with `https_only`, it must be https."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden(_("The address may hold ASCII characters only, and no blanks."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Forbidden(_("This is no web address.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Forbidden(_("The address must begin with https:// or http://."))
    if parts.scheme == "http" and (https_only or settings.WEBHOOK_HTTPS_ONLY):
        raise Forbidden(_("The address must begin with https://: what is sent must not be readable on the way."))
    if "@" in parts.netloc:
        raise Forbidden(_("The address must not hold a user or password."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = {"http": 80, "https": 443}[parts.scheme]
    found = Target(parts.scheme, parts.hostname, usual if port is None else port, path)
    allowed = settings.WEBHOOK_PORTS
    if not found.port or (allowed and found.port not in allowed):
        words = _("Port %(port)s is not allowed for webhooks. Allowed: %(allowed)s.")
        raise Forbidden(words % {"port": found.port, "allowed": ", ".join(map(str, allowed))})
    _judge_literal(found.host)
    return found


def _judge_literal(host: str) -> None:
    """A name is judged when it is resolved; an address can be told at once."""
    if not addresses.may_be_public(host):
        raise Forbidden(_("Webhooks go to public addresses only."))


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, to be connected to as they stand. Raises Forbidden when any of them is not public, OSError
    when the name is not known."""
    try:
        return addresses.resolve(host, port)
    except addresses.NotPublic as error:
        raise Forbidden(_("Webhooks go to public addresses only.")) from error
