"""How many test messages a person, and everybody together, may send a day (Beijing): a test needs nobody's approval."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import clock, display
from messaging.models import Delivery, Dispatch, Lease, SendingPolicy
from messaging.states import OwnStatus

_LOCK = "tests"


def take(people: int, actor: Any) -> None:
    """Inside the transaction that makes the test; tests wait for each other here. Raises ValidationError where it would be more
    than the sending policy allows."""
    policy = SendingPolicy.current()
    if policy.tests_of_person is None and policy.tests_of_all is None:
        return
    Lease.objects.get_or_create(name=_LOCK)
    Lease.objects.select_for_update().get(name=_LOCK)
    midnight = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Delivery.objects.filter(dispatch__kind=Dispatch.Kind.TEST, dispatch__created_at__gte=midnight)
    sent = today.exclude(own_status=OwnStatus.SKIPPED)
    mine, all_of_them = sent.filter(dispatch__created_by=actor).count(), sent.count()
    if policy.tests_of_person is not None and mine + people > policy.tests_of_person:
        words = _(
            "You have sent %(n)s test messages today, and with these it would be more than %(limit)s. Nothing was sent; test "
            "with fewer numbers, or ask an administrator for a higher limit in the sending policy."
        )
        raise ValidationError(words % {"n": display.count(mine), "limit": display.count(policy.tests_of_person)})
    if policy.tests_of_all is not None and all_of_them + people > policy.tests_of_all:
        words = _(
            "All colleagues together have sent %(n)s test messages today, and with these it would be more than %(limit)s. Nothing "
            "was sent; test with fewer numbers, or ask an administrator for a higher limit in the sending policy."
        )
        raise ValidationError(words % {"n": display.count(all_of_them), "limit": display.count(policy.tests_of_all)})
