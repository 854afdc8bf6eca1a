"""Figures added up by day; indexes for what lists are filtered by. What was counted before is counted anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def count_anew(apps, schema_editor):
    apps.get_model("campaigns", "RoundFigures").objects.update(groups=[], opt_outs=0, final=False)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0007_consent_exports_follow_ups"),
        ("messaging", "0006_renewals_and_claimed_submissions"),
        ("templates_5g", "0002_editing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("day", models.DateField(db_index=True)),
                ("source", models.CharField(blank=True, max_length=120)),
                ("status", models.CharField(max_length=12)),
                ("channel", models.CharField(max_length=4)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("operator", models.CharField(blank=True, max_length=4)),
                ("people", models.BigIntegerField(default=0)),
                ("units", models.BigIntegerField(default=0)),
                ("fell_back", models.BigIntegerField(default=0)),
                ("opt_outs", models.BigIntegerField(default=0)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="actor",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who",
            ),
        ),
        migrations.AlterField(
            model_name="webhookdelivery",
            name="endpoint",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="campaigns.webhookendpoint",
                verbose_name="webhook",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["actor", "-id"], name="audit_actor"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["target_name"], name="audit_name_begins", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="roundfigures",
            index=models.Index(condition=models.Q(("final", False)), fields=["counted_at"], name="figures_moving"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "-id"], name="webhook_by_endpoint"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["event", "-id"], name="webhook_by_event"),
        ),
        migrations.AddField(
            model_name="dailyfigures",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="messaging.vendoraccount"
            ),
        ),
        migrations.AddField(
            model_name="dailyfigures",
            name="campaign",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campaigns.campaign"
            ),
        ),
        migrations.AddField(
            model_name="dailyfigures",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="templates_5g.templateversion",
            ),
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]
