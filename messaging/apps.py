from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def _schedules(**kwargs: object) -> None:
    from messaging.queue import ensure_schedules

    ensure_schedules()


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        from messaging import checks, on_templates, workbench  # noqa: F401 - importing checks registers them

        post_migrate.connect(_schedules, sender=self)
        workbench.register()
        on_templates.fill()
