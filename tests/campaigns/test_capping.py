"""Who may have got a message counts as one who did, for the cap and for "got this lately"; who certainly did not, does not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import preflight
from campaigns.lifecycle import layout
from campaigns.preflight import audience_query
from kit import sql
from messaging.models import Batch, Delivery, Dispatch
from messaging.sending import claim, unknown
from messaging.sending.claim import Claimed
from messaging.states import BATCH_WIRED, BatchState, DispatchState, OwnStatus
from tests.people import person

pytestmark = pytest.mark.django_db

REACHED = [*BATCH_WIRED]
NOT_REACHED = [state for state in BatchState if state not in REACHED]
PHONE = "13800000001"  # the first of seven


def before(campaign, state, *, days=4, phone=PHONE):
    """An earlier run's batch to this number, as it stands in this state, claimed so many days ago."""
    dispatch = Dispatch.objects.create(
        title="早先", account=campaign.account, version=campaign.version, purpose="marketing", total=1
    )
    at = timezone.now() - timedelta(days=days)
    batch = Batch.objects.create(
        dispatch=dispatch,
        account=campaign.account,
        number=1,
        size=1,
        state=state,
        claimed_at=None if state == BatchState.QUEUED else at,
        submitted_at=at if state == BatchState.SUBMITTED else None,
    )
    Delivery.objects.create(dispatch=dispatch, batch=batch, run_id=dispatch.run_id, leg="main", phone=phone)
    return batch


@pytest.fixture
def capped(make):
    return make.campaign(cap_count=1, cap_days=7)


@pytest.fixture
def choosy(make):
    """Not to those who got the same template within a week."""
    return make.campaign(skip_same_days=7)


def left_out(campaign):
    return preflight.check(campaign).excluded


def claimed(campaign, *, and_then):
    """Laid out, then something else happens, then claimed: own status and reason of PHONE."""
    preflight.check(campaign)
    dispatch = layout.lay_out(campaign)
    Dispatch.objects.filter(pk=dispatch.pk).update(state=DispatchState.RUNNING)
    and_then()
    assert isinstance(claim.claim_next(dispatch.pk), Claimed)
    row = dispatch.deliveries.get(phone=PHONE)
    return row.own_status, row.reason


class TestStates:
    @pytest.mark.parametrize("state", REACHED)
    def test_who_was_or_may_have_been_reached_counts(self, capped, choosy, state):
        before(capped, state)
        before(choosy, state, phone="13800000002")
        assert left_out(capped) == {"over_cap": 2}  # both numbers, whatever the template
        assert left_out(choosy) == {"sent_lately": 1}

    @pytest.mark.parametrize("state", NOT_REACHED)
    def test_who_was_not_does_not(self, capped, choosy, state):
        before(capped, state)
        before(choosy, state)
        assert left_out(capped) == left_out(choosy) == {}

    @pytest.mark.parametrize("state", REACHED)
    def test_the_claim_counts_the_same(self, capped, state):
        assert claimed(capped, and_then=lambda: before(capped, state)) == (OwnStatus.SKIPPED, "over_cap")

    @pytest.mark.parametrize("state", [state for state in NOT_REACHED if state != BatchState.CLAIMED])
    def test_and_leaves_the_same_alone(self, capped, state):
        assert claimed(capped, and_then=lambda: before(capped, state)) == (None, "")

    @pytest.mark.parametrize(("then", "own"), [(BatchState.SUBMITTED, OwnStatus.SKIPPED), (BatchState.QUEUED, None)])
    def test_whom_another_round_has_claimed_waits_until_that_is_known(self, capped, then, own):
        """Neither sent to twice nor left out for a message that is not sent after all."""
        preflight.check(capped)
        dispatch = layout.lay_out(capped)
        Dispatch.objects.filter(pk=dispatch.pk).update(state=DispatchState.RUNNING)
        other = before(capped, BatchState.CLAIMED)
        assert claim.claim_next(dispatch.pk) == claim.Held("cap")
        first = dispatch.batches.get(number=1)
        assert (first.state, first.claim, first.n_skipped) == (BatchState.QUEUED, "", 0)
        assert timezone.now() < first.not_before < timezone.now() + timedelta(seconds=2)
        assert claim.claim_next(dispatch.pk).batch.number == 2
        Batch.objects.filter(pk=other.pk).update(
            state=then, submitted_at=timezone.now() if then == BatchState.SUBMITTED else None
        )
        Batch.objects.filter(pk=first.pk).update(not_before=timezone.now())
        found = claim.claim_next(dispatch.pk)
        assert (found.batch.number, found.batch.n_skipped) == (1, 0 if own is None else 1)
        assert dispatch.deliveries.get(phone=PHONE).own_status == own

    @pytest.mark.parametrize("state", REACHED)
    def test_what_is_older_than_the_days_does_not(self, capped, choosy, state):
        for campaign in (capped, choosy):
            before(campaign, state, days=8)
        assert left_out(capped) == left_out(choosy) == {}

    def test_each_counts_once(self, make):
        """A batch whose hand-over is known is not counted by its claim too."""
        campaign = make.campaign(cap_count=2, cap_days=7)
        before(campaign, BatchState.SUBMITTED)
        assert left_out(campaign) == {}
        before(campaign, BatchState.UNKNOWN)
        assert left_out(campaign) == {"over_cap": 1}


class TestDecisions:
    """What a person decides about an unknown batch."""

    def test_not_sent_does_not_count_any_more(self, capped, choosy):
        actor = person(superuser=True)
        for campaign in (capped, choosy):
            assert unknown.mark_not_sent(before(campaign, BatchState.UNKNOWN), actor, "服务商查无此批")
        assert left_out(capped) == left_out(choosy) == {}

    def test_nor_at_the_claim(self, capped):
        def decide():
            unknown.mark_not_sent(before(capped, BatchState.UNKNOWN), person(superuser=True), "服务商查无此批")

        assert claimed(capped, and_then=decide) == (None, "")

    def test_nor_a_person_decided_about_alone(self, capped, choosy):
        for campaign in (capped, choosy):
            batch = before(campaign, BatchState.UNKNOWN)
            other = Delivery.objects.create(
                dispatch=batch.dispatch, batch=batch, run_id=batch.dispatch.run_id, leg="main", phone="13800000002"
            )
            Batch.objects.filter(pk=batch.pk).update(size=2)
            mine = batch.deliveries.exclude(pk=other.pk).get()
            unknown.mark_people(batch, [mine.pk], person(superuser=True), "查无此人", sent=False)
            batch.refresh_from_db()
            assert batch.state == BatchState.UNKNOWN
        assert (left_out(capped), left_out(choosy)) == ({"over_cap": 1}, {"sent_lately": 1})

    def test_sent_goes_on_counting(self, capped, choosy):
        actor = person(superuser=True)
        unknown.mark_sent(before(capped, BatchState.UNKNOWN), actor, "服务商确认")
        unknown.mark_sent(before(choosy, BatchState.UNKNOWN), actor, "服务商确认")
        assert (left_out(capped), left_out(choosy)) == ({"over_cap": 1}, {"sent_lately": 1})


def explained(campaign, tmp_path):
    """How the database would decide about the members; PostgreSQL is kept from reading small tables whole."""
    (variant,) = preflight.variants(campaign)
    query = audience_query.query_for(campaign, variant, audience_query.confirmed_imports(campaign), timezone.now())
    how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    (tmp_path / "plans.sql").write_text(f"-- name: explain\n{how} :members\n", encoding="utf-8")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    rows = sql.beside(str(tmp_path / "plans.py"))["explain"].rows(
        lambda *row: str(row[-1]), members=query.members(variant.spec)
    )
    return "\n".join(rows)


class TestPlans:
    """Of the batches of all times those of the days alone are read, and the few that are under way."""

    def test_the_cap_walks_both_indexes_and_then_the_people_of_those_batches(self, capped, tmp_path):
        found = explained(capped, tmp_path)
        assert "batch_by_day" in found
        assert "batch_by_account" in found
        if connection.vendor == "sqlite":  # a small PostgreSQL table says nothing about the order
            assert "SCAN d" not in found
            assert found.index("batch_by_account") < found.index("SEARCH d USING INDEX messaging_delivery_batch_id")

    def test_what_is_not_asked_for_is_in_no_plan(self, make, tmp_path):
        """A false flag is gone before PostgreSQL plans; SQLite stops at it when it gets there."""
        found = explained(make.campaign(make.people(2)), tmp_path)
        assert ("messaging_batch" in found) == (connection.vendor == "sqlite")

    def test_got_lately_begins_with_the_rounds_of_the_template(self, choosy, tmp_path):
        found = explained(choosy, tmp_path)
        if connection.vendor == "postgresql":
            assert "batch_by_day" in found
            assert "batch_by_account" in found
        else:
            lately = found[found.index("SEARCH v ") :]
            assert lately.count("SEARCH messaging_batch USING INDEX") == 2
            assert "SCAN" not in lately
