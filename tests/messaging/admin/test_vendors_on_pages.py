"""What each vendor can and cannot do, on the pages: said before anything is submitted or sent, and where."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from messaging import reviews
from messaging.callbacks import poll_gaps
from messaging.gateway.registry import all_vendors
from messaging.models import PollState, TemplateReview, VendorAccount, VendorCall
from messaging.reviews import withdraw
from messaging.reviews.admin.matrix import cell_of
from messaging.sending import texts
from messaging.sending.spec import Message
from tests.markup import read
from tests.messaging.stage import CONTENT, MMS, PLAIN_SMS, SMS, TEXT, Stage, still
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def staged(db, sandbox):
    with still(sandbox) as server:
        yield lambda vendor, **settings: Stage(server, vendor, **settings)


def url(page, *args):
    return reverse(f"admin:messaging_{page}", args=args)


CANNOT = {
    "rcs_gateway": ({**MMS}, "kind"),
    "hanwg": (SMS, "kind"),
    "veesing": ({**MMS, "frames": [{"seconds": 5, "text": "好\U0001f600", "media": None}]}, "frames.0.text"),
    "yixintong": (TEXT, "kind"),
    "emay": (MMS, "kind"),
}


@pytest.mark.parametrize("vendor", CANNOT)
def test_what_a_vendor_cannot_carry_is_said_by_place_before_submission(staged, vendor):
    stage = staged(vendor)
    content, path = CANNOT[vendor]
    version = stage.version(content)
    found = [problem.path for problem in reviews.problems_for(version, stage.account) if problem.severity == "error"]
    assert path in found
    hard = [problem for problem in reviews.problems_for(version, stage.account) if problem.severity == "error"]
    shown = read(signed_in(superuser=True).get(url("templatereview_submit", version.pk))).text
    assert reviews.line_of(hard[0]) in " ".join(shown.split())
    cell = cell_of(version, stage.account, [])
    assert (cell.may_submit, cell.may_register) == (False, False)
    assert cell.note == reviews.line_of(hard[0])
    with pytest.raises(reviews.ContentNotSupported):
        reviews.submit(version, stage.account, signature=stage.signature)
    assert not VendorCall.objects.exists()


@pytest.mark.parametrize("vendor", CONTENT)
def test_what_a_vendor_carries_may_be_submitted_or_registered(staged, vendor):
    stage = staged(vendor)
    cell = cell_of(stage.version(), stage.account, [])
    assert (cell.may_submit, cell.may_register) == (vendor != "yixintong", True)


def test_the_matrix_says_why_a_vendor_refused_and_until_when_it_approved(staged):
    stage = staged("veesing")
    one, other, third = (stage.version() for _ in range(3))
    until = timezone.now() + timedelta(days=60)
    named = {"account": stage.account, "part": "main"}
    TemplateReview.objects.create(version=one, status="rejected", vendor_message="图片含二维码", **named)
    TemplateReview.objects.create(version=other, status="approved", approved_until=until, **named)
    TemplateReview.objects.create(version=third, status="unknown", vendor_message="No complete answer", **named)
    shown = read(signed_in(superuser=True).get(url("templatereview_matrix"))).text
    assert "图片含二维码" in shown
    assert "No complete answer" in shown
    assert f"{timezone.localtime(until).day}" in shown
    alone = signed_in(superuser=True).get(url("templatereview_matrix") + f"?template={third.template_id}")
    assert [row[0] for row in alone.context_data["rows"]] == [third]


@pytest.mark.parametrize("vendor", all_vendors())
def test_an_account_of_each_vendor_is_made_and_saved_on_its_page(staged, vendor):
    stage = staged(vendor)
    client, declared = signed_in(superuser=True), all_vendors()[vendor]
    data = {
        "vendor": vendor,
        "name": "新账号",
        "base_url": stage.account.base_url,
        "per_second": "50",
        "in_flight": "1",
        "batch_size": "20",
        **{f"credential_{name}": value for name, value in stage.mount.sandbox.credentials.items()},
        **{f"setting_{field.name}": field.default for field in declared.settings if field.kind != "flag"},
    }
    answer = client.post(url("vendoraccount_add") + f"?vendor={vendor}", data)
    assert answer.status_code == 302, read(answer).text
    account = VendorAccount.objects.get(name="新账号")
    assert account.credentials == dict(stage.mount.sandbox.credentials)
    assert account.settings.get("poll") == (False if declared.capabilities.polls else None)
    page = client.get(url("vendoraccount_change", account.pk))
    assert page.status_code == 200
    assert ("notice attention" in page.content.decode()) == (
        bool(declared.capabilities.callbacks) and not declared.signs_callbacks(account.config.settings)
    )


def test_a_settled_gap_stays_settled_and_a_new_one_shows(staged):
    stage = staged("emay")
    asked = timezone.now() - timedelta(minutes=5)
    state = PollState.objects.create(account=stage.account, kind="click", asked_at=asked, missing_since=asked)
    client = signed_in(superuser=True)
    page = url("vendoraccount_settle", stage.account.pk, state.pk)
    assert client.post(page, {"reason": "已与服务商后台核对"}).status_code == 302
    state.refresh_from_db()
    assert (state.missing_since, state.answered_at is not None) == (None, True)
    assert not poll_gaps.settle(state, None, "again")
    stage.poll()
    state.refresh_from_db()
    assert state.missing_since is None


def test_receipts_are_given_again_for_a_span_that_makes_sense(staged):
    stage = staged("emay")
    now = timezone.now()
    for start, end in ((now, now), (now, now + timedelta(hours=1)), (now - timedelta(hours=3), now)):
        with pytest.raises(ValidationError):
            poll_gaps.retrieve(stage.account, start, end)
    with pytest.raises(ValidationError):
        poll_gaps.retrieve(staged("yixintong").account, now - timedelta(hours=1), now)
    assert (
        poll_gaps.retrieve(stage.account, now - timedelta(minutes=25), now - timedelta(minutes=1)).outcome == "accepted"
    )
    assert VendorCall.objects.filter(operation="retrieve").count() == 3


def test_a_template_is_not_deleted_under_a_round_that_needs_it(staged):
    stage = staged("emay")
    version = stage.approved()
    review = TemplateReview.objects.get()
    campaign = stage.campaign(2, version=version)
    with pytest.raises(ValidationError):
        withdraw.withdraw(review)
    assert campaign.dispatch.state == "running"
    with pytest.raises(ValidationError):
        withdraw.withdraw(TemplateReview(version=version, account=stage.account))
    stage.mount.faults.replace([{"kind": "http_5xx", "path": "/inter/deleteTemplateSMS"}])
    type(campaign.dispatch).objects.update(state="done")
    assert withdraw.withdraw(review).outcome == "unknown"
    review.refresh_from_db()
    assert review.status == "approved"


def test_free_texts_are_checked_before_anything_is_stored(staged):
    stage = staged("emay")
    row = ("13800000001", {"姓名": "王"})
    wrong = (
        ("${姓名}", []),
        ("${姓名}", [row, row]),
        ("${姓名}${余额}", [row]),
    )
    for text, rows in wrong:
        with pytest.raises(ValidationError):
            texts.send_texts(Message(account=stage.account, text=text, signature=stage.signature), rows, title="通知")
    veesing = VendorAccount(name="x", vendor="veesing")
    with pytest.raises(ValidationError):
        texts.send_texts(Message(account=veesing, text="您好", signature=None), [row], title="通知")
    assert not stage.account.dispatches.exists()


def test_free_texts_leave_out_the_do_not_send_list(staged):
    from messaging.eligibility import entries
    from messaging.sending import hand_over

    stage = staged("emay")
    entries.suppress("13800000002", source="hand")
    rows = [(f"1380000000{n}", {"姓名": f"客{n}"}) for n in range(1, 6)]
    dispatch = texts.send_texts(
        Message(account=stage.account, text="${姓名}，您好", signature=stage.signature), rows, title="通知"
    )
    assert (dispatch.state, dispatch.total) == ("running", 5)
    assert list(dispatch.batches.order_by("number").values_list("size", "n_skipped")) == [(3, 0), (1, 0)]
    hand_over.send_some(dispatch.pk)
    assert stage.accepted() == {f"1380000000{n}": 1 for n in (1, 3, 4, 5)}
    assert {line.content for line in stage.world.ledger} == {f"【示例商城】客{n}，您好" for n in (1, 3, 4, 5)}


def test_a_review_that_is_optional_stands_in_nobody_s_way(staged):
    from campaigns import preflight

    stage = staged("emay")
    version = stage.version(PLAIN_SMS)
    campaign = stage.maker.campaign(account=stage.account, version=version, signature=stage.signature)
    TemplateReview.objects.all().delete()
    preflight.begin_check(campaign)
    assert [found for found in preflight.check(campaign).obstacles if found.blocks] == []
