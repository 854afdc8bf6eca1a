"""Indexes for what lists are filtered by, each with the key that lists are read on by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0006_renewals_and_claimed_submissions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("submitted_at__isnull", False)), fields=["submitted_at"], name="batch_by_day"
            ),
        ),
        migrations.AddIndex(
            model_name="dispatch",
            index=models.Index(fields=["kind", "-id"], name="dispatch_by_kind"),
        ),
        migrations.AddIndex(
            model_name="dispatch",
            index=models.Index(fields=["title"], name="dispatch_title_begins", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["state", "-id"], name="receipt_by_state"),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(fields=["account", "state", "-id"], name="receipt_by_account"),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(
                condition=models.Q(("lifted_at__isnull", False)), fields=["-id"], name="suppression_lifted"
            ),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["scope", "-id"], name="suppression_by_scope"),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(fields=["source", "-id"], name="suppression_by_source"),
        ),
        migrations.AddIndex(
            model_name="vendorcall",
            index=models.Index(fields=["outcome", "-id"], name="call_by_outcome"),
        ),
    ]
