"""Customers' replies: taken, handed on, answered, closed; and what the inbox does by itself."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import phones, show
from messaging import badges, selectors
from messaging.admin.base import BigList, PhoneSearch, needs, number_link, post_only, say_error
from messaging.admin.timeline import entries
from messaging.models import CannedAnswer, KeywordRule, Reply, Signature
from messaging.services import inbox, once


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("answer"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}), strip=True
    )
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"))


class AssignForm(forms.Form):
    person = forms.ModelChoiceField(get_user_model().objects.none(), label=gettext_lazy("colleague"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset = inbox.colleagues()


class BoxFilter(admin.SimpleListFilter):
    title = gettext_lazy("box")
    parameter_name = "box"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return (("new", _("Unread")), ("mine", _("Mine")), ("auto", _("Opt-outs")), ("done", _("Done")))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = Reply.State
        chosen: dict[str, dict[str, Any]] = {
            "new": {"state": state.NEW},
            "mine": {"assigned_to": request.user},
            "auto": {"is_opt_out": True},
            "done": {"state__in": (state.ANSWERED, state.CLOSED)},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


class TagFilter(admin.SimpleListFilter):
    """The tags that rules give, from the rules: asking the replies would read them all."""

    title = gettext_lazy("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        tags = KeywordRule.objects.exclude(tag="").order_by("tag").values_list("tag", flat=True).distinct()
        return [(tag, tag) for tag in tags]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(tag=self.value()) if self.value() else queryset


@admin.register(Reply)
class ReplyAdmin(PhoneSearch, BigList):
    list_display = ("words", "number", "account", "state_badge", "tag", "handled_by", "arrived")
    list_filter = (BoxFilter, "account", TagFilter)
    list_select_related = ("account", "assigned_to")
    list_empty = gettext_lazy("No replies yet.")

    @admin.display(description=gettext_lazy("content"))
    def words(self, reply: Reply) -> str:
        return Truncator(reply.content).chars(60) or "—"

    @admin.display(description=gettext_lazy("number"))
    def number(self, reply: Reply) -> SafeString:
        return number_link(reply.phone)

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, reply: Reply) -> SafeString:
        badge = badges.reply(reply.state)
        return format_html("{} {}", badge, show.badge(_("Opt-out"), "problem")) if reply.is_opt_out else badge

    @admin.display(description=gettext_lazy("handled by"))
    def handled_by(self, reply: Reply) -> str:
        return str(reply.assigned_to) if reply.assigned_to else show.UNKNOWN

    @admin.display(description=gettext_lazy("replied at"), ordering="id")
    def arrived(self, reply: Reply) -> str:
        return show.when(reply.replied_at)

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("<int:pk>/take/", self.take_view, "take"),
            self.own_url("<int:pk>/close/", self.close_view, "close"),
            self.own_url("<int:pk>/assign/", self.assign_view, "assign"),
            self.own_url("<int:pk>/answer/", self.answer_view, "answer"),
            *super().get_urls(),
        ]

    @needs("messaging.view_reply")
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        reply = get_object_or_404(
            Reply.objects.select_related("account", "assigned_to", "delivery__dispatch__signature"), pk=object_id
        )
        canned = _canned(request.GET.get("canned", ""))
        values = {"signature": inbox.usual_signature(reply), "text": canned.text if canned else ""}
        return self._show(request, reply, AnswerForm(initial=values))

    def _show(self, request: HttpRequest, reply: Reply, form: AnswerForm, status: int = 200) -> HttpResponse:
        return self.page(
            request,
            "messaging/reply.html",
            title=_("Reply from %(number)s") % {"number": show.masked(reply.phone)},
            reply=reply,
            badge=badges.reply(reply.state),
            number=number_link(reply.phone),
            suppressions=selectors.live_suppressions(reply.phone),
            entries=entries(selectors.phone_history(reply.phone, limit=10)),
            may_act=request.user.has_perm("messaging.change_reply"),
            may_answer=inbox.may_answer(reply) and not reply.is_opt_out,
            is_open=reply.state in (Reply.State.NEW, Reply.State.ASSIGNED),
            form=form,
            assign_form=AssignForm(),
            canned=CannedAnswer.objects.filter(archived=False),
            may_reach_all=request.user.has_perm("messaging.add_suppression"),
            key=phones.seal(reply.phone),
            token=once.issue(request.user, f"answer:{reply.pk}"),
        )

    @needs("messaging.change_reply")
    @post_only
    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not inbox.take(get_object_or_404(Reply, pk=pk), request.user):
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_reply")
    @post_only
    def assign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = AssignForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose a colleague."))
            return redirect(self.address("change", pk))
        person = form.cleaned_data["person"]
        with transaction.atomic():
            done = inbox.assign(get_object_or_404(Reply, pk=pk), person, request.user)
        if done:
            messages.success(request, _("Handed to %(person)s.") % {"person": person})
        else:
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(self.address("change", pk))

    @needs("messaging.change_reply")
    @post_only
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if inbox.close(get_object_or_404(Reply, pk=pk), request.user):
            messages.success(request, _("Marked as done."))
        else:
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(self.address("changelist"))

    @needs("messaging.change_reply")
    @post_only
    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reply = get_object_or_404(Reply.objects.select_related("account"), pk=pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._show(request, reply, form)
        try:
            with transaction.atomic():
                once.spend(request.POST.get("token", ""), request.user, f"answer:{pk}")
                inbox.answer(reply, form.cleaned_data["text"], form.cleaned_data["signature"], request.user)
        except (once.AlreadyDone, once.BadToken, ValidationError) as error:
            say_error(request, error)
        else:
            messages.success(request, _("The answer is on its way to 1 person."))
        return redirect(self.address("change", pk))


def _canned(key: str) -> CannedAnswer | None:
    return CannedAnswer.objects.filter(pk=key, archived=False).first() if key.isdigit() else None
