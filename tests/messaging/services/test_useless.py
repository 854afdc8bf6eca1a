"""What is of no use any more does not go out, not even in the minute before the tick lapses it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import selectors
from messaging.models import Dispatch
from messaging.services import claiming, sending
from messaging.services.claiming import Held
from tests.builders import phones

pytestmark = pytest.mark.django_db


def test_nothing_is_claimed_after_it_is_useless(house):
    dispatch = house.make_dispatch(phones(20), useless_after=timezone.now() - timedelta(seconds=1))
    assert claiming.claim_next(dispatch.pk) == Held("useless")


def test_what_becomes_useless_between_the_claim_and_the_wire_is_given_back(house):
    dispatch = house.make_dispatch(phones(20))
    batch = claiming.claim_next(dispatch.pk).batch
    Dispatch.objects.update(useless_after=timezone.now() - timedelta(seconds=1))
    assert sending.begin(batch, dispatch) is None
    assert selectors.dispatch_counts([dispatch.pk]) == {"queued": 20}
