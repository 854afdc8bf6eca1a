"""Forms that were used once have a table of their own; what was kept among the leases moves there."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def forwards(apps, schema_editor):
    using = schema_editor.connection.alias
    leases = apps.get_model("messaging", "Lease").objects.using(using).filter(name__startswith="once:")
    users = apps.get_model("auth", "User").objects.using(using)
    tokens = apps.get_model("messaging", "FormToken").objects.using(using)
    for lease in leases.exclude(beat_at=None):
        user = users.filter(username=lease.holder).first()
        tokens.create(nonce=lease.name.removeprefix("once:"), used_by=user, used_at=lease.beat_at)
    leases.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("messaging", "0024_columns_of_statements"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormToken",
            fields=[
                ("nonce", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField()),
                (
                    "used_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
