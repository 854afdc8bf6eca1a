"""Look-ups, replies and the do-not-send list: masked unless allowed, paged by cursor."""

import pytest
from django.utils import timezone

from campaigns.models import AuditEvent
from messaging.models import Batch, Delivery, Dispatch, Reply, Suppression
from messaging.states import OwnStatus

pytestmark = pytest.mark.django_db

PHONE = "13800000001"


@pytest.fixture
def scene(make):
    class Scene:
        account = make.account()
        signature = make.signature()
        version = make.version({"kind": "text", "text": "您好"})

        def delivery(self, phone=PHONE, **values):
            dispatch = Dispatch.objects.create(
                title="会员日", source="老客", account=self.account, version=self.version, total=1
            )
            batch = Batch.objects.create(
                dispatch=dispatch,
                account=self.account,
                number=1,
                size=1,
                state="submitted",
                submitted_at=timezone.now(),
            )
            return Delivery.objects.create(
                dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone, **values
            )

        def reply(self, n, content="好"):
            return Reply.objects.create(
                account=self.account, key=str(n), phone=PHONE, content=content, replied_at=timezone.now()
            )

    return Scene()


class TestDeliveries:
    def test_one_number_newest_first_with_its_reason(self, caller, scene):
        old = scene.delivery(
            own_status=OwnStatus.FAILED, reason="bad_number", vendor_message="FAIL_MOBILE", reported_at=timezone.now()
        )
        new = scene.delivery()
        scene.delivery("13800000002")
        found = caller("lookup").get("/deliveries/?phone=%2B86 138 0000 0001").json()
        assert [(one["id"], one["status"], one["reason"]) for one in found["results"]] == [
            (new.pk, "submitted", ""),
            (old.pk, "failed", "bad_number"),
        ]
        assert found["next"] is None
        first = found["results"][1]
        assert (first["phone"], first["title"], first["source"]) == ("138****0001", "会员日", "老客")
        assert (first["vendor_message"], first["message"], first["account"]) == (
            "FAIL_MOBILE", old.dispatch_id, scene.account.name,
        )  # fmt: skip
        assert first["reason_words"]

    def test_read_on_by_cursor(self, caller, scene, django_assert_max_num_queries):
        rows = [scene.delivery().pk for _ in range(5)]
        system = caller("lookup")
        seen, before = [], ""
        for _ in range(3):
            with django_assert_max_num_queries(6):  # of these two ask what the token's maker may do now
                page = system.get(f"/deliveries/?phone={PHONE}&limit=2{before}").json()
            seen += [one["id"] for one in page["results"]]
            before = f"&before={page['next']}"
        assert page["next"] is None
        assert seen == rows[::-1]

    def test_the_full_number_is_noted(self, caller, scene):
        scene.delivery()
        system = caller("lookup", "reveal")
        assert system.get(f"/deliveries/?phone={PHONE}").json()["results"][0]["phone"] == PHONE
        event = AuditEvent.objects.get(action="numbers.read_by_api")
        assert (event.actor, event.detail, event.target_name) == (system.token.created_by, {"people": 1}, "商城系统")


class TestReplies:
    def test_oldest_first_and_the_cursor_goes_on(self, caller, scene):
        rows = [scene.reply(n).pk for n in range(3)]
        system = caller("replies")
        page = system.get("/replies/?limit=2").json()
        assert [one["id"] for one in page["results"]] == rows[:2]
        rest = system.get(f"/replies/?after={page['next']}").json()
        assert [one["id"] for one in rest["results"]] == rows[2:]
        assert system.get(f"/replies/?after={rest['next']}").json() == {"results": [], "next": None}
        assert rest["results"][0]["phone"] == "138****0001"

    def test_with_reveal(self, caller, scene):
        scene.reply(1)
        assert caller("replies", "reveal").get("/replies/").json()["results"][0]["phone"] == PHONE
        assert AuditEvent.objects.filter(action="numbers.read_by_api").count() == 1


class TestSuppressions:
    def test_entered_stops_what_is_queued(self, caller, scene):
        row = scene.delivery()
        Batch.objects.update(state="queued")
        system = caller("suppressions")
        made = system.post("/suppressions/", {"phone": PHONE, "note": "来电"})
        assert made.status_code == 201
        assert made.json() == {
            "id": made.json()["id"],
            "phone": "138****0001",
            "scope": "all",
            "account": None,
            "signature": None,
            "source": "api",
            "note": "来电",
            "since": made.json()["since"],
            "lifted_at": None,
        }
        row.refresh_from_db()
        assert (row.own_status, row.reason) == (OwnStatus.SKIPPED, "opted_out")
        again = system.post("/suppressions/", {"phone": PHONE})
        assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
        assert Suppression.objects.get().created_by == system.token.created_by

    def test_scopes(self, caller, scene):
        system = caller("suppressions")
        account = system.post("/suppressions/", {"phone": PHONE, "scope": "account", "account": scene.account.name})
        signature = system.post(
            "/suppressions/", {"phone": PHONE, "scope": "signature", "signature": f"【{scene.signature.text}】"}
        )
        assert (account.json()["account"], signature.json()["signature"]) == (scene.account.name, scene.signature.text)
        for wrong, path in [
            ({"scope": "account"}, "account"),
            ({"scope": "signature", "account": scene.account.name}, "account"),
            ({"scope": "all", "signature": scene.signature.text}, "signature"),
            ({"scope": "account", "account": "没有"}, "account"),
        ]:
            answer = system.post("/suppressions/", {"phone": PHONE, **wrong})
            assert (answer.status_code, answer.json()["error"]["path"]) == (400, path)
        assert Suppression.objects.count() == 2

    def test_lifted_once_and_still_there(self, caller, scene):
        system = caller("suppressions")
        pk = system.post("/suppressions/", {"phone": PHONE}).json()["id"]
        assert system.post(f"/suppressions/{pk}/lift/", {}).json()["error"]["path"] == "reason"
        assert system.post(f"/suppressions/{pk}/lift/", {"reason": "客户要求"}).json()["lifted_at"] is not None
        again = system.post(f"/suppressions/{pk}/lift/", {"reason": "客户要求"})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "not_now")
        assert Suppression.objects.get().lift_reason == "客户要求"
        assert system.get("/suppressions/").json()["results"] == []
        assert [one["id"] for one in system.get(f"/suppressions/?phone={PHONE}").json()["results"]] == [pk]
