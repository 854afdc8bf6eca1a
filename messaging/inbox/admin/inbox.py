"""The inbox: conversations by number on the left, one of them on the right, taken, handed on, answered, closed."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from kit import display, masks, phone_keys, phones
from kit.ids import row_id
from kit.people import signed_in
from kit.texts import MessageFormField
from messaging import form_tokens
from messaging.admin_base import LookOnly, lookup_address, moment_of, needs, post_only, say_error
from messaging.deliveries import status
from messaging.inbox import answers, threads
from messaging.inbox.admin.threads import lines
from messaging.lookup import limits
from messaging.models import CannedAnswer, Reply, Signature


class AnswerForm(forms.Form):
    text = MessageFormField(label=gettext_lazy("answer"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    signature = forms.ModelChoiceField(Signature.objects.all(), label=gettext_lazy("signature"), empty_label=None)


class TagForm(forms.Form):
    """A tag that exists is suggested; any other may be written."""

    tag = forms.CharField(max_length=20, error_messages={"required": gettext_lazy("Write the tag first.")})


class AssignForm(forms.Form):
    person = forms.ModelChoiceField(
        get_user_model().objects.none(), label=gettext_lazy("colleague"), empty_label=gettext_lazy("Choose a colleague")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["person"]
        field.queryset = answers.colleagues()


@admin.register(Reply)
class ReplyAdmin(LookOnly):
    """No list of single replies: people answer people. Addresses hold a reply's key, never a number."""

    def get_urls(self) -> list[Any]:
        return [
            self.own_url("search/", self.search_view, "search"),
            self.own_url("changes.json", never_cache(self.changes_view), "changes"),
            self.own_url("<int:pk>/take/", self.take_view, "take"),
            self.own_url("<int:pk>/close/", self.close_view, "close"),
            self.own_url("<int:pk>/assign/", self.assign_view, "assign"),
            self.own_url("<int:pk>/answer/", self.answer_view, "answer"),
            self.own_url("<int:pk>/tag/", self.tag_view, "tag"),
            self.own_url("<int:pk>/untag/", self.untag_view, "untag"),
            *super().get_urls(),
        ]

    # --- the two panes ------------------------------------------------------------------------------------------

    @needs("messaging.view_reply")
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        shown = self._list(request, None)
        return self.page(request, "messaging/inbox.html", title=_("Replies"), tags=threads.tags(), **shown)

    @needs("messaging.view_reply")
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._show(request, _reply_or_404(object_id), None)

    def _show(self, request: HttpRequest, reply: Reply, form: AnswerForm | None) -> HttpResponse:
        thread = self._thread(request, reply)
        newest = thread["newest"]
        return self.page(
            request,
            "messaging/inbox.html",
            title=_("Reply from %(number)s") % {"number": display.masked(reply.phone)},
            **self._list(request, reply),
            **thread,
            **_answering(request, newest, form),
            suppressions=status.live_suppressions(reply.phone),
            tags=threads.tags(),
            own_tags=threads.tags_of([reply.phone]).get(reply.phone, []),
            may_add=request.user.has_perm("messaging.add_suppression"),
            key=phone_keys.seal(reply.phone),
            conversation=_conversation(reply.phone),
            lookup=lookup_address(reply.phone),
        )

    def _list(self, request: HttpRequest, chosen: Reply | None) -> Mapping[str, object]:
        box, tag = _box(request), request.GET.get("tag", "")
        counts = threads.counts(signed_in(request))
        page = threads.page(box, signed_in(request), tag, _number(request.GET.get("before", "")))
        return {
            "box": box,
            "tag": tag,
            "counts": counts,
            "said": ngettext("%(n)s unread reply", "%(n)s unread replies", counts["new"])
            % {"n": display.count(counts["new"])},
            "most": threads.MOST_COUNTED,
            "page": page,
            "chosen": chosen,
            "query": _query(request),
            "changes_url": self.address("changes"),
            "before": request.GET.get("before", ""),
        }

    def _thread(self, request: HttpRequest, reply: Reply) -> dict[str, Any]:
        before = moment_of(request.GET.get("until", ""))
        thread = threads.thread(reply.phone, before)
        newest = reply if before else _reply_or_404(max(thread.seen, reply.pk))
        return {
            "lines": lines(thread.items, masks.reader(request.user)),
            "earlier": thread.earlier.isoformat() if thread.earlier else "",
            "until": request.GET.get("until", ""),
            "seen": max(thread.seen, reply.pk),
            "newest": newest,
        }

    @needs("messaging.view_reply")
    def changes_view(self, request: HttpRequest) -> JsonResponse:
        """Both panes as they are now, or the mark alone while it is what the page has."""
        key = request.GET.get("chosen", "")
        reply = _reply_or_404(key) if key else None
        context = {**self._list(request, reply), **(self._thread(request, reply) if reply else {})}
        parts = {
            "list": render_to_string("messaging/inbox_list.html", context, request),
            "thread": render_to_string("messaging/inbox_thread.html", context, request) if reply else "",
        }
        mark = hashlib.sha256("".join(parts.values()).encode()).hexdigest()[:16]
        if mark == request.GET.get("mark"):
            return JsonResponse({"mark": mark})
        return JsonResponse({"mark": mark, "seen": context.get("seen", 0), "said": context["said"], **parts})

    @needs("messaging.view_reply")
    @post_only
    def search_view(self, request: HttpRequest) -> HttpResponse:
        phone = phones.clean(request.POST.get("phone", ""))
        if not phone:
            messages.error(request, _("This is no mobile number: it must have 11 digits."))
            return redirect(self.address("changelist"))
        try:
            limits.note(signed_in(request), phone)
        except limits.TooMany as refusal:
            say_error(request, refusal)
            return redirect(self.address("changelist"))
        newest = threads.newest_of(phone)
        if newest is None:
            words = {"number": display.masked(phone)}
            link = format_html('<a href="{}">{}</a>', lookup_address(phone), _("See its line of time"))
            messages.info(request, format_html("{} {}", _("%(number)s has not replied.") % words, link))
            return redirect(f"{self.address('changelist')}?box=all")
        return redirect(f"{self.address('change', newest.pk)}?box=all")

    # --- what support does --------------------------------------------------------------------------------------

    @needs("messaging.change_reply")
    @post_only
    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not answers.take(get_object_or_404(Reply, pk=pk), signed_in(request)):
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(self._back(request, pk))

    @needs("messaging.change_reply")
    @post_only
    def assign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = AssignForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose a colleague."))
            return redirect(self._back(request, pk))
        person = form.cleaned_data["person"]
        with transaction.atomic():
            done = answers.assign(get_object_or_404(Reply, pk=pk), person, signed_in(request))
        if done:
            messages.success(request, _("Handed to %(person)s.") % {"person": person})
        else:
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(self._back(request, pk))

    @needs("messaging.change_reply")
    @post_only
    def tag_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = TagForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(map(str, form.errors["tag"])))
            return redirect(self._back(request, pk))
        word, seen = form.cleaned_data["tag"], _number(request.POST.get("seen", ""))
        before = answers.tag(get_object_or_404(Reply, pk=pk), word, signed_in(request), seen)
        if before is None:
            messages.info(request, _("This conversation is tagged “%(tag)s” already.") % {"tag": word})
        elif before:
            messages.success(request, _("Tagged “%(tag)s” instead of “%(before)s”.") % {"tag": word, "before": before})
        else:
            messages.success(request, _("Tagged “%(tag)s”.") % {"tag": word})
        return redirect(self._back(request, pk))

    @needs("messaging.change_reply")
    @post_only
    def untag_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        word, seen = request.POST.get("tag", ""), _number(request.POST.get("seen", ""))
        if answers.untag(get_object_or_404(Reply, pk=pk), word, signed_in(request), seen):
            messages.success(request, _("The tag “%(tag)s” was taken off.") % {"tag": word})
        else:
            messages.info(request, _("This conversation has no such tag any more."))
        return redirect(self._back(request, pk))

    @needs("messaging.change_reply")
    @post_only
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if answers.close(get_object_or_404(Reply, pk=pk), signed_in(request), _number(request.POST.get("seen", ""))):
            messages.success(request, _("Marked as done."))
        else:
            messages.info(request, _("This reply was settled meanwhile."))
        return redirect(f"{self.address('changelist')}?{_query(request)}")

    @needs("messaging.change_reply")
    @post_only
    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reply = _reply_or_404(pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._show(request, reply, form)
        values, seen = form.cleaned_data, _number(request.POST.get("seen", ""))
        try:
            with transaction.atomic():
                form_tokens.spend(request.POST.get("token", ""), signed_in(request), f"answer:{pk}")
                answers.answer(reply, values["text"], values["signature"], signed_in(request), seen)
        except form_tokens.AlreadyDone as error:
            say_error(request, error)
        except (form_tokens.BadToken, ValidationError) as error:
            say_error(request, error)
            return redirect(self._back(request, pk))
        else:
            messages.success(request, _("The answer is on its way to 1 person."))
        return redirect(f"{self._back(request, pk)}{_sent(request)}")

    def _back(self, request: HttpRequest, pk: int) -> str:
        return f"{self.address('change', pk)}?{_query(request)}"


def _reply_or_404(key: Any) -> Reply:
    related = ("account", "assigned_to", "delivery__dispatch__signature")
    found: Reply = get_object_or_404(Reply.objects.select_related(*related), pk=_number(str(key)))
    return found


def _answering(request: HttpRequest, newest: Reply, form: AnswerForm | None) -> Mapping[str, object]:
    """What the person may do with a conversation, its forms, and where it may not be answered, why."""
    signature = answers.usual_signature(newest)
    canned = CannedAnswer.objects.filter(archived=False)
    wanted = request.GET.get("canned", "")
    text = next((one.text for one in canned if str(one.pk) == wanted), "") if wanted else ""
    return {
        "is_open": newest.state in (Reply.State.NEW, Reply.State.ASSIGNED),
        "may_act": request.user.has_perm("messaging.change_reply"),
        "why_not": _why_not(newest, signature),
        "form": form or AnswerForm(initial={"signature": signature, "text": text}),
        "assign_form": AssignForm(),
        "canned": canned,
        "token": form_tokens.issue(signed_in(request), f"answer:{newest.pk}"),
    }


def _why_not(reply: Reply, signature: Signature | None) -> str:
    if not answers.may_answer(reply):
        return _("This account cannot answer.")
    if reply.is_opt_out or answers.is_stopped(reply, signature):
        return _("This customer has opted out; only notices may be sent.")
    return ""


def _box(request: HttpRequest) -> str:
    box = request.GET.get("box", "")
    return box if box in threads.BOXES else "new"


def _conversation(phone: str) -> str:
    """A name of the conversation that the browser may keep: it says nothing of the number."""
    return salted_hmac("messaging.inbox.conversation", phone).hexdigest()[:20]


def _sent(request: HttpRequest) -> str:
    """Tells the page's script which copy of the answer the browser need not keep any longer."""
    copy = request.POST.get("copy", "")
    return f"&sent={copy}" if re.fullmatch(r"[0-9a-z]{1,40}", copy) else ""


def _query(request: HttpRequest) -> str:
    """What of the list stays while one walks through it."""
    tag = request.GET.get("tag", "")
    return urlencode({"box": _box(request), **({"tag": tag} if tag else {})})


def _number(text: str) -> int:
    return row_id(text) or 0
