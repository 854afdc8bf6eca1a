"""People who were never sent to are counted from an index; flagged receipts have one of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_lists_by_index"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_unsent",
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("batch__isnull", True)), fields=["dispatch", "own"], name="delivery_not_sent"
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(condition=models.Q(("note", "further leg")), fields=["-id"], name="receipt_further_leg"),
        ),
    ]
