"""A receipt changes a delivery in its place: no index holds what receipts change, and pages keep room for the new version.

On PostgreSQL an UPDATE that touches no indexed column and finds room on its page leaves all indexes alone (a heap-only
tuple). Each delivery is updated once or twice in its life, each batch's counters once for each chunk of receipts.
"""

from django.db import migrations, models

ROOM = {"messaging_delivery": 90, "messaging_batch": 50}


def keep_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, fillfactor in ROOM.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {fillfactor})")


def fill(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in ROOM:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0009_parents_by_set"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_not_sent"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("batch__isnull", True)), fields=["dispatch"], name="delivery_not_sent"),
        ),
        migrations.RunPython(keep_room, fill),
    ]
