"""Outgoing webhooks: what is told to whom, signed, again after a failure, and never to an address inside."""

import hashlib
import hmac
import ipaddress
import json
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.services import planning, running, webhooks
from campaigns.services.webhooks import addresses, delivering, sender
from messaging.gateway.types import ReceiptEvent, ReceiptStatus, ReplyEvent, ReviewState
from messaging.models import Attempt, Batch
from messaging.services import matching, replies, reviews
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(monkeypatch):
    """This machine's loopback counts as a public address; everything else is judged as ever."""
    judge = addresses.is_public
    home = ipaddress.ip_address("127.0.0.1")
    monkeypatch.setattr(addresses, "is_public", lambda address: address == home or judge(address))


def at(server: HTTPServer, path: str) -> str:
    """By its number: the name localhost is refused before it is looked up."""
    return f"http://127.0.0.1:{server.port}{path}"


def endpoint(url: str, *events: str, **values: Any) -> WebhookEndpoint:
    made = WebhookEndpoint(name=values.pop("name", "商城"), url=url, events=list(events), **values)
    webhooks.new_secret(made, person("管理员"))
    return made


def waiting(one: WebhookEndpoint, event: str = "reply.received") -> WebhookDelivery:
    return WebhookDelivery.objects.create(endpoint=one, event=event, payload={"id": 1}, next_at=timezone.now())


class TestAddress:
    @pytest.mark.parametrize(
        "text",
        [
            "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
            "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
            "fd12::1", "ff02::1", "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
            "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378::1", "::127.0.0.1",
        ],
    )  # fmt: skip
    def test_inside(self, text):
        assert not addresses.is_public(ipaddress.ip_address(text))

    @pytest.mark.parametrize("text", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "2606:4700::1111"])
    def test_outside(self, text):
        assert addresses.is_public(ipaddress.ip_address(text))

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.com/", "https:///x", "https://user@example.com/", "https://u:p@example.com/", "file:///etc/passwd",
            "https://127.0.0.1/", "http://[::1]:80/", "https://localhost/", "https://a.localhost/", "https://exa mple.com/",
            "https://example.com/\r\nX: y", "https://例子.com/", "https://example.com:99999/", "javascript:alert(1)", "",
        ],
    )  # fmt: skip
    def test_no_address_for_a_webhook(self, url):
        with pytest.raises(addresses.Forbidden):
            addresses.target(url)

    def test_taken_apart(self):
        assert addresses.target("https://Example.com:8443/a/b?c=d#e") == addresses.Target(
            "https", "example.com", 8443, "/a/b?c=d"
        )
        assert addresses.target("http://[2400:3200::1]").host_header == "[2400:3200::1]"

    @pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
    def test_odd_spellings_of_loopback_are_seen_after_resolving(self, host):
        with pytest.raises((addresses.Forbidden, sender.NotTaken)):
            sender.post(f"http://{host}:1/", b"{}", {})

    def test_one_address_inside_spoils_the_name(self, monkeypatch):
        answers = [(2, 1, 6, "", (text, 80)) for text in ("8.8.8.8", "10.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: answers)
        with pytest.raises(addresses.Forbidden):
            addresses.resolve("two-faced.example", 80)

    def test_a_name_that_turns_inside_after_the_look_is_connected_to_where_it_was(self, monkeypatch):
        """DNS rebinding: the second answer is never asked for."""
        asked, dialled = [], []

        def resolver(host, *_args, **_more):
            asked.append(host)
            return [(2, 1, 6, "", ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", 80))]

        def dial(address, *_args):
            dialled.append(address)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        monkeypatch.setattr(socket, "create_connection", dial)
        with pytest.raises(sender.NotTaken):
            sender.post("http://rebind.example/", b"{}", {})
        assert (asked, dialled) == (["rebind.example"], [("93.184.216.34", 80)])


class TestSending:
    def test_what_the_receiver_gets(self, outside, httpserver: HTTPServer):
        httpserver.expect_request("/hook", query_string="a=1", method="POST").respond_with_data("ok")
        one = endpoint(at(httpserver, "/hook?a=1"), "reply.received")
        row = waiting(one)
        assert webhooks.send_due() == 1
        (request, _answer) = httpserver.log[0]
        body = request.get_data()
        assert json.loads(body) == {
            "id": str(row.key),
            "event": "reply.received",
            "at": row.created_at.isoformat(),
            "data": {"id": 1},
        }
        assert request.headers["Songda-Event"] == "reply.received"
        assert request.headers["Songda-Delivery"] == str(row.key)
        assert request.headers["Content-Type"].startswith("application/json")
        stamp = request.headers["Songda-Timestamp"]
        assert abs(int(stamp) - time.time()) < 60
        expected = hmac.new(one.secret["secret"].encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert request.headers["Songda-Signature"] == f"v1={expected}"
        row.refresh_from_db()
        assert (row.attempts, row.next_at, row.last_status, row.last_error) == (1, None, 200, "")
        assert row.delivered_at is not None
        assert webhooks.send_due() == 0

    @pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
    def test_anything_but_2xx_is_tried_again_later(self, outside, httpserver: HTTPServer, status):
        elsewhere = at(httpserver, "/inside")
        httpserver.expect_request("/hook").respond_with_response(Response("", status, {"Location": elsewhere}))
        httpserver.expect_request("/inside").respond_with_data("ok")
        row = waiting(endpoint(at(httpserver, "/hook")))
        before = timezone.now()
        assert webhooks.send_due() == 0
        row.refresh_from_db()
        assert (row.attempts, row.delivered_at, row.last_status) == (1, None, status)
        assert timedelta(seconds=29) < row.next_at - before < timedelta(seconds=45)
        assert [request.path for request, _ in httpserver.log] == ["/hook"]

    def test_later_and_later_and_given_up(self, monkeypatch):
        def refused(*_args):
            raise sender.NotTaken("HTTP 500", 500)

        monkeypatch.setattr(sender, "post", refused)
        row = waiting(endpoint("https://example.com/"))
        waits = []
        with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False) as clock:
            for _ in range(len(delivering.BACK_OFF) + 1):
                webhooks.send_due()
                row.refresh_from_db()
                if row.next_at:
                    waits.append(row.next_at - timezone.now())
                    clock.move_to(row.next_at)
        assert waits == list(delivering.BACK_OFF)
        assert waits == sorted(waits)
        assert (row.next_at, row.delivered_at, row.attempts) == (None, None, 9)

    def test_again_by_hand_under_the_same_key(self, outside, httpserver: HTTPServer):
        httpserver.expect_request("/hook").respond_with_data("ok")
        row = waiting(endpoint(at(httpserver, "/hook")))
        webhooks.send_due()
        row.refresh_from_db()
        webhooks.replay(row, person("管理员"))
        assert webhooks.send_due() == 1
        assert [request.headers["Songda-Delivery"] for request, _ in httpserver.log] == [str(row.key)] * 2

    def test_an_address_inside_gets_nothing_whatever_was_stored(self, httpserver: HTTPServer):
        httpserver.expect_request("/hook").respond_with_data("ok")
        row = waiting(endpoint(at(httpserver, "/hook")))
        assert webhooks.send_due() == 0
        row.refresh_from_db()
        assert (row.last_status, row.attempts) == (None, 1)
        assert row.last_error
        assert httpserver.log == []

    def test_one_that_does_not_answer_holds_up_no_other(self, outside, httpserver: HTTPServer, monkeypatch):
        httpserver.expect_request("/bad").respond_with_data("", status=500)
        httpserver.expect_request("/good").respond_with_data("ok")
        bad, good = endpoint(at(httpserver, "/bad")), endpoint(at(httpserver, "/good"), name="好")
        for one in (bad, bad, bad, good, good):
            waiting(one)
        assert webhooks.send_due() == 2
        assert [request.path for request, _ in httpserver.log] == ["/bad", "/good", "/good"]

    def test_a_receiver_that_drips_is_cut_off(self, outside, monkeypatch):
        monkeypatch.setattr(sender, "DEADLINE_SECONDS", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as server:
            import threading

            def drip():
                peer, _ = server.accept()
                with peer:
                    try:
                        for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1200:  # a minute
                            peer.sendall(bytes([letter]))
                            time.sleep(0.05)
                    except OSError:
                        return

            threading.Thread(target=drip, daemon=True).start()
            began = time.monotonic()
            with pytest.raises(sender.NotTaken):
                sender.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
            assert time.monotonic() - began < 20

    def test_switched_off_waits(self, outside, httpserver: HTTPServer):
        waiting(endpoint(at(httpserver, "/hook"), active=False))
        assert webhooks.send_due() == 0
        assert httpserver.log == []

    def test_the_tick_wakes_a_worker(self, monkeypatch, run_queue):
        from messaging import hooks

        sent = []
        monkeypatch.setattr(sender, "post", lambda *args: sent.append(args) or 200)
        waiting(endpoint("https://example.com/"))
        hooks.ticked.send(sender=None)
        run_queue()
        assert len(sent) == 1

    def test_the_secret_is_sealed_at_rest(self):
        from django.db import connection

        one = endpoint("https://example.com/")
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM campaigns_webhookendpoint")
            assert one.secret["secret"] not in cursor.fetchone()[0]


def told() -> list[tuple[str, str, Any]]:
    rows = WebhookDelivery.objects.order_by("pk").select_related("endpoint")
    return [(row.endpoint.name, row.event, row.payload) for row in rows]


class TestEvents:
    def test_receipts_are_told_together_and_only_to_who_asked(self, house):
        endpoint("https://a.example/", "delivery.updated", name="遮")
        endpoint("https://b.example/", "delivery.updated", name="全", full_numbers=True)
        endpoint("https://c.example/", "reply.received", name="别的")
        endpoint("https://d.example/", "delivery.updated", name="停", active=False)
        dispatch = house.make_dispatch(["13800000001", "13800000002", "13800000003"])
        batch = Batch.objects.get()
        Batch.objects.update(state="submitted", submitted_at=timezone.now())
        now = timezone.now()
        Attempt.objects.create(
            batch=batch, account=house.account, number=1, reference="r1", outcome="accepted", started_at=now
        )
        events = [
            (ReceiptEvent(key=f"k{n}", phone=phone, status=status, reference="r1"), None)
            for n, (phone, status) in enumerate(
                [("13800000001", ReceiptStatus.DELIVERED), ("13800000002", ReceiptStatus.FAILED)]
            )
        ]
        matching.apply_receipts(house.account, events)
        matching.apply_receipts(house.account, events)
        assert [(name, event) for name, event, _ in told()] == [("全", "delivery.updated"), ("遮", "delivery.updated")]
        by_name = {name: data["deliveries"] for name, _, data in told()}
        assert [(row["phone"], row["status"], row["message"]) for row in by_name["全"]] == [
            ("13800000001", "delivered", dispatch.pk),
            ("13800000002", "failed", dispatch.pk),
        ]
        assert [row["phone"] for row in by_name["遮"]] == ["138****0001", "138****0002"]

    def test_a_reply(self, house):
        endpoint("https://a.example/", "reply.received")
        replies.store(house.account, ReplyEvent(key="k", phone="13800000001", content="退订", at=timezone.now()))
        ((_, event, data),) = told()
        assert (event, data["phone"], data["content"]) == ("reply.received", "138****0001", "退订")
        assert (data["is_opt_out"], data["account"]) == (True, house.account.name)

    def test_a_reviewed_template(self, house):
        endpoint("https://a.example/", "template.reviewed")
        review = house.version.reviews.first()
        reviews.apply_decision(review, ReviewState.REFUSED, "图片不清晰", timezone.now() + timedelta(days=1))
        ((_, event, data),) = told()
        assert (event, data["template"], data["status"]) == ("template.reviewed", "双十一", "refused")

    def test_a_finished_campaign_is_told_once(self, make):
        endpoint("https://a.example/", "campaign.finished")
        campaign = make.campaign(make.people(4))
        planning.check(campaign)
        running.confirm_and_start(campaign, "", person("活动"))
        assert told() == []
        assert running.cancel(campaign, person("活动"))
        assert not running.cancel(campaign, person("活动"))
        running.refresh_state(campaign)
        ((_, event, data),) = told()
        assert (event, data["id"], data["state"], data["counts"]) == (
            "campaign.finished", campaign.pk, "cancelled", {"cancelled": 4},
        )  # fmt: skip
