"""Audiences go up and campaigns run through the API as through the pages."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaigns.models import Audience, AudienceImport, Campaign
from messaging.models import Dispatch, SendingPolicy
from tests.campaigns.conftest import TEXT, Maker

pytestmark = pytest.mark.django_db

FILE = "手机号,姓名,余额\n13800000001,张三,1\n13800000002,李四,2\n138,王五,3\n13800000001,赵六,4\n"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def file(text=FILE, name="名单.csv"):
    return SimpleUploadedFile(name, text.encode())


def error(response):
    found = response.json()["error"]
    return response.status_code, found["code"], found["path"]


class TestAudience:
    def test_up_checked_confirmed(self, caller, run_queue):
        system = caller("audiences")
        sent = system.upload(name="老客", file=file(), consent_source="门店", consent_on="2026-01-02")
        assert sent.status_code == 202
        pk = sent.json()["id"]
        assert (sent.json()["state"], sent.json()["phone"]) == ("checking", "手机号")
        run_queue()
        now = system.get(f"/imports/{pk}/").json()
        assert (now["state"], now["rows"], now["stored"], now["invalid"], now["duplicate"]) == ("ready", 4, 2, 1, 1)
        assert sum(one["rows"] for one in now["problems"]) == 2
        assert system.post(f"/imports/{pk}/confirm/").json()["state"] == "done"
        audience = Audience.objects.get()
        assert (audience.size, set(audience.columns), audience.consent_source) == (2, {"姓名", "余额"}, "门店")
        assert (str(audience.consent_on), audience.created_by) == ("2026-01-02", system.token.created_by)
        assert error(system.post(f"/imports/{pk}/confirm/")) == (409, "not_now", "")
        assert error(system.post(f"/imports/{pk}/discard/")) == (409, "not_now", "")

    def test_columns_by_name(self, caller, run_queue, make):
        source = AudienceImport.objects.create(
            audience=Audience.objects.create(name="人群"),
            file_name="a.csv",
            sha256="0" * 64,
            header=["电话", "手机号", "姓名"],
            mapping={"phone": 1, "variables": {"电话": 0, "姓名": 2}},
        )
        system = caller("audiences")
        wrong = system.post(f"/imports/{source.pk}/check/", {"phone": "没有"})
        assert error(wrong) == (400, "invalid", "phone")
        done = system.post(f"/imports/{source.pk}/check/", {"phone": "电话", "variables": ["姓名"]})
        assert (done.status_code, done.json()["phone"]) == (202, "电话")
        source.refresh_from_db()
        assert source.mapping == {"phone": 0, "variables": {"姓名": 2}}

    @pytest.mark.parametrize(
        ("fields", "wanted"),
        [
            ({"name": "新"}, (400, "invalid", "file")),
            ({"file": file()}, (400, "invalid", "name")),
            ({"name": "有了", "file": file()}, (400, "invalid", "name")),
            ({"name": "新", "file": file(), "consent_source": "门店"}, (400, "invalid", "consent_on")),
            ({"name": "新", "file": file("姓名,城市\n张三,杭州\n")}, (400, "no_phone", "file")),
            ({"name": "新", "file": file("手机号\n")}, (400, "only_header", "file")),
        ],
    )
    def test_a_refused_file_leaves_nothing(self, caller, fields, wanted):
        Audience.objects.create(name="有了")
        for value in fields.values():
            if hasattr(value, "seek"):
                value.seek(0)
        assert error(caller("audiences").upload(**fields)) == wanted
        assert Audience.objects.count() == 1
        assert not AudienceImport.objects.exists()

    def test_discarded(self, caller, run_queue):
        system = caller("audiences")
        pk = system.upload(name="老客", file=file()).json()["id"]
        run_queue()
        assert system.post(f"/imports/{pk}/discard/").status_code == 204
        assert not AudienceImport.objects.exists()


@pytest.fixture
def scene(make: Maker):
    class Scene:
        account = make.account()
        signature = make.signature()
        version = make.version(TEXT, purpose="notice")
        audience = make.audience(make.people(7), invalid=2)
        review = make.approve(version, account)

        def body(self, **values):
            return {
                "name": "通知",
                "template": self.version.template.name,
                "audience": self.audience.pk,
                "account": self.account.name,
                "signature": self.signature.text,
                **values,
            }

    SendingPolicy(approve_first_use=False, approve_outside_hours=False).save()
    return Scene()


class TestCampaign:
    def test_made_checked_started_paused_resumed_cancelled(self, caller, scene):
        system = caller("campaigns")
        made = system.post("/campaigns/", scene.body(window_from="00:00", window_until="23:59:59"))
        assert made.status_code == 201, made.content
        path = f"/campaigns/{made.json()['id']}"
        assert (made.json()["state"], made.json()["report"], made.json()["progress"]) == ("draft", None, None)
        report = system.post(f"{path}/check/").json()["report"]
        assert (report["rows"], report["to_send"], report["left_out"], report["difference"]) == (9, 7, 2, 0)
        assert report["excluded"] == {"invalid": 2}
        assert error(system.post(f"{path}/start/", {"people": 8})) == (409, "count_differs", "people")
        assert not Dispatch.objects.exists()
        started = system.post(f"{path}/start/", {"people": 7})
        assert started.status_code == 200, started.content
        assert started.json()["state"] == "running"
        campaign = Campaign.objects.get()
        assert campaign.confirmed_by == campaign.created_by == system.token.created_by
        assert error(system.post(f"{path}/start/", {"people": 7}))[:2] == (409, "cannot_start")
        assert Dispatch.objects.count() == 1
        assert error(system.post(f"{path}/resume/")) == (409, "not_now", "")
        assert system.post(f"{path}/pause/").json()["state"] == "paused"
        assert system.post(f"{path}/resume/").json()["state"] == "running"
        done = system.post(f"{path}/cancel/").json()
        assert done["state"] == "cancelled"
        now = system.get(f"{path}/").json()["progress"]
        assert (now["counts"], now["total"], now["people"], now["closes"]) == ({"cancelled": 7}, 7, 7, True)
        assert error(system.post(f"{path}/check/")) == (409, "not_now", "")

    @pytest.mark.parametrize(
        ("values", "wanted"),
        [
            ({"audience": 999}, (400, "invalid", "audience")),
            ({"template": "没有"}, (400, "invalid", "template")),
            ({"sender": "没有"}, (400, "invalid", "sender")),
            ({"operators": ["xyz"]}, (400, "invalid", "operators.0")),
            ({"window_from": "20:00", "window_until": "09:00"}, (400, "invalid", "window_until")),
            ({"send_until": "2020-01-01T00:00:00Z"}, (400, "invalid", "send_until")),
            ({"start_at": "2020-01-01T00:00:00Z"}, (400, "invalid", "start_at")),
            ({"needs_consent": "yes"}, (400, "invalid", "needs_consent")),
            ({"options": {"x": 1}}, (400, "invalid", "options.x")),
            ({"stop_failed": "10"}, (400, "invalid", "stop_failed")),
            ({"stop_failed": 10.25}, (400, "invalid", "stop_failed")),
            ({"stop_unknown": 0}, (400, "invalid", "stop_unknown")),
            ({"canary_people": 5, "canary_percent": 1}, (400, "invalid", "canary_percent")),
        ],
    )
    def test_what_is_wrong_makes_none(self, caller, scene, values, wanted):
        assert error(caller("campaigns").post("/campaigns/", scene.body(**values))) == wanted
        assert not Campaign.objects.exists()

    def test_canary_and_limits_are_the_houses_unless_it_says_so(self, caller, scene):
        SendingPolicy(approve_first_use=False, canary_percent="1.5", canary_minutes=20, stop_opted_out=None).save()
        system = caller("campaigns")
        made = system.post("/campaigns/", scene.body()).json()
        assert made["watch"] == {
            "canary_people": None,
            "canary_percent": 1.5,
            "canary_minutes": 20,
            "stop_failed": 10.0,
            "stop_unknown": 5.0,
            "stop_opted_out": None,
        }
        assert str(Campaign.objects.get(pk=made["id"]).stop_failed) == "10.0"
        own = {"canary_people": 3, "canary_minutes": 5, "stop_failed": None, "stop_unknown": 2.5, "stop_opted_out": 0.5}
        made = system.post("/campaigns/", scene.body(**own)).json()
        assert made["watch"] == {**own, "canary_percent": None}
        assert system.post("/campaigns/", scene.body(canary_percent=None)).json()["watch"]["canary_percent"] is None

    def test_a_start_time_that_has_passed_is_asked_about(self, caller, scene):
        system = caller("campaigns")
        in_an_hour = (timezone.now() + timedelta(hours=1)).isoformat()
        made = system.post("/campaigns/", scene.body(start_at=in_an_hour)).json()
        assert system.post("/campaigns/", scene.body(start_at=None)).json()["start_at"] is None
        path = f"/campaigns/{made['id']}"
        system.post(f"{path}/check/")
        Campaign.objects.filter(pk=made["id"]).update(start_at=timezone.now() - timedelta(minutes=1))
        assert error(system.post(f"{path}/start/", {"people": 7})) == (409, "start_passed", "at_once")
        assert not Dispatch.objects.exists()
        assert system.post(f"{path}/start/", {"people": 7, "at_once": True}).json()["state"] == "running"

    def test_a_notice_campaign_that_may_go_at_night_needs_approval(self, caller, scene):
        SendingPolicy(approve_first_use=False).save()
        system = caller("campaigns")
        for window, wanted in (({}, 409), ({"window_from": "08:00", "window_until": "22:00"}, 200)):
            path = f"/campaigns/{system.post('/campaigns/', scene.body(**window)).json()['id']}"
            system.post(f"{path}/check/")
            assert system.post(f"{path}/start/", {"people": 7}).status_code == wanted

    def test_what_blocks_is_told_and_holds(self, caller, scene):
        system = caller("campaigns")
        path = f"/campaigns/{system.post('/campaigns/', scene.body()).json()['id']}"
        type(scene.account).objects.update(status="stopped")
        report = system.post(f"{path}/check/").json()["report"]
        assert [(one["code"], one["blocks"]) for one in report["obstacles"] if one["blocks"]] == [("account", True)]
        assert error(system.post(f"{path}/start/", {"people": 7})) == (409, "cannot_start", "")
        assert not Dispatch.objects.exists()

    def test_unchecked_it_does_not_start(self, caller, scene):
        system = caller("campaigns")
        path = f"/campaigns/{system.post('/campaigns/', scene.body()).json()['id']}"
        assert error(system.post(f"{path}/start/", {"people": 7})) == (409, "cannot_start", "")
