"""What support does with a customer's replies: take them, answer, close."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from kit import audit, display, masks
from kit.line_breaks import unified
from kit.people import Actor, Person
from messaging.audit_actions import AuditAction
from messaging.eligibility import scope
from messaging.gateway.registry import vendor_class
from messaging.models import Dispatch, Reply, Signature
from messaging.sending import texts
from messaging.sending.spec import Message

_OPEN = (Reply.State.NEW, Reply.State.ASSIGNED)


def _open_ones(reply: Reply, seen: int = 0) -> QuerySet[Reply]:
    """What is not settled of this number, up to the newest that the person has seen (`seen`, else all)."""
    rows = Reply.objects.filter(phone=reply.phone, state__in=_OPEN)
    return rows.filter(pk__lte=max(seen, reply.pk)) if seen else rows


def take(reply: Reply, person: Person) -> bool:
    """Unread or somebody's -> this person's, with all that is open of the number. False if it was settled meanwhile."""
    return bool(_open_ones(reply).update(state=Reply.State.ASSIGNED, assigned_to=person))


def assign(reply: Reply, person: Person, actor: Actor) -> bool:
    """Hand it to a colleague. False if it was settled meanwhile."""
    done = take(reply, person)
    if done:
        audit.record(AuditAction.REPLY_ASSIGNED, actor=actor, target=reply, detail={"to": display.named(person)})
    return done


def colleagues() -> Any:
    """Who may handle replies: one query over users, their groups and their own permissions."""
    holds = Q(groups__permissions__codename="change_reply") | Q(user_permissions__codename="change_reply")
    users = get_user_model().objects.filter(is_active=True, is_staff=True)
    return users.filter(holds | Q(is_superuser=True)).distinct().order_by("username")


def close(reply: Reply, actor: Actor, seen: int = 0) -> bool:
    """Done without an answer, up to what was `seen`. False if it was settled meanwhile."""
    done = bool(_open_ones(reply, seen or reply.pk).update(state=Reply.State.CLOSED, assigned_to=actor))
    if done:
        audit.record(AuditAction.REPLY_CLOSED, actor=actor, target=reply)
    return done


def _seen_ones(reply: Reply, seen: int) -> QuerySet[Reply]:
    """All of this number up to the newest that the person has seen."""
    return Reply.objects.filter(phone=reply.phone, pk__lte=max(seen, reply.pk))


@transaction.atomic
def tag(reply: Reply, word: str, actor: Actor, seen: int = 0) -> str | None:
    """Put it on the newest message `seen` of the conversation; a message has one tag. Returns the one that it had there, ""
    for none, and None where the conversation has this one already."""
    rows = _seen_ones(reply, seen)
    if rows.filter(tag=word).exists():
        return None
    newest = rows.select_for_update().order_by("-pk")[0]
    Reply.objects.filter(pk=newest.pk).update(tag=word)
    audit.record(
        AuditAction.REPLY_TAGGED,
        actor=actor,
        target=newest,
        detail={"phone": masks.phone(reply.phone), "tag": word, **({"instead_of": newest.tag} if newest.tag else {})},
    )
    return newest.tag


@transaction.atomic
def untag(reply: Reply, word: str, actor: Actor, seen: int = 0) -> bool:
    """Take it off every message of the conversation up to what was `seen`. False if none has it any more."""
    if not word or not _seen_ones(reply, seen).filter(tag=word).update(tag=""):
        return False
    audit.record(
        AuditAction.REPLY_UNTAGGED,
        actor=actor,
        target=reply,
        detail={"phone": masks.phone(reply.phone), "tag": word},
    )
    return True


def may_answer(reply: Reply) -> bool:
    return vendor_class(reply.account.vendor).capabilities.can_answer


def usual_signature(reply: Reply) -> Signature | None:
    """The one that the customer replied to, else the one of the account's 5G sender."""
    if reply.delivery and reply.delivery.dispatch.signature:
        return reply.delivery.dispatch.signature
    return Signature.objects.filter(chatbots__account=reply.account).order_by("pk").first()


def is_stopped(reply: Reply, signature: Signature | None) -> bool:
    """Whether the do-not-send list forbids an answer through the reply's account under this signature."""
    live = scope.in_force(reply.account_id, signature.pk if signature else None)
    return live.filter(phone=reply.phone).exists()


def answer(reply: Reply, text: str, signature: Signature, actor: Actor, seen: int = 0) -> Dispatch:
    """Send a free text back through the account that the reply came by; what is open up to `seen` counts as answered.
    Raises ValidationError where that cannot be."""
    text = unified(text).strip()
    if not text:
        raise ValidationError(_("Write the answer first."))
    if is_stopped(reply, signature):
        raise ValidationError(_("This number is on the do-not-send list; no answer is sent."))
    with transaction.atomic():
        _mark_answered(reply, actor, seen)
        message = Message(account=reply.account, text=text, signature=signature)
        dispatch = texts.send_answer(message, reply.phone, title=_("Answer to a reply"), actor=actor)
        audit.record(
            AuditAction.REPLY_ANSWERED,
            actor=actor,
            target=reply,
            detail={"phone": masks.phone(reply.phone), "characters": len(text)},
        )
    return dispatch


def _mark_answered(reply: Reply, actor: Actor, seen: int) -> None:
    mine = Reply.objects.filter(pk=reply.pk).exclude(is_opt_out=True)
    if not mine.update(state=Reply.State.ANSWERED, assigned_to=actor):
        raise ValidationError(_("This reply was an opt-out; no answer is sent."))
    _open_ones(reply, seen or reply.pk).update(state=Reply.State.ANSWERED, assigned_to=actor)
