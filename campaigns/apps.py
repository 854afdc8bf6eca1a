from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from campaigns import listeners, roles

        listeners.connect()
        post_migrate.connect(roles.after_migrate, dispatch_uid="campaigns.roles")
