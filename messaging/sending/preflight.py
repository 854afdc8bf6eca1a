"""What keeps a dispatch from being sent (blocks) and what should be known before (warns): account, version, signature, sender,
window and deadline. Who is sent to is not looked at here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kit import display
from kit.labels import Label
from messaging.compatibility.problems import problems_for
from messaging.gateway.registry import vendor_class
from messaging.models import Signature, TemplateReview
from messaging.sending.duration import opens_at
from messaging.sending.spec import DispatchSpec, Message, Timing
from messaging.states import AccountStatus, Operator, ReviewStatus
from templates_5g.blocks import Problem, errors
from templates_5g.path_labels import place
from templates_5g.problems import sentence as sentence_of

SENTENCES = {
    "account": _("The vendor account does not send now: %(status)s. It has to be mended and tested first."),
    "cannot_send": _("This vendor sends nothing: it only keeps templates. Choose another account."),
    "not_approved": _("This version is not approved at the account. Submit it for review, or choose another version."),
    "approval_ends": _("The approval of the template ends on %(day)s, before the last message. Renew it first."),
    "approval_near": _("The approval of the template ends on %(day)s."),
    "not_carried": _("The account cannot send this version. %(path)s: %(why)s"),
    "send_options": _("The vendor's send options: %(why)s"),
    "signature": _("The signature is not filed with %(operators)s and may not be used until then."),
    "signature_warning": _("The signature is not filed with %(operators)s; messages may be intercepted."),
    "sender_account": _("The 5G sender belongs to another account. Choose one of this account."),
    "balance_short": _("The balance is short by %(amount)s. Top up the account."),
    "balance_maybe": _("The balance may be short by %(amount)s if everybody gets the fallback."),
    "start_past": _(
        "The start time %(at)s has passed. Choose another one, or say on the confirmation that it starts at once."
    ),
    "past": _("The time until which the message is sent has passed. Set a later one."),
    "window_after": _(
        "It may go out from %(at)s on, which is later than it is to be sent. "
        "Set a later time until which it is sent, or another window."
    ),
    "too_late": _("About %(n)s people will not be reached in time; they are not sent to."),
    "never_ends": _("At this pace and window it would take more than a year. Raise the pace or the window."),
}


@dataclass(frozen=True)
class Obstacle:
    """What keeps a dispatch from being sent (`blocks`) or should be known before. `key` names the sentence, `params` fill it: they
    are as JSON has them."""

    key: str
    blocks: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What the people to be sent to make of it: the last hand-over (None: not within a year), how many are `late` for
    `send_until`, the yuan that it costs at least and at most (None: not known)."""

    finish_at: datetime | None
    late: int = 0
    low: Decimal | None = None
    high: Decimal | None = None


def sentence(obstacle: Obstacle, sentences: Mapping[str, Label] = SENTENCES) -> str:
    """The sentence in the active language; stored statuses, operators and places are named only here."""
    params = dict(obstacle.params)
    if "path" in params:
        problem = Problem(params["path"], "", params["why"], params.get("values", {}))
        params["path"], params["why"] = place(problem.path), sentence_of(problem)
    if "operators" in params:
        params["operators"] = "、".join(str(Operator(code).label) for code in params["operators"])
    if "at" in params:
        params["at"] = display.to_the_minute(datetime.fromisoformat(params["at"]))
    if "status" in params:
        params["status"] = AccountStatus(params["status"]).label
    return str(sentences[obstacle.key]) % params


def obstacle(key: str, *, blocks: bool = True, **params: object) -> Obstacle:
    return Obstacle(key, blocks, params)


def obstacles(spec: DispatchSpec, forecast: Forecast, now: datetime) -> list[Obstacle]:
    """Of a dispatch whose recipients bring just the variables that it names. Blocking ones first."""
    message = spec.message
    found = [
        *account(message),
        *content(message, message.variables, forecast.finish_at, now),
        *signature(message),
        *balance(message, forecast),
        *time(spec.timing, forecast, now),
    ]
    return sorted(found, key=lambda one: not one.blocks)


def account(message: Message) -> Iterator[Obstacle]:
    if not message.account.usable:
        yield obstacle("account", status=message.account.status)
    if not message.capabilities.max_batch:
        yield obstacle("cannot_send")
    if message.chatbot is not None and message.chatbot.account_id != message.account.pk:
        yield obstacle("sender_account")


def content(message: Message, columns: Sequence[str], finish_at: datetime | None, now: datetime) -> Iterator[Obstacle]:
    """Whether the account can carry it and has approved it. `columns`: what each person has a value for."""
    if message.version is not None:
        yield from _carried(message, columns)
        yield from _approved(message, finish_at, now)


def _carried(message: Message, columns: Sequence[str]) -> Iterator[Obstacle]:
    version = message.version
    if version is None:
        return
    for problem in errors(problems_for(version, message.account))[:3]:
        yield obstacle("not_carried", path=problem.path, why=problem.message, values=dict(problem.params))
    vendor = vendor_class(message.account.vendor)(message.account.config)
    for problem in vendor.check_send(version.blocks, version.fallback_blocks, message.options, list(columns)):
        yield obstacle(
            "send_options",
            blocks=problem.severity == "error",
            path=problem.path,
            why=problem.message,
            values=dict(problem.params),
        )


def _approved(message: Message, finish_at: datetime | None, now: datetime) -> Iterator[Obstacle]:
    capabilities = message.capabilities
    if "main" not in capabilities.review_parts or capabilities.review_optional:
        return
    review = TemplateReview.objects.filter(
        Q(approved_until__isnull=True) | Q(approved_until__gt=now),
        version=message.version,
        account=message.account,
        part="main",
        live=True,
        status=ReviewStatus.APPROVED,
    ).first()
    if review is None:
        yield obstacle("not_approved")
    elif review.approved_until:
        ends_early = finish_at is not None and finish_at > review.approved_until
        key = "approval_ends" if ends_early else "approval_near"
        yield obstacle(key, blocks=ends_early, day=display.day(review.approved_until))


def signature(message: Message, operators: Sequence[str] = ()) -> Iterator[Obstacle]:
    """`operators`: whose people alone are sent to; empty: everybody's."""
    if message.signature is None:
        return
    filed = Signature.Filing.FILED
    lacking = [name for name in ("cmcc", "cucc", "ctcc") if getattr(message.signature, name) != filed]
    wanted = [name for name in lacking if not operators or name in operators]
    if wanted:
        key = "signature" if message.signature.blocks_unfiled else "signature_warning"
        yield obstacle(key, blocks=message.signature.blocks_unfiled, operators=wanted)


def balance(message: Message, forecast: Forecast) -> Iterator[Obstacle]:
    """Compared only where the vendor says that it is yuan."""
    left, low, high = message.account.balance, forecast.low, forecast.high
    if left is None or message.account.balance_unit != "yuan" or low is None or high is None:
        return
    if low > left:
        yield obstacle("balance_short", amount=display.money(low - left))
    elif high > left:
        yield obstacle("balance_maybe", blocks=False, amount=display.money(high - left))


def time(timing: Timing, forecast: Forecast, now: datetime) -> Iterator[Obstacle]:
    if start_passed(timing, now):
        yield start_past(timing)
    start = max(now, timing.start_at or now)
    opens = opens_at(start, timing.window, timing.closed_days)
    if timing.send_until and timing.send_until <= start:
        yield obstacle("past")
    elif timing.send_until and opens and opens >= timing.send_until:
        yield obstacle("window_after", at=opens.isoformat())
    elif forecast.late:
        yield obstacle("too_late", blocks=False, n=display.count(forecast.late))
    if forecast.finish_at is None:
        yield obstacle("never_ends")


def start_passed(timing: Timing, now: datetime) -> bool:
    """Whether it would start at once although a time is set: that is asked, never assumed."""
    return timing.start_at is not None and timing.start_at <= now


def start_past(timing: Timing) -> Obstacle:
    return obstacle("start_past", blocks=False, at=timing.start_at.isoformat() if timing.start_at else "")
