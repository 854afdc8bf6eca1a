"""What PostgreSQL does otherwise than SQLite, one statement after the other. Nothing here on SQLite."""

from django.db import migrations

# A foreign key asks for the dispatch and for the batch of every single row: more than half of what laying out a million people costs.
# The triggers below keep the same promise for all rows of a statement at once (docs/adr/0012-parents-by-set.md).
WITHOUT_FOREIGN_KEY = ("dispatch", "batch")

STATEMENTS = [
    # No delivery without its dispatch and batch. What was stored is read once. KEY SHARE is what a foreign key takes: a parent that is
    # deleted at this moment is waited for, and then missed.
    """
CREATE FUNCTION messaging_delivery_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        WITH named AS MATERIALIZED (SELECT DISTINCT dispatch_id, batch_id FROM arrived),
             dispatches AS MATERIALIZED (
                SELECT id FROM messaging_dispatch WHERE id IN (SELECT dispatch_id FROM named) FOR KEY SHARE),
             batches AS MATERIALIZED (
                SELECT id, dispatch_id FROM messaging_batch
                WHERE id IN (SELECT batch_id FROM named WHERE batch_id IS NOT NULL) FOR KEY SHARE)
        (SELECT dispatch_id, 0 FROM named EXCEPT SELECT id, 0 FROM dispatches)
        UNION ALL
        (SELECT dispatch_id, batch_id FROM named WHERE batch_id IS NOT NULL EXCEPT SELECT dispatch_id, id FROM batches)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery names a dispatch or a batch that is not there, or not its dispatch''s';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER messaging_delivery_arrived AFTER INSERT ON messaging_delivery
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION messaging_delivery_arrived()
""",
    # The same for a delivery that changes its parents, which is rare: one row at a time.
    """
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
END $$
""",
    """
CREATE TRIGGER messaging_delivery_changed AFTER UPDATE OF dispatch_id, batch_id ON messaging_delivery FOR EACH ROW
    WHEN (NEW.dispatch_id IS DISTINCT FROM OLD.dispatch_id OR NEW.batch_id IS DISTINCT FROM OLD.batch_id)
    EXECUTE FUNCTION messaging_delivery_changed()
""",
    # No batch is deleted from under a delivery. Looked at when it is committed, since Django deletes in an order of its own.
    """
CREATE FUNCTION messaging_batch_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM messaging_delivery WHERE batch_id = OLD.id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a batch that has deliveries cannot be deleted';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE CONSTRAINT TRIGGER messaging_batch_gone AFTER DELETE ON messaging_batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION messaging_batch_gone()
""",
    # Nor a dispatch. Its deliveries with a batch need no look of their own: the batch's foreign key stands before the dispatch.
    """
CREATE FUNCTION messaging_dispatch_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM messaging_delivery WHERE dispatch_id = OLD.id AND batch_id IS NULL) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a dispatch that has deliveries cannot be deleted';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE CONSTRAINT TRIGGER messaging_dispatch_gone AFTER DELETE ON messaging_dispatch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION messaging_dispatch_gone()
""",
    # A receipt changes a delivery in its place: no index holds what receipts change, and pages keep room for the new version. Each
    # delivery is updated once or twice in its life, a batch's counters once for each chunk of receipts.
    "ALTER TABLE messaging_delivery SET (fillfactor = 90)",
    "ALTER TABLE messaging_batch SET (fillfactor = 50)",
    # Ids are taken from their sequence a thousand at a time: the table is filled by a million rows in one statement. An id then says
    # nothing of when its row was made; the newest of a number are told by their dispatches.
    "ALTER TABLE messaging_delivery ALTER COLUMN id SET CACHE 1000",
]

BACKWARDS = [
    "DROP FUNCTION messaging_delivery_arrived() CASCADE",
    "DROP FUNCTION messaging_delivery_changed() CASCADE",
    "DROP FUNCTION messaging_batch_gone() CASCADE",
    "DROP FUNCTION messaging_dispatch_gone() CASCADE",
    "ALTER TABLE messaging_delivery RESET (fillfactor)",
    "ALTER TABLE messaging_batch RESET (fillfactor)",
    "ALTER TABLE messaging_delivery ALTER COLUMN id SET CACHE 1",
]


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    delivery = apps.get_model("messaging", "Delivery")
    for name in WITHOUT_FOREIGN_KEY:
        column = delivery._meta.get_field(name).column
        for constraint in schema_editor._constraint_names(delivery, [column], foreign_key=True):
            schema_editor.execute(schema_editor._delete_fk_sql(delivery, constraint))
    for statement in STATEMENTS:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in BACKWARDS:
        schema_editor.execute(statement)
    delivery = apps.get_model("messaging", "Delivery")
    for name in WITHOUT_FOREIGN_KEY:
        field = delivery._meta.get_field(name)
        schema_editor.execute(schema_editor._create_fk_sql(delivery, field, "_fk_%(to_table)s_%(to_column)s"))


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
