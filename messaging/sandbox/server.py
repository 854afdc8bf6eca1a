"""The sandbox over HTTP: every vendor's protocol under /<code>/…, the control API under /_sandbox/…

One thread for each connection, connections kept alive, header names on replies in the case that the vendor's sandbox
gave them. It binds to the loopback alone: its credentials are known to everybody.
"""

import contextlib
import logging
import pickle
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from messaging.sandbox.base import SandboxReply, SandboxRequest, VendorSandbox
from messaging.sandbox.control import Control
from messaging.sandbox.faults import Plan, plan
from messaging.sandbox.mounts import Mount, discover

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
CONTROL = "_sandbox"
LARGEST_BODY = 64 * 1024 * 1024
IDLE_SECONDS = 120
SAVE_SECONDS = 5.0
SAVED_ALIVE = 200_000  # lines of the ledger up to which it is saved while serving: more would stall a benchmark


class SandboxServer:
    """Serves until `stop`. `keep` names a file in which templates, ledger and waiting pushes outlive a restart.

    `url` is where it listens; a vendor's account has the base URL `base_url(code)`.
    """

    def __init__(
        self, port: int = 0, sandboxes: Mapping[str, VendorSandbox] | None = None, keep: Path | None = None
    ) -> None:
        found = discover() if sandboxes is None else sandboxes
        self.mounts = {code: Mount(sandbox) for code, sandbox in found.items()}
        self.control = Control(self.mounts)
        self.stopping = threading.Event()
        self._keep = keep
        self._saving = threading.Lock()
        self._saved: object = None
        self._restore()
        self._http = _Listener((HOST, port), self)
        self.url = f"http://{HOST}:{self._http.server_address[1]}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="sandbox"
        )

    def base_url(self, code: str) -> str:
        return f"{self.url}/{code}"

    def mount(self, code: str) -> Mount:
        return self.mounts[code]

    def start(self) -> "SandboxServer":
        for mount in self.mounts.values():
            mount.pusher.start()
        self._thread.start()
        if self._keep is not None:
            threading.Thread(target=self._save_now_and_then, daemon=True, name="sandbox-keeper").start()
        return self

    def stop(self) -> None:
        """Close at once, whatever is held; keep what is to be kept."""
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        for mount in self.mounts.values():
            mount.pusher.stop()
        self._save()

    def _restore(self) -> None:
        if self._keep is None or not self._keep.exists():
            return
        try:
            kept = pickle.loads(self._keep.read_bytes())  # noqa: S301 - our own file, written by _save
        except Exception:
            log.exception("the kept state of the sandbox cannot be read; it begins empty")
            return
        for code, mount in self.mounts.items():
            mount.load(kept.get(code, {}))

    def _save_now_and_then(self) -> None:
        """A killed sandbox that has forgotten its templates would refuse every campaign of the next one."""
        while not self.stopping.wait(SAVE_SECONDS):
            marks = [mount.mark() for mount in self.mounts.values()]
            if marks != self._saved and sum(len(mount.world.ledger) for mount in self.mounts.values()) < SAVED_ALIVE:
                self._save()
                self._saved = marks

    def _save(self) -> None:
        if self._keep is None:
            return
        with self._saving:
            self._keep.parent.mkdir(parents=True, exist_ok=True)
            draft = self._keep.with_suffix(".new")
            draft.write_bytes(pickle.dumps({code: mount.dump() for code, mount in self.mounts.items()}))
            draft.replace(self._keep)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], house: SandboxServer) -> None:
        self.house = house
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a client went away", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Listener
    _reasons: ClassVar[Mapping[int, str]] = {
        status: words[0] for status, words in BaseHTTPRequestHandler.responses.items()
    }

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        code, _, rest = address.path.lstrip("/").partition("/")
        mount = self.server.house.mounts.get(code)
        if code == CONTROL:
            status, body = self.server.house.control.answer(self.command, rest, address.query, self._body())
            self._send(SandboxReply(body, status, {"Content-Type": "application/json"}))
        elif mount is None:
            self._send(SandboxReply(b'{"error": "no such vendor"}', 404, {"Content-Type": "application/json"}))
        else:
            self._vendor(mount, f"/{rest}", address.query)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _vendor(self, mount: Mount, path: str, query: str) -> None:
        latency, rule = mount.faults.choose(path)
        if rule and rule.kind == "cut" and rule.when == "unread":
            self._abort()
            return
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        if latency:
            self.server.house.stopping.wait(latency)
        request = SandboxRequest(self.command, path, query, headers, body, datetime.now(UTC))
        self._carry_out(plan(rule, lambda: mount.handle(request)))

    def _body(self) -> bytes:
        """The body as announced; a length that cannot be believed ends the connection."""
        announced = self.headers.get("Content-Length", "0")
        if not announced.isdigit() or int(announced) > LARGEST_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(int(announced))

    def _carry_out(self, what: Plan) -> None:
        if what.hold:
            self.server.house.stopping.wait(what.hold)
        if what.reply is None:
            self._abort()
        elif what.cut_at is not None:
            self._send(what.reply, only=what.cut_at)
            self._abort()
        else:
            self._send(what.reply, drip=what.drip)

    def _send(self, reply: SandboxReply, *, drip: float = 0.0, only: int | None = None) -> None:
        head = [f"HTTP/1.1 {reply.status} {self._reasons.get(reply.status, '')}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        head.append(f"Content-Length: {len(reply.body)}")
        if self.close_connection:
            head.append("Connection: close")
        self.wfile.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
        body = reply.body if only is None else reply.body[:only]
        if drip:
            self._drip(body, drip)
        elif self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drip(self, body: bytes, pause: float) -> None:
        for byte in body:
            self.wfile.flush()
            if self.server.house.stopping.wait(pause):
                return
            self.wfile.write(bytes((byte,)))

    def _abort(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing for each request: a benchmark makes thousands; `state` counts them."""


@contextlib.contextmanager
def run_in_thread(
    sandboxes: Mapping[str, VendorSandbox] | None = None, *, port: int = 0, keep: Path | None = None
) -> Iterator[SandboxServer]:
    """A running sandbox for tests; all vendors unless `sandboxes` says which."""
    server = SandboxServer(port, sandboxes, keep).start()
    try:
        yield server
    finally:
        server.stop()


def settle(server: SandboxServer, seconds: float = 10.0) -> bool:
    """Wait until every push that has an address is delivered or given up; False if the time was not enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pushes = [mount.pusher.state() for mount in server.mounts.values()]
        if all(state["waiting"] == state["held"] for state in pushes):
            return True
        time.sleep(0.02)
    return False
