from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from campaigns import listeners, on_reviews, on_templates, roles, sentences, sqlite_functions, workbench
        from campaigns.reports import charts
        from kit import menu
        from kit import workbench as kit_workbench
        from messaging.sentences import register as register_sentences

        sqlite_functions.connect()
        listeners.connect()
        on_templates.fill()
        on_reviews.fill()
        register_sentences(sentences.LEFT_OUT)
        workbench.register()
        kit_workbench.panel(charts.last_days, rank=60)
        menu.model("campaigns.OperatorPrefix", "settings")
        for name in ("RoleGrant", "ApiToken", "WebhookEndpoint", "WebhookDelivery"):
            menu.model(f"campaigns.{name}", "settings")
        menu.page(
            "customers",
            _("Consent records"),
            "admin:consent_records",
            "messaging.view_suppression",
            after="messaging.suppression",
        )
        menu.page("data", _("Reports"), "admin:reports", "campaigns.view_report", after="first")
        menu.page(
            "send",
            _("Approvals"),
            "admin:campaigns_approval_changelist",
            ("campaigns.view_approval", "campaigns.approve_campaign"),
            after="campaigns.audience",
            count=workbench.to_approve_count,
        )
        post_migrate.connect(roles.after_migrate, dispatch_uid="campaigns.roles")
