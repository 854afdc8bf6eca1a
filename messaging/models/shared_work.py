"""What the workers of all hosts share: who does what alone, who is alive, which jobs wait, what is due. The rows say what is so
now; without them work is begun once more, which does no harm."""

from django.db import models

from messaging.models.accounts import VendorAccount


class Mutex(models.Model):
    """Something that one process at a time may do. Its owner has it until `until`; NULL: it was given back."""

    name = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()


class Heartbeat(models.Model):
    """When a task, a host or a queue of a host last said that it is alive. For hosts also how many seconds their clock was ahead,
    and since when they count as lost; their next beat clears it."""

    name = models.CharField(max_length=120, primary_key=True)
    beat_at = models.DateTimeField()
    clock_off = models.FloatField(default=0)
    lost_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()


class PendingJob(models.Model):
    """Since when a job of this name waits in the queue; NULL: it has begun."""

    name = models.CharField(max_length=120, primary_key=True)
    since = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()


class DueWork(models.Model):
    """Which batches of an account and queue come first (a digest of them), and since when they are the same ones."""

    # Without a constraint: the tick does not wait for whoever holds the account's row.
    account = models.ForeignKey(VendorAccount, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    queue = models.CharField(max_length=20)
    batches = models.CharField(max_length=64)
    since = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["account", "queue"], name="due_work_per_account_and_queue")]
