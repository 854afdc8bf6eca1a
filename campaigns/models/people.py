"""What is known of colleagues beyond Django's own user: roles that wait for a second person, passwords that others set."""

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.decisions import DecidedRequest


class RoleGrant(DecidedRequest):
    """A role, or a single permission, that somebody wants to give to somebody. The person gets it when a second person says yes,
    not before. Exactly one of `group` and `permission` is set."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="role_grants", verbose_name=_("for")
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("role"))
    permission = models.ForeignKey(
        Permission, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("permission")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("asked by")
    )

    class Meta:
        verbose_name = _("role to be confirmed")
        verbose_name_plural = _("roles to be confirmed")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("decide_rolegrant", _("Can confirm roles that colleagues give"))]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"],
                condition=models.Q(state="pending", group__isnull=False),
                name="one_pending_grant_of_a_role",
            ),
            models.UniqueConstraint(
                fields=["user", "permission"],
                condition=models.Q(state="pending", permission__isnull=False),
                name="one_pending_grant_of_a_permission",
            ),
            models.CheckConstraint(
                condition=models.Q(group__isnull=False, permission__isnull=True)
                | models.Q(group__isnull=True, permission__isnull=False),
                name="grant_of_a_role_or_a_permission",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.get_username()} · {self.words}"

    @property
    def words(self) -> str:
        """The role's name, or what the single permission allows."""
        return self.group.name if self.group else str(_(self.permission.name)) if self.permission else ""


class PasswordNote(models.Model):
    """Somebody else set this person's password. They must choose their own (`must_change`) and approve nothing before
    `approves_from`, so that whoever set it cannot quickly be their own second person."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_note")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()
    must_change = models.BooleanField(default=True)
    approves_from = models.DateTimeField()

    class Meta:
        default_permissions = ()
