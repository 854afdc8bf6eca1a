"""Every vendor that sends, through the real services and its sandbox over HTTP, in good weather and bad: nothing sent
twice, nothing lost silently, nothing counted twice, and the campaign adds up."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.accounts import health
from messaging.callbacks import poll, retrieve
from messaging.gateway.registry import all_vendors
from messaging.models import Attempt, Batch, Delivery, PollState, Receipt, Reply, Suppression
from messaging.sending import hand_over, unknown
from messaging.worker import sweep
from tests.database import before, failing
from tests.messaging.stage import CONTENT, Stage, counts, sound, still
from tests.people import signed_in

pytestmark = pytest.mark.django_db

SENDERS = sorted(code for code, vendor in all_vendors().items() if vendor.capabilities.max_batch)
POLLED = sorted(code for code in SENDERS if "receipt" in all_vendors()[code].capabilities.polls)
every_sender = pytest.mark.parametrize("code", SENDERS)


@pytest.fixture
def quiet(sandbox):
    with still(sandbox) as server:
        yield server


@pytest.fixture
def stage(db, quiet, code):
    return Stage(quiet, code)


def once(people):
    return {str(13800000001 + n): 1 for n in range(people)}


@every_sender
def test_from_the_template_to_the_balance(stage, code):
    """Seven people in requests of three; where one request has one text, equal texts go together."""
    campaign = stage.sent(7)
    assert stage.accepted() == once(7)
    batches = list(campaign.dispatch.batches.order_by("number"))
    assert [batch.state for batch in batches] == ["submitted"] * len(batches)
    assert sorted(batch.size for batch in batches) == [1, 3, 3]
    if stage.capabilities.per_text:
        texts = {batch.text for batch in batches}
        assert texts == {CONTENT[code]["text"].replace("${余额}", value) for value in "01"}
        assert {line.content for line in stage.world.ledger} == texts
    stage.hear()
    assert counts(campaign) == {"delivered": 7}
    assert set(Delivery.objects.values_list("units", "legs_delivered")) == {(1, 1)}
    assert health.refresh_balance(stage.account).amount is not None or code == "yixintong"
    assert sound(campaign)


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in SENDERS
        if "reply" in all_vendors()[code].capabilities.callbacks | all_vendors()[code].capabilities.polls
    ],
)
def test_a_reply_lands_once_and_is_obeyed(stage):
    campaign = stage.sent(4)
    phone = next(iter(once(1)))
    stage.mount.reply(phone, "退订")
    for push in stage.pushes() * 2:
        stage.deliver([push])
    stage.poll()
    stage.poll()
    reply = Reply.objects.get()
    assert (reply.phone, reply.is_opt_out, reply.delivery.phone) == (phone, True, phone)
    assert Suppression.objects.get().signature == stage.signature
    assert sound(campaign)


FAULTS = {
    "time-out after acceptance": {"kind": "timeout_after_accept", "seconds": 3},
    "5xx": {"kind": "http_5xx", "status": 502},
    "redirect": {"kind": "redirect"},
    "cut": {"kind": "cut"},
    "cut in the middle": {"kind": "cut", "when": "middle"},
    "unreadable 200": {"kind": "garbage"},
}


@every_sender
@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_is_settled_by_what_comes_back(stage, settings, fault):
    """The vendor accepted and we do not know: unknown, never sent again, settled by the receipts."""
    if "timeout" in FAULTS[fault]["kind"]:
        settings.SONGDA = {**settings.SONGDA, "HTTP_DEADLINE_SECONDS": 1.0}
    campaign = stage.campaign(4)
    stage.fault(**FAULTS[fault])
    hand_over.send_some(campaign.dispatch_id)
    hand_over.send_some(campaign.dispatch_id)
    (batch,) = stage.unknown()
    assert stage.accepted() == once(4)
    assert Attempt.objects.filter(batch=batch).count() == 1
    assert sound(campaign)
    stage.hear()
    sweep.rematch_waiting()  # where nothing of ours comes back, the task id is adopted by the one batch that fits
    assert counts(campaign) == {"delivered": 4}
    assert stage.unknown() == []
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"accepted"}
    assert stage.accepted() == once(4)
    assert not Receipt.objects.filter(state="unmatched").exists()
    assert sound(campaign)


@every_sender
def test_a_request_that_never_arrived_stays_unknown_until_a_person_says_so(stage):
    """5xx before anything was accepted: nobody is sent to again by itself, and nobody is forgotten."""
    campaign = stage.campaign(3)
    stage.fault(kind="http_5xx", when="before")
    hand_over.send_some(campaign.dispatch_id)
    stage.hear()
    sweep.rematch_waiting()
    left = {"unknown": stage.unknown()[0].size}
    assert {status: n for status, n in counts(campaign).items() if status == "unknown"} == left
    assert all(times == 1 for times in stage.accepted().values())
    assert len(stage.accepted()) == 3 - left["unknown"]
    assert sound(campaign)


@every_sender
def test_repeated_and_reordered_receipts_count_once(stage):
    stage.world.settings.update(duplicate=True, reorder=True, fail_every=4)
    campaign = stage.sent(5)
    pushes = stage.pushes()
    stage.deliver(pushes[::-1])
    stage.poll()
    stage.deliver(pushes)
    stage.deliver(pushes[::2])
    stage.poll()
    assert counts(campaign) == {"delivered": 4, "failed": 1}
    assert set(Delivery.objects.filter(own_status=60).values_list("units", "legs_delivered")) == {(1, 1)}
    assert sound(campaign)


@every_sender
def test_receipts_before_our_own_answer_was_recorded(stage):
    """The vendor reports while our request is still being written down."""
    campaign = stage.campaign(3)
    with before(r"INSERT INTO \W?messaging_vendorcall", stage.hear) as met:
        hand_over.send_some(campaign.dispatch_id)
    assert len(met) == 1
    stage.hear()
    assert counts(campaign) == {"delivered": 3}
    assert not Receipt.objects.filter(state="unmatched").exists()
    assert stage.accepted() == once(3)
    assert sound(campaign)


# The gateway's document has no unknown words: every other one than its word for delivered is a failure.
@pytest.mark.parametrize("code", [code for code in SENDERS if code != "rcs_gateway"])
def test_an_unknown_word_changes_nothing_and_spoils_no_neighbour(stage):
    stage.world.settings.update(unknown_every=3)
    campaign = stage.sent(3)
    stage.hear()
    assert counts(campaign) == {"delivered": 2, "submitted": 1}
    assert Receipt.objects.get().note == "unknown status"
    assert sound(campaign)


@pytest.mark.parametrize("code", ["veesing"])
def test_partly_accepted_is_flagged_and_nobody_is_sent_to_again(stage):
    stage.world.settings["partial"] = 1
    campaign = stage.sent(3)
    stage.hear()
    batch = Batch.objects.get()
    assert (batch.size, batch.accepted_count, batch.state) == (3, 2, "submitted")
    assert counts(campaign) == {"delivered": 2, "submitted": 1}
    hand_over.send_some(campaign.dispatch_id)
    assert stage.accepted() == once(2)
    page = signed_in(superuser=True).get(reverse("admin:messaging_dispatch_change", args=[campaign.dispatch_id]))
    assert page.status_code == 200
    assert sound(campaign)


@pytest.mark.parametrize("code", POLLED)
def test_a_kill_between_a_poll_s_answer_and_its_commit_is_seen(stage):
    """What the vendor gave out is gone; that something may be missing, and since when, is known and shown."""
    campaign = stage.sent(4)
    stage.pushes()
    with failing("INSERT INTO messaging_callbackevent", Killed()), pytest.raises(Killed):
        poll.poll(stage.account.pk, "receipt")
    asked = PollState.objects.get(kind="receipt")
    assert asked.asked_at
    assert asked.answered_at is None
    stage.poll()
    state = PollState.objects.get(kind="receipt")
    assert state.missing_since == asked.asked_at
    assert counts(campaign) == {"submitted": 4}
    page = signed_in(superuser=True).get(reverse("admin:messaging_vendoraccount_change", args=[stage.account.pk]))
    settle = reverse("admin:messaging_vendoraccount_settle", args=[stage.account.pk, state.pk])
    assert settle in page.content.decode()
    if retrieve.gives_again(stage.account):
        assert retrieve.fill_gaps() == 1
        stage.hear()
        assert counts(campaign) == {"delivered": 4}
        assert PollState.objects.get(kind="receipt").missing_since is None
    assert stage.accepted() == once(4)
    assert sound(campaign)


@pytest.mark.parametrize("code", POLLED)
def test_replies_after_a_kill_at_a_poll(stage):
    """A vendor that repeats until it is confirmed gives them again; of the other one it is known that one may be missing."""
    stage.sent(2)
    stage.mount.reply(next(iter(once(1))), "还有吗")
    stage.pushes()
    with failing("INSERT INTO messaging_callbackevent", Killed()), pytest.raises(Killed):
        poll.poll(stage.account.pk, "reply")
    poll.poll(stage.account.pk, "reply")
    found = Reply.objects.count()
    missing = PollState.objects.get(kind="reply").missing_since
    assert found == 1 or missing


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("code", ["yixintong"])
def test_the_vendor_s_own_check_settles_an_unknown_batch(stage):
    campaign = stage.campaign(2)
    stage.fault(kind="cut")
    hand_over.send_some(campaign.dispatch_id)
    (batch,) = stage.unknown()
    unknown.ask_vendor(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "submitted"
    first, check = Attempt.objects.filter(batch=batch).order_by("number")
    assert (check.reference, check.is_vendor_check, check.vendor_code) == (first.reference, True, "15")
    assert stage.accepted() == once(2)
    stage.hear()
    assert counts(campaign) == {"delivered": 2}
    assert sound(campaign)


@pytest.mark.parametrize("code", ["yixintong"])
def test_a_serial_number_that_is_known_at_the_first_try_is_a_rejection(stage):
    """Somebody else has used it, and these people were not sent to."""
    campaign = stage.campaign(1)
    stage.world.settings["answer_code"] = 15
    hand_over.send_some(campaign.dispatch_id)
    assert counts(campaign) == {"rejected": 1}
    assert stage.accepted() == {}
    assert sound(campaign)


@pytest.mark.parametrize("code", ["veesing"])
def test_a_vendor_that_refuses_a_send_afterwards(stage):
    """The audit push carries the id of a send: that batch is refused."""
    stage.world.settings.update(audit_sends="refuse")
    campaign = stage.sent(2)
    stage.hear()
    assert counts(campaign) == {"rejected": 2}
    assert Batch.objects.get().reason == "content_refused"
    assert sound(campaign)


@pytest.mark.parametrize("code", POLLED)
def test_polls_back_off_while_nothing_comes_and_come_back_with_news(stage):
    waits = []
    for _ in range(8):
        poll.poll(stage.account.pk, "receipt")
        state = PollState.objects.get(kind="receipt")
        waits.append(round((state.not_before - state.answered_at).total_seconds()))
    assert waits == [20, 40, 80, 160, 300, 300, 300, 300]
    assert (stage.account.pk, "receipt") not in poll.due()
    stage.sent(1)
    PollState.objects.update(answered_at=timezone.now() - timedelta(seconds=11))
    assert (stage.account.pk, "receipt") in poll.due()
    poll.poll(stage.account.pk, "receipt")
    state = PollState.objects.get(kind="receipt")
    assert state.last_body_at
    assert state.missing_since is None
    poll.poll(stage.account.pk, "receipt")
    state = PollState.objects.get(kind="receipt")
    assert round((state.not_before - state.answered_at).total_seconds()) == 10  # more may follow what was just sent


@pytest.mark.parametrize("code", POLLED)
def test_an_account_that_is_not_to_be_asked_is_not(stage):
    stage.account.settings["poll"] = False
    stage.account.save(update_fields=["settings"])
    assert poll.kinds_of(stage.account) == frozenset()
    assert poll.due() == []


def test_an_account_that_cannot_send_stands_in_the_way_of_a_campaign(db, quiet):
    from campaigns import preflight

    stage = Stage(quiet, "hanwg")
    version = stage.version()
    stage.register(version, quiet.mount("hanwg").sandbox.templates[0])
    campaign = stage.maker.campaign(account=stage.account, version=version, signature=stage.signature)
    preflight.begin_check(campaign)
    keys = [found.key for found in preflight.check(campaign).obstacles if found.blocks]
    assert "cannot_send" in keys
