"""The admin site: brand, and menu groups by what people do instead of by app."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class SongdaAdminSite(admin.AdminSite):
    site_title = _("Songda")
    site_header = _("Songda")
    index_title = _("Workbench")
    enable_nav_sidebar = True
