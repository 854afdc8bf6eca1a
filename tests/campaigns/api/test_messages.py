"""Orders of messages: what is laid out, what is refused, and that a key counts once."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns.models import AuditEvent, IdempotentCall
from kit import phones
from kit.phones import normalise
from messaging.callbacks import process
from messaging.eligibility import entries
from messaging.models import Batch, Delivery, Dispatch, SendingPolicy, Suppression
from tests.campaigns.conftest import TEXT, Maker
from tests.cases import CASES

pytestmark = pytest.mark.django_db

PLAIN = {"kind": "text", "text": "您好", "suggestions": []}


@pytest.fixture
def scene(make: Maker):
    """An approved version with the variables 姓名 and 余额, and what an order names."""

    class Scene:
        account = make.account()
        signature = make.signature()
        version = make.version(TEXT, purpose="notice")
        review = make.approve(version, account)
        maker = make

        def order(self, count=2, **values):
            people = [{"phone": phone, "variables": variables} for phone, variables in make.people(count)]
            return {
                "template": self.version.template.name,
                "account": self.account.name,
                "signature": self.signature.text,
                "recipients": people,
                **values,
            }

    return Scene()


def details(response):
    return {(one["path"], one["code"]) for one in response.json()["error"]["details"]}


def test_an_order_is_laid_out_in_batches_and_started(caller, scene):
    system = caller("send")
    answer = system.order(scene.order(7))
    assert answer.status_code == 201
    dispatch = Dispatch.objects.get()
    assert answer.json() == {
        "id": dispatch.pk,
        "template": scene.version.template.name,
        "version": 1,
        "recipients": 7,
        "queued": 7,
        "suppressed": 0,
        "no_consent": 0,
        "over_cap": 0,
        "held_until": None,
        "not_sent": [],
    }
    assert (dispatch.state, dispatch.total, dispatch.queue, dispatch.purpose) == ("running", 7, "notice", "notice")
    assert (dispatch.source, dispatch.created_by) == ("API · 商城系统", system.token.created_by)
    assert list(Batch.objects.values_list("number", "size", "text")) == [(1, 3, ""), (2, 3, ""), (3, 1, "")]
    rows = Delivery.objects.order_by("batch__number", "phone").values_list("phone", "variables", "own_status")
    assert list(rows) == [(phone, variables, None) for phone, variables in scene.maker.people(7)]
    scene.version.refresh_from_db()
    assert scene.version.is_frozen
    event = AuditEvent.objects.get(action="messages.sent_by_api")
    assert (event.actor, event.detail) == (system.token.created_by, {"people": 7, "token": "API · 商城系统"})


def test_one_text_for_each_request_where_the_vendor_wants_it(caller, scene):
    account = scene.maker.account("yixintong")
    version = scene.maker.version({"kind": "sms", "text": TEXT["text"]}, purpose="notice")
    scene.maker.approve(version, account)
    answer = caller("send").order(scene.order(5, account=account.name, template=version.template.name))
    assert answer.status_code == 201, answer.content
    texts = {batch.text: batch.size for batch in Batch.objects.all()}
    assert texts == {f"客{n}您好，余额{n % 2}": 1 for n in range(5)}


def test_who_is_suppressed_is_named_and_gets_nothing(caller, scene):
    phones = [phone for phone, _ in scene.maker.people(4)]
    entries.suppress(phones[1], source="hand")
    entries.suppress(phones[1], source="hand", scope="account", account=scene.account)
    entries.suppress(phones[2], source="hand", scope="signature", signature=scene.signature)
    entries.suppress(phones[3], source="hand", scope="signature", signature=scene.maker.signature())
    answer = caller("send").order(scene.order(4)).json()
    assert (answer["recipients"], answer["queued"], answer["suppressed"]) == (4, 2, 2)
    assert [(one["position"], one["phone"], one["reason"]) for one in answer["not_sent"]] == [
        (1, "138****0002", "suppressed"),
        (2, "138****0003", "suppressed"),
    ]
    assert list(Batch.objects.values_list("size", flat=True)) == [2]
    left_out = Delivery.objects.filter(batch__isnull=True).values_list("phone", "own_status", "reason")
    assert list(left_out.order_by("phone")) == [(phones[1], 20, "suppressed"), (phones[2], 20, "suppressed")]


def test_full_numbers_only_with_reveal(caller, scene):
    entries.suppress("13800000001", source="hand")
    answer = caller("send", "reveal").order(scene.order(1)).json()
    assert answer["not_sent"][0]["phone"] == "13800000001"


def test_a_round_of_nobody_is_done_at_once(caller, scene):
    entries.suppress("13800000001", source="hand")
    system = caller("send")
    pk = system.order(scene.order(1)).json()["id"]
    now = system.get(f"/messages/{pk}/").json()
    assert (now["state"], now["total"], now["counts"]) == ("done", 1, {"skipped": 1})


def test_how_an_order_stands_closes(caller, scene):
    system = caller("send")
    entries.suppress("13800000001", source="hand")
    pk = system.order(scene.order(5)).json()["id"]
    Batch.objects.filter(number=1).update(state="submitted")
    now = system.get(f"/messages/{pk}/").json()
    assert now["counts"] == {"submitted": 3, "queued": 1, "skipped": 1}
    assert sum(now["counts"].values()) == now["total"] == 5
    assert caller("send", name="别的").get(f"/messages/{pk}/").status_code == 404


def test_the_newest_approved_version_and_a_chosen_one(caller, scene):
    template = scene.version.template
    for number in (2, 3):
        version = template.versions.create(number=number, kind="text", content=PLAIN)
        if number == 2:
            scene.maker.approve(version, scene.account)
    system = caller("send")
    plain = [{"phone": "13800000001"}]
    assert system.order(scene.order(recipients=plain)).json()["version"] == 2
    assert system.order(scene.order(version=1)).json()["version"] == 1
    refused = system.order(scene.order(version=3, recipients=plain))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "cannot_send")
    assert ("", "not_approved") in details(refused)
    scene.review.__class__.objects.update(approved_until=timezone.now())
    none = system.order(scene.order(recipients=plain))
    assert (none.status_code, none.json()["error"]["code"]) == (409, "not_approved")
    assert Dispatch.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"template": "没有"}, {("template", "unknown")}),
        ({"version": 9}, {("version", "unknown")}),
        ({"account": "没有"}, {("account", "unknown")}),
        ({"signature": "没有"}, {("signature", "unknown")}),
        ({"sender": "没有"}, {("sender", "unknown")}),
        ({"options": {"no_such": 1}}, {("options.no_such", "unknown")}),
        ({"recipients": []}, {("recipients", "min_length")}),
        ({"recipients": [{"phone": "13800000001"}] * 1001}, {("recipients", "max_length")}),
        ({"recipients": ["13800000001"]}, {("recipients.0", "invalid")}),
        ({"send_until": "morgen"}, {("send_until", "invalid")}),
        ({"title": 5}, {("title", "invalid")}),
        (
            {"recipients": [{"phone": "13800000001", "variables": {"姓名": "x", "余额": "y"}}, {"phone": "12"}]},
            {("recipients.1.phone", "phone")},
        ),
        (
            {"recipients": [{"phone": "13800000001", "variables": {"姓名": "x", "多": "1"}}]},
            {(f"recipients.0.variables.{name}", "invalid") for name in ("余额", "多")},
        ),
        (
            {"recipients": [{"phone": "13800000001", "variables": {"姓名": "长" * 201, "余额": "1"}}]},
            {("recipients.0.variables.姓名", "max_length")},
        ),
        (
            {
                "recipients": [
                    {"phone": "+86 138-0000-0001", "variables": {"姓名": "x", "余额": "y"}},
                    {"phone": "13800000001", "variables": {"姓名": "x", "余额": "y"}},
                ]
            },
            {("recipients.1.phone", "invalid")},
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path_and_nothing_is_sent(caller, scene, values, wanted):
    answer = caller("send").order(scene.order(**values))
    assert answer.status_code == 400
    assert details(answer) == wanted
    assert not Dispatch.objects.exists()
    assert not IdempotentCall.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda scene: _set(scene.account, status="stopped"), "account"),
        (lambda scene: _set(scene.signature, blocks_unfiled=True, cmcc="none"), "signature"),
        (lambda scene: _set(scene.review, status="rejected", part="main"), "not_approved"),
        (
            lambda scene: _set(scene.account, balance=Decimal(0), balance_unit="yuan", prices={"rcs": "0.1"}),
            "balance_short",
        ),
    ],
)
def test_what_forbids_a_campaign_forbids_an_order(caller, scene, change, code):
    change(scene)
    answer = caller("send").order(scene.order(version=1))
    assert answer.status_code == 409
    assert ("", code) in details(answer)
    assert not Dispatch.objects.exists()
    assert not IdempotentCall.objects.exists()


def _set(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)


def test_a_notice_is_never_held_whatever_the_hours_of_notice_campaigns(caller, scene):
    SendingPolicy(approve_first_use=False, notice_from="03:00", notice_until="03:01").save()
    assert caller("send").order(scene.order()).status_code == 201
    dispatch = Dispatch.objects.get()
    assert (dispatch.window_from, dispatch.window_until) == (None, None)


def test_marketing_keeps_to_the_window_and_the_holidays(caller, scene):
    SendingPolicy(holidays=["2030-10-01"], approve_first_use=False).save()
    version = scene.maker.version(PLAIN, purpose="marketing")
    scene.maker.approve(version, scene.account)
    order = scene.order(template=version.template.name, recipients=[{"phone": "13800000001"}])
    scene.maker.audience(scene.maker.people(1))
    assert caller("send").order(order).status_code == 201
    dispatch = Dispatch.objects.get()
    assert (str(dispatch.window_from), str(dispatch.window_until)) == ("09:00:00", "20:30:00")
    assert (dispatch.holidays, dispatch.queue) == (["2030-10-01"], "bulk")


NO_NUMBERS = [
    "138٠٠١٣٨٠٠٠",  # Arabic digits behind ASCII ones
    "١٣٨٠٠١٣٨٠٠٠",
    "१३८००१३८०००",
    "138001380\u0660\u0660",
    "13800138000 13800138001",
]
# One spelling of 13800138000 each, all of them taken by the import of a file too.
SPELLINGS = [
    "１３８００１３８０００",
    "+86 138-0013-8000",
    "008613800138000",
    "8613800138000",
    "138 0013 8000",
    "(138)00138000",
    "138.0013.8000",
    "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎",
]


class TestNumbers:
    """One reader for every way in: what is a number for a file is one for the API, for forms, look-ups and commands."""

    def test_digits_of_other_scripts_are_refused(self, caller, scene):
        given = json.loads((CASES / "h16-api-mixed-digits.json").read_text())["recipients"]
        version = scene.maker.version(PLAIN, purpose="notice")
        scene.maker.approve(version, scene.account)
        answer = caller("send").order(scene.order(template=version.template.name, recipients=given))
        assert answer.status_code == 400
        assert details(answer) == {("recipients.0.phone", "phone")}
        assert not Dispatch.objects.exists()

    @pytest.mark.parametrize("typed", NO_NUMBERS)
    def test_nowhere_a_number(self, typed):
        assert (phones.clean(typed), normalise(typed)[0]) == ("", "")

    @pytest.mark.parametrize("typed", SPELLINGS)
    def test_every_spelling_meets_the_do_not_send_list(self, caller, scene, typed):
        entries.suppress("13800138000", source="hand")
        assert normalise(typed) == ("13800138000", "")
        recipients = [{"phone": typed, "variables": {"姓名": "王", "余额": "1"}}]
        answer = caller("send").order(scene.order(recipients=recipients))
        assert (answer.status_code, answer.json()["suppressed"]) == (201, 1)
        assert Delivery.objects.get().phone == "13800138000"

    @pytest.mark.parametrize("typed", SPELLINGS)
    def test_what_is_entered_in_another_spelling_is_the_same_number(self, caller, scene, typed):
        system = caller("suppressions")
        answer = system.post("/suppressions/", {"phone": typed, "note": "电话"})
        assert answer.status_code == 201, answer.content
        assert Suppression.objects.get().phone == "13800138000"

    @pytest.mark.parametrize("typed", ["8613800138000", "+8613800138000", "008613800138000", "１３８００１３８０００"])
    def test_a_vendors_spelling_too(self, house, client, typed):
        moment = timezone.localtime().strftime("%F %T")
        row = {"taskId": "", "mobile": typed, "content": "R", "deliverTime": moment}
        assert house.push("reply", [row], client=client).status_code == 200
        process.apply_new()
        assert Suppression.objects.get().phone == "13800138000"


class TestKey:
    @pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 101])
    def test_a_key_is_needed(self, caller, scene, key):
        answer = caller("send").post("/messages/", scene.order(), headers={"Idempotency-Key": key} if key else {})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_missing")
        assert answer.json()["error"]["path"] == "Idempotency-Key"
        assert not Dispatch.objects.exists()

    def test_the_same_call_again_gets_the_stored_answer(self, caller, scene):
        system = caller("send")
        entries.suppress("13800000001", source="hand")
        first = system.order(scene.order(2), "k1")
        Suppression.objects.update(lifted_at=timezone.now())
        same = dict(reversed(scene.order(2).items()))
        again = system.order(same, "k1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert (first.headers.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
        assert Dispatch.objects.count() == 1
        assert IdempotentCall.objects.get().dispatch_id == first.json()["id"]

    def test_a_stored_answer_does_not_ask_whether_it_could_be_sent_now(self, caller, scene):
        system = caller("send")
        first = system.order(scene.order(2), "k1")
        _set(scene.account, status="stopped")
        assert system.order(scene.order(2), "k1").json() == first.json()

    def test_another_body_under_the_same_key(self, caller, scene):
        system = caller("send")
        system.order(scene.order(2), "k1")
        other = system.order(scene.order(3), "k1")
        assert (other.status_code, other.json()["error"]["code"]) == (409, "key_reused")
        assert Dispatch.objects.count() == 1

    def test_a_key_belongs_to_its_token(self, caller, scene):
        assert caller("send").order(scene.order(2), "k1").status_code == 201
        assert caller("send", name="别的").order(scene.order(3), "k1").status_code == 201
        assert Dispatch.objects.count() == 2

    def test_a_refused_call_leaves_the_key_free(self, caller, scene):
        system = caller("send")
        _set(scene.account, status="stopped")
        assert system.order(scene.order(2), "k1").status_code == 409
        _set(scene.account, status="ok")
        assert system.order(scene.order(2), "k1").status_code == 201


def test_the_vendor_gets_what_was_ordered(caller, house, run_queue, make):
    make.audience(make.people(2))
    order = {
        "template": house.version.template.name,
        "account": house.account.name,
        "signature": "示例商城",
        "sender": "示例商城",
        "recipients": [{"phone": "13800000001"}, {"phone": "13800000002"}],
    }
    SendingPolicy(marketing_from=None, marketing_until=None, approve_first_use=False).save()
    entries.suppress("13800000002", source="hand")
    assert caller("send").order(order).status_code == 201
    run_queue()
    assert house.accepted() == {"13800000001": 1}
