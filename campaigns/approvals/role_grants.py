"""Roles that wait for a second person.

A role, or a single permission, that sends, approves or reveals is not given by one person alone. The request waits as a
RoleGrant; until a second person agrees, the group is not given. On the command line a superuser's word is enough, since the
first people of an installation have nobody else."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.approvals import password_notes
from campaigns.approvals.subject import Subject, settle
from campaigns.audit_actions import AuditAction
from campaigns.models import RoleGrant
from campaigns.states import ApprovalState
from kit import audit, display
from kit.people import Actor, Person

# Whoever holds one of these can send to people, agree to what others do, or see full numbers.
GUARDED = frozenset(
    {
        "campaigns.send_campaign",
        "campaigns.approve_campaign",
        "campaigns.decide_rolegrant",
        "messaging.add_dispatch",
        "messaging.reveal_phone",
    }
)
DECIDE = "campaigns.decide_rolegrant"
REFUSAL_SHOWN = timedelta(days=7)


def is_guarded(given: Group | Permission) -> bool:
    """Whether a second person is asked before somebody gets it."""
    if isinstance(given, Permission):
        return _code(given) in GUARDED
    return any(_code(one) in GUARDED for one in given.permissions.select_related("content_type"))


def _code(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def pending(user_id: int | None = None) -> QuerySet[RoleGrant]:
    """Of everybody, or of one person."""
    rows = RoleGrant.objects.filter(state=ApprovalState.PENDING)
    rows = rows.select_related("user", "group", "permission", "asked_by")
    return rows if user_id is None else rows.filter(user=user_id)


def to_decide(person: Person) -> QuerySet[RoleGrant]:
    """What this person may decide: neither what they asked for, nor what is for themselves."""
    return pending().exclude(Q(user=person.pk)).exclude(pk__in=pending().filter(asked_by=person.pk).values("pk"))


def may_confirm(grant: RoleGrant) -> list[User]:
    """The colleagues who may decide this one, by name: neither who asked for it nor whom it is for."""
    found = User.objects.with_perm(DECIDE, backend="django.contrib.auth.backends.ModelBackend").filter(is_staff=True)
    others = found.exclude(pk__in=[key for key in (grant.user_id, grant.asked_by_id) if key])
    return sorted(others, key=lambda one: (one.is_superuser, display.person(one)))


def refused_lately(user: Person) -> list[RoleGrant]:
    """What this person was refused within REFUSAL_SHOWN, unless the same was asked for again or given since."""
    lately = timezone.now() - REFUSAL_SHOWN
    rows = RoleGrant.objects.filter(user=user.pk, state=ApprovalState.REFUSED, decided_at__gt=lately)
    later = RoleGrant.objects.filter(
        Q(group=OuterRef("group")) | Q(permission=OuterRef("permission")), user=user.pk, pk__gt=OuterRef("pk")
    )
    return list(rows.exclude(Exists(later)).select_related("group", "permission", "decided_by"))


def ask(user: User, wanted: Iterable[Group | Permission], actor: Actor) -> list[RoleGrant]:
    """Requests for what the person does not have yet; one that waits already stays as it is."""
    made = []
    for one in wanted:
        what = {"group": one} if isinstance(one, Group) else {"permission": one}
        row, new = RoleGrant.objects.get_or_create(
            user=user, state=ApprovalState.PENDING, **what, defaults={"asked_by": actor}
        )
        if new:
            made.append(row)
            audit.record(AuditAction.ROLE_ASKED, actor=actor, target=user, detail={"role": row.words})
    return made


class RoleSubject(Subject[RoleGrant]):
    granted, rejected = AuditAction.ROLE_CONFIRMED, AuditAction.ROLE_REJECTED
    reason_missing = gettext_lazy("Say why not.")

    def locked(self, pk: int) -> RoleGrant:
        rows = RoleGrant.objects.select_for_update(of=("self",))
        return rows.select_related("user", "group", "permission").get(pk=pk)

    def why_not(self, row: RoleGrant, person: Person) -> str:
        if person.pk == row.asked_by_id:
            return _("A second person decides: you asked for this yourself.")
        return _("A second person decides: this role is for yourself.") if person.pk == row.user_id else ""

    def settled(self, row: RoleGrant) -> None:
        if row.state == ApprovalState.GRANTED:
            if row.group:
                row.user.groups.add(row.group)
            elif row.permission:
                row.user.user_permissions.add(row.permission)

    def trail(self, row: RoleGrant) -> tuple[User, dict[str, Any]]:
        return row.user, {"role": row.words, **({"reason": row.reason} if row.reason else {})}


SUBJECT = RoleSubject()


def why_not_mine(grant: RoleGrant, person: Person) -> str:
    """Why this person may not decide this one; "" where they may."""
    return SUBJECT.why_not(grant, person) or password_notes.why_no_decision(person)


@transaction.atomic
def withdraw(grant: RoleGrant, person: Person) -> bool:
    """PENDING -> VOID, by whoever asked. False if it was decided meanwhile."""
    rows = RoleGrant.objects.select_for_update(of=("self",)).select_related("user", "group", "permission")
    row = rows.filter(pk=grant.pk, state=ApprovalState.PENDING, asked_by=person.pk).first()
    if row is None:
        return False
    settle(SUBJECT, row, person, ApprovalState.VOID, "")
    target, detail = SUBJECT.trail(row)
    audit.record(AuditAction.ROLE_WITHDRAWN, actor=person, target=target, detail=detail)
    return True


@transaction.atomic
def give_at_once(user: User, group: Group, *, by: Person, reason: str, on_host: str) -> bool:
    """On the command line: the role is given by the word of a superuser (`by`) at this host; `on_host` is the log-in name on the
    machine. What waits for the same role is settled with it. False if the person has it already."""
    if user.groups.filter(pk=group.pk).exists():
        return False
    for row in pending(user.pk).filter(group=group).select_for_update(of=("self",)):
        settle(SUBJECT, row, by, ApprovalState.GRANTED, reason.strip()[:200])
    user.groups.add(group)
    detail = {"role": group.name, "reason": reason, "on_host": on_host}
    audit.record(AuditAction.ROLE_GIVEN_BY_COMMAND, actor=by, target=user, detail=detail)
    return True
