"""What happened when: sums that are those of the page, steps that fit, the same questions whatever the number of people."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from campaigns import preflight, roles
from campaigns.lifecycle import follow_ups, progress, timeline
from campaigns.lifecycle import steps as lifecycle_steps
from messaging.models import Batch, Delivery, Reply
from messaging.states import BatchState, OwnStatus
from tests.campaigns.test_following import outcome

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(second=30, microsecond=0)


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


def begun(make, people=12):
    campaign = make.campaign(make.people(people))
    preflight.check(campaign)
    return lifecycle_steps.confirm_and_start(campaign, "", None)


def at(campaign, minutes):
    return NOW - timedelta(minutes=minutes)


def lasting(make, minutes):
    """Handed over to one person so many minutes ago; just now the vendor says that it failed."""
    made = begun(make, 1)
    outcome(made.dispatch, failed=1)
    type(made).objects.update(started_at=at(made, minutes))
    Batch.objects.update(submitted_at=at(made, minutes))
    Delivery.objects.update(reported_at=NOW)
    made.refresh_from_db()
    return made


@pytest.fixture
def campaign(make):
    """Begun 100 minutes ago: 12 handed over then and 90 minutes ago, 6 delivered, 2 failed, 2 silent, 2 open, 1 reply."""
    made = begun(make)
    outcome(made.dispatch, delivered=4, read=2, failed=2, no_receipt=2)
    type(made).objects.update(started_at=at(made, 100))
    made.dispatch.__class__.objects.update(started_at=at(made, 100))
    Batch.objects.filter(number__lte=2).update(submitted_at=at(made, 100))
    Batch.objects.filter(number__gt=2).update(submitted_at=at(made, 90))
    Delivery.objects.filter(own_status=OwnStatus.DELIVERED).update(reported_at=at(made, 89))
    Delivery.objects.filter(own_status=OwnStatus.READ).update(reported_at=at(made, 1))
    Delivery.objects.filter(own_status=OwnStatus.FAILED).update(reported_at=at(made, 60))
    first = Delivery.objects.order_by("phone").first()
    Reply.objects.create(
        account=made.account, key="a", phone=first.phone, content="好", delivery=first, replied_at=at(made, 2)
    )
    made.refresh_from_db()
    return made


class TestFigures:
    def test_each_kind_adds_up_to_the_page(self, campaign):
        found = timeline.timeline(campaign)
        counts = progress.progress(campaign).counts
        sums = {kind: sum(found[kind]) for kind in timeline.KINDS}
        assert sums == {"sent": 12, "delivered": 6, "failed": 2, "replies": 1}
        assert (counts["delivered"] + counts["read"], counts["failed"]) == (6, 2)
        assert sums["sent"] == progress.progress(campaign).handed_over
        assert timeline.totals(found) == [12, 6, 2, 1]

    def test_in_steps_of_five_minutes(self, campaign):
        found = timeline.timeline(campaign)
        start = (int(at(campaign, 100).timestamp()) // 300) * 300
        assert found["minutes"] == 5
        wanted = {"sent": {100: 6, 90: 6}, "delivered": {89: 4, 1: 2}, "failed": {60: 2}, "replies": {2: 1}}
        for kind, when in wanted.items():
            steps = {}
            for minutes, people in when.items():
                step = int(at(campaign, minutes).timestamp() - start) // 300
                steps[step] = steps.get(step, 0) + people
            assert {n: people for n, people in enumerate(found[kind]) if people} == steps, kind
        clock = timezone.localtime(timezone.datetime.fromtimestamp(start, timezone.get_current_timezone()))
        assert found["labels"][0].endswith(clock.strftime("%H:%M"))

    def test_the_step_in_words_says_how_many_minutes(self, campaign):
        with translation.override("zh-hans"):
            assert timeline.timeline(campaign)["step"] == "每 5 分钟"
        with translation.override("en"):
            assert timeline.timeline(campaign)["step"] == "each 5 minutes"

    @pytest.mark.parametrize(
        ("minutes", "step"), [(0, 1), (59, 1), (61, 5), (299, 5), (310, 15), (1500, 60), (4300, 180), (20_000, 360)]
    )
    def test_the_step_fits_the_length(self, make, minutes, step):
        found = timeline.timeline(lasting(make, minutes))
        assert found["minutes"] == step
        assert len(found["labels"]) == len(found["sent"]) <= timeline.MOST_STEPS + 1
        assert (sum(found["sent"]), sum(found["failed"])) == (1, 1)

    def test_days_begin_at_local_midnight(self, make):
        found = timeline.timeline(lasting(make, 40 * 1440))
        assert (found["minutes"], len(found["labels"])) == (1440, 41)
        assert found["sent"][0] == found["failed"][40] == 1

    def test_a_time_that_cannot_be_counts_at_the_end_and_none_in_the_total(self, campaign):
        Delivery.objects.filter(own_status=OwnStatus.READ).update(reported_at=at(campaign, -9999))
        Delivery.objects.filter(own_status=OwnStatus.DELIVERED).update(reported_at=at(campaign, 9999))
        Delivery.objects.filter(own_status=OwnStatus.FAILED).update(reported_at=None)
        found = timeline.timeline(campaign)
        assert (found["delivered"][0], found["delivered"][-1]) == (4, 2)
        assert (sum(found["failed"]), found["untimed"]) == (0, {"failed": 2})
        assert timeline.totals(found) == [12, 6, 2, 1]

    def test_what_waits_or_was_left_out_was_not_sent(self, make):
        made = begun(make)
        assert timeline.timeline(made) == {}
        first, second, third, fourth = made.dispatch.batches.order_by("number")
        for batch, state in ((first, "submitted"), (second, "unknown"), (third, "cancelled")):
            Batch.objects.filter(pk=batch.pk).update(state=state, claimed_at=NOW)
        Batch.objects.filter(pk=first.pk).update(n_skipped=1)
        assert sum(timeline.timeline(made)["sent"]) == 5
        Batch.objects.filter(pk=fourth.pk).update(state=BatchState.REJECTED, claimed_at=NOW)
        assert sum(timeline.timeline(made)["sent"]) == 8

    def test_later_rounds_count_too(self, campaign):
        (again,) = follow_ups.resend(campaign, ["failed"], 2, None)
        again.batches.update(state=BatchState.SUBMITTED, submitted_at=NOW)
        assert sum(timeline.timeline(campaign)["sent"]) == 14

    def test_of_a_draft_nothing(self, make):
        assert timeline.timeline(make.campaign()) == {}


class TestCost:
    def test_three_questions_whatever_the_people(self, make):
        counts = []
        for people in (6, 12):
            made = begun(make, people)
            outcome(made.dispatch, delivered=people)
            Delivery.objects.update(reported_at=NOW)
            with CaptureQueriesContext(connection) as asked:
                found = timeline.timeline(made)
            assert sum(found["delivered"]) == people
            counts.append(len(asked))
        assert counts == [3, 3]

    def test_big_ones_are_kept_a_while(self, campaign, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr(timeline, "KEPT_ABOVE", 11)
        assert campaign.dispatch.total == 12
        with django_assert_num_queries(3):
            first = timeline.timeline(campaign)
        with django_assert_num_queries(0):
            assert timeline.timeline(campaign) == first

    def test_kept_as_long_as_it_was_dear(self, campaign, monkeypatch):
        monkeypatch.setattr(timeline, "KEPT_ABOVE", 11)
        kept = []
        monkeypatch.setattr(cache, "set", lambda key, value, seconds: kept.append(seconds))
        for cost in (0.1, 6.0, 100.0):
            clock = SimpleNamespace(monotonic=iter((0.0, cost)).__next__)
            monkeypatch.setattr(timeline, "time", clock)
            timeline.timeline(campaign)
        assert kept == [20, 120.0, 600]


class TestPage:
    @pytest.fixture
    def client(self, db):
        roles.ensure()
        user = get_user_model().objects.create_user("张三", is_staff=True)
        user.groups.add(Group.objects.get(name=roles.CAMPAIGNS))
        client = Client()
        client.force_login(user)
        return client

    def test_the_table_stands_on_the_page_without_script(self, client, campaign):
        page = client.get(reverse("admin:campaigns_campaign_progress", args=[campaign.pk])).content.decode()
        assert 'id="timeline-figures"' in page
        assert page.count("<tfoot>") == 1
        assert "charts/timeline" in page

    def test_news_bring_it(self, client, campaign):
        news = client.get(reverse("admin:campaigns_campaign_progress_state", args=[campaign.pk])).json()
        assert sum(news["timeline"]["sent"]) == 12
