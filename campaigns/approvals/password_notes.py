"""Passwords that somebody else has set: they are changed at the first log-in, and their holder decides nothing for a day."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.audit_actions import AuditAction
from campaigns.models import PasswordNote
from kit import audit, display
from kit.people import Person


def password_set(user: User, by: Person) -> None:
    """Somebody else made the account or set its password: it must be changed at the first log-in, and the person approves nothing
    for a day."""
    now = timezone.now()
    values = {
        "set_by": by,
        "set_at": now,
        "must_change": True,
        "approves_from": now + timedelta(hours=settings.SONGDA["FRESH_PASSWORD_HOURS"]),
    }
    PasswordNote.objects.update_or_create(user=user, defaults=values)


def password_chosen(user: User) -> None:
    """The person chose a password of their own. The day without approvals stays."""
    PasswordNote.objects.filter(user=user).update(must_change=False)
    audit.record(AuditAction.PASSWORD_CHANGED, actor=user, target=user)


def must_change_password(user: Person) -> bool:
    return PasswordNote.objects.filter(user=user.pk, must_change=True).exists()


def why_no_decision(user: Person) -> str:
    """Why this person decides nothing yet; "" where they may."""
    note = PasswordNote.objects.filter(user=user.pk, approves_from__gt=timezone.now()).first()
    if note is None:
        return ""
    words = _(
        "Your password was set by somebody else at %(at)s. For a day after that you decide nothing: from %(from)s you can."
    )
    return words % {"at": display.day_and_time(note.set_at), "from": display.day_and_time(note.approves_from)}
