"""Knows whether anything of a request may have left this machine. All of "may we send it again?" rests on that."""

import contextlib
import socket
import threading
from collections.abc import Collection
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kit import addresses
from messaging.gateway.departure import Departure

_running = threading.local()


class GivenUp(OSError):
    """The call's time was over before anything was sent; now nothing may be."""


class ConnectionWatch:
    """One call's use of the network. `used` turns true just before the first byte goes out, never back; `departure` may refuse
    it then. Names of `named_hosts` may lead anywhere, all others to public addresses only."""

    def __init__(self, named_hosts: Collection[str] = (), departure: Departure | None = None) -> None:
        self.used = False
        self._named_hosts = named_hosts
        self._departure = departure
        self._given_up = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Make this the wire of the running thread."""
        _running.wire = self

    def address_of(self, host: str, port: int) -> str:
        """What to connect to: the judged address itself, so that a second answer of the name server changes nothing. Raises
        addresses.NotPublic, OSError."""
        return host if host in self._named_hosts else addresses.resolve(host, port)[0]

    def begin(self, connected: socket.socket) -> None:
        """Raises GivenUp or TooLate if it is too late to begin."""
        with self._lock:
            if self._given_up:
                raise GivenUp("the time of the call is over")
            if self._departure is not None:
                self._departure.leave()
            self.used = True
            self._socket = connected

    def give_up(self) -> bool:
        """End the call from outside; tells whether anything may have been sent. Nothing is from now on."""
        with self._lock:
            self._given_up = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # Past the TLS layer on purpose: another thread is reading there, and only the socket wakes it.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            return self.used


class _Watched:
    sock: socket.socket | None
    host: str
    port: int

    def _new_conn(self) -> socket.socket:
        wire: ConnectionWatch | None = getattr(_running, "wire", None)
        if wire is not None:
            self._dns_host = wire.address_of(self.host.strip("[]"), self.port)
        return super()._new_conn()  # type: ignore[misc,no-any-return]

    def send(self, data: object) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        wire: ConnectionWatch | None = getattr(_running, "wire", None)
        if wire is not None and self.sock is not None:
            wire.begin(self.sock)
        super().send(data)  # type: ignore[misc]


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class WatchedAdapter(HTTPAdapter):
    """One connection, no retries, each use of the socket announced to the thread's ConnectionWatch."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
