"""Staging copies are disarmed; an announced move opens by itself on the new server; the web's own mark."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import ApiToken, WebhookEndpoint
from messaging import fence, hooks
from messaging.fence import identity, web
from messaging.models import Batch, Fence, FenceHold, FenceMark, VendorAccount
from messaging.sending.claim import Claimed, Held
from messaging.worker import tasks
from tests.messaging.fence.conftest import manage, rule

pytestmark = pytest.mark.django_db


def disarm():
    out = StringIO()
    call_command("disarm", "--yes", stdout=out)
    return out.getvalue()


def test_disarm_takes_everything_away_that_reaches_out_and_holds_all(hosts, queued, monkeypatch, house, admin_user):
    token = ApiToken.objects.create(name="t", prefix="sd_", digest="x", created_by=admin_user)
    hook = WebhookEndpoint.objects.create(name="w", url="https://shop.example/h", secret={"secret": "s"})
    before, mark = house.account.callback_token, fence.mark()
    assert "1 vendor accounts without credentials" in disarm()
    for row in (house.account, token, hook):
        row.refresh_from_db()
    assert (house.account.credentials, house.account.status, token.active, hook.active) == ({}, "off", False, False)
    assert house.account.callback_token != before
    assert fence.mark() != mark, "its references are not those of the original"
    assert rule() == 21
    VendorAccount.objects.update(status="ok", credentials=dict(house.sandbox.mount("rcs_gateway").sandbox.credentials))
    assert hosts().claim(queued, monkeypatch) == Held("fence")
    assert house.accepted() == {}


def test_disarm_twice_and_after_another_hold(hosts, queued):
    hosts().beat()
    FenceMark.objects.all().delete()
    hosts().ends()
    assert hosts().look().hold.rule == 4
    disarm()
    disarm()
    assert [hold.rule for hold in fence.open_holds()] == [21]


def test_disarm_asks_before_it_does_anything(house, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _words: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("disarm")
    house.account.refresh_from_db()
    assert house.account.credentials


def test_a_disarmed_copy_asks_no_vendor_and_tells_no_customer(hosts, house):
    disarm()
    assert fence.nobody_asks()
    told = []
    hooks.ticked.connect(
        lambda **signal: told.append((signal["may_send"], signal["may_ask"])), weak=False, dispatch_uid="told"
    )
    with hosts().at_work():
        tasks.tick()
    hooks.ticked.disconnect(dispatch_uid="told")
    assert told == [(False, False)]


@pytest.fixture
def server(monkeypatch):
    """A server that says who it is, also where the tests run on SQLite."""

    def says(identifier):
        monkeypatch.setattr(identity, "ask", lambda: identity.Server(identifier, 1))

    says("7000000000000000001")
    return says


def test_an_announced_move_opens_by_itself_on_the_new_server(hosts, queued, monkeypatch, server):
    host = hosts()
    host.beat()
    host.stops()
    with host.at_work():
        call_command("fence", "move", stdout=StringIO())
    assert rule() == 20
    assert host.claim(queued, monkeypatch) == Held("fence"), "the old one sends nothing any more"
    server("7000000000000000002")
    host.ends()
    assert isinstance(host.claim(queued, monkeypatch), Claimed)
    assert (rule(), Fence.objects.get().system_identifier) == (None, "7000000000000000002")


def test_without_the_paper_the_new_server_stays_held(hosts, queued, monkeypatch, server):
    host = hosts()
    host.beat()
    with host.at_work():
        call_command("fence", "move", stdout=StringIO())
    (paper,) = host.place.rglob("move")
    paper.write_text("another")
    server("7000000000000000002")
    assert host.claim(queued, monkeypatch) == Held("fence")
    assert rule() == 20


def test_a_move_can_be_called_off(hosts, queued, monkeypatch, server):
    host = hosts()
    host.beat()
    with host.at_work():
        call_command("fence", "move", stdout=StringIO())
        call_command("fence", "move", "--call-off", stdout=StringIO())
    assert isinstance(host.claim(queued, monkeypatch), Claimed)
    with pytest.raises(CommandError, match="No move"):
        call_command("fence", "move", "--call-off")


def test_a_move_waits_for_what_is_on_the_wire(hosts, queued, monkeypatch, server):
    host = hosts()
    host.claim(queued, monkeypatch)
    with pytest.raises(CommandError, match="提交"):
        call_command("fence", "move")
    Batch.objects.update(state="queued")
    FenceHold.objects.all().delete()


def test_a_move_cannot_be_decided_away(hosts, queued, server):
    hosts().beat()
    with hosts().at_work():
        call_command("fence", "move", stdout=StringIO())
    assert manage("decide", "--opt-outs", "waive", "--queued", "sent")["open"] is False


def test_a_web_process_leaves_a_mark_now_and_then(hosts, queued, monkeypatch):
    host, page = hosts(), web.WebMark()
    host.beat()
    with host.at_work():
        page.after_request()
        page.after_request()
    (mark,) = FenceMark.objects.filter(kind="web")
    assert mark.seq == 1
    page.keeper.drop()


def test_what_only_the_web_process_has_seen_holds(hosts, queued, monkeypatch, backup):
    host, other, page = hosts(), hosts("web"), web.WebMark()
    host.beat()
    with other.at_work():
        page.after_request()
    host.beat()
    page.next = 0
    with other.at_work():
        page.after_request()
        before = backup()
        page.next = 0
        page.after_request()
    before.restore()
    host.loses_its_disk()
    page.next = 0
    with other.at_work():
        page.after_request()
    assert rule() == 4
    assert FenceHold.objects.get().evidence["host"] == "web"
    page.keeper.drop()


def test_a_web_host_alone_holds_nothing(hosts, queued, at_once):
    hosts().beat()
    hosts().ends()
    other, page = hosts("web"), web.WebMark()
    with other.at_work():
        for _n in range(3):
            page.next = 0
            page.after_request()
    assert rule() is None


@pytest.mark.parametrize(("name", "inside", "ids"), [
    ("", True, {"songda.W004", "songda.W005"}), ("production", False, set()),
])  # fmt: skip
def test_the_check_before_deployment_asks_for_a_volume_and_a_name(settings, tmp_path, name, inside, ids):
    from messaging.checks import the_fence_stands

    settings.DATA_DIR, settings.SONGDA_INSTALLATION = tmp_path / "data", name
    settings.FENCE_DIR = tmp_path / ("data/fence" if inside else "fence")
    assert {found.id for found in the_fence_stands(None)} == ids
