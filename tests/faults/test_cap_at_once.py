"""Dispatches through several accounts that send to the same people in the same moment keep to the cap, and leave nobody out for
a message that was not sent after all. On both databases."""

import random
import threading
import time

import pytest

from messaging.models import Batch, Dispatch, SendingPolicy
from messaging.sending import dispatches, hand_over
from messaging.states import BATCH_OPEN
from tests.faults.scenes import at_once, counts, recount

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.postgres]

PEOPLE = 60
ROUNDS = 4


@pytest.fixture
def at_most_two(scene):
    """The policy for the dispatches of one test."""
    rules = SendingPolicy.current()
    rules.cap_count, rules.cap_days = 2, 7
    rules.save()
    yield
    rules.cap_count = None
    rules.save()


def work_off(pk):
    """As workers do it, whom the tick wakes again and again."""
    end = time.monotonic() + 40
    while time.monotonic() < end and Batch.objects.filter(dispatch=pk, state__in=BATCH_OPEN).exists():
        hand_over.send_some(pk, seconds=5)
        time.sleep(0.05)


def dispatches_to_the_same(scene, chance, first, **values):
    """Some share an account, where claims come one after the other; the others have one each."""
    shared = scene.make.account(in_flight=3, per_second=100_000)
    accounts = [shared, shared] + [scene.make.account(in_flight=3, per_second=100_000) for _ in range(ROUNDS - 2)]
    return [scene.dispatch(PEOPLE, chance.choice([4, 7, 10]), first, account=account, **values) for account in accounts]


@pytest.mark.parametrize("seed", range(3))
def test_each_gets_exactly_as_many_as_are_allowed(scene, at_most_two, seed):
    made = dispatches_to_the_same(scene, random.Random(seed), 15_500_000_000 + seed * 1000)
    scene.pause = 0.01
    at_once(*[lambda pk=one.pk: work_off(pk) for one in made] * 2)
    assert set(scene.times_sent().values()) == {2}
    assert len(scene.times_sent()) == PEOPLE
    for one in made:
        assert counts(one) == recount(one)
    left_out = sum(counts(one).get("skipped", 0) for one in made)
    assert left_out == (ROUNDS - 2) * PEOPLE


@pytest.mark.parametrize("seed", range(3))
def test_a_round_that_is_cancelled_meanwhile_costs_nobody_a_message_of_another(scene, at_most_two, seed):
    chance = random.Random(seed)
    made = dispatches_to_the_same(scene, chance, 15_600_000_000 + seed * 1000)
    scene.pause = 0.02
    begun = chance.randrange(1, 12)

    def cancel():
        while scene.sent < begun:
            threading.Event().wait(0.002)
        dispatches.cancel(Dispatch.objects.get(pk=made[seed % ROUNDS].pk))

    at_once(cancel, *[lambda pk=one.pk: work_off(pk) for one in made] * 2)
    assert set(scene.times_sent().values()) == {2}
    assert len(scene.times_sent()) == PEOPLE


def test_notices_are_not_counted_with_marketing(scene, at_most_two):
    first = 15_700_000_000
    marketing = dispatches_to_the_same(scene, random.Random(1), first)
    notices = dispatches_to_the_same(scene, random.Random(2), first, purpose="notice")
    at_once(*[lambda pk=one.pk: work_off(pk) for one in (*marketing, *notices)])
    assert set(scene.times_sent().values()) == {2 + ROUNDS}
