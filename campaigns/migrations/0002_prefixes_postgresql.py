"""The first state of the table of prefixes, and what PostgreSQL does otherwise than SQLite."""

from django.db import migrations

from campaigns.migrations._prefixes import TABLE

STATEMENTS = [
    # A member is found by its audience and number, never by its id. The index of the id was a quarter of what storing a million
    # members costs; the id stays, given by its sequence. SQLite's id is the row's own place and has no index.
    "ALTER TABLE campaigns_audiencemember DROP CONSTRAINT campaigns_audiencemember_pkey",
    # Logical replication then knows a row by this.
    "ALTER TABLE campaigns_audiencemember REPLICA IDENTITY USING INDEX member_once_per_audience",
    # A thousand ids at a time.
    "ALTER TABLE campaigns_audiencemember ALTER COLUMN id SET CACHE 1000",
]

BACKWARDS = [
    "ALTER TABLE campaigns_audiencemember ALTER COLUMN id SET CACHE 1",
    "ALTER TABLE campaigns_audiencemember REPLICA IDENTITY DEFAULT",
    "ALTER TABLE campaigns_audiencemember ADD PRIMARY KEY (id)",
]


def fill(apps, schema_editor):
    prefixes = apps.get_model("campaigns", "OperatorPrefix").objects.using(schema_editor.connection.alias)
    prefixes.bulk_create(
        prefixes.model(prefix=prefix, operator=operator) for operator, all_of_it in TABLE.items() for prefix in all_of_it.split()
    )


def run(statements):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return change


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(run(STATEMENTS), run(BACKWARDS)),
    ]
