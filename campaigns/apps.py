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
        menu.model("campaigns.SendingRules", "settings")
        menu.model("campaigns.OperatorPrefix", "settings")
        menu.page(
            "send",
            _("Approvals"),
            "admin:campaigns_approval_changelist",
            ("campaigns.view_approval", "campaigns.approve_campaign"),
            after="campaigns.audience",
            count=workbench.to_approve_count,
        )
        post_migrate.connect(roles.after_migrate, dispatch_uid="campaigns.roles")
