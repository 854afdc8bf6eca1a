"""A vendor that only counts: reads a request, answers "accepted" sealed as the gateway's document has it, keeps nothing.

One process, one thread for each connection, no HTTP library: it must not be what is measured.
"""

import base64
import contextlib
import json
import multiprocessing
import socket
import threading
from collections.abc import Iterator

from messaging.gateway import crypto
from messaging.vendors.rcs_gateway.sandbox import Sandbox

CREDENTIALS = dict(Sandbox.credentials)
_PIECE = 1 << 18


class Sink:
    """Runs in a process of its own between `start` and `stop`. `delay` is how long it thinks about each request."""

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        context = multiprocessing.get_context("fork")
        self._requests = context.Value("q", 0)
        self._bytes = context.Value("q", 0)
        self._serial = context.Value("q", 0)
        self._process = context.Process(target=self._serve, daemon=True)

    def start(self) -> "Sink":
        self._process.start()
        return self

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()
        self._listener.close()

    def take_counts(self) -> tuple[int, int]:
        """(requests, body bytes) since the last call."""
        with self._requests.get_lock():
            found = int(self._requests.value), int(self._bytes.value)
            self._requests.value = self._bytes.value = 0
        return found

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            buffer = bytearray(_PIECE)
            while (length := _read_request(connection, buffer)) is not None:
                with self._requests.get_lock():
                    self._requests.value += 1
                    self._bytes.value += length
                with self._serial.get_lock():
                    self._serial.value += 1
                    number = int(self._serial.value)
                if self._delay:
                    threading.Event().wait(self._delay)
                connection.sendall(_accepted(number))


def _read_request(connection: socket.socket, buffer: bytearray) -> int | None:
    """The length of one request's body, read and forgotten. None at the end of the connection."""
    head = b""
    while (end := head.find(b"\r\n\r\n")) < 0:
        size = connection.recv_into(buffer)
        if not size:
            return None
        head += buffer[:size]
    length = _content_length(head[:end])
    left = length - (len(head) - end - 4)
    while left > 0:
        size = connection.recv_into(buffer, min(left, _PIECE))
        if not size:
            return None
        left -= size
    return length


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _accepted(number: int) -> bytes:
    plain = json.dumps({"status": 0, "message": "", "taskId": f"bench{number}"}).encode()
    body = base64.b64encode(crypto.aes_ecb_encrypt(CREDENTIALS["aes_key"].encode(), plain))
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@contextlib.contextmanager
def sink(delay: float = 0.0) -> Iterator[Sink]:
    running = Sink(delay).start()
    try:
        yield running
    finally:
        running.stop()
