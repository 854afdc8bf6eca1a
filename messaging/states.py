"""Every status, its order and its allowed steps. The conditional UPDATE that uses them is the lock."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Own(models.IntegerChoices):
    """A delivery's *own* status: set only when something of its own is known. Values are ranks: statuses only climb, and
    `own < new` in the WHERE of every update says so. A late "delivered" beats "failed": vendors fall back and report twice."""

    HELD = 10, _("Waiting")
    SKIPPED = 20, _("Not sent")
    REFUSED = 30, _("Hand-over refused")
    NO_RECEIPT = 40, _("No receipt")
    FAILED = 50, _("Not delivered")
    DELIVERED = 60, _("Delivered")
    READ = 70, _("Read")


# Own statuses after which nothing is sent to this person in this leg.
OWN_UNSENT = (Own.SKIPPED, Own.REFUSED)
# Own statuses that a receipt gives.
OWN_HEARD = (Own.FAILED, Own.DELIVERED, Own.READ)


class BatchState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    CLAIMED = "claimed", _("Queued")
    SENDING = "sending", _("Handing over")
    SUBMITTED = "submitted", _("Handed over")
    REFUSED = "refused", _("Hand-over refused")
    UNKNOWN = "unknown", _("Unknown outcome")
    CANCELLED = "cancelled", _("Cancelled")
    LAPSED = "lapsed", _("Lapsed unsent")


# A table, not a rank. sending -> queued only where the outcome is SAFE or BLOCKED.
BATCH_STEPS: dict[str, tuple[str, ...]] = {
    "queued": ("claimed", "cancelled", "lapsed"),
    "claimed": ("queued", "sending"),
    "sending": ("submitted", "refused", "unknown", "queued"),
    "unknown": ("submitted", "refused"),
    "submitted": ("refused",),
    "refused": (),
    "cancelled": (),
    "lapsed": (),
}
# Batches in these states may still put something on the wire.
BATCH_OPEN = (BatchState.QUEUED, BatchState.CLAIMED, BatchState.SENDING)
# Batches whose people may have been reached.
BATCH_WIRED = (BatchState.SENDING, BatchState.SUBMITTED, BatchState.UNKNOWN)


def may_step(old: str, new: str) -> bool:
    return new in BATCH_STEPS[old]


class DispatchState(models.TextChoices):
    """READY waits for its start; HOLDING for its window or a mended account (`why`); STOPPED by itself or BLOCKED."""

    READY = "ready", _("Ready")
    RUNNING = "running", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Handed over")
    CANCELLED = "cancelled", _("Cancelled")


class AttemptOutcome(models.TextChoices):
    OPEN = "open", _("On the wire")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    BLOCKED = "blocked", _("Blocked")
    SAFE = "safe", _("Certainly not accepted")
    UNSURE = "unsure", _("Unsure")


class ReviewStatus(models.TextChoices):
    SUBMITTING = "submitting", _("Submitting")
    WAITING = "waiting", _("In review")
    APPROVED = "approved", _("Approved at the vendor")
    REFUSED = "refused", _("Rejected at the vendor")
    UNKNOWN = "unknown", _("Unknown whether the vendor has it")
    DRAFT = "draft", _("Draft at the vendor")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class AccountStatus(models.TextChoices):
    UNTESTED = "untested", _("Untested")
    OK = "ok", _("Working")
    STOPPED = "stopped", _("Stopped by itself")
    OFF = "off", _("Switched off")


class Channel(models.TextChoices):
    RCS = "rcs", _("5G message")
    SMS = "sms", _("SMS")
    MMS = "mms", _("MMS")
    VMS = "vms", _("Video SMS")
    AIM = "aim", _("Smart SMS (AIM)")
    H5 = "h5", _("H5 page")
