"""Free texts, for vendors that take a text without an audit: an answer to one number, or to a list each person's own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kit import audit
from kit.line_breaks import unified
from kit.people import Actor
from messaging.audit_actions import AuditAction
from messaging.models import Dispatch, SendingPolicy
from messaging.sending import dispatches
from messaging.sending.create import Part, create
from messaging.sending.recipients import Rows
from messaging.sending.spec import DispatchSpec, Message, Origin, Timing
from templates_5g.blocks.variables import names_in

MOST = 10_000
Row = tuple[str, Mapping[str, str]]


@transaction.atomic
def send_answer(
    message: Message, phone: str, *, title: str, timing: Timing | None = None, actor: Actor = None
) -> Dispatch:
    """A free text to one number, at any hour where `timing` says nothing else. Raises ValidationError where the vendor cannot,
    or the number has had as many notices and answers as the policy allows."""
    timing = timing or Timing()
    if not message.capabilities.can_answer:
        raise ValidationError(_("This account cannot answer."))
    if timing.window is not None and timing.window.opens >= timing.window.closes:
        raise ValidationError(_("The window ends before it begins, so it would never be sent."))
    origin = Origin(kind=Dispatch.Kind.ANSWER, title=title, purpose="notice", actor=actor)
    spec = DispatchSpec(message=_unified(message), origin=origin, timing=timing)
    (created,) = create([Part(spec, Rows({phone: {}}))])
    if "over_cap" in created.left_out:
        raise ValidationError(_over_cap_words(created.dispatch))
    dispatches.start(created.dispatch, actor)
    return created.dispatch


def _unified(message: Message) -> Message:
    return replace(message, text=unified(message.text))


def _over_cap_words(dispatch: Dispatch) -> str:
    words = _(
        "This number has got %(n)s notices and answers in %(days)s days, as many as the sending policy allows. Nothing is sent."
    )
    return words % {"n": dispatch.policy_cap_count, "days": dispatch.policy_cap_days}


@transaction.atomic
def send_texts(
    message: Message, rows: Sequence[Row], *, title: str, purpose: str = "notice", actor: Actor = None
) -> Dispatch:
    """One dispatch to these (phone, variables). Who is suppressed or over the cap, and for marketing who has given no consent, is
    stored as not sent; marketing waits for its window. Raises ValidationError for a vendor
    that takes no free text, a number that stands twice, a missing variable, or too many rows."""
    people = {phone: {name: unified(value) for name, value in values.items()} for phone, values in rows}
    _check(message, rows, people)
    policy = SendingPolicy.current()
    window = policy.window_for(purpose) if purpose == "marketing" else None
    spec = DispatchSpec(
        message=_unified(message),
        origin=Origin(kind=Dispatch.Kind.MAIN, title=title, source=_("Free text"), purpose=purpose, actor=actor),
        timing=Timing(window=window, holidays=policy.holidays_for(purpose)),
    )
    (created,) = create([Part(spec, Rows(people))])
    audit.record(
        AuditAction.TEXTS_SENT, actor=actor, target=created.dispatch, detail={"people": len(rows), "title": title}
    )
    dispatches.start(created.dispatch, actor)
    return created.dispatch


def _check(message: Message, rows: Sequence[Row], people: Mapping[str, Mapping[str, str]]) -> None:
    if not message.capabilities.can_answer:
        raise ValidationError(_("This account takes no text without a reviewed template."))
    if not 1 <= len(rows) <= MOST:
        raise ValidationError(_("A free text goes to 1 to %(most)s numbers.") % {"most": MOST})
    if len(people) < len(rows):
        raise ValidationError(_("A number stands twice in the list."))
    missing = [name for name in names_in(message.text) if any(not values.get(name) for values in people.values())]
    if missing:
        raise ValidationError(_("Give a value for: %(names)s.") % {"names": ", ".join(missing)})
