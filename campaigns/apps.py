from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from campaigns import listeners, on_templates, roles, workbench
        from config.kit import menu

        listeners.connect()
        on_templates.fill()
        workbench.register()
        menu.model("campaigns.OperatorPrefix", "settings")
        post_migrate.connect(roles.after_migrate, dispatch_uid="campaigns.roles")
