"""The table of number prefixes, edited by administrators."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.models import OperatorPrefix
from messaging.admin_base import Page


@admin.register(OperatorPrefix)
class OperatorPrefixAdmin(Page):
    list_display = ("prefix", "operator")
    list_filter = ("operator",)
    search_fields = ("prefix__startswith",)
    list_per_page = 200
    list_note = _("Where a number began its life; it may have been ported since. Used for files imported from now on.")
