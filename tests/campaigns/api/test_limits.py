"""What holds for people holds for the API: consent, cap, window; and limits that all tokens of a system share."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campaigns.models import ApiToken, Audience, AudienceMember, IdempotentCall
from campaigns.states import ImportState
from messaging.eligibility import entries
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy
from messaging.sending import claim
from messaging.states import OwnStatus
from tests.campaigns.api.test_messages import PLAIN, details
from tests.campaigns.api.test_messages import scene as scene
from tests.database import on_the_hosts_clock
from tests.people import signed_in

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")
NUMBERS = [f"1380000000{n}" for n in range(1, 10)]


@pytest.fixture(autouse=True)
def any_hour(scene):
    rules()


def rules(**values):
    given = {"approve_first_use": False, "marketing_from": None, "marketing_until": None, "approve_people": None}
    SendingPolicy(**{**given, **values}).save()


@pytest.fixture
def at(monkeypatch):
    """The clocks of the process and of the database, set to an hour in Beijing."""

    def set_to(*moment):
        now = datetime(*moment, tzinfo=CHINA)
        monkeypatch.setattr(timezone, "now", lambda: now)
        return now

    with on_the_hosts_clock():
        yield set_to


def template(scene, purpose="marketing"):
    version = scene.maker.version(PLAIN, purpose=purpose)
    scene.maker.approve(version, scene.account)
    return version


def order(scene, numbers, version=None, **values):
    version = version or template(scene)
    return scene.order(template=version.template.name, recipients=[{"phone": phone} for phone in numbers], **values)


def sent(scene, numbers, times=1, purpose="marketing"):
    for _time in range(times):
        dispatch = Dispatch.objects.create(title="早先", account=scene.account, purpose=purpose, total=len(numbers))
        batch = Batch.objects.create(
            dispatch=dispatch, account=scene.account, number=1, size=len(numbers), state="submitted",
            submitted_at=timezone.now() - timedelta(minutes=1),
        )  # fmt: skip
        Delivery.objects.bulk_create(
            Delivery(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone)
            for phone in numbers
        )


class TestConsent:
    def test_marketing_goes_to_numbers_with_consent_alone_and_each_other_is_named(self, caller, scene):
        scene.maker.audience([(phone, {}) for phone in NUMBERS[:3]])
        entries.suppress(NUMBERS[0], source="hand")
        entries.suppress(NUMBERS[4], source="hand")
        rules(cap_count=2)
        sent(scene, [NUMBERS[1]], times=2)
        sent(scene, [NUMBERS[2]])
        answer = caller("send", "reveal").order(order(scene, NUMBERS[:5]))
        assert answer.status_code == 201, answer.content
        body = answer.json()
        counts = ("recipients", "queued", "suppressed", "no_consent", "over_cap")
        assert [body[name] for name in counts] == [5, 1, 2, 1, 1]
        assert [(one["position"], one["phone"], one["reason"]) for one in body["not_sent"]] == [
            (0, NUMBERS[0], "suppressed"),
            (1, NUMBERS[1], "over_cap"),
            (3, NUMBERS[3], "no_consent"),
            (4, NUMBERS[4], "suppressed"),
        ]
        assert all(one["message"] for one in body["not_sent"])
        dispatch = Dispatch.objects.latest("pk")
        rows = dispatch.deliveries.order_by("phone").values_list("phone", "own_status", "reason", "batch__number")
        assert list(rows) == [
            (NUMBERS[0], OwnStatus.SKIPPED, "suppressed", None),
            (NUMBERS[1], OwnStatus.SKIPPED, "over_cap", None),
            (NUMBERS[2], None, "", 1),
            (NUMBERS[3], OwnStatus.SKIPPED, "no_consent", None),
            (NUMBERS[4], OwnStatus.SKIPPED, "suppressed", None),
        ]

    @pytest.mark.parametrize(
        ("change", "queued"),
        [
            (lambda audience, member: None, 1),
            (lambda audience, member: audience.update(consent_on=timezone.localdate() + timedelta(days=1)), 0),
            (lambda audience, member: audience.update(consent_source=""), 0),
            (lambda audience, member: audience.update(consent_on=None), 0),
            (lambda audience, member: member.update(consent_source="", consent_on=timezone.localdate()), 1),
            (lambda audience, member: member.update(consent_source="门店", consent_on=None), 0),
            (
                lambda audience, member: member.update(
                    consent_source="门店", consent_on=timezone.localdate() + timedelta(days=1)
                ),
                0,
            ),
        ],
    )
    def test_what_is_a_consent_for_a_campaign_is_one_here(self, caller, scene, make, change, queued):
        audience = scene.maker.audience([(NUMBERS[0], {})])
        audience.imports.update(mapping={"phone": 0, "consent_on": 1})
        change(Audience.objects.filter(pk=audience.pk), AudienceMember.objects.filter(audience=audience))
        audience.refresh_from_db()
        from campaigns import preflight

        assert preflight.check(make.campaign(content=PLAIN, audience=audience)).to_send == queued
        assert caller("send").order(order(scene, NUMBERS[:1])).json()["queued"] == queued

    def test_a_file_that_nobody_confirmed_proves_nothing(self, caller, scene):
        scene.maker.audience([(NUMBERS[0], {})], state=ImportState.READY)
        body = caller("send").order(order(scene, NUMBERS[:1])).json()
        assert (body["queued"], body["no_consent"]) == (0, 1)

    def test_notices_need_none(self, caller, scene):
        body = caller("send").order(order(scene, NUMBERS[:2], template(scene, "notice"))).json()
        assert (body["queued"], body["no_consent"], body["not_sent"]) == (2, 0, [])


class TestCap:
    def test_the_claim_asks_again(self, caller, scene):
        rules(cap_count=1)
        scene.maker.audience([(phone, {}) for phone in NUMBERS[:2]])
        assert caller("send").order(order(scene, NUMBERS[:2])).json()["queued"] == 2
        dispatch = Dispatch.objects.latest("pk")
        sent(scene, [NUMBERS[0]])
        assert claim.claim_next(dispatch.pk).batch.n_skipped == 1
        assert dispatch.deliveries.get(phone=NUMBERS[0]).reason == "over_cap"

    def test_notices_have_their_own(self, caller, scene):
        rules(cap_count=1, notice_cap_count=2)
        sent(scene, [NUMBERS[0]], times=2)
        sent(scene, [NUMBERS[1]], times=2, purpose="notice")
        body = caller("send").order(order(scene, NUMBERS[:2], template(scene, "notice"))).json()
        assert (body["queued"], body["over_cap"]) == (1, 1)
        assert body["not_sent"][0]["position"] == 1


class TestWindow:
    def test_outside_the_window_it_is_held_until_it_opens(self, caller, scene, at):
        scene.maker.audience([(phone, {}) for phone in NUMBERS])
        rules(marketing_from=time(9), marketing_until=time(20, 30), holidays=["2026-12-02"])
        system = caller("send")
        at(2026, 12, 1, 3, 0)
        early = system.order(order(scene, NUMBERS[:1])).json()
        assert early["held_until"] == "2026-12-01T09:00:00+08:00"
        assert claim.claim_next(early["id"]) == claim.Held("window")
        at(2026, 12, 1, 21, 0)
        late = system.order(order(scene, NUMBERS[:1])).json()
        assert late["held_until"] == "2026-12-03T09:00:00+08:00"
        at(2026, 12, 1, 10, 0)
        assert system.order(order(scene, NUMBERS[:1])).json()["held_until"] is None
        assert isinstance(claim.claim_next(early["id"]), claim.Claimed)

    def test_what_is_to_be_sent_before_the_window_opens_is_refused(self, caller, scene, at):
        scene.maker.audience([(phone, {}) for phone in NUMBERS])
        rules(marketing_from=time(9), marketing_until=time(20, 30))
        at(2026, 12, 1, 3, 0)
        system = caller("send")
        until = "2026-12-01T09:00:00+08:00"
        answer = system.order(order(scene, NUMBERS[:1], send_until=until), key="k")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "cannot_send")
        assert details(answer) == {("", "window_after")}
        assert "09:00" in answer.json()["error"]["message"]
        assert (Dispatch.objects.count(), IdempotentCall.objects.count()) == (0, 0)
        later = order(scene, NUMBERS[:1], send_until="2026-12-01T09:01:00+08:00")
        assert system.order(later, key="k").status_code == 201

    def test_a_notice_is_never_held(self, caller, scene, at):
        rules(notice_from=time(8), notice_until=time(22), marketing_from=time(9), marketing_until=time(20))
        at(2026, 12, 1, 3, 0)
        body = caller("send").order(order(scene, NUMBERS[:1], template(scene, "notice"))).json()
        assert body["held_until"] is None
        assert isinstance(claim.claim_next(body["id"]), claim.Claimed)


class TestSystems:
    """All tokens of a system are one."""

    def systems(self, caller, *names):
        callers = []
        for n, name in enumerate(names):
            one = caller("send", name=f"令牌{n}")
            ApiToken.objects.filter(pk=one.token.pk).update(system=name)
            callers.append(one)
        return callers

    def test_they_share_the_daily_limits(self, caller, scene):
        rules(approve_people=5)
        scene.maker.audience([(phone, {}) for phone in NUMBERS])
        version = template(scene)
        first, second, other = self.systems(caller, "商城", "商城", "门店")
        assert first.order(order(scene, NUMBERS[:3], version)).status_code == 201
        refused = second.order(order(scene, NUMBERS[3:6], version))
        assert (refused.status_code, details(refused)) == (409, {("", "people_today")})
        assert second.order(order(scene, NUMBERS[3:5], version)).status_code == 201
        assert other.order(order(scene, NUMBERS[5:8], version)).status_code == 201

    def test_tokens_of_no_system_are_their_makers_together(self, caller, scene):
        rules(approve_people=5)
        scene.maker.audience([(phone, {}) for phone in NUMBERS])
        version = template(scene)
        first, second = self.systems(caller, "", "")
        assert first.order(order(scene, NUMBERS[:3], version)).status_code == 201
        assert second.order(order(scene, NUMBERS[3:6], version)).status_code == 409

    def test_the_page_makes_a_token_of_a_system(self, db):
        client = signed_in(superuser=True)
        page = client.get("/admin/campaigns/apitoken/add/")
        form = page.context["form"]
        given = {name: form[name].value() or "" for name in form.fields}
        given |= {"name": "新", "system": "商城", "scopes": ["replies"], "per_minute": "10"}
        assert client.post("/admin/campaigns/apitoken/add/", given).status_code == 200
        assert (ApiToken.objects.get().system, ApiToken.objects.get().counted_as) == ("商城", "商城")


class TestNotices:
    """Limited in number, and never held: what is too many is refused at once."""

    def test_in_an_hour_over_all_tokens_of_the_system(self, caller, scene, at):
        rules(api_notices_hour=5, api_notices_day=None)
        version = template(scene, "notice")
        first, second, other = TestSystems().systems(caller, "商城", "商城", "门店")
        at(2026, 12, 1, 10, 50)
        assert first.order(order(scene, NUMBERS[:3], version)).status_code == 201
        refused = second.order(order(scene, NUMBERS[:3], version), key="k")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_notices")
        assert refused.headers["Retry-After"] == "600"
        assert "11:00" in refused.json()["error"]["message"]
        assert "3" in refused.json()["error"]["message"]
        assert IdempotentCall.objects.filter(key="k").count() == 0
        assert second.order(order(scene, NUMBERS[:2], version)).status_code == 201
        assert other.order(order(scene, NUMBERS[:5], version)).status_code == 201
        at(2026, 12, 1, 11, 0)
        assert second.order(order(scene, NUMBERS[:3], version), key="k").status_code == 201

    def test_in_a_day(self, caller, scene, at):
        rules(api_notices_hour=None, api_notices_day=5)
        version = template(scene, "notice")
        system = caller("send")
        at(2026, 12, 1, 10, 0)
        assert system.order(order(scene, NUMBERS[:4], version)).status_code == 201
        at(2026, 12, 1, 22, 0)
        refused = system.order(order(scene, NUMBERS[:2], version))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7200")
        at(2026, 12, 2, 0, 0)
        assert system.order(order(scene, NUMBERS[:5], version)).status_code == 201

    def test_marketing_and_who_is_left_out_do_not_count(self, caller, scene):
        rules(api_notices_hour=2)
        scene.maker.audience([(phone, {}) for phone in NUMBERS])
        entries.suppress(NUMBERS[0], source="hand")
        system = caller("send")
        assert system.order(order(scene, NUMBERS[:5])).status_code == 201
        version = template(scene, "notice")
        assert system.order(order(scene, NUMBERS[:3], version)).json()["queued"] == 2
        assert system.order(order(scene, NUMBERS[1:2], version)).status_code == 429

    def test_empty_does_not_limit(self, caller, scene):
        rules(api_notices_hour=None, api_notices_day=None)
        version = template(scene, "notice")
        assert caller("send").order(order(scene, NUMBERS, version)).status_code == 201
