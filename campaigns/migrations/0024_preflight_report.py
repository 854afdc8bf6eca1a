"""The result of a check is a report, with `variants` for what was compared; sums that follow from other numbers are not kept."""

from django.db import migrations

# What checks did not write in the beginning.
MISSING = {
    "imports": [],
    "rows": 0,
    "excluded": {},
    "to_send": 0,
    "variants": [],
    "canary": 0,
    "operators": {},
    "requests": 0,
    "units": 0,
    "cost": {"lines": [], "low": None, "high": None},
    "again": {"people": 0, "days": 0, "campaigns": []},
    "per_second": "0",
    "holidays": [],
    "start_at": None,
    "finish_at": None,
    "late": 0,
    "obstacles": [],
}


def _renamed(kept, before, since):
    if isinstance(kept, dict) and before in kept:
        kept[since] = kept.pop(before)


def _move(apps, schema_editor, before, since):
    using = schema_editor.connection.alias
    for campaign in apps.get_model("campaigns", "Campaign").objects.using(using).exclude(report={}).iterator():
        _renamed(campaign.report, before, since)
        campaign.report = {**MISSING, **campaign.report}
        campaign.save(update_fields=["report"])
    for approval in apps.get_model("campaigns", "Approval").objects.using(using).iterator():
        covers = approval.snapshot.get("covers", {})
        for covered in (covers, covers.get("campaign")):
            _renamed(covered, before, since)
        approval.save(update_fields=["snapshot"])


def forwards(apps, schema_editor):
    _move(apps, schema_editor, "arms", "variants")


def backwards(apps, schema_editor):
    _move(apps, schema_editor, "variants", "arms")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0023_sending_policy")]

    operations = [
        migrations.RenameField("campaign", "sheet", "report"),
        migrations.RunPython(forwards, backwards),
    ]
