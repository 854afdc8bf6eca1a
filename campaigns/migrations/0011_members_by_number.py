"""A member is found by its audience and number, never by its id: on PostgreSQL the index of the id goes, which was a quarter of
what storing a million members costs. The id stays, given by its sequence, a thousand at a time. SQLite's id is the row's own
place and has no index.
"""

from django.db import migrations

FORWARDS = """
ALTER TABLE campaigns_audiencemember DROP CONSTRAINT campaigns_audiencemember_pkey;
ALTER TABLE campaigns_audiencemember REPLICA IDENTITY USING INDEX member_once_per_audience;
ALTER TABLE campaigns_audiencemember ALTER COLUMN id SET CACHE 1000;
"""
BACKWARDS = """
ALTER TABLE campaigns_audiencemember ALTER COLUMN id SET CACHE 1;
ALTER TABLE campaigns_audiencemember REPLICA IDENTITY DEFAULT;
ALTER TABLE campaigns_audiencemember ADD PRIMARY KEY (id);
"""


def run(statements):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statements)

    return change


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0010_audit_by_name"),
    ]

    operations = [
        migrations.RunPython(run(FORWARDS), run(BACKWARDS)),
    ]
