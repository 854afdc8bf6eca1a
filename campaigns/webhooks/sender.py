"""One POST to a judged address: no redirects, no proxy, no cookies, a total deadline, a short look at the answer."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping

from campaigns.webhooks import addresses
from campaigns.webhooks.addresses import Forbidden, Target

DEADLINE_SECONDS = 10.0
CONNECT_SECONDS = 5.0
_PROLOGUE = 65_536


class NotTaken(Exception):
    """The other side did not take it. `status` is its answer, None where there was none."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status


class _Pinned(http.client.HTTPConnection):
    """Connects to the given addresses whatever the host's name says by now. Over TLS the name is what the certificate must
    prove."""

    def __init__(self, target: Target, judged: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target, self._judged = target, judged
        self.is_late = False

    def connect(self) -> None:
        raw = self._first_that_answers()
        raw.settimeout(DEADLINE_SECONDS)
        self.sock = raw
        if self.is_late:
            raise TimeoutError
        if self._target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=self._target.host)

    def _first_that_answers(self) -> socket.socket:
        error: OSError = OSError("no address")
        for address in self._judged:
            try:
                return socket.create_connection((address, self._target.port), CONNECT_SECONDS)
            except OSError as refused:
                error = refused
        raise error


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send it once; the status (2xx). Raises NotTaken, or Forbidden before anything is connected to."""
    target = addresses.target(url)
    try:
        judged = addresses.resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise NotTaken("the name is not known") from error
    connection = _Pinned(target, judged[:2])
    watch = threading.Timer(DEADLINE_SECONDS, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        return _exchange(connection, target, body, headers)
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        raise NotTaken(f"no answer: {type(error).__name__}") from error
    finally:
        watch.cancel()
        connection.close()


def _exchange(connection: _Pinned, target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": target.host_header, "Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read(_PROLOGUE)
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}", answer.status)
    return answer.status


def _cut(connection: _Pinned) -> None:
    """A receiver that drips a byte a second defeats every time-out of a socket."""
    connection.is_late = True
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


__all__ = ["Forbidden", "NotTaken", "post"]
