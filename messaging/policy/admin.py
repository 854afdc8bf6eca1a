"""The sending policy: one page, changed by administrators, seen by those who send."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from kit.people import signed_in
from messaging.admin_base import Page
from messaging.models import SendingPolicy
from messaging.policy import change
from messaging.policy.form import PolicyForm


@admin.register(SendingPolicy)
class SendingPolicyAdmin(Page):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = self.has_change_permission(request)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        with transaction.atomic():
            policy = change.locked() if request.method == "POST" else SendingPolicy.current()
            form = PolicyForm(request.POST or None, instance=policy, changeable=may_change)
            if request.method == "POST" and form.is_valid():
                waiting = change.save(form.save(commit=False), form.changed_data, signed_in(request))
                words = _("Saved. %(n)s open dispatches have the new holidays.") if waiting else _("Saved.")
                self.message_user(request, words % {"n": waiting})
                return redirect(self.address("changelist"))
            transaction.set_rollback(True)  # a row that was made only to be locked does not stay
        return self.page(
            request,
            "messaging/policy.html",
            title=_("Sending policy"),
            form=form,
            groups=form.groups(),
            may_change=may_change,
        )
