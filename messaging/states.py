"""Every status and its order. The steps of a batch stand in deliveries/batch_states.py."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OwnStatus(models.IntegerChoices):
    """A delivery's *own* status: set only when something of its own is known. Values are ranks: statuses only climb, and
    `own_status < new` in the WHERE of every update says so. A late "delivered" beats "failed": vendors fall back and report
    twice."""

    SKIPPED = 20, _("Not sent")
    REJECTED = 30, _("Hand-over rejected")
    NO_RECEIPT = 40, _("No receipt")
    FAILED = 50, _("Not delivered")
    DELIVERED = 60, _("Delivered")
    READ = 70, _("Read")


# Own statuses after which nothing is sent to this person in this leg.
OWN_UNSENT = (OwnStatus.SKIPPED, OwnStatus.REJECTED)
# Own statuses that a receipt gives.
OWN_HEARD = (OwnStatus.FAILED, OwnStatus.DELIVERED, OwnStatus.READ)


class BatchState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    CLAIMED = "claimed", _("Queued")
    SENDING = "sending", _("Handing over")
    SUBMITTED = "submitted", _("Handed over")
    REJECTED = "rejected", _("Hand-over rejected")
    UNKNOWN = "unknown", _("Unknown outcome")
    CANCELLED = "cancelled", _("Cancelled")
    TOO_LATE = "too_late", _("Too late, not sent")


# Batches in these states may still put something on the wire.
BATCH_OPEN = (BatchState.QUEUED, BatchState.CLAIMED, BatchState.SENDING)
# Batches whose people may have been reached.
BATCH_WIRED = (BatchState.SENDING, BatchState.SUBMITTED, BatchState.UNKNOWN)


class DispatchState(models.TextChoices):
    """READY waits for its start; STOPPED ended by itself, or by a vendor's answer about the template. What waits for its window
    or for a mended account is RUNNING."""

    READY = "ready", _("Ready")
    RUNNING = "running", _("Sending")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Handed over")
    CANCELLED = "cancelled", _("Cancelled")


class AttemptOutcome(models.TextChoices):
    OPEN = "open", _("On the wire")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    BLOCKED = "blocked", _("Blocked")
    NOT_TAKEN = "not_taken", _("Certainly not accepted")
    UNKNOWN = "unknown", pgettext_lazy("outcome", "Unknown")


class ReviewStatus(models.TextChoices):
    SUBMITTING = "submitting", _("Submitting")
    WAITING = "waiting", _("In review")
    APPROVED = "approved", _("Approved at the vendor")
    REJECTED = "rejected", _("Rejected at the vendor")
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


class Operator(models.TextChoices):
    CMCC = "cmcc", _("China Mobile")
    CUCC = "cucc", _("China Unicom")
    CTCC = "ctcc", _("China Telecom")
    CBN = "cbn", _("China Broadnet")
