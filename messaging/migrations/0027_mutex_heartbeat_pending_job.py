"""Mutexes, heartbeats, jobs that wait and due work have a table each instead of the leases; when a gap was asked for again stands on
its poll. Nothing is taken over: such a row says what is so now, and workers write it anew when they start."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0026_words'),
    ]

    operations = [
        migrations.CreateModel(
            name='DueWork',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue', models.CharField(max_length=20)),
                ('batches', models.CharField(max_length=64)),
                ('since', models.DateTimeField()),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='messaging.vendoraccount')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('beat_at', models.DateTimeField()),
                ('clock_off', models.FloatField(default=0)),
                ('lost_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Mutex',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('owner', models.CharField(blank=True, max_length=120)),
                ('until', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='PendingJob',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('since', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.DeleteModel(
            name='Lease',
        ),
        migrations.AddField(
            model_name='pollstate',
            name='retrieved_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='duework',
            constraint=models.UniqueConstraint(fields=('account', 'queue'), name='due_work_per_account_and_queue'),
        ),
    ]
