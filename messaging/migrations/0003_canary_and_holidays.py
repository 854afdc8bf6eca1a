

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0002_pace_cap_validity'),
    ]

    operations = [
        migrations.AddField(
            model_name='dispatch',
            name='hold_after',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='dispatch',
            name='holidays',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
