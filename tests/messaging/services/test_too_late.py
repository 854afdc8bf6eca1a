"""What is past its time does not go out, not even in the minute before the tick closes it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.deliveries import status
from messaging.models import Dispatch
from messaging.sending import claim, hand_over
from messaging.sending.claim import Held
from tests.builders import phones

pytestmark = pytest.mark.django_db


def test_nothing_is_claimed_after_its_time(house):
    dispatch = house.make_dispatch(phones(20), send_until=timezone.now() - timedelta(seconds=1))
    assert claim.claim_next(dispatch.pk) == Held("too_late")


def test_what_is_too_late_between_the_claim_and_the_wire_is_given_back(house):
    dispatch = house.make_dispatch(phones(20))
    batch = claim.claim_next(dispatch.pk).batch
    Dispatch.objects.update(send_until=timezone.now() - timedelta(seconds=1))
    assert hand_over.begin(batch, dispatch) is None
    assert status.dispatch_counts([dispatch.pk]) == {"queued": 20}
