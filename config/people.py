"""Users and roles in the admin. Whoever manages people can neither raise themselves nor reach a superuser."""

from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, SetUnusablePasswordMixin
from django.contrib.auth.models import Group, Permission, User
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config import permissions


class PasswordForm(AdminPasswordChangeForm):
    """Django says in English alone what becomes of the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "usable_password" in self.fields:
            lost = _("If disabled, the current password for this user will be lost.")
            shape = '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>'
            plain = SetUnusablePasswordMixin.usable_password_help_text
            self.fields["usable_password"].help_text = format_html(shape, plain, lost)


class _ByThing(ModelChoiceIterator):
    """Boxes in groups: one a thing, one box for each act."""

    def __iter__(self) -> Any:
        for name, rows in groupby(self.queryset, permissions.thing):
            yield name, [self.choice(row) for row in rows]


class PermissionField(forms.ModelMultipleChoiceField):
    iterator = _ByThing
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Permission) -> SafeString:  # type: ignore[override]
        """The act is seen beside its thing, and read out with it."""
        thing, act = permissions.thing(obj), permissions.act(obj)
        return format_html('<span class="visually-hidden">{} · </span>{}', thing, act)


class PeopleAdmin(UserAdmin):
    """For non-superusers: no superuser flag, no single permissions, and superusers' accounts are out of reach."""

    list_display = ("username", "full_name", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    show_full_result_count = False
    change_password_form = PasswordForm
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups",)}),
    )

    @admin.display(description=_("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "—"

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return "、".join(group.name for group in user.groups.all()) or "—"

    def get_queryset(self, request: HttpRequest) -> Any:
        users = super().get_queryset(request).prefetch_related("groups")
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        may: tuple[str, ...] = ("is_active", "groups")
        beyond: tuple[Any, ...] = ()
        if request.user.is_superuser:
            may = ("is_active", "is_staff", "is_superuser", "groups")
            beyond = ((_("Beyond the roles"), {"fields": ("user_permissions",), "classes": ("collapse",)}),)
        return (
            (None, {"fields": ("username", "password")}),
            (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
            (_("Roles"), {"fields": may}),
            *beyond,
            (_("Important dates"), {"fields": ("last_login", "date_joined")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["last_login", "date_joined"]
        if obj is not None and obj.pk == request.user.pk and not request.user.is_superuser:
            fixed += ["groups", "is_active"]  # nobody gives themselves a role
        return fixed

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
            kwargs["label"] = _("Roles")
            kwargs["help_text"] = _("What a person may do is the sum of their roles.")
        if db_field.name == "user_permissions":
            held = Permission.objects.filter(user=_edited(request)).values_list("pk", flat=True)
            kwargs["form_class"] = PermissionField
            kwargs["queryset"] = permissions.grantable(request, held)
            kwargs["label"] = _("permissions")
            kwargs["help_text"] = _("For this person alone, whatever the roles are.")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True  # everybody here works in the back office
        super().save_model(request, obj, form, change)


def _edited(request: HttpRequest) -> int:
    """Whose page it is; 0 where there is nobody yet."""
    key = str((request.resolver_match.kwargs if request.resolver_match else {}).get("object_id", ""))
    return int(key) if key.isascii() and key.isdigit() and len(key) < 10 else 0


class RolesAdmin(GroupAdmin):
    """Roles are made by the code after every migration; here they are looked at."""

    list_display = ("name", "members")
    fields = readonly_fields = ("name", "members", "may")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("user_set")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"list_title": _("Roles"), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra = {"list_title": _("Roles"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("members"))
    def members(self, group: Group) -> str:
        return "、".join(user.get_username() for user in group.user_set.all()) or "—"

    @admin.display(description=_("may"))
    def may(self, group: Group) -> SafeString:
        held = group.permissions.select_related("content_type")
        return format_html('<ul class="link-list">{}</ul>', permissions.listed(held))


def take_over(site: admin.AdminSite) -> None:
    """Replace Django's pages for users and groups, once everybody has registered."""
    for model, page in ((User, PeopleAdmin), (Group, RolesAdmin)):
        if site.is_registered(model):
            site.unregister(model)
        site.register(model, page)
