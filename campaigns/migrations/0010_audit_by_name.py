"""The trail is searched by whole name, read on by key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0009_first_uses"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="auditevent",
            name="audit_name_begins",
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["target_name", "-id"], name="audit_name"),
        ),
    ]
