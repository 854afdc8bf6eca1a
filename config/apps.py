"""The admin site and the shared templates of the whole back office."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.utils.translation import gettext_lazy as _


class SongdaConfig(AppConfig):
    name = "config"
    label = "songda"
    verbose_name = _("Songda")

    def ready(self) -> None:
        from django.apps import apps
        from django.contrib import admin

        from config import logins, people, permissions, sign_in
        from kit import audit

        sign_in.connect()
        audit.detail_words["permissions"] = permissions.in_words
        # The queue's own pages would let a form name any function for a worker to run.
        for model in apps.get_app_config("django_q").get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)
        logins.take_over(admin.site)
        people.take_over(admin.site)  # after every app's admin module: this app comes behind the one that loads them


class SongdaStaticFilesConfig(StaticFilesConfig):
    """Only what pages load is collected: no browsable API, no maps of other people's sources."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "rest_framework", "*.map"]


class SongdaAdminConfig(AdminConfig):
    default_site = "config.site.SongdaAdminSite"
