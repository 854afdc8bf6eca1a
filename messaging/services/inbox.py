"""What support does with a customer's reply: take it, answer it, close it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from config.kit import audit, masking
from config.kit.words import gettext_noop
from messaging.gateway.registry import vendor_class
from messaging.models import Dispatch, Reply, Signature
from messaging.services import dispatching

_OPEN = (Reply.State.NEW, Reply.State.ASSIGNED)


def take(reply: Reply, person: Any) -> bool:
    """Unread or somebody's -> this person's. False if it was answered or closed meanwhile."""
    return bool(
        Reply.objects.filter(pk=reply.pk, state__in=_OPEN).update(state=Reply.State.ASSIGNED, assigned_to=person)
    )


def assign(reply: Reply, person: Any, actor: Any) -> bool:
    """Hand it to a colleague. False if it was answered or closed meanwhile."""
    done = bool(
        Reply.objects.filter(pk=reply.pk, state__in=_OPEN).update(state=Reply.State.ASSIGNED, assigned_to=person)
    )
    if done:
        audit.record(gettext_noop("Handed a reply on"), actor=actor, target=reply, detail={"to": str(person)})
    return done


def colleagues() -> Any:
    """Who may handle replies: one query over users, their groups and their own permissions."""
    holds = Q(groups__permissions__codename="change_reply") | Q(user_permissions__codename="change_reply")
    users = get_user_model().objects.filter(is_active=True, is_staff=True)
    return users.filter(holds | Q(is_superuser=True)).distinct().order_by("username")


def close(reply: Reply, actor: Any) -> bool:
    """Done without an answer. False if it was settled meanwhile."""
    done = bool(Reply.objects.filter(pk=reply.pk, state__in=_OPEN).update(state=Reply.State.CLOSED, assigned_to=actor))
    if done:
        audit.record(gettext_noop("Closed a reply"), actor=actor, target=reply)
    return done


def may_answer(reply: Reply) -> bool:
    return vendor_class(reply.account.vendor).capabilities.can_answer


def usual_signature(reply: Reply) -> Signature | None:
    """The one that the customer replied to, else the one of the account's 5G sender."""
    if reply.delivery and reply.delivery.dispatch.signature:
        return reply.delivery.dispatch.signature
    return Signature.objects.filter(chatbots__account=reply.account).order_by("pk").first()


def answer(reply: Reply, text: str, signature: Signature, actor: Any) -> Dispatch:
    """Send a free text back through the account that the reply came by. Raises ValidationError where that cannot be."""
    text = text.strip()
    if not text:
        raise ValidationError(_("Write the answer first."))
    with transaction.atomic():
        updated = (
            Reply.objects.filter(pk=reply.pk)
            .exclude(is_opt_out=True)
            .update(state=Reply.State.ANSWERED, assigned_to=actor)
        )
        if not updated:
            raise ValidationError(_("This reply was an opt-out; no answer is sent."))
        dispatch = dispatching.send_text(
            text, reply.account, reply.phone, signature=signature, title=_("Answer to a reply"), actor=actor
        )
        audit.record(
            gettext_noop("Answered a reply"),
            actor=actor,
            target=reply,
            detail={"phone": masking.phone(reply.phone), "characters": len(text)},
        )
    return dispatch
