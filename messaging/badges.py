"""Statuses as badges: the word, and the role of its colour. The words are those of `states`; the sentences stand elsewhere."""

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.kit import show
from messaging.models import Receipt, Reply
from messaging.states import AccountStatus, BatchState, Channel, DispatchState, Own, ReviewStatus

Word = tuple[Any, str]

# What the status selector answers: own statuses by name, the rest by the batch's state.
DELIVERY: dict[str, Word] = {
    "held": (Own.HELD.label, "attention"),
    "skipped": (Own.SKIPPED.label, "idle"),
    "refused": (Own.REFUSED.label, "problem"),
    "no_receipt": (Own.NO_RECEIPT.label, "attention"),
    "failed": (Own.FAILED.label, "problem"),
    "delivered": (Own.DELIVERED.label, "good"),
    "read": (Own.READ.label, "good"),
    "queued": (BatchState.QUEUED.label, "moving"),
    "claimed": (BatchState.CLAIMED.label, "moving"),
    "sending": (BatchState.SENDING.label, "moving"),
    "submitted": (BatchState.SUBMITTED.label, "moving"),
    "unknown": (BatchState.UNKNOWN.label, "unsure"),
    "cancelled": (BatchState.CANCELLED.label, "idle"),
    "lapsed": (BatchState.LAPSED.label, "attention"),
}

REVIEW: dict[str, Word] = {
    ReviewStatus.SUBMITTING: (ReviewStatus.SUBMITTING.label, "moving"),
    ReviewStatus.WAITING: (ReviewStatus.WAITING.label, "moving"),
    ReviewStatus.APPROVED: (ReviewStatus.APPROVED.label, "good"),
    ReviewStatus.REFUSED: (ReviewStatus.REFUSED.label, "problem"),
    ReviewStatus.UNKNOWN: (_("Unknown whether submitted"), "unsure"),
    ReviewStatus.DRAFT: (ReviewStatus.DRAFT.label, "attention"),
    ReviewStatus.WITHDRAWN: (ReviewStatus.WITHDRAWN.label, "idle"),
    "expiring": (_("Expires soon"), "attention"),
    "expired": (_("Expired"), "problem"),
    "none": (_("Not submitted"), "idle"),
    "not_needed": (_("No review needed"), "idle"),
    "unsupported": (_("Not carried"), "idle"),
}

ACCOUNT: dict[str, Word] = {
    AccountStatus.UNTESTED: (AccountStatus.UNTESTED.label, "idle"),
    AccountStatus.OK: (AccountStatus.OK.label, "good"),
    AccountStatus.STOPPED: (pgettext_lazy("account", "Stopped by itself"), "problem"),
    AccountStatus.OFF: (AccountStatus.OFF.label, "idle"),
}

DISPATCH: dict[str, Word] = {
    DispatchState.READY: (DispatchState.READY.label, "idle"),
    DispatchState.RUNNING: (DispatchState.RUNNING.label, "moving"),
    DispatchState.PAUSED: (DispatchState.PAUSED.label, "attention"),
    DispatchState.STOPPED: (DispatchState.STOPPED.label, "problem"),
    DispatchState.DONE: (DispatchState.DONE.label, "good"),
    DispatchState.CANCELLED: (DispatchState.CANCELLED.label, "idle"),
}

REPLY: dict[str, Word] = {
    Reply.State.NEW: (Reply.State.NEW.label, "attention"),
    Reply.State.ASSIGNED: (Reply.State.ASSIGNED.label, "moving"),
    Reply.State.AUTO: (Reply.State.AUTO.label, "idle"),
    Reply.State.ANSWERED: (Reply.State.ANSWERED.label, "good"),
    Reply.State.CLOSED: (Reply.State.CLOSED.label, "idle"),
}

RECEIPT: dict[str, Word] = {
    Receipt.State.UNMATCHED: (Receipt.State.UNMATCHED.label, "attention"),
    Receipt.State.MATCHED: (Receipt.State.MATCHED.label, "good"),
    Receipt.State.ODD: (Receipt.State.ODD.label, "problem"),
    Receipt.State.DISMISSED: (Receipt.State.DISMISSED.label, "idle"),
}

# The word of a single outcome on a vendor exchange or an attempt.
OUTCOME: dict[str, Word] = {
    "accepted": (_("Accepted"), "good"),
    "refused": (_("Refused"), "problem"),
    "blocked": (_("Blocked"), "problem"),
    "safe": (_("Certainly not accepted"), "attention"),
    "unsure": (_("Unsure"), "unsure"),
    "open": (_("On the wire"), "moving"),
    "answered": (_("Answered"), "good"),
}

# The order of stacked bars and of sums: what is settled first.
DRAWN = (
    ("read", "delivered"),
    ("failed",),
    ("refused",),
    ("submitted",),
    ("no_receipt",),
    ("unknown",),
    ("sending", "claimed", "queued", "held"),
    ("lapsed",),
    ("cancelled",),
    ("skipped",),
)


def _badge(words: dict[str, Word], key: str) -> SafeString:
    word, role = words.get(key, (key, "idle"))
    return show.badge(word, role)


def delivery(status: str, channel: str = "", first_choice: str = "") -> SafeString:
    """`channel` is named after a delivered status; one that was not the first choice is a fallback's."""
    word, role = DELIVERY.get(status, (status, "idle"))
    if channel and status in ("delivered", "read"):
        name = Channel(channel).label if channel in Channel.values else channel
        word = f"{word} · {name}" if channel == (first_choice or channel) else f"{word} · {_('fallback')} {name}"
    return show.badge(word, role)


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


def outcome(key: str) -> SafeString:
    return _badge(OUTCOME, key)


def bar_parts(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Counts by status as the parts of a stacked bar, those of one meaning together, in the fixed order."""
    parts = []
    for keys in DRAWN:
        number = sum(counts.get(key, 0) for key in keys)
        word, role = DELIVERY[keys[-1] if keys[0] == "read" else keys[0]]
        if keys[0] == "sending":
            word, role = DELIVERY["queued"][0], "idle"
        parts.append({"word": word, "count": number, "role": role})
    return parts
