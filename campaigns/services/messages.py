"""Messages that another system sends: a round of its own, laid out in batches, who is suppressed named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.models import ApiToken, Campaign, SendingRules
from campaigns.services import allowance, planning
from campaigns.services.planning.costs import cost
from campaigns.services.planning.obstacles import obstacles
from campaigns.services.planning.rules import closed_days, holidays_of, own_text
from campaigns.services.planning.sheet import window_of
from campaigns.services.planning.timing import finish_time
from config.kit import audit
from config.kit.words import gettext_noop
from messaging.models import Batch, Chatbot, Delivery, Dispatch, Signature, Suppression, VendorAccount
from messaging.services import dispatching
from messaging.states import Own
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
    useless_after: datetime | None = None

    @property
    def source(self) -> str:
        return f"API · {self.token.name}"


class CannotSend(Exception):
    """Nothing was sent. `found` are obstacles as of services.planning; str() is their sentences."""

    def __init__(self, found: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(" ".join(planning.sentence(dict(one)) for one in found))
        self.found = found


@transaction.atomic
def send(order: Order, actor: Any) -> tuple[Dispatch, list[str]]:
    """The running round and the numbers that are suppressed and so get nothing. Raises CannotSend, or allowance.NeedsApproval
    where a colleague has to approve."""
    price = _require_sound(order)
    suppressed = set(_suppressed(order))
    allowance.take(order.token, order.version, len(order.people) - len(suppressed), price)
    freeze(order.version)
    dispatch = _dispatch(order, actor)
    _lay_out(order, dispatch, suppressed)
    audit.record(
        gettext_noop("Sent messages through the API"),
        actor=actor,
        target=dispatch,
        detail={"people": len(order.people) - len(suppressed), "token": order.source},
    )
    dispatching.start(dispatch, actor)
    if len(suppressed) == len(order.people):
        dispatching.finish(dispatch)
    return dispatch, sorted(suppressed)


def _as_campaign(order: Order) -> Campaign:
    """The order as a campaign that is never stored, so that it is judged by the rules of campaigns. It goes out within the
    house's window of its class."""
    opens, closes = SendingRules.current().window_for(order.version.template.purpose) or (None, None)
    return Campaign(
        window_from=opens,
        window_until=closes,
        version=order.version,
        account=order.account,
        signature=order.signature,
        chatbot=order.chatbot,
        useless_after=order.useless_after,
    )


def _require_sound(order: Order) -> Decimal | None:
    """What it may cost at most, None where the account has no prices."""
    campaign, now, people = _as_campaign(order), timezone.now(), len(order.people)
    finish = finish_time(now, people, float(order.account.per_second), window_of(campaign), closed_days(campaign))
    price = cost(campaign, people, people)
    sheet = {
        "difference": 0,
        "rows": people,
        "to_send": people,
        "excluded": {},
        "late": 0,
        "finish_at": finish.isoformat() if finish else None,
        "cost": price,
    }
    blocking = [found for found in obstacles(campaign, sheet, now) if found["blocks"]]
    if blocking:
        raise CannotSend(blocking)
    return Decimal(price["high"]) if price["high"] is not None else None


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
        useless_after=order.useless_after,
        window_from=rules.window_from,
        window_until=rules.window_until,
        holidays=holidays_of(rules),
        total=len(order.people),
        created_by=actor,
    )


def _suppressed(order: Order) -> list[str]:
    live = Suppression.objects.filter(phone__in=list(order.people), lifted_at__isnull=True)
    scopes = (
        Q(scope="all") | Q(scope="account", account=order.account) | Q(scope="signature", signature=order.signature)
    )
    return list(live.filter(scopes).values_list("phone", flat=True).distinct())


def _lay_out(order: Order, dispatch: Dispatch, suppressed: set[str]) -> None:
    """Batches of what may stand in one request, people sorted by number; the suppressed have a row and no batch."""
    size = planning.batch_size(_as_campaign(order))
    parts = list(_parts(order, size, [phone for phone in sorted(order.people) if phone not in suppressed]))
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
    rows += [_row(order, dispatch, phone, own=Own.SKIPPED, reason="suppressed") for phone in sorted(suppressed)]
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
