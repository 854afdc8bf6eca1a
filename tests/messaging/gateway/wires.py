"""Servers that misbehave below HTTP, for tests of what a request's fate is judged to be."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Act = Callable[[socket.socket, bytes], None]


class RawServer:
    """Reads whole requests and lets `act` do the rest with the bare socket. `requests` is all that came."""

    def __init__(self, act: Act) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while request := _whole(client):
                self.requests.append(request)
                self._act(client, request)

    def close(self) -> None:
        self._listener.close()


def _whole(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := client.recv(65536)):
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = client.recv(65536)
        body += piece
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def raw_server(act: Act) -> Iterator[RawServer]:
    server = RawServer(act)
    try:
        yield server
    finally:
        server.close()


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(status: int, body: bytes = b"", **headers: str) -> Act:
    return lambda client, _request: client.sendall(http(status, body, **headers))


def reset(client: socket.socket, _request: bytes) -> None:
    """Close with RST instead of FIN."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()


def hang_up(client: socket.socket, _request: bytes) -> None:
    client.shutdown(socket.SHUT_RDWR)


def say_nothing(client: socket.socket, _request: bytes) -> None:
    client.settimeout(20)
    client.recv(1)


def drip(client: socket.socket, _request: bytes) -> None:
    """A byte every 50 ms for ever: no socket time-out ever fires."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    _for_ever(client, b"x")


def drip_head(client: socket.socket, _request: bytes) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _for_ever(client, b"x")


def _for_ever(client: socket.socket, byte: bytes) -> None:
    pause = threading.Event()
    for _ in range(400):
        pause.wait(0.05)
        client.sendall(byte)


def refused_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
