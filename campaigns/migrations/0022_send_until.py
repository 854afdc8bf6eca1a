"""`send_until`: after this moment a message is not sent any more."""

from django.db import migrations, models


def _covered(before, since):
    """Approvals hold as long as what they cover is equal, so the name changes in what they cover too."""

    def move(apps, schema_editor):
        for approval in apps.get_model("campaigns", "Approval").objects.using(schema_editor.connection.alias).iterator():
            covers = approval.snapshot.get("covers", {})
            for one in (covers, covers.get("campaign")):
                if isinstance(one, dict) and before in one:
                    one[since] = one.pop(before)
            approval.save(update_fields=["snapshot"])

    return move


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0021_rejected_too_late")]

    operations = [
        migrations.RenameField("campaign", "useless_after", "send_until"),
        migrations.AlterField(
            "campaign", "send_until", models.DateTimeField(blank=True, null=True, verbose_name="send until")
        ),
        migrations.RunPython(_covered("useless_after", "send_until"), _covered("send_until", "useless_after")),
    ]
