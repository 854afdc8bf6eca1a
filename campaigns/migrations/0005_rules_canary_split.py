

import datetime
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0004_api'),
        ('messaging', '0003_canary_and_holidays'),
        ('templates_5g', '0002_editing'),
    ]

    operations = [
        migrations.CreateModel(
            name='SendingRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approve_people', models.PositiveIntegerField(blank=True, default=20000, null=True, verbose_name='approval above people')),
                ('approve_cost', models.DecimalField(blank=True, decimal_places=2, default=Decimal('2000'), max_digits=10, null=True, validators=[django.core.validators.MinValueValidator(0)], verbose_name='approval above cost (yuan)')),
                ('approve_first_use', models.BooleanField(default=True, verbose_name='approval for the first use of a template')),
                ('approve_outside_hours', models.BooleanField(default=True, verbose_name='approval for marketing outside its window')),
                ('marketing_from', models.TimeField(blank=True, default=datetime.time(9, 0), null=True, verbose_name='marketing from')),
                ('marketing_until', models.TimeField(blank=True, default=datetime.time(20, 30), null=True, verbose_name='marketing until')),
                ('notice_from', models.TimeField(blank=True, null=True, verbose_name='notices from')),
                ('notice_until', models.TimeField(blank=True, null=True, verbose_name='notices until')),
                ('holidays', models.JSONField(blank=True, default=list, verbose_name='holidays')),
                ('canary_percent', models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='canary: percent')),
                ('canary_minutes', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(1440)], verbose_name='canary: minutes to watch')),
                ('stop_failed', models.DecimalField(blank=True, decimal_places=1, default=Decimal('10'), max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % not delivered')),
                ('stop_unknown', models.DecimalField(blank=True, decimal_places=1, default=Decimal('5'), max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % unknown')),
                ('stop_opted_out', models.DecimalField(blank=True, decimal_places=1, default=Decimal('1'), max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % opted out')),
                ('stop_results', models.PositiveIntegerField(default=500, help_text='While a campaign runs, the limits are held against so many of its latest results.', validators=[django.core.validators.MinValueValidator(50), django.core.validators.MaxValueValidator(100000)], verbose_name='results looked at')),
                ('type_above', models.PositiveIntegerField(default=1000, help_text='Above this many people the number has to be typed before a start.', verbose_name='type the number above people')),
            ],
            options={
                'verbose_name': 'sending rules',
                'verbose_name_plural': 'sending rules',
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='canary_minutes',
            field=models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(1440)], verbose_name='canary: minutes to watch'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='canary_people',
            field=models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='canary: people'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='canary_percent',
            field=models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='canary: percent'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='fallback_account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='messaging.vendoraccount', verbose_name='fallback: vendor account'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='fallback_on_silence',
            field=models.BooleanField(default=False, verbose_name='fallback also when nothing was heard'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='fallback_version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='templates_5g.templateversion', verbose_name='fallback: template version'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='per_second',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=8, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='messages per second'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='share_b',
            field=models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(99)], verbose_name='percent of people for the second version'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='stop_failed',
            field=models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % not delivered'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='stop_opted_out',
            field=models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % opted out'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='stop_unknown',
            field=models.DecimalField(blank=True, decimal_places=1, max_digits=4, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.1')), django.core.validators.MaxValueValidator(100)], verbose_name='stop above % unknown'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='version_b',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='templates_5g.templateversion', verbose_name='second version to compare'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='watch_from',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
