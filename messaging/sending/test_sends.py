"""Test messages: a few numbers now, without anybody's approval, and so with a limit for each day."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, clock, display, masks
from kit.line_breaks import unified
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.models import Delivery, Dispatch, Mutex, SendingPolicy
from messaging.sending import claim, dispatches
from messaging.sending.create import Part, create
from messaging.sending.recipients import Rows
from messaging.sending.spec import DispatchSpec, Message, Origin
from messaging.states import OwnStatus

MOST_NUMBERS = 20
_MUTEX = "tests"


@transaction.atomic
def send_test(
    message: Message, phones: Sequence[str], variables: Mapping[str, str] | None = None, actor: Actor = None
) -> Dispatch:
    """A version to 1 to MOST_NUMBERS numbers, the same values for all. Suppressed numbers are recorded as not sent. Raises
    ValidationError."""
    version, values = message.version, {name: unified(value) for name, value in (variables or {}).items()}
    if version is None:
        raise ValueError("a test is of a version")
    people = dict.fromkeys(phones, values)
    if not 1 <= len(people) <= MOST_NUMBERS:
        raise ValidationError(_("A test goes to 1 to %(most)s numbers.") % {"most": MOST_NUMBERS})
    missing = [name for name in message.variables if not values.get(name)]
    if missing:
        raise ValidationError(_("Give a value for: %(names)s.") % {"names": ", ".join(missing)})
    _take_quota(len(people), actor)
    origin = Origin(
        kind=Dispatch.Kind.TEST,
        title=_("Test of %(version)s") % {"version": version},
        source=_("Test"),
        purpose=version.template.purpose,
        actor=actor,
    )
    (created,) = create([Part(DispatchSpec(message=message, origin=origin), Rows(people))])
    if claim.template_missing(created.dispatch):
        raise ValidationError(_("This version is not approved at this account."))
    audit.record(
        AuditAction.TEST_SENT,
        actor=actor,
        target=created.dispatch,
        detail={"phones": [masks.phone(phone) for phone in people]},
    )
    dispatches.start(created.dispatch, actor)
    return created.dispatch


def _take_quota(people: int, actor: Actor) -> None:
    """How many test messages a person, and everybody together, may send a day (Beijing). Inside the transaction that makes the
    test; tests wait for each other here. Raises ValidationError where it would be more than the sending policy allows."""
    policy = SendingPolicy.current()
    if policy.tests_of_person is None and policy.tests_of_all is None:
        return
    Mutex.objects.get_or_create(name=_MUTEX)
    Mutex.objects.select_for_update().get(name=_MUTEX)
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
