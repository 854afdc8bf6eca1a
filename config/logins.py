"""The pages of log-ins, failed ones and lock-outs: django-axes' own, in the words of this product."""

from typing import Any

from axes.admin import AccessAttemptAdmin, AccessFailureLogAdmin, AccessLogAdmin
from axes.conf import settings as axes
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from kit import display
from kit.lookups import NamedLookups


def _name(row: Any) -> str:
    """Instead of the row's own, which is English."""
    told = (row.username, row.ip_address, display.day_and_time(row.attempt_time))
    return " · ".join(str(part or display.UNKNOWN) for part in told)


class _Named(NamedLookups):
    # Boxes to tick are named by the rows' own, English names; there is nothing to do with many at once.
    actions: Any = None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        row = self.get_object(request, object_id)
        extra = {"form_title": _name(row)} if row else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        row = self.get_object(request, object_id)
        named = {"object": _name(row)} if row else {}
        return super().delete_view(request, object_id, {**named, **(extra_context or {})})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        _tree, counts, missing, protected = super().get_deleted_objects(objs, request)
        title = capfirst(self.opts.verbose_name)
        return [f"{title}: {_name(row)}" for row in objs], counts, missing, protected


class FailedLogins(_Named, AccessAttemptAdmin):
    """A row that is deleted lets the person try again at once."""

    list_display = ("attempt_time", "username", "ip_address", "path_info", "failures_since_start", "left")
    fieldsets = (
        (None, {"fields": ("username", "attempt_time", "path_info", "failures_since_start")}),
        (_("Meta Data"), {"fields": ("user_agent", "ip_address", "http_accept")}),
    )

    @admin.display(description=_("status"))
    def left(self, row: AccessAttempt) -> SafeString:
        left = axes.AXES_FAILURE_LIMIT - row.failures_since_start
        if left <= 0:
            return display.badge(_("Locked Out"), "problem")
        return display.badge(_("%(n)s attempts left") % {"n": left})


class Logins(_Named, AccessLogAdmin):
    pass


class LockOuts(_Named, AccessFailureLogAdmin):
    pass


def take_over(site: admin.AdminSite) -> None:
    """Replace the package's pages, once everybody has registered."""
    for model, page in ((AccessAttempt, FailedLogins), (AccessLog, Logins), (AccessFailureLog, LockOuts)):
        if site.is_registered(model):
            site.unregister(model)
            site.register(model, page)
