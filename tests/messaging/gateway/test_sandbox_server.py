"""The sandbox server over real sockets, run by a toy protocol so that it knows no vendor."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from messaging.sandbox import server as sandbox_server
from messaging.sandbox.server import SandboxServer, run_in_thread, settle
from tests.toy_vendors.toy.sandbox import Sandbox

PHONES = ["13800138000", "13800138001"]


@pytest.fixture
def server():
    with run_in_thread({"toy": Sandbox()}) as running:
        yield running


def send(server: SandboxServer, *phones: str, timeout: float = 5.0) -> requests.Response:
    data = {"numbers": phones or PHONES, "ref": "s1-1", "text": "您好"}
    return requests.post(
        f"{server.base_url('toy')}/send",
        json=data,
        headers={"X-App": "toy-application"},
        timeout=timeout,
        allow_redirects=False,
    )


def command(server: SandboxServer, name: str, **data) -> dict:
    answer = requests.post(f"{server.url}/_sandbox/{name}", json=data, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(server: SandboxServer, name: str, **query) -> dict:
    return requests.get(f"{server.url}/_sandbox/{name}", params=query, timeout=5).json()


def fault(server: SandboxServer, **rule) -> None:
    command(server, "faults", vendor="toy", rules=[rule])


# --- serving ------------------------------------------------------------------------------------------------------


def test_an_accepted_send_stands_in_the_ledger(server):
    assert send(server).json() == {"code": 0, "task": "t1"}
    lines = ask(server, "ledger", vendor="toy", phone="13800138001")
    assert lines == {
        "total": 1,
        "lines": [
            {
                "vendor": "toy",
                "phone": "13800138001",
                "task_id": "t1",
                "reference": "s1-1",
                "operation": "send",
                "content": "您好",
            }
        ],
    }
    send(server, "13800138001")
    assert ask(server, "ledger/counts", vendor="toy") == {"13800138000": 1, "13800138001": 2}


def test_the_vendor_s_prefix_is_stripped_and_others_are_unknown(server):
    assert requests.get(f"{server.url}/nobody/send", timeout=5).status_code == 404
    assert (
        requests.get(f"{server.url}/toy/elsewhere", headers={"X-App": "toy-application"}, timeout=5).status_code == 404
    )


def test_header_names_keep_their_case_and_the_connection_is_kept():
    with run_in_thread({"toy": Sandbox()}) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]), timeout=5)
        sockets = set()
        for _ in range(3):
            connection.request("GET", "/toy/balance", headers={"X-App": "toy-application"})
            answer = connection.getresponse()
            assert "xToyCase" in [name for name, _ in answer.getheaders()]
            answer.read()
            sockets.add(id(connection.sock))
        assert len(sockets) == 1
        connection.close()


def test_thousands_of_requests_over_many_connections(server):
    def many() -> None:
        with requests.Session() as session:
            for number in range(250):
                phone = f"139{threading.get_ident() % 10**4:04d}{number:04d}"
                session.post(
                    f"{server.base_url('toy')}/send",
                    json={"numbers": [phone], "ref": "r", "text": ""},
                    headers={"X-App": "toy-application"},
                    timeout=10,
                )

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(server, "state")["vendors"]["toy"]["accepted"] == 2000


def test_a_mistake_in_a_sandbox_is_a_500_that_names_itself(server):
    answer = requests.post(
        f"{server.base_url('toy')}/send", data=b"no json", headers={"X-App": "toy-application"}, timeout=5
    )
    assert answer.status_code == 500
    assert answer.text.startswith("sandbox error: JSONDecodeError")
    assert ask(server, "state")["vendors"]["toy"]["last_error"].startswith("JSONDecodeError")


def test_control_mistakes_are_sentences(server):
    unknown = requests.post(f"{server.url}/_sandbox/settings", json={"vendor": "nobody"}, timeout=5)
    assert (unknown.status_code, unknown.json()["error"]) == (
        400,
        "BadCommand: no sandbox of the vendor 'nobody'; there are toy",
    )
    rules = [{"kind": "earthquake"}]
    bad = requests.post(f"{server.url}/_sandbox/faults", json={"vendor": "toy", "rules": rules}, timeout=5)
    assert bad.status_code == 400
    assert "kind must be one of" in bad.json()["error"]
    assert requests.post(f"{server.url}/_sandbox/settings", data=b"[1]", timeout=5).status_code == 400
    assert requests.get(f"{server.url}/_sandbox/nothing", timeout=5).status_code == 404


def test_settings_are_merged_and_null_removes(server):
    command(server, "settings", vendor="toy", auto_receipt=True, delay=0.1)
    assert command(server, "settings", vendor="toy", delay=None) == {"toy": {"auto_receipt": True}}
    assert command(server, "settings", fail_every=3) == {"toy": {"auto_receipt": True, "fail_every": 3}}


# --- faults -------------------------------------------------------------------------------------------------------


def accepted(server: SandboxServer) -> int:
    return ask(server, "state")["vendors"]["toy"]["accepted"]


def test_a_timeout_after_accepting(server):
    fault(server, kind="timeout_after_accept", path="/send", count=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(server, timeout=0.3)
    assert accepted(server) == 2
    assert send(server).status_code == 200


@pytest.mark.parametrize(("when", "people"), [("after", 2), ("before", 0)])
def test_a_server_error(server, when, people):
    fault(server, kind="http_5xx", when=when, status=502)
    assert send(server).status_code == 502
    assert accepted(server) == people


def test_a_redirect_is_counted_when_it_is_followed(server):
    fault(server, kind="redirect", path="/send")
    answer = send(server)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/_sandbox/followed")
    assert ask(server, "state")["redirects_followed"] == 0
    requests.get(server.url + answer.headers["Location"], timeout=5)
    assert ask(server, "state")["redirects_followed"] == 1


@pytest.mark.parametrize(("when", "people"), [("after", 2), ("before", 0), ("unread", 0), ("middle", 2)])
def test_a_cut_connection(server, when, people):
    fault(server, kind="cut", when=when)
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        send(server)
    assert accepted(server) == people


def test_garbage_and_empty(server):
    fault(server, kind="garbage")
    answer = send(server)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    fault(server, kind="garbage", form="bytes")
    with pytest.raises(UnicodeDecodeError):
        send(server).content.decode()
    fault(server, kind="empty")
    answer = send(server)
    assert (answer.status_code, answer.content) == (200, b"")
    assert accepted(server) == 6


def test_a_dripping_answer_takes_its_time_but_arrives(server):
    fault(server, kind="slow", milliseconds=10)
    begin = time.monotonic()
    assert send(server).json()["code"] == 0
    assert time.monotonic() - begin > 0.2


def test_latency_goes_together_with_another_rule(server):
    command(
        server,
        "faults",
        vendor="toy",
        rules=[{"kind": "latency", "milliseconds": 150}, {"kind": "throttle", "count": 1}],
    )
    begin = time.monotonic()
    answer = send(server)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert time.monotonic() - begin >= 0.15
    assert accepted(server) == 0
    assert send(server).status_code == 200


def test_every_third_and_no_more_than_two(server):
    fault(server, kind="http_5xx", every=3, count=2)
    assert [send(server).status_code for _ in range(10)] == [200, 200, 503, 200, 200, 503, 200, 200, 200, 200]


def test_the_same_seed_gives_the_same_faults(server):
    def run() -> list[int]:
        rules = [{"kind": "http_5xx", "probability": 0.5}]
        command(server, "faults", vendor="toy", rules=rules, seed=7)
        return [send(server).status_code for _ in range(12)]

    first = run()
    assert set(first) == {200, 503}
    assert run() == first


def test_a_rule_touches_only_its_path(server):
    fault(server, kind="http_5xx", path="/balance")
    assert send(server).status_code == 200


# --- pushes -------------------------------------------------------------------------------------------------------


class Receiver:
    """Takes pushes and answers as told, last answer for ever."""

    def __init__(self, httpserver: HTTPServer) -> None:
        self.bodies: list[dict] = []
        self.headers: list[dict] = []
        self.answers = [Response("thanks")]
        self.url = httpserver.url_for("/in/")
        httpserver.expect_request("/in/").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.bodies.append(json.loads(request.get_data()))
        self.headers.append(dict(request.headers))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver(httpserver, server):
    taker = Receiver(httpserver)
    command(server, "callbacks", vendor="toy", urls=dict.fromkeys(("review", "receipt", "reply"), taker.url))
    command(server, "settings", vendor="toy", auto_receipt=True, push_backoff=0.02)
    return taker


def pushes(server: SandboxServer) -> dict:
    assert settle(server, 5)
    return ask(server, "state")["vendors"]["toy"]["pushes"]


def test_a_receipt_is_pushed_with_its_headers(server, receiver):
    send(server, "13800138000")
    assert pushes(server)["delivered"] == 1
    assert receiver.bodies == [{"rows": [{"to": "13800138000", "ref": "s1-1", "task": "t1", "word": "OK"}]}]
    assert len(receiver.headers[0]["X-Toy-Sign"]) == 64


def test_an_audit_and_a_reply_from_outside(server, receiver):
    command(server, "approve", vendor="toy", template_id="m1", approved=False, message="不合规")
    command(server, "reply", vendor="toy", phone="13800138000", content="R")
    assert pushes(server)["delivered"] == 2
    assert receiver.bodies[0] == {"template": "m1", "approved": False, "words": "不合规"}
    assert receiver.bodies[1]["rows"][0]["says"] == "R"


def test_a_push_is_repeated_until_it_is_acknowledged_in_the_right_words(server, receiver):
    receiver.answers = [Response("no", status=500), Response("ok"), Response("thanks")]
    send(server)
    state = pushes(server)
    assert (state["delivered"], state["retried"], state["failed"]) == (1, 2, 0)
    assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]


def test_a_push_given_up_can_be_made_again(server, receiver):
    command(server, "settings", vendor="toy", push_retries=1)
    receiver.answers = [Response("no", status=500)]
    send(server)
    state = pushes(server)
    assert (state["delivered"], state["failed"]) == (0, 1)
    assert state["last_trouble"] == "receipt: HTTP 500, not the acknowledgement that the document asks for"
    receiver.answers = [Response("thanks")]
    assert command(server, "again", vendor="toy") == {"pushes": 1}
    assert pushes(server)["delivered"] == 1


def test_every_second_push_is_made_twice_and_every_third_never(server, receiver):
    command(server, "settings", vendor="toy", duplicate_pushes=2, drop_pushes=3)
    for _ in range(6):
        send(server, "13800138000")
    state = pushes(server)
    assert (state["dropped"], state["duplicated"], state["delivered"]) == (2, 2, 6)
    tasks = sorted(body["rows"][0]["task"] for body in receiver.bodies)
    assert tasks == ["t1", "t2", "t2", "t4", "t4", "t5"]


def test_pushes_keep_their_order_unless_they_are_to_lose_it(server, receiver):
    for _ in range(8):
        send(server, "13800138000")
    pushes(server)
    in_order = [f"t{number}" for number in range(1, 9)]
    assert [body["rows"][0]["task"] for body in receiver.bodies] == in_order
    receiver.bodies.clear()
    command(server, "settings", vendor="toy", reorder_pushes=0.3)
    for _ in range(8):
        send(server, "13800138000")
    pushes(server)
    got = [body["rows"][0]["task"] for body in receiver.bodies]
    wanted = [f"t{number}" for number in range(9, 17)]
    assert sorted(got, key=lambda task: int(task[1:])) == wanted
    assert got != wanted


def test_held_pushes_wait_until_they_are_let_go(server, receiver):
    command(server, "settings", vendor="toy", hold_pushes=["receipt"])
    send(server)
    command(server, "reply", vendor="toy", phone="13800138000", content="你好")
    state = pushes(server)
    assert (state["delivered"], state["held"]) == (1, 1)
    command(server, "settings", vendor="toy", hold_pushes=None)
    assert pushes(server)["delivered"] == 2


def test_pushes_wait_for_an_address(server, httpserver):
    taker = Receiver(httpserver)
    command(server, "settings", vendor="toy", auto_receipt=True)
    send(server)
    state = pushes(server)
    assert (state["waiting"], state["without_address"]) == (1, ["receipt"])
    command(server, "callbacks", vendor="toy", urls={"receipt": taker.url})
    assert pushes(server)["delivered"] == 1


def test_a_push_waits_its_delay(server, receiver):
    command(server, "settings", vendor="toy", delay=0.2)
    begin = time.monotonic()
    send(server)
    assert receiver.bodies == []
    assert pushes(server)["delivered"] == 1
    assert time.monotonic() - begin >= 0.2


def test_reset_forgets_all_but_the_addresses(server, receiver):
    send(server)
    pushes(server)
    fault(server, kind="http_5xx")
    command(server, "reset", vendor="toy")
    state = ask(server, "state")["vendors"]["toy"]
    assert (state["accepted"], state["settings"], state["pushes"]["delivered"]) == (0, {}, 0)
    assert state["callbacks"]["receipt"] == receiver.url
    assert send(server).json()["task"] == "t1"


# --- life ---------------------------------------------------------------------------------------------------------


def test_memory_outlives_a_restart(tmp_path: Path):
    keep = tmp_path / "deep" / "sandbox.state"
    with run_in_thread({"toy": Sandbox()}, keep=keep) as first:
        first.mount("toy").world.settings["auto_receipt"] = True
        send(first)
    with run_in_thread({"toy": Sandbox()}, keep=keep) as second:
        assert ask(second, "ledger/counts", vendor="toy") == dict.fromkeys(PHONES, 1)
        assert ask(second, "state")["vendors"]["toy"]["pushes"]["waiting"] == 1
        assert send(second).json()["task"] == "t2"


def test_memory_is_kept_while_serving(tmp_path: Path, monkeypatch):
    """A kill leaves no time to save."""
    monkeypatch.setattr(sandbox_server, "SAVE_SECONDS", 0.05)
    keep, copy = tmp_path / "sandbox.state", tmp_path / "as.killed"
    with run_in_thread({"toy": Sandbox()}, keep=keep) as first:
        send(first)
        time.sleep(0.3)
        copy.write_bytes(keep.read_bytes())
    with run_in_thread({"toy": Sandbox()}, keep=copy) as second:
        assert ask(second, "ledger/counts", vendor="toy") == dict.fromkeys(PHONES, 1)


def test_several_pushes_are_under_way_at_a_time(server, receiver):
    command(server, "settings", vendor="toy", push_workers=8)
    for _ in range(40):
        send(server, "13800138000")
    assert pushes(server)["delivered"] == 40
    assert sorted(int(body["rows"][0]["task"][1:]) for body in receiver.bodies) == list(range(1, 41))


def test_an_unreadable_memory_is_an_empty_one(tmp_path: Path):
    keep = tmp_path / "sandbox.state"
    keep.write_bytes(b"not a pickle")
    with run_in_thread({"toy": Sandbox()}, keep=keep) as server:
        assert accepted(server) == 0


def test_stopping_does_not_wait_for_held_answers():
    with run_in_thread({"toy": Sandbox()}) as server:
        fault(server, kind="timeout_after_accept", seconds=60)
        threading.Thread(target=lambda: _ignoring(lambda: send(server, timeout=30)), daemon=True).start()
        while not accepted(server):
            time.sleep(0.01)
        begin = time.monotonic()
    assert time.monotonic() - begin < 20  # of sixty


def _ignoring(call) -> None:
    try:
        call()
    except requests.RequestException:
        return


def run_command(*arguments: str) -> subprocess.Popen:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[3],
    )


def test_the_command_announces_its_address_and_stops_on_sigterm():
    process = run_command("--port", "0")
    try:
        line = process.stdout.readline()
        assert line.startswith("sandbox listening on http://127.0.0.1:"), process.stderr.read()
        assert "vendors" in requests.get(f"{line.split()[-1]}/_sandbox/state", timeout=5).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_busy_port_is_a_sentence():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        process = run_command("--port", port)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port} cannot be opened" in errors
    assert "--port" in errors
    assert "Traceback" not in errors
