"""Replies that a rule of the house settles by itself."""

import unicodedata
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kit import audit, masks
from messaging.audit_actions import AuditAction
from messaging.eligibility import entries
from messaging.inbox import answers
from messaging.models import Delivery, Dispatch, KeywordRule, Reply, SendingWindow, VendorAccount
from messaging.sending import texts
from messaging.sending.spec import Message, Timing

# Blanks, punctuation, quotes and brackets of every script around a word.
_EDGE_KINDS = frozenset("PZ")
_MORE_EDGES = frozenset("<>~|^`´¨\n\r\t")
# Format and control signs: zero-width blanks, joiners, byte order marks. Keyboards and phones put them in.
_UNSEEN = frozenset({"Cf", "Cc"})
_VARIANTS = dict.fromkeys(range(0xFE00, 0xFE10))
# Two machines that answer each other would go on for ever, at our cost.
ANSWER_ONCE_IN = timedelta(days=1)
# An answer that waited for the morning and could not go out by then is of no use any more.
VALID_FOR = timedelta(days=1)


def plain(text: str, keep: str = "") -> str:
    """As words are compared: one width, one case, no sign that nobody sees, no blank, quote, bracket or punctuation around
    it but those of `keep`."""
    seen = "".join(
        sign
        for sign in unicodedata.normalize("NFKC", text)
        if sign in _MORE_EDGES or unicodedata.category(sign) not in _UNSEEN
    ).translate(_VARIANTS)
    inside = [place for place, sign in enumerate(seen) if sign in keep or not _is_edge(sign)]
    return seen[inside[0] : inside[-1] + 1].upper() if inside else ""


def _is_edge(sign: str) -> bool:
    return sign in _MORE_EDGES or unicodedata.category(sign)[0] in _EDGE_KINDS


def rule_for(account: VendorAccount, content: str) -> KeywordRule | None:
    """The first rule in use, by its order, that fits a reply through this account."""
    said = plain(content)
    rules = KeywordRule.objects.filter(Q(account=account) | Q(account__isnull=True), enabled=True)
    return next((rule for rule in rules if _fits(rule, said)), None)


def _fits(rule: KeywordRule, said: str) -> bool:
    word = plain(rule.word)
    return bool(word) and (said == word if rule.match == KeywordRule.Match.EXACT else said.startswith(word))


def apply(reply: Reply) -> KeywordRule | None:
    """Settle a stored reply by the rule that fits. None where there is none, and the reply waits for a person."""
    rule = rule_for(reply.account, reply.content)
    if rule is None:
        return None
    done = {
        KeywordRule.Action.SUPPRESS: _suppress,
        KeywordRule.Action.TAG: _tag,
        KeywordRule.Action.ANSWER: _answer,
    }[KeywordRule.Action(rule.action)](reply, rule)
    if done:
        audit.record(
            AuditAction.KEYWORD_APPLIED,
            target=rule,
            detail={"phone": masks.phone(reply.phone), "reply": reply.pk, "action": rule.action},
        )
    return rule if done else None


def _suppress(reply: Reply, rule: KeywordRule) -> bool:
    Reply.objects.filter(pk=reply.pk).update(state=Reply.State.AUTO, is_opt_out=True, tag=rule.tag)
    reply.state, reply.is_opt_out, reply.tag = Reply.State.AUTO, True, rule.tag
    entries.suppress_by_reply(reply)
    return True


def _tag(reply: Reply, rule: KeywordRule) -> bool:
    """A tag sorts; the reply still waits for a person."""
    Reply.objects.filter(pk=reply.pk).update(tag=rule.tag)
    reply.tag = rule.tag
    return True


def _answer(reply: Reply, rule: KeywordRule) -> bool:
    """False, and it waits for a person, where the account cannot answer, nothing may be sent to the number, or a rule has
    answered it lately."""
    signature = answers.usual_signature(reply)
    if not answers.may_answer(reply) or answers.is_stopped(reply, signature) or _answered_lately(reply.phone):
        return False
    try:
        texts.send_answer(
            Message(account=reply.account, text=rule.text, signature=signature),
            reply.phone,
            title=_("Answer by the rule “%(word)s”") % {"word": rule.word},
            timing=Timing(
                window=SendingWindow.between(rule.answers_from, rule.answers_until),
                send_until=timezone.now() + VALID_FOR,
            ),
        )
    except ValidationError:
        return False
    Reply.objects.filter(pk=reply.pk).update(state=Reply.State.AUTO, tag=rule.tag)
    reply.state, reply.tag = Reply.State.AUTO, rule.tag
    return True


def _answered_lately(phone: str) -> bool:
    """By a rule, through whichever account. Asked of what was sent: the reply itself may have moved on since."""
    since = timezone.now() - ANSWER_ONCE_IN
    dispatches = Q(dispatch__kind=Dispatch.Kind.ANSWER, dispatch__created_by=None, dispatch__created_at__gte=since)
    return Delivery.objects.filter(dispatches, phone=phone).exists()
