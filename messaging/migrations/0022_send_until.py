"""`send_until`: after this moment a message is not sent any more."""

from django.db import migrations, models


def _renamed(before, since):
    def move(apps, schema_editor):
        batches = apps.get_model("messaging", "Batch").objects.using(schema_editor.connection.alias)
        batches.filter(reason=before).update(reason=since)

    return move


class Migration(migrations.Migration):
    dependencies = [("messaging", "0021_vendor_message_rate_limit")]

    operations = [
        migrations.RenameField("dispatch", "useless_after", "send_until"),
        migrations.AlterField(
            "dispatch", "send_until", models.DateTimeField(blank=True, null=True, verbose_name="send until")
        ),
        migrations.RunPython(_renamed("useless_after", "too_late"), _renamed("too_late", "useless_after")),
    ]
