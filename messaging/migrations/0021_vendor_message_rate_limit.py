"""Words of the field for what a vendor said and for the clock that an account's workers share."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0020_rejected_unknown_too_late")]

    operations = [
        *(
            migrations.RenameField(model, "vendor_word", "vendor_message")
            for model in ("attempt", "batch", "delivery", "receipt", "templatereview")
        ),
        migrations.RenameModel("AccountPace", "AccountRateLimit"),
        migrations.AlterField(
            "accountratelimit",
            "account",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="rate_limit", to="messaging.vendoraccount"
            ),
        ),
    ]
