"""What customers write back: kept, matched, and obeyed when it says stop."""

import re
from collections.abc import Sequence

from django.utils import timezone

from messaging.eligibility import entries
from messaging.gateway import reasons
from messaging.gateway.types import ReceiptEvent, ReplyEvent
from messaging.hooks import reply_arrived
from messaging.inbox import keywords, match
from messaging.models import Reply, Suppression, VendorAccount

OPT_OUT_WORDS = frozenset({"R", "T", "TD", "退订", "取消", "拒收"})
# Said politely it is the same. Not with R, T and 取消, which begin other words and sentences as well.
_POLITELY = re.compile(r"请?(TD|退订|拒收)[\W_]*(?:谢谢|谢了|多谢)?")
_BLANKS = re.compile(r"\s+")
_TRADITIONAL = str.maketrans({"訂": "订", "請": "请", "謝": "谢"})


def is_opt_out(content: str) -> bool:
    """R, r, Ｒ, T, TD, 退订, 取消, 拒收, with blanks anywhere and quotes, brackets or punctuation around; 退订谢谢; never a word
    inside a sentence, and no question: who asks about opting out has not done it."""
    said = _BLANKS.sub("", keywords.plain(content, keep="?")).translate(_TRADITIONAL)
    return said in OPT_OUT_WORDS or ("?" not in said and _POLITELY.fullmatch(said) is not None)


def store_all(account: VendorAccount, events: Sequence[ReplyEvent]) -> None:
    """Those that are known already cost one query together."""
    keys = {event.key[:200] for event in events}
    known = set(Reply.objects.filter(account=account, key__in=keys).values_list("key", flat=True)) if keys else set()
    for event in events:
        if event.key[:200] not in known:
            store(account, event)


def store(account: VendorAccount, event: ReplyEvent) -> bool:
    """Keep one reply and act on an opt-out at once. False for a repeat, which changes nothing."""
    at = event.at or timezone.now()
    opt_out = is_opt_out(event.content)
    delivery = match.delivery_for(account, event.phone, at, event.reference, event.task_id)
    reply, created = Reply.objects.get_or_create(
        account=account,
        key=event.key[:200],
        defaults={
            "phone": event.phone[:20],
            "content": event.content,
            "is_opt_out": opt_out,
            "delivery": delivery,
            "state": Reply.State.AUTO if opt_out else Reply.State.NEW,
            "task_id": event.task_id[:80],
            "reference": event.reference[:64],
            "replied_at": at,
        },
    )
    if not created:
        return False
    if opt_out:
        entries.suppress_by_reply(reply)
    else:
        keywords.apply(reply)
    reply_arrived.send(sender=Reply, reply=reply)
    return True


def suppress_unsubscribed(account: VendorAccount, events: Sequence[ReceiptEvent]) -> None:
    """A receipt that says "this person opted out at the vendor" is an opt-out too."""
    for event in events:
        if event.reason == reasons.OPTED_OUT and event.phone:
            entries.suppress(
                event.phone,
                scope="account",
                account=account,
                source=Suppression.Source.VENDOR,
                note=f"{event.code} {event.message}".strip()[:200],
            )
