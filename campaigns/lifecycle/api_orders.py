"""Messages that another system sends: a dispatch of its own, laid out in batches, whoever is left out named with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from campaigns.approvals import api_quota
from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken
from campaigns.preflight.cost import cost
from kit import audit
from kit.people import Actor
from messaging.models import Dispatch, SendingPolicy
from messaging.sending import dispatches, preflight
from messaging.sending.create import Created, Part, create
from messaging.sending.duration import finish_time, opens_at
from messaging.sending.preflight import Forecast, Obstacle
from messaging.sending.recipients import Rows
from messaging.sending.spec import DispatchSpec, Message, Origin, Timing
from templates_5g.models import TemplateVersion


@dataclass(frozen=True)
class Order:
    """What is to be sent. `people` maps each number (11 digits) to its variables, all that the version names. Limits are held
    against `token`."""

    message: Message
    version: TemplateVersion
    people: Mapping[str, Mapping[str, str]]
    title: str
    token: ApiToken
    send_until: datetime | None = None

    @property
    def source(self) -> str:
        return f"API · {self.token.name}"


class CannotSend(Exception):
    """Nothing was sent. `found` are obstacles as of preflight; str() is their sentences."""

    def __init__(self, found: Sequence[Obstacle]) -> None:
        super().__init__(" ".join(preflight.sentence(one) for one in found))
        self.found = found


@dataclass(frozen=True)
class Sent:
    """The running dispatch; number -> why it gets nothing (suppressed, no_consent, over_cap); and when the window opens, None
    where it is open."""

    dispatch: Dispatch
    left_out: Mapping[str, str]
    held_until: datetime | None


@transaction.atomic
def send(order: Order, actor: Actor) -> Sent:
    """Raises CannotSend; api_quota.NeedsApproval where a colleague has to approve; api_quota.TooManyNotices. Then nothing is
    stored."""
    now, spec = timezone.now(), _spec(order, actor)
    (created,) = create([Part(spec, Rows(order.people))])
    dispatch, left_out = created.dispatch, _left_out(created)
    to_send = [variables for phone, variables in order.people.items() if phone not in left_out]
    price = _require_sound(spec, to_send, now)
    api_quota.take(order.token, order.version, created.to_send, price)
    audit.record(
        AuditAction.MESSAGES_SENT_BY_API,
        actor=actor,
        target=dispatch,
        detail={"people": created.to_send, "token": order.source},
    )
    dispatches.start(dispatch, actor)
    return Sent(dispatch, left_out, _held_until(spec.timing, now) if created.to_send else None)


def _spec(order: Order, actor: Actor) -> DispatchSpec:
    """Marketing goes out within the policy's window; a notice is never held: the hours of notices are for campaigns."""
    purpose, policy = order.version.template.purpose, SendingPolicy.current()
    return DispatchSpec(
        message=order.message,
        origin=Origin(kind=Dispatch.Kind.MAIN, title=order.title, source=order.source, purpose=purpose, actor=actor),
        timing=Timing(
            send_until=order.send_until,
            window=policy.window_for(purpose) if purpose == "marketing" else None,
            holidays=policy.holidays_for(purpose),
        ),
    )


def _left_out(created: Created) -> dict[str, str]:
    """Number -> why."""
    if not created.left_out:
        return {}
    return dict(created.dispatch.deliveries.filter(batch=None).values_list("phone", "reason"))


def _held_until(timing: Timing, now: datetime) -> datetime | None:
    at = opens_at(now, timing.window, timing.closed_days)
    return at if at and at > now else None


def _require_sound(spec: DispatchSpec, to_send: Sequence[Mapping[str, str]], now: datetime) -> Decimal | None:
    """What it may cost at most, None where the account has no prices. That nobody is left is no obstacle: the answer names why."""
    message, timing = spec.message, spec.timing
    finish = finish_time(now, len(to_send), spec.people_per_second, timing.window, timing.closed_days)
    price = cost(message, len(to_send), sum(message.sms_units(variables) for variables in to_send))
    found = preflight.obstacles(spec, Forecast(finish_at=finish, low=price.low, high=price.high), now)
    blocking = [one for one in found if one.blocks]
    if blocking:
        raise CannotSend(blocking)
    return price.high
