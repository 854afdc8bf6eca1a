"""The restore fence: what tells a database that it is behind what was already sent. The other half lies in files outside the
database (messaging/fence)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.accounts import VendorAccount


class Fence(models.Model):
    """One row, key 1: which database this is. `key` never changes and tells the files of several databases apart. `installation`
    is the setting's value, "" while there is none; `mark` stands in every reference that is sent to a vendor. `life` grows with
    every decision about a hold: marks and files of an earlier life are not compared any more. `next_timeline` is set while
    worker hosts report after a promotion. `nonce` is set by `manage.py fence move` until the move is done."""

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    installation = models.CharField(max_length=60, blank=True)
    mark = models.CharField(max_length=8)
    system_identifier = models.CharField(max_length=24, blank=True)
    timeline = models.BigIntegerField(default=0)
    life = models.PositiveIntegerField(default=1)
    life_since = models.DateTimeField(null=True)
    next_timeline = models.BigIntegerField(null=True)
    next_since = models.DateTimeField(null=True)
    nonce = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("restore fence")
        verbose_name_plural = _("restore fence")
        default_permissions = ()
        permissions = [("decide_fence", _("Can decide what was sent after a restore"))]


class FenceMark(models.Model):
    """One process slot on one host. `seq` grows with every claim and every sign of life, and its file is written after each
    commit: in one life of the database no file can be ahead of its row. `reported`: the timeline that the slot has seen after
    a promotion."""

    class Kind(models.TextChoices):
        WORKER = "worker", "worker"
        WEB = "web", "web"

    host = models.CharField(max_length=64)
    slot = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.WORKER)
    seq = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField()
    clean_stop = models.BooleanField(default=False)
    reported = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["host", "slot"], name="fence_mark_once")]


class FenceHold(models.Model):
    """Sending is held, everywhere or (`account`) at one account, because something may have been sent that this database does
    not know. `rule` is one of messaging.fence.rules. Batches up to `last_batch` were made before and are in doubt; up to
    `first_free` no id was given out here, so what comes back under such a number is from the other life. `let_go`: ids of
    dispatches that a person has decided to send. `lost_from`: the last sign of life that this database knows."""

    class OptOuts(models.TextChoices):
        OPEN = "", _("Not decided")
        IMPORTED = "imported", _("Imported")
        WAIVED = "waived", _("Waived")

    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, null=True, related_name="+")
    rule = models.PositiveSmallIntegerField()
    evidence = models.JSONField(default=dict)
    since = models.DateTimeField()
    lost_from = models.DateTimeField(null=True)
    last_batch = models.BigIntegerField(default=0)
    first_free = models.BigIntegerField(default=0)
    opt_outs = models.CharField(max_length=10, choices=OptOuts, blank=True, default=OptOuts.OPEN)
    notices_free = models.BooleanField(default=False)
    let_go = models.JSONField(default=list)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("hold after a restore")
        verbose_name_plural = _("holds after a restore")
        default_permissions = ()
        indexes = [models.Index(fields=["id"], name="fence_hold_open", condition=Q(decided_at__isnull=True))]

    def __str__(self) -> str:
        return str(_("Hold %(number)s") % {"number": self.pk})
