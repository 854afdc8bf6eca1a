"""Users and roles in the admin. Whoever manages people can neither raise themselves nor reach a superuser, and a role that sends,
approves or reveals waits for a second person. All of it is in the audit trail."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    SetUnusablePasswordMixin,
    UserChangeForm,
    UserCreationForm,
)
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Model
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.approvals import password_notes, role_grants
from config import permissions
from config.audit_actions import AuditAction
from kit import audit, display
from kit.ids import row_id
from kit.lookups import NamedLookups
from kit.people import signed_in

# What of an account the trail tells about with its values before and after; of the rest the name of the field alone.
_TOLD = ("username", "is_active", "is_staff", "is_superuser")


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


class PersonForm(UserChangeForm):
    """The last superuser who can log in stays one, and nobody becomes one on a page."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        was = User.objects.filter(pk=self.instance.pk).first()
        if "is_superuser" not in cleaned or was is None:
            return cleaned
        if cleaned["is_superuser"] and not was.is_superuser:
            words = _("Superusers are made on the server alone: manage.py createsuperuser.")
            self.add_error("is_superuser", words)
        stays = all(cleaned.get(name) for name in ("is_superuser", "is_active", "is_staff"))
        if not stays and _is_last_superuser(was):
            field = next(name for name in ("is_superuser", "is_active", "is_staff") if not cleaned.get(name))
            self.add_error(field, _("This is the last superuser who can log in. Make another one first."))
        return cleaned


def _superusers() -> Any:
    return User.objects.filter(is_superuser=True, is_active=True, is_staff=True)


def _is_last_superuser(user: User) -> bool:
    """The rows are locked: of two superusers who demote each other one is the last."""
    found = list(_superusers().select_for_update().order_by("pk").values_list("pk", flat=True))
    return found == [user.pk]


class PeopleAdmin(NamedLookups, UserAdmin):
    """For non-superusers: no superuser flag, no single permissions, and superusers' accounts are out of reach."""

    form = PersonForm
    list_display = ("username", "full_name", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    show_full_result_count = False
    change_password_form = PasswordForm
    add_form = UserCreationForm  # with a password: nobody signs in by another way
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2")}),
        (_("Roles"), {"fields": ("groups",)}),
    )

    @admin.display(description=_("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "—"

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> SafeString:
        held = "、".join(group.name for group in user.groups.all()) or "—"
        waiting = [grant for grant in user.role_grants.all() if grant.state == "pending"]
        if not waiting:
            return SafeString(format_html("{}", held))
        words = _("to be confirmed: %(roles)s") % {"roles": "、".join(grant.words for grant in waiting)}
        return format_html("{} {}", held, display.badge(words, "attention"))

    def get_queryset(self, request: HttpRequest) -> Any:
        users = (
            super().get_queryset(request).prefetch_related("groups", "role_grants__group", "role_grants__permission")
        )
        return users if request.user.is_superuser else users.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
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

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["last_login", "date_joined"]
        if obj is not None and obj.pk == request.user.pk and not request.user.is_superuser:
            fixed += ["groups", "is_active"]  # nobody gives themselves a role
        return fixed

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple
            kwargs["label"] = _("Roles")
            kwargs["help_text"] = self._role_help(request)
        if db_field.name == "user_permissions":
            held = Permission.objects.filter(user=_edited(request)).values_list("pk", flat=True)
            kwargs["form_class"] = PermissionField
            kwargs["queryset"] = permissions.grantable(request, held)
            kwargs["label"] = _("permissions")
            kwargs["help_text"] = _("For this person alone, whatever the roles are.")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _role_help(self, request: HttpRequest) -> str:
        """With what waits for this person, and for whom."""
        words: list[Any] = [
            _("What a person may do is the sum of their roles."),
            _(
                "A role that sends, approves, gives roles or shows full numbers is in force when a second person has confirmed it."
            ),
        ]
        key = _edited(request)
        for grant in role_grants.pending(key) if key else ():
            waits = _("Waits for a second person: %(role)s, asked by %(person)s %(when)s.")
            values = {
                "role": grant.words,
                "person": display.person(grant.asked_by),
                "when": display.day_and_time(grant.asked_at),
            }
            words.append(waits % values)
        return " ".join(map(str, words))

    # --- what is done here is written down ------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        form.before = _state_of(User.objects.get(pk=obj.pk)) if change else {}
        if not change:
            obj.is_staff = True  # everybody here works in the back office
        super().save_model(request, obj, form, change)
        if not change:
            password_notes.password_set(obj, signed_in(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Guarded roles and permissions that are new are asked for instead of given."""
        user: User = form.instance
        wanted: list[Group | Permission] = []
        for name, held in (("groups", user.groups), ("user_permissions", user.user_permissions)):
            if name in form.cleaned_data:
                chosen = list(form.cleaned_data[name])
                has = set(held.values_list("pk", flat=True))
                asked = [one for one in chosen if one.pk not in has and role_grants.is_guarded(one)]
                form.cleaned_data[name] = [one for one in chosen if one not in asked]
                wanted += asked
        super().save_related(request, form, formsets, change)
        self._record(request, user, form, change)
        made = role_grants.ask(user, wanted, signed_in(request))
        if made:
            words = _("Waits for a second person: %(roles)s.") % {"roles": "、".join(grant.words for grant in made)}
            messages.warning(request, words)

    @staticmethod
    def _record(request: HttpRequest, user: User, form: Any, change: bool) -> None:
        now = _state_of(User.objects.get(pk=user.pk))
        if not change:
            audit.record(AuditAction.PERSON_MADE, actor=signed_in(request), target=user, detail={"roles": now["roles"]})
            return
        before = form.before
        changed = {name: {"before": before[name], "after": now[name]} for name in now if before[name] != now[name]}
        others = [name for name in form.changed_data if name not in (*_TOLD, "groups", "user_permissions")]
        detail = {**changed, **({"fields": others} if others else {})}
        if detail:
            audit.record(AuditAction.PERSON_CHANGED, actor=signed_in(request), target=user, detail=detail)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """For somebody else: they must choose their own afterwards. One's own password is changed with the old one."""
        user = self.get_object(request, id)
        if user is not None and user.pk == request.user.pk:
            return redirect("admin:password_change")
        before = user.password if user is not None else ""
        with transaction.atomic():
            answer: HttpResponse = super().user_change_password(request, id, form_url)
            now = self.get_object(request, id)
            if request.method == "POST" and now is not None and now.password != before:
                password_notes.password_set(now, signed_in(request))
                audit.record(AuditAction.PERSON_PASSWORD_SET, actor=signed_in(request), target=now)
        return answer

    deletion = AuditAction.PERSON_DELETED

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Together they may be the last superusers: then nothing of it is deleted."""
        tree, counts, missing, protected = super().get_deleted_objects(objs, request)
        gone = [user.pk for user in objs]
        if _superusers().filter(pk__in=gone).exists() and not _superusers().exclude(pk__in=gone).exists():
            protected = [*protected, str(_("The last superuser who can log in"))]
        return tree, counts, missing, protected

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is not None and list(_superusers().values_list("pk", flat=True)) == [obj.pk]:
            return False
        return super().has_delete_permission(request, obj)


def _state_of(user: User) -> Mapping[str, object]:
    single = user.user_permissions.select_related("content_type")
    return {
        **{name: getattr(user, name) for name in _TOLD},
        "roles": sorted(group.name for group in user.groups.all()),
        "permissions": sorted(f"{one.content_type.app_label}.{one.codename}" for one in single),
    }


def _edited(request: HttpRequest) -> int:
    """Whose page it is; 0 where there is nobody yet."""
    key = str((request.resolver_match.kwargs if request.resolver_match else {}).get("object_id", ""))
    return row_id(key) or 0


class RolesAdmin(NamedLookups, GroupAdmin):
    """Roles are made by the code after every migration; here they are looked at."""

    list_display = ("name", "members")
    fields = readonly_fields = ("name", "members", "may")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
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
        return "、".join(map(display.person, group.user_set.all())) or "—"

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
