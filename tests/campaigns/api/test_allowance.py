"""What a token may not order by itself: too many, too dear, or what nobody ever looked at."""

from decimal import Decimal

import pytest

from campaigns import roles
from campaigns.approvals import decide, first_uses
from campaigns.models import Approval, AuditEvent, FirstUse, IdempotentCall, SystemUse
from messaging.models import Dispatch, SendingPolicy, VendorAccount
from tests.campaigns.api.test_messages import scene as scene
from tests.campaigns.conftest import TEXT
from tests.markup import read
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db
OPEN = {"approve_first_use": False, "approve_outside_hours": False}


def codes(answer):
    found = answer.json()["error"]
    return answer.status_code, found["code"], [one["code"] for one in found.get("details", [])]


@pytest.fixture
def marketing(scene):
    scene.version = scene.maker.version(TEXT, purpose="marketing")
    scene.maker.approve(scene.version, scene.account)
    scene.maker.audience(scene.maker.people(10))
    return scene


def rules(**values):
    SendingPolicy(**{**OPEN, **values}).save()


def test_an_order_above_the_people_limit_is_refused_and_leaves_its_key_free(caller, scene):
    rules(approve_people=2)
    system = caller("send")
    answer = system.order(scene.order(3), key="one")
    assert codes(answer) == (409, "approval_needed", ["people"])
    assert "2" in answer.json()["error"]["message"]
    assert (Dispatch.objects.count(), IdempotentCall.objects.count()) == (0, 0)
    assert system.order(scene.order(2), key="one").status_code == 201


def test_many_small_orders_of_marketing_are_one_a_day(caller, marketing):
    rules(approve_people=5)
    system = caller("send")
    assert [system.order(marketing.order(2)).status_code for _ in range(2)] == [201, 201]
    assert codes(system.order(marketing.order(2))) == (409, "approval_needed", ["people_today"])
    assert SystemUse.objects.get().people == 4
    assert system.order(marketing.order(1)).status_code == 201


def test_the_day_is_counted_for_each_version_and_over_all_tokens_of_a_system(caller, marketing):
    """One content in many orders is one campaign; another version is another one. The pages say so."""
    rules(approve_people=3)
    system = caller("send")
    other = marketing.maker.version(TEXT, purpose="marketing")
    marketing.maker.approve(other, marketing.account)
    first = marketing.order(3)
    second = {**first, "template": other.template.name, "version": other.number}
    assert system.order(first).status_code == 201
    assert codes(system.order(marketing.order(1))) == (409, "approval_needed", ["people_today"])
    assert system.order(second).status_code == 201
    assert sorted(SystemUse.objects.values_list("version", "people")) == sorted(
        [(marketing.version.pk, 3), (other.pk, 3)]
    )
    client = signed_in(roles.ADMINISTRATORS)
    token = read(client.get("/admin/campaigns/apitoken/add/")).text
    assert "写同一个系统名的令牌共用上限：通知按小时和按天算，营销按模板版本和天算。" in token
    assert (
        read(client.get("/admin/messaging/sendingpolicy/")).text.count("营销类还把同一系统同一版模板当天发的合起来算")
        == 2
    )


def test_notices_are_judged_one_by_one(caller, scene):
    rules(approve_people=2)
    system = caller("send")
    assert [system.order(scene.order(2)).status_code for _ in range(3)] == [201, 201, 201]


def test_an_order_above_the_cost_limit_is_refused(caller, marketing):
    VendorAccount.objects.update(prices={"rcs": "1.5", "sms": "1.5"})
    rules(approve_cost=Decimal(4))
    system = caller("send")
    assert codes(system.order(marketing.order(3))) == (409, "approval_needed", ["cost"])
    assert system.order(marketing.order(2)).status_code == 201
    assert codes(system.order(marketing.order(1))) == (409, "approval_needed", ["cost_today"])


def test_a_first_use_waits_for_a_colleague_and_then_goes_with_the_same_key(caller, scene):
    rules(approve_first_use=True)
    system = caller("send")
    for _again in range(2):
        assert codes(system.order(scene.order(1), key="k")) == (409, "approval_needed", ["first_use"])
    row = FirstUse.objects.get()
    assert (row.version, row.token, row.asked_by) == (scene.version, system.token, system.token.created_by)
    scene.version.refresh_from_db()
    assert scene.version.is_frozen
    assert AuditEvent.objects.filter(action="first_use.asked").count() == 1
    client = signed_in(roles.CAMPAIGNS)
    url = f"/admin/campaigns/firstuse/{row.pk}/grant/"
    assert url in client.get("/admin/").content.decode()
    assert client.post(url, {"reason": ""}).status_code == 302
    assert url not in client.get("/admin/").content.decode()
    assert system.order(scene.order(1), key="k").status_code == 201


def test_what_was_sent_before_is_no_first_use(caller, scene):
    system = caller("send")
    assert system.order(scene.order(1)).status_code == 201
    rules(approve_first_use=True)
    assert system.order(scene.order(1)).status_code == 201
    Dispatch.objects.update(kind="test")
    assert codes(system.order(scene.order(1)))[1] == "approval_needed"


def test_whoever_holds_the_token_or_made_the_version_does_not_decide(caller, scene):
    maker = person(roles.CAMPAIGNS)
    type(scene.version).objects.filter(pk=scene.version.pk).update(created_by=maker)
    scene.version.refresh_from_db()
    row = first_uses.ask(caller("send").token, scene.version)
    for actor in (maker, row.asked_by):
        with pytest.raises(decide.CannotDecide):
            decide.grant(row, actor)
    page = signed_in(roles.CAMPAIGNS).get(f"/admin/campaigns/firstuse/{row.pk}/grant/")
    assert "Approve the first use" not in page.content.decode()
    row.refresh_from_db()
    assert row.state == "pending"


def test_sending_back_needs_a_reason_and_may_be_changed_later(caller, scene):
    rules(approve_first_use=True)
    row = first_uses.ask(caller("send").token, scene.version)
    with pytest.raises(decide.CannotDecide):
        decide.refuse(row, person(roles.CAMPAIGNS), " ")
    decide.refuse(row, person(roles.CAMPAIGNS), "没有退订说明")
    assert first_uses.is_new(scene.version)
    decide.grant(row, person(roles.CAMPAIGNS))
    assert not first_uses.is_new(scene.version)
    with pytest.raises(decide.CannotDecide):
        decide.refuse(row, person(roles.CAMPAIGNS), "太晚")


@pytest.mark.parametrize("role", [roles.MARKETING, roles.SUPPORT, roles.ADMINISTRATORS])
def test_other_roles_are_refused(caller, scene, role):
    row = first_uses.ask(caller("send").token, scene.version)
    assert signed_in(role).get(f"/admin/campaigns/firstuse/{row.pk}/grant/").status_code == 403


class TestCampaigns:
    @pytest.fixture
    def campaign(self, make, caller):
        rules(approve_people=3)
        made = make.campaign(created_by=person("管理员"))
        system = caller("campaigns")
        assert system.post(f"/campaigns/{made.pk}/check/").status_code == 200
        return system, f"/campaigns/{made.pk}"

    def test_asked_approved_started(self, campaign):
        system, path = campaign
        found = system.get(path + "/").json()["approval"]
        assert (found["needed"], found["state"], [one["code"] for one in found["because"]]) == (True, None, ["people"])
        assert codes(system.post(f"{path}/start/", {"people": 7}))[1] == "approval_needed"
        asked = system.post(f"{path}/ask/").json()
        assert (asked["state"], asked["approval"]["state"]) == ("awaiting", "pending")
        assert codes(system.post(f"{path}/ask/"))[:2] == (409, "not_now")
        assert codes(system.post(f"{path}/start/", {"people": 7}))[:2] == (409, "cannot_start")
        decide.grant(Approval.objects.get(), person(roles.CAMPAIGNS), "好")
        found = system.get(path + "/").json()["approval"]
        assert (found["state"], found["decided_by"], found["reason"]) == ("granted", roles.CAMPAIGNS, "好")
        assert system.post(f"{path}/start/", {"people": 7}).status_code == 200

    def test_taken_back(self, campaign):
        system, path = campaign
        assert codes(system.post(f"{path}/withdraw/"))[:2] == (409, "not_now")
        system.post(f"{path}/ask/")
        back = system.post(f"{path}/withdraw/").json()
        assert (back["state"], back["approval"]["state"]) == ("checked", "void")

    def test_where_nobody_has_to_approve_there_is_nothing_to_ask(self, make, caller):
        rules()
        made = make.campaign()
        system = caller("campaigns")
        assert system.post(f"/campaigns/{made.pk}/check/").json()["approval"] is None
        assert codes(system.post(f"/campaigns/{made.pk}/ask/"))[:2] == (409, "not_now")


def test_the_page_says_what_is_approved(caller, scene):
    row = first_uses.ask(caller("send").token, scene.version)
    page = read(signed_in(roles.CAMPAIGNS, language="en").get(f"/admin/campaigns/firstuse/{row.pk}/grant/"))
    assert "商城系统" in page.text
    assert "Approve the first use" in page.text
