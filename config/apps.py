"""The admin site and the shared templates of the whole back office."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class SongdaConfig(AppConfig):
    name = "config"
    label = "songda"
    verbose_name = _("Songda")

    def ready(self) -> None:
        from django.contrib import admin

        from config import logins, people

        logins.take_over(admin.site)
        people.take_over(admin.site)  # after every app's admin module: this app comes behind the one that loads them


class SongdaAdminConfig(AdminConfig):
    default_site = "config.site.SongdaAdminSite"
