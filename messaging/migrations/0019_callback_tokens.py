"""Callback tokens: sealed, and found by their digest. The addresses that vendors have stay as they are."""

import hashlib

from django.db import migrations, models

import kit.fields


def seal(apps, schema_editor):
    accounts = apps.get_model("messaging", "VendorAccount").objects.using(schema_editor.connection.alias)
    for account in accounts.all():
        account.callback_secret = {"token": account.callback_token}
        account.callback_digest = hashlib.sha256(account.callback_token.encode()).hexdigest()
        account.save(update_fields=["callback_secret", "callback_digest"])


def unseal(apps, schema_editor):
    accounts = apps.get_model("messaging", "VendorAccount").objects.using(schema_editor.connection.alias)
    for account in accounts.all():
        account.callback_token = account.callback_secret["token"]
        account.save(update_fields=["callback_token"])


class Migration(migrations.Migration):
    dependencies = [("messaging", "0018_answers_of_lines")]

    operations = [
        migrations.AddField(
            "vendoraccount",
            "callback_secret",
            kit.fields.SecretJSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            "vendoraccount", "callback_digest", models.CharField(editable=False, max_length=64, null=True)
        ),
        migrations.AddField("vendoraccount", "callback_since", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "vendoraccount", "old_callback_digest", models.CharField(blank=True, default="", editable=False, max_length=64)
        ),
        migrations.AddField("vendoraccount", "old_callback_until", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("vendoraccount", "old_callback_used_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunPython(seal, unseal),
        migrations.AlterField(
            "vendoraccount", "callback_digest", models.CharField(editable=False, max_length=64, unique=True)
        ),
        migrations.RemoveField("vendoraccount", "callback_token"),
    ]
