"""Statuses as badges: the word, and the role of its colour. The words are those of `states`; the sentences stand elsewhere."""

from collections.abc import Mapping

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kit import display
from kit.labels import Label
from messaging.models import CallbackEvent, Receipt, Reply
from messaging.states import AccountStatus, BatchState, Channel, DispatchState, OwnStatus, ReviewStatus

WordAndRole = tuple[Label, str]

# What the status selector answers: own statuses by name, the rest by the batch's state.
DELIVERY: dict[str, WordAndRole] = {
    "skipped": (OwnStatus.SKIPPED.label, "idle"),
    "rejected": (OwnStatus.REJECTED.label, "problem"),
    "no_receipt": (OwnStatus.NO_RECEIPT.label, "attention"),
    "failed": (OwnStatus.FAILED.label, "problem"),
    "delivered": (OwnStatus.DELIVERED.label, "good"),
    "read": (OwnStatus.READ.label, "good"),
    "queued": (BatchState.QUEUED.label, "moving"),
    "claimed": (BatchState.CLAIMED.label, "moving"),
    "sending": (BatchState.SENDING.label, "moving"),
    "submitted": (BatchState.SUBMITTED.label, "moving"),
    "unknown": (BatchState.UNKNOWN.label, "unsure"),
    "cancelled": (BatchState.CANCELLED.label, "idle"),
    "too_late": (BatchState.TOO_LATE.label, "attention"),
}

REVIEW: dict[str, WordAndRole] = {
    ReviewStatus.SUBMITTING: (ReviewStatus.SUBMITTING.label, "moving"),
    ReviewStatus.WAITING: (ReviewStatus.WAITING.label, "moving"),
    ReviewStatus.APPROVED: (ReviewStatus.APPROVED.label, "good"),
    ReviewStatus.REJECTED: (ReviewStatus.REJECTED.label, "problem"),
    ReviewStatus.UNKNOWN: (_("Unknown whether submitted"), "unsure"),
    ReviewStatus.DRAFT: (ReviewStatus.DRAFT.label, "attention"),
    ReviewStatus.WITHDRAWN: (ReviewStatus.WITHDRAWN.label, "idle"),
    "expiring": (_("Expires soon"), "attention"),
    "expired": (_("Expired"), "problem"),
    "none": (_("Not submitted"), "idle"),
    "not_needed": (_("No review needed"), "idle"),
    "unsupported": (_("Not carried"), "idle"),
}

ACCOUNT: dict[str, WordAndRole] = {
    AccountStatus.UNTESTED: (AccountStatus.UNTESTED.label, "idle"),
    AccountStatus.OK: (AccountStatus.OK.label, "good"),
    AccountStatus.STOPPED: (pgettext_lazy("account", "Stopped by itself"), "problem"),
    AccountStatus.OFF: (AccountStatus.OFF.label, "idle"),
}

DISPATCH: dict[str, WordAndRole] = {
    DispatchState.READY: (DispatchState.READY.label, "idle"),
    DispatchState.RUNNING: (DispatchState.RUNNING.label, "moving"),
    DispatchState.PAUSED: (DispatchState.PAUSED.label, "attention"),
    DispatchState.STOPPED: (DispatchState.STOPPED.label, "problem"),
    DispatchState.DONE: (DispatchState.DONE.label, "good"),
    DispatchState.CANCELLED: (DispatchState.CANCELLED.label, "idle"),
}

REPLY: dict[str, WordAndRole] = {
    Reply.State.NEW: (Reply.State.NEW.label, "attention"),
    Reply.State.ASSIGNED: (Reply.State.ASSIGNED.label, "moving"),
    Reply.State.AUTO: (Reply.State.AUTO.label, "idle"),
    Reply.State.ANSWERED: (Reply.State.ANSWERED.label, "good"),
    Reply.State.CLOSED: (Reply.State.CLOSED.label, "idle"),
}

RECEIPT: dict[str, WordAndRole] = {
    Receipt.State.UNMATCHED: (Receipt.State.UNMATCHED.label, "attention"),
    Receipt.State.MATCHED: (Receipt.State.MATCHED.label, "good"),
    Receipt.State.ODD: (Receipt.State.ODD.label, "problem"),
    Receipt.State.DISMISSED: (Receipt.State.DISMISSED.label, "idle"),
}

PUSH: dict[str, WordAndRole] = {
    CallbackEvent.State.NEW: (CallbackEvent.State.NEW.label, "moving"),
    CallbackEvent.State.APPLIED: (CallbackEvent.State.APPLIED.label, "good"),
    CallbackEvent.State.UNREADABLE: (CallbackEvent.State.UNREADABLE.label, "problem"),
    CallbackEvent.State.SET_ASIDE: (CallbackEvent.State.SET_ASIDE.label, "problem"),
    CallbackEvent.State.UNMATCHED: (CallbackEvent.State.UNMATCHED.label, "attention"),
    CallbackEvent.State.DISMISSED: (CallbackEvent.State.DISMISSED.label, "idle"),
}

# The word of a single outcome on a vendor exchange or an attempt.
OUTCOME: dict[str, WordAndRole] = {
    "accepted": (_("Accepted"), "good"),
    "rejected": (_("Rejected"), "problem"),
    "blocked": (_("Blocked"), "problem"),
    "not_taken": (_("Certainly not accepted"), "attention"),
    "unknown": (pgettext_lazy("outcome", "Unknown"), "unsure"),
    "open": (_("On the wire"), "moving"),
    "answered": (_("Answered"), "good"),
}

# The order of stacked bars and of sums: what is settled first.
DRAWN = (
    ("read", "delivered"),
    ("failed",),
    ("rejected",),
    ("submitted",),
    ("no_receipt",),
    ("unknown",),
    ("sending", "claimed", "queued"),
    ("too_late",),
    ("cancelled",),
    ("skipped",),
)


def _badge(words: dict[str, WordAndRole], key: str) -> SafeString:
    word, role = words.get(key, (key, "idle"))
    return display.badge(word, role)


def delivery(status: str, channel: str = "", first_choice: str = "") -> SafeString:
    """`channel` is named after a delivered status; one that was not the first choice is a fallback's."""
    word, role = DELIVERY.get(status, (status, "idle"))
    if channel and status in ("delivered", "read"):
        name = Channel(channel).label if channel in Channel.values else channel
        word = f"{word} · {name}" if channel == (first_choice or channel) else f"{word} · {_('fallback')} {name}"
    return display.badge(word, role)


def batch(state: str) -> SafeString:
    return _badge(DELIVERY, state)


def review(status: str) -> SafeString:
    return _badge(REVIEW, status)


def account(status: str) -> SafeString:
    return _badge(ACCOUNT, status)


def dispatch(state: str) -> SafeString:
    return _badge(DISPATCH, state)


def reply(state: str) -> SafeString:
    return _badge(REPLY, state)


def receipt(state: str) -> SafeString:
    return _badge(RECEIPT, state)


def push(state: str) -> SafeString:
    return _badge(PUSH, state)


def outcome(key: str) -> SafeString:
    return _badge(OUTCOME, key)


def bar_parts(counts: Mapping[str, int]) -> list[display.BarPart]:
    """Counts by status as the parts of a stacked bar, those of one meaning together, in the fixed order."""
    parts = []
    for keys in DRAWN:
        number = sum(counts.get(key, 0) for key in keys)
        word, role = DELIVERY[keys[-1] if keys[0] == "read" else keys[0]]
        if keys[0] == "sending":
            word, role = DELIVERY["queued"][0], "idle"
        parts.append(display.BarPart(word, number, role))
    return parts
