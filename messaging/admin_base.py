"""What the admin pages share: look-only pages, cheap lists, numbers that never stand in an address."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from kit import display, phone_keys, phones
from kit.labels import Label
from kit.lookups import NamedLookups
from kit.pagination import KeysetList
from kit.people import signed_in
from messaging.lookup import limits

View = Callable[..., HttpResponse]


class Page(NamedLookups):
    """A ModelAdmin whose own pages carry the site's context. Titles of lists: `list_title`, `list_note`, `list_empty`."""

    list_note: Label = ""
    list_empty: Any = ""
    list_add_label: Label = ""
    list_per_page = 50
    show_full_result_count = False

    def context(self, request: HttpRequest, **values: Any) -> dict[str, Any]:
        shared = {"opts": self.opts, "parents": self.parents(request)}
        return {**self.admin_site.each_context(request), **shared, **values}

    def parents(self, request: HttpRequest) -> list[tuple[Any, str]]:
        """(words, address) of the pages above a form or a confirmation: the list, where there is one and it may be seen."""
        try:
            above = self.address("changelist")
        except NoReverseMatch:
            return []
        return [(capfirst(self.opts.verbose_name_plural), above)] if self.has_view_permission(request) else []

    def page(self, request: HttpRequest, template: str, **values: Any) -> TemplateResponse:
        return TemplateResponse(request, template, self.context(request, **values))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        texts = {
            "list_note": self.list_note,
            "list_empty": self.list_empty,
            "list_add_label": self.list_add_label,
        }
        return super().changelist_view(request, {**texts, **(extra_context or {})})

    def address(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def own_url(self, route: str, view: View, name: str) -> Any:
        return path(
            route, self.admin_site.admin_view(view), name=f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        )


class LookOnly(Page):
    """Rows that the system writes: people look at them and change nothing here."""

    actions: Any = None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"form_title": capfirst(str(self.opts.verbose_name)), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class BigList(LookOnly):
    """A list of a table that grows without end: newest first, read on by key, never counted, never sorted otherwise."""

    ordering = ("-id",)
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetList]:
        return KeysetList


class PhoneSearch(Page):
    """Search by one full number: the box posts, the address holds a sealed key, the list compares exactly."""

    change_list_template = "messaging/phone_list.html"
    search_fields = ("phone__exact",)

    def get_urls(self) -> list[Any]:
        return [self.own_url("search/", self.search_view, "search"), *super().get_urls()]

    def search_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        phone = phones.clean(request.POST.get("phone", ""))
        if not phone:
            messages.error(request, _("This is no mobile number: it must have 11 digits."))
            return redirect(self.address("changelist"))
        try:
            limits.note(signed_in(request), phone)
        except limits.TooMany as refusal:
            say_error(request, refusal)
            return redirect(self.address("changelist"))
        return redirect(f"{self.address('changelist')}?q={phone_keys.seal(phone)}")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(phone=phone_keys.unseal(search_term)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        sought = phone_keys.unseal(request.GET.get("q", ""))
        extra = {"search_url": self.address("search"), "sought": display.masked(sought)}
        return super().changelist_view(request, {**extra, **(extra_context or {})})


def moment_of(text: str) -> datetime | None:
    """A time that stands in an address, None where it makes no sense: addresses are typed and mangled."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    if at is None or not 2000 <= at.year <= 2100:
        return None
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def number_link(phone: str) -> SafeString:
    """The masked number, leading to everything that is known of it."""
    if not phone:
        return SafeString(display.UNKNOWN)
    return format_html('<a href="{}">{}</a>', lookup_address(phone), display.masked(phone))


def lookup_address(phone: str) -> str:
    return reverse("admin:phone_lookup_key", args=[phone_keys.seal(phone)])


def needs(*permissions: str) -> Callable[[View], View]:
    """The view is refused (403) without any one of `permissions`."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.has_perm(permission) for permission in permissions):
                raise PermissionDenied
            return view(self, request, *args, **kwargs)

        return guarded

    return wrap


def post_only(view: View) -> View:
    """A GET goes back to where it came from without effect: links and prefetching must change nothing."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:index"))
        return view(self, request, *args, **kwargs)

    return guarded


def say_error(request: HttpRequest, error: Exception) -> None:
    sentences = error.messages if isinstance(error, ValidationError) else [str(error)]
    for sentence in sentences:
        messages.error(request, sentence)
