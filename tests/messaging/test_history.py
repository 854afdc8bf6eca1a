"""A number's history: everything about it, newest first, in few queries, on both databases."""

import pytest
from django.utils import timezone

from messaging.deliveries import status
from messaging.eligibility import entries
from messaging.models import Batch, Delivery, Suppression
from messaging.states import BatchState, OwnStatus
from tests.builders import phones

pytestmark = pytest.mark.django_db
PHONE = phones(1)[0]


@pytest.fixture
def dispatches(house):
    """Three dispatches to the same number: queued, handed over, delivered by SMS."""
    made = [house.make_dispatch(phones(2), title=title) for title in ("一", "二", "三")]
    Batch.objects.filter(dispatch__in=made[1:]).update(state=BatchState.SUBMITTED, submitted_at=timezone.now())
    Delivery.objects.filter(dispatch=made[2], phone=PHONE).update(
        own_status=OwnStatus.DELIVERED,
        channel="sms",
        reason="delivered_fallback",
        vendor_message="DELIVRD",
        reported_at=timezone.now(),
    )
    return made


def test_each_delivery_as_it_stands(dispatches, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        items = status.phone_history(PHONE)
        seen = {item.row.dispatch.title: (item.kind, item.status) for item in items}
    assert seen == {"一": ("delivery", "queued"), "二": ("delivery", "submitted"), "三": ("delivery", "delivered")}


def test_what_a_line_shows_is_there_without_a_further_query(dispatches, house, django_assert_num_queries):
    items = status.phone_history(PHONE)
    newest = next(item.row for item in items if item.row.dispatch.title == "三")
    with django_assert_num_queries(0):
        assert (newest.own_status, newest.channel, newest.reason, newest.vendor_message) == (
            60,
            "sms",
            "delivered_fallback",
            "DELIVRD",
        )
        assert newest.dispatch.version.kind == house.version.kind
        assert (newest.dispatch.purpose, newest.dispatch.account_id) == ("marketing", house.account.pk)
        assert newest.dispatch.signature_id == house.signature.pk
        assert newest.dispatch.created_at <= timezone.now()
        assert newest.dispatch.started_at is None
        assert newest.batch.submitted_at >= newest.dispatch.created_at
        assert (newest.batch.state, newest.phone, newest.leg) == ("submitted", PHONE, "main")
    assert newest.variables == {}  # a field that no line shows: fetched when it is asked for


def test_the_newest_is_told_by_its_round_not_by_its_key(dispatches):
    """Whoever stores rows takes keys a thousand at a time, so an older dispatch's may be the higher."""
    Delivery.objects.filter(dispatch=dispatches[0], phone=PHONE).update(id=10**9)
    (item,) = status.phone_history(PHONE, limit=1)
    assert item.row.dispatch.title == "三"


def test_somebody_left_out_has_no_batch(dispatches, house):
    left_out = house.make_dispatch([], title="四")
    Delivery.objects.create(
        dispatch=left_out,
        run_id=left_out.run_id,
        leg="main",
        phone=PHONE,
        own_status=OwnStatus.SKIPPED,
        reason="over_cap",
    )
    found = next(item for item in status.phone_history(PHONE) if item.row.dispatch.title == "四")
    assert (found.row.batch, found.status, found.row.reason) == (None, "skipped", "over_cap")


def test_a_free_text_has_no_version(house):
    house.make_dispatch([PHONE], title="答复", version=None, text="您好")
    (found,) = status.phone_history(PHONE)
    assert found.row.dispatch.version is None


def test_the_do_not_send_list_stands_among_them(dispatches, house, django_assert_max_num_queries):
    entries.suppress(PHONE, source="hand", scope="signature", signature=house.signature)
    with django_assert_max_num_queries(4):
        kinds = [item.kind for item in status.phone_history(PHONE)]
    assert sorted(kinds) == ["delivery"] * 3 + ["suppression"]
    assert Suppression.objects.get().phone == PHONE


def test_a_limit_and_an_earlier_page(dispatches):
    assert len(status.phone_history(PHONE, limit=2)) == 2
    made = dispatches[1].created_at
    earlier = status.phone_history(PHONE, before=made)
    assert [item.row.dispatch.title for item in earlier] == ["一"]


def test_a_number_that_nobody_knows(db):
    assert status.phone_history("13000000000") == []
