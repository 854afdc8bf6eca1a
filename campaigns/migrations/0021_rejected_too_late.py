"""Statuses by the words of the field: what was counted by the old ones is counted anew, and what a colleague decided about a
follow-up names its groups by the new ones."""

from django.db import migrations


def forwards(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("campaigns", "DailyFigures").objects.using(alias).all().delete()
    apps.get_model("campaigns", "RoundFigures").objects.using(alias).update(groups=[], opt_outs=0, final=False)
    for approval in apps.get_model("campaigns", "Approval").objects.using(alias).filter(kind="follow_up"):
        chosen = approval.snapshot["covers"]["follow_up"]
        if "refused" in chosen["groups"]:
            chosen["groups"] = sorted("rejected" if group == "refused" else group for group in chosen["groups"])
            approval.save(update_fields=["snapshot"])


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0020_decided_requests"),
        ("messaging", "0020_rejected_unknown_too_late"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
