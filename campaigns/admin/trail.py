"""The audit trail: looked at, never changed."""

import json

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import AuditEvent
from config.kit import show
from messaging.admin.base import BigList


@admin.register(AuditEvent)
class AuditEventAdmin(BigList):
    list_display = ("when", "who", "what", "target_name", "facts")
    list_display_links = None
    list_select_related = ("actor",)
    list_filter = ("action",)
    search_fields = ("target_name", "actor__username__exact")
    list_note = _("Who did what to what, newest first. Rows are never changed.")

    @admin.display(description=_("at"), ordering="id")
    def when(self, event: AuditEvent) -> str:
        return show.moment(event.at)

    @admin.display(description=_("who"))
    def who(self, event: AuditEvent) -> str:
        return event.actor.get_username() if event.actor else gettext("the system")

    @admin.display(description=_("action"))
    def what(self, event: AuditEvent) -> str:
        return gettext(event.action) if event.action else ""

    @admin.display(description=_("details"))
    def facts(self, event: AuditEvent) -> str:
        parts = (f"{name}: {_plain(value)}" for name, value in event.detail.items())
        return " · ".join(parts)[:300]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
