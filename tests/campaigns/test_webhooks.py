"""Outgoing webhooks: what is told to whom, signed, again after a failure, and never to an address inside."""

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.urls import reverse
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from campaigns import preflight, webhooks
from campaigns.lifecycle import steps
from campaigns.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from campaigns.webhooks import addresses, deliver, sender
from kit import addresses as network
from messaging import reviews
from messaging.gateway.types import ReceiptEvent, ReceiptStatus, ReplyEvent, ReviewState
from messaging.inbox import replies
from messaging.models import Attempt, Batch
from messaging.receipts import apply
from messaging.worker import tasks
from tests.forms import saved
from tests.people import integrator, person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(monkeypatch, settings):
    """This machine's loopback counts as a public address, at any port; everything else is judged as ever."""
    settings.WEBHOOK_PORTS = ()
    judge = network.is_public
    home = ipaddress.ip_address("127.0.0.1")
    monkeypatch.setattr(network, "is_public", lambda address: address == home or judge(address))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """Of a receiver at 127.0.0.1, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(plain + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def over_tls(certificate: Path, monkeypatch) -> Iterator[HTTPServer]:
    """A receiver over TLS whose certificate this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with HTTPServer("127.0.0.1", 0, ssl_context=context) as server:
        yield server


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
            "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378::1", "::127.0.0.1", "192.88.99.1", "192.0.0.8", "192.0.0.192",
            "192.0.0.9", "192.0.0.170", "198.51.100.1", "203.0.113.1", "3fff::1", "5f00::1", "100::1", "2001:2::1", "2001:20::1",
            "4000::1", "1::1", "192.31.196.1", "192.175.48.1",
        ],
    )  # fmt: skip
    def test_inside(self, text):
        assert not network.is_public(ipaddress.ip_address(text))

    @pytest.mark.parametrize("text", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "2606:4700::1111"])
    def test_outside(self, text):
        assert network.is_public(ipaddress.ip_address(text))

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.com/", "https:///x", "https://user@example.com/", "https://u:p@example.com/", "file:///etc/passwd",
            "https://127.0.0.1/", "http://[::1]:80/", "https://localhost/", "https://a.localhost/", "https://exa mple.com/",
            "https://example.com:22/", "https://8.8.8.8:22/", "http://example.com:25/", "https://example.com:0/",
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

    def test_later_and_later_and_given_up(self, outside, httpserver: HTTPServer):
        httpserver.expect_request("/hook").respond_with_data("", status=500)
        row = waiting(endpoint(at(httpserver, "/hook")))
        waits = []
        with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False) as clock:
            for _ in range(len(deliver.BACK_OFF) + 1):
                webhooks.send_due()
                row.refresh_from_db()
                if row.next_at:
                    waits.append(row.next_at - timezone.now())
                    clock.move_to(row.next_at)
        assert waits == list(deliver.BACK_OFF)
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

    def test_the_tick_wakes_a_worker(self, outside, httpserver: HTTPServer, run_queue):
        httpserver.expect_request("/hook").respond_with_data("ok")
        waiting(endpoint(at(httpserver, "/hook")))
        tasks.tick()
        run_queue()
        assert len(httpserver.log) == 1

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
        endpoint("https://b.example/", "delivery.updated", name="全", full_numbers=True, created_by=person("客服"))
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
        apply.apply_receipts(house.account, events)
        apply.apply_receipts(house.account, events)
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
        reviews.apply_decision(review, ReviewState.REJECTED, "图片不清晰", timezone.now() + timedelta(days=1))
        ((_, event, data),) = told()
        assert (event, data["template"], data["status"]) == ("template.reviewed", "双十一", "rejected")

    def test_a_finished_campaign_is_told_once(self, make):
        endpoint("https://a.example/", "campaign.finished")
        campaign = make.campaign(make.people(4))
        preflight.check(campaign)
        steps.confirm_and_start(campaign, "", person("活动"))
        assert told() == []
        assert steps.cancel(campaign, person("活动"))
        assert not steps.cancel(campaign, person("活动"))
        steps.refresh_state(campaign)
        ((_, event, data),) = told()
        assert (event, data["id"], data["state"], data["counts"]) == (
            "campaign.finished", campaign.pk, "cancelled", {"cancelled": 4},
        )  # fmt: skip


class TestFullNumbers:
    """A webhook sends full numbers only while who made it may see them, and only over https."""

    DATA = {"id": 1, "phone": "13812349876", "content": "打我另一个 13900001112"}

    def received(self, httpserver: HTTPServer) -> Any:
        return json.loads(httpserver.log[-1][0].get_data())["data"]

    def row(self, one: WebhookEndpoint) -> WebhookDelivery:
        return WebhookDelivery.objects.create(
            endpoint=one, event="reply.received", payload=self.DATA, next_at=timezone.now()
        )

    def test_what_was_written_down_in_full_is_masked_when_the_maker_may_no_longer_see_it(
        self, outside, httpserver: HTTPServer
    ):
        httpserver.expect_request("/hook").respond_with_data("ok")
        maker = person("客服")
        row = self.row(endpoint(at(httpserver, "/hook"), full_numbers=True, created_by=maker))
        maker.groups.clear()
        assert webhooks.send_due() == 1
        assert self.received(httpserver) == {"id": 1, "phone": "138****9876", "content": "打我另一个 139****1112"}
        row.refresh_from_db()
        assert row.delivered_at
        assert not AuditEvent.objects.filter(action="webhook.numbers_sent").exists()

    @pytest.mark.parametrize("change", ["left", "nobody"])
    def test_nor_for_who_left_or_is_not_known(self, change, outside, httpserver: HTTPServer):
        httpserver.expect_request("/hook").respond_with_data("ok")
        maker = person("客服")
        self.row(endpoint(at(httpserver, "/hook"), full_numbers=True, created_by=None if change == "nobody" else maker))
        type(maker).objects.filter(pk=maker.pk).update(is_active=change != "left")
        webhooks.send_due()
        assert self.received(httpserver)["phone"] == "138****9876"

    def test_never_in_clear_over_http(self, outside, httpserver: HTTPServer):
        httpserver.expect_request("/hook").respond_with_data("ok")
        row = self.row(endpoint(at(httpserver, "/hook"), full_numbers=True, created_by=person("客服")))
        webhooks.send_due()
        row.refresh_from_db()
        assert (row.delivered_at, row.attempts) == (None, 1)
        assert not httpserver.log

    def test_full_numbers_that_left_are_in_the_audit_trail(self, outside, over_tls: HTTPServer):
        over_tls.expect_request("/hook").respond_with_data("ok")
        one = endpoint(over_tls.url_for("/hook"), full_numbers=True, created_by=person("客服"))
        self.row(one)
        self.row(one)
        masked = endpoint(over_tls.url_for("/hook?other"), name="别的", created_by=person("客服"))
        self.row(masked)
        assert webhooks.send_due() == 3
        sent = [json.loads(request.get_data())["data"] for request, _answer in over_tls.log]
        assert [data["phone"] for data in sent] == ["13812349876", "13812349876", "138****9876"]
        event = AuditEvent.objects.get(action="webhook.numbers_sent")
        assert (event.actor, event.target_name, event.detail) == (person("客服"), "商城", {"people": 2})

    def test_the_page_gives_full_numbers_to_who_may_see_them_alone(self):
        add = reverse("admin:campaigns_webhookendpoint_add")
        data = {"name": "商城", "url": "https://example.com/hook", "events": ["reply.received"], "active": "on"}
        admin, both = signed_in("管理员"), signed_in(user=integrator())
        assert admin.post(add, {**data, "full_numbers": "on"}).status_code == 200
        assert not WebhookEndpoint.objects.exists()
        assert both.post(add, {**data, "full_numbers": "on", "url": "http://example.com/"}).status_code == 200
        assert not WebhookEndpoint.objects.exists()
        assert both.post(add, {**data, "full_numbers": "on"}).status_code == 200
        one = WebhookEndpoint.objects.get()
        assert (one.created_by, one.reveals) == (integrator(), True)
        change = reverse("admin:campaigns_webhookendpoint_change", args=[one.pk])
        moved = saved(admin, change, {**data, "full_numbers": "on", "url": "https://evil.example.com/"})
        assert moved.status_code == 200
        one.refresh_from_db()
        assert one.url == "https://example.com/hook"
        assert saved(admin, change, {**data, "full_numbers": "on", "name": "新名字"}).status_code == 302
        one.refresh_from_db()
        assert (one.name, one.created_by, one.reveals) == ("新名字", integrator(), True)

    def test_who_opens_them_answers_for_them(self):
        one = endpoint("https://example.com/", "reply.received", created_by=person("管理员"))
        change = reverse("admin:campaigns_webhookendpoint_change", args=[one.pk])
        data = {"name": "商城", "url": one.url, "events": ["reply.received"], "active": "on", "full_numbers": "on"}
        assert saved(signed_in(user=integrator()), change, data).status_code == 302
        one.refresh_from_db()
        assert (one.created_by, one.reveals) == (integrator(), True)


def test_in_production_only_https_at_its_usual_ports(settings):
    settings.WEBHOOK_HTTPS_ONLY, settings.WEBHOOK_PORTS = True, (443, 8443)
    for url in ("https://example.com/", "https://example.com:8443/x"):
        assert addresses.target(url).scheme == "https"
    for url in ("http://example.com/", "https://example.com:80/", "https://example.com:9443/"):
        with pytest.raises(addresses.Forbidden):
            addresses.target(url)
