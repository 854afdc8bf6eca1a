"""On PostgreSQL the parents of deliveries are checked once for each statement instead of once for each row.

A foreign key asks for the dispatch and for the batch of every single row: more than half of what laying out a million
people costs. A trigger for the whole statement asks for the few batches of all of them, and keeps the same promise: no
delivery without its dispatch and batch, no dispatch or batch deleted from under a delivery (docs/adr/0012). SQLite keeps
its foreign keys.
"""

from django.db import migrations

COLUMNS = ("dispatch_id", "batch_id")

# KEY SHARE is what a foreign key takes: a parent deleted at this moment is waited for, and then missed. Deleting is looked at
# when it is committed, since Django deletes in an order of its own. A round's deliveries with a batch need no look of their own
# when the round is deleted: the batch is the same round's, and its own foreign key stands before it.
FORWARDS = """
CREATE FUNCTION messaging_delivery_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH named AS (SELECT DISTINCT dispatch_id AS id FROM arrived),
             found AS (SELECT id FROM messaging_dispatch WHERE id IN (SELECT id FROM named) FOR KEY SHARE)
        SELECT id FROM named EXCEPT SELECT id FROM found
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery names a dispatch that is not there';
    END IF;
    IF EXISTS (
        WITH named AS (SELECT DISTINCT batch_id AS id, dispatch_id FROM arrived WHERE batch_id IS NOT NULL),
             found AS (SELECT id, dispatch_id FROM messaging_batch WHERE id IN (SELECT id FROM named) FOR KEY SHARE)
        SELECT id, dispatch_id FROM named EXCEPT SELECT id, dispatch_id FROM found
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery names a batch that is not there, or not its dispatch''s';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION messaging_delivery_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM messaging_dispatch WHERE id = NEW.dispatch_id FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery names a dispatch that is not there';
    END IF;
    PERFORM 1 FROM messaging_batch WHERE id = NEW.batch_id AND dispatch_id = NEW.dispatch_id FOR KEY SHARE;
    IF NOT FOUND AND NEW.batch_id IS NOT NULL THEN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery names a batch that is not there, or not its dispatch''s';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION messaging_batch_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM messaging_delivery WHERE batch_id = OLD.id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a batch that has deliveries cannot be deleted';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION messaging_dispatch_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM messaging_delivery WHERE dispatch_id = OLD.id AND batch_id IS NULL) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a dispatch that has deliveries cannot be deleted';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER messaging_delivery_arrived AFTER INSERT ON messaging_delivery
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION messaging_delivery_arrived();
CREATE TRIGGER messaging_delivery_changed AFTER UPDATE OF dispatch_id, batch_id ON messaging_delivery FOR EACH ROW
    WHEN (NEW.dispatch_id IS DISTINCT FROM OLD.dispatch_id OR NEW.batch_id IS DISTINCT FROM OLD.batch_id)
    EXECUTE FUNCTION messaging_delivery_changed();
CREATE CONSTRAINT TRIGGER messaging_batch_gone AFTER DELETE ON messaging_batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION messaging_batch_gone();
CREATE CONSTRAINT TRIGGER messaging_dispatch_gone AFTER DELETE ON messaging_dispatch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION messaging_dispatch_gone();
"""

BACKWARDS = """
DROP FUNCTION messaging_delivery_arrived() CASCADE;
DROP FUNCTION messaging_delivery_changed() CASCADE;
DROP FUNCTION messaging_batch_gone() CASCADE;
DROP FUNCTION messaging_dispatch_gone() CASCADE;
"""


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    delivery = apps.get_model("messaging", "Delivery")
    for column in COLUMNS:
        for name in schema_editor._constraint_names(delivery, [column], foreign_key=True):
            schema_editor.execute(schema_editor._delete_fk_sql(delivery, name))
    schema_editor.execute(FORWARDS)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(BACKWARDS)
    delivery = apps.get_model("messaging", "Delivery")
    for name in ("dispatch", "batch"):
        field = delivery._meta.get_field(name)
        schema_editor.execute(schema_editor._create_fk_sql(delivery, field, "_fk_%(to_table)s_%(to_column)s"))


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0008_counted_by_index"),
    ]

    operations = [
        migrations.RunPython(forwards, backwards),
    ]
