"""What became of a request, over real sockets: the difference between "again" and "never again by itself"."""

import contextlib
import datetime
import gc
import hashlib
import ipaddress
import os
import socket
import ssl
import threading
import time
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from messaging.gateway import http as door
from messaging.gateway import reasons
from messaging.gateway.contract_suite import account
from messaging.gateway.http import Http
from messaging.gateway.outcomes import Outcome, TransportError
from messaging.gateway.types import CallRecord, WireRequest
from tests.messaging.gateway import wires

SECRET = "s3cret-of-the-account"
SEND = WireRequest("send", "POST", "/send", {"X-Key": SECRET}, b'{"to":"13800138000"}', {"key": SECRET}, people=1)


class Caller:
    """An Http to one address, with its records."""

    def __init__(self, url: str, deadline: float = 5.0) -> None:
        self.records: list[CallRecord] = []
        config = account(url, {"key": SECRET})
        self.http = Http(config, recorder=self.records.append, deadline=deadline)

    def fails(self, request: WireRequest = SEND) -> TransportError:
        with pytest.raises(TransportError) as caught:
            self.http.exchange(request)
        assert self.records[-1].outcome == caught.value.outcome.value
        return caught.value


def fate(act: wires.Act, deadline: float = 5.0) -> tuple[TransportError, wires.RawServer]:
    with wires.raw_server(act) as server:
        error = Caller(server.url, deadline).fails()
    return error, server


# --- where a call may go ------------------------------------------------------------------------------------------


def _unnamed(url: str) -> TransportError:
    http = Http(replace(account(url, {"key": SECRET}), named_hosts=()), deadline=5)
    with pytest.raises(TransportError) as caught:
        http.exchange(SEND)
    return caught.value


def test_an_unnamed_private_address_is_never_connected_to():
    def never(connection: socket.socket) -> None:
        raise AssertionError("connected")

    with wires.raw_server(never) as server:
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            error = _unnamed(f"https://{host}:{port}")
            assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.ADDRESS)


def test_an_unnamed_host_is_not_spoken_to_without_tls():
    error = _unnamed("http://vendor.example/api")
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.ADDRESS)
    assert "VENDOR_HOSTS" in str(error)


def test_a_name_that_leads_inside_is_refused_at_every_call(monkeypatch):
    """Whoever owns the name's zone may answer with another address at any time."""
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: inside)
    error = _unnamed("https://vendor.example/api")
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.ADDRESS)


# --- certainly not accepted ---------------------------------------------------------------------------------------


def test_a_refused_connection_is_not_taken():
    error = Caller(wires.refused_url()).fails()
    assert (error.outcome, error.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)


def test_an_unknown_name_is_not_taken():
    error = Caller("https://nobody.invalid").fails()
    assert (error.outcome, error.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)


@pytest.fixture
def full_listener():
    """A socket whose queue is full: the kernel answers no further SYN."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        for filler in fillers:
            filler.close()


def test_no_connection_within_the_time_is_not_taken(full_listener, monkeypatch):
    monkeypatch.setattr(door, "CONNECT_SECONDS", 0.2)
    error = Caller(full_listener).fails()
    assert (error.outcome, error.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)


def test_a_deadline_before_the_connection_stands_is_safe_and_nothing_follows(monkeypatch):
    """The name server answers only after the call was given up: the thread that waited for it must not send then."""
    with wires.raw_server(wires.answering(200, b"{}")) as server:
        real, late = socket.getaddrinfo, threading.Event()

        def slow(*args, **kwargs):
            late.wait(5)
            return real(*args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        error = Caller(server.url, deadline=0.2).fails()
        late.set()
        time.sleep(0.2)
    assert (error.outcome, error.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)
    assert server.requests == []


def test_throttling_is_not_taken():
    error, server = fate(wires.answering(429, b"slow down"))
    assert (error.outcome, error.reason) == (Outcome.NOT_TAKEN, reasons.WAIT)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("99999999", 300.0), ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0), ("-1", 0.0), ("", 0.0)],
    ids=repr,
)
def test_throttling_says_how_long_to_wait(header, seconds):
    error, _ = fate(wires.answering(429, b"", Retry_After=header))
    assert error.retry_after == seconds


# --- the account's fault ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, reasons.CREDENTIALS),
        (403, reasons.CREDENTIALS),
        (404, reasons.ADDRESS),
        (405, reasons.ADDRESS),
        (410, reasons.ADDRESS),
    ],
)
def test_statuses_that_stop_the_account(status, reason):
    error, server = fate(wires.answering(status, b"no"))
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reason)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "127.0.0.1:80", "http://", "http://[::1", ""])
def test_an_address_that_is_none_stops_the_account(url):
    error = Caller(url).fails()
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.ADDRESS)


@pytest.mark.parametrize("value", ["pasted with a line break\n", "密码"])
def test_a_header_that_http_cannot_carry_stops_the_account(value):
    with wires.raw_server(wires.answering(200, b"{}")) as server:
        error = Caller(server.url).fails(WireRequest("send", "POST", "/send", {"X-Key": value}, b"{}"))
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.BAD_REQUEST)
    assert server.requests == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_that_is_not_trusted_stops_the_account(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    got = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            try:
                with context.wrap_socket(client, server_side=True) as secure:
                    got.append(secure.recv(1))
            except OSError:
                client.close()

        threading.Thread(target=serve, daemon=True).start()
        error = Caller(f"https://127.0.0.1:{listener.getsockname()[1]}").fails()
    assert (error.outcome, error.reason) == (Outcome.BLOCKED, reasons.ADDRESS)
    assert got == []


def test_a_connection_over_tls_that_breaks_after_the_request_is_unknown(certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    got = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            secure = context.wrap_socket(client, server_side=True)
            got.append(secure.recv(65536))
            socket.socket.shutdown(secure, socket.SHUT_RDWR)

        threading.Thread(target=serve, daemon=True).start()
        caller = Caller(f"https://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
        error = caller.fails()
    assert (error.outcome, error.reason) == (Outcome.UNKNOWN, reasons.NO_ANSWER)
    assert len(got) == 1


# --- nobody knows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 400, 409, 413, 422, 300, 301, 302, 303, 304, 307, 308])
def test_statuses_that_say_nothing_about_acceptance(status):
    error, server = fate(wires.answering(status, b"whatever"))
    assert (error.outcome, error.reason) == (Outcome.UNKNOWN, reasons.NO_ANSWER)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status):
    with wires.raw_server(wires.answering(200, b"{}")) as elsewhere:
        error, server = fate(wires.answering(status, b"", Location=f"{elsewhere.url}/send"))
        assert (elsewhere.requests, elsewhere.connections) == ([], 0)
    assert error.outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


@pytest.mark.parametrize("act", [wires.reset, wires.hang_up], ids=["reset", "closed"])
def test_a_connection_that_breaks_after_the_request_is_unknown(act):
    error, server = fate(act)
    assert (error.outcome, error.reason) == (Outcome.UNKNOWN, reasons.NO_ANSWER)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"code":',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"co',
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["short", "chunk cut", "bad gzip", "no http"],
)
def test_an_answer_that_is_cut_or_broken_is_unknown(answer):
    def act(client: socket.socket, request: bytes) -> None:
        client.sendall(answer)
        wires.hang_up(client, request)

    error, server = fate(act)
    assert (error.outcome, error.reason) == (Outcome.UNKNOWN, reasons.NO_ANSWER)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "act", [wires.say_nothing, wires.drip, wires.drip_head], ids=["silent", "dripping body", "dripping head"]
)
def test_the_deadline_is_for_the_whole_call(act):
    begin = time.monotonic()
    error, server = fate(act, deadline=0.4)
    assert time.monotonic() - begin < 10  # the vendor goes on for twenty
    assert (error.outcome, error.reason) == (Outcome.UNKNOWN, reasons.NO_ANSWER)
    assert len(server.requests) == 1


def hands():
    return {thread for thread in threading.enumerate() if thread.name == "vendor-call"}


def ended(threads):
    """Whether all of these threads end soon."""
    for thread in threads:
        thread.join(2)
    return not any(thread.is_alive() for thread in threads)


def test_a_call_that_was_given_up_leaves_no_thread_behind():
    before = hands()
    with wires.raw_server(wires.drip) as server:
        caller = Caller(server.url, 0.2)
        assert caller.fails().outcome is Outcome.UNKNOWN
        assert ended(hands() - before)


def test_calls_in_a_row_share_a_thread_that_ends_with_the_caller():
    before = hands()
    with wires.raw_server(wires.answering(200, b"ok")) as server:
        caller = Caller(server.url)
        for _ in range(3):
            caller.http.exchange(SEND)
        mine = hands() - before
        assert len(mine) == 1
        del caller
        assert ended(mine)


def test_a_caller_whose_call_failed_leaves_no_thread_behind():
    """Not only once the collector comes by: an error holds the frames it went through."""
    before = hands()
    gc.disable()
    try:
        caller = Caller("ftp://nowhere")
        with contextlib.suppress(TransportError):
            caller.http.exchange(SEND)
        mine = hands() - before
        assert len(mine) == 1
        del caller
        assert ended(mine)
    finally:
        gc.enable()


def test_after_a_call_was_given_up_the_next_one_has_a_thread_of_its_own():
    acts = iter([wires.drip, wires.answering(200, b"ok")])
    with wires.raw_server(lambda client, request: next(acts)(client, request)) as server:
        caller = Caller(server.url, 0.2)
        assert caller.fails().outcome is Outcome.UNKNOWN
        assert caller.http.exchange(SEND).body == b"ok"
        assert server.connections == 2


def test_a_forked_process_makes_calls_although_the_thread_stayed_behind():
    """A worker's processes are forked: the thread of a caller made before runs in the parent alone."""
    with wires.raw_server(wires.answering(200, b"ok")) as server:
        caller = Caller(server.url, 2)
        caller.http.exchange(SEND)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if caller.http.exchange(SEND).body == b"ok" else 1
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_answer_without_end_is_unknown(monkeypatch):
    monkeypatch.setattr(door, "ANSWER_LIMIT", 1000)
    error, _ = fate(wires.answering(200, b"x" * 1001))
    assert error.outcome is Outcome.UNKNOWN


# --- what goes over the wire --------------------------------------------------------------------------------------


def test_an_answer_and_its_record():
    with wires.raw_server(wires.answering(200, b'{"code":0}', X_Toy="Yes")) as server:
        caller = Caller(server.url + "/base/")
        answer = caller.http.exchange(SEND)
    assert (answer.status, answer.body, answer.headers["x-toy"]) == (200, b'{"code":0}', "Yes")
    assert len(server.requests) == 1
    head = server.requests[0].split(b"\r\n")
    assert head[0] == f"POST /base/send?key={SECRET} HTTP/1.1".encode()
    assert server.requests[0].endswith(b'\r\n\r\n{"to":"13800138000"}')
    (record,) = caller.records
    assert (record.operation, record.people, record.status, record.outcome) == ("send", 1, 200, "answered")
    assert record.answer == '{"code":0}'
    assert record.digest == hashlib.sha256(SEND.body).hexdigest()
    assert record.started_at.tzinfo is not None
    assert 0 <= record.milliseconds < 5000


def test_sealed_bytes_are_counted_in_the_record_and_the_vendors_word_is_kept():
    with wires.raw_server(wires.answering(200, b"\x00\x01sealed", result="ERROR_BALANCE")) as server:
        caller = Caller(server.url)
        caller.http.exchange(replace(SEND, word_header="result"))
    (record,) = caller.records
    assert record.answer == "result: ERROR_BALANCE\n(8 bytes)"


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    with wires.raw_server(wires.answering(200, b"proxied")) as proxy, wires.raw_server(wires.answering(200)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        Caller(server.url).http.exchange(SEND)
        assert (len(server.requests), proxy.connections) == (1, 0)


def test_credentials_of_the_home_directory_are_ignored(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with wires.raw_server(wires.answering(200)) as server:
        Caller(server.url).http.exchange(SEND)
    assert b"authorization" not in server.requests[0].lower()


def test_a_connection_is_kept_for_the_next_call():
    with wires.raw_server(wires.answering(200, b"{}")) as server:
        caller = Caller(server.url)
        for _ in range(3):
            caller.http.exchange(SEND)
        assert (len(server.requests), server.connections) == (3, 1)


def test_a_connection_that_stood_idle_is_not_used_again(monkeypatch):
    monkeypatch.setattr(door, "IDLE_SECONDS", 0.05)
    with wires.raw_server(wires.answering(200, b"{}")) as server:
        caller = Caller(server.url)
        caller.http.exchange(SEND)
        time.sleep(0.1)
        caller.http.exchange(SEND)
        assert (len(server.requests), server.connections) == (2, 2)


def test_a_kept_connection_that_the_vendor_closed_is_not_used_again():
    def act(client: socket.socket, request: bytes) -> None:
        client.sendall(wires.http(200, b"{}"))
        wires.hang_up(client, request)

    with wires.raw_server(act) as server:
        caller = Caller(server.url)
        for _ in range(3):
            caller.http.exchange(SEND)
            time.sleep(0.05)
        assert (len(server.requests), server.connections) == (3, 3)


def test_after_a_broken_call_the_next_one_has_its_own_connection():
    def act(client: socket.socket, request: bytes) -> None:
        if len(server.requests) == 1:
            wires.hang_up(client, request)
        else:
            client.sendall(wires.http(200, b"{}"))

    with wires.raw_server(act) as server:
        caller = Caller(server.url)
        assert caller.fails().outcome is Outcome.UNKNOWN
        assert caller.http.exchange(SEND).status == 200
        assert len(server.requests) == 2


# --- what is kept of it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500])
def test_secrets_and_numbers_are_masked_in_the_record(status):
    echo = f'{{"you_sent":"{SECRET}","to":["13800138000","8613912345678"]}}'.encode()
    with wires.raw_server(wires.answering(status, echo)) as server:
        caller = Caller(server.url)
        if status == 200:
            caller.http.exchange(SEND)
        else:
            caller.fails()
    (record,) = caller.records
    assert record.status == status
    assert record.answer == '{"you_sent":"***","to":["138****8000","139****5678"]}'
    assert SECRET not in repr(record)


def test_a_number_at_the_end_of_what_is_kept_is_masked_too():
    body = b"x" * (door.ANSWER_KEPT - 6) + b" 13800138000 and more"
    with wires.raw_server(wires.answering(200, body)) as server:
        caller = Caller(server.url)
        caller.http.exchange(SEND)
    assert caller.records[0].answer.endswith("xx 138**")
    assert len(caller.records[0].answer) == door.ANSWER_KEPT


@pytest.mark.parametrize("url", ["refused", "http://nobody.invalid"])
def test_no_error_tells_the_address_with_its_query(url, caplog):
    caller = Caller(wires.refused_url() if url == "refused" else url)
    with caplog.at_level("DEBUG", logger="messaging"):
        error = caller.fails()
    assert SECRET not in f"{error!r} {error.__cause__!r} {caller.records!r} {caplog.text}"
    assert error.__suppress_context__
