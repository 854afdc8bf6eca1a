"""Messages that another system sends: a round of its own, laid out in batches, whoever is left out named with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns import preflight
from campaigns.approvals import api_quota
from campaigns.audiences import consent
from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken, Campaign, Obstacle, PreflightReport
from campaigns.preflight.audience_query import closed_days, holidays_of, own_text, sms_units
from campaigns.preflight.cost import cost
from campaigns.preflight.duration import finish_time, opens_at
from campaigns.preflight.obstacles import obstacles
from kit import audit
from messaging.eligibility import cap, scope
from messaging.models import Batch, Chatbot, Delivery, Dispatch, SendingPolicy, SendingWindow, Signature, VendorAccount
from messaging.sending import dispatches
from messaging.states import OwnStatus
from templates_5g.blocks import variables as names
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze


@dataclass(frozen=True)
class Order:
    """What is to be sent. `people` maps each number (11 digits) to its variables, all that the version names. Limits are held
    against `token`."""

    version: TemplateVersion
    account: VendorAccount
    signature: Signature
    chatbot: Chatbot | None
    people: Mapping[str, Mapping[str, str]]
    options: Mapping[str, Any]
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
    """The running round; number -> why it gets nothing (suppressed, no_consent, over_cap); and when the window opens, None
    where it is open."""

    dispatch: Dispatch
    left_out: Mapping[str, str]
    held_until: datetime | None


@transaction.atomic
def send(order: Order, actor: Any) -> Sent:
    """Raises CannotSend; api_quota.NeedsApproval where a colleague has to approve; api_quota.TooManyNotices."""
    now, dispatch = timezone.now(), _dispatch(order, actor)
    left_out = _left_out(order, dispatch)
    to_send = [phone for phone in sorted(order.people) if phone not in left_out]
    price = _require_sound(order, to_send, now)
    api_quota.take(order.token, order.version, len(to_send), price)
    freeze(order.version)
    _lay_out(order, dispatch, to_send, left_out)
    audit.record(
        AuditAction.MESSAGES_SENT_BY_API,
        actor=actor,
        target=dispatch,
        detail={"people": len(to_send), "token": order.source},
    )
    dispatches.start(dispatch, actor)
    if not to_send:
        dispatches.finish(dispatch)
    return Sent(dispatch, left_out, _held_until(_as_campaign(order), now) if to_send else None)


def _as_campaign(order: Order) -> Campaign:
    """The order as a campaign that is never stored, so that it is judged by the rules of campaigns. Marketing goes out within
    the policy's window; a notice is never held: the hours of notices are for campaigns."""
    purpose = order.version.template.purpose
    window = SendingPolicy.current().window_for(purpose) if purpose == "marketing" else None
    return Campaign(
        window_from=window.opens if window else None,
        window_until=window.closes if window else None,
        version=order.version,
        account=order.account,
        signature=order.signature,
        chatbot=order.chatbot,
        send_until=order.send_until,
    )


def _held_until(campaign: Campaign, now: datetime) -> datetime | None:
    at = opens_at(now, SendingWindow.of(campaign), closed_days(campaign))
    return at if at and at > now else None


def _require_sound(order: Order, to_send: Sequence[str], now: datetime) -> Decimal | None:
    """What it may cost at most, None where the account has no prices."""
    campaign, people = _as_campaign(order), len(to_send)
    finish = finish_time(
        now, people, float(order.account.per_second), SendingWindow.of(campaign), closed_days(campaign)
    )
    price = cost(campaign, people, sms_units(campaign, [order.people[phone] for phone in to_send]))
    report = PreflightReport(
        rows=len(order.people),
        to_send=len(order.people),  # that nobody is left is no obstacle: the answer names why
        finish_at=finish,
        cost=price,
    )
    blocking = [found for found in obstacles(campaign, report, now) if found.blocks]
    if blocking:
        raise CannotSend(blocking)
    return price.high


def _dispatch(order: Order, actor: Any) -> Dispatch:
    purpose, rules = order.version.template.purpose, _as_campaign(order)
    return Dispatch.objects.create(
        kind=Dispatch.Kind.MAIN,
        title=order.title[:120],
        source=order.source[:120],
        version=order.version,
        account=order.account,
        signature=order.signature,
        chatbot=order.chatbot,
        purpose=purpose,
        options=dict(order.options),
        queue="notice" if purpose == "notice" else "bulk",
        send_until=order.send_until,
        window_from=rules.window_from,
        window_until=rules.window_until,
        holidays=holidays_of(rules),
        total=len(order.people),
        created_by=actor,
    )


def _left_out(order: Order, dispatch: Dispatch) -> dict[str, str]:
    """Number -> the first reason that stops it, asked in the order of a campaign's check."""
    found = dict.fromkeys(_suppressed(order), "suppressed")
    rest = [phone for phone in order.people if phone not in found]
    if dispatch.purpose == "marketing":
        found |= dict.fromkeys(consent.without(rest), "no_consent")
        rest = [phone for phone in rest if phone not in found]
    return found | dict.fromkeys(cap.over(rest, dispatch), "over_cap")


def _suppressed(order: Order) -> list[str]:
    live = scope.in_force(order.account.pk, order.signature.pk)
    return list(live.filter(phone__in=list(order.people)).values_list("phone", flat=True).distinct())


def _lay_out(order: Order, dispatch: Dispatch, to_send: Sequence[str], left_out: Mapping[str, str]) -> None:
    """Batches of what may stand in one request, people sorted by number; who is left out has a row and no batch."""
    size = preflight.batch_size(_as_campaign(order))
    parts = list(_parts(order, size, to_send))
    batches = [
        Batch(dispatch=dispatch, account=dispatch.account, number=number, size=len(phones), text=text)
        for number, (text, phones) in enumerate(parts, start=1)
    ]
    Batch.objects.bulk_create(batches)
    rows = [
        _row(order, dispatch, phone, batch=batch)
        for batch, (_text, phones) in zip(batches, parts, strict=True)
        for phone in phones
    ]
    rows += [
        _row(order, dispatch, phone, own_status=OwnStatus.SKIPPED, reason=left_out[phone]) for phone in sorted(left_out)
    ]
    Delivery.objects.bulk_create(rows)


def _row(order: Order, dispatch: Dispatch, phone: str, **values: Any) -> Delivery:
    variables = dict(order.people[phone])
    return Delivery(dispatch=dispatch, run=dispatch.run, leg=dispatch.leg, phone=phone, variables=variables, **values)


def _parts(order: Order, size: int, phones: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """(text, numbers) of each request; the text only where a request has one text for all."""
    text = own_text(_as_campaign(order))
    filled = {phone: names.fill(text, order.people[phone]) if text else "" for phone in phones}
    for its_text, group in groupby(sorted(phones, key=lambda phone: (filled[phone], phone)), filled.__getitem__):
        numbers = list(group)
        for start in range(0, len(numbers), size):
            yield its_text, numbers[start : start + size]
