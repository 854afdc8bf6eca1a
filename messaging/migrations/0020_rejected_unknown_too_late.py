"""Words of the field for what became of a batch, an attempt and a delivery."""

from django.db import migrations, models
from django.db.models import F, Q

# (model, column) -> {value before: value since}.
VALUES = {
    ("Batch", "state"): {"refused": "rejected", "lapsed": "too_late"},
    ("Attempt", "outcome"): {"refused": "rejected", "safe": "not_taken", "unsure": "unknown"},
    ("VendorCall", "outcome"): {"refused": "rejected", "safe": "not_taken", "unsure": "unknown"},
    ("TemplateReview", "status"): {"refused": "rejected"},
}
COUNTERS = ("n_skipped", "n_rejected", "n_no_receipt", "n_failed", "n_delivered", "n_read")


def forwards(apps, schema_editor):
    for (name, column), values in VALUES.items():
        rows = apps.get_model("messaging", name).objects.using(schema_editor.connection.alias)
        for before, since in values.items():
            rows.filter(**{column: before}).update(**{column: since})


def backwards(apps, schema_editor):
    for (name, column), values in VALUES.items():
        rows = apps.get_model("messaging", name).objects.using(schema_editor.connection.alias)
        for before, since in values.items():
            rows.filter(**{column: since}).update(**{column: before})


class Migration(migrations.Migration):
    dependencies = [("messaging", "0019_callback_tokens")]

    operations = [
        migrations.RemoveConstraint("batch", "batch_counters_within_size"),
        migrations.RenameField("batch", "n_refused", "n_rejected"),
        migrations.AddConstraint(
            "batch",
            models.CheckConstraint(
                condition=Q(size__gte=sum((F(name) for name in COUNTERS[1:]), start=F(COUNTERS[0]))),
                name="batch_counters_within_size",
            ),
        ),
        migrations.RenameField("delivery", "own", "own_status"),
        migrations.AlterField(
            "delivery",
            "own_status",
            models.PositiveSmallIntegerField(
                choices=[
                    (20, "Not sent"),
                    (30, "Hand-over rejected"),
                    (40, "No receipt"),
                    (50, "Not delivered"),
                    (60, "Delivered"),
                    (70, "Read"),
                ],
                null=True,
            ),
        ),
        migrations.AlterField(
            "attempt",
            "outcome",
            models.CharField(
                choices=[
                    ("open", "On the wire"),
                    ("accepted", "Accepted"),
                    ("rejected", "Rejected"),
                    ("blocked", "Blocked"),
                    ("not_taken", "Certainly not accepted"),
                    ("unknown", "Unknown"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            "batch",
            "state",
            models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("claimed", "Queued"),
                    ("sending", "Handing over"),
                    ("submitted", "Handed over"),
                    ("rejected", "Hand-over rejected"),
                    ("unknown", "Unknown outcome"),
                    ("cancelled", "Cancelled"),
                    ("too_late", "Too late, not sent"),
                ],
                default="queued",
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            "templatereview",
            "status",
            models.CharField(
                choices=[
                    ("submitting", "Submitting"),
                    ("waiting", "In review"),
                    ("approved", "Approved at the vendor"),
                    ("rejected", "Rejected at the vendor"),
                    ("unknown", "Unknown whether the vendor has it"),
                    ("draft", "Draft at the vendor"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="submitting",
                max_length=12,
                verbose_name="status",
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
