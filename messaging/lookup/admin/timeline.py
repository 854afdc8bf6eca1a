"""The line of time of a number, as the templates show it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kit import display, masks
from kit.labels import Label
from messaging import badges
from messaging.deliveries.status import HistoryItem
from messaging.eligibility.cap import caps_of
from messaging.eligibility.scope import holds_for
from messaging.models import Click, Delivery, Dispatch, Reply, SendingWindow, Suppression
from messaging.sentences import SENTENCES
from templates_5g.states import Purpose


@dataclass(frozen=True)
class Entry:
    """`title` and `badge` make the first line; `why`, `say` and `word` stand below where there is something to say.
    `steps` are (what, when) of a delivery. `unhappy`: the customer did not get it, so the words to say are what is sought."""

    at: datetime
    kind: str
    title: str
    badge: Label = ""
    why: str = ""
    say: str = ""
    do: str = ""
    word: str = ""
    steps: tuple[tuple[str, datetime], ...] = ()
    row: Any = None
    unhappy: bool = False


_HAPPY = ("delivered", "read", "submitted", "queued", "sending")


def entries(
    items: Iterable[HistoryItem], stops: Sequence[Suppression] = (), read: Callable[[str], str] = masks.numbers
) -> list[Entry]:
    """`stops`: every do-not-send entry of the number, lifted ones too: they say why a message was not sent. `read` hides what
    numbers stand in the words of customers and colleagues, unless the reader may see them."""
    made = [_delivery(item, stops) if item.kind == "delivery" else _MAKERS[item.kind](item) for item in items]
    return [replace(entry, title=read(entry.title), why=read(entry.why), word=read(entry.word)) for entry in made]


def _delivery(item: HistoryItem, stops: Sequence[Suppression]) -> Entry:
    row: Delivery = item.row
    dispatch = row.dispatch
    reason = _reason(row, item.status)
    sentence = SENTENCES.get(reason)
    purpose = dict(Purpose.choices).get(dispatch.purpose, dispatch.purpose)
    return Entry(
        at=item.at,
        kind="delivery",
        title=f"{dispatch.title} · {purpose}",
        badge=badges.delivery(item.status, row.channel, _first_choice(dispatch)),
        why=_why(row, item.status, sentence, stops),
        say=str(sentence.say) if sentence else "",
        do=str(sentence.do) if sentence else "",
        word=row.vendor_message or (row.batch.vendor_message if row.batch and row.own_status is None else ""),
        steps=_steps(row, item.status),
        row=row,
        unhappy=item.status not in _HAPPY,
    )


def _why(row: Delivery, status: str, sentence: Any, stops: Sequence[Suppression]) -> str:
    """What happened, and the particulars where there are some."""
    what = str(sentence.what) if sentence and status not in ("delivered", "read") else ""
    return " ".join(part for part in (what, _particulars(row, status, stops)) if part)


def _particulars(row: Delivery, status: str, stops: Sequence[Suppression]) -> str:
    dispatch = row.dispatch
    if status == "skipped" and row.reason in ("suppressed", "opted_out"):
        return _stopped_by(row, stops)
    if status == "skipped" and row.reason == "over_cap":
        words = _("The cap is %(n)s messages in %(days)s days.")
        return " ".join(words % {"n": one.count, "days": one.days} for one in caps_of(dispatch))
    if status == "queued":
        return _waiting_for(row)
    if status == "too_late" and dispatch.send_until:
        return _("It was not to be sent after %(time)s.") % {"time": display.day_and_time(dispatch.send_until)}
    return _("Arrived more than once: the vendor reported several channels.") if row.legs_delivered > 1 else ""


def _stopped_by(row: Delivery, stops: Sequence[Suppression]) -> str:
    """The entry that was in force for this signature or account when the dispatch was laid out, else when it ran."""
    dispatch = row.dispatch
    for stop in stops:
        lifted_before = stop.lifted_at is not None and stop.lifted_at < dispatch.created_at
        if holds_for(stop, dispatch) and not lifted_before:
            values = {
                "since": display.day_and_time(stop.since),
                "source": stop.get_source_display(),
                "note": stop.note,
            }
            return (
                _("Since %(since)s, %(source)s: %(note)s") if stop.note else _("Since %(since)s, %(source)s.")
            ) % values
    return ""


def _waiting_for(row: Delivery) -> str:
    dispatch = row.dispatch
    until = [moment for moment in (dispatch.start_at, row.batch.not_before if row.batch else None) if moment]
    later = max((moment for moment in until if moment > timezone.now()), default=None)
    words = []
    if dispatch.state in ("paused", "stopped"):
        because = SENTENCES.get(dispatch.stop_reason)
        words.append(str(because.what) if because else _("The dispatch is paused."))
    if later:
        words.append(_("Not before %(time)s.") % {"time": display.day_and_time(later)})
    if window := SendingWindow.of(dispatch):
        words.append(_("Sent from %(window)s only.") % {"window": window})
    if dispatch.send_until:
        words.append(_("Not sent after %(time)s.") % {"time": display.day_and_time(dispatch.send_until)})
    return " ".join(words)


def _first_choice(dispatch: Dispatch) -> str:
    """The channel that was meant: an MMS or SMS version has its own, all other kinds are 5G messages."""
    kind = dispatch.version.kind if dispatch.version else "sms"
    return kind if kind in ("sms", "mms") else "rcs"


# What a status means where the row names no reason of its own.
_USUAL = {
    "delivered": "delivered",
    "read": "delivered",
    "submitted": "accepted",
    "unknown": "no_answer",
    "no_receipt": "no_receipt",
}


def _reason(row: Delivery, status: str) -> str:
    if status in ("delivered", "read"):
        first = _first_choice(row.dispatch)
        return "delivered_fallback" if row.channel and row.channel != first else "delivered"
    batch_reason = row.batch.reason if row.batch and row.own_status is None else ""
    return row.reason or batch_reason or _USUAL.get(status, "")


def _steps(row: Delivery, status: str) -> tuple[tuple[str, datetime], ...]:
    steps = []
    if row.dispatch.started_at and row.batch:
        steps.append((pgettext("moment", "dispatch started"), row.dispatch.started_at))
    if row.batch and row.batch.submitted_at:
        steps.append((pgettext("moment", "handed over"), row.batch.submitted_at))
    if row.reported_at:
        word = str(badges.DELIVERY.get(status, (status, ""))[0])
        steps.append((word, row.reported_at))
    return tuple(steps)


def _reply(item: HistoryItem) -> Entry:
    row: Reply = item.row
    return Entry(
        at=item.at,
        kind="reply",
        title=_("The customer replied: %(words)s") % {"words": row.content},
        badge=badges.reply(row.state),
        why=_("Put on the do-not-send list by itself.") if row.is_opt_out else "",
        row=row,
    )


def _click(item: HistoryItem) -> Entry:
    row: Click = item.row
    return Entry(at=item.at, kind="click", title=_("Opened a link: %(url)s") % {"url": row.url}, row=row)


def _suppression(item: HistoryItem) -> Entry:
    row: Suppression = item.row
    scope = str(row.signature or row.account or row.get_scope_display())
    because = _("%(source)s: %(note)s") if row.note else "%(source)s"
    why = because % {"source": row.get_source_display(), "note": row.note}
    if row.lifted_at:
        why += " · " + _("lifted: %(reason)s") % {"reason": row.lift_reason}
    title = _("On the do-not-send list for %(scope)s") % {"scope": scope}
    return Entry(at=item.at, kind="suppression", title=title, why=why, row=row)


_MAKERS: Mapping[str, Any] = {"reply": _reply, "click": _click, "suppression": _suppression}
