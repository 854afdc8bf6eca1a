from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def _schedules(**kwargs: object) -> None:
    from messaging.queue import ensure_schedules

    ensure_schedules()


def _fence(apps: Apps = installed, **kwargs: object) -> None:
    """With the tables, so that every backup tells whose it is. After a migration that ends before them there are none."""
    from messaging.fence import identity

    if ("messaging", "fence") in ((model._meta.app_label, model._meta.model_name) for model in apps.get_models()):
        identity.row()


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from messaging import checks, on_templates, queue, workbench  # noqa: F401 - importing checks registers them

        post_migrate.connect(_schedules, sender=self)
        post_migrate.connect(_fence, sender=self)
        from messaging.worker import hosts

        queue.before_each_task(hosts.sign_of_life)
        workbench.register()
        on_templates.fill()
