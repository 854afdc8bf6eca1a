"""The sending policy stands in messaging, where it is obeyed: its row, what people may do with it, and what the audit trail tells of it."""

from django.db import migrations

OLD, NEW = ("campaigns", "SendingRules"), ("messaging", "SendingPolicy")


def _moved(before, since):
    """The permissions keep their rows, so that whoever has one by name keeps it."""

    def move(apps, schema_editor):
        using = schema_editor.connection.alias
        columns = [field.name for field in apps.get_model(*before)._meta.concrete_fields]
        for values in apps.get_model(*before).objects.using(using).values(*columns):
            apps.get_model(*since).objects.using(using).create(**values)
        (app, model), (new_app, new_model) = ((one[0], one[1].lower()) for one in (before, since))
        apps.get_model("campaigns", "AuditEvent").objects.using(using).filter(target_type=f"{app}.{model}").update(
            target_type=f"{new_app}.{new_model}"
        )
        types = apps.get_model("contenttypes", "ContentType").objects.using(using)
        kind = types.filter(app_label=app, model=model).first()
        if kind is None or types.filter(app_label=new_app, model=new_model).exists():
            return
        types.filter(pk=kind.pk).update(app_label=new_app, model=new_model)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        for action in ("view", "change"):
            permissions.filter(content_type=kind, codename=f"{action}_{model}").update(codename=f"{action}_{new_model}")

    return move


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0022_send_until"),
        ("messaging", "0023_sending_policy"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(_moved(OLD, NEW), _moved(NEW, OLD)),
        migrations.DeleteModel("SendingRules"),
    ]
