"""The one door to vendors: a total deadline, no redirects, no proxies from the environment, each call recorded and
masked."""

import hashlib
import queue
import re
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests

from kit import addresses, masks
from messaging.gateway import reasons
from messaging.gateway.call_thread import CallThread
from messaging.gateway.connection_watch import ConnectionWatch, WatchedAdapter
from messaging.gateway.departure import Departure
from messaging.gateway.outcomes import Outcome, TransportError
from messaging.gateway.types import AccountConfig, CallRecord, Recorder, WireRequest, WireResponse

IDLE_SECONDS = 5.0  # an older kept connection may be half closed: a reset on it would look like an unknown send
CONNECT_SECONDS = 5.0
LONGEST_PAUSE = 300.0
ANSWER_LIMIT = 8 * 1024 * 1024
ANSWER_KEPT = 2000

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def _nothing(_record: CallRecord) -> None:
    return None


def _no_hand() -> None:
    return None


def _readable(response: WireResponse, word_header: str) -> str:
    """The beginning of the answer as text. Sealed bytes are counted instead of shown: a database takes no NUL in a text."""
    beginning = response.body[: 2 * ANSWER_KEPT]
    text = f"({len(response.body)} bytes)" if _CONTROL.search(beginning) else beginning.decode("utf-8", "replace")
    word = response.headers.get(word_header, "") if word_header else ""
    return f"{word_header}: {word}\n{text}" if word else text


class Http:
    """Calls one account's own address and nothing else. Not shared between threads."""

    def __init__(self, account: AccountConfig, *, recorder: Recorder = _nothing, deadline: float = 30.0) -> None:
        self._account = account
        self._recorder = recorder
        self._deadline = deadline
        self.departure: Departure | None = None  # asked just before the first byte; whoever sends sets it
        self._session: requests.Session | None = None
        self._used_at = 0.0
        self._thread: CallThread[WireResponse] | None = None
        self._end_hand: Callable[[], object] = _no_hand

    def exchange(self, request: WireRequest) -> WireResponse:
        """Send it once. Raises TransportError with NOT_TAKEN, BLOCKED or UNKNOWN; never repeats, never follows a redirect. What
        `departure` does not let leave any more is NOT_TAKEN."""
        started_at, clock = datetime.now(UTC), time.monotonic()
        status: int | None = None
        answer, outcome = "", Outcome.UNKNOWN.value
        try:
            response = self._within_deadline(lambda: self._post(request))
            status, answer = response.status, _readable(response, request.word_header)
            self._judge(response)
            outcome = "answered"
            return response
        except TransportError as error:
            answer, outcome = answer or str(error), error.outcome.value
            raise
        finally:
            self._recorder(
                CallRecord(
                    operation=request.operation,
                    people=request.people,
                    digest=hashlib.sha256(request.body).hexdigest(),
                    status=status,
                    # Masked before it is cut: half a number at the end would not be known as one.
                    answer=masks.text(answer, self._account.secrets)[:ANSWER_KEPT],
                    outcome=outcome,
                    started_at=started_at,
                    milliseconds=int((time.monotonic() - clock) * 1000),
                )
            )

    def _within_deadline(self, call: Callable[[], WireResponse]) -> WireResponse:
        """Let another thread make the call: a vendor that drips a byte a second defeats every socket time-out, and only
        giving up on the whole call bounds it. Giving up cuts the connection, which ends the thread."""
        wire = ConnectionWatch(self._account.named_hosts, self.departure)
        done = self._living_thread().take(call, wire)
        try:
            found = done.get(timeout=self._deadline)
        except queue.Empty:
            self._dismiss()
            raise _too_late(wire.give_up(), self._deadline) from None
        except BaseException:
            self._dismiss()
            wire.give_up()
            raise
        if isinstance(found, WireResponse):
            return found
        self._session = None
        if self.departure is not None and self.departure.refused:
            raise TransportError(Outcome.NOT_TAKEN, reasons.STOOD_STILL, self.departure.refused)
        try:
            # Without the cause: its text holds the address with its query, and that may hold a secret.
            raise _translated(found, wire.used) from None
        finally:
            del found  # it holds this frame, and with it the hand, in a cycle

    def _living_thread(self) -> "CallThread[WireResponse]":
        if self._thread is not None and not self._thread.lives:
            self._session = self._thread = None  # a fork's parent has them
        if self._thread is None:
            self._thread = CallThread()
            self._end_hand = weakref.finalize(self, self._thread.dismiss)
        return self._thread

    def _dismiss(self) -> None:
        """Let the hand go with the call it has, and the connection with it."""
        self._end_hand()
        self._session = self._thread = None

    def _post(self, request: WireRequest) -> WireResponse:
        with self._fresh_session().request(
            request.method,
            self._url(request),
            params=dict(request.query) or None,
            data=request.body or None,
            headers=dict(request.headers),
            timeout=(min(CONNECT_SECONDS, self._deadline), self._deadline),
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = bytearray()
            for piece in answer.iter_content(65536):
                body += piece
                if len(body) > ANSWER_LIMIT:
                    raise TransportError(Outcome.UNKNOWN, reasons.NO_ANSWER, "The answer is longer than 8 MB")
            self._used_at = time.monotonic()
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return WireResponse(answer.status_code, headers, bytes(body))

    def _url(self, request: WireRequest) -> str:
        base = self._account.base_url.rstrip("/")
        if not _is_web_address(base) or not request.path.startswith("/"):
            raise TransportError(Outcome.BLOCKED, reasons.ADDRESS, "The account's address is not an http(s) address")
        if urlsplit(base).scheme != "https" and urlsplit(base).hostname not in self._account.named_hosts:
            raise TransportError(Outcome.BLOCKED, reasons.ADDRESS, "http:// is for the hosts that VENDOR_HOSTS names")
        return base + request.path

    def _fresh_session(self) -> requests.Session:
        if self._session is None or time.monotonic() - self._used_at > IDLE_SECONDS:
            if self._session is not None:
                self._session.close()
            self._session = requests.Session()
            self._session.trust_env = False
            for scheme in ("http://", "https://"):
                self._session.mount(scheme, WatchedAdapter())
        return self._session

    @staticmethod
    def _judge(response: WireResponse) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        if status == 429:
            pause = _seconds(response.headers.get("retry-after", ""))
            raise TransportError(Outcome.NOT_TAKEN, reasons.WAIT, "HTTP 429: too many requests", pause)
        if status in (401, 403):
            raise TransportError(Outcome.BLOCKED, reasons.CREDENTIALS, f"HTTP {status}")
        if status in (404, 405, 410):
            raise TransportError(Outcome.BLOCKED, reasons.ADDRESS, f"HTTP {status}")
        raise TransportError(Outcome.UNKNOWN, reasons.NO_ANSWER, f"HTTP {status}")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _seconds(retry_after: str) -> float:
    """Retry-After as seconds; a date or nonsense is nothing, and nobody makes us wait longer than LONGEST_PAUSE."""
    return min(float(retry_after), LONGEST_PAUSE) if retry_after.isascii() and retry_after.isdigit() else 0.0


def _too_late(sent: bool, deadline: float) -> TransportError:
    if sent:
        return TransportError(Outcome.UNKNOWN, reasons.NO_ANSWER, f"No complete answer within {deadline:.0f} s")
    return TransportError(Outcome.NOT_TAKEN, reasons.WAIT, f"No connection within {deadline:.0f} s")


def _translated(error: BaseException, sent: bool) -> BaseException:
    """Only what failed before the first byte went out is NOT_TAKEN. Everything later may have been read and acted upon.

    An error that is not about the network comes back as it is.
    """
    if isinstance(error, TransportError):
        return error
    if sent and isinstance(error, requests.RequestException | OSError):
        return TransportError(Outcome.UNKNOWN, reasons.NO_ANSWER, f"The connection broke: {type(error).__name__}")
    return error if sent else _never_sent(error)


def _never_sent(error: BaseException) -> BaseException:
    if isinstance(error, addresses.NotPublic):
        return TransportError(
            Outcome.BLOCKED, reasons.ADDRESS, "The address is not public and VENDOR_HOSTS does not name it"
        )
    if isinstance(error, requests.exceptions.SSLError) and "EOF" not in str(error):
        return TransportError(Outcome.BLOCKED, reasons.ADDRESS, "No safe connection: certificate or protocol refused")
    if isinstance(error, requests.exceptions.InvalidHeader | UnicodeError):
        return TransportError(Outcome.BLOCKED, reasons.BAD_REQUEST, "A header holds a character that HTTP cannot carry")
    if isinstance(error, OSError) and not isinstance(error, ValueError):
        return TransportError(
            Outcome.NOT_TAKEN, reasons.WAIT, "No connection: refused, timed out, or the name is not known"
        )
    if isinstance(error, requests.RequestException):
        return TransportError(Outcome.BLOCKED, reasons.ADDRESS, "The account's address cannot be used")
    return error
