"""Versions that a token wants to send before they ever went out: a colleague looks at them once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from campaigns.approvals.subject import Subject
from campaigns.audit_actions import AuditAction
from campaigns.models import ApiToken, FirstUse
from campaigns.states import ApprovalState
from kit import audit
from kit.people import Person
from messaging.models import Dispatch
from templates_5g.models import TemplateVersion
from templates_5g.services import freeze


class FirstUseSubject(Subject[FirstUse]):
    granted, rejected = AuditAction.FIRST_USE_APPROVED, AuditAction.FIRST_USE_SENT_BACK

    def locked(self, pk: int) -> FirstUse:
        rows = FirstUse.objects.select_for_update(of=("self",))
        return rows.select_related("version__template", "token", "decided_by").get(pk=pk)

    def why_not(self, row: FirstUse, person: Person) -> str:
        if person.pk in (row.asked_by_id, row.token_holder_id, row.version.created_by_id):
            return _("A colleague decides: neither who made the version nor who holds the token.")
        return ""

    def is_open(self, row: FirstUse) -> bool:
        """A version that was sent back may be approved later."""
        return row.state != ApprovalState.GRANTED

    def trail(self, row: FirstUse) -> tuple[TemplateVersion, dict[str, Any]]:
        return row.version, {"reason": row.reason, "token": row.token.name}


SUBJECT = FirstUseSubject()


def never_sent(versions: Iterable[TemplateVersion]) -> QuerySet[TemplateVersion]:
    """Those of the versions that went out in no dispatch but tests."""
    sent = Dispatch.objects.filter(version=OuterRef("pk"), started_at__isnull=False).exclude(kind=Dispatch.Kind.TEST)
    return TemplateVersion.objects.filter(pk__in=[version.pk for version in versions]).exclude(Exists(sent))


def is_new(version: TemplateVersion) -> bool:
    """Never sent but in tests, and not approved for the API."""
    granted = FirstUse.objects.filter(version=version, state=ApprovalState.GRANTED)
    return never_sent([version]).exists() and not granted.exists()


@transaction.atomic
def ask(token: ApiToken, version: TemplateVersion) -> FirstUse:
    """After a refused first order: what the colleague decides on, once for each version, which is frozen by it. A later order
    of a version that was sent back asks no second time."""
    freeze(version)
    values = {"token": token, "asked_by": token.created_by, "token_holder": token.holder}
    row, made = FirstUse.objects.get_or_create(version=version, defaults=values)
    if made:
        detail = {"token": token.name}
        audit.record(AuditAction.FIRST_USE_ASKED, actor=token.created_by, target=version, detail=detail)
    return row
