"""The page everyone starts on: today's figures, bounded whatever there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import roles
from messaging import workbench
from messaging.models import Batch, Reply, VendorAccount
from tests.builders import phones
from tests.markup import read
from tests.people import signed_in

pytestmark = pytest.mark.django_db
ROLES = (roles.MARKETING, roles.CAMPAIGNS, roles.SUPPORT, roles.ADMINISTRATORS)


def replies(house: Any, count: int, *, at: Any = None, first: int = 0) -> None:
    Reply.objects.bulk_create(
        Reply(
            account=house.account,
            key=f"k{first + n}",
            phone=f"139{first + n:08d}",
            content="好",
            replied_at=at or timezone.now(),
        )
        for n in range(count)
    )


@pytest.fixture
def sent(house: Any) -> Any:
    dispatch = house.make_dispatch(phones(10), per_batch=5)
    Batch.objects.filter(dispatch=dispatch).update(state="submitted", submitted_at=timezone.now(), n_delivered=4)
    return dispatch


def test_today_has_the_rates_of_deliveries_and_replies(sent: Any, house: Any) -> None:
    replies(house, 1)
    replies(house, 3, at=timezone.now() - timedelta(days=1), first=10)
    text = read(signed_in(roles.CAMPAIGNS, language="en").get(reverse("admin:index"))).text
    assert "8 of 8 that are settled" in text
    assert "10.0% of those handed over" in text


def test_more_replies_than_are_looked_at_are_a_plus(sent: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "REPLIES_LOOKED_AT", 2)
    replies(house, 3)
    text = read(signed_in(roles.CAMPAIGNS, language="en").get(reverse("admin:index"))).text
    assert "Replies 2+" in text


@pytest.mark.parametrize("role", ROLES)
def test_twice_as_much_of_everything_costs_no_more_queries(sent: Any, house: Any, role: str) -> None:
    client, url = signed_in(role), reverse("admin:index")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def more(first: int) -> None:
        replies(house, 20, first=first)
        for n in range(3):
            house.make_dispatch(phones(2, start=13_900_000_000 + first + 10 * n))
        Batch.objects.filter(state="queued").update(state="unknown", claimed_at=timezone.now())

    more(0)
    VendorAccount.objects.update(balance=1, low_balance=100)
    cost()
    few = cost()
    more(1000)
    assert cost() <= few
