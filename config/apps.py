"""The admin site and the shared templates of the whole back office."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class SongdaConfig(AppConfig):
    name = "config"
    label = "songda"
    verbose_name = _("Songda")


class SongdaAdminConfig(AdminConfig):
    default_site = "config.site.SongdaAdminSite"
